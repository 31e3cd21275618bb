//! `threads [--update]`: what the feature `rayon` gains on two threads, in time on the clock.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use nalgebra::DMatrix;
use neuropil_benches::report::{Report, significant};
use neuropil_benches::workloads::spike_distances::{MATRICES, many};
use rayon::{ThreadPool, ThreadPoolBuilder};

const USAGE: &str = "usage: cargo run --release -p neuropil-benches --features rayon --bin threads \
                     [-- --update]";
/// Of each, one after the other.
const RUNS: usize = 15;

fn main() -> ExitCode {
    neuropil_benches::exit(run())
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let update = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--update"] => true,
        _ => return Err(USAGE.to_owned()),
    };
    let pool = |threads| {
        let builder = ThreadPoolBuilder::new().num_threads(threads);
        builder.build().map_err(|e| e.to_string())
    };
    let (one, two) = (pool(1)?, pool(2)?);
    let trains = many()?;
    let mut report = Report::new(
        "Matrices of distances, all pairs of 200 trains of 1000 spikes, on two threads",
        &["matrix", "one thread (ms)", "two threads (ms)", "one / two"],
    );
    for matrix in MATRICES {
        let timed = |pool: &ThreadPool| -> Result<(f64, DMatrix<f64>), String> {
            let start = Instant::now();
            let result = pool.install(|| (matrix.of)(&trains));
            let seconds = start.elapsed().as_secs_f64();
            Ok((seconds, result.map_err(|e| e.to_string())?))
        };
        let mut best = (f64::INFINITY, f64::INFINITY);
        for _ in 0..RUNS {
            let (first, second) = (timed(&one)?, timed(&two)?);
            if first.1 != second.1 {
                return Err(format!("{}: two threads change the result", matrix.name));
            }
            best = (best.0.min(first.0), best.1.min(second.0));
        }
        let gain = format!("{}x", significant(best.0 / best.1, 3));
        report.row([
            matrix.name.to_owned(),
            significant(best.0 * 1e3, 3),
            significant(best.1 * 1e3, 3),
            gain.clone(),
        ]);
        report.value(matrix.name, gain);
    }
    report.note(format!(
        "Time on the clock, the shortest of {RUNS} runs each, one thread and two in turn. The results \
         are compared, and are the same to the bit."
    ));
    println!("{}", report.to_text());
    if update {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("results");
        for file in report.write("threads-neural-coding", &folder, &folder)? {
            println!("  {}\n", file.display());
        }
    }
    Ok(())
}
