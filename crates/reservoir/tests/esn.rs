//! Echo state networks: what they learn, what they answer, what they refuse.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::{DMatrix, DVector};
use neuropil_math::{Activation, Error as MathError, Real};
use neuropil_reservoir::{
    ClosedLoopChoice, Criterion, Dynamics, Error, Esn, EsnConfig, Feedback, Lambda, Leak,
    Reservoir, ReservoirConfig, Ridge, RidgeConfig, RidgeMethod, Scaling, StateFeatures,
    StateTerms, Target, Task, Topology, TrainingNoise,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Two waves in each channel, with some of the same noise at every call.
fn waves<T: Real>(channels: usize, samples: usize) -> DMatrix<T> {
    let mut rng = rng(7);
    DMatrix::from_fn(channels, samples, |c, t| {
        let (t, c) = (t as f64, c as f64);
        let wave = (0.2 * t + c).sin() + 0.5 * (0.083 * t * (c + 1.0)).cos();
        T::of(3.0 + 2.0 * wave + 0.01 * f64::standard_normal(&mut rng))
    })
}

fn small() -> EsnConfig {
    EsnConfig {
        reservoir: ReservoirConfig {
            units: 40,
            input_scaling: Scaling::Uniform(0.3),
            bias_scaling: 0.2,
            leak: Leak::Scalar(0.7),
            ..ReservoirConfig::default()
        },
        washout: 30,
        lambda: Lambda::Fixed(1e-4),
        ..EsnConfig::default()
    }
}

fn fitted(config: EsnConfig, series: &DMatrix<f64>) -> Esn<f64> {
    let mut model = Esn::new(config, series.nrows(), &mut rng(1)).unwrap();
    model.fit(series).unwrap();
    model
}

/// The error of predictions that start after the washout, in deviations of the series.
fn nrmse<T: Real>(model: &Esn<T>, series: &DMatrix<T>) -> f64 {
    let washout = model.config().washout;
    let predicted = model.predict(series).unwrap();
    let count = predicted.ncols() - 1;
    let truth = series.columns(washout + 1, count);
    let error = (predicted.columns(0, count) - truth)
        .norm_squared()
        .to_f64();
    let mean = truth.row_mean().mean();
    error.sqrt() / truth.map(|x| x - mean).norm().to_f64()
}

#[test]
fn both_precisions_and_both_targets_predict() {
    for target in [Target::Increment, Target::Direct] {
        let config = EsnConfig { target, ..small() };
        let series = waves::<f64>(2, 900);
        let model = fitted(config.clone(), &series.columns(0, 700).into_owned());
        let wide = nrmse(&model, &series.columns(600, 300).into_owned());
        assert!(wide < 0.03, "{target:?}: {wide}");
        assert_eq!(model.samples().unwrap(), 700 - 30 - 1);

        let series = waves::<f32>(2, 900);
        let mut model = Esn::<f32>::new(config, 2, &mut rng(1)).unwrap();
        model.fit(&series.columns(0, 700).into_owned()).unwrap();
        let narrow = nrmse(&model, &series.columns(600, 300).into_owned());
        assert!((narrow - wide).abs() < 1e-2 * wide, "{narrow}, {wide}");
    }
}

#[test]
fn rounded_single_precision_predicts_as_well() {
    let mut config = small();
    config.reservoir.units = 150;
    config.reservoir.topology = Topology::Random {
        fan_in: 5,
        entries: neuropil_math::random::Entries::uniform(1.0),
    };
    let fit = |lambda, series: &DMatrix<f32>| {
        let config = EsnConfig {
            lambda: Lambda::Fixed(lambda),
            ..config.clone()
        };
        let mut model = Esn::<f32>::new(config, 2, &mut rng(1)).unwrap();
        model.fit(&series.columns(0, 900).into_owned()).unwrap();
        model
    };
    let series = waves::<f64>(2, 1200);
    for (lambda, rounds) in [(1e-9, false), (1e-2, true), (1.0, true)] {
        let single = series.map(|x| x as f32);
        let model = fit(lambda, &single);
        let rounding = model.rounding().unwrap();
        assert_eq!(rounding > 0.0, rounds, "{lambda}: {rounding}");
        assert!(rounding <= lambda / 16.0, "{lambda}: {rounding}");
        let config = EsnConfig {
            lambda: Lambda::Fixed(lambda),
            ..config.clone()
        };
        let double = fitted(config, &series.columns(0, 900).into_owned());
        assert_eq!(double.rounding().unwrap(), 0.0);
        let narrow = nrmse(&model, &single.columns(800, 400).into_owned());
        let wide = nrmse(&double, &series.columns(800, 400).into_owned());
        assert!((narrow - wide).abs() < 1e-2 * wide, "{narrow}, {wide}");
    }
}

#[test]
fn predictions_are_the_answers_of_a_stream() {
    let series = waves::<f64>(2, 300);
    for features in [
        StateFeatures {
            constant: false,
            input: false,
            state: StateTerms::Linear,
        },
        StateFeatures {
            constant: true,
            input: true,
            state: StateTerms::WithSquares,
        },
        StateFeatures {
            constant: false,
            input: true,
            state: StateTerms::OddEven,
        },
    ] {
        let config = EsnConfig {
            features,
            intercept: !features.constant,
            ..small()
        };
        let model = fitted(config, &series);
        let predicted = model.predict(&series).unwrap();
        assert_eq!(predicted.shape(), (2, 270));
        let mut state = model.state().unwrap();
        let mut next = [0.0; 2];
        for (t, sample) in series.column_iter().enumerate() {
            model
                .step(&mut state, sample.as_slice(), &mut next)
                .unwrap();
            if t >= 30 {
                assert_eq!(next, predicted.column(t - 30).as_slice());
            }
        }
        assert_eq!(state, model.state_after(&series).unwrap());
        assert_eq!(state.seen(), 300);

        // A forecast is a stream that hears its own answers.
        let forecast = model.forecast(&series, 20).unwrap();
        for step in 0..20 {
            assert_eq!(next, forecast.column(step).as_slice());
            let input = next;
            model.step(&mut state, &input, &mut next).unwrap();
        }
        // And goes on where it ended.
        let mut state = model.state_after(&series).unwrap();
        let mut parts = vec![0.0; 40];
        let (a, b) = parts.split_at_mut(14);
        model.forecast_into(&mut state, a).unwrap();
        model.forecast_into(&mut state, b).unwrap();
        assert_eq!(parts, forecast.as_slice());
    }
}

/// The states of these series and their next samples, without the washout.
fn pairs(model: &Esn<f64>, series: &[&DMatrix<f64>]) -> (DMatrix<f64>, DMatrix<f64>) {
    let washout = model.config().washout;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for one in series {
        let reservoir = model.reservoir();
        let states = reservoir.run(&mut reservoir.state(), one).unwrap();
        let count = one.ncols() - washout - 1;
        x.extend_from_slice(states.columns(washout, count).into_owned().as_slice());
        y.extend_from_slice(one.columns(washout + 1, count).into_owned().as_slice());
    }
    (
        DMatrix::from_vec(model.reservoir().units(), x.len() / 40, x),
        DMatrix::from_vec(series[0].nrows(), y.len() / series[0].nrows(), y),
    )
}

#[test]
fn every_method_solves_the_regression_of_all_states() {
    let plain = EsnConfig {
        features: StateFeatures {
            input: false,
            ..StateFeatures::default()
        },
        target: Target::Direct,
        standardise: false,
        ..small()
    };
    let series = waves::<f64>(1, 1000);
    let (a, b) = (
        series.columns(0, 420).into_owned(),
        series.columns(420, 580).into_owned(),
    );
    for method in [
        RidgeMethod::Auto,
        RidgeMethod::Primal,
        RidgeMethod::Dual,
        RidgeMethod::Qr,
    ] {
        let config = EsnConfig {
            method,
            ..plain.clone()
        };
        let mut model = Esn::new(config, 1, &mut rng(1)).unwrap();
        model.fit_many(&[&a, &b]).unwrap();
        let (x, y) = pairs(&model, &[&a, &b]);
        assert_eq!(model.samples().unwrap(), x.ncols());
        let ridge = RidgeConfig {
            lambda: 1e-4,
            method: RidgeMethod::Qr,
            ..RidgeConfig::default()
        };
        let expected = Ridge::fit(&x, &y, &ridge).unwrap();
        let weights = model.weights().unwrap();
        let error = (weights - expected.weights()).norm() / weights.norm();
        assert!(error < 1e-7, "{method:?}: {error:e}");
        let shift = (model.intercept().unwrap() - expected.intercept()).norm();
        assert!(shift < 1e-6, "{method:?}: {shift:e}");
        if method != RidgeMethod::Auto {
            assert_eq!(model.method().unwrap(), method);
        }
    }
}

#[test]
fn normal_equations_without_digits_give_way_to_qr() {
    // Noise-free, and no penalty to speak of.
    let series = DMatrix::from_fn(1, 600, |_, t| (0.1 * t as f64).sin());
    let config = EsnConfig {
        lambda: Lambda::Fixed(1e-18),
        ..small()
    };
    let model = fitted(config, &series);
    assert_eq!(model.method().unwrap(), RidgeMethod::Qr);
    assert!(model.condition().unwrap() > 1e7);
    let error = nrmse(&model, &series);
    assert!(error < 1e-6, "{error:e}");
    let model = fitted(small(), &waves(1, 600));
    assert_eq!(model.method().unwrap(), RidgeMethod::Primal);
}

#[test]
fn fewer_samples_than_features_are_solved_too() {
    let series = waves::<f64>(1, 60);
    let model = fitted(small(), &series);
    assert_eq!(model.samples().unwrap(), 29);
    assert_eq!(model.method().unwrap(), RidgeMethod::Dual);
    assert!(nrmse(&model, &series) < 0.02);
    for lambda in [
        Lambda::Gcv(vec![1e-3, 1e-1]),
        Lambda::LeaveOneOut(vec![1e-3, 1e-1]),
    ] {
        let model = fitted(EsnConfig { lambda, ..small() }, &series);
        assert_eq!(model.lambda().unwrap().scores.len(), 2);
    }
}

#[test]
fn every_choice_of_lambda_tells_its_scores() {
    let series = waves::<f64>(1, 500);
    let lambdas = vec![1e-8, 1e-4, 1e3];
    for lambda in [
        Lambda::Gcv(lambdas.clone()),
        Lambda::LeaveOneOut(lambdas.clone()),
        Lambda::Folds {
            lambdas: lambdas.clone(),
            folds: 5,
        },
        Lambda::ClosedLoop(ClosedLoopChoice {
            lambdas: lambdas.clone(),
            windows: 5,
            horizon: 40,
            ..ClosedLoopChoice::default()
        }),
    ] {
        let criterion = lambda.criterion();
        for method in [RidgeMethod::Auto, RidgeMethod::Primal] {
            let config = EsnConfig {
                lambda: lambda.clone(),
                method,
                ..small()
            };
            let model = fitted(config, &series);
            let choice = model.lambda().unwrap();
            assert_eq!(choice.criterion, criterion);
            assert_eq!(choice.scores.len(), 3);
            assert!(choice.lambda < 1e3, "{choice:?}");
            assert_eq!(
                choice.scores[0].valid_steps.is_some(),
                criterion == Criterion::ClosedLoop
            );
            assert_eq!(
                model.samples().unwrap(),
                469,
                "all samples, by {criterion:?}"
            );
        }
    }
}

#[test]
fn a_validation_series_of_its_own() {
    let series = waves::<f64>(1, 900);
    let (train, validation) = (
        series.columns(0, 600).into_owned(),
        series.columns(600, 300).into_owned(),
    );
    let settings = ClosedLoopChoice {
        lambdas: vec![1e-6, 1e-3, 1e4],
        windows: 6,
        horizon: 30,
        ..ClosedLoopChoice::default()
    };
    let config = EsnConfig {
        lambda: Lambda::ClosedLoop(settings),
        ..small()
    };
    let mut model = Esn::new(config, 1, &mut rng(1)).unwrap();
    model.fit_validated(&[&train], &[&validation]).unwrap();
    assert_eq!(model.samples().unwrap(), 569);
    assert!(model.lambda().unwrap().lambda < 1e4);
    assert!(nrmse(&model, &validation) < 0.05);

    assert!(model.fit_validated(&[&train], &[]).is_err());
    let short = series.columns(0, 40).into_owned();
    assert!(model.fit_validated(&[&train], &[&short]).is_err());
    let mut fixed = Esn::new(small(), 1, &mut rng(1)).unwrap();
    assert!(fixed.fit_validated(&[&train], &[&validation]).is_err());
}

#[test]
fn an_inference_answers_at_the_same_time() {
    let inputs = waves::<f64>(2, 800);
    // A delayed product: memory and nonlinearity.
    let targets = DMatrix::from_fn(1, 800, |_, t| {
        inputs[(0, t.saturating_sub(2))] * inputs[(1, t)]
    });
    let mut model = Esn::new(
        EsnConfig {
            features: StateFeatures {
                state: StateTerms::WithSquares,
                ..StateFeatures::default()
            },
            ..small()
        },
        2,
        &mut rng(2),
    )
    .unwrap();
    model
        .fit_inference(
            &inputs.columns(0, 600).into_owned(),
            &targets.columns(0, 600).into_owned(),
        )
        .unwrap();
    let inferred = model.infer(&inputs.columns(500, 300).into_owned()).unwrap();
    let truth = targets.columns(530, 270);
    let error = (&inferred - truth).norm() / truth.add_scalar(-truth.mean()).norm();
    assert!(error < 0.05, "{error}");
    assert_eq!(
        model.forecast(&inputs, 1),
        Err(Error::WrongTask {
            fitted: Task::Inference,
            asked: Task::Forecast
        })
    );
}

#[test]
fn feedback_alone_generates_a_wave() {
    // No input at all: the reservoir hears what it says.
    let config = EsnConfig {
        reservoir: ReservoirConfig {
            units: 60,
            spectral_radius: 0.8,
            bias_scaling: 0.2,
            feedback: Some(Feedback {
                channels: 1,
                scaling: Scaling::Uniform(0.8),
                density: 1.0,
            }),
            ..ReservoirConfig::default()
        },
        lambda: Lambda::Fixed(1e-6),
        noise: TrainingNoise {
            feedback: 1e-3,
            ..TrainingNoise::default()
        },
        ..EsnConfig::default()
    };
    let mut model = Esn::new(config, 0, &mut rng(3)).unwrap();
    let wave = DMatrix::from_fn(1, 1200, |_, t| 5.0 + 2.0 * (0.15 * t as f64).sin());
    let nothing = DMatrix::zeros(0, 1200);
    model.fit_inference(&nothing, &wave).unwrap();

    let mut state = model.state().unwrap();
    for t in 0..200 {
        model.teach(&mut state, &[], &[wave[t]]).unwrap();
    }
    let mut said = [0.0];
    for t in 200..500 {
        model.step(&mut state, &[], &mut said).unwrap();
        let truth = 5.0 + 2.0 * (0.15 * f64::from(t)).sin();
        assert!(
            (said[0] - truth).abs() < 0.2,
            "step {t}: {} {truth}",
            said[0]
        );
    }
    // `infer` hears itself, as `step` does.
    let alone = model.infer(&DMatrix::zeros(0, 300)).unwrap();
    let mut state = model.state().unwrap();
    for t in 0..300 {
        model.step(&mut state, &[], &mut said).unwrap();
        if t >= 100 {
            assert_eq!(said[0], alone[t - 100]);
        }
    }
    let mut observed = model.state().unwrap();
    model
        .observe(&mut observed, &DMatrix::zeros(0, 300))
        .unwrap();
    assert_eq!(observed, state);
}

#[test]
fn noise_is_the_same_at_every_fit_and_makes_readouts_robust() {
    let series = DMatrix::from_fn(1, 600, |_, t| {
        (0.2 * t as f64).sin() + (0.3 * t as f64).cos()
    });
    let with = |noise| {
        fitted(
            EsnConfig {
                noise,
                lambda: Lambda::Fixed(1e-10),
                ..small()
            },
            &series,
        )
    };
    let none = with(TrainingNoise::default());
    let mut disturbed = series.clone();
    let mut generator = rng(2);
    for x in disturbed.iter_mut() {
        *x += 0.01 * f64::standard_normal(&mut generator);
    }
    let error = |model: &Esn<f64>| {
        let predicted = model.predict(&disturbed).unwrap();
        (predicted.columns(0, 569) - series.columns(31, 569)).norm()
    };
    for noise in [
        TrainingNoise {
            input: 0.01,
            ..TrainingNoise::default()
        },
        TrainingNoise {
            state: 0.01,
            ..TrainingNoise::default()
        },
    ] {
        let mut noisy = with(noise);
        let first = noisy.clone();
        let (with_noise, without) = (error(&noisy), error(&none));
        assert!(
            noise.input == 0.0 || with_noise < 0.7 * without,
            "{with_noise}, {without}"
        );
        let (with_noise, without) = (noisy.condition().unwrap(), none.condition().unwrap());
        assert!(
            with_noise < 0.1 * without,
            "{noise:?}: {with_noise:e}, {without:e}"
        );
        noisy.fit(&series).unwrap();
        assert_eq!(noisy, first);
    }
}

#[test]
fn a_constant_series_is_forecast_as_it_is() {
    for target in [Target::Increment, Target::Direct] {
        for standardise in [true, false] {
            let series = DMatrix::from_element(2, 200, 4.5);
            let config = EsnConfig {
                target,
                standardise,
                ..small()
            };
            let model = fitted(config, &series);
            let forecast = model.forecast(&series, 50).unwrap();
            assert!(
                forecast.iter().all(|x| (x - 4.5).abs() < 1e-6),
                "{target:?}, {standardise}"
            );
        }
    }
}

#[test]
fn spectral_radius_zero_and_one_neuron_are_networks() {
    for (units, radius) in [(1, 0.9), (1, 0.0), (30, 0.0)] {
        let config = EsnConfig {
            reservoir: ReservoirConfig {
                units,
                spectral_radius: radius,
                ..small().reservoir
            },
            ..small()
        };
        let model = fitted(config, &waves(1, 300));
        assert!(model.forecast(&waves(1, 300), 10).is_ok());
    }
}

proptest! {
    /// The order of the series does not matter, nor does one that is fitted alone.
    #[test]
    fn series_add_up(seed in 0_u64..100, cut in 80_usize..220) {
        let series = waves::<f64>(1, 300);
        let (a, b) = (
            series.columns(0, cut).into_owned(),
            series.columns(cut, 300 - cut).into_owned(),
        );
        let config = EsnConfig { lambda: Lambda::Fixed(1e-2), ..small() };
        let mut model = Esn::new(config, 1, &mut rng(seed)).unwrap();
        model.fit_many(&[&a, &b]).unwrap();
        let first = model.weights().unwrap().clone();
        model.fit_many(&[&b, &a]).unwrap();
        prop_assert!((model.weights().unwrap() - &first).norm() < 1e-8 * first.norm());
        model.fit_many(&[&a]).unwrap();
        let one = model.clone();
        model.fit(&a).unwrap();
        prop_assert_eq!(model, one);
    }

    /// In other units the answers are the same, in those units.
    #[test]
    fn standardised_networks_do_not_depend_on_units(scale in 0.01..100.0_f64, shift in -50.0..50.0_f64) {
        let series = waves::<f64>(1, 250);
        let a = fitted(small(), &series);
        let moved = series.map(|x| scale * x + shift);
        let config = EsnConfig { lambda: Lambda::Fixed(1e-4), ..small() };
        let b = fitted(config, &moved);
        let expected = a.predict(&series).unwrap().map(|x| scale * x + shift);
        let error = (b.predict(&moved).unwrap() - expected).amax() / scale;
        prop_assert!(error < 1e-5, "{error:e}");
    }
}

fn math(error: MathError) -> Error {
    Error::Math(error)
}

#[test]
fn missing_values_are_refused_with_their_place_and_nothing_changes() {
    let series = waves::<f64>(2, 300);
    let mut model = fitted(small(), &series);
    let before = model.clone();
    let mut broken = series.clone();
    broken[(1, 123)] = f64::NAN;
    let missing = |what| Error::NonFinite {
        what,
        channel: 1,
        time: 123,
    };
    assert_eq!(model.fit(&broken), Err(missing("training series")));
    assert_eq!(
        model.fit_many(&[&series, &broken]),
        Err(missing("training series"))
    );
    assert_eq!(
        model.fit_inference(&broken, &series),
        Err(missing("training inputs"))
    );
    assert_eq!(
        model.fit_inference(&series, &broken),
        Err(missing("training targets"))
    );
    assert_eq!(model.predict(&broken), Err(missing("series")));
    assert_eq!(model.forecast(&broken, 3), Err(missing("history")));
    assert_eq!(model, before);

    let mut state = model.state_after(&series).unwrap();
    let kept = state.clone();
    let mut out = [0.0; 2];
    assert_eq!(
        model.step(&mut state, &[1.0, f64::INFINITY], &mut out),
        Err(Error::NonFinite {
            what: "input",
            channel: 1,
            time: 0
        })
    );
    assert!(model.step(&mut state, &[1.0], &mut out).is_err());
    assert!(model.step(&mut state, &[1.0; 2], &mut [0.0]).is_err());
    assert!(model.teach(&mut state, &[1.0; 2], &[f64::NAN; 2]).is_err());
    assert!(model.forecast_into(&mut state, &mut [0.0; 3]).is_err());
    assert_eq!(state, kept);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let series = waves::<f64>(2, 300);
    let mut model = Esn::<f64>::new(small(), 2, &mut rng(1)).unwrap();
    assert_eq!(model.predict(&series), Err(Error::NotFitted));
    assert_eq!(model.forecast(&series, 1), Err(Error::NotFitted));
    assert_eq!(model.weights(), Err(Error::NotFitted));
    assert_eq!(model.state().unwrap_err(), Error::NotFitted);
    assert_eq!(
        model.fit(&waves(3, 300)),
        Err(Error::Shape {
            what: "training series",
            expected: 2,
            found: 3
        })
    );
    assert_eq!(
        model.fit(&waves(2, 31)),
        Err(Error::TooShort {
            what: "training series",
            needed: 32,
            found: 31
        })
    );
    assert_eq!(
        model.fit_many(&[]),
        Err(math(MathError::Empty { what: "series" }))
    );
    assert!(model.fit_inference_many(&[]).is_err());
    assert!(
        model
            .fit_inference(&series, &DMatrix::zeros(0, 300))
            .is_err()
    );
    assert!(
        model
            .fit_inference(&series, &DMatrix::zeros(1, 299))
            .is_err()
    );
    model.fit(&series).unwrap();
    assert!(model.infer(&series).is_err());
    assert!(model.predict(&waves(2, 30)).is_err());
    assert!(model.forecast(&DMatrix::zeros(2, 0), 1).is_err());
    let mut blank = model.state().unwrap();
    assert_eq!(
        model.forecast_into(&mut blank, &mut [0.0; 2]),
        Err(Error::TooShort {
            what: "state",
            needed: 1,
            found: 0
        })
    );
    // The state of another network.
    let other = fitted(
        EsnConfig {
            features: StateFeatures {
                input: false,
                ..StateFeatures::default()
            },
            ..small()
        },
        &series,
    );
    assert!(other.step(&mut blank, &[0.0; 2], &mut [0.0; 2]).is_err());

    let with_feedback = EsnConfig {
        reservoir: ReservoirConfig {
            feedback: Some(Feedback {
                channels: 2,
                scaling: Scaling::default(),
                density: 1.0,
            }),
            ..small().reservoir
        },
        ..small()
    };
    let mut model = Esn::<f64>::new(with_feedback, 2, &mut rng(1)).unwrap();
    assert_eq!(
        model.fit(&series),
        Err(Error::Shape {
            what: "channels fed back in a forecast",
            expected: 0,
            found: 2
        })
    );
    assert!(
        model
            .fit_inference(&series, &DMatrix::zeros(1, 300))
            .is_err()
    );
    let mut deaf = Esn::<f64>::new(small(), 0, &mut rng(1)).unwrap();
    assert!(deaf.fit(&DMatrix::zeros(0, 300)).is_err());
}

#[test]
fn settings_of_the_readout_are_checked() {
    let bad = [
        EsnConfig {
            lambda: Lambda::Fixed(-1.0),
            ..small()
        },
        EsnConfig {
            lambda: Lambda::Gcv(vec![]),
            ..small()
        },
        EsnConfig {
            noise: TrainingNoise {
                state: -1.0,
                ..TrainingNoise::default()
            },
            ..small()
        },
        EsnConfig {
            features: StateFeatures {
                constant: true,
                ..StateFeatures::default()
            },
            ..small()
        },
        EsnConfig {
            reservoir: ReservoirConfig {
                units: 0,
                ..ReservoirConfig::default()
            },
            ..small()
        },
    ];
    for config in bad {
        assert!(config.check(1).is_err());
        assert!(Esn::<f64>::new(config.clone(), 1, &mut rng(1)).is_err());
    }
    let huge = EsnConfig {
        washout: usize::MAX,
        ..small()
    };
    let mut model = Esn::<f64>::new(huge, 1, &mut rng(1)).unwrap();
    assert!(model.fit(&waves(1, 50)).is_err());
}

#[test]
fn divergence_names_the_step() {
    let config = EsnConfig {
        features: StateFeatures {
            input: true,
            ..StateFeatures::default()
        },
        target: Target::Direct,
        standardise: false,
        intercept: false,
        ..small()
    };
    let mut model = Esn::<f64>::new(config, 1, &mut rng(1)).unwrap();
    // u(t + 1) = 1e100 u(t).
    let mut weights = DMatrix::zeros(1, 41);
    weights[(0, 0)] = 1e100;
    model
        .set_readout(Task::Forecast, weights, DVector::zeros(1))
        .unwrap();
    let history = DMatrix::from_element(1, 5, 1.0);
    let diverged = Error::Diverged {
        step: 3,
        channel: 0,
    };
    assert_eq!(model.forecast(&history, 10), Err(diverged.clone()));
    let mut state = model.state_after(&history).unwrap();
    let mut out = [0.0; 10];
    assert_eq!(model.forecast_into(&mut state, &mut out), Err(diverged));
    assert_eq!(out[..2], [1e100, 1e200]);
    assert_eq!(state.seen(), 8);

    // A reservoir that explodes while it is fitted.
    let config = EsnConfig {
        reservoir: ReservoirConfig {
            units: 10,
            activation: Activation::Identity,
            spectral_radius: 1e30,
            topology: Topology::Ring,
            ..ReservoirConfig::default()
        },
        ..small()
    };
    let mut model = Esn::<f64>::new(config, 1, &mut rng(1)).unwrap();
    let error = model.fit(&waves(1, 300)).unwrap_err();
    assert!(
        matches!(error, Error::Diverged { step: 30, .. }),
        "{error:?}"
    );
}

#[test]
fn readouts_of_other_programs_are_checked() {
    let mut model = Esn::<f64>::new(small(), 1, &mut rng(1)).unwrap();
    let (w, b) = (DMatrix::zeros(1, 41), DVector::zeros(1));
    assert!(
        model
            .set_readout(Task::Forecast, w.clone(), b.clone())
            .is_err(),
        "standardised"
    );
    let config = EsnConfig {
        standardise: false,
        ..small()
    };
    let mut model = Esn::<f64>::new(config, 1, &mut rng(1)).unwrap();
    assert!(
        model
            .set_readout(Task::Forecast, DMatrix::zeros(1, 40), b.clone())
            .is_err()
    );
    assert!(
        model
            .set_readout(Task::Forecast, DMatrix::zeros(2, 41), DVector::zeros(2))
            .is_err()
    );
    assert!(
        model
            .set_readout(Task::Forecast, w.clone(), DVector::zeros(2))
            .is_err()
    );
    assert!(
        model
            .set_readout(Task::Forecast, w.map(|_| f64::NAN), b.clone())
            .is_err()
    );
    model.set_readout(Task::Forecast, w, b).unwrap();
    assert!(model.condition().unwrap().is_nan());
    // It learned nothing: the increment is zero.
    let forecast = model.forecast(&DMatrix::from_element(1, 3, 7.0), 2);
    assert_eq!(forecast.unwrap().as_slice(), [7.0, 7.0]);
}

#[test]
fn other_dynamics_learn_as_well() {
    for dynamics in [
        Dynamics::EdgeOfStability { proximity: 0.5 },
        Dynamics::Euler {
            step: 0.5,
            diffusion: 1.0,
        },
    ] {
        let config = EsnConfig {
            reservoir: ReservoirConfig {
                dynamics,
                leak: Leak::default(),
                ..small().reservoir
            },
            ..small()
        };
        let series = waves::<f64>(1, 900);
        let model = fitted(config, &series.columns(0, 700).into_owned());
        let error = nrmse(&model, &series.columns(600, 300).into_owned());
        assert!(error < 0.05, "{dynamics:?}: {error}");
    }
}

#[test]
fn the_same_reservoir_gives_the_same_network() {
    let series = waves::<f64>(1, 300);
    let config = EsnConfig {
        noise: TrainingNoise::default(),
        ..small()
    };
    let a = fitted(config.clone(), &series);
    let reservoir = Reservoir::new(&config.reservoir, 1, &mut rng(1)).unwrap();
    let mut b = Esn::from_reservoir(config, reservoir).unwrap();
    b.fit(&series).unwrap();
    assert_eq!(a.weights(), b.weights());
}
