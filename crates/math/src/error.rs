use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong in this crate, with the sizes or values at fault.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not.
    Shape {
        /// What was measured, such as `"columns of x and y"`.
        what: &'static str,
        /// The size that was needed.
        expected: usize,
        /// The size that was given.
        found: usize,
    },
    /// There is nothing to work on.
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// A value that is NaN or infinite.
    NonFinite {
        /// Where it was found.
        what: &'static str,
        /// Its position in the slice, column by column for a matrix.
        index: usize,
    },
    /// A setting outside of its range.
    OutOfRange {
        /// Its name.
        what: &'static str,
        /// The value that was given.
        value: f64,
        /// The range, in words: `"must be in [0, 1)"`.
        range: &'static str,
    },
    /// A quantity that these data do not define.
    Undefined {
        /// The quantity, such as `"R²"`.
        what: &'static str,
        /// Why it has no value.
        why: &'static str,
    },
    /// A name that means nothing here.
    UnknownName {
        /// What was to be named, such as `"activation"`.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The names that are known.
        known: &'static str,
    },
    /// A symmetric matrix has no Cholesky factor: to working precision it is not positive definite.
    NotPositiveDefinite {
        /// The row at which the factorisation stopped.
        index: usize,
        /// The value whose root was to be taken.
        pivot: f64,
    },
    /// A least-squares problem without a unique solution: columns depend on each other.
    RankDeficient {
        /// The numerical rank that was found.
        rank: usize,
        /// The rank that was needed.
        needed: usize,
    },
    /// An iteration that stopped at its cap.
    NotConverged {
        /// What was computed.
        what: &'static str,
        /// How many iterations were made.
        iterations: usize,
        /// The residual that was left.
        residual: f64,
    },
    /// The operating system refused to read or write a file.
    Io {
        /// The file.
        path: PathBuf,
        /// The kind of refusal.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// A file that is corrupt, truncated, or of another form or version.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A value that a file of this form cannot hold; nothing was written.
    NotSaved {
        /// The file that was to be written.
        path: PathBuf,
        /// What cannot be saved, and where it is in the value.
        problem: String,
    },
    /// A named tensor that is missing, unexpected, mis-shaped or of another type.
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// The error of an operation on the file `path`.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape {
                what,
                expected,
                found,
            } => write!(f, "{what}: expected {expected}, found {found}"),
            Self::Empty { what } => write!(f, "{what} is empty"),
            Self::NonFinite { what, index } => {
                write!(f, "{what} holds NaN or infinity at index {index}")
            }
            Self::OutOfRange { what, value, range } => write!(f, "{what} is {value}, {range}"),
            Self::Undefined { what, why } => write!(f, "{what} is not defined: {why}"),
            Self::UnknownName { what, name, known } => {
                write!(f, "unknown {what} `{name}`; known are {known}")
            }
            Self::NotPositiveDefinite { index, pivot } => write!(
                f,
                "the matrix is not positive definite: pivot {pivot:e} at row {index}"
            ),
            Self::RankDeficient { rank, needed } => {
                write!(
                    f,
                    "the matrix has numerical rank {rank}, {needed} is needed"
                )
            }
            Self::NotConverged {
                what,
                iterations,
                residual,
            } => write!(
                f,
                "{what} did not converge in {iterations} iterations, residual {residual:e}"
            ),
            Self::Io { path, message, .. } => write!(f, "{}: {message}", path.display()),
            Self::Malformed { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::NotSaved { path, problem } => {
                write!(f, "{}: not saved: {problem}", path.display())
            }
            Self::Tensor { name, problem } => write!(f, "tensor {name}: {problem}"),
        }
    }
}

impl core::error::Error for Error {}

/// Refuses NaN and infinity.
///
/// # Errors
/// [`Error::NonFinite`] with the first position.
pub fn check_finite<T: crate::Real>(what: &'static str, values: &[T]) -> Result<(), Error> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(Error::NonFinite { what, index }),
        None => Ok(()),
    }
}

/// Refuses sizes that do not agree.
///
/// # Errors
/// [`Error::Shape`] if `found` is not `expected`.
pub fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected,
            found,
        })
    }
}
