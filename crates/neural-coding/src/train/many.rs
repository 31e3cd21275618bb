use serde::{Deserialize, Serialize};

use super::single::{check_times, check_window};
use super::{Duplicates, SpikeTrain, TrainView};
use crate::Error;

/// Many trains with one window, in one buffer.
///
/// ```
/// use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
///
/// let trains = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.1, 0.4], 0.0, 1.0)?,
///     SpikeTrain::new(vec![], 0.0, 1.0)?,
/// ])?;
/// assert_eq!((trains.len(), trains.spikes()), (2, 2));
/// assert_eq!(trains.iter().map(|t| t.len()).collect::<Vec<_>>(), [2, 0]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SpikeTrains {
    /// The spikes of all trains, train after train.
    times: Vec<f64>,
    /// Train `i` is `times[offsets[i]..offsets[i + 1]]`.
    offsets: Vec<usize>,
    t0: f64,
    t1: f64,
}

/// What a file says before anybody has looked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    times: Vec<f64>,
    offsets: Vec<usize>,
    t0: f64,
    t1: f64,
}

impl TryFrom<Unchecked> for SpikeTrains {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        let Unchecked {
            times,
            offsets,
            t0,
            t1,
        } = unchecked;
        Self::from_parts(times, offsets, t0, t1, Duplicates::Keep)
    }
}

impl SpikeTrains {
    /// No train yet.
    ///
    /// # Errors
    /// [`Error::Window`] if the window is not finite, or ends before it has begun.
    pub fn new(t0: f64, t1: f64) -> Result<Self, Error> {
        check_window(t0, t1)?;
        let (times, offsets) = (Vec::new(), vec![0]);
        Ok(Self {
            times,
            offsets,
            t0,
            t1,
        })
    }

    /// Trains from one buffer: train `i` is `times[offsets[i]..offsets[i + 1]]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the offsets do not divide the buffer (they begin with 0, never fall and end
    /// with its length); else as [`SpikeTrain::with_duplicates`], with the position in the buffer.
    pub fn from_parts(
        times: Vec<f64>,
        offsets: Vec<usize>,
        t0: f64,
        t1: f64,
        duplicates: Duplicates,
    ) -> Result<Self, Error> {
        check_window(t0, t1)?;
        let shape = |what, expected, found| Error::Shape {
            what,
            expected,
            found,
        };
        match (offsets.first(), offsets.last()) {
            (Some(0), Some(&end)) if end == times.len() => {}
            (Some(0), Some(&end)) => {
                return Err(shape("the last offset", times.len(), end));
            }
            (first, _) => {
                return Err(shape(
                    "the first offset",
                    0,
                    first.copied().unwrap_or(usize::MAX),
                ));
            }
        }
        if let Some(i) = offsets.windows(2).position(|w| w[1] < w[0]) {
            return Err(shape("an offset that falls", offsets[i], offsets[i + 1]));
        }
        let mut trains = Self {
            times,
            offsets,
            t0,
            t1,
        };
        for window in trains.offsets.windows(2) {
            check_times(&trains.times[window[0]..window[1]], t0, t1, duplicates)
                .map_err(|e| at(e, window[0]))?;
        }
        if duplicates == Duplicates::Merge {
            trains.merge_duplicates();
        }
        Ok(trains)
    }

    /// Copies trains with the same window into one buffer.
    ///
    /// # Errors
    /// [`Error::TooFew`] without any train, [`Error::DifferentWindows`].
    pub fn from_trains(trains: &[SpikeTrain]) -> Result<Self, Error> {
        let Some(first) = trains.first() else {
            return Err(Error::TooFew {
                what: "trains",
                needed: 1,
                found: 0,
            });
        };
        let mut all = Self::new(first.t0(), first.t1())?;
        all.times.reserve(trains.iter().map(SpikeTrain::len).sum());
        all.offsets.reserve(trains.len());
        for train in trains {
            all.push(train)?;
        }
        Ok(all)
    }

    /// Adds a train.
    ///
    /// # Errors
    /// [`Error::DifferentWindows`].
    pub fn push<'a>(&mut self, train: impl Into<TrainView<'a>>) -> Result<(), Error> {
        let train = train.into();
        TrainView::trusted(&[], self.t0, self.t1).check_same_window(&train)?;
        self.times.extend_from_slice(train.times());
        self.offsets.push(self.times.len());
        Ok(())
    }

    fn merge_duplicates(&mut self) {
        let mut kept = 0;
        let mut start = 0;
        for offset in &mut self.offsets[1..] {
            let first = kept;
            for i in start..*offset {
                if kept == first || self.times[i] != self.times[kept - 1] {
                    self.times[kept] = self.times[i];
                    kept += 1;
                }
            }
            start = *offset;
            *offset = kept;
        }
        self.times.truncate(kept);
    }

    /// The number of trains.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no train.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of spikes of all trains.
    #[must_use]
    pub fn spikes(&self) -> usize {
        self.times.len()
    }

    /// Where the window begins.
    #[must_use]
    pub fn t0(&self) -> f64 {
        self.t0
    }

    /// Where the window ends; spikes may lie on it.
    #[must_use]
    pub fn t1(&self) -> f64 {
        self.t1
    }

    /// The length of the window, which is positive.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.t1 - self.t0
    }

    /// The times of all trains, train after train.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Where each train begins in [`times`](Self::times), and where the last one ends.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The train at this position, if there is one.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<TrainView<'_>> {
        let (&start, &end) = (self.offsets.get(index)?, self.offsets.get(index + 1)?);
        Some(TrainView::trusted(
            &self.times[start..end],
            self.t0,
            self.t1,
        ))
    }

    /// The trains in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TrainView<'_>> + Clone {
        self.offsets
            .windows(2)
            .map(|w| TrainView::trusted(&self.times[w[0]..w[1]], self.t0, self.t1))
    }

    /// Each train as one of its own.
    #[must_use]
    pub fn to_trains(&self) -> Vec<SpikeTrain> {
        self.iter().map(|t| t.to_train()).collect()
    }
}

/// The error of a train, told with the position in the buffer.
fn at(error: Error, start: usize) -> Error {
    match error {
        Error::NonFinite { what, index } => Error::NonFinite {
            what,
            index: start + index,
        },
        Error::Unsorted {
            index,
            time,
            previous,
        } => Error::Unsorted {
            index: start + index,
            time,
            previous,
        },
        Error::Duplicate { index, time } => Error::Duplicate {
            index: start + index,
            time,
        },
        Error::OutsideWindow {
            index,
            time,
            t0,
            t1,
        } => Error::OutsideWindow {
            index: start + index,
            time,
            t0,
            t1,
        },
        other => other,
    }
}
