//! The widest vectors that the running processor has, as the elementary functions of
//! `neuropil-math` have them.
//!
//! A kernel is compiled three times on x86-64: for the baseline (SSE2), for AVX2 and for AVX-512. All
//! three give the same bits: trajectories are independent, and no path contracts `a * b + c`.

/// A loop that is compiled once for each vector width.
pub(super) trait Kernel {
    /// The loop. Implementations are `#[inline(always)]`, and so is all they call, or it is compiled
    /// for the baseline whatever the caller is compiled for.
    fn run(self);
}

/// Runs `kernel` compiled for the widest vectors that this processor has.
#[inline]
pub(super) fn widest<K: Kernel>(kernel: K) {
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
    baseline(kernel);
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
}

#[inline(never)]
fn baseline<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Horner<'a>(&'a mut [f64]);

    impl Kernel for Horner<'_> {
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
        let expected = run(&|k| baseline(k));
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
