use neuropil_math::Real;

use crate::System;

/// Where an integration starts, and with which tolerances.
pub(crate) struct Start<'a, T> {
    pub(crate) t: T,
    pub(crate) y: &'a [T],
    /// $f(t, y)$.
    pub(crate) slope: &'a [T],
    pub(crate) absolute: &'a [T],
    pub(crate) relative: T,
    pub(crate) forward: bool,
    /// What the step may not exceed.
    pub(crate) limit: T,
}

/// The size of the first step, for an error that is $O(h^q)$: a step of Euler's method shows the
/// second derivative. Hairer, Nørsett & Wanner (1993), II.4. One evaluation.
#[cold]
pub(crate) fn initial_step<T: Real, F: System<T> + ?Sized>(
    system: &F,
    start: &Start<'_, T>,
    q: u32,
    work: &mut [T],
    work_slope: &mut [T],
) -> T {
    let n = start.y.len();
    let scale = |i: usize| start.absolute[i] + start.relative * start.y[i].abs();
    let norm = |sum: T| (sum / T::of(n as f64)).sqrt();
    let limit = |h: T| if h > start.limit { start.limit } else { h };
    let (mut d0, mut d1) = (T::zero(), T::zero());
    for i in 0..n {
        let s = scale(i);
        let (a, b) = (start.y[i] / s, start.slope[i] / s);
        d0 += a * a;
        d1 += b * b;
    }
    let (d0, d1) = (norm(d0), norm(d1));
    let tiny = T::of(1e-5);
    let h0 = limit(if d0 > tiny && d1 > tiny {
        d0 / d1 * T::of(0.01)
    } else {
        T::of(1e-6)
    });
    let h = if start.forward { h0 } else { -h0 };
    for i in 0..n {
        work[i] = start.y[i] + h * start.slope[i];
    }
    system.rhs(start.t + h, work, work_slope);
    let mut d2 = T::zero();
    for i in 0..n {
        let a = (work_slope[i] - start.slope[i]) / scale(i);
        d2 += a * a;
    }
    let d2 = norm(d2) / h0;
    if !d2.is_finite() {
        return h0;
    }
    let d = if d1 > d2 { d1 } else { d2 };
    let h1 = if d > T::of(1e-15) {
        (T::of(0.01) / d).powf(T::of(1.0 / f64::from(q)))
    } else {
        let h1 = h0 * T::of(1e-3);
        if h1 > T::of(1e-6) { h1 } else { T::of(1e-6) }
    };
    let h100 = h0 * T::of(100.0);
    limit(if h1 > h100 { h100 } else { h1 })
}
