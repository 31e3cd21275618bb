//! The standard normal distribution function, relative to its value right also in the lower tail.

use super::Format;
use super::scalar::{clamp, exp_parts, scale};

/// Φ(x) = ½ erfc(-x/√2) and φ(x) = e^(-x²/2)/√(2π).
///
/// erfc(z) = e^(-z²) w(z), and (1 + 2z) w(z) is nearly constant: a polynomial of degree 21 in
/// q = (z - 4)/(z + 4) serves the half-line (Shepherd & Laframboise, Math. Comp. 36 (1981) 249, with
/// another q and a fit of our own).
#[inline(always)]
pub(crate) fn cdf_and_density(x: f64) -> (f64, f64) {
    // Beyond, both tails are zero.
    let x = clamp(x, -39.0, 39.0);
    let (n, p) = exp_parts_of_square(x);
    let gaussian = scale(n, p);

    let z = x.magnitude() * core::f64::consts::FRAC_1_SQRT_2;
    let q = (z - 4.0) / (z + 4.0);
    let mut w = 0.0;
    for &c in SCALED_ERFC.iter().rev() {
        w = w * q + c;
    }
    let tail = gaussian * (0.5 * w / (1.0 + 2.0 * z));
    let cdf = if x > 0.0 { 1.0 - tail } else { tail };
    (cdf, gaussian * FRAC_1_SQRT_TAU)
}

/// e^(-x²/2) in parts. The square has twice the bits of x: its low half goes in beside the high one,
/// or the tail would lose as many digits as the exponent has.
#[inline(always)]
fn exp_parts_of_square(x: f64) -> (f64, f64) {
    let high = f64::from_bits(x.to_bits() & !0x7ff_ffff);
    let rest = x - high;
    exp_parts(-0.5 * high * high, -0.5 * rest * (x + high))
}

const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// Minimax in q over [-1, (27 - 4)/(27 + 4)], relative error 4e-17, lowest power first.
const SCALED_ERFC: [f64; 22] = [
    1.232_995_118_625_552_6,
    -0.139_621_116_840_563_22,
    0.015_379_652_102_607_114,
    0.068_097_054_254_769_47,
    -0.101_039_066_035_609_04,
    0.093_732_834_995_993_84,
    -0.066_330_365_827_365_2,
    0.037_167_515_569_246_56,
    -0.016_197_733_886_723_457,
    0.005_031_969_756_554_353,
    -0.000_757_774_421_828_423_8,
    -0.000_199_255_862_564_233_22,
    0.000_150_626_348_701_218_21,
    -2.440_071_285_954_095_5e-5,
    -1.123_427_689_463_246_6e-5,
    5.709_808_289_426_893_4e-6,
    3.139_639_517_159_728e-7,
    -8.206_514_614_183_682e-7,
    5.490_859_487_265_678e-8,
    1.016_466_361_238_517_1e-7,
    -7.872_192_638_710_57e-9,
    -8.335_247_318_974_679e-9,
];
