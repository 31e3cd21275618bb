//! Everything that measures: experiments beside the papers' numbers, and the same work done by us
//! and by the peers.
//!
//! - [`experiments`]: what `cargo xtask reproduce` runs, one file for each crate;
//! - [`report`]: a table, its notes and figures, printed and written as JSON and SVG;
//! - [`workloads`]: what `cargo xtask peers` runs on our side; `peers/` holds the Python side;
//! - [`duel`]: two processes in turn, CPU time against CPU time.

pub mod duel;
pub mod experiments;
pub mod report;
pub mod workloads;

/// What a program ends with: an error is printed, and is a failure.
#[must_use]
pub fn exit(result: Result<(), String>) -> std::process::ExitCode {
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
