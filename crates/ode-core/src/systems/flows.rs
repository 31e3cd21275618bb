use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use super::autonomous;
use crate::System;

/// Convection of Lorenz (1963)[^1]:
/// $$\dot x = \sigma (y - x), \quad \dot y = x (\rho - z) - y, \quad \dot z = x y - \beta z.$$
///
/// Its largest Lyapunov exponent is 0.9056 at the default parameters.
///
/// [^1]: E. N. Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20, 130–141, eqs. 25–27.
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

impl Lorenz63 {
    #[inline(always)]
    fn rates<T: Real>(&self, &[x, y, z]: &[T; 3], dy: &mut [T; 3]) {
        let [sigma, rho, beta] = [self.sigma, self.rho, self.beta].map(T::of);
        *dy = [sigma * (y - x), x * (rho - z) - y, x * y - beta * z];
    }

    fn partials<T: Real>(&self, &[x, y, z]: &[T; 3], columns: &mut [[T; 3]; 3]) {
        let [sigma, rho, beta] = [self.sigma, self.rho, self.beta].map(T::of);
        *columns = [
            [-sigma, rho - z, y],
            [sigma, -T::one(), x],
            [T::zero(), -x, -beta],
        ];
    }
}

autonomous!(Lorenz63, 3);

/// The band of Rössler (1976)[^1]:
/// $$\dot x = -y - z, \quad \dot y = x + a y, \quad \dot z = b + z (x - c).$$
///
/// [^1]: O. E. Rössler (1976), An equation for continuous chaos, Phys. Lett. A 57, 397–398.
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

impl Rossler {
    #[inline(always)]
    fn rates<T: Real>(&self, &[x, y, z]: &[T; 3], dy: &mut [T; 3]) {
        let [a, b, c] = [self.a, self.b, self.c].map(T::of);
        *dy = [-y - z, x + a * y, b + z * (x - c)];
    }

    fn partials<T: Real>(&self, &[x, _, z]: &[T; 3], columns: &mut [[T; 3]; 3]) {
        let (zero, one) = (T::zero(), T::one());
        *columns = [
            [zero, one, z],
            [-one, T::of(self.a), zero],
            [-one, zero, x - T::of(self.c)],
        ];
    }
}

autonomous!(Rossler, 3);

/// The double-scroll electronic circuit made dimensionless, as in Gauthier et al. (2021)[^1], state
/// $(V_1, V_2, I)$:
/// $$\dot V_1 = V_1/R_1 - g, \quad \dot V_2 = g - I, \quad \dot I = V_2 - R_4 I,$$
/// $$g = \Delta V/R_2 + 2 I_r \sinh(\alpha \Delta V), \quad \Delta V = V_1 - V_2.$$
///
/// Its Lyapunov time is 7.8125 at the default parameters.
///
/// [^1]: D. J. Gauthier, E. Bollt, A. Griffith, W. A. S. Barbosa (2021), Next generation reservoir
///     computing, Nat. Commun. 12, 5564.
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

impl DoubleScroll {
    #[inline(always)]
    fn rates<T: Real>(&self, &[v1, v2, i]: &[T; 3], dy: &mut [T; 3]) {
        let dv = v1 - v2;
        let diodes = T::of(2.0 * self.reverse_current) * (T::of(self.alpha) * dv).sinh();
        let g = dv / T::of(self.r2) + diodes;
        *dy = [v1 / T::of(self.r1) - g, g - i, v2 - T::of(self.r4) * i];
    }

    fn partials<T: Real>(&self, &[v1, v2, _]: &[T; 3], columns: &mut [[T; 3]; 3]) {
        let (zero, one) = (T::zero(), T::one());
        let alpha = T::of(self.alpha);
        let diodes = T::of(2.0 * self.reverse_current) * alpha * (alpha * (v1 - v2)).cosh();
        let slope = one / T::of(self.r2) + diodes;
        *columns = [
            [one / T::of(self.r1) - slope, slope, zero],
            [slope, -slope, one],
            [zero, -one, -T::of(self.r4)],
        ];
    }
}

autonomous!(DoubleScroll, 3);

/// The ring of Lorenz (1996)[^1] with any number of variables; indices wrap around:
/// $$\dot x_i = (x_{i+1} - x_{i-2})\ x_{i-1} - x_i + F.$$
///
/// The four indices are distinct from 4 variables on.
///
/// [^1]: E. N. Lorenz (1996), Predictability: a problem partly solved, ECMWF seminar, eq. 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lorenz96 {
    /// The forcing $F$.
    pub forcing: f64,
}

impl Default for Lorenz96 {
    /// Chaos at $F = 8$.
    fn default() -> Self {
        Self { forcing: 8.0 }
    }
}

/// The indices $i - 2$, $i - 1$, $i + 1$ in a ring of `n`.
#[inline(always)]
fn neighbours(i: usize, n: usize) -> [usize; 3] {
    [(i + 2 * n - 2) % n, (i + n - 1) % n, (i + 1) % n]
}

impl<T: Real> System<T> for Lorenz96 {
    #[inline]
    fn rhs(&self, _t: T, y: &[T], dy: &mut [T]) {
        let n = y.len();
        if dy.len() != n {
            dy.fill(T::of(f64::NAN));
            return;
        }
        let forcing = T::of(self.forcing);
        // No index wraps from 2 to n - 2.
        for i in 2..n.saturating_sub(1) {
            dy[i] = (y[i + 1] - y[i - 2]) * y[i - 1] - y[i] + forcing;
        }
        for i in (0..n.min(2)).chain(2.max(n.saturating_sub(1))..n) {
            let [far, before, after] = neighbours(i, n);
            dy[i] = (y[after] - y[far]) * y[before] - y[i] + forcing;
        }
    }

    fn jacobian(&self, _t: T, y: &[T], jacobian: &mut [T]) -> bool {
        let n = y.len();
        if jacobian.len() != n * n {
            return false;
        }
        jacobian.fill(T::zero());
        for i in 0..n {
            let [far, before, after] = neighbours(i, n);
            jacobian[i + after * n] += y[before];
            jacobian[i + far * n] -= y[before];
            jacobian[i + before * n] += y[after] - y[far];
            jacobian[i + i * n] -= T::one();
        }
        true
    }

    fn time_derivative(&self, _t: T, _y: &[T], dt: &mut [T]) -> bool {
        dt.fill(T::zero());
        true
    }
}
