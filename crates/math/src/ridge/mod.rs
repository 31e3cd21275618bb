//! Ridge regression and least squares: the linear readouts of every model.
//!
//! All of it minimises, over $W$ (outputs × features) and $b$,
//! $$\sum_t \lVert y_t - W x_t - b\rVert^2 + \lambda \lVert W\rVert_F^2.$$
//! The penalty is not scaled by the number of samples, and never falls on the intercept $b$. Solutions
//! are computed in `f64` whatever the precision of the data.
//!
//! - [`Ridge`]: one λ, data in memory;
//! - [`RidgeAccumulator`]: samples that arrive in blocks and are not kept, by normal equations: fast;
//! - [`RidgeQr`]: the same by QR, four times the work, for data of which the squared condition number
//!   exceeds the precision: noise-free trajectories, small λ;
//! - [`RidgePath`]: many λ from one factorisation, and the choice among them.

use core::any::Any;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::linalg::{matmul, triangular::axpy};
use crate::{Error, Real, check_finite, check_size};

pub use accumulator::RidgeAccumulator;
pub use path::{RidgeChoice, RidgePath, Selection};
pub use streamed::RidgeQr;

mod accumulator;
mod centred;
mod dual;
mod normal;
mod path;
mod primal;
mod residual;
mod rounded;
mod streamed;

/// How a ridge regression is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum RidgeMethod {
    /// [`Dual`](Self::Dual) with fewer samples than features, [`Primal`](Self::Primal) otherwise; and
    /// [`Qr`](Self::Qr) in the place of either if its matrix is too ill-conditioned.
    ///
    /// With $H$ the matrix of the normal equations scaled to a unit diagonal, the error of their
    /// solution is near $\epsilon \lVert H^{-1}\rVert$, which is estimated from the factor. Above 10⁴ the solution
    /// is refined with residuals from the data: each step removes that same factor, down to the
    /// error of QR. Where $\epsilon \lVert H^{-1}\rVert$ exceeds 1/100 (condition numbers above some 7·10⁶), or the
    /// refinement does not converge, QR is used.
    #[default]
    Auto,
    /// Cholesky factor of $X X^T + \lambda I$, features × features, with refinement where it helps.
    Primal,
    /// Cholesky factor of $X^T X + \lambda I$, samples × samples, with refinement where it helps.
    Dual,
    /// QR of $(X, \sqrt\lambda I)^T$: the condition number is not squared. Of a rank-deficient problem
    /// the solution of least norm.
    Qr,
}

/// The setting of a [`Ridge`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RidgeConfig {
    /// The penalty λ ≥ 0 on the squared weights.
    pub lambda: f64,
    /// Whether there is an intercept $b$.
    pub intercept: bool,
    /// The solver.
    pub method: RidgeMethod,
}

impl Default for RidgeConfig {
    /// λ = 10⁻⁶, an intercept, [`RidgeMethod::Auto`].
    fn default() -> Self {
        Self {
            lambda: 1e-6,
            intercept: true,
            method: RidgeMethod::Auto,
        }
    }
}

/// A fitted linear readout $y = W x + b$.
///
/// A feature that is constant over the samples gets the weight 0 if there is an intercept. Where λ = 0
/// leaves the weights undetermined (dependent features, fewer samples than features),
/// [`RidgeMethod::Auto`] and [`RidgeMethod::Qr`] give the weights of least norm, and
/// [`rank`](Self::rank) tells; singular values count as zero below $4 \epsilon (n + \sqrt m)$ of the
/// largest, or below the precision of the data, if that is more. So does a λ with
/// $\sqrt\lambda \le \epsilon \lVert X\rVert_F$: it drowns in rounding errors. Just above it, weights of dependent
/// features can be huge, and [`condition`](Self::condition) is near 10¹⁶.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::ridge::{Ridge, RidgeConfig};
///
/// // y = 2 x₀ - x₁ + 1, one sample per column
/// let x = DMatrix::from_row_slice(2, 4, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 3.0]);
/// let y = DMatrix::from_row_slice(1, 4, &[1.0, 3.0, 0.0, 0.0]);
/// let config = RidgeConfig { lambda: 0.0, ..RidgeConfig::default() };
/// let readout = Ridge::fit(&x, &y, &config)?;
/// assert!((readout.weights()[(0, 0)] - 2.0_f64).abs() < 1e-14);
/// assert!((readout.intercept()[0] - 1.0).abs() < 1e-14);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge<T: Real> {
    weights: DMatrix<T>,
    intercept: DVector<T>,
    method: RidgeMethod,
    condition: f64,
    rank: usize,
    rounding: f64,
}

/// What a solver found, in `f64`.
#[derive(Debug, Clone)]
struct Solution {
    /// Features × outputs.
    weights: DMatrix<f64>,
    method: RidgeMethod,
    condition: f64,
    rank: usize,
}

impl<T: Real> Ridge<T> {
    /// Fits `x` (features × samples) to `y` (outputs × samples).
    ///
    /// The cost with p features, T samples: $T p^2$ for normal equations, $2 T p^2$ for QR, both with T and
    /// p exchanged if T < p. A rank-deficient problem costs a singular value decomposition more,
    /// some $20 \min(T, p)^3$.
    ///
    /// # Errors
    /// [`Error::Empty`] without features, outputs or samples; [`Error::Shape`] if the numbers of
    /// samples differ; [`Error::NonFinite`] at NaN or infinity, or if the solution overflows;
    /// [`Error::OutOfRange`] for a λ that is negative or not finite. The methods `Primal` and `Dual`
    /// give [`Error::NotPositiveDefinite`] where `Auto` would turn to QR because no digit is left;
    /// [`Error::NotConverged`] if the singular values of a rank-deficient problem were not found.
    pub fn fit(x: &DMatrix<T>, y: &DMatrix<T>, config: &RidgeConfig) -> Result<Self, Error> {
        check_data(x, y)?;
        check_lambda(config.lambda)?;
        let (features, samples) = x.shape();
        let problem = centred::Centred::new(x, y, config.intercept);
        let lambda = config.lambda;
        let wide = samples < features;
        let solution = match config.method {
            RidgeMethod::Primal => primal::fit(&problem, lambda)?.0,
            RidgeMethod::Dual => dual::fit(&problem, lambda)?.0,
            RidgeMethod::Qr if wide => dual::fit_qr(&problem, lambda)?,
            RidgeMethod::Qr => streamed::fit(&problem, lambda)?,
            RidgeMethod::Auto if wide => match dual::fit(&problem, lambda) {
                Ok((solution, true)) => solution,
                Ok(_) | Err(Error::NotPositiveDefinite { .. }) => dual::fit_qr(&problem, lambda)?,
                Err(error) => return Err(error),
            },
            RidgeMethod::Auto => match primal::fit(&problem, lambda) {
                Ok((solution, true)) => solution,
                Ok(_) | Err(Error::NotPositiveDefinite { .. }) => streamed::fit(&problem, lambda)?,
                Err(error) => return Err(error),
            },
        };
        let (x_mean, y_mean) = problem.means();
        Self::from_solution(&solution, x_mean.as_deref(), y_mean.as_deref())
    }

    /// Puts the intercept $b = \bar y - W \bar x$ to the weights, and rounds both.
    fn from_solution(
        solution: &Solution,
        x_mean: Option<&[f64]>,
        y_mean: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let w = &solution.weights;
        check_finite("the solution", w.as_slice())?;
        let (features, outputs) = w.shape();
        let intercept = DVector::from_fn(outputs, |o, _| match (x_mean, y_mean) {
            (Some(x), Some(y)) => {
                let column = &w.as_slice()[o * features..][..features];
                T::of(y[o] - crate::linalg::triangular::dot(column, x))
            }
            _ => T::zero(),
        });
        let weights = DMatrix::from_fn(outputs, features, |o, i| T::of(w[(i, o)]));
        check_finite("the weights", weights.as_slice())?;
        check_finite("the intercept", intercept.as_slice())?;
        Ok(Self {
            weights,
            intercept,
            method: solution.method,
            condition: solution.condition,
            rank: solution.rank,
            rounding: 0.0,
        })
    }

    /// $W$, outputs × features.
    #[must_use]
    pub fn weights(&self) -> &DMatrix<T> {
        &self.weights
    }

    /// $b$, one for each output; zeros if none was asked for.
    #[must_use]
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    /// $W$ and $b$ themselves.
    #[must_use]
    pub fn into_parts(self) -> (DMatrix<T>, DVector<T>) {
        (self.weights, self.intercept)
    }

    /// The method that gave this solution, never [`RidgeMethod::Auto`].
    #[must_use]
    pub fn method(&self) -> RidgeMethod {
        self.method
    }

    /// An estimate of the condition number of the matrix $(X, \sqrt\lambda I)^T$, centred if there is an
    /// intercept, with its columns scaled to unit length; in dual form of $(X^T, \sqrt\lambda I)^T$.
    /// Infinite if the rank is deficient.
    #[must_use]
    pub fn condition(&self) -> f64 {
        self.condition
    }

    /// How many directions of the features the weights are determined in: all, unless λ = 0 (or is
    /// below the rounding errors of the data) and features depend on each other or are constant.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// What rounding `f32` features has added to λ, below λ/16: see [`RidgeAccumulator::for_lambda`].
    /// 0 if they were not rounded.
    #[must_use]
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// $W X + b$ for `x` of shape features × samples.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` has another number of features.
    pub fn predict(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check_size("features", self.weights.ncols(), x.nrows())?;
        let mut y = matmul(&self.weights, x)?;
        for column in y.as_mut_slice().chunks_exact_mut(self.intercept.len()) {
            axpy(T::one(), self.intercept.as_slice(), column);
        }
        Ok(y)
    }

    /// Writes $W x + b$ for one sample into `y`, without allocating.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as there are features or `y` as there are outputs.
    pub fn predict_into(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("features", self.weights.ncols(), x.len())?;
        check_size("outputs", self.weights.nrows(), y.len())?;
        y.copy_from_slice(self.intercept.as_slice());
        let columns = self.weights.as_slice().chunks_exact(y.len());
        for (&x, column) in x.iter().zip(columns) {
            axpy(x, column, y);
        }
        Ok(())
    }
}

/// Refuses λ below zero, NaN and infinity.
fn check_lambda(lambda: f64) -> Result<(), Error> {
    if lambda >= 0.0 && lambda.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "lambda",
            value: lambda,
            range: "must be finite and not negative",
        })
    }
}

/// Refuses data without samples, features or outputs, of which the samples differ in number, or that
/// are not finite.
fn check_data<T: Real>(x: &DMatrix<T>, y: &DMatrix<T>) -> Result<(), Error> {
    check_size("columns of x and y", x.ncols(), y.ncols())?;
    for (what, size) in [
        ("features", x.nrows()),
        ("outputs", y.nrows()),
        ("samples", x.ncols()),
    ] {
        if size == 0 {
            return Err(Error::Empty { what });
        }
    }
    refuse_non_finite("x", x.as_slice())?;
    refuse_non_finite("y", y.as_slice())
}

/// [`check_finite`] at the speed of the memory: the search for the position starts only if there is
/// something to find.
fn refuse_non_finite<T: Real>(what: &'static str, values: &[T]) -> Result<(), Error> {
    let mut zeros = [T::zero(); 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for lane in 0..8 {
            // Zero, or NaN for what is not finite.
            zeros[lane] += chunk[lane] * T::zero();
        }
    }
    let sum = zeros.iter().fold(T::zero(), |sum, &z| sum + z);
    if sum == T::zero() {
        check_finite(what, rest)
            .map_err(|_| ())
            .or_else(|()| check_finite(what, values))
    } else {
        check_finite(what, values)
    }
}

/// `x` itself if it holds `f64`.
fn as_f64<T: Real>(x: &DMatrix<T>) -> Option<&DMatrix<f64>> {
    (x as &dyn Any).downcast_ref()
}
