//! Many penalties from one factorisation, and the choice among them.

use core::marker::PhantomData;
use std::sync::OnceLock;

use nalgebra::{DMatrix, SymmetricEigen};
use serde::{Deserialize, Serialize};

use super::accumulator::Moments;
use super::centred::Centred;
use super::streamed::CentredTriangle;
use super::{Ridge, RidgeMethod, Solution, check_data, check_lambda};
use crate::linalg::qr::{Qr, rank_tolerance};
use crate::linalg::svd::{Svd, svd};
use crate::linalg::{matmul, transposed};
use crate::{Error, Real};

/// How a penalty is chosen: all criteria are mean squared errors over samples and outputs.
///
/// They estimate the error of *one* prediction on data like these. A readout that is fed its own output
/// can need a penalty larger by orders of magnitude: choose it by forecasts then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Selection {
    /// Generalised cross-validation, [`RidgePath::gcv`].
    Gcv,
    /// Every sample predicted from all others, [`RidgePath::leave_one_out`].
    LeaveOneOut,
    /// Each of k blocks of consecutive samples predicted from the rest. Consecutive, because samples
    /// of a time series resemble their neighbours.
    Folds(usize),
}

/// The chosen penalty.
#[derive(Debug, Clone, PartialEq)]
pub struct RidgeChoice<T: Real> {
    /// The penalty of the least criterion; of several, the largest.
    pub lambda: f64,
    /// Its position among the candidates.
    pub index: usize,
    /// The criterion of each candidate; infinite where it is not defined (λ = 0 that interpolates).
    pub curve: Vec<f64>,
    /// The model fitted to all samples with it.
    pub model: Ridge<T>,
}

/// The solutions of one ridge regression for all λ.
///
/// With the (centred) $X^T = U S V^T$ and $c = U^T y$, and $f_i = s_i^2 / (s_i^2 + \lambda)$,
/// $$w = V \mathrm{diag}(f_i / s_i) c, \qquad \mathrm{edf} = \sum_i f_i + [\text{intercept}].$$
/// The decomposition is that of the triangle $R$ of a QR: as accurate as one of $X$. It costs
/// $2 T p^2$ operations for T samples and p features and $20 p^3$ for the singular values of $R$ (T
/// and p exchanged if T < p; seconds for 1000), then $p^2$ for each λ and output. Memory is that of
/// the data.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::ridge::{RidgePath, Selection};
///
/// let x = DMatrix::from_fn(3, 40, |i, t| ((i + 1) as f64 * t as f64 * 0.37).sin());
/// let y = DMatrix::from_fn(1, 40, |_, t| x[(0, t)] - 0.5 * x[(2, t)] + 0.1 * (t as f64 * 7.3).cos());
/// let path = RidgePath::new(&x, &y, true)?;
/// let choice = path.choose(&[1e-4, 1e-2, 1.0, 100.0], Selection::Gcv)?;
/// assert!(choice.lambda < 100.0);
/// assert_eq!(choice.curve.len(), 4);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RidgePath<T: Real> {
    singular: Vec<f64>,
    /// Features × r.
    right: DMatrix<f64>,
    /// r × outputs.
    projected: DMatrix<f64>,
    /// Of each output, the sum of squares outside of the range of the features.
    residual: Vec<f64>,
    samples: usize,
    x_mean: Option<Vec<f64>>,
    y_mean: Option<Vec<f64>>,
    /// Singular values up to this one are rounding.
    bound: f64,
    /// Up to this one, $\sqrt\lambda$ counts as zero.
    floor: f64,
    method: RidgeMethod,
    rows: Option<Rows>,
    precision: PhantomData<T>,
}

/// What leave-one-out and folds need of the single samples.
#[derive(Debug, Clone)]
struct Rows {
    /// Samples × outputs, centred.
    y: DMatrix<f64>,
    left: OnceLock<DMatrix<f64>>,
    /// $U = Q U_R$ if `left` is not known yet.
    factors: Option<(Qr<f64>, DMatrix<f64>)>,
}

impl Rows {
    /// $U$, samples × r.
    fn left(&self) -> &DMatrix<f64> {
        self.left.get_or_init(|| match &self.factors {
            Some((qr, u)) => qr.multiply_q(u.clone()),
            None => DMatrix::zeros(self.y.nrows(), 0),
        })
    }
}

impl<T: Real> RidgePath<T> {
    /// Factors `x` (features × samples) for the targets `y` (outputs × samples).
    ///
    /// # Errors
    /// As [`Ridge::fit`], and [`Error::NotConverged`] if the singular values were not found.
    pub fn new(x: &DMatrix<T>, y: &DMatrix<T>, intercept: bool) -> Result<Self, Error> {
        check_data(x, y)?;
        Self::from_problem(&Centred::new(x, y, intercept))
    }

    pub(super) fn from_problem(problem: &Centred<'_, T>) -> Result<Self, Error> {
        let (features, samples) = problem.x.shape();
        let x = problem.whole_x();
        let y = problem.whole_y().transpose();
        let (x_mean, y_mean) = problem.means();
        let mut path = Self {
            singular: Vec::new(),
            right: DMatrix::zeros(0, 0),
            projected: DMatrix::zeros(0, 0),
            residual: vec![0.0; y.ncols()],
            samples,
            x_mean,
            y_mean,
            bound: 0.0,
            floor: 0.0,
            method: RidgeMethod::Qr,
            rows: None,
            precision: PhantomData,
        };
        let left = OnceLock::new();
        let mut factors = None;
        if samples < features {
            // X = Q R with the features as rows, R = U S Vᵀ: the left vectors of Xᵀ are V.
            let qr = Qr::from_blocks(features, samples, |first, block| {
                block.copy_from(&x.rows(first, block.nrows()));
            })?;
            let Svd { u, s, v } = svd(qr.r().clone())?;
            path.right = qr.q_mul(&u)?;
            path.projected = matmul(transposed(&v), &y)?;
            path.singular = s;
            let _ = left.set(v);
        } else {
            let qr = Qr::from_blocks(samples, features, |first, block| {
                let height = block.nrows();
                block.copy_from(&x.columns(first, height).transpose());
            })?;
            let Svd { u, s, v } = svd(qr.r().clone())?;
            let (z, residual) = qr.project(&y)?;
            path.right = v;
            path.projected = matmul(transposed(&u), &z)?;
            path.residual = residual;
            path.singular = s;
            factors = Some((qr, u));
        }
        path.rows = Some(Rows { y, left, factors });
        path.set_bound(rank_tolerance(
            f64::EPSILON,
            samples.max(features),
            samples.min(features),
        ));
        Ok(path)
    }

    /// From the triangle of a streamed QR: without the single samples.
    pub(super) fn from_triangle(triangle: CentredTriangle, samples: usize) -> Result<Self, Error> {
        let features = triangle.r.ncols();
        let Svd { u, s, v } = svd(triangle.r)?;
        let mut path = Self {
            singular: s,
            right: v,
            projected: matmul(transposed(&u), &triangle.z)?,
            residual: triangle.residual,
            samples,
            x_mean: triangle.x_mean,
            y_mean: triangle.y_mean,
            bound: 0.0,
            floor: 0.0,
            method: RidgeMethod::Qr,
            rows: None,
            precision: PhantomData,
        };
        path.set_bound(rank_tolerance(f64::EPSILON, samples, features));
        Ok(path)
    }

    /// From moments, by eigenvalues.
    pub(super) fn from_moments(moments: Moments) -> Result<Self, Error> {
        let Moments {
            samples,
            offsets,
            mut xx,
            xy,
            yy,
        } = moments;
        xx.fill_upper_triangle_with_lower_triangle();
        let n = xx.nrows();
        let cap = 100 * n + 1000;
        let eigen = SymmetricEigen::try_new(xx, f64::EPSILON, cap).ok_or(Error::NotConverged {
            what: "the eigenvalues of the Gram matrix",
            iterations: cap,
            residual: f64::NAN,
        })?;
        let singular: Vec<f64> = eigen
            .eigenvalues
            .iter()
            .map(|v| v.max(0.0).sqrt())
            .collect();
        let (x_mean, y_mean) = offsets.map(|(x, y)| (x.total(), y.total())).unzip();
        let mut path = Self {
            projected: matmul(transposed(&eigen.eigenvectors), &xy)?,
            singular,
            right: eigen.eigenvectors,
            residual: yy,
            samples,
            x_mean,
            y_mean,
            bound: 0.0,
            floor: 0.0,
            method: RidgeMethod::Primal,
            rows: None,
            precision: PhantomData,
        };
        path.set_bound((4.0 * f64::EPSILON * n as f64).sqrt());
        for (i, &s) in path.singular.iter().enumerate() {
            for o in 0..path.residual.len() {
                let c = &mut path.projected[(i, o)];
                *c = if s > path.bound { *c / s } else { 0.0 };
                path.residual[o] = (path.residual[o] - *c * *c).max(0.0);
            }
        }
        Ok(path)
    }

    fn set_bound(&mut self, tolerance: f64) {
        let largest = self.singular.iter().fold(0.0, |a: f64, &b| a.max(b));
        self.bound = tolerance.max(T::EPSILON.to_f64()) * largest;
        let squares: f64 = self.singular.iter().map(|s| s * s).sum();
        self.floor = f64::EPSILON * squares.sqrt();
    }

    /// The singular values of the (centred) data, in no certain order.
    #[must_use]
    pub fn singular_values(&self) -> &[f64] {
        &self.singular
    }

    /// The number of samples.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// What remains of the direction `s` in the residual: $1 - f$.
    fn left_out(&self, s: f64, lambda: f64) -> f64 {
        // A direction that is rounding counts only under a penalty that is above rounding.
        if s > self.bound || (s > 0.0 && lambda.sqrt() > self.floor) {
            lambda / (s * s + lambda)
        } else {
            1.0
        }
    }

    /// The number of directions above rounding.
    fn rank(&self) -> usize {
        self.singular.iter().filter(|&&s| s > self.bound).count()
    }

    /// Whether nothing remains beyond the features and the intercept: as many directions as samples.
    fn interpolates(&self) -> bool {
        self.rank() + usize::from(self.x_mean.is_some()) >= self.samples
    }

    pub(super) fn solution(&self, lambda: f64) -> Result<Solution, Error> {
        let mut c = self.projected.clone();
        let mut smallest = f64::INFINITY;
        let mut largest = 0.0_f64;
        for (i, &s) in self.singular.iter().enumerate() {
            let f = 1.0 - self.left_out(s, lambda);
            let factor = if s > self.bound {
                s / (s * s + lambda)
            } else if f > 0.0 {
                f / s
            } else {
                0.0
            };
            c.row_mut(i).scale_mut(factor);
            let length = s.hypot(lambda.sqrt());
            smallest = smallest.min(length);
            largest = largest.max(length);
        }
        let drowned = lambda.sqrt() <= self.floor;
        let features = self.right.nrows();
        Ok(Solution {
            weights: matmul(&self.right, &c)?,
            method: self.method,
            condition: if drowned && self.rank() < features.min(self.samples) {
                f64::INFINITY
            } else {
                largest / smallest
            },
            rank: if drowned { self.rank() } else { features },
        })
    }

    /// The model for λ.
    ///
    /// Its [`condition`](Ridge::condition) is the ratio of the largest to the smallest $\sqrt{s^2 + \lambda}$,
    /// without scaling of the features.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a λ that is negative or not finite, [`Error::NonFinite`] if the
    /// solution overflows.
    pub fn solve(&self, lambda: f64) -> Result<Ridge<T>, Error> {
        check_lambda(lambda)?;
        let solution = self.solution(lambda)?;
        Ridge::from_solution(&solution, self.x_mean.as_deref(), self.y_mean.as_deref())
    }

    /// The effective degrees of freedom $\sum_i s_i^2 / (s_i^2 + \lambda)$, and one more for the intercept.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a λ that is negative or not finite.
    pub fn effective_dof(&self, lambda: f64) -> Result<f64, Error> {
        check_lambda(lambda)?;
        let f = |&s: &f64| {
            if self.left_out(s, lambda) < 1.0 {
                s * s / (s * s + lambda)
            } else {
                0.0
            }
        };
        let intercept = f64::from(u8::from(self.x_mean.is_some()));
        Ok(intercept + self.singular.iter().map(f).sum::<f64>())
    }

    /// The sum of squared residuals of each output.
    fn squares(&self, lambda: f64) -> f64 {
        // Of data that can be interpolated, rounding alone is left outside.
        let exact = self.interpolates();
        let mut sum = if exact {
            0.0
        } else {
            self.residual.iter().sum()
        };
        for (i, &s) in self.singular.iter().enumerate() {
            if exact && s <= self.bound {
                continue;
            }
            let left = self.left_out(s, lambda);
            sum += self
                .projected
                .row(i)
                .iter()
                .map(|c| (left * c).powi(2))
                .sum::<f64>();
        }
        sum
    }

    /// The generalised cross-validation error of Golub, Heath and Wahba[^1],
    /// $$\mathrm{gcv}(\lambda) = \frac{\frac{1}{T q} \sum \lVert y - \hat y\rVert^2}{(1 - \mathrm{edf} / T)^2},$$
    /// over T samples and q outputs; infinite where the model has no degree of freedom left.
    ///
    /// [^1]: G. H. Golub, M. Heath, G. Wahba, *Technometrics* 21 (1979), 215–223.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a λ that is negative or not finite.
    pub fn gcv(&self, lambda: f64) -> Result<f64, Error> {
        check_lambda(lambda)?;
        let samples = self.samples as f64;
        // T - edf, from what remains of each direction: exact also where both are close.
        let beyond = self
            .samples
            .saturating_sub(self.rank() + usize::from(self.x_mean.is_some()));
        let mut left = beyond as f64;
        for &s in &self.singular {
            left += self.remainder(s, lambda);
        }
        if left <= 0.0 {
            return Ok(f64::INFINITY);
        }
        let mean = self.squares(lambda) / (samples * self.residual.len() as f64);
        Ok(mean / (left / samples).powi(2))
    }

    /// $1 - f$ for a direction above rounding, and $-f$ for one that is counted among those beyond.
    fn remainder(&self, s: f64, lambda: f64) -> f64 {
        let left = self.left_out(s, lambda);
        if s > self.bound { left } else { left - 1.0 }
    }

    /// The mean squared error of every sample predicted by the model of all others (PRESS), without
    /// fitting any of them: $e_t / (1 - h_t)$ with the leverage $h_t = \sum_i u_{ti}^2 f_i$, and $1 / T$ more
    /// for the intercept, which is fitted anew as well. Infinite where a sample determines its own fit.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a λ that is negative or not finite; [`Error::Empty`] if the path comes
    /// from a stream, which keeps no samples.
    pub fn leave_one_out(&self, lambda: f64) -> Result<f64, Error> {
        check_lambda(lambda)?;
        self.press(&self.beyond()?, lambda)
    }

    fn rows(&self) -> Result<&Rows, Error> {
        self.rows.as_ref().ok_or(Error::Empty {
            what: "the samples of a path from a stream",
        })
    }

    /// Of each sample, what no direction above rounding reaches: of y, and of the leverage.
    fn beyond(&self) -> Result<(DMatrix<f64>, Vec<f64>), Error> {
        let rows = self.rows()?;
        let left = rows.left();
        if self.interpolates() {
            let zeros = DMatrix::zeros(rows.y.nrows(), rows.y.ncols());
            return Ok((zeros, vec![0.0; self.samples]));
        }
        let mut c = self.projected.clone();
        let mut kept = left.clone();
        for (i, &s) in self.singular.iter().enumerate() {
            if s <= self.bound {
                c.row_mut(i).fill(0.0);
                kept.column_mut(i).fill(0.0);
            }
        }
        let residual = &rows.y - matmul(left, &c)?;
        let share = if self.x_mean.is_some() {
            1.0 - 1.0 / self.samples as f64
        } else {
            1.0
        };
        let leverage = (0..self.samples)
            .map(|t| share - kept.row(t).norm_squared())
            .collect();
        Ok((residual, leverage))
    }

    fn press(&self, beyond: &(DMatrix<f64>, Vec<f64>), lambda: f64) -> Result<f64, Error> {
        let left = self.rows()?.left();
        let remainders: Vec<f64> = self
            .singular
            .iter()
            .map(|&s| self.remainder(s, lambda))
            .collect();
        let mut c = self.projected.clone();
        for (i, &remainder) in remainders.iter().enumerate() {
            c.row_mut(i).scale_mut(remainder);
        }
        let mut errors = matmul(left, &c)?;
        errors += &beyond.0;
        let mut free = beyond.1.clone();
        for (i, &remainder) in remainders.iter().enumerate() {
            for (free, u) in free.iter_mut().zip(left.column(i).iter()) {
                *free += u * u * remainder;
            }
        }
        let mut sum = 0.0;
        for column in errors.column_iter() {
            for (&error, &free) in column.iter().zip(&free) {
                if free <= 4.0 * f64::EPSILON * f64::EPSILON {
                    return Ok(f64::INFINITY);
                }
                sum += (error / free).powi(2);
            }
        }
        Ok(sum / errors.len() as f64)
    }

    /// Of each λ, the mean squared error over k blocks of consecutive samples, each predicted from the
    /// rest. Solved in the coordinates $U S$, of which there are no more than samples or features.
    fn folds(&self, k: usize, lambdas: &[f64]) -> Result<Vec<f64>, Error> {
        if k < 2 || k > self.samples {
            return Err(Error::OutOfRange {
                what: "folds",
                value: k as f64,
                range: "must be in [2, number of samples]",
            });
        }
        let rows = self.rows()?;
        let mut x = rows.left().transpose();
        for (i, &s) in self.singular.iter().enumerate() {
            let s = if s > self.bound { s } else { 0.0 };
            x.row_mut(i).scale_mut(s);
        }
        let y = rows.y.transpose();
        let mut curve = vec![0.0; lambdas.len()];
        for fold in 0..k {
            let first = fold * self.samples / k;
            let count = (fold + 1) * self.samples / k - first;
            let train_x = x.clone().remove_columns(first, count);
            let train_y = y.clone().remove_columns(first, count);
            let path = RidgePath::<f64>::new(&train_x, &train_y, self.x_mean.is_some())?;
            let test_x = x.columns(first, count).into_owned();
            let test_y = y.columns(first, count);
            for (sum, &lambda) in curve.iter_mut().zip(lambdas) {
                let predicted = path.solve(lambda)?.predict(&test_x)?;
                *sum += (predicted - test_y).norm_squared();
            }
        }
        for sum in &mut curve {
            *sum /= y.len() as f64;
        }
        Ok(curve)
    }

    /// The best of some penalties, with the criterion of each and the model.
    ///
    /// [`Selection::Folds`] costs a factorisation for each fold.
    ///
    /// # Errors
    /// [`Error::Empty`] without candidates, or if a path from a stream is asked for a criterion that
    /// needs the samples; [`Error::OutOfRange`] for a λ that is negative or not finite, a number of
    /// folds below 2 or above the number of samples, or if no candidate has a finite criterion.
    pub fn choose(&self, lambdas: &[f64], by: Selection) -> Result<RidgeChoice<T>, Error> {
        if lambdas.is_empty() {
            return Err(Error::Empty {
                what: "the penalties to choose from",
            });
        }
        for &lambda in lambdas {
            check_lambda(lambda)?;
        }
        let curve = match by {
            Selection::Gcv => lambdas
                .iter()
                .map(|&l| self.gcv(l))
                .collect::<Result<_, _>>()?,
            Selection::LeaveOneOut => {
                let beyond = self.beyond()?;
                lambdas
                    .iter()
                    .map(|&l| self.press(&beyond, l))
                    .collect::<Result<Vec<_>, _>>()?
            }
            Selection::Folds(k) => self.folds(k, lambdas)?,
        };
        let best = curve
            .iter()
            .zip(lambdas)
            .enumerate()
            .filter(|(_, (c, _))| c.is_finite())
            .min_by(|(_, (a, la)), (_, (b, lb))| a.total_cmp(b).then(lb.total_cmp(la)));
        let Some((index, (_, &lambda))) = best else {
            return Err(Error::OutOfRange {
                what: "the criterion of every penalty",
                value: curve[0],
                range: "must be finite for one at least",
            });
        };
        Ok(RidgeChoice {
            lambda,
            index,
            model: self.solve(lambda)?,
            curve,
        })
    }
}
