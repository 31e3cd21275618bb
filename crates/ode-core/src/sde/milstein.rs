use neuropil_math::Real;

use super::{Increments, StochasticMethod, StochasticStep, StochasticSystem, check_increments};
use crate::Error;
use crate::exponential::split;

/// Milstein's method for diagonal noise:
///
/// $$X_i \leftarrow X_i + h f_i + g_i \Delta W_i + \tfrac 1 2 g_i g_i' (\Delta W_i^2 - h)$$
///
/// Strong order 1, if $g_i$ depends on $t$ and $X_i$ alone. Without a
/// [derivative](StochasticSystem::diffusion_derivative) the product $g_i g_i'$ is replaced by the
/// difference $(g_i(t, X + h f + g \sqrt h) - g_i(t, X)) / \sqrt h$, of the same order.
///
/// Source: Kloeden & Platen (1992), sections 10.3 and 11.1.
///
/// ```
/// use neuropil_ode_core::sde::{Increments, MilsteinStep, StochasticStep, StochasticSystem};
///
/// struct Growth;
/// impl StochasticSystem<f64> for Growth {
///     fn drift(&self, _t: f64, _x: &[f64], drift: &mut [f64]) {
///         drift[0] = 0.0;
///     }
///     fn diffusion(&self, _t: f64, x: &[f64], diffusion: &mut [f64]) {
///         diffusion[0] = x[0];
///     }
/// }
/// let (mut x, mut workspace) = ([1.0], [0.0; 4]);
/// let noise = Increments { motion: &[0.5], integral: &[] };
/// MilsteinStep.step(&Growth, 0.0, 0.25, &mut x, noise, &mut workspace)?;
/// assert_eq!(x, [1.5]);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MilsteinStep;

impl StochasticMethod for MilsteinStep {
    const STRONG_ORDER: Option<f64> = Some(1.0);
    const ADDITIVE_ORDER: f64 = 1.0;
    const WORKSPACE: usize = 4;
    const INTEGRAL: bool = false;
}

impl<T: Real, S: StochasticSystem<T> + ?Sized> StochasticStep<T, S> for MilsteinStep {
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
        let [f, g, product, shifted] = split(workspace, n)?;
        system.drift(t, x, f);
        system.diffusion(t, x, g);
        if system.diffusion_derivative(t, x, product) {
            for i in 0..n {
                product[i] *= g[i];
            }
        } else {
            let root = h.sqrt();
            for i in 0..n {
                shifted[i] = x[i] + (h * f[i] + g[i] * root);
            }
            system.diffusion(t, shifted, product);
            for i in 0..n {
                product[i] = (product[i] - g[i]) / root;
            }
        }
        let half = T::of(0.5);
        for i in 0..n {
            let w = noise.motion[i];
            x[i] += h * f[i] + g[i] * w + half * product[i] * (w * w - h);
        }
        Ok(())
    }
}
