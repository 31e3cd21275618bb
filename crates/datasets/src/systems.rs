//! The vector fields and maps behind the generators.
//!
//! Each is a function of its parameters and the state, without memory and without time. They hold no
//! solver: integrate them with whatever you like.

use neuropil_math::check_size;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Parameters of [`lorenz63`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lorenz63 {
    /// $\sigma$, the Prandtl number.
    pub sigma: f64,
    /// $\rho$, the Rayleigh number over its critical value.
    pub rho: f64,
    /// $\beta$, the aspect of the cells.
    pub beta: f64,
}

impl Default for Lorenz63 {
    /// The chaotic set of Lorenz: 10, 28, 8/3.
    fn default() -> Self {
        Self {
            sigma: 10.0,
            rho: 28.0,
            beta: 8.0 / 3.0,
        }
    }
}

/// Convection of Lorenz (1963)[^1]:
/// $$\dot x = \sigma (y - x), \quad \dot y = x (\rho - z) - y, \quad \dot z = x y - \beta z.$$
///
/// Its largest Lyapunov exponent is 0.9056 at the default parameters.
///
/// [^1]: E. N. Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20, 130–141, eqs. 25–27.
#[must_use]
#[inline]
pub fn lorenz63(p: &Lorenz63, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [p.sigma * (y - x), x * (p.rho - z) - y, x * y - p.beta * z]
}

/// Parameters of [`double_scroll`], in the units of the circuit made dimensionless.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoubleScroll {
    /// $R_1$, the magnitude of the negative resistance.
    pub r1: f64,
    /// $R_2$, the resistance beside the diodes.
    pub r2: f64,
    /// $R_4$, the resistance of the inductor.
    pub r4: f64,
    /// $\alpha$, the steepness of the diodes.
    pub alpha: f64,
    /// $I_r$, their reverse current.
    pub reverse_current: f64,
}

impl Default for DoubleScroll {
    /// The set of Gauthier et al. (2021).
    fn default() -> Self {
        Self {
            r1: 1.2,
            r2: 3.44,
            r4: 0.193,
            alpha: 11.6,
            reverse_current: 2.25e-5,
        }
    }
}

/// The double-scroll electronic circuit, as in Gauthier et al. (2021)[^1]:
/// $$\dot V_1 = V_1/R_1 - g, \quad \dot V_2 = g - I, \quad \dot I = V_2 - R_4 I,$$
/// $$g = \Delta V/R_2 + 2 I_r \sinh(\alpha \Delta V), \quad \Delta V = V_1 - V_2.$$
///
/// Its Lyapunov time is 7.8125 at the default parameters.
///
/// [^1]: D. J. Gauthier, E. Bollt, A. Griffith, W. A. S. Barbosa (2021), Next generation reservoir
///     computing, Nat. Commun. 12, 5564.
#[must_use]
#[inline]
pub fn double_scroll(p: &DoubleScroll, [v1, v2, i]: [f64; 3]) -> [f64; 3] {
    let dv = v1 - v2;
    let g = dv / p.r2 + 2.0 * p.reverse_current * (p.alpha * dv).sinh();
    [v1 / p.r1 - g, g - i, v2 - p.r4 * i]
}

/// Parameters of [`rossler`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rossler {
    /// $a$, the rate of the spiral.
    pub a: f64,
    /// $b$, the source of $z$.
    pub b: f64,
    /// $c$, the threshold of $x$ at which $z$ grows.
    pub c: f64,
}

impl Default for Rossler {
    /// The chaotic set 0.2, 0.2, 5.7.
    fn default() -> Self {
        Self {
            a: 0.2,
            b: 0.2,
            c: 5.7,
        }
    }
}

/// The band of Rössler (1976)[^1]:
/// $$\dot x = -y - z, \quad \dot y = x + a y, \quad \dot z = b + z (x - c).$$
///
/// [^1]: O. E. Rössler (1976), An equation for continuous chaos, Phys. Lett. A 57, 397–398.
#[must_use]
#[inline]
pub fn rossler(p: &Rossler, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [-y - z, x + p.a * y, p.b + z * (x - p.c)]
}

/// The ring of Lorenz (1996)[^1] with forcing $F$; indices wrap around:
/// $$\dot x_i = (x_{i+1} - x_{i-2})\ x_{i-1} - x_i + F.$$
///
/// Writes the rates of `x` into `rates`.
///
/// [^1]: E. N. Lorenz (1996), Predictability: a problem partly solved, ECMWF seminar, eq. 1.
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
    lorenz96_unchecked(forcing, x, rates);
    Ok(())
}

pub(crate) fn lorenz96_unchecked(forcing: f64, x: &[f64], rates: &mut [f64]) {
    let n = x.len();
    for i in 0..n {
        let before = x[(i + n - 1) % n];
        rates[i] = (x[(i + 1) % n] - x[(i + n - 2) % n]) * before - x[i] + forcing;
    }
}

/// Parameters of [`mackey_glass`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MackeyGlass {
    /// $\beta$, the rate of production.
    pub beta: f64,
    /// $\gamma$, the rate of decay.
    pub gamma: f64,
    /// $n$, the steepness of the feedback.
    pub exponent: f64,
}

impl Default for MackeyGlass {
    /// The usual set 0.2, 0.1, 10, chaotic from a delay of about 16.8.
    fn default() -> Self {
        Self {
            beta: 0.2,
            gamma: 0.1,
            exponent: 10.0,
        }
    }
}

/// Regulation of blood cells by Mackey and Glass (1977)[^1], with $x_\tau = x(t - \tau)$:
/// $$\dot x = \frac{\beta x_\tau}{1 + x_\tau^n} - \gamma x.$$
///
/// [^1]: M. C. Mackey, L. Glass (1977), Oscillation and chaos in physiological control systems,
///     Science 197, 287–289, eq. 4b.
#[must_use]
#[inline]
pub fn mackey_glass(p: &MackeyGlass, x: f64, delayed: f64) -> f64 {
    production(p, delayed) - p.gamma * x
}

#[inline]
pub(crate) fn production(p: &MackeyGlass, delayed: f64) -> f64 {
    p.beta * delayed / (1.0 + delayed.powf(p.exponent))
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
