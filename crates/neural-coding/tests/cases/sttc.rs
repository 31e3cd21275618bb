//! `sttc_exact` of `distances.json`: the spike time tiling coefficient.

use neuropil_neural_coding::SpikeTrains;
use serde_json::Value;

use super::no_runner_yet;

/// `by_dt` holds a matrix for each window `dt` (in seconds, as text); NaN where a train is empty.
pub(crate) fn run(_trains: &SpikeTrains, _by_dt: &Value) -> Result<(), String> {
    no_runner_yet()
}
