//! Delay differential equations with constant delays,
//! $$\dot y(t) = f(t, y(t), y(t - \tau_1), \dots, y(t - \tau_m)), \quad
//! y(t) = \varphi(t) \text{ for } t < t_0, \quad y(t_0) = y_0.$$
//!
//! | solver | for |
//! | --- | --- |
//! | [`DelayRk4`] | delays that are multiples of one step; the least work per step, order 4 |
//! | [`DelaySolver`] | any delays, to a tolerance, with the order of any adaptive method |
//!
//! The solution is not smooth: where the history meets the solution its derivative jumps, and each
//! delay carries the jump on, one derivative higher every time. A step across such a point loses the
//! order of its method; both solvers end their steps there.
//!
//! # Limits
//! Delays that depend on time or state, and those in the derivative (neutral equations), have no
//! solver here. No step is longer than the shortest delay.

pub use fixed::DelayRk4;
pub use solver::DelaySolver;
pub use system::DelaySystem;

mod breakpoints;
mod fixed;
mod past;
mod solver;
mod system;

use neuropil_math::Real;

use crate::Error;

/// Refuses an empty list and delays that are not positive and finite; the shortest and the longest.
fn check_delays<T: Real>(delays: &[T]) -> Result<(T, T), Error> {
    let Some(&first) = delays.first() else {
        return Err(Error::OutOfRange {
            what: "the number of delays",
            value: 0.0,
            range: "must be positive",
        });
    };
    let (mut shortest, mut longest) = (first, first);
    for &delay in delays {
        if !(delay > T::zero() && delay.is_finite()) {
            return Err(Error::OutOfRange {
                what: "a delay",
                value: delay.to_f64(),
                range: "must be positive and finite",
            });
        }
        if delay < shortest {
            shortest = delay;
        }
        if delay > longest {
            longest = delay;
        }
    }
    Ok((shortest, longest))
}

fn check_finite<T: Real>(what: &'static str, t: T, y: &[T]) -> Result<(), Error> {
    match y.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(component) => Err(Error::NonFinite {
            what,
            t: t.to_f64(),
            component,
        }),
    }
}
