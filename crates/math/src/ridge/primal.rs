//! Normal equations of the features: $(X X^T + \lambda I) W^T = X Y^T$.

use nalgebra::DMatrix;

use super::centred::Centred;
use super::normal::Normal;
use super::{RidgeMethod, Solution};
use crate::linalg::{gram_add, matmul_into, transposed};
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
        gram_add(&mut gram, x)?;
        matmul_into(1.0, x, transposed(y), 1.0, &mut w)
    })?;
    let normal = Normal::new(gram, lambda)?;
    normal.solve(&mut w)?;
    let good = normal.refine(&mut w, |w| {
        // X (Y - W X)ᵀ - λ Wᵀ, the residual of the normal equations without their matrix.
        let mut g = w * -lambda;
        problem.for_each_block(&mut room, |x, y| {
            matmul_into(-1.0, transposed(w), x, 1.0, &mut *y)?;
            matmul_into(1.0, x, transposed(y), 1.0, &mut g)
        })?;
        Ok(g)
    })?;
    let solution = Solution {
        weights: w,
        method: RidgeMethod::Primal,
        condition: normal.condition(),
        rank: normal.rank,
    };
    Ok((solution, good))
}
