use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite};
use neuropil_ode_core::dde::DelayRk4;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::integrate::{Samples, check_positive};
use crate::systems::MackeyGlass;

/// The delay equation [`MackeyGlass`] at equal times, one channel.
///
/// ```
/// use neuropil_datasets::generators::MackeyGlassConfig;
///
/// let series = MackeyGlassConfig::default().generate::<f64>(18)?;
/// assert_eq!(series.shape(), (1, 18));
/// assert!((series[17] - 0.491972096710356).abs() < 1e-9); // x(17) from 25 digits
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MackeyGlassConfig {
    /// The parameters of the equation.
    pub parameters: MackeyGlass,
    /// The delay $\tau$, a whole number of steps.
    pub delay: f64,
    /// The state at time 0.
    pub initial: f64,
    /// The time between samples.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
    /// How it is integrated.
    pub scheme: MackeyGlassScheme,
}

/// How the delay equation is integrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MackeyGlassScheme {
    /// The Runge–Kutta method of order 4 with steps that divide the delay, so that the delayed state
    /// is a state computed before, or the middle of a step computed before, where the cubic Hermite
    /// interpolant has order 4 as well. Before time 0 the state is constant.
    ///
    /// The error at time 1000 is about 10⁻⁸ with ten steps of 0.1 per sample.
    Rk4 {
        /// Steps per sample, at least 1.
        substeps: usize,
    },
    /// What ReservoirPy 0.4 computes, for comparisons with numbers made by it: one step per sample,
    /// during which the delayed state is frozen.
    ///
    /// Its stages are not those of a Runge–Kutta method: with $z = -\gamma h$ the step adds
    /// $1 + \frac{5}{6} z + \frac{1}{2} z^2 + \frac{1}{6} z^3$ times the first slope where order 4
    /// has $1 + \frac{1}{2} z + \frac{1}{6} z^2 + \frac{1}{24} z^3$. At its default step of 1 the
    /// first increment is 3 % too small: the series looks alike, and is another one.
    ReservoirPy {
        /// The states before time 0, oldest first; the last ⌊τ/dt⌋ of them are used.
        history: Vec<f64>,
    },
}

impl Default for MackeyGlassConfig {
    /// The delay 17 from the constant 1.2, sampled at 1: mildly chaotic.
    fn default() -> Self {
        Self {
            parameters: MackeyGlass::default(),
            delay: 17.0,
            initial: 1.2,
            dt: 1.0,
            warmup: 0,
            scheme: MackeyGlassScheme::Rk4 { substeps: 10 },
        }
    }
}

const WHAT: &str = "the Mackey-Glass series";

impl MackeyGlassConfig {
    /// The samples, 1 × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, a setting is out of range, the delay is not a whole number of steps, the
    /// history is too short, or the state diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        check_positive("dt", self.dt)?;
        check_positive("the delay", self.delay)?;
        check_finite("the initial state", &[self.initial])?;
        let mut out = Samples::new(WHAT, 1, samples)?;
        match &self.scheme {
            MackeyGlassScheme::Rk4 { substeps } => self.rk4(*substeps, samples, &mut out)?,
            MackeyGlassScheme::ReservoirPy { history } => {
                self.frozen(history, samples, &mut out)?;
            }
        }
        Ok(out.finish())
    }

    fn rk4<T: Real>(
        &self,
        substeps: usize,
        samples: usize,
        out: &mut Samples<T>,
    ) -> Result<(), Error> {
        if substeps == 0 {
            return Err(Error::out_of_range("substeps", 0.0, "must be at least 1"));
        }
        let h = self.dt / substeps as f64;
        let lag = ring_length(self.delay / h)?;
        if (self.delay / h - lag as f64).abs() > 1e-9 * lag as f64 {
            let range = "must be a whole number of steps dt / substeps";
            return Err(Error::out_of_range("the delay", self.delay, range));
        }
        let constant = |_: f64, x: &mut [f64]| x.fill(self.initial);
        let mut solver = DelayRk4::new(0.0, h, &[self.initial], &[self.delay], constant)?;
        let last = self.warmup.saturating_add(samples - 1);
        for sample in 0..=last {
            if sample >= self.warmup {
                out.push(WHAT, sample, solver.state())?;
            }
            if sample == last {
                break;
            }
            // All that can go wrong from here on is that a state is not finite.
            let outcome = solver.run(&self.parameters, substeps);
            outcome.map_err(|_| Error::Diverged {
                what: WHAT,
                sample: sample + 1,
                value: f64::NAN,
            })?;
        }
        Ok(())
    }

    fn frozen<T: Real>(
        &self,
        history: &[f64],
        samples: usize,
        out: &mut Samples<T>,
    ) -> Result<(), Error> {
        let lag = ring_length((self.delay / self.dt).floor())?;
        if history.len() < lag {
            return Err(neuropil_math::Error::Shape {
                what: "states in the history",
                expected: lag,
                found: history.len(),
            }
            .into());
        }
        check_finite("the history", history)?;
        let p = &self.parameters;
        let mut states = history[history.len() - lag..].to_vec();
        let mut x = self.initial;
        let mut slot = 0;
        let last = self.warmup.saturating_add(samples - 1);
        for sample in 0..=last {
            if sample >= self.warmup || !x.is_finite() {
                out.push(WHAT, sample, &[x])?;
            }
            // The slot of this state holds the oldest one, which the step from here reads: the
            // state at `lag` samples before the sample, as ReservoirPy counts.
            let delayed = states[slot];
            states[slot] = x;
            slot = if slot + 1 == lag { 0 } else { slot + 1 };
            let z = -p.gamma * self.dt;
            let k1 = z * x + p.production(delayed);
            let k2 = 2.0 * k1 + z * k1;
            let k3 = 2.0 * k1 + z * k2;
            let k4 = k1 + z * k3;
            x += (k1 + k2 + k3 + k4) / 6.0;
        }
        Ok(())
    }
}

/// The number of states that the delay spans.
fn ring_length(steps: f64) -> Result<usize, Error> {
    let rounded = steps.round();
    // The memory is the real limit; a count beyond 2⁵³ is not even a count any more.
    if (1.0..9e15).contains(&rounded) {
        Ok(rounded as usize)
    } else {
        let range = "must be at least 1 and countable";
        Err(Error::out_of_range("the delay in steps", steps, range))
    }
}
