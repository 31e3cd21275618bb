//! NARMA-10: memory and non-linearity at once.

use nalgebra::DMatrix;
use neuropil_datasets::Error;
use neuropil_datasets::generators::{Narma, NarmaConfig};
use neuropil_math::metrics::regression::nmse;
use neuropil_reservoir::{
    Esn, EsnConfig, Lambda, ReservoirConfig, RidgeMethod, Scaling, StateFeatures, StateTerms,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(super) const NARMA10: Experiment = Experiment {
    name: "esn-narma10",
    about: "NARMA-10, with and without squares of the state in the readout",
    short: true,
    run,
};

const WASHOUT: usize = 200;
const TEST: usize = 2000;
const SEEDS: u64 = 3;

/// What the network hears and what it is to answer at the same time, $u_t$ and $y_{t+1}$.
struct Sequence {
    inputs: DMatrix<f64>,
    targets: DMatrix<f64>,
}

/// A series of its own for every seed: the first that does not diverge.
fn sequence(seed: u64, samples: usize) -> Result<Sequence, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let drawn = loop {
        match NarmaConfig::default().generate::<f64, _>(samples + 1, &mut rng) {
            Err(Error::Diverged { .. }) => {}
            drawn => break drawn,
        }
    };
    let Narma { input, target } = drawn.map_err(|e| e.to_string())?;
    Ok(Sequence {
        inputs: input.columns(0, samples).into_owned(),
        targets: target.columns(1, samples).into_owned(),
    })
}

/// The settings of random searches with squares, other reservoirs and other series: 40 trials with 200
/// units after 4000 steps of training, 7 with 500 units after 10 000, judged by 2000 of validation. Weak
/// inputs: the squares do what the tanh does not, and the readout by QR keeps their digits.
fn config(units: usize, state: StateTerms) -> EsnConfig {
    let (spectral_radius, input_scaling, bias_scaling) = if units < 500 {
        (0.828, 0.0037, 0.055)
    } else {
        (1.031, 0.00469, 0.389)
    };
    EsnConfig {
        reservoir: ReservoirConfig {
            units,
            spectral_radius,
            input_scaling: Scaling::Uniform(input_scaling),
            bias_scaling,
            ..ReservoirConfig::default()
        },
        features: StateFeatures {
            state,
            ..StateFeatures::default()
        },
        washout: WASHOUT,
        method: RidgeMethod::Qr,
        lambda: Lambda::Gcv(Lambda::decades(-16, 0)),
        ..EsnConfig::default()
    }
}

/// The answers to `test` of a network that was trained on `training`, and their error.
fn judged(
    config: &EsnConfig,
    seed: u64,
    training: &Sequence,
    test: &Sequence,
) -> Result<(DMatrix<f64>, f64), String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut model = Esn::new(config.clone(), 1, &mut rng).map_err(|e| e.to_string())?;
    model
        .fit_inference(&training.inputs, &training.targets)
        .map_err(|e| e.to_string())?;
    let answers = model.infer(&test.inputs).map_err(|e| e.to_string())?;
    let truth = &test.targets.as_slice()[WASHOUT..];
    let error = nmse(answers.as_slice(), truth).map_err(|e| e.to_string())?;
    Ok((answers, error.sqrt()))
}

fn run(context: &Context) -> Result<Report, String> {
    let rows = [
        (100, 2000, StateTerms::Linear, "0.278"),
        (100, 2000, StateTerms::WithSquares, "0.182"),
        (200, 2000, StateTerms::Linear, "0.244"),
        (200, 2000, StateTerms::WithSquares, "0.134"),
        (500, 2000, StateTerms::Linear, "0.175"),
        (500, 2000, StateTerms::WithSquares, "0.120"),
        (500, 10_000, StateTerms::WithSquares, "0.088"),
    ];
    context.progress.set_length(SEEDS * rows.len() as u64);
    let mut report = Report::new(
        "NARMA-10: root of the normalised mean squared error",
        &[
            "units",
            "readout",
            "training steps",
            "mean of 3 reservoirs",
            "range",
            "reference program",
        ],
    );
    let mut figure = None;
    for (units, steps, state, reference) in rows {
        let squares = state == StateTerms::WithSquares;
        let config = config(units, state);
        let mut errors = Vec::new();
        for seed in 0..SEEDS {
            let training = sequence(100 + seed, WASHOUT + steps)?;
            let test = sequence(200 + seed, WASHOUT + TEST)?;
            let (answers, error) = judged(&config, seed, &training, &test)?;
            errors.push(error);
            if seed == 0 && steps > 2000 {
                figure = Some(picture(&answers, &test));
            }
            context.progress.inc(1);
        }
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let most = errors.iter().copied().fold(0.0, f64::max);
        report.value(
            &format!(
                "nrmse-{units}{}-{steps}",
                if squares { "-squares" } else { "" }
            ),
            mean_and_error(&errors, 3),
        );
        report.row([
            units.to_string(),
            if squares { "with squares" } else { "linear" }.to_owned(),
            steps.to_string(),
            mean_and_error(&errors, 3),
            format!("{}–{}", significant(least, 3), significant(most, 3)),
            reference.to_owned(),
        ]);
    }
    report.note(format!(
        "The canonical recurrence, which has no noise; every reservoir is trained and tested on series of \
         its own, the first that do not diverge. {WASHOUT} more steps wash the start out before the \
         training and before the {TEST} of the test. The error is over the deviation of the true output. λ by generalised cross-validation."
    ));
    report.note(
        "Reference program: NumPy and LAPACK, other settings, reservoirs and series; the mean of ten \
         reservoirs, of four with 500 units, and of three in the last row.",
    );
    if let Some(figure) = figure {
        report.figure("esn-narma10", figure);
    }
    Ok(report)
}

fn picture(answers: &DMatrix<f64>, test: &Sequence) -> Figure {
    let truth = &test.targets.as_slice()[WASHOUT..];
    let shown = 200;
    let curve = |value: &dyn Fn(usize) -> f64| (0..shown).map(|t| (t as f64, value(t))).collect();
    Figure::new("NARMA-10 by 500 units and their squares")
        .panel(
            Panel::new(Axis::new("step"), Axis::new("output"))
                .with(Series::line("truth", curve(&|t| truth[t])))
                .with(Series::dashed("network", curve(&|t| answers[t]))),
        )
        .panel(
            Panel::new(Axis::new("step"), Axis::new("error"))
                .with(Series::line("error", curve(&|t| answers[t] - truth[t]))),
        )
}
