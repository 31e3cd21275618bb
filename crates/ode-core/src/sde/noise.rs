use neuropil_math::Real;
use rand::Rng;

use crate::Error;
use crate::exponential::check_length;

/// What a step from $t$ to $t + h$ sees of the Brownian motion, for each component.
#[derive(Debug, Clone, Copy)]
pub struct Increments<'a, T> {
    /// $\Delta W = W(t + h) - W(t)$, of variance $h$.
    pub motion: &'a [T],
    /// $I_{(1,0)} = \int_t^{t+h} (W(s) - W(t)) ds$, of variance $h^3/3$ and covariance $h^2/2$ with
    /// $\Delta W$. Empty where no method asks for it.
    pub integral: &'a [T],
}

/// Where the increments of consecutive steps come from.
pub trait Noise<T: Real> {
    /// Writes the increments of the step from `t` to `t + h`; `integral` is empty if it is not
    /// needed.
    ///
    /// # Errors
    /// If this noise has another number of components, or does not know this step.
    fn fill(&mut self, t: T, h: T, motion: &mut [T], integral: &mut [T]) -> Result<(), Error>;
}

/// Increments drawn from a generator: for each step the normal variates of all $\Delta W_i$, then, if
/// asked for, those that the integrals need besides.
///
/// ```
/// use neuropil_ode_core::sde::{Drawn, Noise};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut motion = [0.0_f64; 3];
/// Drawn(&mut rng).fill(0.0, 0.01, &mut motion, &mut [])?;
/// assert!(motion.iter().all(|w| w.abs() < 1.0));
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Drawn<'a, R: ?Sized>(
    /// The generator.
    pub &'a mut R,
);

impl<T: Real, R: Rng + ?Sized> Noise<T> for Drawn<'_, R> {
    #[inline]
    fn fill(&mut self, _t: T, h: T, motion: &mut [T], integral: &mut [T]) -> Result<(), Error> {
        if !integral.is_empty() {
            check_length("integrals of increments", motion.len(), integral.len())?;
        }
        let root = h.sqrt();
        for w in motion.iter_mut() {
            *w = root * T::standard_normal(self.0);
        }
        // I = h (ΔW / 2 + H), where H = √(h/12) ξ is independent of ΔW.
        let deviation = (h / T::of(12.0)).sqrt();
        for (z, &w) in integral.iter_mut().zip(motion.iter()) {
            *z = h * (w * T::of(0.5) + deviation * T::standard_normal(self.0));
        }
        Ok(())
    }
}
