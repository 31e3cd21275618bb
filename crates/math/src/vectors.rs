//! The widest vectors that the running processor has, for kernels written as plain loops.
//!
//! A kernel is compiled three times on x86-64: for the baseline (SSE2), for AVX2 and for AVX-512.
//! All three give the same bits: the compiler may only reorder independent elements, every one of
//! which goes through the same IEEE operations. In particular no path contracts `a * b + c` into a
//! fused multiply-add; kernels must not call `mul_add`, which would also be a function call on the
//! baseline. Other architectures use their baseline vectors.
//!
//! ```
//! use neuropil_math::vectors::{Kernel, widest};
//!
//! struct Halve<'a>(&'a mut [f64]);
//!
//! impl Kernel for Halve<'_> {
//!     type Output = ();
//!
//!     #[inline(always)]
//!     fn run(self) {
//!         for x in self.0 {
//!             *x *= 0.5;
//!         }
//!     }
//! }
//!
//! let mut x = [2.0; 100];
//! widest(Halve(&mut x));
//! assert_eq!(x, [1.0; 100]);
//! ```

/// A loop that is compiled once for each vector width.
pub trait Kernel {
    /// What the loop returns.
    type Output;

    /// The loop. Implementations are `#[inline(always)]`, and so is all they call, or it is compiled
    /// for the baseline whatever the caller is compiled for.
    fn run(self) -> Self::Output;
}

/// Runs `kernel` compiled for the widest vectors that this processor has.
#[inline]
pub fn widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: `avx512` needs nothing but the features that were just detected.
            #[expect(
                unsafe_code,
                reason = "the processor's features are known at run time only"
            )]
            return unsafe { avx512(kernel) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: `avx2` needs nothing but the feature that was just detected.
            #[expect(
                unsafe_code,
                reason = "the processor's features are known at run time only"
            )]
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(crate) fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(crate) fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Horner<'a>(&'a mut [f64]);

    impl Kernel for Horner<'_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            for x in self.0 {
                *x = ((*x * 1.1 + 0.3) * *x - 0.7) * *x + 0.1;
            }
        }
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let start: Vec<f64> = (0..1003).map(|i| f64::from(i).sin()).collect();
        let run = |path: &dyn Fn(Horner<'_>)| {
            let mut x = start.clone();
            path(Horner(&mut x));
            x
        };
        let expected = run(&|k| k.run());
        assert_eq!(run(&|k| widest(k)), expected);
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "each path is called where its features are there"
        )]
        {
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the feature was just detected.
                assert_eq!(run(&|k| unsafe { avx2(k) }), expected);
            }
            if has_avx512() {
                // SAFETY: the features were just detected.
                assert_eq!(run(&|k| unsafe { avx512(k) }), expected);
            }
        }
    }
}
