use neuropil_math::Real;

use super::position::Position;
use crate::{Error, SolverConfig, State, System};

/// Only the methods of this crate: the workspaces belong to the solver.
pub trait Sealed {}

/// A method for stiff systems: [`Rodas5P`](super::Rodas5P) or [`Radau5`](super::Radau5).
pub trait StiffMethod: Sealed + Copy + Default + core::fmt::Debug + Send + Sync + 'static {
    /// The usual name.
    const NAME: &'static str;
    /// The order $p$: the error of a step is $O(h^{p+1})$.
    const ORDER: u32;
    /// The order of the dense output.
    const DENSE_ORDER: u32;
    /// The order $q$ of the error estimate's norm, $O(h^q)$.
    #[doc(hidden)]
    const ERROR_ORDER: u32;
    /// What the method keeps between steps.
    #[doc(hidden)]
    type Work<T: Real, S: State<T>>: Work<T, S>;
}

/// How a trial ended.
#[derive(Debug, Clone, Copy)]
pub enum Trial<T> {
    /// `other` holds the new state; the next step may have this size.
    Good(T),
    /// The next trial should have this size.
    Bad(T, Cause),
}

/// Why a trial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Inaccurate,
    NotFinite,
    Singular,
    NoConvergence,
}

/// One of the methods at work. Sizes of steps are positive, `h` has a sign.
pub trait Work<T: Real, S: State<T>>: Clone {
    fn new(y: &S, config: &SolverConfig<T>) -> Result<Self, Error>;

    /// Tries one step of `h` and judges its error, unless the step is `fixed`.
    fn attempt<F: System<T> + ?Sized>(
        &mut self,
        at: &mut Position<T, S>,
        system: &F,
        h: T,
        fixed: bool,
    ) -> Result<Trial<T>, Error>;

    /// The trial becomes a step; `at` still has the old state in `y`.
    fn accept(&mut self, at: &Position<T, S>, h: T);

    /// The new state was good, but its slope was not finite.
    fn refuse(&mut self);

    /// State and time have jumped.
    fn reset(&mut self);

    /// The solution at the part `theta` of the last step, from `at.other` to `at.y`.
    fn interpolate(&mut self, at: &Position<T, S>, theta: T, out: &mut [T]);
}
