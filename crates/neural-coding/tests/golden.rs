//! The numbers of other libraries, of exact limits and of definitions: see `golden/README.md`.
//!
//! Every file of the folder is accounted for, and so is every section of each file: what nobody knows
//! is a failure. `tests/cases/` holds the runners, a file for each topic.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use neuropil_test_kit::golden;
use serde_json::Value;

mod cases;

use cases::Outcomes;

/// The outcomes of the cases of a file.
fn run(folder: &Path, name: &str) -> Outcomes {
    let file: Value = match golden::read_json(&folder.join(format!("{name}.json"))) {
        Ok(file) => file,
        Err(why) => return vec![(name.to_owned(), Err(why))],
    };
    match name {
        // What the others take their trains from.
        "trains" => cases::trains::run(&file),
        "distances" => cases::distances::run(folder, &file),
        "statistics" => cases::statistics::run(folder, &file),
        "encoders" => cases::encoders::run(folder, &file),
        "encoders_ref" => cases::encoders_ref::run(folder, &file),
        "information" => cases::information::run(folder, &file),
        "decoding" => cases::decoding::run(folder, &file),
        "neurons" => cases::neurons::run(folder, &file),
        _ => vec![(name.to_owned(), Err("unknown file".to_owned()))],
    }
}

fn check(folder: &Path) {
    let files = golden::files(folder, ".json").unwrap();
    let outcomes = files.iter().flat_map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let outcomes = run(folder, &name);
        let prefixed = |(case, outcome)| (format!("{name}/{case}"), outcome);
        outcomes.into_iter().map(prefixed).collect::<Vec<_>>()
    });
    golden::report(folder, outcomes);
}

#[test]
fn golden() {
    check(&golden::folder(env!("CARGO_MANIFEST_DIR"), "neural-coding"));
}

/// A folder of its own with these files.
fn folder_with(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

#[test]
#[should_panic(expected = "no golden case")]
fn an_empty_folder_fails() {
    check(&folder_with("spikes-empty", &[]));
}

#[test]
#[should_panic(expected = "novelty: unknown file")]
fn an_unknown_file_fails() {
    check(&folder_with("spikes-file", &[("novelty.json", "{}")]));
}

#[test]
#[should_panic(expected = "unknown section novelty")]
fn an_unknown_section_fails() {
    let file = ("trains.json", r#"{"sets": {}, "novelty": 1}"#);
    check(&folder_with("spikes-section", &[file]));
}
