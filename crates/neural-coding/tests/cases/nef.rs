//! The section `nef` of `decoding.json`.

use nalgebra::DMatrix;
use neuropil_neural_coding::encode::nef::{LifRate, decode, decoders, rates};
use serde_json::Value;

use super::{get, number, numbers};

/// Of the golden README.
const TOLERANCE: f64 = 1e-8;

/// The noise that the decoders were made with, by the greatest rate.
const NOISE: f64 = 0.1;

/// Runs the section.
pub(crate) fn run(value: &Value) -> Result<(), String> {
    let lif = LifRate::default();
    let list = |name: &str| get(value, name).and_then(numbers);
    let said = |e: neuropil_neural_coding::Error| e.to_string();
    let (gain, bias) = lif
        .gain_and_bias(&list("max_rates")?, &list("intercepts")?)
        .map_err(said)?;
    close("gain", &gain, &list("gain")?)?;
    close("bias", &bias, &list("bias")?)?;
    let encoders = list("encoders")?;
    let encoders = DMatrix::from_column_slice(encoders.len(), 1, &encoders);
    let x = DMatrix::from_fn(1, 101, |_, k| -1.0 + 0.02 * k as f64);
    let activity = rates(&lif, &encoders, &gain, &bias, &x).map_err(said)?;
    for row in [0, 50, 100] {
        let sample: Vec<f64> = activity.column(row).iter().copied().collect();
        close("rates", &sample, &list(&format!("rates_row{row}"))?)?;
    }
    for (name, function) in [
        ("x", (|x| x) as fn(f64) -> f64),
        ("x2", |x| x * x),
        ("sin_pi_x", |x| (core::f64::consts::PI * x).sin()),
    ] {
        let targets = x.map(function);
        let found = decoders(&activity, &targets, NOISE).map_err(said)?;
        close(name, found.as_slice(), &list(&format!("dec_{name}"))?)?;
        let error = decode(&found, &activity).map_err(said)? - targets;
        let rmse = error.norm() / 101.0_f64.sqrt();
        let golden = number(get(value, &format!("rmse_{name}"))?)?;
        close("error", &[rmse], &[golden])?;
    }
    Ok(())
}

fn close(what: &str, ours: &[f64], golden: &[f64]) -> Result<(), String> {
    if ours.len() != golden.len() {
        return Err(format!("{what}: {} of {}", ours.len(), golden.len()));
    }
    let mut pairs = ours.iter().zip(golden).enumerate();
    match pairs.find(|(_, (a, b))| (*a - *b).abs() > TOLERANCE * b.abs().max(1e-3)) {
        Some((i, (a, b))) => Err(format!("{what} {i}: {a} is not {b}")),
        None => Ok(()),
    }
}
