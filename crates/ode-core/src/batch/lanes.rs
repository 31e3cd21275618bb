use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use neuropil_math::Real;
use neuropil_math::elementary::scalar;

/// A number, or the numbers of several trajectories side by side: what a right-hand side that serves
/// both computes with.
///
/// `T` itself is one, [`Lanes`] is the other. All operations go lane by lane and are the very ones of
/// `T`, so that a trajectory has the same bits in a batch and alone. The functions are those of
/// [`neuropil_math::elementary`] where it has them.
///
/// Operations take numbers `T` on the right: `y[0] * 2.0`, `(y[1] - 1.0) / tau`. With the number on the
/// left write [`splat`](Self::splat).
pub trait Lane<T: Real>:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<T, Output = Self>
    + Sub<T, Output = Self>
    + Mul<T, Output = Self>
    + Div<T, Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// The same number in every lane.
    fn splat(x: T) -> Self;

    /// A function of one number, lane by lane.
    fn map(self, f: impl Fn(T) -> T) -> Self;

    /// A function of two numbers, lane by lane.
    fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self;

    /// $e^x$.
    #[inline(always)]
    fn exp(self) -> Self {
        self.map(scalar::exp)
    }

    /// $\tanh x$.
    #[inline(always)]
    fn tanh(self) -> Self {
        self.map(scalar::tanh)
    }

    /// $1 / (1 + e^{-x})$.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.map(scalar::sigmoid)
    }

    /// $\ln x$.
    #[inline(always)]
    fn ln(self) -> Self {
        self.map(scalar::ln)
    }

    /// $\sqrt x$.
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(|x| x.sqrt())
    }

    /// $\sin x$.
    #[inline(always)]
    fn sin(self) -> Self {
        self.map(|x| x.sin())
    }

    /// $\cos x$.
    #[inline(always)]
    fn cos(self) -> Self {
        self.map(|x| x.cos())
    }

    /// $\lvert x \rvert$.
    #[inline(always)]
    fn abs(self) -> Self {
        self.map(|x| x.abs())
    }
}

impl<T: Real> Lane<T> for T {
    #[inline(always)]
    fn splat(x: T) -> Self {
        x
    }

    #[inline(always)]
    fn map(self, f: impl Fn(T) -> T) -> Self {
        f(self)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        f(self, other)
    }
}

/// One variable of `L` trajectories.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Lanes<T, const L: usize>(
    /// One number for each trajectory.
    pub [T; L],
);

impl<T: Real, const L: usize> Lane<T> for Lanes<T, L> {
    #[inline(always)]
    fn splat(x: T) -> Self {
        Self([x; L])
    }

    #[inline(always)]
    fn map(self, f: impl Fn(T) -> T) -> Self {
        let mut out = self.0;
        for x in &mut out {
            *x = f(*x);
        }
        Self(out)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = self.0;
        for i in 0..L {
            out[i] = f(out[i], other.0[i]);
        }
        Self(out)
    }
}

impl<T: Real, const L: usize> Neg for Lanes<T, L> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

macro_rules! operator {
    ($operator:ident, $apply:ident, $assign:ident, $apply_assign:ident) => {
        impl<T: Real, const L: usize> $operator for Lanes<T, L> {
            type Output = Self;

            #[inline(always)]
            fn $apply(self, other: Self) -> Self {
                self.zip(other, |a, b| a.$apply(b))
            }
        }

        impl<T: Real, const L: usize> $operator<T> for Lanes<T, L> {
            type Output = Self;

            #[inline(always)]
            fn $apply(self, other: T) -> Self {
                self.map(|a| a.$apply(other))
            }
        }

        impl<T: Real, const L: usize> $assign for Lanes<T, L> {
            #[inline(always)]
            fn $apply_assign(&mut self, other: Self) {
                *self = (*self).$apply(other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign);
operator!(Sub, sub, SubAssign, sub_assign);
operator!(Mul, mul, MulAssign, mul_assign);
operator!(Div, div, DivAssign, div_assign);

impl<T, const L: usize> Lanes<T, L> {
    /// Variables side by side, as variables of lanes; a remainder is left out.
    #[inline(always)]
    pub(super) fn of_slice(numbers: &[T]) -> &[Self] {
        let (chunks, _) = numbers.as_chunks::<L>();
        // SAFETY: `Self` is a transparent wrapper of `[T; L]`: the same layout, no invariant. Length and
        // lifetime are those of `chunks`.
        #[expect(unsafe_code, reason = "no safe cast between slices of a type and its wrapper")]
        unsafe {
            core::slice::from_raw_parts(chunks.as_ptr().cast(), chunks.len())
        }
    }

    /// As [`of_slice`](Self::of_slice), to be written.
    #[inline(always)]
    pub(super) fn of_slice_mut(numbers: &mut [T]) -> &mut [Self] {
        let (chunks, _) = numbers.as_chunks_mut::<L>();
        // SAFETY: as above; the exclusive borrow of `numbers` passes on to the result.
        #[expect(unsafe_code, reason = "no safe cast between slices of a type and its wrapper")]
        unsafe {
            core::slice::from_raw_parts_mut(chunks.as_mut_ptr().cast(), chunks.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_keep_their_numbers() {
        let mut numbers: Vec<f64> = (0..7).map(f64::from).collect();
        let lanes = Lanes::<f64, 3>::of_slice(&numbers);
        assert_eq!(lanes, [Lanes([0.0, 1.0, 2.0]), Lanes([3.0, 4.0, 5.0])]);
        Lanes::<f64, 3>::of_slice_mut(&mut numbers)[1].0[2] = -1.0;
        assert_eq!(numbers[5], -1.0);
        assert!(Lanes::<f64, 8>::of_slice(&numbers).is_empty());
    }

    #[test]
    fn operations_go_lane_by_lane() {
        let (a, b) = (Lanes([1.0, -2.0]), Lanes([4.0, 8.0]));
        assert_eq!((a + b) * b - a / b, Lanes([5.0 * 4.0 - 0.25, 48.0 + 0.25]));
        assert_eq!(-(a + 1.0) * 2.0, Lanes([-4.0, 2.0]));
        let mut c = a;
        c += b;
        c *= a;
        c -= a;
        c /= b;
        assert_eq!(c, Lanes([1.0, (-12.0 + 2.0) / 8.0]));
        assert_eq!(b.sqrt(), Lanes([2.0, 8.0_f64.sqrt()]));
        assert_eq!(a.exp(), Lanes([scalar::exp(1.0), scalar::exp(-2.0)]));
        assert_eq!(Lanes::<f64, 2>::splat(3.0).abs(), Lanes([3.0; 2]));
    }
}
