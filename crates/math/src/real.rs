use crate::elementary::Format;
use nalgebra::RealField;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Serialize, de::DeserializeOwned};

use crate::linalg::Kernels;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The scalar of every model: `f32` or `f64`, and nothing else.
///
/// A [`RealField`] that is `Copy`, converts to and from `f64`, can be sampled and can be saved.
/// Draws are made in `f64` and then rounded, so that models of both precisions built from one seed
/// agree up to rounding.
///
/// ```
/// use neuropil_math::Real;
///
/// fn half<T: Real>(x: T) -> T {
///     x * T::of(0.5)
/// }
/// assert_eq!(half(3.0_f32), 1.5);
/// ```
pub trait Real:
    RealField + Copy + Default + Serialize + DeserializeOwned + Format + Kernels + sealed::Sealed
{
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;

    /// The nearest number to `x`.
    fn of(x: f64) -> Self;

    /// This number as an `f64`, exactly.
    fn to_f64(self) -> f64;

    /// A draw from the normal distribution of mean 0 and deviation 1.
    fn standard_normal<R: Rng + ?Sized>(rng: &mut R) -> Self {
        Self::of(rng.sample(StandardNormal))
    }

    /// A draw from the uniform distribution over [0, 1).
    ///
    /// Rounding to `f32` may give 1 itself, once in some 2²⁵ draws; such a draw becomes the largest
    /// number below 1.
    fn standard_uniform<R: Rng + ?Sized>(rng: &mut R) -> Self {
        let below_one = Self::one() - Self::EPSILON * Self::of(0.5);
        RealField::min(Self::of(rng.random::<f64>()), below_one)
    }
}

macro_rules! impl_real {
    ($t:ty) => {
        impl Real for $t {
            const EPSILON: Self = <$t>::EPSILON;

            #[inline(always)]
            #[allow(
                clippy::cast_possible_truncation,
                reason = "rounding to the precision is what it is for"
            )]
            fn of(x: f64) -> Self {
                x as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
        }
    };
}

impl_real!(f32);
impl_real!(f64);
