//! The cases of `information.json`.

use std::path::Path;

use nalgebra::DMatrix;
use neuropil_neural_coding::Raster;
use neuropil_neural_coding::information::{
    Contingency, Correction, Estimator, Histogram, Ksg, TransferConfig, ksg, skaggs,
    transfer_entropy, words,
};
use serde_json::Value;

use super::{Outcomes, array, get, number, numbers, rows, sections, unknown};

/// Of the golden README.
const TOLERANCE: f64 = 1e-10;
/// The integral of NSB, relative.
const INTEGRAL: f64 = 1e-7;

type Outcome = Result<(), String>;

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "entropy" => each(value, entropy),
        "mi_table" => all(value, mutual_information),
        "ksg" => all(value, neighbours),
        "te" => transfer(value),
        "skaggs" => bits_per_spike(value),
        "direct_method" => direct(value),
        other => unknown(other),
    })
}

fn each(value: &Value, case: impl Fn(&Value) -> Outcome) -> Outcome {
    let object = value.as_object().ok_or("no object")?;
    if object.is_empty() {
        return Err("no case".to_owned());
    }
    object
        .iter()
        .try_for_each(|(name, value)| case(value).map_err(|e| format!("{name}: {e}")))
}

fn all(value: &Value, case: impl Fn(&Value) -> Outcome) -> Outcome {
    let cases = array(value)?;
    if cases.is_empty() {
        return Err("no case".to_owned());
    }
    cases
        .iter()
        .enumerate()
        .try_for_each(|(i, value)| case(value).map_err(|e| format!("{i}: {e}")))
}

fn near(name: &str, ours: f64, golden: &Value, relative: f64) -> Outcome {
    let golden = number(golden)?;
    let allowed = relative * golden.abs().max(1.0);
    if (ours - golden).abs() <= allowed {
        Ok(())
    } else {
        Err(format!("{name}: {ours} is not {golden}"))
    }
}

fn said<T>(result: Result<T, neuropil_neural_coding::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn counts(value: &Value) -> Result<Vec<u64>, String> {
    Ok(numbers(value)?.into_iter().map(|n| n as u64).collect())
}

fn size(value: &Value) -> Result<usize, String> {
    Ok(number(value)? as usize)
}

/// Every number of a histogram: the estimators by name, and the same from another library.
fn entropy(case: &Value) -> Outcome {
    use Estimator::{
        Bonachela, ChaoShen, ChaoWangJost, Grassberger, Grassberger1988, MillerMadow, Nsb, Plugin,
        Shrinkage, Zhang,
    };
    let alphabet = size(get(case, "K")?)?;
    let seen = said(Histogram::new(&counts(get(case, "counts")?)?))?;
    let histogram = said(seen.clone().with_alphabet(alphabet))?;
    let doubled = said(seen.with_alphabet(2 * alphabet))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let bits = |estimator| said(histogram.entropy(estimator));
        let ours = match name.as_str() {
            "counts" | "K" => continue,
            "plugin" | "im_discrete" => bits(Plugin)?,
            "miller_madow" | "im_miller_madow" => bits(MillerMadow)?,
            "grassberger2003" => bits(Grassberger)?,
            "grassberger1988" | "im_grassberger" => bits(Grassberger1988)?,
            "shrink" => bits(Shrinkage)?,
            "shrink_lambda" => histogram.shrinkage(),
            "chao_shen" | "im_chao_shen" => bits(ChaoShen)?,
            "im_chao_wang_jost" => bits(ChaoWangJost)?,
            "im_bonachela" => bits(Bonachela)?,
            "im_zhang" => bits(Zhang)?,
            "nsb" => bits(Nsb)?,
            "nsb_2K" => said(doubled.entropy(Nsb))?,
            other if other.starts_with("ndd_") && other.ends_with("_nats") => {
                bits(Nsb)? * core::f64::consts::LN_2
            }
            other => return unknown(other),
        };
        let of_the_integral = name.starts_with("nsb") || name.starts_with("ndd");
        near(
            name,
            ours,
            golden,
            if of_the_integral { INTEGRAL } else { TOLERANCE },
        )?;
    }
    Ok(())
}

fn mutual_information(case: &Value) -> Outcome {
    let counts = rows(get(case, "counts")?)?;
    let columns = counts.first().map_or(0, Vec::len);
    let table = DMatrix::from_fn(counts.len(), columns, |s, r| counts[s][r] as u64);
    let table = said(Contingency::new(table))?;
    let bits = |correction| said(table.mutual_information(correction));
    for (name, golden) in case.as_object().ok_or("no object")? {
        let entropies = |estimator| bits(Correction::Entropies(estimator));
        match name.as_str() {
            // The truth that the counts were drawn from is not what an estimate must meet.
            "counts" | "true_bits" => {}
            "plugin" => near(name, entropies(Estimator::Plugin)?, golden, TOLERANCE)?,
            "mm" => near(name, entropies(Estimator::MillerMadow)?, golden, TOLERANCE)?,
            "nsb" => near(name, entropies(Estimator::Nsb)?, golden, INTEGRAL)?,
            "pt" => near(name, bits(Correction::PanzeriTreves)?, golden, TOLERANCE)?,
            "pt_Rs" => {
                let (ours, golden) = (table.relevant_responses().0, array(golden)?);
                if ours.len() != golden.len() {
                    return Err(format!("{} relevant responses", ours.len()));
                }
                for (ours, golden) in ours.into_iter().zip(golden) {
                    near(name, ours, golden, TOLERANCE)?;
                }
            }
            "pt_R" => near(name, table.relevant_responses().1, golden, TOLERANCE)?,
            other => return unknown(other),
        }
    }
    Ok(())
}

fn neighbours(case: &Value) -> Outcome {
    let row = |name| -> Result<DMatrix<f64>, String> {
        let values = numbers(get(case, name)?)?;
        Ok(DMatrix::from_row_slice(1, values.len(), &values))
    };
    let (x, y) = (row("x")?, row("y")?);
    for (name, golden) in case.as_object().ok_or("no object")? {
        let of_k = |text: &str| text.parse::<usize>().map_err(|e| format!("{name}: {e}"));
        let (form, k) = if ["x", "y", "rho", "true_nats"].contains(&name.as_str()) {
            continue;
        } else if let Some(k) = name.strip_prefix("infomeasure_ksg1_k") {
            (Ksg::First, of_k(k)?)
        } else if let Some(k) = name
            .strip_prefix("ksg1_k")
            .and_then(|k| k.strip_suffix("_nats"))
        {
            (Ksg::First, of_k(k)?)
        } else if let Some(k) = name
            .strip_prefix("ksg2_k")
            .and_then(|k| k.strip_suffix("_nats"))
        {
            (Ksg::Second, of_k(k)?)
        } else {
            return unknown(name);
        };
        let nats = said(ksg(&x, &y, k, form))? * core::f64::consts::LN_2;
        near(name, nats, golden, TOLERANCE)?;
    }
    Ok(())
}

fn transfer(case: &Value) -> Outcome {
    let series = |name| {
        get(case, name)?
            .as_str()
            .ok_or(format!("{name} is no text"))
    };
    let (x, y) = (series("x")?.as_bytes(), series("y")?.as_bytes());
    let config = TransferConfig::default();
    for (name, golden) in case.as_object().ok_or("no object")? {
        let ours = match name.as_str() {
            "x" | "y" => continue,
            "te_xy_bits" => said(transfer_entropy(x, y, &config))?,
            "te_yx_bits" => said(transfer_entropy(y, x, &config))?,
            other => return unknown(other),
        };
        near(name, ours, golden, TOLERANCE)?;
    }
    Ok(())
}

fn bits_per_spike(case: &Value) -> Outcome {
    let ours = said(skaggs(
        &numbers(get(case, "rate")?)?,
        &numbers(get(case, "occupancy")?)?,
    ))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let ours = match name.as_str() {
            "rate" | "occupancy" => continue,
            "bits_per_s" => ours.bits_per_second,
            "bits_per_spike" => ours.bits_per_spike,
            other => return unknown(other),
        };
        near(name, ours, golden, TOLERANCE)?;
    }
    Ok(())
}

fn direct(case: &Value) -> Outcome {
    let trials = array(get(case, "raster")?)?;
    let texts = trials
        .iter()
        .map(|t| t.as_str().ok_or("a trial is no text"));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let steps = texts.first().map_or(0, |t| t.len());
    let dense = DMatrix::from_fn(texts.len(), steps, |trial, step| {
        f64::from(texts[trial].as_bytes()[step] - b'0')
    });
    let raster = said(Raster::from_dense(&dense))?;
    let seconds = number(get(case, "dt_ms")?)? * 1e-3;
    each(get(case, "words")?, |_| Ok(()))?;
    for (length, golden) in get(case, "words")?.as_object().ok_or("no object")? {
        let length: usize = length.parse().map_err(|e| format!("{length}: {e}"))?;
        let ours = said(words(&raster, length, Estimator::Plugin))?;
        for (name, golden) in golden.as_object().ok_or("no object")? {
            let ours = match name.as_str() {
                "total_bits" => ours.total,
                "noise_bits" => ours.noise,
                "info_bits_per_word" => ours.information,
                "info_bits_per_s" => ours.information / (length as f64 * seconds),
                other => return unknown(other),
            };
            near(&format!("{length}/{name}"), ours, golden, TOLERANCE)?;
        }
    }
    Ok(())
}
