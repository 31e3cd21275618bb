//! `cargo xtask ci`: everything a change must pass, with nothing installed but Rust and a C compiler.
//!
//! **Rationale.** The fastest steps stand first, so that most mistakes show in seconds. Clippy looks
//! at the libraries apart from the tests, because dev-dependencies switch on features of shared
//! dependencies and so hide that a library forgot to ask for one. Each feature is checked alone for
//! the same reason. All steps use the same profile and no `RUSTFLAGS`: clippy, the feature checks and
//! rustdoc share one set of compiled dependencies, examples, tests and doc tests another.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use xshell::Shell;

use crate::workspace::Workspace;
use crate::{codegen, docs, layers, tidy};

/// A named check.
struct Step<'a> {
    name: &'static str,
    work: Work<'a>,
}

enum Work<'a> {
    /// A check of this program.
    Check(Box<dyn Fn() -> anyhow::Result<()> + 'a>),
    /// Commands that run one after the other, up to the first that fails.
    Commands(Vec<Line>),
}

/// A command as one would type it.
struct Line {
    command: String,
    environment: Vec<(&'static str, &'static str)>,
}

/// How a step ended.
struct Outcome {
    name: &'static str,
    time: Duration,
    /// None if it was not run.
    passed: Option<bool>,
    tests: Tests,
}

/// Counts of the closing lines of `cargo test`.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Runs the steps of these names, or all.
pub(crate) fn run(sh: &Shell, only: &[String], keep_going: bool) -> anyhow::Result<()> {
    let workspace = Workspace::load(sh)?;
    let mut steps = steps(sh, &workspace);
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    for name in only {
        ensure!(
            names.contains(&name.as_str()),
            "no step {name}; there are {}",
            names.join(", ")
        );
    }
    steps.retain(|step| only.is_empty() || only.iter().any(|name| name == step.name));

    let mut outcomes = Vec::new();
    let mut failed = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if !failed.is_empty() && !keep_going {
            outcomes.push(Outcome {
                name: step.name,
                time: Duration::ZERO,
                passed: None,
                tests: Tests::default(),
            });
            continue;
        }
        println!("[{}/{}] {}", index + 1, steps.len(), step.name);
        let outcome = step.run(sh)?;
        if outcome.passed == Some(false) {
            failed.push(step.name);
        }
        outcomes.push(outcome);
    }
    print!("\n{}", summary(&outcomes));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

/// All steps, fastest first.
fn steps<'a>(sh: &'a Shell, workspace: &'a Workspace) -> Vec<Step<'a>> {
    let check = |name, check: Box<dyn Fn() -> anyhow::Result<()> + 'a>| Step {
        name,
        work: Work::Check(check),
    };
    let command = |name, command: &str| Step {
        name,
        work: Work::Commands(vec![Line::new(command)]),
    };
    vec![
        command("format", "cargo fmt --all -- --check --color never"),
        check("layers", Box::new(|| layers::check(workspace))),
        check("tidy", Box::new(|| tidy::check(sh, workspace))),
        check("codegen", Box::new(|| codegen::run(sh, true))),
        command(
            "clippy-libraries",
            "cargo clippy --workspace --lib --bins -- -D warnings",
        ),
        command(
            "clippy-all",
            "cargo clippy --workspace --all-targets --all-features -- -D warnings",
        ),
        Step {
            name: "features",
            work: Work::Commands(feature_checks(workspace)),
        },
        Step {
            name: "rustdoc",
            work: Work::Commands(vec![Line {
                command: format!("{} --workspace", docs::RUSTDOC),
                environment: vec![docs::RUSTDOC_FLAGS],
            }]),
        },
        Step {
            name: "book",
            work: Work::Commands(vec![Line::new(&format!(
                "{} --out target/site --rustdoc target/doc",
                docs::SITE
            ))]),
        },
        // Tests may run them.
        command("examples", "cargo build --workspace --examples"),
        // With all features, which add code and take none away; examples and doc tests run without.
        command(
            "tests",
            "cargo test --workspace --all-features --tests --no-fail-fast",
        ),
        command("doc-tests", "cargo test --workspace --doc --no-fail-fast"),
    ]
}

/// Each published package with each feature alone and with none: what a user may ask for. Clippy, as
/// code of a feature that is off is what leaves unused imports behind.
fn feature_checks(workspace: &Workspace) -> Vec<Line> {
    let mut lines = Vec::new();
    for package in workspace.published() {
        let plain = format!("cargo clippy -p {} --no-default-features", package.name);
        lines.push(Line::new(&format!("{plain} -- -D warnings")));
        for feature in &package.features {
            lines.push(Line::new(&format!(
                "{plain} --features {feature} -- -D warnings"
            )));
        }
    }
    lines
}

impl Step<'_> {
    fn run(&self, sh: &Shell) -> anyhow::Result<Outcome> {
        let start = Instant::now();
        let mut tests = Tests::default();
        let mut passed = true;
        match &self.work {
            Work::Check(check) => {
                if let Err(error) = check() {
                    println!("{error:#}");
                    passed = false;
                }
            }
            Work::Commands(lines) => {
                for line in lines {
                    println!("  $ {line}");
                    passed = line.run(sh, &mut tests)?;
                    if !passed {
                        break;
                    }
                }
            }
        }
        let time = start.elapsed();
        let result = if passed { "ok" } else { "FAILED" };
        println!("  {} {result}, {:.1} s", self.name, time.as_secs_f64());
        Ok(Outcome {
            name: self.name,
            time,
            passed: Some(passed),
            tests,
        })
    }
}

impl Line {
    fn new(command: &str) -> Self {
        Self {
            command: command.to_string(),
            environment: Vec::new(),
        }
    }

    /// Runs it, shows which tests run and how they end, and everything if it fails.
    fn run(&self, sh: &Shell, tests: &mut Tests) -> anyhow::Result<bool> {
        let mut words = self.command.split_whitespace();
        let program = words.next().context("an empty command")?;
        // One pipe for both streams keeps the order of their lines.
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new(program);
        command
            .args(words)
            .envs(self.environment.iter().copied())
            // Colours would hide the lines that are looked for.
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(sh.current_dir())
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        // It holds the writing ends, and the reader would wait for them.
        drop(command);
        let mut output = Vec::new();
        for line in BufReader::new(reader).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if shown(&line) {
                println!("{line}");
            }
            tests.count(&line);
            output.push(line);
        }
        let passed = child.wait()?.success();
        if !passed {
            println!("  output of {self}:");
            for line in output.iter().filter(|line| !noise(line)) {
                println!("{line}");
            }
        }
        Ok(passed)
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}='{value}' ")?;
        }
        write!(f, "{}", self.command)
    }
}

/// The lines of a passing `cargo test` that are shown: which tests run, and how they ended.
fn shown(line: &str) -> bool {
    line.starts_with("test result: ")
        || line.starts_with("     Running ")
        || line.starts_with("   Doc-tests ")
}

/// Passing tests and compiled crates, of no help beside a failure.
fn noise(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with(" ... ok")
        || line.starts_with("   Compiling ")
        || line.starts_with("    Checking ")
}

impl Tests {
    /// Adds the counts of a closing line.
    fn count(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// The closing table.
fn summary(outcomes: &[Outcome]) -> String {
    let mut text = format!("{:<18}{:>8}  result\n", "step", "seconds");
    let mut total = Duration::ZERO;
    for outcome in outcomes {
        total += outcome.time;
        let result = match outcome.passed {
            None => "not run",
            Some(true) => "ok",
            Some(false) => "FAILED",
        };
        let seconds = outcome.time.as_secs_f64();
        text += &format!("{:<18}{seconds:>8.1}  {result}", outcome.name);
        let Tests {
            passed,
            failed,
            ignored,
        } = outcome.tests;
        if outcome.tests != Tests::default() {
            text += &format!(" ({passed} tests passed");
            if failed > 0 {
                text += &format!(", {failed} failed");
            }
            if ignored > 0 {
                text += &format!(", {ignored} ignored");
            }
            text.push(')');
        }
        text.push('\n');
    }
    text + &format!("{:<18}{:>8.1}\n", "total", total.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_shown_and_counted() {
        let line = "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; \
                    3 filtered out; finished in 0.02s";
        assert!(shown(line) && !noise(line));
        assert!(noise("test a::b ... ok") && !shown("test a::b ... ok"));
        assert!(!noise("test a::b ... FAILED"));
        let mut tests = Tests::default();
        tests.count(line);
        tests.count("test result: ok. 3 passed; 0 failed; 0 ignored");
        tests.count("12 passed");
        let expected = Tests {
            passed: 15,
            failed: 1,
            ignored: 2,
        };
        assert_eq!(tests, expected);
    }

    #[test]
    fn features_are_checked_alone_and_tested_together() {
        let metadata = r#"{
            "workspace_root": "w", "target_directory": "t", "packages": [
                { "name": "a", "version": "0.1.0", "manifest_path": "w/a/Cargo.toml",
                  "features": { "default": ["x"], "x": [], "y": [] } },
                { "name": "b", "version": "0.1.0", "manifest_path": "w/b/Cargo.toml",
                  "features": {} }
            ]
        }"#;
        let workspace = Workspace::from_metadata(metadata).unwrap();
        let lines =
            |lines: Vec<Line>| -> Vec<String> { lines.iter().map(Line::to_string).collect() };
        assert_eq!(
            lines(feature_checks(&workspace)),
            [
                "cargo clippy -p a --no-default-features -- -D warnings",
                "cargo clippy -p a --no-default-features --features x -- -D warnings",
                "cargo clippy -p a --no-default-features --features y -- -D warnings",
                "cargo clippy -p b --no-default-features -- -D warnings",
            ]
        );
    }

    #[test]
    fn the_summary_names_every_step() {
        let outcome = |name, passed, tests| Outcome {
            name,
            time: Duration::from_millis(1500),
            passed,
            tests,
        };
        let counted = Tests {
            passed: 7,
            failed: 0,
            ignored: 1,
        };
        let text = summary(&[
            outcome("format", Some(true), Tests::default()),
            outcome("tests", Some(false), counted),
            outcome("rustdoc", None, Tests::default()),
        ]);
        assert_eq!(
            text,
            "step               seconds  result\n\
             format                 1.5  ok\n\
             tests                  1.5  FAILED (7 tests passed, 1 ignored)\n\
             rustdoc                1.5  not run\n\
             total                  4.5\n"
        );
    }

    #[test]
    fn output_is_read_to_its_end_and_the_result_reported() {
        let sh = Shell::new().unwrap();
        let mut tests = Tests::default();
        assert!(Line::new("cargo --version").run(&sh, &mut tests).unwrap());
        assert!(
            !Line::new("cargo no-such-command")
                .run(&sh, &mut tests)
                .unwrap()
        );
        assert!(
            Line::new("no-such-program-here")
                .run(&sh, &mut tests)
                .is_err()
        );
    }
}
