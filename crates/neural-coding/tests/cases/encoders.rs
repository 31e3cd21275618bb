//! The cases of `encoders.json`: libraries that calculate in 32 bits, whose steps are exact all the same.

use std::path::Path;

use neuropil_neural_coding::encode::{
    Before, Below, CurrentLif, Curve, DeltaConfig, FirstSpikeConfig, FirstSpikes, Late,
    LatencyConfig, ReceptiveFields, ReciprocalLatency, delta, phase, rate,
};
use neuropil_neural_coding::generate::poisson;
use neuropil_neural_coding::{BinnedCounts, Raster};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde_json::Value;

use super::{Outcomes, array, get, number, numbers, rows, sections, unknown};

type Outcome = Result<(), String>;

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    let input = |name| get(file, name).and_then(numbers);
    sections(file, |name, value| match name {
        "x" | "signal" => Ok(()),
        "snntorch_latency" => each(value, |name, case| latency(name, &input("x")?, case)),
        "snntorch_delta" => each(value, |name, case| changes(name, &input("signal")?, case)),
        "spikingjelly" => each(value, |name, case| spikingjelly(name, &input("x")?, case)),
        "norse" => norse(value, &input("x")?),
        "bindsnet_rank_order_T50" => reciprocal(value),
        "poissonness_bindsnet_50Hz_dt1ms_20s" => is_poisson(value),
        "poissonness_snntorch_p0.05_20000" => is_bernoulli(value),
        other => unknown(other),
    })
}

fn each(value: &Value, case: impl Fn(&str, &Value) -> Outcome) -> Outcome {
    let object = value.as_object().ok_or("no object")?;
    if object.is_empty() {
        return Err("no case".to_owned());
    }
    object
        .iter()
        .try_for_each(|(name, value)| case(name, value).map_err(|e| format!("{name}: {e}")))
}

fn said<T>(result: Result<T, neuropil_neural_coding::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn parse<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is no value"))
}

/// Steps, with -1 for no spike.
fn same_steps(ours: &FirstSpikes, golden: &Value) -> Outcome {
    let golden = numbers(golden)?;
    let step = |s: &Option<usize>| s.map_or(-1.0, |s| s as f64);
    let ours: Vec<f64> = ours.spikes().iter().map(step).collect();
    if ours == golden && !golden.is_empty() {
        Ok(())
    } else {
        Err(format!("{ours:?} is not {golden:?}"))
    }
}

/// `T5_linear=True_normalize=True_first_spike_time=2`, and so on.
fn latency(name: &str, x: &[f64], case: &Value) -> Outcome {
    let mut config = LatencyConfig::default();
    let (steps, settings) = name.split_once('_').ok_or("no settings")?;
    config.steps = parse(steps.trim_start_matches('T'))?;
    // A name may hold the mark that separates names.
    let settings = settings.replace("first_spike_time", "first");
    for setting in settings.split('_').filter(|s| !s.is_empty()) {
        match setting.split_once('=').ok_or("no setting")? {
            ("linear", "True") => config.curve = Curve::Linear,
            ("normalize", "True") => config.normalize = true,
            ("clip", "True") => config.below = Below::Silent,
            ("bypass", "True") => config.late = Late::Drop,
            ("threshold", value) => config.threshold = parse(value)?,
            ("tau", value) => config.tau = parse(value)?,
            ("first", value) => config.first_step = parse(value)?,
            _ => return Err(format!("unknown setting {setting}")),
        }
    }
    // The library compares with the threshold in 32 bits.
    config.threshold = f64::from(config.threshold as f32);
    let times = said(config.times(x))?;
    let golden = numbers(get(case, "spike_time")?)?;
    for ((x, ours), golden) in x.iter().zip(&times).zip(&golden) {
        // A difference in 32 bits, and what a logarithm or a scale makes of it.
        let gap = (x.max(config.threshold + config.epsilon) - config.threshold) / x.max(0.01);
        let allowed = 4.0 * f64::from(f32::EPSILON) * (1.0 + config.tau / gap + golden);
        // The scale takes over the error of the longest time.
        let allowed = if config.normalize {
            allowed + 1e-3 * golden
        } else {
            allowed
        };
        if (ours - golden).abs() > allowed {
            return Err(format!("x = {x}: {ours} is not {golden}"));
        }
    }
    let below = x.iter().map(|&x| f64::from(u8::from(x < config.threshold)));
    if below.collect::<Vec<_>>() != numbers(get(case, "below_threshold")?)? {
        return Err("other values are below the threshold".to_owned());
    }
    let spikes = config.encode(x);
    if case
        .get("latency")
        .is_some_and(|l| l.get("error").is_some())
    {
        return match spikes {
            Err(_) => Ok(()),
            Ok(_) => Err("it was to be refused".to_owned()),
        };
    }
    let spikes = said(spikes)?;
    same_steps(&spikes, get(case, "first_step")?)?;
    let count = spikes
        .spikes()
        .iter()
        .map(|s| if s.is_some() { 1.0 } else { 0.0 });
    if count.collect::<Vec<f64>>() != numbers(get(case, "n_spikes")?)? {
        return Err("another number of spikes".to_owned());
    }
    Ok(())
}

/// `thr0.1_padFalse_offTrue`, and so on.
fn changes(name: &str, signal: &[f64], golden: &Value) -> Outcome {
    let words: Vec<&str> = name.split('_').collect();
    let [threshold, padding, off] = words[..] else {
        return Err("not three settings".to_owned());
    };
    // The library compares with the threshold in 32 bits.
    let threshold: f32 = parse(threshold.trim_start_matches("thr"))?;
    let config = DeltaConfig {
        threshold: f64::from(threshold),
        before: if padding == "padTrue" {
            Before::First
        } else {
            Before::Zero
        },
        falls: off == "offTrue",
    };
    let code = said(delta(signal, &config))?;
    let golden = numbers(golden)?;
    let ours: Vec<f64> = code.spikes.iter().map(|&s| f64::from(s)).collect();
    let mut pairs = ours.iter().zip(&golden);
    if let Some(t) = pairs.position(|(ours, golden)| ours != golden) {
        return Err(format!("step {t}: {} is not {}", ours[t], golden[t]));
    }
    if ours.len() == golden.len() {
        Ok(())
    } else {
        Err("another length".to_owned())
    }
}

fn spikingjelly(name: &str, x: &[f64], golden: &Value) -> Outcome {
    let words: Vec<&str> = name.split('_').collect();
    match words[..] {
        ["latency", curve, steps] => {
            let steps = parse(steps.trim_start_matches('T'))?;
            let curve = match curve {
                "linear" => Curve::Linear,
                "log" => Curve::Logarithmic,
                _ => return unknown(name),
            };
            let spikes = said(FirstSpikeConfig { steps, curve }.encode(x))?;
            same_steps(&spikes, golden)
        }
        ["phase", bits] => {
            let bits = parse(bits.trim_start_matches('K'))?;
            let spikes = said(phase(x, bits))?;
            let golden = array(golden)?;
            if golden.len() != x.len() {
                return Err("another number of values".to_owned());
            }
            for (train, golden) in golden.iter().enumerate() {
                let bit = |k| if spikes.get(train, k) { '1' } else { '0' };
                let ours: String = (0..bits).map(bit).collect();
                if Some(ours.as_str()) != golden.as_str() {
                    return Err(format!("{}: {ours} is not {golden}", x[train]));
                }
            }
            Ok(())
        }
        _ => unknown(name),
    }
}

fn norse(value: &Value, x: &[f64]) -> Outcome {
    let parameters = get(value, "lif_params")?;
    let parameter = |name| number(get(parameters, name)?);
    let code = CurrentLif {
        rate: parameter("dt")? * parameter("tau_mem_inv")?,
        threshold: parameter("v_th")?,
    };
    let currents = numbers(get(value, "lif_current")?)?;
    let spikes = said(code.encode(&currents, 100))?;
    let golden = rows(get(value, "lif_current_spike_steps")?)?;
    let first = numbers(get(value, "lif_latency_first_step")?)?;
    for (train, (golden, first)) in golden.iter().zip(&first).enumerate() {
        let ours: Vec<f64> = spikes.spikes(train).map(|s| s as f64).collect();
        if ours != *golden || ours.first().copied().unwrap_or(-1.0) != *first {
            return Err(format!(
                "current {}: {ours:?} is not {golden:?}",
                currents[train]
            ));
        }
        if let Some(step) = spikes.spikes(train).next() {
            let (low, high) = said(code.decode(step))?;
            if !(low..=high).contains(&currents[train]) {
                return Err(format!("{} is not in [{low}, {high}]", currents[train]));
            }
        }
    }
    // With its scale of 1 the width is 1, whatever the range of the centres.
    let centers = (0..9).map(|i| f64::from(i) / 8.0).collect();
    let fields = said(ReceptiveFields::new(centers, 1.0))?;
    for (x, golden) in x.iter().zip(rows(get(value, "population_encode_9")?)?) {
        for (ours, golden) in fields.activations(*x).iter().zip(&golden) {
            if (ours - golden).abs() > f64::from(f32::EPSILON) {
                return Err(format!("field at {x}: {ours} is not {golden}"));
            }
        }
    }
    let known = ["lif_params", "lif_current", "lif_current_spike_steps"];
    let known = [
        &known[..],
        &["lif_latency_first_step", "population_encode_9"],
    ]
    .concat();
    let mut names = value.as_object().ok_or("no object")?.keys();
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => unknown(name),
        None => Ok(()),
    }
}

fn reciprocal(value: &Value) -> Outcome {
    let x = numbers(get(value, "x")?)?;
    let spikes = said(ReciprocalLatency { steps: 50 }.encode(&x))?;
    same_steps(&spikes, get(value, "step")?)
}

/// The coefficient of variation of the intervals, and variance by mean of counts of 1 s.
fn moments(intervals: &[f64], counts: &[f64]) -> (f64, f64) {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let variance = |x: &[f64]| {
        let m = mean(x);
        x.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / x.len() as f64
    };
    let cv = variance(intervals).sqrt() / mean(intervals);
    (cv, variance(counts) / mean(counts))
}

/// A rate of 50 Hz over 200 windows of 20 s; the source has a tenth of the variation it should.
fn is_poisson(value: &Value) -> Outcome {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let train = said(poisson(50.0, 0.0, 4000.0, &mut rng))?;
    let intervals: Vec<f64> = train.intervals().collect();
    let counts: Vec<f64> = (0..200)
        .map(|k| {
            let (from, to) = (20.0 * f64::from(k), 20.0 * f64::from(k + 1));
            said(train.slice(from, to)).map(|t| t.len() as f64)
        })
        .collect::<Result<_, _>>()?;
    let (cv, fano) = moments(&intervals, &counts);
    // Four standard deviations: 1/√n of the CV with n = 200 000, √(2/n) of the Fano factor.
    let (cv_off, fano_off) = (4.0 / 200_000.0_f64.sqrt(), 4.0 * (2.0 / 200.0_f64).sqrt());
    if (cv - 1.0).abs() > cv_off || (fano - 1.0).abs() > fano_off {
        return Err(format!("CV {cv}, Fano factor {fano}"));
    }
    let rate = number(get(value, "rate_hz")?)?;
    if (train.rate() / rate - 1.0).abs() > cv_off {
        return Err(format!("{} Hz is not {rate} Hz", train.rate()));
    }
    // What it stands beside is not Poisson.
    let source = (number(get(value, "isi_cv")?)?, number(get(value, "fano")?)?);
    if source.0 < 0.5 && source.1 < 0.5 {
        Ok(())
    } else {
        Err(format!("the source has {source:?}"))
    }
}

/// Bernoulli steps, in the source and here.
fn is_bernoulli(value: &Value) -> Outcome {
    let p = 0.05;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let spikes: Raster = said(rate(&[p], 200_000, &mut rng))?;
    let train = said(spikes.to_trains(0.0, 1.0))?;
    let intervals: Vec<f64> = match train.get(0) {
        Some(train) => train.intervals().collect(),
        None => return Err("no train".to_owned()),
    };
    let counts = said(BinnedCounts::new(&train, 100.0))?;
    let (_, n) = counts.row(0);
    let mut all: Vec<f64> = n.iter().map(|&n| f64::from(n)).collect();
    all.resize(counts.bins(), 0.0);
    let (cv, fano) = moments(&intervals, &all);
    // 10 000 intervals and 2000 counts, four standard deviations.
    let (cv_off, fano_off) = (4.0 * 0.01, 4.0 * (2.0 / 2000.0_f64).sqrt());
    let expected = (1.0 - p).sqrt();
    if (cv - expected).abs() > cv_off || (fano - (1.0 - p)).abs() > fano_off {
        return Err(format!("CV {cv}, Fano factor {fano}"));
    }
    let source = number(get(value, "isi_cv")?)?;
    let rate = number(get(value, "rate_per_step")?)?;
    let ours = spikes.count(0) as f64 / 200_000.0;
    if (source - expected).abs() > 0.1 || (ours - rate).abs() > 0.002 {
        return Err(format!(
            "the source has {source} at {rate}, and {ours} here"
        ));
    }
    Ok(())
}
