//! The cases of `distances.json`.

use std::path::Path;

use serde_json::Value;

use super::{Outcomes, no_runner_yet, sections, sttc, train_set, unknown};

/// Runs the cases of every set.
pub(crate) fn run(folder: &Path, file: &Value) -> Outcomes {
    let mut outcomes = Vec::new();
    for (name, outcome) in sections(file, |name, value| match name {
        "sets" => {
            let sets = value.as_object().ok_or("sets are no object")?;
            for (set, cases) in sets {
                let trains = train_set(folder, set)?;
                for (case, outcome) in sections(cases, |case, value| match case {
                    "sttc_exact" => sttc::run(&trains, value),
                    _ => no_runner_yet(),
                }) {
                    outcomes.push((format!("{set}/{case}"), outcome));
                }
            }
            Ok(())
        }
        other => unknown(other),
    }) {
        outcomes.push((name, outcome));
    }
    outcomes
}
