//! `cargo xtask peers`: our crates beside the Python libraries of the field.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::flags::Peers;
use crate::process::pass_through;
use crate::workspace::{Package, Workspace};

/// Where the pinned versions are, from the root of the workspace: those that every comparison has, and
/// in `requirements-CRATE.txt` those of one crate alone.
const FOLDER: &str = "benches/peers";
const REQUIREMENTS: &str = "requirements.txt";

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
        let of = package.map(Package::short_name);
        command = command.env("NEUROPIL_PEERS_PYTHON", environment(sh, &workspace, of)?);
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

/// The Python of an environment with the pinned peers of one crate or all. What is missing is added; it
/// is made anew whenever a pin has changed.
fn environment(sh: &Shell, workspace: &Workspace, of: Option<&str>) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join("peers-venv");
    let python = if cfg!(windows) {
        folder.join("Scripts").join("python.exe")
    } else {
        folder.join("bin").join("python")
    };
    let source = workspace.root.join(FOLDER);
    let mut pins = Vec::new();
    let (mut clear, mut missing) = (!python.is_file(), false);
    for file in chosen(&sh.read_dir(&source)?, of) {
        let path = source.join(&file);
        let wanted = sh.read_file(&path)?;
        let stamp = folder.join(format!("neuropil-{file}"));
        match std::fs::read_to_string(&stamp) {
            Ok(made_from) => clear |= made_from != wanted,
            Err(_) => missing = true,
        }
        pins.push((path, wanted, stamp));
    }
    if clear {
        println!("making the environment {}", folder.display());
        let base = if cfg!(windows) { "python" } else { "python3" };
        cmd!(sh, "{base} -m venv --clear {folder}")
            .quiet()
            .run()
            .context("the peers need Python 3 with its module venv")?;
    }
    if clear || missing {
        // All of them in one go, so that none replaces what another has pinned.
        let files = pins
            .iter()
            .flat_map(|(path, ..)| [OsStr::new("-r"), path.as_os_str()]);
        cmd!(
            sh,
            "{python} -m pip install --quiet --disable-pip-version-check {files...}"
        )
        .quiet()
        .run()
        .context("the peers could not be installed")?;
    }
    for (_, wanted, stamp) in pins {
        // Written last, so that an environment whose making was interrupted is not taken for complete.
        sh.write_file(stamp, wanted)?;
    }
    Ok(python)
}

/// The files of requirements among `files` that one crate or all have, the common one first.
fn chosen(files: &[PathBuf], of: Option<&str>) -> Vec<String> {
    let names = files.iter().filter_map(|f| f.file_name()?.to_str());
    let mut names: Vec<String> = names
        .filter(|name| {
            let own = name.strip_prefix("requirements-");
            match own.and_then(|n| n.strip_suffix(".txt")) {
                Some(own) => of.is_none_or(|of| of == own),
                None => *name == REQUIREMENTS,
            }
        })
        .map(str::to_owned)
        .collect();
    names.sort_by_key(|name| (name != REQUIREMENTS, name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_crate_has_the_common_requirements_and_its_own() {
        let files = [
            "requirements-b.txt",
            "requirements-a.txt",
            "common.py",
            "requirements.txt",
        ];
        let files = files.map(|name| Path::new("x").join(name));
        assert_eq!(
            chosen(&files, Some("b")),
            ["requirements.txt", "requirements-b.txt"]
        );
        assert_eq!(chosen(&files, Some("math")), ["requirements.txt"]);
        assert_eq!(
            chosen(&files, None),
            [
                "requirements.txt",
                "requirements-a.txt",
                "requirements-b.txt"
            ]
        );
    }
}
