use core::fmt;

/// What can go wrong in this crate, with the time, the step or the sizes at fault.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The state has no component.
    EmptySystem,
    /// The time span is zero: there is nothing to integrate.
    ZeroSpan {
        /// Where it begins and ends.
        t: f64,
    },
    /// A time that lies against the direction of integration, or is not finite.
    Time {
        /// What the time is for.
        what: &'static str,
        /// The time.
        value: f64,
        /// The time that has been reached.
        reached: f64,
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
    /// A setting outside of its range.
    OutOfRange {
        /// Its name.
        what: &'static str,
        /// The value that was given.
        value: f64,
        /// The range, in words.
        range: &'static str,
    },
    /// A state or a right-hand side that is NaN or infinite where no smaller step can help.
    NonFinite {
        /// What it is.
        what: &'static str,
        /// The time.
        t: f64,
        /// The component.
        component: usize,
    },
    /// The step that the tolerance asks for is below the resolution of the time.
    StepSizeUnderflow {
        /// The time that was reached.
        t: f64,
        /// The step that was tried last.
        h: f64,
    },
    /// The cap on the number of steps was reached.
    TooManySteps {
        /// The time that was reached.
        t: f64,
        /// The step that was tried last.
        h: f64,
        /// The cap.
        steps: u64,
    },
    /// The matrix of an implicit step is singular at any step size.
    SingularMatrix {
        /// The time that was reached.
        t: f64,
        /// The step that was tried last.
        h: f64,
    },
    /// The iteration of an implicit step does not converge at any step size.
    NoConvergence {
        /// The time that was reached.
        t: f64,
        /// The step that was tried last.
        h: f64,
    },
    /// An event that fires again and again without time going on.
    EventStorm {
        /// The time at which it fires.
        t: f64,
        /// Its index in the list of events.
        event: usize,
    },
    /// An error of the linear algebra beneath.
    Math(neuropil_math::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySystem => f.write_str("the system has no component"),
            Self::ZeroSpan { t } => write!(f, "the time span is zero, at t = {t}"),
            Self::Time {
                what,
                value,
                reached,
            } => write!(
                f,
                "{what} is {value}, which does not lie ahead of t = {reached}"
            ),
            Self::Shape {
                what,
                expected,
                found,
            } => write!(f, "{what}: expected {expected}, found {found}"),
            Self::OutOfRange { what, value, range } => write!(f, "{what} is {value}, {range}"),
            Self::NonFinite { what, t, component } => write!(
                f,
                "{what} is NaN or infinite in component {component} at t = {t}"
            ),
            Self::StepSizeUnderflow { t, h } => {
                write!(f, "the step size underflows: h = {h:e} at t = {t}")
            }
            Self::TooManySteps { t, h, steps } => {
                write!(f, "{steps} steps did not suffice: t = {t}, h = {h:e}")
            }
            Self::SingularMatrix { t, h } => write!(
                f,
                "the matrix of an implicit step is singular at any size: h = {h:e} at t = {t}"
            ),
            Self::NoConvergence { t, h } => write!(
                f,
                "the implicit step does not converge at any size: h = {h:e} at t = {t}"
            ),
            Self::EventStorm { t, event } => {
                write!(f, "event {event} fires without end at t = {t}")
            }
            Self::Math(error) => error.fmt(f),
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
