//! Streams and free-running forecasts of fields and compositions allocate nothing.

#![cfg(not(feature = "rayon"))]
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_reservoir::{
    Branch, Channels, Composition, CompositionConfig, Esn, EsnConfig, LocalEsn, LocalEsnConfig,
    LocalNgrc, LocalNgrcConfig, ReservoirConfig, Sharing,
};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn field(points: usize) -> DMatrix<f64> {
    DMatrix::from_fn(points, 150, |i, t| {
        (0.4 * i as f64 - 0.1 * t as f64).sin() + 0.1 * (0.9 * t as f64).cos()
    })
}

#[test]
fn local_models() {
    let series = field(16);
    let (mut next, mut forecast) = ([0.0; 16], [0.0; 80]);
    let mut model = LocalNgrc::new(LocalNgrcConfig::default()).unwrap();
    model.fit(&series).unwrap();
    let mut state = model.state(16).unwrap();
    let (outcome, count) = allocations(|| {
        for sample in series.as_slice().chunks_exact(16) {
            model.step(&mut state, sample, &mut next)?;
        }
        model.forecast_into(&mut state, &mut forecast)
    });
    assert_eq!((outcome, count), (Ok(()), 0));

    for sharing in [Sharing::Shared, Sharing::PerPatch] {
        let config = LocalEsnConfig {
            patch: 4,
            sharing,
            model: EsnConfig {
                reservoir: ReservoirConfig {
                    units: 40,
                    ..LocalEsnConfig::default().model.reservoir
                },
                ..LocalEsnConfig::default().model
            },
            ..LocalEsnConfig::default()
        };
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut model = LocalEsn::new(config, 16, &mut rng).unwrap();
        model.fit(&series).unwrap();
        let mut state = model.state(16).unwrap();
        let (outcome, count) = allocations(|| {
            for sample in series.as_slice().chunks_exact(16) {
                model.step(&mut state, sample, &mut next)?;
            }
            model.forecast_into(&mut state, &mut forecast)
        });
        assert_eq!((outcome, count), (Ok(()), 0));
    }
}

#[test]
fn networks_of_compositions() {
    let series = field(3);
    let layer = ReservoirConfig {
        units: 20,
        ..ReservoirConfig::default()
    };
    let config = CompositionConfig::Stack {
        layers: vec![
            CompositionConfig::Parallel(vec![
                Branch {
                    channels: Channels::Listed(vec![1, 2]),
                    part: CompositionConfig::deep([layer.clone(), layer.clone()]),
                },
                Branch {
                    channels: Channels::All,
                    part: CompositionConfig::Reservoir(layer.clone()),
                },
            ]),
            CompositionConfig::Reservoir(layer),
        ],
        input_to_all: true,
    };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let map = Composition::new(&config, 3, &mut rng).unwrap();
    let mut model = Esn::from_reservoir(EsnConfig::default(), map).unwrap();
    model.fit(&series).unwrap();
    let mut state = model.state().unwrap();
    let (mut next, mut forecast) = ([0.0; 3], [0.0; 30]);
    let (outcome, count) = allocations(|| {
        for sample in series.as_slice().chunks_exact(3) {
            model.step(&mut state, sample, &mut next)?;
        }
        model.forecast_into(&mut state, &mut forecast)
    });
    assert_eq!((outcome, count), (Ok(()), 0));
}
