use neuropil_math::Real;

use crate::{MapState, ReservoirState};

/// The state of a stream: that of the reservoir, the newest input and the newest output, and memory
/// to work in.
///
/// Made by [`Esn::state`](crate::Esn::state) or [`Esn::state_after`](crate::Esn::state_after); one
/// network serves any number of streams, each with its own state. Two states are equal if the streams
/// go on in the same way.
#[derive(Debug, Clone)]
pub struct EsnState<T, S = ReservoirState<T>> {
    pub(crate) reservoir: S,
    /// The newest input in its units, for increments.
    pub(crate) input: Vec<T>,
    /// The same as the reservoir got it.
    pub(crate) scaled: Vec<T>,
    /// The newest output as it is fed back; empty without feedback.
    pub(crate) output: Vec<T>,
    pub(crate) seen: usize,
    pub(crate) features: Vec<T>,
}

impl<T: Real, S: MapState<T>> EsnState<T, S> {
    /// How many inputs the stream has taken in.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The state of the reservoir.
    #[must_use]
    pub fn reservoir(&self) -> &S {
        &self.reservoir
    }

    /// Forgets everything: a new sequence begins.
    pub fn reset(&mut self) {
        self.reservoir.reset();
        self.input.fill(T::zero());
        self.scaled.fill(T::zero());
        self.output.fill(T::zero());
        self.seen = 0;
    }
}

impl<T: PartialEq, S: PartialEq> PartialEq for EsnState<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.reservoir == other.reservoir
            && self.input == other.input
            && self.scaled == other.scaled
            && self.output == other.output
            && self.seen == other.seen
    }
}
