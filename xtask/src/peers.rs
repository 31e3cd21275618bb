//! `cargo xtask peers`: our crates beside the Python libraries of the field.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::flags::Peers;
use crate::process::pass_through;
use crate::workspace::Workspace;

/// The pinned versions, from the root of the workspace.
const REQUIREMENTS: &str = "benches/peers/requirements.txt";

/// Measures one crate or all, with the program `peers` of the package `neuropil-benches`.
pub(crate) fn run(sh: &Shell, flags: &Peers) -> anyhow::Result<()> {
    let workspace = Workspace::load(sh)?;
    let package = flags
        .name
        .as_deref()
        .map(|name| workspace.package(name))
        .transpose()?;
    let mut command = cmd!(
        sh,
        "cargo run --quiet --release -p neuropil-benches --bin peers --"
    );
    if !flags.list {
        command = command.env("NEUROPIL_PEERS_PYTHON", environment(sh, &workspace)?);
    }
    if let Some(package) = package {
        command = command.arg(package.short_name());
    }
    for (given, name) in [
        (flags.quick, "--quick"),
        (flags.list, "--list"),
        (flags.update, "--update"),
    ] {
        if given {
            command = command.arg(name);
        }
    }
    pass_through(command)
}

/// The Python of an environment with the pinned peers, made anew whenever the pins changed.
fn environment(sh: &Shell, workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let wanted = sh.read_file(workspace.root.join(REQUIREMENTS))?;
    let folder = workspace.target.join("peers-venv");
    let python = if cfg!(windows) {
        folder.join("Scripts").join("python.exe")
    } else {
        folder.join("bin").join("python")
    };
    // Written last, so that an environment whose making was interrupted is not taken for complete.
    let stamp = folder.join("neuropil-requirements.txt");
    if !current(&stamp, &wanted) || !python.is_file() {
        println!("making the environment {}", folder.display());
        let base = if cfg!(windows) { "python" } else { "python3" };
        cmd!(sh, "{base} -m venv --clear {folder}")
            .quiet()
            .run()
            .context("the peers need Python 3 with its module venv")?;
        cmd!(
            sh,
            "{python} -m pip install --quiet --disable-pip-version-check -r {REQUIREMENTS}"
        )
        .quiet()
        .run()
        .context("the peers could not be installed")?;
        sh.write_file(&stamp, &wanted)?;
    }
    Ok(python)
}

/// Whether the environment was made from these requirements.
fn current(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|made_from| made_from == wanted)
}
