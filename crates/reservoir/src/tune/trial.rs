use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tune::Value;

/// What is tried: the values of the parameters, and how much may be spent on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub(crate) number: usize,
    pub(crate) parameters: Vec<(String, Value)>,
    pub(crate) rung: usize,
    pub(crate) budget: Option<usize>,
    /// The number of the trial of the first rung with these parameters: its own, or the one that
    /// it goes on from.
    pub(crate) origin: usize,
}

impl Trial {
    /// Its number in the study, from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The parameters, in the order of the space.
    #[must_use]
    pub fn parameters(&self) -> &[(String, Value)] {
        &self.parameters
    }

    /// The rung of successive halving, from 0.
    #[must_use]
    pub fn rung(&self) -> usize {
        self.rung
    }

    /// What it may spend, in a study with successive halving.
    #[must_use]
    pub fn budget(&self) -> Option<usize> {
        self.budget
    }

    /// The number of the trial of the first rung with these parameters, and with the same random
    /// numbers. Without successive halving that is the trial itself.
    #[must_use]
    pub fn origin(&self) -> usize {
        self.origin
    }

    /// The value of a parameter, if there is one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.parameters
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// A real or whole number.
    ///
    /// # Errors
    /// If there is no parameter of this name, or it is a category.
    pub fn real(&self, name: &str) -> Result<f64, Error> {
        match self.get(name) {
            Some(Value::Real(value)) => Ok(*value),
            Some(Value::Integer(value)) => Ok(*value as f64),
            _ => Err(no_such("number", name)),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// If there is no parameter of this name, or it is not a whole number.
    pub fn integer(&self, name: &str) -> Result<i64, Error> {
        match self.get(name) {
            Some(Value::Integer(value)) => Ok(*value),
            _ => Err(no_such("whole number", name)),
        }
    }

    /// A size.
    ///
    /// # Errors
    /// If there is no parameter of this name, or it is not a whole number, or negative.
    pub fn size(&self, name: &str) -> Result<usize, Error> {
        let value = self.integer(name)?;
        usize::try_from(value).map_err(|_| {
            neuropil_math::Error::OutOfRange {
                what: "a parameter that is a size",
                value: value as f64,
                range: "must not be negative",
            }
            .into()
        })
    }

    /// The name of a category.
    ///
    /// # Errors
    /// If there is no parameter of this name, or it is a number.
    pub fn category(&self, name: &str) -> Result<&str, Error> {
        match self.get(name) {
            Some(Value::Category(value)) => Ok(value),
            _ => Err(no_such("category", name)),
        }
    }
}

fn no_such(what: &'static str, name: &str) -> Error {
    neuropil_math::Error::UnknownName {
        what,
        name: name.to_owned(),
        known: "the parameters of the search space, each by its kind",
    }
    .into()
}

/// What an objective returns: the value to be minimised, and what else is worth keeping.
///
/// Made from a number where there is nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The value; the least is the best.
    pub value: f64,
    /// Named numbers that are recorded with it.
    pub attributes: Vec<(String, f64)>,
}

impl From<f64> for Evaluation {
    fn from(value: f64) -> Self {
        Self {
            value,
            attributes: Vec::new(),
        }
    }
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// With a finite value.
    Value {
        /// The value of the objective.
        value: f64,
        /// What else it told.
        attributes: Vec<(String, f64)>,
    },
    /// With an error, or a value that is not finite.
    Failed {
        /// The error in words.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn of<E: Into<Evaluation>>(result: Result<E, Error>) -> Self {
        match result.map(Into::into) {
            Err(error) => Self::Failed {
                reason: error.to_string(),
            },
            Ok(evaluation) => {
                let value = core::iter::once(("the value", evaluation.value));
                let attributes = evaluation.attributes.iter();
                let wrong = value
                    .chain(attributes.map(|(name, v)| (name.as_str(), *v)))
                    .find(|(_, v)| !v.is_finite());
                if let Some((name, v)) = wrong {
                    return Self::Failed {
                        reason: format!("{name} is {v}"),
                    };
                }
                Self::Value {
                    value: evaluation.value,
                    attributes: evaluation.attributes,
                }
            }
        }
    }

    /// The value, if it succeeded.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value { value, .. } => Some(*value),
            Self::Failed { .. } => None,
        }
    }
}

/// A trial and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedTrial {
    pub(crate) trial: Trial,
    pub(crate) outcome: Outcome,
}

impl FinishedTrial {
    /// What was tried.
    #[must_use]
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The value, if it succeeded.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.outcome.value()
    }

    /// What else the objective told under this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<f64> {
        match &self.outcome {
            Outcome::Value { attributes, .. } => attributes
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| *value),
            Outcome::Failed { .. } => None,
        }
    }
}
