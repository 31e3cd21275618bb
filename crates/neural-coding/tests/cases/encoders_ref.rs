//! The cases of `encoders_ref.json`.

use std::path::Path;

use neuropil_neural_coding::encode::{
    Bsa, BurstConfig, MovingWindow, ReceptiveFields, StepForward, TernaryCode, ThresholdBased,
    low_pass, rank_order, rank_order_weights,
};
use serde_json::Value;

use super::{Outcomes, array, get, number, numbers, rows, sections, unknown};

type Outcome = Result<(), String>;

/// Of the golden README.
const TOLERANCE: f64 = 1e-12;

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    let signal = get(file, "signal").and_then(numbers);
    sections(file, |name, value| {
        let signal = signal.clone()?;
        let words: Vec<&str> = name.split('_').collect();
        match words[..] {
            ["signal"] => Ok(()),
            ["tbr", factor] => {
                let factor = parse(factor)?;
                let code = said(ThresholdBased { factor }.encode(&signal))?;
                near("threshold", code.threshold, get(value, "threshold")?)?;
                same_spikes(&code.spikes, value)
            }
            ["sf", threshold] => {
                let threshold = parse(threshold)?;
                let code = said(StepForward { threshold }.encode(&signal))?;
                followed(&code, &signal, value)
            }
            ["mw", threshold, window] => {
                let (threshold, window) = (parse(threshold)?, parse(window)?);
                let code = said(MovingWindow { threshold, window }.encode(&signal))?;
                followed(&code, &signal, value)
            }
            ["bsa", length, cutoff, threshold] => bsa(length, cutoff, threshold, &signal, value),
            ["grf"] => receptive_fields(value),
            ["rank", "order"] => ranks(value),
            ["burst"] => bursts(value),
            _ => unknown(name),
        }
    })
}

fn parse<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    let number = word.trim_start_matches(char::is_alphabetic);
    number.parse().map_err(|_| format!("{word} is no number"))
}

fn said<T>(result: Result<T, neuropil_neural_coding::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn near(what: &str, ours: f64, golden: &Value) -> Outcome {
    close(what, ours, number(golden)?)
}

fn close(what: &str, ours: f64, golden: f64) -> Outcome {
    if (ours - golden).abs() <= TOLERANCE * golden.abs().max(1.0) {
        Ok(())
    } else {
        Err(format!("{what}: {ours} is not {golden}"))
    }
}

fn all_close(what: &str, ours: &[f64], golden: &[f64]) -> Outcome {
    if ours.len() != golden.len() || golden.is_empty() {
        return Err(format!("{what}: {} of {}", ours.len(), golden.len()));
    }
    let mut pairs = ours.iter().zip(golden);
    pairs.try_for_each(|(a, b)| close(what, *a, *b))
}

fn same_spikes(ours: &[i8], value: &Value) -> Outcome {
    let golden = numbers(get(value, "spikes")?)?;
    let ours: Vec<f64> = ours.iter().map(|&s| f64::from(s)).collect();
    match ours.iter().zip(&golden).position(|(a, b)| a != b) {
        Some(at) => Err(format!("step {at}: {} is not {}", ours[at], golden[at])),
        None if ours.len() != golden.len() => Err("another number of steps".to_owned()),
        None => Ok(()),
    }
}

fn rmse(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    (squares.sum::<f64>() / a.len() as f64).sqrt()
}

fn followed(code: &TernaryCode, signal: &[f64], value: &Value) -> Outcome {
    same_spikes(&code.spikes, value)?;
    let error = rmse(&code.decode(), signal);
    near("error", error, get(value, "recon_rmse")?)
}

fn bsa(length: &str, cutoff: &str, threshold: &str, signal: &[f64], value: &Value) -> Outcome {
    let length: usize = parse(length)?;
    let filter = said(low_pass(length, parse(cutoff)?))?;
    all_close("filter", &filter, &numbers(get(value, "h")?)?)?;
    let code = said(Bsa::new(filter, parse(threshold)?))?;
    let spikes = said(code.encode(signal))?;
    let signs: Vec<i8> = spikes.iter().map(|&s| i8::from(s)).collect();
    same_spikes(&signs, value)?;
    // The edges, where the filter does not fit, are left out.
    let inner = length..signal.len() - length;
    let back = code.decode(&spikes);
    let error = rmse(&back[inner.clone()], &signal[inner]);
    near("error", error, get(value, "recon_rmse")?)
}

fn receptive_fields(value: &Value) -> Outcome {
    let setting = |name| number(get(value, name)?);
    let fields = said(ReceptiveFields::bohte(
        setting("n")? as usize,
        setting("lo")?,
        setting("hi")?,
        setting("beta")?,
    ))?;
    all_close(
        "centers",
        fields.centers(),
        &numbers(get(value, "centers")?)?,
    )?;
    near("sigma", fields.sigma(), get(value, "sigma")?)?;
    let activations = rows(get(value, "activation")?)?;
    let times = rows(get(value, "spike_time_or_-1")?)?;
    let (latest, cut) = (setting("T")?, setting("cut")?);
    for (i, x) in numbers(get(value, "x")?)?.into_iter().enumerate() {
        let ours = fields.activations(x);
        all_close("activation", &ours, activations.get(i).ok_or("a row")?)?;
        let spikes = said(fields.spike_times(x, latest, cut))?;
        let ours: Vec<f64> = spikes.iter().map(|t| t.unwrap_or(-1.0)).collect();
        all_close("time", &ours, times.get(i).ok_or("a row")?)?;
        let back = said(fields.decode(&spikes, latest))?.ok_or("one field alone")?;
        if (back - x).abs() > 1e-9 {
            return Err(format!("{x} comes back as {back}"));
        }
    }
    Ok(())
}

fn ranks(value: &Value) -> Outcome {
    let ranks = said(rank_order(&numbers(get(value, "x")?)?))?;
    let ours: Vec<f64> = ranks.iter().map(|&r| r as f64).collect();
    all_close("ranks", &ours, &numbers(get(value, "rank_desc_stable")?)?)?;
    let weights = said(rank_order_weights(&ranks, 0.8))?;
    let golden = numbers(get(value, "weights_mod0.8")?)?;
    all_close("weights", &weights, &golden)
}

fn bursts(value: &Value) -> Outcome {
    let setting = |name| number(get(value, name)?).map(|n| n as usize);
    let code = BurstConfig {
        spikes: setting("Nmax")?,
        shortest: setting("Tmin")?,
        longest: setting("Tmax")?,
    };
    let cases = array(get(value, "cases")?)?;
    for case in cases {
        let x = number(get(case, "x")?)?;
        let burst = said(code.encode(x))?;
        let times: Vec<f64> = burst.times().map(|t| t as f64).collect();
        let same = burst.spikes as f64 == number(get(case, "n_spikes")?)?
            && burst.interval as f64 == number(get(case, "isi")?)?
            && times == numbers(get(case, "times")?)?;
        if !same {
            return Err(format!("{x}: {burst:?}"));
        }
        let (back, error) = (said(code.decode(&burst))?, said(code.error(&burst))?);
        if (back - x).abs() > error + 1e-15 {
            return Err(format!("{x} comes back as {back} ± {error}"));
        }
    }
    if cases.is_empty() {
        Err("no case".to_owned())
    } else {
        Ok(())
    }
}
