//! What the elementary functions must know of a binary format: bits, limits and coefficients.

/// The binary format of a scalar. Implemented for `f32` and `f64` only.
#[doc(hidden)]
pub trait Format: Copy + 'static {
    /// $\ln 2$ with so few bits that its product with any exponent is exact.
    const LN_2_HIGH: Self;
    /// The rest of $\ln 2$.
    const LN_2_LOW: Self;
    /// At and above this, $e^x$ is infinite.
    const EXP_CEILING: Self;
    /// At and below this, $e^x$ is zero.
    const EXP_FLOOR: Self;
    /// From here on $\tanh x$ is 1.
    const TANH_CEILING: Self;
    /// The smallest normal number.
    const SMALLEST_NORMAL: Self;
    /// Below this, $x$ is the nearest number to $e^x - 1$ and to $\ln(1 + x)$.
    const LINEAR_BELOW: Self;
    /// The largest finite number.
    const LARGEST: Self;
    /// $(e^r - 1 - r)/r^2$ over $|r| \le \frac12 \ln 2$, lowest power first.
    const EXP_SERIES: &'static [Self];
    /// $(2\operatorname{artanh}(s)/s - 2)/s^2$ in powers of $s^2$ over $s^2 \le 0.0295$.
    const LN_SERIES: &'static [Self];
    /// The same over $s^2 \le 1/9$.
    const LN_1P_SERIES: &'static [Self];

    /// The nearest integer, ties to even; for magnitudes below 2²¹.
    fn nearest_integer(self) -> Self;

    /// 2ⁿ for an integer n in the range of normal exponents.
    fn power_of_two(n: Self) -> Self;

    /// n and m with x = m·2ⁿ and m in [√½, √2), for positive normal x.
    fn exponent_and_fraction(self) -> (Self, Self);

    /// The magnitude of `self` with the sign of `sign`, also of zero.
    fn signed_as(self, sign: Self) -> Self;

    /// The number without its sign.
    fn magnitude(self) -> Self;
}

// The coefficients are minimax fits (Remez exchange, 60 digits), then rounded to the format. Their
// error, relative to the function they serve, is below a tenth of half an ulp.

macro_rules! impl_format {
    ($t:ident, $bits:ident, $mantissa_bits:literal, $bias:literal, $sqrt_half:literal,
     $($name:ident = $value:expr;)*) => {
        impl Format for $t {
            $(const $name: impl_format!(@type $name) = $value;)*
            const SMALLEST_NORMAL: Self = Self::MIN_POSITIVE;
            const LARGEST: Self = Self::MAX;
            const LINEAR_BELOW: Self = Self::EPSILON / 4.0;

            #[inline(always)]
            fn nearest_integer(self) -> Self {
                // 1/ε = 2ᵐ, m bits of fraction: adding 1.5·2ᵐ leaves no bits for a fraction.
                const SHIFT: $t = 1.5 / $t::EPSILON;
                (self + SHIFT) - SHIFT
            }

            #[inline(always)]
            fn power_of_two(n: Self) -> Self {
                // The sum ends in the biased exponent, in integer form.
                const SHIFT: $t = 1.5 / $t::EPSILON + $bias as $t;
                Self::from_bits((n + SHIFT).to_bits() << $mantissa_bits)
            }

            #[inline(always)]
            fn exponent_and_fraction(self) -> (Self, Self) {
                const ONE: $bits = $bias << $mantissa_bits;
                const FRACTION: $bits = (1 << $mantissa_bits) - 1;
                const SHIFT: $t = 1.0 / $t::EPSILON;
                let shifted = self.to_bits().wrapping_add(ONE - $sqrt_half);
                // A logical shift and a float built from its bits: neither an arithmetic shift nor
                // the conversion of 64-bit integers exists before AVX-512.
                let biased = Self::from_bits((shifted >> $mantissa_bits) | SHIFT.to_bits());
                let fraction = Self::from_bits((shifted & FRACTION) + $sqrt_half);
                (biased - (SHIFT + $bias as $t), fraction)
            }

            #[inline(always)]
            fn signed_as(self, sign: Self) -> Self {
                self.copysign(sign)
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
        }
    };
    (@type EXP_SERIES) => { &'static [Self] };
    (@type LN_SERIES) => { &'static [Self] };
    (@type LN_1P_SERIES) => { &'static [Self] };
    (@type $other:ident) => { Self };
}

impl_format! { f64, u64, 52, 1023, 0x3fe6_a09e_667f_3bcd,
    LN_2_HIGH = f64::from_bits(0x3fe6_2e42_fee0_0000);
    LN_2_LOW = 1.908_214_929_270_587_7e-10;
    EXP_CEILING = 710.0;
    EXP_FLOOR = -746.0;
    TANH_CEILING = 20.0;
    EXP_SERIES = &[
        0.500_000_000_000_001_1,
        0.166_666_666_666_664_13,
        0.041_666_666_666_530_204,
        0.008_333_333_333_494_567,
        0.001_388_888_894_365_105_6,
        0.000_198_412_695_063_575_16,
        2.480_149_305_108_637e-5,
        2.755_758_647_545_477_7e-6,
        2.763_027_317_251_803e-7,
        2.500_007_735_993_822_4e-8,
    ];
    LN_SERIES = &[
        0.666_666_666_666_673_4,
        0.399_999_999_994_187_95,
        0.285_714_287_416_273_97,
        0.222_221_986_404_191_22,
        0.181_835_612_427_728_72,
        0.153_141_212_766_833_37,
        0.147_953_080_823_216_43,
    ];
    LN_1P_SERIES = &[
        0.666_666_666_666_663_1,
        0.400_000_000_001_566_8,
        0.285_714_285_479_078_57,
        0.222_222_239_670_894_8,
        0.181_817_439_995_172_64,
        0.153_865_586_397_482_77,
        0.133_009_871_989_015_32,
        0.121_059_998_023_642_92,
        0.083_404_005_831_360_83,
        0.170_181_468_874_371_9,
    ];
}

impl_format! { f32, u32, 23, 127, 0x3f35_04f3,
    LN_2_HIGH = f32::from_bits(0x3f31_7200);
    LN_2_LOW = 1.428_606_8e-6;
    EXP_CEILING = 89.0;
    EXP_FLOOR = -104.0;
    TANH_CEILING = 10.0;
    EXP_SERIES = &[
        0.499_999_94,
        0.166_665_21,
        0.041_668_385,
        0.008_368_738,
        0.001_381_477_5,
    ];
    LN_SERIES = &[0.666_667_76, 0.399_775_6, 0.298_713_57];
    LN_1P_SERIES = &[0.666_664_1, 0.400_216_94, 0.279_991_87, 0.280_243_9];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_and_exponents_are_exact() {
        for n in -1022..=1023 {
            let power = f64::power_of_two(f64::from(n));
            assert_eq!(power, 2.0_f64.powi(n));
            assert_eq!((power * 1.25).exponent_and_fraction(), (f64::from(n), 1.25));
        }
        for n in -126_i16..=127 {
            let power = f32::power_of_two(f32::from(n));
            assert_eq!(power, 2.0_f32.powi(i32::from(n)));
            assert_eq!((power * 1.25).exponent_and_fraction(), (f32::from(n), 1.25));
        }
        assert_eq!(0.75.exponent_and_fraction(), (0.0, 0.75));
        assert_eq!(0.70.exponent_and_fraction(), (-1.0, 1.4));
    }

    #[test]
    fn integers_round_to_even() {
        for (x, n) in [
            (0.5, 0.0),
            (1.5, 2.0),
            (-2.5, -2.0),
            (745.2, 745.0),
            (-0.4, 0.0),
        ] {
            assert_eq!(f64::nearest_integer(x), n);
            assert_eq!(f32::nearest_integer(x as f32), n as f32);
        }
        assert!(f64::nearest_integer(f64::NAN).is_nan());
    }
}
