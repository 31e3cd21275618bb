//! Numbers with 512 bits behind the point: enough to see a wrong digit among a hundred and fifty.

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};

/// Bits behind the point.
pub(super) const FRACTION: usize = 512;
/// Limbs of 64 bits, with 256 bits before the point.
const LIMBS: usize = FRACTION / 64 + 4;

/// A number as sign and magnitude. Products and quotients are cut, so that they err by less than
/// $2^{-512}$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fixed {
    negative: bool,
    limbs: [u64; LIMBS],
}

impl Fixed {
    pub(super) const ZERO: Self = Self {
        negative: false,
        limbs: [0; LIMBS],
    };

    pub(super) fn integer(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[FRACTION / 64] = value;
        Self {
            negative: false,
            limbs,
        }
    }

    /// `numerator / denominator`, of any number of limbs; None if the denominator is zero or the
    /// quotient too large.
    pub(super) fn ratio(numerator: &[u64], denominator: &[u64]) -> Option<Self> {
        let size = denominator.iter().rposition(|&limb| limb != 0)? + 1;
        let denominator = &denominator[..size];
        let mut remainder = vec![0; size + 1];
        let mut limbs = [0; LIMBS];
        // Long division, bit by bit: the numerator, then the zeros of the fraction.
        for position in (0..numerator.len() * 64 + FRACTION).rev() {
            let bit = match position.checked_sub(FRACTION) {
                Some(bit) => numerator[bit / 64] >> (bit % 64) & 1,
                None => 0,
            };
            shift_left(&mut remainder, bit);
            if !less(&remainder, denominator) {
                subtract(&mut remainder, denominator);
                *limbs.get_mut(position / 64)? |= 1 << (position % 64);
            }
        }
        Some(Self {
            negative: false,
            limbs,
        })
    }

    pub(super) fn fraction(numerator: u64, denominator: u64) -> Self {
        Self::ratio(&[numerator], &[denominator]).unwrap_or(Self::ZERO)
    }

    /// $2^{-\text{bits}}$.
    pub(super) fn tiny(bits: usize) -> Self {
        let mut limbs = [0; LIMBS];
        let position = FRACTION.saturating_sub(bits);
        limbs[position / 64] = 1 << (position % 64);
        Self {
            negative: false,
            limbs,
        }
    }

    /// The square root of a positive integer.
    pub(super) fn sqrt(value: u64) -> Self {
        let n = Self::integer(value);
        let half = Self::fraction(1, 2);
        let mut y = Self::from_f64(1.0 / (value as f64).sqrt());
        // Newton for 1/√n: each round doubles the 53 bits.
        for _ in 0..5 {
            y = y + y * (Self::integer(1) - n * y * y) * half;
        }
        n * y
    }

    /// The cube root of a positive integer.
    pub(super) fn cbrt(value: u64) -> Self {
        let n = Self::integer(value);
        let third = Self::fraction(1, 3);
        let mut y = Self::from_f64(1.0 / (value as f64).cbrt());
        for _ in 0..5 {
            y = y + y * (Self::integer(1) - n * y * y * y) * third;
        }
        n * y * y
    }

    /// 1 / self, which must not be near zero.
    pub(super) fn reciprocal(self) -> Self {
        let mut y = Self::from_f64(1.0 / self.to_f64());
        for _ in 0..5 {
            y = y + y * (Self::integer(1) - self * y);
        }
        y
    }

    pub(super) fn abs(self) -> Self {
        Self {
            negative: false,
            ..self
        }
    }

    pub(super) fn is_zero(self) -> bool {
        self.limbs == [0; LIMBS]
    }

    /// The nearest `f64`, ties to even.
    pub(super) fn to_f64(self) -> f64 {
        let Some(top) = (0..LIMBS * 64)
            .rev()
            .find(|&bit| self.limbs[bit / 64] >> (bit % 64) & 1 == 1)
        else {
            return 0.0;
        };
        let bit = |position: usize| self.limbs[position / 64] >> (position % 64) & 1;
        let low = (top + 1).saturating_sub(53);
        let mut mantissa = (low..=top)
            .rev()
            .fold(0, |m, position| m << 1 | bit(position));
        if low > 0 && bit(low - 1) == 1 {
            let beyond = (0..low - 1).any(|position| bit(position) == 1);
            mantissa += u64::from(beyond || mantissa & 1 == 1);
        }
        let scale = 2_f64.powi(low as i32 - FRACTION as i32);
        let value = mantissa as f64 * scale;
        if self.negative { -value } else { value }
    }

    /// A number between 2^-100 and 2^100, exactly.
    fn from_f64(value: f64) -> Self {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as i32 - 1075;
        let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
        let mut limbs = [0; LIMBS];
        for i in 0..53 {
            if mantissa >> i & 1 == 1 {
                let position = (i + exponent + FRACTION as i32) as usize;
                limbs[position / 64] |= 1 << (position % 64);
            }
        }
        Self {
            negative: value < 0.0,
            limbs,
        }
    }
}

impl Add for Fixed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut limbs = self.limbs;
        if self.negative == other.negative {
            let mut carry = false;
            for (a, b) in limbs.iter_mut().zip(other.limbs) {
                let (sum, first) = a.overflowing_add(b);
                let (sum, second) = sum.overflowing_add(u64::from(carry));
                *a = sum;
                carry = first || second;
            }
            assert!(!carry, "a number of 256 bits before the point");
            let negative = self.negative;
            return Self { negative, limbs };
        }
        if less(&self.limbs, &other.limbs) {
            limbs = other.limbs;
            subtract(&mut limbs, &self.limbs);
            let negative = other.negative;
            return Self { negative, limbs };
        }
        subtract(&mut limbs, &other.limbs);
        let negative = self.negative;
        Self { negative, limbs }
    }
}

impl Neg for Fixed {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            negative: !self.negative,
            ..self
        }
    }
}

impl Sub for Fixed {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Fixed {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut product = [0_u64; 2 * LIMBS];
        // Most numbers are small: nothing stands in their highest limbs.
        let used = other
            .limbs
            .iter()
            .rposition(|&b| b != 0)
            .map_or(0, |i| i + 1);
        for (i, &a) in self.limbs.iter().enumerate() {
            if a == 0 {
                continue;
            }
            let mut carry = 0;
            for (p, &b) in product[i..].iter_mut().zip(&other.limbs[..used]) {
                let sum = u128::from(a) * u128::from(b) + u128::from(*p) + u128::from(carry);
                *p = sum as u64;
                carry = (sum >> 64) as u64;
            }
            product[i + used] = carry;
        }
        let point = FRACTION / 64;
        let mut limbs = [0; LIMBS];
        limbs.copy_from_slice(&product[point..point + LIMBS]);
        assert!(
            product[point + LIMBS..].iter().all(|&limb| limb == 0),
            "a product of 256 bits before the point"
        );
        Self {
            negative: self.negative != other.negative,
            limbs,
        }
    }
}

impl Sum for Fixed {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

impl PartialOrd for Fixed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let difference = *self - *other;
        Some(match (difference.is_zero(), difference.negative) {
            (true, _) => Ordering::Equal,
            (false, true) => Ordering::Less,
            (false, false) => Ordering::Greater,
        })
    }
}

/// a = 2 a + bit.
fn shift_left(a: &mut [u64], bit: u64) {
    let mut carry = bit;
    for limb in a {
        let next = *limb >> 63;
        *limb = *limb << 1 | carry;
        carry = next;
    }
}

/// Whether a < b, of possibly different lengths.
fn less(a: &[u64], b: &[u64]) -> bool {
    for i in (0..a.len().max(b.len())).rev() {
        let limb = |x: &[u64]| x.get(i).copied().unwrap_or(0);
        if limb(a) != limb(b) {
            return limb(a) < limb(b);
        }
    }
    false
}

/// a -= b, where b is not larger.
fn subtract(a: &mut [u64], b: &[u64]) {
    let mut borrow = false;
    for (i, limb) in a.iter_mut().enumerate() {
        let (difference, first) = limb.overflowing_sub(b.get(i).copied().unwrap_or(0));
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        *limb = difference;
        borrow = first || second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_agrees_with_small_fractions() {
        let third = Fixed::fraction(1, 3);
        let seventh = Fixed::fraction(1, 7);
        let error = (third * seventh - Fixed::fraction(1, 21)).abs();
        assert!(error < Fixed::tiny(500));
        let sum = third - seventh;
        assert!((sum - Fixed::fraction(4, 21)).abs() < Fixed::tiny(500));
        assert!((seventh - third + sum).is_zero());
        assert!(-third < seventh);
        let inverse = (third - seventh).reciprocal();
        assert!((inverse - Fixed::fraction(21, 4)).abs() < Fixed::tiny(500));
    }

    #[test]
    fn roots_are_roots() {
        let six = Fixed::sqrt(6);
        assert!((six * six - Fixed::integer(6)).abs() < Fixed::tiny(500));
        let nine = Fixed::cbrt(9);
        assert!((nine * nine * nine - Fixed::integer(9)).abs() < Fixed::tiny(495));
        assert_eq!(six.to_f64(), 6_f64.sqrt());
    }

    #[test]
    fn rounds_to_the_nearest_double() {
        assert_eq!(Fixed::fraction(1, 10).to_f64(), 0.1);
        assert_eq!((-Fixed::fraction(1, 3)).to_f64(), -1.0 / 3.0);
        assert_eq!(Fixed::integer(u64::MAX).to_f64(), u64::MAX as f64);
        // Halfway between two doubles: to the even one.
        assert_eq!(
            Fixed::integer((1 << 53) + 1).to_f64(),
            9_007_199_254_740_992.0
        );
        assert_eq!(
            Fixed::integer((1 << 53) + 3).to_f64(),
            9_007_199_254_740_996.0
        );
        assert_eq!(Fixed::tiny(300).to_f64(), 2_f64.powi(-300));
        assert_eq!(Fixed::ZERO.to_f64(), 0.0);
    }

    #[test]
    fn long_ratios_are_exact() {
        // 10^40 / (3 · 10^39)
        let power = |n: u32| {
            let mut limbs = vec![1_u64];
            for _ in 0..n {
                let mut carry = 0;
                for limb in &mut limbs {
                    let product = u128::from(*limb) * 10 + carry;
                    *limb = product as u64;
                    carry = product >> 64;
                }
                limbs.push(carry as u64);
            }
            limbs
        };
        let small = Fixed::ratio(&power(39), &power(40)).unwrap();
        assert_eq!(small, Fixed::fraction(1, 10));
        assert!(Fixed::ratio(&[1], &[0]).is_none());
        assert!(Fixed::ratio(&power(100), &[1]).is_none());
    }
}
