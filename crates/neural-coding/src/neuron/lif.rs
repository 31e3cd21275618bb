use serde::{Deserialize, Serialize};

use super::Current;
use super::equations::{LONGEST, train_of};
use crate::error::{check_between, check_positive};
use crate::{Error, SpikeTrain};

/// The leaky integrate-and-fire neuron, exactly: $\tau \dot v = v_0 - v + R I$, and where $v$ reaches the
/// threshold it spikes, and is held at its reset for the refractory period.
///
/// Between changes of the current $v$ relaxes by $e^{-t/\tau}$, and the time of a spike is a logarithm:
/// nothing is integrated in steps.
///
/// ```
/// use neuropil_neural_coding::neuron::{Current, Lif};
///
/// let neuron = Lif { refractory: 2.0, ..Lif::default() };
/// let train = neuron.spikes(&Current::constant(1.5, 0.1)?)?;
/// // 20 ln 3 ms, and then 2 ms more.
/// assert_eq!(train.len(), 4);
/// assert!((train.times()[0] - 0.020 * 3.0_f64.ln()).abs() < 1e-12);
/// assert!((1000.0 / neuron.rate(1.5) - (2.0 + 20.0 * 3.0_f64.ln())).abs() < 1e-9);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lif {
    /// $\tau$ in ms.
    pub tau: f64,
    /// $R$, what a current of 1 raises $v$ to in the end.
    pub resistance: f64,
    /// $v_0$, where $v$ rests without a current.
    pub rest: f64,
    /// Where it spikes.
    pub threshold: f64,
    /// Where a spike leaves it.
    pub reset: f64,
    /// The refractory period in ms.
    pub refractory: f64,
}

impl Default for Lif {
    /// 20 ms, resistance and threshold 1, rest and reset 0, no refractory period.
    fn default() -> Self {
        Self {
            tau: 20.0,
            resistance: 1.0,
            rest: 0.0,
            threshold: 1.0,
            reset: 0.0,
            refractory: 0.0,
        }
    }
}

/// Where a [`Lif`] neuron is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LifState {
    /// $v$.
    pub potential: f64,
    /// What is left of the refractory period, in ms.
    pub refractory: f64,
}

impl Lif {
    /// Refuses settings without sense.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for times that are negative or not finite or $\tau = 0$, for potentials or a
    /// resistance that are not finite, and for a reset that is not below the threshold.
    pub fn check(&self) -> Result<(), Error> {
        check_positive("tau", self.tau)?;
        let range = "must be finite and not negative";
        check_between("refractory", self.refractory, (0.0, f64::MAX), range)?;
        for (what, value) in [
            ("resistance", self.resistance),
            ("rest", self.rest),
            ("threshold", self.threshold),
            ("reset", self.reset),
        ] {
            check_between(what, value, (f64::MIN, f64::MAX), "must be finite")?;
        }
        if self.reset < self.threshold {
            Ok(())
        } else {
            Err(Error::OutOfRange {
                what: "reset",
                value: self.reset,
                range: "must be below the threshold",
            })
        }
    }

    /// The time from `v` to the threshold in ms, for a potential that heads for `target`.
    fn time_to_threshold(&self, v: f64, target: f64) -> Option<f64> {
        // The logarithm of 1 + x, for times that are short.
        (target > self.threshold)
            .then(|| self.tau * ((self.threshold - v) / (target - self.threshold)).ln_1p())
            .filter(|t| t.is_finite())
    }

    /// The interval between spikes at a constant current, in ms:
    /// $t_{ref} + \tau \ln \frac{v_0 + R I - v_{reset}}{v_0 + R I - \theta}$; `None` if the current is too
    /// weak.
    #[must_use]
    pub fn interval(&self, current: f64) -> Option<f64> {
        let target = self.rest + self.resistance * current;
        let rise = self.time_to_threshold(self.reset, target)?;
        Some(self.refractory + rise)
    }

    /// The rate at a constant current, in Hz.
    #[must_use]
    pub fn rate(&self, current: f64) -> f64 {
        self.interval(current)
            .map_or(0.0, |interval| 1000.0 / interval)
    }

    /// The least current that makes it fire, in the limit of long times; `None` without a resistance.
    #[must_use]
    pub fn rheobase(&self) -> Option<f64> {
        let current = (self.threshold - self.rest) / self.resistance;
        current.is_finite().then_some(current)
    }

    /// At rest.
    #[must_use]
    pub fn resting(&self) -> LifState {
        LifState {
            potential: self.rest,
            refractory: 0.0,
        }
    }

    /// Advances by `h` ms at a constant current and hands the times of the spikes to `spike`, in ms from
    /// the start of the step. Allocates nothing.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`Error::OutOfRange`] for a current or a state that is not finite,
    /// a step that is negative; [`Error::TooLarge`] if the step holds more than $2^{30}$ spikes.
    pub fn step(
        &self,
        state: &mut LifState,
        current: f64,
        h: f64,
        mut spike: impl FnMut(f64),
    ) -> Result<(), Error> {
        self.check()?;
        let target = self.rest + self.resistance * current;
        let range = "must be finite";
        check_between(
            "target of the potential",
            target,
            (f64::MIN, f64::MAX),
            range,
        )?;
        check_between("potential", state.potential, (f64::MIN, f64::MAX), range)?;
        let range = "must be finite and not negative";
        check_between("step", h, (0.0, f64::MAX), range)?;
        check_between(
            "rest of a refractory period",
            state.refractory,
            (0.0, f64::MAX),
            range,
        )?;
        if let Some(interval) = self.interval(current) {
            let expected = h / interval;
            if expected.is_nan() || expected > LONGEST as f64 {
                return Err(Error::TooLarge {
                    what: "spikes of a step",
                    size: if expected.is_nan() {
                        usize::MAX
                    } else {
                        expected as usize
                    },
                    limit: LONGEST,
                });
            }
        }
        let mut t = 0.0;
        loop {
            if state.refractory > h - t {
                state.refractory -= h - t;
                return Ok(());
            }
            t += state.refractory;
            state.refractory = 0.0;
            // A potential above the threshold, set by the caller, spikes at once.
            let wait = if state.potential >= self.threshold {
                Some(0.0)
            } else {
                self.time_to_threshold(state.potential, target)
            };
            match wait {
                Some(wait) if t + wait <= h => {
                    t += wait;
                    spike(t);
                    state.potential = self.reset;
                    state.refractory = self.refractory;
                }
                _ => {
                    let relaxed = -(-(h - t) / self.tau).exp_m1();
                    let v = state.potential + (target - state.potential) * relaxed;
                    // Rounding must not spike in silence.
                    state.potential = if wait.is_some() && v >= self.threshold {
                        self.threshold.next_down()
                    } else {
                        v
                    };
                    return Ok(());
                }
            }
        }
    }

    /// The spikes of a current, from rest.
    ///
    /// # Errors
    /// Those of [`step`](Self::step).
    pub fn spikes(&self, current: &Current) -> Result<SpikeTrain, Error> {
        let mut times = Vec::new();
        let mut state = self.resting();
        for (value, start, end) in current.stretches() {
            let (start, end) = (1000.0 * start, 1000.0 * end);
            self.step(&mut state, value, end - start, |t| times.push(start + t))?;
        }
        train_of(times, current)
    }
}
