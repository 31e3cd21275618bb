//! Readouts that learn sample by sample: against the ridge regression of all samples, and at their
//! limits.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_reservoir::{
    Error, Feedback, Force, ForceConfig, Integrator, Leak, Lms, LmsConfig, Reservoir,
    ReservoirConfig, Ridge, RidgeConfig, RidgeMethod, Rls, RlsConfig, Scaling, StepSize,
};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// Features around `offset`, and targets that are linear in them but for some noise.
fn samples(
    features: usize,
    outputs: usize,
    count: usize,
    offset: f64,
    seed: u64,
) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal =
        |rows, columns| DMatrix::from_fn(rows, columns, |_, _| f64::standard_normal(&mut rng));
    let x = normal(features, count).add_scalar(offset);
    let w = normal(outputs, features);
    let y = &w * &x + normal(outputs, count).scale(0.3).add_scalar(3.0);
    (x, y)
}

fn first(m: &DMatrix<f64>, count: usize) -> DMatrix<f64> {
    m.columns(0, count).into_owned()
}

fn ridge(x: &DMatrix<f64>, y: &DMatrix<f64>, lambda: f64, intercept: bool) -> Ridge<f64> {
    let config = RidgeConfig {
        lambda,
        intercept,
        method: RidgeMethod::Qr,
    };
    Ridge::fit(x, y, &config).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After every single sample, with fewer samples than features as with more; and each prediction
    /// is that of the samples before.
    #[test]
    fn rls_is_the_ridge_regression_of_all_samples(
        features in 1_usize..8, outputs in 1_usize..4, count in 1_usize..30,
        exponent in -6_i32..3, offset in -5.0..5.0_f64, intercept: bool, seed: u64,
    ) {
        let (x, y) = samples(features, outputs, count, offset, seed);
        let lambda = 10.0_f64.powi(exponent);
        let config = RlsConfig { lambda, forgetting: 1.0, intercept };
        let mut readout = Rls::new(config, features, outputs).unwrap();
        let mut out = vec![0.0; outputs];
        let mut expected = vec![0.0; outputs];
        for t in 0..count {
            readout.step(x.column(t).as_slice(), y.column(t).as_slice(), &mut out).unwrap();
            // The error grows with the condition of the data, at most 1/λ.
            let tolerance = 1e-9 * (1.0 + 1e-4 / lambda) * y.amax().max(1.0);
            assert_close("prediction", &out, &expected, 1e-9, tolerance);
            let batch = ridge(&first(&x, t + 1), &first(&y, t + 1), lambda, intercept);
            assert_close(
                "weights", readout.weights().as_slice(), batch.weights().as_slice(), 1e-9, tolerance,
            );
            assert_close(
                "intercept", readout.intercept(), batch.intercept().as_slice(), 1e-9, 10.0 * tolerance,
            );
            if t + 1 < count {
                batch.predict_into(x.column(t + 1).as_slice(), &mut expected).unwrap();
            }
        }
        prop_assert_eq!(readout.steps(), count as u64);
    }

    /// With forgetting, of samples that are weighted by their age, and a penalty that fades.
    #[test]
    fn rls_forgets_as_weights_say(
        features in 1_usize..6, count in 2_usize..40, beta in 0.8..1.0_f64,
        intercept: bool, seed: u64,
    ) {
        let (x, y) = samples(features, 1, count, 1.0, seed);
        let lambda = 0.1;
        let config = RlsConfig { lambda, forgetting: beta, intercept };
        let mut readout = Rls::new(config, features, 1).unwrap();
        readout.learn(&x, &y).unwrap();

        let weight = |t: usize| beta.powi((count - 1 - t) as i32);
        let total: f64 = (0..count).map(weight).sum();
        let mean = |m: &DMatrix<f64>| -> DVector<f64> {
            let sum: DVector<f64> =
                (0..count).map(|t| m.column(t).scale(weight(t))).sum();
            if intercept { sum / total } else { sum * 0.0 }
        };
        let (x_mean, y_mean) = (mean(&x), mean(&y));
        let scaled = |m: &DMatrix<f64>, mean: &DVector<f64>| {
            DMatrix::from_fn(m.nrows(), count, |i, t| (m[(i, t)] - mean[i]) * weight(t).sqrt())
        };
        let faded = lambda * beta.powi(count as i32);
        let batch = ridge(&scaled(&x, &x_mean), &scaled(&y, &y_mean), faded, false);
        assert_close(
            "weights", readout.weights().as_slice(), batch.weights().as_slice(), 1e-7, 1e-7,
        );
        let b = &y_mean - batch.weights() * &x_mean;
        assert_close("intercept", readout.intercept(), b.as_slice(), 1e-7, 1e-7);
    }

    /// Weights to start from are what the penalty pulls towards.
    #[test]
    fn rls_starts_from_weights(count in 1_usize..20, lambda in 0.01..10.0_f64, seed: u64) {
        let (x, y) = samples(4, 2, count, 0.5, seed);
        let (start, _) = samples(2, 1, 4, 0.0, seed ^ 1);
        let config = RlsConfig { lambda, forgetting: 1.0, intercept: true };
        let mut readout = Rls::with_weights(config, &start, &[1.0, 2.0]).unwrap();
        let mut out = [0.0; 2];
        readout.predict(&[0.0; 4], &mut out).unwrap();
        prop_assert_eq!(out, [1.0, 2.0]);
        readout.learn(&x, &y).unwrap();
        let rest = ridge(&x, &(&y - &start * &x), lambda, true);
        let expected = &start + rest.weights();
        assert_close("weights", readout.weights().as_slice(), expected.as_slice(), 1e-8, 1e-8);
        assert_close("intercept", readout.intercept(), rest.intercept().as_slice(), 1e-8, 1e-8);
    }

    /// One normalised step with μ = 1 and ε = 0 fits its sample.
    #[test]
    fn nlms_fits_the_newest_sample(intercept: bool, scale in -6_i32..6, seed: u64) {
        let (x, y) = samples(5, 2, 10, 0.0, seed);
        let x = x * 10.0_f64.powi(scale);
        let config = LmsConfig {
            step_size: StepSize::Normalised { rate: 1.0, epsilon: 0.0 },
            intercept,
        };
        let mut readout = Lms::new(config, 5, 2).unwrap();
        let mut out = [0.0; 2];
        for (x, y) in x.column_iter().zip(y.column_iter()) {
            readout.step(x.as_slice(), y.as_slice(), &mut out).unwrap();
            readout.predict(x.as_slice(), &mut out).unwrap();
            assert_close("prediction", &out, y.as_slice(), 1e-9, 1e-9);
        }
    }
}

/// Features that excite one direction only, for thousands of steps with forgetting: the textbook's
/// recursion loses its covariance, ours does not, and learns the rest as soon as it is shown.
#[test]
fn rls_survives_what_the_textbook_does_not() {
    let (features, beta, lambda) = (6, 0.95, 1e-3);
    let config = RlsConfig {
        lambda,
        forgetting: beta,
        intercept: false,
    };
    let mut readout = Rls::new(config, features, 1).unwrap();
    let mut textbook = DMatrix::identity(features, features) / lambda;
    let (noise, _) = samples(features, 1, 10_000, 0.0, 5);
    let truth = DVector::from_fn(features, |i, _| 1.0 + i as f64);
    let mut out = [0.0];
    for t in 0..10_000 {
        let amplitude = noise[(0, t)];
        let x = DVector::from_fn(features, |i, _| amplitude * (1.0 + 0.1 * i as f64));
        readout
            .step(x.as_slice(), &[truth.dot(&x)], &mut out)
            .unwrap();
        let k = &textbook * &x / (beta + x.dot(&(&textbook * &x)));
        textbook = (&textbook - &k * (x.transpose() * &textbook)) / beta;
    }
    let broken = textbook.iter().any(|v| !v.is_finite())
        || (&textbook - textbook.transpose()).amax() > 1e-3 * textbook.amax()
        || textbook.diagonal().iter().any(|&d| d < 0.0);
    assert!(broken, "the textbook's recursion is not tried hard enough");

    let p = readout.covariance();
    assert_eq!(p, p.transpose());
    assert!(p.diagonal().iter().all(|&d| d.is_finite() && d > 0.0));
    let mut last = [0.0];
    for t in 0..200 {
        let x = noise.column(t).into_owned();
        readout
            .step(x.as_slice(), &[truth.dot(&x)], &mut last)
            .unwrap();
    }
    assert_close(
        "weights",
        readout.weights().as_slice(),
        truth.as_slice(),
        1e-9,
        0.0,
    );
}

#[test]
fn the_covariance_is_the_inverse_of_the_gram_matrix() {
    let (x, y) = samples(5, 1, 40, 2.0, 3);
    for (intercept, centred) in [
        (false, x.clone()),
        (true, {
            let mean = x.column_mean();
            DMatrix::from_fn(5, 40, |i, t| x[(i, t)] - mean[i])
        }),
    ] {
        let config = RlsConfig {
            lambda: 0.5,
            forgetting: 1.0,
            intercept,
        };
        let mut readout = Rls::new(config, 5, 1).unwrap();
        readout.learn(&x, &y).unwrap();
        let gram = &centred * centred.transpose() + DMatrix::identity(5, 5) * 0.5;
        let product = readout.covariance() * gram;
        let identity = DMatrix::<f64>::identity(5, 5);
        assert_close("P G", product.as_slice(), identity.as_slice(), 0.0, 1e-12);
    }
}

#[test]
fn single_precision_samples_are_learned_in_double() {
    let (x, y) = samples(4, 2, 30, 1.0, 8);
    let (x, y) = (x.map(|v| v as f32), y.map(|v| v as f32));
    let (wide_x, wide_y) = (x.map(f64::from), y.map(f64::from));
    let mut narrow = Rls::new(RlsConfig::default(), 4, 2).unwrap();
    let mut wide = narrow.clone();
    let a = narrow.learn(&x, &y).unwrap();
    let b = wide.learn(&wide_x, &wide_y).unwrap();
    assert_eq!(narrow, wide);
    assert_eq!(a, b.map(|v| v as f32));
    let mut narrow = Lms::new(LmsConfig::default(), 4, 2).unwrap();
    let mut wide = narrow.clone();
    narrow.learn(&x, &y).unwrap();
    wide.learn(&wide_x, &wide_y).unwrap();
    assert_eq!(narrow, wide);
}

#[test]
fn lms_converges_or_says_that_it_diverges() {
    let (x, _) = samples(3, 1, 4000, 0.5, 4);
    let y = DMatrix::from_fn(1, 4000, |_, t| 2.0 * x[(0, t)] - x[(2, t)] + 0.5);
    for step_size in [
        StepSize::Fixed(0.05),
        StepSize::Normalised {
            rate: 0.5,
            epsilon: 1e-6,
        },
    ] {
        let config = LmsConfig {
            step_size,
            intercept: true,
        };
        let mut readout = Lms::new(config, 3, 1).unwrap();
        readout.learn(&x, &y).unwrap();
        let weights = readout.weights();
        assert_close("weights", weights.as_slice(), &[2.0, 0.0, -1.0], 0.0, 1e-9);
        assert_close("intercept", readout.intercept(), &[0.5], 0.0, 1e-9);
        readout.reset();
        assert_eq!(readout, Lms::new(config, 3, 1).unwrap());
    }
    let config = LmsConfig {
        step_size: StepSize::Fixed(5.0),
        intercept: true,
    };
    let mut readout = Lms::new(config, 3, 1).unwrap();
    let error = readout.learn(&x, &y).unwrap_err();
    assert!(
        matches!(error, Error::Diverged { step, channel: 0 } if step as u64 == readout.steps()),
        "{error}"
    );
}

#[test]
fn features_of_zero_teach_nothing() {
    let config = LmsConfig {
        step_size: StepSize::Normalised {
            rate: 1.0,
            epsilon: 0.0,
        },
        intercept: false,
    };
    let mut lms = Lms::new(config, 2, 1).unwrap();
    let mut out = [1.0];
    lms.step(&[0.0; 2], &[3.0], &mut out).unwrap();
    assert_eq!((out, lms.weights().amax()), ([0.0], 0.0));
    let mut rls = Rls::new(RlsConfig::default(), 2, 1).unwrap();
    rls.step(&[0.0; 2], &[3.0], &mut out).unwrap();
    // But the intercept does.
    assert_eq!((rls.weights().amax(), rls.intercept()), (0.0, &[3.0][..]));
    rls.reset();
    assert_eq!(rls, Rls::new(RlsConfig::default(), 2, 1).unwrap());
}

fn reservoir<T: Real>(leak: f64, inputs: usize) -> Reservoir<T> {
    let config = ReservoirConfig {
        units: 60,
        spectral_radius: 1.4,
        leak: Leak::Scalar(leak),
        bias_scaling: 0.4,
        feedback: Some(Feedback {
            channels: 2,
            scaling: Scaling::Uniform(0.5),
            density: 1.0,
        }),
        ..ReservoirConfig::default()
    };
    Reservoir::new(&config, inputs, &mut Xoshiro256PlusPlus::seed_from_u64(11)).unwrap()
}

fn targets(steps: usize) -> DMatrix<f64> {
    DMatrix::from_fn(2, steps, |o, t| (0.1 * t as f64 + o as f64).sin())
}

/// Without a leak, membrane and output are the same.
#[test]
fn force_without_leak_is_one_model() {
    let run = |integrator| {
        let config = ForceConfig {
            integrator,
            ..ForceConfig::default()
        };
        let mut model = Force::<f64>::new(config, reservoir(1.0, 1)).unwrap();
        let inputs = DMatrix::from_fn(1, 60, |_, t| (0.3 * t as f64).cos());
        let mut state = model.state();
        model.learn(&mut state, &inputs, &targets(60)).unwrap()
    };
    assert_close(
        "outputs",
        run(Integrator::Output).as_slice(),
        run(Integrator::Membrane).as_slice(),
        1e-6,
        1e-6,
    );
}

#[test]
fn force_learns_in_every_second_step_if_told() {
    let config = ForceConfig {
        every: 2,
        ..ForceConfig::default()
    };
    let mut model = Force::<f64>::new(config, reservoir(0.2, 0)).unwrap();
    let mut state = model.state();
    let mut out = [0.0; 2];
    for (t, target) in targets(10).column_iter().enumerate() {
        let before = model.readout().steps();
        model
            .step(&mut state, &[], target.as_slice(), &mut out)
            .unwrap();
        assert_eq!(model.readout().steps() - before, u64::from(t % 2 == 0));
        assert_eq!(state.output(), out);
    }
    // A free run leaves the weights alone.
    let before = model.clone();
    model.run(&mut state, &DMatrix::zeros(0, 20)).unwrap();
    assert_eq!(model, before);
    assert_eq!(state.steps(), 30);
    state.reset();
    assert_eq!(state, model.state());
}

/// Several seeds: a wave of 60 steps goes on for ten periods without a teacher.
#[test]
fn force_goes_on_without_a_teacher() {
    let wave = |t: usize| (t as f64 / 60.0 * core::f64::consts::TAU).sin();
    let mut errors: Vec<f64> = (0..5)
        .map(|seed| {
            let config = ReservoirConfig {
                units: 150,
                spectral_radius: 1.5,
                leak: Leak::Scalar(0.2),
                bias_scaling: 0.5,
                feedback: Some(Feedback {
                    channels: 1,
                    scaling: Scaling::Uniform(1.0),
                    density: 1.0,
                }),
                ..ReservoirConfig::default()
            };
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let reservoir = Reservoir::<f64>::new(&config, 0, &mut rng).unwrap();
            let mut model = Force::new(ForceConfig::default(), reservoir).unwrap();
            let mut state = model.state();
            let target = DMatrix::from_fn(1, 1500, |_, t| wave(t));
            model
                .learn(&mut state, &DMatrix::zeros(0, 1500), &target)
                .unwrap();
            let free = model.run(&mut state, &DMatrix::zeros(0, 600)).unwrap();
            let error = (0..600).map(|t| (free[(0, t)] - wave(1500 + t)).powi(2));
            (error.sum::<f64>() / 600.0).sqrt()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    assert!(errors[2] < 0.1, "root mean square errors {errors:?}");
}

#[test]
fn force_in_single_precision() {
    let mut model = Force::<f32>::new(ForceConfig::default(), reservoir(0.2, 0)).unwrap();
    let mut state = model.state();
    let target = targets(200).map(|v| v as f32);
    let out = model
        .learn(&mut state, &DMatrix::zeros(0, 200), &target)
        .unwrap();
    let late = (out - target).columns(100, 100).norm() / 200.0_f32.sqrt();
    assert!(late < 0.1, "{late}");
}
