//! Windows cut from series, and batches of them.

use nalgebra::DMatrix;
use neuropil_datasets::{Batch, BatchOrder, Error, Recording, Targets, WindowConfig, Windows};
use proptest::prelude::*;

const ORDERS: [BatchOrder; 2] = [BatchOrder::TimeMajor, BatchOrder::SequenceMajor];

/// A number that tells its recording, time and feature.
fn mark(recording: usize, time: usize, feature: usize) -> f32 {
    (10_000 * recording + 10 * time + feature) as f32
}

fn recording(of: usize, length: usize) -> Recording {
    Recording {
        inputs: DMatrix::from_fn(3, length, |f, t| mark(of, t, f)),
        targets: Targets::Values(DMatrix::from_fn(2, length, |f, t| -mark(of, t, f))),
        spans: Some((0..length).map(|t| t as f32).collect()),
    }
}

fn labelled(length: usize, count: usize) -> Recording {
    Recording {
        targets: Targets::Classes {
            count,
            classes: (0..length).map(|t| t % count).collect(),
        },
        spans: None,
        ..recording(0, length)
    }
}

proptest! {
    /// Every sample of every window is in its column, in both orders and both scalars.
    #[test]
    fn a_batch_holds_the_samples_of_its_windows(
        lengths in prop::collection::vec(0_usize..30, 1..5),
        (steps, stride, keep_last) in (1_usize..8, 1_usize..6, any::<bool>()),
        seed in any::<u64>(),
    ) {
        let config = WindowConfig { steps, stride, keep_last };
        let recordings: Vec<_> = lengths.iter().enumerate().map(|(i, &n)| recording(i, n)).collect();
        let mut expected = Vec::new();
        for (of, &length) in lengths.iter().enumerate() {
            let mut start = 0;
            while if keep_last { start + steps <= length } else { start + steps < length } {
                expected.push((of, start));
                start += stride;
            }
        }
        let windows = match Windows::cut(&recordings, &config) {
            Ok(windows) => windows,
            Err(error) => {
                prop_assert!(expected.is_empty(), "{error}");
                return Ok(());
            }
        };
        prop_assert_eq!(windows.len(), expected.len());
        let chosen: Vec<usize> = (0..5_u64)
            .map(|i| (seed.wrapping_mul(2 * i + 3) >> 11) as usize % windows.len())
            .collect();
        for order in ORDERS {
            let batch = windows.batch::<f64>(&chosen, order).unwrap();
            let single = windows.batch::<f32>(&chosen, order).unwrap();
            for (b, &window) in chosen.iter().enumerate() {
                let (of, start) = expected[window];
                prop_assert_eq!(batch.lengths[b], steps);
                for t in 0..steps {
                    let column = batch.column(b, t).unwrap();
                    for f in 0..3 {
                        let value = mark(of, start + t, f);
                        prop_assert_eq!(single.inputs[(f, column)], value);
                        prop_assert_eq!(batch.inputs[(f, column)], f64::from(value));
                        if f < 2 {
                            prop_assert_eq!(batch.targets[(f, column)], -f64::from(value));
                        }
                    }
                    prop_assert_eq!(batch.spans[column], (start + t) as f64);
                }
            }
        }
    }

    /// What `overlap` counts, counted pair by pair.
    #[test]
    fn overlap_counts_shared_samples(
        starts in prop::collection::vec(any::<bool>(), 21),
        steps in 1_usize..6,
    ) {
        let config = WindowConfig { steps, stride: 1, keep_last: true };
        let all = Windows::cut(&[recording(0, 20 + steps)], &config).unwrap();
        let (test, train): (Vec<usize>, Vec<usize>) = (0..21).partition(|&i| starts[i]);
        let shared = test
            .iter()
            .filter(|&&i| train.iter().any(|&j| i.abs_diff(j) < steps))
            .count();
        let expected = if test.is_empty() { 0.0 } else { shared as f64 / test.len() as f64 };
        let [test, train] = [test, train].map(|of| all.select(&of).unwrap());
        prop_assert_eq!(test.overlap(&train), expected);
        let other = Windows::cut(&[recording(0, 20 + steps)], &config).unwrap();
        prop_assert_eq!(test.overlap(&other), 0.0);
    }
}

#[test]
fn short_sequences_end_in_zeros() {
    let lengths = [2, 4, 1];
    let recordings = lengths.map(|n| recording(n, n));
    let windows = Windows::whole(&recordings).unwrap();
    assert_eq!((windows.len(), windows.steps()), (3, 4));
    assert_eq!(
        [0, 1, 2, 3].map(|i| windows.length(i)),
        [Some(2), Some(4), Some(1), None]
    );
    for order in ORDERS {
        let mut batch = Batch::<f32>::new(&windows, 3, order).unwrap();
        // What stood there before is overwritten.
        windows.copy_batch(&[1, 1, 1], &mut batch).unwrap();
        windows.copy_batch(&[0, 1, 2], &mut batch).unwrap();
        assert_eq!(batch.lengths, lengths);
        for (b, &length) in lengths.iter().enumerate() {
            for t in 0..4 {
                let column = batch.column(b, t).unwrap();
                let there = t < length;
                assert_eq!(
                    batch.inputs[(2, column)],
                    if there { mark(length, t, 2) } else { 0.0 }
                );
                assert_eq!(batch.targets[(1, column)] != 0.0, there);
                assert_eq!(batch.spans[column], if there { t as f32 } else { 0.0 });
            }
        }
        assert_eq!((batch.column(3, 0), batch.column(0, 4)), (None, None));
        assert_eq!(batch.column(usize::MAX, usize::MAX), None);
    }
}

#[test]
fn classes_and_regular_spans() {
    let windows = Windows::whole(&[labelled(3, 2), labelled(5, 2)]).unwrap();
    assert_eq!((windows.classes(), windows.outputs()), (Some(2), 0));
    assert!(!windows.is_irregular());
    let batch = windows
        .batch::<f64>(&[0, 1], BatchOrder::SequenceMajor)
        .unwrap();
    assert_eq!(batch.classes, [0, 1, 0, 0, 0, 0, 1, 0, 1, 0]);
    assert_eq!(
        batch.spans,
        [1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    );
    assert_eq!(batch.targets.nrows(), 0);
    assert_eq!(windows.class_shares().unwrap(), [5.0 / 8.0, 3.0 / 8.0]);
}

#[test]
fn nothing_changes_where_nothing_changes() {
    let series = DMatrix::from_fn(2, 11, |f, t| (f * t) as f32);
    let recording = Recording {
        inputs: series.columns(0, 10).into_owned(),
        targets: Targets::Values(series.columns(1, 10).into_owned()),
        spans: None,
    };
    // The first feature stays, the second grows by 1.
    let windows = Windows::whole(&[recording]).unwrap();
    assert_eq!(windows.persistence_error().unwrap(), 0.5);
}

#[test]
fn bad_recordings_are_told_apart() {
    let good = || recording(1, 40);
    let values = |rows, columns| Targets::Values(DMatrix::zeros(rows, columns));
    let classes = |count, classes| Targets::Classes { count, classes };
    let mut nan = good();
    nan.inputs[(1, 7)] = f32::NAN;
    let mut infinite = good();
    infinite.targets = Targets::Values(DMatrix::from_element(2, 40, f32::INFINITY));
    let with = |targets| Recording { targets, ..good() };
    let spans = |spans| Recording { spans, ..good() };
    let cases: Vec<(&str, Vec<Recording>, &str)> = vec![
        ("nothing", vec![], "recordings"),
        (
            "no features",
            vec![Recording {
                inputs: DMatrix::zeros(0, 40),
                ..good()
            }],
            "features",
        ),
        ("too short", vec![recording(0, 31)], "windows"),
        ("NaN", vec![nan], "inputs of a recording"),
        ("infinity", vec![infinite], "targets of a recording"),
        (
            "other features",
            vec![
                good(),
                Recording {
                    inputs: DMatrix::zeros(4, 40),
                    ..good()
                },
            ],
            "features of a recording",
        ),
        (
            "other outputs",
            vec![good(), with(values(3, 40))],
            "outputs of a recording",
        ),
        (
            "few targets",
            vec![with(values(2, 39))],
            "targets of a recording",
        ),
        (
            "few classes",
            vec![with(classes(2, vec![0; 39]))],
            "classes of a recording",
        ),
        (
            "class too high",
            vec![with(classes(2, vec![2; 40]))],
            "class is 2",
        ),
        (
            "class beyond a byte",
            vec![with(classes(1000, vec![256; 40]))],
            "class is 256",
        ),
        (
            "two kinds",
            vec![good(), with(classes(2, vec![0; 40]))],
            "some classes",
        ),
        (
            "other counts",
            vec![labelled(40, 2), labelled(40, 3)],
            "classes that there are",
        ),
        (
            "few spans",
            vec![spans(Some(vec![1.0; 39]))],
            "spans of a recording",
        ),
        (
            "spans of one only",
            vec![good(), spans(None)],
            "spans of a recording",
        ),
        (
            "spans of the other only",
            vec![spans(None), good()],
            "spans of a recording",
        ),
        (
            "negative span",
            vec![spans(Some(vec![-1.0; 40]))],
            "span is -1",
        ),
        (
            "NaN as span",
            vec![spans(Some(vec![f32::NAN; 40]))],
            "spans of a recording",
        ),
    ];
    for (case, recordings, words) in cases {
        let error = Windows::cut(&recordings, &WindowConfig::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{case}: {error}");
    }
    for config in [
        WindowConfig {
            steps: 0,
            ..WindowConfig::default()
        },
        WindowConfig {
            stride: 0,
            ..WindowConfig::default()
        },
    ] {
        assert!(matches!(
            Windows::cut(&[good()], &config),
            Err(Error::Invalid(_))
        ));
    }
    let huge = WindowConfig {
        steps: usize::MAX,
        stride: usize::MAX,
        keep_last: true,
    };
    assert!(Windows::cut(&[good()], &huge).is_err());
    assert!(Windows::whole(&[recording(0, 0)]).is_err());
    assert!(Windows::whole(&[]).is_err());
}

#[test]
fn bad_requests_are_refused() {
    let numbers = Windows::cut(&[recording(0, 40)], &WindowConfig::default()).unwrap();
    let classes = Windows::cut(&[labelled(40, 2)], &WindowConfig::default()).unwrap();
    assert_eq!(numbers.len(), 1);
    assert!(numbers.select(&[0, 1]).is_err());
    assert!(numbers.batch::<f32>(&[1], BatchOrder::TimeMajor).is_err());
    assert!(numbers.batch::<f32>(&[], BatchOrder::TimeMajor).is_err());
    assert!(Batch::<f32>::new(&numbers, usize::MAX, BatchOrder::TimeMajor).is_err());
    assert!(Batch::<f32>::new(&numbers, 1 << 50, BatchOrder::TimeMajor).is_err());
    let mut batch = Batch::<f32>::new(&numbers, 2, BatchOrder::TimeMajor).unwrap();
    assert!(numbers.copy_batch(&[0], &mut batch).is_err());
    assert!(numbers.copy_batch(&[0, 1], &mut batch).is_err());
    assert!(classes.copy_batch(&[0, 0], &mut batch).is_err());
    let order = BatchOrder::TimeMajor;
    assert!(
        numbers
            .copy_inputs(&[0], order, &mut [0.0_f32; 95])
            .is_err()
    );
    assert!(numbers.copy_spans(&[0], order, &mut [0.0_f32; 31]).is_err());
    assert!(numbers.copy_classes(&[0], order, &mut [0; 32]).is_err());
    assert!(
        classes
            .copy_targets(&[0], order, &mut [0.0_f32; 0])
            .is_err()
    );
    assert!(classes.copy_spans(&[7], order, &mut [0.0_f32; 32]).is_err());
    assert!(classes.persistence_error().is_err());
    assert!(
        numbers.persistence_error().is_err(),
        "3 features, 2 outputs"
    );
    assert!(numbers.class_shares().is_err());
    let none = numbers.select(&[]).unwrap();
    assert!(none.is_empty() && none.overlap(&numbers) == 0.0);
    assert!(classes.select(&[]).unwrap().class_shares().is_err());
}
