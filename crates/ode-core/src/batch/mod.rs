//! Many trajectories at once: a batch of initial values or of parameters.
//!
//! A right-hand side written once, over a [`Lane`] instead of a number, serves one trajectory and
//! several side by side. [`fixed_batch`] advances eight at once (structure of arrays: the eight values
//! of a variable lie next to each other), which costs about as much as one. [`adaptive_batch`] lets
//! each trajectory choose its own steps.
//!
//! Under the feature `rayon` both use all threads. Trajectories do not touch each other: whether alone,
//! in a batch, or on whatever number of threads, each has the same bits.
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_ode_core::batch::{Lane, LaneSystem, fixed_batch};
//! use neuropil_ode_core::explicit::Rk4;
//!
//! /// Van der Pol's equation; μ is the parameter.
//! struct VanDerPol;
//! impl LaneSystem<f64> for VanDerPol {
//!     fn rhs<V: Lane<f64>>(&self, _t: f64, y: &[V], p: &[V], dy: &mut [V]) {
//!         dy[0] = y[1];
//!         dy[1] = p[0] * (V::splat(1.0) - y[0] * y[0]) * y[1] - y[0];
//!     }
//! }
//!
//! // One trajectory per column, all from (2, 0), with twenty values of μ.
//! let mut states = DMatrix::from_fn(2, 20, |i, _| if i == 0 { 2.0 } else { 0.0 });
//! let parameters = DMatrix::from_fn(1, 20, |_, j| 0.1 * j as f64);
//! fixed_batch::<Rk4, _, _>(&VanDerPol, &mut states, &parameters, 0.0, 0.01, 100)?;
//! // μ = 0 is the harmonic oscillator.
//! assert!((states[(0, 0)] - 2.0 * 1.0_f64.cos()).abs() < 1e-8);
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```

use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::{Error, System};

pub use adaptive::adaptive_batch;
pub use block::Block;
pub use fixed::{LANES, LaneSteps, fixed_batch};
pub use lanes::{Lane, Lanes};

mod adaptive;
mod block;
mod dispatch;
mod fixed;
mod lanes;

/// A system whose right-hand side computes with one trajectory or with several side by side.
pub trait LaneSystem<T: Real> {
    /// Writes $f(t, y, p)$ into `dy`, every component of it. Time is the same for all lanes, the
    /// parameters `p` may differ.
    fn rhs<V: Lane<T>>(&self, t: T, y: &[V], p: &[V], dy: &mut [V]);
}

impl<T: Real, F: LaneSystem<T> + ?Sized> LaneSystem<T> for &F {
    #[inline(always)]
    fn rhs<V: Lane<T>>(&self, t: T, y: &[V], p: &[V], dy: &mut [V]) {
        F::rhs(self, t, y, p, dy);
    }
}

/// A [`LaneSystem`] with the parameters of one trajectory: a [`System`] for every solver of the crate.
#[derive(Debug, Clone, Copy)]
pub struct One<'a, F, T> {
    system: F,
    parameters: &'a [T],
}

impl<'a, F, T> One<'a, F, T> {
    /// `system` with these parameters.
    pub const fn new(system: F, parameters: &'a [T]) -> Self {
        Self { system, parameters }
    }
}

impl<T: Real, F: LaneSystem<T>> System<T> for One<'_, F, T> {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        self.system.rhs(t, y, self.parameters, dy);
    }
}

/// Refuses states and parameters that do not go together.
fn check<T: Real>(states: &DMatrix<T>, parameters: &DMatrix<T>) -> Result<(), Error> {
    if states.nrows() == 0 {
        return Err(Error::EmptySystem);
    }
    // Without parameters there is nothing to count.
    if parameters.nrows() > 0 && parameters.ncols() != states.ncols() {
        return Err(Error::Shape {
            what: "columns of parameters",
            expected: states.ncols(),
            found: parameters.ncols(),
        });
    }
    Ok(())
}

/// The parameters of trajectory `j`.
fn column<T: Real>(parameters: &DMatrix<T>, j: usize) -> &[T] {
    let rows = parameters.nrows();
    &parameters.as_slice()[j * rows..][..rows]
}
