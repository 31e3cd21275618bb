//! The vector fields and maps behind the generators.
//!
//! The flows are those of [`neuropil_ode_core::systems`], which has solvers for them; here each is also
//! a function of its parameters and the state, without memory and without time.

use neuropil_math::check_size;
use neuropil_ode_core::System;
use serde::{Deserialize, Serialize};

use crate::Error;

pub use neuropil_ode_core::systems::{DoubleScroll, Lorenz63, Lorenz96, MackeyGlass, Rossler};

/// The rates of a system of three variables.
#[inline(always)]
fn rates(system: &impl System<f64>, x: [f64; 3]) -> [f64; 3] {
    let mut rates = [0.0; 3];
    system.rhs(0.0, &x, &mut rates);
    rates
}

/// The rates of [`Lorenz63`].
#[must_use]
#[inline]
pub fn lorenz63(p: &Lorenz63, state: [f64; 3]) -> [f64; 3] {
    rates(p, state)
}

/// The rates of [`DoubleScroll`], state $(V_1, V_2, I)$.
#[must_use]
#[inline]
pub fn double_scroll(p: &DoubleScroll, state: [f64; 3]) -> [f64; 3] {
    rates(p, state)
}

/// The rates of [`Rossler`].
#[must_use]
#[inline]
pub fn rossler(p: &Rossler, state: [f64; 3]) -> [f64; 3] {
    rates(p, state)
}

/// Writes the rates of [`Lorenz96`] with this forcing into `rates`.
///
/// # Errors
/// If `x` has fewer than 4 variables or `rates` another number of them.
pub fn lorenz96(forcing: f64, x: &[f64], rates: &mut [f64]) -> Result<(), Error> {
    if x.len() < 4 {
        return Err(Error::out_of_range(
            "the number of variables of Lorenz96",
            x.len() as f64,
            "must be at least 4",
        ));
    }
    check_size("rates of Lorenz96", x.len(), rates.len())?;
    Lorenz96 { forcing }.rhs(0.0, x, rates);
    Ok(())
}

/// The rate of [`MackeyGlass`] at the state `x`, with the state one delay ago.
#[must_use]
#[inline]
pub fn mackey_glass(p: &MackeyGlass, x: f64, delayed: f64) -> f64 {
    p.production(delayed) - p.gamma * x
}

/// Parameters of [`henon`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Henon {
    /// $a$, the strength of the fold.
    pub a: f64,
    /// $b$, the contraction of areas.
    pub b: f64,
}

impl Default for Henon {
    /// The chaotic set of Hénon: 1.4, 0.3.
    fn default() -> Self {
        Self { a: 1.4, b: 0.3 }
    }
}

/// One step of the map of Hénon (1976)[^1]: $x' = 1 - a x^2 + y$, $y' = b x$.
///
/// [^1]: M. Hénon (1976), A two-dimensional mapping with a strange attractor, Commun. Math. Phys. 50,
///     69–77, eq. 4.
#[must_use]
#[inline]
pub fn henon(p: &Henon, [x, y]: [f64; 2]) -> [f64; 2] {
    [1.0 - p.a * x * x + y, p.b * x]
}
