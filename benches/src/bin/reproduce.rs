//! `reproduce [NAMES…] [--list] [--full] [--update]`.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use neuropil_benches::experiments::{ALL, Context, Experiment};

const USAGE: &str = "usage: cargo xtask reproduce [NAMES…] [--list] [--full] [--update]

Without names: the short set, in under three minutes on two cores.
  --list    name the experiments and do nothing
  --full    at the papers' full size, where the default is smaller
  --update  write results and figures to the places that the book reads
            (benches/results, docs/src/figures) instead of target/reproduce";

fn main() -> ExitCode {
    neuropil_benches::exit(run())
}

fn run() -> Result<(), String> {
    let (mut names, mut list, mut full, mut update) = (Vec::new(), false, false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--list" => list = true,
            "--full" => full = true,
            "--update" => update = true,
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}\n\n{USAGE}")),
            name => names.push(name.to_owned()),
        }
    }
    if list {
        for experiment in ALL {
            let set = if experiment.short { "short" } else { "long " };
            println!("{:<20} {set}  {}", experiment.name, experiment.about);
        }
        return Ok(());
    }
    let chosen = choose(&names)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the workspace has no folder")?;
    let (results, figures) = if update {
        (root.join("benches/results"), root.join("docs/src/figures"))
    } else {
        let folder = root.join("target/reproduce");
        (folder.clone(), folder)
    };
    for (i, experiment) in chosen.iter().enumerate() {
        let progress = ProgressBar::new(1);
        progress.set_style(
            ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {elapsed}")
                .map_err(|e| e.to_string())?,
        );
        progress.set_message(format!("({}/{}) {}", i + 1, chosen.len(), experiment.name));
        progress.enable_steady_tick(Duration::from_millis(200));
        let start = Instant::now();
        let context = Context { full, progress };
        let report =
            (experiment.run)(&context).map_err(|error| format!("{}: {error}", experiment.name))?;
        context.progress.finish_and_clear();
        let files = report.write(experiment.name, &results, &figures)?;
        println!("{}", report.to_text());
        for file in files {
            println!("  {}", file.strip_prefix(root).unwrap_or(&file).display());
        }
        println!("  {:.1} s\n", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn choose(names: &[String]) -> Result<Vec<&'static Experiment>, String> {
    if names.is_empty() {
        return Ok(ALL.iter().filter(|e| e.short).collect());
    }
    let find = |name: &String| {
        ALL.iter().find(|e| e.name == name).ok_or_else(|| {
            let known: Vec<_> = ALL.iter().map(|e| e.name).collect();
            format!("no experiment {name}; there are: {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}
