//! Normal equations of the features: $(X X^T + \lambda I) W^T = X Y^T$.

use nalgebra::DMatrix;

use super::centred::Centred;
use super::normal::{Normal, Refine, relative};
use super::residual::add_few_outputs;
use super::{RidgeMethod, Solution};
use crate::linalg::gram::add_checked as gram_add_checked;
use crate::linalg::{View, matmul_into, transposed};
use crate::{Error, Real};

/// The solution, and whether it is as good as that of QR.
pub(super) fn fit<T: Real>(
    problem: &Centred<'_, T>,
    lambda: f64,
) -> Result<(Solution, bool), Error> {
    let (features, outputs) = (problem.x.nrows(), problem.y.nrows());
    let mut room = Vec::new();
    let mut gram = DMatrix::zeros(features, features);
    let mut w = DMatrix::zeros(features, outputs);
    problem.for_each_block(&mut room, |x, y| {
        gram_add_checked(&mut gram, x);
        matmul_into(1.0, columns(x, features), transposed(y), 1.0, &mut w)
    })?;
    let normal = Normal::new(gram, lambda)?;
    normal.solve(&mut w)?;
    let mut weights = Weights {
        problem,
        lambda,
        w,
        room,
    };
    let good = normal.refine(&mut weights)?;
    let solution = Solution {
        weights: weights.w,
        method: RidgeMethod::Primal,
        condition: normal.condition(),
        rank: normal.rank,
    };
    Ok((solution, good))
}

/// Samples that stand one after the other, as the columns of a matrix.
fn columns(x: &[f64], features: usize) -> View<'_, f64> {
    View::from_slice_with_strides(x, features, x.len() / features, 1, features)
}

struct Weights<'a, T: Real> {
    problem: &'a Centred<'a, T>,
    lambda: f64,
    w: DMatrix<f64>,
    room: Vec<f64>,
}

impl<T: Real> Refine for Weights<'_, T> {
    /// $X (Y - W X)^T - \lambda W^T$: of the normal equations, without their matrix.
    fn residual(&mut self) -> Result<DMatrix<f64>, Error> {
        let w = &self.w;
        let mut g = w * -self.lambda;
        self.problem.for_each_block(&mut self.room, |x, y| {
            if add_few_outputs(x, y.as_slice(), w, &mut g) {
                return Ok(());
            }
            let x = columns(x, w.nrows());
            matmul_into(-1.0, transposed(w), x, 1.0, &mut *y)?;
            matmul_into(1.0, x, transposed(y), 1.0, &mut g)
        })?;
        Ok(g)
    }

    fn advance(&mut self, normal: &Normal, change: &DMatrix<f64>) -> Result<f64, Error> {
        self.w += change;
        Ok(relative(
            normal.scaled_norm(change),
            normal.scaled_norm(&self.w),
        ))
    }
}
