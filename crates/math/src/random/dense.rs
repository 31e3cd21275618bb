use nalgebra::{DMatrix, DVector};
use rand::Rng;

use super::Entries;
use crate::linalg::Qr;
use crate::{Error, Real, check_finite};

/// A matrix of independent entries, drawn column by column.
///
/// ```
/// use neuropil_math::random::{self, Entries};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let layer = random::dense::<f32, _>(64, 784, Entries::he_normal(784), &mut rng)?;
/// assert_eq!(layer.shape(), (64, 784));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// Those of [`Entries::check`]; [`Error::NonFinite`] if an entry overflows in this precision.
pub fn dense<T: Real, R: Rng + ?Sized>(
    rows: usize,
    columns: usize,
    entries: Entries,
    rng: &mut R,
) -> Result<DMatrix<T>, Error> {
    entries.check()?;
    let matrix = DMatrix::from_fn(rows, columns, |_, _| entries.sample(rng));
    check_finite("random matrix", matrix.as_slice())?;
    Ok(matrix)
}

/// A vector of independent entries, drawn in order.
///
/// # Errors
/// As [`dense`].
pub fn vector<T: Real, R: Rng + ?Sized>(
    len: usize,
    entries: Entries,
    rng: &mut R,
) -> Result<DVector<T>, Error> {
    entries.check()?;
    let vector = DVector::from_fn(len, |_, _| entries.sample(rng));
    check_finite("random vector", vector.as_slice())?;
    Ok(vector)
}

/// A random orthogonal matrix, uniform by the Haar measure; if it is not square, its columns (more
/// rows than columns) or its rows are orthonormal.
///
/// The factor $Q$ of $A = Q R$ for normal $A$, drawn column by column as [`dense`] (of the transposed
/// shape if there are more columns than rows), with the signs that make the diagonal of $R$ positive:
/// without them $Q$ is not uniform.[^mezzadri] Costs $O(n^3)$.
///
/// [^mezzadri]: Mezzadri (2007), *How to generate random matrices from the classical compact groups*,
/// Notices of the AMS 54, 592–604.
///
/// ```
/// use neuropil_math::random;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let q = random::orthogonal::<f64, _>(5, 5, &mut rng);
/// let x = nalgebra::DVector::from_element(5, 1.0);
/// assert!(((q * &x).norm() - x.norm()).abs() < 1e-14);
/// ```
pub fn orthogonal<T: Real, R: Rng + ?Sized>(
    rows: usize,
    columns: usize,
    rng: &mut R,
) -> DMatrix<T> {
    let (long, short) = (rows.max(columns), rows.min(columns));
    let a = DMatrix::from_fn(long, short, |_, _| f64::standard_normal(rng));
    // Of finite matrices only an empty one has no factors, and then it is its own Q.
    let mut q = Qr::new(&a).map_or_else(|_| a.clone(), |factors| factors.q());
    for (mut q, a) in q.column_iter_mut().zip(a.column_iter()) {
        if q.dot(&a) < 0.0 {
            q.neg_mut();
        }
    }
    let q = q.map(T::of);
    if rows >= columns { q } else { q.transpose() }
}
