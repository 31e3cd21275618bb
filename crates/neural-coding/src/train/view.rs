use super::SpikeTrain;
use crate::Error;

/// A train that is owned by another: what functions of one train take.
///
/// `&SpikeTrain` turns into one, and [`SpikeTrains`](crate::SpikeTrains) hand them out, so that a
/// function of `impl Into<TrainView<'_>>` takes both. It is sorted, finite and inside of its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainView<'a> {
    times: &'a [f64],
    t0: f64,
    t1: f64,
}

impl<'a> TrainView<'a> {
    /// A train over times that are known to be valid.
    pub(crate) fn trusted(times: &'a [f64], t0: f64, t1: f64) -> Self {
        debug_assert!(times.is_sorted() && times.iter().all(|t| (t0..=t1).contains(t)));
        Self { times, t0, t1 }
    }

    /// The times in seconds, sorted.
    #[must_use]
    pub fn times(&self) -> &'a [f64] {
        self.times
    }

    /// Where the window begins.
    #[must_use]
    pub fn t0(&self) -> f64 {
        self.t0
    }

    /// Where the window ends; a spike may lie on it.
    #[must_use]
    pub fn t1(&self) -> f64 {
        self.t1
    }

    /// The length of the window, which is positive.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.t1 - self.t0
    }

    /// The number of spikes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no spike.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Spikes per second over the window.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.len() as f64 / self.duration()
    }

    /// The intervals between successive spikes.
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = f64> + use<'a> {
        self.times.windows(2).map(|w| w[1] - w[0])
    }

    /// A train of its own with these spikes.
    #[must_use]
    pub fn to_train(&self) -> SpikeTrain {
        SpikeTrain::trusted(self.times.to_vec(), self.t0, self.t1)
    }

    /// Refuses two trains that were observed over different times.
    ///
    /// # Errors
    /// [`Error::DifferentWindows`].
    pub fn check_same_window(&self, other: &TrainView<'_>) -> Result<(), Error> {
        if (self.t0, self.t1) == (other.t0, other.t1) {
            Ok(())
        } else {
            Err(Error::DifferentWindows {
                first: (self.t0, self.t1),
                second: (other.t0, other.t1),
            })
        }
    }
}

impl<'a> From<&'a SpikeTrain> for TrainView<'a> {
    fn from(train: &'a SpikeTrain) -> Self {
        train.view()
    }
}

impl From<&Self> for TrainView<'_> {
    fn from(train: &Self) -> Self {
        *train
    }
}
