//! Stochastic differential equations with diagonal noise, in the sense of Itô:
//!
//! $$dX_i = f_i(t, X) dt + g_i(t, X) dW_i$$
//!
//! with independent Brownian motions $W_i$.
//!
//! | step | strong order | needs |
//! |---|---|---|
//! | [`EulerMaruyamaStep`] | 1/2, 1 for additive noise | nothing |
//! | [`MilsteinStep`] | 1 | $g_i$ depends on no other component than $X_i$ |
//! | [`Sra1Step`] | 3/2 | additive noise: $g$ does not depend on $X$ |
//! | [`ExponentialMaruyamaStep`] | 1/2, 1 for additive noise | the form $f = d - r X$ as [`Gated`](crate::Gated); exact in law for [`OrnsteinUhlenbeck`] |
//!
//! Noise comes from the caller: drawn from a generator ([`Drawn`]), or from a stored
//! [`BrownianPath`], on which several step sizes see the same motion.
//!
//! ```
//! use neuropil_ode_core::sde::{Drawn, EulerMaruyamaStep, SamplePath, StochasticSystem};
//! use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
//!
//! /// Geometric Brownian motion.
//! struct Growth;
//! impl StochasticSystem<f64> for Growth {
//!     fn drift(&self, _t: f64, x: &[f64], drift: &mut [f64]) {
//!         drift[0] = 2.0 * x[0];
//!     }
//!     fn diffusion(&self, _t: f64, x: &[f64], diffusion: &mut [f64]) {
//!         diffusion[0] = x[0];
//!     }
//! }
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
//! let mut x = [1.0];
//! let mut path = SamplePath::new(EulerMaruyamaStep, 1);
//! path.run(&Growth, 0.0, 1.0, 100, &mut x, &mut Drawn(&mut rng))?;
//! assert!(x[0] > 0.0);
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```
//!
//! Sources: Kloeden & Platen (1992), Numerical Solution of Stochastic Differential Equations; Higham
//! (2001), An algorithmic introduction to numerical simulation of stochastic differential equations,
//! SIAM Review 43, 525–546.

use neuropil_math::Real;

use crate::Error;
use crate::exponential::{check_length, check_run, check_state};

pub use brownian::{BrownianPath, PathSteps};
pub use euler_maruyama::EulerMaruyamaStep;
pub use exponential::ExponentialMaruyamaStep;
pub use milstein::MilsteinStep;
pub use noise::{Drawn, Increments, Noise};
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use sra1::Sra1Step;

mod brownian;
mod euler_maruyama;
mod exponential;
mod milstein;
mod noise;
mod ornstein_uhlenbeck;
mod sra1;

/// A system $dX_i = f_i(t, X) dt + g_i(t, X) dW_i$.
pub trait StochasticSystem<T: Real> {
    /// Writes the drift $f(t, x)$.
    fn drift(&self, t: T, x: &[T], drift: &mut [T]);

    /// Writes the diffusion $g(t, x)$, one value for each component.
    fn diffusion(&self, t: T, x: &[T], diffusion: &mut [T]);

    /// Writes $\partial g_i / \partial x_i$ and returns true, or returns false:
    /// [`MilsteinStep`] then forms a difference.
    fn diffusion_derivative(&self, t: T, x: &[T], derivative: &mut [T]) -> bool {
        let _ = (t, x, derivative);
        false
    }
}

/// What is known of a stochastic method before it sees a system.
pub trait StochasticMethod {
    /// The strong order for diagonal noise, $g_i = g_i(t, X_i)$; none if the method is wrong there.
    const STRONG_ORDER: Option<f64>;

    /// The strong order for additive noise, $g = g(t)$.
    const ADDITIVE_ORDER: f64;

    /// How many vectors of the length of the state the workspace holds.
    const WORKSPACE: usize;

    /// Whether the step reads [`Increments::integral`].
    const INTEGRAL: bool;
}

/// One step of a stochastic method, over slices and without allocation.
pub trait StochasticStep<T: Real, S: ?Sized>: StochasticMethod {
    /// Takes `x` from `t` to `t + h`, `h` > 0, with the increments of the noise over this step.
    ///
    /// What is in `workspace` does not matter. The values are not looked at: NaN and infinity go
    /// through, as [`SamplePath::run`] does not let them.
    ///
    /// # Errors
    /// If the increments have another length than the state, or `workspace` is shorter than
    /// [`WORKSPACE`](StochasticMethod::WORKSPACE) times the state.
    fn step(
        &self,
        system: &S,
        t: T,
        h: T,
        x: &mut [T],
        noise: Increments<'_, T>,
        workspace: &mut [T],
    ) -> Result<(), Error>;
}

/// Several steps of one method, with its workspace.
#[derive(Debug, Clone)]
pub struct SamplePath<M, T> {
    method: M,
    increments: Vec<T>,
    integrals: Vec<T>,
    workspace: Vec<T>,
}

impl<T: Real, M: StochasticMethod> SamplePath<M, T> {
    /// The workspace for states of `components` values.
    #[must_use]
    pub fn new(method: M, components: usize) -> Self {
        Self {
            method,
            increments: vec![T::zero(); components],
            integrals: vec![T::zero(); components],
            workspace: vec![T::zero(); M::WORKSPACE * components],
        }
    }

    /// Takes `x` from `t` to `t + span` in `steps` equal steps, without allocation.
    ///
    /// # Errors
    /// An empty state or one of another length, a time that is not finite, a span that is not
    /// positive, no step, noise of other steps or another length, an `x` that is not finite, or that
    /// ceases to be: then `x` holds the values of that step.
    pub fn run<S: ?Sized, N: Noise<T> + ?Sized>(
        &mut self,
        system: &S,
        t: T,
        span: T,
        steps: usize,
        x: &mut [T],
        noise: &mut N,
    ) -> Result<(), Error>
    where
        M: StochasticStep<T, S>,
    {
        let h = check_run(t, span, steps, x, self.increments.len())?;
        if h < T::zero() {
            return Err(Error::OutOfRange {
                what: "span",
                value: span.to_f64(),
                range: "must be positive: noise has a direction of time",
            });
        }
        for i in 0..steps {
            let at = t + T::of(i as f64) * h;
            let integrals = if M::INTEGRAL {
                &mut self.integrals[..]
            } else {
                &mut []
            };
            noise.fill(at, h, &mut self.increments, integrals)?;
            let increments = Increments {
                motion: &self.increments,
                integral: integrals,
            };
            self.method
                .step(system, at, h, x, increments, &mut self.workspace)?;
            check_state(at + h, x)?;
        }
        Ok(())
    }
}

/// Checks that there is an increment for each component, and an integral if it is needed.
#[inline(always)]
fn check_increments<T>(n: usize, noise: Increments<'_, T>, integral: bool) -> Result<(), Error> {
    check_length("increments", n, noise.motion.len())?;
    if integral {
        check_length("integrals of increments", n, noise.integral.len())?;
    }
    Ok(())
}
