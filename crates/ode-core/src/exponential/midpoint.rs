use neuropil_math::Real;

use super::euler::relax;
use super::{GatedStep, split};
use crate::{Error, Gated};

/// Exponential midpoint, order 2: half a step of exponential Euler gives $y_{1/2}$, and the whole step
/// starts again from $y$ with drive and rate at $(t + h/2, y_{1/2})$:
///
/// $$y \leftarrow y + \frac{1 - e^{-h r}}{r} (d - r y)$$
///
/// ```
/// use neuropil_ode_core::Gated;
/// use neuropil_ode_core::exponential::{ExponentialMidpointStep, GatedStep};
///
/// /// Logistic growth, y' = y - y², as a gate with drive y and rate y.
/// struct Logistic;
/// impl Gated<f64> for Logistic {
///     fn drive_and_rate(&self, _t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
///         (drive[0], rate[0]) = (y[0], y[0]);
///     }
/// }
/// let (mut y, mut workspace) = ([0.5], [0.0; 3]);
/// for i in 0..100 {
///     let t = f64::from(i) * 0.01;
///     ExponentialMidpointStep.step(&Logistic, t, 0.01, &mut y, &mut workspace)?;
/// }
/// assert!((y[0] - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-5);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExponentialMidpointStep;

impl<T: Real> GatedStep<T> for ExponentialMidpointStep {
    const ORDER: u32 = 2;
    const WORKSPACE: usize = 3;

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
        let half = h * T::of(0.5);
        let [drive, rate, middle] = split(workspace, n)?;
        system.drive_and_rate(t, y, drive, rate);
        for i in 0..n {
            middle[i] = relax(y[i], drive[i], rate[i], half);
        }
        system.drive_and_rate(t + half, middle, drive, rate);
        for i in 0..n {
            y[i] = relax(y[i], drive[i], rate[i], h);
        }
        Ok(())
    }
}
