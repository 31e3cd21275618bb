//! Stands in for `neuropil_math::save` until it is merged.

use std::path::Path;

use neuropil_math::Error;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

#[derive(Serialize, Deserialize)]
struct File<P> {
    kind: String,
    payload: P,
}

fn malformed(path: &Path, problem: String) -> Error {
    Error::Malformed {
        path: path.to_path_buf(),
        problem,
    }
}

pub(crate) fn save_model<P: Serialize>(path: &Path, kind: &str, payload: &P) -> Result<(), Error> {
    let kind = kind.to_owned();
    let text = serde_json::to_string(&File { kind, payload })
        .map_err(|e| malformed(path, e.to_string()))?;
    std::fs::write(path, text).map_err(|e| Error::io(path, &e))
}

pub(crate) fn load_model<P: DeserializeOwned>(path: &Path, kind: &str) -> Result<P, Error> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
    let file: File<P> = serde_json::from_str(&text).map_err(|e| malformed(path, e.to_string()))?;
    if file.kind == kind {
        Ok(file.payload)
    } else {
        Err(malformed(
            path,
            format!("holds {:?}, expected {kind:?}", file.kind),
        ))
    }
}
