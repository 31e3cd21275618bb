use serde::{Deserialize, Serialize};

use super::first_spike::check_steps;
use super::{Curve, FirstSpikes, check_count};
use crate::Error;
use crate::error::{check_between, check_finite, check_positive};

/// What becomes of a value below the threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// It spikes as late as one at the threshold.
    #[default]
    Saturate,
    /// It does not spike.
    Silent,
}

/// What becomes of a spike behind the last step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// It is an error.
    #[default]
    Refuse,
    /// It is lost.
    Drop,
}

/// The latency code in the parametrisation of snnTorch: a neuron that charges with time constant
/// $\tau$ towards $x$ reaches the threshold $\theta$ at
/// $$t = \tau \ln \frac{x}{x - \theta}, \quad x \leftarrow \max(x, \theta + \varepsilon),
/// \quad\text{or, linearly,}\quad t = \tau (1 - x), \quad x \leftarrow \max(x, \theta),$$
/// in steps. The step is the nearest one, halves going to the even.
///
/// All times are then moved by `first_step`, and if `normalize` is set they fill the steps up to the
/// last: the logarithmic ones by a scale that the latest of them decides, the linear ones with
/// $\tau = T - 1 - t_{first}$.
///
/// ```
/// use neuropil_neural_coding::encode::{Curve, LatencyConfig};
///
/// let code = LatencyConfig { steps: 5, curve: Curve::Linear, normalize: true, ..Default::default() };
/// let values = [0.02, 0.5, 1.0];
/// let spikes = code.encode(&values)?;
/// assert_eq!(spikes.spikes(), [Some(4), Some(2), Some(0)]);
/// let back = code.decode(&spikes, code.scale(&values)?)?;
/// assert_eq!(back, [Some(0.01), Some(0.5), Some(1.0)]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyConfig {
    /// $T$, the number of steps.
    pub steps: usize,
    /// Whether $t$ is logarithmic or linear.
    pub curve: Curve,
    /// $\tau$ in steps.
    pub tau: f64,
    /// $\theta$, in (0, 1).
    pub threshold: f64,
    /// $\varepsilon$, which bounds the longest logarithmic time.
    pub epsilon: f64,
    /// By how many steps all spikes are later.
    pub first_step: usize,
    /// Whether the last spike comes at the last step.
    pub normalize: bool,
    /// What becomes of a value below the threshold.
    pub below: Below,
    /// What becomes of a spike behind the last step.
    pub late: Late,
}

impl Default for LatencyConfig {
    /// 20 steps of the logarithmic curve, unscaled: $\tau = 1$, $\theta = 0.01$,
    /// $\varepsilon = 10^{-7}$.
    fn default() -> Self {
        Self {
            steps: 20,
            curve: Curve::Logarithmic,
            tau: 1.0,
            threshold: 0.01,
            epsilon: 1e-7,
            first_step: 0,
            normalize: false,
            below: Below::Saturate,
            late: Late::Refuse,
        }
    }
}

/// What the times of a curve were multiplied with and then moved by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeScale {
    /// The factor.
    pub factor: f64,
    /// The offset in steps.
    pub offset: f64,
}

impl LatencyConfig {
    fn check(&self) -> Result<(), Error> {
        let range = "must be in 1..=2^52";
        check_count("steps", self.steps, (1, 1 << 52), range)?;
        let range = "must be below the number of steps";
        check_count("first step", self.first_step, (0, self.steps - 1), range)?;
        check_positive("tau", self.tau)?;
        check_positive("epsilon", self.epsilon)?;
        let range = "must be between 0 and 1";
        let (least, most) = (f64::MIN_POSITIVE, 1.0 - f64::EPSILON);
        check_between("threshold", self.threshold, (least, most), range)
    }

    fn check_values(&self, values: &[f64]) -> Result<(), Error> {
        check_finite("values to encode", values)?;
        if self.curve == Curve::Linear {
            let range = "must not exceed 1 for a linear latency";
            for &x in values {
                check_between("a value to encode", x, (f64::MIN, 1.0), range)?;
            }
        }
        Ok(())
    }

    /// The time on the curve itself.
    fn raw(&self, x: f64) -> f64 {
        match self.curve {
            // ln(x/(x - θ)) = -ln(1 - θ/x), which does not cancel for large x.
            Curve::Logarithmic => {
                let x = x.max(self.threshold + self.epsilon);
                -self.tau * (-self.threshold / x).ln_1p()
            }
            Curve::Linear => self.tau() * (1.0 - x.max(self.threshold)),
        }
    }

    fn tau(&self) -> f64 {
        if self.curve == Curve::Linear && self.normalize {
            (self.steps - 1 - self.first_step) as f64
        } else {
            self.tau
        }
    }

    /// How the times of these values are scaled and moved. A logarithmic curve takes its scale from the
    /// values if `normalize` is set.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode) but [`Error::Shape`].
    pub fn scale(&self, values: &[f64]) -> Result<TimeScale, Error> {
        self.check()?;
        self.check_values(values)?;
        let offset = self.first_step as f64;
        let mut factor = 1.0;
        if self.curve == Curve::Logarithmic && self.normalize {
            let latest = values.iter().map(|&x| self.raw(x)).fold(0.0, f64::max);
            // Values without end spike at once.
            factor = if latest > 0.0 {
                (self.steps as f64 - 1.0 - offset) / latest
            } else {
                0.0
            };
        }
        Ok(TimeScale { factor, offset })
    }

    /// The times of the values in steps, before rounding. Values below the threshold have one too.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode) but [`Error::Shape`].
    pub fn times(&self, values: &[f64]) -> Result<Vec<f64>, Error> {
        let TimeScale { factor, offset } = self.scale(values)?;
        Ok(values
            .iter()
            .map(|&x| factor * self.raw(x) + offset)
            .collect())
    }

    /// The step of each value.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside of its range and for a value above 1 where the curve
    /// is linear, [`Error::NonFinite`] for NaN and infinity, [`Error::Shape`] for a spike behind the last
    /// step if that is refused.
    pub fn encode(&self, values: &[f64]) -> Result<FirstSpikes, Error> {
        let times = self.times(values)?;
        let spikes = values
            .iter()
            .zip(&times)
            .map(|(&x, t)| {
                if self.below == Below::Silent && x < self.threshold {
                    return Ok(None);
                }
                let step = t.max(0.0).round_ties_even() as usize;
                match self.late {
                    _ if step < self.steps => Ok(Some(step)),
                    Late::Drop => Ok(None),
                    Late::Refuse => Err(Error::Shape {
                        what: "step of a latency",
                        expected: self.steps,
                        found: step,
                    }),
                }
            })
            .collect::<Result<_, _>>()?;
        FirstSpikes::new(self.steps, spikes)
    }

    /// The values whose times these are, no greater than 1; `None` without a spike.
    ///
    /// Off by half a step of time for values between the threshold and 1; for a linear curve that is
    /// $1/(2\tau)$.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside of its range, [`Error::NonFinite`] for a scale that
    /// is, [`Error::Shape`] for another number of steps.
    pub fn decode(
        &self,
        spikes: &FirstSpikes,
        scale: TimeScale,
    ) -> Result<Vec<Option<f64>>, Error> {
        self.check()?;
        check_steps(self.steps, spikes)?;
        check_finite("time scale", &[scale.factor, scale.offset])?;
        let value = |step: usize| {
            let moved = step as f64 - scale.offset;
            // With a factor of 0 all values were the same, and any of them will do.
            let t = if scale.factor == 0.0 {
                0.0
            } else {
                (moved / scale.factor).max(0.0)
            };
            let tau = self.tau();
            let x = match self.curve {
                Curve::Logarithmic => -self.threshold / (-t / self.tau).exp_m1(),
                Curve::Linear if tau == 0.0 => 1.0,
                Curve::Linear => 1.0 - t / tau,
            };
            x.clamp(self.threshold, 1.0)
        };
        Ok(spikes.spikes().iter().map(|s| s.map(value)).collect())
    }
}
