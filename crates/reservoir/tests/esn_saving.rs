//! Networks and states in files: the same bits come back, and broken files are errors.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::PathBuf;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::random::Entries;
use neuropil_reservoir::{
    Dynamics, Error, Esn, EsnConfig, Feedback, Lambda, Leak, ReservoirConfig, Scaling,
    StateFeatures, StateTerms, Topology, TrainingNoise,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn series<T: Real>() -> DMatrix<T> {
    DMatrix::from_fn(2, 200, |c, t| {
        let t = t as f64;
        T::of((0.2 * t + c as f64).sin() + 0.3 * (0.7 * t).cos())
    })
}

fn configs() -> Vec<EsnConfig> {
    let reservoir = ReservoirConfig {
        units: 17,
        bias_scaling: 0.3,
        ..ReservoirConfig::default()
    };
    let with = |reservoir: ReservoirConfig| EsnConfig {
        reservoir,
        washout: 20,
        ..EsnConfig::default()
    };
    vec![
        with(reservoir.clone()),
        EsnConfig {
            standardise: false,
            features: StateFeatures {
                constant: true,
                input: false,
                state: StateTerms::WithSquares,
            },
            intercept: false,
            lambda: Lambda::Gcv(vec![1e-6, 1e-3]),
            noise: TrainingNoise {
                input: 0.01,
                state: 0.02,
                feedback: 0.0,
            },
            ..with(ReservoirConfig {
                leak: Leak::PerUnit((1..=17).map(|i| f64::from(i) / 20.0).collect()),
                topology: Topology::Dense {
                    entries: Entries::normal(1.0),
                },
                ..reservoir.clone()
            })
        },
        with(ReservoirConfig {
            spectral_radius: 0.0,
            ..reservoir.clone()
        }),
        with(ReservoirConfig {
            dynamics: Dynamics::EdgeOfStability { proximity: 0.3 },
            ..reservoir.clone()
        }),
        with(ReservoirConfig {
            dynamics: Dynamics::Euler {
                step: 0.1,
                diffusion: 0.01,
            },
            ..reservoir
        }),
    ]
}

fn with_feedback() -> Esn<f64> {
    let config = EsnConfig {
        reservoir: ReservoirConfig {
            units: 15,
            feedback: Some(Feedback {
                channels: 1,
                scaling: Scaling::Uniform(0.5),
                density: 1.0,
            }),
            ..ReservoirConfig::default()
        },
        washout: 20,
        ..EsnConfig::default()
    };
    let mut model = Esn::new(config, 2, &mut Xoshiro256PlusPlus::seed_from_u64(1)).unwrap();
    let series = series::<f64>();
    model
        .fit_inference(&series, &series.rows(1, 1).into_owned())
        .unwrap();
    model
}

fn round_trips<T: Real>(name: &str) {
    let file = path(name);
    for config in configs() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut model = Esn::<T>::new(config, 2, &mut rng).unwrap();
        model.fit(&series()).unwrap();
        model.save(&file).unwrap();
        assert_eq!(Esn::load(&file).unwrap(), model);
        #[cfg(feature = "safetensors")]
        {
            let file = path(&format!("{name}.safetensors"));
            model.save_safetensors(&file).unwrap();
            assert_eq!(Esn::load_safetensors(&file).unwrap(), model);
        }
        // The loaded network fits to the same bits, noise included.
        let mut loaded = Esn::<T>::load(&file).unwrap();
        loaded.fit(&series()).unwrap();
        assert_eq!(loaded, model);
    }
}

#[test]
fn networks_come_back_with_the_same_bits() {
    round_trips::<f64>("esn-64.json");
    round_trips::<f32>("esn-32.json");
    let model = with_feedback();
    let file = path("esn-feedback.json");
    model.save(&file).unwrap();
    assert_eq!(Esn::load(&file).unwrap(), model);
    #[cfg(feature = "safetensors")]
    {
        let file = path("esn-feedback.safetensors");
        model.save_safetensors(&file).unwrap();
        assert_eq!(Esn::load_safetensors(&file).unwrap(), model);
    }
}

#[test]
fn a_state_goes_on_to_the_bit() {
    let model = with_feedback();
    let file = path("esn-state.json");
    let mut state = model.state_after(&series()).unwrap();
    state.save(&file).unwrap();
    let mut loaded = model.load_state(&file).unwrap();
    assert_eq!(loaded, state);
    let (mut a, mut b) = ([0.0], [1.0]);
    for k in 0..10 {
        let u = [0.1 * f64::from(k), 0.3];
        model.step(&mut state, &u, &mut a).unwrap();
        model.step(&mut loaded, &u, &mut b).unwrap();
        assert_eq!(a, b);
    }
    // Of another network.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut other = Esn::<f64>::new(configs()[0].clone(), 2, &mut rng).unwrap();
    other.fit(&series()).unwrap();
    assert!(other.load_state(&file).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever byte of a file is changed or lost, loading gives an error or a network, never a panic.
    #[test]
    fn broken_files_do_not_panic(at in 0.0..1.0_f64, byte in any::<u8>(), cut in any::<bool>()) {
        let model = with_feedback();
        let file = path("esn-broken.json");
        model.save(&file).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let index = (at * bytes.len() as f64) as usize;
        let same = bytes[index] == byte;
        if cut {
            bytes.truncate(index);
        } else {
            bytes[index] = byte;
        }
        std::fs::write(&file, &bytes).unwrap();
        let loaded = Esn::<f64>::load(&file);
        prop_assert!(loaded.is_err() || (same && !cut));
    }
}

/// The saved file with one text replaced, without its check sum.
fn edited(name: &str, from: &str, to: &str) -> PathBuf {
    let file = path(name);
    with_feedback().save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let start = text.find(",\"crc32\"").unwrap();
    let end = text.find(",\"payload\"").unwrap();
    let text = format!("{}{}", &text[..start], &text[end..]);
    assert!(text.contains(from), "{from}");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    file
}

#[test]
fn files_that_disagree_with_themselves_are_errors() {
    for (from, to) in [
        ("\"units\":15,\"inputs\"", "\"units\":16,\"inputs\""),
        (
            "\"units\":15,\"inputs\"",
            "\"units\":18446744073709551615,\"inputs\"",
        ),
        ("\"units\":15,\"inputs\"", "\"units\":0,\"inputs\""),
        ("\"outputs\":1", "\"outputs\":2"),
        ("\"feedbacks\":1", "\"feedbacks\":0"),
        ("\"precision\":\"f64\"", "\"precision\":\"f32\""),
        ("\"task\":\"Inference\"", "\"task\":\"Forecast\""),
        ("recurrent.row_lengths", "recurrent.lengths"),
        ("\"values\":[10.0", "\"values\":[9.0"),
        ("\"values\":[10.0", "\"values\":[1e300"),
        ("\"values\":[10.0", "\"values\":[9.5"),
        ("\"leaks\":1", "\"leaks\":3"),
        ("\"washout\":20", "\"washout\":-1"),
        ("\"lambda\":{\"Fixed\":1e-6}", "\"lambda\":{\"Fixed\":-1.0}"),
    ] {
        let file = edited("esn-edited.json", from, to);
        assert!(Esn::<f64>::load(&file).is_err(), "{from} → {to}");
    }
    let unchanged = edited("esn-edited.json", "\"units\":15", "\"units\":15");
    assert_eq!(Esn::load(&unchanged).unwrap(), with_feedback());
}

#[test]
fn other_files_are_errors() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let model = Esn::<f64>::new(configs()[0].clone(), 2, &mut rng).unwrap();
    assert_eq!(model.save(path("esn-none.json")), Err(Error::NotFitted));
    assert!(Esn::<f64>::load(path("esn-missing.json")).is_err());
    let file = path("esn-other.json");
    with_feedback().save(&file).unwrap();
    assert!(Esn::<f32>::load(&file).is_err());
    assert!(neuropil_reservoir::Ngrc::<f64>::load(&file).is_err());
    assert!(with_feedback().load_state(&file).is_err());
    #[cfg(feature = "safetensors")]
    {
        assert!(Esn::<f64>::load_safetensors(&file).is_err());
        let file = path("esn-other.safetensors");
        with_feedback().save_safetensors(&file).unwrap();
        assert!(Esn::<f32>::load_safetensors(&file).is_err());
        let bytes = std::fs::read(&file).unwrap();
        for cut in [0, 5, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&file, &bytes[..cut]).unwrap();
            assert!(Esn::<f64>::load_safetensors(&file).is_err(), "{cut} bytes");
        }
    }
}
