//! The cases of `neurons.json`.

use std::path::Path;

use neuropil_neural_coding::neuron::{
    AdaptiveExponential, Current, HodgkinHuxley, Izhikevich, Lif, Neuron, izhikevich_steps,
};
use serde_json::Value;

use super::{Outcomes, array, get, number, numbers, sections, unknown};

type Outcome = Result<(), String>;

/// Of the golden README, in ms.
const TOLERANCE: f64 = 1e-6;

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "izhikevich" => izhikevich(value),
        "hh" => hodgkin_huxley(value),
        "adex" => adaptive_exponential(value),
        "lif_constant_current" => leaky(value),
        other => unknown(other),
    })
}

fn said<T>(result: Result<T, neuropil_neural_coding::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn all(cases: &Value, case: impl Fn(&Value) -> Outcome) -> Outcome {
    let cases = array(cases)?;
    if cases.is_empty() {
        return Err("no case".to_owned());
    }
    cases
        .iter()
        .enumerate()
        .try_for_each(|(i, value)| case(value).map_err(|e| format!("{i}: {e}")))
}

/// Times in ms.
fn same_times(what: &str, ours: &[f64], golden: &[f64]) -> Outcome {
    if ours.len() != golden.len() {
        return Err(format!("{what}: {} of {} spikes", ours.len(), golden.len()));
    }
    let mut pairs = ours.iter().zip(golden).enumerate();
    match pairs.find(|(_, (a, b))| (*a - *b).abs() > TOLERANCE) {
        Some((i, (a, b))) => Err(format!("{what}: spike {i} at {a}, not at {b} ms")),
        None => Ok(()),
    }
}

fn in_ms(times: &[f64]) -> Vec<f64> {
    times.iter().map(|t| 1000.0 * t).collect()
}

fn izhikevich(value: &Value) -> Outcome {
    let (end, i0) = (number(get(value, "T_ms")?)?, number(get(value, "I0")?)?);
    let parameters = get(value, "params")?;
    for (dt, key) in [(1.0, "spike_steps_dt1"), (0.25, "spike_steps_dt0.25")] {
        let runs = get(value, key)?.as_object().ok_or("no object")?;
        if runs.is_empty() {
            return Err("no run".to_owned());
        }
        let current: Vec<f64> = (0..(end / dt) as usize)
            .map(|k| if (k as f64) * dt < 50.0 { 0.0 } else { i0 })
            .collect();
        for (name, golden) in runs {
            let [a, b, c, d] = numbers(get(parameters, name)?)?[..] else {
                return Err("not four parameters".to_owned());
            };
            let threshold = 30.0;
            let neuron = Izhikevich {
                a,
                b,
                c,
                d,
                current: 0.0,
                threshold,
            };
            let steps = said(izhikevich_steps(&neuron, &current, dt))?;
            let steps: Vec<f64> = steps.into_iter().map(|s| s as f64).collect();
            if steps != numbers(golden)? {
                return Err(format!("{name} at {dt}: other steps"));
            }
        }
    }
    Ok(())
}

fn hodgkin_huxley(value: &Value) -> Outcome {
    let end = number(get(value, "T_ms")?)? / 1000.0;
    all(get(value, "runs")?, |run| {
        let current = said(Current::constant(number(get(run, "I")?)?, end))?;
        let ours = said(HodgkinHuxley::default().record(&current, 0.005))?;
        let golden = numbers(get(run, "spike_times_ms")?)?;
        same_times("axon", &in_ms(ours.spikes.times()), &golden)?;
        let potential = numbers(get(run, "V_every_5ms")?)?;
        if ours.potential.len() != potential.len() {
            return Err(format!("{} potentials", ours.potential.len()));
        }
        let mut pairs = ours.potential.iter().zip(&potential).enumerate();
        // An upstroke rises by some 400 mV in a millisecond.
        match pairs.find(|(_, (a, b))| (*a - *b).abs() > 400.0 * TOLERANCE) {
            Some((i, (a, b))) => Err(format!("potential {i}: {a} is not {b}")),
            None => Ok(()),
        }
    })
}

fn adaptive_exponential(value: &Value) -> Outcome {
    all(get(value, "runs")?, |run| {
        let parameters = get(run, "params")?;
        let parameter = |name| number(get(parameters, name)?);
        let neuron = AdaptiveExponential {
            capacitance: parameter("C")?,
            leak: parameter("gL")?,
            rest: parameter("EL")?,
            onset: parameter("VT")?,
            sharpness: parameter("DeltaT")?,
            tau: parameter("tau_w")?,
            a: parameter("a")?,
            b: parameter("b")?,
            reset: parameter("Vr")?,
            threshold: parameter("Vcut")?,
            current: 0.0,
        };
        let end = number(get(run, "T_ms")?)? / 1000.0;
        let current = said(Current::constant(parameter("I")?, end))?;
        let ours = said(neuron.spikes(&current))?;
        let golden = numbers(get(run, "spike_times_ms")?)?;
        let name = get(run, "name")?.as_str().ok_or("no name")?;
        same_times(name, &in_ms(ours.times()), &golden)
    })
}

fn leaky(value: &Value) -> Outcome {
    all(get(value, "cases")?, |case| {
        let setting = |name| number(get(case, name)?);
        let neuron = Lif {
            tau: setting("tau_ms")?,
            resistance: setting("R")?,
            threshold: setting("vth")?,
            refractory: setting("tref_ms")?,
            ..Lif::default()
        };
        let (current, interval) = (setting("I")?, setting("isi_ms")?);
        let ours = neuron.interval(current).unwrap_or(f64::INFINITY);
        let rate = setting("rate_hz")?;
        let close = |a: f64, b: f64| a == b || (a / b - 1.0).abs() < 1e-12;
        if !close(ours, interval) || !close(neuron.rate(current), rate) {
            return Err(format!("interval {ours} is not {interval}"));
        }
        // The same by the spikes of a second, in steps that do not matter.
        let steps = said(Current::steps(vec![current; 1000], 0.001))?;
        let train = said(neuron.spikes(&steps))?;
        let golden: Vec<f64> = (0..)
            .map(|k| f64::from(k) * interval + (interval - neuron.refractory))
            .take_while(|t| *t < 1000.0)
            .collect();
        same_times("train", &in_ms(train.times()), &golden)
    })
}
