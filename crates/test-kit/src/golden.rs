//! Golden files: numbers that the field's own libraries computed.
//!
//! The test `golden` of a crate lists the cases of [`folder`], runs every one and hands the outcomes
//! to [`report`], which fails on an empty folder and names every case that failed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The folder of the golden files: `tests/golden` of the package, or the folder that the environment
/// names in `NEUROPIL_GOLDEN` (or its subfolder `name`, if there is one: then one setting serves
/// all crates).
///
/// `manifest_dir` is `env!("CARGO_MANIFEST_DIR")`, `name` the folder of the crate.
#[must_use]
pub fn folder(manifest_dir: &str, name: &str) -> PathBuf {
    let package = Path::new(manifest_dir);
    let Some(named) = std::env::var_os("NEUROPIL_GOLDEN") else {
        return package.join("tests/golden");
    };
    // Tests run in the folder of their package, people type paths in the workspace's.
    let workspace = package.ancestors().nth(2).unwrap_or(package);
    let named = workspace.join(named);
    let own = named.join(name);
    if own.is_dir() { own } else { named }
}

/// The files of `folder` whose names end in `suffix`, sorted.
///
/// # Errors
/// If the folder cannot be read.
pub fn files(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .path();
        if path.to_string_lossy().ends_with(suffix) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a JSON file.
///
/// # Errors
/// If the file cannot be read or is not of this form, with its name.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// What the file `manifest.json` beside the arrays says of each case.
#[derive(Debug, Clone, Deserialize)]
struct Manifest {
    files: BTreeMap<String, Case>,
}

/// One case of a manifest: a safetensors file, where its numbers come from, and how close to come.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// What the arrays were computed with.
    pub params: Value,
    /// The relative tolerance.
    pub rtol: f64,
    /// The absolute tolerance.
    pub atol: f64,
    /// The shape of each array.
    tensors: BTreeMap<String, Vec<usize>>,
}

impl Case {
    fn parameter<T>(
        &self,
        what: &str,
        name: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, String> {
        read(&self.params[name]).ok_or_else(|| format!("no {what} {name} in {}", self.params))
    }

    /// A whole number among the parameters.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn size(&self, name: &str) -> Result<usize, String> {
        self.parameter("size", name, |v| {
            v.as_u64().and_then(|v| usize::try_from(v).ok())
        })
    }

    /// A number among the parameters.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn number(&self, name: &str) -> Result<f64, String> {
        self.parameter("number", name, Value::as_f64)
    }

    /// A list of numbers among the parameters.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, String> {
        self.parameter("numbers", name, |v| {
            v.as_array()?.iter().map(Value::as_f64).collect()
        })
    }

    /// A text among the parameters.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.params[name]
            .as_str()
            .ok_or_else(|| format!("no text {name} in {}", self.params))
    }

    /// A yes or no among the parameters.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        self.parameter("flag", name, Value::as_bool)
    }
}

/// The kind of a case: its name without the number at its end.
#[must_use]
pub fn kind(name: &str) -> &str {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match digits.strip_suffix('_') {
        Some(kind) if digits.len() < name.len() => kind,
        _ => name,
    }
}

/// The name of a case, and how it went.
pub type Outcome = (String, Result<(), String>);

/// Runs every case of a folder of safetensors files with a `manifest.json`: entries without a file,
/// files without an entry and arrays of other shapes than the manifest says are failures.
///
/// `run` gets the kind of a case, its entry and its arrays; nothing means that the test of another crate
/// runs this kind, from the same folder.
///
/// # Panics
/// As [`report`], and if the manifest cannot be read.
#[track_caller]
pub fn check_folder(
    folder: &Path,
    run: impl Fn(&str, &Case, &Tensors) -> Option<Result<(), String>>,
) {
    let one = |name: &str, case: &Case| {
        let tensors = match Tensors::read(&folder.join(format!("{name}.safetensors"))) {
            Ok(tensors) => tensors,
            Err(problem) => return Some(Err(problem)),
        };
        let found = tensors.by_name.iter();
        let found: BTreeMap<String, Vec<usize>> = found
            .map(|(name, tensor)| (name.clone(), tensor.shape.clone()))
            .collect();
        if found != case.tensors {
            return Some(Err(format!(
                "the file holds {found:?}, the manifest says {:?}",
                case.tensors
            )));
        }
        run(kind(name), case, &tensors)
    };
    let outcomes = || -> Result<Vec<Outcome>, String> {
        let manifest: Manifest = read_json(&folder.join("manifest.json"))?;
        let mut outcomes = Vec::new();
        for (name, case) in &manifest.files {
            match one(name, case) {
                Some(outcome) => outcomes.push((name.clone(), outcome)),
                None => println!("golden {name}: run by another crate"),
            }
        }
        for file in files(folder, ".safetensors")? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            if !manifest.files.contains_key(&*name) {
                outcomes.push((name.into_owned(), Err("not in the manifest".to_owned())));
            }
        }
        Ok(outcomes)
    };
    match outcomes() {
        Ok(outcomes) => report(folder, outcomes),
        Err(problem) => panic!("{problem}"),
    }
}

/// One named array, row by row as its library stored it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The values, widened to `f64` (exactly, for every type but 64-bit integers beyond 2⁵³).
    pub values: Vec<f64>,
}

/// The arrays of one safetensors file.
#[derive(Debug, Clone)]
pub struct Tensors {
    file: String,
    by_name: BTreeMap<String, Tensor>,
}

impl Tensors {
    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt, or holds a type that no golden file uses.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| format!("{file}: {e}"))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| format!("{file}: {e}"))?;
        let mut by_name = BTreeMap::new();
        for (name, view) in tensors.tensors() {
            let values = widen(view.dtype(), view.data())
                .ok_or_else(|| format!("{file}: {name} has type {:?}", view.dtype()))?;
            let shape = view.shape().to_vec();
            by_name.insert(name, Tensor { shape, values });
        }
        Ok(Self { file, by_name })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Whether an array of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The array of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&Tensor, String> {
        self.by_name
            .get(name)
            .ok_or_else(|| format!("{}: no tensor {name}", self.file))
    }

    /// The values of the array of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn values(&self, name: &str) -> Result<&[f64], String> {
        self.get(name).map(|t| t.values.as_slice())
    }

    /// The one value of the array of this name.
    ///
    /// # Errors
    /// If there is none, or it holds another number of values.
    pub fn value(&self, name: &str) -> Result<f64, String> {
        match self.values(name)? {
            [value] => Ok(*value),
            values => Err(format!(
                "{}: {name} holds {} values, not 1",
                self.file,
                values.len()
            )),
        }
    }

    /// The rows and columns of the matrix of this name.
    ///
    /// # Errors
    /// If there is none, or it has another number of dimensions.
    pub fn matrix_shape(&self, name: &str) -> Result<(usize, usize), String> {
        match self.get(name)?.shape[..] {
            [rows, columns] => Ok((rows, columns)),
            ref shape => Err(format!("{}: {name} has shape {shape:?}", self.file)),
        }
    }
}

fn widen(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks().0.iter().map(|&b| value(b)).collect()
    }
    Some(match dtype {
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        Dtype::F32 => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
        Dtype::I64 => each(bytes, |b| i64::from_le_bytes(b) as f64),
        Dtype::I32 => each(bytes, |b| f64::from(i32::from_le_bytes(b))),
        Dtype::I16 => each(bytes, |b| f64::from(i16::from_le_bytes(b))),
        Dtype::I8 => each(bytes, |b| f64::from(i8::from_le_bytes(b))),
        Dtype::U64 => each(bytes, |b| u64::from_le_bytes(b) as f64),
        Dtype::U32 => each(bytes, |b| f64::from(u32::from_le_bytes(b))),
        Dtype::U16 => each(bytes, |b| f64::from(u16::from_le_bytes(b))),
        Dtype::U8 | Dtype::BOOL => each(bytes, |[b]| f64::from(b)),
        _ => return None,
    })
}

/// Prints one line for each case, and the verdict.
///
/// # Panics
/// If there is no case at all, or any case failed; every failure is named.
#[track_caller]
pub fn report(folder: &Path, cases: impl IntoIterator<Item = Outcome>) {
    let mut passed = 0;
    let mut failures = String::new();
    let mut failed = 0;
    for (name, outcome) in cases {
        match outcome {
            Ok(()) => {
                passed += 1;
                println!("golden {name}: ok");
            }
            Err(why) => {
                failed += 1;
                println!("golden {name}: FAILED");
                let _ = writeln!(failures, "  {name}: {why}");
            }
        }
    }
    assert!(
        passed + failed > 0,
        "no golden case in {}",
        folder.display()
    );
    assert!(
        failed == 0,
        "{failed} of {} golden cases of {} failed:\n{failures}",
        passed + failed,
        folder.display()
    );
    println!("{passed} golden cases of {}", folder.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no golden case")]
    fn an_empty_folder_fails() {
        report(Path::new("nowhere"), []);
    }

    #[test]
    #[should_panic(expected = "b: it broke")]
    fn every_failure_is_named() {
        let broke = Err("it broke".to_owned());
        report(
            Path::new("x"),
            [("a".to_owned(), Ok(())), ("b".to_owned(), broke)],
        );
    }

    #[test]
    fn a_kind_is_the_name_without_its_number() {
        assert_eq!(kind("ridge_gcv_12"), "ridge_gcv");
        assert_eq!(kind("es2n"), "es2n");
        assert_eq!(kind("vpt"), "vpt");
        assert_eq!(kind("_3"), "");
    }

    #[test]
    fn every_type_widens() {
        assert_eq!(widen(Dtype::F32, &1.5_f32.to_le_bytes()), Some(vec![1.5]));
        assert_eq!(widen(Dtype::I64, &(-3_i64).to_le_bytes()), Some(vec![-3.0]));
        assert_eq!(widen(Dtype::BOOL, &[1, 0]), Some(vec![1.0, 0.0]));
        assert_eq!(widen(Dtype::F16, &[0, 0]), None);
    }
}
