use serde::{Deserialize, Serialize};

use super::{check_below_one, check_not_negative, check_step};
use crate::{Error, Real, check_size};

/// Stochastic gradient descent with momentum.
///
/// With the gradient g at θ, weight decay λ, momentum μ, dampening τ and rate η:
/// $$ g \gets g + \lambda\theta, \quad v \gets \mu v + (1 - \tau) g, \quad \theta \gets \theta - \eta v $$
/// At the first step v is g, without dampening. Nesterov's variant descends along g + μ v instead of
/// v. This is the convention of PyTorch, in which the rate scales the velocity: changing the rate
/// takes effect at once, unlike with Sutskever et al.[^1], where it is folded into v.
///
/// [^1]: Sutskever, Martens, Dahl, Hinton (2013): On the importance of initialization and momentum in
///   deep learning. ICML, eq. 1–4.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// The rate η.
    pub learning_rate: f64,
    /// μ in [0, 1); 0 keeps no velocity.
    pub momentum: f64,
    /// τ in [0, 1].
    pub dampening: f64,
    /// λ, the weight of ½‖θ‖² in the loss.
    pub weight_decay: f64,
    /// Whether to look ahead; needs momentum, and no dampening.
    pub nesterov: bool,
}

impl Default for SgdConfig {
    /// Plain gradient descent at rate 0.01.
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            momentum: 0.0,
            dampening: 0.0,
            weight_decay: 0.0,
            nesterov: false,
        }
    }
}

impl SgdConfig {
    /// Refuses settings outside of their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting.
    pub fn check(&self) -> Result<(), Error> {
        check_not_negative("learning_rate", self.learning_rate)?;
        check_not_negative("weight_decay", self.weight_decay)?;
        check_below_one("momentum", self.momentum)?;
        if !(0.0..=1.0).contains(&self.dampening) {
            return Err(Error::OutOfRange {
                what: "dampening",
                value: self.dampening,
                range: "must be in [0, 1]",
            });
        }
        if self.nesterov && self.dampening != 0.0 {
            return Err(Error::OutOfRange {
                what: "dampening",
                value: self.dampening,
                range: "must be 0 with nesterov",
            });
        }
        if self.nesterov && self.momentum == 0.0 {
            return Err(Error::OutOfRange {
                what: "momentum",
                value: self.momentum,
                range: "must be positive with nesterov",
            });
        }
        Ok(())
    }

    /// One step over flat slices; `step` counts from 1.
    ///
    /// `velocity` is overwritten at the first step and may be empty without momentum. The gradient is
    /// taken as it is: [`Optimizer`](super::Optimizer) is the one that checks it.
    ///
    /// ```
    /// use neuropil_math::optim::SgdConfig;
    ///
    /// let config = SgdConfig { learning_rate: 0.25, ..SgdConfig::default() };
    /// let mut x = [1.0, -2.0];
    /// for step in 1..=60 {
    ///     let gradient = x.map(|x| 2.0 * x);
    ///     config.update(step, &mut x, &gradient, &mut [])?;
    /// }
    /// assert_eq!(x, [0.5_f64.powi(60), -2.0 * 0.5_f64.powi(60)]);
    /// # Ok::<(), neuropil_math::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for settings that [`check`](Self::check) refuses and for step 0,
    /// [`Error::Shape`] for slices of different lengths.
    pub fn update<T: Real>(
        &self,
        step: u64,
        parameters: &mut [T],
        gradient: &[T],
        velocity: &mut [T],
    ) -> Result<(), Error> {
        self.check()?;
        check_step(step)?;
        check_size("the gradient", parameters.len(), gradient.len())?;
        if self.momentum != 0.0 {
            check_size("the velocity", parameters.len(), velocity.len())?;
        }
        self.apply(step, parameters, gradient, velocity);
        Ok(())
    }

    /// [`update`](Self::update) of slices and settings that have been checked.
    pub(super) fn apply<T: Real>(
        &self,
        step: u64,
        parameters: &mut [T],
        gradient: &[T],
        velocity: &mut [T],
    ) {
        let rate = T::of(self.learning_rate);
        let decay = T::of(self.weight_decay);
        // Skipped, not multiplied by zero: the sign of a zero gradient survives.
        let decayed = |g: T, p: T| {
            if self.weight_decay == 0.0 {
                g
            } else {
                g + decay * p
            }
        };
        let pairs = parameters.iter_mut().zip(gradient);
        if self.momentum == 0.0 {
            for (p, &g) in pairs {
                *p -= rate * decayed(g, *p);
            }
            return;
        }
        let momentum = T::of(self.momentum);
        let fresh = T::of(1.0 - self.dampening);
        for ((p, &g), v) in pairs.zip(velocity) {
            let g = decayed(g, *p);
            *v = if step == 1 {
                g
            } else {
                momentum * *v + fresh * g
            };
            let direction = if self.nesterov { g + momentum * *v } else { *v };
            *p -= rate * direction;
        }
    }
}
