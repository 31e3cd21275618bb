//! Two processes in turn on the same work: A B A B …, each timing itself in CPU seconds.
//!
//! Machines drift; pairs that ran one after the other do not. So the figure to quote is the median
//! of the ratios pair by pair, never one time over another taken minutes apart.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::workloads::Work;

/// One timed run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// CPU seconds of the whole process in it.
    pub seconds: f64,
    /// What it computed.
    pub value: f64,
    /// The largest resident memory of the process so far, in bytes.
    pub peak: u64,
}

/// What two contestants took.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Our median, in seconds.
    pub ours: f64,
    /// The peer's median.
    pub peer: f64,
    /// Peer over ours: the median, the smallest and the largest of the pairs.
    pub ratio: (f64, f64, f64),
    /// Our peak memory and the peer's, in bytes.
    pub peak: (u64, u64),
    /// What we computed, and what the peer did.
    pub values: (f64, f64),
    /// The versions that the peer reported.
    pub versions: String,
}

#[derive(Serialize, Deserialize)]
struct Greeting {
    versions: String,
}

/// Answers the driver on standard output: one run for each line read.
///
/// # Errors
/// If the work fails or the driver is gone.
pub fn serve(mut work: Work, versions: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let greeting = Greeting {
        versions: versions.to_owned(),
    };
    say(&mut out, &greeting)?;
    for line in std::io::stdin().lock().lines() {
        line.map_err(|e| e.to_string())?;
        let start = ProcessTime::now();
        let value = work()?;
        let seconds = start.elapsed().as_secs_f64();
        let peak = peak_memory();
        say(
            &mut out,
            &Run {
                seconds,
                value,
                peak,
            },
        )?;
    }
    Ok(())
}

fn say(out: &mut impl Write, message: &impl Serialize) -> Result<(), String> {
    let line = serde_json::to_string(message).map_err(|e| e.to_string())?;
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|e| e.to_string())
}

/// The peak resident memory of this process, or 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// A contestant: a process that serves one workload.
struct Contestant {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    versions: String,
}

impl Contestant {
    fn start(mut command: Command) -> Result<Self, String> {
        let name = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{name}: {e}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut contestant = Self {
            child,
            input,
            output: BufReader::new(output),
            versions: String::new(),
        };
        let greeting: Greeting = contestant.hear().map_err(|e| format!("{name}: {e}"))?;
        contestant.versions = greeting.versions;
        Ok(contestant)
    }

    fn run(&mut self) -> Result<Run, String> {
        let input = self.input.as_mut().ok_or("the process has been stopped")?;
        input
            .write_all(b"run\n")
            .and_then(|()| input.flush())
            .map_err(|e| format!("the process has ended: {e}"))?;
        self.hear()
    }

    fn hear<T: for<'a> Deserialize<'a>>(&mut self) -> Result<T, String> {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .map_err(|e| e.to_string())?;
        if line.is_empty() {
            return Err("the process ended without an answer".to_owned());
        }
        serde_json::from_str(&line).map_err(|e| format!("{}: {e}", line.trim()))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Its input ends, so it ends.
        self.input = None;
        let _ = self.child.wait();
    }
}

/// Runs two contestants in turn, after one run of each that is not counted.
///
/// # Errors
/// If one cannot be started, fails, or their results differ by more than `agreement`.
pub fn run(ours: Command, peer: Command, pairs: usize, agreement: f64) -> Result<Outcome, String> {
    let mut ours = Contestant::start(ours)?;
    let mut peer = Contestant::start(peer)?;
    let (a, b) = (ours.run()?, peer.run()?);
    let scale = a.value.abs().max(b.value.abs()).max(f64::MIN_POSITIVE);
    let difference = (a.value - b.value).abs() / scale;
    // A result that is not a number agrees with nothing.
    if difference.is_nan() || difference > agreement {
        return Err(format!(
            "the results differ: ours {}, the peer's {}, relative difference {difference:e} > \
             {agreement:e}",
            a.value, b.value
        ));
    }
    let mut runs = Vec::with_capacity(pairs);
    for _ in 0..pairs.max(1) {
        runs.push((ours.run()?, peer.run()?));
    }
    let ratios: Vec<f64> = runs.iter().map(|(a, b)| b.seconds / a.seconds).collect();
    let smallest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = ratios.iter().copied().fold(0.0, f64::max);
    let last = runs.last().ok_or("no run was made")?;
    Ok(Outcome {
        ours: median(runs.iter().map(|r| r.0.seconds)),
        peer: median(runs.iter().map(|r| r.1.seconds)),
        ratio: (median(ratios.iter().copied()), smallest, largest),
        peak: (last.0.peak, last.1.peak),
        values: (a.value, b.value),
        versions: peer.versions.clone(),
    })
}

/// The median; NaN of nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    0.5 * (values[(n - 1) / 2] + values[n / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }
}
