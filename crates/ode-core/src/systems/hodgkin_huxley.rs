use neuropil_math::Real;
use neuropil_math::elementary::scalar::{exp, exp_m1, sigmoid, sigmoid_derivative};
use serde::{Deserialize, Serialize};

use super::{autonomous, sized};
use crate::Gated;

/// The squid axon of Hodgkin and Huxley (1952)[^1] in today's sign and with the rest at -65 mV, state
/// $(V, n, m, h)$ in mV and milliseconds, currents in µA/cm²:
/// $$C \dot V = I - g_{Na} m^3 h (V - E_{Na}) - g_K n^4 (V - E_K) - g_L (V - E_L),$$
/// $$\dot x = \alpha_x(V) (1 - x) - \beta_x(V) x, \quad x \in \{n, m, h\}.$$
///
/// The rates $\alpha_n$ and $\alpha_m$ have removable singularities at -55 and -40 mV and are exact
/// there.
///
/// ```
/// use neuropil_ode_core::System;
/// use neuropil_ode_core::systems::HodgkinHuxley;
///
/// let axon = HodgkinHuxley { current: 0.0, ..HodgkinHuxley::default() };
/// let mut rates = [0.0; 4];
/// axon.rhs(0.0, &HodgkinHuxley::INITIAL, &mut rates);
/// assert!(rates.iter().all(|rate: &f64| rate.abs() < 0.01), "at rest");
/// ```
///
/// [^1]: A. L. Hodgkin, A. F. Huxley (1952), A quantitative description of membrane current and its
///     application to conduction and excitation in nerve, J. Physiol. 117, 500–544.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HodgkinHuxley {
    /// The input $I$.
    pub current: f64,
    /// The capacitance $C$ in µF/cm².
    pub capacitance: f64,
    /// $g_{Na}$ in mS/cm².
    pub sodium: f64,
    /// $g_K$ in mS/cm².
    pub potassium: f64,
    /// $g_L$ in mS/cm².
    pub leak: f64,
    /// $E_{Na}$ in mV.
    pub sodium_reversal: f64,
    /// $E_K$ in mV.
    pub potassium_reversal: f64,
    /// $E_L$ in mV.
    pub leak_reversal: f64,
}

impl Default for HodgkinHuxley {
    /// The squid's, with an input of 10 that makes it fire at about 68 Hz.
    fn default() -> Self {
        Self {
            current: 10.0,
            capacitance: 1.0,
            sodium: 120.0,
            potassium: 36.0,
            leak: 0.3,
            sodium_reversal: 50.0,
            potassium_reversal: -77.0,
            leak_reversal: -54.387,
        }
    }
}

/// $u/(1 - e^{-u})$, which is 1 at 0.
#[inline(always)]
fn ramp<T: Real>(u: T) -> T {
    if u.abs() < T::of(1e-8) {
        T::one() + T::of(0.5) * u
    } else {
        -u / exp_m1(-u)
    }
}

/// The derivative of [`ramp`].
fn ramp_derivative<T: Real>(u: T) -> T {
    if u.abs() < T::of(0.1) {
        // Where the closed form cancels: with the numbers of Bernoulli.
        let u2 = u * u;
        let series = [-1.0 / 151_200.0, 1.0 / 5040.0, -1.0 / 180.0, 1.0 / 6.0];
        let sum = series
            .into_iter()
            .fold(T::zero(), |sum, c| sum * u2 + T::of(c));
        T::of(0.5) + u * sum
    } else if u < T::zero() {
        T::one() - ramp_derivative(-u)
    } else {
        let gap = -exp_m1(-u);
        (T::one() - u * (T::one() - gap) / gap) / gap
    }
}

impl HodgkinHuxley {
    /// The rest without input, rounded as in the reference tables.
    pub const INITIAL: [f64; 4] = [-65.0, 0.3177, 0.0529, 0.5961];

    /// $\alpha_n, \alpha_m, \alpha_h$ and $\beta_n, \beta_m, \beta_h$.
    #[inline(always)]
    fn gates<T: Real>(v: T) -> ([T; 3], [T; 3]) {
        let c = T::of;
        let rest = v + c(65.0);
        let opening = [
            c(0.1) * ramp((v + c(55.0)) / c(10.0)),
            ramp((v + c(40.0)) / c(10.0)),
            c(0.07) * exp(-rest / c(20.0)),
        ];
        let closing = [
            c(0.125) * exp(-rest / c(80.0)),
            c(4.0) * exp(-rest / c(18.0)),
            sigmoid((v + c(35.0)) / c(10.0)),
        ];
        (opening, closing)
    }

    /// The derivatives of [`gates`](Self::gates).
    fn gate_slopes<T: Real>(v: T) -> ([T; 3], [T; 3]) {
        let c = T::of;
        let rest = v + c(65.0);
        let opening = [
            c(0.01) * ramp_derivative((v + c(55.0)) / c(10.0)),
            c(0.1) * ramp_derivative((v + c(40.0)) / c(10.0)),
            c(-0.07 / 20.0) * exp(-rest / c(20.0)),
        ];
        let closing = [
            c(-0.125 / 80.0) * exp(-rest / c(80.0)),
            c(-4.0 / 18.0) * exp(-rest / c(18.0)),
            c(0.1) * sigmoid_derivative((v + c(35.0)) / c(10.0)),
        ];
        (opening, closing)
    }

    #[inline(always)]
    fn rates<T: Real>(&self, &[v, n, m, h]: &[T; 4], dy: &mut [T; 4]) {
        let c = T::of;
        let (opening, closing) = Self::gates(v);
        let current = c(self.current)
            - c(self.sodium) * (m * m * m * h) * (v - c(self.sodium_reversal))
            - c(self.potassium) * ((n * n) * (n * n)) * (v - c(self.potassium_reversal))
            - c(self.leak) * (v - c(self.leak_reversal));
        dy[0] = current / c(self.capacitance);
        for (i, x) in [n, m, h].into_iter().enumerate() {
            dy[1 + i] = opening[i] * (T::one() - x) - closing[i] * x;
        }
    }

    fn partials<T: Real>(&self, &[v, n, m, h]: &[T; 4], columns: &mut [[T; 4]; 4]) {
        let c = T::of;
        let (opening, closing) = Self::gates(v);
        let (opening_slope, closing_slope) = Self::gate_slopes(v);
        let (sodium, potassium) = (c(self.sodium), c(self.potassium));
        let over_sodium = v - c(self.sodium_reversal);
        let over_potassium = v - c(self.potassium_reversal);
        let capacitance = c(self.capacitance);
        let conductance = sodium * m * m * m * h + potassium * ((n * n) * (n * n)) + c(self.leak);
        *columns = [[T::zero(); 4]; 4];
        columns[0][0] = -conductance / capacitance;
        columns[1][0] = -c(4.0) * potassium * n * n * n * over_potassium / capacitance;
        columns[2][0] = -c(3.0) * sodium * m * m * h * over_sodium / capacitance;
        columns[3][0] = -sodium * m * m * m * over_sodium / capacitance;
        for (i, x) in [n, m, h].into_iter().enumerate() {
            columns[0][1 + i] = opening_slope[i] * (T::one() - x) - closing_slope[i] * x;
            columns[1 + i][1 + i] = -opening[i] - closing[i];
        }
    }
}

autonomous!(HodgkinHuxley, 4);

impl<T: Real> Gated<T> for HodgkinHuxley {
    #[inline]
    fn drive_and_rate(&self, _t: T, y: &[T], drive: &mut [T], rate: &mut [T]) {
        let Some((&[v, n, m, h], drive)) = sized::<T, 4>(y, drive) else {
            return;
        };
        let Some((_, rate)) = sized::<T, 4>(y, rate) else {
            return;
        };
        let c = T::of;
        let (opening, closing) = Self::gates(v);
        let sodium = c(self.sodium) * (m * m * m * h);
        let potassium = c(self.potassium) * ((n * n) * (n * n));
        let leak = c(self.leak);
        let capacitance = c(self.capacitance);
        let source = c(self.current)
            + sodium * c(self.sodium_reversal)
            + potassium * c(self.potassium_reversal)
            + leak * c(self.leak_reversal);
        drive[0] = source / capacitance;
        rate[0] = (sodium + potassium + leak) / capacitance;
        for i in 0..3 {
            drive[1 + i] = opening[i];
            rate[1 + i] = opening[i] + closing[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_is_smooth_where_its_formula_is_not() {
        assert_eq!(ramp(0.0_f64), 1.0);
        for u in [1e-12_f64, 0.9e-8, 1.1e-8, 1e-4, 0.0999, 0.1001, 3.0, 800.0] {
            // u/(1 - e⁻ᵘ) - u/2 is even.
            let (right, left) = (ramp(u), ramp(-u));
            assert!((right - left - u).abs() <= 1e-15 * (1.0 + u), "{u}");
            let (right, left) = (ramp_derivative(u), ramp_derivative(-u));
            assert!((right + left - 1.0_f64).abs() < 1e-15, "{u}");
        }
        // The two branches meet.
        for u in [0.1_f64, -0.1] {
            let jump = ramp_derivative(u * (1.0 + 1e-15)) - ramp_derivative(u * (1.0 - 1e-15));
            assert!(jump.abs() < 1e-14, "{jump:e}");
        }
    }
}
