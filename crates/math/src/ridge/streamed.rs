//! Ridge by streamed QR.

use core::marker::PhantomData;

use nalgebra::DMatrix;

use super::centred::{Centred, Offset};
use super::path::RidgePath;
use super::{Ridge, RidgeMethod, Solution, check_data, check_lambda};
use crate::linalg::StreamedQr;
use crate::linalg::qr::{drowns, rank_tolerance, solve_triangle};
use crate::linalg::streamed_qr::{Triangle, append};
use crate::{Error, Real, check_size};

/// Ridge regression over samples that arrive in blocks and are not kept, by QR.
///
/// Where a [`RidgeAccumulator`](super::RidgeAccumulator) adds up $X X^T$, and so squares the condition
/// number, this keeps the triangle $R$ of $X^T$: for $n$ features $2 n^2$ operations a sample in the
/// place of $n^2$, memory $O(n^2)$, and full accuracy at every λ. The result is the same to the bit
/// however the samples were split into blocks.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::ridge::RidgeQr;
///
/// let mut qr = RidgeQr::new(1, 1, true)?;
/// qr.add(&DMatrix::from_row_slice(1, 2, &[1.0, 2.0]), &DMatrix::from_row_slice(1, 2, &[3.0, 5.0]))?;
/// qr.add(&DMatrix::from_row_slice(1, 1, &[4.0]), &DMatrix::from_row_slice(1, 1, &[9.0]))?;
/// let readout = qr.solve(0.0)?;
/// assert!((readout.weights()[0] - 2.0_f64).abs() < 1e-14);
/// assert!((readout.intercept()[0] - 1.0).abs() < 1e-14);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RidgeQr<T: Real> {
    /// With an intercept, the first feature is 1.
    qr: StreamedQr<f64>,
    features: usize,
    outputs: usize,
    /// What is subtracted from every sample: the first one.
    shift: Option<(Vec<f64>, Vec<f64>)>,
    intercept: bool,
    precision: PhantomData<T>,
}

/// The centred triangle of the features, and how the means follow from the rest.
pub(super) struct CentredTriangle {
    /// Features × features.
    pub(super) r: DMatrix<f64>,
    /// Features × outputs.
    pub(super) z: DMatrix<f64>,
    /// Of each output, what the features cannot reach.
    pub(super) residual: Vec<f64>,
    pub(super) x_mean: Option<Vec<f64>>,
    pub(super) y_mean: Option<Vec<f64>>,
}

impl<T: Real> RidgeQr<T> {
    /// No samples yet.
    ///
    /// # Errors
    /// [`Error::Empty`] without features or outputs.
    pub fn new(features: usize, outputs: usize, intercept: bool) -> Result<Self, Error> {
        for (what, size) in [("features", features), ("outputs", outputs)] {
            if size == 0 {
                return Err(Error::Empty { what });
            }
        }
        Ok(Self {
            qr: StreamedQr::new(features + usize::from(intercept), outputs)?,
            features,
            outputs,
            shift: None,
            intercept,
            precision: PhantomData,
        })
    }

    /// The number of samples so far.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.qr.samples()
    }

    /// Adds a block of samples: `x` features × samples, `y` outputs × samples.
    ///
    /// # Errors
    /// As [`RidgeAccumulator::add`](super::RidgeAccumulator::add); nothing is added then.
    pub fn add(&mut self, x: &DMatrix<T>, y: &DMatrix<T>) -> Result<(), Error> {
        check_size("features", self.features, x.nrows())?;
        check_size("outputs", self.outputs, y.nrows())?;
        if x.ncols() == 0 && y.ncols() == 0 {
            return Ok(());
        }
        check_data(x, y)?;
        self.push(x, y);
        Ok(())
    }

    /// [`add`](Self::add) of data that are known to be right.
    fn push(&mut self, x: &DMatrix<T>, y: &DMatrix<T>) {
        let features = self.features;
        let samples = x.ncols();
        if !self.intercept {
            self.qr.push_with(samples, |j, t| {
                if j < features {
                    x[(j, t)].to_f64()
                } else {
                    y[(j - features, t)].to_f64()
                }
            });
            return;
        }
        let (x_shift, y_shift) = self.shift.get_or_insert_with(|| {
            (
                Offset::first(features, x.as_slice()),
                Offset::first(y.nrows(), y.as_slice()),
            )
        });
        self.qr.push_with(samples, |j, t| {
            if j == 0 {
                1.0
            } else if j <= features {
                x[(j - 1, t)].to_f64() - x_shift[j - 1]
            } else {
                let o = j - 1 - features;
                y[(o, t)].to_f64() - y_shift[o]
            }
        });
    }

    /// The solution for λ, by QR of $(R^T, \sqrt\lambda I)^T$: $\frac{2}{3} n^3$ operations.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::OutOfRange`] for a λ that is negative or not
    /// finite, [`Error::NonFinite`] if the solution overflows, [`Error::NotConverged`] if the
    /// singular values of a rank-deficient problem were not found.
    pub fn solve(&self, lambda: f64) -> Result<Ridge<T>, Error> {
        check_lambda(lambda)?;
        if self.samples() == 0 {
            return Err(Error::Empty { what: "samples" });
        }
        let triangle = self.centred(self.qr.triangle());
        let samples = self.samples();
        let (x_mean, y_mean) = (triangle.x_mean.clone(), triangle.y_mean.clone());
        let precision = T::EPSILON.to_f64();
        let solution = solve(triangle, samples, precision, lambda)?;
        Ridge::from_solution(&solution, x_mean.as_deref(), y_mean.as_deref())
    }

    /// The path of solutions over λ, by the singular value decomposition of $R$. It knows no single
    /// samples, and so no leave-one-out error.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::NotConverged`] if the decomposition did not.
    pub fn path(&self) -> Result<RidgePath<T>, Error> {
        if self.samples() == 0 {
            return Err(Error::Empty { what: "samples" });
        }
        RidgePath::from_triangle(self.centred(self.qr.triangle()), self.samples())
    }

    /// Takes the first feature, which is 1 everywhere, out of the triangle: what remains is the triangle
    /// of centred data.
    fn centred(&self, Triangle { r, residual }: Triangle<f64>) -> CentredTriangle {
        let (p, q) = (self.features, self.outputs);
        let first = usize::from(self.intercept);
        let (x_mean, y_mean) = match &self.shift {
            Some((x_shift, y_shift)) => {
                let mean = |shift: &[f64], from: usize| {
                    let mean = |(i, s): (usize, &f64)| s + r[(0, from + i)] / r[(0, 0)];
                    shift.iter().enumerate().map(mean).collect()
                };
                (Some(mean(x_shift, 1)), Some(mean(y_shift, 1 + p)))
            }
            None => (None, None),
        };
        CentredTriangle {
            r: r.view((first, first), (p, p)).into_owned(),
            z: r.view((first, first + p), (p, q)).into_owned(),
            residual,
            x_mean,
            y_mean,
        }
    }
}

/// Solves $(R^T, \sqrt\lambda I)^T W^T = (Z^T, 0)^T$.
fn solve(
    triangle: CentredTriangle,
    samples: usize,
    precision: f64,
    lambda: f64,
) -> Result<Solution, Error> {
    let CentredTriangle {
        mut r,
        mut z,
        mut residual,
        ..
    } = triangle;
    let (p, q) = z.shape();
    let mut tolerance = rank_tolerance(f64::EPSILON, samples, p).max(precision);
    if !drowns(lambda, &r) {
        let mut both = DMatrix::zeros(p, p + q);
        both.columns_mut(0, p).copy_from(&r);
        both.columns_mut(p, q).copy_from(&z);
        let mut penalty = DMatrix::zeros(p, p + q);
        penalty.fill_diagonal(lambda.sqrt());
        append(&mut both, &mut penalty, &mut residual);
        r = both.columns(0, p).into_owned();
        z = both.columns(p, q).into_owned();
        // The penalty makes the rank full.
        tolerance = 0.0;
    }
    // A feature that is zero (or constant, under an intercept) leaves a row and a column of zeros: its
    // weight becomes 0, and the rank of the others is judged without it.
    let largest = (0..p).fold(0.0, |a: f64, j| a.max(r[(j, j)].abs()));
    let mut zeros = 0;
    for j in 0..p {
        if (0..=j).all(|i| r[(i, j)] == 0.0) {
            r[(j, j)] = if largest > 0.0 { largest } else { 1.0 };
            zeros += 1;
        }
    }
    let solved = solve_triangle(r, z, tolerance)?;
    Ok(Solution {
        weights: solved.x,
        method: RidgeMethod::Qr,
        condition: solved.condition,
        rank: solved.rank - zeros,
    })
}

/// The solution for data in memory.
pub(super) fn fit<T: Real>(problem: &Centred<'_, T>, lambda: f64) -> Result<Solution, Error> {
    let intercept = problem.offsets.is_some();
    let mut qr = RidgeQr::new(problem.x.nrows(), problem.y.nrows(), intercept)?;
    // Any shift will do; the mean is the best.
    qr.shift = problem
        .offsets
        .as_ref()
        .map(|(x, y)| (x.total(), y.total()));
    qr.push(problem.x, problem.y);
    let samples = qr.samples();
    let triangle = qr.centred(qr.qr.triangle());
    solve(triangle, samples, T::EPSILON.to_f64(), lambda)
}
