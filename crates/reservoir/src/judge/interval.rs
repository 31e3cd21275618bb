//! Confidence intervals over seeds, segments and test cases.

use neuropil_math::check_finite;
use rand::{Rng, RngExt as _};

use crate::Error;

/// An estimate, and an interval that covers the true value with the chosen confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The statistic of the data.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

fn out_of_range(what: &'static str, value: f64, range: &'static str) -> Error {
    neuropil_math::Error::OutOfRange { what, value, range }.into()
}

fn check_confidence(confidence: f64) -> Result<(), Error> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(())
    } else {
        Err(out_of_range("confidence", confidence, "must be in (0, 1)"))
    }
}

fn check_values(values: &[f64], needed: usize) -> Result<(), Error> {
    if values.len() < needed {
        return Err(Error::TooShort {
            what: "values of an interval",
            needed,
            found: values.len(),
        });
    }
    Ok(check_finite("the values of an interval", values)?)
}

/// The mean of n values of a roughly normal quantity, as the errors of n seeds are, with Student's
/// interval $\bar x \pm t_{n-1} s / \sqrt n$.
///
/// ```
/// use neuropil_reservoir::judge::mean_interval;
///
/// let errors = [0.10, 0.12, 0.11, 0.13, 0.09];
/// let interval = mean_interval(&errors, 0.95)?;
/// assert!((interval.estimate - 0.11).abs() < 1e-12);
/// assert!((interval.high - 0.1296).abs() < 1e-4);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// With fewer than two values, a value that is not finite, or a confidence outside (0, 1).
pub fn mean_interval(values: &[f64], confidence: f64) -> Result<Interval, Error> {
    check_confidence(confidence)?;
    check_values(values, 2)?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = student_quantile(confidence, values.len() - 1) * (variance / n).sqrt();
    Ok(Interval {
        estimate: mean,
        low: mean - half,
        high: mean + half,
    })
}

/// Any statistic, with the percentile interval of `resamples` draws with replacement (Efron 1979): for
/// medians and for valid times, which are not normal.
///
/// The draws come from the caller's generator alone. Some thousand resamples are usual. With few
/// values the interval is too narrow: of ten values, what is called 95 % covers about 90 %.
///
/// ```
/// use neuropil_reservoir::judge::{bootstrap_interval, median};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let valid_times = [11.2, 12.9, 10.1, 12.2, 14.0, 11.9, 13.1, 12.5];
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let interval = bootstrap_interval(&valid_times, median, 2000, 0.95, &mut rng)?;
/// assert!((interval.estimate - 12.35).abs() < 1e-12);
/// assert!(interval.low > 11.0 && interval.high < 13.5);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// Without values, with a value or a statistic that is not finite, with no resample, or a confidence
/// outside (0, 1).
pub fn bootstrap_interval<R: Rng + ?Sized>(
    values: &[f64],
    mut statistic: impl FnMut(&[f64]) -> f64,
    resamples: usize,
    confidence: f64,
    rng: &mut R,
) -> Result<Interval, Error> {
    check_confidence(confidence)?;
    check_values(values, 1)?;
    if resamples == 0 {
        return Err(out_of_range("resamples", 0.0, "must be 1 at least"));
    }
    let mut draw = values.to_vec();
    let mut statistics = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        for value in &mut draw {
            *value = values[rng.random_range(0..values.len() as u64) as usize];
        }
        statistics.push(statistic(&draw));
    }
    let estimate = statistic(values);
    check_finite("the statistic", &[estimate])?;
    check_finite("the statistics of the resamples", &statistics)?;
    statistics.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Ok(Interval {
        estimate,
        low: quantile(&statistics, tail),
        high: quantile(&statistics, 1.0 - tail),
    })
}

/// A share of successes among trials, such as correct classifications, with the interval of Wilson
/// (1927), which stays within [0, 1] and is right for shares near its ends:
/// $$\frac{\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4 n^2}}}
/// {1 + \frac{z^2}{n}}.$$
///
/// ```
/// use neuropil_reservoir::judge::share_interval;
///
/// // 365 of 370 sequences were classified rightly.
/// let interval = share_interval(365, 370, 0.95)?;
/// assert!((interval.low - 0.9688).abs() < 1e-4 && (interval.high - 0.9942).abs() < 1e-4);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// Without trials, with more successes than trials, or a confidence outside (0, 1).
pub fn share_interval(successes: usize, trials: usize, confidence: f64) -> Result<Interval, Error> {
    check_confidence(confidence)?;
    if trials == 0 {
        return Err(neuropil_math::Error::Empty { what: "trials" }.into());
    }
    if successes > trials {
        return Err(out_of_range(
            "successes",
            successes as f64,
            "must be no more than the trials",
        ));
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let z = normal_quantile(confidence);
    let z2 = z * z / n;
    let middle = p + z2 / 2.0;
    let half = z * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    Ok(Interval {
        estimate: p,
        low: ((middle - half) / (1.0 + z2)).max(0.0),
        high: ((middle + half) / (1.0 + z2)).min(1.0),
    })
}

/// The median; of an even number of values, the mean of the two in the middle. NaN without values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

/// Interpolated linearly between the two nearest of some sorted values.
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

/// The $t$ with $P(\lvert T\rvert < t) = $ `confidence`.
fn student_quantile(confidence: f64, freedom: usize) -> f64 {
    invert(confidence, |t| student_within(t, freedom))
}

/// The $z$ with $P(\lvert Z\rvert < z) = $ `confidence`.
fn normal_quantile(confidence: f64) -> f64 {
    invert(confidence, normal_within)
}

/// Where a rising function on $[0, \infty)$ reaches `target`.
fn invert(target: f64, f: impl Fn(f64) -> f64) -> f64 {
    let mut high = 1.0;
    while f(high) < target && high < 1e300 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// $P(\lvert T\rvert < t)$ for whole degrees of freedom, by the finite sums of Abramowitz and Stegun,
/// 26.7.3 and 26.7.4.
fn student_within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sin, cos) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = 0.0;
    let mut k = if odd { 1 } else { 0 };
    // Powers of the cosine up to ν - 2.
    while k + 2 <= freedom {
        sum += term;
        k += 2;
        term *= cos * cos * (k - 1) as f64 / k as f64;
    }
    if odd {
        core::f64::consts::FRAC_2_PI * (angle + sin * sum)
    } else {
        sin * sum
    }
}

/// $P(\lvert Z\rvert < z) = \mathrm{erf}(z / \sqrt 2)$ by its series, which has positive terms only.
fn normal_within(z: f64) -> f64 {
    if z > 9.0 {
        return 1.0;
    }
    let mut term = z;
    let mut sum = z;
    let mut k = 1.0;
    while term > 1e-17 * sum {
        term *= z * z / (2.0 * k + 1.0);
        sum += term;
        k += 1.0;
    }
    (2.0 / core::f64::consts::PI).sqrt() * (-0.5 * z * z).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (confidence, freedom, t) in [
            (0.95, 1, 12.706_204_736),
            (0.95, 2, 4.302_652_730),
            (0.95, 4, 2.776_445_105),
            (0.99, 9, 3.249_835_542),
            (0.95, 10, 2.228_138_852),
            (0.95, 99, 1.984_216_952),
            (0.9, 1000, 1.646_378_818),
        ] {
            let found = student_quantile(confidence, freedom);
            assert!((found - t).abs() < 1e-8 * t, "{freedom}: {found}, {t}");
        }
        for (confidence, z) in [
            (0.5, 0.674_489_750_2),
            (0.95, 1.959_963_984_5),
            (0.999, 3.290_526_731_5),
        ] {
            let found = normal_quantile(confidence);
            assert!((found - z).abs() < 1e-9, "{found}, {z}");
        }
    }
}
