//! Sampling of flows: fixed steps of `neuropil_ode_core`, or SciPy's adaptive ones to the last digit.

use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite};
use neuropil_ode_core::System;
use neuropil_ode_core::explicit::{FixedStep, Rk4};
use serde::{Deserialize, Serialize};

use crate::Error;

/// How a flow is integrated between its samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Integration {
    /// The classical Runge–Kutta method of order 4 with this many equal steps per sample.
    Rk4 {
        /// Steps per sample, at least 1.
        substeps: usize,
    },
    /// The pair 3(2) of Bogacki and Shampine with adaptive steps and its cubic interpolant, with the
    /// step control of SciPy's `solve_ivp(method="RK23")`.
    ///
    /// Published data made with SciPy's default tolerances carry its errors; this reproduces them, down
    /// to the rounding of its matrix products: the Lorenz series of the NG-RC paper agree with SciPy's
    /// to the last digit over 70 units of time. The interval ends at the last sample, and the last
    /// step is shortened to end there.
    Rk23 {
        /// Relative tolerance of a step.
        rtol: f64,
        /// Absolute tolerance of a step.
        atol: f64,
    },
}

impl Integration {
    /// [`Integration::Rk23`] with the default tolerances of SciPy, 10⁻³ and 10⁻⁶.
    pub const SCIPY_RK23: Self = Self::Rk23 {
        rtol: 1e-3,
        atol: 1e-6,
    };

    fn check(self) -> Result<(), Error> {
        match self {
            Self::Rk4 { substeps: 0 } => {
                Err(Error::out_of_range("substeps", 0.0, "must be at least 1"))
            }
            Self::Rk4 { .. } => Ok(()),
            Self::Rk23 { rtol, atol } => {
                // Below, rounding alone exceeds the tolerance and every step is refused.
                if !(100.0 * f64::EPSILON..1.0).contains(&rtol) {
                    let range = "must be in [2.3e-14, 1)";
                    return Err(Error::out_of_range("rtol", rtol, range));
                }
                if !(atol >= 0.0 && atol.is_finite()) {
                    let range = "must be finite and not negative";
                    return Err(Error::out_of_range("atol", atol, range));
                }
                Ok(())
            }
        }
    }
}

/// What every flow is sampled by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) what: &'static str,
    pub(crate) dt: f64,
    pub(crate) warmup: usize,
    pub(crate) integration: Integration,
}

pub(crate) fn check_positive(what: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::out_of_range(
            what,
            value,
            "must be positive and finite",
        ))
    }
}

/// A matrix of samples under construction, one column after the other.
///
/// The memory is asked for before the first value is computed, and a refusal is an error.
pub(crate) struct Samples<T> {
    channels: usize,
    samples: usize,
    values: Vec<T>,
}

impl<T: Real> Samples<T> {
    pub(crate) fn new(what: &'static str, channels: usize, samples: usize) -> Result<Self, Error> {
        if samples == 0 || channels == 0 {
            return Err(neuropil_math::Error::Empty { what }.into());
        }
        let too_large = || Error::TooLarge {
            what,
            values: channels.saturating_mul(samples),
        };
        let size = channels.checked_mul(samples).ok_or_else(too_large)?;
        let mut values = Vec::new();
        values.try_reserve_exact(size).map_err(|_| too_large())?;
        Ok(Self {
            channels,
            samples,
            values,
        })
    }

    /// Appends a sample; all of them are finite or an error.
    pub(crate) fn push(
        &mut self,
        what: &'static str,
        sample: usize,
        state: &[f64],
    ) -> Result<(), Error> {
        check_bounded(what, sample, state)?;
        self.values.extend(state.iter().map(|&x| T::of(x)));
        Ok(())
    }

    pub(crate) fn finish(self) -> DMatrix<T> {
        debug_assert_eq!(self.values.len(), self.channels * self.samples);
        DMatrix::from_vec(self.channels, self.samples, self.values)
    }
}

fn check_bounded(what: &'static str, sample: usize, state: &[f64]) -> Result<(), Error> {
    match state.iter().find(|x| !x.is_finite()) {
        Some(&value) => Err(Error::Diverged {
            what,
            sample,
            value,
        }),
        None => Ok(()),
    }
}

/// Samples the flow of an autonomous field: sample k is the state at time (warmup + k)·dt.
///
/// All is computed in `f64` and rounded at the end: data of both precisions agree up to rounding.
pub(crate) fn sample_flow<T: Real>(
    sampling: Sampling,
    initial: &[f64],
    system: &impl System<f64>,
    samples: usize,
) -> Result<DMatrix<T>, Error> {
    check_positive("dt", sampling.dt)?;
    check_finite("the initial state", initial)?;
    sampling.integration.check()?;
    let mut out = Samples::new(sampling.what, initial.len(), samples)?;
    match sampling.integration {
        Integration::Rk4 { substeps } => {
            rk4(sampling, substeps, initial, system, samples, &mut out)?;
        }
        Integration::Rk23 { rtol, atol } => {
            let field = |x: &[f64], rates: &mut [f64]| system.rhs(0.0, x, rates);
            Rk23::new(initial, field, rtol, atol).run(sampling, samples, &mut out)?;
        }
    }
    Ok(out.finish())
}

fn rk4<T: Real>(
    sampling: Sampling,
    substeps: usize,
    initial: &[f64],
    system: &impl System<f64>,
    samples: usize,
    out: &mut Samples<T>,
) -> Result<(), Error> {
    let h = sampling.dt / substeps as f64;
    let mut x = initial.to_vec();
    let mut steps = FixedStep::<Rk4, f64, _>::new(&x)?;
    let last = sampling.warmup.saturating_add(samples - 1);
    for sample in 0..=last {
        if sample >= sampling.warmup {
            out.push(sampling.what, sample, &x)?;
        }
        if sample == last {
            break;
        }
        steps.run(system, &mut x, 0.0, h, substeps)?;
        // Without it a warm-up of any length would run on with NaN.
        check_bounded(sampling.what, sample + 1, &x)?;
    }
    Ok(())
}

/// The pair of Bogacki and Shampine (1989), Appl. Math. Lett. 2, 321–325.
struct Rk23<F> {
    field: F,
    rtol: f64,
    atol: f64,
    time: f64,
    state: Vec<f64>,
    /// The slopes of the step; the first one is the last one of the step before.
    slopes: [Vec<f64>; 4],
    stage: Vec<f64>,
    next: Vec<f64>,
}

const SAFETY: f64 = 0.9;
const MIN_FACTOR: f64 = 0.2;
const MAX_FACTOR: f64 = 10.0;
/// Third-order solution minus second-order solution, in slopes.
const ERROR: [f64; 4] = [5.0 / 72.0, -1.0 / 12.0, -1.0 / 9.0, 1.0 / 8.0];

impl<F: Fn(&[f64], &mut [f64])> Rk23<F> {
    fn new(initial: &[f64], field: F, rtol: f64, atol: f64) -> Self {
        let zeros = vec![0.0; initial.len()];
        Self {
            field,
            rtol,
            atol,
            time: 0.0,
            state: initial.to_vec(),
            slopes: [(); 4].map(|()| zeros.clone()),
            stage: zeros.clone(),
            next: zeros,
        }
    }

    fn scale(&self, magnitude: f64) -> f64 {
        self.atol + magnitude * self.rtol
    }

    fn norm(&self, value: impl Fn(usize) -> f64) -> f64 {
        let n = self.state.len();
        let squares = (0..n).fold(0.0, |sum, i| {
            let v: f64 = value(i);
            v.mul_add(v, sum)
        });
        squares.sqrt() / (n as f64).sqrt()
    }

    /// The first step, by Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I,
    /// section II.4. The slope at the initial state is left in the first slot.
    fn first_step(&mut self, end: f64) -> f64 {
        (self.field)(&self.state, &mut self.slopes[0]);
        let scale = |i: usize| self.scale(self.state[i].abs());
        let d0 = self.norm(|i| self.state[i] / scale(i));
        let d1 = self.norm(|i| self.slopes[0][i] / scale(i));
        let h0 = if d0 < 1e-5 || d1 < 1e-5 {
            1e-6
        } else {
            0.01 * d0 / d1
        };
        let h0 = h0.min(end);
        for i in 0..self.state.len() {
            self.stage[i] = self.state[i] + h0 * self.slopes[0][i];
        }
        (self.field)(&self.stage, &mut self.slopes[1]);
        let scale = |i: usize| self.scale(self.state[i].abs());
        let d2 = self.norm(|i| (self.slopes[1][i] - self.slopes[0][i]) / scale(i)) / h0;
        let h1 = if d1 <= 1e-15 && d2 <= 1e-15 {
            (h0 * 1e-3).max(1e-6)
        } else {
            (0.01 / d1.max(d2)).powf(1.0 / 3.0)
        };
        (100.0 * h0).min(h1).min(end)
    }

    /// Tries a step; its error in units of the tolerance.
    fn attempt(&mut self, h: f64) -> f64 {
        let n = self.state.len();
        let [k0, k1, k2, k3] = &mut self.slopes;
        for i in 0..n {
            self.stage[i] = self.state[i] + 0.5 * k0[i] * h;
        }
        (self.field)(&self.stage, k1);
        for i in 0..n {
            self.stage[i] = self.state[i] + 0.75 * k1[i] * h;
        }
        (self.field)(&self.stage, k2);
        for i in 0..n {
            let slope = dot([k0[i], k1[i], k2[i]], [2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]);
            self.next[i] = self.state[i] + h * slope;
        }
        (self.field)(&self.next, k3);
        self.norm(|i| {
            let [k0, k1, k2, k3] = [0, 1, 2, 3].map(|s: usize| self.slopes[s][i]);
            // A sum of four is paired by that BLAS.
            let error = k0.mul_add(ERROR[0], k1 * ERROR[1]) + k2.mul_add(ERROR[2], k3 * ERROR[3]);
            error * h / self.scale(self.state[i].abs().max(self.next[i].abs()))
        })
    }

    /// The interpolant of the step just tried, at the fraction `x` of it.
    fn interpolate(&self, h: f64, x: f64, out: &mut [f64]) {
        let [k0, k1, k2, k3] = &self.slopes;
        let (x2, x3) = (x * x, x * x * x);
        for i in 0..out.len() {
            let k = [k0[i], k1[i], k2[i], k3[i]];
            let quadratic = dot(k, [-4.0 / 3.0, 1.0, 4.0 / 3.0, -1.0]);
            let cubic = dot(k, [5.0 / 9.0, -2.0 / 3.0, -8.0 / 9.0, 1.0]);
            out[i] = h * dot([k0[i], quadratic, cubic], [x, x2, x3]) + self.state[i];
        }
    }

    fn run<T: Real>(
        mut self,
        sampling: Sampling,
        samples: usize,
        out: &mut Samples<T>,
    ) -> Result<(), Error> {
        let what = sampling.what;
        let last = sampling.warmup.saturating_add(samples - 1);
        let time_of = |sample: usize| sample as f64 * sampling.dt;
        let end = time_of(last);
        check_positive("dt times the number of samples", end.max(sampling.dt))?;
        if last == 0 {
            return out.push(what, 0, &self.state);
        }
        let mut sample = sampling.warmup;
        let mut point = vec![0.0; self.state.len()];
        let mut size = self.first_step(end);
        check_bounded(what, 0, &self.slopes[0])?;
        while self.time < end {
            let smallest = 10.0 * (self.time.next_up() - self.time);
            size = size.max(smallest);
            let mut refused = false;
            let (after, h) = loop {
                if size < smallest {
                    return Err(Error::StepTooSmall {
                        what,
                        time: self.time,
                        step: size,
                    });
                }
                let after = (self.time + size).min(end);
                let h = after - self.time;
                let error = self.attempt(h);
                if error < 1.0 {
                    let factor = if error == 0.0 {
                        MAX_FACTOR
                    } else {
                        (SAFETY * error.powf(-1.0 / 3.0)).min(MAX_FACTOR)
                    };
                    size = h * if refused { factor.min(1.0) } else { factor };
                    break (after, h);
                }
                // An error that is not finite becomes the smallest factor: `max` drops NaN.
                size = h * (SAFETY * error.powf(-1.0 / 3.0)).max(MIN_FACTOR);
                refused = true;
            };
            while sample <= last && time_of(sample) <= after {
                self.interpolate(h, (time_of(sample) - self.time) / h, &mut point);
                out.push(what, sample, &point)?;
                sample += 1;
            }
            self.time = after;
            core::mem::swap(&mut self.state, &mut self.next);
            self.slopes.swap(0, 3);
        }
        Ok(())
    }
}

/// With fused products, as the BLAS under SciPy computes it: in a chaotic flow the last digit decides.
fn dot<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
    (0..N).fold(0.0, |sum, i| a[i].mul_add(b[i], sum))
}
