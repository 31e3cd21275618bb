use serde::{Deserialize, Serialize};

use super::{check_count, check_fractions};
use crate::error::{check_between, check_positive};
use crate::{Error, Raster};

/// At most one spike of each train, within a number of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSpikes {
    steps: usize,
    spikes: Vec<Option<usize>>,
}

impl FirstSpikes {
    /// The step at which each train spikes; `None` for one that does not.
    ///
    /// # Errors
    /// [`Error::Shape`] for a step that is not below `steps`.
    pub fn new(steps: usize, spikes: Vec<Option<usize>>) -> Result<Self, Error> {
        match spikes.iter().flatten().find(|&&step| step >= steps) {
            Some(&found) => Err(Error::Shape {
                what: "step of a first spike",
                expected: steps,
                found,
            }),
            None => Ok(Self { steps, spikes }),
        }
    }

    /// The number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The step at which each train spikes, if it does.
    #[must_use]
    pub fn spikes(&self) -> &[Option<usize>] {
        &self.spikes
    }

    /// The spikes as bits.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it does not fit into the memory.
    pub fn raster(&self) -> Result<Raster, Error> {
        let mut raster = Raster::new(self.spikes.len(), self.steps)?;
        for (train, spike) in self.spikes.iter().enumerate() {
            if let Some(step) = *spike {
                raster.set(train, step, true)?;
            }
        }
        Ok(raster)
    }
}

/// How a latency falls with the value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// In proportion.
    #[default]
    Linear,
    /// Steeply for small values, as the time in which a neuron charges.
    Logarithmic,
}

/// The time to the first spike, in the parametrisation of SpikingJelly: everything fits, always.
///
/// A value $x$ in [0, 1] spikes at step
/// $$\mathrm{round}\bigl((T - 1)(1 - x)\bigr) \quad\text{or}\quad
/// \mathrm{round}\bigl(T - 1 - \ln(\alpha x + 1)\bigr), \quad \alpha = e^{T - 1} - 1,$$
/// halves going to the even step.
///
/// ```
/// use neuropil_neural_coding::encode::{Curve, FirstSpikeConfig};
///
/// let code = FirstSpikeConfig { steps: 11, curve: Curve::Linear };
/// let spikes = code.encode(&[0.0, 0.72, 1.0])?;
/// assert_eq!(spikes.spikes(), [Some(10), Some(3), Some(0)]);
/// assert_eq!(code.decode(&spikes)?[1], Some(0.7));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FirstSpikeConfig {
    /// $T$, the number of steps: 2 to 700, for whose sake $\alpha$ is finite.
    pub steps: usize,
    /// How the time falls with the value.
    pub curve: Curve,
}

impl Default for FirstSpikeConfig {
    /// 20 steps, linear.
    fn default() -> Self {
        Self {
            steps: 20,
            curve: Curve::Linear,
        }
    }
}

impl FirstSpikeConfig {
    /// $T - 1$.
    fn last(&self) -> Result<f64, Error> {
        check_count("steps", self.steps, (2, 700), "must be in 2..=700")?;
        Ok((self.steps - 1) as f64)
    }

    /// The step of each value.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a value outside of [0, 1] or steps outside of 2 to 700.
    pub fn encode(&self, values: &[f64]) -> Result<FirstSpikes, Error> {
        let last = self.last()?;
        check_fractions(values)?;
        let alpha = last.exp_m1();
        let time = |x: f64| match self.curve {
            Curve::Linear => last * (1.0 - x),
            Curve::Logarithmic => last - (alpha * x).ln_1p(),
        };
        // The logarithm may round to more than T - 1.
        let step = |&x: &f64| Some(time(x).max(0.0).round_ties_even() as usize);
        FirstSpikes::new(self.steps, values.iter().map(step).collect())
    }

    /// The values whose times these are; `None` without a spike. Off by half a step of time at most:
    /// for the linear curve by $1/(2(T - 1))$.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of steps, [`Error::OutOfRange`] for steps outside of 2 to
    /// 700.
    pub fn decode(&self, spikes: &FirstSpikes) -> Result<Vec<Option<f64>>, Error> {
        let last = self.last()?;
        check_steps(self.steps, spikes)?;
        let alpha = last.exp_m1();
        let value = |step: usize| match self.curve {
            Curve::Linear => 1.0 - step as f64 / last,
            Curve::Logarithmic => (last - step as f64).exp_m1() / alpha,
        };
        Ok(spikes.spikes.iter().map(|s| s.map(value)).collect())
    }
}

pub(super) fn check_steps(expected: usize, spikes: &FirstSpikes) -> Result<(), Error> {
    let found = spikes.steps;
    if found == expected {
        Ok(())
    } else {
        Err(Error::Shape {
            what: "steps of first spikes",
            expected,
            found,
        })
    }
}

/// First spikes at times in proportion to $1/x$, as BindsNET has them under the name of rank order.
///
/// The least positive value would spike at the very end, $\lceil T x_{\min} / x \rceil$ counted from 1,
/// and does not; neither do zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReciprocalLatency {
    /// $T$, the number of steps.
    pub steps: usize,
}

impl ReciprocalLatency {
    /// The step of each value, counted from 0.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a value that is negative or not finite, or without any step.
    pub fn encode(&self, values: &[f64]) -> Result<FirstSpikes, Error> {
        self.check()?;
        let range = "must be finite and not negative";
        for &x in values {
            check_between("a value to encode", x, (0.0, f64::MAX), range)?;
        }
        let positive = values.iter().copied().filter(|&x| x > 0.0);
        let least = positive.fold(f64::INFINITY, f64::min);
        let step = |&x: &f64| {
            let time = (self.steps as f64 * (least / x)).ceil();
            // Counted from 1.
            (x > 0.0 && time >= 1.0 && time < self.steps as f64).then(|| time as usize - 1)
        };
        FirstSpikes::new(self.steps, values.iter().map(step).collect())
    }

    /// The values by the least of them: the geometric mean of the two that the step lies between.
    /// `None` without a spike.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a least value that is not positive, [`Error::Shape`] for another number
    /// of steps.
    pub fn decode(&self, spikes: &FirstSpikes, least: f64) -> Result<Vec<Option<f64>>, Error> {
        self.check()?;
        check_positive("least value", least)?;
        check_steps(self.steps, spikes)?;
        let value = |step: usize| {
            // The first step is open towards large values.
            let (early, late) = (step.max(1) as f64, (step + 1) as f64);
            least * self.steps as f64 / (early * late).sqrt()
        };
        Ok(spikes.spikes.iter().map(|s| s.map(value)).collect())
    }

    fn check(&self) -> Result<(), Error> {
        check_count("steps", self.steps, (1, 1 << 52), "must be in 1..=2^52")
    }
}
