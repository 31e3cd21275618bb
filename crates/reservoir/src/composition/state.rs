use neuropil_math::Real;

use crate::reservoir::series::check_size;
use crate::{Error, MapState, ReservoirState};

/// The state of a [`Composition`](crate::Composition), and memory to work in.
#[derive(Debug, Clone)]
pub struct CompositionState<T> {
    /// Of every reservoir, in their order.
    pub(super) parts: Vec<ReservoirState<T>>,
    /// The values of all of them.
    pub(super) values: Vec<T>,
    /// Where inputs are put together.
    pub(super) room: Vec<T>,
}

impl<T: Real> CompositionState<T> {
    /// The values of all units, reservoir after reservoir.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The states of the reservoirs.
    #[must_use]
    pub fn parts(&self) -> &[ReservoirState<T>] {
        &self.parts
    }

    /// Replaces the states of all reservoirs.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one value for each unit of each reservoir,
    /// [`neuropil_math::Error::NonFinite`] if one is not finite.
    pub fn set(&mut self, parts: &[Vec<T>]) -> Result<(), Error> {
        check_size("reservoirs of the state", self.parts.len(), parts.len())?;
        let mut next = self.clone();
        for (state, values) in next.parts.iter_mut().zip(parts) {
            state.set(values)?;
        }
        next.values = parts.concat();
        *self = next;
        Ok(())
    }

    /// Back to zero: a new sequence begins.
    pub fn reset(&mut self) {
        for part in &mut self.parts {
            part.reset();
        }
        self.values.fill(T::zero());
    }
}

impl<T: Real> MapState<T> for CompositionState<T> {
    fn values(&self) -> &[T] {
        Self::values(self)
    }

    fn reset(&mut self) {
        Self::reset(self);
    }

    fn change(&mut self, change: &mut dyn FnMut(&mut [T])) {
        let mut values = self.values.as_mut_slice();
        for part in &mut self.parts {
            change(&mut part.x);
            let (copy, rest) = values.split_at_mut(part.x.len());
            copy.copy_from_slice(&part.x);
            values = rest;
        }
    }
}

impl<T: PartialEq> PartialEq for CompositionState<T> {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}
