//! Spike trains: decoding beside pynapple, generalised linear models beside nemos.

use nalgebra::DMatrix;
use neuropil_neural_coding::decode::{Bayes, BayesConfig};
use neuropil_neural_coding::model::{PoissonGlm, PoissonGlmConfig};

use super::{Side, Work, Workload, uniform};

pub(super) fn workloads() -> Vec<Workload> {
    let base = |name, about, peer, aim, agreement, prepare| Workload {
        name,
        of: "neural-coding",
        about,
        peer,
        side: Side::Python,
        aim: Some(aim),
        agreement,
        truth: None,
        pairs: (3, 7),
        prepare,
    };
    vec![
        base(
            "coding-bayes",
            "Bayesian decoding, 20 000 bins of 60 units over 100 places",
            "pynapple decode_bayes",
            10.0,
            // The peer adds 1e-12 to the rates.
            1e-6,
            bayes,
        ),
        base(
            "coding-glm",
            "Poisson GLM, 60 000 bins of 40 features",
            "nemos GLM, nonlinear CG, compiled",
            3.0,
            // The peer stops at its own tolerance.
            1e-5,
            glm,
        ),
    ]
}

const UNITS: usize = 60;
const PLACES: usize = 100;
const BINS: usize = 20_000;
const DT: f64 = 0.1;

/// Fields around places of equal distance, and counts that know nothing of them.
fn bayes() -> Result<Work, String> {
    let rates = DMatrix::from_fn(UNITS, PLACES, |unit, place| {
        let away = place as f64 / PLACES as f64 - unit as f64 / UNITS as f64;
        0.5 + 15.0 * (-away * away / 0.005).exp()
    });
    let counts = uniform(11, UNITS * BINS);
    // Bin by bin: a column of ours is a row of theirs.
    let counts = counts.iter().map(|u| (3.0 * (u + 0.5)).floor());
    let counts = DMatrix::from_iterator(UNITS, BINS, counts);
    let config = BayesConfig {
        dt: DT,
        ..BayesConfig::default()
    };
    Ok(Box::new(move || {
        let decoder = Bayes::new(&rates, &config).map_err(|e| e.to_string())?;
        let posterior = decoder.posterior(&counts).map_err(|e| e.to_string())?;
        // The sum of squares says how sharp it is everywhere.
        Ok(posterior.norm_squared())
    }))
}

const FEATURES: usize = 40;
const SAMPLES: usize = 60_000;

/// Features in [-1, 1] and counts that follow half of them.
fn glm() -> Result<Work, String> {
    let features = uniform(12, FEATURES * SAMPLES);
    let features = DMatrix::from_iterator(FEATURES, SAMPLES, features.iter().map(|u| 2.0 * u));
    let noise = uniform(13, SAMPLES);
    let counts: Vec<f64> = features
        .column_iter()
        .zip(noise)
        .map(|(x, u)| {
            let sum: f64 = (0..FEATURES).step_by(2).map(|i| x[i]).sum();
            (2.0 * (u + 0.5) * (0.3 * sum).exp()).floor()
        })
        .collect();
    let config = PoissonGlmConfig::default();
    Ok(Box::new(move || {
        let fit = PoissonGlm::fit(&features, &counts, &config).map_err(|e| e.to_string())?;
        if !fit.converged {
            return Err("not converged".to_owned());
        }
        Ok(fit.model.weights()[2])
    }))
}
