use neuropil_math::Real;

use crate::EsnState;
use crate::local::grid::Tiling;

/// The state of a stream of a field: that of every patch, the newest sample, and memory to work in.
///
/// Made by [`LocalEsn::state`](crate::LocalEsn::state) or
/// [`LocalEsn::state_after`](crate::LocalEsn::state_after); one model serves any number of streams. Two
/// states are equal if the streams go on in the same way.
#[derive(Debug, Clone)]
pub struct LocalEsnState<T> {
    pub(super) tiling: Tiling,
    /// The newest sample in its units, for increments.
    pub(super) field: Vec<T>,
    /// The same as the reservoirs got it.
    pub(super) scaled: Vec<T>,
    pub(super) patches: Vec<Patch<T>>,
    pub(super) seen: usize,
}

/// What belongs to one patch.
#[derive(Debug, Clone)]
pub(super) struct Patch<T> {
    pub(super) state: EsnState<T>,
    pub(super) window: Vec<T>,
    pub(super) output: Vec<T>,
}

impl<T: Real> LocalEsnState<T> {
    pub(super) fn new(tiling: Tiling, states: Vec<EsnState<T>>) -> Self {
        let zeros = |len| vec![T::zero(); len];
        Self {
            field: zeros(tiling.points()),
            scaled: zeros(tiling.points()),
            patches: states
                .into_iter()
                .map(|state| Patch {
                    state,
                    window: zeros(tiling.window_len()),
                    output: zeros(tiling.core_len()),
                })
                .collect(),
            tiling,
            seen: 0,
        }
    }

    /// The number of points of the field.
    #[must_use]
    pub fn points(&self) -> usize {
        self.tiling.points()
    }

    /// How many samples the stream has taken in.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The states of the reservoirs, patch by patch.
    pub fn reservoirs(&self) -> impl Iterator<Item = &crate::ReservoirState<T>> {
        self.patches.iter().map(|patch| patch.state.reservoir())
    }

    /// Forgets everything: a new sequence begins.
    pub fn reset(&mut self) {
        for patch in &mut self.patches {
            patch.state.reset();
        }
        self.field.fill(T::zero());
        self.scaled.fill(T::zero());
        self.seen = 0;
    }
}

impl<T: PartialEq> PartialEq for LocalEsnState<T> {
    fn eq(&self, other: &Self) -> bool {
        self.tiling == other.tiling
            && self.field == other.field
            && self.seen == other.seen
            && self
                .patches
                .iter()
                .zip(&other.patches)
                .all(|(a, b)| a.state == b.state)
    }
}
