use neuropil_math::Real;

use crate::State;

/// `N` variables of `L` trajectories side by side: a [`State`] whose numbers begin with a cache line, so
/// that no vector lies across two.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub struct Block<T, const N: usize, const L: usize>(
    /// For each variable its values in all trajectories.
    pub [[T; L]; N],
);

impl<T: Real, const N: usize, const L: usize> State<T> for Block<T, N, L> {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self.0.as_flattened()
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.as_flattened_mut()
    }
}

/// As [`Block`], for a number of variables that is known at run time.
#[derive(Debug)]
pub(super) struct DynamicBlock<T> {
    numbers: Vec<T>,
    /// Where the cache line begins.
    offset: usize,
    length: usize,
}

impl<T: Real> DynamicBlock<T> {
    pub(super) fn zeros(length: usize) -> Self {
        let line = 64 / size_of::<T>();
        let numbers = vec![T::zero(); length + line - 1];
        // Any offset is right, only not as quick.
        let offset = numbers.as_ptr().align_offset(64).min(line - 1);
        Self {
            numbers,
            offset,
            length,
        }
    }
}

impl<T: Real> Clone for DynamicBlock<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.length);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

impl<T: Real> State<T> for DynamicBlock<T> {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        &self.numbers[self.offset..][..self.length]
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.numbers[self.offset..][..self.length]
    }
}
