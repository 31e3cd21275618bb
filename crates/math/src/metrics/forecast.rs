//! How long the forecast of a chaotic system is of use.
//!
//! The error at step t, over the channels i with standard deviations $\sigma_i$,
//! $$\epsilon(t) = \sqrt{\frac1d\sum_i\frac{(\hat y_i(t) - y_i(t))^2}{\sigma_i^2}},$$
//! exceeds a threshold (often 0.4) for the first time at the **valid prediction time**, counted in
//! Lyapunov times $1/\lambda_1$: the number of steps before, times $\Delta t\lambda_1$.

use nalgebra::DMatrix;

use crate::{Error, Real, check_finite, check_size};

/// How many steps of a forecast are of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValidSteps {
    /// The steps before the error first exceeds the threshold.
    pub steps: usize,
    /// Whether it does. If not, the forecast outlived the data and `steps` is only a lower bound.
    pub ended: bool,
}

impl ValidSteps {
    /// The valid prediction time in Lyapunov times: steps · Δt · λ₁, for the largest Lyapunov exponent
    /// λ₁ per unit of time.
    #[must_use]
    pub fn lyapunov_times(self, dt: f64, exponent: f64) -> f64 {
        self.steps as f64 * dt * exponent
    }
}

/// $\epsilon(t)$ for every column. A forecast that diverged to NaN or infinity has an infinite error.
///
/// # Errors
/// - [`Error::Shape`] unless forecast and truth have one shape and `deviations` one entry for each row;
/// - [`Error::Empty`] without rows or columns;
/// - [`Error::NonFinite`] in the truth or the deviations;
/// - [`Error::OutOfRange`] if a deviation is not positive.
pub fn normalized_error<T: Real>(
    forecast: &DMatrix<T>,
    truth: &DMatrix<T>,
    deviations: &[f64],
) -> Result<Vec<f64>, Error> {
    check_size("rows of the forecast", truth.nrows(), forecast.nrows())?;
    check_size("columns of the forecast", truth.ncols(), forecast.ncols())?;
    check_size(
        "deviations of the channels",
        truth.nrows(),
        deviations.len(),
    )?;
    if truth.is_empty() {
        return Err(Error::Empty { what: "the truth" });
    }
    check_finite("the truth", truth.as_slice())?;
    check_finite("the deviations", deviations)?;
    if let Some(&value) = deviations.iter().find(|&&d| d <= 0.0) {
        return Err(Error::OutOfRange {
            what: "the deviation of a channel",
            value,
            range: "must be positive",
        });
    }
    let channels = deviations.len();
    let forecasts = forecast.as_slice().chunks_exact(channels);
    let truths = truth.as_slice().chunks_exact(channels);
    Ok(forecasts
        .zip(truths)
        .map(|(p, y)| {
            let sum: f64 = (0..channels)
                .map(|i| ((p[i].to_f64() - y[i].to_f64()) / deviations[i]).powi(2))
                .sum();
            let error = (sum / channels as f64).sqrt();
            if error.is_nan() { f64::INFINITY } else { error }
        })
        .collect())
}

/// The steps before the error of a forecast first exceeds `threshold`.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::metrics::forecast::valid_steps;
///
/// let truth = DMatrix::from_row_slice(1, 4, &[0.0, 1.0, 2.0, 3.0]);
/// let forecast = DMatrix::from_row_slice(1, 4, &[0.0, 1.1, 2.5, f64::NAN]);
/// let valid = valid_steps(&forecast, &truth, &[1.0], 0.4)?;
/// assert_eq!((valid.steps, valid.ended), (2, true));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// As [`normalized_error`], and [`Error::OutOfRange`] if the threshold is not positive and finite.
pub fn valid_steps<T: Real>(
    forecast: &DMatrix<T>,
    truth: &DMatrix<T>,
    deviations: &[f64],
    threshold: f64,
) -> Result<ValidSteps, Error> {
    if !(threshold > 0.0 && threshold.is_finite()) {
        return Err(Error::OutOfRange {
            what: "the threshold of the valid prediction time",
            value: threshold,
            range: "must be positive and finite",
        });
    }
    let errors = normalized_error(forecast, truth, deviations)?;
    let first = errors.iter().position(|&e| e > threshold);
    Ok(ValidSteps {
        steps: first.unwrap_or(errors.len()),
        ended: first.is_some(),
    })
}
