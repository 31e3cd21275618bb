//! Bad input ends in an error that carries the numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_reservoir::{
    Error, FeatureMap, Lambda, MAX_FEATURES, Ngrc, NgrcConfig, Orders, Target, Task,
};

fn line(samples: usize) -> DMatrix<f64> {
    DMatrix::from_fn(2, samples, |c, t| ((c + 1) as f64 * 0.3 * t as f64).sin())
}

fn config() -> NgrcConfig {
    NgrcConfig {
        taps: 3,
        stride: 2,
        ..NgrcConfig::default()
    }
}

fn model() -> Ngrc<f64> {
    let mut model = Ngrc::new(config()).unwrap();
    model.fit(&line(60)).unwrap();
    model
}

#[test]
fn settings_out_of_range() {
    let with = |change: &dyn Fn(&mut NgrcConfig)| {
        let mut config = config();
        change(&mut config);
        Ngrc::<f64>::new(config).unwrap_err().to_string()
    };
    assert_eq!(with(&|c| c.taps = 0), "taps is 0, must be 1 at least");
    assert_eq!(with(&|c| c.stride = 0), "stride is 0, must be 1 at least");
    assert!(with(&|c| c.stride = usize::MAX).contains("exceeds every memory"));
    assert_eq!(with(&|c| c.orders = Orders::Set(vec![])), "orders is empty");
    assert_eq!(with(&|c| c.orders = Orders::UpTo(0)), "orders is empty");
    assert_eq!(
        with(&|c| c.orders = Orders::Exactly(0)),
        "order is 0, must be 1 at least"
    );
    assert_eq!(
        with(&|c| c.orders = Orders::Set(vec![1, 3, 1])),
        "order is 1, may be listed once"
    );
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        let message = with(&|c| c.lambda = Lambda::Fixed(lambda));
        assert!(message.starts_with("lambda is"), "{message}");
    }
    assert!(with(&|c| c.intercept = true).contains("intercept"));
}

#[test]
fn too_many_features_are_refused_before_they_are_allocated() {
    for (channels, orders) in [
        (1000, Orders::UpTo(4)),
        (1000, Orders::Exactly(usize::MAX)),
        (1, Orders::UpTo(usize::MAX)),
        (usize::MAX, Orders::UpTo(1)),
        (usize::MAX / 2, Orders::UpTo(1)),
        (MAX_FEATURES, Orders::UpTo(1)),
    ] {
        let error = FeatureMap::new(channels, 3, 1, &orders, true).unwrap_err();
        assert!(
            matches!(
                error,
                Error::TooManyFeatures {
                    limit: MAX_FEATURES,
                    ..
                }
            ),
            "{channels} channels, {orders:?}: {error}"
        );
    }
}

#[test]
fn too_short() {
    let needs = |needed, found| Error::TooShort {
        what: "training series",
        needed,
        found,
    };
    let mut fresh = Ngrc::<f64>::new(config()).unwrap();
    assert_eq!(fresh.fit(&line(5)), Err(needs(6, 5)));
    assert_eq!(fresh.fit_many(&[&line(60), &line(1)]), Err(needs(6, 1)));
    assert!(
        fresh.fit(&line(6)).is_ok(),
        "one pair is enough with a penalty"
    );
    assert!(matches!(
        fresh.fit_inference(&line(4), &line(4)),
        Err(Error::TooShort {
            needed: 5,
            found: 4,
            ..
        })
    ));

    let model = model();
    let history = Error::TooShort {
        what: "history",
        needed: 5,
        found: 4,
    };
    assert_eq!(model.forecast(&line(4), 3), Err(history));
    assert_eq!(model.forecast(&line(5), 0).unwrap().shape(), (2, 0));
    assert!(matches!(
        model.predict(&line(4)),
        Err(Error::TooShort { .. })
    ));
    let mut state = model.state_after(&line(4)).unwrap();
    assert_eq!(
        model
            .forecast_into(&mut state, &mut [0.0; 2])
            .unwrap_err()
            .to_string(),
        "state: 5 samples are needed, found 4"
    );
}

#[test]
fn values_that_are_not_finite_are_located() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut series = line(60);
        series[(1, 17)] = bad;
        let at = |what| Error::NonFinite {
            what,
            channel: 1,
            time: 17,
        };
        let mut fresh = Ngrc::new(config()).unwrap();
        assert_eq!(fresh.fit(&series), Err(at("training series")));
        assert_eq!(
            fresh.fit_inference(&series, &line(60)),
            Err(at("training inputs"))
        );
        assert_eq!(
            fresh.fit_inference(&line(60), &series),
            Err(at("training targets"))
        );
        let model = model();
        assert_eq!(model.predict(&series), Err(at("series")));
        assert_eq!(model.forecast(&series, 1), Err(at("history")));

        let mut state = model.state_after(&line(20)).unwrap();
        let before = state.history();
        assert!(model.step(&mut state, &[bad, 0.0], &mut [0.0; 2]).is_err());
        assert_eq!(state.history(), before, "a refused sample leaves no trace");
    }
}

#[test]
fn features_that_overflow_are_refused() {
    let series = line(60) * 1e200;
    let error = Ngrc::new(config()).unwrap().fit(&series).unwrap_err();
    assert!(
        matches!(error, Error::Math(neuropil_math::Error::NonFinite { .. })),
        "{error}"
    );
}

#[test]
fn sizes_that_disagree() {
    let model = model();
    let three = DMatrix::<f64>::zeros(3, 60);
    assert_eq!(
        model.predict(&three).unwrap_err().to_string(),
        "channels: expected 2, found 3"
    );
    assert!(model.forecast(&three, 1).is_err());
    assert!(model.state_after(&three).is_err());

    let mut fresh = Ngrc::new(config()).unwrap();
    assert!(matches!(
        fresh.fit_many(&[&line(60), &three]),
        Err(Error::Shape {
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert!(fresh.fit_many(&[]).is_err());
    assert!(fresh.fit(&DMatrix::<f64>::zeros(0, 60)).is_err());
    assert!(fresh.fit_inference_many(&[]).is_err());
    assert!(
        fresh
            .fit_inference(&line(60), &DMatrix::zeros(0, 60))
            .is_err()
    );
    assert!(matches!(
        fresh.fit_inference(&line(60), &line(59)),
        Err(Error::Shape {
            what: "samples of the targets",
            expected: 60,
            found: 59
        })
    ));

    let mut state = model.state_after(&line(20)).unwrap();
    for (input, output) in [(1, 2), (3, 2), (2, 1), (2, 3)] {
        let mut output = vec![0.0; output];
        assert!(
            model
                .step(&mut state, &vec![0.0; input], &mut output)
                .is_err()
        );
    }
    assert!(model.forecast_into(&mut state, &mut [0.0; 3]).is_err());
}

#[test]
fn the_state_of_another_model_is_refused() {
    let model = model();
    for other in [
        NgrcConfig {
            taps: 2,
            ..config()
        },
        NgrcConfig {
            taps: 2,
            stride: 4,
            ..config()
        },
        NgrcConfig {
            orders: Orders::UpTo(1),
            ..config()
        },
        NgrcConfig {
            orders: Orders::Exactly(2),
            ..config()
        },
    ] {
        let mut foreign = Ngrc::new(other).unwrap();
        foreign.fit(&line(60)).unwrap();
        let mut state = foreign.state_after(&line(20)).unwrap();
        assert!(matches!(
            model.forecast_into(&mut state, &mut [0.0; 2]),
            Err(Error::Shape { .. })
        ));
        assert!(model.step(&mut state, &[0.0; 2], &mut [0.0; 2]).is_err());
    }
}

#[test]
fn a_model_that_is_not_fitted_says_so() {
    let model = Ngrc::<f64>::new(config()).unwrap();
    assert_eq!(model.forecast(&line(60), 1), Err(Error::NotFitted));
    assert_eq!(model.predict(&line(60)), Err(Error::NotFitted));
    assert_eq!(model.infer(&line(60)), Err(Error::NotFitted));
    assert_eq!(model.weights(), Err(Error::NotFitted));
    assert!(model.state().is_err());
    assert_eq!(model.save("unused.json"), Err(Error::NotFitted));
}

#[test]
fn a_model_of_another_task_says_so() {
    let mut inferring = Ngrc::new(config()).unwrap();
    inferring.fit_inference(&line(60), &line(60)).unwrap();
    let wrong = Error::WrongTask {
        fitted: Task::Inference,
        asked: Task::Forecast,
    };
    assert_eq!(inferring.forecast(&line(60), 1), Err(wrong.clone()));
    assert_eq!(inferring.predict(&line(60)), Err(wrong));
    assert_eq!(
        model().infer(&line(60)).unwrap_err().to_string(),
        "the model was fitted for forecasting, not for inference"
    );
}

#[test]
fn a_failed_fit_leaves_the_model_as_it_was() {
    let mut fitted = model();
    let before = fitted.clone();
    assert!(fitted.fit(&line(2)).is_err());
    assert_eq!(fitted, before);
}

#[test]
fn divergence_names_the_step() {
    // x(t+1) = x(t)², learned on (0, 1], asked from 10 on: 10, 1e2, 1e4, … 1e256, ∞.
    let square = NgrcConfig {
        taps: 1,
        orders: Orders::Exactly(2),
        constant: false,
        standardise: false,
        target: Target::Direct,
        lambda: Lambda::Fixed(0.0),
        ..NgrcConfig::default()
    };
    let series = DMatrix::from_fn(1, 6, |_, t| 0.5_f64.powi(1 << t));
    let mut model = Ngrc::new(square).unwrap();
    model.fit(&series).unwrap();

    let start = DMatrix::from_element(1, 1, 10.0);
    let diverged = Error::Diverged {
        step: 8,
        channel: 0,
    };
    assert_eq!(model.forecast(&start, 20), Err(diverged.clone()));
    assert!(model.forecast(&start, 8).is_ok());

    let mut state = model.state_after(&start).unwrap();
    let mut out = [0.0; 20];
    assert_eq!(model.forecast_into(&mut state, &mut out), Err(diverged));
    assert!(
        out[7] > 1e250 && out[7].is_finite(),
        "what was finite is kept"
    );
    assert_eq!(state.history()[0], out[7]);
}

#[test]
fn a_constant_series_goes_on() {
    for standardise in [false, true] {
        let mut model = Ngrc::new(NgrcConfig {
            standardise,
            ..config()
        })
        .unwrap();
        let flat = DMatrix::from_element(1, 30, 7.0);
        model.fit(&flat).unwrap();
        assert!(model.forecast(&flat, 50).unwrap().iter().all(|&v| v == 7.0));
    }
}
