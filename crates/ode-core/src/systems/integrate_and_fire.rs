use neuropil_math::Real;
use neuropil_math::elementary::scalar::exp;
use serde::{Deserialize, Serialize};

use super::{autonomous, sized};
use crate::{Action, Direction, Events, Gated};

/// A spike, and the reset after it, as the one event of a neuron whose first variable spikes.
macro_rules! spikes {
    ($name:ty, |$neuron:ident, $y:ident| $reset:expr) => {
        /// The spike and its reset are the neuron's one event.
        impl<T: Real> Events<T> for $name {
            #[inline(always)]
            fn count(&self) -> usize {
                1
            }

            #[inline]
            fn values(&self, _t: T, y: &[T], g: &mut [T]) {
                if let ([v, ..], [g, ..]) = (y, g) {
                    *g = *v - T::of(self.threshold);
                }
            }

            fn direction(&self, _index: usize) -> Direction {
                Direction::Rising
            }

            fn apply(&mut self, _index: usize, _t: T, y: &mut [T]) -> Action {
                let $neuron = &*self;
                if let Ok($y) = y.try_into() {
                    $reset
                }
                Action::Reset
            }
        }
    };
}

/// The leaky integrate-and-fire neuron, after Lapicque (1907)[^1]: $\tau \dot v = E_L - v + R I$, and
/// $v$ is reset when it reaches the threshold.
///
/// [^1]: L. Lapicque (1907), Recherches quantitatives sur l'excitation électrique des nerfs traitée
///     comme une polarisation, J. Physiol. Pathol. Gen. 9, 620–635.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeakyIntegrateAndFire {
    /// $\tau$ in ms.
    pub tau: f64,
    /// $E_L$, the potential at rest, in mV.
    pub rest: f64,
    /// $R I$, the input, in mV.
    pub drive: f64,
    /// The threshold in mV.
    pub threshold: f64,
    /// Where a spike leaves it, in mV.
    pub reset: f64,
}

impl Default for LeakyIntegrateAndFire {
    /// 20 ms, rest and reset at -65 mV, threshold at -50 mV, a suprathreshold input of 20 mV.
    fn default() -> Self {
        Self {
            tau: 20.0,
            rest: -65.0,
            drive: 20.0,
            threshold: -50.0,
            reset: -65.0,
        }
    }
}

impl LeakyIntegrateAndFire {
    /// The time from a reset to the next spike, in closed form; none if the input is too weak.
    ///
    /// $$\tau \ln \frac{E_L + R I - v_{reset}}{E_L + R I - v_{threshold}}$$
    #[must_use]
    pub fn interval(&self) -> Option<f64> {
        let target = self.rest + self.drive;
        // The logarithm of 1 + x, for intervals that are short.
        let growth = (self.threshold - self.reset) / (target - self.threshold);
        (target > self.threshold && self.threshold > self.reset).then(|| self.tau * growth.ln_1p())
    }

    #[inline(always)]
    fn rates<T: Real>(&self, &[v]: &[T; 1], dy: &mut [T; 1]) {
        *dy = [(T::of(self.rest) - v + T::of(self.drive)) / T::of(self.tau)];
    }

    fn partials<T: Real>(&self, _: &[T; 1], columns: &mut [[T; 1]; 1]) {
        *columns = [[T::of(-1.0 / self.tau)]];
    }
}

autonomous!(LeakyIntegrateAndFire, 1);

spikes!(LeakyIntegrateAndFire, |neuron, y| {
    let [v]: &mut [T; 1] = y;
    *v = T::of(neuron.reset);
});

impl<T: Real> Gated<T> for LeakyIntegrateAndFire {
    #[inline]
    fn drive_and_rate(&self, _t: T, y: &[T], drive: &mut [T], rate: &mut [T]) {
        if let Some((_, drive)) = sized::<T, 1>(y, drive) {
            *drive = [T::of((self.rest + self.drive) / self.tau)];
        }
        if let Some((_, rate)) = sized::<T, 1>(y, rate) {
            *rate = [T::of(1.0 / self.tau)];
        }
    }
}

/// The quadratic integrate-and-fire neuron, the normal form of a saddle-node (Ermentrout and Kopell
/// 1986)[^1]: $\tau \dot v = v^2 + I$, reset when it reaches the peak.
///
/// [^1]: G. B. Ermentrout, N. Kopell (1986), Parabolic bursting in an excitable system coupled with a
///     slow oscillation, SIAM J. Appl. Math. 46, 233–253.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuadraticIntegrateAndFire {
    /// $\tau$.
    pub tau: f64,
    /// The input $I$; it fires periodically if positive.
    pub current: f64,
    /// The peak of the spike.
    pub threshold: f64,
    /// Where a spike leaves it.
    pub reset: f64,
}

impl Default for QuadraticIntegrateAndFire {
    /// $\tau = 1$, $I = 1$, from -100 to 100.
    fn default() -> Self {
        Self {
            tau: 1.0,
            current: 1.0,
            threshold: 100.0,
            reset: -100.0,
        }
    }
}

impl QuadraticIntegrateAndFire {
    /// The time from a reset to the next spike for a positive input, in closed form; none otherwise.
    ///
    /// $$\frac{\tau}{\sqrt I} \Bigl( \arctan \frac{v_{peak}}{\sqrt I}
    /// - \arctan \frac{v_{reset}}{\sqrt I} \Bigr)$$
    #[must_use]
    pub fn interval(&self) -> Option<f64> {
        let root = self.current.sqrt();
        (self.current > 0.0 && self.threshold > self.reset).then(|| {
            let phase = |v: f64| (v / root).atan();
            self.tau / root * (phase(self.threshold) - phase(self.reset))
        })
    }

    #[inline(always)]
    fn rates<T: Real>(&self, &[v]: &[T; 1], dy: &mut [T; 1]) {
        *dy = [(v * v + T::of(self.current)) / T::of(self.tau)];
    }

    fn partials<T: Real>(&self, &[v]: &[T; 1], columns: &mut [[T; 1]; 1]) {
        *columns = [[T::of(2.0) * v / T::of(self.tau)]];
    }
}

autonomous!(QuadraticIntegrateAndFire, 1);

spikes!(QuadraticIntegrateAndFire, |neuron, y| {
    let [v]: &mut [T; 1] = y;
    *v = T::of(neuron.reset);
});

/// The neuron of Izhikevich (2003)[^1], state $(v, u)$ in mV and milliseconds:
/// $$\dot v = 0.04 v^2 + 5 v + 140 - u + I, \quad \dot u = a (b v - u),$$
/// and $v \leftarrow c$, $u \leftarrow u + d$ when $v$ reaches its peak.
///
/// Without the reset $v$ runs to infinity a little later.
///
/// ```
/// use neuropil_ode_core::systems::Izhikevich;
/// use neuropil_ode_core::{Options, solve_with};
///
/// let neuron = Izhikevich::default();
/// let options = Options::with_tolerance(1e-6);
/// let solution = solve_with(&neuron, 0.0..1000.0, Izhikevich::INITIAL, &options, neuron)?;
/// assert_eq!(solution.events.len(), 23);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
///
/// [^1]: E. M. Izhikevich (2003), Simple model of spiking neurons, IEEE Trans. Neural Netw. 14,
///     1569–1572.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Izhikevich {
    /// $a$, the rate of the recovery.
    pub a: f64,
    /// $b$, its sensitivity to $v$.
    pub b: f64,
    /// $c$, where a spike leaves $v$.
    pub c: f64,
    /// $d$, what a spike adds to $u$.
    pub d: f64,
    /// The input $I$.
    pub current: f64,
    /// The peak of the spike.
    pub threshold: f64,
}

impl Default for Izhikevich {
    /// Regular spiking at an input of 10, with the peak at 30 mV.
    fn default() -> Self {
        Self {
            a: 0.02,
            b: 0.2,
            c: -65.0,
            d: 8.0,
            current: 10.0,
            threshold: 30.0,
        }
    }
}

impl Izhikevich {
    /// The customary initial state, $u = b v$.
    pub const INITIAL: [f64; 2] = [-65.0, -13.0];

    #[inline(always)]
    fn rates<T: Real>(&self, &[v, u]: &[T; 2], dy: &mut [T; 2]) {
        let c = T::of;
        *dy = [
            c(0.04) * v * v + c(5.0) * v + c(140.0) - u + c(self.current),
            c(self.a) * (c(self.b) * v - u),
        ];
    }

    fn partials<T: Real>(&self, &[v, _]: &[T; 2], columns: &mut [[T; 2]; 2]) {
        let c = T::of;
        *columns = [
            [c(0.08) * v + c(5.0), c(self.a * self.b)],
            [-T::one(), -c(self.a)],
        ];
    }
}

autonomous!(Izhikevich, 2);

spikes!(Izhikevich, |neuron, y| {
    let [v, u]: &mut [T; 2] = y;
    *v = T::of(neuron.c);
    *u += T::of(neuron.d);
});

/// The adaptive exponential integrate-and-fire neuron of Brette and Gerstner (2005)[^1], state
/// $(V, w)$ in mV and pA, milliseconds, pF and nS:
/// $$C \dot V = -g_L (V - E_L) + g_L \Delta_T e^{(V - V_T)/\Delta_T} - w + I, \quad
/// \tau_w \dot w = a (V - E_L) - w,$$
/// and $V \leftarrow V_r$, $w \leftarrow w + b$ when $V$ reaches its peak.
///
/// [^1]: R. Brette, W. Gerstner (2005), Adaptive exponential integrate-and-fire model as an effective
///     description of neuronal activity, J. Neurophysiol. 94, 3637–3642.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveExponential {
    /// $C$, the capacitance.
    pub capacitance: f64,
    /// $g_L$, the conductance of the leak.
    pub leak: f64,
    /// $E_L$, the potential of the leak.
    pub rest: f64,
    /// $V_T$, where the spike begins to rise.
    pub onset: f64,
    /// $\Delta_T$, the sharpness of its onset.
    pub sharpness: f64,
    /// $\tau_w$, the time of the adaptation.
    pub tau: f64,
    /// $a$, the adaptation below threshold.
    pub a: f64,
    /// $b$, what a spike adds to $w$.
    pub b: f64,
    /// $V_r$, where a spike leaves $V$.
    pub reset: f64,
    /// The peak of the spike.
    pub threshold: f64,
    /// The input $I$.
    pub current: f64,
}

impl Default for AdaptiveExponential {
    /// The set of the paper, with an input of 1 nA and the peak at 0 mV.
    fn default() -> Self {
        Self {
            capacitance: 281.0,
            leak: 30.0,
            rest: -70.6,
            onset: -50.4,
            sharpness: 2.0,
            tau: 144.0,
            a: 4.0,
            b: 80.5,
            reset: -70.6,
            threshold: 0.0,
            current: 1000.0,
        }
    }
}

impl AdaptiveExponential {
    /// At rest.
    pub const INITIAL: [f64; 2] = [-70.6, 0.0];

    #[inline(always)]
    fn rates<T: Real>(&self, &[v, w]: &[T; 2], dy: &mut [T; 2]) {
        let c = T::of;
        let above = v - c(self.rest);
        let rise = c(self.sharpness) * exp((v - c(self.onset)) / c(self.sharpness));
        *dy = [
            (c(self.leak) * (rise - above) - w + c(self.current)) / c(self.capacitance),
            (c(self.a) * above - w) / c(self.tau),
        ];
    }

    fn partials<T: Real>(&self, &[v, _]: &[T; 2], columns: &mut [[T; 2]; 2]) {
        let c = T::of;
        let rise = exp((v - c(self.onset)) / c(self.sharpness));
        *columns = [
            [
                c(self.leak) * (rise - T::one()) / c(self.capacitance),
                c(self.a) / c(self.tau),
            ],
            [-T::one() / c(self.capacitance), -T::one() / c(self.tau)],
        ];
    }
}

autonomous!(AdaptiveExponential, 2);

spikes!(AdaptiveExponential, |neuron, y| {
    let [v, w]: &mut [T; 2] = y;
    *v = T::of(neuron.reset);
    *w += T::of(neuron.b);
});
