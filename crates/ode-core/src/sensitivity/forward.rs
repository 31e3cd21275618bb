use nalgebra::DMatrixView;
use neuropil_math::Real;

use super::Differentiable;
use crate::{Error, System};

/// By what a solution is differentiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The initial state.
    InitialState,
    /// The parameters.
    Parameters,
    /// The initial state first, then the parameters.
    Both,
}

/// A system together with its forward sensitivities $S = \partial y / \partial (y_0, p)$:
///
/// $$\dot y = f(t, y, p), \qquad \dot S = J S + F, \qquad S(t_0) = (1, 0)$$
///
/// It is a [`System`] itself, whose state is $y$ and the columns of $S$, one behind the other; any
/// method of the crate integrates it. With the same steps the result is, to rounding, what the
/// [discrete adjoint](super::DiscreteAdjoint) gives: the exact derivative of the computed solution.
/// Its cost grows with the number of columns, that of an adjoint does not; take it for few columns, or
/// where the whole of $S$ is wanted.
///
/// An adaptive solver controls the error of $S$ too, by the same tolerance.
///
/// ```
/// use neuropil_ode_core::explicit::{Rk4, fixed_step};
/// use neuropil_ode_core::sensitivity::{By, ForwardSensitivity, WithParameters};
///
/// let decay = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = -p[0] * y[0];
/// let system = WithParameters::new(decay, 1, vec![0.5])?;
/// let forward = ForwardSensitivity::new(&system, 1, By::Both)?;
/// let mut state = forward.start(&[2.0])?;
/// fixed_step::<Rk4, _, _, _>(&forward, &mut state, 0.0, 0.01, 100)?;
/// let s = forward.sensitivity(&state)?;
/// let end = (-0.5_f64).exp();
/// assert!((s[(0, 0)] - end).abs() < 1e-9 && (s[(0, 1)] + 2.0 * end).abs() < 1e-8);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ForwardSensitivity<'a, D: ?Sized, T> {
    system: &'a D,
    components: usize,
    by: By,
    /// A direction of the parameters for each column, the first ones zero.
    directions: Vec<T>,
    parameters: usize,
}

impl<'a, T: Real, D: Differentiable<T> + ?Sized> ForwardSensitivity<'a, D, T> {
    /// The sensitivities of `system`, whose state has the given number of components.
    ///
    /// # Errors
    /// A state without components.
    pub fn new(system: &'a D, components: usize, by: By) -> Result<Self, Error> {
        if components == 0 {
            return Err(Error::EmptySystem);
        }
        let parameters = system.parameters();
        let (states, columns) = match by {
            By::InitialState => (components, components),
            By::Parameters => (0, parameters),
            By::Both => (components, components + parameters),
        };
        let mut directions = vec![T::zero(); columns * parameters];
        for j in states..columns {
            directions[j * parameters + (j - states)] = T::one();
        }
        Ok(Self {
            system,
            components,
            by,
            directions,
            parameters,
        })
    }

    /// The number of columns of $S$.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self.by {
            By::InitialState => self.components,
            By::Parameters => self.parameters,
            By::Both => self.components + self.parameters,
        }
    }

    /// The length of the state with its sensitivities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.components * (1 + self.columns())
    }

    /// Never: there is a component at least.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The state `y0` with its sensitivities at the start.
    ///
    /// # Errors
    /// A state of another length.
    pub fn start(&self, y0: &[T]) -> Result<Vec<T>, Error> {
        let n = self.components;
        check_length("state", n, y0.len())?;
        let mut state = vec![T::zero(); self.len()];
        state[..n].copy_from_slice(y0);
        if self.by != By::Parameters {
            for j in 0..n {
                state[n * (1 + j) + j] = T::one();
            }
        }
        Ok(state)
    }

    /// $y$ itself.
    ///
    /// # Errors
    /// A state of another length.
    pub fn state<'s>(&self, state: &'s [T]) -> Result<&'s [T], Error> {
        check_length("state with sensitivities", self.len(), state.len())?;
        Ok(&state[..self.components])
    }

    /// $S$, components × columns.
    ///
    /// # Errors
    /// A state of another length.
    pub fn sensitivity<'s>(&self, state: &'s [T]) -> Result<DMatrixView<'s, T>, Error> {
        check_length("state with sensitivities", self.len(), state.len())?;
        let n = self.components;
        Ok(DMatrixView::from_slice(&state[n..], n, self.columns()))
    }
}

impl<T: Real, D: Differentiable<T> + ?Sized> System<T> for ForwardSensitivity<'_, D, T> {
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        let n = self.components;
        let (y, s) = y.split_at(n);
        let (dy, ds) = dy.split_at_mut(n);
        self.system.rhs(t, y, dy);
        let columns = s.chunks_exact(n).zip(ds.chunks_exact_mut(n));
        for (j, (column, out)) in columns.enumerate() {
            let direction = &self.directions[j * self.parameters..][..self.parameters];
            self.system.jvp(t, y, column, direction, out);
        }
    }
}

pub(super) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected,
            found,
        })
    }
}
