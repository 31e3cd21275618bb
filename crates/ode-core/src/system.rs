use neuropil_math::Real;

/// A system of ordinary differential equations $\dot y = f(t, y)$.
///
/// Closures `Fn(t, &y, &mut dy)` are systems, so is every type that implements [`rhs`](Self::rhs).
/// `y` and `dy` have the length of the initial state.
pub trait System<T: Real> {
    /// Writes $f(t, y)$ into `dy`, every component of it.
    ///
    /// A value that is not finite makes the solver reject the step and try a smaller one.
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]);

    /// Writes $\partial f_i / \partial y_j$ into `jacobian[i + j n]` (column by column) and returns
    /// true, or returns false: stiff solvers then form differences.
    fn jacobian(&self, t: T, y: &[T], jacobian: &mut [T]) -> bool {
        let _ = (t, y, jacobian);
        false
    }

    /// Writes $\partial f / \partial t$ into `dt` and returns true, or returns false: differences
    /// are formed. An autonomous system writes zeros.
    fn time_derivative(&self, t: T, y: &[T], dt: &mut [T]) -> bool {
        let _ = (t, y, dt);
        false
    }
}

impl<T: Real, F: Fn(T, &[T], &mut [T])> System<T> for F {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        self(t, y, dy);
    }
}

/// A system of the form $\dot y_i = d_i(t, y) - r_i(t, y) y_i$ with rates $r_i$ that are usually
/// positive: leaky integrators, gates of ion channels, liquid networks.
///
/// Exponential and fused methods treat the decay $r_i y_i$ implicitly or exactly.
pub trait Gated<T: Real> {
    /// Writes the drive $d$ and the rate $r$ at $(t, y)$.
    fn drive_and_rate(&self, t: T, y: &[T], drive: &mut [T], rate: &mut [T]);
}
