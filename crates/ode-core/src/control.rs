use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::{Error, SolverConfig};

/// How the error estimates of the last steps choose the size of the next one.
///
/// With the estimates $e_n, e_{n-1}, e_{n-2}$ (1 is what the tolerance allows) and an estimate of
/// order $q - 1$ the step is multiplied by
///
/// $$s\, e_n^{-(k_I + k_P + k_D)/q}\, e_{n-1}^{(k_P + 2 k_D)/q}\, e_{n-2}^{-k_D/q},$$
///
/// within the limits of [`SolverConfig`](crate::SolverConfig).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Controller {
    /// What suits the method: [`Pi`](Self::Pi) where nothing else is said.
    ///
    /// | method | $k_I$ | $k_P$ | safety, of the configured | factors between steps, at the most |
    /// | --- | --- | --- | --- | --- |
    /// | Dormand–Prince 5(4) | 0.55 | 0.25 | 1.017 | as configured |
    /// | Tsitouras 5(4) | 1 | 0.3 | 0.947 | as configured |
    /// | DOP853 | 1 | 0.1 | 0.966 | 1/3 to 6, as in Hairer's code |
    /// | Verner 9(8) | 1 | 0 | 0.92 | as configured |
    ///
    /// Gains and safety $s$ were chosen by work and error on Lorenz, Arenstorf and Hodgkin–Huxley.
    /// Both pairs of order 5 settle, as DOPRI5 does, where the estimate is $s^{q/k_I} = 0.45$ of what
    /// the tolerance allows. The quicker gains save rejections where the pace changes within a few
    /// steps, as at a spike: a third of them with Tsitouras 5(4). The estimate of Verner 9(8) leaves
    /// no margin of its own.
    #[default]
    Auto,
    /// The classical controller: $k_I = 1$.
    I,
    /// $k_I = 0.65$, $k_P = 0.2$: DOPRI5's, smooth where stability limits the step.
    Pi,
    /// $k_I = 0.3$, $k_P = 0.3$, $k_D = 0.05$: smoother still, for rough right-hand sides.
    Pid,
    /// Any other gains.
    Gains {
        /// $k_I$.
        integral: f64,
        /// $k_P$.
        proportional: f64,
        /// $k_D$.
        derivative: f64,
    },
}

/// What [`Controller::Auto`] does for a method.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// $k_I$, $k_P$ and $k_D$.
    pub(crate) gains: [f64; 3],
    /// Multiplies the safety factor.
    pub(crate) margin: f64,
    /// The least and the greatest factor between steps, if the configuration allows more.
    pub(crate) factors: [f64; 2],
}

impl Tuning {
    /// DOPRI5's.
    pub(crate) const PI: Self = Self {
        gains: [0.65, 0.2, 0.0],
        margin: 1.0,
        factors: [0.0, f64::INFINITY],
    };
}

impl Controller {
    /// The tuning that this controller stands for, with a method's own.
    fn tuning(self, own: Tuning) -> Tuning {
        let with = |gains| Tuning {
            gains,
            ..Tuning::PI
        };
        match self {
            Self::Auto => own,
            Self::I => with([1.0, 0.0, 0.0]),
            Self::Pi => Tuning::PI,
            Self::Pid => with([0.3, 0.3, 0.05]),
            Self::Gains {
                integral,
                proportional,
                derivative,
            } => with([integral, proportional, derivative]),
        }
    }
}

/// The estimates below which a step counts as this good: a lucky one must not govern the next.
const FLOOR: f64 = -13.287_712_379_549_449; // log₂ 1e-4

/// The memory of a step control; errors are logarithms to the base 2.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    exponents: [f64; 3],
    safety: f64,
    least: f64,
    most: f64,
    last: [f64; 2],
    rejected: bool,
}

impl Control {
    /// For an error estimate whose norm is $O(h^q)$, and a method with this tuning.
    pub(crate) fn new<T: Real>(
        config: &SolverConfig<T>,
        q: f64,
        tuning: Tuning,
    ) -> Result<Self, Error> {
        let Tuning {
            gains: [i, p, d],
            margin,
            factors,
        } = config.controller.tuning(tuning);
        let (safety, least, most) = (config.safety, config.least_factor, config.greatest_factor);
        for (what, value, good) in [
            ("integral gain", i, i > 0.0 && i <= 2.0),
            ("proportional gain", p, p.abs() <= 2.0),
            ("derivative gain", d, d.abs() <= 2.0),
            ("safety factor", safety, safety > 0.0 && safety < 1.0),
            ("least step factor", least, least > 0.0 && least < 1.0),
            ("greatest step factor", most, most > 1.0 && most <= 1e6),
        ] {
            if !good {
                return Err(Error::OutOfRange {
                    what,
                    value,
                    range: "outside of what controls a step",
                });
            }
        }
        Ok(Self {
            exponents: [(i + p + d) / q, (p + 2.0 * d) / q, d / q],
            // A margin above 1 must not aim beyond the tolerance.
            safety: (safety * margin).log2().min(-0.001),
            least: least.max(factors[0]).log2(),
            most: most.min(factors[1]).log2(),
            last: [FLOOR; 2],
            rejected: false,
        })
    }

    /// Forgets the estimates: the state has jumped.
    pub(crate) fn reset(&mut self) {
        self.last = [FLOOR; 2];
        self.rejected = false;
    }

    /// The factor for the next step, after one whose squared error is `error2 ≤ 1`.
    #[inline(always)]
    pub(crate) fn accept<T: Real>(&mut self, error2: T) -> T {
        let e = 0.5 * log2(error2.to_f64());
        let [a, b, c] = self.exponents;
        let most = if self.rejected { 0.0 } else { self.most };
        let power = self.safety - a * e + (b * self.last[0] - c * self.last[1]);
        self.last = [if e > FLOOR { e } else { FLOOR }, self.last[0]];
        self.rejected = false;
        T::of(exp2(clamp(power, self.least, most)))
    }

    /// The factor for another try, after a step whose squared error is `error2 > 1`.
    #[cold]
    pub(crate) fn reject<T: Real>(&mut self, error2: T) -> T {
        self.rejected = true;
        let e = 0.5 * error2.to_f64().log2();
        // The memory plays no part: it led here.
        let power = self.safety - e * (self.exponents[0] - self.exponents[1] * 0.25);
        T::of(clamp(power, self.least, -0.1).exp2())
    }

    /// The factor for another try, after a step that is not finite.
    #[cold]
    pub(crate) fn reject_wild<T: Real>(&mut self) -> T {
        self.rejected = true;
        T::of(0.1)
    }
}

/// $x^p$ to 1e-4 or so times `p`, for a factor of a step. Zero counts as very small.
#[inline(always)]
pub(crate) fn power(x: f64, p: f64) -> f64 {
    exp2(clamp(p * log2(x), -900.0, 900.0))
}

#[inline(always)]
fn clamp(x: f64, least: f64, most: f64) -> f64 {
    let x = if x < least { least } else { x };
    if x > most { most } else { x }
}

/// Interpolates log₂(1 + m) at the Chebyshev points of [0, 1].
const LOG: [f64; 5] = [
    0.000_114_579_960_382_384_1,
    1.436_874_896_223_250_3,
    -0.670_882_679_014_777_9,
    0.312_269_477_327_312_9,
    -0.078_440_676_209_130_87,
];

/// The Taylor series of 2ᶠ at 0, from the linear term on.
const EXP: [f64; 4] = [
    core::f64::consts::LN_2,
    0.240_226_506_959_100_7,
    0.055_504_108_664_821_58,
    0.009_618_129_107_628_477,
];

/// Log₂ to 1.2e-4, of a normal number; very small for zero. A factor of the step needs no more, and
/// a step waits for it.
#[inline(always)]
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    #[expect(clippy::cast_possible_wrap, reason = "an exponent has eleven bits")]
    let exponent = ((bits >> 52) as i64 - 1023) as f64;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000) - 1.0;
    let m2 = m * m;
    exponent + ((LOG[0] + LOG[1] * m) + m2 * ((LOG[2] + LOG[3] * m) + m2 * LOG[4]))
}

/// 2ˣ to 5e-5 relative, for |x| below a thousand.
#[inline(always)]
fn exp2(x: f64) -> f64 {
    // Adding and taking away 1.5·2⁵² rounds to an integer, in a register.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = x + ROUND;
    let whole = shifted - ROUND;
    let f = x - whole;
    let f2 = f * f;
    let power = (1.0 + EXP[0] * f) + f2 * ((EXP[1] + EXP[2] * f) + f2 * EXP[3]);
    f64::from_bits(power.to_bits().wrapping_add(shifted.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_logarithm_and_power_are_close() {
        for i in 0..4000 {
            let x = f64::from(i - 2000) * 0.013;
            assert!((log2(x.exp2()) - x).abs() < 1.3e-4, "log2 at 2^{x}");
            let relative = exp2(x) / x.exp2() - 1.0;
            assert!(relative.abs() < 6e-5, "exp2 at {x}: {relative}");
        }
        assert!(log2(0.0) < -1000.0);
    }

    fn config(controller: Controller) -> SolverConfig<f64> {
        SolverConfig {
            controller,
            ..SolverConfig::default()
        }
    }

    #[test]
    fn the_i_controller_is_the_textbook_formula() {
        let mut control = Control::new(&config(Controller::I), 5.0, Tuning::PI).unwrap();
        let e: f64 = 0.03;
        let expected = 0.9 * e.powf(-0.2);
        assert!((control.accept(e * e) / expected - 1.0).abs() < 2e-4);
        assert!((control.reject(9.0_f64) - 0.9 * 3.0_f64.powf(-0.2)).abs() < 1e-12);
        // Straight after a rejection no step grows.
        assert!(control.accept(1e-20_f64) <= 1.0 + 1e-4);
        assert!((control.accept(0.0_f64) - 10.0).abs() < 1e-3);
    }

    #[test]
    fn the_tuning_of_a_method_is_for_auto_only_and_only_narrows() {
        let own = Tuning {
            gains: [1.0, 0.0, 0.0],
            margin: 0.5,
            factors: [0.25, 4.0],
        };
        let first = |config: &SolverConfig<f64>, error2: f64| {
            let mut control = Control::new(config, 5.0, own).unwrap();
            control.accept(error2)
        };
        let auto = config(Controller::Auto);
        assert!((first(&auto, 1.0) - 0.45).abs() < 1e-4);
        assert!((first(&auto, 1e-20) - 4.0).abs() < 1e-3);
        assert!((first(&config(Controller::I), 1.0) - 0.9).abs() < 1e-3);
        assert!((first(&config(Controller::I), 1e-20) - 10.0).abs() < 1e-3);
        let narrow = SolverConfig {
            greatest_factor: 2.0,
            ..auto
        };
        assert!((first(&narrow, 1e-20) - 2.0).abs() < 1e-3);
    }

    #[test]
    fn gains_that_cannot_control_are_refused() {
        let gains = Controller::Gains {
            integral: -1.0,
            proportional: 0.0,
            derivative: 0.0,
        };
        let refused = |config: SolverConfig<f64>| Control::new(&config, 5.0, Tuning::PI).is_err();
        assert!(refused(config(gains)));
        assert!(refused(SolverConfig {
            safety: f64::NAN,
            ..config(Controller::I)
        }));
        assert!(refused(SolverConfig {
            greatest_factor: 1.0,
            ..config(Controller::I)
        }));
    }
}
