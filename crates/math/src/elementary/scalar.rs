//! The elementary functions of one element: the very operations of the slice functions, bit for bit.
//!
//! Use them where a loop does more than one thing; a loop over slices should call the functions of
//! [`elementary`](super), which use the widest vectors of the processor.

use super::normal;
use crate::Real;

#[inline(always)]
fn polynomial<T: Real>(x: T, lowest_first: &[T]) -> T {
    let mut sum = T::zero();
    for &c in lowest_first.iter().rev() {
        sum = sum * x + c;
    }
    sum
}

/// n, e^r - 1 and thereby e^(x + low) = 2ⁿ·e^r, for |x| below the limits of the format.
#[inline(always)]
pub(super) fn exp_parts<T: Real>(x: T, low: T) -> (T, T) {
    let n = (x * T::of(core::f64::consts::LOG2_E)).nearest_integer();
    let r = ((x - n * T::LN_2_HIGH) - n * T::LN_2_LOW) + low;
    (n, r + r * r * polynomial(r, T::EXP_SERIES))
}

/// (1 + p)·2ⁿ, also where it is subnormal or infinite.
#[inline(always)]
pub(super) fn scale<T: Real>(n: T, p: T) -> T {
    // 2ⁿ itself may not be a normal number; its two halves are, and only the last product rounds.
    let half = (n * T::of(0.5)).nearest_integer();
    ((T::one() + p) * T::power_of_two(half)) * T::power_of_two(n - half)
}

/// x within the limits; NaN stays, which `min` and `max` would drop.
#[inline(always)]
pub(crate) fn clamp<T: Real>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// $e^x$.
#[inline(always)]
#[must_use]
pub fn exp<T: Real>(x: T) -> T {
    let (n, p) = exp_parts(clamp(x, T::EXP_FLOOR, T::EXP_CEILING), T::zero());
    scale(n, p)
}

/// $e^x - 1$, exact to the last places near zero.
#[inline(always)]
#[must_use]
pub fn exp_m1<T: Real>(x: T) -> T {
    let (n, p) = exp_parts(clamp(x, T::of(-50.0), T::EXP_CEILING), T::zero());
    // Half of the result, because 2ⁿ overflows before e^x does.
    let half = T::power_of_two(n - T::one());
    let y = half * p + (half - T::of(0.5));
    if x.magnitude() < T::LINEAR_BELOW {
        x
    } else {
        y + y
    }
}

/// ln(1 + f) for 1 + f in [√½, 2], by s = f/(2 + f) and its series.
#[inline(always)]
fn ln_series<T: Real>(f: T, series: &[T]) -> T {
    let s = f / (T::of(2.0) + f);
    let z = s * s;
    s * (f - z * polynomial(z, series))
}

/// ln(x) + correction for positive x.
#[inline(always)]
fn ln_positive<T: Real>(x: T, correction: T) -> T {
    // Subnormal numbers are lifted into the normal range.
    let tiny = x < T::SMALLEST_NORMAL;
    let (lifted, lift) = if tiny {
        (x * T::of((1_u64 << 54) as f64), T::of(54.0))
    } else {
        (x, T::zero())
    };
    let (n, m) = lifted.exponent_and_fraction();
    let n = n - lift;
    let f = m - T::one();
    n * T::LN_2_HIGH + (f - (ln_series(f, T::LN_SERIES) - (n * T::LN_2_LOW + correction)))
}

/// The logarithm's limits: `value` for positive x, ∞ at ∞, -∞ at zero, NaN elsewhere.
#[inline(always)]
fn ln_limits<T: Real>(x: T, value: T, at_infinity: T) -> T {
    let infinity = T::one() / T::zero();
    let outside = if x == T::zero() {
        -infinity
    } else {
        T::of(f64::NAN)
    };
    let inside = if at_infinity > T::LARGEST {
        infinity
    } else {
        value
    };
    if x > T::zero() { inside } else { outside }
}

/// $\ln x$: $-\infty$ at zero, NaN for negative numbers.
#[inline(always)]
#[must_use]
pub fn ln<T: Real>(x: T) -> T {
    ln_limits(x, ln_positive(x, T::zero()), x)
}

/// $\ln(1 + x)$, exact to the last places near zero: $-\infty$ at -1, NaN below.
#[inline(always)]
#[must_use]
pub fn ln_1p<T: Real>(x: T) -> T {
    let u = T::one() + x;
    // What the sum lost, to first order.
    let correction = (x - (u - T::one())) / u;
    let y = ln_limits(u, ln_positive(u, correction), u);
    if x.magnitude() < T::LINEAR_BELOW {
        x
    } else {
        y
    }
}

/// $\tanh x$.
#[inline(always)]
#[must_use]
pub fn tanh<T: Real>(x: T) -> T {
    let two = T::of(2.0);
    let y = x.magnitude();
    let y = if y > T::TANH_CEILING {
        T::TANH_CEILING
    } else {
        y
    };
    let (n, p) = exp_parts(two * y, T::zero());
    let s = T::power_of_two(n);
    // e = e^2y - 1, and tanh y = e/(e + 2) = 1 - 2/(e + 2). The first form is right near zero, the
    // second rises towards 1 without ripples.
    let e = s * p + (s - T::one());
    let (offset, numerator) = if e > two {
        (T::one(), -two)
    } else {
        (T::zero(), e)
    };
    (offset + numerator / (e + two)).signed_as(x)
}

/// $e^{-|x|}$: every sigmoid and softplus is a rational function or logarithm of it, without overflow.
#[inline(always)]
fn decay<T: Real>(x: T) -> T {
    exp(-x.magnitude())
}

/// $\sigma(x) = 1/(1 + e^{-x})$.
#[inline(always)]
#[must_use]
pub fn sigmoid<T: Real>(x: T) -> T {
    let z = decay(x);
    let numerator = if x < T::zero() { z } else { T::one() };
    numerator / (T::one() + z)
}

/// $\ln(1 + e^x)$.
#[inline(always)]
#[must_use]
pub fn softplus<T: Real>(x: T) -> T {
    let z = decay(x);
    let ramp = if x > T::zero() { x } else { T::zero() };
    ramp + (z - ln_series(z, T::LN_1P_SERIES))
}

/// $\ln\sigma(x) = -\ln(1 + e^{-x})$.
#[inline(always)]
#[must_use]
pub fn log_sigmoid<T: Real>(x: T) -> T {
    -softplus(-x)
}

/// $\sigma'(x) = \sigma(x)\sigma(-x)$, exact to the last places in both tails.
#[inline(always)]
#[must_use]
pub fn sigmoid_derivative<T: Real>(x: T) -> T {
    let z = decay(x);
    let d = T::one() + z;
    z / d / d
}

/// $\tanh'(x) = 1 - \tanh^2 x = 4\sigma'(2x)$.
#[inline(always)]
#[must_use]
pub fn tanh_derivative<T: Real>(x: T) -> T {
    T::of(4.0) * sigmoid_derivative(x + x)
}

/// $\Phi(x)$, the distribution function of the standard normal distribution.
///
/// Computed in `f64` also for `f32`.
#[inline(always)]
#[must_use]
pub fn normal_cdf<T: Real>(x: T) -> T {
    T::of(normal::cdf_and_density(x.to_f64()).0)
}
