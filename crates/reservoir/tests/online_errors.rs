//! What online learners refuse, and files of them.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use neuropil_reservoir::{
    Dynamics, Error, Feedback, Force, ForceConfig, Leak, Lms, LmsConfig, Plasticity,
    PlasticityConfig, Reservoir, ReservoirConfig, Rls, RlsConfig, Scaling, StepSize,
    TargetDistribution,
};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn reservoir(feedback: bool, dynamics: Dynamics) -> Reservoir<f64> {
    let leaky = dynamics == Dynamics::Leaky;
    let config = ReservoirConfig {
        units: 8,
        leak: Leak::Scalar(if leaky { 0.3 } else { 1.0 }),
        bias_scaling: 0.3,
        feedback: feedback.then_some(Feedback {
            channels: 1,
            scaling: Scaling::Uniform(1.0),
            density: 1.0,
        }),
        dynamics,
        ..ReservoirConfig::default()
    };
    Reservoir::new(&config, 1, &mut Xoshiro256PlusPlus::seed_from_u64(2)).unwrap()
}

#[test]
fn settings_out_of_range() {
    let rls = |config| Rls::new(config, 2, 1).unwrap_err().to_string();
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let config = RlsConfig {
            lambda,
            ..RlsConfig::default()
        };
        let message = rls(config);
        assert_eq!(
            message,
            format!("lambda is {lambda}, must be finite and above 0")
        );
    }
    for forgetting in [0.0, 1.01, f64::NAN] {
        let config = RlsConfig {
            forgetting,
            ..RlsConfig::default()
        };
        assert!(rls(config).starts_with("forgetting is"));
    }
    let empty = |features, outputs| {
        Rls::new(RlsConfig::default(), features, outputs)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(empty(0, 1), "features is empty");
    assert_eq!(empty(1, 0), "outputs is empty");
    let error = Rls::new(RlsConfig::default(), usize::MAX / 2, 1).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");

    for (step_size, what) in [
        (StepSize::Fixed(0.0), "the step size is 0"),
        (StepSize::Fixed(f64::NAN), "the step size is NaN"),
        (
            StepSize::Normalised {
                rate: 2.0,
                epsilon: 0.0,
            },
            "rate is 2",
        ),
        (
            StepSize::Normalised {
                rate: 1.0,
                epsilon: -1.0,
            },
            "epsilon is -1",
        ),
    ] {
        let config = LmsConfig {
            step_size,
            intercept: true,
        };
        let message = Lms::new(config, 2, 1).unwrap_err().to_string();
        assert!(message.starts_with(what), "{message}");
        let mut good = Lms::new(LmsConfig::default(), 2, 1).unwrap();
        assert!(good.set_step_size(step_size).is_err());
        assert_eq!(good, Lms::new(LmsConfig::default(), 2, 1).unwrap());
    }

    let weights = DMatrix::from_element(1, 2, 0.5);
    let config = RlsConfig {
        intercept: false,
        ..RlsConfig::default()
    };
    let message = Rls::with_weights(config, &weights, &[0.1])
        .unwrap_err()
        .to_string();
    assert!(message.starts_with("intercept is 0.1"), "{message}");
    assert!(Rls::with_weights(config, &weights, &[0.0, 0.0]).is_err());
    assert!(Rls::with_weights(config, &(weights * f64::NAN), &[0.0]).is_err());
}

#[test]
fn samples_that_do_not_fit_change_nothing() {
    let mut rls = Rls::new(RlsConfig::default(), 2, 1).unwrap();
    let mut lms = Lms::new(LmsConfig::default(), 2, 1).unwrap();
    rls.step(&[1.0, 2.0], &[3.0], &mut [0.0]).unwrap();
    lms.step(&[1.0, 2.0], &[3.0], &mut [0.0]).unwrap();
    let (rls_before, lms_before) = (rls.clone(), lms.clone());
    let mut refused = |x: &[f64], y: &[f64], out: &mut [f64], words: &str| {
        for error in [
            rls.step(x, y, out).unwrap_err(),
            lms.step(x, y, out).unwrap_err(),
        ] {
            assert_eq!(error.to_string(), words);
        }
    };
    refused(&[1.0], &[1.0], &mut [0.0], "features: expected 2, found 1");
    refused(&[1.0; 2], &[], &mut [0.0], "targets: expected 1, found 0");
    refused(
        &[1.0; 2],
        &[1.0],
        &mut [0.0; 2],
        "outputs: expected 1, found 2",
    );
    refused(
        &[1.0, f64::NAN],
        &[1.0],
        &mut [0.0],
        "features holds NaN or infinity at index 1",
    );
    refused(
        &[1.0; 2],
        &[f64::INFINITY],
        &mut [0.0],
        "targets holds NaN or infinity at index 0",
    );
    let mut x = DMatrix::from_element(2, 5, 1.0);
    let y = DMatrix::from_element(1, 5, 1.0);
    assert!(rls.learn(&x, &DMatrix::from_element(1, 4, 1.0)).is_err());
    assert!(lms.learn(&x, &DMatrix::from_element(2, 5, 1.0)).is_err());
    x[(1, 3)] = f64::NAN;
    let found = Error::NonFinite {
        what: "features",
        channel: 1,
        time: 3,
    };
    assert_eq!(rls.learn(&x, &y), Err(found.clone()));
    assert_eq!(lms.learn(&x, &y), Err(found));
    assert_eq!((rls, lms), (rls_before, lms_before));
}

#[test]
fn features_beyond_the_range_of_squares() {
    let mut rls = Rls::new(RlsConfig::default(), 2, 1).unwrap();
    let error = [1e200, -1e200, 1e200]
        .iter()
        .map(|&x| rls.step(&[x, 1.0], &[1.0], &mut [0.0]))
        .find_map(Result::err)
        .unwrap();
    assert!(error.to_string().contains("exceed the range"), "{error}");
}

#[test]
fn force_refuses() {
    let message = |config, reservoir| {
        Force::<f64>::new(config, reservoir)
            .unwrap_err()
            .to_string()
    };
    let config = ForceConfig::default();
    assert_eq!(
        message(config, reservoir(false, Dynamics::Leaky)),
        "feedback of the reservoir is empty"
    );
    let never = ForceConfig { every: 0, ..config };
    assert_eq!(
        message(never, reservoir(true, Dynamics::Leaky)),
        "every is 0, must be 1 at least"
    );
    let edge = Dynamics::EdgeOfStability { proximity: 0.5 };
    assert!(message(config, reservoir(true, edge)).contains("membrane"));

    let mut model = Force::new(config, reservoir(true, Dynamics::Leaky)).unwrap();
    let mut state = model.state();
    model.step(&mut state, &[1.0], &[1.0], &mut [0.0]).unwrap();
    let before = (model.clone(), state.clone());
    let nan = f64::NAN;
    for (input, target, out) in [
        (vec![], vec![1.0], vec![0.0]),
        (vec![nan], vec![1.0], vec![0.0]),
        (vec![1.0], vec![nan], vec![0.0]),
        (vec![1.0], vec![], vec![0.0]),
        (vec![1.0], vec![1.0], vec![]),
    ] {
        let mut out = out;
        assert!(model.step(&mut state, &input, &target, &mut out).is_err());
        assert!((&model, &state) == (&before.0, &before.1));
    }
    let mut targets = DMatrix::zeros(1, 4);
    targets[(0, 2)] = nan;
    assert_eq!(
        model.learn(&mut state, &DMatrix::zeros(1, 4), &targets),
        Err(Error::NonFinite {
            what: "targets",
            channel: 0,
            time: 2
        })
    );
    assert!(model.run(&mut state, &DMatrix::zeros(2, 4)).is_err());
    assert!(state.set_output(&[nan]).is_err());
    assert!(state.units_mut().set(&[0.0; 7], &[0.0; 8]).is_err());
    assert!((&model, &state) == (&before.0, &before.1));
}

/// Saves, loads, and checks that a cut file and one with another number are refused.
fn round_trip<M: PartialEq + core::fmt::Debug>(
    name: &str,
    model: &M,
    save: impl Fn(&M, &Path) -> Result<(), Error>,
    load: impl Fn(&Path) -> Result<M, Error>,
    change: impl Fn(&mut serde_json::Value),
) {
    let file = path(name);
    save(model, &file).unwrap();
    assert_eq!(&load(&file).unwrap(), model);
    let text = std::fs::read_to_string(&file).unwrap();
    let damaged = path(&format!("damaged-{name}"));
    let refused = |text: &str| {
        std::fs::write(&damaged, text).unwrap();
        let error = load(&damaged).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    };
    for cut in (0..text.trim_end().len()).step_by(101) {
        refused(&text[..cut]);
    }
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json.as_object_mut().unwrap().remove("crc32");
    for key in ["unknown", "changed"] {
        let mut json = json.clone();
        let payload = &mut json["payload"];
        if key == "unknown" {
            payload["novelty"] = 1.into();
        } else {
            change(payload);
        }
        refused(&json.to_string());
    }
    assert!(save(model, &path("no/such/folder/model.json")).is_err());
    assert!(load(&path("nowhere.json")).is_err());
}

#[test]
fn files() {
    let x = DMatrix::from_fn(3, 20, |i, t| ((i + 1) as f64 * 0.7 * t as f64).sin());
    let y = DMatrix::from_fn(2, 20, |i, t| x[(i, t)] / 3.0 + 0.1);
    let config = RlsConfig {
        forgetting: 0.99,
        ..RlsConfig::default()
    };
    let mut rls = Rls::new(config, 3, 2).unwrap();
    rls.learn(&x, &y).unwrap();
    round_trip(
        "rls.json",
        &rls,
        |m, p| m.save(p),
        |p| Rls::load(p),
        |payload| payload["diagonal"][1] = (-1.0).into(),
    );
    for field in [
        "weights",
        "intercept",
        "upper",
        "feature_means",
        "target_means",
    ] {
        round_trip(
            "rls.json",
            &rls,
            |m, p| m.save(p),
            |p| Rls::load(p),
            |payload| {
                payload[field].as_array_mut().unwrap().pop();
            },
        );
    }
    // It goes on to the bit.
    let mut again = Rls::load(path("rls.json")).unwrap();
    again.learn(&x, &y).unwrap();
    rls.learn(&x, &y).unwrap();
    assert_eq!(again, rls);

    let mut lms = Lms::new(LmsConfig::default(), 3, 2).unwrap();
    lms.learn(&x, &y).unwrap();
    round_trip(
        "lms.json",
        &lms,
        |m, p| m.save(p),
        |p| Lms::load(p),
        |payload| payload["features"] = 2.into(),
    );
    assert!(Rls::load(path("lms.json")).is_err(), "another model");

    let edge = Dynamics::EdgeOfStability { proximity: 0.5 };
    for (name, dynamics) in [
        ("force-leaky.json", Dynamics::Leaky),
        ("force-edge.json", edge),
    ] {
        let config = ForceConfig {
            integrator: neuropil_reservoir::Integrator::Output,
            ..ForceConfig::default()
        };
        let mut force = Force::new(config, reservoir(true, dynamics)).unwrap();
        let mut state = force.state();
        let (inputs, targets) = (x.rows(0, 1).into_owned(), y.rows(0, 1).into_owned());
        force.learn(&mut state, &inputs, &targets).unwrap();
        round_trip(
            name,
            &force,
            |m, p| m.save(p),
            |p| Force::load(p),
            |payload| payload["reservoir"]["units"] = 7.into(),
        );
    }
    assert!(Force::<f32>::load(path("force-leaky.json")).is_err());

    let mut units = Plasticity::new(
        PlasticityConfig::default(),
        reservoir(false, Dynamics::Leaky),
    )
    .unwrap();
    units.fit(&x.rows(0, 1).into_owned()).unwrap();
    round_trip(
        "plasticity.json",
        &units,
        |m, p| m.save(p),
        |p| Plasticity::load(p),
        |payload| {
            payload["gains"].as_array_mut().unwrap().pop();
        },
    );
}

#[test]
fn plasticity_refuses() {
    let message = |target, rate, reservoir| {
        let config = PlasticityConfig {
            target,
            rate,
            ..PlasticityConfig::default()
        };
        Plasticity::<f64>::new(config, reservoir)
            .unwrap_err()
            .to_string()
    };
    let leaky = || reservoir(false, Dynamics::Leaky);
    let gaussian = |mean, deviation| TargetDistribution::Gaussian { mean, deviation };
    assert!(message(gaussian(1.0, 0.5), 1e-3, leaky()).starts_with("mean is 1"));
    assert!(message(gaussian(0.0, 0.0), 1e-3, leaky()).starts_with("deviation is 0"));
    assert!(message(gaussian(0.0, 0.5), 0.0, leaky()).starts_with("the learning rate is 0"));
    let exponential = |mean| TargetDistribution::Exponential { mean };
    assert!(message(exponential(0.0), 1e-3, leaky()).starts_with("mean is 0"));
    assert!(message(exponential(0.2), 1e-3, leaky()).contains("sigmoid"));
    let euler = Dynamics::Euler {
        step: 0.1,
        diffusion: 0.1,
    };
    let good = gaussian(0.0, 0.5);
    assert!(message(good, 1e-3, reservoir(false, euler)).contains("not leaky"));
    assert_eq!(
        message(good, 1e-3, reservoir(true, Dynamics::Leaky)),
        "channels of the feedback: expected 0, found 1"
    );

    let mut units = Plasticity::new(PlasticityConfig::default(), leaky()).unwrap();
    let mut state = units.state();
    units.step(&mut state, &[1.0], &mut [0.0; 8]).unwrap();
    let before = (units.clone(), state.clone());
    assert!(units.step(&mut state, &[1.0], &mut [0.0; 7]).is_err());
    assert!(units.step(&mut state, &[], &mut [0.0; 8]).is_err());
    assert!(units.step(&mut state, &[f64::NAN], &mut [0.0; 8]).is_err());
    let mut inputs = DMatrix::zeros(1, 5);
    inputs[(0, 4)] = f64::INFINITY;
    let found = Error::NonFinite {
        what: "inputs",
        channel: 0,
        time: 4,
    };
    assert_eq!(units.fit(&inputs).unwrap_err(), found);
    assert!((&units, &state) == (&before.0, &before.1));

    // A rate that throws the gains out of the numbers.
    let config = PlasticityConfig {
        rate: 1e308,
        epochs: 5,
        ..PlasticityConfig::default()
    };
    let mut wild = Plasticity::new(config, leaky()).unwrap();
    let error = wild.fit(&DMatrix::from_element(1, 50, 1.0)).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
}
