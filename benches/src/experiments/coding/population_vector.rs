//! The direction of a movement from broadly tuned units, after Georgopoulos, Schwartz and Kettner (1986).

use core::f64::consts::PI;

use nalgebra::DMatrix;
use neuropil_neural_coding::decode::{CosineTuning, Wiener, WienerConfig};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson};

use super::super::{Context, Experiment};
use crate::report::{Report, significant};

pub(in super::super) const POPULATION_VECTOR: Experiment = Experiment {
    name: "coding-population-vector",
    about: "the direction of a reach from cosine-tuned units, by number of units",
    short: true,
    run,
};

const UNITS: [usize; 6] = [8, 16, 32, 64, 128, 256];
const POPULATIONS: u64 = 20;
/// The movement, in seconds: units are counted over it.
const DURATION: f64 = 0.5;
const DIRECTIONS: usize = 8;
const REPEATS: usize = 5;
const TESTS: usize = 200;

/// How the preferred directions are spread.
#[derive(Clone, Copy, PartialEq)]
enum Spread {
    Uniform,
    /// Three times as many along one axis as across it.
    Clustered,
}

fn run(context: &Context) -> Result<Report, String> {
    let populations = if context.full {
        10 * POPULATIONS
    } else {
        POPULATIONS
    };
    context
        .progress
        .set_length(2 * UNITS.len() as u64 * populations);
    let mut report = Report::new(
        "Direction of a movement from cosine-tuned units: mean error of single trials in degrees",
        &[
            "units",
            "population vector",
            "linear estimator",
            "population vector, clustered",
            "linear estimator, clustered",
        ],
    );
    let mut curves = [const { Vec::new() }; 4];
    for units in UNITS {
        let mut row = vec![units.to_string()];
        for (s, spread) in [Spread::Uniform, Spread::Clustered].into_iter().enumerate() {
            let mut errors = [0.0; 2];
            for seed in 0..populations {
                let of_one = population(units, spread, seed)?;
                for (sum, error) in errors.iter_mut().zip(of_one) {
                    *sum += error / populations as f64;
                }
                context.progress.inc(1);
            }
            for (d, error) in errors.into_iter().enumerate() {
                curves[2 * s + d].push((units as f64, error));
                row.push(significant(error, 3));
            }
        }
        report.row(row);
    }
    report.note(format!(
        "Rates b + d cos(θ - φ), b from 10 to 30 Hz, d half of it, Poisson counts over {DURATION} s; tuning \
         and linear weights are fitted to {REPEATS} trials of each of {DIRECTIONS} directions and tested on \
         {TESTS} trials in any direction; means of {populations} populations. Clustered: preferred directions \
         crowd around one axis. The population vector then turns towards that axis, however many units \
         there are; the linear estimator knows what it reads."
    ));
    let axes = || {
        (
            Axis::new("units").logarithmic(),
            Axis::new("mean error (degrees)").logarithmic(),
        )
    };
    let [vector, linear, vector_clustered, linear_clustered] = curves;
    let (x, y) = axes();
    let panel = Panel::new(x, y)
        .with(Series::line("population vector", vector))
        .with(Series::line("linear estimator", linear))
        .with(Series::dashed(
            "population vector, clustered",
            vector_clustered,
        ))
        .with(Series::dashed(
            "linear estimator, clustered",
            linear_clustered,
        ));
    report.figure(
        "coding-population-vector",
        Figure::new("Direction of a movement from cosine-tuned units").panel(panel),
    );
    Ok(report)
}

/// The mean errors of both decoders in degrees.
fn population(units: usize, spread: Spread, seed: u64) -> Result<[f64; 2], String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let preferred: Vec<f64> = (0..units)
        .map(|_| {
            loop {
                let angle = rng.random_range(-PI..PI);
                // Density 2 + cos 2φ, by rejection.
                let kept = rng.random_range(0.0..3.0) < 2.0 + (2.0 * angle).cos();
                if spread == Spread::Uniform || kept {
                    break angle;
                }
            }
        })
        .collect();
    let baseline: Vec<f64> = (0..units).map(|_| rng.random_range(10.0..30.0)).collect();
    let depth = baseline.iter().map(|b| 0.5 * b).collect();
    let truth = CosineTuning::from_parts(baseline, depth, preferred).map_err(|e| e.to_string())?;

    let known: Vec<f64> = (0..DIRECTIONS * REPEATS)
        .map(|k| 2.0 * PI * (k % DIRECTIONS) as f64 / DIRECTIONS as f64)
        .collect();
    let asked: Vec<f64> = (0..TESTS).map(|_| rng.random_range(-PI..PI)).collect();
    let mut trials = |directions: &[f64]| -> Result<DMatrix<f64>, String> {
        let mut rates = truth.rates(directions);
        for rate in rates.iter_mut() {
            let poisson = Poisson::new(*rate * DURATION).map_err(|e| e.to_string())?;
            *rate = poisson.sample(&mut rng) / DURATION;
        }
        Ok(rates)
    };
    let (train, test) = (trials(&known)?, trials(&asked)?);

    let tuning = CosineTuning::fit(&known, &train).map_err(|e| e.to_string())?;
    let vector = tuning.decode(&test).map_err(|e| e.to_string())?;

    let points = DMatrix::from_fn(2, known.len(), |i, t| {
        if i == 0 {
            known[t].cos()
        } else {
            known[t].sin()
        }
    });
    let config = WienerConfig {
        // Counts are noisy and, with many units, fewer trials than weights.
        lambda: 20.0 * known.len() as f64,
        ..WienerConfig::default()
    };
    let linear = Wiener::fit(&train, &points, &config)
        .and_then(|decoder| decoder.predict(&test))
        .map_err(|e| e.to_string())?;

    let degrees = |decoded: f64, truth: f64| {
        let apart = (decoded - truth + PI).rem_euclid(2.0 * PI) - PI;
        apart.abs().to_degrees() / TESTS as f64
    };
    // A vector without a length says nothing: a right angle is what guessing costs.
    let of_vector = vector.iter().zip(&asked);
    let of_vector = of_vector.map(|(d, t)| d.map_or(90.0 / TESTS as f64, |d| degrees(d, *t)));
    let of_linear = linear.column_iter().zip(&asked);
    let of_linear = of_linear.map(|(x, t)| degrees(x[1].atan2(x[0]), *t));
    Ok([of_vector.sum(), of_linear.sum()])
}
