//! `cargo xtask bench`: the criterion groups, one bench target per crate in `benches/benches`.

use anyhow::{bail, ensure};
use xshell::{Shell, cmd};

use crate::process::pass_through;
use crate::workspace::Workspace;

const PACKAGE: &str = "neuropil-benches";

/// Runs the groups of one crate or all, those whose name contains `filter`.
pub(crate) fn run(sh: &Shell, name: Option<&str>, filter: Option<&str>) -> anyhow::Result<()> {
    let workspace = Workspace::load(sh)?;
    let all = &workspace.package(PACKAGE)?.benches;
    ensure!(!all.is_empty(), "{PACKAGE} has no bench targets yet");
    let chosen: Vec<_> = match name {
        None => all.iter().collect(),
        Some(name) => {
            let short = name.strip_prefix("neuropil-").unwrap_or(name);
            all.iter().filter(|bench| *bench == short).collect()
        }
    };
    if chosen.is_empty() {
        let name = name.unwrap_or_default();
        bail!("no benchmarks of {name}; there are {}", all.join(", "));
    }
    // Named one by one, as the test harness of the library knows none of criterion's options.
    let mut command = cmd!(sh, "cargo bench -p {PACKAGE}");
    for bench in chosen {
        command = command.arg("--bench").arg(bench);
    }
    if let Some(filter) = filter {
        command = command.arg("--").arg(filter);
    }
    pass_through(command)
}
