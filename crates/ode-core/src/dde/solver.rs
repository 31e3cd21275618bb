use core::cell::Cell;

use neuropil_math::Real;

use super::breakpoints::Breakpoints;
use super::past::Past;
use super::{DelaySystem, check_delays, check_finite};
use crate::explicit::{Explicit, StepOutcome, Tableau};
use crate::{Error, SolverConfig, State, Statistics, System};

/// An adaptive solver for constant delays: a method `M` whose dense output is its own history.
///
/// - The past is kept with the slopes of every step, so that a delayed state is as exact as the
///   method's dense output, and only as far as the longest delay reaches. Once a delay is full of
///   steps, their memory is used again: nothing allocates unless more steps than ever fit into it.
/// - Steps end exactly where a derivative up to the order of the method jumps: the start of the
///   solution plus every sum of delays that is short enough in terms.
/// - The history need not agree with the initial state at $t_0$. A delayed state at that very time is
///   taken from the side on which the step lies.
///
/// Steps are at most as long as the shortest delay. Time runs forward.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::dde::DelaySolver;
/// use neuropil_ode_core::explicit::Tsitouras54;
///
/// // y' = -y(t - 1) from the history 1: piece by piece a polynomial.
/// let system = |_t: f64, _y: &[f64], late: &[f64], dy: &mut [f64]| dy[0] = -late[0];
/// let history = |_t: f64, y: &mut [f64]| y[0] = 1.0;
/// let config = SolverConfig::with_tolerance(1e-9);
/// let mut solver = DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.0], &[1.0], history, &config)?;
/// solver.advance_to(&system, 2.0)?;
/// assert!((solver.state()[0] + 0.5).abs() < 1e-12);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
pub struct DelaySolver<M: Tableau, T: Real, S: State<T>, H> {
    solver: Explicit<M, T, S>,
    past: Past<M, T, S, H>,
    breakpoints: Breakpoints<T>,
    shortest: T,
    jump: bool,
    /// When the slope is another one from the right: where a delayed state jumps.
    kinks: Vec<T>,
    delayed: Cell<Vec<T>>,
    max_steps: u64,
}

/// The system as one without delays, during the step that began at `start`.
struct Present<'a, M: Tableau, T: Real, S: State<T>, H, F: ?Sized> {
    system: &'a F,
    past: &'a Past<M, T, S, H>,
    start: T,
    delayed: &'a Cell<Vec<T>>,
}

impl<M, T, S, H, F> System<T> for Present<'_, M, T, S, H, F>
where
    M: Tableau,
    T: Real,
    S: State<T>,
    H: Fn(T, &mut [T]),
    F: DelaySystem<T> + ?Sized,
{
    #[inline]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        let mut delayed = self.delayed.take();
        self.past.delayed(self.start, t, &mut delayed);
        self.system.rhs(t, y, &delayed, dy);
        self.delayed.set(delayed);
    }
}

impl<M: Tableau, T: Real, S: State<T>, H: Fn(T, &mut [T])> DelaySolver<M, T, S, H> {
    /// A solver at `t0` with the state `y0` and delays; `history(t, y)` writes $\varphi(t)$ into `y`
    /// for $t \le t_0$.
    ///
    /// # Errors
    /// No delay, a delay that is not positive and finite or vanishes beside `t0`, a history that is
    /// not finite at the first delayed times, and the errors of [`Explicit::new`].
    pub fn new(
        t0: T,
        y0: S,
        delays: &[T],
        history: H,
        config: &SolverConfig<T>,
    ) -> Result<Self, Error> {
        let (shortest, longest) = check_delays(delays)?;
        let n = y0.as_slice().len();
        let greatest = match config.greatest_step {
            Some(greatest) if greatest < shortest => greatest,
            _ => shortest,
        };
        let config = SolverConfig {
            greatest_step: Some(greatest),
            ..config.clone()
        };
        let solver = Explicit::new(t0, y0, &config)?;
        if t0 + shortest == t0 {
            return Err(Error::OutOfRange {
                what: "a delay",
                value: shortest.to_f64(),
                range: "vanishes beside the start",
            });
        }
        let mut limit = vec![T::zero(); n];
        for t in delays.iter().map(|&delay| t0 - delay).chain([t0]) {
            history(t, &mut limit);
            check_finite("the history", t, &limit)?;
        }
        let jump = limit != solver.state().as_slice();
        let mut first = Vec::with_capacity(delays.len());
        let levels = M::ORDER + u32::from(jump);
        let breakpoints = Breakpoints::new(t0, delays, levels, &mut first);
        Ok(Self {
            solver,
            breakpoints,
            shortest,
            jump,
            kinks: first.clone(),
            past: Past::new(t0, history, delays.to_vec(), first, longest),
            delayed: Cell::new(vec![T::zero(); n * delays.len()]),
            max_steps: config.max_steps,
        })
    }

    /// Makes room for `steps` steps within the longest delay, so that up to there the ring of steps
    /// never grows.
    pub fn reserve(&mut self, steps: usize) {
        self.past.reserve(steps);
    }

    /// The time that has been reached.
    pub fn time(&self) -> T {
        self.solver.time()
    }

    /// The state at [`time`](Self::time).
    pub fn state(&self) -> &S {
        self.solver.state()
    }

    /// The number of steps that are kept, which is bounded by those within the longest delay.
    pub fn kept_steps(&self) -> usize {
        self.past.len()
    }

    /// What it has cost.
    pub fn statistics(&self) -> Statistics {
        self.solver.statistics()
    }

    /// Takes one accepted step toward `stop`, and lands on it exactly if it reaches so far.
    ///
    /// # Errors
    /// Those of [`Explicit::step`], and a `stop` that does not lie ahead.
    pub fn step<F: DelaySystem<T> + ?Sized>(
        &mut self,
        system: &F,
        stop: T,
    ) -> Result<StepOutcome, Error> {
        let start = self.solver.time();
        if stop == start {
            return Err(Error::ZeroSpan { t: start.to_f64() });
        }
        let ahead = stop > start;
        if !ahead {
            return Err(Error::Time {
                what: "the end of the span",
                value: stop.to_f64(),
                reached: start.to_f64(),
            });
        }
        let mut target = start + self.shortest;
        for limit in self.breakpoints.next().into_iter().chain([stop]) {
            if limit < target {
                target = limit;
            }
        }
        let present = Present {
            system,
            past: &self.past,
            start,
            delayed: &self.delayed,
        };
        let _ = self.solver.step(&present, target)?;
        let end = self.solver.time();
        let parts = self.solver.dense_parts(&present)?;
        self.past.record(end, parts)?;
        self.breakpoints.reach(end, &self.past.delays);
        if self.jump && self.kinks.contains(&end) {
            let y = self.solver.state().clone();
            self.solver.restart(end, y.as_slice())?;
        }
        Ok(if end == stop {
            StepOutcome::Reached
        } else {
            StepOutcome::Accepted
        })
    }

    /// Takes steps until `t1` is reached, exactly.
    ///
    /// # Errors
    /// Those of [`step`](Self::step), an infinite `t1`, and [`TooManySteps`](Error::TooManySteps).
    pub fn advance_to<F: DelaySystem<T> + ?Sized>(
        &mut self,
        system: &F,
        t1: T,
    ) -> Result<(), Error> {
        if !t1.is_finite() {
            return Err(Error::Time {
                what: "the end of the span",
                value: t1.to_f64(),
                reached: self.time().to_f64(),
            });
        }
        let before = self.statistics();
        while self.step(system, t1)? == StepOutcome::Accepted {
            let now = self.statistics();
            let steps = now.accepted + now.rejected - before.accepted - before.rejected;
            if steps >= self.max_steps {
                return Err(Error::TooManySteps {
                    t: self.time().to_f64(),
                    h: self.solver.next_step_size().to_f64(),
                    steps: self.max_steps,
                });
            }
        }
        Ok(())
    }

    /// Writes the solution, or the history, at a time that lies back by no more than the longest delay
    /// into `out`.
    ///
    /// # Errors
    /// A time ahead or further back, or a slice of another length than the state.
    pub fn interpolate(&self, t: T, out: &mut [T]) -> Result<(), Error> {
        let y = self.solver.state().as_slice();
        if out.len() != y.len() {
            return Err(Error::Shape {
                what: "output",
                expected: y.len(),
                found: out.len(),
            });
        }
        let reached = self.solver.time();
        if !(t <= reached && t >= reached - self.past.longest()) {
            return Err(Error::Time {
                what: "the time of an interpolation",
                value: t.to_f64(),
                reached: reached.to_f64(),
            });
        }
        if t == reached {
            out.copy_from_slice(y);
        } else {
            self.past.at(t, out);
        }
        Ok(())
    }
}
