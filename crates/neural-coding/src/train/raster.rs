use nalgebra::DMatrix;
use neuropil_math::Real;

use super::{BinnedCounts, SpikeTrains};
use crate::Error;
use crate::error::check_positive;

/// Spikes as bits: trains × steps, 64 steps in a word.
///
/// Step $k$ of a train is bit $k \bmod 64$ of its word $\lfloor k/64 \rfloor$; bits behind the last step
/// are zero. Counts and coincidences are population counts of words.
///
/// ```
/// use neuropil_neural_coding::Raster;
///
/// let mut raster = Raster::new(2, 100)?;
/// for (train, step) in [(0, 3), (0, 70), (1, 70)] {
///     raster.set(train, step, true)?;
/// }
/// assert_eq!((raster.count(0), raster.count(1)), (2, 1));
/// assert_eq!(raster.coincidences(0, 1), 1);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    trains: usize,
    steps: usize,
    /// `words_per_train` of each train, train after train.
    words: Vec<u64>,
}

impl Raster {
    /// No spike.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it does not fit into the memory.
    pub fn new(trains: usize, steps: usize) -> Result<Self, Error> {
        let size = trains.saturating_mul(steps.div_ceil(64));
        let mut words = Vec::new();
        words.try_reserve_exact(size).map_err(|_| Error::TooLarge {
            what: "a raster, in words",
            size,
            limit: isize::MAX as usize / 8,
        })?;
        words.resize(size, 0);
        Ok(Self {
            trains,
            steps,
            words,
        })
    }

    /// A bit for each bin that has spikes, however many.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it does not fit into the memory.
    pub fn from_counts(counts: &BinnedCounts) -> Result<Self, Error> {
        let mut raster = Self::new(counts.trains(), counts.bins())?;
        for train in 0..raster.trains {
            let row = raster.row_mut(train);
            for &bin in counts.row(train).0 {
                row[bin as usize / 64] |= 1 << (bin % 64);
            }
        }
        Ok(raster)
    }

    /// A matrix of zeros and ones, trains × steps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if an element is neither.
    pub fn from_dense<T: Real>(matrix: &DMatrix<T>) -> Result<Self, Error> {
        let mut raster = Self::new(matrix.nrows(), matrix.ncols())?;
        for step in 0..raster.steps {
            for train in 0..raster.trains {
                let value = matrix[(train, step)].to_f64();
                if value == 1.0 {
                    raster.row_mut(train)[step / 64] |= 1 << (step % 64);
                } else if value != 0.0 {
                    return Err(Error::OutOfRange {
                        what: "an element of a raster",
                        value,
                        range: "must be 0 or 1",
                    });
                }
            }
        }
        Ok(raster)
    }

    /// The number of trains.
    #[must_use]
    pub fn trains(&self) -> usize {
        self.trains
    }

    /// The number of steps of each train.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// How many words a train takes.
    #[must_use]
    pub fn words_per_train(&self) -> usize {
        self.steps.div_ceil(64)
    }

    /// The words of all trains, train after train.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words of a train; empty behind the last train.
    #[must_use]
    pub fn row(&self, train: usize) -> &[u64] {
        let width = self.words_per_train();
        if train < self.trains {
            &self.words[train * width..(train + 1) * width]
        } else {
            &[]
        }
    }

    /// The words of a train, for writers inside of the crate: bits behind the last step stay zero.
    pub(crate) fn row_mut(&mut self, train: usize) -> &mut [u64] {
        let width = self.words_per_train();
        &mut self.words[train * width..(train + 1) * width]
    }

    /// Whether there is a spike; none outside of the raster.
    #[must_use]
    pub fn get(&self, train: usize, step: usize) -> bool {
        step < self.steps
            && self
                .row(train)
                .get(step / 64)
                .is_some_and(|word| word >> (step % 64) & 1 == 1)
    }

    /// Puts a spike, or takes it away.
    ///
    /// # Errors
    /// [`Error::Shape`] outside of the raster.
    pub fn set(&mut self, train: usize, step: usize, spike: bool) -> Result<(), Error> {
        for (what, expected, found) in [
            ("train of a raster", self.trains, train),
            ("step of a raster", self.steps, step),
        ] {
            if found >= expected {
                return Err(Error::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        let bit = 1 << (step % 64);
        let word = &mut self.row_mut(train)[step / 64];
        *word = if spike { *word | bit } else { *word & !bit };
        Ok(())
    }

    /// The number of spikes of a train.
    #[must_use]
    pub fn count(&self, train: usize) -> usize {
        self.row(train)
            .iter()
            .map(|w| w.count_ones() as usize)
            .sum()
    }

    /// In how many steps both trains spike.
    #[must_use]
    pub fn coincidences(&self, a: usize, b: usize) -> usize {
        let pairs = self.row(a).iter().zip(self.row(b));
        pairs.map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// The steps in which a train spikes, rising.
    pub fn spikes(&self, train: usize) -> impl Iterator<Item = usize> + '_ {
        self.row(train).iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            core::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                // The lowest bit is done.
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit)
            })
        })
    }

    /// A matrix of zeros and ones, trains × steps.
    #[must_use]
    pub fn to_dense<T: Real>(&self) -> DMatrix<T> {
        DMatrix::from_fn(self.trains, self.steps, |train, step| {
            T::of(f64::from(u8::from(self.get(train, step))))
        })
    }

    /// Trains with a spike in the middle of each step that has one; steps take `width` seconds and the
    /// first begins at `t0`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the width is not positive, [`Error::Window`] if the window is empty or
    /// not finite, [`Error::Duplicate`] if steps are shorter than the times resolve.
    pub fn to_trains(&self, t0: f64, width: f64) -> Result<SpikeTrains, Error> {
        check_positive("width of the steps", width)?;
        let time = |step: usize| t0 + (step as f64 + 0.5) * width;
        let mut times = Vec::new();
        let mut offsets = vec![0];
        for train in 0..self.trains {
            times.extend(self.spikes(train).map(time));
            offsets.push(times.len());
        }
        let t1 = t0 + self.steps as f64 * width;
        SpikeTrains::from_parts(times, offsets, t0, t1, super::Duplicates::Refuse)
    }
}
