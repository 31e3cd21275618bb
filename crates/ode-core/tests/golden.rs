//! Certified states and spike times, from integrations with 130 bits and more.
//!
//! Each module of `golden_cases` says of which cases it knows how to check them, and a case may be
//! checked by several. A case that no module knows fails.

use neuropil_test_kit::golden;
use serde_json::Value;

#[path = "golden_cases/delay.rs"]
mod delay;
#[path = "golden_cases/explicit.rs"]
mod explicit;
#[path = "golden_cases/reader.rs"]
mod reader;
#[path = "golden_cases/spikes.rs"]
mod spikes;

/// What checks a case.
type Check = fn(&Value) -> Result<(), String>;

/// The check of a module for the case of this name, if it has one.
type Module = fn(&str, &Value) -> Option<Check>;

const MODULES: [Module; 3] = [explicit::check, spikes::check, delay::check];

#[test]
fn golden() {
    let folder = golden::folder(env!("CARGO_MANIFEST_DIR"), "ode-core");
    let mut outcomes = Vec::new();
    for path in golden::files(&folder, ".json").unwrap() {
        let file: Value = golden::read_json(&path).unwrap();
        let cases = file["cases"].as_object();
        let cases = cases.unwrap_or_else(|| panic!("{}: no cases", path.display()));
        outcomes.extend(
            cases
                .iter()
                .map(|(name, case)| (name.clone(), run(name, case))),
        );
    }
    golden::report(&folder, outcomes);
}

fn run(name: &str, case: &Value) -> Result<(), String> {
    let checks: Vec<Check> = MODULES
        .iter()
        .filter_map(|module| module(name, case))
        .collect();
    if checks.is_empty() {
        return Err("no such kind of case".to_owned());
    }
    checks.into_iter().try_for_each(|check| check(case))
}

#[test]
fn a_case_that_nobody_knows_fails() {
    assert!(run("brusselator", &Value::Null).is_err());
}

#[test]
fn a_case_with_a_wrong_digit_or_an_unknown_parameter_fails() {
    let case = |mu: &str, x: &str| {
        let text = format!(
            r#"{{"stiff": false, "params": {{{mu}}}, "t0": 0, "y0": ["2", "0"],
            "points": [{{"t": 20, "y": ["{x}", "-4.250887527320214698592508e-02"]}}]}}"#
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let right = "2.008149762174948592014491e+00";
    let outcome = |mu: &str, x: &str| run("vdp_mu1", &case(mu, x));
    outcome(r#""mu": 1"#, right).unwrap();
    assert!(outcome(r#""mu": 1"#, "2.008149762194948592014491e+00").is_err());
    assert!(outcome(r#""mu": "1.0000000001""#, right).is_err());
    assert!(outcome("", right).is_err());
    assert!(outcome(r#""mu": 1, "nu": 1"#, right).is_err());
}
