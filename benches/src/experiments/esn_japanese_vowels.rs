//! Japanese Vowels: which of nine speakers said it, from 100 units and a linear readout.
//!
//! Everything is chosen on the training utterances: settings by the errors over ten folds, with four
//! reservoirs each, and λ with them. The test utterances are looked at once, by ten other reservoirs.

use nalgebra::DMatrix;
use neuropil_datasets::{LabelledSequences, japanese_vowels};
use neuropil_math::Real;
use neuropil_math::metrics::classification::largest;
use neuropil_math::ridge::RidgePath;
use neuropil_reservoir::{
    Classifier, ClassifierConfig, Lambda, Leak, Pooling, ReservoirConfig, Scaling,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Context, Experiment};
use crate::report::{Report, significant};

pub(super) const JAPANESE_VOWELS: Experiment = Experiment {
    name: "esn-japanese-vowels",
    about: "100 units tell nine speakers apart (needs series/japanese_vowels in NEUROPIL_DATA)",
    // Not everybody has the data, and the short set must not fail.
    short: false,
    run,
};

const UNITS: usize = 100;
const CLASSES: usize = 9;
const FOLDS: usize = 10;
const SEEDS: u64 = 10;
/// The reservoirs of the search are others than those of the test.
const SEARCH_SEEDS: [u64; 4] = [1001, 1002, 1003, 1004];

/// What the readout sees, and the errors of a network of this size in NumPy.
const POOLINGS: [(&str, &[Pooling], &str); 4] = [
    ("last state", &[Pooling::Last], "8.0"),
    ("mean of states", &[Pooling::Mean], "5.5 (3 at best)"),
    ("means of 4 segments", &[Pooling::Segments(4)], "7.7"),
    ("mean and last", &[Pooling::Mean, Pooling::Last], "–"),
];

/// One candidate of the search.
#[derive(Clone)]
struct Candidate {
    config: ClassifierConfig,
    lambda: f64,
    /// Errors over the folds, mean of the reservoirs.
    errors: f64,
    /// Squared errors of the scores, for equal errors.
    squares: f64,
}

fn run(context: &Context) -> Result<Report, String> {
    let text = |e: neuropil_datasets::Error| e.to_string();
    let data = japanese_vowels::<f64>().map_err(text)?;
    let trials = if context.full { 100 } else { 30 };
    context
        .progress
        .set_length((POOLINGS.len() * trials) as u64 + POOLINGS.len() as u64 * SEEDS);

    let mut chosen = Vec::new();
    for (_, pooling, _) in POOLINGS {
        chosen.push(search(pooling, &data.train, trials, context)?);
    }
    let best = (0..POOLINGS.len())
        .min_by(|&a, &b| compare(&chosen[a], &chosen[b]))
        .ok_or("no candidate")?;

    let mut report = Report::new(
        "Japanese Vowels: errors of 370 utterances, 100 units",
        &[
            "readout of",
            "folds of the training set (270)",
            "test, mean of 10 reservoirs",
            "range",
            "scores of all 10 added",
            "reference",
        ],
    );
    let mut panel = Panel::new(
        Axis::new("reservoir"),
        Axis::new("errors of 370 test utterances").range(0.0, 16.0),
    );
    for (i, ((name, _, reference), candidate)) in POOLINGS.iter().zip(&chosen).enumerate() {
        let (errors, together) = judge(candidate, &data.train, &data.test, context)?;
        let mean = errors.iter().sum::<usize>() as f64 / errors.len() as f64;
        let range = (errors.iter().min(), errors.iter().max());
        let (Some(least), Some(most)) = range else {
            return Err("no reservoir".to_owned());
        };
        let name = if i == best {
            format!("{name} (chosen by the folds)")
        } else {
            (*name).to_owned()
        };
        if i == best {
            report.value("errors", significant(mean, 2));
            report.value("range", format!("{least}–{most}"));
            report.value("ensemble", together.to_string());
        }
        report.row([
            name.clone(),
            format!("{:.1}", candidate.errors),
            format!("{mean:.1}"),
            format!("{least}–{most}"),
            together.to_string(),
            (*reference).to_owned(),
        ]);
        let points = errors.iter().enumerate();
        panel = panel.with(Series::points(
            name,
            // Side by side, or equal counts hide each other.
            points
                .map(|(s, &e)| ((s + 1) as f64 + 0.12 * (i as f64 - 1.5), e as f64))
                .collect(),
        ));
    }
    report.note(format!(
        "Settings (spectral radius, scale of inputs and bias, leak, standardised or not, inputs in the \
         readout or not) and λ were chosen from {trials} random candidates for each readout by their \
         errors over {FOLDS} folds of the training utterances; the test utterances had no part in it. \
         Reference: a NumPy network of 100 units with a ridge readout."
    ));
    report.note(
        "Over the folds the readouts differ by less than an error: which of them is chosen is close to \
         chance, and what the test tells of the others matters as much.",
    );
    let setting = &chosen[best];
    report.note(format!(
        "Chosen: spectral radius {}, input scaling {}, bias {}, leak {}, λ = {:e}, {}, {}.",
        significant(setting.config.reservoir.spectral_radius, 2),
        match setting.config.reservoir.input_scaling {
            Scaling::Uniform(scale) => significant(scale, 2),
            Scaling::PerChannel(_) => "per channel".to_owned(),
        },
        significant(setting.config.reservoir.bias_scaling, 2),
        match setting.config.reservoir.leak {
            Leak::Scalar(leak) => significant(leak, 2),
            Leak::PerUnit(_) => "per unit".to_owned(),
        },
        setting.lambda,
        if setting.config.standardise {
            "standardised channels"
        } else {
            "channels as they are"
        },
        if setting.config.inputs {
            "inputs in the readout"
        } else {
            "states alone in the readout"
        },
    ));
    report.figure(
        "esn-japanese-vowels",
        Figure::new("Japanese Vowels: errors of ten reservoirs").panel(panel),
    );
    Ok(report)
}

fn compare(a: &Candidate, b: &Candidate) -> core::cmp::Ordering {
    a.errors
        .total_cmp(&b.errors)
        .then(a.squares.total_cmp(&b.squares))
}

/// The candidate with the fewest errors over the folds.
fn search(
    pooling: &[Pooling],
    train: &LabelledSequences<f64>,
    trials: usize,
    context: &Context,
) -> Result<Candidate, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut best: Option<Candidate> = None;
    for _ in 0..trials {
        let mut uniform =
            |low: f64, high: f64| low + (high - low) * f64::standard_uniform(&mut rng);
        let reservoir = ReservoirConfig {
            units: UNITS,
            spectral_radius: uniform(0.0, 1.2),
            input_scaling: Scaling::Uniform(10.0_f64.powf(uniform(-2.0, 0.7))),
            bias_scaling: 10.0_f64.powf(uniform(-1.5, 0.5)),
            leak: Leak::Scalar(10.0_f64.powf(uniform(-1.3, 0.0))),
            ..ReservoirConfig::default()
        };
        let config = ClassifierConfig {
            reservoir,
            pooling: pooling.to_vec(),
            inputs: uniform(0.0, 1.0) < 0.5,
            standardise: uniform(0.0, 1.0) < 0.5,
            lambda: Lambda::Fixed(1.0),
        };
        let candidate = validate(config, train)?;
        if best.as_ref().is_none_or(|b| compare(&candidate, b).is_lt()) {
            best = Some(candidate);
        }
        context.progress.inc(1);
    }
    best.ok_or_else(|| "no candidate".to_owned())
}

/// Errors over the folds, with the best λ of some.
fn validate(config: ClassifierConfig, train: &LabelledSequences<f64>) -> Result<Candidate, String> {
    let lambdas = Lambda::decades(-8, 2);
    let mut errors = vec![0.0; lambdas.len()];
    let mut squares = vec![0.0; lambdas.len()];
    let count = train.labels.len();
    for seed in SEARCH_SEEDS {
        let model = fitted(&config, seed, train)?;
        let features = model
            .features(&train.sequences)
            .map_err(|e| e.to_string())?;
        for fold in 0..FOLDS {
            let (kept, out): (Vec<usize>, Vec<usize>) = (0..count).partition(|i| i % FOLDS != fold);
            let targets = one_hot(&train.labels, &kept);
            let path = RidgePath::new(&features.select_columns(&kept), &targets, true)
                .map_err(|e| e.to_string())?;
            let unseen = features.select_columns(&out);
            let truth = one_hot(&train.labels, &out);
            for (i, &lambda) in lambdas.iter().enumerate() {
                let scores = path
                    .solve(lambda)
                    .and_then(|ridge| ridge.predict(&unseen))
                    .map_err(|e| e.to_string())?;
                let found = largest(scores.as_slice(), CLASSES).map_err(|e| e.to_string())?;
                let wrong = found
                    .iter()
                    .zip(&out)
                    .filter(|&(f, &i)| *f != train.labels[i]);
                errors[i] += wrong.count() as f64 / SEARCH_SEEDS.len() as f64;
                squares[i] += (scores - &truth).norm_squared() / SEARCH_SEEDS.len() as f64;
            }
        }
    }
    let of = |i: usize| (errors[i], squares[i]);
    let best = (0..lambdas.len())
        .min_by(|&a, &b| {
            let ((ea, sa), (eb, sb)) = (of(a), of(b));
            ea.total_cmp(&eb).then(sa.total_cmp(&sb))
        })
        .ok_or("no λ")?;
    Ok(Candidate {
        config,
        lambda: lambdas[best],
        errors: errors[best],
        squares: squares[best],
    })
}

/// The errors of ten reservoirs, and of the sum of their scores.
fn judge(
    candidate: &Candidate,
    train: &LabelledSequences<f64>,
    test: &LabelledSequences<f64>,
    context: &Context,
) -> Result<(Vec<usize>, usize), String> {
    let config = ClassifierConfig {
        lambda: Lambda::Fixed(candidate.lambda),
        ..candidate.config.clone()
    };
    let wrong = |scores: &DMatrix<f64>| -> Result<usize, String> {
        let found = largest(scores.as_slice(), CLASSES).map_err(|e| e.to_string())?;
        Ok(found
            .iter()
            .zip(&test.labels)
            .filter(|(f, l)| f != l)
            .count())
    };
    let mut errors = Vec::new();
    let mut sum = DMatrix::zeros(CLASSES, test.labels.len());
    for seed in 0..SEEDS {
        let model = fitted(&config, seed, train)?;
        let scores = model
            .scores_many(&test.sequences)
            .map_err(|e| e.to_string())?;
        errors.push(wrong(&scores)?);
        sum += scores;
        context.progress.inc(1);
    }
    let together = wrong(&sum)?;
    Ok((errors, together))
}

fn fitted(
    config: &ClassifierConfig,
    seed: u64,
    train: &LabelledSequences<f64>,
) -> Result<Classifier<f64>, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut model = Classifier::new(config.clone(), 12, &mut rng).map_err(|e| e.to_string())?;
    model
        .fit(&train.sequences, &train.labels)
        .map_err(|e| e.to_string())?;
    Ok(model)
}

fn one_hot(labels: &[usize], which: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(CLASSES, which.len(), |class, i| {
        f64::from(u8::from(labels[which[i]] == class))
    })
}
