//! Optimisers: traces of the published formulas, known optima, resuming, and what they refuse.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use nalgebra::{DMatrix, DVector};
use neuropil_math::optim::{
    AdamConfig, Clip, Optimizer, OptimizerConfig, SgdConfig, clip_by_norm, clip_by_value,
};
use neuropil_math::parameters::{Visitor, VisitorMut, flatten, scoped, scoped_mut, unflatten};
use neuropil_math::{Error, Parameters, Real};
use neuropil_test_kit::gradient::check_gradient;
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::Deserialize;

/// y = W x + b.
#[derive(Debug, Clone, PartialEq)]
struct Linear<T: Real> {
    weights: DMatrix<T>,
    intercept: DVector<T>,
}

impl<T: Real> Parameters<T> for Linear<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        scoped("weights", &self.weights, f);
        scoped("intercept", &self.intercept, f);
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        scoped_mut("weights", &mut self.weights, f);
        scoped_mut("intercept", &mut self.intercept, f);
    }
}

impl Linear<f64> {
    fn zeros() -> Self {
        Self {
            weights: DMatrix::zeros(2, 3),
            intercept: DVector::zeros(2),
        }
    }

    fn residual(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> DMatrix<f64> {
        let mut residual = &self.weights * x - y;
        for mut column in residual.column_iter_mut() {
            column += &self.intercept;
        }
        residual
    }

    /// The mean over samples of half the squared error.
    fn loss(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> f64 {
        self.residual(x, y).norm_squared() / (2.0 * x.ncols() as f64)
    }

    fn gradient(&self, x: &DMatrix<f64>, y: &DMatrix<f64>) -> Self {
        let residual = self.residual(x, y) / x.ncols() as f64;
        Self {
            weights: &residual * x.transpose(),
            intercept: residual.column_sum(),
        }
    }
}

/// Inputs, and the outputs of a known model without noise: its loss has one minimum, zero.
fn problem() -> (DMatrix<f64>, DMatrix<f64>, Linear<f64>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let x = DMatrix::from_fn(3, 50, |_, _| f64::standard_normal(&mut rng));
    let truth = Linear {
        weights: DMatrix::from_row_slice(2, 3, &[1.0, -2.0, 0.5, 0.0, 3.0, -1.0]),
        intercept: DVector::from_vec(vec![0.25, -0.75]),
    };
    let y = truth.residual(&x, &DMatrix::zeros(2, 50));
    (x, y, truth)
}

fn rules() -> Vec<(&'static str, OptimizerConfig)> {
    let momentum = SgdConfig {
        learning_rate: 0.1,
        momentum: 0.9,
        ..SgdConfig::default()
    };
    let adam = AdamConfig {
        learning_rate: 0.05,
        ..AdamConfig::default()
    };
    let plain = SgdConfig {
        learning_rate: 0.5,
        ..SgdConfig::default()
    };
    let nesterov = SgdConfig {
        nesterov: true,
        ..momentum
    };
    let adamw = AdamConfig {
        // The optimum of the decayed problem is elsewhere: decay is left to the traces.
        weight_decay: 0.0,
        learning_rate: 0.05,
        ..AdamConfig::adamw()
    };
    vec![
        ("plain", plain.into()),
        ("momentum", momentum.into()),
        ("nesterov", nesterov.into()),
        ("adam", adam.into()),
        ("adamw", adamw.into()),
    ]
}

#[test]
fn the_gradient_of_the_test_model_is_right() {
    let (x, y, _) = problem();
    let mut model = Linear::zeros();
    model.weights[(1, 2)] = 0.7;
    let gradient = flatten(&model.gradient(&x, &y));
    let mut probe = model.clone();
    let loss = |values: &[f64]| {
        unflatten(&mut probe, values).unwrap();
        probe.loss(&x, &y)
    };
    check_gradient(loss, &flatten(&model), &gradient, 1e-3, 1e-10).unwrap();
}

#[test]
fn every_rule_finds_the_optimum_of_linear_regression() {
    let (x, y, truth) = problem();
    for (name, config) in rules() {
        let mut model = Linear::zeros();
        let mut optimizer = Optimizer::new(config, &model).unwrap();
        for _ in 0..3000 {
            let gradient = model.gradient(&x, &y);
            optimizer.step(&mut model, &gradient).unwrap();
        }
        assert_close(name, &flatten(&model), &flatten(&truth), 0.0, 1e-9);
    }
}

#[derive(Deserialize)]
struct Traces {
    start: Vec<f64>,
    gradients: Vec<Vec<f64>>,
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Trace {
    name: String,
    config: OptimizerConfig,
    f64: Vec<Vec<f64>>,
    f32: Vec<Vec<f64>>,
}

fn follow<T: Real>(traces: &Traces, trace: &Trace, expected: &[Vec<f64>]) {
    let real = |values: &[f64]| -> Vec<T> { values.iter().map(|&x| T::of(x)).collect() };
    let mut model = real(&traces.start);
    let mut optimizer = Optimizer::new(trace.config, &model).unwrap();

    let mut flat = model.clone();
    let mut memories = [vec![T::zero(); flat.len()], vec![T::zero(); flat.len()]];
    let [first, second] = &mut memories;

    for (step, (gradient, expected)) in (1..).zip(traces.gradients.iter().zip(expected)) {
        let gradient = real(gradient);
        optimizer.step(&mut model, &gradient).unwrap();
        assert_eq!(model, real(expected), "{} at step {step}", trace.name);

        match trace.config {
            OptimizerConfig::Sgd(config) => config.update(step, &mut flat, &gradient, first),
            OptimizerConfig::Adam(config) => {
                config.update(step, &mut flat, &gradient, first, second)
            }
        }
        .unwrap();
        assert_eq!(flat, model, "the kernel of {} at step {step}", trace.name);
    }
    assert_eq!(optimizer.steps(), 12);
}

#[test]
fn traces_agree_to_the_bit() {
    let traces: Traces = serde_json::from_str(include_str!("optimiser_traces.json")).unwrap();
    assert_eq!(traces.traces.len(), 9);
    for trace in &traces.traces {
        follow::<f64>(&traces, trace, &trace.f64);
        follow::<f32>(&traces, trace, &trace.f32);
    }
}

#[test]
fn resumed_training_gives_the_bits_of_uninterrupted_training() {
    let (x, y, _) = problem();
    for (name, config) in rules() {
        let fresh = || {
            Optimizer::new(config, &Linear::zeros())
                .unwrap()
                .clipped(Clip::Norm(0.5))
                .unwrap()
        };
        let train = |model: &mut Linear<f64>, optimizer: &mut Optimizer<f64>, steps| {
            for _ in 0..steps {
                let gradient = model.gradient(&x, &y);
                optimizer.step(model, &gradient).unwrap();
            }
        };
        let (mut model, mut optimizer) = (Linear::zeros(), fresh());
        train(&mut model, &mut optimizer, 17);
        let mut resumed = model.clone();

        // By serde, completely.
        let text = serde_json::to_string(&optimizer).unwrap();
        let mut by_serde: Optimizer<f64> = serde_json::from_str(&text).unwrap();
        // By tensors and the number of steps.
        let mut by_tensors = fresh();
        unflatten(&mut by_tensors, &flatten(&optimizer)).unwrap();
        by_tensors.set_steps(optimizer.steps());

        train(&mut model, &mut optimizer, 30);
        let mut other = resumed.clone();
        train(&mut resumed, &mut by_serde, 30);
        train(&mut other, &mut by_tensors, 30);
        assert_eq!(resumed, model, "{name}");
        assert_eq!(other, model, "{name}");
        assert_eq!(by_serde, optimizer, "{name}");

        optimizer.reset();
        assert_eq!(optimizer, fresh(), "{name}");
    }
}

#[test]
fn the_state_is_visited_by_the_names_of_the_model() {
    let state = Optimizer::new(AdamConfig::default(), &Linear::zeros()).unwrap();
    let mut names = Vec::new();
    state.visit(&mut |name, shape, _| names.push(format!("{name} {shape:?}")));
    let expected = [
        "first_moment.weights [3, 2]",
        "first_moment.intercept [2]",
        "second_moment.weights [3, 2]",
        "second_moment.intercept [2]",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_bad_gradient_is_named_and_changes_nothing() {
    let (x, y, _) = problem();
    for (name, config) in rules() {
        let mut model = Linear::zeros();
        let mut optimizer = Optimizer::new(config, &model).unwrap();
        let gradient = model.gradient(&x, &y);
        optimizer.step(&mut model, &gradient).unwrap();
        let before = (model.clone(), optimizer.clone());

        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut gradient = model.gradient(&x, &y);
            gradient.intercept[1] = bad;
            let error = optimizer.step(&mut model, &gradient).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("tensor intercept: holds "), "{text}");
            assert!(text.ends_with("at index 1 (in the gradient)"), "{text}");
        }
        let other = Linear {
            weights: DMatrix::zeros(3, 2),
            intercept: DVector::zeros(2),
        };
        let error = optimizer.step(&mut model, &other).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tensor weights: has shape [2, 3], expected [3, 2] (in the gradient)"
        );
        let error = optimizer.step(&mut model, &gradient.weights).unwrap_err();
        assert!(matches!(error, Error::Tensor { .. }), "{error}");
        let mut other = other;
        assert!(optimizer.step(&mut other, &gradient).is_err());

        assert_eq!((model, optimizer), before, "{name}");
    }
}

#[test]
fn nonsense_is_refused() {
    let model = Linear::zeros();
    let sgd = SgdConfig::default();
    let adam = AdamConfig::default();
    let nonsense: [OptimizerConfig; 12] = [
        SgdConfig {
            learning_rate: -0.1,
            ..sgd
        }
        .into(),
        SgdConfig {
            learning_rate: f64::NAN,
            ..sgd
        }
        .into(),
        SgdConfig {
            momentum: 1.0,
            ..sgd
        }
        .into(),
        SgdConfig {
            dampening: 1.5,
            ..sgd
        }
        .into(),
        SgdConfig {
            weight_decay: f64::INFINITY,
            ..sgd
        }
        .into(),
        SgdConfig {
            nesterov: true,
            ..sgd
        }
        .into(),
        SgdConfig {
            nesterov: true,
            momentum: 0.9,
            dampening: 0.1,
            ..sgd
        }
        .into(),
        AdamConfig { beta1: 1.0, ..adam }.into(),
        AdamConfig {
            beta2: -0.1,
            ..adam
        }
        .into(),
        AdamConfig {
            epsilon: 0.0,
            ..adam
        }
        .into(),
        AdamConfig {
            weight_decay: f64::NAN,
            ..adam
        }
        .into(),
        AdamConfig {
            learning_rate: f64::INFINITY,
            ..adam
        }
        .into(),
    ];
    for config in nonsense {
        let outcome = Optimizer::new(config, &model);
        assert!(
            matches!(outcome, Err(Error::OutOfRange { .. })),
            "{config:?}"
        );
    }
    assert!(matches!(
        Optimizer::new(adam, &Vec::<f64>::new()),
        Err(Error::Empty { .. })
    ));
    let mut optimizer = Optimizer::new(adam, &model).unwrap();
    assert!(optimizer.set_learning_rate(-1.0).is_err());
    assert!(optimizer.clone().clipped(Clip::Value(f64::NAN)).is_err());

    let (mut p, mut m, mut v) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    assert!(adam.update(0, &mut p, &[1.0; 2], &mut m, &mut v).is_err());
    assert!(adam.update(1, &mut p, &[1.0; 3], &mut m, &mut v).is_err());
    assert!(
        adam.update(1, &mut p, &[1.0; 2], &mut m[..1], &mut v)
            .is_err()
    );
    assert!(sgd.update(0, &mut p, &[1.0; 2], &mut []).is_err());
    let momentum = SgdConfig {
        momentum: 0.5,
        ..sgd
    };
    assert!(momentum.update(1, &mut p, &[1.0; 2], &mut []).is_err());
    assert_eq!(p, [0.0; 2]);
}

#[test]
fn a_damaged_state_is_refused() {
    let optimizer = Optimizer::new(AdamConfig::default(), &vec![0.0; 2]).unwrap();
    let text = serde_json::to_string(&optimizer).unwrap();
    assert!(serde_json::from_str::<Optimizer<f64>>(&text).is_ok());
    let damages = [
        ("\"shape\":[2]", "\"shape\":[3]"),
        ("\"shape\":[2]", "\"shape\":[4294967296,4294967296]"),
        ("[[0.0,0.0],[0.0,0.0]]", "[[0.0,0.0]]"),
        ("[[0.0,0.0],[0.0,0.0]]", "[[0.0,0.0],[0.0]]"),
        ("[[0.0,0.0],[0.0,0.0]]", "[[0.0,0.0],[0.0,-1.0]]"),
        ("\"beta1\":0.9", "\"beta1\":1.9"),
        ("\"clip\":null", "\"clip\":{\"Norm\":-1.0}"),
        ("\"adam\"", "\"sgd\""),
    ];
    for (from, to) in damages {
        assert!(text.contains(from), "{from} is not in {text}");
        let damaged = text.replacen(from, to, 1);
        assert!(
            serde_json::from_str::<Optimizer<f64>>(&damaged).is_err(),
            "{to}"
        );
    }
    // Nothing is allocated for a size that no data confirm.
    let plain = Optimizer::new(SgdConfig::default(), &vec![0.0; 2]).unwrap();
    let text = serde_json::to_string(&plain).unwrap();
    let mut loaded: Optimizer<f64> = serde_json::from_str(&text).unwrap();
    loaded.step(&mut vec![0.0; 2], &vec![1.0; 2]).unwrap();
    let claims = text.replacen("[2]", "[1152921504606846975]", 1);
    let mut loaded: Optimizer<f64> = serde_json::from_str(&claims).unwrap();
    assert!(loaded.step(&mut vec![0.0; 2], &vec![1.0; 2]).is_err());
}

#[test]
fn a_model_that_changes_its_structure_is_refused() {
    let mut optimizer = Optimizer::new(AdamConfig::default(), &vec![0.0; 2]).unwrap();
    assert!(optimizer.step(&mut vec![0.0; 3], &vec![0.0; 2]).is_err());
    assert!(optimizer.step(&mut vec![0.0; 2], &vec![0.0; 3]).is_err());
    assert_eq!(optimizer.steps(), 0);
}

proptest! {
    #[test]
    fn clipping_by_norm_keeps_the_direction(
        values in prop::collection::vec(-1e3..1e3_f64, 8), limit in 1e-3..1e4_f64,
    ) {
        let mut model = Linear::zeros();
        unflatten(&mut model, &values)?;
        let before = clip_by_norm(&mut model, limit)?;
        let clipped = flatten(&model);
        let exact = DVector::from_vec(values.clone());
        prop_assert!((before - exact.norm()).abs() <= 8.0 * f64::EPSILON * before);
        let factor = (limit / before).min(1.0);
        for (clipped, value) in clipped.iter().zip(&values) {
            prop_assert!((clipped - value * factor).abs() <= 4.0 * f64::EPSILON * value.abs());
        }
        if before <= limit {
            prop_assert_eq!(clipped, values);
        }
    }

    #[test]
    fn clipping_by_value_limits_each(
        values in prop::collection::vec(-10.0..10.0_f32, 5), limit in 0.0..10.0_f32,
    ) {
        let mut clipped = values.clone();
        clip_by_value(&mut clipped, f64::from(limit))?;
        for (clipped, value) in clipped.iter().zip(&values) {
            prop_assert_eq!(*clipped, value.clamp(-limit, limit));
        }
    }

    #[test]
    fn the_first_step_of_adam_has_the_size_of_the_rate(g in prop_oneof![-1e6..-1e-3_f64, 1e-3..1e6_f64]) {
        let mut x = vec![0.0_f64];
        Optimizer::new(AdamConfig::default(), &x)?.step(&mut x, &vec![g])?;
        // |g| / (|g| + ε): the smaller the gradient, the more ε counts.
        let expected: f64 = -0.001 * g / (f64::abs(g) + 1e-8);
        prop_assert!((x[0] - expected).abs() <= 1e-3 * 8.0 * f64::EPSILON);
    }
}

#[test]
fn the_optimiser_clips_its_copy() {
    let gradient = vec![30.0, -40.0];
    for (clip, expected) in [
        (Clip::Norm(5.0), vec![-3.0, 4.0]),
        (Clip::Value(35.0), vec![-30.0, 35.0]),
        (Clip::Norm(500.0), vec![-30.0, 40.0]),
        (Clip::Norm(0.0), vec![0.0, 0.0]),
    ] {
        let config = SgdConfig {
            learning_rate: 1.0,
            ..SgdConfig::default()
        };
        let mut x = vec![0.0; 2];
        let mut optimizer = Optimizer::new(config, &x).unwrap().clipped(clip).unwrap();
        optimizer.step(&mut x, &gradient).unwrap();
        assert_close("clipped step", &x, &expected, 4.0 * f64::EPSILON, 0.0);
    }
    assert_eq!(gradient, [30.0, -40.0]);
}

#[test]
fn clipping_refuses_what_is_not_finite() {
    for clip in [
        |g: &mut Vec<f64>, limit| clip_by_norm(g, limit).map(drop),
        |g: &mut Vec<f64>, limit| clip_by_value(g, limit),
    ] {
        let mut gradient = vec![1.0, f64::NAN];
        assert!(matches!(
            clip(&mut gradient, 0.1),
            Err(Error::Tensor { .. })
        ));
        assert_eq!(gradient[0], 1.0);
        assert!(matches!(
            clip(&mut vec![1.0], -1.0),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            clip(&mut vec![1.0], f64::INFINITY),
            Err(Error::OutOfRange { .. })
        ));
    }
}
