//! Features, forecasts, inferences and regressions against the numbers of other implementations.
//!
//! Every entry of the manifest and every file of the folder is accounted for; the kind of a case is
//! the beginning of its name, and a kind that nobody knows is a failure.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use neuropil_test_kit::golden::{self, Tensors};
use serde::Deserialize;

mod cases;

/// Kinds that the test `golden` of another crate runs, from the same folder: `math` and `datasets`
/// have what they ask for. Every other kind is run here or fails.
const OF_OTHER_CRATES: [&str; 6] = [
    "fields",
    "generators",
    "metrics",
    "spectral_radius",
    "spectral_radius_ring",
    "vpt",
];

#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, Entry>,
}

/// One case of the manifest.
#[derive(Deserialize)]
pub(crate) struct Entry {
    params: serde_json::Map<String, serde_json::Value>,
    pub(crate) rtol: f64,
    pub(crate) atol: f64,
    tensors: BTreeMap<String, Vec<usize>>,
}

impl Entry {
    /// A whole number among the parameters.
    pub(crate) fn size(&self, name: &str) -> Result<usize, String> {
        self.params
            .get(name)
            .and_then(serde_json::Value::as_u64)
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| format!("no size {name} in {:?}", self.params))
    }

    /// A number among the parameters.
    pub(crate) fn number(&self, name: &str) -> Result<f64, String> {
        self.params
            .get(name)
            .and_then(serde_json::Value::as_f64)
            .ok_or_else(|| format!("no number {name} in {:?}", self.params))
    }

    /// A list of numbers among the parameters.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, String> {
        let numbers = self.params.get(name).and_then(|list| {
            let list = list.as_array()?;
            list.iter().map(serde_json::Value::as_f64).collect()
        });
        numbers.ok_or_else(|| format!("no numbers {name} in {:?}", self.params))
    }

    /// A text among the parameters.
    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        self.params
            .get(name)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| format!("no text {name} in {:?}", self.params))
    }

    /// A yes or no among the parameters.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, String> {
        self.params
            .get(name)
            .and_then(serde_json::Value::as_bool)
            .ok_or_else(|| format!("no flag {name} in {:?}", self.params))
    }
}

/// The name without the number at its end.
fn kind(name: &str) -> &str {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match digits.strip_suffix('_') {
        Some(kind) if digits.len() < name.len() => kind,
        _ => name,
    }
}

fn run(folder: &Path, name: &str, entry: &Entry) -> Result<(), String> {
    let tensors = Tensors::read(&folder.join(format!("{name}.safetensors")))?;
    let found: BTreeMap<String, Vec<usize>> = tensors
        .names()
        .map(|n| Ok((n.to_owned(), tensors.get(n)?.shape.clone())))
        .collect::<Result<_, String>>()?;
    if found != entry.tensors {
        return Err(format!(
            "the file holds {found:?}, the manifest says {:?}",
            entry.tensors
        ));
    }
    match kind(name) {
        "nvar" => cases::ngrc::features(entry, &tensors),
        "ngrc_lorenz" => cases::ngrc::forecast(entry, &tensors, false),
        "ngrc_dscroll" => cases::ngrc::forecast(entry, &tensors, true),
        "ngrc_infer" => cases::ngrc::infer(entry, &tensors),
        "ridge" => cases::ridge::regression(entry, &tensors),
        "ridge_gcv" => cases::ridge_path::path(entry, &tensors),
        "ridge_ill" => cases::ridge_path::ill_conditioned(entry, &tensors),
        "esn_states" => cases::reservoir::states(entry, &tensors),
        "esn_forecast" => cases::esn::forecast(entry, &tensors),
        "deep_esn" => cases::composition::deep(entry, &tensors),
        "es2n" => cases::reservoir::edge_of_stability(entry, &tensors),
        "eusn" => cases::reservoir::euler(entry, &tensors),
        "esn_feedback" => cases::reservoir::feedback(entry, &tensors),
        other => Err(format!("unknown kind {other}")),
    }
}

fn check(folder: &Path) {
    let manifest: Manifest = golden::read_json(&folder.join("manifest.json")).unwrap();
    let files: BTreeSet<String> = golden::files(folder, ".safetensors")
        .unwrap()
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let unlisted = files
        .iter()
        .filter(|name| !manifest.files.contains_key(*name))
        .map(|name| (name.clone(), Err("not in the manifest".to_owned())));
    let listed = manifest
        .files
        .iter()
        .filter(|(name, _)| {
            let elsewhere = OF_OTHER_CRATES.contains(&kind(name));
            if elsewhere {
                println!("golden {name}: run by another crate");
            }
            !elsewhere
        })
        .map(|(name, entry)| (name.clone(), run(folder, name, entry)));
    golden::report(folder, unlisted.chain(listed));
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
