use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::Error;
use crate::local::grid::Tiling;
use crate::local::scaling::FieldScaling;
use crate::ngrc::features::{FeatureMap, Scratch};
use crate::reservoir::series::check_size;

/// What a stream of a field remembers: the last $(k-1)s+1$ samples, and memory to work in.
///
/// Made by [`LocalNgrc::state`](crate::LocalNgrc::state) or
/// [`LocalNgrc::state_after`](crate::LocalNgrc::state_after); one model serves any number of streams.
#[derive(Debug, Clone)]
pub struct LocalNgrcState<T> {
    pub(super) tiling: Tiling,
    stride: usize,
    capacity: usize,
    /// Sample after sample; the oldest follows the newest.
    ring: Vec<T>,
    /// The same, scaled.
    scaled: Vec<T>,
    /// The slot of the newest sample.
    newest: usize,
    seen: usize,
    pub(super) scratch: Scratch<T>,
    pub(super) features: Vec<T>,
}

impl<T: Real> LocalNgrcState<T> {
    pub(super) fn new(map: &FeatureMap, tiling: Tiling) -> Self {
        let capacity = map.warmup() + 1;
        let zeros = vec![T::zero(); capacity * tiling.points()];
        Self {
            tiling,
            stride: map.stride(),
            capacity,
            scaled: zeros.clone(),
            ring: zeros,
            newest: 0,
            seen: 0,
            scratch: map.scratch(),
            features: vec![T::zero(); map.len()],
        }
    }

    pub(super) fn check(&self, map: &FeatureMap) -> Result<(), Error> {
        for (what, expected, found) in [
            (
                "points in a window of the state",
                map.channels(),
                self.tiling.window_len(),
            ),
            ("stride of the state", map.stride(), self.stride),
            ("samples of the state", map.warmup() + 1, self.capacity),
            ("features of the state", map.len(), self.features.len()),
            (
                "scratch memory of the state",
                map.scratch_len(),
                self.scratch.lower.len(),
            ),
        ] {
            check_size(what, expected, found)?;
        }
        Ok(())
    }

    /// The number of points of the field.
    #[must_use]
    pub fn points(&self) -> usize {
        self.tiling.points()
    }

    /// How many samples are remembered at the most: $(k-1)s+1$.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many samples are remembered.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Whether the taps are full, so that the model can answer.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.seen == self.capacity
    }

    /// Forgets everything: a new sequence begins.
    pub fn reset(&mut self) {
        self.seen = 0;
    }

    /// The remembered samples, points × [`seen`](Self::seen), oldest first.
    #[must_use]
    pub fn history(&self) -> DMatrix<T> {
        let points = self.points();
        let mut samples = Vec::with_capacity(self.seen * points);
        for age in (0..self.seen).rev() {
            let slot = (self.newest + self.capacity - age) % self.capacity;
            samples.extend_from_slice(&self.ring[slot * points..][..points]);
        }
        DMatrix::from_vec(points, self.seen, samples)
    }

    #[inline]
    pub(super) fn push(&mut self, scaling: &FieldScaling<T>, sample: &[T]) {
        let points = self.points();
        self.newest = (self.newest + 1) % self.capacity;
        self.seen = (self.seen + 1).min(self.capacity);
        let start = self.newest * points;
        self.ring[start..][..points].copy_from_slice(sample);
        scaling.apply(sample, &mut self.scaled[start..][..points]);
    }

    #[inline]
    pub(super) fn newest(&self) -> &[T] {
        let points = self.points();
        &self.ring[self.newest * points..][..points]
    }

    /// Fills the taps of one point, newest first.
    #[inline]
    pub(super) fn gather(&mut self, point: usize) {
        let points = self.points();
        let window = self.tiling.window(point);
        for (tap, block) in self.scratch.taps.chunks_exact_mut(window.len()).enumerate() {
            let slot = (self.newest + self.capacity - tap * self.stride) % self.capacity;
            let field = &self.scaled[slot * points..][..points];
            for (to, &from) in block.iter_mut().zip(window) {
                *to = field[from];
            }
        }
    }
}
