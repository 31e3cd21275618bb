use serde::{Deserialize, Serialize};

use super::{check_below_one, check_not_negative, check_step};
use crate::power::power;
use crate::{Error, Real, check_size};

/// Adam[^1], and AdamW[^2] with `decoupled` weight decay.
///
/// With the gradient g at step t (counted from 1):
/// $$ m \gets \beta_1 m + (1 - \beta_1) g, \quad v \gets \beta_2 v + (1 - \beta_2) g^2, \quad
///    \theta \gets \theta - \frac{\eta}{1 - \beta_1^t}
///    \frac{m}{\sqrt{v} / \sqrt{1 - \beta_2^t} + \epsilon} $$
/// Weight decay λ is added to the gradient as λθ, or, decoupled, first multiplies θ by 1 - ηλ. The
/// operations are those of PyTorch, in its order.
///
/// ```
/// use neuropil_math::optim::AdamConfig;
///
/// let config = AdamConfig { learning_rate: 0.1, ..AdamConfig::default() };
/// let (mut x, mut m, mut v) = ([3.0], [0.0], [0.0]);
/// for step in 1..=500 {
///     let gradient = x.map(|x| 2.0 * (x - 1.0));
///     config.update(step, &mut x, &gradient, &mut m, &mut v)?;
/// }
/// assert!((x[0] - 1.0_f64).abs() < 1e-3);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// [^1]: Kingma, Ba (2015): Adam: a method for stochastic optimization. ICLR, algorithm 1.
/// [^2]: Loshchilov, Hutter (2019): Decoupled weight decay regularization. ICLR, algorithm 2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// The rate η.
    pub learning_rate: f64,
    /// The decay of the mean of the gradient, β₁ in [0, 1).
    pub beta1: f64,
    /// The decay of the mean of its square, β₂ in [0, 1).
    pub beta2: f64,
    /// ε, added to the root of the mean square. In `f32` it must not round to zero: below 1e-45 it
    /// would.
    pub epsilon: f64,
    /// λ.
    pub weight_decay: f64,
    /// Whether weight decay shrinks the parameters themselves (AdamW) instead of joining the gradient.
    pub decoupled: bool,
}

impl Default for AdamConfig {
    /// Adam with the settings of its paper, η = 0.001, without weight decay.
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
        }
    }
}

impl AdamConfig {
    /// AdamW with the settings of PyTorch: those of Adam, and λ = 0.01 decoupled.
    #[must_use]
    pub fn adamw() -> Self {
        Self {
            weight_decay: 0.01,
            decoupled: true,
            ..Self::default()
        }
    }

    /// Refuses settings outside of their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting.
    pub fn check(&self) -> Result<(), Error> {
        check_not_negative("learning_rate", self.learning_rate)?;
        check_below_one("beta1", self.beta1)?;
        check_below_one("beta2", self.beta2)?;
        check_not_negative("weight_decay", self.weight_decay)?;
        if self.epsilon >= 1e-45 && self.epsilon.is_finite() {
            Ok(())
        } else {
            Err(Error::OutOfRange {
                what: "epsilon",
                value: self.epsilon,
                range: "must be finite and at least 1e-45",
            })
        }
    }

    /// One step over flat slices; `step` counts from 1, and both moments are zero before.
    ///
    /// The gradient is taken as it is: [`Optimizer`](super::Optimizer) is the one that checks it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for settings that [`check`](Self::check) refuses and for step 0,
    /// [`Error::Shape`] for slices of different lengths.
    pub fn update<T: Real>(
        &self,
        step: u64,
        parameters: &mut [T],
        gradient: &[T],
        first_moment: &mut [T],
        second_moment: &mut [T],
    ) -> Result<(), Error> {
        self.check()?;
        check_step(step)?;
        check_size("the gradient", parameters.len(), gradient.len())?;
        check_size("the first moment", parameters.len(), first_moment.len())?;
        check_size("the second moment", parameters.len(), second_moment.len())?;
        Coefficients::new(self, step).apply(parameters, gradient, first_moment, second_moment);
        Ok(())
    }
}

/// What is the same for all parameters in one step.
pub(super) struct Coefficients<T> {
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
    epsilon: T,
    /// λ, if it joins the gradient.
    penalty: Option<T>,
    /// 1 - ηλ, if decay is decoupled.
    shrink: Option<T>,
    /// -η / (1 - β₁ᵗ)
    minus_rate: T,
    /// √(1 - β₂ᵗ)
    root_correction: T,
}

impl<T: Real> Coefficients<T> {
    /// Computed in `f64` and rounded once, also for `f32`.
    pub(super) fn new(config: &AdamConfig, step: u64) -> Self {
        let correction1 = 1.0 - power(config.beta1, step);
        let correction2 = 1.0 - power(config.beta2, step);
        let decays = config.weight_decay != 0.0;
        let shrink = 1.0 - config.learning_rate * config.weight_decay;
        Self {
            one_minus_beta1: T::of(1.0 - config.beta1),
            beta2: T::of(config.beta2),
            one_minus_beta2: T::of(1.0 - config.beta2),
            epsilon: T::of(config.epsilon),
            penalty: (decays && !config.decoupled).then(|| T::of(config.weight_decay)),
            shrink: (decays && config.decoupled).then(|| T::of(shrink)),
            minus_rate: T::of(-(config.learning_rate / correction1)),
            root_correction: T::of(correction2.sqrt()),
        }
    }

    pub(super) fn apply(
        &self,
        parameters: &mut [T],
        gradient: &[T],
        first_moment: &mut [T],
        second_moment: &mut [T],
    ) {
        let moments = first_moment.iter_mut().zip(second_moment);
        let near_new = self.one_minus_beta1 >= T::of(0.5);
        let beta1 = T::one() - self.one_minus_beta1;
        for ((p, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            let g = self.penalty.map_or(g, |penalty| g + penalty * *p);
            if let Some(shrink) = self.shrink {
                *p *= shrink;
            }
            // The interpolation between m and g, from the end that is nearer.
            *m = if near_new {
                g - (g - *m) * beta1
            } else {
                *m + self.one_minus_beta1 * (g - *m)
            };
            *v = *v * self.beta2 + self.one_minus_beta2 * g * g;
            let scale = v.sqrt() / self.root_correction + self.epsilon;
            *p += self.minus_rate * *m / scale;
        }
    }
}
