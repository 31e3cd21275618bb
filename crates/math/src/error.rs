use core::fmt;

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
        }
    }
}

impl core::error::Error for Error {}
