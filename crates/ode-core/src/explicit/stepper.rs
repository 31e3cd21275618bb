use neuropil_math::Real;

use super::Tableau;
use crate::control::Control;
use crate::initial_step::{Start, initial_step};
use crate::stepper::{StepEnds, Stepper};
use crate::{Error, SolverConfig, State, Statistics, System};

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum StepOutcome {
    /// A step was accepted; the end of the span still lies ahead.
    Accepted,
    /// The step landed on the end of the span, exactly.
    Reached,
}

/// Where $f(t, y)$ is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slope {
    Unknown,
    First,
    End,
}

/// An explicit Runge–Kutta method with step size control.
///
/// It owns its state and all of its workspace: after [`new`](Self::new) nothing allocates. The step
/// size follows from the estimate $e_i$ of the error by
///
/// $$\sqrt{\frac 1 n \sum_i \Bigl( \frac{e_i}{a_i + r \max(\lvert y_i(t) \rvert, \lvert y_i(t+h) \rvert)} \Bigr)^2} \le 1$$
///
/// with the tolerances $a$ and $r$. Time runs toward the `stop` of a call, forward or backward.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::explicit::{DormandPrince54, Explicit};
///
/// let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
/// let config = SolverConfig::with_tolerance(1e-9);
/// let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, [1.0], &config)?;
/// solver.advance_to(&decay, 2.0)?;
/// assert_eq!(solver.time(), 2.0);
/// assert!((solver.state()[0] - (-2.0_f64).exp()).abs() < 1e-9);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Explicit<M: Tableau, T: Real, S: State<T>> {
    t: T,
    y: S,
    /// The start of the last step, and the place of the next result.
    other: S,
    k: M::Slopes<S>,
    error: S,
    absolute: S,
    relative: T,
    /// The size that the next step should have, positive; zero if it is to be estimated.
    h: T,
    last_t: T,
    last_h: T,
    slope: Slope,
    /// Whether the last step can be interpolated, and whether the slopes for that are there.
    steppable: bool,
    dense: bool,
    control: Control,
    first_step: T,
    least_step: T,
    greatest_step: T,
    max_steps: u64,
    statistics: Statistics,
}

impl<M: Tableau, T: Real, S: State<T>> Explicit<M, T, S> {
    const HAS_ESTIMATE: () = assert!(
        M::EMBEDDED_ORDER.is_some(),
        "a method without an error estimate takes fixed steps only"
    );

    /// The order of the error's norm in h.
    const ERROR_ORDER: u32 = {
        let embedded = match M::EMBEDDED_ORDER {
            Some(order) => order,
            None => M::ORDER,
        };
        (if embedded < M::ORDER {
            embedded
        } else {
            M::ORDER
        }) + 1
    };

    /// A solver at `t0` with the state `y0`.
    ///
    /// # Errors
    /// An empty state, a start that is not finite, and the errors of [`SolverConfig::check`].
    pub fn new(t0: T, y0: S, config: &SolverConfig<T>) -> Result<Self, Error> {
        let () = Self::HAS_ESTIMATE;
        let n = y0.as_slice().len();
        if n == 0 {
            return Err(Error::EmptySystem);
        }
        config.check(n)?;
        let mut absolute = y0.clone();
        for (i, a) in absolute.as_mut_slice().iter_mut().enumerate() {
            *a = config.tolerance.absolute(i);
        }
        let q = if M::SECOND_EMBEDDED_ORDER.is_some() {
            M::ORDER
        } else {
            Self::ERROR_ORDER
        };
        let control = Control::new(config, f64::from(q), M::TUNING)?;
        let mut solver = Self {
            t: t0,
            other: y0.clone(),
            k: M::slopes(&y0),
            error: y0.clone(),
            absolute,
            relative: config.tolerance.relative,
            y: y0,
            h: T::zero(),
            last_t: t0,
            last_h: T::zero(),
            slope: Slope::Unknown,
            steppable: false,
            dense: false,
            control,
            first_step: config.first_step.unwrap_or(T::zero()),
            least_step: config.least_step.unwrap_or(T::zero()),
            // Infinite would do, but `T` cannot name it.
            greatest_step: config.greatest_step.unwrap_or(T::of(f64::from(f32::MAX))),
            max_steps: config.max_steps,
            statistics: Statistics::default(),
        };
        solver.h = solver.first_step;
        check_start(t0, solver.y.as_slice())?;
        Ok(solver)
    }

    /// The time that has been reached.
    #[inline]
    pub fn time(&self) -> T {
        self.t
    }

    /// The state at [`time`](Self::time).
    #[inline]
    pub fn state(&self) -> &S {
        &self.y
    }

    /// The time at which the last step began.
    #[inline]
    pub fn previous_time(&self) -> T {
        self.last_t
    }

    /// The size of the last step, negative backward; zero before the first.
    #[inline]
    pub fn previous_step_size(&self) -> T {
        self.last_h
    }

    /// The size that the next step will try; zero before the first.
    #[inline]
    pub fn next_step_size(&self) -> T {
        self.h
    }

    /// What it has cost.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// The state, when it is no longer needed here.
    #[must_use]
    pub fn into_state(self) -> S {
        self.y
    }

    /// Sets time and state anew: the slope, the memory of the controller and the dense output are
    /// forgotten, the step size is kept.
    ///
    /// # Errors
    /// A state of another length, and a time or a state that is not finite.
    pub fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error> {
        let expected = self.y.as_slice().len();
        if y.len() != expected {
            return Err(Error::Shape {
                what: "state",
                expected,
                found: y.len(),
            });
        }
        check_start(t, y)?;
        self.t = t;
        self.y.as_mut_slice().copy_from_slice(y);
        self.slope = Slope::Unknown;
        self.steppable = false;
        self.control.reset();
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
    /// A stage that is not finite makes the step smaller, like an error that is too large.
    ///
    /// # Errors
    /// - [`ZeroSpan`](Error::ZeroSpan) if `stop` is where the solver is,
    /// - [`NonFinite`](Error::NonFinite) if the right-hand side is not finite there,
    /// - [`StepSizeUnderflow`](Error::StepSizeUnderflow) if no step that moves the time is accurate
    ///   enough,
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

    #[inline(always)]
    fn attempt<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        stop: T,
        budget: &mut u64,
    ) -> Result<StepOutcome, Error> {
        let forward = stop > self.t;
        if !(forward || stop < self.t) {
            return Err(if stop == self.t {
                Error::ZeroSpan { t: self.t.to_f64() }
            } else {
                self.bad_time(stop)
            });
        }
        match self.slope {
            Slope::End => self.k.as_mut().swap(0, M::END),
            Slope::First => {}
            Slope::Unknown => self.first_slope(system)?,
        }
        self.slope = Slope::First;
        self.steppable = false;
        self.dense = false;
        if self.h == T::zero() {
            self.h = self.estimate(system, forward, (stop - self.t).abs());
        }
        let mut size = self.h;
        if size > self.greatest_step {
            size = self.greatest_step;
        }
        let remaining = (stop - self.t).abs();
        loop {
            // A remainder of a few per cent of a step is taken along with it.
            let last = size * T::of(1.01) >= remaining;
            let h = if last {
                stop - self.t
            } else if forward {
                size
            } else {
                -size
            };
            let t1 = if last { stop } else { self.t + h };
            if t1 == self.t || h.abs() < self.least_step && !last {
                self.h = size;
                return Err(self.underflow(h));
            }
            if *budget == 0 {
                self.h = size;
                return Err(Error::TooManySteps {
                    t: self.t.to_f64(),
                    h: h.to_f64(),
                    steps: self.max_steps,
                });
            }
            *budget -= 1;
            M::step(system, self.t, h, &self.y, &mut self.k, &mut self.other);
            self.statistics.evaluations += M::STAGES as u64 - 1;
            let error2 = self.error2(h);
            if error2 <= T::one() {
                M::end(system, t1, &self.other, &mut self.k);
                if !M::FSAL {
                    self.statistics.evaluations += 1;
                }
                if all_finite(self.other.as_slice(), self.k.as_ref()[M::END].as_slice()) {
                    self.statistics.accepted += 1;
                    let next = h.abs() * self.control.accept(error2);
                    // A step that was cut short does not say that longer ones would fail.
                    self.h = if last && next < size && h.abs() < size {
                        size
                    } else {
                        next
                    };
                    self.last_t = self.t;
                    self.last_h = h;
                    self.t = t1;
                    core::mem::swap(&mut self.y, &mut self.other);
                    self.slope = Slope::End;
                    self.steppable = true;
                    return Ok(if last {
                        StepOutcome::Reached
                    } else {
                        StepOutcome::Accepted
                    });
                }
            }
            self.statistics.rejected += 1;
            let wild = !(error2.is_finite() && error2 > T::one());
            let factor = if wild {
                self.control.reject_wild()
            } else {
                self.control.reject(error2)
            };
            size = h.abs() * factor;
        }
    }

    /// The square of the norm of the error estimate; NaN if a stage was.
    #[inline(always)]
    fn error2(&mut self, h: T) -> T {
        let n = self.y.as_slice().len();
        let share = T::one() / T::of(n as f64);
        let sum = |error: &[T], y0: &[T], y1: &[T], absolute: &[T], relative: T| {
            let (y0, y1, absolute) = (&y0[..n], &y1[..n], &absolute[..n]);
            let mut sum = T::zero();
            for i in 0..n {
                let (a, b) = (y0[i].abs(), y1[i].abs());
                // Written so that a NaN in `b` passes.
                let size = if a > b { a } else { b };
                // The reciprocal does not wait for the last slope, a quotient would.
                let e = error[i] * (T::one() / (absolute[i] + relative * size));
                sum += e * e;
            }
            sum
        };
        let (y0, y1) = (self.y.as_slice(), self.other.as_slice());
        let (absolute, relative) = (self.absolute.as_slice(), self.relative);
        let error = &mut self.error.as_mut_slice()[..n];
        M::error::<T, S>(h, &self.k, error);
        let first = sum(error, y0, y1, absolute, relative);
        if M::SECOND_EMBEDDED_ORDER.is_none() {
            return first * share;
        }
        // Hairer, Nørsett & Wanner (1993), II.10: e₅² / √(e₅² + e₃²/100).
        M::second_error::<T, S>(h, &self.k, error);
        let second = sum(error, y0, y1, absolute, relative);
        let both = first + second * T::of(0.01);
        if both > T::zero() {
            first * share * (first / both)
        } else {
            both
        }
    }

    #[cold]
    fn first_slope<F: System<T> + ?Sized>(&mut self, system: &F) -> Result<(), Error> {
        let slope = self.k.as_mut()[0].as_mut_slice();
        system.rhs(self.t, self.y.as_slice(), slope);
        self.statistics.evaluations += 1;
        match slope.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(component) => Err(Error::NonFinite {
                what: "the right-hand side",
                t: self.t.to_f64(),
                component,
            }),
        }
    }

    #[cold]
    fn estimate<F: System<T> + ?Sized>(&mut self, system: &F, forward: bool, span: T) -> T {
        let (first, rest) = self.k.as_mut().split_at_mut(1);
        let start = Start {
            t: self.t,
            y: self.y.as_slice(),
            slope: first[0].as_slice(),
            absolute: self.absolute.as_slice(),
            relative: self.relative,
            forward,
            limit: if span > self.greatest_step {
                self.greatest_step
            } else {
                span
            },
        };
        let q = if M::SECOND_EMBEDDED_ORDER.is_some() {
            M::ORDER
        } else {
            Self::ERROR_ORDER
        };
        self.statistics.evaluations += 1;
        let work = self.other.as_mut_slice();
        initial_step(system, &start, q, work, rest[M::END - 1].as_mut_slice())
    }

    /// Writes the solution at a time within the last step into `out`.
    ///
    /// Methods whose dense output needs more slopes evaluate them now, once for each step.
    ///
    /// # Errors
    /// A time outside of the last step, no step since the state was set, or a slice of another length
    /// than the state.
    #[inline]
    pub fn interpolate<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        t: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        let n = self.y.as_slice().len();
        if out.len() != n {
            return Err(Error::Shape {
                what: "output",
                expected: n,
                found: out.len(),
            });
        }
        let inside = if self.last_h >= T::zero() {
            t >= self.last_t && t <= self.t
        } else {
            t <= self.last_t && t >= self.t
        };
        if !inside {
            return Err(Error::Time {
                what: "the time of an interpolation",
                value: t.to_f64(),
                reached: self.t.to_f64(),
            });
        }
        let (t0, h, y0, y1, k) = self.dense_parts(system)?;
        M::dense::<T, S>((t - t0) / h, h, y0.as_slice(), y1.as_slice(), k, out);
        Ok(())
    }

    /// The last step with all slopes: start, size, states at both ends.
    #[inline]
    #[expect(clippy::type_complexity, reason = "the parts of one formula")]
    pub(crate) fn dense_parts<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
    ) -> Result<(T, T, &S, &S, &M::Slopes<S>), Error> {
        if !self.steppable {
            return Err(Error::Time {
                what: "the time of an interpolation without a step",
                value: self.t.to_f64(),
                reached: self.t.to_f64(),
            });
        }
        if M::DENSE_STAGES > 0 && !self.dense {
            M::dense_stages(
                system,
                self.last_t,
                self.last_h,
                &self.other,
                &mut self.k,
                &mut self.error,
            );
            self.statistics.evaluations += M::DENSE_STAGES as u64;
            self.dense = true;
        }
        Ok((self.last_t, self.last_h, &self.other, &self.y, &self.k))
    }

    #[cold]
    fn underflow(&self, h: T) -> Error {
        Error::StepSizeUnderflow {
            t: self.t.to_f64(),
            h: h.to_f64(),
        }
    }

    #[cold]
    fn bad_time(&self, t: T) -> Error {
        Error::Time {
            what: "the end of the span",
            value: t.to_f64(),
            reached: self.t.to_f64(),
        }
    }
}

impl<M: Tableau, T: Real, S: State<T>> Stepper<T> for Explicit<M, T, S> {
    fn time(&self) -> T {
        self.t
    }

    fn previous_time(&self) -> T {
        self.last_t
    }

    fn state(&self) -> &[T] {
        self.y.as_slice()
    }

    #[inline]
    fn step<F: System<T> + ?Sized>(&mut self, system: &F, stop: T) -> Result<(), Error> {
        Self::step(self, system, stop).map(|_| ())
    }

    #[inline]
    fn interpolate<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        t: T,
        out: &mut [T],
    ) -> Result<(), Error> {
        Self::interpolate(self, system, t, out)
    }

    #[inline]
    fn ends(&self) -> Option<StepEnds<'_, T>> {
        let k = self.k.as_ref();
        (self.steppable && self.slope == Slope::End).then(|| StepEnds {
            start: self.other.as_slice(),
            start_slope: k[0].as_slice(),
            end: self.y.as_slice(),
            end_slope: k[M::END].as_slice(),
        })
    }

    fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error> {
        Self::restart(self, t, y)
    }

    fn statistics(&self) -> Statistics {
        self.statistics
    }
}

/// Whether both are free of NaN and infinity, without a branch for each.
#[inline(always)]
fn all_finite<T: Real>(y: &[T], slope: &[T]) -> bool {
    let mut zero = T::zero();
    for (a, b) in y.iter().zip(slope) {
        zero += (*a + *b) * T::zero();
    }
    zero == T::zero()
}

fn check_start<T: Real>(t: T, y: &[T]) -> Result<(), Error> {
    if !t.is_finite() {
        return Err(Error::OutOfRange {
            what: "start",
            value: t.to_f64(),
            range: "must be finite",
        });
    }
    match y.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(component) => Err(Error::NonFinite {
            what: "the state",
            t: t.to_f64(),
            component,
        }),
    }
}
