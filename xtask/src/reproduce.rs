//! `cargo xtask reproduce`: published results, ours beside the paper's.

use xshell::{Shell, cmd};

use crate::process::pass_through;

/// Hands everything to the program `reproduce` of the package `neuropil-benches`.
pub(crate) fn run(sh: &Shell, names: &[String], list: bool, full: bool) -> anyhow::Result<()> {
    let mut command = cmd!(
        sh,
        "cargo run --quiet --release -p neuropil-benches --bin reproduce --"
    );
    command = command.args(names);
    if list {
        command = command.arg("--list");
    }
    if full {
        command = command.arg("--full");
    }
    pass_through(command)
}
