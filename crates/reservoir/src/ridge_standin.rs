//! Stands in for `neuropil_math::ridge` until it is merged; then `lib.rs` takes the names from there.

use nalgebra::{Cholesky, DMatrix, DVector};
use neuropil_math::{Error, Real, check_finite, check_size};
use serde::{Deserialize, Serialize};

/// How the least-squares problem is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RidgeMethod {
    /// Chosen by the sizes.
    #[default]
    Auto,
    /// Normal equations of the features.
    Primal,
    /// Normal equations of the samples.
    Dual,
    /// QR factorisation.
    Qr,
}

/// Settings of [`Ridge`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RidgeConfig {
    /// The penalty λ.
    pub lambda: f64,
    /// Whether an unpenalised intercept is fitted.
    pub intercept: bool,
    /// How to solve.
    pub method: RidgeMethod,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self {
            lambda: 1e-6,
            intercept: true,
            method: RidgeMethod::Auto,
        }
    }
}

/// A linear readout.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge<T: Real> {
    weights: DMatrix<T>,
    intercept: DVector<T>,
    method: RidgeMethod,
}

impl<T: Real> Ridge<T> {
    /// Minimises Σ‖y - Wx - b‖² + λ‖W‖².
    ///
    /// # Errors
    /// If the sizes disagree, a value is not finite, or the system is singular.
    pub fn fit(x: &DMatrix<T>, y: &DMatrix<T>, config: &RidgeConfig) -> Result<Self, Error> {
        check_size("columns of x and y", x.ncols(), y.ncols())?;
        check_finite("x", x.as_slice())?;
        check_finite("y", y.as_slice())?;
        if !(config.lambda >= 0.0 && config.lambda.is_finite()) {
            return Err(Error::OutOfRange {
                what: "lambda",
                value: config.lambda,
                range: "must be finite and not negative",
            });
        }
        let (mut x, mut y) = (x.map(T::to_f64), y.map(T::to_f64));
        let centre = |m: &mut DMatrix<f64>| {
            let mean = m.column_mean();
            for mut column in m.column_iter_mut() {
                column -= &mean;
            }
            mean
        };
        let means = config.intercept.then(|| (centre(&mut x), centre(&mut y)));
        let xt = x.transpose();
        let mut gram = &x * &xt;
        for i in 0..gram.nrows() {
            gram[(i, i)] += config.lambda;
        }
        let factor = Cholesky::new(gram).ok_or(Error::NotPositiveDefinite {
            index: 0,
            pivot: 0.0,
        })?;
        let weights = factor.solve(&(&x * y.transpose())).transpose();
        let intercept = match means {
            Some((mx, my)) => my - &weights * mx,
            None => DVector::zeros(y.nrows()),
        };
        Ok(Self {
            weights: weights.map(T::of),
            intercept: intercept.map(T::of),
            method: RidgeMethod::Primal,
        })
    }

    /// Outputs × features.
    #[must_use]
    pub fn weights(&self) -> &DMatrix<T> {
        &self.weights
    }

    /// One for each output.
    #[must_use]
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (DMatrix<T>, DVector<T>) {
        (self.weights, self.intercept)
    }

    /// The method that was used.
    #[must_use]
    pub fn method(&self) -> RidgeMethod {
        self.method
    }
}
