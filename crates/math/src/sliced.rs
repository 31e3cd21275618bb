//! Sparse matrices in slices of rows that are multiplied together.

use crate::linalg::wide;
use crate::{Csr, Error, Real, check_size};

/// Rows of a slice.
const ROWS: usize = 8;
/// Indices in one word.
const PACK: usize = 4;
/// Rows are put in order of their lengths inside of windows of so many: it saves padding, and what a
/// window writes stays in the cache.
const WINDOW: usize = 64;
/// The most columns that an index can name.
const COLUMNS: usize = 1 << 16;

/// A sparse matrix for products with many vectors: sliced ELLPACK.[^sell]
///
/// Eight rows are interleaved, entry by entry, and padded to the longest of them, so that their sums
/// run side by side in the vectors of the processor; indices take two bytes. A product takes half of
/// the time of [`Csr`]'s. Every row is summed from left to right, on every platform in the same
/// way; the last bits differ from those of [`Csr`], which has four partial sums.
///
/// ```
/// use neuropil_math::{Csr, SlicedEll};
///
/// let w = Csr::from_triplets(2, 3, &[(0, 2, 0.5), (1, 0, -1.0), (0, 0, 2.0)])?;
/// let fast = SlicedEll::new(&w).expect("fewer than 65 537 columns");
/// let mut y = [0.0; 2];
/// fast.apply(&[1.0, 10.0, 100.0], &mut y)?;
/// assert_eq!(y, [52.0, -1.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// [^sell]: Kreutzer, Hager, Wellein, Fehske and Bishop, *A unified sparse matrix data format for
///     efficient general sparse matrix-vector multiplication on modern processors with wide SIMD
///     units*, SIAM Journal on Scientific Computing 36, C401–C423 (2014).
#[derive(Debug, Clone, PartialEq)]
pub struct SlicedEll<T> {
    rows: usize,
    /// Invariant: at least 1, and above every index.
    columns: usize,
    /// Of each slice, its entries per row and the rows that it holds.
    slices: Vec<(usize, [u32; ROWS])>,
    /// Four indices of 16 bits in each, two words for one entry of every row of a slice.
    indices: Vec<[u64; ROWS / PACK]>,
    values: Vec<[T; ROWS]>,
}

impl<T: Real> SlicedEll<T> {
    /// The matrix in this form; nothing if it has no columns, more than 2¹⁶ of them, or 2³² rows.
    #[must_use]
    pub fn new(matrix: &Csr<T>) -> Option<Self> {
        let (rows, columns) = (matrix.nrows(), matrix.ncols());
        if columns == 0 || columns > COLUMNS || u32::try_from(rows).is_err() {
            return None;
        }
        let mut slices = Vec::with_capacity(rows.div_ceil(ROWS));
        let mut indices = Vec::new();
        let mut values = Vec::new();
        for first in (0..rows).step_by(WINDOW) {
            let mut window: Vec<usize> = (first..rows.min(first + WINDOW)).collect();
            window.sort_by_key(|&row| matrix.row(row).0.len());
            for slice in window.chunks(ROWS) {
                // A slice that is not full holds its last row more than once, with one value.
                let member = |lane: usize| slice[lane.min(slice.len() - 1)];
                let length = slice.iter().map(|&row| matrix.row(row).0.len()).max()?;
                slices.push((length, core::array::from_fn(|lane| member(lane) as u32)));
                for k in 0..length {
                    let mut words = [0_u64; ROWS / PACK];
                    let mut entries = [T::zero(); ROWS];
                    for lane in 0..ROWS {
                        let (row, weights) = matrix.row(member(lane));
                        // Padding multiplies an element that the row has anyway by zero.
                        let index = row.get(k).or(row.last()).copied().unwrap_or(0);
                        words[lane / PACK] |= u64::from(index) << (16 * (lane % PACK));
                        entries[lane] = weights.get(k).copied().unwrap_or(T::zero());
                    }
                    indices.push(words);
                    values.push(entries);
                }
            }
        }
        Some(Self {
            rows,
            columns,
            slices,
            indices,
            values,
        })
    }

    /// The number of rows.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.columns
    }

    /// $y = W x$. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as a row, or `y` not as long as a column.
    #[inline]
    pub fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.columns, x.len())?;
        check_size("entries of y", self.rows, y.len())?;
        wide(
            #[inline(always)]
            || self.product(x, y),
        );
        Ok(())
    }

    #[inline(always)]
    fn product(&self, x: &[T], y: &mut [T]) {
        let mut at = 0;
        for (length, rows) in &self.slices {
            let end = at + length;
            let mut sums = [T::zero(); ROWS];
            for (words, values) in self.indices[at..end].iter().zip(&self.values[at..end]) {
                for half in 0..ROWS / PACK {
                    let word = words[half];
                    for lane in 0..PACK {
                        let index = (word >> (16 * lane)) as usize & (COLUMNS - 1);
                        // SAFETY: every index is below `columns`, which is the length of `x`.
                        #[expect(unsafe_code, reason = "a check of every index costs a third")]
                        let x = unsafe { *x.get_unchecked(index) };
                        sums[PACK * half + lane] += values[PACK * half + lane] * x;
                    }
                }
            }
            at = end;
            for (&row, sum) in rows.iter().zip(sums) {
                y[row as usize] = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{self, Entries};
    use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

    #[test]
    fn every_shape_is_the_product_row_by_row() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for (rows, columns) in [(0, 3), (1, 1), (7, 9), (8, 8), (65, 20), (200, 130)] {
            for density in [0.0, 0.05, 0.5, 1.0] {
                let entries = Entries::uniform(1.0);
                let w: Csr<f64> =
                    random::sparse_by_density(rows, columns, density, entries, &mut rng).unwrap();
                let x: Vec<f64> = (0..columns).map(|j| (j as f64).sin()).collect();
                let mut y = vec![f64::NAN; rows];
                SlicedEll::new(&w).unwrap().apply(&x, &mut y).unwrap();
                for (row, y) in y.iter().enumerate() {
                    let (indices, values) = w.row(row);
                    let mut sum = 0.0;
                    for (&j, v) in indices.iter().zip(values) {
                        sum += v * x[j as usize];
                    }
                    assert_eq!(*y, sum, "{rows} × {columns}, {density}, row {row}");
                }
            }
        }
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let w: Csr<f32> =
            random::sparse_by_fan_in(100, 70_000, 9, Entries::uniform(1.0), &mut rng).unwrap();
        assert!(SlicedEll::new(&w).is_none(), "too many columns");
        let w: Csr<f32> =
            random::sparse_by_fan_in(100, 65_536, 9, Entries::uniform(1.0), &mut rng).unwrap();
        let w = SlicedEll::new(&w).unwrap();
        let x: Vec<f32> = (0..65_536_u32).map(|j| (j as f32).cos()).collect();
        let (mut a, mut b) = (vec![0.0; 100], vec![1.0; 100]);
        w.apply(&x, &mut a).unwrap();
        w.product(&x, &mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn lengths_are_checked() {
        let w = SlicedEll::new(&Csr::<f64>::zeros(2, 3).unwrap()).unwrap();
        assert!(w.apply(&[0.0; 2], &mut [0.0; 2]).is_err());
        assert!(w.apply(&[0.0; 3], &mut [0.0; 3]).is_err());
        assert!(SlicedEll::new(&Csr::<f64>::zeros(2, 0).unwrap()).is_none());
    }
}
