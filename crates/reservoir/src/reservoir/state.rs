use neuropil_math::{Real, check_finite};

use crate::Error;
use crate::reservoir::series::check_size;

/// The state of a reservoir, and memory to work in.
///
/// Made by [`Reservoir::state`](crate::Reservoir::state); one reservoir serves any number of streams,
/// each with its own state. Two states are equal if their values are.
#[derive(Debug, Clone)]
pub struct ReservoirState<T> {
    /// $x$.
    pub(crate) x: Vec<T>,
    /// Where the next state is formed.
    pub(crate) next: Vec<T>,
    /// $W_\text{in} u + W_\text{fb} y + b$.
    pub(crate) drive: Vec<T>,
}

impl<T: Real> ReservoirState<T> {
    pub(crate) fn new(units: usize) -> Self {
        Self {
            x: vec![T::zero(); units],
            next: vec![T::zero(); units],
            drive: vec![T::zero(); units],
        }
    }

    /// $x$, one value for each unit.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.x
    }

    /// Replaces the state.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one value for each unit, [`neuropil_math::Error::NonFinite`]
    /// if one is not finite.
    pub fn set(&mut self, values: &[T]) -> Result<(), Error> {
        check_size("values of the state", self.x.len(), values.len())?;
        check_finite("state", values)?;
        self.x.copy_from_slice(values);
        Ok(())
    }

    /// Back to zero: a new sequence begins.
    pub fn reset(&mut self) {
        self.x.fill(T::zero());
    }
}

impl<T: PartialEq> PartialEq for ReservoirState<T> {
    fn eq(&self, other: &Self) -> bool {
        self.x == other.x
    }
}
