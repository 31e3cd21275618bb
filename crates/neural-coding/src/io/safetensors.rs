use std::path::Path;

use neuropil_math::save::{read_limited, write_atomically};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::{LARGEST, in_file};
use crate::{Duplicates, Error, SpikeTrains};

const TIMES: &str = "spike_times_s";
const OFFSETS: &str = "unit_offsets";
const WINDOW: &str = "window_s";

fn malformed(problem: impl Into<String>) -> Error {
    Error::Bytes {
        format: "safetensors",
        problem: problem.into(),
    }
}

/// Writes trains in the format safetensors, to a file that is whole or not there.
///
/// The tensors are `spike_times_s` (the times of all trains, `F64`), `unit_offsets` (where each train
/// begins among them and where the last one ends, `I64`) and `window_s` (`F64`). What is read again has
/// the same bits, and the same trains always give the same bytes.
///
/// # Errors
/// [`Error::Math`] with the path if it cannot be written.
pub fn save_safetensors(path: impl AsRef<Path>, trains: &SpikeTrains) -> Result<(), Error> {
    let floats =
        |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
    let times = floats(trains.times());
    let window = floats(&[trains.t0(), trains.t1()]);
    let offsets = trains.offsets().iter();
    let offsets: Vec<u8> = offsets.flat_map(|&o| (o as i64).to_le_bytes()).collect();
    let view = |dtype, length, data| {
        TensorView::new(dtype, vec![length], data).map_err(|e| malformed(e.to_string()))
    };
    let tensors = [
        (TIMES, view(Dtype::F64, trains.spikes(), &times)?),
        (OFFSETS, view(Dtype::I64, trains.len() + 1, &offsets)?),
        (WINDOW, view(Dtype::F64, 2, &window)?),
    ];
    let bytes = safetensors::serialize(tensors, None).map_err(|e| malformed(e.to_string()))?;
    Ok(write_atomically(path, |file| file.write_all(&bytes))?)
}

/// Reads trains that [`save_safetensors`] wrote, or a file with the same names from elsewhere.
///
/// `window` is that of a file which does not tell its own, and replaces that of one which does. Other tensors of the file are not looked at. Times may be `F32`, offsets
/// `I32`, `U32` or `U64`.
///
/// # Errors
/// [`Error::Math`] with the path if the file cannot be read, is corrupt, lacks a tensor or a window, or
/// holds trains that are not valid.
pub fn load_safetensors(
    path: impl AsRef<Path>,
    window: Option<(f64, f64)>,
) -> Result<SpikeTrains, Error> {
    let path = path.as_ref();
    parse(&read_limited(path, LARGEST)?, window).map_err(|e| in_file(path, e))
}

fn parse(bytes: &[u8], window: Option<(f64, f64)>) -> Result<SpikeTrains, Error> {
    // It checks every offset and size against the bytes that are there.
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| malformed(e.to_string()))?;
    let get = |name: &str| {
        tensors
            .tensor(name)
            .map_err(|e| malformed(format!("{name}: {e}")))
    };
    let times = floats(TIMES, &get(TIMES)?)?;
    let offsets = offsets(&get(OFFSETS)?)?;
    let (t0, t1) = match window {
        Some(window) => window,
        None => match floats(WINDOW, &get(WINDOW)?)?[..] {
            [t0, t1] => (t0, t1),
            _ => return Err(malformed(format!("{WINDOW} has not two values"))),
        },
    };
    SpikeTrains::from_parts(times, offsets, t0, t1, Duplicates::Keep)
}

fn floats(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f64>, Error> {
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F64 => Ok(data
            .as_chunks()
            .0
            .iter()
            .map(|&b| f64::from_le_bytes(b))
            .collect()),
        Dtype::F32 => {
            let values = data.as_chunks().0.iter();
            Ok(values.map(|&b| f64::from(f32::from_le_bytes(b))).collect())
        }
        other => Err(malformed(format!("{name} has type {other:?}"))),
    }
}

fn offsets(tensor: &TensorView<'_>) -> Result<Vec<usize>, Error> {
    let data = tensor.data();
    let integers: Vec<i128> = match tensor.dtype() {
        Dtype::I64 => each(data, |b| i64::from_le_bytes(b).into()),
        Dtype::U64 => each(data, |b| u64::from_le_bytes(b).into()),
        Dtype::I32 => each(data, |b| i32::from_le_bytes(b).into()),
        Dtype::U32 => each(data, |b| u32::from_le_bytes(b).into()),
        other => return Err(malformed(format!("{OFFSETS} has type {other:?}"))),
    };
    let offsets = integers.into_iter().map(usize::try_from);
    let offsets: Result<_, _> = offsets.collect();
    offsets.map_err(|_| malformed(format!("{OFFSETS} holds a number that is no position")))
}

fn each<const N: usize>(data: &[u8], f: impl Fn([u8; N]) -> i128) -> Vec<i128> {
    data.as_chunks().0.iter().map(|&b| f(b)).collect()
}
