//! The cases of `decoding.json`.

use std::path::Path;

use nalgebra::DMatrix;
use neuropil_neural_coding::decode::{
    Bayes, BayesConfig, CosineTuning, Kalman, KalmanConfig, KalmanState, Wiener, WienerConfig,
};
use neuropil_neural_coding::model::{Basis, PoissonGlm, PoissonGlmConfig};
use serde_json::Value;

use super::{Outcomes, get, nef, number, numbers, rows, sections, unknown};

/// Of the golden README.
const TOLERANCE: f64 = 1e-8;

type Outcome = Result<(), String>;

/// Runs the cases.
pub(crate) fn run(_folder: &Path, file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "bayes" => bayes(value),
        "glm" => glm(value),
        "basis" => basis(value),
        "kalman" => kalman(value),
        "wiener" => wiener(get(file, "kalman")?, value),
        "population_vector" => population_vector(value),
        "nef" => nef::run(value),
        other => unknown(other),
    })
}

fn said<T>(result: Result<T, neuropil_neural_coding::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

/// Rows of the file as rows of the matrix.
fn matrix(value: &Value) -> Result<DMatrix<f64>, String> {
    let rows = rows(value)?;
    let columns = rows.first().map_or(0, Vec::len);
    if rows.iter().any(|row| row.len() != columns) {
        return Err("rows of different lengths".to_owned());
    }
    Ok(DMatrix::from_row_iterator(
        rows.len(),
        columns,
        rows.iter().flatten().copied(),
    ))
}

fn near(name: &str, ours: &[f64], golden: &[f64]) -> Outcome {
    if ours.len() != golden.len() || golden.is_empty() {
        return Err(format!("{name}: {} of {}", ours.len(), golden.len()));
    }
    for (i, (a, b)) in ours.iter().zip(golden).enumerate() {
        let allowed = TOLERANCE * b.abs().max(1.0);
        let near = (a - b).abs() <= allowed;
        if !near {
            return Err(format!("{name}: {a} is not {b} at {i}"));
        }
    }
    Ok(())
}

fn bayes(case: &Value) -> Outcome {
    let rates = matrix(get(case, "tuning")?)?;
    let places = numbers(get(case, "x")?)?;
    let counts = matrix(get(case, "counts")?)?.transpose();
    let uniform = BayesConfig {
        dt: number(get(case, "dt")?)?,
        prior: None,
        block: 7,
    };
    let occupancy = BayesConfig {
        prior: Some(numbers(get(case, "occupancy")?)?),
        ..uniform.clone()
    };
    let uniform = said(Bayes::new(&rates, &uniform))?;
    let occupancy = said(Bayes::new(&rates, &occupancy))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let decoder = match name.as_str() {
            "tuning" | "x" | "occupancy" | "counts" | "dt" => continue,
            // The places that were drawn and what the peer's own comparison said.
            "true_bin"
            | "max_abs_diff_pynapple"
            | "max_abs_diff_pynapple_occ"
            | "n_decoded_diff" => continue,
            "posterior_uniform_exact" => {
                let golden = matrix(golden)?.transpose();
                let ours = said(uniform.posterior(&counts))?;
                near(name, ours.as_slice(), golden.as_slice())?;
                continue;
            }
            "map_uniform_exact" | "pynapple_decoded_uniform" => &uniform,
            "map_occ_exact" | "pynapple_decoded_occupancy" => &occupancy,
            other => return unknown(other),
        };
        let ours: Option<Vec<f64>> = said(decoder.decode(&counts))?
            .into_iter()
            .map(|place| place.map(|x| places[x]))
            .collect();
        near(name, &ours.ok_or("no place")?, &numbers(golden)?)?;
    }
    Ok(())
}

fn glm(case: &Value) -> Outcome {
    let features = matrix(get(case, "X")?)?.transpose();
    let counts = numbers(get(case, "y")?)?;
    let fit = |lambda| {
        let config = PoissonGlmConfig {
            // The other library penalises beside the mean over the samples.
            lambda: lambda * counts.len() as f64,
            ..PoissonGlmConfig::default()
        };
        said(PoissonGlm::fit(&features, &counts, &config))
    };
    let free = fit(0.0)?;
    let ridge = fit(0.1)?;
    if !(free.converged && ridge.converged) {
        return Err("not converged".to_owned());
    }
    let samples = counts.len() as f64;
    let model = &free.model;
    let explained = said(model.explained_deviance(&features, &counts))?;
    let bits = said(model.bits_per_spike(&features, &counts))?;
    // 1 - L/L₀ with the factorials in both, of a model without features' effect.
    let mean = counts.iter().sum::<f64>() / samples;
    let constant = said(PoissonGlm::from_parts(
        vec![0.0; features.nrows()],
        mean.ln(),
    ))?;
    let of_constant = said(constant.log_likelihood(&features, &counts))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let golden_numbers = || match golden {
            Value::Array(_) => numbers(golden),
            _ => number(golden).map(|x| vec![x]),
        };
        let ours = match name.as_str() {
            "X" | "y" => continue,
            "coef_mle" | "nemos_coef" => model.weights().to_vec(),
            "intercept_mle" | "nemos_intercept" => vec![model.intercept()],
            "ridge_0.1_coef" | "nemos_ridge_0.1_coef" => ridge.model.weights().to_vec(),
            "ridge_0.1_intercept" => vec![ridge.model.intercept()],
            "nemos_loglik_mean" => vec![free.log_likelihood / samples],
            "nemos_pseudo_r2_mcfadden" => vec![1.0 - free.log_likelihood / of_constant],
            "nemos_pseudo_r2_cohen" => vec![explained.ok_or("counts do not vary")?],
            "bits_per_spike" => vec![bits.ok_or("no spikes")?],
            other => return unknown(other),
        };
        near(name, &ours, &golden_numbers()?)?;
    }
    Ok(())
}

fn basis(case: &Value) -> Outcome {
    let points = numbers(get(case, "t")?)?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let functions = 6;
        let basis = match name.as_str() {
            "t" => continue,
            "raised_cosine_log" => Basis::raised_cosine_log(functions),
            "raised_cosine_linear" => Basis::RaisedCosine { functions },
            "bspline" => Basis::cubic(functions),
            "mspline" => Basis::MSpline {
                functions,
                order: 4,
            },
            "raised_cosine_log_conv_w40_n5" => {
                let ours = said(Basis::raised_cosine_log(5).filters(40))?;
                let golden = matrix(golden)?.transpose();
                near(name, ours.as_slice(), golden.as_slice())?;
                continue;
            }
            other => return unknown(other),
        };
        let golden = matrix(golden)?.transpose();
        let ours = said(basis.evaluate(&points))?;
        near(name, ours.as_slice(), golden.as_slice())?;
    }
    Ok(())
}

fn kalman(case: &Value) -> Outcome {
    let states = matrix(get(case, "state")?)?.transpose();
    let counts = matrix(get(case, "counts")?)?.transpose();
    let train = number(get(case, "train")?)? as usize;
    let rest = counts.ncols() - train;
    let model = said(Kalman::fit(
        &states.columns(0, train).into_owned(),
        &counts.columns(0, train).into_owned(),
        &KalmanConfig::default(),
    ))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        let ours = match name.as_str() {
            "state" | "counts" | "train" | "mean_subtracted" => continue,
            "A" => model.dynamics().clone(),
            "W" => model.process_noise().clone(),
            "H" => model.observation().clone(),
            "Q" => model.observation_noise().clone(),
            "pred" => {
                // The first state of the test is given, the rest is filtered.
                let start = KalmanState::known(states.column(train).as_slice());
                let counts = counts.columns(train + 1, rest - 1).into_owned();
                let track = said(model.filter(&start, &counts))?;
                let mut ours = DMatrix::zeros(states.nrows(), rest);
                ours.column_mut(0).copy_from(&start.mean);
                ours.columns_mut(1, rest - 1).copy_from(&track);
                ours.transpose()
            }
            other => return unknown(other),
        };
        near(name, ours.as_slice(), matrix(golden)?.as_slice())?;
    }
    Ok(())
}

/// The velocities of the Kalman case from its counts.
fn wiener(data: &Value, case: &Value) -> Outcome {
    let states = matrix(get(data, "state")?)?.transpose();
    let counts = matrix(get(data, "counts")?)?.transpose();
    let train = number(get(data, "train")?)? as usize;
    let lags = number(get(case, "lags")?)? as usize;
    let model = said(Wiener::fit(
        &counts.columns(0, train).into_owned(),
        &states.rows(2, 2).columns(0, train).into_owned(),
        &WienerConfig { lags, lambda: 0.0 },
    ))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        match name.as_str() {
            "lags" | "order" => {}
            "coef" => {
                let golden = matrix(golden)?.transpose();
                near(name, model.intercept(), golden.column(0).as_slice())?;
                let weights = golden.columns(1, golden.ncols() - 1).into_owned();
                near(name, model.weights().as_slice(), weights.as_slice())?;
            }
            "pred_rows_198_on" => {
                let ours = said(model.predict(&counts))?;
                let ours = ours.columns(198, ours.ncols() - 198).into_owned();
                near(
                    name,
                    ours.as_slice(),
                    matrix(golden)?.transpose().as_slice(),
                )?;
            }
            other => return unknown(other),
        }
    }
    Ok(())
}

fn population_vector(case: &Value) -> Outcome {
    let directions = numbers(get(case, "directions")?)?;
    let rates = matrix(get(case, "rates")?)?;
    let tuning = said(CosineTuning::fit(&directions, &rates))?;
    for (name, golden) in case.as_object().ok_or("no object")? {
        match name.as_str() {
            "directions" | "rates" => {}
            "fit_b0" => near(name, tuning.baseline(), &numbers(golden)?)?,
            "fit_pd" => near(name, tuning.preferred(), &numbers(golden)?)?,
            "fit_depth" => near(name, tuning.depth(), &numbers(golden)?)?,
            "pv" => {
                let ours = said(tuning.population_vector(&rates))?;
                near(
                    name,
                    ours.as_slice(),
                    matrix(golden)?.transpose().as_slice(),
                )?;
            }
            "pv_angle" => {
                let ours: Option<Vec<f64>> = said(tuning.decode(&rates))?.into_iter().collect();
                near(name, &ours.ok_or("no direction")?, &numbers(golden)?)?;
            }
            other => return unknown(other),
        }
    }
    Ok(())
}
