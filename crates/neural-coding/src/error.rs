use core::fmt;

/// What can go wrong in this crate, with the sizes, positions or values at fault.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting, a solve or a file that the shared mathematics refuses.
    Math(neuropil_math::Error),
    /// A window that is not finite, or ends before it has begun.
    Window {
        /// Where it begins.
        t0: f64,
        /// Where it ends.
        t1: f64,
    },
    /// A value that is NaN or infinite.
    NonFinite {
        /// Where it was found.
        what: &'static str,
        /// Its position.
        index: usize,
    },
    /// A spike that is earlier than the one before it.
    Unsorted {
        /// Its position.
        index: usize,
        /// Its time.
        time: f64,
        /// The time of the spike before it.
        previous: f64,
    },
    /// Two spikes at the same time where there may be one.
    Duplicate {
        /// The position of the second.
        index: usize,
        /// Their time.
        time: f64,
    },
    /// A spike outside of the window.
    OutsideWindow {
        /// Its position.
        index: usize,
        /// Its time.
        time: f64,
        /// Where the window begins.
        t0: f64,
        /// Where it ends.
        t1: f64,
    },
    /// Two trains that were not observed over the same time.
    DifferentWindows {
        /// Beginning and end of the first.
        first: (f64, f64),
        /// Beginning and end of the second.
        second: (f64, f64),
    },
    /// A setting outside of its range.
    OutOfRange {
        /// Its name.
        what: &'static str,
        /// The value that was given.
        value: f64,
        /// The range, in words: `"must be positive"`.
        range: &'static str,
    },
    /// Two sizes that must agree do not.
    Shape {
        /// What was measured.
        what: &'static str,
        /// The size that was needed.
        expected: usize,
        /// The size that was given.
        found: usize,
    },
    /// Fewer spikes, trials or samples than are needed.
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many are needed.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// More than fits into the memory, or than this crate agrees to make.
    TooLarge {
        /// What was to be made.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The largest size.
        limit: usize,
    },
    /// A text that is not of the form it should have.
    Text {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Bytes that are not of the format they should have.
    Bytes {
        /// The format.
        format: &'static str,
        /// What is wrong with them.
        problem: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Math(error) => error.fmt(f),
            Self::Window { t0, t1 } => {
                write!(
                    f,
                    "[{t0}, {t1}] is no window: it must be finite and end after it begins"
                )
            }
            Self::NonFinite { what, index } => {
                write!(f, "{what} holds NaN or infinity at index {index}")
            }
            Self::Unsorted {
                index,
                time,
                previous,
            } => write!(f, "spike {index} at {time} s is earlier than {previous} s"),
            Self::Duplicate { index, time } => {
                write!(f, "spike {index} is a second one at {time} s")
            }
            Self::OutsideWindow {
                index,
                time,
                t0,
                t1,
            } => write!(
                f,
                "spike {index} at {time} s is outside of the window [{t0}, {t1}]"
            ),
            Self::DifferentWindows { first, second } => write!(
                f,
                "the windows [{}, {}] and [{}, {}] differ",
                first.0, first.1, second.0, second.1
            ),
            Self::OutOfRange { what, value, range } => write!(f, "{what} is {value}, {range}"),
            Self::Shape {
                what,
                expected,
                found,
            } => write!(f, "{what}: expected {expected}, found {found}"),
            Self::TooFew {
                what,
                needed,
                found,
            } => write!(f, "{what}: {needed} are needed, found {found}"),
            Self::TooLarge { what, size, limit } => {
                write!(f, "{what} of size {size}: at most {limit}")
            }
            Self::Text { line, problem } => write!(f, "line {line}: {problem}"),
            Self::Bytes { format, problem } => write!(f, "{format}: {problem}"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Math(error) => Some(error),
            _ => None,
        }
    }
}

impl From<neuropil_math::Error> for Error {
    fn from(error: neuropil_math::Error) -> Self {
        Self::Math(error)
    }
}

/// Refuses a setting that is not a positive number.
pub(crate) fn check_positive(what: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what,
            value,
            range: "must be positive and finite",
        })
    }
}
