use nalgebra::DMatrix;

use crate::{Csr, Error, Real, check_size};

/// A matrix as what it does to vectors: $y = W x$ and $y = W^T x$.
///
/// [`DMatrix`] and [`Csr`] are maps, and what is written over this trait ([`crate::spectral`], a
/// reservoir's update) takes either. A matrix of another form, such as a convolution or a product
/// that is never formed, implements the three functions:
///
/// ```
/// use neuropil_math::{Error, LinearMap, check_size};
///
/// /// Every entry moves on by one place, the last one to the front.
/// struct Ring(usize);
///
/// impl LinearMap<f64> for Ring {
///     fn shape(&self) -> (usize, usize) {
///         (self.0, self.0)
///     }
///     fn apply(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
///         check_size("entries of x", self.0, x.len())?;
///         check_size("entries of y", self.0, y.len())?;
///         y.copy_from_slice(x);
///         y.rotate_right(1);
///         Ok(())
///     }
///     fn apply_transpose(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
///         check_size("entries of x", self.0, x.len())?;
///         check_size("entries of y", self.0, y.len())?;
///         y.copy_from_slice(x);
///         y.rotate_left(1);
///         Ok(())
///     }
/// }
///
/// let mut y = [0.0; 3];
/// Ring(3).apply(&[1.0, 2.0, 3.0], &mut y)?;
/// assert_eq!(y, [3.0, 1.0, 2.0]);
/// # Ok::<(), Error>(())
/// ```
pub trait LinearMap<T: Real> {
    /// The numbers of rows and columns.
    fn shape(&self) -> (usize, usize);

    /// $y = W x$. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as a row, or `y` not as long as a column.
    fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), Error>;

    /// $y = W^T x$. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as a column, or `y` not as long as a row.
    fn apply_transpose(&self, x: &[T], y: &mut [T]) -> Result<(), Error>;

    /// The entries, for algorithms that need more than products; a map that does not hold them
    /// keeps the default.
    fn storage(&self) -> Storage<'_, T> {
        Storage::Hidden
    }
}

/// How a [`LinearMap`] holds its entries.
#[derive(Debug, Clone, Copy)]
pub enum Storage<'a, T: Real> {
    /// As a dense matrix.
    Dense(&'a DMatrix<T>),
    /// As a sparse matrix.
    Sparse(&'a Csr<T>),
    /// In no form that others can read.
    Hidden,
}

/// A matrix that can be multiplied by a number in place.
pub trait Scale {
    /// $W \leftarrow c W$; every entry is rounded once, also those of an `f32` matrix.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if `factor` or a product is not finite; the matrix is then unchanged.
    fn scale_by(&mut self, factor: f64) -> Result<(), Error>;
}

pub(crate) fn scale_values<T: Real>(values: &mut [T], factor: f64) -> Result<(), Error> {
    let scaled = |v: &T| T::of(v.to_f64() * factor);
    crate::check_finite("scale factor", &[factor])?;
    if let Some(index) = values.iter().position(|v| !scaled(v).is_finite()) {
        let what = "scaled matrix";
        return Err(Error::NonFinite { what, index });
    }
    for value in values {
        *value = scaled(value);
    }
    Ok(())
}

impl<T: Real> Scale for DMatrix<T> {
    fn scale_by(&mut self, factor: f64) -> Result<(), Error> {
        scale_values(self.as_mut_slice(), factor)
    }
}

impl<T: Real> LinearMap<T> for DMatrix<T> {
    fn shape(&self) -> (usize, usize) {
        self.shape()
    }

    fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.ncols(), x.len())?;
        check_size("entries of y", self.nrows(), y.len())?;
        multiply(self.as_slice(), x, y);
        Ok(())
    }

    fn apply_transpose(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.nrows(), x.len())?;
        check_size("entries of y", self.ncols(), y.len())?;
        if self.nrows() == 0 {
            y.fill(T::zero());
            return Ok(());
        }
        for (column, y) in self.as_slice().chunks_exact(self.nrows()).zip(y) {
            *y = dot(column, x);
        }
        Ok(())
    }

    fn storage(&self) -> Storage<'_, T> {
        Storage::Dense(self)
    }
}

/// $y = A x$ for the columns of `a`, which are as long as `y`.
pub(crate) fn multiply<T: Real>(a: &[T], x: &[T], y: &mut [T]) {
    y.fill(T::zero());
    if y.is_empty() {
        return;
    }
    multiply_add(T::one(), a, x, y);
}

/// $y \leftarrow y + \alpha A x$ for the columns of `a`, which are as long as `y` (not empty).
pub(crate) fn multiply_add<T: Real>(alpha: T, a: &[T], x: &[T], y: &mut [T]) {
    let n = y.len();
    // Four columns at a time read and write y once for four of them.
    let (x4, x_rest) = x.as_chunks::<4>();
    let (a4, a_rest) = a.split_at(4 * n * x4.len());
    for (columns, x) in a4.chunks_exact(4 * n).zip(x4) {
        let (c0, rest) = columns.split_at(n);
        let (c1, rest) = rest.split_at(n);
        let (c2, c3) = rest.split_at(n);
        let x = x.map(|x| alpha * x);
        for ((((y, &c0), &c1), &c2), &c3) in y.iter_mut().zip(c0).zip(c1).zip(c2).zip(c3) {
            *y += (c0 * x[0] + c1 * x[1]) + (c2 * x[2] + c3 * x[3]);
        }
    }
    for (column, &x) in a_rest.chunks_exact(n).zip(x_rest) {
        let x = alpha * x;
        for (y, &c) in y.iter_mut().zip(column) {
            *y += c * x;
        }
    }
}

/// The inner product, in eight partial sums.
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [T::zero(); 8];
    for (a, b) in a8.iter().zip(b8) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[lane] += a * b;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dense_map_is_the_matrix_product() {
        for (rows, columns) in [(1, 1), (3, 5), (11, 9), (4, 4), (0, 3), (3, 0)] {
            let w = DMatrix::from_fn(rows, columns, |i, j| (i as f64 - 1.5) * (j as f64 + 0.5));
            let x: Vec<f64> = (0..columns).map(|j| (j as f64).sin()).collect();
            let z: Vec<f64> = (0..rows).map(|i| (i as f64).cos()).collect();
            let mut y = vec![f64::NAN; rows];
            w.apply(&x, &mut y).unwrap();
            for i in 0..rows {
                let expected: f64 = (0..columns).map(|j| w[(i, j)] * x[j]).sum();
                assert!((y[i] - expected).abs() < 1e-12, "{rows}×{columns}");
            }
            let mut y = vec![f64::NAN; columns];
            w.apply_transpose(&z, &mut y).unwrap();
            for j in 0..columns {
                let expected: f64 = (0..rows).map(|i| w[(i, j)] * z[i]).sum();
                assert!((y[j] - expected).abs() < 1e-12, "{rows}×{columns}");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let w = DMatrix::<f64>::zeros(2, 3);
        assert!(w.apply(&[0.0; 2], &mut [0.0; 2]).is_err());
        assert!(w.apply(&[0.0; 3], &mut [0.0; 3]).is_err());
        assert!(w.apply_transpose(&[0.0; 3], &mut [0.0; 3]).is_err());
        assert!(w.apply_transpose(&[0.0; 2], &mut [0.0; 2]).is_err());
    }

    #[test]
    fn a_scale_that_overflows_changes_nothing() {
        let mut w = DMatrix::from_row_slice(1, 2, &[1.0_f32, 1e30]);
        assert!(w.scale_by(1e20).is_err());
        assert!(w.scale_by(f64::NAN).is_err());
        assert_eq!(w, DMatrix::from_row_slice(1, 2, &[1.0, 1e30]));
        w.scale_by(0.5).unwrap();
        assert_eq!(w, DMatrix::from_row_slice(1, 2, &[0.5, 0.5e30]));
    }
}
