use super::correlogram::{CorrelogramConfig, check_train, correlogram};
use crate::{BinnedCounts, Error};

/// The autocorrelation time of a train in seconds,
/// $$\tau = 2 \int_w^{\tau_{max}} \left( \frac{\hat C(t)}{\hat C(w)} \right)^2 dt$$
/// by the trapezoidal rule, with the coefficients $\hat C$ of the auto-correlogram in bins of width
/// $w$ and `max_lag` bins $= \tau_{max}$.
///
/// The peak at lag 0, where every spike meets itself, is left out: lag 1 stands for it. Noise is
/// squared and integrated, so that $\tau_{max}$ should be little larger than the time itself.
/// `None` for fewer than two spikes, or if the counts at lag 1 are not correlated at all. Wieland,
/// Bernardi, Schwalger, Lindner, Physical Review E 92, 040901 (2015), equation 6.
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::autocorrelation_time;
///
/// let train = SpikeTrain::from_ms(&[1.0, 5.0, 7.0, 8.0], 0.0, 10.0)?;
/// let time = autocorrelation_time(&train.bin(0.001)?, 0, 5)?.unwrap();
/// assert!((time - 0.014111).abs() < 1e-6);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if there is no such train, [`Error::OutOfRange`] unless `max_lag` is at least 2
/// and less than the number of bins.
pub fn autocorrelation_time(
    counts: &BinnedCounts,
    train: usize,
    max_lag: usize,
) -> Result<Option<f64>, Error> {
    check_train(counts, train)?;
    if max_lag < 2 {
        return Err(Error::OutOfRange {
            what: "largest lag",
            value: max_lag as f64,
            range: "must be at least 2",
        });
    }
    let config = CorrelogramConfig {
        first: 1,
        last: i64::try_from(max_lag).unwrap_or(i64::MAX),
        binary: false,
    };
    let found = correlogram(counts, train, train, &config)?;
    let spikes: u64 = counts.row(train).1.iter().map(|&c| u64::from(c)).sum();
    let Some(coefficients) = found.coefficients().filter(|_| spikes >= 2) else {
        return Ok(None);
    };
    let peak = coefficients[0];
    if peak == 0.0 {
        return Ok(None);
    }
    let square = |c: &f64| (c / peak).powi(2);
    let sum: f64 = coefficients.iter().map(square).sum();
    let ends = coefficients.last().map_or(1.0, |last| 1.0 + square(last));
    Ok(Some(2.0 * counts.width() * (sum - ends / 2.0)))
}
