use neuropil_math::Real;
use neuropil_math::elementary::scalar::exp;
use rand::Rng;

use super::StochasticSystem;
use crate::exponential::{gain, relax};
use crate::{Error, Gated};

/// Ornstein–Uhlenbeck processes $dX = r (m - X) dt + \sigma dW$, independent for each component:
/// noise with the correlation time $1/r$, as synaptic background has it.
///
/// Given $X(t) = x$, the value $X(t + h)$ is normal with mean $m + (x - m) e^{-h r}$ and variance
/// $\sigma^2 (1 - e^{-2 h r}) / 2 r$; [`advance`](Self::advance) draws from that, for any $h$.
///
/// ```
/// use neuropil_ode_core::sde::OrnsteinUhlenbeck;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let process = OrnsteinUhlenbeck::new(0.0_f64, 1.0, 0.5)?;
/// assert!((process.mean(1.0, 2.0) - (-2.0_f64).exp()).abs() < 1e-15);
/// assert!((process.variance(100.0) - 0.125).abs() < 1e-15);
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut x = [1.0, -1.0];
/// process.advance(0.1, &mut x, &mut rng)?;
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrnsteinUhlenbeck<T> {
    centre: T,
    rate: T,
    diffusion: T,
}

impl<T: Real> OrnsteinUhlenbeck<T> {
    /// The process around `centre` $m$ with `rate` $r$ and `diffusion` $\sigma$.
    ///
    /// # Errors
    /// A value that is not finite, a rate that is not positive, a negative diffusion.
    pub fn new(centre: T, rate: T, diffusion: T) -> Result<Self, Error> {
        let refused = |what, value: T, range| {
            Err(Error::OutOfRange {
                what,
                value: value.to_f64(),
                range,
            })
        };
        if !centre.is_finite() {
            return refused("centre", centre, "must be finite");
        }
        if !(rate > T::zero() && rate.is_finite()) {
            return refused("rate", rate, "must be finite and positive");
        }
        if !(diffusion >= T::zero() && diffusion.is_finite()) {
            return refused("diffusion", diffusion, "must be finite and not negative");
        }
        Ok(Self {
            centre,
            rate,
            diffusion,
        })
    }

    /// The mean after the time `h`, given the value `x` now.
    #[must_use]
    pub fn mean(&self, x: T, h: T) -> T {
        self.centre + (x - self.centre) * exp(-h * self.rate)
    }

    /// The variance after the time `h`, given the value now.
    #[must_use]
    pub fn variance(&self, h: T) -> T {
        self.diffusion * self.diffusion * gain(self.rate + self.rate, h)
    }

    /// The variance in the long run, $\sigma^2 / 2 r$.
    #[must_use]
    pub fn stationary_variance(&self) -> T {
        self.diffusion * self.diffusion / (self.rate + self.rate)
    }

    /// Draws the values after the time `h`, given those in `x`; one normal variate for each.
    ///
    /// # Errors
    /// If `h` is negative or not finite.
    pub fn advance<R: Rng + ?Sized>(&self, h: T, x: &mut [T], rng: &mut R) -> Result<(), Error> {
        if !(h >= T::zero() && h.is_finite()) {
            return Err(Error::OutOfRange {
                what: "time step",
                value: h.to_f64(),
                range: "must be finite and not negative",
            });
        }
        let deviation = self.variance(h).sqrt();
        let drive = self.centre * self.rate;
        for x in x {
            *x = relax(*x, drive, self.rate, h) + deviation * T::standard_normal(rng);
        }
        Ok(())
    }
}

impl<T: Real> StochasticSystem<T> for OrnsteinUhlenbeck<T> {
    fn drift(&self, _t: T, x: &[T], drift: &mut [T]) {
        for (f, &x) in drift.iter_mut().zip(x) {
            *f = self.rate * (self.centre - x);
        }
    }

    fn diffusion(&self, _t: T, _x: &[T], diffusion: &mut [T]) {
        diffusion.fill(self.diffusion);
    }

    fn diffusion_derivative(&self, _t: T, _x: &[T], derivative: &mut [T]) -> bool {
        derivative.fill(T::zero());
        true
    }
}

impl<T: Real> Gated<T> for OrnsteinUhlenbeck<T> {
    fn drive_and_rate(&self, _t: T, _y: &[T], drive: &mut [T], rate: &mut [T]) {
        drive.fill(self.rate * self.centre);
        rate.fill(self.rate);
    }
}
