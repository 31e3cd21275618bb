use serde::{Deserialize, Serialize};

use crate::{Error, Lambda, ReservoirConfig};

/// What the readout sees of the states $x(1), \dots, x(L)$ of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The last state $x(L)$.
    Last,
    /// Their mean $\frac{1}{L} \sum_t x(t)$.
    Mean,
    /// The means over so many equal parts of the sequence, one after the other: part $i$ of $k$ are the
    /// states from $\lfloor iL/k \rfloor$ to $\lfloor (i+1)L/k \rfloor$, one at least.
    Segments(usize),
}

impl Pooling {
    /// How many vectors it makes of a sequence.
    #[must_use]
    pub fn parts(self) -> usize {
        match self {
            Self::Last | Self::Mean => 1,
            Self::Segments(parts) => parts,
        }
    }
}

/// The settings of [`Classifier`](crate::Classifier).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassifierConfig {
    /// The reservoir, without feedback.
    pub reservoir: ReservoirConfig,
    /// What the readout sees of the states, one after the other.
    pub pooling: Vec<Pooling>,
    /// Whether it sees the same of the inputs.
    pub inputs: bool,
    /// Whether every channel is brought to mean 0 and deviation 1 over all samples of the training
    /// sequences.
    pub standardise: bool,
    /// The penalty λ, or how it is chosen from the squared errors of the scores. Of
    /// [`Lambda::Folds`] each of the $k$ folds holds every $k$-th sequence, so that sequences that are
    /// sorted by their class give folds of all classes.
    pub lambda: Lambda,
}

impl Default for ClassifierConfig {
    /// The default reservoir, means of the states, standardised channels, λ by leave-one-out among the
    /// decades from 10⁻⁸ to 10².
    fn default() -> Self {
        Self {
            reservoir: ReservoirConfig::default(),
            pooling: vec![Pooling::Mean],
            inputs: false,
            standardise: true,
            lambda: Lambda::LeaveOneOut(Lambda::decades(-8, 2)),
        }
    }
}

impl ClassifierConfig {
    /// Refuses settings that no data could make right.
    ///
    /// # Errors
    /// Without pooling or with 0 segments; if λ is out of range or is to be chosen by forecasts; if the
    /// reservoir has feedback. The reservoir itself is checked when it is made.
    pub fn check(&self) -> Result<(), Error> {
        if self.pooling.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "pooling" }.into());
        }
        if self.pooling.iter().any(|pooling| pooling.parts() == 0) {
            return Err(neuropil_math::Error::OutOfRange {
                what: "segments",
                value: 0.0,
                range: "must be 1 at least",
            }
            .into());
        }
        if matches!(self.lambda, Lambda::ClosedLoop(_)) {
            return Err(neuropil_math::Error::Undefined {
                what: "a choice of lambda by forecasts",
                why: "a classifier makes none",
            }
            .into());
        }
        if self.reservoir.feedback.is_some() {
            return Err(neuropil_math::Error::Undefined {
                what: "feedback of a classifier's reservoir",
                why: "there is no output before the sequence ends",
            }
            .into());
        }
        self.lambda.check()
    }

    /// The number of features of a sequence.
    pub(crate) fn features(&self, inputs: usize) -> Option<usize> {
        let seen = self
            .reservoir
            .units
            .checked_add(if self.inputs { inputs } else { 0 })?;
        self.pooling
            .iter()
            .try_fold(0_usize, |sum, p| sum.checked_add(p.parts()))?
            .checked_mul(seen)
    }
}
