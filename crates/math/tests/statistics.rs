//! Running moments, covariances and standardising against their definitions.

use nalgebra::DMatrix;
use neuropil_math::Error;
use neuropil_math::statistics::{RunningMoments, Standardizer, correlation, covariance};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;

#[test]
fn a_large_mean_does_not_cancel_the_variance() {
    let mut moments = RunningMoments::new(1);
    for x in [4.0, 7.0, 13.0, 16.0] {
        moments.add(&[1e9 + x]).unwrap();
    }
    assert_eq!(moments.count(), 4);
    assert_eq!(moments.mean().unwrap(), [1e9 + 10.0]);
    assert_close(
        "s²",
        &moments.sample_variance().unwrap(),
        &[30.0],
        1e-7,
        0.0,
    );
}

#[test]
fn a_constant_channel_has_no_variance() {
    let x = DMatrix::from_fn(2, 1000, |i, j| if i == 0 { 0.1 } else { j as f64 });
    let moments = RunningMoments::of(&x).unwrap();
    let variance = moments.variance().unwrap();
    assert_eq!(variance[0], 0.0);
    assert_close(
        "variance",
        &variance[1..],
        &[(1e6 - 1.0) / 12.0],
        1e-13,
        0.0,
    );
    assert!(matches!(correlation(&x), Err(Error::Undefined { .. })));
    assert!(covariance(&x).is_ok());
}

#[test]
fn too_few_samples_are_said() {
    let mut moments = RunningMoments::new(2);
    assert!(matches!(moments.mean(), Err(Error::Empty { .. })));
    assert!(moments.variance().is_err() && moments.sample_variance().is_err());
    moments.add(&[1.0_f32, 2.0]).unwrap();
    assert_eq!(moments.variance().unwrap(), [0.0, 0.0]);
    assert!(matches!(
        moments.sample_variance(),
        Err(Error::Undefined { .. })
    ));
    let none = DMatrix::<f64>::zeros(2, 0);
    assert!(covariance(&none).is_err() && Standardizer::fit(&none).is_err());
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut moments = RunningMoments::new(2);
    moments.add(&[1.0, 2.0]).unwrap();
    let before = moments.clone();
    assert!(matches!(moments.add(&[1.0]), Err(Error::Shape { .. })));
    assert!(matches!(
        moments.add(&[1.0, f64::NAN]),
        Err(Error::NonFinite { index: 1, .. })
    ));
    let mut x = DMatrix::from_element(2, 2, 1.0);
    x[(0, 1)] = f64::INFINITY;
    assert!(moments.add_columns(&x).is_err());
    assert!(moments.add_columns(&DMatrix::<f64>::zeros(3, 1)).is_err());
    assert!(moments.merge(&RunningMoments::new(3)).is_err());
    moments.merge(&RunningMoments::new(2)).unwrap();
    assert_eq!(moments, before);
    let mut empty = RunningMoments::new(2);
    empty.merge(&before).unwrap();
    assert_eq!(empty, before);
}

#[test]
fn covariance_and_correlation_by_hand() {
    let x = DMatrix::from_row_slice(2, 4, &[1.0, 2.0, 3.0, 4.0, 2.0, 0.0, 2.0, -4.0]);
    // Means 2.5 and 0.
    let expected = [1.25, -2.0, -2.0, 6.0];
    assert_close(
        "covariance",
        covariance(&x).unwrap().as_slice(),
        &expected,
        1e-15,
        0.0,
    );
    let r = -2.0 / (1.25_f64 * 6.0).sqrt();
    let matrix = correlation(&x).unwrap();
    assert_close(
        "correlation",
        matrix.as_slice(),
        &[1.0, r, r, 1.0],
        1e-15,
        0.0,
    );
    let twice = DMatrix::from_fn(2, 5, |i, j| {
        (j * j) as f64 * if i == 0 { 0.3 } else { -7.1 }
    });
    assert_eq!(
        correlation(&twice).unwrap()[(1, 0)].abs().min(1.0 - 1e-15),
        1.0 - 1e-15
    );
}

#[test]
fn standardised_channels_have_mean_zero_and_deviation_one() {
    let x = DMatrix::from_fn(3, 40, |i, j| match i {
        0 => (j as f64 * 0.3).sin() * 20.0 + 5.0,
        1 => 1e-9 * (j as f64),
        _ => 0.1,
    });
    let standardizer = Standardizer::fit(&x).unwrap();
    let mut z = x.clone();
    standardizer.apply(&mut z).unwrap();
    let moments = RunningMoments::of(&z).unwrap();
    assert_close("mean", moments.mean().unwrap(), &[0.0; 3], 0.0, 1e-14);
    assert_close(
        "deviation",
        &moments.deviation().unwrap(),
        &[1.0, 1.0, 0.0],
        1e-14,
        0.0,
    );
    assert_eq!(standardizer.scale()[2], 1.0);

    let mut sample = [5.0, 0.0, 0.6];
    standardizer.apply_sample(&mut sample).unwrap();
    assert_eq!(
        sample[2], 0.5,
        "a constant channel that moves is not divided"
    );
    standardizer.invert_sample(&mut sample).unwrap();
    assert_close("sample", &sample, &[5.0, 0.0, 0.6], 1e-15, 1e-22);
    standardizer.invert(&mut z).unwrap();
    assert_close("x", z.as_slice(), x.as_slice(), 1e-14, 1e-22);

    let json = serde_json::to_string(&standardizer).unwrap();
    assert_eq!(
        serde_json::from_str::<Standardizer>(&json).unwrap(),
        standardizer
    );
    assert!(
        standardizer
            .apply(&mut DMatrix::<f64>::zeros(2, 2))
            .is_err()
    );
    assert!(
        standardizer
            .invert(&mut DMatrix::<f64>::zeros(4, 2))
            .is_err()
    );
    assert!(standardizer.apply_sample(&mut [0.0; 2]).is_err());
    assert!(standardizer.invert_sample(&mut [0.0; 4]).is_err());
}

proptest! {
    #[test]
    fn merging_gives_what_one_pass_gives(
        data in prop::collection::vec(-1e3..1e3_f64, 2..120),
        cut in 0..60_usize,
    ) {
        let samples = data.len() / 2;
        let cut = cut.min(samples);
        let x = DMatrix::from_column_slice(2, samples, &data[..2 * samples]);
        let whole = RunningMoments::of(&x).unwrap();
        let mut first = RunningMoments::of(&x.columns(0, cut).into_owned()).unwrap();
        let second = RunningMoments::of(&x.columns(cut, samples - cut).into_owned()).unwrap();
        first.merge(&second).unwrap();
        prop_assert_eq!(first.count(), whole.count());
        for (a, b) in first.mean().unwrap().iter().zip(whole.mean().unwrap()) {
            prop_assert!((a - b).abs() <= 1e-12 * 1e3);
        }
        for (i, (a, b)) in first.variance().unwrap().iter().zip(whole.variance().unwrap()).enumerate() {
            prop_assert!((a - b).abs() <= 1e-12 * 1e6);
            // And the definition, in two passes.
            let mean = x.row(i).sum() / samples as f64;
            let direct = x.row(i).iter().map(|v| (v - mean).powi(2)).sum::<f64>() / samples as f64;
            prop_assert!((b - direct).abs() <= 1e-12 * 1e6);
        }
    }
}
