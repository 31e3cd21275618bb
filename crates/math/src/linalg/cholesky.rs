use nalgebra::DMatrix;

use super::gram::{add_lower, mirror_lower};
use super::product::{self, add_four, add_one};
use super::strided::{Operand, Target};
use super::triangular::dot;
use super::wide::wide;
use super::{View, ViewMut};
use crate::{Error, Real, check_finite, check_size};

/// Triangles up to this size are treated column by column, larger ones are cut in two.
const SMALL: usize = 32;

/// Rows that are treated at a time below a small triangle: [`SMALL`] columns of them stay in the
/// first level of the cache.
const ROWS: usize = 128;

/// The factorisation $A = L L^T$ of a symmetric positive definite matrix.
///
/// Recursive: nearly all of the work is matrix products, about $n^3/3$ operations.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::Cholesky;
///
/// let a = DMatrix::from_row_slice(2, 2, &[4.0, 2.0, 2.0, 3.0]);
/// let cholesky = Cholesky::new(a)?;
/// let mut x = DMatrix::from_column_slice(2, 1, &[8.0, 7.0]);
/// cholesky.solve_in_place(&mut x)?;
/// assert!((x[0] - 1.25_f64).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
/// assert!((cholesky.log_determinant() - 8.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky<T> {
    factor: DMatrix<T>,
}

impl<T: Real> Cholesky<T> {
    /// Factorises `a`, whose memory becomes that of the factor. Only the lower triangle counts.
    ///
    /// # Errors
    /// [`Error::Empty`] or [`Error::Shape`] if `a` has no elements or is not square,
    /// [`Error::NonFinite`] for NaN and infinity, [`Error::NotPositiveDefinite`] with the row and
    /// pivot at which the factorisation stopped. A matrix that is singular in exact arithmetic may
    /// pass with a pivot of rounding errors.
    pub fn new(mut a: DMatrix<T>) -> Result<Self, Error> {
        check_finite("matrix to factorise", a.as_slice())?;
        cholesky_in_place(&mut a)?;
        a.fill_upper_triangle(T::zero(), 1);
        Ok(Self { factor: a })
    }

    /// The lower triangular factor L, zero above its diagonal.
    #[must_use]
    pub fn factor(&self) -> &DMatrix<T> {
        &self.factor
    }

    /// The factor itself.
    #[must_use]
    pub fn into_factor(self) -> DMatrix<T> {
        self.factor
    }

    /// Replaces B by the solution X of $A X = B$, for any number of columns.
    ///
    /// # Errors
    /// [`Error::Shape`] if B has not as many rows as A.
    pub fn solve_in_place<'b>(&self, b: impl Into<ViewMut<'b, T>>) -> Result<(), Error> {
        let b = b.into();
        check_size(
            "rows of the right-hand sides",
            self.factor.nrows(),
            b.nrows(),
        )?;
        T::solve(self.operand(), b.into());
        Ok(())
    }

    /// $\ln \det A$.
    #[must_use]
    pub fn log_determinant(&self) -> T {
        let sum = (0..self.factor.nrows())
            .map(|i| self.factor[(i, i)].ln())
            .fold(T::zero(), |sum, x| sum + x);
        sum + sum
    }

    /// $A^{-1}$, symmetric to the bit. To solve with A, [`Self::solve_in_place`] is faster and more
    /// accurate.
    #[must_use]
    pub fn inverse(&self) -> DMatrix<T> {
        let n = self.factor.nrows();
        let (mut lower, mut inverse) = (DMatrix::zeros(n, n), DMatrix::zeros(n, n));
        T::invert(
            self.operand(),
            Target::from(ViewMut::from(&mut lower)),
            Target::from(ViewMut::from(&mut inverse)),
        );
        // A square matrix is never refused.
        let _ = mirror_lower(&mut inverse);
        inverse
    }

    fn operand(&self) -> Operand<'_, T> {
        Operand::from(View::from(&self.factor))
    }
}

/// Replaces the lower triangle of `a` by its Cholesky factor, without a copy.
///
/// What is above the diagonal is not read, and undefined afterwards.
///
/// # Errors
/// [`Error::Empty`] or [`Error::Shape`] if `a` has no elements or is not square,
/// [`Error::NotPositiveDefinite`] with the row and pivot at which the factorisation stopped: a pivot
/// that is zero, negative, NaN or infinite. `a` is partly overwritten then.
pub fn cholesky_in_place<'a, T: Real>(a: impl Into<ViewMut<'a, T>>) -> Result<(), Error> {
    let a = a.into();
    if a.is_empty() {
        return Err(Error::Empty {
            what: "matrix to factorise",
        });
    }
    check_size("columns of a matrix to factorise", a.nrows(), a.ncols())?;
    T::factorise(a.into())
}

/// The lower triangle by its factor; `index` is the row of `a` in the whole matrix.
pub(super) fn factorise<T: Real>(mut a: Target<'_, T>, index: usize) -> Result<(), Error> {
    let n = a.rows();
    if n <= SMALL {
        return wide(
            #[inline(always)]
            || factorise_small(&mut a, index),
        );
    }
    let at = half(n);
    let (mut upper_left, mut lower_left, mut lower_right) = a.split_lower(at);
    factorise(upper_left.reborrow(), index)?;
    solve_right(upper_left.operand(), lower_left.reborrow());
    add_lower(-T::one(), lower_left.operand(), lower_right.reborrow());
    factorise(lower_right, index + at)
}

fn half(n: usize) -> usize {
    (n / 2).next_multiple_of(SMALL)
}

#[inline(always)]
fn factorise_small<T: Real>(a: &mut Target<'_, T>, index: usize) -> Result<(), Error> {
    for j in 0..a.rows() {
        let (left, mut right) = a.reborrow().split_columns(j);
        let column = &mut right.column_mut(0)[j..];
        let left = left.operand();
        subtract_multiples(left, j, column, |p| left.get(j, p));
        let pivot = column[0];
        if !(pivot > T::zero() && pivot.is_finite()) {
            return Err(Error::NotPositiveDefinite {
                index: index + j,
                pivot: pivot.to_f64(),
            });
        }
        let root = pivot.sqrt();
        column[0] = root;
        for value in &mut column[1..] {
            *value /= root;
        }
    }
    Ok(())
}

/// `column` minus the columns of `left`, from row `from` on, each times its factor.
#[inline(always)]
fn subtract_multiples<T: Real>(
    left: Operand<'_, T>,
    from: usize,
    column: &mut [T],
    factor: impl Fn(usize) -> T,
) {
    let slice = |p: usize| &left.column(p).unwrap_or_default()[from..];
    let count = left.columns();
    let mut p = 0;
    while p + 4 <= count {
        let columns = [slice(p), slice(p + 1), slice(p + 2), slice(p + 3)];
        let factors = [factor(p), factor(p + 1), factor(p + 2), factor(p + 3)];
        add_four(column, columns, factors.map(|f| -f));
        p += 4;
    }
    while p < count {
        add_one(column, slice(p), -factor(p));
        p += 1;
    }
}

/// B ← B L⁻ᵀ for the lower triangle L.
fn solve_right<T: Real>(l: Operand<'_, T>, b: Target<'_, T>) {
    let n = l.rows();
    if n > SMALL {
        let at = half(n);
        let (above, below) = l.split_rows(at);
        let (l11, _) = above.split_columns(at);
        let (l21, l22) = below.split_columns(at);
        let (mut b1, mut b2) = b.split_columns(at);
        solve_right(l11, b1.reborrow());
        product::multiply(
            -T::one(),
            b1.operand(),
            l21.transposed(),
            T::one(),
            b2.reborrow(),
        );
        solve_right(l22, b2);
        return;
    }
    wide(
        #[inline(always)]
        || solve_right_small(l, b),
    );
}

#[inline(always)]
fn solve_right_small<T: Real>(l: Operand<'_, T>, b: Target<'_, T>) {
    let mut rest = b;
    while rest.rows() > 0 {
        let rows = ROWS.min(rest.rows());
        let (mut block, below) = rest.split_rows(rows);
        rest = below;
        for j in 0..l.rows() {
            let (left, mut right) = block.reborrow().split_columns(j);
            let column = right.column_mut(0);
            subtract_multiples(left.operand(), 0, column, |p| l.get(j, p));
            let diagonal = l.get(j, j);
            for value in column {
                *value /= diagonal;
            }
        }
    }
}

/// B ← (L Lᵀ)⁻¹ B.
pub(super) fn solve<T: Real>(l: Operand<'_, T>, mut b: Target<'_, T>) {
    solve_lower(l, b.reborrow());
    solve_upper(l, b);
}

/// B ← L⁻¹ B.
fn solve_lower<T: Real>(l: Operand<'_, T>, mut b: Target<'_, T>) {
    let n = l.rows();
    if n > SMALL {
        let at = half(n);
        let (above, below) = l.split_rows(at);
        let (l11, _) = above.split_columns(at);
        let (l21, l22) = below.split_columns(at);
        let (mut b1, mut b2) = b.split_rows(at);
        solve_lower(l11, b1.reborrow());
        product::multiply(-T::one(), l21, b1.operand(), T::one(), b2.reborrow());
        solve_lower(l22, b2);
        return;
    }
    wide(
        #[inline(always)]
        || {
            for j in 0..b.columns() {
                let x = b.column_mut(j);
                for p in 0..n {
                    let (known, rest) = x.split_at_mut(p + 1);
                    let column = l.column(p).unwrap_or_default();
                    known[p] /= column[p];
                    add_one(rest, &column[p + 1..], -known[p]);
                }
            }
        },
    );
}

/// B ← L⁻ᵀ B.
fn solve_upper<T: Real>(l: Operand<'_, T>, mut b: Target<'_, T>) {
    let n = l.rows();
    if n > SMALL {
        let at = half(n);
        let (above, below) = l.split_rows(at);
        let (l11, _) = above.split_columns(at);
        let (l21, l22) = below.split_columns(at);
        let (mut b1, mut b2) = b.split_rows(at);
        solve_upper(l22, b2.reborrow());
        product::multiply(
            -T::one(),
            l21.transposed(),
            b2.operand(),
            T::one(),
            b1.reborrow(),
        );
        solve_upper(l11, b1);
        return;
    }
    wide(
        #[inline(always)]
        || {
            for j in 0..b.columns() {
                let x = b.column_mut(j);
                for p in (0..n).rev() {
                    let column = l.column(p).unwrap_or_default();
                    x[p] = (x[p] - dot(&column[p + 1..], &x[p + 1..])) / column[p];
                }
            }
        },
    );
}

/// The lower triangle of (L Lᵀ)⁻¹ = WᵀW with W = L⁻¹. `lower` and `inverse` come as zeros.
///
/// By blocks of rows of W, of which only the columns up to the diagonal are not zero.
pub(super) fn invert<T: Real>(
    l: Operand<'_, T>,
    mut lower: Target<'_, T>,
    mut inverse: Target<'_, T>,
) {
    const BLOCK: usize = 128;
    let n = l.rows();
    for start in (0..n).step_by(BLOCK) {
        let end = n.min(start + BLOCK);
        let (rows, _) = l.split_rows(end);
        let (_, rows) = rows.split_rows(start);
        let (rows, _) = rows.split_columns(end);
        let (left, diagonal) = rows.split_columns(start);
        let (done, rest) = lower.reborrow().split_rows(start);
        let (done, _) = done.split_columns(start);
        let (mut block, _) = rest.split_rows(end - start);
        let (mut before, mut on_diagonal) = {
            let (block, _) = block.reborrow().split_columns(end);
            block.split_columns(start)
        };
        product::multiply(
            -T::one(),
            left,
            done.operand(),
            T::zero(),
            before.reborrow(),
        );
        for i in 0..end - start {
            on_diagonal.column_mut(i)[i] = T::one();
        }
        let (mut block, _) = block.split_columns(end);
        solve_lower(diagonal, block.reborrow());
        let (corner, _) = inverse.reborrow().split_rows(end);
        let (corner, _) = corner.split_columns(end);
        add_lower(T::one(), block.operand().transposed(), corner);
    }
}
