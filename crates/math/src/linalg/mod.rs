//! Matrix products, Gram matrices and Cholesky factors at the speed of a tuned backend.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn};

use crate::Real;

pub use cholesky::{Cholesky, cholesky_in_place};
pub use gram::{Workspace, cross_add, gram, gram_add, gram_add_in, mirror_lower};
pub use kernels::Kernels;
pub use product::{matmul, matmul_into};
pub use qr::{LeastSquares, Qr};
pub use streamed_qr::StreamedQr;

mod cholesky;
mod gram;
mod kernels;
mod product;
pub(crate) mod qr;
pub(crate) mod streamed_qr;
mod strided;
pub(crate) mod svd;
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
