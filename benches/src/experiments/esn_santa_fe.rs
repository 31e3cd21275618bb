//! The Santa Fe laser, one step ahead.
//!
//! Training on samples 0 to 1999, settings by the error on 2000 to 4999, judged on 5000 to 7999: the
//! split of Rodan and Tiňo (2011).

use nalgebra::DMatrix;
use neuropil_datasets::santa_fe_laser;
use neuropil_math::Real;
use neuropil_math::metrics::regression::nmse;
use neuropil_reservoir::{
    Esn, EsnConfig, Lambda, Leak, ReservoirConfig, Scaling, StateFeatures, StateTerms, Target,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(super) const SANTA_FE: Experiment = Experiment {
    name: "esn-santa-fe",
    about: "the next sample of a chaotic laser (needs series/santafe_laser in NEUROPIL_DATA)",
    // Not everybody has the data, and the short set must not fail.
    short: false,
    run,
};

const TRAIN: usize = 2000;
const VALIDATION: usize = 5000;
const END: usize = 8000;
const WASHOUT: usize = 200;
const SEEDS: u64 = 10;
/// The reservoirs of the search are others than those of the test.
const SEARCH_SEEDS: [u64; 4] = [1001, 1002, 1003, 1004];

const SIZES: [(usize, &str); 3] = [(50, "0.0189"), (200, "0.0066 ± 0.0009"), (500, "0.0056")];

fn run(context: &Context) -> Result<Report, String> {
    let laser = santa_fe_laser::<f64>().map_err(|e| e.to_string())?;
    let series = laser.columns(0, END).into_owned();
    let trials = if context.full { 100 } else { 25 };
    let runs = trials + 2 * usize::try_from(SEEDS).unwrap_or(0);
    context.progress.set_length((SIZES.len() * runs) as u64);
    let mut report = Report::new(
        "Santa Fe laser: normalised mean squared error of the next sample",
        &[
            "units",
            "validation",
            "test, mean of 10 reservoirs",
            "range",
            "test, with squared states",
            "reference",
        ],
    );
    let mut figure = None;
    for (units, reference) in SIZES {
        let (config, validation) = search(units, &series, trials, context)?;
        let linear = seeds(&config, &series, context)?;
        let squared = EsnConfig {
            features: StateFeatures {
                state: StateTerms::WithSquares,
                ..config.features
            },
            ..config.clone()
        };
        let squared = seeds(&squared, &series, context)?;
        let range = |values: &[f64]| {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(0.0, f64::max);
            format!("{}–{}", significant(least, 2), significant(most, 2))
        };
        report.row([
            units.to_string(),
            significant(validation, 2),
            mean_and_error(&linear, 3),
            range(&linear),
            mean_and_error(&squared, 3),
            reference.to_owned(),
        ]);
        report.value(&format!("nmse-{units}"), mean_and_error(&linear, 3));
        figure = Some(picture(&config, &series)?);
    }
    report.note(
        "The laser collapses at irregular times, a few of them in each part, and most of the error is \
         made there: the error of the validation part says little of that of the test part. A λ that \
         is chosen by the validation part instead of by cross-validation did worse on the test part.",
    );
    report.note(format!(
        "Mean squared error over the variance of the true samples; measured data. Trained on the first \
         {TRAIN} samples, λ by generalised cross-validation on them. Spectral radius, leak and scales \
         are those of {trials} random settings with the least error on the next 3000, the mean of four \
         reservoirs; tested on the 3000 after those with ten others. ± is the deviation over √10. The \
         settings with squared states are those found without. Reference: a NumPy network of the same \
         size, the same split."
    ));
    if let Some(figure) = figure {
        report.figure("esn-santa-fe", figure);
    }
    Ok(report)
}

fn fitted(config: &EsnConfig, seed: u64, series: &DMatrix<f64>) -> Result<Esn<f64>, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut model = Esn::new(config.clone(), 1, &mut rng).map_err(|e| e.to_string())?;
    model
        .fit(&series.columns(0, TRAIN).into_owned())
        .map_err(|e| e.to_string())?;
    Ok(model)
}

/// Predictions and true samples from `from` to `to`.
fn predictions<'a>(
    predicted: &'a DMatrix<f64>,
    series: &'a DMatrix<f64>,
    from: usize,
    to: usize,
) -> (&'a [f64], &'a [f64]) {
    // Column j is the prediction of the sample at washout + j + 1.
    let first = from - WASHOUT - 1;
    (
        &predicted.as_slice()[first..first + (to - from)],
        &series.as_slice()[from..to],
    )
}

fn error(
    config: &EsnConfig,
    seed: u64,
    series: &DMatrix<f64>,
    from: usize,
    to: usize,
) -> Result<f64, String> {
    let model = fitted(config, seed, series)?;
    let predicted = model.predict(series).map_err(|e| e.to_string())?;
    let (ours, truth) = predictions(&predicted, series, from, to);
    nmse(ours, truth).map_err(|e| e.to_string())
}

fn search(
    units: usize,
    series: &DMatrix<f64>,
    trials: usize,
    context: &Context,
) -> Result<(EsnConfig, f64), String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let known = series.columns(0, VALIDATION).into_owned();
    let mut best: Option<(EsnConfig, f64)> = None;
    for _ in 0..trials {
        let mut uniform =
            |low: f64, high: f64| low + (high - low) * f64::standard_uniform(&mut rng);
        let config = EsnConfig {
            reservoir: ReservoirConfig {
                units,
                spectral_radius: uniform(0.3, 1.2),
                input_scaling: Scaling::Uniform(10.0_f64.powf(uniform(-1.5, 0.5))),
                bias_scaling: 10.0_f64.powf(uniform(-1.5, 0.3)),
                leak: Leak::Scalar(10.0_f64.powf(uniform(-0.5, 0.0))),
                ..ReservoirConfig::default()
            },
            target: Target::Direct,
            washout: WASHOUT,
            lambda: Lambda::Gcv(Lambda::decades(-12, 0)),
            ..EsnConfig::default()
        };
        let mut validation = 0.0;
        for seed in SEARCH_SEEDS {
            validation +=
                error(&config, seed, &known, TRAIN, VALIDATION)? / SEARCH_SEEDS.len() as f64;
        }
        if best.as_ref().is_none_or(|(_, least)| validation < *least) {
            best = Some((config, validation));
        }
        context.progress.inc(1);
    }
    best.ok_or_else(|| "no setting".to_owned())
}

fn seeds(config: &EsnConfig, series: &DMatrix<f64>, context: &Context) -> Result<Vec<f64>, String> {
    (0..SEEDS)
        .map(|seed| {
            context.progress.inc(1);
            error(config, seed, series, VALIDATION, END)
        })
        .collect()
}

/// A collapse of the test part, which is what is hard to predict.
fn picture(config: &EsnConfig, series: &DMatrix<f64>) -> Result<Figure, String> {
    let model = fitted(config, 0, series)?;
    let predicted = model.predict(series).map_err(|e| e.to_string())?;
    let (ours, truth) = predictions(&predicted, series, VALIDATION, END);
    let worst = (0..truth.len())
        .max_by(|&a, &b| {
            let error = |t: usize| (ours[t] - truth[t]).abs();
            error(a).total_cmp(&error(b))
        })
        .unwrap_or(0);
    let first = worst.saturating_sub(150).min(truth.len() - 300);
    let curve = |of: &[f64]| {
        (first..first + 300)
            .map(|t| ((VALIDATION + t) as f64, of[t]))
            .collect()
    };
    let errors: Vec<f64> = ours.iter().zip(truth).map(|(a, b)| a - b).collect();
    Ok(
        Figure::new("The Santa Fe laser one step ahead, around the largest error of the test")
            .panel(
                Panel::new(Axis::new("sample"), Axis::new("intensity"))
                    .with(Series::line("truth", curve(truth)))
                    .with(Series::dashed("predicted", curve(ours))),
            )
            .panel(
                Panel::new(Axis::new("sample"), Axis::new("error"))
                    .with(Series::line("error", curve(&errors))),
            ),
    )
}
