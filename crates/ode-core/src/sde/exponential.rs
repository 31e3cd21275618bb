use neuropil_math::Real;

use super::{Increments, StochasticMethod, StochasticStep, StochasticSystem, check_increments};
use crate::exponential::{gain, relax, split};
use crate::{Error, Gated};

/// Exponential Euler with noise, for systems that are also [`Gated`], $dX = (d - r X) dt + g dW$:
///
/// $$X \leftarrow X + \frac{1 - e^{-h r}}{r} (d - r X) + g \sqrt{\frac{1 - e^{-2 h r}}{2 h r}} \Delta W$$
///
/// With constant $d$, $r$ and $g$, an Ornstein–Uhlenbeck process, the distribution of the values is
/// exact for any step; so is the stationary variance $g^2 / 2 r$. On a given Brownian path the strong
/// order is 1 for additive noise, and 1/2 otherwise.
///
/// Source: Gillespie (1996), Exact numerical simulation of the Ornstein–Uhlenbeck process and its
/// integral, Phys. Rev. E 54, 2084–2091.
///
/// ```
/// use neuropil_ode_core::sde::{Drawn, ExponentialMaruyamaStep, OrnsteinUhlenbeck, SamplePath};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let process = OrnsteinUhlenbeck::new(0.0, 1.0, 0.5)?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut path = SamplePath::new(ExponentialMaruyamaStep, 1);
/// let mut x = [1.0_f64];
/// path.run(&process, 0.0, 100.0, 50, &mut x, &mut Drawn(&mut rng))?;
/// // Four stationary deviations.
/// assert!(x[0].abs() < 4.0 * 0.125_f64.sqrt());
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExponentialMaruyamaStep;

impl StochasticMethod for ExponentialMaruyamaStep {
    const STRONG_ORDER: Option<f64> = Some(0.5);
    const ADDITIVE_ORDER: f64 = 1.0;
    const WORKSPACE: usize = 3;
    const INTEGRAL: bool = false;
}

impl<T: Real, S: StochasticSystem<T> + Gated<T> + ?Sized> StochasticStep<T, S>
    for ExponentialMaruyamaStep
{
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
        let [drive, rate, g] = split(workspace, n)?;
        system.drive_and_rate(t, x, drive, rate);
        system.diffusion(t, x, g);
        let two = T::of(2.0);
        for i in 0..n {
            // The variance of the noise that is left of the step, over that of ΔW.
            let damping = (gain(two * rate[i], h) / h).sqrt();
            x[i] = relax(x[i], drive[i], rate[i], h) + g[i] * damping * noise.motion[i];
        }
        Ok(())
    }
}
