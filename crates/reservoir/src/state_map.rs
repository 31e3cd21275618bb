use core::fmt::Debug;

use neuropil_math::Real;

use crate::{Error, Reservoir, ReservoirState};

/// What turns a signal into states for a readout: a [`Reservoir`], a
/// [`Composition`](crate::Composition) of several, or a system of one's own, such as a physical one.
///
/// An [`Esn`](crate::Esn) needs no more than this of its reservoir:
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Error, Esn, EsnConfig, MapState, StateMap, Target};
///
/// /// Remembers the last eight samples of one channel.
/// #[derive(Debug, Clone, PartialEq)]
/// struct DelayLine;
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct Delays([f64; 8]);
///
/// impl MapState<f64> for Delays {
///     fn values(&self) -> &[f64] {
///         &self.0
///     }
///     fn reset(&mut self) {
///         self.0 = [0.0; 8];
///     }
///     fn change(&mut self, change: &mut dyn FnMut(&mut [f64])) {
///         change(&mut self.0);
///     }
/// }
///
/// impl StateMap<f64> for DelayLine {
///     type State = Delays;
///
///     fn units(&self) -> usize {
///         8
///     }
///     fn inputs(&self) -> usize {
///         1
///     }
///     fn state(&self) -> Delays {
///         Delays([0.0; 8])
///     }
///     fn advance(&self, state: &mut Delays, input: &[f64], _: &[f64]) -> Result<(), Error> {
///         state.0.rotate_right(1);
///         state.0[0] = input[0];
///         Ok(())
///     }
/// }
///
/// let series = DMatrix::from_fn(1, 500, |_, t| (0.2 * t as f64).sin() + (0.31 * t as f64).cos());
/// let mut model = Esn::from_reservoir(EsnConfig::default(), DelayLine)?;
/// model.fit(&series)?;
/// let next = model.forecast(&series, 1)?;
/// assert!((next[0] - (0.2_f64 * 500.0).sin() - (0.31_f64 * 500.0).cos()).abs() < 1e-3);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
pub trait StateMap<T: Real> {
    /// The state of one stream, and memory to work in.
    type State: MapState<T>;

    /// The number of values of the state.
    fn units(&self) -> usize;

    /// The number of input channels.
    fn inputs(&self) -> usize;

    /// The number of outputs that are fed back; 0 without feedback.
    fn feedbacks(&self) -> usize {
        0
    }

    /// A state at rest.
    fn state(&self) -> Self::State;

    /// Whether the state is one of this map: of its sizes.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is not.
    fn check_state(&self, state: &Self::State) -> Result<(), Error> {
        crate::reservoir::series::check_size(
            "units of the state",
            self.units(),
            state.values().len(),
        )
    }

    /// Takes in one input and the output of the step before, whose sizes and values the caller has
    /// checked. Should allocate nothing.
    ///
    /// # Errors
    /// Whatever may go wrong; the state is then worth nothing.
    fn advance(&self, state: &mut Self::State, input: &[T], feedback: &[T]) -> Result<(), Error>;
}

/// The state of a [`StateMap`]. Two states are equal if the streams go on in the same way.
pub trait MapState<T: Real>: Debug + Clone + PartialEq {
    /// What a readout sees.
    fn values(&self) -> &[T];

    /// Back to rest: a new sequence begins.
    fn reset(&mut self);

    /// Changes the values, as noise does, piece by piece in the order of [`values`](Self::values).
    fn change(&mut self, change: &mut dyn FnMut(&mut [T]));
}

impl<T: Real> StateMap<T> for Reservoir<T> {
    type State = ReservoirState<T>;

    fn units(&self) -> usize {
        Self::units(self)
    }

    fn inputs(&self) -> usize {
        Self::inputs(self)
    }

    fn feedbacks(&self) -> usize {
        Self::feedbacks(self)
    }

    fn state(&self) -> ReservoirState<T> {
        Self::state(self)
    }

    fn check_state(&self, state: &ReservoirState<T>) -> Result<(), Error> {
        Self::check_state(self, state)
    }

    #[inline]
    fn advance(
        &self,
        state: &mut ReservoirState<T>,
        input: &[T],
        feedback: &[T],
    ) -> Result<(), Error> {
        Self::advance(self, state, input, feedback)
    }
}

impl<T: Real> MapState<T> for ReservoirState<T> {
    #[inline]
    fn values(&self) -> &[T] {
        Self::values(self)
    }

    fn reset(&mut self) {
        Self::reset(self);
    }

    fn change(&mut self, change: &mut dyn FnMut(&mut [T])) {
        change(&mut self.x);
    }
}
