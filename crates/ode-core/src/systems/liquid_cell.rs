use neuropil_math::Real;
use neuropil_math::elementary::scalar::{sigmoid, sigmoid_derivative};
use serde::{Deserialize, Serialize};

use super::{autonomous, sized};
use crate::Gated;

/// Four neurons of a liquid time-constant network (Hasani et al. 2021)[^1] with one input $u$:
/// $$c_i \dot v_i = g_i (l_i - v_i) + s_i(u) (e_i - v_i) + \sum_j a_{ij}(v_j) (r_{ij} - v_i),$$
/// $$a_{ij}(v) = w_{ij} \sigma(\gamma_{ij} (v - \mu_{ij})), \quad s_i(u) = s_i \sigma(\gamma (u - \mu)).$$
///
/// Small enough to test solvers with; networks of any size are for the crate of liquid networks.
///
/// [^1]: R. Hasani, M. Lechner, A. Amini, D. Rus, R. Grosu (2021), Liquid time-constant networks, AAAI
///     35, 7657–7666.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiquidCell {
    /// $c_i$, the capacitances.
    pub capacitance: [f64; 4],
    /// $g_i$, the conductances of the leak.
    pub leak: [f64; 4],
    /// $l_i$, the potentials of the leak.
    pub leak_potential: [f64; 4],
    /// $w_{ij}$, the conductance of the synapse onto i (the row) from j.
    pub weight: [[f64; 4]; 4],
    /// $\gamma_{ij}$, the steepness of its activation.
    pub steepness: [[f64; 4]; 4],
    /// $\mu_{ij}$, the potential at which it is half open.
    pub midpoint: [[f64; 4]; 4],
    /// $r_{ij}$, its reversal potential.
    pub reversal: [[f64; 4]; 4],
    /// $s_i$, the conductance of the synapse from the input.
    pub sensory_weight: [f64; 4],
    /// $e_i$, its reversal potential.
    pub sensory_reversal: [f64; 4],
    /// $\gamma$, the steepness of its activation.
    pub sensory_steepness: f64,
    /// $\mu$, the input at which it is half open.
    pub sensory_midpoint: f64,
    /// The input $u$.
    pub input: f64,
    /// Added to the sum of the conductances, as implementations do against division by zero.
    pub epsilon: f64,
}

impl Default for LiquidCell {
    /// A cell of mixed excitation and inhibition whose parameters are small fractions, with the input
    /// 0.5.
    fn default() -> Self {
        let each = |value: fn(usize) -> f64| core::array::from_fn(value);
        let pair = |value: fn(usize, usize) -> f64| {
            core::array::from_fn(|i| core::array::from_fn(|j| value(i, j)))
        };
        let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        Self {
            capacitance: each(|i| (8 + i) as f64 / 20.0),
            leak: each(|i| (1 + 2 * i) as f64 / 10.0),
            leak_potential: each(|i| (i as f64 - 2.0) / 10.0),
            weight: pair(|i, j| (2 + (3 * j + 5 * i) % 7) as f64 / 20.0),
            steepness: pair(|i, j| (3 + (j + 2 * i) % 5) as f64),
            midpoint: pair(|i, j| (3 + (2 * j + i) % 5) as f64 / 10.0),
            reversal: core::array::from_fn(|i| core::array::from_fn(|j| sign(i + j))),
            sensory_weight: each(|i| (2 + i) as f64 / 10.0),
            sensory_reversal: core::array::from_fn(sign),
            sensory_steepness: 4.0,
            sensory_midpoint: 0.4,
            input: 0.5,
            epsilon: 0.0,
        }
    }
}

impl LiquidCell {
    /// The initial state of the reference tables.
    pub const INITIAL: [f64; 4] = [0.1, 0.2, 0.3, 0.4];

    /// The sums of conductances times reversal potentials, and of conductances.
    #[inline(always)]
    fn conductances<T: Real>(&self, v: &[T; 4]) -> ([T; 4], [T; 4]) {
        let c = T::of;
        let open = sigmoid(c(
            self.sensory_steepness * (self.input - self.sensory_midpoint)
        ));
        let (mut numerator, mut denominator) = ([T::zero(); 4], [T::zero(); 4]);
        for i in 0..4 {
            let leak = c(self.leak[i]);
            let sensory = c(self.sensory_weight[i]) * open;
            numerator[i] = leak * c(self.leak_potential[i]) + sensory * c(self.sensory_reversal[i]);
            denominator[i] = leak + sensory;
            for j in 0..4 {
                let gate = c(self.weight[i][j])
                    * sigmoid(c(self.steepness[i][j]) * (v[j] - c(self.midpoint[i][j])));
                numerator[i] += gate * c(self.reversal[i][j]);
                denominator[i] += gate;
            }
            denominator[i] += c(self.epsilon);
        }
        (numerator, denominator)
    }

    #[inline(always)]
    fn rates<T: Real>(&self, v: &[T; 4], dy: &mut [T; 4]) {
        let (numerator, denominator) = self.conductances(v);
        for i in 0..4 {
            dy[i] = (numerator[i] - denominator[i] * v[i]) / T::of(self.capacitance[i]);
        }
    }

    fn partials<T: Real>(&self, v: &[T; 4], columns: &mut [[T; 4]; 4]) {
        let c = T::of;
        let (_, denominator) = self.conductances(v);
        for j in 0..4 {
            for i in 0..4 {
                let steepness = c(self.steepness[i][j]);
                let slope = c(self.weight[i][j])
                    * steepness
                    * sigmoid_derivative(steepness * (v[j] - c(self.midpoint[i][j])));
                let decay = if i == j { denominator[i] } else { T::zero() };
                columns[j][i] =
                    (slope * (c(self.reversal[i][j]) - v[i]) - decay) / c(self.capacitance[i]);
            }
        }
    }
}

autonomous!(LiquidCell, 4);

impl<T: Real> Gated<T> for LiquidCell {
    #[inline]
    fn drive_and_rate(&self, _t: T, y: &[T], drive: &mut [T], rate: &mut [T]) {
        let Some((v, drive)) = sized::<T, 4>(y, drive) else {
            return;
        };
        let Some((_, rate)) = sized::<T, 4>(y, rate) else {
            return;
        };
        let (numerator, denominator) = self.conductances(v);
        for i in 0..4 {
            let capacitance = T::of(self.capacitance[i]);
            drive[i] = numerator[i] / capacitance;
            rate[i] = denominator[i] / capacitance;
        }
    }
}
