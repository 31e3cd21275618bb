use crate::{BinnedCounts, Error};

/// The peristimulus time histogram: the spikes of all trials in each bin.
///
/// ```
/// use neuropil_neural_coding::{BinnedCounts, SpikeTrain, SpikeTrains};
/// use neuropil_neural_coding::statistics::Psth;
///
/// let trials = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.1, 0.2], 0.0, 1.0)?,
///     SpikeTrain::new(vec![0.3, 0.8], 0.0, 1.0)?,
/// ])?;
/// let psth = Psth::new(&trials.bin(0.5)?)?;
/// assert_eq!(psth.counts(), [3, 1]);
/// assert_eq!((psth.mean(), psth.rate()), (vec![1.5, 0.5], vec![3.0, 1.0]));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Psth {
    counts: Vec<u64>,
    trials: usize,
    t0: f64,
    width: f64,
}

impl Psth {
    /// The histogram of trials, one per train of the counts.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a trial.
    pub fn new(trials: &BinnedCounts) -> Result<Self, Error> {
        Self::of(trials, trials.pooled())
    }

    /// The histogram of how many trials have a spike in each bin, however many spikes.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a trial.
    pub fn binary(trials: &BinnedCounts) -> Result<Self, Error> {
        Self::of(trials, active(trials))
    }

    fn of(trials: &BinnedCounts, counts: Vec<u64>) -> Result<Self, Error> {
        if trials.trains() == 0 {
            return Err(Error::TooFew {
                what: "trials",
                needed: 1,
                found: 0,
            });
        }
        Ok(Self {
            counts,
            trials: trials.trains(),
            t0: trials.t0(),
            width: trials.width(),
        })
    }

    /// The spikes of all trials, bin by bin.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Where the first bin begins.
    #[must_use]
    pub fn t0(&self) -> f64 {
        self.t0
    }

    /// The width of a bin in seconds.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Spikes per trial, bin by bin.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        self.divided_by(self.trials as f64)
    }

    /// Spikes per trial and second, bin by bin.
    #[must_use]
    pub fn rate(&self) -> Vec<f64> {
        self.divided_by(self.trials as f64 * self.width)
    }

    fn divided_by(&self, divisor: f64) -> Vec<f64> {
        self.counts.iter().map(|&c| c as f64 / divisor).collect()
    }
}

/// How many trains have a spike in each bin.
pub(super) fn active(counts: &BinnedCounts) -> Vec<u64> {
    let mut active = vec![0; counts.bins()];
    for train in 0..counts.trains() {
        for &bin in counts.row(train).0 {
            active[bin as usize] += 1;
        }
    }
    active
}
