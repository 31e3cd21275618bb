//! Dense linear algebra: products, Gram matrices, factorisations.

// STAND-IN until the branch `linalg` is merged: everything in this file but the three `mod` lines
// and the `pub use` of `qr` and `streamed_qr` is replaced by its product, gram and cholesky.

pub(crate) mod qr;
pub(crate) mod streamed_qr;
pub(crate) mod svd;
pub(crate) mod triangular;

pub use qr::{LeastSquares, Qr};
pub use streamed_qr::StreamedQr;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn};

use crate::{Error, Real, check_size};

pub(crate) mod wide {
    /// STAND-IN for `linalg/wide.rs`.
    #[inline(always)]
    pub(crate) fn wide<R>(kernel: impl FnOnce() -> R) -> R {
        kernel()
    }
}

/// A matrix that is looked at with any strides.
pub type View<'a, T> = DMatrixView<'a, T, Dyn, Dyn>;

/// A matrix that is written with any strides.
pub type ViewMut<'a, T> = DMatrixViewMut<'a, T>;

/// The transpose of `a` without a copy.
#[must_use]
pub fn transposed<T: Real>(a: &DMatrix<T>) -> View<'_, T> {
    View::from_slice_with_strides(a.as_slice(), a.ncols(), a.nrows(), a.nrows(), 1)
}

/// The product `a b`.
///
/// # Errors
/// [`Error::Shape`] if the inner sizes differ.
pub fn matmul<'a, 'b, T: Real>(
    a: impl Into<View<'a, T>>,
    b: impl Into<View<'b, T>>,
) -> Result<DMatrix<T>, Error> {
    let (a, b) = (a.into(), b.into());
    let mut c = DMatrix::zeros(a.nrows(), b.ncols());
    matmul_into(T::one(), a, b, T::zero(), &mut c)?;
    Ok(c)
}

/// `c` becomes `alpha a b + beta c`.
///
/// # Errors
/// [`Error::Shape`] if the sizes do not agree.
pub fn matmul_into<'a, 'b, 'c, T: Real>(
    alpha: T,
    a: impl Into<View<'a, T>>,
    b: impl Into<View<'b, T>>,
    beta: T,
    c: impl Into<ViewMut<'c, T>>,
) -> Result<(), Error> {
    let (a, b, mut c) = (a.into(), b.into(), c.into());
    check_size("inner sizes of a product", a.ncols(), b.nrows())?;
    check_size("rows of a product", a.nrows(), c.nrows())?;
    check_size("columns of a product", b.ncols(), c.ncols())?;
    // nalgebra 0.35.0 writes out of bounds on transposed views in its path for small sizes.
    if a.nrows().min(a.ncols()).min(b.ncols()) > 5 {
        c.gemm(alpha, &a, &b, beta);
        return Ok(());
    }
    for j in 0..b.ncols() {
        for i in 0..a.nrows() {
            let mut sum = T::zero();
            for k in 0..a.ncols() {
                sum += a[(i, k)] * b[(k, j)];
            }
            let old = if beta == T::zero() {
                beta
            } else {
                beta * c[(i, j)]
            };
            c[(i, j)] = old + alpha * sum;
        }
    }
    Ok(())
}

/// Adds `x xᵀ` to the lower triangle of `g`; what lies above the diagonal is not specified.
///
/// # Errors
/// [`Error::Shape`] if the sizes do not agree.
pub fn gram_add(g: &mut DMatrix<f64>, x: View<'_, f64>) -> Result<(), Error> {
    const BLOCK: usize = 128;
    let n = x.nrows();
    check_size("rows of a Gram matrix", n, g.nrows())?;
    check_size("columns of a Gram matrix", n, g.ncols())?;
    for j in (0..n).step_by(BLOCK) {
        let k = BLOCK.min(n - j);
        let top = x.rows(j, k).transpose();
        let lower = x.rows(j, n - j);
        matmul_into(1.0, lower, &top, 1.0, g.view_mut((j, j), (n - j, k)))?;
    }
    Ok(())
}

/// The factor $L$ of $A = L L^T$.
#[derive(Debug, Clone)]
pub struct Cholesky<T: Real> {
    factor: DMatrix<T>,
}

impl<T: Real> Cholesky<T> {
    /// Factors `a`, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`].
    pub fn new(mut a: DMatrix<T>) -> Result<Self, Error> {
        let n = a.nrows();
        for j in 0..n {
            for k in 0..j {
                let s = a[(j, k)];
                let (left, right) = a.as_mut_slice().split_at_mut(n * j);
                triangular::axpy(-s, &left[n * k + j..n * k + n], &mut right[j..n]);
            }
            let pivot = a[(j, j)];
            if pivot <= T::zero() || !pivot.is_finite() {
                return Err(Error::NotPositiveDefinite {
                    index: j,
                    pivot: pivot.to_f64(),
                });
            }
            let root = pivot.sqrt();
            let inverse = T::one() / root;
            a[(j, j)] = root;
            for v in &mut a.as_mut_slice()[n * j + j + 1..n * (j + 1)] {
                *v *= inverse;
            }
        }
        Ok(Self { factor: a })
    }

    /// The factor, in the lower triangle.
    #[must_use]
    pub fn factor(&self) -> &DMatrix<T> {
        &self.factor
    }

    /// `b` becomes the solution of $A X = B$.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn solve_in_place(&self, b: &mut DMatrix<T>) -> Result<(), Error> {
        check_size("rows of a right-hand side", self.factor.nrows(), b.nrows())?;
        let n = b.nrows();
        for column in b.as_mut_slice().chunks_exact_mut(n.max(1)) {
            triangular::solve_lower(&self.factor, column);
            triangular::solve_lower_transposed(&self.factor, column);
        }
        Ok(())
    }
}
