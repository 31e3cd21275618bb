//! Loops compiled a second time for wider vectors.
#![expect(
    unsafe_code,
    reason = "a function compiled for AVX2 must only run where there is AVX2"
)]

use crate::Real;

/// The scalar product in four times `LANES` sums: additions that do not wait for each other.
///
/// [`dot_f32`] and [`dot_f64`] add in the same order, with vectors of `LANES` numbers.
fn dot<T: Real, const LANES: usize>(x: &[T], y: &[T]) -> T {
    let (x, x_rest) = x.as_chunks::<LANES>();
    let (y, y_rest) = y.as_chunks::<LANES>();
    let mut sums = [[T::zero(); LANES]; 4];
    for (q, (x, y)) in x.iter().zip(y).enumerate() {
        for l in 0..LANES {
            sums[q % 4][l] += x[l] * y[l];
        }
    }
    let [a, b, c, d] = sums;
    let mut sum = T::zero();
    for l in 0..LANES {
        sum += (a[l] + b[l]) + (c[l] + d[l]);
    }
    for (&x, &y) in x_rest.iter().zip(y_rest) {
        sum += x * y;
    }
    sum
}

macro_rules! dot {
    ($name:ident, $avx2:ident, $t:ty, $lanes:literal, $vector:ident, $load:expr, $add:ident, $multiply:ident, $zero:ident) => {
        /// The scalar product of slices of equal length.
        #[inline(always)]
        pub(super) fn $name(x: &[$t], y: &[$t]) -> $t {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2, as just seen.
                return unsafe { $avx2(x, y) };
            }
            dot::<$t, $lanes>(x, y)
        }

        /// By hand: the compiler makes vectors across the sums rather than along them.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2(x: &[$t], y: &[$t]) -> $t {
            use core::arch::x86_64::*;

            const LANES: usize = $lanes;
            let load = $load;
            let mut sums: [$vector; 4] = [$zero(); 4];
            let (x, x_rest) = x.as_chunks::<LANES>();
            let (y, y_rest) = y.as_chunks::<LANES>();
            let (x, x_odd) = x.as_chunks::<4>();
            let (y, y_odd) = y.as_chunks::<4>();
            for (x, y) in x.iter().zip(y) {
                for q in 0..4 {
                    sums[q] = $add(sums[q], $multiply(load(&x[q]), load(&y[q])));
                }
            }
            for (sum, (x, y)) in sums.iter_mut().zip(x_odd.iter().zip(y_odd)) {
                *sum = $add(*sum, $multiply(load(x), load(y)));
            }
            let [a, b, c, d] = sums;
            // SAFETY: a vector is as many numbers, without padding, all bit patterns valid.
            let lanes: [$t; LANES] = unsafe { core::mem::transmute($add($add(a, b), $add(c, d))) };
            let mut sum = 0.0;
            for lane in lanes {
                sum += lane;
            }
            for (&x, &y) in x_rest.iter().zip(y_rest) {
                sum += x * y;
            }
            sum
        }
    };
}

dot!(
    dot_f32,
    dot_f32_avx2,
    f32,
    8,
    __m256,
    |v: &[f32; 8]| _mm256_set_ps(v[7], v[6], v[5], v[4], v[3], v[2], v[1], v[0]),
    _mm256_add_ps,
    _mm256_mul_ps,
    _mm256_setzero_ps
);
dot!(
    dot_f64,
    dot_f64_avx2,
    f64,
    4,
    __m256d,
    |v: &[f64; 4]| _mm256_set_pd(v[3], v[2], v[1], v[0]),
    _mm256_add_pd,
    _mm256_mul_pd,
    _mm256_setzero_pd
);

/// Runs `kernel` compiled with AVX2 where the processor has it, and as it is elsewhere.
///
/// `kernel` and all that it calls must be `#[inline(always)]`: what is not inlined stays as it is.
/// Multiplication and addition are not fused, so that the results are the same in both cases.
#[inline(always)]
pub(crate) fn wide<R>(kernel: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as just seen.
        return unsafe { with_avx2(kernel) };
    }
    kernel()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand_and_by_the_compiler_sum_the_same_bits() {
        for n in 0..200 {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i).sin()).collect();
            let y: Vec<f64> = (0..n).map(|i| f64::from(i).cos()).collect();
            assert_eq!(dot_f64(&x, &y), dot::<f64, 4>(&x, &y), "f64, {n}");
            let x: Vec<f32> = x.iter().map(|&x| f32::of(x)).collect();
            let y: Vec<f32> = y.iter().map(|&y| f32::of(y)).collect();
            assert_eq!(dot_f32(&x, &y), dot::<f32, 8>(&x, &y), "f32, {n}");
        }
    }
}
