use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::crc32::Crc32;
use super::tensors::{assign, check_dtype, dtype};
use super::{FORMAT, VERSION, read_limited, write_atomically};
use crate::parameters::{Structure, check_finite};
use crate::{Error, Parameters, Real};

/// What the format allows for its header, in bytes.
const HEADER_LIMIT: u64 = 100_000_000;
/// The name that the format keeps for itself.
const METADATA: &str = "__metadata__";
/// The keys of the metadata that belong to the envelope.
const OWN_KEYS: [&str; 4] = ["crc32", "format", "kind", "version"];
/// What stands in the place of the check sum while it is computed.
const BLANK: &str = "00000000";

/// Writes the tensors of a model in the format safetensors, [atomically](write_atomically).
///
/// The metadata of the file are `format`, `version`, `kind` (the model's own name), `crc32` and what
/// `metadata` adds, such as a number of steps. `crc32` is the CRC-32 of the whole file with eight
/// zeros in its place. The same model always gives the same bytes. Nothing is copied.
///
/// # Errors
/// [`Error::Tensor`] if a tensor holds NaN or infinity (with its index), two have the same name, a
/// shape does not describe its data, or a tensor is called `__metadata__`; [`Error::NotSaved`] if
/// `metadata` uses a key of the envelope; [`Error::Io`] if the file cannot be written. The old file, if
/// there is one, stays as it is.
pub fn save_safetensors<T: Real, P: Parameters<T> + ?Sized>(
    path: impl AsRef<Path>,
    kind: &str,
    parameters: &P,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let not_saved = |problem: String| Error::NotSaved {
        path: path.to_path_buf(),
        problem,
    };
    let structure = Structure::of(parameters)?;
    check_finite(parameters)?;
    if let Some(key) = OWN_KEYS.iter().find(|key| metadata.contains_key(**key)) {
        return Err(not_saved(format!(
            "the metadata {key} belong to the format"
        )));
    }
    let header = |crc32: &str| header::<T>(kind, crc32, &structure, metadata);
    let blank = header(BLANK)?;
    if blank.len() as u64 > HEADER_LIMIT {
        let size = blank.len();
        return Err(not_saved(format!(
            "the header has {size} bytes, and at most {HEADER_LIMIT} are allowed"
        )));
    }
    let length = (blank.len() as u64).to_le_bytes();
    let mut crc = Crc32::new();
    crc.add(&length);
    crc.add(&blank);
    for_bytes(parameters, &mut |bytes| crc.add(bytes));
    let header = header(&format!("{:08x}", crc.value()))?;

    write_atomically(path, |file| {
        file.write_all(&length)?;
        file.write_all(&header)?;
        let mut outcome = Ok(());
        for_bytes(parameters, &mut |bytes| {
            if outcome.is_ok() {
                outcome = file.write_all(bytes);
            }
        });
        outcome
    })
}

#[derive(Serialize)]
struct TensorInfo<'a> {
    dtype: &'a str,
    shape: &'a [usize],
    data_offsets: [usize; 2],
}

/// The header of the format, filled up with blanks to a multiple of eight bytes.
///
/// Written here and not by the crate, which would need all tensors as bytes in memory, and orders the
/// metadata by chance. Reading, where the traps are, is the crate's.
fn header<T: Real>(
    kind: &str,
    crc32: &str,
    structure: &Structure,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, Error> {
    let version = VERSION.to_string();
    let own = [crc32, FORMAT, kind, &version];
    let mut all: BTreeMap<&str, &str> = OWN_KEYS.into_iter().zip(own).collect();
    all.extend(metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())));

    let problem = |name: &str, problem: String| Error::Tensor {
        name: name.to_owned(),
        problem,
    };
    let json = |name: &str, value: serde_json::Result<String>| {
        value.map_err(|e| problem(name, e.to_string()))
    };
    let mut text = format!(
        "{{\"{METADATA}\":{}",
        json(METADATA, serde_json::to_string(&all))?
    );
    let mut offset = 0_usize;
    for (name, shape) in structure.iter() {
        if name == METADATA {
            return Err(problem(name, "has a name that the format uses".to_owned()));
        }
        let start = offset;
        offset = crate::parameters::volume(shape)
            .and_then(|n| n.checked_mul(size_of::<T>())?.checked_add(start))
            .ok_or_else(|| problem(name, "exceeds every memory".to_owned()))?;
        let info = TensorInfo {
            dtype: dtype::<T>(),
            shape,
            data_offsets: [start, offset],
        };
        let key = json(name, serde_json::to_string(name))?;
        let info = json(name, serde_json::to_string(&info))?;
        text.push_str(&format!(",{key}:{info}"));
    }
    text.push('}');
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    Ok(bytes)
}

/// Hands the values of all tensors to `f` as little-endian bytes, some at a time.
fn for_bytes<T: Real, P: Parameters<T> + ?Sized>(parameters: &P, f: &mut dyn FnMut(&[u8])) {
    let mut bytes = [0; 4096];
    let size = size_of::<T>();
    parameters.visit(&mut |_, _, data| {
        for values in data.chunks(bytes.len() / size) {
            for (value, bytes) in values.iter().zip(bytes.chunks_exact_mut(size)) {
                let value = value.to_f64();
                if size == 4 {
                    #[expect(clippy::cast_possible_truncation, reason = "it was an f32")]
                    bytes.copy_from_slice(&(value as f32).to_le_bytes());
                } else {
                    bytes.copy_from_slice(&value.to_le_bytes());
                }
            }
            f(&bytes[..size_of_val(values)]);
        }
    });
}

/// Reads the tensors that [`save_safetensors`] wrote into a model of the same structure, and returns
/// the metadata that were given there.
///
/// Numbers saved as `f32` are loaded as `f64` exactly; the other direction is refused, since it would
/// round.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Malformed`] if it is truncated, corrupt, too large
/// for the model, or of another format, version or kind; [`Error::Tensor`] if a tensor is missing,
/// unexpected, has another shape or type, or holds NaN or infinity. The model is unchanged then.
pub fn load_safetensors<T: Real, P: Parameters<T> + ?Sized>(
    path: impl AsRef<Path>,
    kind: &str,
    parameters: &mut P,
) -> Result<BTreeMap<String, String>, Error> {
    let path = path.as_ref();
    let bytes = read(path, parameters)?;
    let (header_length, metadata) = read_metadata(path, &bytes)?;
    let get = |key: &str| {
        metadata
            .get(key)
            .ok_or_else(|| malformed(path, format!("no {key} in the metadata")))
    };
    let check = |key: &str, expected: &str| {
        let found = get(key)?;
        if found == expected {
            Ok(())
        } else {
            Err(malformed(
                path,
                format!("the {key} is {found:?}, not {expected:?}"),
            ))
        }
    };
    check("format", FORMAT)?;
    check("version", &VERSION.to_string())?;
    check("kind", kind)?;
    let expected = get("crc32")?;
    let found = check_sum(&bytes, header_length, expected)
        .ok_or_else(|| malformed(path, "the check sum is not where it belongs".to_owned()))?;
    if found != *expected {
        return Err(malformed(
            path,
            format!("the check sum is {found}, not {expected}: the file was changed"),
        ));
    }
    assign_bytes(path, &bytes, parameters)?;
    let own = |key: &String| OWN_KEYS.contains(&key.as_str());
    Ok(metadata.into_iter().filter(|(key, _)| !own(key)).collect())
}

/// The metadata of a file that [`save_safetensors`] wrote, those of the envelope included: what a program
/// needs to know before it can make the model that [`load_safetensors`] fills.
///
/// The check sum is not looked at, and of the tensors nothing is read.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Malformed`] if it has no header of the format.
pub fn read_safetensors_metadata(
    path: impl AsRef<Path>,
) -> Result<BTreeMap<String, String>, Error> {
    let path = path.as_ref();
    let io = |error: std::io::Error| Error::io(path, &error);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let mut length = [0; 8];
    let truncated = |_| malformed(path, "shorter than its header".to_owned());
    file.read_exact(&mut length).map_err(truncated)?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_LIMIT || length > file.metadata().map_err(io)?.len() {
        return Err(malformed(path, format!("a header of {length} bytes")));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).map_err(io)?;
    let header: Header =
        serde_json::from_slice(&header).map_err(|e| malformed(path, format!("the header: {e}")))?;
    Ok(header.metadata)
}

/// What is read of a header that is not checked against its tensors.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: BTreeMap<String, String>,
}

/// Reads the tensors of a safetensors file that another program wrote.
///
/// There is no kind and no check sum to compare; all else is as with [`load_safetensors`]. Shapes are
/// those of row-major data: a nalgebra matrix of r × c takes a tensor of shape `[c, r]`.
///
/// # Errors
/// As [`load_safetensors`].
pub fn import_safetensors<T: Real, P: Parameters<T> + ?Sized>(
    path: impl AsRef<Path>,
    parameters: &mut P,
) -> Result<(), Error> {
    let path = path.as_ref();
    let bytes = read(path, parameters)?;
    assign_bytes(path, &bytes, parameters)
}

fn malformed(path: &Path, problem: String) -> Error {
    Error::Malformed {
        path: path.to_path_buf(),
        problem,
    }
}

/// The file, if it is not larger than a file of this model can be.
fn read<T: Real, P: Parameters<T> + ?Sized>(path: &Path, parameters: &P) -> Result<Vec<u8>, Error> {
    let data = (parameters.count() as u64).saturating_mul(8);
    read_limited(path, data.saturating_add(8 + HEADER_LIMIT))
}

/// The length of the header, and the metadata in it.
fn read_metadata(path: &Path, bytes: &[u8]) -> Result<(usize, HashMap<String, String>), Error> {
    let (length, header) =
        SafeTensors::read_metadata(bytes).map_err(|e| malformed(path, e.to_string()))?;
    Ok((length, header.metadata().clone().unwrap_or_default()))
}

/// The sum of the file with eight zeros in the place of the sum that it states.
fn check_sum(bytes: &[u8], header_length: usize, stated: &str) -> Option<String> {
    let start = format!("{{\"{METADATA}\":{{\"crc32\":\"");
    let end = format!("{stated}\"");
    let header = bytes.get(8..8 + header_length)?;
    let rest = header.strip_prefix(start.as_bytes())?;
    if stated.len() != BLANK.len() || !rest.starts_with(end.as_bytes()) {
        return None;
    }
    let at = 8 + start.len();
    let mut crc = Crc32::new();
    crc.add(&bytes[..at]);
    crc.add(BLANK.as_bytes());
    crc.add(&bytes[at + BLANK.len()..]);
    Some(format!("{:08x}", crc.value()))
}

fn assign_bytes<T: Real, P: Parameters<T> + ?Sized>(
    path: &Path,
    bytes: &[u8],
    parameters: &mut P,
) -> Result<(), Error> {
    // It checks every offset and size against the bytes that are there.
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| malformed(path, e.to_string()))?;
    let tensors = tensors.tensors();
    let mut by_name = BTreeMap::new();
    for (name, view) in &tensors {
        let saved = format!("{:?}", view.dtype());
        check_dtype::<T>(name, &saved)?;
        let data = Bytes {
            data: view.data(),
            narrow: saved == "F32",
        };
        if let Some(index) = data.values().position(|v| !v.is_finite()) {
            return Err(Error::Tensor {
                name: name.clone(),
                problem: format!("holds NaN or infinity at index {index}"),
            });
        }
        by_name.insert(name.as_str(), (view.shape(), data));
    }
    assign(&by_name, parameters, |saved: Bytes<'_>, data| {
        for (value, data) in saved.values().zip(data) {
            *data = T::of(value);
        }
    })
}

/// The bytes of a tensor of `f32` (`narrow`) or `f64`.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    data: &'a [u8],
    narrow: bool,
}

impl Bytes<'_> {
    fn values(&self) -> impl Iterator<Item = f64> {
        let (narrow, wide) = if self.narrow {
            (self.data.as_chunks().0, &[][..])
        } else {
            (&[][..], self.data.as_chunks().0)
        };
        let narrow = narrow.iter().map(|&b| f64::from(f32::from_le_bytes(b)));
        narrow.chain(wide.iter().map(|&b| f64::from_le_bytes(b)))
    }
}
