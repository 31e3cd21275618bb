use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::Error;

/// An array of bytes in the IDX format of the MNIST files.
///
/// The format: two zero bytes, the type (8 for unsigned bytes, the only one read here), the number of
/// dimensions, the length of each as a big-endian `u32`, then the values, the last dimension fastest.
///
/// ```
/// use neuropil_datasets::Idx;
/// use std::path::Path;
///
/// let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
/// let idx = Idx::parse(&bytes[..], Path::new("example-idx2-ubyte"))?;
/// assert_eq!(idx.shape(), [2, 3]);
/// assert_eq!(idx.values(), [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idx {
    header: Vec<u8>,
    shape: Vec<usize>,
    values: Vec<u8>,
}

/// More than any published set has; a header that claims more is corrupt.
const MAX_DIMENSIONS: usize = 8;

impl Idx {
    /// Reads a file, compressed by gzip or not: its first bytes tell.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another type than bytes, or goes on
    /// after its last value.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::io(path, &e))?;
        Self::parse(BufReader::new(file), path)
    }

    /// Reads the contents of a file; `path` is for the errors alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(mut reader: impl BufRead, path: &Path) -> Result<Self, Error> {
        let start = reader.fill_buf().map_err(|e| Error::io(path, &e))?;
        if !start.starts_with(&[0x1f, 0x8b]) {
            return Self::parse_raw(&mut reader, path);
        }
        let mut decoder = GzDecoder::new(reader);
        let idx = Self::parse_raw(&mut decoder, path)?;
        let mut rest = decoder.into_inner();
        match rest.fill_buf() {
            Ok([]) => Ok(idx),
            Ok(_) => Err(Error::malformed(
                path,
                "bytes after the end of the gzip data",
            )),
            Err(e) => Err(Error::io(path, &e)),
        }
    }

    fn parse_raw(reader: &mut impl Read, path: &Path) -> Result<Self, Error> {
        let mut header = take(reader, 4, path)?;
        let &[zero0, zero1, kind, dimensions] = &header[..] else {
            let problem = format!("{} bytes are no IDX header", header.len());
            return Err(Error::malformed(path, problem));
        };
        if (zero0, zero1) != (0, 0) {
            let problem = format!("begins with {zero0:#04x} {zero1:#04x}: not an IDX file");
            return Err(Error::malformed(path, problem));
        }
        if kind != 8 {
            let problem = format!("IDX type {kind:#04x}, only unsigned bytes (0x08) are read");
            return Err(Error::malformed(path, problem));
        }
        let dimensions = usize::from(dimensions);
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            let problem = format!("{dimensions} dimensions, not 1 to {MAX_DIMENSIONS}");
            return Err(Error::malformed(path, problem));
        }
        let lengths = take(reader, 4 * dimensions, path)?;
        if lengths.len() < 4 * dimensions {
            let problem = format!("ends within the lengths of its {dimensions} dimensions");
            return Err(Error::malformed(path, problem));
        }
        let mut shape = Vec::with_capacity(dimensions);
        for &length in lengths.as_chunks().0 {
            // Where a `usize` is smaller than this, so is every file.
            shape.push(usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX));
        }
        header.extend(lengths);
        let product = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        let size = match product {
            None => {
                let problem = format!("shape {shape:?} has more values than can be counted");
                return Err(Error::malformed(path, problem));
            }
            Some(0) => {
                return Err(Error::malformed(path, format!("shape {shape:?} is empty")));
            }
            Some(size) => size,
        };
        // The claimed size reserves nothing: the buffer grows with the bytes that are there.
        let values = take(reader, size, path)?;
        if values.len() < size {
            let problem = format!(
                "ends after {} of the {size} values of shape {shape:?}",
                values.len()
            );
            return Err(Error::malformed(path, problem));
        }
        // Also makes gzip check its sum, which follows the last byte.
        if !take(reader, 1, path)?.is_empty() {
            let problem = format!("goes on after the {size} values of shape {shape:?}");
            return Err(Error::malformed(path, problem));
        }
        Ok(Self {
            header,
            shape,
            values,
        })
    }

    /// The length of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, the last dimension fastest.
    #[must_use]
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The header as it was read: the file is this and the values.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    pub(crate) fn into_values(self) -> Vec<u8> {
        self.values
    }
}

/// Up to `limit` bytes.
fn take(reader: &mut impl Read, limit: usize, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader
        .take(limit as u64)
        .read_to_end(&mut bytes)
        .map_err(|e| match e.kind() {
            // What the decoder finds wrong is the file's fault, not the system's.
            std::io::ErrorKind::InvalidInput
            | std::io::ErrorKind::InvalidData
            | std::io::ErrorKind::UnexpectedEof => {
                Error::malformed(path, format!("corrupt or truncated gzip data: {e}"))
            }
            _ => Error::io(path, &e),
        })?;
    Ok(bytes)
}
