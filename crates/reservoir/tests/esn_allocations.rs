//! Steps of a reservoir, streams and free-running forecasts allocate nothing.

use nalgebra::DMatrix;
use neuropil_math::random::Entries;
use neuropil_reservoir::{
    Dynamics, Esn, EsnConfig, Feedback, Reservoir, ReservoirConfig, Scaling, StateFeatures,
    StateTerms, Topology,
};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn reservoirs_step_without_allocation() {
    for topology in [
        Topology::default(),
        Topology::Dense {
            entries: Entries::uniform(1.0),
        },
    ] {
        for dynamics in [
            Dynamics::Leaky,
            Dynamics::EdgeOfStability { proximity: 0.3 },
            Dynamics::Euler {
                step: 0.1,
                diffusion: 0.1,
            },
        ] {
            let config = ReservoirConfig {
                units: 50,
                topology: topology.clone(),
                dynamics,
                ..ReservoirConfig::default()
            };
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
            let reservoir = Reservoir::<f64>::new(&config, 2, &mut rng).unwrap();
            let mut state = reservoir.state();
            let mut states = vec![0.0; 50 * 10];
            let ((), count) = allocations(|| {
                for _ in 0..10 {
                    reservoir.step(&mut state, &[0.1, 0.2]).unwrap();
                }
                reservoir
                    .run_into(&mut state, &[0.1; 20], &[], &mut states)
                    .unwrap();
                reservoir
                    .net_input(&state, &[0.1, 0.2], &[], &mut states[..50])
                    .unwrap();
            });
            assert_eq!(count, 0);
        }
    }
}

#[test]
fn streams_and_forecasts_allocate_nothing() {
    let series = DMatrix::from_fn(2, 400, |c, t| (0.2 * t as f64 + c as f64).sin());
    for features in [
        StateFeatures::default(),
        StateFeatures {
            constant: false,
            input: false,
            state: StateTerms::WithSquares,
        },
        StateFeatures {
            constant: false,
            input: false,
            state: StateTerms::Linear,
        },
    ] {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let config = EsnConfig {
            features,
            ..EsnConfig::default()
        };
        let mut model = Esn::<f64>::new(config, 2, &mut rng).unwrap();
        model.fit(&series).unwrap();
        let mut state = model.state().unwrap();
        let mut next = [0.0; 2];
        let mut forecast = [0.0; 40];
        let ((), count) = allocations(|| {
            for sample in series.as_slice().chunks_exact(2) {
                model.step(&mut state, sample, &mut next).unwrap();
            }
        });
        assert_eq!(count, 0, "steps");
        let (outcome, count) = allocations(|| model.forecast_into(&mut state, &mut forecast));
        assert_eq!((outcome, count), (Ok(()), 0), "forecast");
    }
}

#[test]
fn feedback_and_teachers_allocate_nothing() {
    let series = DMatrix::from_fn(1, 300, |_, t| (0.2 * t as f64).sin());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let config = EsnConfig {
        reservoir: ReservoirConfig {
            feedback: Some(Feedback {
                channels: 1,
                scaling: Scaling::Uniform(0.5),
                density: 1.0,
            }),
            ..ReservoirConfig::default()
        },
        ..EsnConfig::default()
    };
    let mut model = Esn::<f64>::new(config, 1, &mut rng).unwrap();
    model.fit_inference(&series, &series).unwrap();
    let mut state = model.state().unwrap();
    let mut out = [0.0];
    let ((), count) = allocations(|| {
        for &u in series.iter() {
            model.teach(&mut state, &[u], &[u]).unwrap();
            model.step(&mut state, &[u], &mut out).unwrap();
        }
    });
    assert_eq!(count, 0);
}
