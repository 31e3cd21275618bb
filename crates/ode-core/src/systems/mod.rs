//! The systems that this field, and the literature of solvers, integrate again and again.
//!
//! Each is a plain set of parameters whose `Default` is that of the literature, with its right-hand
//! side, its Jacobian, and where there is a customary one its `INITIAL` state.
//!
//! | what | systems |
//! | --- | --- |
//! | chaos | [`Lorenz63`], [`Lorenz96`], [`Rossler`], [`DoubleScroll`], [`KuramotoSivashinsky`], [`MackeyGlass`] (delayed) |
//! | relaxation oscillators | [`VanDerPol`], [`FitzHughNagumo`] |
//! | neurons that reset | [`LeakyIntegrateAndFire`], [`QuadraticIntegrateAndFire`], [`Izhikevich`], [`AdaptiveExponential`] |
//! | neurons with conductances | [`HodgkinHuxley`], [`LiquidCell`] |
//! | tests of solvers | [`Arenstorf`], [`Pleiades`], [`Hires`], [`Robertson`] |
//!
//! ```
//! use neuropil_ode_core::System;
//! use neuropil_ode_core::systems::Lorenz63;
//!
//! let mut rates = [0.0; 3];
//! Lorenz63::default().rhs(0.0, &[1.0, 1.0, 1.0], &mut rates);
//! assert_eq!(rates[1], 26.0);
//! ```
//!
//! A state of another length than the system has makes rates that are NaN, which solvers refuse.

pub use celestial::{Arenstorf, Pleiades};
pub use flows::{DoubleScroll, Lorenz63, Lorenz96, Rossler};
pub use hodgkin_huxley::HodgkinHuxley;
pub use integrate_and_fire::{
    AdaptiveExponential, Izhikevich, LeakyIntegrateAndFire, QuadraticIntegrateAndFire,
};
pub use kinetics::{Hires, Robertson};
pub use kuramoto_sivashinsky::KuramotoSivashinsky;
pub use liquid_cell::LiquidCell;
pub use mackey_glass::MackeyGlass;
pub use oscillators::{FitzHughNagumo, VanDerPol};

mod celestial;
mod flows;
mod hodgkin_huxley;
mod integrate_and_fire;
mod kinetics;
mod kuramoto_sivashinsky;
mod liquid_cell;
mod mackey_glass;
mod oscillators;

use neuropil_math::Real;

/// Both slices as arrays, or NaN for every rate if one has another length.
#[inline(always)]
fn sized<'a, T: Real, const N: usize>(
    y: &'a [T],
    dy: &'a mut [T],
) -> Option<(&'a [T; N], &'a mut [T; N])> {
    if y.len() != N || dy.len() != N {
        dy.fill(T::of(f64::NAN));
        return None;
    }
    Some((y.try_into().ok()?, dy.try_into().ok()?))
}

/// `System` for a type with `rates(y, dy)` and `partials(y, columns)` on arrays of a fixed length.
macro_rules! autonomous {
    ($name:ty, $n:literal) => {
        impl<T: neuropil_math::Real> $crate::System<T> for $name {
            #[inline(always)]
            fn rhs(&self, _t: T, y: &[T], dy: &mut [T]) {
                if let Some((y, dy)) = $crate::systems::sized::<T, $n>(y, dy) {
                    self.rates(y, dy);
                }
            }

            fn jacobian(&self, _t: T, y: &[T], jacobian: &mut [T]) -> bool {
                let (columns, _) = jacobian.as_chunks_mut::<$n>();
                let (Ok(y), Ok(columns)) = (y.try_into(), columns.try_into()) else {
                    return false;
                };
                self.partials(y, columns);
                true
            }

            fn time_derivative(&self, _t: T, _y: &[T], dt: &mut [T]) -> bool {
                dt.fill(T::zero());
                true
            }
        }
    };
}
use autonomous;
