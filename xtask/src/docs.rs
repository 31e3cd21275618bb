//! `cargo xtask docs`: the API documentation and the book as one site.

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::process::pass_through;
use crate::workspace::Workspace;

/// Builds the API documentation; without `--workspace` that of `crates/`, as the workspace says.
/// The same as in `ci`, so that nothing is built twice.
pub(crate) const RUSTDOC: &str = "cargo doc --no-deps --all-features";

/// A broken link is an error.
pub(crate) const RUSTDOC_FLAGS: (&str, &str) = ("RUSTDOCFLAGS", "-D warnings");

/// Builds the book and checks every page of the site. In the profile of the tests, which compile the
/// same libraries.
pub(crate) const SITE: &str = "cargo run --quiet -p neuropil-docs --bin site -- build";

/// Builds the site in `site` of the target folder.
pub(crate) fn run(sh: &Shell, open: bool) -> anyhow::Result<()> {
    let workspace = Workspace::load(sh)?;
    let rustdoc = workspace.target.join("doc");
    let site = workspace.target.join("site");

    let words: Vec<_> = RUSTDOC.split(' ').collect();
    let (name, value) = RUSTDOC_FLAGS;
    pass_through(sh.cmd(words[0]).args(&words[1..]).env(name, value))?;

    workspace.package("neuropil-docs")?;
    let words: Vec<_> = SITE.split(' ').collect();
    let build = sh.cmd(words[0]).args(&words[1..]);
    pass_through(build.arg("--out").arg(&site).arg("--rustdoc").arg(&rustdoc))?;
    let index = site.join("index.html");
    println!("{}", index.display());
    if open {
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else if cfg!(windows) {
            "explorer"
        } else {
            "xdg-open"
        };
        cmd!(sh, "{opener} {index}")
            .quiet()
            .run()
            .context("no browser")?;
    }
    Ok(())
}
