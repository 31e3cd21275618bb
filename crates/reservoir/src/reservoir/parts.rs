use nalgebra::DMatrix;
use neuropil_math::{Activation, Csr, LinearMap, Real, Scale, Storage};

use crate::Error;
use crate::reservoir::config::Dynamics;

/// The weights between the units of a reservoir, units × units.
#[derive(Debug, Clone, PartialEq)]
pub enum Recurrent<T: Real> {
    /// Every weight.
    Dense(DMatrix<T>),
    /// Those that are not 0.
    Sparse(Csr<T>),
}

impl<T: Real> Recurrent<T> {
    /// Every weight, with the zeros.
    #[must_use]
    pub fn to_dense(&self) -> DMatrix<T> {
        match self {
            Self::Dense(matrix) => matrix.clone(),
            Self::Sparse(matrix) => matrix.to_dense(),
        }
    }

    /// How many weights are stored.
    #[must_use]
    pub fn stored(&self) -> usize {
        match self {
            Self::Dense(matrix) => matrix.len(),
            Self::Sparse(matrix) => matrix.stored(),
        }
    }
}

impl<T: Real> LinearMap<T> for Recurrent<T> {
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Dense(matrix) => LinearMap::shape(matrix),
            Self::Sparse(matrix) => matrix.shape(),
        }
    }

    fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), neuropil_math::Error> {
        match self {
            Self::Dense(matrix) => matrix.apply(x, y),
            Self::Sparse(matrix) => matrix.apply(x, y),
        }
    }

    fn apply_transpose(&self, x: &[T], y: &mut [T]) -> Result<(), neuropil_math::Error> {
        match self {
            Self::Dense(matrix) => matrix.apply_transpose(x, y),
            Self::Sparse(matrix) => matrix.apply_transpose(x, y),
        }
    }

    fn storage(&self) -> Storage<'_, T> {
        match self {
            Self::Dense(matrix) => Storage::Dense(matrix),
            Self::Sparse(matrix) => Storage::Sparse(matrix),
        }
    }
}

impl<T: Real> Scale for Recurrent<T> {
    fn scale_by(&mut self, factor: f64) -> Result<(), neuropil_math::Error> {
        match self {
            Self::Dense(matrix) => matrix.scale_by(factor),
            Self::Sparse(matrix) => matrix.scale_by(factor),
        }
    }
}

/// Everything a reservoir consists of: what [`Reservoir::from_parts`](crate::Reservoir::from_parts)
/// takes and [`Reservoir::parts`](crate::Reservoir::parts) gives.
///
/// The arrays of a ReservoirPy `Reservoir` go in as they are: `W` (dense, or the `indptr`, `indices`
/// and `data` of its sparse form through [`Csr::from_parts`]), `Win`, `bias`, `lr`, `Wfb`.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::Activation;
/// use neuropil_reservoir::{Dynamics, Recurrent, Reservoir, ReservoirParts};
///
/// let reservoir = Reservoir::from_parts(ReservoirParts {
///     recurrent: Recurrent::Dense(DMatrix::from_row_slice(2, 2, &[0.0, 0.5, -0.5, 0.0])),
///     input: DMatrix::from_row_slice(2, 1, &[1.0, 0.0]),
///     bias: vec![0.0, 0.1],
///     leak: vec![0.3],
///     feedback: None,
///     activation: Activation::Tanh,
///     dynamics: Dynamics::Leaky,
///     orthogonal: None,
/// })?;
/// let mut state = reservoir.state();
/// reservoir.step(&mut state, &[1.0])?;
/// assert!((state.values()[0] - 0.3 * 1.0_f64.tanh()).abs() < 1e-15);
/// assert!((state.values()[1] - 0.3 * 0.1_f64.tanh()).abs() < 1e-15);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReservoirParts<T: Real> {
    /// $W$, units × units. For [`Dynamics::Euler`] the matrix before $W - W^T - \gamma I$ is formed.
    pub recurrent: Recurrent<T>,
    /// $W_\text{in}$, units × inputs.
    pub input: DMatrix<T>,
    /// $b$, one for each unit.
    pub bias: Vec<T>,
    /// $\alpha$, one value or one for each unit.
    pub leak: Vec<T>,
    /// $W_\text{fb}$, units × outputs.
    pub feedback: Option<DMatrix<T>>,
    /// $f$.
    pub activation: Activation,
    /// The equation of the state.
    pub dynamics: Dynamics,
    /// $O$ of [`Dynamics::EdgeOfStability`], and of no other.
    pub orthogonal: Option<Recurrent<T>>,
}

impl<T: Real> ReservoirParts<T> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        use crate::reservoir::series::check_size;
        use neuropil_math::check_finite;

        let (units, columns) = self.recurrent.shape();
        if units == 0 {
            return Err(neuropil_math::Error::Empty { what: "reservoir" }.into());
        }
        check_size("columns of W", units, columns)?;
        check_size("rows of W_in", units, self.input.nrows())?;
        check_size("entries of the bias", units, self.bias.len())?;
        if let Recurrent::Dense(matrix) = &self.recurrent {
            check_finite("W", matrix.as_slice())?;
        }
        check_finite("W_in", self.input.as_slice())?;
        check_finite("bias", &self.bias)?;
        if let Some(feedback) = &self.feedback {
            check_size("rows of W_fb", units, feedback.nrows())?;
            check_finite("W_fb", feedback.as_slice())?;
        }
        self.dynamics.check()?;
        let leaks: Vec<f64> = self.leak.iter().map(|leak| leak.to_f64()).collect();
        super::config::check_leak(&leaks, units, self.dynamics)?;
        let wanted = matches!(self.dynamics, Dynamics::EdgeOfStability { .. });
        match &self.orthogonal {
            Some(o) if wanted => {
                check_size("rows of O", units, o.shape().0)?;
                check_size("columns of O", units, o.shape().1)?;
                if let Recurrent::Dense(matrix) = o {
                    check_finite("O", matrix.as_slice())?;
                }
                Ok(())
            }
            None if !wanted => Ok(()),
            found => check_size(
                "orthogonal matrices of these dynamics",
                usize::from(wanted),
                usize::from(found.is_some()),
            ),
        }
    }
}
