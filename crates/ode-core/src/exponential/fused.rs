use neuropil_math::Real;

use super::{GatedStep, split};
use crate::{Error, Gated};

/// The fused semi-implicit step of liquid time-constant networks, order 1:
///
/// $$y \leftarrow \frac{y + h d}{1 + h r}$$
///
/// with $d$ and $r$ at $(t, y)$: implicit Euler in the leak, explicit in what the leak depends on.
///
/// A liquid cell of capacitance $c$ has drive $(g v + \sum w \sigma E) / c$ and rate
/// $(g + \sum w \sigma) / c$. The constant $\varepsilon$ that the reference implementation adds to
/// its denominator against a division by zero is a leak towards zero: add $\varepsilon / c$ to the
/// rate.
///
/// Source: Hasani et al. (2021), Liquid time-constant networks, AAAI, Algorithm 1.
///
/// ```
/// use neuropil_ode_core::Gated;
/// use neuropil_ode_core::exponential::{FusedStep, GatedStep};
///
/// struct Leak;
/// impl Gated<f64> for Leak {
///     fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
///         (drive[0], rate[0]) = (3.0, 1.0);
///     }
/// }
/// let (mut y, mut workspace) = ([1.0], [0.0; 2]);
/// FusedStep.step(&Leak, 0.0, 1.0, &mut y, &mut workspace)?;
/// assert_eq!(y, [2.0]);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FusedStep;

impl<T: Real> GatedStep<T> for FusedStep {
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
            y[i] = (y[i] + h * drive[i]) / (T::one() + h * rate[i]);
        }
        Ok(())
    }
}

/// The fused step of second order: half a step of [`FusedStep`] gives $y_{1/2}$, and the whole step
/// starts again from $y$ with drive and rate at $(t + h/2, y_{1/2})$:
///
/// $$y \leftarrow \frac{k y + h d}{k + h r}, \qquad k = \max(1 - h r / 2, 0)$$
///
/// For $h r \le 2$ this is the rule of Crank and Nicolson, which treats the leak to second order.
/// Beyond, that rule would overshoot and ring; the bound on $k$ makes the step land on the
/// equilibrium $d / r$ instead, so that the new value never leaves the interval between $y$ and
/// $d / r$. There are no exponentials: a step costs two evaluations and two divisions for each
/// component.
///
/// On a liquid cell of four neurons, six steps to $t = 1$ leave an error of 0.0024; [`FusedStep`]
/// leaves 0.062, and needs some 180 steps to reach the same.
///
/// ```
/// use neuropil_ode_core::Gated;
/// use neuropil_ode_core::exponential::{FusedMidpointStep, GatedStep};
///
/// struct Leak(f64);
/// impl Gated<f64> for Leak {
///     fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
///         (drive[0], rate[0]) = (3.0 * self.0, self.0);
///     }
/// }
/// let (mut y, mut workspace) = ([1.0], [0.0; 3]);
/// FusedMidpointStep.step(&Leak(1.0), 0.0, 1.0, &mut y, &mut workspace)?;
/// assert!((y[0] - 7.0 / 3.0).abs() < 1e-15);
/// // A leak a million times as fast does not ring.
/// FusedMidpointStep.step(&Leak(1e6), 0.0, 1.0, &mut y, &mut workspace)?;
/// assert_eq!(y, [3.0]);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FusedMidpointStep;

impl<T: Real> GatedStep<T> for FusedMidpointStep {
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
            middle[i] = (y[i] + half * drive[i]) / (T::one() + half * rate[i]);
        }
        system.drive_and_rate(t + half, middle, drive, rate);
        for i in 0..n {
            let keep = T::one() - half * rate[i];
            // NaN stays NaN: only a comparison that holds bounds it.
            let keep = if keep < T::zero() { T::zero() } else { keep };
            y[i] = (keep * y[i] + h * drive[i]) / (keep + h * rate[i]);
        }
        Ok(())
    }
}
