//! Reservoirs of reservoirs: what the whole does is what its parts do.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_math::Error as MathError;
use neuropil_reservoir::{
    Branch, Channels, Composition, CompositionConfig, Error, Esn, EsnConfig, Feedback, Lambda,
    Leak, Reservoir, ReservoirConfig, Scaling, TrainingNoise,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn signal(channels: usize, samples: usize) -> DMatrix<f64> {
    DMatrix::from_fn(channels, samples, |c, t| {
        (0.31 * t as f64 + c as f64).sin() + 0.3 * (0.07 * (t * (c + 1)) as f64).cos()
    })
}

fn layer(units: usize, leak: f64) -> ReservoirConfig {
    ReservoirConfig {
        units,
        leak: Leak::Scalar(leak),
        bias_scaling: 0.1,
        ..ReservoirConfig::default()
    }
}

fn stack(input_to_all: bool) -> CompositionConfig {
    CompositionConfig::Stack {
        layers: [layer(12, 1.0), layer(10, 0.5), layer(8, 0.3)]
            .map(CompositionConfig::Reservoir)
            .into(),
        input_to_all,
    }
}

/// Two deep groups of different channels, side by side, with a layer above both.
fn hierarchy() -> CompositionConfig {
    CompositionConfig::Stack {
        layers: vec![
            CompositionConfig::Parallel(vec![
                Branch {
                    channels: Channels::Listed(vec![2, 0]),
                    part: stack(true),
                },
                Branch {
                    channels: Channels::All,
                    part: stack(false),
                },
                Branch {
                    channels: Channels::Listed(vec![1]),
                    part: CompositionConfig::Reservoir(layer(5, 1.0)),
                },
            ]),
            CompositionConfig::Reservoir(layer(9, 0.7)),
        ],
        input_to_all: true,
    }
}

/// The rows of one matrix above those of the other.
fn above(top: &DMatrix<f64>, bottom: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(top.nrows() + bottom.nrows(), top.ncols(), |i, t| {
        if i < top.nrows() {
            top[(i, t)]
        } else {
            bottom[(i - top.nrows(), t)]
        }
    })
}

fn run(reservoir: &Reservoir<f64>, inputs: &DMatrix<f64>) -> DMatrix<f64> {
    reservoir.run(&mut reservoir.state(), inputs).unwrap()
}

#[test]
fn a_layer_hears_the_one_below_in_the_same_step() {
    let u = signal(3, 40);
    for input_to_all in [false, true] {
        let deep = Composition::<f64>::new(&stack(input_to_all), 3, &mut rng(1)).unwrap();
        let mut expected = DMatrix::zeros(0, 40);
        let mut heard = u.clone();
        for reservoir in deep.reservoirs() {
            let states = run(reservoir, &heard);
            expected = above(&expected, &states);
            heard = if input_to_all {
                above(&u, &states)
            } else {
                states
            };
        }
        assert_eq!(deep.run(&mut deep.state(), &u).unwrap(), expected);
    }
}

#[test]
fn branches_hear_their_channels_and_not_each_other() {
    let u = signal(3, 30);
    let config = CompositionConfig::Parallel(vec![
        Branch {
            channels: Channels::Listed(vec![2, 0]),
            part: CompositionConfig::Reservoir(layer(7, 1.0)),
        },
        Branch {
            channels: Channels::All,
            part: CompositionConfig::Reservoir(layer(4, 0.2)),
        },
    ]);
    let groups = Composition::<f64>::new(&config, 3, &mut rng(2)).unwrap();
    let parts = groups.reservoirs();
    let turned = DMatrix::from_fn(2, 30, |i, t| u[(if i == 0 { 2 } else { 0 }, t)]);
    let expected = above(&run(parts[0], &turned), &run(parts[1], &u));
    assert_eq!(groups.run(&mut groups.state(), &u).unwrap(), expected);
}

#[test]
fn one_reservoir_is_itself() {
    let u = signal(2, 50);
    let config = layer(20, 0.4);
    let alone = Reservoir::<f64>::new(&config, 2, &mut rng(3)).unwrap();
    let config = CompositionConfig::Reservoir(config);
    let composed = Composition::<f64>::new(&config, 2, &mut rng(3)).unwrap();
    assert_eq!(
        composed.run(&mut composed.state(), &u).unwrap(),
        run(&alone, &u)
    );

    // And so is the network around it.
    let settings = EsnConfig {
        washout: 10,
        lambda: Lambda::Fixed(1e-4),
        noise: TrainingNoise {
            input: 1e-3,
            state: 1e-3,
            feedback: 0.0,
        },
        ..EsnConfig::default()
    };
    let mut one = Esn::from_reservoir(settings.clone(), alone).unwrap();
    let mut other = Esn::from_reservoir(settings, composed).unwrap();
    one.fit(&u).unwrap();
    other.fit(&u).unwrap();
    assert_eq!(one.weights().unwrap(), other.weights().unwrap());
    assert_eq!(
        one.forecast(&u, 20).unwrap(),
        other.forecast(&u, 20).unwrap()
    );
}

#[test]
fn a_network_of_a_hierarchy_streams_as_it_predicts() {
    let u = signal(3, 300);
    let map = Composition::<f64>::new(&hierarchy(), 3, &mut rng(4)).unwrap();
    assert_eq!(map.units(), hierarchy().units());
    assert_eq!(map.units(), 30 + 30 + 5 + 9);
    let settings = EsnConfig {
        washout: 50,
        lambda: Lambda::Fixed(1e-6),
        ..EsnConfig::default()
    };
    let mut model = Esn::from_reservoir(settings, map).unwrap();
    model.fit(&u).unwrap();
    assert_eq!(model.features(), 74 + 3);
    let predicted = model.predict(&u).unwrap();
    let mut state = model.state().unwrap();
    let mut next = [0.0; 3];
    for t in 0..300 {
        model
            .step(&mut state, &u.as_slice()[3 * t..][..3], &mut next)
            .unwrap();
        if t >= 50 {
            assert_eq!(predicted.as_slice()[3 * (t - 50)..][..3], next);
        }
    }
    let error = model.forecast(&u, 1).unwrap() - signal(3, 301).columns(300, 1);
    assert!(error.amax() < 0.1, "{}", error.amax());
}

#[test]
fn files_give_back_the_same_bits() {
    let path = |name: &str| std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let u = signal(3, 200);
    let map = Composition::<f64>::new(&hierarchy(), 3, &mut rng(8)).unwrap();
    let mut model = Esn::from_reservoir(EsnConfig::default(), map).unwrap();
    let file = path("composed.json");
    assert_eq!(model.save(&file), Err(Error::NotFitted));
    model.fit(&u).unwrap();
    model.save(&file).unwrap();
    let loaded = Esn::<f64, Composition<f64>>::load_composed(&file).unwrap();
    assert_eq!(loaded, model);
    assert!(Esn::<f32, Composition<f32>>::load_composed(&file).is_err());
    assert!(Esn::<f64>::load(&file).is_err(), "another kind");

    let mut state = model.state_after(&u).unwrap();
    let stored = path("composed-state.json");
    state.save(&stored).unwrap();
    let mut restored = loaded.load_state(&stored).unwrap();
    assert_eq!(restored, state);
    let (mut one, mut other) = ([0.0; 15], [0.0; 15]);
    model.forecast_into(&mut state, &mut one).unwrap();
    loaded.forecast_into(&mut restored, &mut other).unwrap();
    assert_eq!(one, other);
    assert!(model.load_state(&file).is_err(), "another kind");

    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replacen("\"input_to_all\":true", "\"input_to_all\":false", 1);
    assert_ne!(text, changed);
    std::fs::write(&file, changed).unwrap();
    assert!(
        Esn::<f64, Composition<f64>>::load_composed(&file).is_err(),
        "sizes"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let with = |config: CompositionConfig| {
        Composition::<f64>::new(&config, 2, &mut rng(5))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        with(CompositionConfig::Parallel(vec![])),
        "branches is empty"
    );
    assert_eq!(with(CompositionConfig::deep([])), "layers is empty");
    assert!(
        with(CompositionConfig::Parallel(vec![Branch {
            channels: Channels::Listed(vec![0, 2]),
            part: CompositionConfig::Reservoir(layer(5, 1.0)),
        }]))
        .contains("channel is 2, must be below the number of inputs")
    );
    let fed_back = ReservoirConfig {
        feedback: Some(Feedback {
            channels: 1,
            scaling: Scaling::Uniform(1.0),
            density: 1.0,
        }),
        ..layer(5, 1.0)
    };
    let alone = Reservoir::<f64>::new(&fed_back, 2, &mut rng(6)).unwrap();
    assert!(with(CompositionConfig::deep([fed_back])).contains("feedback"));
    assert!(Composition::stack(vec![alone.into()], false).is_err());

    let part = |units, inputs| -> Composition<f64> {
        Reservoir::new(&layer(units, 1.0), inputs, &mut rng(7))
            .unwrap()
            .into()
    };
    assert_eq!(
        Composition::stack(vec![part(5, 2), part(4, 6)], false),
        Err(Error::Shape {
            what: "inputs of a layer",
            expected: 5,
            found: 6
        })
    );
    assert!(Composition::stack(vec![part(5, 2), part(4, 7)], true).is_ok());
    let listed = vec![(Channels::Listed(vec![0]), part(5, 2))];
    assert!(matches!(
        Composition::parallel(2, listed),
        Err(Error::Shape { .. })
    ));

    let (one, other) = (part(5, 2), part(6, 2));
    assert!(matches!(
        one.step(&mut other.state(), &[0.0, 0.0]),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        one.step(&mut one.state(), &[0.0]),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        one.step(&mut one.state(), &[0.0, f64::NAN]),
        Err(Error::NonFinite { channel: 1, .. })
    ));
    assert!(matches!(
        Composition::<f64>::stack(vec![], true),
        Err(Error::Math(MathError::Empty { .. }))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_deep_reservoir_forgets_where_it_started(seed in any::<u64>(), input_to_all: bool) {
        let u = signal(2, 400);
        let deep = Composition::<f64>::new(&stack(input_to_all), 2, &mut rng(seed)).unwrap();
        let mut rested = deep.state();
        let mut excited = deep.state();
        deep.run(&mut excited, &signal(2, 17)).unwrap();
        prop_assert_ne!(&rested, &excited);
        deep.run(&mut rested, &u).unwrap();
        deep.run(&mut excited, &u).unwrap();
        for (a, b) in rested.values().iter().zip(excited.values()) {
            prop_assert!((a - b).abs() < 1e-6, "{} {}", a, b);
        }
    }
}
