//! The widest vectors that the running processor has, as the elementary functions of
//! `neuropil-math` have them.
//!
//! A kernel is compiled three times on x86-64: for the baseline (SSE2), for AVX2 and for AVX-512. All
//! three give the same bits: lanes are independent, and no path contracts `a * b + c`.

use neuropil_math::Real;

use super::{LaneSystem, Lanes};

/// A loop that is compiled once for each vector width.
pub(super) trait Kernel {
    /// The loop. Implementations are `#[inline(always)]`, and so is all they call, or it is compiled
    /// for the baseline whatever the caller is compiled for.
    fn run<W: Width>(self);
}

/// A vector width that the running processor has.
///
/// The right-hand side is a function of its own in each: inlined into a step, its lanes come apart into
/// more numbers than there are registers, and the compiler does not find the vectors again.
pub(super) trait Width {
    /// The derivatives, compiled for this width. Only a [`Kernel`] that runs with it may call this.
    fn rhs<F: LaneSystem<T>, T: Real, const L: usize>(
        system: &F,
        t: T,
        y: &[T],
        p: &[T],
        dy: &mut [T],
    );
}

#[inline(always)]
fn rhs<F: LaneSystem<T>, T: Real, const L: usize>(
    system: &F,
    t: T,
    y: &[T],
    p: &[T],
    dy: &mut [T],
) {
    let (y, p) = (Lanes::<T, L>::of_slice(y), Lanes::of_slice(p));
    system.rhs(t, y, p, Lanes::of_slice_mut(dy));
}

struct Baseline;

impl Width for Baseline {
    #[inline(never)]
    fn rhs<F: LaneSystem<T>, T: Real, const L: usize>(
        system: &F,
        t: T,
        y: &[T],
        p: &[T],
        dy: &mut [T],
    ) {
        rhs::<F, T, L>(system, t, y, p, dy);
    }
}

macro_rules! width {
    ($name:ident, $features:literal) => {
        #[cfg(target_arch = "x86_64")]
        struct $name;

        #[cfg(target_arch = "x86_64")]
        impl $name {
            #[target_feature(enable = $features)]
            fn run<K: Kernel>(kernel: K) {
                kernel.run::<Self>();
            }

            #[inline(never)]
            #[target_feature(enable = $features)]
            fn rhs<F: LaneSystem<T>, T: Real, const L: usize>(
                system: &F,
                t: T,
                y: &[T],
                p: &[T],
                dy: &mut [T],
            ) {
                rhs::<F, T, L>(system, t, y, p, dy);
            }
        }

        #[cfg(target_arch = "x86_64")]
        impl Width for $name {
            #[inline(always)]
            fn rhs<F: LaneSystem<T>, T: Real, const L: usize>(
                system: &F,
                t: T,
                y: &[T],
                p: &[T],
                dy: &mut [T],
            ) {
                // SAFETY: this type is private to the module, and given to a kernel in `widest` only,
                // where the features have been detected.
                #[expect(
                    unsafe_code,
                    reason = "the processor's features are known at run time only"
                )]
                unsafe {
                    Self::rhs::<F, T, L>(system, t, y, p, dy);
                }
            }
        }
    };
}

width!(Avx2, "avx2");
width!(Avx512, "avx512f,avx512bw,avx512dq,avx512vl");

/// Runs `kernel` compiled for the widest vectors that this processor has.
#[inline]
pub(super) fn widest<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: it needs nothing but the features that were just detected.
            #[expect(
                unsafe_code,
                reason = "the processor's features are known at run time only"
            )]
            return unsafe { Avx512::run(kernel) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: it needs nothing but the feature that was just detected.
            #[expect(
                unsafe_code,
                reason = "the processor's features are known at run time only"
            )]
            return unsafe { Avx2::run(kernel) };
        }
    }
    kernel.run::<Baseline>();
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
}
