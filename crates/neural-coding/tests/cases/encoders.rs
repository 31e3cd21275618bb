//! The cases of `encoders.json`.

use std::path::Path;

use serde_json::Value;

use super::{Outcomes, no_runner_yet, sections};

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    sections(file, |_name, _value| no_runner_yet())
}
