//! Features, forecasts, inferences and regressions against the numbers of other implementations.
//!
//! Every entry of the manifest and every file of the folder is accounted for; the kind of a case is
//! the beginning of its name, and a kind that nobody knows is a failure.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use neuropil_test_kit::golden::{self, Tensors};

pub(crate) use neuropil_test_kit::golden::Case as Entry;

mod cases;
// Kinds that `math` and `datasets` run as well, by the same functions from the same files.
#[path = "../../datasets/tests/golden_cases/generators.rs"]
mod generators;
#[path = "../../math/tests/golden_cases/metrics.rs"]
mod metrics;
#[path = "../../math/tests/golden_cases/ridge.rs"]
mod ridge;
#[path = "../../math/tests/golden_cases/spectral.rs"]
mod spectral;

fn run(kind: &str, entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    match kind {
        "nvar" => cases::ngrc::features(entry, tensors),
        "ngrc_lorenz" => cases::ngrc::forecast(entry, tensors, false),
        "ngrc_dscroll" => cases::ngrc::forecast(entry, tensors, true),
        "ngrc_infer" => cases::ngrc::infer(entry, tensors),
        "esn_states" => cases::reservoir::states(entry, tensors),
        "esn_forecast" => cases::esn::forecast(entry, tensors),
        "deep_esn" => cases::composition::deep(entry, tensors),
        "es2n" => cases::reservoir::edge_of_stability(entry, tensors),
        "eusn" => cases::reservoir::euler(entry, tensors),
        "esn_feedback" => cases::reservoir::feedback(entry, tensors),
        "fields" => generators::fields(entry, tensors),
        "generators" => generators::generators(entry, tensors),
        "memory_capacity" => cases::memory::capacity(entry, tensors),
        "metrics" => metrics::metrics(entry, tensors),
        "ridge" => ridge::ridge(entry, tensors),
        "ridge_gcv" => ridge::ridge_gcv(entry, tensors),
        "ridge_ill" => ridge::ridge_ill(tensors),
        "spectral_radius" | "spectral_radius_ring" => spectral::spectral_radius(entry, tensors),
        "vpt" => metrics::vpt(entry, tensors),
        "rls" => cases::online::rls(entry, tensors),
        "lms" => cases::online::lms(entry, tensors),
        "force" => cases::online::force(entry, tensors),
        "ip" => cases::plasticity::adapted(entry, tensors),
        other => Err(format!("unknown kind {other}")),
    }
}

fn check(folder: &Path) {
    golden::check_folder(folder, |kind, entry, tensors| {
        Some(run(kind, entry, tensors))
    });
}

#[test]
fn golden() {
    check(&golden::folder(env!("CARGO_MANIFEST_DIR"), "reservoir"));
}

/// A folder of its own with this manifest and these files of the golden folder.
fn folder_with(name: &str, manifest: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("manifest.json"), manifest).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (from, to) in files {
        std::fs::copy(golden.join(from), folder.join(to)).unwrap();
    }
    folder
}

#[test]
#[should_panic(expected = "no golden case")]
fn an_empty_folder_fails() {
    check(&folder_with("golden-empty", r#"{"files": {}}"#, &[]));
}

#[test]
#[should_panic(expected = "nvar_0: not in the manifest")]
fn a_file_without_entry_fails() {
    check(&folder_with(
        "golden-unlisted",
        r#"{"files": {}}"#,
        &[("nvar_0.safetensors", "nvar_0.safetensors")],
    ));
}

#[test]
#[should_panic(expected = "nvar_7")]
fn an_entry_without_file_fails() {
    check(&folder_with(
        "golden-missing",
        r#"{"files": {"nvar_7": {"params": {}, "rtol": 0, "atol": 0, "tensors": {}}}}"#,
        &[],
    ));
}

#[test]
#[should_panic(expected = "unknown kind novelty")]
fn an_unknown_kind_fails() {
    check(&folder_with(
        "golden-unknown",
        r#"{"files": {"novelty_0": {"params": {}, "rtol": 0, "atol": 0, "tensors":
            {"u": [30, 3], "features": [30, 27], "monomial_idx": [21, 2], "features_cum": [30, 28]}
        }}}"#,
        &[("nvar_0.safetensors", "novelty_0.safetensors")],
    ));
}
