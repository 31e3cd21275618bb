use neuropil_math::Real;

use super::{Increments, StochasticMethod, StochasticStep, StochasticSystem, check_increments};
use crate::Error;
use crate::exponential::split;

/// SRA1, a stochastic Runge–Kutta method for additive noise, $g = g(t)$:
///
/// $$H = X + \tfrac 3 4 h f(t, X) + \tfrac 3 2 g(t + h) I / h$$
/// $$X \leftarrow X + h (\tfrac 1 3 f(t, X) + \tfrac 2 3 f(t + \tfrac 3 4 h, H)) + g(t + h) \Delta W
/// + (g(t) - g(t + h)) I / h$$
///
/// with $I = \int (W(s) - W(t)) ds$ over the step. Strong order 3/2, and 2 if the drift is linear. Where
/// the diffusion does depend on the state, the result is wrong, not merely less accurate.
///
/// Source: Rößler (2010), Runge–Kutta methods for the strong approximation of solutions of stochastic
/// differential equations, SIAM J. Numer. Anal. 48, 922–952, scheme SRA1.
///
/// ```
/// use neuropil_ode_core::sde::{Increments, Sra1Step, StochasticStep, StochasticSystem};
///
/// struct Decay;
/// impl StochasticSystem<f64> for Decay {
///     fn drift(&self, _t: f64, x: &[f64], drift: &mut [f64]) {
///         drift[0] = -x[0];
///     }
///     fn diffusion(&self, _t: f64, _x: &[f64], diffusion: &mut [f64]) {
///         diffusion[0] = 2.0;
///     }
/// }
/// let (mut x, mut workspace) = ([1.0], [0.0; 4]);
/// let noise = Increments { motion: &[0.25], integral: &[0.0625] };
/// Sra1Step.step(&Decay, 0.0, 0.5, &mut x, noise, &mut workspace)?;
/// // x (1 - h + h²/2) + 2 (ΔW - I)
/// assert!((x[0] - (0.625 + 2.0 * (0.25 - 0.0625))).abs() < 1e-15);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sra1Step;

impl StochasticMethod for Sra1Step {
    const STRONG_ORDER: Option<f64> = None;
    const ADDITIVE_ORDER: f64 = 1.5;
    const WORKSPACE: usize = 4;
    const INTEGRAL: bool = true;
}

impl<T: Real, S: StochasticSystem<T> + ?Sized> StochasticStep<T, S> for Sra1Step {
    #[inline]
    fn step(
        &self,
        system: &S,
        t: T,
        h: T,
        x: &mut [T],
        noise: Increments<'_, T>,
        workspace: &mut [T],
    ) -> Result<(), Error> {
        let n = x.len();
        check_increments(n, noise, true)?;
        let [f, stage, before, after] = split(workspace, n)?;
        let third = T::of(1.0 / 3.0);
        let (c, b) = (T::of(0.75), T::of(1.5));
        system.diffusion(t, x, before);
        system.diffusion(t + h, x, after);
        system.drift(t, x, f);
        for i in 0..n {
            let mean = noise.integral[i] / h;
            stage[i] = x[i] + (c * h * f[i] + b * after[i] * mean);
            let random = after[i] * noise.motion[i] + (before[i] - after[i]) * mean;
            x[i] += third * h * f[i] + random;
        }
        system.drift(t + c * h, stage, f);
        let weight = T::of(2.0) * third * h;
        for i in 0..n {
            x[i] += weight * f[i];
        }
        Ok(())
    }
}
