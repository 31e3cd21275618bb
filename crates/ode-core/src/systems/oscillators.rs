use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use super::autonomous;

/// The oscillator of Van der Pol (1926)[^1]: $\dot x = y$, $\dot y = \mu (1 - x^2) y - x$.
///
/// Stiff at large $\mu$, where its period approaches $(3 - 2 \ln 2) \mu$.
///
/// [^1]: B. van der Pol (1926), On "relaxation-oscillations", Phil. Mag. 2, 978–992.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VanDerPol {
    /// The damping $\mu$.
    pub mu: f64,
}

impl Default for VanDerPol {
    /// The mild one, $\mu = 1$.
    fn default() -> Self {
        Self { mu: 1.0 }
    }
}

impl VanDerPol {
    /// The customary initial state.
    pub const INITIAL: [f64; 2] = [2.0, 0.0];

    #[inline(always)]
    fn rates<T: Real>(&self, &[x, y]: &[T; 2], dy: &mut [T; 2]) {
        *dy = [y, T::of(self.mu) * (T::one() - x * x) * y - x];
    }

    fn partials<T: Real>(&self, &[x, y]: &[T; 2], columns: &mut [[T; 2]; 2]) {
        let mu = T::of(self.mu);
        *columns = [
            [T::zero(), -T::of(2.0) * mu * x * y - T::one()],
            [T::one(), mu * (T::one() - x * x)],
        ];
    }
}

autonomous!(VanDerPol, 2);

/// The excitable membrane of FitzHugh (1961)[^1] and Nagumo et al. (1962)[^2]:
/// $$\dot v = v - \frac{v^3}{3} - w + I, \quad \tau \dot w = v + a - b w.$$
///
/// [^1]: R. FitzHugh (1961), Impulses and physiological states in theoretical models of nerve membrane,
///     Biophys. J. 1, 445–466.
/// [^2]: J. Nagumo, S. Arimoto, S. Yoshizawa (1962), An active pulse transmission line simulating nerve
///     axon, Proc. IRE 50, 2061–2070.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitzHughNagumo {
    /// $a$.
    pub a: f64,
    /// $b$.
    pub b: f64,
    /// $\tau$, the slowness of the recovery $w$.
    pub tau: f64,
    /// The input $I$.
    pub current: f64,
}

impl Default for FitzHughNagumo {
    /// Repetitive firing: 0.7, 0.8, 12.5 with the input 0.5.
    fn default() -> Self {
        Self {
            a: 0.7,
            b: 0.8,
            tau: 12.5,
            current: 0.5,
        }
    }
}

impl FitzHughNagumo {
    #[inline(always)]
    fn rates<T: Real>(&self, &[v, w]: &[T; 2], dy: &mut [T; 2]) {
        let [a, b, tau, current] = [self.a, self.b, self.tau, self.current].map(T::of);
        *dy = [
            v - v * v * v / T::of(3.0) - w + current,
            (v + a - b * w) / tau,
        ];
    }

    fn partials<T: Real>(&self, &[v, _]: &[T; 2], columns: &mut [[T; 2]; 2]) {
        let [b, tau] = [self.b, self.tau].map(T::of);
        *columns = [[T::one() - v * v, T::one() / tau], [-T::one(), -b / tau]];
    }
}

autonomous!(FitzHughNagumo, 2);
