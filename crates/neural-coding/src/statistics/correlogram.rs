use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{BinnedCounts, Error};

/// Which lags a [`correlogram`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrelogramConfig {
    /// The first lag in bins; it may be negative, and need not be minus the last.
    pub first: i64,
    /// The last lag in bins, included.
    pub last: i64,
    /// Whether several spikes in a bin count as one.
    pub binary: bool,
}

impl Default for CorrelogramConfig {
    fn default() -> Self {
        Self {
            first: -50,
            last: 50,
            binary: false,
        }
    }
}

impl CorrelogramConfig {
    /// The number of lags, which must be less than `bins` bins long.
    fn check(&self, bins: usize) -> Result<usize, Error> {
        for (what, lag) in [("first lag", self.first), ("last lag", self.last)] {
            if lag.unsigned_abs() >= bins as u64 {
                return Err(Error::OutOfRange {
                    what,
                    value: lag as f64,
                    range: "must be less than the number of bins",
                });
            }
        }
        if self.first > self.last {
            return Err(Error::OutOfRange {
                what: "first lag",
                value: self.first as f64,
                range: "must not be behind the last",
            });
        }
        Ok(self.last.abs_diff(self.first) as usize + 1)
    }
}

/// How often a spike of one train follows one of another, lag by lag.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlogram {
    first: i64,
    counts: Vec<u64>,
    bins: usize,
    width: f64,
    x: Moments,
    y: Moments,
}

/// The sums of the counts of a train and of their squares.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moments {
    sum: f64,
    squares: f64,
}

impl Moments {
    fn of(counts: &[u32], binary: bool) -> Self {
        let (mut sum, mut squares) = (0.0, 0.0);
        for &count in counts {
            let count = height(count, binary) as f64;
            sum += count;
            squares += count * count;
        }
        Self { sum, squares }
    }

    fn variation(&self, bins: f64) -> f64 {
        self.squares - self.sum * self.sum / bins
    }
}

fn height(count: u32, binary: bool) -> u64 {
    if binary { 1 } else { u64::from(count) }
}

/// The cross-correlogram of two trains, $C(l) = \sum_t x(t) y(t + l)$: how often `y` spikes $l$ bins
/// after `x`.
///
/// The two may be the same, for the auto-correlogram, whose value at lag 0 is $\sum_t x(t)^2$. Only
/// bins with spikes are visited.
///
/// ```
/// use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
/// use neuropil_neural_coding::statistics::{CorrelogramConfig, correlogram};
///
/// let trains = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.15, 0.55], 0.0, 1.0)?,
///     SpikeTrain::new(vec![0.35, 0.75], 0.0, 1.0)?,
/// ])?;
/// let config = CorrelogramConfig { first: 1, last: 6, binary: false };
/// let found = correlogram(&trains.bin(0.1)?, 0, 1, &config)?;
/// assert_eq!(found.counts(), [0, 2, 0, 0, 0, 1]);
/// assert_eq!(found.border_corrected()[1], 2.0 * 10.0 / 8.0);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if there is no such train, [`Error::OutOfRange`] if the lags are not shorter than
/// the trains, or the first is behind the last.
pub fn correlogram(
    counts: &BinnedCounts,
    x: usize,
    y: usize,
    config: &CorrelogramConfig,
) -> Result<Correlogram, Error> {
    let lags = config.check(counts.bins())?;
    let mut out = vec![0; lags];
    correlogram_into(counts, x, y, config, &mut out)?;
    Ok(Correlogram {
        first: config.first,
        counts: out,
        bins: counts.bins(),
        width: counts.width(),
        x: Moments::of(counts.row(x).1, config.binary),
        y: Moments::of(counts.row(y).1, config.binary),
    })
}

/// The counts of a [`correlogram`] without allocations.
///
/// # Errors
/// As [`correlogram`], and [`Error::Shape`] if `out` has not one element for each lag.
pub fn correlogram_into(
    counts: &BinnedCounts,
    x: usize,
    y: usize,
    config: &CorrelogramConfig,
    out: &mut [u64],
) -> Result<(), Error> {
    let lags = config.check(counts.bins())?;
    if out.len() != lags {
        return Err(Error::Shape {
            what: "lags",
            expected: lags,
            found: out.len(),
        });
    }
    for train in [x, y] {
        check_train(counts, train)?;
    }
    out.fill(0);
    let (x_bins, x_counts) = counts.row(x);
    let (y_bins, y_counts) = counts.row(y);
    let mut start = 0;
    for (&bin, &count) in x_bins.iter().zip(x_counts) {
        let from = i64::from(bin) + config.first;
        while start < y_bins.len() && i64::from(y_bins[start]) < from {
            start += 1;
        }
        let count = height(count, config.binary);
        for (&other, &other_count) in y_bins[start..].iter().zip(&y_counts[start..]) {
            let lag = (i64::from(other) - from) as usize;
            let Some(out) = out.get_mut(lag) else { break };
            *out += count * height(other_count, config.binary);
        }
    }
    Ok(())
}

/// Refuses a train that is not there.
pub(super) fn check_train(counts: &BinnedCounts, train: usize) -> Result<(), Error> {
    if train < counts.trains() {
        Ok(())
    } else {
        Err(Error::Shape {
            what: "train of the counts",
            expected: counts.trains(),
            found: train,
        })
    }
}

impl Correlogram {
    /// The lags in bins.
    #[must_use]
    pub fn lags(&self) -> RangeInclusive<i64> {
        self.first..=self.first + self.counts.len() as i64 - 1
    }

    /// The lags in seconds.
    pub fn times(&self) -> impl Iterator<Item = f64> + '_ {
        self.lags().map(|lag| lag as f64 * self.width)
    }

    /// The number of pairs of spikes at each lag.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The counts, each multiplied by $n / (n - |l|)$: at lag $l$ only $n - |l|$ of the $n$ bins have a
    /// partner.
    #[must_use]
    pub fn border_corrected(&self) -> Vec<f64> {
        let n = self.bins as f64;
        self.lags()
            .zip(&self.counts)
            .map(|(lag, &count)| count as f64 * n / (n - lag.unsigned_abs() as f64))
            .collect()
    }

    /// The cross-correlation coefficients
    /// $$\frac{C(l) - N_x N_y / n}{\sqrt{(\sum x^2 - N_x^2 / n) (\sum y^2 - N_y^2 / n)}}$$
    /// of $n$ bins with $N_x$ and $N_y$ spikes. `None` if a train has the same count in every bin.
    #[must_use]
    pub fn coefficients(&self) -> Option<Vec<f64>> {
        let n = self.bins as f64;
        let (x, y) = (self.x.variation(n), self.y.variation(n));
        if !(x > 0.0 && y > 0.0) {
            return None;
        }
        let (expected, scale) = (self.x.sum * self.y.sum / n, x.sqrt() * y.sqrt());
        let coefficient = |&count: &u64| (count as f64 - expected) / scale;
        Some(self.counts.iter().map(coefficient).collect())
    }
}
