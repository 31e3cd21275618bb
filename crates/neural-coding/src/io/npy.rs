use core::fmt::Write as _;
use std::path::Path;

use neuropil_math::save::{read_limited, write_atomically};

use super::{LARGEST, in_file};
use crate::{Duplicates, Error, Raster, SpikeTrain, SpikeTrains};

/// An array of one or two dimensions from a file of NumPy.
///
/// Types are `float64` and `float32`, integers of 8 to 64 bits and `bool`, of either byte order; they are
/// widened to `f64`, and an integer that is none is an error. Both orders of storage are read.
///
/// ```
/// use neuropil_neural_coding::Duplicates;
/// use neuropil_neural_coding::io::Npy;
///
/// let times = Npy::from_values(vec![0.1, 0.2, 0.7]).to_bytes();
/// let units = Npy::from_values(vec![1.0, 0.0, 1.0]).to_bytes();
/// let (times, units) = (Npy::parse(&times)?, Npy::parse(&units)?);
/// let trains = times.to_trains(&units, 2, 0.0, 1.0, Duplicates::Refuse)?;
/// assert_eq!(trains.get(1).map(|t| t.times()), Some(&[0.1, 0.7][..]));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Npy {
    shape: Vec<usize>,
    /// Row by row.
    values: Vec<f64>,
}

const MAGIC: &[u8] = b"\x93NUMPY";
/// Headers of arrays that are read here have some hundred bytes.
const HEADER_LIMIT: usize = 1 << 16;
/// The longest dimension of an array without elements.
const EMPTY_LIMIT: usize = 1 << 20;

fn malformed(problem: impl Into<String>) -> Error {
    Error::Bytes {
        format: "npy",
        problem: problem.into(),
    }
}

impl Npy {
    /// A row of values.
    #[must_use]
    pub fn from_values(values: Vec<f64>) -> Self {
        let shape = vec![values.len()];
        Self { shape, values }
    }

    /// A matrix of zeros and ones, trains × steps.
    #[must_use]
    pub fn from_raster(raster: &Raster) -> Self {
        let shape = vec![raster.trains(), raster.steps()];
        let bits = (0..raster.trains()).flat_map(|train| {
            (0..raster.steps()).map(move |step| f64::from(u8::from(raster.get(train, step))))
        });
        let values = bits.collect();
        Self { shape, values }
    }

    /// The length of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, row by row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values as the times of a train in seconds.
    ///
    /// # Errors
    /// [`Error::Shape`] for a matrix of several rows and columns; else as
    /// [`SpikeTrain::with_duplicates`].
    pub fn to_train(&self, t0: f64, t1: f64, duplicates: Duplicates) -> Result<SpikeTrain, Error> {
        self.check_row()?;
        SpikeTrain::with_duplicates(self.values.clone(), t0, t1, duplicates)
    }

    /// The values as times in seconds, in any order, and `units` as the train of each, as spike sorters
    /// write them; there are `trains`.
    ///
    /// # Errors
    /// [`Error::Shape`] if times and units are not of one length, [`Error::OutOfRange`] if a unit is no
    /// whole number below `trains`; else as [`SpikeTrains::from_parts`].
    pub fn to_trains(
        &self,
        units: &Self,
        trains: usize,
        t0: f64,
        t1: f64,
        duplicates: Duplicates,
    ) -> Result<SpikeTrains, Error> {
        self.check_row()?;
        units.check_row()?;
        if units.values.len() != self.values.len() {
            return Err(Error::Shape {
                what: "units of the spikes",
                expected: self.values.len(),
                found: units.values.len(),
            });
        }
        let mut by_unit: Vec<(usize, f64)> = Vec::with_capacity(self.values.len());
        for (&time, &unit) in self.values.iter().zip(&units.values) {
            let index = unit as usize;
            if index as f64 != unit || index >= trains {
                return Err(Error::OutOfRange {
                    what: "unit of a spike",
                    value: unit,
                    range: "must be a whole number below that of the trains",
                });
            }
            by_unit.push((index, time));
        }
        by_unit.sort_by(|x, y| x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)));
        let mut times = Vec::with_capacity(by_unit.len());
        let mut all = SpikeTrains::new(t0, t1)?;
        let mut rest = by_unit.as_slice();
        for train in 0..trains {
            let (own, others) = rest.split_at(rest.partition_point(|x| x.0 <= train));
            rest = others;
            times.clear();
            times.extend(own.iter().map(|x| x.1));
            all.push(&SpikeTrain::with_duplicates(
                times.clone(),
                t0,
                t1,
                duplicates,
            )?)?;
        }
        Ok(all)
    }

    /// The values as a raster: a row for each train.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of dimensions than two, [`Error::OutOfRange`] if a value is
    /// neither 0 nor 1.
    pub fn to_raster(&self) -> Result<Raster, Error> {
        let [trains, steps] = self.shape[..] else {
            return Err(Error::Shape {
                what: "dimensions of a raster",
                expected: 2,
                found: self.shape.len(),
            });
        };
        let mut raster = Raster::new(trains, steps)?;
        for (at, &value) in self.values.iter().enumerate() {
            if value == 1.0 {
                raster.set(at / steps, at % steps, true)?;
            } else if value != 0.0 {
                return Err(Error::OutOfRange {
                    what: "an element of a raster",
                    value,
                    range: "must be 0 or 1",
                });
            }
        }
        Ok(raster)
    }

    fn check_row(&self) -> Result<(), Error> {
        let longer = self.shape.iter().filter(|&&length| length != 1).count();
        if longer <= 1 {
            return Ok(());
        }
        Err(Error::Shape {
            what: "dimensions of a list",
            expected: 1,
            found: self.shape.len(),
        })
    }

    /// Reads the bytes of a file, version 1, 2 or 3 of the format.
    ///
    /// # Errors
    /// [`Error::Bytes`] if they are no such file, truncated or too long, of another type or more
    /// dimensions, or hold an integer that is no `f64`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| malformed("it does not begin as one"))?;
        let truncated = || malformed("the header is truncated");
        let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
        let (length, rest) = match version[0] {
            1 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(truncated)?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            2 | 3 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(truncated)?;
                (u32::from_le_bytes(*length) as usize, rest)
            }
            other => return Err(malformed(format!("version {other}, known are 1 to 3"))),
        };
        if length > HEADER_LIMIT {
            return Err(malformed(format!("a header of {length} bytes")));
        }
        let (header, data) = rest.split_at_checked(length).ok_or_else(truncated)?;
        let header = core::str::from_utf8(header).map_err(|e| malformed(e.to_string()))?;
        let header = Header::parse(header)?;
        header.values(data)
    }

    /// The bytes of a file of `float64`, version 1 of the format.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut shape = String::new();
        for length in &self.shape {
            let _ = write!(shape, "{length}, ");
        }
        let shape = match self.shape.len() {
            1 => shape.trim_end(),
            _ => shape.trim_end_matches([',', ' ']),
        };
        let mut header =
            format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
        // The data begin at a multiple of 64.
        while !(MAGIC.len() + 4 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        // Two lengths of twenty digits at most.
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        for value in &self.values {
            bytes.extend(value.to_le_bytes());
        }
        bytes
    }

    /// [`Npy::parse`] of a file.
    ///
    /// # Errors
    /// [`Error::Math`] with the path if the file cannot be read, or as [`Npy::parse`] with its words.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::parse(&read_limited(path, LARGEST)?).map_err(|e| in_file(path, e))
    }

    /// [`Npy::to_bytes`] to a file, which is whole or not there.
    ///
    /// # Errors
    /// [`Error::Math`] with the path if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let bytes = self.to_bytes();
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }
}

/// What a file says about its data.
#[derive(Debug)]
struct Header {
    kind: Kind,
    little: bool,
    columns_first: bool,
    shape: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
    Bool,
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::Float(size) | Self::Signed(size) | Self::Unsigned(size) => size,
            Self::Bool => 1,
        }
    }
}

impl Header {
    /// The dictionary that NumPy writes, with its keys in any order.
    fn parse(text: &str) -> Result<Self, Error> {
        let field = |key: &str| {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let found = quoted.iter().find_map(|q| text.split_once(q.as_str()));
            let (_, rest) = found.ok_or_else(|| malformed(format!("no {key} in the header")))?;
            let value = rest.trim_start().strip_prefix(':');
            let value = value.ok_or_else(|| malformed(format!("{key} has no value")))?;
            Ok::<&str, Error>(value.trim_start())
        };
        let descr = field("descr")?;
        let quote = descr.chars().next().filter(|c| ['\'', '"'].contains(c));
        let descr = quote
            .and_then(|quote| descr[1..].split_once(quote))
            .map(|(descr, _)| descr)
            .ok_or_else(|| malformed("types of several fields are not read"))?;
        let unknown = || malformed(format!("type {descr:?} is not read"));
        let mut signs = descr.chars();
        let order = signs.next().ok_or_else(unknown)?;
        let size = |text: &str, sizes: &[usize]| {
            let size = text.parse().ok();
            size.filter(|s| sizes.contains(s)).ok_or_else(unknown)
        };
        let letter = signs.next().ok_or_else(unknown)?;
        let kind = match letter {
            'f' => Kind::Float(size(signs.as_str(), &[4, 8])?),
            'i' => Kind::Signed(size(signs.as_str(), &[1, 2, 4, 8])?),
            'u' => Kind::Unsigned(size(signs.as_str(), &[1, 2, 4, 8])?),
            'b' if signs.as_str() == "1" => Kind::Bool,
            _ => return Err(unknown()),
        };
        let little = match order {
            '<' => true,
            '>' => false,
            '|' if kind.size() == 1 => true,
            '=' => cfg!(target_endian = "little"),
            _ => return Err(unknown()),
        };
        let order = field("fortran_order")?;
        let columns_first = match () {
            () if order.starts_with("True") => true,
            () if order.starts_with("False") => false,
            () => return Err(malformed("fortran_order is neither True nor False")),
        };
        let shape = field("shape")?
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map(|(shape, _)| shape)
            .ok_or_else(|| malformed("the shape is no tuple"))?;
        let shape = shape
            .split(',')
            .map(str::trim)
            .filter(|length| !length.is_empty())
            .map(|length| {
                let length = length.parse();
                length.map_err(|_| malformed("a length of the shape is no number"))
            })
            .collect::<Result<Vec<usize>, Error>>()?;
        if shape.len() > 2 {
            let dimensions = shape.len();
            return Err(malformed(format!(
                "{dimensions} dimensions, at most 2 are read"
            )));
        }
        Ok(Self {
            kind,
            little,
            columns_first,
            shape,
        })
    }

    fn values(self, data: &[u8]) -> Result<Npy, Error> {
        let size = self.kind.size();
        let needed = self
            .shape
            .iter()
            .try_fold(size, |product, &length| product.checked_mul(length));
        // Before anything is allocated: what the header says must be there.
        if needed != Some(data.len()) {
            let (found, shape) = (data.len(), &self.shape);
            return Err(malformed(format!(
                "{found} bytes of data for shape {shape:?} of {size} bytes each"
            )));
        }
        // An empty matrix may claim any number of rows.
        if data.is_empty() && self.shape.iter().any(|&length| length > EMPTY_LIMIT) {
            let shape = &self.shape;
            return Err(malformed(format!("no data for shape {shape:?}")));
        }
        let mut values = Vec::with_capacity(data.len() / size);
        for (index, bytes) in data.chunks_exact(size).enumerate() {
            let value = self.value(bytes);
            values.push(value.ok_or_else(|| {
                malformed(format!("the integer at index {index} is no 64-bit float"))
            })?);
        }
        if let ([rows, columns], true) = (&self.shape[..], self.columns_first) {
            let (rows, columns) = (*rows, *columns);
            let stored = values.clone();
            for (at, value) in stored.into_iter().enumerate() {
                values[at % rows * columns + at / rows] = value;
            }
        }
        // A number without dimensions is a list of one.
        let shape = if self.shape.is_empty() {
            vec![1]
        } else {
            self.shape
        };
        Ok(Npy { shape, values })
    }

    fn value(&self, bytes: &[u8]) -> Option<f64> {
        let mut wide = [0; 8];
        for (k, byte) in bytes.iter().enumerate() {
            let at = if self.little { k } else { bytes.len() - 1 - k };
            wide[at] = *byte;
        }
        let bits = u64::from_le_bytes(wide);
        // The integers that are floats are those whose float is the integer; beyond 2⁵³ not all are.
        match self.kind {
            Kind::Float(8) => Some(f64::from_bits(bits)),
            Kind::Float(_) => Some(f64::from(f32::from_bits(bits as u32))),
            Kind::Bool => (bits <= 1).then_some(bits as f64),
            Kind::Unsigned(_) => {
                let value = bits as f64;
                (value as u128 == u128::from(bits)).then_some(value)
            }
            Kind::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                let integer = (bits << unused) as i64 >> unused;
                let value = integer as f64;
                (value as i128 == i128::from(integer)).then_some(value)
            }
        }
    }
}
