//! Ridge regression over pairs that come block by block, by a method that is given or found.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::{RidgeAccumulator, RidgePath, RidgeQr};

use crate::reservoir::series::allocate;
use crate::{Error, Lambda, Ridge, RidgeConfig, RidgeMethod};

/// What takes in a block: features × samples, outputs × samples.
pub(crate) type Sink<'a, T> = dyn FnMut(&DMatrix<T>, &DMatrix<T>) -> Result<(), Error> + 'a;

/// What hands over all blocks, the same ones each time it is called.
pub(crate) type Blocks<'a, T> = dyn Fn(&mut Sink<'_, T>) -> Result<(), Error> + 'a;

/// The sizes and settings of a regression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regression {
    pub(crate) features: usize,
    pub(crate) outputs: usize,
    pub(crate) samples: usize,
    pub(crate) intercept: bool,
    pub(crate) method: RidgeMethod,
}

impl Regression {
    /// The solution for one λ.
    ///
    /// `Auto` adds up normal equations, and goes over the blocks a second time by QR if their condition
    /// leaves fewer than two digits. Memory is for features², whatever the samples, but for fewer samples
    /// than features.
    pub(crate) fn ridge<T: Real>(
        &self,
        lambda: f64,
        blocks: &Blocks<'_, T>,
    ) -> Result<Ridge<T>, Error> {
        let method = self.method;
        if self.samples < self.features || method == RidgeMethod::Dual {
            let (x, y) = self.collect(blocks)?;
            let config = RidgeConfig {
                lambda,
                intercept: self.intercept,
                method,
            };
            return Ok(Ridge::fit(&x, &y, &config)?);
        }
        if method != RidgeMethod::Qr {
            let mut moments = RidgeAccumulator::for_lambda(
                self.features,
                self.outputs,
                self.intercept,
                lambda,
                self.samples,
            )?;
            blocks(&mut |x, y| Ok(moments.add(x, y)?))?;
            match moments.into_solution(lambda) {
                Ok(ridge) if method == RidgeMethod::Primal || keeps_digits(&ridge) => {
                    return Ok(ridge);
                }
                Err(error)
                    if method == RidgeMethod::Primal
                        || !matches!(error, neuropil_math::Error::NotPositiveDefinite { .. }) =>
                {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(self.triangle(blocks)?.solve(lambda)?)
    }

    /// The solutions for every λ, from one factorisation, with what this choice of λ asks for.
    pub(crate) fn path<T: Real>(
        &self,
        lambda: &Lambda,
        blocks: &Blocks<'_, T>,
    ) -> Result<RidgePath<T>, Error> {
        let by_samples = matches!(lambda, Lambda::LeaveOneOut(_) | Lambda::Folds { .. });
        if by_samples || self.samples < self.features {
            let (x, y) = self.collect(blocks)?;
            return Ok(RidgePath::new(&x, &y, self.intercept)?);
        }
        if self.method == RidgeMethod::Primal {
            return Ok(self.moments(blocks)?.path()?);
        }
        Ok(self.triangle(blocks)?.path()?)
    }

    fn moments<T: Real>(&self, blocks: &Blocks<'_, T>) -> Result<RidgeAccumulator<T>, Error> {
        let mut moments = RidgeAccumulator::new(self.features, self.outputs, self.intercept)?;
        blocks(&mut |x, y| Ok(moments.add(x, y)?))?;
        Ok(moments)
    }

    fn triangle<T: Real>(&self, blocks: &Blocks<'_, T>) -> Result<RidgeQr<T>, Error> {
        let mut qr = RidgeQr::new(self.features, self.outputs, self.intercept)?;
        blocks(&mut |x, y| Ok(qr.add(x, y)?))?;
        Ok(qr)
    }

    /// All features and targets at once.
    fn collect<T: Real>(&self, blocks: &Blocks<'_, T>) -> Result<(DMatrix<T>, DMatrix<T>), Error> {
        let mut x = allocate(self.features, self.samples)?;
        let mut y = allocate(self.outputs, self.samples)?;
        let (mut to_x, mut to_y) = (x.as_mut_slice(), y.as_mut_slice());
        blocks(&mut |x_block, y_block| {
            fill(&mut to_x, x_block.as_slice());
            fill(&mut to_y, y_block.as_slice());
            Ok(())
        })?;
        Ok((
            DMatrix::from_vec(self.features, self.samples, x),
            DMatrix::from_vec(self.outputs, self.samples, y),
        ))
    }
}

/// Writes to the beginning of what is left.
fn fill<T: Copy>(rest: &mut &mut [T], values: &[T]) {
    let (now, later) = core::mem::take(rest).split_at_mut(values.len());
    now.copy_from_slice(values);
    *rest = later;
}

/// Whether normal equations of this condition left two digits at the least.
fn keeps_digits<T: Real>(ridge: &Ridge<T>) -> bool {
    f64::EPSILON * ridge.condition() * ridge.condition() <= 1e-2
}
