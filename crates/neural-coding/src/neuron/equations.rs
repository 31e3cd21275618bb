use neuropil_math::elementary::scalar::exp;
use neuropil_ode_core::systems::{AdaptiveExponential, HodgkinHuxley, Izhikevich};
use neuropil_ode_core::{Event, Events, Gated, Method, Options, Output, System, solve_with};

use super::{Current, Lif};
use crate::error::{check_finite, check_positive};
use crate::{Error, SpikeTrain};

/// A train is no longer than this.
pub(super) const LONGEST: usize = 1 << 30;

/// Of the solver, relative and absolute, in mV: far below the $10^{-6}$ ms that spikes are right to.
const TOLERANCE: f64 = 1e-11;

/// The train of times in ms.
pub(super) fn train_of(mut times: Vec<f64>, current: &Current) -> Result<SpikeTrain, Error> {
    let end = current.duration();
    for t in &mut times {
        // A spike at the very end may round to behind it.
        *t = (*t / 1000.0).min(end);
    }
    SpikeTrain::new(times, 0.0, end)
}

/// What a neuron did.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// When it spiked.
    pub spikes: SpikeTrain,
    /// The potential in mV at time 0 and at each multiple of the distance that was asked for.
    pub potential: Vec<f64>,
}

/// A neuron that a current drives; its own field of a current, where it has one, is not looked at.
///
/// [`HodgkinHuxley`] starts at -65 mV with its gates at rest there, and spikes where it rises through
/// 0 mV. [`AdaptiveExponential`] starts at the potential of its leak without adaptation, [`Izhikevich`] at
/// -65 mV and $u = b v$; both spike where they reach their threshold, and are reset there. [`Lif`] starts
/// at rest.
pub trait Neuron {
    /// Spikes, and the potential every `every` seconds.
    ///
    /// # Errors
    /// [`Error::Solver`] if the equations cannot be solved, as for parameters that are not finite or a
    /// reset above the threshold; [`Error::OutOfRange`] for a distance that is not positive, and for the
    /// settings that the neuron refuses.
    fn record(&self, current: &Current, every: f64) -> Result<Recording, Error>;

    /// The spikes.
    ///
    /// # Errors
    /// Those of [`record`](Self::record).
    fn spikes(&self, current: &Current) -> Result<SpikeTrain, Error> {
        Ok(self.record(current, current.duration())?.spikes)
    }
}

/// Multiples of `every` in ms, from 0 to the end.
fn ticks(current: &Current, every: f64) -> Result<Vec<f64>, Error> {
    check_positive("distance of the potentials", every)?;
    // So that a last one that is on the end is not lost to rounding.
    let count = (current.duration() / every * (1.0 + 1e-12)).floor();
    if count >= LONGEST as f64 {
        return Err(Error::TooLarge {
            what: "potentials",
            size: count as usize,
            limit: LONGEST,
        });
    }
    let end = 1000.0 * current.duration();
    Ok((0..=count as usize)
        .map(|k| (1000.0 * (k as f64 * every)).min(end))
        .collect())
}

/// Solves stretch after stretch of constant current.
fn solve<const N: usize, F: System<f64>, E: Events<f64>>(
    current: &Current,
    every: f64,
    mut state: [f64; N],
    greatest_step: f64,
    driven: impl Fn(f64) -> F,
    events: impl Fn(f64) -> E,
) -> Result<Recording, Error> {
    check_finite("initial state", &state)?;
    let ticks = ticks(current, every)?;
    let mut rest = ticks.as_slice();
    let (mut times, mut potential) = (Vec::new(), Vec::with_capacity(ticks.len()));
    for (value, start, end) in current.stretches() {
        let (start, end) = (1000.0 * start, 1000.0 * end);
        let (now, later) = rest.split_at(rest.partition_point(|&t| t < end));
        rest = later;
        let mut wanted = now.to_vec();
        wanted.push(end);
        let mut options = Options {
            method: Method::DormandPrince853,
            output: Output::At(wanted),
            ..Options::with_tolerance(TOLERANCE)
        };
        options.config.greatest_step = Some(greatest_step);
        // No cap: the length of a current is the caller's.
        options.config.max_steps = u64::MAX;
        let solution = solve_with(&driven(value), start..end, state, &options, events(value))?;
        times.extend(solution.events.iter().map(|e| e.t));
        potential.extend(solution.y.iter().take(now.len()).map(|y| y[0]));
        if let Some((_, y)) = solution.last() {
            state = *y;
        }
    }
    // What is left is at the end.
    potential.extend(rest.iter().map(|_| state[0]));
    Ok(Recording {
        spikes: train_of(times, current)?,
        potential,
    })
}

impl Neuron for HodgkinHuxley {
    fn record(&self, current: &Current, every: f64) -> Result<Recording, Error> {
        // A gate rests where what opens and what closes it are equal.
        let mut state = [-65.0, 0.0, 0.0, 0.0];
        let (mut drive, mut rate) = ([0.0; 4], [0.0; 4]);
        self.drive_and_rate(0.0, &state, &mut drive, &mut rate);
        for gate in 1..4 {
            state[gate] = drive[gate] / rate[gate];
        }
        check_positive("capacitance", self.capacitance)?;
        let driven = |current| Self { current, ..*self };
        let events = |_| Event::new(|_t, y: &[f64]| y[0]).rising();
        // An upstroke takes a millisecond: steps must not jump over one that comes out of rest.
        solve(current, every, state, 1.0, driven, events)
    }
}

impl Neuron for AdaptiveExponential {
    fn record(&self, current: &Current, every: f64) -> Result<Recording, Error> {
        for (what, value) in [
            ("capacitance", self.capacitance),
            ("sharpness", self.sharpness),
            ("tau", self.tau),
        ] {
            check_positive(what, value)?;
        }
        check_reset(self.reset, self.threshold)?;
        // Beyond this the exponential overflows before the threshold.
        let rise = (self.threshold - self.onset) / self.sharpness;
        check_finite("rise at the threshold", &[exp(rise)])?;
        let driven = |current| Self { current, ..*self };
        solve(current, every, [self.rest, 0.0], 10.0, driven, driven)
    }
}

impl Neuron for Izhikevich {
    fn record(&self, current: &Current, every: f64) -> Result<Recording, Error> {
        check_reset(self.c, self.threshold)?;
        let state = [-65.0, self.b * -65.0];
        let driven = |current| Self { current, ..*self };
        solve(current, every, state, 10.0, driven, driven)
    }
}

fn check_reset(reset: f64, threshold: f64) -> Result<(), Error> {
    check_finite("reset and threshold", &[reset, threshold])?;
    if reset < threshold {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "reset",
            value: reset,
            range: "must be below the threshold",
        })
    }
}

impl Neuron for Lif {
    fn record(&self, current: &Current, every: f64) -> Result<Recording, Error> {
        let ticks = ticks(current, every)?;
        let mut ticks = ticks.into_iter().peekable();
        let (mut times, mut potential) = (Vec::new(), Vec::new());
        let mut state = self.resting();
        for (value, start, end) in current.stretches() {
            let (mut t, end) = (1000.0 * start, 1000.0 * end);
            while let Some(tick) = ticks.next_if(|&tick| tick < end) {
                self.step(&mut state, value, tick - t, |s| times.push(t + s))?;
                potential.push(state.potential);
                t = tick;
            }
            self.step(&mut state, value, end - t, |s| times.push(t + s))?;
        }
        potential.extend(ticks.map(|_| state.potential));
        Ok(Recording {
            spikes: train_of(times, current)?,
            potential,
        })
    }

    fn spikes(&self, current: &Current) -> Result<SpikeTrain, Error> {
        Self::spikes(self, current)
    }
}
