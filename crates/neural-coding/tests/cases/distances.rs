//! The cases of `distances.json`.

use std::path::Path;

use nalgebra::DMatrix;
use neuropil_neural_coding::distance::{
    ContrastConfig, SyncConfig, Threshold, automatic_threshold, directionality_matrix,
    isi_distance_matrix, isi_distance_multi, isi_profile, ri_spike_distance_matrix, spike_contrast,
    spike_distance_matrix, spike_distance_multi, spike_profile, spike_sync_matrix,
    spike_sync_multi, spike_sync_profile, train_order_matrix, van_rossum_matrix,
    victor_purpura_matrix,
};
use neuropil_neural_coding::{Error, SpikeTrains, TrainView};
use neuropil_test_kit::tolerance::{check_close, check_value};
use serde_json::Value;

use super::{Outcomes, array, get, number, numbers, rows, sections, sttc, train_set, unknown};

/// Of everything but van Rossum's distance.
const TOLERANCE: f64 = 1e-12;
/// The source of van Rossum's distance subtracts large squares.
const VAN_ROSSUM: f64 = 1e-9;

/// Runs the cases of every set.
pub(crate) fn run(folder: &Path, file: &Value) -> Outcomes {
    let mut outcomes = Vec::new();
    for (name, outcome) in sections(file, |name, value| match name {
        "sets" => {
            let sets = value.as_object().ok_or("sets are no object")?;
            for (set, cases) in sets {
                let trains = train_set(folder, set)?;
                for (case, outcome) in
                    sections(cases, |case, value| run_case(&trains, cases, case, value))
                {
                    outcomes.push((format!("{set}/{case}"), outcome));
                }
            }
            Ok(())
        }
        other => unknown(other),
    }) {
        outcomes.push((name, outcome));
    }
    outcomes
}

fn run_case(trains: &SpikeTrains, all: &Value, case: &str, value: &Value) -> Result<(), String> {
    let compare = |actual: Result<DMatrix<f64>, Error>, tolerance: f64| {
        let actual = actual.map_err(|e| e.to_string())?;
        check_matrix(case, &actual, value, tolerance)
    };
    let plain = |actual| compare(actual, TOLERANCE);
    let none = Threshold::None;
    let sync = SyncConfig::default();
    match case {
        "names" => check_value(
            case,
            trains.len() as f64,
            array(value)?.len() as f64,
            0.0,
            0.0,
        ),
        "isi_distance" => plain(isi_distance_matrix(trains, none)),
        "spike_distance" => plain(spike_distance_matrix(trains, none)),
        "ri_spike_distance" => plain(ri_spike_distance_matrix(trains, none)),
        "spike_sync" => plain(spike_sync_matrix(trains, &sync)),
        "spike_directionality" => plain(directionality_matrix(trains, &sync)),
        "spike_train_order" => plain(train_order_matrix(trains, &sync)),
        "mrts_auto_threshold" => check_value(
            case,
            automatic_threshold(trains),
            number(value)?,
            TOLERANCE,
            0.0,
        ),
        "a_isi_distance_mrts_auto" => plain(isi_distance_matrix(trains, Threshold::Automatic)),
        "a_spike_distance_mrts_auto" => plain(spike_distance_matrix(trains, Threshold::Automatic)),
        "a_spike_sync_mrts_auto" => {
            let config = SyncConfig {
                threshold: Threshold::Automatic,
                ..sync
            };
            plain(spike_sync_matrix(trains, &config))
        }
        "multi" => multi(trains, value),
        "interval" => numbers(value).map(|_| ()),
        "isi_distance_interval" => {
            let (from, to) = interval(all)?;
            plain(each_pair(trains, |a, b| {
                isi_profile(a, b, none)?.average_over(from, to)
            }))
        }
        "spike_distance_interval" => {
            let (from, to) = interval(all)?;
            plain(each_pair(trains, |a, b| {
                spike_profile(a, b, none)?.average_over(from, to)
            }))
        }
        "vp" => each_parameter(value, |q, expected| {
            let actual = victor_purpura_matrix(trains, q).map_err(|e| e.to_string())?;
            check_matrix(&format!("q = {q}"), &actual, expected, TOLERANCE)
        }),
        "vp_inf_limit" => plain(victor_purpura_matrix(trains, f64::INFINITY)),
        "vr" => each_parameter(value, |tau, expected| {
            let actual = van_rossum_matrix(trains, tau).map_err(|e| e.to_string())?;
            check_matrix(&format!("tau = {tau}"), &actual, expected, VAN_ROSSUM)
        }),
        "vr_zero_limit" => plain(van_rossum_matrix(trains, 0.0)),
        "vr_inf_limit" => plain(van_rossum_matrix(trains, f64::INFINITY)),
        // Known to be wrong: they do not cancel spikes that coincide. The limits beside them are run.
        "vp_inf_elephant" | "vr_zero_elephant" | "sttc_elephant" => Ok(()),
        "sttc_exact" => sttc::run(trains, value),
        "spike_contrast" => contrast(trains, value),
        "profiles" => array(value)?
            .iter()
            .try_for_each(|profile| profiles(trains, profile)),
        case if case.starts_with("spike_sync_maxtau_") => {
            let window = case
                .trim_start_matches("spike_sync_maxtau_")
                .parse()
                .map_err(|e| format!("{case}: {e}"))?;
            let config = SyncConfig {
                max_window: Some(window),
                ..sync
            };
            plain(spike_sync_matrix(trains, &config))
        }
        other => unknown(other),
    }
}

fn check_matrix(
    what: &str,
    actual: &DMatrix<f64>,
    expected: &Value,
    tolerance: f64,
) -> Result<(), String> {
    let expected = rows(expected)?;
    if expected.len() != actual.nrows() {
        return Err(format!(
            "{} rows, expected {}",
            actual.nrows(),
            expected.len()
        ));
    }
    for (i, expected) in expected.iter().enumerate() {
        let actual: Vec<f64> = actual.row(i).iter().copied().collect();
        let name = format!("{what}, row {i}");
        check_close(&name, &actual, expected, tolerance, tolerance)?;
    }
    Ok(())
}

/// A matrix whose elements are computed one by one.
fn each_pair(
    trains: &SpikeTrains,
    f: impl Fn(TrainView<'_>, TrainView<'_>) -> Result<f64, Error>,
) -> Result<DMatrix<f64>, Error> {
    let trains: Vec<TrainView<'_>> = trains.iter().collect();
    let mut matrix = DMatrix::zeros(trains.len(), trains.len());
    for i in 0..trains.len() {
        for j in 0..trains.len() {
            matrix[(i, j)] = f(trains[i], trains[j])?;
        }
    }
    Ok(matrix)
}

/// A matrix for each value of a parameter, which is its name.
fn each_parameter(
    value: &Value,
    mut f: impl FnMut(f64, &Value) -> Result<(), String>,
) -> Result<(), String> {
    let by_name = value.as_object().ok_or("no object")?;
    if by_name.is_empty() {
        return Err("no parameter".to_owned());
    }
    for (name, expected) in by_name {
        let parameter = name.parse().map_err(|e| format!("{name}: {e}"))?;
        f(parameter, expected)?;
    }
    Ok(())
}

fn interval(all: &Value) -> Result<(f64, f64), String> {
    match numbers(get(all, "interval")?)?[..] {
        [from, to] => Ok((from, to)),
        ref other => Err(format!("{other:?} is no interval")),
    }
}

fn multi(trains: &SpikeTrains, value: &Value) -> Result<(), String> {
    for (name, expected) in value.as_object().ok_or("no object")? {
        let actual = match name.as_str() {
            "isi" => isi_distance_multi(trains, Threshold::None),
            "spike" => spike_distance_multi(trains, Threshold::None),
            "sync" => spike_sync_multi(trains, &SyncConfig::default()).map(Some),
            other => return unknown(other),
        };
        let actual = actual.map_err(|e| e.to_string())?.ok_or("no value")?;
        check_value(name, actual, number(expected)?, TOLERANCE, 0.0)?;
    }
    Ok(())
}

fn contrast(trains: &SpikeTrains, value: &Value) -> Result<(), String> {
    let mut subset = SpikeTrains::new(trains.t0(), trains.t1()).map_err(|e| e.to_string())?;
    for train in trains.iter().filter(|t| t.len() > 1) {
        subset.push(train).map_err(|e| e.to_string())?;
    }
    let found = spike_contrast(&subset, &ContrastConfig::default())
        .map_err(|e| e.to_string())?
        .ok_or("no value")?;
    for (name, expected) in value.as_object().ok_or("no object")? {
        let actual = match name.as_str() {
            "subset" => continue,
            "value" => &vec![found.value],
            "contrast" => &found.contrast,
            "active" => &found.active,
            "synchrony" => &found.synchrony,
            "bin_size_s" => &found.bins,
            other => return unknown(other),
        };
        let expected = match expected {
            Value::Array(_) => numbers(expected)?,
            single => vec![number(single)?],
        };
        check_close(name, actual, &expected, TOLERANCE, TOLERANCE)?;
    }
    Ok(())
}

fn profiles(trains: &SpikeTrains, value: &Value) -> Result<(), String> {
    let train = |name: &str| {
        let index = number(get(value, name)?)? as usize;
        trains.get(index).ok_or_else(|| format!("no train {index}"))
    };
    let (a, b) = (train("i")?, train("j")?);
    let text = |e: Error| e.to_string();
    let isi = isi_profile(a, b, Threshold::None).map_err(text)?;
    let spike = spike_profile(a, b, Threshold::None).map_err(text)?;
    let sync = spike_sync_profile(a, b, &SyncConfig::default()).map_err(text)?;
    for (name, expected) in value.as_object().ok_or("no object")? {
        let (actual, padded) = match name.as_str() {
            "i" | "j" => continue,
            "isi_x" => (isi.times(), false),
            "isi_y" => (isi.values(), false),
            "spike_x" => (spike.times(), false),
            "spike_y0" => (spike.left(), false),
            "spike_y1" => (spike.right(), false),
            "sync_x" => (sync.times(), true),
            "sync_y" => (sync.values(), true),
            "sync_mp" => (sync.multiplicities(), true),
            other => return unknown(other),
        };
        let expected = numbers(expected)?;
        let mut expected = expected.as_slice();
        if padded {
            // The source adds a value at each end of the window.
            expected = match expected {
                [_, inner @ .., _] => inner,
                _ => return Err(format!("{name} is too short")),
            };
        }
        let name = format!("{name} of {a:?} and {b:?}");
        check_close(&name, actual, expected, TOLERANCE, TOLERANCE)?;
    }
    Ok(())
}
