//! Numbers computed by ReservoirPy, by LAPACK and with 60 digits.
//!
//! `manifest.json` names the cases (`files`: kind, an underscore, a number), each a safetensors file
//! of that name, with its tolerances. The sizes and values of a file may be any; a kind without a
//! function here, a file without an entry and an entry without a file are failures. The folder can be
//! that of a shared collection: kinds that other crates read are left to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use neuropil_test_kit::golden::{self, Tensors};
use serde::Deserialize;

#[path = "golden_cases/metrics.rs"]
mod metrics;
#[path = "golden_cases/ridge.rs"]
mod ridge;
#[path = "golden_cases/spectral.rs"]
mod spectral;

#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    params: serde_json::Value,
    rtol: f64,
    atol: f64,
}

/// Kinds of the shared collection that the crate `reservoir` reads.
const OF_OTHER_CRATES: [&str; 17] = [
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

type Check = fn(&Tensors, &Case) -> Result<(), String>;

/// The function of a kind.
fn check(kind: &str) -> Option<Check> {
    Some(match kind {
        "metrics" => metrics::metrics,
        "ridge" => ridge::ridge,
        "ridge_gcv" => ridge::ridge_gcv,
        "ridge_ill" => ridge::ridge_ill,
        "spectral_radius" => spectral::spectral_radius,
        "vpt" => metrics::vpt,
        _ => return None,
    })
}

/// The kind of a case: its name without the last part, or all of it.
fn kind_of<'a>(name: &'a str, known: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    let stem = name.rsplit_once('_').map(|(stem, _)| stem);
    [Some(name), stem].into_iter().flatten().find(|k| known(k))
}

fn run(folder: &Path, name: &str, case: &Case) -> Option<Result<(), String>> {
    if let Some(kind) = kind_of(name, &|k| check(k).is_some()) {
        let tensors = Tensors::read(&folder.join(format!("{name}.safetensors")));
        return check(kind).map(|check| tensors.and_then(|t| check(&t, case)));
    }
    if kind_of(name, &|k| OF_OTHER_CRATES.contains(&k)).is_some() {
        println!("golden {name}: of another crate");
        return None;
    }
    Some(Err("a kind without a test".to_owned()))
}

/// The collection of this crate, or what `NEUROPIL_GOLDEN` names: there, the files are those of
/// the crate `reservoir`, which needs the same mathematics.
fn folder() -> PathBuf {
    let own = golden::folder(env!("CARGO_MANIFEST_DIR"), "math");
    if own.join("manifest.json").is_file() {
        own
    } else {
        golden::folder(env!("CARGO_MANIFEST_DIR"), "reservoir")
    }
}

#[test]
fn golden() {
    let folder = folder();
    let manifest: Manifest = golden::read_json(&folder.join("manifest.json")).unwrap();
    let mut cases = Vec::new();
    for (name, case) in &manifest.files {
        if let Some(outcome) = run(&folder, name, case) {
            cases.push((name.clone(), outcome));
        }
    }
    for file in golden::files(&folder, ".safetensors").unwrap() {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if !manifest.files.contains_key(&*name) {
            cases.push((name.into_owned(), Err("not in the manifest".to_owned())));
        }
    }
    golden::report(&folder, cases);
}
