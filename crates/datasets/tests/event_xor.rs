//! The strings of the task "XOR" are those that NumPy draws for the paper's program.

use neuropil_datasets::generators::{EventXorConfig, XorEncoding, double_frequency};
use neuropil_datasets::{BatchOrder, Error, Windows};
use neuropil_test_kit::tolerance::check_close;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn sum(bytes: impl Iterator<Item = u8>) -> String {
    let digest = Sha256::digest(bytes.collect::<Vec<_>>());
    digest[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// Of events, spans, mask and classes, in the order of NumPy's arrays.
#[expect(clippy::unwrap_used, reason = "a part of the tests")]
fn sums(windows: &Windows) -> [String; 4] {
    let all: Vec<usize> = (0..windows.len()).collect();
    let batch = windows
        .batch::<f32>(&all, BatchOrder::SequenceMajor)
        .unwrap();
    let floats = |values: &[f32]| sum(values.iter().flat_map(|v| v.to_le_bytes()));
    let steps = windows.steps();
    let mask = batch
        .lengths
        .iter()
        .flat_map(|&length| (0..steps).map(move |t| u8::from(t < length)));
    let last = batch.lengths.iter().enumerate();
    let classes = last.map(|(b, length)| batch.classes[batch.column(b, length - 1).unwrap()] as u8);
    [
        floats(batch.inputs.as_slice()),
        floats(&batch.spans),
        sum(mask),
        sum(classes),
    ]
}

#[test]
fn the_sets_are_those_of_the_paper() {
    let dense = |config: EventXorConfig| EventXorConfig {
        encoding: XorEncoding::Dense,
        ..config
    };
    let (train, test) = (EventXorConfig::train(), EventXorConfig::test());
    for (config, expected) in [
        (
            train,
            [
                "a1ddbb334baaad44",
                "e7e22f8be6e26374",
                "1594d79a0863180f",
                "f4e7a39a707b937e",
            ],
        ),
        (
            test,
            [
                "8f81bbae2aa97e19",
                "467d2d4e7e43e0f2",
                "672224f758123c50",
                "130fe7d2f08cf62e",
            ],
        ),
        (
            dense(train),
            [
                "d0ab9187e6130c73",
                "58dcc3eb0b68c431",
                "ce46de1b73be3eb7",
                "f4e7a39a707b937e",
            ],
        ),
        (
            dense(test),
            [
                "ee5f2617c104aa32",
                "08b312308ab4f0f1",
                "03240d0028a40f38",
                "130fe7d2f08cf62e",
            ],
        ),
    ] {
        let windows = config.generate().unwrap();
        assert_eq!((windows.len(), windows.steps()), (config.sequences, 32));
        assert_eq!(sums(&windows), expected, "{config:?}");
    }
}

#[test]
fn a_third_of_the_test_is_learnt_from() {
    let (train, test) = (EventXorConfig::train(), EventXorConfig::test());
    assert_eq!(test.unseen_in(&train).unwrap().len(), 6395);
    assert!(test.unseen_in(&test).unwrap().is_empty());
}

proptest! {
    /// The spans of a sequence add up to the length of the string, and so do the ones of the dense one to
    /// its class.
    #[test]
    fn nothing_of_a_string_is_lost(seed in any::<u32>(), steps in 3_usize..40) {
        let config = EventXorConfig { sequences: 20, steps, seed, encoding: XorEncoding::Dense };
        let dense = config.generate().unwrap();
        let events = EventXorConfig { encoding: XorEncoding::Events, ..config }.generate().unwrap();
        for string in 0..20 {
            let [dense, events] = [&dense, &events]
                .map(|windows| windows.batch::<f64>(&[string], BatchOrder::TimeMajor).unwrap());
            let bits = dense.lengths[0];
            prop_assert!((2..steps).contains(&bits));
            let ones = dense.inputs.sum();
            prop_assert_eq!(ones as usize % 2, dense.classes[0]);
            prop_assert_eq!(dense.classes[0], events.classes[0]);
            let passed = events.spans.iter().sum::<f64>() * steps as f64;
            prop_assert!((passed - bits as f64).abs() < 1e-4);
            prop_assert!(events.lengths[0] <= bits);
            // Between the first event and the last the bit changes every time.
            let inputs = events.inputs.as_slice();
            for t in 1..events.lengths[0].saturating_sub(1) {
                prop_assert!(inputs[t] != inputs[t - 1]);
            }
        }
    }
}

#[test]
fn bad_settings_are_refused() {
    let of = |sequences, steps| EventXorConfig {
        sequences,
        steps,
        ..EventXorConfig::test()
    };
    for (config, words) in [
        (of(1, 2), "steps is 2"),
        (of(1, usize::MAX), "must be 3 to 65536"),
        (of(0, 32), "recordings"),
        (of(usize::MAX, 32), "no memory"),
    ] {
        let error = config.generate().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    for samples in [0, 1, usize::MAX] {
        assert!(matches!(double_frequency(samples), Err(Error::Invalid(_))));
    }
}

#[test]
fn the_sine_is_that_of_the_documentation() {
    let windows = double_frequency(48).unwrap();
    let batch = windows.batch::<f64>(&[0], BatchOrder::TimeMajor).unwrap();
    let at = |k: usize| {
        [
            batch.inputs[2 * k],
            batch.inputs[2 * k + 1],
            batch.targets[k],
        ]
    };
    // Of NumPy, in 32 bits.
    for (k, expected) in [
        (1, [1.991_859_8e-1, 9.799_616_9e-1, 3.903_892_6e-1]),
        (5, [8.428_922_9e-1, 5.380_823_6e-1, 9.070_909_0e-1]),
        (47, [0.0, -1.0, 0.0]),
    ] {
        check_close("sample", &at(k), &expected, 0.0, 1e-7).unwrap();
    }
}
