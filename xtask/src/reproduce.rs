//! `cargo xtask reproduce`: published results, ours beside the paper's.

use xshell::{Shell, cmd};

use crate::flags::Reproduce;
use crate::process::pass_through;

/// Hands everything to the program `reproduce` of the package `neuropil-benches`.
pub(crate) fn run(sh: &Shell, flags: &Reproduce) -> anyhow::Result<()> {
    let mut command = cmd!(
        sh,
        "cargo run --quiet --release -p neuropil-benches --bin reproduce --"
    );
    command = command.args(&flags.name);
    for (given, name) in [
        (flags.list, "--list"),
        (flags.full, "--full"),
        (flags.update, "--update"),
    ] {
        if given {
            command = command.arg(name);
        }
    }
    pass_through(command)
}
