//! Programs that talk to the user themselves.

use std::fmt;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use xshell::Cmd;

/// A program ended with this code, after having said why.
#[derive(Debug)]
pub(crate) struct Exit(Option<i32>);

impl Exit {
    /// The code to end with.
    pub(crate) fn code(&self) -> ExitCode {
        let code = self.0.and_then(|code| u8::try_from(code).ok());
        code.map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, "ended with code {code}"),
            None => write!(f, "was ended by a signal"),
        }
    }
}

impl std::error::Error for Exit {}

/// Runs a program with our input and output. Its failure becomes ours, without a word.
pub(crate) fn pass_through(command: Cmd<'_>) -> anyhow::Result<()> {
    let mut command = Command::from(command);
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() {
        Ok(())
    } else {
        Err(Exit(status.code()).into())
    }
}
