use core::marker::PhantomData;

use neuropil_math::Real;

use super::Tableau;
use crate::{Error, State, System};

/// Steps of one size, with a workspace that is made once.
///
/// The time of step $i$ is $t_0 + i h$, so that it does not drift.
///
/// ```
/// use neuropil_ode_core::explicit::{FixedStep, Rk4};
///
/// let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
/// let mut y = [1.0];
/// let mut steps = FixedStep::<Rk4, f64, _>::new(&y)?;
/// steps.run(&decay, &mut y, 0.0, 0.1, 10)?;
/// assert!((y[0] - (-1.0_f64).exp()).abs() < 1e-6);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Clone)]
pub struct FixedStep<M: Tableau, T: Real, S: State<T>> {
    k: M::Slopes<S>,
    next: S,
    scalar: PhantomData<T>,
}

impl<M: Tableau, T: Real, S: State<T>> FixedStep<M, T, S> {
    /// The workspace for states like `y`.
    ///
    /// # Errors
    /// An empty state.
    pub fn new(y: &S) -> Result<Self, Error> {
        if y.as_slice().is_empty() {
            return Err(Error::EmptySystem);
        }
        Ok(Self {
            k: M::slopes(y),
            next: y.clone(),
            scalar: PhantomData,
        })
    }

    /// Takes `n` steps of size `h` from `(t0, y)` and leaves the last state in `y`. Negative sizes go
    /// backward.
    ///
    /// A state that overflows is not found out here: the last one is then not finite.
    ///
    /// # Errors
    /// A state of another length than the workspace's, and a time or a size that is not finite.
    #[inline]
    pub fn run<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        y: &mut S,
        t0: T,
        h: T,
        n: usize,
    ) -> Result<(), Error> {
        let (expected, found) = (self.next.as_slice().len(), y.as_slice().len());
        if expected != found {
            return Err(Error::Shape {
                what: "state",
                expected,
                found,
            });
        }
        if !(t0.is_finite() && h.is_finite()) {
            return Err(Error::OutOfRange {
                what: if h.is_finite() { "start" } else { "step" },
                value: if h.is_finite() { t0 } else { h }.to_f64(),
                range: "must be finite",
            });
        }
        run::<M, T, S, F>(system, y, &mut self.k, &mut self.next, t0, h, n);
        Ok(())
    }
}

/// Takes `n` steps of size `h` of the method `M` from `(t0, y)`: [`FixedStep::run`] with a workspace
/// of its own.
///
/// ```
/// use neuropil_ode_core::explicit::{Rk4, fixed_step};
///
/// let pendulum = |_t: f64, y: &[f64], dy: &mut [f64]| {
///     dy[0] = y[1];
///     dy[1] = -y[0].sin();
/// };
/// let mut y = [0.1, 0.0];
/// fixed_step::<Rk4, _, _, _>(&pendulum, &mut y, 0.0, 0.01, 628)?;
/// assert!((y[0] - 0.1).abs() < 1e-3);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
///
/// # Errors
/// Those of [`FixedStep::new`] and [`FixedStep::run`].
#[inline]
pub fn fixed_step<M: Tableau, T: Real, S: State<T>, F: System<T> + ?Sized>(
    system: &F,
    y: &mut S,
    t0: T,
    h: T,
    n: usize,
) -> Result<(), Error> {
    FixedStep::<M, T, S>::new(y)?.run(system, y, t0, h, n)
}

#[inline(always)]
fn run<M: Tableau, T: Real, S: State<T>, F: System<T> + ?Sized>(
    system: &F,
    y: &mut S,
    k: &mut M::Slopes<S>,
    next: &mut S,
    t0: T,
    h: T,
    n: usize,
) {
    for i in 0..n {
        let t = t0 + T::of(i as f64) * h;
        if M::FSAL && i > 0 {
            k.as_mut().swap(0, M::END);
        } else {
            system.rhs(t, y.as_slice(), k.as_mut()[0].as_mut_slice());
        }
        M::step(system, t, h, y, k, next);
        core::mem::swap(y, next);
    }
}
