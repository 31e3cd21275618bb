use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::dde::DelaySystem;

/// Regulation of blood cells by Mackey and Glass (1977)[^1], with one delay $\tau$:
/// $$\dot x = \frac{\beta x(t - \tau)}{1 + x(t - \tau)^n} - \gamma x.$$
///
/// The delay itself is the solver's. The default parameters are chaotic from a delay of about 16.8.
///
/// [^1]: M. C. Mackey, L. Glass (1977), Oscillation and chaos in physiological control systems,
///     Science 197, 287–289, eq. 4b.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MackeyGlass {
    /// $\beta$, the rate of production.
    pub beta: f64,
    /// $\gamma$, the rate of decay.
    pub gamma: f64,
    /// $n$, the steepness of the feedback.
    pub exponent: f64,
}

impl Default for MackeyGlass {
    /// The usual set 0.2, 0.1, 10.
    fn default() -> Self {
        Self {
            beta: 0.2,
            gamma: 0.1,
            exponent: 10.0,
        }
    }
}

impl MackeyGlass {
    /// The production $\beta x/(1 + x^n)$ that the delayed state `delayed` brings.
    #[inline(always)]
    pub fn production<T: Real>(&self, delayed: T) -> T {
        T::of(self.beta) * delayed / (T::one() + delayed.powf(T::of(self.exponent)))
    }
}

impl<T: Real> DelaySystem<T> for MackeyGlass {
    #[inline(always)]
    fn rhs(&self, _t: T, y: &[T], delayed: &[T], dy: &mut [T]) {
        let (&[x], &[late]) = (y, delayed) else {
            dy.fill(T::of(f64::NAN));
            return;
        };
        if let [rate] = dy {
            *rate = self.production(late) - T::of(self.gamma) * x;
        }
    }
}
