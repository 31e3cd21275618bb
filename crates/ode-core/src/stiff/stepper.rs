use neuropil_math::Real;

use super::StiffMethod;
use super::method::{Cause, Trial, Work};
use super::position::{Position, check_start};
use crate::explicit::StepOutcome;
use crate::initial_step::{Start, initial_step};
use crate::{Error, SolverConfig, State, Statistics, Stepper, System};

/// A method for stiff systems with step size control.
///
/// It owns its state and all of its workspace, matrices included: after [`new`](Self::new) nothing
/// allocates. It is used like [`Explicit`](crate::explicit::Explicit). Time runs toward the `stop` of
/// a call, forward or backward.
///
/// ```
/// use neuropil_ode_core::{SolverConfig, System};
/// use neuropil_ode_core::stiff::{Rodas5P, Stiff};
///
/// /// y₁ relaxes within a millionth of the time in which y₀ decays.
/// struct Relaxation;
///
/// impl System<f64> for Relaxation {
///     fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
///         dy[0] = -y[0];
///         dy[1] = 1e6 * (y[0] - y[1]);
///     }
///
///     fn jacobian(&self, _t: f64, _y: &[f64], jacobian: &mut [f64]) -> bool {
///         jacobian.copy_from_slice(&[-1.0, 1e6, 0.0, -1e6]);
///         true
///     }
/// }
///
/// let mut solver = Stiff::<Rodas5P, _, _>::new(0.0, [1.0, 0.0], &SolverConfig::default())?;
/// solver.advance_to(&Relaxation, 2.0)?;
/// assert!((solver.state()[1] - (-2.0_f64).exp()).abs() < 1e-6);
/// assert!(solver.statistics().accepted < 100);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Stiff<M: StiffMethod, T: Real, S: State<T>> {
    at: Position<T, S>,
    work: M::Work<T, S>,
    /// The slope at the end of a trial.
    end_slope: S,
    slope_known: bool,
    /// The size that the next step should have, positive; zero if it is to be estimated.
    h: T,
    last_t: T,
    last_h: T,
    /// Whether the last step can be interpolated.
    steppable: bool,
    first_step: T,
    least_step: T,
    greatest_step: T,
    max_steps: u64,
}

impl<M: StiffMethod, T: Real, S: State<T>> Stiff<M, T, S> {
    /// A solver at `t0` with the state `y0`.
    ///
    /// # Errors
    /// An empty state, a start that is not finite, and the errors of [`SolverConfig::check`].
    pub fn new(t0: T, y0: S, config: &SolverConfig<T>) -> Result<Self, Error> {
        let at = Position::new(t0, y0, config)?;
        let first_step = config.first_step.unwrap_or(T::zero());
        Ok(Self {
            work: M::Work::new(&at.y, config)?,
            end_slope: at.y.clone(),
            at,
            slope_known: false,
            h: first_step,
            last_t: t0,
            last_h: T::zero(),
            steppable: false,
            first_step,
            least_step: config.least_step.unwrap_or(T::zero()),
            // Infinite would do, but `T` cannot name it.
            greatest_step: config.greatest_step.unwrap_or(T::of(f64::from(f32::MAX))),
            max_steps: config.max_steps,
        })
    }

    /// The time that has been reached.
    #[inline]
    pub fn time(&self) -> T {
        self.at.t
    }

    /// The state at [`time`](Self::time).
    #[inline]
    pub fn state(&self) -> &S {
        &self.at.y
    }

    /// The time at which the last step began.
    #[inline]
    pub fn previous_time(&self) -> T {
        self.last_t
    }

    /// The size that the next step will try; zero before the first.
    #[inline]
    pub fn next_step_size(&self) -> T {
        self.h
    }

    /// What it has cost.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.at.statistics
    }

    /// The state, when it is no longer needed here.
    #[must_use]
    pub fn into_state(self) -> S {
        self.at.y
    }

    /// Sets time and state anew: the slope, the Jacobian, the memory of the step control and the dense
    /// output are forgotten, the step size is kept.
    ///
    /// # Errors
    /// A state of another length, and a time or a state that is not finite.
    pub fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error> {
        let expected = self.at.y.as_slice().len();
        if y.len() != expected {
            return Err(Error::Shape {
                what: "state",
                expected,
                found: y.len(),
            });
        }
        check_start(t, y)?;
        self.at.t = t;
        self.at.y.as_mut_slice().copy_from_slice(y);
        self.slope_known = false;
        self.steppable = false;
        self.work.reset();
        Ok(())
    }

    /// Forgets the step size too: the next step estimates it, or takes the configured first one.
    pub fn restart_step_size(&mut self) {
        self.h = self.first_step;
    }

    /// Takes steps until `t1` is reached, exactly.
    ///
    /// # Errors
    /// Those of [`step`](Self::step), and [`TooManySteps`](Error::TooManySteps). The solver then
    /// stands at the last accepted step.
    #[inline]
    pub fn advance_to<F: System<T> + ?Sized>(&mut self, system: &F, t1: T) -> Result<(), Error> {
        if !t1.is_finite() {
            return Err(self.bad_time(t1));
        }
        let mut budget = self.max_steps;
        while self.attempt(system, t1, &mut budget)? == StepOutcome::Accepted {}
        Ok(())
    }

    /// Takes one accepted step toward `stop` and not beyond. An infinite `stop` only says the
    /// direction.
    ///
    /// A stage that is not finite, a singular matrix and an iteration without convergence make the
    /// step smaller, like an error that is too large.
    ///
    /// # Errors
    /// - [`ZeroSpan`](Error::ZeroSpan) if `stop` is where the solver is,
    /// - [`NonFinite`](Error::NonFinite) if the right-hand side or the Jacobian is not finite there,
    /// - [`StepSizeUnderflow`](Error::StepSizeUnderflow) if no step that moves the time is accurate
    ///   enough, [`NoConvergence`](Error::NoConvergence) if its iteration does not converge and
    ///   [`SingularMatrix`](Error::SingularMatrix) if its matrix cannot be factored,
    /// - [`TooManySteps`](Error::TooManySteps) if the cap is reached by rejections alone.
    #[inline]
    pub fn step<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        stop: T,
    ) -> Result<StepOutcome, Error> {
        let mut budget = self.max_steps;
        self.attempt(system, stop, &mut budget)
    }

    /// Takes one step of exactly `h`, which may be negative, whatever its error is.
    ///
    /// # Errors
    /// Those of [`step`](Self::step), for this size alone.
    pub fn fixed_step<F: System<T> + ?Sized>(&mut self, system: &F, h: T) -> Result<(), Error> {
        let t1 = self.at.t + h;
        if !t1.is_finite() {
            return Err(self.bad_time(t1));
        }
        if t1 == self.at.t {
            return Err(self.failure(h, Cause::Inaccurate));
        }
        self.prepare(system)?;
        let mut cause = Cause::NotFinite;
        // The first failure may be due to a Jacobian that is too old.
        for _ in 0..2 {
            match self.work.attempt(&mut self.at, system, h, true)? {
                Trial::Good(_) => {
                    if self.commit(system, t1, h) {
                        return Ok(());
                    }
                }
                Trial::Bad(_, bad) => cause = bad,
            }
            self.at.statistics.rejected += 1;
        }
        Err(self.failure(h, cause))
    }

    #[inline(always)]
    fn prepare<F: System<T> + ?Sized>(&mut self, system: &F) -> Result<(), Error> {
        if !self.slope_known {
            self.at.first_slope(system)?;
            self.slope_known = true;
        }
        self.steppable = false;
        Ok(())
    }

    #[inline(always)]
    fn attempt<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        stop: T,
        budget: &mut u64,
    ) -> Result<StepOutcome, Error> {
        let forward = stop > self.at.t;
        if !(forward || stop < self.at.t) {
            return Err(if stop == self.at.t {
                Error::ZeroSpan {
                    t: self.at.t.to_f64(),
                }
            } else {
                self.bad_time(stop)
            });
        }
        self.prepare(system)?;
        let remaining = (stop - self.at.t).abs();
        if self.h == T::zero() {
            self.estimate(system, forward, remaining);
        }
        let mut size = self.h;
        let mut cause = Cause::Inaccurate;
        loop {
            if size > self.greatest_step {
                size = self.greatest_step;
            }
            // A remainder of a few per cent of a step is taken along with it.
            let last = size * T::of(1.01) >= remaining;
            let h = if last {
                stop - self.at.t
            } else if forward {
                size
            } else {
                -size
            };
            let t1 = if last { stop } else { self.at.t + h };
            if t1 == self.at.t || h.abs() < self.least_step && !last {
                self.h = size;
                return Err(self.failure(h, cause));
            }
            if *budget == 0 {
                self.h = size;
                return Err(Error::TooManySteps {
                    t: self.at.t.to_f64(),
                    h: h.to_f64(),
                    steps: self.max_steps,
                });
            }
            *budget -= 1;
            match self.work.attempt(&mut self.at, system, h, false)? {
                Trial::Good(next) => {
                    if self.commit(system, t1, h) {
                        // A step that was cut short does not say that longer ones would fail.
                        self.h = if last && next < size && h.abs() < size {
                            size
                        } else {
                            next
                        };
                        return Ok(if last {
                            StepOutcome::Reached
                        } else {
                            StepOutcome::Accepted
                        });
                    }
                    (size, cause) = (h.abs() * T::of(0.1), Cause::NotFinite);
                }
                Trial::Bad(smaller, why) => (size, cause) = (smaller, why),
            }
            self.at.statistics.rejected += 1;
        }
    }

    /// Makes a good trial the last step, unless the slope at its end is not finite.
    #[inline(always)]
    fn commit<F: System<T> + ?Sized>(&mut self, system: &F, t1: T, h: T) -> bool {
        let slope = self.end_slope.as_mut_slice();
        system.rhs(t1, self.at.other.as_slice(), slope);
        self.at.statistics.evaluations += 1;
        let mut zero = T::zero();
        for (a, b) in self.at.other.as_slice().iter().zip(&*slope) {
            zero += (*a + *b) * T::zero();
        }
        if zero != T::zero() {
            self.work.refuse();
            return false;
        }
        self.work.accept(&self.at, h);
        self.last_t = self.at.t;
        self.last_h = h;
        self.at.t = t1;
        self.at.statistics.accepted += 1;
        core::mem::swap(&mut self.at.y, &mut self.at.other);
        core::mem::swap(&mut self.at.slope, &mut self.end_slope);
        self.steppable = true;
        true
    }

    #[cold]
    fn estimate<F: System<T> + ?Sized>(&mut self, system: &F, forward: bool, span: T) {
        let at = &mut self.at;
        let start = Start {
            t: at.t,
            y: at.y.as_slice(),
            slope: at.slope.as_slice(),
            absolute: at.absolute.as_slice(),
            relative: at.relative,
            forward,
            limit: if span > self.greatest_step {
                self.greatest_step
            } else {
                span
            },
        };
        at.statistics.evaluations += 1;
        self.h = initial_step(
            system,
            &start,
            M::ERROR_ORDER,
            at.probe.as_mut_slice(),
            at.probe_slope.as_mut_slice(),
        );
    }

    /// Writes the solution at a time within the last step into `out`.
    ///
    /// # Errors
    /// A time outside of the last step, no step since the state was set, or a slice of another length
    /// than the state.
    #[inline]
    pub fn interpolate(&mut self, t: T, out: &mut [T]) -> Result<(), Error> {
        let n = self.at.y.as_slice().len();
        if out.len() != n {
            return Err(Error::Shape {
                what: "output",
                expected: n,
                found: out.len(),
            });
        }
        let inside = if self.last_h >= T::zero() {
            t >= self.last_t && t <= self.at.t
        } else {
            t <= self.last_t && t >= self.at.t
        };
        if !(inside && self.steppable) {
            return Err(Error::Time {
                what: "the time of an interpolation",
                value: t.to_f64(),
                reached: self.at.t.to_f64(),
            });
        }
        let theta = if t == self.at.t {
            T::one()
        } else {
            (t - self.last_t) / self.last_h
        };
        self.work.interpolate(&self.at, theta, out);
        Ok(())
    }

    #[cold]
    fn failure(&self, h: T, cause: Cause) -> Error {
        let (t, h) = (self.at.t.to_f64(), h.to_f64());
        match cause {
            Cause::Inaccurate | Cause::NotFinite => Error::StepSizeUnderflow { t, h },
            Cause::Singular => Error::SingularMatrix { t, h },
            Cause::NoConvergence => Error::NoConvergence { t, h },
        }
    }

    #[cold]
    fn bad_time(&self, t: T) -> Error {
        Error::Time {
            what: "the end of the span",
            value: t.to_f64(),
            reached: self.at.t.to_f64(),
        }
    }
}

impl<M: StiffMethod, T: Real, S: State<T>> Stepper<T> for Stiff<M, T, S> {
    fn time(&self) -> T {
        self.at.t
    }

    fn previous_time(&self) -> T {
        self.last_t
    }

    fn state(&self) -> &[T] {
        self.at.y.as_slice()
    }

    #[inline]
    fn step<F: System<T> + ?Sized>(&mut self, system: &F, stop: T) -> Result<(), Error> {
        Self::step(self, system, stop).map(|_| ())
    }

    #[inline]
    fn interpolate<F: System<T> + ?Sized>(
        &mut self,
        _system: &F,
        t: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        Self::interpolate(self, t, out)
    }

    fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error> {
        Self::restart(self, t, y)
    }

    fn statistics(&self) -> Statistics {
        self.at.statistics
    }
}
