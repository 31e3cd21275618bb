//! Reading the arrays of a safetensors file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Error;

/// What is read at most, in bytes.
const LIMIT: u64 = 1 << 30;

/// A file in the safetensors format: the length of a JSON header, the header, the numbers.
#[derive(Debug)]
pub(crate) struct Tensors {
    path: PathBuf,
    header: HashMap<String, Entry>,
    numbers: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

impl Tensors {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = neuropil_math::save::read_limited(path, LIMIT)?;
        Self::parse(&bytes, path)
    }

    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let malformed = |problem: String| Error::malformed(path, problem);
        let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(malformed(format!("{} bytes are no header", bytes.len())));
        };
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((header, numbers)) = rest.split_at_checked(length) else {
            return Err(malformed(format!(
                "a header of {length} bytes in a file of {}",
                bytes.len()
            )));
        };
        let header: HashMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|e| malformed(format!("header: {e}")))?;
        let header = header
            .into_iter()
            .filter(|(name, _)| name != "__metadata__")
            .map(|(name, value)| {
                let entry = serde_json::from_value(value)
                    .map_err(|e| malformed(format!("header of {name}: {e}")))?;
                Ok((name, entry))
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            path: path.to_path_buf(),
            header,
            numbers: numbers.to_vec(),
        })
    }

    /// The bytes of an array of this type, `N` for each value, and its shape.
    fn bytes<const N: usize>(&self, name: &str, dtype: &str) -> Result<(&[usize], &[u8]), Error> {
        let malformed = |problem: String| Error::malformed(&self.path, problem);
        let entry = self
            .header
            .get(name)
            .ok_or_else(|| malformed(format!("no array {name}")))?;
        if entry.dtype != dtype {
            return Err(malformed(format!(
                "{name} is of type {}, not {dtype}",
                entry.dtype
            )));
        }
        let (start, end) = entry.data_offsets;
        let count = entry
            .shape
            .iter()
            .try_fold(N, |count, &n| count.checked_mul(n));
        match self.numbers.get(start..end) {
            Some(bytes) if Some(bytes.len()) == count => Ok((&entry.shape, bytes)),
            _ => Err(malformed(format!(
                "{name} of shape {:?} from byte {start} to {end} of {}",
                entry.shape,
                self.numbers.len()
            ))),
        }
    }

    /// Shape and finite values of an array of 64-bit floats.
    pub(crate) fn floats(&self, name: &str) -> Result<(&[usize], Vec<f64>), Error> {
        let (shape, bytes) = self.bytes::<8>(name, "F64")?;
        let values: Vec<f64> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&b| f64::from_le_bytes(b))
            .collect();
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok((shape, values)),
            Some(index) => Err(Error::malformed(
                &self.path,
                format!("{name} holds NaN or infinity at {index}"),
            )),
        }
    }

    /// The values of an array of 64-bit integers, none of them negative.
    pub(crate) fn sizes(&self, name: &str) -> Result<Vec<usize>, Error> {
        let (_, bytes) = self.bytes::<8>(name, "I64")?;
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&b| {
                let value = i64::from_le_bytes(b);
                usize::try_from(value)
                    .map_err(|_| Error::malformed(&self.path, format!("{name} holds {value}")))
            })
            .collect()
    }

    /// The values of an array of bytes.
    pub(crate) fn small(&self, name: &str) -> Result<&[u8], Error> {
        Ok(self.bytes::<1>(name, "U8")?.1)
    }

    pub(crate) fn malformed(&self, problem: impl Into<String>) -> Error {
        Error::malformed(&self.path, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    }

    #[test]
    fn arrays_of_each_type() -> Result<(), Error> {
        let mut numbers = Vec::new();
        numbers.extend([1.5_f64, -2.0].map(f64::to_le_bytes).concat());
        numbers.extend(7_i64.to_le_bytes());
        numbers.extend([3, 255]);
        let header = r#"{"__metadata__":{"licence":"none"},
            "x":{"dtype":"F64","shape":[2,1],"data_offsets":[0,16]},
            "n":{"dtype":"I64","shape":[1],"data_offsets":[16,24]},
            "b":{"dtype":"U8","shape":[2],"data_offsets":[24,26]}}"#;
        let tensors = Tensors::parse(&file(header, &numbers), Path::new("f"))?;
        assert_eq!(tensors.floats("x")?, (&[2, 1][..], vec![1.5, -2.0]));
        assert_eq!(tensors.sizes("n")?, [7]);
        assert_eq!(tensors.small("b")?, [3, 255]);
        Ok(())
    }

    #[test]
    fn damage_is_named() {
        let words = |bytes: &[u8]| match Tensors::parse(bytes, Path::new("f")) {
            Ok(tensors) => [
                tensors.floats("x").err(),
                tensors.sizes("x").err(),
                tensors.small("y").err(),
            ]
            .map(|e| e.map_or_else(String::new, |e| e.to_string())),
            Err(error) => [error.to_string(), String::new(), String::new()],
        };
        assert_eq!(words(b"abc")[0], "f: 3 bytes are no header");
        assert_eq!(
            words(&u64::MAX.to_le_bytes())[0],
            format!("f: a header of {} bytes in a file of 8", usize::MAX)
        );
        assert!(words(&file("{", &[]))[0].starts_with("f: header: EOF"));
        assert!(words(&file(r#"{"x":1}"#, &[]))[0].starts_with("f: header of x: "));
        let array = |shape: &str, offsets: &str| {
            format!(r#"{{"x":{{"dtype":"F64","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        let good = words(&file(&array("[1]", "[0,8]"), &f64::NAN.to_le_bytes()));
        assert_eq!(
            good,
            [
                "f: x holds NaN or infinity at 0",
                "f: x is of type F64, not I64",
                "f: no array y"
            ]
        );
        for (shape, offsets) in [
            ("[2]", "[0,8]"),
            ("[1]", "[0,16]"),
            ("[1]", "[8,0]"),
            ("[18446744073709551615,18446744073709551615]", "[0,8]"),
        ] {
            let found = &words(&file(&array(shape, offsets), &[0; 8]))[0];
            assert!(found.starts_with("f: x of shape"), "{found}");
        }
    }
}
