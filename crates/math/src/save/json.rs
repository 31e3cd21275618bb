use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::crc32::Crc32;
use super::finite::check_finite;
use super::{FORMAT, VERSION, write_atomically};
use crate::Error;

/// The largest JSON file that is written or read, in bytes: 1 GiB, some 50 million numbers.
pub const JSON_LIMIT: u64 = 1 << 30;

/// The contents of a file of at most `limit` bytes.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Malformed`] if it is larger; a larger file is not read.
pub fn read_limited(path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>, Error> {
    let path = path.as_ref();
    let too_large = |size: u64| {
        malformed(
            path,
            format!("{size} bytes or more, and at most {limit} are read"),
        )
    };
    let file = File::open(path).map_err(|e| Error::io(path, &e))?;
    let size = file.metadata().map_err(|e| Error::io(path, &e))?.len();
    if size > limit {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    // The size may be wrong (devices have none) or change: the limit holds for what is read.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io(path, &e))?;
    let read = bytes.len() as u64;
    if read > limit {
        Err(too_large(read))
    } else {
        Ok(bytes)
    }
}

fn malformed(path: &Path, problem: impl ToString) -> Error {
    Error::Malformed {
        path: path.to_path_buf(),
        problem: problem.to_string(),
    }
}

/// The JSON text of a value, if all of its numbers are finite.
fn to_json<V: Serialize + ?Sized>(path: &Path, value: &V) -> Result<Vec<u8>, Error> {
    let not_saved = |problem| Error::NotSaved {
        path: path.to_path_buf(),
        problem,
    };
    check_finite(value).map_err(not_saved)?;
    let text = serde_json::to_vec(value).map_err(|e| not_saved(e.to_string()))?;
    if text.len() as u64 + 256 > JSON_LIMIT {
        let size = text.len();
        return Err(not_saved(format!(
            "{size} bytes of JSON, and at most {JSON_LIMIT} are read"
        )));
    }
    Ok(text)
}

/// Writes a value as JSON, [atomically](write_atomically).
///
/// # Errors
/// [`Error::NotSaved`] if it holds NaN or infinity (with the path of the field) or a key that is not a
/// string, [`Error::Io`] if the file cannot be written. The old file, if there is one, stays as it is.
pub fn save_json<V: Serialize + ?Sized>(path: impl AsRef<Path>, value: &V) -> Result<(), Error> {
    let path = path.as_ref();
    let text = to_json(path, value)?;
    write_atomically(path, |file| {
        file.write_all(&text)?;
        file.write_all(b"\n")
    })
}

/// Reads a value that [`save_json`] wrote, or a person.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Malformed`] if it is larger than
/// [`JSON_LIMIT`], is not JSON, is not of this type, or goes on after the value; with line and column.
pub fn load_json<V: DeserializeOwned>(path: impl AsRef<Path>) -> Result<V, Error> {
    let path = path.as_ref();
    let bytes = read_limited(path, JSON_LIMIT)?;
    serde_json::from_slice(&bytes).map_err(|e| malformed(path, e))
}

/// What is read first: is this file what it should be?
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(rename = "format", deserialize_with = "right_format")]
    _format: (),
    #[serde(rename = "version", deserialize_with = "right_version")]
    _version: (),
    kind: String,
    crc32: Option<String>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// What is read then, from the whole file again, so that errors give the position in it. The other
/// fields have been checked and are skipped.
#[derive(Deserialize)]
struct Document<P> {
    payload: P,
}

fn right_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let format = String::deserialize(deserializer)?;
    if format == FORMAT {
        Ok(())
    } else {
        Err(D::Error::custom(format_args!(
            "the format is {format:?}, not {FORMAT:?}"
        )))
    }
}

fn right_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(()),
        version => Err(D::Error::custom(format_args!(
            "version {version} of the format, and only {VERSION} is known"
        ))),
    }
}

/// Writes a model as JSON, with its `kind` and a check sum, [atomically](write_atomically).
///
/// # Errors
/// As [`save_json`].
pub fn save_model<V: Serialize + ?Sized>(
    path: impl AsRef<Path>,
    kind: &str,
    payload: &V,
) -> Result<(), Error> {
    let path = path.as_ref();
    let payload = to_json(path, payload)?;
    let kind = to_json(path, kind)?;
    let crc32 = Crc32::text(&payload);
    write_atomically(path, |file| {
        write!(file, r#"{{"format":"{FORMAT}","version":{VERSION},"kind":"#)?;
        file.write_all(&kind)?;
        write!(file, r#","crc32":"{crc32}","payload":"#)?;
        file.write_all(&payload)?;
        file.write_all(b"}\n")
    })
}

/// Reads a model that [`save_model`] wrote.
///
/// # Errors
/// As [`load_json`]; [`Error::Malformed`] also if the file is of another format, version or kind, or
/// its check sum is wrong.
pub fn load_model<V: DeserializeOwned>(path: impl AsRef<Path>, kind: &str) -> Result<V, Error> {
    let path = path.as_ref();
    let bytes = read_limited(path, JSON_LIMIT)?;
    let header: Header<'_> = serde_json::from_slice(&bytes).map_err(|e| malformed(path, e))?;
    if header.kind != kind {
        return Err(malformed(
            path,
            format!("holds a model of kind {:?}, not {kind:?}", header.kind),
        ));
    }
    if let Some(expected) = header.crc32 {
        let found = Crc32::text(header.payload.get().as_bytes());
        if found != expected {
            return Err(malformed(
                path,
                format!("the check sum is {found}, not {expected}: the payload was changed"),
            ));
        }
    }
    let document: Document<V> = serde_json::from_slice(&bytes).map_err(|e| malformed(path, e))?;
    Ok(document.payload)
}
