//! `sttc_exact` of `distances.json`: the spike time tiling coefficient.

use neuropil_neural_coding::SpikeTrains;
use neuropil_neural_coding::statistics::sttc_matrix;
use neuropil_test_kit::tolerance::check_close;
use serde_json::Value;

use super::rows;

/// `by_dt` holds a matrix for each window `dt` (in seconds, as text); NaN where a train is empty.
pub(crate) fn run(trains: &SpikeTrains, by_dt: &Value) -> Result<(), String> {
    let by_dt = by_dt.as_object().ok_or("no object")?;
    if by_dt.is_empty() {
        return Err("no window".to_owned());
    }
    for (dt, expected) in by_dt {
        let window = dt.parse().map_err(|e| format!("{dt}: {e}"))?;
        let actual = sttc_matrix(trains, window).map_err(|e| e.to_string())?;
        let expected = rows(expected)?;
        if expected.len() != actual.nrows() {
            return Err(format!("dt = {dt}: {} rows", expected.len()));
        }
        for (i, expected) in expected.iter().enumerate() {
            let actual: Vec<f64> = actual.row(i).iter().copied().collect();
            let name = format!("dt = {dt}, row {i}");
            check_close(&name, &actual, expected, 1e-12, 1e-12)?;
        }
    }
    Ok(())
}
