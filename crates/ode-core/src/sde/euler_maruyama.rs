use neuropil_math::Real;

use super::{Increments, StochasticMethod, StochasticStep, StochasticSystem, check_increments};
use crate::Error;
use crate::exponential::split;

/// Euler–Maruyama:
///
/// $$X \leftarrow X + h f + g \Delta W$$
///
/// Strong order 1/2, and 1 if the noise is additive; weak order 1.
///
/// ```
/// use neuropil_ode_core::sde::{EulerMaruyamaStep, Increments, StochasticStep, StochasticSystem};
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
/// let (mut x, mut workspace) = ([1.0], [0.0; 2]);
/// let noise = Increments { motion: &[0.25], integral: &[] };
/// EulerMaruyamaStep.step(&Decay, 0.0, 0.5, &mut x, noise, &mut workspace)?;
/// assert_eq!(x, [1.0]);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EulerMaruyamaStep;

impl StochasticMethod for EulerMaruyamaStep {
    const STRONG_ORDER: Option<f64> = Some(0.5);
    const ADDITIVE_ORDER: f64 = 1.0;
    const WORKSPACE: usize = 2;
    const INTEGRAL: bool = false;
}

impl<T: Real, S: StochasticSystem<T> + ?Sized> StochasticStep<T, S> for EulerMaruyamaStep {
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
        check_increments(n, noise, false)?;
        let [f, g] = split(workspace, n)?;
        system.drift(t, x, f);
        system.diffusion(t, x, g);
        for i in 0..n {
            x[i] += h * f[i] + g[i] * noise.motion[i];
        }
        Ok(())
    }
}
