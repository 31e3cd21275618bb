use std::path::Path;

use crate::Error;

pub(crate) fn precision<T>() -> &'static str {
    if size_of::<T>() == 4 { "f32" } else { "f64" }
}

pub(crate) fn check_precision<T>(path: &Path, found: &str) -> Result<(), Error> {
    let expected = precision::<T>();
    if found == expected {
        return Ok(());
    }
    let problem = format!("precision {found:?}, expected {expected:?}");
    Err(malformed(path, problem))
}

pub(crate) fn malformed(path: &Path, problem: String) -> Error {
    neuropil_math::Error::Malformed {
        path: path.to_path_buf(),
        problem,
    }
    .into()
}
