use nalgebra::DMatrix;
use neuropil_math::Real;

use super::{SpikeTrain, SpikeTrains, TrainView};
use crate::Error;
use crate::error::check_positive;

/// How far, in bins, a spike may lie before an edge and still belong behind it: times are decimal
/// numbers that were rounded, 0.3 s is in the fourth bin of 0.1 s.
const TOLERANCE: f64 = 1e-8;
/// The most bins per train: their numbers are 32 bits wide.
const MAX_BINS: usize = u32::MAX as usize;

/// How many spikes each train has in each bin; only bins with spikes are stored.
///
/// Bin $k$ is $\[t_0 + k w, t_0 + (k+1) w)$. There are $\lfloor (t_1 - t_0)/w \rfloor$, and what is left
/// of the window behind them is not counted: [`dropped`](Self::dropped) says how many spikes lie there.
/// A spike at the end of the window, where the last bin ends, belongs to the last bin. Quotients within
/// 10⁻⁸ bins of a whole number count as that number.
///
/// ```
/// use neuropil_neural_coding::{BinnedCounts, SpikeTrain, SpikeTrains};
///
/// let train = SpikeTrain::new(vec![0.1, 0.3, 0.31, 1.0], 0.0, 1.0)?;
/// let counts = BinnedCounts::of(&train, 0.1)?;
/// assert_eq!(counts.row(0), (&[1, 3, 9][..], &[1, 2, 1][..]));
/// assert_eq!(counts.dense::<f64>()?.as_slice()[3], 2.0);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BinnedCounts {
    t0: f64,
    width: f64,
    bins: usize,
    /// The bins with spikes, train after train, rising in each.
    indices: Vec<u32>,
    counts: Vec<u32>,
    /// Train `i` is `indices[offsets[i]..offsets[i + 1]]`.
    offsets: Vec<usize>,
    dropped: Vec<usize>,
}

impl BinnedCounts {
    /// Counts the spikes of trains in bins of `width` seconds.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the width is not positive, [`Error::TooFew`] if the window is shorter
    /// than a bin, [`Error::TooLarge`] for more than 2³² - 1 bins.
    pub fn new(trains: &SpikeTrains, width: f64) -> Result<Self, Error> {
        Self::build(trains.iter(), trains.t0(), trains.t1(), width)
    }

    /// [`BinnedCounts::new`] of a single train.
    ///
    /// # Errors
    /// As [`BinnedCounts::new`].
    pub fn of<'a>(train: impl Into<TrainView<'a>>, width: f64) -> Result<Self, Error> {
        let train = train.into();
        Self::build([train].into_iter(), train.t0(), train.t1(), width)
    }

    fn build<'a>(
        trains: impl Iterator<Item = TrainView<'a>>,
        t0: f64,
        t1: f64,
        width: f64,
    ) -> Result<Self, Error> {
        check_positive("width of the bins", width)?;
        let bins = ((t1 - t0) / width + TOLERANCE).floor();
        if bins < 1.0 {
            return Err(Error::TooFew {
                what: "bins in the window",
                needed: 1,
                found: 0,
            });
        }
        let bins = bins as usize;
        if bins > MAX_BINS {
            return Err(Error::TooLarge {
                what: "bins of a train",
                size: bins,
                limit: MAX_BINS,
            });
        }
        // The last bin ends where the window ends, or before.
        let fills = (t1 - t0) / width <= bins as f64 + TOLERANCE;
        let mut binned = Self {
            t0,
            width,
            bins,
            indices: Vec::new(),
            counts: Vec::new(),
            offsets: vec![0],
            dropped: Vec::new(),
        };
        for train in trains {
            let start = binned.indices.len();
            let mut dropped = 0;
            for &t in train.times() {
                let mut bin = ((t - t0) / width + TOLERANCE) as usize;
                if bin >= bins {
                    if !fills {
                        dropped += 1;
                        continue;
                    }
                    bin = bins - 1;
                }
                let bin = bin as u32;
                let last = binned.indices.len();
                if last > start && binned.indices[last - 1] == bin {
                    binned.counts[last - 1] += 1;
                } else {
                    binned.indices.push(bin);
                    binned.counts.push(1);
                }
            }
            binned.offsets.push(binned.indices.len());
            binned.dropped.push(dropped);
        }
        Ok(binned)
    }

    /// The number of trains.
    #[must_use]
    pub fn trains(&self) -> usize {
        self.dropped.len()
    }

    /// The number of bins of each train.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The width of a bin in seconds.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Where the first bin begins.
    #[must_use]
    pub fn t0(&self) -> f64 {
        self.t0
    }

    /// How many spikes of each train lie behind the last bin.
    #[must_use]
    pub fn dropped(&self) -> &[usize] {
        &self.dropped
    }

    /// The bins of a train that hold spikes, rising, and how many each holds; empty behind the last
    /// train.
    #[must_use]
    pub fn row(&self, train: usize) -> (&[u32], &[u32]) {
        match (self.offsets.get(train), self.offsets.get(train + 1)) {
            (Some(&start), Some(&end)) => (&self.indices[start..end], &self.counts[start..end]),
            _ => (&[], &[]),
        }
    }

    /// All counts of a train.
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` has another length than there are bins.
    pub fn row_into<T: Real>(&self, train: usize, out: &mut [T]) -> Result<(), Error> {
        if out.len() != self.bins {
            return Err(Error::Shape {
                what: "bins",
                expected: self.bins,
                found: out.len(),
            });
        }
        out.fill(T::of(0.0));
        let (bins, counts) = self.row(train);
        for (&bin, &count) in bins.iter().zip(counts) {
            out[bin as usize] = T::of(f64::from(count));
        }
        Ok(())
    }

    /// All counts as a matrix, trains × bins: one column per moment.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it does not fit into the memory.
    pub fn dense<T: Real>(&self) -> Result<DMatrix<T>, Error> {
        let (rows, columns) = (self.trains(), self.bins);
        let size = rows.saturating_mul(columns);
        let mut data = Vec::new();
        data.try_reserve_exact(size).map_err(|_| Error::TooLarge {
            what: "a matrix of counts",
            size,
            limit: isize::MAX as usize / size_of::<T>(),
        })?;
        data.resize(size, T::of(0.0));
        for row in 0..rows {
            let (bins, counts) = self.row(row);
            for (&bin, &count) in bins.iter().zip(counts) {
                data[bin as usize * rows + row] = T::of(f64::from(count));
            }
        }
        Ok(DMatrix::from_vec(rows, columns, data))
    }

    /// The counts of all trains together.
    #[must_use]
    pub fn pooled(&self) -> Vec<u64> {
        let mut sum = vec![0; self.bins];
        for (&bin, &count) in self.indices.iter().zip(&self.counts) {
            sum[bin as usize] += u64::from(count);
        }
        sum
    }
}

impl SpikeTrain {
    /// [`BinnedCounts::of`] this train.
    ///
    /// # Errors
    /// As [`BinnedCounts::new`].
    pub fn bin(&self, width: f64) -> Result<BinnedCounts, Error> {
        BinnedCounts::of(self, width)
    }
}

impl SpikeTrains {
    /// [`BinnedCounts::new`] of these trains.
    ///
    /// # Errors
    /// As [`BinnedCounts::new`].
    pub fn bin(&self, width: f64) -> Result<BinnedCounts, Error> {
        BinnedCounts::new(self, width)
    }
}
