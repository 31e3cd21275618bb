use serde::{Deserialize, Serialize};

use super::check_count;
use crate::error::{check_between, check_finite, check_positive};
use crate::{Error, Raster};

/// A value as the current into a leaky integrate-and-fire neuron, in steps of Euler's, as in Norse:
/// $$v \leftarrow v + \lambda (x - v), \quad \lambda = dt / \tau,$$
/// a spike and $v \leftarrow 0$ where $v$ has passed the threshold.
///
/// The neuron in continuous time is [`Lif`](crate::neuron::Lif).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurrentLif {
    /// $\lambda$, in (0, 1].
    pub rate: f64,
    /// The threshold.
    pub threshold: f64,
}

impl Default for CurrentLif {
    /// $\lambda = 0.1$, a millisecond of ten, and threshold 1.
    fn default() -> Self {
        Self {
            rate: 0.1,
            threshold: 1.0,
        }
    }
}

impl CurrentLif {
    fn check(&self) -> Result<(), Error> {
        check_positive("threshold", self.threshold)?;
        let range = "must be in (0, 1]";
        check_between("rate", self.rate, (f64::MIN_POSITIVE, 1.0), range)
    }

    /// The spikes of each value, in the given number of steps.
    ///
    /// # Errors
    /// [`Error::NonFinite`], [`Error::OutOfRange`] for settings outside of their range, and
    /// [`Error::TooLarge`] if they do not fit into the memory.
    pub fn encode(&self, values: &[f64], steps: usize) -> Result<Raster, Error> {
        self.check()?;
        check_finite("values to encode", values)?;
        let mut raster = Raster::new(values.len(), steps)?;
        for (train, &x) in values.iter().enumerate() {
            let mut v = 0.0;
            let row = raster.row_mut(train);
            for step in 0..steps {
                v += self.rate * (x - v);
                if v > self.threshold {
                    row[step / 64] |= 1 << (step % 64);
                    v = 0.0;
                }
            }
        }
        Ok(raster)
    }

    /// The values that first spike at this step, or at this interval, counted from 0: from the least to
    /// the greatest, which is infinite for step 0.
    ///
    /// After $n$ steps $v = x (1 - (1 - \lambda)^n)$.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for settings outside of their range and for more than $2^{31}$ steps.
    pub fn decode(&self, step: usize) -> Result<(f64, f64), Error> {
        self.check()?;
        check_count("step", step, (0, 1 << 31), "must be in 0..=2^31")?;
        // 1 - (1 - λ)ⁿ; with λ = 1 the logarithm is infinite, and 0 times it no number.
        let charge = |n: usize| match n {
            0 => 0.0,
            n => -(n as f64 * (-self.rate).ln_1p()).exp_m1(),
        };
        let least = self.threshold / charge(step + 1);
        Ok((least, self.threshold / charge(step)))
    }
}
