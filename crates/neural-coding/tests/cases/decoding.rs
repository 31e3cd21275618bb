//! The cases of `decoding.json`.

use std::path::Path;

use serde_json::Value;

use super::{Outcomes, nef, no_runner_yet, sections};

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "nef" => nef::run(value),
        _ => no_runner_yet(),
    })
}
