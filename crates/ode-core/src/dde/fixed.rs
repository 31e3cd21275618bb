use neuropil_math::Real;

use super::{DelaySystem, check_delays, check_finite};
use crate::Error;

/// The classical Runge–Kutta method of order 4 for delays that are multiples of its step.
///
/// A stage then needs the past at the end of an earlier step, which is stored, or at its middle, where
/// the cubic through states and slopes at both ends has order 4 as well:
/// $$y(t + \tfrac h2) \approx \frac{y_0 + y_1}2 + \frac h8 (\dot y_0 - \dot y_1).$$
/// Rings of states and middles over the longest delay are all the memory; no step allocates. Jumps of
/// derivatives travel from step to step and never fall inside of one.
///
/// ```
/// use neuropil_ode_core::dde::DelayRk4;
/// use neuropil_ode_core::systems::MackeyGlass;
///
/// let constant = |_t: f64, y: &mut [f64]| y[0] = 1.2;
/// let mut solver = DelayRk4::new(0.0, 0.1, &[1.2], &[17.0], constant)?;
/// solver.run(&MackeyGlass::default(), 1000)?;
/// assert!((solver.state()[0] - 1.013_724_016_524).abs() < 1e-7);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DelayRk4<T> {
    n: usize,
    t0: T,
    h: T,
    /// The number of steps that have been made.
    steps: usize,
    lags: Vec<usize>,
    longest: usize,
    y: Vec<T>,
    /// The slope at `y`, once it is known.
    slope: Vec<T>,
    started: bool,
    /// The history's limit at the start, and whether the state jumps there.
    limit: Vec<T>,
    jump: bool,
    /// Slot j mod (longest + 1) holds step j, j counted from `longest` steps before the start.
    states: Vec<T>,
    middles: Vec<T>,
    delayed: Vec<T>,
    stage: Vec<T>,
    next: Vec<T>,
    k: [Vec<T>; 3],
}

impl<T: Real> DelayRk4<T> {
    /// A solver at `t0` with the state `y0`, steps of size `h`, delays, and the history: `history(t, y)`
    /// writes $\varphi(t)$ into `y` for $t \le t_0$. It need not agree with `y0` at $t_0$.
    ///
    /// # Errors
    /// An empty state, no delay, a step or a delay that is not positive and finite, a delay that is no
    /// multiple of the step or more steps than the memory holds, and a state or a history that is not
    /// finite.
    pub fn new(
        t0: T,
        h: T,
        y0: &[T],
        delays: &[T],
        history: impl Fn(T, &mut [T]),
    ) -> Result<Self, Error> {
        let n = y0.len();
        if n == 0 {
            return Err(Error::EmptySystem);
        }
        let out_of_range = |what, value: T, range| Error::OutOfRange {
            what,
            value: value.to_f64(),
            range,
        };
        if !t0.is_finite() {
            return Err(out_of_range("start", t0, "must be finite"));
        }
        if !(h > T::zero() && h.is_finite()) {
            return Err(out_of_range("step", h, "must be positive and finite"));
        }
        check_delays(delays)?;
        check_finite("the state", t0, y0)?;
        let mut lags = Vec::with_capacity(delays.len());
        for &delay in delays {
            let ratio = (delay / h).to_f64();
            let steps = ratio.round();
            let rounding = 1e-9_f64.max(8.0 * T::EPSILON.to_f64());
            if steps < 1.0 || (ratio - steps).abs() > rounding * ratio {
                return Err(out_of_range("a delay", delay, "is no multiple of the step"));
            }
            if steps > 1e15 {
                return Err(out_of_range("a delay", delay, "is too many steps"));
            }
            lags.push(steps as usize);
        }
        let longest = lags.iter().copied().max().unwrap_or(1);
        let ring = || {
            let mut values = Vec::new();
            let size = (longest + 1).checked_mul(n);
            match size {
                Some(size) if values.try_reserve_exact(size).is_ok() => {
                    values.resize(size, T::zero());
                    Ok(values)
                }
                _ => Err(Error::OutOfRange {
                    what: "steps within the longest delay",
                    value: longest as f64,
                    range: "are more than the memory holds",
                }),
            }
        };
        let (mut states, mut middles) = (ring()?, ring()?);
        let mut limit = vec![T::zero(); n];
        history(t0, &mut limit);
        check_finite("the history", t0, &limit)?;
        let half = T::of(0.5);
        for j in 0..longest {
            let back = T::of((longest - j) as f64);
            let slot = j * n..(j + 1) * n;
            for (values, back) in [(&mut states, back), (&mut middles, back - half)] {
                let t = t0 - back * h;
                history(t, &mut values[slot.clone()]);
                check_finite("the history", t, &values[slot.clone()])?;
            }
        }
        states[longest * n..].copy_from_slice(y0);
        let zeros = vec![T::zero(); n];
        Ok(Self {
            n,
            t0,
            h,
            steps: 0,
            longest,
            y: y0.to_vec(),
            slope: zeros.clone(),
            started: false,
            jump: limit != y0,
            limit,
            states,
            middles,
            delayed: vec![T::zero(); n * lags.len()],
            lags,
            stage: zeros.clone(),
            next: zeros.clone(),
            k: [(); 3].map(|()| zeros.clone()),
        })
    }

    /// The time that has been reached.
    #[must_use]
    pub fn time(&self) -> T {
        self.t0 + T::of(self.steps as f64) * self.h
    }

    /// The state at [`time`](Self::time).
    #[must_use]
    pub fn state(&self) -> &[T] {
        &self.y
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// [`NonFinite`](Error::NonFinite) if a state overflows or the right-hand side gives NaN: the
    /// solver then stands at the step before.
    pub fn run<F: DelaySystem<T> + ?Sized>(
        &mut self,
        system: &F,
        steps: usize,
    ) -> Result<(), Error> {
        for _ in 0..steps {
            self.step(system)?;
        }
        Ok(())
    }

    /// Takes one step, four evaluations.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub fn step<F: DelaySystem<T> + ?Sized>(&mut self, system: &F) -> Result<(), Error> {
        let (n, h) = (self.n, self.h);
        let (half, t) = (T::of(0.5), self.time());
        if !self.started {
            self.fetch_states(self.steps, false);
            system.rhs(t, &self.y, &self.delayed, &mut self.slope);
            self.started = true;
        }
        let (middle, end) = (t + half * h, self.t0 + T::of((self.steps + 1) as f64) * h);
        self.fetch_middles();
        self.set_stage(None, half * h);
        system.rhs(middle, &self.stage, &self.delayed, &mut self.k[0]);
        self.set_stage(Some(0), half * h);
        system.rhs(middle, &self.stage, &self.delayed, &mut self.k[1]);
        self.fetch_states(self.steps + 1, true);
        self.set_stage(Some(1), h);
        system.rhs(end, &self.stage, &self.delayed, &mut self.k[2]);
        let (two, sixth) = (T::of(2.0), h / T::of(6.0));
        for i in 0..n {
            let [k2, k3, k4] = [self.k[0][i], self.k[1][i], self.k[2][i]];
            self.next[i] = self.y[i] + sixth * (self.slope[i] + two * (k2 + k3) + k4);
        }
        check_finite("the state", end, &self.next)?;

        // The slope that ends this step; the next one begins with another only after a jump.
        let [after, ..] = &mut self.k;
        system.rhs(end, &self.next, &self.delayed, after);
        let slot = self.slot(self.steps + self.longest);
        let eighth = h * T::of(0.125);
        for (i, m) in self.middles[slot..slot + n].iter_mut().enumerate() {
            let bend = eighth * (self.slope[i] - self.k[0][i]);
            *m = half * (self.y[i] + self.next[i]) + bend;
        }
        self.steps += 1;
        core::mem::swap(&mut self.y, &mut self.next);
        let slot = self.slot(self.steps + self.longest);
        self.states[slot..slot + n].copy_from_slice(&self.y);
        if self.jump && self.lags.contains(&self.steps) {
            self.started = false;
        } else {
            core::mem::swap(&mut self.slope, &mut self.k[0]);
        }
        Ok(())
    }

    /// Writes the state plus `size` times a slope into `stage`: the first one, or one of `k`.
    #[inline(always)]
    fn set_stage(&mut self, slope: Option<usize>, size: T) {
        let slope = slope.map_or(&self.slope, |i| &self.k[i]);
        for ((out, y), k) in self.stage.iter_mut().zip(&self.y).zip(slope) {
            *out = *y + size * *k;
        }
    }

    /// Where the ring holds step `j`, counted from the start of the history.
    #[inline(always)]
    fn slot(&self, j: usize) -> usize {
        j % (self.longest + 1) * self.n
    }

    /// The delayed states at the end of step `step`; at the start of the solution, where it may jump,
    /// those from the left or from the right.
    fn fetch_states(&mut self, step: usize, left: bool) {
        for (k, &lag) in self.lags.iter().enumerate() {
            let from = if left && step == lag {
                &self.limit[..]
            } else {
                let slot = self.slot(step + self.longest - lag);
                &self.states[slot..slot + self.n]
            };
            self.delayed[k * self.n..(k + 1) * self.n].copy_from_slice(from);
        }
    }

    /// The delayed states in the middle of the present step.
    fn fetch_middles(&mut self) {
        for (k, &lag) in self.lags.iter().enumerate() {
            let slot = self.slot(self.steps + self.longest - lag);
            self.delayed[k * self.n..(k + 1) * self.n]
                .copy_from_slice(&self.middles[slot..slot + self.n]);
        }
    }
}
