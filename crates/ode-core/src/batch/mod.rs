//! Many trajectories at once: a batch of initial values or of parameters.
//!
//! The right-hand side is one that is given its parameters, [`Parametric`]: a closure
//! `Fn(t, &y, &p, &mut dy)` written for one trajectory. [`fixed_batch`] lays the trajectories side by
//! side (structure of arrays), so that one vector instruction advances up to eight of them;
//! [`adaptive_batch`] lets each trajectory choose its own steps.
//!
//! Under the feature `rayon` both use all threads. Trajectories do not touch each other: whether alone,
//! in a batch, or on whatever number of threads, each has the same bits.
//!
//! ```
//! use neuropil_ode_core::batch::fixed_batch;
//! use neuropil_ode_core::explicit::Rk4;
//!
//! // Van der Pol's equation from (2, 0), with twenty values of μ.
//! let van_der_pol = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| {
//!     dy[0] = y[1];
//!     dy[1] = p[0] * (1.0 - y[0] * y[0]) * y[1] - y[0];
//! };
//! let mut states = [[2.0, 0.0]; 20];
//! let parameters: [[f64; 1]; 20] = core::array::from_fn(|j| [0.1 * j as f64]);
//! fixed_batch::<Rk4, _, _, _, _>(&van_der_pol, &mut states, &parameters, 0.0, 0.01, 100)?;
//! // μ = 0 is the harmonic oscillator.
//! assert!((states[0][0] - 2.0 * 1.0_f64.cos()).abs() < 1e-8);
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```

use neuropil_math::Real;

use crate::sensitivity::Parametric;
use crate::{Error, System};

pub use adaptive::adaptive_batch;
pub use fixed::{LANES, fixed_batch};

mod adaptive;
mod fixed;

/// A right-hand side with the parameters of one trajectory: a [`System`] for every solver of the crate.
#[derive(Debug, Clone, Copy)]
pub struct One<'a, F, T, const P: usize> {
    system: &'a F,
    parameters: [T; P],
}

impl<'a, F, T, const P: usize> One<'a, F, T, P> {
    /// `system` with these parameters.
    #[inline(always)]
    pub const fn new(system: &'a F, parameters: [T; P]) -> Self {
        Self { system, parameters }
    }
}

impl<T: Real, F: Parametric<T>, const P: usize> System<T> for One<'_, F, T, P> {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        self.system.rhs(t, y, &self.parameters, dy);
    }

    fn jacobian(&self, t: T, y: &[T], jacobian: &mut [T]) -> bool {
        self.system.jacobian(t, y, &self.parameters, jacobian)
    }
}

/// Refuses states and parameters that do not go together.
fn check<T, const N: usize, const P: usize>(
    states: &[[T; N]],
    parameters: &[[T; P]],
) -> Result<(), Error> {
    if N == 0 {
        return Err(Error::EmptySystem);
    }
    if parameters.len() == 1 || parameters.len() == states.len() {
        Ok(())
    } else {
        Err(Error::Shape {
            what: "parameters of trajectories",
            expected: states.len(),
            found: parameters.len(),
        })
    }
}

/// The parameters of trajectory `j`.
#[inline(always)]
fn of_trajectory<T: Copy, const P: usize>(parameters: &[[T; P]], j: usize) -> [T; P] {
    parameters[if parameters.len() == 1 { 0 } else { j }]
}
