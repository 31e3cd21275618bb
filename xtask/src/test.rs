//! `cargo xtask test`: plain `cargo test`, with crates named by their folder.

use xshell::{Shell, cmd};

use crate::process::pass_through;
use crate::workspace::Workspace;

/// Tests one crate or all; with `slow` also the tests that are marked `#[ignore]`.
///
/// The slow run leaves out the doc tests, since examples marked `ignore` are not meant to run.
pub(crate) fn run(sh: &Shell, name: Option<&str>, slow: bool) -> anyhow::Result<()> {
    let mut command = cmd!(sh, "cargo test");
    command = match name {
        Some(name) => command.args(["-p", &Workspace::load(sh)?.package(name)?.name]),
        None => command.arg("--workspace"),
    };
    if slow {
        command = command.args(["--tests", "--", "--include-ignored"]);
    }
    pass_through(command)
}
