//! Numbers computed by ReservoirPy, by LAPACK and with 60 digits.
//!
//! They stand in the folder of the crate `reservoir`, whose test `golden` runs every kind of case,
//! these too; here are those that need nothing but mathematics. The sizes and values of a file may be
//! any; a file without an entry, an entry without a file and a kind of nobody are failures.

use neuropil_test_kit::golden::{self, Case, Tensors};

#[path = "golden_cases/metrics.rs"]
mod metrics;
#[path = "golden_cases/ridge.rs"]
mod ridge;
#[path = "golden_cases/spectral.rs"]
mod spectral;

/// Kinds that only the crate `reservoir` runs.
const OF_RESERVOIR: [&str; 17] = [
    "deep_esn",
    "es2n",
    "esn_feedback",
    "esn_forecast",
    "esn_states",
    "eusn",
    "fields",
    "force",
    "generators",
    "ip",
    "lms",
    "memory_capacity",
    "ngrc_dscroll",
    "ngrc_infer",
    "ngrc_lorenz",
    "nvar",
    "rls",
];

fn run(kind: &str, case: &Case, tensors: &Tensors) -> Option<Result<(), String>> {
    Some(match kind {
        "metrics" => metrics::metrics(case, tensors),
        "ridge" => ridge::ridge(case, tensors),
        "ridge_gcv" => ridge::ridge_gcv(case, tensors),
        "ridge_ill" => ridge::ridge_ill(tensors),
        "spectral_radius" | "spectral_radius_ring" => spectral::spectral_radius(case, tensors),
        "vpt" => metrics::vpt(case, tensors),
        other if OF_RESERVOIR.contains(&other) => return None,
        other => Err(format!("unknown kind {other}")),
    })
}

#[test]
fn golden() {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/../reservoir");
    golden::check_folder(&golden::folder(crates, "reservoir"), run);
}
