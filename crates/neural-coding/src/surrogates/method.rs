use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{bins, dither, intervals, jitter, randomize, shift};
use crate::error::{check_not_negative, check_positive};
use crate::{Duplicates, Error, SpikeTrain, SpikeTrains, TrainView};

/// The largest width: its double must be a number too.
const LARGEST: f64 = 1e100;

/// A way to make surrogates of a train.
///
/// Spikes that were at different times may coincide afterwards, where times do not resolve them: then
/// both are kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Surrogate {
    /// Each spike moves by a uniform random time of at most `width` seconds either way, and is
    /// reflected at the ends of the window.
    Dither {
        /// The largest displacement in seconds.
        width: f64,
    },
    /// As [`Dither`](Self::Dither), but spikes keep their order and a distance of `refractory`
    /// seconds. Two spikes that were closer than that come no closer.
    ///
    /// One spike after the other moves uniformly inside of what its neighbours leave to it. At an end
    /// of the window it stops.
    DitherRefractory {
        /// The largest displacement in seconds.
        width: f64,
        /// The refractory period in seconds.
        refractory: f64,
    },
    /// Each spike moves to a uniform random time of its bin. Bins are `width` seconds long, the first
    /// begins with the window, the last may be shorter.
    Jitter {
        /// The width of a bin in seconds.
        width: f64,
    },
    /// All spikes move together by a uniform random time of at most `width` seconds either way; what
    /// leaves the window at one end enters it at the other.
    Shift {
        /// The largest displacement in seconds.
        width: f64,
    },
    /// The intervals between spikes in random order; the first spike and the last stay.
    ShuffleIntervals,
    /// The bins, with the spikes in them where they are, in random order. Bins are `width` seconds
    /// long; what is left of the window behind the last whole one stays.
    ShuffleBins {
        /// The width of a bin in seconds.
        width: f64,
    },
    /// As many spikes at uniform random times.
    Randomize,
}

impl Surrogate {
    /// A surrogate of a train.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a width is not positive (or above 10¹⁰⁰) or the refractory period
    /// negative, [`Error::TooFew`] if the window is shorter than a bin to be shuffled, [`Error::TooLarge`] for more
    /// than 2³² of them.
    pub fn draw<'a, R: Rng + ?Sized>(
        &self,
        train: impl Into<TrainView<'a>>,
        rng: &mut R,
    ) -> Result<SpikeTrain, Error> {
        let train = train.into();
        let mut times = Vec::with_capacity(train.len());
        self.draw_into(train, rng, &mut times)?;
        Ok(SpikeTrain::trusted(times, train.t0(), train.t1()))
    }

    /// The times of a surrogate, sorted, in a buffer that is overwritten. No allocation once it has
    /// grown, but for [`ShuffleBins`](Self::ShuffleBins).
    ///
    /// # Errors
    /// As [`Surrogate::draw`].
    pub fn draw_into<'a, R: Rng + ?Sized>(
        &self,
        train: impl Into<TrainView<'a>>,
        rng: &mut R,
        times: &mut Vec<f64>,
    ) -> Result<(), Error> {
        let train = train.into();
        match *self {
            Self::Dither { width }
            | Self::DitherRefractory { width, .. }
            | Self::Jitter { width }
            | Self::Shift { width }
            | Self::ShuffleBins { width } => {
                check_positive("width of a surrogate", width)?;
                if width > LARGEST {
                    return Err(Error::OutOfRange {
                        what: "width of a surrogate",
                        value: width,
                        range: "must be at most 1e100",
                    });
                }
            }
            Self::ShuffleIntervals | Self::Randomize => {}
        }
        times.clear();
        times.extend_from_slice(train.times());
        let window = (train.t0(), train.t1());
        match *self {
            Self::Dither { width } => dither::uniform(times, window, width, rng),
            Self::DitherRefractory { width, refractory } => {
                check_not_negative("refractory period", &[refractory])?;
                dither::refractory(times, window, width, refractory, rng);
            }
            Self::Jitter { width } => jitter::jitter(times, window, width, rng),
            Self::Shift { width } => shift::shift(times, window, width, rng),
            Self::ShuffleIntervals => intervals::shuffle(times, rng),
            Self::ShuffleBins { width } => bins::shuffle(times, window, width, rng)?,
            Self::Randomize => randomize::randomize(times, window, rng),
        }
        Ok(())
    }

    /// A surrogate of each train, one after the other from the same generator.
    ///
    /// # Errors
    /// As [`Surrogate::draw`].
    pub fn draw_all<R: Rng + ?Sized>(
        &self,
        trains: &SpikeTrains,
        rng: &mut R,
    ) -> Result<SpikeTrains, Error> {
        let mut all = Vec::with_capacity(trains.spikes());
        let mut times = Vec::new();
        for train in trains.iter() {
            self.draw_into(train, rng, &mut times)?;
            all.extend_from_slice(&times);
        }
        let offsets = trains.offsets().to_vec();
        SpikeTrains::from_parts(all, offsets, trains.t0(), trains.t1(), Duplicates::Keep)
    }
}

/// Uniform in `[from, to]`; `from` if that is empty.
pub(super) fn between<R: Rng + ?Sized>(from: f64, to: f64, rng: &mut R) -> f64 {
    use rand::RngExt;
    let length = to - from;
    if length > 0.0 {
        // Rounding may go one step beyond the end.
        (from + rng.random::<f64>() * length).min(to)
    } else {
        from
    }
}
