use nalgebra::DMatrix;

use super::strided::{self, Operand, Target};
use super::wide::wide;
use super::{View, ViewMut};
use crate::{Error, Real, check_size};

/// With this many rows or columns or fewer, a product is read once and not packed: see
/// [`few_columns`].
const FEW: usize = 8;

/// C is cut into panels of about this many columns, or rows if it has more of these. Fixed, so that
/// the sums are the same for any number of threads.
const PANEL_COLUMNS: usize = 256;
const PANEL_ROWS: usize = 512;

/// Multiplications below which a second thread costs more than it saves.
#[cfg(feature = "rayon")]
const PARALLEL: usize = 1 << 21;

/// The matrix product $A B$.
///
/// Any of the two may be a transposed or partial [`View`]. An empty sum is zero: shapes with a zero
/// in them are products like any other.
///
/// ```
/// use nalgebra::{DMatrix, DVector};
/// use neuropil_math::linalg::matmul;
///
/// let w = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 2.0, 3.0]);
/// let x = DVector::from_vec(vec![1.0, -1.0]);
/// assert_eq!(matmul(&w, &x)?.as_slice(), [-1.0, -1.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if A has not as many columns as B has rows.
pub fn matmul<'a, 'b, T: Real>(
    a: impl Into<View<'a, T>>,
    b: impl Into<View<'b, T>>,
) -> Result<DMatrix<T>, Error> {
    let (a, b) = (a.into(), b.into());
    let mut c = DMatrix::zeros(a.nrows(), b.ncols());
    matmul_into(T::one(), a, b, T::zero(), &mut c)?;
    Ok(c)
}

/// The product into a matrix of the caller, $C \leftarrow \alpha A B + \beta C$.
///
/// If β is zero, C is not read: NaN in it does not spread. With at most 8 rows or columns in C
/// (matrix times vector, and the like) nothing is allocated. Larger products allocate the buffer
/// into which the backend packs blocks of A and B, once per panel of C.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::{matmul_into, transposed};
///
/// let x = DMatrix::from_row_slice(1, 3, &[1.0, 2.0, 3.0]);
/// let mut sum = DMatrix::from_element(1, 1, 100.0);
/// matmul_into(0.5, &x, transposed(&x), 1.0, &mut sum)?;
/// assert_eq!(sum[(0, 0)], 107.0);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the three shapes do not agree.
pub fn matmul_into<'a, 'b, 'c, T: Real>(
    alpha: T,
    a: impl Into<View<'a, T>>,
    b: impl Into<View<'b, T>>,
    beta: T,
    c: impl Into<ViewMut<'c, T>>,
) -> Result<(), Error> {
    let (a, b, c) = (a.into(), b.into(), c.into());
    check_size("rows of b in a product a b", a.ncols(), b.nrows())?;
    check_size("rows of c in a product c = a b", a.nrows(), c.nrows())?;
    check_size("columns of c in a product c = a b", b.ncols(), c.ncols())?;
    T::multiply(alpha, a.into(), b.into(), beta, c.into());
    Ok(())
}

/// C ← α A B + β C for shapes that agree.
pub(super) fn multiply<T: Real>(
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    beta: T,
    mut c: Target<'_, T>,
) {
    let (m, n, k) = (c.rows(), c.columns(), a.columns());
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        scale(beta, c);
    } else if n <= FEW && has_slices(a) {
        few_columns(alpha, a, b, |i, j, sum| {
            store(beta, sum, &mut c.column_mut(j)[i]);
        });
    } else if m <= FEW && has_slices(b) {
        few_columns(alpha, b.transposed(), a.transposed(), |j, i, sum| {
            store(beta, sum, &mut c.column_mut(j)[i]);
        });
    } else if n >= m {
        column_panels(alpha, a, b, beta, c);
    } else {
        row_panels(alpha, a, b, beta, c);
    }
}

fn store<T: Real>(beta: T, sum: T, c: &mut T) {
    *c = if beta.is_zero() { sum } else { sum + beta * *c };
}

fn scale<T: Real>(beta: T, mut c: Target<'_, T>) {
    for j in 0..c.columns() {
        for value in c.column_mut(j) {
            store(beta, T::zero(), value);
        }
    }
}

fn has_slices<T: Copy>(a: Operand<'_, T>) -> bool {
    a.column(0).is_some() || a.row(0).is_some()
}

fn column_panels<T: Real>(
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    beta: T,
    c: Target<'_, T>,
) {
    match panel_split(c.columns(), PANEL_COLUMNS) {
        None => strided::call(T::BACKEND, alpha, a, b, beta, c),
        Some(at) => {
            let work = c.rows() * c.columns() * a.columns();
            let (b_left, b_right) = b.split_columns(at);
            let (c_left, c_right) = c.split_columns(at);
            join(
                work,
                || column_panels(alpha, a, b_left, beta, c_left),
                || column_panels(alpha, a, b_right, beta, c_right),
            );
        }
    }
}

fn row_panels<T: Real>(alpha: T, a: Operand<'_, T>, b: Operand<'_, T>, beta: T, c: Target<'_, T>) {
    match panel_split(c.rows(), PANEL_ROWS) {
        None => strided::call(T::BACKEND, alpha, a, b, beta, c),
        Some(at) => {
            let work = c.rows() * c.columns() * a.columns();
            let (a_above, a_below) = a.split_rows(at);
            let (c_above, c_below) = c.split_rows(at);
            join(
                work,
                || row_panels(alpha, a_above, b, beta, c_above),
                || row_panels(alpha, a_below, b, beta, c_below),
            );
        }
    }
}

/// Where to cut `length` in two, so that panels of about equal size and at most `panel` (rounded up
/// to the width of the backend's tiles) come out in the end.
fn panel_split(length: usize, panel: usize) -> Option<usize> {
    const TILE: usize = 16;
    let panels = length.div_ceil(panel);
    (panels > 1).then(|| (length * (panels / 2) / panels).next_multiple_of(TILE))
}

/// Runs both, on two threads if there is enough work. They must not depend on each other.
pub(super) fn join(work: usize, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    #[cfg(feature = "rayon")]
    if work >= PARALLEL {
        rayon::join(first, second);
        return;
    }
    #[cfg(not(feature = "rayon"))]
    let _ = work;
    first();
    second();
}

/// A B for a B of at most [`FEW`] columns: `store` gets row, column and α times the sum.
///
/// Such a product costs the reading of A: it is read once, along its columns or its rows, whichever
/// are contiguous, and not packed first.
fn few_columns<T: Real>(
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    store: impl FnMut(usize, usize, T),
) {
    wide(
        #[inline(always)]
        || few_columns_body(alpha, a, b, store),
    );
}

#[inline(always)]
fn few_columns_body<T: Real>(
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    store: impl FnMut(usize, usize, T),
) {
    match b.columns() {
        0 => {}
        1 if a.rows().max(a.columns()) <= 256 => few_columns_in::<T, 1, 256>(alpha, a, b, store),
        1 => few_columns_in::<T, 1, 1024>(alpha, a, b, store),
        2 => few_columns_in::<T, 2, 512>(alpha, a, b, store),
        3 | 4 => few_columns_in::<T, 4, 256>(alpha, a, b, store),
        _ => few_columns_in::<T, FEW, 256>(alpha, a, b, store),
    }
}

/// [`few_columns`] with buffers for N columns: small enough for the first level of the cache, long
/// enough to read A in long runs.
#[inline(always)]
fn few_columns_in<T: Real, const N: usize, const BLOCK: usize>(
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    mut store: impl FnMut(usize, usize, T),
) {
    let (m, n, k) = (a.rows(), b.columns(), a.columns());
    let along_columns = a.column(0).is_some() && (m > 1 || a.row(0).is_none());
    let mut sums = [[T::zero(); BLOCK]; N];
    let mut block = [[T::zero(); BLOCK]; N];
    let mut above = a;
    for i in (0..m).step_by(BLOCK) {
        let rows = BLOCK.min(m - i);
        let (a_rows, rest) = above.split_rows(rows);
        above = rest;
        for sums in &mut sums[..n] {
            sums[..rows].fill(T::zero());
        }
        for p in (0..k).step_by(BLOCK) {
            let depth = BLOCK.min(k - p);
            for j in 0..n {
                for (q, value) in block[j][..depth].iter_mut().enumerate() {
                    *value = b.get(p + q, j);
                }
            }
            if along_columns {
                add_columns(a_rows, p, depth, &block[..n], &mut sums[..n]);
            } else {
                add_rows(a_rows, p, depth, &block[..n], &mut sums[..n]);
            }
        }
        for j in 0..n {
            for (r, &sum) in sums[j][..rows].iter().enumerate() {
                store(i + r, j, alpha * sum);
            }
        }
    }
}

/// Adds to each of `sums` the columns of `a` from `p` on times the entries of its `block`.
#[inline(always)]
fn add_columns<T: Real, const R: usize, const D: usize>(
    a: Operand<'_, T>,
    p: usize,
    depth: usize,
    block: &[[T; D]],
    sums: &mut [[T; R]],
) {
    let column = |q: usize| a.column(p + q).unwrap_or_default();
    let rows = a.rows();
    let mut q = 0;
    while q + 4 <= depth {
        let columns = [column(q), column(q + 1), column(q + 2), column(q + 3)];
        for (sums, block) in sums.iter_mut().zip(block) {
            let factors = [block[q], block[q + 1], block[q + 2], block[q + 3]];
            add_four(&mut sums[..rows], columns, factors);
        }
        q += 4;
    }
    while q < depth {
        for (sums, block) in sums.iter_mut().zip(block) {
            add_one(&mut sums[..rows], column(q), block[q]);
        }
        q += 1;
    }
}

/// y ← y + Σ fᵢ xᵢ for four x at once: y is read and written a quarter as often.
#[inline(always)]
pub(super) fn add_four<T: Real>(y: &mut [T], x: [&[T]; 4], f: [T; 4]) {
    let n = y.len();
    let [x0, x1, x2, x3] = x.map(|x| &x[..n]);
    for i in 0..n {
        y[i] += (x0[i] * f[0] + x1[i] * f[1]) + (x2[i] * f[2] + x3[i] * f[3]);
    }
}

/// y ← y + f x.
#[inline(always)]
pub(super) fn add_one<T: Real>(y: &mut [T], x: &[T], f: T) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x * f;
    }
}

/// Adds to the i-th entry of each of `sums` row i of `a`, from column `p` on, times its `block`.
#[inline(always)]
fn add_rows<T: Real, const R: usize, const D: usize>(
    a: Operand<'_, T>,
    p: usize,
    depth: usize,
    block: &[[T; D]],
    sums: &mut [[T; R]],
) {
    for i in 0..a.rows() {
        let row = &a.row(i).unwrap_or_default()[p..p + depth];
        for (sums, block) in sums.iter_mut().zip(block) {
            sums[i] += T::dot(row, &block[..depth]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the panels that a length is cut into.
    fn panels(length: usize, panel: usize) -> Vec<usize> {
        match panel_split(length, panel) {
            None => vec![length],
            Some(at) => [panels(at, panel), panels(length - at, panel)].concat(),
        }
    }

    #[test]
    fn panels_are_about_equal_and_cut_between_tiles() {
        for length in 1..3000 {
            let panels = panels(length, 256);
            assert_eq!(panels.iter().sum::<usize>(), length);
            let (last, others) = panels.split_last().unwrap();
            assert!(
                others.iter().all(|panel| panel % 16 == 0),
                "{length}: {panels:?}"
            );
            assert!(
                panels.iter().all(|&panel| panel <= 256 + 15),
                "{length}: {panels:?}"
            );
            assert!(others.is_empty() || *last >= 64, "{length}: {panels:?}");
        }
    }
}
