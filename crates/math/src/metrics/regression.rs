//! Errors of predicted numbers.
//!
//! Predictions $\hat y$ and targets $y$ are slices of one length; all entries count alike. For several
//! channels that is the data of a matrix, one sample per column, and the metric is pooled over the
//! channels; [`mse_per_channel`] keeps them apart.
//!
//! Every function refuses an empty input, lengths that differ, NaN and infinity.
//!
//! ```
//! use neuropil_math::metrics::regression::{Normalization, nrmse, r2, rmse};
//!
//! let (prediction, target) = ([1.0, 2.0, 3.5], [1.0, 2.0, 3.0]);
//! assert_eq!(rmse(&prediction, &target)?, (0.25_f64 / 3.0).sqrt());
//! assert_eq!(r2(&prediction, &target)?, 1.0 - 0.25 / 2.0);
//! assert_eq!(
//!     nrmse(&prediction, &target, Normalization::Range)?,
//!     (0.25_f64 / 3.0).sqrt() / 2.0
//! );
//! # Ok::<(), neuropil_math::Error>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::{Error, Real, check_finite, check_size};

/// $\frac1n\sum_i(\hat y_i - y_i)^2$.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`] or [`Error::NonFinite`].
pub fn mse<T: Real>(prediction: &[T], target: &[T]) -> Result<f64, Error> {
    check(prediction, target)?;
    Ok(mean_of(prediction, target, |d| d * d))
}

/// $\sqrt{\text{MSE}}$.
///
/// # Errors
/// As [`mse`].
pub fn rmse<T: Real>(prediction: &[T], target: &[T]) -> Result<f64, Error> {
    mse(prediction, target).map(f64::sqrt)
}

/// $\frac1n\sum_i\lvert\hat y_i - y_i\rvert$.
///
/// # Errors
/// As [`mse`].
pub fn mae<T: Real>(prediction: &[T], target: &[T]) -> Result<f64, Error> {
    check(prediction, target)?;
    Ok(mean_of(prediction, target, f64::abs))
}

/// The coefficient of determination, $1 - \text{MSE}/\operatorname{var}(y)$: 1 for a perfect
/// prediction, 0 for the mean of the targets, negative for worse.
///
/// # Errors
/// As [`mse`], and [`Error::Undefined`] if all targets are equal.
pub fn r2<T: Real>(prediction: &[T], target: &[T]) -> Result<f64, Error> {
    check(prediction, target)?;
    let variance = not_zero("R²", variance(target.iter().copied()))?;
    Ok(1.0 - mean_of(prediction, target, |d| d * d) / variance)
}

/// $\text{MSE}/\operatorname{var}(y)$, that is $1 - R^2$.
///
/// # Errors
/// As [`r2`].
pub fn nmse<T: Real>(prediction: &[T], target: &[T]) -> Result<f64, Error> {
    check(prediction, target)?;
    let variance = not_zero("NMSE", variance(target.iter().copied()))?;
    Ok(mean_of(prediction, target, |d| d * d) / variance)
}

/// The mean squared error of each of `channels` channels: entry i belongs to channel i mod `channels`,
/// as in a matrix with one sample per column.
///
/// # Errors
/// As [`mse`]; the length must be a multiple of `channels`, and `channels` not zero.
pub fn mse_per_channel<T: Real>(
    prediction: &[T],
    target: &[T],
    channels: usize,
) -> Result<Vec<f64>, Error> {
    check(prediction, target)?;
    check_channels(target.len(), channels)?;
    let mut sums = vec![0.0; channels];
    for (p, t) in prediction
        .chunks_exact(channels)
        .zip(target.chunks_exact(channels))
    {
        for i in 0..channels {
            let d = p[i].to_f64() - t[i].to_f64();
            sums[i] += d * d;
        }
    }
    let samples = (target.len() / channels) as f64;
    Ok(sums.into_iter().map(|s| s / samples).collect())
}

/// What the root mean squared error is divided by.
///
/// Papers say "NRMSE" for all of these; numbers compare only under the same one. Variances and
/// deviations are those of the population (divided by n).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// The range of the targets, max - min.
    Range,
    /// The standard deviation of all targets: the usual meaning. NRMSE² is then [`nmse`].
    Deviation,
    /// The **variance** of all targets. Not free of units, but what ReservoirPy calls `norm="var"`.
    Variance,
    /// The mean of the targets, with its sign.
    Mean,
    /// The distance of the first and third quartile of the targets (linear interpolation).
    InterquartileRange,
    /// $\sqrt{\sum_c \operatorname{var}(y_c)}$ over the channels c, laid out as for
    /// [`mse_per_channel`]. Used with next generation reservoir computing[^ngrc], whose mean squared
    /// error is the mean over samples *and* channels.
    ///
    /// [^ngrc]: Gauthier, Bollt, Griffith & Barbosa (2021), Nature Communications 12, 5564.
    TotalDeviation {
        /// The number of channels.
        channels: usize,
    },
    /// A number that the caller knows, such as the deviation of a longer series.
    By(f64),
}

/// $\text{RMSE}/s$, with the scale $s$ that `normalization` names.
///
/// # Errors
/// As [`mse`], and
/// - [`Error::Undefined`] if the scale is zero, as for constant targets;
/// - [`Error::Shape`] or [`Error::OutOfRange`] if the channels do not divide the entries;
/// - [`Error::OutOfRange`] if the given scale is not positive and finite.
pub fn nrmse<T: Real>(
    prediction: &[T],
    target: &[T],
    normalization: Normalization,
) -> Result<f64, Error> {
    check(prediction, target)?;
    let all = || target.iter().copied();
    let scale = match normalization {
        Normalization::Range => {
            let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v.to_f64()), high.max(v.to_f64()))
            });
            high - low
        }
        Normalization::Deviation => variance(all()).sqrt(),
        Normalization::Variance => variance(all()),
        Normalization::Mean => mean(all()),
        Normalization::InterquartileRange => {
            let mut sorted: Vec<f64> = all().map(Real::to_f64).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            quantile(&sorted, 0.75) - quantile(&sorted, 0.25)
        }
        Normalization::TotalDeviation { channels } => {
            check_channels(target.len(), channels)?;
            (0..channels)
                .map(|c| variance(all().skip(c).step_by(channels)))
                .sum::<f64>()
                .sqrt()
        }
        Normalization::By(scale) => {
            if !(scale > 0.0 && scale.is_finite()) {
                return Err(Error::OutOfRange {
                    what: "the scale of the NRMSE",
                    value: scale,
                    range: "must be positive and finite",
                });
            }
            scale
        }
    };
    Ok(mean_of(prediction, target, |d| d * d).sqrt() / not_zero("NRMSE", scale)?)
}

fn check<T: Real>(prediction: &[T], target: &[T]) -> Result<(), Error> {
    check_size("predictions of the targets", target.len(), prediction.len())?;
    if target.is_empty() {
        return Err(Error::Empty {
            what: "the targets",
        });
    }
    check_finite("the predictions", prediction)?;
    check_finite("the targets", target)
}

fn check_channels(entries: usize, channels: usize) -> Result<(), Error> {
    if channels == 0 {
        return Err(Error::OutOfRange {
            what: "channels",
            value: 0.0,
            range: "must be at least 1",
        });
    }
    check_size(
        "entries in whole samples",
        entries / channels * channels,
        entries,
    )
}

fn not_zero(what: &'static str, scale: f64) -> Result<f64, Error> {
    if scale == 0.0 {
        return Err(Error::Undefined {
            what,
            why: "its scale is zero, as that of constant targets",
        });
    }
    Ok(scale)
}

fn mean_of<T: Real>(prediction: &[T], target: &[T], term: impl Fn(f64) -> f64) -> f64 {
    let sum: f64 = prediction
        .iter()
        .zip(target)
        .map(|(p, t)| term(p.to_f64() - t.to_f64()))
        .sum();
    sum / target.len() as f64
}

fn mean<T: Real>(values: impl ExactSizeIterator<Item = T>) -> f64 {
    let n = values.len() as f64;
    values.map(Real::to_f64).sum::<f64>() / n
}

/// In two passes, and exactly zero for equal values: their mean may be rounded.
fn variance<T: Real>(values: impl ExactSizeIterator<Item = T> + Clone) -> f64 {
    let n = values.len() as f64;
    let origin = values.clone().next().map_or(0.0, Real::to_f64);
    let shifted = values.map(|v| v.to_f64() - origin);
    let mean = shifted.clone().sum::<f64>() / n;
    shifted.map(|v| (v - mean) * (v - mean)).sum::<f64>() / n
}

/// The quantile of sorted values, interpolated linearly between the two nearest.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position between 0 and the length"
    )]
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}
