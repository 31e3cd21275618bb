//! All pairs of many trains.

use nalgebra::DMatrix;

use super::Scratch;

/// The matrix of `size` rows of which `row(scratch, i, out)` computes the elements `(i, i + 1)` to
/// `(i, size - 1)`; `mirror` turns each into the one on the other side of the diagonal.
///
/// Rows are independent of each other, so that threads have no influence on the result.
pub(super) fn pairs(
    size: usize,
    diagonal: f64,
    mirror: impl Fn(f64) -> f64,
    row: impl Fn(&mut Scratch, usize, &mut [f64]) + Sync,
) -> DMatrix<f64> {
    let mut matrix = DMatrix::from_element(size, size, diagonal);
    // Column `i` of the lower triangle is contiguous; it is turned over at the end.
    let columns = |scratch: &mut Scratch, (i, column): (usize, &mut [f64])| {
        row(scratch, i, &mut column[i + 1..]);
    };
    let data = matrix.as_mut_slice();
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        data.par_chunks_mut(size.max(1))
            .enumerate()
            // A row is some hundred microseconds of work: no need to put several together.
            .with_max_len(1)
            .for_each_init(Scratch::new, columns);
    }
    #[cfg(not(feature = "rayon"))]
    {
        let mut scratch = Scratch::new();
        for item in data.chunks_mut(size.max(1)).enumerate() {
            columns(&mut scratch, item);
        }
    }
    for i in 0..size {
        for j in i + 1..size {
            let value = matrix[(j, i)];
            matrix[(i, j)] = value;
            matrix[(j, i)] = mirror(value);
        }
    }
    matrix
}

/// The mean of `pair` over all pairs of `size` things; none for less than two.
pub(super) fn mean_of_pairs(matrix: &DMatrix<f64>) -> Option<f64> {
    let size = matrix.nrows();
    if size < 2 {
        return None;
    }
    let mut sum = 0.0;
    for i in 0..size {
        for j in i + 1..size {
            sum += matrix[(i, j)];
        }
    }
    Some(sum / (size * (size - 1) / 2) as f64)
}
