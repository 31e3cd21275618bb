use crate::SpikeTrains;

/// The Fano factor of the numbers of spikes of trials: their variance (that of the population) over
/// their mean.
///
/// 1 for Poisson processes of one rate. `None` without a trial, or without a spike.
///
/// ```
/// use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
/// use neuropil_neural_coding::statistics::fano_factor;
///
/// let trials = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.2], 0.0, 1.0)?,
///     SpikeTrain::new(vec![0.1, 0.4, 0.8], 0.0, 1.0)?,
/// ])?;
/// assert_eq!(fano_factor(&trials), Some(0.5));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn fano_factor(trials: &SpikeTrains) -> Option<f64> {
    fano_factor_of_counts(trials.iter().map(|trial| trial.len() as u64))
}

/// [`fano_factor`] of counts that were made elsewhere: of one bin over trials, or of all bins of a
/// train.
///
/// ```
/// use neuropil_neural_coding::statistics::fano_factor_of_counts;
///
/// assert_eq!(fano_factor_of_counts([1, 3]), Some(0.5));
/// assert_eq!(fano_factor_of_counts([0, 0]), None);
/// ```
#[must_use]
pub fn fano_factor_of_counts(
    counts: impl IntoIterator<Item = u64, IntoIter: Clone>,
) -> Option<f64> {
    let counts = counts.into_iter();
    let (sum, trials) = counts.clone().fold((0.0, 0_usize), |(sum, n), count| {
        (sum + count as f64, n + 1)
    });
    if sum == 0.0 {
        return None;
    }
    let mean = sum / trials as f64;
    let squares: f64 = counts.map(|count| (count as f64 - mean).powi(2)).sum();
    Some(squares / trials as f64 / mean)
}
