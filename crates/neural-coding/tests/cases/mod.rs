//! What runs the cases of the golden files.

use std::path::Path;

use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
use neuropil_test_kit::golden::read_json;
use serde_json::Value;

pub(crate) mod decoding;
pub(crate) mod distances;
pub(crate) mod encoders;
pub(crate) mod encoders_ref;
pub(crate) mod information;
pub(crate) mod neurons;
pub(crate) mod statistics;
pub(crate) mod sttc;
pub(crate) mod trains;

/// Cases by name.
pub(crate) type Outcomes = Vec<(String, Result<(), String>)>;

/// Runs every section of a file but those that tell where it comes from; `run` says
/// [`unknown`] to a section it does not know.
pub(crate) fn sections(
    file: &Value,
    mut run: impl FnMut(&str, &Value) -> Result<(), String>,
) -> Outcomes {
    let Some(object) = file.as_object() else {
        return vec![("file".to_owned(), Err("not an object".to_owned()))];
    };
    object
        .iter()
        .filter(|(name, _)| !["source", "unit", "seed"].contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), run(name, value)))
        .collect()
}

/// The outcome of a section that nobody knows.
pub(crate) fn unknown(name: &str) -> Result<(), String> {
    Err(format!("unknown section {name}"))
}

/// The outcome of a section whose runner is not written.
pub(crate) fn no_runner_yet() -> Result<(), String> {
    Err("no runner yet".to_owned())
}

/// The value under a name.
pub(crate) fn get<'a>(value: &'a Value, name: &str) -> Result<&'a Value, String> {
    value.get(name).ok_or_else(|| format!("no {name}"))
}

/// A number; the words `NaN`, `Infinity` and `-Infinity` are numbers too.
pub(crate) fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(word) => match word.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
    .ok_or_else(|| format!("{value} is no number"))
}

/// The elements of an array.
pub(crate) fn array(value: &Value) -> Result<&[Value], String> {
    let array = value.as_array().map(Vec::as_slice);
    array.ok_or_else(|| format!("{value} is no array"))
}

/// An array of numbers.
pub(crate) fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    array(value)?.iter().map(number).collect()
}

/// An array of arrays of numbers.
pub(crate) fn rows(value: &Value) -> Result<Vec<Vec<f64>>, String> {
    array(value)?.iter().map(numbers).collect()
}

/// The sets of `trains.json` by name.
pub(crate) fn train_set(folder: &Path, set: &str) -> Result<SpikeTrains, String> {
    let file: Value = read_json(&folder.join("trains.json"))?;
    trains_of(get(get(&file, "sets")?, set)?)
}

/// The trains of a set.
pub(crate) fn trains_of(set: &Value) -> Result<SpikeTrains, String> {
    let t0 = number(get(set, "t_start")?)?;
    let t1 = number(get(set, "t_stop")?)?;
    let trains = rows(get(set, "trains")?)?
        .into_iter()
        .map(|times| SpikeTrain::new(times, t0, t1))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| e.to_string())?;
    SpikeTrains::from_trains(&trains).map_err(|e| e.to_string())
}
