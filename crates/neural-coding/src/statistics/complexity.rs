use super::psth::active;
use crate::BinnedCounts;

/// The distribution of complexity: the fraction of bins in which $k$ trains spike together is
/// element $k$, up to the largest that occurs.
///
/// A train counts once in a bin, however many spikes it has there. Grün, Abeles, Diesmann (2008).
///
/// ```
/// use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
/// use neuropil_neural_coding::statistics::complexity;
///
/// let trains = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.1, 0.2], 0.0, 2.0)?,
///     SpikeTrain::new(vec![0.3, 1.1], 0.0, 2.0)?,
/// ])?;
/// assert_eq!(complexity(&trains.bin(0.5)?), [0.5, 0.25, 0.25]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn complexity(counts: &BinnedCounts) -> Vec<f64> {
    let mut bins = Vec::new();
    for active in active(counts) {
        let active = active as usize;
        if bins.len() <= active {
            bins.resize(active + 1, 0_usize);
        }
        bins[active] += 1;
    }
    let total = counts.bins() as f64;
    bins.iter().map(|&n| n as f64 / total).collect()
}
