use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::reservoir::series::check_size;

/// What the readout of an [`Esn`](crate::Esn) sees: constant, input and state, in this order.
///
/// ```
/// use neuropil_reservoir::{StateFeatures, StateTerms};
///
/// let features = StateFeatures {
///     constant: true,
///     input: true,
///     state: StateTerms::WithSquares,
/// };
/// let mut out = [0.0; 6];
/// features.write(&[0.5, -0.5], &[3.0], &mut out)?;
/// assert_eq!(out, [1.0, 3.0, 0.5, -0.5, 0.25, 0.25]);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StateFeatures {
    /// The constant 1, penalised as all others are. An intercept is a constant without penalty.
    pub constant: bool,
    /// The input $u(t)$ as the reservoir gets it.
    pub input: bool,
    /// The terms of the state.
    pub state: StateTerms,
}

impl Default for StateFeatures {
    /// The state and the input.
    fn default() -> Self {
        Self {
            constant: false,
            input: true,
            state: StateTerms::Linear,
        }
    }
}

/// The terms of the state $x$ of $N$ units in the readout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateTerms {
    /// $x$.
    #[default]
    Linear,
    /// $x$, then all squares $x_i^2$: $2N$ features.
    WithSquares,
    /// $x$ with the squares $x_i^2$ in the places of even $i$ (counted from 0): breaks the symmetry
    /// of tanh at no cost.[^pathak]
    ///
    /// [^pathak]: Pathak, Hunt, Girvan, Lu and Ott, *Model-free prediction of large spatiotemporally
    ///     chaotic systems from data*, Physical Review Letters 120, 024102 (2018).
    OddEven,
}

impl StateFeatures {
    /// How many features there are.
    #[must_use]
    pub fn len(&self, units: usize, inputs: usize) -> usize {
        let terms = match self.state {
            StateTerms::WithSquares => units.saturating_mul(2),
            StateTerms::Linear | StateTerms::OddEven => units,
        };
        let input = if self.input { inputs } else { 0 };
        terms
            .saturating_add(input)
            .saturating_add(usize::from(self.constant))
    }

    /// Whether the features are the state itself.
    pub(crate) fn is_state(&self) -> bool {
        !self.constant && !self.input && self.state == StateTerms::Linear
    }

    /// Writes the features of a state and an input. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` has not room for [`len`](Self::len) values.
    pub fn write<T: Real>(&self, state: &[T], input: &[T], out: &mut [T]) -> Result<(), Error> {
        let len = self.len(state.len(), input.len());
        check_size("room for the features", len, out.len())?;
        self.fill(state, input, out);
        Ok(())
    }

    /// [`write`](Self::write) where there is room.
    #[inline]
    pub(crate) fn fill<T: Real>(&self, state: &[T], input: &[T], out: &mut [T]) {
        let mut rest = out;
        if self.constant {
            let (first, after) = rest.split_at_mut(1);
            first[0] = T::one();
            rest = after;
        }
        if self.input {
            let (first, after) = rest.split_at_mut(input.len());
            first.copy_from_slice(input);
            rest = after;
        }
        let (linear, squares) = rest.split_at_mut(state.len());
        linear.copy_from_slice(state);
        match self.state {
            StateTerms::Linear => {}
            StateTerms::WithSquares => {
                for (square, &x) in squares.iter_mut().zip(state) {
                    *square = x * x;
                }
            }
            StateTerms::OddEven => {
                for x in linear.iter_mut().step_by(2) {
                    *x *= *x;
                }
            }
        }
    }
}
