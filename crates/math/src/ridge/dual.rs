//! Ridge with fewer samples than features: equations of the samples.
//!
//! $W^T = X \alpha$ with $(X^T X + \lambda I) \alpha = Y^T$, a matrix of samples × samples.

use nalgebra::DMatrix;

use super::centred::Centred;
use super::normal::{Normal, Refine, relative};
use super::path::RidgePath;
use super::{RidgeMethod, Solution};
use crate::linalg::qr::{
    Elimination, Qr, Scratch, drowns, eliminate, panel_factors, rank_tolerance, triangle_condition,
};
use crate::linalg::triangular::solve_upper_transposed;
use crate::linalg::{gram_add, matmul, matmul_into, transposed};
use crate::{Error, Real};

/// The solution by a Cholesky factor, and whether it is as good as that of QR.
pub(super) fn fit<T: Real>(
    problem: &Centred<'_, T>,
    lambda: f64,
) -> Result<(Solution, bool), Error> {
    let (features, samples) = problem.x.shape();
    let x = problem.whole_x();
    let y = problem.whole_y().transpose();
    let mut gram = DMatrix::zeros(samples, samples);
    gram_add(&mut gram, transposed(&x))?;
    let normal = Normal::new(gram, lambda)?;
    let mut alpha = y.clone();
    normal.solve(&mut alpha)?;
    let mut pair = Pair {
        w: matmul(&x, &alpha)?,
        x,
        y,
        lambda,
        alpha,
    };
    let good = normal.refine(&mut pair)?;
    let solution = Solution {
        weights: pair.w,
        method: RidgeMethod::Dual,
        condition: normal.condition(),
        rank: if lambda > 0.0 {
            features
        } else {
            normal.rank.min(features)
        },
    };
    Ok((solution, good))
}

/// The solution $\alpha$ of the samples beside $W^T = X \alpha$.
///
/// α is larger than W by up to the condition number, and computing W from it once would lose as much:
/// W is refined itself.
struct Pair {
    x: DMatrix<f64>,
    /// Samples × outputs.
    y: DMatrix<f64>,
    lambda: f64,
    alpha: DMatrix<f64>,
    w: DMatrix<f64>,
}

impl Refine for Pair {
    /// $Y^T - X^T W^T - \lambda \alpha$.
    fn residual(&mut self) -> Result<DMatrix<f64>, Error> {
        let mut residual = &self.y - &self.alpha * self.lambda;
        matmul_into(-1.0, transposed(&self.x), &self.w, 1.0, &mut residual)?;
        Ok(residual)
    }

    fn advance(&mut self, _: &Normal, change: &DMatrix<f64>) -> Result<f64, Error> {
        let step = matmul(&self.x, change)?;
        self.alpha += change;
        self.w += &step;
        Ok(relative(step.norm(), self.w.norm()))
    }
}

/// The solution by QR of $(X, \sqrt\lambda I)$ with the features as rows: of all $(W, v)$ that satisfy
/// $X^T W^T + \sqrt\lambda v = Y^T$, the one of least norm.
pub(super) fn fit_qr<T: Real>(problem: &Centred<'_, T>, lambda: f64) -> Result<Solution, Error> {
    let (features, samples) = problem.x.shape();
    let tolerance = rank_tolerance(f64::EPSILON, features, samples).max(T::EPSILON.to_f64());
    let x = problem.whole_x();
    let qr = Qr::from_blocks(features, samples, |first, block| {
        block.copy_from(&x.rows(first, block.nrows()));
    })?;
    let mut r = qr.r().clone();
    let mut v = DMatrix::zeros(0, samples);
    let mut t = panel_factors(samples);
    let mut scratch = Scratch::new(samples.max(problem.y.nrows()));
    let penalised = !drowns(lambda, &r);
    if penalised {
        v = DMatrix::from_diagonal_element(samples, samples, lambda.sqrt());
        eliminate(
            &mut r,
            &mut v,
            samples,
            |columns| columns,
            &mut t,
            &mut scratch,
        );
    }
    let condition = triangle_condition(&r);
    if penalised || condition * tolerance < 1.0 {
        let mut c = problem.whole_y().transpose();
        for column in c.as_mut_slice().chunks_exact_mut(samples) {
            solve_upper_transposed(&r, column);
        }
        let mut penalty = DMatrix::zeros(v.nrows(), c.ncols());
        Elimination { v, t }.apply(false, &mut c, &mut penalty, &mut scratch);
        return Ok(Solution {
            weights: qr.q_mul(&c)?,
            method: RidgeMethod::Qr,
            condition,
            rank: if penalised { features } else { samples },
        });
    }
    RidgePath::from_problem(problem)?.solution(lambda)
}
