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

    /// Sets time and state anew and forgets all that belongs to the old ones.
    ///
    /// # Errors
    /// A state of another length, and a time or a state that is not finite.
    fn restart(&mut self, t: T, y: &[T]) -> Result<(), Error>;

    /// What it has cost.
    fn statistics(&self) -> Statistics;
}
