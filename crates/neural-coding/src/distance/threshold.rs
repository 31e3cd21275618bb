use serde::{Deserialize, Serialize};

use crate::error::check_positive;
use crate::{Error, SpikeTrains, TrainView};

/// Below which time differences are not relevant.
///
/// On short time scales, such as inside of bursts, any two trains look different. Satuvuori et al.,
/// *Measures of spike train synchrony for data with multiple time scales*, Journal of Neuroscience
/// Methods 287 (2017), section 2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum Threshold {
    /// Every difference counts: the original definitions.
    #[default]
    None,
    /// In seconds.
    Seconds(f64),
    /// [`automatic_threshold`] of the trains that are compared: of the pair, or of all trains of a
    /// matrix.
    Automatic,
}

impl Threshold {
    /// In seconds, zero for none.
    pub(super) fn resolve<'a>(
        self,
        trains: impl Iterator<Item = TrainView<'a>>,
    ) -> Result<f64, Error> {
        match self {
            Self::None => Ok(0.0),
            Self::Seconds(seconds) => {
                if seconds != 0.0 {
                    check_positive("threshold", seconds)?;
                }
                Ok(seconds)
            }
            Self::Automatic => Ok(pooled(trains)),
        }
    }
}

/// The root of the mean square of all intervals between spikes, in seconds.
///
/// The intervals at the ends of the window count with the length that the
/// [ISI-distance](super::isi_distance) gives them, and the whole window for a train without spikes.
/// Zero without any train.
#[must_use]
pub fn automatic_threshold(trains: &SpikeTrains) -> f64 {
    pooled(trains.iter())
}

fn pooled<'a>(trains: impl Iterator<Item = TrainView<'a>>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    let mut add = |length: f64| {
        sum += length * length;
        count += 1;
    };
    for train in trains {
        let (t0, t1) = (train.t0(), train.t1());
        let times = train.times();
        let distinct = || {
            let pairs = times.windows(2).map(|w| w[1] - w[0]);
            pairs.filter(|&length| length > 0.0)
        };
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
            add(t1 - t0);
            continue;
        };
        let Some(second) = distinct().next() else {
            add(first - t0);
            add(t1 - last);
            continue;
        };
        let mut previous = second;
        for length in distinct() {
            previous = length;
        }
        // An interval that begins with the window is the first one, and not another.
        let skip_first = usize::from(first == t0);
        let skip_last = usize::from(last == t1);
        add(if skip_first == 1 {
            second
        } else {
            second.max(first - t0)
        });
        let inner = distinct().count();
        for length in distinct()
            .take(inner.saturating_sub(skip_last))
            .skip(skip_first)
        {
            add(length);
        }
        add(if skip_last == 1 {
            previous
        } else {
            previous.max(t1 - last)
        });
    }
    if count == 0 {
        0.0
    } else {
        (sum / count as f64).sqrt()
    }
}
