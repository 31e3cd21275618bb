use neuropil_math::Real;

use crate::{Gated, System};

/// A system with parameters and exact local derivatives.
///
/// With the Jacobians $J = \partial f / \partial y$ and $F = \partial f / \partial p$ at $(t, y)$ it
/// knows their products from both sides, which cost about as much as $f$ itself.
/// [`WithParameters`](super::WithParameters) makes one from a right-hand side alone, or from
/// matrices.
///
/// ```
/// use neuropil_ode_core::System;
/// use neuropil_ode_core::sensitivity::Differentiable;
///
/// /// y' = -p y.
/// struct Decay(f64);
/// impl System<f64> for Decay {
///     fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
///         dy[0] = -self.0 * y[0];
///     }
/// }
/// impl Differentiable<f64> for Decay {
///     fn parameters(&self) -> usize {
///         1
///     }
///     fn jvp(&self, _t: f64, y: &[f64], dy: &[f64], dp: &[f64], out: &mut [f64]) {
///         out[0] = -self.0 * dy[0] - dp[0] * y[0];
///     }
///     fn vjp(&self, _t: f64, y: &[f64], cotangent: &[f64], grad_y: &mut [f64], grad_p: &mut [f64]) {
///         grad_y[0] -= self.0 * cotangent[0];
///         grad_p[0] -= y[0] * cotangent[0];
///     }
/// }
/// ```
pub trait Differentiable<T: Real>: System<T> {
    /// The number of parameters; zero if only the initial state matters.
    fn parameters(&self) -> usize;

    /// Writes $J \dot y + F \dot p$ into `out`, for a direction `dy` of the state and one, `dp`, of the
    /// parameters.
    fn jvp(&self, t: T, y: &[T], dy: &[T], dp: &[T], out: &mut [T]);

    /// Adds $J^\top \lambda$ to `grad_y` and $F^\top \lambda$ to `grad_p`, for the `cotangent` $\lambda$.
    fn vjp(&self, t: T, y: &[T], cotangent: &[T], grad_y: &mut [T], grad_p: &mut [T]);
}

/// A gated system with parameters and exact local derivatives of its drive and its rate.
pub trait DifferentiableGated<T: Real>: Gated<T> {
    /// The number of parameters.
    fn parameters(&self) -> usize;

    /// Adds, with the cotangents $\bar d$ of the drive and $\bar r$ of the rate,
    /// $(\partial d / \partial y)^\top \bar d + (\partial r / \partial y)^\top \bar r$ to `grad_y` and
    /// the same with the derivatives by the parameters to `grad_p`.
    fn vjp(
        &self,
        t: T,
        y: &[T],
        drive_cotangent: &[T],
        rate_cotangent: &[T],
        grad_y: &mut [T],
        grad_p: &mut [T],
    );
}
