//! The Cholesky factor of a Gram matrix plus λ on its diagonal, and how far it can be trusted.

use nalgebra::DMatrix;

use crate::Error;
use crate::linalg::Cholesky;
use crate::linalg::triangular::{inverse_norm, solve_lower, solve_lower_transposed};

/// Below this $\lVert H^{-1}\rVert$ the normal equations lose no more than four digits of sixteen.
const GOOD: f64 = 1e4;
/// A step of refinement multiplies the error by some $\epsilon \lVert H^{-1}\rVert$; above this QR is used.
const SLOWEST: f64 = 1e-2;
/// Steps of refinement; the slowest case needs four or five.
const STEPS: usize = 6;

/// A solution that can be improved.
pub(super) trait Refine {
    /// What the solution leaves of the right-hand side, from the data.
    fn residual(&mut self) -> Result<DMatrix<f64>, Error>;

    /// Adds a change, and returns its size relative to that of the solution.
    fn advance(&mut self, normal: &Normal, change: &DMatrix<f64>) -> Result<f64, Error>;
}

/// `step / size`, where nothing changes nothing.
pub(super) fn relative(step: f64, size: f64) -> f64 {
    if step == 0.0 { 0.0 } else { step / size }
}

/// The factored matrix $G + \lambda I$.
pub(super) struct Normal {
    factor: Cholesky<f64>,
    /// The roots of the diagonal.
    scale: Vec<f64>,
    /// An estimate of $\lVert H^{-1}\rVert_1$, where $H$ is the matrix scaled to a unit diagonal.
    pub(super) inverse_norm: f64,
    /// Rows that are not zero throughout.
    pub(super) rank: usize,
}

impl Normal {
    /// Factors $G + \lambda I$; of `g` the lower triangle is read.
    ///
    /// A diagonal of exactly zero (a feature that is zero, or constant under an intercept) stands for a
    /// row of zeros; its weight becomes 0.
    pub(super) fn new(mut g: DMatrix<f64>, lambda: f64) -> Result<Self, Error> {
        let n = g.nrows();
        let mut rank = n;
        for i in 0..n {
            g[(i, i)] += lambda;
            if g[(i, i)] == 0.0 {
                g[(i, i)] = 1.0;
                rank -= 1;
            }
        }
        let scale: Vec<f64> = (0..n).map(|i| g[(i, i)].sqrt()).collect();
        let factor = Cholesky::new(g)?;
        let l = factor.factor();
        let inverse_norm = inverse_norm(n, |b| {
            for (b, s) in b.iter_mut().zip(&scale) {
                *b *= s;
            }
            solve_lower(l, b);
            solve_lower_transposed(l, b);
            for (b, s) in b.iter_mut().zip(&scale) {
                *b *= s;
            }
        });
        if inverse_norm * f64::EPSILON < 1.0 {
            return Ok(Self {
                factor,
                scale,
                inverse_norm,
                rank,
            });
        }
        // A factor without a right digit: name the pivot that rounding made of zero.
        let worst = (0..n)
            .map(|i| (i, l[(i, i)] / scale[i]))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let (index, ratio) = worst.unwrap_or((0, 0.0));
        Err(Error::NotPositiveDefinite {
            index,
            pivot: (ratio * scale[index]).powi(2),
        })
    }

    /// `b` becomes the solution.
    pub(super) fn solve(&self, b: &mut DMatrix<f64>) -> Result<(), Error> {
        self.factor.solve_in_place(b)
    }

    /// The condition number of the data, of which the Gram matrix is the square.
    pub(super) fn condition(&self) -> f64 {
        self.inverse_norm.sqrt()
    }

    /// Improves a solution by residuals from the data: the corrected semi-normal equations (Å. Björck,
    /// *Linear Algebra Appl.* 88/89, 1987). Returns whether it is now as good as that of QR.
    pub(super) fn refine(&self, solution: &mut impl Refine) -> Result<bool, Error> {
        if self.inverse_norm <= GOOD {
            return Ok(true);
        }
        if f64::EPSILON * self.inverse_norm > SLOWEST {
            return Ok(false);
        }
        // The error that QR would leave; its constant is larger than one.
        let goal = 4.0 * f64::EPSILON * self.condition();
        // Relative to a solution of size one, the first step is the error of that solution.
        let mut last = 1.0;
        for _ in 0..STEPS {
            let mut change = solution.residual()?;
            self.solve(&mut change)?;
            let step = solution.advance(self, &change)?;
            if step <= goal {
                return Ok(true);
            }
            if step.is_nan() || step > 0.5 * last {
                // It no longer contracts: rounding in the residual if the step is small already.
                return Ok(step <= 4.0 * goal);
            }
            // What the next step would change, from the rate of this one.
            if step * (step / last) <= goal {
                return Ok(true);
            }
            last = step;
        }
        Ok(false)
    }

    /// The norm of features × outputs in units of the features.
    pub(super) fn scaled_norm(&self, w: &DMatrix<f64>) -> f64 {
        let mut sum = 0.0;
        for column in w.as_slice().chunks_exact(self.scale.len()) {
            for (w, s) in column.iter().zip(&self.scale) {
                sum += (w * s) * (w * s);
            }
        }
        sum.sqrt()
    }
}
