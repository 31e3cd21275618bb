//! Reading the arrays that NumPy saves.

use std::fs;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;

use crate::Error;

/// What is read at most, in bytes.
const LIMIT: u64 = 1 << 30;

/// The matrix of 64-bit floats in a file, rounded to 32 bits, its rows as columns: of a file of time ×
/// channels, channels × time.
pub(crate) fn read_rows_as_columns(path: &Path) -> Result<DMatrix<f32>, Error> {
    let bytes = neuropil_math::save::read_limited(path, LIMIT)?;
    parse(&bytes, path)
}

/// The files of this ending in a folder, sorted by name.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, &e))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io(folder, &e))?.path();
        if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(bytes: &[u8], path: &Path) -> Result<DMatrix<f32>, Error> {
    let malformed = |problem: String| Error::malformed(path, problem);
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err(malformed("not a file that NumPy saved".to_owned()));
    };
    let short = || malformed(format!("{} bytes are no header", bytes.len()));
    let (&[major, _], rest) = rest.split_first_chunk().ok_or_else(short)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(short)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(short)?;
            let length = usize::try_from(u32::from_le_bytes(*length));
            (length.unwrap_or(usize::MAX), rest)
        }
        _ => return Err(malformed(format!("version {major}, not 1 to 3"))),
    };
    let (header, numbers) = rest.split_at_checked(length).ok_or_else(short)?;
    let header = String::from_utf8_lossy(header);
    let (time, channels) = shape(&header)
        .ok_or_else(|| malformed(format!("not a matrix of <f8: {}", header.trim())))?;
    let (values, rest) = numbers.as_chunks::<8>();
    if time.checked_mul(channels) != Some(values.len()) || !rest.is_empty() {
        return Err(malformed(format!(
            "{} bytes of numbers for {time} × {channels} of 8 bytes",
            numbers.len()
        )));
    }
    if values.is_empty() {
        return Err(malformed(format!("{time} × {channels} numbers are none")));
    }
    // Rounding may make infinity of a large number.
    let values: Vec<f32> = values
        .iter()
        .map(|&b| f64::from_le_bytes(b) as f32)
        .collect();
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(DMatrix::from_vec(channels, time, values)),
        Some(index) => Err(malformed(format!(
            "row {}, column {} is NaN or infinite",
            index / channels,
            index % channels
        ))),
    }
}

/// Rows and columns that the header of a matrix of 64-bit floats in row order tells.
fn shape(header: &str) -> Option<(usize, usize)> {
    let value = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}'"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    };
    if !value("descr")?.starts_with("'<f8'") || !value("fortran_order")?.starts_with("False") {
        return None;
    }
    let (shape, _) = value("shape")?.strip_prefix('(')?.split_once(')')?;
    let (rows, columns) = shape.split_once(',')?;
    Some((rows.trim().parse().ok()?, columns.trim().parse().ok()?))
}
