//! Metrics against definitions, counted by hand or by brute force, and what is undefined.

use nalgebra::DMatrix;
use neuropil_math::Error;
use neuropil_math::metrics::classification::{ConfusionMatrix, accuracy, largest, roc_auc};
use neuropil_math::metrics::forecast::{normalized_error, valid_steps};
use neuropil_math::metrics::regression::{
    Normalization, mae, mse, mse_per_channel, nmse, nrmse, r2, rmse,
};
use proptest::prelude::*;

type Metric = fn(&[f64], &[f64]) -> Result<f64, Error>;

const NORMALIZATIONS: [Normalization; 7] = [
    Normalization::Range,
    Normalization::Deviation,
    Normalization::Variance,
    Normalization::Mean,
    Normalization::InterquartileRange,
    Normalization::TotalDeviation { channels: 2 },
    Normalization::By(4.0),
];

#[test]
fn every_normalization_has_its_value() {
    // Errors of 1 and -1 alternate: RMSE 1.
    let target = [1.0, 2.0, 3.0, 10.0];
    let prediction = [2.0, 1.0, 4.0, 9.0];
    // Mean 4; squared deviations 9, 4, 1, 36.
    for normalization in NORMALIZATIONS {
        let scale = match normalization {
            Normalization::Range => 9.0,
            Normalization::Deviation => 12.5_f64.sqrt(),
            Normalization::Variance => 12.5,
            Normalization::Mean => 4.0,
            // Quartiles at positions 0.75 and 2.25.
            Normalization::InterquartileRange => (3.0 + 0.25 * 7.0) - 1.75,
            // Channels 1, 3 and 2, 10: variances 1 and 16.
            Normalization::TotalDeviation { .. } => 17.0_f64.sqrt(),
            Normalization::By(scale) => scale,
        };
        let value = nrmse(&prediction, &target, normalization).unwrap();
        assert!(
            (value - 1.0 / scale).abs() < 1e-15,
            "{normalization:?}: {value}"
        );
    }
    let root = nmse(&prediction, &target).unwrap().sqrt();
    let deviation = nrmse(&prediction, &target, Normalization::Deviation).unwrap();
    assert!((root - deviation).abs() < 1e-15);
    assert_eq!(
        mse_per_channel(&prediction, &target, 2).unwrap(),
        [1.0, 1.0]
    );
    assert_eq!(
        mse_per_channel(&[1.0, 5.0], &[0.0, 2.0], 2).unwrap(),
        [1.0, 9.0]
    );
}

#[test]
fn constant_targets_have_errors_but_no_normalised_ones() {
    // The mean of three 0.1 is not 0.1: the variance must be zero all the same.
    let (prediction, target) = ([0.2, 0.1, 0.1], [0.1; 3]);
    assert!(mse(&prediction, &target).is_ok() && mae(&prediction, &target).is_ok());
    for metric in [r2 as Metric, nmse] {
        assert!(matches!(
            metric(&prediction, &target),
            Err(Error::Undefined { .. })
        ));
    }
    for normalization in [
        Normalization::Range,
        Normalization::Deviation,
        Normalization::Variance,
        Normalization::InterquartileRange,
        Normalization::TotalDeviation { channels: 1 },
    ] {
        let outcome = nrmse(&prediction, &target, normalization);
        assert!(
            matches!(outcome, Err(Error::Undefined { .. })),
            "{normalization:?}"
        );
    }
    let zero_mean = nrmse(&[1.0, 1.0], &[-1.0, 1.0], Normalization::Mean);
    assert!(matches!(zero_mean, Err(Error::Undefined { .. })));
}

#[test]
fn bad_input_is_refused() {
    for metric in [mse as Metric, rmse, mae, r2, nmse] {
        assert_eq!(
            metric(&[], &[]),
            Err(Error::Empty {
                what: "the targets"
            })
        );
        assert!(matches!(
            metric(&[1.0], &[1.0, 2.0]),
            Err(Error::Shape { .. })
        ));
        let nan = metric(&[1.0, f64::NAN], &[1.0, 2.0]);
        assert!(matches!(nan, Err(Error::NonFinite { index: 1, .. })));
        assert!(metric(&[1.0, 2.0], &[f64::INFINITY, 2.0]).is_err());
    }
    let y = [1.0, 2.0, 3.0];
    for channels in [0, 2, 4] {
        assert!(
            mse_per_channel(&y, &y, channels).is_err(),
            "{channels} channels"
        );
        assert!(nrmse(&y, &y, Normalization::TotalDeviation { channels }).is_err());
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let outcome = nrmse(&y, &y, Normalization::By(scale));
        assert!(
            matches!(outcome, Err(Error::OutOfRange { .. })),
            "scale {scale}"
        );
    }
}

#[test]
fn confusion_by_hand() {
    //            labels 0: predicted 0, 0, 1; 1: predicted 1; 2: predicted 0; 3 never occurs
    let confusion = ConfusionMatrix::new(&[0, 0, 1, 1, 0], &[0, 0, 0, 1, 2], 4).unwrap();
    assert_eq!(confusion.classes(), 4);
    assert_eq!(
        (
            confusion.count(0, 0),
            confusion.count(0, 1),
            confusion.count(2, 0)
        ),
        (2, 1, 1)
    );
    assert_eq!(confusion.count(4, 0), 0);
    assert_eq!(confusion.accuracy(), 0.6);
    let precision: Vec<_> = (0..4).map(|c| confusion.precision(c)).collect();
    assert_eq!(precision, [Some(2.0 / 3.0), Some(0.5), None, None]);
    let recall: Vec<_> = (0..5).map(|c| confusion.recall(c)).collect();
    assert_eq!(recall, [Some(2.0 / 3.0), Some(1.0), Some(0.0), None, None]);
    let f1: Vec<_> = (0..4).map(|c| confusion.f1(c)).collect();
    assert_eq!(f1, [Some(4.0 / 6.0), Some(2.0 / 3.0), Some(0.0), None]);
    let third = |sum: f64| sum / 3.0;
    assert_eq!(confusion.macro_precision(), third(2.0 / 3.0 + 0.5));
    assert_eq!(confusion.macro_recall(), third(2.0 / 3.0 + 1.0));
    assert_eq!(confusion.macro_f1(), third(4.0 / 6.0 + 2.0 / 3.0));
    assert_eq!(confusion.micro_f1(), 0.6);
    assert_eq!(
        confusion.to_string(),
        "  0 1 2 3\n0 2 1 0 0\n1 0 1 0 0\n2 1 0 0 0\n3 0 0 0 0"
    );
    // One class only: right, and said so.
    let one = ConfusionMatrix::new(&[0, 0], &[0, 0], 1).unwrap();
    assert_eq!(
        (one.accuracy(), one.macro_f1(), one.f1(0)),
        (1.0, 1.0, Some(1.0))
    );
}

#[test]
fn classes_out_of_range_are_refused() {
    assert!(matches!(
        ConfusionMatrix::new(&[], &[], 3),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        ConfusionMatrix::new(&[0], &[0, 1], 3),
        Err(Error::Shape { .. })
    ));
    let label = ConfusionMatrix::new(&[0], &[3], 3).unwrap_err();
    assert_eq!(
        label.to_string(),
        "a label is 3, must be below the number of classes"
    );
    let predicted = ConfusionMatrix::new(&[3], &[0], 3).unwrap_err();
    assert!(predicted.to_string().starts_with("a predicted class is 3"));
    assert!(ConfusionMatrix::new(&[0], &[0], 0).is_err());
    assert!(accuracy(&[], &[]).is_err() && accuracy(&[1], &[1, 2]).is_err());
    assert_eq!(accuracy(&[1, 2, 3, 4], &[1, 2, 3, 3]), Ok(0.75));
}

#[test]
fn the_largest_score_wins_and_ties_go_to_the_first() {
    let nan = f64::NAN;
    let scores = [1.0, 3.0, 3.0, nan, -2.0, -5.0, nan, nan, nan];
    assert_eq!(largest(&scores, 3), Ok(vec![1, 1, 0]));
    assert_eq!(largest::<f32>(&[], 3), Ok(vec![]));
    assert!(largest(&scores, 0).is_err() && largest(&scores, 4).is_err());
}

#[test]
fn roc_auc_limits() {
    let labels = [false, true, false, true];
    assert_eq!(roc_auc(&[0.0, 1.0, 0.5, 2.0], &labels), Ok(1.0));
    assert_eq!(roc_auc(&[0.0, -1.0, 0.5, -2.0], &labels), Ok(0.0));
    assert_eq!(roc_auc(&[7.0_f32; 4], &labels), Ok(0.5));
    assert_eq!(
        roc_auc(&[-0.0, 0.0], &[false, true]),
        Ok(0.5),
        "zeros are a tie"
    );
    assert_eq!(
        roc_auc(&[f64::NEG_INFINITY, f64::INFINITY], &[false, true]),
        Ok(1.0)
    );
    assert!(matches!(
        roc_auc(&[1.0, 2.0], &[true, true]),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(
        roc_auc(&[1.0, 2.0], &[false; 2]),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(roc_auc::<f64>(&[], &[]), Err(Error::Empty { .. })));
    assert!(matches!(roc_auc(&[1.0], &labels), Err(Error::Shape { .. })));
    let nan = roc_auc(&[1.0, f64::NAN], &[true, false]);
    assert!(matches!(nan, Err(Error::NonFinite { index: 1, .. })));
}

#[test]
fn a_forecast_ends_where_its_error_exceeds_the_threshold() {
    let truth = DMatrix::from_row_slice(2, 4, &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    let mut forecast = truth.clone();
    forecast[(0, 2)] = 2.0;
    // sqrt((2/2)²/2)
    let errors = normalized_error(&forecast, &truth, &[2.0, 1.0]).unwrap();
    assert_eq!(errors, [0.0, 0.0, 0.5_f64.sqrt(), 0.0]);
    let valid = |threshold| valid_steps(&forecast, &truth, &[2.0, 1.0], threshold).unwrap();
    assert_eq!((valid(0.7).steps, valid(0.7).ended), (2, true));
    assert_eq!((valid(0.71).steps, valid(0.71).ended), (4, false));
    assert_eq!(valid(0.7).lyapunov_times(0.5, 0.9), 0.9);
    forecast[(1, 0)] = f64::NAN;
    let diverged = valid_steps(&forecast, &truth, &[2.0, 1.0], 0.7).unwrap();
    assert_eq!((diverged.steps, diverged.ended), (0, true));
}

#[test]
fn forecasts_with_bad_shapes_or_settings_are_refused() {
    let y = DMatrix::from_element(2, 3, 1.0);
    let valid = |deviations: &[f64], threshold| valid_steps(&y, &y, deviations, threshold);
    assert!(valid(&[1.0, 1.0], 0.4).is_ok());
    assert!(valid(&[1.0], 0.4).is_err());
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(valid(&[1.0, bad], 0.4).is_err(), "deviation {bad}");
        assert!(valid(&[1.0, 1.0], bad).is_err(), "threshold {bad}");
    }
    assert!(valid_steps(&y, &y.columns(0, 2).into_owned(), &[1.0; 2], 0.4).is_err());
    assert!(valid_steps(&y, &(&y * f64::NAN), &[1.0; 2], 0.4).is_err());
    let none = DMatrix::<f64>::zeros(2, 0);
    assert!(matches!(
        valid_steps(&none, &none, &[1.0; 2], 0.4),
        Err(Error::Empty { .. })
    ));
}

proptest! {
    #[test]
    fn the_mean_has_r2_zero_and_the_truth_one(
        y in prop::collection::vec(-100.0..100.0_f64, 2..50),
    ) {
        prop_assume!(y.iter().any(|v| (v - y[0]).abs() > 1e-3));
        prop_assert_eq!(r2(&y, &y), Ok(1.0));
        prop_assert_eq!(rmse(&y, &y), Ok(0.0));
        let mean = vec![y.iter().sum::<f64>() / y.len() as f64; y.len()];
        prop_assert!(r2(&mean, &y).unwrap().abs() < 1e-10);
        prop_assert!((nmse(&mean, &y).unwrap() - 1.0).abs() < 1e-10);
        // A common unit cancels in all but one convention.
        let p: Vec<f64> = y.iter().map(|v| v + 1.0).collect();
        let (py, pp): (Vec<f64>, Vec<f64>) = (
            y.iter().map(|v| v * 8.0).collect(),
            p.iter().map(|v| v * 8.0).collect(),
        );
        for normalization in [Normalization::Range, Normalization::Deviation] {
            let (a, b) = (nrmse(&p, &y, normalization), nrmse(&pp, &py, normalization));
            prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn roc_auc_counts_all_pairs(
        samples in prop::collection::vec((0..6_u8, any::<bool>()), 2..40),
    ) {
        let (scores, labels): (Vec<f64>, Vec<bool>) =
            samples.iter().map(|&(s, l)| (f64::from(s), l)).unzip();
        let (mut pairs, mut right) = (0.0, 0.0);
        for (p, _) in scores.iter().zip(&labels).filter(|(_, l)| **l) {
            for (n, _) in scores.iter().zip(&labels).filter(|(_, l)| !**l) {
                pairs += 1.0;
                right += if p > n { 1.0 } else if p == n { 0.5 } else { 0.0 };
            }
        }
        prop_assume!(pairs > 0.0);
        prop_assert_eq!(roc_auc(&scores, &labels), Ok(right / pairs));
    }
}
