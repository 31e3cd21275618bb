use neuropil_math::Real;

use crate::{Error, Statistics, System};

/// An adaptive one-step method, as [`Integration`](crate::Integration) drives it.
///
/// Explicit and stiff solvers have it in common.
pub trait Stepper<T: Real> {
    /// The time that has been reached.
    fn time(&self) -> T;

    /// The time at which the last step began.
    fn previous_time(&self) -> T;

    /// The state at [`time`](Self::time).
    fn state(&self) -> &[T];

    /// Takes one accepted step toward `stop`, and lands on it exactly if it reaches so far.
    ///
    /// # Errors
    /// If no step can be taken; the state is then as before.
    fn step<F: System<T> + ?Sized>(&mut self, system: &F, stop: T) -> Result<(), Error>;

    /// Writes the solution at a time within the last step into `out`.
    ///
    /// # Errors
    /// A time outside of the last step, or a slice of another length than the state.
    fn interpolate<F: System<T> + ?Sized>(
        &mut self,
        system: &F,
        t: T,
        out: &mut [T],
    ) -> Result<(), Error>;

    /// What is known at both ends of the last step without further work; `None` if that says little
    /// about what lies between, as the slopes of a stiff system do.
    fn ends(&self) -> Option<StepEnds<'_, T>> {
        None
    }

    /// Sets time and state anew and forgets all that belongs to the old ones.
    ///
    /// # Errors
    /// A state of another length, and a time or a state that is not finite.
    fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error>;

    /// What it has cost.
    fn statistics(&self) -> Statistics;
}

/// A step by its ends: the cubic through them, with their slopes, is a rough dense output for nothing.
#[derive(Debug, Clone, Copy)]
pub struct StepEnds<'a, T> {
    /// The state at the start.
    pub start: &'a [T],
    /// The slope there.
    pub start_slope: &'a [T],
    /// The state at the end.
    pub end: &'a [T],
    /// The slope there.
    pub end_slope: &'a [T],
}

impl<T: Real> StepEnds<'_, T> {
    /// Writes the cubic at the quarter `quarter` of a step of the size `h` to `out`.
    #[inline(always)]
    pub(crate) fn cubic(&self, quarter: usize, h: T, out: &mut [T]) {
        // θ²(3 - 2θ), θ(1 - θ)² and θ²(1 - θ).
        const WEIGHTS: [[f64; 3]; 3] = [
            [0.15625, 0.140_625, 0.046_875],
            [0.5, 0.125, 0.125],
            [0.84375, 0.046_875, 0.140_625],
        ];
        let [w, a, b] = WEIGHTS[quarter - 1];
        let (w, a, b) = (T::of(w), h * T::of(a), h * T::of(b));
        let n = out.len();
        let (y0, y1) = (&self.start[..n], &self.end[..n]);
        let (f0, f1) = (&self.start_slope[..n], &self.end_slope[..n]);
        for i in 0..n {
            out[i] = y0[i] + w * (y1[i] - y0[i]) + (a * f0[i] - b * f1[i]);
        }
    }
}
