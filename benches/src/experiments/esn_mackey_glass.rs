//! The Mackey–Glass series, 84 steps ahead in the free run: the protocol of Jaeger (2001).

use nalgebra::DMatrix;
use neuropil_datasets::generators::MackeyGlassConfig;
use neuropil_math::Real;
use neuropil_reservoir::selection::deviations;
use neuropil_reservoir::{
    ClosedLoopChoice, Error, Esn, EsnConfig, Lambda, Leak, ReservoirConfig, RidgeMethod, Scaling,
    StateFeatures,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(super) const MACKEY_GLASS: Experiment = Experiment {
    name: "esn-mackey-glass",
    about: "the Mackey-Glass series 84 steps ahead, noise-free and noisy",
    short: true,
    run,
};

const TRAIN: usize = 3000;
/// Samples that a model hears before the first forecast of a part.
const HEARD: usize = 500;
/// The step of which the error is told.
const STEPS: usize = 84;
/// Forecasts of the validation part and of the test part, from starts this far apart.
const VALIDATION: usize = 30;
const TEST: usize = 50;
const APART: usize = 100;
const SEEDS: u64 = 3;

/// Disjoint parts of one trajectory.
struct Parts {
    training: DMatrix<f64>,
    validation: DMatrix<f64>,
    /// The test part as measured, and as it is.
    heard: DMatrix<f64>,
    truth: DMatrix<f64>,
}

impl Parts {
    /// Normal noise of `noise` standard deviations is added to all but the truth of the test.
    fn new(noise: f64) -> Result<Self, String> {
        let part = |count: usize| HEARD + (count - 1) * APART + STEPS;
        let config = MackeyGlassConfig {
            warmup: 1000,
            ..MackeyGlassConfig::default()
        };
        let clean: DMatrix<f64> = config
            .generate(TRAIN + part(VALIDATION) + part(TEST))
            .map_err(|e| e.to_string())?;
        let deviation = deviations([&clean]).map_err(|e| e.to_string())?[0];
        let mut measured = clean.clone();
        if noise > 0.0 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            for value in &mut measured {
                *value += noise * deviation * f64::standard_normal(&mut rng);
            }
        }
        let test = TRAIN + part(VALIDATION);
        Ok(Self {
            training: measured.columns(0, TRAIN).into_owned(),
            validation: measured.columns(TRAIN, part(VALIDATION)).into_owned(),
            heard: measured.columns(test, part(TEST)).into_owned(),
            truth: clean.columns(test, part(TEST)).into_owned(),
        })
    }
}

/// The settings of a random search of 18 trials with 1000 units and one other reservoir, judged by the
/// error of the 84th step over the validation part.
fn config(units: usize, lambdas: Vec<f64>) -> EsnConfig {
    EsnConfig {
        reservoir: ReservoirConfig {
            units,
            spectral_radius: 0.938,
            leak: Leak::Scalar(0.756),
            input_scaling: Scaling::Uniform(0.246),
            bias_scaling: 0.373,
            ..ReservoirConfig::default()
        },
        features: StateFeatures {
            constant: true,
            ..StateFeatures::default()
        },
        intercept: false,
        washout: HEARD,
        method: RidgeMethod::Qr,
        lambda: Lambda::ClosedLoop(ClosedLoopChoice {
            lambdas,
            windows: VALIDATION,
            horizon: STEPS,
            refit: false,
            ..ClosedLoopChoice::default()
        }),
        ..EsnConfig::default()
    }
}

fn fitted(config: EsnConfig, seed: u64, parts: &Parts) -> Result<Esn<f64>, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut model = Esn::new(config, 1, &mut rng).map_err(|e| e.to_string())?;
    model
        .fit_validated(&[&parts.training], &[&parts.validation])
        .map_err(|e| e.to_string())?;
    Ok(model)
}

/// The root of the mean squared error after 1 to 84 steps over `count` forecasts, in standard
/// deviations of the series.
fn errors(
    model: &Esn<f64>,
    heard: &DMatrix<f64>,
    truth: &DMatrix<f64>,
    count: usize,
) -> Result<Vec<f64>, String> {
    let variance = deviations([truth]).map_err(|e| e.to_string())?[0].powi(2);
    let mut sums = vec![0.0; STEPS];
    let mut stream = model.state().map_err(|e| e.to_string())?;
    for forecast in 0..count {
        let start = HEARD + forecast * APART;
        let from = stream.seen();
        let next = heard.columns(from, start - from).into_owned();
        model
            .observe(&mut stream, &next)
            .map_err(|e| e.to_string())?;
        let mut out = vec![f64::NAN; STEPS];
        match model.forecast_into(&mut stream.clone(), &mut out) {
            Ok(()) | Err(Error::Diverged { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
        for (step, sum) in sums.iter_mut().enumerate() {
            *sum += (out[step] - truth[start + step]).powi(2) / variance;
        }
    }
    Ok(sums.iter().map(|sum| (sum / count as f64).sqrt()).collect())
}

fn run(context: &Context) -> Result<Report, String> {
    let sizes = [
        (400, -22, "4.0e-4", "2.8e-4"),
        (1000, -26, "3.5e-6", "3.1e-5"),
    ];
    let noises = [1e-4, 1e-3, 1e-2];
    context
        .progress
        .set_length(SEEDS * (sizes.len() + noises.len()) as u64);
    let mut report = Report::new(
        "Mackey–Glass, delay 17: error of the 84th step of the free run, in standard deviations",
        &[
            "units",
            "noise",
            "mean of 3 reservoirs",
            "each",
            "λ chosen",
            "reference program",
            "published",
        ],
    );
    let mut curves = Vec::new();
    let mut row = |units: usize,
                   noise: f64,
                   lambdas: Vec<f64>,
                   (reference, published): (&str, &str)|
     -> Result<(), String> {
        let parts = Parts::new(noise)?;
        let (mut ends, mut chosen) = (Vec::new(), Vec::new());
        let mut curve = vec![0.0; STEPS];
        for seed in 0..SEEDS {
            let model = fitted(config(units, lambdas.clone()), seed, &parts)?;
            let of_steps = errors(&model, &parts.heard, &parts.truth, TEST)?;
            ends.push(of_steps[STEPS - 1]);
            for (sum, error) in curve.iter_mut().zip(&of_steps) {
                *sum += error / SEEDS as f64;
            }
            let lambda = model.lambda().map_err(|e| e.to_string())?.lambda;
            chosen.push(format!("{lambda:.0e}"));
            context.progress.inc(1);
        }
        let (name, key) = if noise == 0.0 {
            ("noise-free".to_owned(), format!("nrmse84-{units}"))
        } else {
            (
                format!("{noise:.0e}"),
                format!("nrmse84-{units}-noise-{noise:e}"),
            )
        };
        report.value(&key, mean_and_error(&ends, 2));
        let each: Vec<String> = ends.iter().map(|&e| significant(e, 2)).collect();
        curves.push((format!("{units} units, {name}"), curve));
        report.row([
            units.to_string(),
            name,
            mean_and_error(&ends, 2),
            each.join(", "),
            chosen.join(", "),
            reference.to_owned(),
            published.to_owned(),
        ]);
        Ok(())
    };
    for (units, least, reference, published) in sizes {
        row(
            units,
            0.0,
            Lambda::decades(least, -12),
            (reference, published),
        )?;
    }
    for noise in noises {
        row(400, noise, Lambda::decades(-14, 2), ("", ""))?;
    }
    report.note(format!(
        "Trained on {TRAIN} samples, the first {HEARD} of which only wash the start out; readout by QR, λ by \
         {VALIDATION} forecasts of a validation part; {TEST} other forecasts for the test. The model has \
         heard {HEARD} samples or more before each. Noise: in standard deviations, on everything but \
         the truth of the test. The numbers of the noise-free rows hold for noise-free data alone."
    ));
    report.note(
        "Reference program: NumPy and LAPACK, the same protocol, other settings and reservoirs. \
         Published: Jaeger (2001) with 400 units; the toolbox of the same author with 1000.",
    );
    report.figure("esn-mackey-glass", picture(&curves));
    Ok(report)
}

fn picture(curves: &[(String, Vec<f64>)]) -> Figure {
    let mut panel = Panel::new(
        Axis::new("steps of the free run"),
        Axis::new("error in standard deviations").logarithmic(),
    );
    for (name, curve) in curves {
        let points = curve
            .iter()
            .enumerate()
            .map(|(step, &error)| ((step + 1) as f64, error))
            .collect();
        panel = panel.with(Series::line(name.clone(), points));
    }
    Figure::new("How the error of a forecast of the Mackey–Glass series grows").panel(panel)
}
