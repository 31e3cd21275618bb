//! Classification of sequences.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::PathBuf;

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_reservoir::{
    Classifier, ClassifierConfig, Error, Feedback, Lambda, Pooling, ReservoirConfig, Ridge,
    RidgeConfig, Scaling,
};
use neuropil_test_kit::tolerance::assert_close;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Two channels; the classes differ in the phase between them alone.
fn sequences<T: Real>(count: usize, seed: u64) -> (Vec<DMatrix<T>>, Vec<usize>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count)
        .map(|i| {
            let class = i % 3;
            let start: f64 = rng.random_range(0.0..6.0);
            let length = rng.random_range(20..40);
            let sequence = DMatrix::from_fn(2, length, |channel, t| {
                let phase = [0.0, 1.6, 3.1][class] * channel as f64;
                let noise = 0.2 * f64::standard_normal(&mut rng);
                T::of((0.5 * t as f64 + start + phase).sin() + noise)
            });
            (sequence, class)
        })
        .unzip()
}

fn config(pooling: &[Pooling], inputs: bool) -> ClassifierConfig {
    ClassifierConfig {
        reservoir: ReservoirConfig {
            units: 40,
            bias_scaling: 0.5,
            ..ReservoirConfig::default()
        },
        pooling: pooling.to_vec(),
        inputs,
        ..ClassifierConfig::default()
    }
}

fn fitted<T: Real>(config: ClassifierConfig) -> Classifier<T> {
    let (sequences, labels) = sequences(120, 1);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut model = Classifier::new(config, 2, &mut rng).unwrap();
    model.fit(&sequences, &labels).unwrap();
    model
}

fn poolings() -> [ClassifierConfig; 4] {
    [
        config(&[Pooling::Mean], false),
        config(&[Pooling::Last], true),
        config(&[Pooling::Segments(3)], false),
        config(&[Pooling::Last, Pooling::Mean, Pooling::Segments(2)], true),
    ]
}

#[test]
fn unseen_sequences_are_classified() {
    let (unseen, labels) = sequences::<f64>(150, 77);
    let (unseen32, _) = sequences::<f32>(150, 77);
    for config in poolings() {
        let words = format!("{:?}", config.pooling);
        let right = |found: &[usize]| found.iter().zip(&labels).filter(|(a, b)| a == b).count();
        let found = fitted::<f64>(config.clone()).predict_many(&unseen).unwrap();
        assert!(right(&found) >= 143, "{words}: {} of 150", right(&found));
        let found = fitted::<f32>(config).predict_many(&unseen32).unwrap();
        assert!(
            right(&found) >= 143,
            "{words}, f32: {} of 150",
            right(&found)
        );
    }
}

/// The readout is the ridge regression of the classes on the pooled states.
#[test]
fn it_is_a_ridge_regression_of_means() {
    let config = ClassifierConfig {
        standardise: false,
        lambda: Lambda::Fixed(0.1),
        ..config(&[Pooling::Mean], true)
    };
    let model = fitted::<f64>(config);
    let (sequences, labels) = sequences::<f64>(120, 1);
    let columns: Vec<DVector<f64>> = sequences
        .iter()
        .map(|sequence| {
            let reservoir = model.reservoir();
            let states = reservoir.run(&mut reservoir.state(), sequence).unwrap();
            let mut all = states.column_mean().as_slice().to_vec();
            all.extend_from_slice(sequence.column_mean().as_slice());
            DVector::from_vec(all)
        })
        .collect();
    let x = DMatrix::from_columns(&columns);
    let ours = model.features(&sequences).unwrap();
    assert_close("features", ours.as_slice(), x.as_slice(), 1e-12, 1e-12);
    let y = DMatrix::from_fn(3, 120, |c, i| f64::from(u8::from(labels[i] == c)));
    let ridge = Ridge::fit(
        &x,
        &y,
        &RidgeConfig {
            lambda: 0.1,
            ..RidgeConfig::default()
        },
    )
    .unwrap();
    assert_close(
        "weights",
        model.weights().unwrap().as_slice(),
        ridge.weights().as_slice(),
        1e-9,
        1e-10,
    );
    let scores = model.scores_many(&sequences).unwrap();
    assert_close(
        "scores",
        scores.as_slice(),
        ridge.predict(&x).unwrap().as_slice(),
        1e-9,
        1e-9,
    );
    assert_eq!(model.lambda().unwrap().lambda, 0.1);
}

/// A sequence that arrives sample by sample ends in the scores of the whole.
#[test]
fn streams_end_in_the_scores_of_the_sequence() {
    let model = fitted::<f64>(config(&[Pooling::Last, Pooling::Mean], true));
    let mut state = model.state().unwrap();
    let mut scores = [0.0; 3];
    for sequence in sequences(6, 5).0 {
        state.reset();
        for sample in sequence.as_slice().chunks_exact(2) {
            model.step(&mut state, sample, &mut scores).unwrap();
        }
        let whole = model.scores(&sequence).unwrap();
        assert_close("scores", &scores, &whole, 1e-10, 1e-10);
        assert_eq!(state.seen(), sequence.ncols());
    }
    let segmented = fitted::<f64>(config(&[Pooling::Segments(2)], false));
    let message = segmented.state().unwrap_err().to_string();
    assert!(message.contains("segments"), "{message}");
}

/// Channels in other units give the same scores if they are standardised.
#[test]
fn units_do_not_matter_when_standardised() {
    let (mut training, labels) = sequences::<f64>(60, 1);
    let (mut unseen, _) = sequences::<f64>(10, 3);
    let scores = |training: &[DMatrix<f64>], unseen: &[DMatrix<f64>]| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let settings = ClassifierConfig {
            lambda: Lambda::Fixed(1e-2),
            ..config(&[Pooling::Mean], true)
        };
        let mut model = Classifier::<f64>::new(settings, 2, &mut rng).unwrap();
        model.fit(training, &labels).unwrap();
        model.scores_many(unseen).unwrap()
    };
    let before = scores(&training, &unseen);
    for sequence in training.iter_mut().chain(&mut unseen) {
        for mut sample in sequence.column_iter_mut() {
            sample[0] = 1000.0 * sample[0] - 7.0;
        }
    }
    let after = scores(&training, &unseen);
    assert_close("scores", after.as_slice(), before.as_slice(), 1e-6, 1e-6);
}

#[test]
fn lambda_is_chosen_and_told() {
    for lambda in [
        Lambda::Gcv(Lambda::decades(-6, 3)),
        Lambda::LeaveOneOut(Lambda::decades(-6, 3)),
        Lambda::Folds {
            lambdas: Lambda::decades(-6, 3),
            folds: 7,
        },
    ] {
        let model = fitted::<f64>(ClassifierConfig {
            lambda,
            ..config(&[Pooling::Mean], false)
        });
        let choice = model.lambda().unwrap();
        assert_eq!(choice.scores.len(), 10);
        let best = choice
            .scores
            .iter()
            .min_by(|a, b| a.score.unwrap().total_cmp(&b.score.unwrap()))
            .unwrap();
        assert_eq!(best.lambda, choice.lambda);
    }
}

#[test]
fn files() {
    for (i, config) in poolings().into_iter().enumerate() {
        let model = fitted::<f64>(config);
        let file = path(&format!("classifier-{i}.json"));
        model.save(&file).unwrap();
        assert_eq!(Classifier::<f64>::load(&file).unwrap(), model);
        assert!(Classifier::<f32>::load(&file).is_err());
        let text = std::fs::read_to_string(&file).unwrap();
        let damaged = path(&format!("classifier-{i}-damaged.json"));
        let refused = |text: &str| {
            std::fs::write(&damaged, text).unwrap();
            let error = Classifier::<f64>::load(&damaged).unwrap_err();
            assert!(error.to_string().contains("damaged.json"), "{error}");
        };
        for cut in (0..text.trim_end().len()).step_by(1 + text.len() / 20) {
            refused(&text[..cut]);
        }
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json.as_object_mut().unwrap().remove("crc32");
        let changed = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut json = json.clone();
            change(&mut json["payload"]);
            refused(&json.to_string());
        };
        changed(&|p| p["classes"] = 1.into());
        changed(&|p| p["config"]["pooling"] = serde_json::json!([]));
        changed(&|p| p["config"]["pooling"] = serde_json::json!(["last", "last"]));
        changed(&|p| p["standardizer"] = serde_json::Value::Null);
        changed(&|p| p["standardizer"]["scale"][0] = 0.0.into());
        changed(&|p| {
            p["weights"].as_array_mut().unwrap().pop();
        });
        changed(&|p| p["reservoir"]["inputs"] = 1.into());
        changed(&|p| p["config"]["reservoir"]["units"] = 4.into());
    }
}

#[test]
fn settings_out_of_range() {
    let refused = |change: &dyn Fn(&mut ClassifierConfig)| {
        let mut config = config(&[Pooling::Mean], false);
        change(&mut config);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        Classifier::<f64>::new(config, 2, &mut rng)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(&|c| c.pooling.clear()), "pooling is empty");
    assert_eq!(
        refused(&|c| c.pooling.push(Pooling::Segments(0))),
        "segments is 0, must be 1 at least"
    );
    assert!(refused(&|c| c.lambda = Lambda::Fixed(-1.0)).starts_with("lambda is -1"));
    assert!(refused(&|c| c.lambda = Lambda::ClosedLoop(Default::default())).contains("forecasts"));
    assert!(refused(&|c| c.reservoir.units = 0).starts_with("units is 0"));
    assert!(
        refused(&|c| {
            c.reservoir.feedback = Some(Feedback {
                channels: 1,
                scaling: Scaling::Uniform(1.0),
                density: 1.0,
            });
        })
        .contains("feedback")
    );
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    assert!(Classifier::<f64>::new(ClassifierConfig::default(), 0, &mut rng).is_err());
}

#[test]
fn data_that_make_no_sense() {
    let (good, labels) = sequences::<f64>(12, 1);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut model = Classifier::<f64>::new(config(&[Pooling::Mean], false), 2, &mut rng).unwrap();
    assert_eq!(model.predict(&good[0]), Err(Error::NotFitted));
    assert_eq!(model.state().unwrap_err(), Error::NotFitted);
    assert!(model.save(path("unfitted.json")).is_err());

    let mut message =
        |sequences: &[DMatrix<f64>], labels: &[usize]| model.fit(sequences, labels).unwrap_err();
    assert_eq!(
        message(&good, &labels[..11]).to_string(),
        "labels of the sequences: expected 12, found 11"
    );
    assert_eq!(message(&[], &[]).to_string(), "sequences is empty");
    assert!(
        message(&good[..2], &[0, 0])
            .to_string()
            .starts_with("classes is 1")
    );
    assert!(
        message(&good[..3], &[0, 2, 2])
            .to_string()
            .starts_with("a class without sequences is 1")
    );
    assert!(
        message(&good[..2], &[0, usize::MAX])
            .to_string()
            .starts_with("a class without sequences is 1")
    );
    let mut bad = good.clone();
    bad[4][(1, 7)] = f64::NAN;
    assert_eq!(
        message(&bad, &labels),
        Error::Sequence {
            index: 4,
            error: Box::new(Error::NonFinite {
                what: "sequence",
                channel: 1,
                time: 7
            })
        }
    );
    bad[4] = DMatrix::zeros(2, 0);
    assert_eq!(
        message(&bad, &labels).to_string(),
        "sequence 4: sequence: 1 samples are needed, found 0"
    );
    bad[4] = DMatrix::zeros(3, 5);
    assert_eq!(
        message(&bad, &labels).to_string(),
        "sequence 4: sequence: expected 2, found 3"
    );

    model.fit(&good, &labels).unwrap();
    bad[4] = DMatrix::from_element(2, 5, f64::INFINITY);
    let error = model.predict_many(&bad).unwrap_err();
    assert!(matches!(error, Error::Sequence { index: 4, .. }), "{error}");
    let mut state = model.state().unwrap();
    for (input, scores) in [(1, 3), (2, 2)] {
        let mut scores = vec![0.0; scores];
        assert!(
            model
                .step(&mut state, &vec![0.0; input], &mut scores)
                .is_err()
        );
    }
    assert!(
        model
            .step(&mut state, &[f64::NAN, 0.0], &mut [0.0; 3])
            .is_err()
    );
    assert_eq!(state.seen(), 0);
    // More segments than samples, and one sample: defined.
    let (short, short_labels): (Vec<_>, Vec<_>) = (0..9)
        .map(|i| (DMatrix::from_element(2, 1, (i % 3) as f64), i % 3))
        .unzip();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let settings = config(&[Pooling::Segments(4)], true);
    let mut model = Classifier::<f64>::new(settings, 2, &mut rng).unwrap();
    model.fit(&short, &short_labels).unwrap();
    assert_eq!(model.predict_many(&short).unwrap(), short_labels);
}
