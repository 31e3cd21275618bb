//! Matrix products, Gram matrices and Cholesky factors at the speed of a tuned backend.
//!
//! - [`matmul`], [`matmul_into`]: $\alpha A B + \beta C$ in all transpositions;
//! - [`gram`], and [`gram_add_in`] with [`cross_add`] for streams: $X X^T$ and $X Y^T$ in `f64`;
//! - [`Cholesky`], [`cholesky_in_place`]: factor, solutions, determinant, inverse.
//!
//! # Why not nalgebra's own
//! nalgebra multiplies large matrices by matrixmultiply, and so does this module, without the detour.
//! The rest differs. `a.tr_mul(&b)` (and `ad_mul`, `gemm_tr`) is a loop of scalar products, 31 times
//! slower than a product for the Gram matrix of 10 000 samples of 1000 features: clippy refuses it in
//! this workspace, [`transposed`] is its replacement. Products with 5 or fewer rows or columns write
//! out of bounds when a view strides along its rows (0.35.0, issue 1616): a transposed view must not
//! meet nalgebra's operators, only the functions of this module. The factorisations are not blocked.
//!
//! # Speed
//! Least CPU time on one core with AVX-512, beside NumPy 2.4 (OpenBLAS 0.3.31, one thread), runs
//! interleaved; lower than 1 is faster than NumPy.
//!
//! | | ms | to NumPy |
//! |---|---|---|
//! | Gram, 10 000 samples × 1000 features, `f64` | 241 | 1.17 |
//! | Cholesky, n = 2000, `f64` (`f32`) | 66 (33) | 0.77 (0.29) |
//! | the same beside LAPACK's `potrf` alone | | 0.99 (0.95) |
//! | solving, n = 2000, 1 (100) right-hand sides | 1.2 (25) | 0.38 (1.16) |
//! | inverse, n = 2000 | 255 | 0.42 |
//! | product `f32`, 200 × 784 by 784 × 2000 | 7.6 | 1.10 |
//! | product `f32`, 1024 × 784 by 784 × 2000 | 35.7 | 1.10 |
//! | product `f32`, 64 × 784 transposed by 784 × 10 000 | 17.7 | 1.28 |
//! | matrix × vector, 1000 × 1000, `f64` (`f32`) | 0.11 (0.053) | 1.11 (1.05) |
//!
//! The Gram matrix of `f32` data takes the time of `f64` (226 ms): that is the price of its sums.
//!
//! # Threads
//! Under the feature `rayon` products run on the threads of the pool from some two million
//! multiplications on. C is cut at places that depend on its shape alone, with and without the
//! feature, so that the results are the same to the bit for any number of threads. On two threads a
//! product of 256 × 256 by 256 × 1024 was 2.0 times faster, 1000 × 784 by 784 × 2000 1.9 times.
//! Between machines with other vector instructions the last bits differ.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn};

use crate::Real;

pub use cholesky::{Cholesky, cholesky_in_place};
pub use gram::{Workspace, cross_add, gram, gram_add, gram_add_in, mirror_lower};
pub use kernels::Kernels;
pub use product::{matmul, matmul_into};
pub use qr::{LeastSquares, Qr};
pub use streamed_qr::StreamedQr;
pub(crate) use wide::wide;

mod cholesky;
pub(crate) mod gram;
pub(crate) mod integer;
mod kernels;
mod product;
pub(crate) mod qr;
pub(crate) mod streamed_qr;
pub(crate) mod strided;
pub(crate) mod svd;
pub(crate) mod syrk;
pub(crate) mod triangular;
mod wide;

/// A matrix to read, whole or in part, transposed or not: shape and two strides over borrowed data.
///
/// `&DMatrix`, `&DVector` and nalgebra's views convert into it.
pub type View<'a, T> = DMatrixView<'a, T, Dyn, Dyn>;

/// A matrix to write: whole, or some rows and columns of one. `&mut DMatrix` converts into it.
pub type ViewMut<'a, T> = DMatrixViewMut<'a, T>;

/// $A^T$ without a copy, for the products of this module.
///
/// Hand the view to [`matmul`] and its kin only. nalgebra's own operators write out of bounds on
/// it when one of the sizes is 5 or less (nalgebra 0.35.0, issue 1616), and are slow otherwise.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::{matmul, transposed};
///
/// let a = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let product = matmul(transposed(&a), &a)?;
/// assert_eq!(product.shape(), (3, 3));
/// assert_eq!(product[(0, 1)], 1.0 * 2.0 + 4.0 * 5.0);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[must_use]
pub fn transposed<T: Real>(a: &DMatrix<T>) -> View<'_, T> {
    View::from_slice_with_strides_generic(
        a.as_slice(),
        Dyn(a.ncols()),
        Dyn(a.nrows()),
        Dyn(a.nrows()),
        Dyn(1),
    )
}
