//! Reservoirs whose units leak before the activation instead of after it.

use neuropil_math::{Real, check_finite};
use serde::{Deserialize, Serialize};

use crate::reservoir::series::{check_samples, check_size};
use crate::{Dynamics, Error, Reservoir, ReservoirState};

/// What leaks in a unit, with $z = W x + W_\text{in} u + W_\text{fb} y + b$.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrator {
    /// The output: $x \leftarrow (1 - \alpha) x + \alpha f(z)$, as in echo state networks.
    #[default]
    Output,
    /// The membrane potential: $s \leftarrow (1 - \alpha) s + \alpha z$ and $x = f(s)$, the Euler step of
    /// $\tau \dot s = -s + z$ with $\alpha = \mathrm{d}t/\tau$, as in rate models of neurons.
    Membrane,
}

impl Integrator {
    /// Refuses a reservoir that has no membrane potential.
    pub(crate) fn check<T: Real>(self, reservoir: &Reservoir<T>) -> Result<(), Error> {
        if self == Self::Membrane && reservoir.parts().dynamics != Dynamics::Leaky {
            return Err(neuropil_math::Error::Undefined {
                what: "the membrane potential of a reservoir",
                why: "its dynamics are not leaky",
            }
            .into());
        }
        Ok(())
    }
}

/// Potentials and rates of the units of a reservoir, and memory to work in. Two states are equal if
/// potentials and rates are.
#[derive(Debug, Clone)]
pub struct RateState<T> {
    /// What the activation is applied to: $s$, or $z$.
    pub(crate) potential: Vec<T>,
    pub(crate) rates: ReservoirState<T>,
    /// What the activation gave.
    pub(crate) response: Vec<T>,
}

impl<T: Real> RateState<T> {
    /// At rest: all zeros.
    pub(crate) fn new(reservoir: &Reservoir<T>) -> Self {
        let zeros = vec![T::zero(); reservoir.units()];
        Self {
            potential: zeros.clone(),
            rates: reservoir.state(),
            response: zeros,
        }
    }

    /// The membrane potentials $s$; of [`Integrator::Output`] whatever was last computed there.
    #[must_use]
    pub fn potential(&self) -> &[T] {
        &self.potential
    }

    /// The rates $x$: what the readout and the other units see.
    #[must_use]
    pub fn rates(&self) -> &[T] {
        self.rates.values()
    }

    /// Replaces potentials and rates, one of each for every unit.
    ///
    /// # Errors
    /// If a size is another, or a value is NaN or infinite.
    pub fn set(&mut self, potential: &[T], rates: &[T]) -> Result<(), Error> {
        check_size(
            "potentials of the state",
            self.potential.len(),
            potential.len(),
        )?;
        check_finite("potentials", potential)?;
        self.rates.set(rates)?;
        self.potential.copy_from_slice(potential);
        Ok(())
    }

    /// Back to rest: a new sequence begins.
    pub fn reset(&mut self) {
        self.potential.fill(T::zero());
        self.rates.reset();
    }

    /// One step, with gain and bias of every unit where there are some: $f(a s + b)$ instead of $f(s)$.
    pub(crate) fn advance(
        &mut self,
        reservoir: &Reservoir<T>,
        integrator: Integrator,
        adapted: Option<(&[T], &[T])>,
        input: &[T],
        feedback: &[T],
    ) -> Result<(), Error> {
        if integrator == Integrator::Output && adapted.is_none() {
            return reservoir.step_with_feedback(&mut self.rates, input, feedback);
        }
        check_size(
            "units of the state",
            reservoir.units(),
            self.potential.len(),
        )?;
        reservoir.net_input(&self.rates, input, feedback, &mut self.response)?;
        let parts = reservoir.parts();
        let leak = |unit: usize| match parts.leak[..] {
            [leak] => leak,
            ref leaks => leaks[unit],
        };
        match integrator {
            Integrator::Output => self.potential.copy_from_slice(&self.response),
            Integrator::Membrane => {
                for (unit, (s, &z)) in self.potential.iter_mut().zip(&self.response).enumerate() {
                    let leak = leak(unit);
                    *s = (T::one() - leak) * *s + leak * z;
                }
            }
        }
        match adapted {
            None => self.response.copy_from_slice(&self.potential),
            Some((gains, biases)) => {
                for (((y, &s), &gain), &bias) in self
                    .response
                    .iter_mut()
                    .zip(&self.potential)
                    .zip(gains)
                    .zip(biases)
                {
                    *y = gain * s + bias;
                }
            }
        }
        parts.activation.apply(&mut self.response);
        match integrator {
            Integrator::Membrane => self.rates.x.copy_from_slice(&self.response),
            Integrator::Output => {
                for (unit, (x, &y)) in self.rates.x.iter_mut().zip(&self.response).enumerate() {
                    let leak = leak(unit);
                    *x = (T::one() - leak) * *x + leak * y;
                }
            }
        }
        Ok(())
    }

    /// Refuses rates that left the finite numbers in step `step`.
    pub(crate) fn check_finite(&self, step: usize) -> Result<(), Error> {
        match self.rates().iter().position(|x| !x.is_finite()) {
            Some(channel) => Err(Error::Diverged { step, channel }),
            None => Ok(()),
        }
    }
}

impl<T: PartialEq> PartialEq for RateState<T> {
    fn eq(&self, other: &Self) -> bool {
        self.potential == other.potential && self.rates == other.rates
    }
}

/// Refuses a sample of other channels, or one that is not finite, before anything is changed.
pub(crate) fn check_sample<T: Real>(
    what: &'static str,
    sample: &[T],
    channels: usize,
) -> Result<(), Error> {
    check_size(what, channels, sample.len())?;
    check_samples(what, sample, channels)
}
