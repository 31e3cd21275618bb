//! Losses: the catalogue, gradients against differences, extreme logits, bad input.

use nalgebra::DMatrix;
use neuropil_math::loss::{cross_entropy_of_class, cross_entropy_of_class_gradient};
use neuropil_math::{Error, Loss};
use neuropil_test_kit::gradient::check_gradient;
use neuropil_test_kit::tolerance::{assert_close, check_value};

const PREDICTION: [f64; 4] = [0.3, -1.7, 2.4, 0.9];
const TARGET: [f64; 4] = [0.1, 0.5, 0.25, 0.15];

/// The value at `PREDICTION` and `TARGET`, from the equations in the documentation.
fn expected(loss: Loss) -> f64 {
    let pairs = || PREDICTION.into_iter().zip(TARGET);
    match loss {
        Loss::Squared => pairs().map(|(p, t)| (p - t).powi(2)).sum(),
        Loss::Absolute => pairs().map(|(p, t)| (p - t).abs()).sum(),
        Loss::Huber => 0.5 * 0.2_f64.powi(2) + (2.2 - 0.5) + (2.15 - 0.5) + 0.5 * 0.75_f64.powi(2),
        Loss::CrossEntropy => {
            let lse = PREDICTION.iter().map(|p| p.exp()).sum::<f64>().ln();
            pairs().map(|(p, t)| t * (lse - p)).sum()
        }
        Loss::BinaryCrossEntropy => pairs().map(|(p, t)| p.exp().ln_1p() - t * p).sum(),
    }
}

#[test]
fn every_loss_has_its_value() {
    for loss in Loss::ALL {
        let value = loss.value(&PREDICTION, &TARGET).unwrap();
        check_value(loss.name(), value, expected(loss), 1e-14, 0.0).unwrap();
        let single = |x: [f64; 4]| x.map(|v| v as f32);
        let value = loss.value(&single(PREDICTION), &single(TARGET)).unwrap();
        check_value(loss.name(), value, expected(loss), 1e-6, 0.0).unwrap();
    }
}

#[test]
fn every_gradient_agrees_with_differences() {
    for loss in Loss::ALL {
        let mut gradient = [f64::NAN; 4];
        let value = loss.gradient(&PREDICTION, &TARGET, &mut gradient).unwrap();
        assert_eq!(value, loss.value(&PREDICTION, &TARGET).unwrap(), "{loss}");
        let f = |p: &[f64]| loss.value(p, &TARGET).unwrap();
        check_gradient(f, &PREDICTION, &gradient, 1e-3, 1e-9)
            .unwrap_or_else(|e| panic!("{loss}: {e}"));
    }
}

#[test]
fn every_loss_is_least_where_the_prediction_is_the_target() {
    for loss in Loss::ALL {
        let best: Vec<f64> = match loss {
            Loss::CrossEntropy => TARGET.iter().map(|t| t.ln() + 3.0).collect(),
            Loss::BinaryCrossEntropy => TARGET.iter().map(|t| (t / (1.0 - t)).ln()).collect(),
            _ => TARGET.to_vec(),
        };
        let mut gradient = [f64::NAN; 4];
        loss.gradient(&best, &TARGET, &mut gradient).unwrap();
        assert_close(loss.name(), &gradient, &[0.0; 4], 0.0, 4.0 * f64::EPSILON);
    }
}

#[test]
fn the_mean_over_a_batch() {
    let prediction = DMatrix::from_column_slice(2, 2, &PREDICTION);
    let target = DMatrix::from_column_slice(2, 2, &TARGET);
    for loss in Loss::ALL {
        let mut gradient = DMatrix::zeros(2, 2);
        let value = loss
            .mean_gradient(&prediction, &target, &mut gradient)
            .unwrap();
        assert_eq!(value, loss.mean(&prediction, &target).unwrap(), "{loss}");
        let f = |p: &[f64]| {
            let p = DMatrix::from_column_slice(2, 2, p);
            loss.mean(&p, &target).unwrap()
        };
        check_gradient(f, &PREDICTION, gradient.as_slice(), 1e-3, 1e-9)
            .unwrap_or_else(|e| panic!("{loss}: {e}"));
    }
}

#[test]
fn a_class_is_a_target_of_one() {
    let mut one_hot = [0.0; 4];
    one_hot[2] = 1.0;
    let (mut a, mut b) = ([0.0; 4], [0.0; 4]);
    let soft = Loss::CrossEntropy
        .gradient(&PREDICTION, &one_hot, &mut a)
        .unwrap();
    let hard = cross_entropy_of_class_gradient(&PREDICTION, 2, &mut b).unwrap();
    check_value("loss", hard, soft, 4.0 * f64::EPSILON, 0.0).unwrap();
    assert_close("gradient", &b, &a, 4.0 * f64::EPSILON, 0.0);
    assert_eq!(hard, cross_entropy_of_class(&PREDICTION, 2).unwrap());
}

#[test]
fn extreme_logits_have_finite_or_infinite_losses_but_no_nan() {
    let inf = f64::INFINITY;
    assert_eq!(cross_entropy_of_class(&[1e300, -1e300], 0).unwrap(), 0.0);
    assert_eq!(cross_entropy_of_class(&[1e300, -1e300], 1).unwrap(), 2e300);
    assert_eq!(cross_entropy_of_class(&[0.0, -inf], 0).unwrap(), 0.0);
    assert_eq!(cross_entropy_of_class(&[0.0, -inf], 1).unwrap(), inf);
    let confident = cross_entropy_of_class(&[0.0_f32, -30.0], 0).unwrap();
    check_value("loss", confident, (-30.0_f64).exp(), 1e-6, 0.0).unwrap();

    let mut gradient = [0.0; 2];
    let value = Loss::CrossEntropy
        .gradient(&[2.0, -inf], &[1.0, 0.0], &mut gradient)
        .unwrap();
    assert_eq!(
        (value, gradient),
        (0.0, [0.0, 0.0]),
        "a masked class without target"
    );

    let binary = |p, t| Loss::BinaryCrossEntropy.value(&[p], &[t]).unwrap();
    assert_eq!(binary(800.0, 1.0), 0.0);
    assert_eq!(binary(800.0, 0.0), 800.0);
    assert_eq!(binary(-800.0, 0.25), 200.0);
    assert_eq!(binary(-inf, 0.0), 0.0);
    assert_eq!(binary(-inf, 1.0), inf);
}

#[test]
fn nan_stays() {
    for loss in Loss::ALL {
        let mut gradient = [0.0; 2];
        let value = loss
            .gradient(&[f64::NAN, 1.0], &[0.0, 1.0], &mut gradient)
            .unwrap();
        assert!(value.is_nan() && gradient[0].is_nan(), "{loss}");
        assert!(
            loss.value(&[0.0, 1.0], &[f64::NAN, 1.0]).unwrap().is_nan(),
            "{loss}"
        );
    }
}

#[test]
fn the_kink_of_the_absolute_loss_is_flat() {
    let mut gradient = [5.0; 3];
    Loss::Absolute
        .gradient(&[1.0, 2.0, -3.0], &[1.0, 1.0, 1.0], &mut gradient)
        .unwrap();
    assert_eq!(gradient, [0.0, 1.0, -1.0]);
}

#[test]
fn names_are_the_same_everywhere() {
    let source = include_str!("../src/loss.rs");
    for loss in Loss::ALL {
        let name = loss.to_string();
        assert_eq!(name.parse::<Loss>().unwrap(), loss);
        assert_eq!(serde_json::to_string(&loss).unwrap(), format!("\"{name}\""));
        assert!(
            source.contains(&format!("/// | `{name}` |")),
            "no row of {name}"
        );
        let message = "mse".parse::<Loss>().unwrap_err().to_string();
        assert!(message.contains(&name), "{message}");
    }
}

#[test]
fn shapes_must_agree() {
    let (a, b) = (DMatrix::<f64>::zeros(2, 3), DMatrix::zeros(2, 2));
    let mut gradient = [0.0; 2];
    for loss in Loss::ALL {
        let short = loss.value(&[1.0, 2.0], &[1.0]);
        assert!(matches!(
            short,
            Err(Error::Shape {
                expected: 2,
                found: 1,
                ..
            })
        ));
        assert!(loss.gradient(&[1.0], &[1.0], &mut gradient).is_err());
        assert!(loss.mean(&a, &b).is_err());
        assert!(loss.mean_gradient(&a, &a, &mut b.clone()).is_err());
        let none = DMatrix::<f64>::zeros(2, 0);
        assert_eq!(
            loss.mean(&none, &none),
            Err(Error::Empty { what: "the batch" })
        );
    }
    let error = cross_entropy_of_class(&[1.0, 2.0], 2).unwrap_err();
    assert!(error.to_string().contains("class is 2"), "{error}");
    assert!(cross_entropy_of_class::<f64>(&[], 0).is_err());
    assert!(cross_entropy_of_class_gradient(&[1.0], 0, &mut gradient).is_err());
}
