//! Functions of one element over whole slices, in the widest vectors.

use crate::Real;
use crate::vectors::{Kernel, widest};

/// Elements handled together. Two 512-bit vectors of `f64`: enough independent work to hide the
/// latency of a chain of multiplications.
pub(crate) const LANES: usize = 16;

/// A function of one element, without branches.
pub(crate) trait Map<T>: Copy {
    /// The value at `x`. Implementations are `#[inline(always)]`.
    fn at(self, x: T) -> T;
}

struct InPlace<'a, T, M> {
    x: &'a mut [T],
    map: M,
}

impl<T: Real, M: Map<T>> Kernel for InPlace<'_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (chunks, tail) = self.x.as_chunks_mut::<LANES>();
        for chunk in chunks {
            for x in chunk {
                *x = self.map.at(*x);
            }
        }
        if !tail.is_empty() {
            // A padded chunk is several times faster than up to fifteen elements one by one.
            let mut padded = [T::zero(); LANES];
            padded[..tail.len()].copy_from_slice(tail);
            for x in &mut padded {
                *x = self.map.at(*x);
            }
            tail.copy_from_slice(&padded[..tail.len()]);
        }
    }
}

/// Replaces every element by the value of `map` there.
#[inline]
pub(crate) fn map_in_place<T: Real, M: Map<T>>(x: &mut [T], map: M) {
    widest(InPlace { x, map });
}

struct Multiply<'a, T, M> {
    x: &'a [T],
    y: &'a mut [T],
    map: M,
}

impl<T: Real, M: Map<T>> Kernel for Multiply<'_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (x, x_tail) = self.x.as_chunks::<LANES>();
        let (y, y_tail) = self.y.as_chunks_mut::<LANES>();
        for (x, y) in x.iter().zip(y) {
            for i in 0..LANES {
                y[i] *= self.map.at(x[i]);
            }
        }
        if !x_tail.is_empty() {
            let mut factors = [T::zero(); LANES];
            factors[..x_tail.len()].copy_from_slice(x_tail);
            for x in &mut factors {
                *x = self.map.at(*x);
            }
            for (y, factor) in y_tail.iter_mut().zip(factors) {
                *y *= factor;
            }
        }
    }
}

/// Multiplies every element of `y` by the value of `map` at the element of `x`; both have one length.
#[inline]
pub(crate) fn multiply_by_map<T: Real, M: Map<T>>(x: &[T], y: &mut [T], map: M) {
    debug_assert_eq!(x.len(), y.len(), "one factor for each element");
    widest(Multiply { x, y, map });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elementary::maps;
    #[cfg(target_arch = "x86_64")]
    use crate::vectors::{avx2, avx512, has_avx512};

    fn every_path<T: Real, M: Map<T>>(x: &[T], map: M, bits: impl Fn(T) -> u64) {
        let run = |path: &dyn Fn(InPlace<'_, T, M>)| -> Vec<u64> {
            let mut y = x.to_vec();
            path(InPlace { x: &mut y, map });
            y.into_iter().map(&bits).collect()
        };
        let baseline = run(&|k| k.run());
        let one_by_one: Vec<u64> = x.iter().map(|&v| bits(map.at(v))).collect();
        assert_eq!(
            baseline, one_by_one,
            "baseline loop against single elements"
        );
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "each path is called where its features are there"
        )]
        {
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the feature was just detected.
                assert_eq!(run(&|k| unsafe { avx2(k) }), baseline, "AVX2");
            }
            if has_avx512() {
                // SAFETY: the features were just detected.
                assert_eq!(run(&|k| unsafe { avx512(k) }), baseline, "AVX-512");
            }
        }
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let x: Vec<f64> = (0..40_007)
            .map(|i: u32| {
                f64::from_bits(u64::from(i.wrapping_mul(2_654_435_761)) << 32 | u64::from(i))
            })
            .chain((0..20_000).map(|i| f64::from(i) * 1e-3 - 10.0))
            .collect();
        let y: Vec<f32> = (0..40_007_u32)
            .map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761)))
            .chain((0..20_000_u16).map(|i| f32::from(i) * 1e-3 - 10.0))
            .collect();
        // The sign and payload of NaN are the processor's choice.
        let of_f64 = |v: f64| if v.is_nan() { u64::MAX } else { v.to_bits() };
        let of_f32 = |v: f32| {
            if v.is_nan() {
                u64::MAX
            } else {
                u64::from(v.to_bits())
            }
        };
        macro_rules! check {
            ($($map:ident),*) => {$(
                every_path(&x, maps::$map, of_f64);
                every_path(&y, maps::$map, of_f32);
            )*};
        }
        check!(Exp, ExpM1, Ln, Ln1p, Tanh, Sigmoid, Softplus, NormalCdf);
    }
}
