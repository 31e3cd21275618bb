//! Files give back the same bits, and what is damaged is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::PathBuf;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_reservoir::{Lambda, Ngrc, NgrcConfig, Orders};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn series<T: Real>() -> DMatrix<T> {
    DMatrix::from_fn(2, 80, |c, t| {
        T::of((0.37 * t as f64 + c as f64).sin() / 3.0)
    })
}

fn configs() -> [NgrcConfig; 4] {
    let config = NgrcConfig {
        standardise: false,
        ..NgrcConfig::default()
    };
    [
        config.clone(),
        NgrcConfig {
            standardise: true,
            orders: Orders::Set(vec![1, 3]),
            ..config.clone()
        },
        NgrcConfig {
            constant: false,
            stride: 3,
            intercept: true,
            ..config.clone()
        },
        // The scores of the choice are kept as well.
        NgrcConfig {
            lambda: Lambda::Gcv(vec![1e-3, 1.0, 0.0]),
            ..config
        },
    ]
}

fn round_trip<T: Real>(name: &str) {
    for (i, config) in configs().into_iter().enumerate() {
        let series = series::<T>();
        let mut forecasting = Ngrc::<T>::new(config.clone()).unwrap();
        forecasting.fit(&series).unwrap();
        let mut inferring = Ngrc::<T>::new(config).unwrap();
        inferring
            .fit_inference(&series, &series.rows(1, 1).into_owned())
            .unwrap();
        for (task, model) in [("forecast", &forecasting), ("infer", &inferring)] {
            let file = path(&format!("{name}-{i}-{task}.json"));
            model.save(&file).unwrap();
            assert_eq!(&Ngrc::<T>::load(&file).unwrap(), model);
        }

        // A stream that is stored half-way goes on to the bit.
        let file = path(&format!("{name}-{i}-state.json"));
        for samples in [0, 1, 40] {
            let part = series.columns(0, samples).into_owned();
            let mut state = forecasting.state_after(&part).unwrap();
            state.save(&file).unwrap();
            let mut restored = forecasting.load_state(&file).unwrap();
            let (mut a, mut b) = ([T::zero(); 2], [T::zero(); 2]);
            for sample in series.as_slice()[samples * 2..].chunks_exact(2) {
                let ready = forecasting.step(&mut state, sample, &mut a).unwrap();
                assert_eq!(forecasting.step(&mut restored, sample, &mut b), Ok(ready));
                assert_eq!(a, b);
            }
        }
    }
}

#[test]
fn double_precision_survives() {
    round_trip::<f64>("f64");
}

#[test]
fn single_precision_survives() {
    round_trip::<f32>("f32");
}

#[test]
fn a_reset_state_is_new() {
    let mut model = Ngrc::<f64>::new(configs()[2].clone()).unwrap();
    model.fit(&series()).unwrap();
    let mut state = model.state_after(&series()).unwrap();
    assert!(state.is_ready());
    state.reset();
    assert_eq!((state.seen(), state.history().ncols()), (0, 0));
    let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
    let mut new = model.state().unwrap();
    for sample in series::<f64>().as_slice().chunks_exact(2) {
        let ready = model.step(&mut state, sample, &mut a).unwrap();
        assert_eq!(model.step(&mut new, sample, &mut b), Ok(ready));
        assert_eq!(a, b);
    }
}

#[test]
fn damaged_files_are_refused() {
    let mut model = Ngrc::<f64>::new(configs()[1].clone()).unwrap();
    model.fit(&series()).unwrap();
    let file = path("whole.json");
    model.save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();

    let damaged = path("damaged.json");
    let refused = |text: &str, what: &str| {
        std::fs::write(&damaged, text).unwrap();
        let error = Ngrc::<f64>::load(&damaged).expect_err(what).to_string();
        assert!(error.contains("damaged.json"), "{what}: {error}");
    };
    for cut in (0..text.trim_end().len()).step_by(97) {
        refused(&text[..cut], "truncated");
    }
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    // The payload sits one level down, under whatever name the format gives it.
    let payload = json
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, v)| v.get("weights").is_some())
        .unwrap()
        .0
        .clone();
    let changed = |what: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        // The checksum would refuse them all.
        json.as_object_mut().unwrap().remove("crc32");
        change(&mut json[&payload]);
        refused(&json.to_string(), what);
    };
    changed("a weight less", &|p| {
        p["weights"].as_array_mut().unwrap().pop();
    });
    changed("a weight that is null", &|p| {
        p["weights"][3] = serde_json::Value::Null;
    });
    changed("an intercept more", &|p| {
        p["intercept"].as_array_mut().unwrap().push(0.into());
    });
    changed("a mean less", &|p| {
        p["scaling"]["mean"].as_array_mut().unwrap().pop();
    });
    changed("no scaling", &|p| p["scaling"] = serde_json::Value::Null);
    changed("another number of outputs", &|p| p["outputs"] = 1.into());
    changed("no outputs", &|p| {
        p["outputs"] = 0.into();
        p["weights"] = serde_json::json!([]);
        p["intercept"] = serde_json::json!([]);
    });
    changed("a field that nobody knows", &|p| p["novelty"] = 1.into());
    changed("another precision", &|p| p["precision"] = "f32".into());

    assert!(Ngrc::<f32>::load(&file).is_err(), "another precision");
    assert!(model.load_state(&file).is_err(), "a model is no state");
    assert!(Ngrc::<f64>::load(path("nowhere.json")).is_err());
    assert!(model.save(path("no/such/folder/model.json")).is_err());
}

#[test]
fn the_state_of_another_model_is_refused() {
    let mut model = Ngrc::<f64>::new(configs()[2].clone()).unwrap();
    model.fit(&series()).unwrap();
    let file = path("long-state.json");
    model.state_after(&series()).unwrap().save(&file).unwrap();
    let mut short = Ngrc::<f64>::new(configs()[0].clone()).unwrap();
    short.fit(&series()).unwrap();
    assert!(
        short.load_state(&file).is_err(),
        "more samples than it remembers"
    );
    let mut narrow = Ngrc::<f64>::new(configs()[2].clone()).unwrap();
    narrow
        .fit(&series::<f64>().rows(0, 1).into_owned())
        .unwrap();
    assert!(narrow.load_state(&file).is_err(), "other channels");
}
