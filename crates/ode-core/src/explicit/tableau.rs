use neuropil_math::Real;

use crate::control::Tuning;
use crate::{State, System};

/// Only the tableaus of this crate: their order conditions are proved when they are generated.
pub trait Sealed {
    /// The step control that suits the method.
    const TUNING: Tuning = Tuning::PI;
}

/// An explicit Runge–Kutta method: straight-line code made from its coefficients.
///
/// $$k_s = f\Bigl(t + c_s h, y + h \sum_{j < s} a_{sj} k_j\Bigr),
/// \qquad y_1 = y + h \sum_{s} b_s k_s$$
///
/// The methods are zero-sized types, so that the compiler sees every coefficient: zeros are left
/// out, and loops over states of a known size unroll. Nothing here allocates or checks; the
/// steppers do. All states given to one call have the same length.
///
/// # Slopes
/// The slopes of a step are an array `k` of [`SLOPES`](Self::SLOPES) states:
///
/// | index | what | written by |
/// | --- | --- | --- |
/// | 0 | $f(t, y)$ | the caller, or the step before |
/// | 1 to `STAGES` − 1 | the stages | [`step`](Self::step) |
/// | [`END`](Self::END) | $f(t + h, y_1)$ | `step` if [`FSAL`](Self::FSAL), else [`end`](Self::end) |
/// | `END` + 1 and on | only for dense output | [`dense_stages`](Self::dense_stages) |
///
/// After an accepted step `k[END]` is the `k[0]` of the next one: swap the two.
///
/// # Dense output
/// $$y(t + \theta h) \approx (1 - \theta) y_0 + \theta y_1
/// + h \theta (1 - \theta) \sum_j q_j(\theta) k_j$$
///
/// is exact at both ends, to the bit. It needs `k[END]` and the dense stages.
///
/// ```
/// use neuropil_ode_core::explicit::{DormandPrince54, Tableau};
///
/// let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
/// let (t, h, y0) = (0.0, 0.1, [1.0]);
/// let mut k = DormandPrince54::slopes(&y0);
/// k[0] = [-1.0];
/// let mut y1 = y0;
/// DormandPrince54::step(&decay, t, h, &y0, &mut k, &mut y1);
/// assert!((y1[0] - (-0.1_f64).exp()).abs() < 1e-9);
///
/// let mut middle = [0.0];
/// DormandPrince54::dense(0.5, h, &y0, &y1, &k, &mut middle);
/// assert!((middle[0] - (-0.05_f64).exp()).abs() < 1e-8);
/// ```
pub trait Tableau: Sealed + Copy + Default + core::fmt::Debug + Send + Sync + 'static {
    /// The usual name.
    const NAME: &'static str;
    /// Stages of a step, those with the weight zero and the first one included.
    const STAGES: usize;
    /// The order $p$: the error of a step is $O(h^{p+1})$.
    const ORDER: u32;
    /// The order of the solution that the error estimate compares with, if there is one.
    const EMBEDDED_ORDER: Option<u32>;
    /// The order of the second, lower one, where a method has two (DOP853).
    const SECOND_EMBEDDED_ORDER: Option<u32>;
    /// First same as last: the last stage is $f(t + h, y_1)$.
    const FSAL: bool;
    /// The index of the slope $f(t + h, y_1)$: the last stage, or the place after it.
    const END: usize;
    /// The number of slopes, those for dense output included.
    const SLOPES: usize;
    /// The order of the dense output.
    const DENSE_ORDER: u32;
    /// Evaluations that dense output needs beyond `k[END]`.
    const DENSE_STAGES: usize;

    /// The nodes $c_s$ of all slopes.
    const C: &'static [f64];
    /// The rows $a_{s0} \dots a_{s,s-1}$ of all slopes, zeros included; the first is empty.
    const A: &'static [&'static [f64]];
    /// The weights $b_s$ of the `STAGES` stages.
    const B: &'static [f64];
    /// The weights $b_s - \hat b_s$ of the error, or none.
    const ERROR: &'static [f64];

    /// The array of the slopes: `[S; SLOPES]`.
    type Slopes<S>: AsRef<[S]> + AsMut<[S]>;

    /// Slopes that are copies of `value`.
    fn slopes<S: Clone>(value: &S) -> Self::Slopes<S>;

    /// The stages from the second on, and $y_1$. `k[0]` must be there.
    fn step<T: Real, S: State<T>, F: System<T> + ?Sized>(
        system: &F,
        t: T,
        h: T,
        y: &S,
        k: &mut Self::Slopes<S>,
        y1: &mut S,
    );

    /// The slope at the end of the step, for methods where it is no stage; others do nothing.
    #[inline(always)]
    fn end<T: Real, S: State<T>, F: System<T> + ?Sized>(
        system: &F,
        t1: T,
        y1: &S,
        k: &mut Self::Slopes<S>,
    ) {
        if !Self::FSAL {
            system.rhs(t1, y1.as_slice(), k.as_mut()[Self::END].as_mut_slice());
        }
    }

    /// The estimate $h \sum_s (b_s - \hat b_s) k_s$ of the error; zeros for methods without one.
    #[inline(always)]
    fn error<T: Real, S: State<T>>(h: T, k: &Self::Slopes<S>, out: &mut [T]) {
        let _ = (h, k);
        out.fill(T::zero());
    }

    /// The second estimate, of the lower order; zeros for methods without one.
    #[inline(always)]
    fn second_error<T: Real, S: State<T>>(h: T, k: &Self::Slopes<S>, out: &mut [T]) {
        let _ = (h, k);
        out.fill(T::zero());
    }

    /// The slopes that only dense output needs. `k[END]` must be there; `work` is overwritten.
    #[inline(always)]
    fn dense_stages<T: Real, S: State<T>, F: System<T> + ?Sized>(
        system: &F,
        t: T,
        h: T,
        y: &S,
        k: &mut Self::Slopes<S>,
        work: &mut S,
    ) {
        let _ = (system, t, h, y, k, work);
    }

    /// The solution at $t + \theta h$.
    fn dense<T: Real, S: State<T>>(
        theta: T,
        h: T,
        y0: &[T],
        y1: &[T],
        k: &Self::Slopes<S>,
        out: &mut [T],
    );

    /// The derivative $\dot y$ of the dense output at $t + \theta h$: one order less exact.
    fn dense_derivative<T: Real, S: State<T>>(
        theta: T,
        h: T,
        y0: &[T],
        y1: &[T],
        k: &Self::Slopes<S>,
        out: &mut [T],
    );
}

/// Names for the slopes.
macro_rules! slopes {
    ($k:ident => $($name:pat),+) => {
        let [$($name),+] = $k;
    };
}

/// A call of the right-hand side.
macro_rules! rhs {
    ($k:ident = $system:ident($t:ident, $y:ident)) => {
        $system.rhs($t, $y.as_slice(), $k.as_mut_slice());
    };
    ($k:ident = $system:ident($t:ident + $h:ident, $y:ident)) => {
        $system.rhs($t + $h, $y.as_slice(), $k.as_mut_slice());
    };
    ($k:ident = $system:ident($t:ident + $c:literal $h:ident, $y:ident)) => {
        $system.rhs($t + T::of($c) * $h, $y.as_slice(), $k.as_mut_slice());
    };
}

/// `out = y + h Σ w k`, summed from the left. The newest slope stands last, so that all else is
/// done by the time it is known.
macro_rules! stage {
    ($out:ident = $y:ident + $h:ident * ($($w:literal $k:ident),+)) => {{
        let out = $out.as_mut_slice();
        let n = out.len();
        let y = &$y.as_slice()[..n];
        $(let $k = (T::of($w) * $h, &$k.as_slice()[..n]);)+
        for i in 0..n {
            out[i] = y[i] $(+ $k.0 * $k.1[i])+;
        }
    }};
}

/// `out = (y + h Σ w k) + h w k` with the newest slope last, for the solution itself: the small terms
/// are summed first, and all but the newest are in place by the time it is known.
macro_rules! advance {
    ($out:ident = $y:ident + $h:ident * ($w0:literal $k0:ident)) => {
        stage! { $out = $y + $h * ($w0 $k0) }
    };
    ($out:ident = $y:ident + $h:ident * ($($terms:tt)+)) => {
        advance! { @last [] $out = $y + $h * ($($terms)+) }
    };
    (@last [$($early:tt)*] $out:ident = $y:ident + $h:ident * ($w:literal $k:ident, $($rest:tt)+)) => {
        advance! { @last [$($early)* ($w $k)] $out = $y + $h * ($($rest)+) }
    };
    (@last [($w0:literal $k0:ident) $(($w:literal $k:ident))*]
     $out:ident = $y:ident + $h:ident * ($wn:literal $kn:ident)) => {{
        let out = $out.as_mut_slice();
        let n = out.len();
        let y = &$y.as_slice()[..n];
        let $k0 = (T::of($w0) * $h, &$k0.as_slice()[..n]);
        $(let $k = (T::of($w) * $h, &$k.as_slice()[..n]);)*
        let $kn = (T::of($wn) * $h, &$kn.as_slice()[..n]);
        for i in 0..n {
            out[i] = (y[i] + ($k0.0 * $k0.1[i] $(+ $k.0 * $k.1[i])*)) + $kn.0 * $kn.1[i];
        }
    }};
}

/// `out = h Σ w k`.
macro_rules! error {
    ($out:ident = $h:ident * ($w0:literal $k0:ident $(, $w:literal $k:ident)*)) => {{
        let n = $out.len();
        let $k0 = (T::of($w0) * $h, &$k0.as_slice()[..n]);
        $(let $k = (T::of($w) * $h, &$k.as_slice()[..n]);)*
        for i in 0..n {
            $out[i] = $k0.0 * $k0.1[i] $(+ $k.0 * $k.1[i])*;
        }
    }};
}

/// `out = (1 - θ) y0 + θ y1 + h θ (1 - θ) Σ q(θ) k`, polynomials from the highest power down.
macro_rules! dense {
    ($out:ident, $theta:ident, $h:ident, $y0:ident, $y1:ident;
     $([$first:literal $(, $q:literal)*] $k:ident),+) => {{
        let n = $out.len();
        let (y0, y1) = (&$y0[..n], &$y1[..n]);
        let rest = T::one() - $theta;
        let scale = $h * $theta * rest;
        $(let $k = {
            let q = T::of($first);
            $(let q = q * $theta + T::of($q);)*
            (q * scale, &$k.as_slice()[..n])
        };)+
        for i in 0..n {
            let bend = T::zero() $(+ $k.0 * $k.1[i])+;
            $out[i] = rest * y0[i] + $theta * y1[i] + bend;
        }
    }};
}

/// `out = (y1 - y0) / h + Σ r(θ) k` with the derivatives `r` of `θ (1 - θ) q(θ)`.
macro_rules! dense_derivative {
    ($out:ident, $theta:ident, $h:ident, $y0:ident, $y1:ident;
     $([$first:literal $(, $q:literal)*] $k:ident),+) => {{
        let n = $out.len();
        let (y0, y1) = (&$y0[..n], &$y1[..n]);
        $(let $k = {
            let q = T::of($first);
            $(let q = q * $theta + T::of($q);)*
            (q, &$k.as_slice()[..n])
        };)+
        for i in 0..n {
            let bend = T::zero() $(+ $k.0 * $k.1[i])+;
            $out[i] = (y1[i] - y0[i]) / $h + bend;
        }
    }};
}

pub(super) use {advance, dense, dense_derivative, error, rhs, slopes, stage};
