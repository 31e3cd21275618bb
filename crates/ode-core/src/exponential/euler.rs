use neuropil_math::Real;
use neuropil_math::elementary::scalar::{exp_m1, ln_1p};

use super::{GatedStep, split};
use crate::{Error, Gated};

/// Exponential Euler, order 1:
///
/// $$y \leftarrow y + \frac{1 - e^{-h r}}{r} (d - r y)$$
///
/// with $d$ and $r$ at $(t, y)$. Exact, up to rounding, if both are constant; explicit Euler where
/// $r = 0$.
///
/// ```
/// use neuropil_ode_core::Gated;
/// use neuropil_ode_core::exponential::{ExponentialEulerStep, GatedStep};
///
/// struct Leak;
/// impl Gated<f64> for Leak {
///     fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
///         (drive[0], rate[0]) = (0.0, 2.0);
///     }
/// }
/// let (mut y, mut workspace) = ([1.0], [0.0; 2]);
/// ExponentialEulerStep.step(&Leak, 0.0, 0.5, &mut y, &mut workspace)?;
/// assert!((y[0] - (-1.0_f64).exp()).abs() < 1e-15);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExponentialEulerStep;

impl<T: Real> GatedStep<T> for ExponentialEulerStep {
    const ORDER: u32 = 1;
    const WORKSPACE: usize = 2;

    #[inline]
    fn step<G: Gated<T> + ?Sized>(
        &self,
        system: &G,
        t: T,
        h: T,
        y: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error> {
        let n = y.len();
        let [drive, rate] = split(workspace, n)?;
        system.drive_and_rate(t, y, drive, rate);
        for i in 0..n {
            y[i] = relax(y[i], drive[i], rate[i], h);
        }
        Ok(())
    }
}

/// The solution after `h` of a leak with constant drive and rate.
///
/// The increment is scaled, rather than the two ends weighted, so that no digit of `y` is lost for
/// small `h`.
#[inline(always)]
pub(crate) fn relax<T: Real>(y: T, drive: T, rate: T, h: T) -> T {
    y + (drive - rate * y) * gain(rate, h)
}

/// $(1 - e^{-h r}) / r$, which is $h$ for $r = 0$.
#[inline(always)]
pub(crate) fn gain<T: Real>(rate: T, h: T) -> T {
    let x = h * rate;
    // Below this the second term of the series, -x/2, is lost to rounding; and the quotient would
    // be wrong where the product underflows.
    if x < T::EPSILON && -x < T::EPSILON {
        h
    } else {
        -exp_m1(-x) / rate
    }
}

/// When a leak with constant drive and rate, now at `y`, reaches `threshold`: the spike time of an
/// integrate-and-fire neuron in closed form,
///
/// $$\frac 1 r \ln\left(1 + \frac{r (\theta - y)}{d - r \theta}\right)$$
///
/// Nothing if it never does, now included in the time to come.
///
/// ```
/// use neuropil_ode_core::exponential::crossing_time;
///
/// // 20 ms, towards -45 mV, from -65 mV to -50 mV.
/// let t = crossing_time(-65.0, -45.0 / 20.0, 1.0 / 20.0, -50.0);
/// assert!((t.unwrap() - 20.0 * 4.0_f64.ln()).abs() < 1e-13);
/// // The equilibrium itself is never reached.
/// assert_eq!(crossing_time(-65.0, -45.0 / 20.0, 1.0 / 20.0, -40.0), None);
/// ```
#[must_use]
pub fn crossing_time<T: Real>(y: T, drive: T, rate: T, threshold: T) -> Option<T> {
    let gap = threshold - y;
    if gap == T::zero() {
        return Some(gap);
    }
    // The speed at the threshold.
    let speed = drive - rate * threshold;
    let x = rate * gap / speed;
    let t = if x < T::EPSILON && -x < T::EPSILON {
        gap / speed
    } else {
        ln_1p(x) / rate
    };
    (t >= T::zero() && t.is_finite()).then_some(t)
}
