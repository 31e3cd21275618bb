//! The chores of this workspace, as one small program: `cargo xtask`.
//!
//! One file per command. Libraries stay few, because this is compiled before anything else is.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use xshell::Shell;

use flags::{Xtask, XtaskCmd};

mod bench;
mod ci;
mod codegen;
mod data;
mod docs;
mod flags;
mod layers;
mod peers;
mod process;
mod release;
mod reproduce;
mod test;
mod tidy;
mod workspace;

fn main() -> ExitCode {
    if std::env::args_os().len() == 1 {
        print!("{}", flags::USAGE);
        return ExitCode::SUCCESS;
    }
    let flags = match Xtask::from_env() {
        Ok(flags) => flags,
        Err(error) if error.is_help() => error.exit(),
        Err(error) => {
            eprintln!("error: {error}; `cargo xtask` lists the commands");
            return ExitCode::from(2);
        }
    };
    match run(flags.subcommand) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<process::Exit>() {
            // The program that failed has said why.
            Some(exit) => exit.code(),
            None => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

fn run(command: XtaskCmd) -> anyhow::Result<()> {
    let sh = &Shell::new()?;
    sh.change_dir(root());
    match command {
        XtaskCmd::Ci(flags) => ci::run(sh, &flags.step, flags.keep_going),
        XtaskCmd::Codegen(flags) => codegen::run(sh, flags.check),
        XtaskCmd::Test(flags) => test::run(sh, flags.name.as_deref(), flags.slow),
        XtaskCmd::Bench(flags) => bench::run(sh, flags.name.as_deref(), flags.filter.as_deref()),
        XtaskCmd::Peers(flags) => peers::run(sh, &flags),
        XtaskCmd::Reproduce(flags) => reproduce::run(sh, &flags),
        XtaskCmd::Docs(flags) => docs::run(sh, flags.open),
        XtaskCmd::Data(flags) => {
            // The shell stands in the workspace, the folder was typed elsewhere.
            let from = match flags.from {
                Some(dir) => Some(std::path::absolute(&dir).context("--from")?),
                None => None,
            };
            data::run(sh, &flags.name, from.as_deref())
        }
        XtaskCmd::Release(flags) => release::run(sh, flags.level, flags.execute, flags.skip_ci),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    // `cargo run` sets the variable; the path of the build would be wrong after the folder moved.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
}
