use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong in this crate, with the place or the values at fault.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A size or a setting that makes no sense.
    Invalid(neuropil_math::Error),
    /// More values than the memory holds.
    TooLarge {
        /// What was asked for.
        what: &'static str,
        /// How many values.
        values: usize,
    },
    /// A generator whose state left every bound.
    Diverged {
        /// The generator.
        what: &'static str,
        /// The sample, counted from the initial state, at which it was seen.
        sample: usize,
        /// The value that was found.
        value: f64,
    },
    /// An adaptive integration that needs steps below the resolution of time.
    StepTooSmall {
        /// The generator.
        what: &'static str,
        /// The time that was reached.
        time: f64,
        /// The step that was needed.
        step: f64,
    },
    /// A solver of differential equations that refuses what it was given.
    Solver(neuropil_ode_core::Error),
    /// The operating system refused to read a file.
    Io {
        /// The file.
        path: PathBuf,
        /// The kind of refusal.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// A line of a table that cannot be read.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, comments and blank lines included.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A cell of a table that is no finite number.
    Cell {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, comments and blank lines included.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// The name of the column.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Columns of a table that were to be numbers and are not.
    NotNumeric {
        /// The file.
        path: PathBuf,
        /// Their names.
        columns: Vec<String>,
        /// What may help.
        hint: String,
    },
    /// A column that a table does not have.
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The names that are there.
        available: Vec<String>,
    },
    /// A table with too few rows.
    TooFewRows {
        /// The file.
        path: PathBuf,
        /// The rows below the header.
        rows: usize,
        /// The rows that are needed.
        needed: usize,
    },
    /// A file that is corrupt, truncated, or of another form.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that is not the published one.
    Checksum {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of the published contents.
        expected: String,
        /// The SHA-256 of these contents.
        found: String,
    },
    /// A data set that is not on this machine.
    Missing {
        /// The data set.
        name: &'static str,
        /// The files that were looked for and not found.
        looked_for: Vec<PathBuf>,
        /// The command that fetches it.
        command: String,
    },
    /// A data set that is not on this machine, and that no command fetches.
    Absent {
        /// The data set.
        name: &'static str,
        /// The files that were looked for and not found.
        looked_for: Vec<PathBuf>,
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

    pub(crate) fn malformed(path: &Path, problem: impl Into<String>) -> Self {
        Self::Malformed {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }

    pub(crate) fn out_of_range(what: &'static str, value: f64, range: &'static str) -> Self {
        Self::Invalid(neuropil_math::Error::OutOfRange { what, value, range })
    }
}

impl From<neuropil_math::Error> for Error {
    fn from(error: neuropil_math::Error) -> Self {
        Self::Invalid(error)
    }
}

impl From<neuropil_ode_core::Error> for Error {
    fn from(error: neuropil_ode_core::Error) -> Self {
        Self::Solver(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::Solver(error) => error.fmt(f),
            Self::TooLarge { what, values } => {
                write!(f, "{what}: no memory for {values} values")
            }
            Self::Diverged {
                what,
                sample,
                value,
            } => write!(f, "{what} diverged: {value:e} at sample {sample}"),
            Self::StepTooSmall { what, time, step } => write!(
                f,
                "{what}: at time {time} a step of {step:e} is needed, which time cannot resolve"
            ),
            Self::Io { path, message, .. } => write!(f, "{}: {message}", path.display()),
            Self::Line {
                path,
                line,
                problem,
            } => write!(f, "{}, line {line}: {problem}", path.display()),
            Self::Cell {
                path,
                line,
                column,
                name,
                problem,
            } => write!(
                f,
                "{}, line {line}, column {column} ({name}): {problem}",
                path.display()
            ),
            Self::NotNumeric {
                path,
                columns,
                hint,
            } => {
                write!(
                    f,
                    "{}: no numbers in {}",
                    path.display(),
                    columns.join(", ")
                )?;
                if hint.is_empty() {
                    Ok(())
                } else {
                    write!(f, "; {hint}")
                }
            }
            Self::NoColumn {
                path,
                name,
                available,
            } => write!(
                f,
                "{}: no column {name}; there are {}",
                path.display(),
                available.join(", ")
            ),
            Self::TooFewRows { path, rows, needed } => write!(
                f,
                "{}: {rows} rows below the header, at least {needed} are needed",
                path.display()
            ),
            Self::Malformed { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Checksum {
                path,
                expected,
                found,
            } => write!(
                f,
                "{}: SHA-256 {found}, the published file has {expected}",
                path.display()
            ),
            Self::Missing {
                name,
                looked_for,
                command,
            } => {
                write!(f, "{name} is not here: `{command}` fetches it ")?;
                write_paths(f, looked_for)
            }
            Self::Absent { name, looked_for } => {
                write!(f, "{name} is not in the folder that NEUROPIL_DATA names ")?;
                write_paths(f, looked_for)
            }
        }
    }
}

fn write_paths(f: &mut fmt::Formatter<'_>, paths: &[PathBuf]) -> fmt::Result {
    write!(f, "(looked for ")?;
    for (i, path) in paths.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{}", path.display())?;
    }
    write!(f, ")")
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Invalid(error) => Some(error),
            Self::Solver(error) => Some(error),
            _ => None,
        }
    }
}
