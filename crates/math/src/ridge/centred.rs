//! The data of a regression, centred and widened block by block.

use nalgebra::DMatrix;

use super::as_f64;
use crate::linalg::wide;
use crate::{Error, Real};

/// Samples of a block: a block of 28 features stays in the first-level cache, one of 1000 in the
/// second.
pub(super) const BLOCK: usize = 256;

/// What is subtracted from each row: first its value in the first sample, then the mean of the rest.
///
/// The first difference is exact for values that are close to each other, so that the deviations of
/// data with a mean ≫ deviation lose nothing, and a constant row becomes zero exactly.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offset {
    pub(super) shift: Vec<f64>,
    pub(super) mean: Vec<f64>,
}

impl Offset {
    /// The mean of the columns of a slice, and the shift that it is relative to.
    pub(super) fn mean_from<T: Real>(shift: Vec<f64>, samples: &[T]) -> Self {
        let rows = shift.len();
        let mut mean = vec![0.0; rows];
        let mut partial = vec![0.0; rows];
        // Sums of sums: rounding grows with the root of the length of each.
        for block in samples.chunks(rows * BLOCK) {
            partial.fill(0.0);
            wide(
                #[inline(always)]
                || {
                    for sample in block.chunks_exact(rows) {
                        for ((sum, &x), shift) in partial.iter_mut().zip(sample).zip(&shift) {
                            *sum += x.to_f64() - shift;
                        }
                    }
                },
            );
            for (mean, sum) in mean.iter_mut().zip(&partial) {
                *mean += sum;
            }
        }
        let scale = 1.0 / (samples.len() / rows) as f64;
        for mean in &mut mean {
            *mean *= scale;
        }
        Self { shift, mean }
    }

    /// The first of some samples, as a shift.
    pub(super) fn first<T: Real>(rows: usize, samples: &[T]) -> Vec<f64> {
        samples[..rows].iter().map(|x| x.to_f64()).collect()
    }

    /// Writes the centred samples.
    pub(super) fn subtract_from<T: Real>(&self, samples: &[T], centred: &mut [f64]) {
        let rows = self.shift.len();
        for (sample, centred) in samples
            .chunks_exact(rows)
            .zip(centred.chunks_exact_mut(rows))
        {
            for i in 0..rows {
                centred[i] = (sample[i].to_f64() - self.shift[i]) - self.mean[i];
            }
        }
    }

    /// The mean of the data themselves.
    pub(super) fn total(&self) -> Vec<f64> {
        self.shift
            .iter()
            .zip(&self.mean)
            .map(|(s, m)| s + m)
            .collect()
    }
}

/// Writes samples as they are, widened.
pub(super) fn widen<T: Real>(samples: &[T], wide: &mut [f64]) {
    for (wide, x) in wide.iter_mut().zip(samples) {
        *wide = x.to_f64();
    }
}

/// The data of one regression.
pub(super) struct Centred<'a, T: Real> {
    pub(super) x: &'a DMatrix<T>,
    pub(super) y: &'a DMatrix<T>,
    /// Of `x` and of `y`; nothing without intercept.
    pub(super) offsets: Option<(Offset, Offset)>,
}

impl<'a, T: Real> Centred<'a, T> {
    pub(super) fn new(x: &'a DMatrix<T>, y: &'a DMatrix<T>, intercept: bool) -> Self {
        let offset = |m: &DMatrix<T>| {
            Offset::mean_from(Offset::first(m.nrows(), m.as_slice()), m.as_slice())
        };
        let offsets = intercept.then(|| (offset(x), offset(y)));
        Self { x, y, offsets }
    }

    /// The means of `x` and `y`.
    pub(super) fn means(&self) -> (Option<Vec<f64>>, Option<Vec<f64>>) {
        match &self.offsets {
            Some((x, y)) => (Some(x.total()), Some(y.total())),
            None => (None, None),
        }
    }

    /// Whether $x$ can be read as it is.
    fn untouched(&self) -> Option<&'a DMatrix<f64>> {
        if self.offsets.is_none() {
            as_f64(self.x)
        } else {
            None
        }
    }

    fn write_x(&self, samples: &[T], centred: &mut [f64]) {
        match &self.offsets {
            Some((x, _)) => x.subtract_from(samples, centred),
            None => widen(samples, centred),
        }
    }

    fn write_y(&self, samples: &[T], centred: &mut [f64]) {
        match &self.offsets {
            Some((_, y)) => y.subtract_from(samples, centred),
            None => widen(samples, centred),
        }
    }

    /// Hands over the centred samples in blocks of [`BLOCK`]: `work(x, y)`, of which it may change y;
    /// `x` holds one sample after the other.
    pub(super) fn for_each_block(
        &self,
        room: &mut Vec<f64>,
        mut work: impl FnMut(&[f64], &mut DMatrix<f64>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (features, samples) = self.x.shape();
        let outputs = self.y.nrows();
        let mut y = DMatrix::zeros(outputs, BLOCK.min(samples));
        for first in (0..samples).step_by(BLOCK) {
            let count = BLOCK.min(samples - first);
            if y.ncols() != count {
                y = DMatrix::zeros(outputs, count);
            }
            let part = &self.y.as_slice()[first * outputs..][..count * outputs];
            self.write_y(part, y.as_mut_slice());
            if let Some(x) = self.untouched() {
                work(
                    &x.as_slice()[first * features..][..count * features],
                    &mut y,
                )?;
            } else {
                room.resize(features * BLOCK.min(samples), 0.0);
                let part = &self.x.as_slice()[first * features..][..count * features];
                self.write_x(part, &mut room[..features * count]);
                work(&room[..features * count], &mut y)?;
            }
        }
        Ok(())
    }

    /// All of the centred $x$.
    pub(super) fn whole_x(&self) -> DMatrix<f64> {
        let mut x = DMatrix::zeros(self.x.nrows(), self.x.ncols());
        self.write_x(self.x.as_slice(), x.as_mut_slice());
        x
    }

    /// All of the centred $y$.
    pub(super) fn whole_y(&self) -> DMatrix<f64> {
        let mut y = DMatrix::zeros(self.y.nrows(), self.y.ncols());
        self.write_y(self.y.as_slice(), y.as_mut_slice());
        y
    }
}
