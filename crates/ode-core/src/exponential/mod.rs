//! Steps for gated systems $\dot y_i = d_i(t, y) - r_i(t, y) y_i$: leaky integrators, ion channels,
//! liquid networks.
//!
//! Each step freezes the drive $d$ and the rate $r$ and solves what remains, a linear leak for each
//! component, exactly or by a rational function that never overshoots. With $x = h r_i \ge 0$ the new
//! value therefore lies between $y_i$ and $d_i / r_i$, however stiff the rate: no step size is
//! unstable.
//!
//! | step | order | evaluations | the leak is solved by |
//! |---|---|---|---|
//! | [`ExponentialEulerStep`] = [`RushLarsenStep`] | 1 | 1 | $e^{-x}$ |
//! | [`ExponentialMidpointStep`] = [`RushLarsenMidpointStep`] | 2 | 2 | $e^{-x}$ |
//! | [`FusedStep`] | 1 | 1 | $1 / (1 + x)$ |
//! | [`FusedMidpointStep`] | 2 | 2 | $(1 - x/2) / (1 + x/2)$, zero for $x \ge 2$ |
//!
//! The second order costs one more evaluation and is worth it: on the spike times of Hodgkin and
//! Huxley at $h = 0.025$ ms the error falls sixteenfold. Where spikes must be placed to microseconds,
//! an adaptive explicit method with events does that with fewer evaluations still.
//!
//! # Rush–Larsen
//!
//! Rush and Larsen[^1] applied the exponential to the gates alone and explicit Euler to the membrane
//! potential. That scheme is [`RushLarsenStep`] on a system that reports the derivative of the
//! potential as its drive and zero as its rate. If the potential reports its conductance as rate
//! (the current is linear in it), it is treated exponentially too, and only then is
//! [`RushLarsenMidpointStep`] both of second order and stable for any step.
//!
//! ```
//! use neuropil_ode_core::Gated;
//! use neuropil_ode_core::exponential::{ExponentialEulerStep, Unfolding};
//!
//! /// A leaky membrane: 20 ms, towards -45 mV.
//! struct Leak;
//! impl Gated<f64> for Leak {
//!     fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
//!         drive[0] = -45.0 / 20.0;
//!         rate[0] = 1.0 / 20.0;
//!     }
//! }
//! let mut v = [-65.0];
//! let mut unfolding = Unfolding::new(ExponentialEulerStep, 1);
//! // One step as long as the span: the leak is linear, so the step is exact.
//! unfolding.run(&Leak, 0.0, 30.0, 1, &mut v)?;
//! assert!((v[0] - (-45.0 - 20.0 * (-1.5_f64).exp())).abs() < 1e-13);
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```
//!
//! [^1]: Rush & Larsen (1978), A practical algorithm for solving dynamic membrane equations, IEEE
//!     Trans. Biomed. Eng. 25, 389–392; in second order: Sundnes, Artebrant, Skavhaug & Tveito (2009),
//!     A second-order algorithm for solving dynamic cell membrane equations, IEEE Trans. Biomed. Eng.
//!     56, 2546–2548.

use neuropil_math::Real;

use crate::{Error, Gated};

pub use euler::{ExponentialEulerStep, crossing_time};
pub(crate) use euler::{gain, relax};
pub use fused::{FusedMidpointStep, FusedStep};
pub use midpoint::ExponentialMidpointStep;

/// The name of [`ExponentialEulerStep`] among membrane equations.
#[doc(no_inline)]
pub use euler::ExponentialEulerStep as RushLarsenStep;
/// The name of [`ExponentialMidpointStep`] among membrane equations.
#[doc(no_inline)]
pub use midpoint::ExponentialMidpointStep as RushLarsenMidpointStep;

mod euler;
mod fused;
mod midpoint;

/// One step of a method for gated systems, over slices and without allocation.
pub trait GatedStep<T: Real> {
    /// The order of convergence.
    const ORDER: u32;

    /// How many vectors of the length of the state the workspace holds.
    const WORKSPACE: usize;

    /// Takes `y` from `t` to `t + h`.
    ///
    /// What is in `workspace` does not matter. The values are not looked at: NaN and infinity go
    /// through, as [`Unfolding::run`] does not let them.
    ///
    /// # Errors
    /// If `workspace` is shorter than [`WORKSPACE`](Self::WORKSPACE) times the state.
    fn step<G: Gated<T> + ?Sized>(
        &self,
        system: &G,
        t: T,
        h: T,
        y: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error>;
}

/// Several steps of one method over a span, with its workspace.
#[derive(Debug, Clone)]
pub struct Unfolding<M, T> {
    method: M,
    components: usize,
    workspace: Vec<T>,
}

impl<T: Real, M: GatedStep<T>> Unfolding<M, T> {
    /// The workspace for states of `components` values.
    #[must_use]
    pub fn new(method: M, components: usize) -> Self {
        Self {
            method,
            components,
            workspace: vec![T::zero(); M::WORKSPACE * components],
        }
    }

    /// Takes `y` from `t` to `t + span` in `unfolds` equal steps, without allocation.
    ///
    /// # Errors
    /// An empty state or one of another length, a time that is not finite, a span of zero, no step,
    /// a `y` that is not finite, or that ceases to be: then `y` holds the values of that step.
    pub fn run<G: Gated<T> + ?Sized>(
        &mut self,
        system: &G,
        t: T,
        span: T,
        unfolds: usize,
        y: &mut [T],
    ) -> Result<(), Error> {
        let h = check_run(t, span, unfolds, y, self.components)?;
        for i in 0..unfolds {
            let at = t + T::of(i as f64) * h;
            self.method.step(system, at, h, y, &mut self.workspace)?;
            check_state(at + h, y)?;
        }
        Ok(())
    }
}

/// Checks what a run of equal steps is given; the step size.
pub(crate) fn check_run<T: Real>(
    t: T,
    span: T,
    steps: usize,
    y: &[T],
    components: usize,
) -> Result<T, Error> {
    if y.is_empty() {
        return Err(Error::EmptySystem);
    }
    check_length("state", components, y.len())?;
    for (what, value) in [("start", t), ("end", t + span)] {
        if !value.is_finite() {
            return Err(Error::Time {
                what,
                value: value.to_f64(),
                reached: t.to_f64(),
            });
        }
    }
    if span == T::zero() {
        return Err(Error::ZeroSpan { t: t.to_f64() });
    }
    if steps == 0 {
        return Err(Error::OutOfRange {
            what: "number of steps",
            value: 0.0,
            range: "must be one at least",
        });
    }
    let h = span / T::of(steps as f64);
    if h == T::zero() {
        return Err(Error::StepSizeUnderflow {
            t: t.to_f64(),
            h: 0.0,
        });
    }
    check_state(t, y)?;
    Ok(h)
}

pub(crate) fn check_state<T: Real>(t: T, y: &[T]) -> Result<(), Error> {
    match y.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(component) => Err(Error::NonFinite {
            what: "state",
            t: t.to_f64(),
            component,
        }),
    }
}

pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected,
            found,
        })
    }
}

/// `K` vectors of length `n` at the front of the workspace.
#[inline(always)]
pub(crate) fn split<T, const K: usize>(
    workspace: &mut [T],
    n: usize,
) -> Result<[&mut [T]; K], Error> {
    let found = workspace.len();
    let too_short = Error::Shape {
        what: "workspace",
        expected: K * n,
        found,
    };
    if found < K * n {
        return Err(too_short);
    }
    let mut rest = workspace;
    Ok(core::array::from_fn(|_| {
        let (front, back) = core::mem::take(&mut rest).split_at_mut(n);
        rest = back;
        front
    }))
}
