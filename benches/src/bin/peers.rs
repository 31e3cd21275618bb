//! `peers [CRATE] [--quick] [--update] [--list]`: the same work by us and by the peers, in turn.
//!
//! `peers --worker NAME` is our side of one comparison; the driver starts it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use neuropil_benches::duel;
use neuropil_benches::report::{Report, significant};
use neuropil_benches::workloads::{self, Side, Workload};

const USAGE: &str = "usage: cargo xtask peers [CRATE] [--quick] [--update] [--list]

  CRATE     the comparisons of one crate, by its folder: math, reservoir, …
  --quick   few repetitions, a few minutes in all
  --update  write the results to benches/results, where the book reads them
  --list    name the comparisons and do nothing";

fn main() -> ExitCode {
    neuropil_benches::exit(run())
}

fn run() -> Result<(), String> {
    let (mut of, mut quick, mut update, mut list) = (None, false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--worker" => {
                let name = arguments.next().ok_or("--worker needs a name")?;
                return worker(&name);
            }
            "--quick" => quick = true,
            "--update" => update = true,
            "--list" => list = true,
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}\n\n{USAGE}")),
            name => of = Some(name.to_owned()),
        }
    }
    let mut chosen = workloads::all();
    if let Some(of) = &of {
        let known: Vec<&str> = chosen.iter().map(|w| w.of).collect();
        if !known.contains(&of.as_str()) {
            return Err(format!("no comparison of {of}; there are: {known:?}"));
        }
        chosen.retain(|w| w.of == of);
    }
    if list {
        for workload in &chosen {
            println!(
                "{:<10} {:<24} {}",
                workload.of, workload.name, workload.about
            );
        }
        return Ok(());
    }
    let mut crates: Vec<&str> = chosen.iter().map(|w| w.of).collect();
    crates.dedup();
    for of in crates {
        let of_this: Vec<&Workload> = chosen.iter().filter(|w| w.of == of).collect();
        let report = compare(of, &of_this, quick)?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap_or(Path::new("."));
        let folder = if update {
            "benches/results"
        } else {
            "target/peers"
        };
        let folder = root.join(folder);
        println!("{}", report.to_text());
        for file in report.write(&format!("peers-{of}"), &folder, &folder)? {
            println!("  {}\n", file.strip_prefix(root).unwrap_or(&file).display());
        }
    }
    Ok(())
}

fn worker(name: &str) -> Result<(), String> {
    let versions = format!("Neuropil {}", env!("CARGO_PKG_VERSION"));
    duel::serve(workloads::work(name)?, &versions)
}

fn compare(of: &str, workloads: &[&Workload], quick: bool) -> Result<Report, String> {
    let ours = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut rust = None;
    let mut columns = vec![
        "work",
        "peer",
        "ours (ms)",
        "peer (ms)",
        "peer / ours",
        "memory ours / peer (MB)",
    ];
    let errors = workloads.iter().any(|w| w.truth.is_some());
    if errors {
        columns.push("error ours / peer");
    }
    let mut report = Report::new(
        format!("neuropil-{of} beside its peers, one thread"),
        &columns,
    );
    let mut versions = Vec::new();
    for workload in workloads {
        eprintln!("{} …", workload.name);
        let mut a = Command::new(&ours);
        a.args(["--worker", workload.name]);
        let mut b = match workload.side {
            Side::Python => python(of, workload.name)?,
            Side::Ours(other) => {
                let mut command = Command::new(&ours);
                command.args(["--worker", other]);
                command
            }
            Side::Rust => {
                let program = match &rust {
                    Some(program) => program,
                    None => rust.insert(build_rust_peers()?),
                };
                let mut command = Command::new(program);
                command.arg(workload.name);
                command
            }
        };
        for (name, value) in ONE_THREAD {
            b.env(name, value);
        }
        // A kernel chosen for an old processor would be an unfair peer.
        b.env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE");
        let pairs = if quick {
            workload.pairs.0
        } else {
            workload.pairs.1
        };
        let outcome = duel::run(a, b, pairs, workload.agreement)
            .map_err(|error| format!("{}: {error}", workload.name))?;
        let (median, low, high) = outcome.ratio;
        let aim = workload.aim.map_or(String::new(), |aim| {
            format!(
                ", aim {}{}",
                significant(aim, 2),
                if median >= aim { "" } else { " missed" }
            )
        });
        let mut row = vec![
            workload.about.to_owned(),
            workload.peer.to_owned(),
            significant(outcome.ours * 1e3, 3),
            significant(outcome.peer * 1e3, 3),
            format!(
                "{} ({} to {}{aim})",
                significant(median, 3),
                significant(low, 3),
                significant(high, 3)
            ),
            format!(
                "{} / {}",
                megabytes(outcome.peak.0),
                megabytes(outcome.peak.1)
            ),
        ];
        if errors {
            row.push(workload.truth.map_or(String::new(), |truth| {
                let error = |value: f64| significant((value - truth).abs(), 2);
                format!("{} / {}", error(outcome.values.0), error(outcome.values.1))
            }));
        }
        report.row(row);
        report.value(workload.name, format!("{}x", significant(median, 2)));
        versions.push(outcome.versions);
    }
    versions.sort();
    versions.dedup();
    report.note(
        "CPU seconds of the process, medians of interleaved runs; the ratio is the median of the \
         pairs (smallest to largest). Both sides must compute the same result before they are timed.",
    );
    report.note(format!(
        "Peers: {}. Machine: {}.",
        versions.join("; "),
        machine()
    ));
    Ok(report)
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn python(of: &str, name: &str) -> Result<Command, String> {
    let python = std::env::var_os("NEUROPIL_PEERS_PYTHON")
        .ok_or("NEUROPIL_PEERS_PYTHON names no Python; run `cargo xtask peers`")?;
    let mut command = Command::new(python);
    let script = format!("{}_peers.py", of.replace('-', "_"));
    command.arg(scripts().join(script)).arg(name);
    Ok(command)
}

/// The Rust peers have a lock file of their own; they are built where our own programs are.
fn build_rust_peers() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers-rust");
    eprintln!("building the Rust peers …");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--release",
            "--quiet",
            "--locked",
            "--manifest-path",
        ])
        .arg(scripts().join("rust/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if !status.success() {
        return Err("the Rust peers do not build".to_owned());
    }
    Ok(target.join("release/neuropil-rust-peers"))
}

const ONE_THREAD: [(&str, &str); 4] = [
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("NUMBA_NUM_THREADS", "1"),
];

fn megabytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}

fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpuinfo
            .lines()
            .find(|l| l.starts_with(name))
            .and_then(|l| l.split(':').nth(1))
            .map_or("unknown", str::trim)
            .to_owned()
    };
    let wide = cpuinfo.contains(" avx512f");
    format!(
        "{}{}, {}",
        field("model name"),
        if wide { " with AVX-512" } else { "" },
        std::env::consts::OS
    )
}
