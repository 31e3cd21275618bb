//! The search for forecasting models: that all penalties come from the same states, what the split means,
//! and what cannot be searched.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_reservoir::tune::{
    Budget, Domain, EsnObjective, Halving, JudgedBy, NgrcObjective, Outcome, Sampler, Space, Split,
    Study, TpeConfig, TuneConfig, esn_space, ngrc_space, tune_esn, tune_ngrc,
};
use neuropil_reservoir::{
    Error, Esn, EsnConfig, Lambda, Ngrc, NgrcConfig, ReservoirConfig, TrainingNoise,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Two channels of different size, with a little noise.
fn series(samples: usize) -> DMatrix<f64> {
    let mut rng = rng(99);
    DMatrix::from_fn(2, samples, |channel, t| {
        let t = t as f64;
        let clean = (0.3 * t).sin() + 0.5 * (0.17 * t + channel as f64).cos();
        let noise = 0.02 * (rng.random::<f64>() - 0.5);
        (clean + noise) * [1.0, 50.0][channel] + [0.0, 300.0][channel]
    })
}

const LENGTHS: Split = Split::Lengths {
    train: 200,
    validation: 80,
    test: 60,
};
const ROLLING: Split = Split::RollingOrigin {
    folds: 3,
    validation: 30,
    window: None,
    test: 60,
};
const CLOSED: JudgedBy = JudgedBy::ClosedLoop {
    horizon: 7,
    every: 5,
};

fn config(split: Split, judged_by: JudgedBy) -> TuneConfig {
    let mut config = TuneConfig {
        judged_by,
        penalties: Lambda::decades(-8, 0),
        ..TuneConfig::new(split)
    };
    config.study.trials = 6;
    config
}

fn small_esn() -> EsnConfig {
    EsnConfig {
        reservoir: ReservoirConfig {
            units: 25,
            ..ReservoirConfig::default()
        },
        washout: 20,
        ..EsnConfig::default()
    }
}

/// The error as a user would measure it: a fit for every fold and penalty, a forecast for every origin.
fn by_hand(
    series: &DMatrix<f64>,
    config: &TuneConfig,
    mut forecast: impl FnMut(&DMatrix<f64>, f64, &DMatrix<f64>, usize) -> DMatrix<f64>,
) -> (f64, f64) {
    let (horizon, every) = match config.judged_by {
        JudgedBy::OneStep => (1, 1),
        JudgedBy::ClosedLoop { horizon, every } => (horizon, every),
    };
    let folds = config.split.folds(series.ncols()).unwrap();
    let errors = config.penalties.iter().map(|&penalty| {
        let mut mean = 0.0;
        for fold in &folds {
            let part = |from: usize, to: usize| series.columns(from, to - from).into_owned();
            let training = part(fold.training.start, fold.training.end);
            let (mut sum, mut count) = (0.0, 0);
            let mut origin = fold.validation.start;
            while origin + horizon <= fold.validation.end {
                let history = part(fold.training.start, origin);
                let ahead = forecast(&training, penalty, &history, horizon);
                for channel in 0..series.nrows() {
                    let deviation = training.row(channel).variance().sqrt();
                    for step in 0..horizon {
                        let truth = series[(channel, origin + step)];
                        sum += ((ahead[(channel, step)] - truth) / deviation).powi(2);
                        count += 1;
                    }
                }
                origin += every;
            }
            mean += sum / f64::from(count) / folds.len() as f64;
        }
        (mean.sqrt(), penalty)
    });
    errors.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

#[test]
fn all_penalties_of_ngrc_from_one_factorisation_are_those_of_separate_fits() {
    let series = series(400);
    let base = NgrcConfig {
        constant: false,
        intercept: true,
        ..NgrcConfig::default()
    };
    for split in [LENGTHS, ROLLING] {
        for judged_by in [JudgedBy::OneStep, CLOSED] {
            let config = config(split, judged_by);
            let objective = NgrcObjective::new(&series, &base, &config).unwrap();
            let mut study = Study::new(
                ngrc_space(3, 2, 2).unwrap(),
                config.study.clone(),
                &mut rng(1),
            )
            .unwrap();
            study.run(|trial, _| objective.evaluate(trial)).unwrap();
            for finished in study.trials() {
                let settings = objective.config_of(finished.trial()).unwrap();
                let (error, penalty) =
                    by_hand(&series, &config, |training, penalty, history, steps| {
                        let pairs = training.ncols() - 1 - settings.warmup().unwrap();
                        let mut model = Ngrc::new(NgrcConfig {
                            lambda: Lambda::Fixed(penalty * pairs as f64),
                            ..settings.clone()
                        })
                        .unwrap();
                        model.fit(training).unwrap();
                        model.forecast(history, steps).unwrap()
                    });
                assert_eq!(finished.attribute("penalty"), Some(penalty));
                let found = finished.value().unwrap();
                assert!((found / error - 1.0).abs() < 1e-6, "{found} beside {error}");
            }
        }
    }
}

#[test]
fn all_penalties_of_an_esn_from_the_same_states_are_those_of_separate_fits() {
    let series = series(400);
    for (standardise, judged_by) in [(true, CLOSED), (false, JudgedBy::OneStep)] {
        let base = EsnConfig {
            standardise,
            ..small_esn()
        };
        let config = config(LENGTHS, judged_by);
        let objective = EsnObjective::new(&series, &base, &config).unwrap();
        let mut study =
            Study::new(esn_space().unwrap(), config.study.clone(), &mut rng(1)).unwrap();
        study
            .run(|trial, rng| objective.evaluate(trial, rng))
            .unwrap();
        for finished in &study.trials()[..3] {
            let settings = objective.config_of(finished.trial()).unwrap();
            let (error, penalty) =
                by_hand(&series, &config, |training, penalty, history, steps| {
                    let pairs = training.ncols() - 1 - settings.washout;
                    let settings = EsnConfig {
                        lambda: Lambda::Fixed(penalty * pairs as f64),
                        ..settings.clone()
                    };
                    let mut rng = study.generator_of(finished.trial());
                    let mut model = Esn::new(settings, 2, &mut rng).unwrap();
                    model.fit(training).unwrap();
                    model.forecast(history, steps).unwrap()
                });
            assert_eq!(finished.attribute("penalty"), Some(penalty));
            let found = finished.value().unwrap();
            assert!((found / error - 1.0).abs() < 1e-4, "{found} beside {error}");
        }
    }
}

#[test]
fn the_test_part_has_no_influence_and_judges_the_model_once() {
    let series = series(400);
    let mut other = series.clone();
    for value in other.columns_mut(340, 60).iter_mut() {
        *value = 0.0;
    }
    for judged_by in [JudgedBy::OneStep, CLOSED] {
        let config = config(LENGTHS, judged_by);
        let tune = |series: &DMatrix<f64>| {
            let space = ngrc_space(3, 2, 2).unwrap();
            tune_ngrc(series, &NgrcConfig::default(), space, &config, &mut rng(2)).unwrap()
        };
        let (tuned, blind) = (tune(&series), tune(&other));
        assert_eq!(tuned.study, blind.study);
        assert_eq!(tuned.model, blind.model);
        assert!(blind.test_error > tuned.test_error);
        // The window of 200 samples has moved to the test part.
        let warmup = tuned.model.config().warmup().unwrap();
        assert_eq!(tuned.model.samples().unwrap(), 200 - 1 - warmup);

        let tune = |series: &DMatrix<f64>| {
            tune_esn(
                series,
                &small_esn(),
                esn_space().unwrap(),
                &config,
                &mut rng(2),
            )
            .unwrap()
        };
        let (tuned, blind) = (tune(&series), tune(&other));
        assert_eq!((&tuned.study, &tuned.model), (&blind.study, &blind.model));
        assert!(blind.test_error > tuned.test_error);
        assert!(tuned.test_error < Some(0.3), "{:?}", tuned.test_error);
    }
}

#[test]
fn budgets_are_training_samples_or_seeds() {
    let series = series(400);
    let mut config = config(LENGTHS, CLOSED);
    config.study.halving = Some(Halving {
        smallest: 50,
        largest: 200,
        reduction: 2,
    });
    let base = NgrcConfig::default();
    let run = |config: &TuneConfig| {
        let objective = NgrcObjective::new(&series, &base, config).unwrap();
        let space = ngrc_space(2, 1, 1).unwrap();
        let mut study = Study::new(space, config.study.clone(), &mut rng(3)).unwrap();
        study.run(|trial, _| objective.evaluate(trial)).unwrap();
        study
    };
    let halved = run(&config);
    let first = halved
        .trials()
        .iter()
        .find(|t| t.trial().rung() == 1)
        .unwrap();
    let budget = first.trial().budget().unwrap();
    // The same trial with all of a training part of that length.
    config.study.halving = None;
    config.split = Split::Lengths {
        train: budget,
        validation: 80,
        test: 60,
    };
    let plain = run(&config);
    assert_eq!(
        plain.trials()[first.trial().origin()].value(),
        first.value()
    );

    // Two seeds: the mean square of the errors of two reservoirs.
    let mut config = self::config(LENGTHS, CLOSED);
    config.penalties = vec![1e-4];
    config.budget = Budget::Seeds;
    config.study.trials = 2;
    config.study.halving = Some(Halving {
        smallest: 1,
        largest: 2,
        reduction: 2,
    });
    let esn = small_esn();
    let objective = EsnObjective::new(&series, &esn, &config).unwrap();
    let mut study = Study::new(esn_space().unwrap(), config.study.clone(), &mut rng(4)).unwrap();
    study
        .run(|trial, rng| objective.evaluate(trial, rng))
        .unwrap();
    let two = &study.trials()[2];
    let one = &study.trials()[two.trial().origin()];
    assert_eq!(
        (one.trial().budget(), two.trial().budget()),
        (Some(1), Some(2))
    );
    // The second reservoir: the generator after the first was drawn.
    let mut generator = study.generator_of(two.trial());
    let settings = objective.config_of(two.trial()).unwrap();
    Esn::<f64>::new(settings, 2, &mut generator).unwrap();
    let second = objective
        .evaluate(one.trial(), &mut generator)
        .unwrap()
        .value;
    let mean = one.value().unwrap().hypot(second) / 2.0_f64.sqrt();
    assert!((two.value().unwrap() / mean - 1.0).abs() < 1e-12);
}

#[test]
fn every_search_finds_the_order_of_the_henon_map() {
    let mut x = vec![0.1, 0.2];
    for t in 1..600 {
        x.push(1.0 - 1.4 * x[t] * x[t] + 0.3 * x[t - 1]);
    }
    let series = DMatrix::from_row_slice(1, 600, &x[..600]);
    for sampler in [
        Sampler::Random,
        Sampler::Sobol,
        Sampler::Tpe(TpeConfig::default()),
    ] {
        let mut config = config(
            Split::Lengths {
                train: 400,
                validation: 100,
                test: 100,
            },
            JudgedBy::ClosedLoop {
                horizon: 8,
                every: 4,
            },
        );
        config.study.sampler = sampler;
        config.study.trials = 40;
        config.penalties = Lambda::decades(-14, 0);
        let space = ngrc_space(4, 3, 4).unwrap();
        let tuned =
            tune_ngrc(&series, &NgrcConfig::default(), space, &config, &mut rng(5)).unwrap();
        let best = tuned.study.best().unwrap().trial();
        assert!(best.integer("taps").unwrap() >= 2 && best.integer("order").unwrap() >= 2);
        // Noise-free data: eight steps multiply the error by some thirty.
        assert!(tuned.test_error < Some(1e-6), "{:?}", tuned.test_error);
        assert!(tuned.validation_error > 0.0 && tuned.penalty > 0.0);
    }
}

#[test]
fn divergence_is_a_failed_trial() {
    // A ramp in the training part and a fall after it: no model of order 3 holds there.
    let series = DMatrix::from_fn(1, 300, |_, t| {
        let t = t as f64;
        if t < 200.0 {
            (0.2 * t).sin()
        } else {
            1e120 * t
        }
    });
    let config = TuneConfig {
        judged_by: JudgedBy::ClosedLoop {
            horizon: 20,
            every: 10,
        },
        penalties: vec![1e-12, 1e-6],
        ..TuneConfig::new(Split::Lengths {
            train: 200,
            validation: 100,
            test: 0,
        })
    };
    let space = Space::new([("order", Domain::Integer { low: 3, high: 3 })]).unwrap();
    let objective = NgrcObjective::new(&series, &NgrcConfig::default(), &config).unwrap();
    let mut study = Study::new(space, config.study.clone(), &mut rng(6)).unwrap();
    study.run(|trial, _| objective.evaluate(trial)).unwrap();
    assert_eq!(study.failed().count(), 64);
    let Outcome::Failed { reason } = study.trials()[0].outcome() else {
        unreachable!()
    };
    assert!(reason.contains("diverged"), "{reason}");
    let error = objective.finish(study).unwrap_err();
    assert!(
        matches!(&error, Error::AllTrialsFailed { trials: 64, first } if first.contains("diverged")),
        "{error}"
    );
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let series = series(400);
    let good = config(LENGTHS, CLOSED);
    let space = || ngrc_space(2, 1, 1).unwrap();
    let ngrc = |series: &DMatrix<f64>, space: Space, config: &TuneConfig| {
        tune_ngrc(series, &NgrcConfig::default(), space, config, &mut rng(7))
            .unwrap_err()
            .to_string()
    };
    let unknown = Space::new([("depth", Domain::Integer { low: 1, high: 2 })]).unwrap();
    assert!(ngrc(&series, unknown, &good).contains("`depth`"));
    let wrong_kind = Space::new([(
        "taps",
        Domain::Uniform {
            low: 1.0,
            high: 2.0,
        },
    )])
    .unwrap();
    assert!(ngrc(&series, wrong_kind, &good).contains("`taps`"));
    let target = Space::new([("target", Domain::Categorical(vec!["both".into()]))]).unwrap();
    assert!(ngrc(&series, target, &good).contains("`both`"));
    let zero = Space::new([("taps", Domain::Integer { low: 0, high: 0 })]).unwrap();
    assert!(ngrc(&series, zero, &good).contains("taps is 0"));

    let short = series.columns(0, 339).into_owned();
    assert!(ngrc(&short, space(), &good).contains("340 samples are needed, found 339"));
    let mut gap = series.clone();
    gap[(1, 17)] = f64::NAN;
    assert!(ngrc(&gap, space(), &good).contains("channel 1 at time 17"));
    assert!(ngrc(&DMatrix::zeros(0, 400), space(), &good).contains("channels"));
    for (split, expected) in [
        (
            Split::Lengths {
                train: 0,
                validation: 80,
                test: 0,
            },
            "training",
        ),
        (
            Split::Lengths {
                train: 80,
                validation: 6,
                test: 0,
            },
            "7 samples are needed, found 6",
        ),
        (
            Split::Lengths {
                train: 80,
                validation: 60,
                test: 3,
            },
            "7 samples are needed, found 3",
        ),
        (
            Split::RollingOrigin {
                folds: 0,
                validation: 80,
                window: None,
                test: 0,
            },
            "folds",
        ),
        (
            Split::RollingOrigin {
                folds: usize::MAX,
                validation: usize::MAX,
                window: Some(usize::MAX),
                test: 1,
            },
            "needed",
        ),
    ] {
        let message = ngrc(&series, space(), &config(split, CLOSED));
        assert!(message.contains(expected), "{message}");
    }
    for (horizon, every) in [(0, 1), (1, 0)] {
        let judged_by = JudgedBy::ClosedLoop { horizon, every };
        assert!(ngrc(&series, space(), &config(LENGTHS, judged_by)).contains("is 0"));
    }
    let mut bad = good.clone();
    bad.penalties = vec![];
    assert!(ngrc(&series, space(), &bad).contains("empty"));
    bad.penalties = vec![-1.0];
    assert!(ngrc(&series, space(), &bad).contains("lambda is -1"));
    bad = good.clone();
    bad.most_features = 2;
    assert!(ngrc(&series, space(), &bad).contains("more than 2 features"));

    let esn = |base: &EsnConfig, space: Space| {
        tune_esn(&series, base, space, &good, &mut rng(8))
            .unwrap_err()
            .to_string()
    };
    let noisy = EsnConfig {
        noise: TrainingNoise {
            input: 0.1,
            ..TrainingNoise::default()
        },
        ..small_esn()
    };
    assert!(esn(&noisy, esn_space().unwrap()).contains("noise"));
    let washed = EsnConfig {
        washout: 199,
        ..small_esn()
    };
    assert!(esn(&washed, esn_space().unwrap()).contains("201 samples are needed"));
    let topology = Space::new([("topology", Domain::Categorical(vec!["star".into()]))]).unwrap();
    assert!(esn(&small_esn(), topology).contains("`star`"));
}

#[test]
fn every_named_topology_and_state_can_be_searched() {
    let series = series(400);
    let space = Space::new([
        ("units", Domain::LogInteger { low: 5, high: 40 }),
        (
            "topology",
            Domain::Categorical(
                ["random", "dense", "ring", "delay_line", "orthogonal"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ),
        (
            "state",
            Domain::Categorical(
                ["linear", "with_squares", "odd_even"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ),
        (
            "target",
            Domain::Categorical(vec!["increment".into(), "direct".into()]),
        ),
        (
            "input_density",
            Domain::Uniform {
                low: 0.5,
                high: 1.0,
            },
        ),
        (
            "penalty",
            Domain::LogUniform {
                low: 1e-8,
                high: 1e-2,
            },
        ),
    ])
    .unwrap();
    let mut config = config(LENGTHS, JudgedBy::OneStep);
    config.study.trials = 32;
    let tuned = tune_esn(&series, &small_esn(), space, &config, &mut rng(9)).unwrap();
    assert_eq!(tuned.study.failed().count(), 0);
    let best = tuned.study.best().unwrap();
    assert_eq!(Some(tuned.penalty), best.trial().real("penalty").ok());
    assert!(tuned.test_error < Some(0.1), "{:?}", tuned.test_error);
}

#[test]
fn single_precision_is_searched_too() {
    let series = series(400).map(|x| x as f32);
    let config = config(LENGTHS, CLOSED);
    let space = ngrc_space(3, 2, 2).unwrap();
    let tuned = tune_ngrc(&series, &NgrcConfig::default(), space, &config, &mut rng(1)).unwrap();
    assert!(tuned.test_error < Some(0.3), "{:?}", tuned.test_error);
    let tuned = tune_esn(
        &series,
        &small_esn(),
        esn_space().unwrap(),
        &config,
        &mut rng(1),
    )
    .unwrap();
    assert!(tuned.test_error < Some(0.3), "{:?}", tuned.test_error);
}
