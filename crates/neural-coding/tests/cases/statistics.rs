//! The cases of `statistics.json`.
//!
//! What the file does not say of its inputs was found by trying: the complexity is that of the first
//! ten trials of `fano`, correlograms, covariances and time scales are of the set `correlated` (the
//! latter in bins of 5 ms up to 200 ms), CuBIC of the set `poisson` in bins of 5 ms.

use std::path::Path;

use neuropil_neural_coding::model::spike_triggered_average;
use neuropil_neural_coding::statistics::{
    CoherenceConfig, CorrelogramConfig, CubicConfig, Kernel, KernelShape, Psth, RateConfig,
    autocorrelation_time, binary_correlation, binary_covariance, coherence, complexity,
    correlation, correlogram, covariance, cubic, cv, cv2, fano_factor, instantaneous_rate, lv, lvr,
    optimal_bandwidth,
};
use neuropil_neural_coding::{BinnedCounts, Duplicates, Error, Raster, SpikeTrain, SpikeTrains};
use neuropil_test_kit::tolerance::{check_close, check_value};
use serde_json::{Map, Value};

use super::{Outcomes, array, get, number, numbers, rows, sections, train_set, unknown};

/// Of everything that the source computes exactly and in double precision.
const TOLERANCE: f64 = 1e-10;
/// The source sums cross spectra in single precision.
const SINGLE: f64 = 2e-6;
/// Of rates on the grid of the source, relative to their peak.
const GRID: f64 = 0.01;
/// What the source loses where it cuts a Gaussian off, relative to the peak of the rate.
const CUT_GAUSSIAN: f64 = 1e-4;

/// Runs the cases.
pub(crate) fn run(folder: &Path, file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "per_train" => per_train(folder, value),
        "fano" => fano(value),
        "psth" => psth(&trials(file)?, value),
        "complexity_pdf_0.005" => {
            let trials = trials(file)?;
            let mut first = SpikeTrains::new(trials.t0(), trials.t1()).map_err(text)?;
            for trial in trials.iter().take(10) {
                first.push(trial).map_err(text)?;
            }
            let actual = complexity(&first.bin(0.005).map_err(text)?);
            close(name, &actual, value)
        }
        "instantaneous_rate" => rates(folder, value),
        "kernel_values" => kernels(value),
        "optimal_kernel_bandwidth" => bandwidth(folder, value),
        "cch" => {
            let trains = train_set(folder, "correlated")?;
            let cases = array(value)?;
            if cases.is_empty() {
                return Err("no case".to_owned());
            }
            cases.iter().try_for_each(|case| cross(&trains, case))
        }
        "binned_20ms" => binned(&train_set(folder, "correlated")?, value),
        "timescale" => {
            let counts = train_set(folder, "correlated")?.bin(0.005).map_err(text)?;
            each(value, |train, expected| {
                let train = train.parse().map_err(|e| format!("{train}: {e}"))?;
                let actual = autocorrelation_time(&counts, train, 40).map_err(text)?;
                optional(&format!("train {train}"), actual, expected)
            })
        }
        "binning_edges" => edges(value),
        "sta" => sta(folder, value),
        "coherence" => multitaper(value),
        "cubic" => third_cumulant(folder, value),
        other => unknown(other),
    })
}

fn text(error: Error) -> String {
    error.to_string()
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    let object = value.as_object().filter(|o| !o.is_empty());
    object.ok_or_else(|| "no object, or an empty one".to_owned())
}

fn each(
    value: &Value,
    mut f: impl FnMut(&str, &Value) -> Result<(), String>,
) -> Result<(), String> {
    object(value)?
        .iter()
        .try_for_each(|(name, value)| f(name, value))
}

/// An array, or a single number.
fn close(name: &str, actual: &[f64], expected: &Value) -> Result<(), String> {
    let expected = match expected {
        Value::Array(_) => numbers(expected)?,
        single => vec![number(single)?],
    };
    check_close(name, actual, &expected, TOLERANCE, TOLERANCE)
}

/// A value that is `None` where the source says NaN.
fn optional(name: &str, actual: Option<f64>, expected: &Value) -> Result<(), String> {
    close(name, &[actual.unwrap_or(f64::NAN)], expected)
}

fn per_train(folder: &Path, value: &Value) -> Result<(), String> {
    each(value, |set, expected| {
        let trains = train_set(folder, set)?;
        let expected = array(expected)?;
        if expected.len() != trains.len() {
            return Err(format!("{set}: {} trains", expected.len()));
        }
        for (train, expected) in trains.iter().zip(expected) {
            let values = [
                ("n", Some(train.len() as f64)),
                ("mean_rate", Some(train.rate())),
                ("mean_firing_rate_elephant", Some(train.rate())),
                ("cv_ddof0", cv(train)),
                ("cv2", cv2(train)),
                ("lv", lv(train)),
                ("lvr_R5ms", lvr(train, 0.005).map_err(text)?),
                ("lvr_R0", lvr(train, 0.0).map_err(text)?),
            ];
            // What the source refuses is left out of the file, and must not be defined.
            for (name, actual) in values {
                match expected.get(name) {
                    Some(expected) => optional(name, actual, expected)?,
                    None if actual.is_none() => {}
                    None => return Err(format!("{set}: {name} of {train:?} is {actual:?}")),
                }
            }
            each(expected, |name, _| match name {
                "name" => Ok(()),
                name if values.iter().any(|(known, _)| *known == name) => Ok(()),
                other => unknown(other),
            })?;
        }
        Ok(())
    })
}

fn trials(file: &Value) -> Result<SpikeTrains, String> {
    let fano = get(file, "fano")?;
    let t1 = number(get(fano, "t_stop")?)?;
    let mut trials = SpikeTrains::new(0.0, t1).map_err(text)?;
    for times in rows(get(fano, "trials")?)? {
        let train = SpikeTrain::new(times, 0.0, t1).map_err(text)?;
        trials.push(&train).map_err(text)?;
    }
    Ok(trials)
}

fn fano(value: &Value) -> Result<(), String> {
    let file = serde_json::json!({ "fano": value });
    let trials = trials(&file)?;
    let some = |count: usize, empty: bool| {
        let mut some = SpikeTrains::new(trials.t0(), trials.t1()).map_err(text)?;
        for trial in trials.iter().take(count) {
            let times = if empty {
                vec![]
            } else {
                trial.times().to_vec()
            };
            let train = SpikeTrain::new(times, trials.t0(), trials.t1()).map_err(text)?;
            some.push(&train).map_err(text)?;
        }
        Ok::<_, String>(fano_factor(&some))
    };
    each(value, |name, expected| match name {
        "trials" | "t_stop" => Ok(()),
        "fano_ddof0" => optional(name, fano_factor(&trials), expected),
        "empty_all" => optional(name, some(3, true)?, expected),
        "one_trial" => optional(name, some(1, false)?, expected),
        other => unknown(other),
    })
}

fn psth(trials: &SpikeTrains, value: &Value) -> Result<(), String> {
    let bin = |width: &str| {
        let width = width.parse().map_err(|e| format!("{width}: {e}"))?;
        trials.bin(width).map_err(text)
    };
    let floats = |counts: &[u64]| counts.iter().map(|&c| c as f64).collect::<Vec<_>>();
    each(value, |name, expected| match name.split_once('_') {
        Some(("binary", width)) => {
            let psth = Psth::binary(&bin(width)?).map_err(text)?;
            close(name, &floats(psth.counts()), expected)
        }
        Some((width, kind)) => {
            let psth = Psth::new(&bin(width)?).map_err(text)?;
            let actual = match kind {
                "counts" => floats(psth.counts()),
                "mean" => psth.mean(),
                "rate" => psth.rate(),
                other => return unknown(other),
            };
            close(name, &actual, expected)
        }
        None => unknown(name),
    })
}

fn shape(name: &str) -> Result<KernelShape, String> {
    Ok(match name {
        "gaussian" => KernelShape::Gaussian,
        "rectangular" => KernelShape::Rectangular,
        "triangular" => KernelShape::Triangular,
        "epanechnikov" => KernelShape::Epanechnikov,
        "laplacian" => KernelShape::Laplacian,
        "exponential" => KernelShape::Exponential,
        "alpha" => KernelShape::Alpha,
        other => return Err(format!("unknown kernel {other}")),
    })
}

/// Kernels of 0.1 s at 21 times from -0.5 s to 0.5 s.
fn kernels(value: &Value) -> Result<(), String> {
    each(value, |name, expected| {
        let kernel = Kernel::new(shape(name)?, 0.1).map_err(text)?;
        let actual: Vec<f64> = (0..21)
            .map(|k| kernel.value(-0.5 + f64::from(k) * 0.05))
            .collect();
        close(name, &actual, expected)
    })
}

/// The train that `poisson[3]` names.
fn named(folder: &Path, value: &Value) -> Result<SpikeTrain, String> {
    let name = value.as_str().unwrap_or_default();
    let (set, index) = name
        .trim_end_matches(']')
        .split_once('[')
        .ok_or_else(|| format!("{name} is no train"))?;
    let index: usize = index.parse().map_err(|e| format!("{name}: {e}"))?;
    let trains = train_set(folder, set)?;
    let train = trains.get(index).ok_or_else(|| format!("no {name}"))?;
    Ok(train.to_train())
}

fn rates(folder: &Path, value: &Value) -> Result<(), String> {
    let train = named(folder, get(value, "train")?)?;
    let step = number(get(value, "sampling_period")?)?;
    let stride = number(get(value, "stride_saved")?)? as usize;
    // The source moves each spike to the beginning of its step. With spikes moved so, its rates are
    // exact but for where it cuts kernels off.
    let moved = train
        .times()
        .iter()
        .map(|t| train.t0() + ((t - train.t0()) / step).floor() * step)
        .collect();
    let moved = SpikeTrain::with_duplicates(moved, train.t0(), train.t1(), Duplicates::Keep)
        .map_err(text)?;
    each(value, |name, expected| {
        if ["train", "sampling_period", "stride_saved"].contains(&name) {
            return Ok(());
        }
        let expected = numbers(expected)?;
        let rest = name.trim_start_matches("exact_");
        let (kernel, sigma) = rest.split_once("_sigma").ok_or("no sigma")?;
        let config = RateConfig {
            shape: shape(kernel)?,
            sigma: sigma
                .trim_end_matches("_border")
                .parse()
                .map_err(|e| format!("{name}: {e}"))?,
            step,
            centered: true,
            border_correction: name.ends_with("_border"),
        };
        let rate = |train: &SpikeTrain| {
            let rate = instantaneous_rate(train, &config).map_err(text)?;
            let values: Vec<f64> = rate.values.iter().copied().step_by(stride).collect();
            Ok::<_, String>(values)
        };
        if name.starts_with("exact_") {
            return check_close(name, &rate(&train)?, &expected, TOLERANCE, TOLERANCE);
        }
        let peak = expected.iter().fold(0.0_f64, |m, v| m.max(*v));
        let tolerance = match config.shape {
            KernelShape::Rectangular | KernelShape::Triangular | KernelShape::Epanechnikov => 1e-9,
            KernelShape::Gaussian => CUT_GAUSSIAN,
            // At five deviations still a thousandth of the peak.
            KernelShape::Laplacian | KernelShape::Exponential | KernelShape::Alpha => GRID,
        };
        check_close(name, &rate(&moved)?, &expected, 0.0, tolerance * peak)?;
        if config.shape == KernelShape::Gaussian
            && config.sigma > 10.0 * step
            && !config.border_correction
        {
            // Smooth enough for the grid to be an error of one percent.
            check_close(name, &rate(&train)?, &expected, 0.0, GRID * peak)?;
        }
        Ok(())
    })
}

fn bandwidth(folder: &Path, value: &Value) -> Result<(), String> {
    let train = named(folder, get(value, "train")?)?;
    let found = optimal_bandwidth(&train).ok_or("no bandwidth")?;
    each(value, |name, expected| match name {
        "train" => Ok(()),
        // The source puts the spikes on a grid of a thousand points.
        "optw" => check_value(name, found.sigma, number(expected)?, GRID, 0.0),
        "C_min" => check_value(name, found.cost, number(expected)?, GRID, 0.0),
        other => unknown(other),
    })
}

fn cross(trains: &SpikeTrains, case: &Value) -> Result<(), String> {
    let index = |name: &str| get(case, name).and_then(number).map(|v| v as usize);
    let counts = trains.bin(number(get(case, "bin")?)?).map_err(text)?;
    let window = numbers(get(case, "window")?)?;
    let flag = |name: &str| case.get(name).and_then(Value::as_bool).unwrap_or(false);
    each(case, |name, _| match name {
        "i"
        | "j"
        | "bin"
        | "window"
        | "values"
        | "border_correction"
        | "binary"
        | "cross_correlation_coefficient" => Ok(()),
        other => unknown(other),
    })?;
    let config = CorrelogramConfig {
        first: window[0] as i64,
        last: window[1] as i64,
        binary: flag("binary"),
    };
    let found = correlogram(&counts, index("i")?, index("j")?, &config).map_err(text)?;
    let actual = if flag("border_correction") {
        found.border_corrected()
    } else if flag("cross_correlation_coefficient") {
        found.coefficients().ok_or("no coefficients")?
    } else {
        found.counts().iter().map(|&c| c as f64).collect()
    };
    let mut name = case.clone();
    if let Some(object) = name.as_object_mut() {
        object.remove("values");
    }
    close(&name.to_string(), &actual, get(case, "values")?)
}

fn binned(trains: &SpikeTrains, value: &Value) -> Result<(), String> {
    let counts = trains.bin(0.02).map_err(text)?;
    let raster = Raster::from_counts(&counts).map_err(text)?;
    each(value, |name, expected| {
        let matrix = match name {
            "n_bins" => return close(name, &[counts.bins() as f64], expected),
            "counts_sum" => {
                let sum = |train| counts.row(train).1.iter().map(|&c| f64::from(c)).sum();
                let sums: Vec<f64> = (0..counts.trains()).map(sum).collect();
                return close(name, &sums, expected);
            }
            "covariance" => covariance(&counts),
            "corrcoef" => correlation(&counts),
            "covariance_binary" => binary_covariance(&raster),
            "corrcoef_binary" => binary_correlation(&raster),
            other => return unknown(other),
        };
        let matrix = matrix.map_err(text)?;
        for (i, expected) in array(expected)?.iter().enumerate() {
            let actual: Vec<f64> = matrix.row(i).iter().copied().collect();
            close(&format!("{name}, row {i}"), &actual, expected)?;
        }
        Ok(())
    })
}

/// Bins agree with those of the source but for the last one, out of which it drops spikes: those that
/// its tolerance moves past the end, and those at the end.
fn edges(value: &Value) -> Result<(), String> {
    let spikes = numbers(get(value, "spikes")?)?;
    let t1 = number(get(value, "t_stop")?)?;
    let train = SpikeTrain::new(spikes.clone(), 0.0, t1).map_err(text)?;
    each(value, |name, expected| {
        if ["spikes", "t_stop"].contains(&name) {
            return Ok(());
        }
        let width = name.strip_prefix("bin").and_then(|n| n.split_once("_tol"));
        let (width, _) = width.ok_or_else(|| format!("unknown section {name}"))?;
        let width: f64 = width.parse().map_err(|e| format!("{name}: {e}"))?;
        let counts = BinnedCounts::of(&train, width).map_err(text)?;
        let mut actual = vec![0.0; counts.bins()];
        counts.row_into(0, &mut actual).map_err(text)?;
        let expected = numbers(expected)?;
        let last = expected.len() - 1;
        check_close(name, &actual[..last], &expected[..last], 0.0, 0.0)?;
        // Every spike is in a bin, or behind the last one and told.
        let end = counts.bins() as f64 * width;
        let behind = spikes.iter().filter(|&&t| t > end + 1e-9).count();
        check_value(
            "dropped",
            counts.dropped()[0] as f64,
            behind as f64,
            0.0,
            0.0,
        )?;
        let sum: f64 = actual.iter().sum();
        check_value("all", sum, (spikes.len() - behind) as f64, 0.0, 0.0)
    })
}

fn sta(folder: &Path, value: &Value) -> Result<(), String> {
    let train = named(folder, get(value, "train")?)?;
    let signal = numbers(get(value, "signal")?)?;
    let window = numbers(get(value, "window")?)?;
    let rate = signal.len() as f64 / train.duration();
    let found =
        spike_triggered_average(&train, &signal, rate, (window[0], window[1])).map_err(text)?;
    each(value, |name, expected| match name {
        "signal_seed" | "signal" | "train" | "window" => Ok(()),
        "sta" => close(name, found.values.as_deref().unwrap_or_default(), expected),
        "used_spikes" => close(name, &[found.used as f64], expected),
        "unused_spikes" => close(name, &[found.unused as f64], expected),
        other => unknown(other),
    })
}

fn multitaper(value: &Value) -> Result<(), String> {
    let x = numbers(get(value, "x")?)?;
    let y = numbers(get(value, "y")?)?;
    each(value, |name, expected| match name {
        "x" | "y" => Ok(()),
        "multitaper" => {
            let config = CoherenceConfig {
                sampling_rate: number(get(expected, "fs")?)?,
                nw: number(get(expected, "nw")?)?,
                tapers: None,
            };
            let found = coherence(&x, &y, &config).map_err(text)?;
            each(expected, |name, expected| {
                let (actual, tolerance) = match name {
                    "nw" | "fs" => return Ok(()),
                    "f" => (&found.frequencies, TOLERANCE),
                    "c" => (&found.magnitudes, SINGLE),
                    other => return unknown(other),
                };
                let expected = numbers(expected)?;
                // The file holds the lower frequencies.
                let actual = actual.get(..expected.len()).ok_or("too few frequencies")?;
                check_close(name, actual, &expected, tolerance, tolerance)
            })
        }
        other => unknown(other),
    })
}

fn third_cumulant(folder: &Path, value: &Value) -> Result<(), String> {
    let counts = train_set(folder, "poisson")?.bin(0.005).map_err(text)?;
    let found = cubic(&counts.pooled(), &CubicConfig::default())
        .map_err(text)?
        .ok_or("no value")?;
    each(value, |name, expected| match name {
        "xi_hat" => optional(name, found.order.map(f64::from), expected),
        "p" => close(name, &found.p_values, expected),
        "kappa" => close(name, &found.cumulants, expected),
        "aborted" if expected.as_bool() == Some(found.order.is_none()) => Ok(()),
        other => unknown(other),
    })
}
