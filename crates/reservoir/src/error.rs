use core::fmt;

use crate::ngrc::Task;

/// What can go wrong in this crate, with the sizes, positions or values at fault.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting, a solve or a file that the shared mathematics refuses.
    Math(neuropil_math::Error),
    /// A series with too few samples.
    TooShort {
        /// What the series was for.
        what: &'static str,
        /// How many samples are needed.
        needed: usize,
        /// How many were given.
        found: usize,
    },
    /// A value that is NaN or infinite.
    NonFinite {
        /// Which series holds it.
        what: &'static str,
        /// Its channel (row).
        channel: usize,
        /// Its time (column).
        time: usize,
    },
    /// Two sizes that must agree do not.
    Shape {
        /// What was measured, such as `"channels of the history"`.
        what: &'static str,
        /// The size that was needed.
        expected: usize,
        /// The size that was given.
        found: usize,
    },
    /// More features than [`MAX_FEATURES`](crate::MAX_FEATURES).
    TooManyFeatures {
        /// Channels times taps.
        variables: usize,
        /// The highest order of the monomials.
        order: usize,
        /// The most features that a model may have.
        limit: usize,
    },
    /// A matrix of features that does not fit into the memory.
    OutOfMemory {
        /// Rows of the matrix.
        features: usize,
        /// Columns of the matrix.
        samples: usize,
    },
    /// A model that was asked before it was fitted.
    NotFitted,
    /// A model that was fitted for another task than the one it was asked for.
    WrongTask {
        /// What it was fitted for.
        fitted: Task,
        /// What it was asked for.
        asked: Task,
    },
    /// What is wrong with one of several sequences.
    Sequence {
        /// Its position among them.
        index: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// A forecast that left the finite numbers.
    Diverged {
        /// The first step, counted from 0, whose prediction is not finite.
        step: usize,
        /// The channel in which it happened.
        channel: usize,
    },
}

impl Error {
    /// This error of one of several sequences.
    pub(crate) fn sequence(index: usize, error: Self) -> Self {
        Self::Sequence {
            index,
            error: Box::new(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Math(error) => error.fmt(f),
            Self::TooShort {
                what,
                needed,
                found,
            } => write!(f, "{what}: {needed} samples are needed, found {found}"),
            Self::NonFinite {
                what,
                channel,
                time,
            } => write!(
                f,
                "{what} holds NaN or infinity in channel {channel} at time {time}"
            ),
            Self::Shape {
                what,
                expected,
                found,
            } => write!(f, "{what}: expected {expected}, found {found}"),
            Self::TooManyFeatures {
                variables,
                order,
                limit,
            } => write!(
                f,
                "monomials up to order {order} of {variables} variables are more than {limit} features"
            ),
            Self::OutOfMemory { features, samples } => {
                write!(f, "no memory for {features} features of {samples} samples")
            }
            Self::NotFitted => write!(f, "the model is not fitted"),
            Self::WrongTask { fitted, asked } => {
                write!(f, "the model was fitted for {fitted}, not for {asked}")
            }
            Self::Sequence { index, error } => write!(f, "sequence {index}: {error}"),
            Self::Diverged { step, channel } => write!(
                f,
                "the forecast diverged: step {step} is not finite in channel {channel}"
            ),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Math(error) => Some(error),
            Self::Sequence { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<neuropil_math::Error> for Error {
    fn from(error: neuropil_math::Error) -> Self {
        Self::Math(error)
    }
}
