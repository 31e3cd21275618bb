use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::ngrc::features::{FeatureMap, Scratch, copy};

/// What a stream remembers: the last $(k-1)s+1$ samples, and memory to work in.
///
/// Made by [`Ngrc::state`](crate::Ngrc::state) or [`Ngrc::state_after`](crate::Ngrc::state_after);
/// one model serves any number of streams, each with its own state.
#[derive(Debug, Clone)]
pub struct NgrcState<T> {
    pub(crate) channels: usize,
    pub(crate) stride: usize,
    /// Sample after sample; the oldest follows the newest.
    ring: Vec<T>,
    /// The slot of the newest sample.
    newest: usize,
    seen: usize,
    pub(crate) scratch: Scratch<T>,
    pub(crate) features: Vec<T>,
}

impl<T: Real> NgrcState<T> {
    pub(crate) fn new(map: &FeatureMap) -> Self {
        Self {
            channels: map.channels(),
            stride: map.stride(),
            ring: vec![T::zero(); (map.warmup() + 1) * map.channels()],
            newest: 0,
            seen: 0,
            scratch: map.scratch(),
            features: vec![T::zero(); map.len()],
        }
    }

    /// How many samples are remembered at the most: $(k-1)s+1$.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.len() / self.channels
    }

    /// How many samples are remembered.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Whether the taps are full, so that the model can answer.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.seen == self.capacity()
    }

    /// Forgets everything: a new sequence begins.
    pub fn reset(&mut self) {
        self.seen = 0;
    }

    /// The remembered samples, channels × [`seen`](Self::seen), oldest first.
    #[must_use]
    pub fn history(&self) -> DMatrix<T> {
        let capacity = self.capacity();
        let mut samples = Vec::with_capacity(self.seen * self.channels);
        for age in (0..self.seen).rev() {
            let slot = (self.newest + capacity - age) % capacity;
            samples.extend_from_slice(&self.ring[slot * self.channels..][..self.channels]);
        }
        DMatrix::from_vec(self.channels, self.seen, samples)
    }

    #[inline]
    pub(crate) fn push(&mut self, sample: &[T]) {
        let capacity = self.capacity();
        self.newest = if self.newest + 1 < capacity {
            self.newest + 1
        } else {
            0
        };
        self.seen = (self.seen + 1).min(capacity);
        let start = self.newest * self.channels;
        copy(sample, &mut self.ring[start..start + self.channels]);
    }

    #[inline]
    pub(crate) fn newest(&self) -> &[T] {
        &self.ring[self.newest * self.channels..][..self.channels]
    }

    /// Fills the taps, newest first.
    #[inline]
    pub(crate) fn gather(&mut self) {
        let (channels, back) = (self.channels, self.stride * self.channels);
        let mut slot = self.newest * channels;
        for (tap, block) in self.scratch.taps.chunks_exact_mut(channels).enumerate() {
            if tap > 0 {
                slot = if slot >= back {
                    slot - back
                } else {
                    slot + self.ring.len() - back
                };
            }
            copy(&self.ring[slot..slot + channels], block);
        }
    }
}
