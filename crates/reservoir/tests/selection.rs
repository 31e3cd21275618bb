//! The choice of λ: what one-step criteria do to a closed loop, and what forecasts do instead.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_math::metrics::forecast::valid_steps;
use neuropil_math::ridge::{RidgePath, RidgeQr};
use neuropil_reservoir::selection::{ClosedLoopScore, choose, choose_by_forecasts, deviations};
use neuropil_reservoir::{
    ClosedLoopChoice, Criterion, Error, Lambda, Ngrc, NgrcConfig, Orders, RidgeMethod, Validation,
};

const DT: f64 = 0.02;
const EXPONENT: f64 = 0.9056;

/// Noise-free, on the attractor.
fn lorenz(samples: usize) -> DMatrix<f64> {
    let config = Lorenz63Config {
        dt: DT,
        warmup: 500,
        ..Lorenz63Config::default()
    };
    config.generate(samples).unwrap()
}

fn model(lambda: Lambda) -> Ngrc<f64> {
    let config = NgrcConfig {
        lambda,
        ..NgrcConfig::default()
    };
    Ngrc::new(config).unwrap()
}

/// The median valid time of forecasts of data that neither the fit nor the choice has seen, in
/// Lyapunov times.
fn valid_time(model: &Ngrc<f64>, test: &DMatrix<f64>) -> f64 {
    let (horizon, windows) = (600, 15);
    let deviations = deviations([test]).unwrap();
    let mut score = ClosedLoopScore::default();
    for window in 0..windows {
        let start = 2 + window * (test.ncols() - horizon - 2) / windows;
        let history = test.columns(start - 2, 2).into_owned();
        let mut state = model.state_after(&history).unwrap();
        let mut out = DMatrix::from_element(3, horizon, f64::NAN);
        let outcome = model.forecast_into(&mut state, out.as_mut_slice());
        assert!(matches!(outcome, Ok(()) | Err(Error::Diverged { .. })));
        let truth = test.columns(start, horizon).into_owned();
        let valid = valid_steps(&out, &truth, &deviations, 0.4).unwrap();
        score.add(
            &(0..horizon)
                .map(|t| if t < valid.steps { 0.1 } else { 1.0 })
                .collect::<Vec<_>>(),
            0.4,
        );
    }
    score.median_valid_steps() * DT * EXPONENT
}

/// Two taps and order 2 on noise-free Lorenz63: the least penalties predict one step best, and
/// diverge at once when they feed themselves.
#[test]
fn gcv_ruins_the_closed_loop_and_forecasts_do_not() {
    let series = lorenz(7000);
    let train = series.columns(0, 3000).into_owned();
    let test = series.columns(3000, 4000).into_owned();
    let lambdas = Lambda::decades(-16, 0);

    let mut by_gcv = model(Lambda::Gcv(lambdas.clone()));
    by_gcv.fit(&train).unwrap();
    let mut by_leaving_out = model(Lambda::LeaveOneOut(lambdas.clone()));
    by_leaving_out.fit(&train).unwrap();
    let mut by_folds = model(Lambda::Folds {
        lambdas: lambdas.clone(),
        folds: 5,
    });
    by_folds.fit(&train).unwrap();
    let mut by_forecasts = model(Lambda::ClosedLoop(ClosedLoopChoice {
        lambdas: lambdas.clone(),
        validation: Validation::Samples(1000),
        horizon: 600,
        ..ClosedLoopChoice::default()
    }));
    by_forecasts.fit(&train).unwrap();

    for (one_step, criterion) in [
        (&by_gcv, Criterion::Gcv),
        (&by_leaving_out, Criterion::LeaveOneOut),
        (&by_folds, Criterion::Folds(5)),
    ] {
        let choice = one_step.lambda().unwrap();
        let time = valid_time(one_step, &test);
        println!(
            "{criterion:?}: λ {:e}, {time} Lyapunov times",
            choice.lambda
        );
        assert_eq!(choice.criterion, criterion);
        assert!(choice.lambda <= 1e-12, "{:e}", choice.lambda);
        assert!(time < 0.3, "{criterion:?}: {time} Lyapunov times");
        // The chosen one has the least of the scores that are told.
        let scores: Vec<f64> = choice.scores.iter().filter_map(|s| s.score).collect();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let chosen = choice.scores.iter().find(|s| s.lambda == choice.lambda);
        assert_eq!(chosen.unwrap().score, Some(least));
    }

    let choice = by_forecasts.lambda().unwrap();
    let time = valid_time(&by_forecasts, &test);
    println!("forecasts: λ {:e}, {time} Lyapunov times", choice.lambda);
    for score in &choice.scores {
        println!("  {score:?}");
    }
    assert!((1e-9..1e-3).contains(&choice.lambda), "{:e}", choice.lambda);
    assert!(time > 4.0, "{time} Lyapunov times");
    assert_eq!(choice.scores.len(), lambdas.len());
    assert!(choice.scores.iter().all(|s| s.score.is_some()));
}

/// On noise-free data of a map that the features contain, small penalties are right in the closed
/// loop, too.
#[test]
fn forecasts_keep_a_small_penalty_where_it_is_good() {
    let series = lorenz(5000);
    let config = NgrcConfig {
        taps: 1,
        orders: Orders::UpTo(5),
        lambda: Lambda::ClosedLoop(ClosedLoopChoice {
            horizon: 1000,
            validation: Validation::Samples(2000),
            ..ClosedLoopChoice::default()
        }),
        ..NgrcConfig::default()
    };
    let mut model = Ngrc::new(config).unwrap();
    model.fit(&series.columns(0, 4000).into_owned()).unwrap();
    let choice = model.lambda().unwrap();
    assert!(choice.lambda <= 1e-8, "{choice:?}");
    // Fitted again from all samples, by a method that can.
    assert_eq!(model.samples().unwrap(), 3999);
    assert_ne!(model.method().unwrap(), RidgeMethod::Auto);
}

#[test]
fn a_validation_series_of_its_own_is_the_same_as_the_end_of_the_training_series() {
    let series = lorenz(1200);
    let settings = ClosedLoopChoice {
        lambdas: Lambda::decades(-8, -2),
        validation: Validation::Samples(400),
        windows: 4,
        horizon: 150,
        refit: false,
        ..ClosedLoopChoice::default()
    };
    let mut split = model(Lambda::ClosedLoop(settings.clone()));
    split.fit(&series).unwrap();
    let mut apart = model(Lambda::ClosedLoop(settings));
    // Two samples of history before the part.
    let train = series.columns(0, 800).into_owned();
    let validation = series.columns(798, 402).into_owned();
    apart.fit_validated(&[&train], &[&validation]).unwrap();
    assert_eq!(split, apart);
    assert_eq!(split.samples().unwrap(), 798);
}

#[test]
fn path_and_triangle_choose_alike() {
    let x = DMatrix::from_fn(4, 60, |i, t| ((i + 1) as f64 * 0.7 * t as f64).sin());
    let y = DMatrix::from_fn(1, 60, |_, t| (0.31 * t as f64).cos());
    let settings = ClosedLoopChoice {
        lambdas: Lambda::decades(-6, 2),
        ..ClosedLoopChoice::default()
    };
    let score = |ridge: &neuropil_reservoir::Ridge<f64>| {
        let mut score = ClosedLoopScore::default();
        // The best has a norm of 0.02.
        let distance = (ridge.weights().norm() - 0.02).abs();
        score.add(&[distance; 3], 0.4);
        Ok(score)
    };
    let path = RidgePath::new(&x, &y, true).unwrap();
    let (_, first) = choose(&path, &Lambda::ClosedLoop(settings.clone()), &mut { score }).unwrap();
    let mut qr = RidgeQr::new(4, 1, true).unwrap();
    qr.add(&x, &y).unwrap();
    let (_, second) = choose_by_forecasts(&qr, &settings, &mut { score }).unwrap();
    assert_eq!(first.lambda, second.lambda);
}

#[test]
fn wrong_settings_are_named() {
    let with = |change: &dyn Fn(&mut ClosedLoopChoice)| {
        let mut choice = ClosedLoopChoice::default();
        change(&mut choice);
        Ngrc::<f64>::new(NgrcConfig {
            lambda: Lambda::ClosedLoop(choice),
            ..NgrcConfig::default()
        })
        .unwrap_err()
        .to_string()
    };
    for (message, words) in [
        (with(&|c| c.lambdas.clear()), "penalties to choose from"),
        (with(&|c| c.lambdas.push(-1.0)), "lambda is -1"),
        (with(&|c| c.windows = 0), "windows"),
        (with(&|c| c.horizon = 0), "horizon"),
        (with(&|c| c.threshold = f64::NAN), "threshold"),
        (with(&|c| c.validation = Validation::Share(1.0)), "share"),
        (with(&|c| c.validation = Validation::Samples(0)), "samples"),
    ] {
        assert!(message.contains(words), "{message}");
    }
    let folds = NgrcConfig {
        lambda: Lambda::Folds {
            lambdas: vec![1.0],
            folds: 1,
        },
        ..NgrcConfig::default()
    };
    let message = Ngrc::<f64>::new(folds).unwrap_err().to_string();
    assert!(message.contains("folds"), "{message}");
}

#[test]
fn data_without_room_are_refused_and_an_inference_has_no_closed_loop() {
    let series = lorenz(100);
    let mut model = model(Lambda::ClosedLoop(ClosedLoopChoice::default()));
    // A quarter of 100 samples has no room for 200 steps.
    assert_eq!(
        model.fit(&series),
        Err(Error::TooShort {
            what: "series with a validation part as long as the horizon",
            needed: 275,
            found: 100
        })
    );
    assert!(model.fit_validated(&[&series], &[]).is_err());
    let message = model
        .fit_inference(&series, &series)
        .unwrap_err()
        .to_string();
    assert!(message.contains("feeds nothing back"), "{message}");
    assert_eq!(model.weights(), Err(Error::NotFitted));

    let mut fixed = Ngrc::new(NgrcConfig::default()).unwrap();
    let message = fixed
        .fit_validated(&[&series], &[&series])
        .unwrap_err()
        .to_string();
    assert!(message.contains("not chosen by forecasts"), "{message}");
}
