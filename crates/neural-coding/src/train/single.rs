use serde::{Deserialize, Serialize};

use super::TrainView;
use crate::Error;
use crate::error::check_positive;

/// What to do with a second spike at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Duplicates {
    /// It is an error: a neuron has one spike at a time.
    #[default]
    Refuse,
    /// It is dropped.
    Merge,
    /// It is kept, as for the pooled spikes of several neurons. Counts count it; what is defined by
    /// intervals and nearest spikes treats the two as one and says so.
    Keep,
}

/// The spikes of one neuron in a window of time.
///
/// Times are in seconds, sorted, finite and inside of `[t0, t1]`, both ends included. That is checked
/// once, here, and nowhere else.
///
/// ```
/// use neuropil_neural_coding::{Error, SpikeTrain};
///
/// let train = SpikeTrain::new(vec![0.2, 0.5, 0.9], 0.0, 1.0)?;
/// assert_eq!((train.len(), train.rate()), (3, 3.0));
/// let reversed = train.reverse();
/// assert!((reversed.times()[0] - 0.1).abs() < 1e-15);
/// assert!(matches!(
///     SpikeTrain::new(vec![0.2, 1.5], 0.0, 1.0),
///     Err(Error::OutsideWindow { index: 1, .. })
/// ));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SpikeTrain {
    times: Vec<f64>,
    t0: f64,
    t1: f64,
}

/// What a file says before anybody has looked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    times: Vec<f64>,
    t0: f64,
    t1: f64,
}

impl TryFrom<Unchecked> for SpikeTrain {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        let Unchecked { times, t0, t1 } = unchecked;
        Self::with_duplicates(times, t0, t1, Duplicates::Keep)
    }
}

/// Refuses a window that is not finite or not longer than zero.
pub(crate) fn check_window(t0: f64, t1: f64) -> Result<(), Error> {
    // The length must be a number too.
    if t0 < t1 && (t1 - t0).is_finite() {
        Ok(())
    } else {
        Err(Error::Window { t0, t1 })
    }
}

/// Refuses times that are not finite, not sorted or outside of the window.
pub(super) fn check_times(
    times: &[f64],
    t0: f64,
    t1: f64,
    duplicates: Duplicates,
) -> Result<(), Error> {
    let mut previous = f64::NEG_INFINITY;
    for (index, &time) in times.iter().enumerate() {
        if !time.is_finite() {
            let what = "spike times";
            return Err(Error::NonFinite { what, index });
        }
        if time < previous {
            return Err(Error::Unsorted {
                index,
                time,
                previous,
            });
        }
        if time == previous && duplicates == Duplicates::Refuse {
            return Err(Error::Duplicate { index, time });
        }
        if !(t0..=t1).contains(&time) {
            return Err(Error::OutsideWindow {
                index,
                time,
                t0,
                t1,
            });
        }
        previous = time;
    }
    Ok(())
}

impl SpikeTrain {
    /// A train of sorted times without duplicates.
    ///
    /// # Errors
    /// [`Error::Window`], [`Error::NonFinite`], [`Error::Unsorted`], [`Error::Duplicate`] or
    /// [`Error::OutsideWindow`], each with what is at fault.
    pub fn new(times: Vec<f64>, t0: f64, t1: f64) -> Result<Self, Error> {
        Self::with_duplicates(times, t0, t1, Duplicates::Refuse)
    }

    /// A train of sorted times.
    ///
    /// # Errors
    /// As [`SpikeTrain::new`]; [`Error::Duplicate`] for [`Duplicates::Refuse`] alone.
    pub fn with_duplicates(
        mut times: Vec<f64>,
        t0: f64,
        t1: f64,
        duplicates: Duplicates,
    ) -> Result<Self, Error> {
        check_window(t0, t1)?;
        check_times(&times, t0, t1, duplicates)?;
        if duplicates == Duplicates::Merge {
            times.dedup();
        }
        Ok(Self { times, t0, t1 })
    }

    /// A train of times in any order.
    ///
    /// # Errors
    /// As [`SpikeTrain::with_duplicates`], but [`Error::Unsorted`].
    pub fn from_unsorted(
        mut times: Vec<f64>,
        t0: f64,
        t1: f64,
        duplicates: Duplicates,
    ) -> Result<Self, Error> {
        // Before they are sorted, or the position would be another.
        neuropil_math::check_finite("spike times", &times).map_err(|_| {
            let index = times.iter().position(|t| !t.is_finite()).unwrap_or(0);
            let what = "spike times";
            Error::NonFinite { what, index }
        })?;
        times.sort_unstable_by(f64::total_cmp);
        Self::with_duplicates(times, t0, t1, duplicates)
    }

    /// A train of sorted times without duplicates, all in milliseconds.
    ///
    /// # Errors
    /// As [`SpikeTrain::new`].
    pub fn from_ms(times: &[f64], t0: f64, t1: f64) -> Result<Self, Error> {
        let times = times.iter().map(|t| t / 1000.0).collect();
        Self::new(times, t0 / 1000.0, t1 / 1000.0)
    }

    /// A train of times that are known to be valid.
    pub(crate) fn trusted(times: Vec<f64>, t0: f64, t1: f64) -> Self {
        debug_assert!(check_window(t0, t1).is_ok());
        debug_assert!(check_times(&times, t0, t1, Duplicates::Keep).is_ok());
        Self { times, t0, t1 }
    }

    /// What functions take.
    #[must_use]
    pub fn view(&self) -> TrainView<'_> {
        TrainView::trusted(&self.times, self.t0, self.t1)
    }

    /// The times in seconds, sorted.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The times in seconds, sorted.
    #[must_use]
    pub fn into_times(self) -> Vec<f64> {
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
        self.view().rate()
    }

    /// The intervals between successive spikes.
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.view().intervals()
    }

    /// Spikes and window later by `by` seconds.
    ///
    /// Spikes that are closer than the resolution of the shifted times become duplicates.
    ///
    /// # Errors
    /// [`Error::Window`] if the window is not finite, or empty at that distance from zero.
    pub fn shift(&self, by: f64) -> Result<Self, Error> {
        self.map(|t| t + by)
    }

    /// Spikes and window stretched by `factor` around time zero.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a factor that is not positive, [`Error::Window`] if the window is not
    /// finite or empty.
    pub fn scale(&self, factor: f64) -> Result<Self, Error> {
        check_positive("factor", factor)?;
        self.map(|t| t * factor)
    }

    /// The train under a map that keeps the order.
    fn map(&self, f: impl Fn(f64) -> f64) -> Result<Self, Error> {
        let (t0, t1) = (f(self.t0), f(self.t1));
        check_window(t0, t1)?;
        let times = self.times.iter().map(|&t| f(t)).collect();
        Ok(Self { times, t0, t1 })
    }

    /// The train run backwards inside of its window: $t \mapsto t_0 + t_1 - t$.
    #[must_use]
    pub fn reverse(&self) -> Self {
        let (t0, t1) = (self.t0, self.t1);
        // Measured from the end that the spike is closer to, or it could leave the window by rounding.
        let mirrored = |t: f64| (t0 + (t1 - t)).clamp(t0, t1);
        let times = self.times.iter().rev().map(|&t| mirrored(t)).collect();
        Self { times, t0, t1 }
    }

    /// The spikes in `[from, to]`, both ends included, with that window.
    ///
    /// # Errors
    /// [`Error::Window`] if it is empty or not finite, [`Error::OutOfRange`] if it exceeds the window
    /// of the train.
    pub fn slice(&self, from: f64, to: f64) -> Result<Self, Error> {
        check_window(from, to)?;
        for (what, value) in [("from", from), ("to", to)] {
            if !(self.t0..=self.t1).contains(&value) {
                let range = "must be inside of the window of the train";
                return Err(Error::OutOfRange { what, value, range });
            }
        }
        let start = self.times.partition_point(|&t| t < from);
        let end = self.times.partition_point(|&t| t <= to);
        Ok(Self {
            times: self.times[start..end].to_vec(),
            t0: from,
            t1: to,
        })
    }

    /// The pooled spikes of trains with the same window.
    ///
    /// # Errors
    /// [`Error::TooFew`] without any train, [`Error::DifferentWindows`], and [`Error::Duplicate`] if
    /// two spike at once and `duplicates` refuses that.
    pub fn merge<'a, I>(trains: I, duplicates: Duplicates) -> Result<Self, Error>
    where
        I: IntoIterator,
        I::Item: Into<TrainView<'a>>,
    {
        let mut trains = trains.into_iter().map(Into::into);
        let Some(first) = trains.next() else {
            return Err(Error::TooFew {
                what: "trains to merge",
                needed: 1,
                found: 0,
            });
        };
        let mut times = first.times().to_vec();
        for train in trains {
            first.check_same_window(&train)?;
            times.extend_from_slice(train.times());
        }
        // Several sorted runs, which the stable sort finds.
        times.sort_by(f64::total_cmp);
        Self::with_duplicates(times, first.t0(), first.t1(), duplicates)
    }
}
