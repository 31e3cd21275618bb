use neuropil_math::Real;

/// A system of delay differential equations with $m$ constant delays, which belong to the solver.
///
/// Closures `Fn(t, &y, &delayed, &mut dy)` are such systems.
pub trait DelaySystem<T: Real> {
    /// Writes $\dot y$ at time `t` into `dy`, every component of it.
    ///
    /// `delayed` holds the delayed states one after the other: `delayed[i + k * n]` is component $i$ of
    /// $y(t - \tau_k)$.
    fn rhs(&self, t: T, y: &[T], delayed: &[T], dy: &mut [T]);
}

impl<T: Real, F: Fn(T, &[T], &[T], &mut [T])> DelaySystem<T> for F {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], delayed: &[T], dy: &mut [T]) {
        self(t, y, delayed, dy);
    }
}
