//! Steps of the learners and of a classifier allocate nothing.

use nalgebra::DMatrix;
use neuropil_reservoir::{
    Classifier, ClassifierConfig, Feedback, Force, ForceConfig, Integrator, Lms, LmsConfig,
    Plasticity, PlasticityConfig, Pooling, Reservoir, ReservoirConfig, Rls, RlsConfig, Scaling,
};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn none(what: &str, work: impl FnOnce()) {
    let ((), count) = allocations(work);
    assert_eq!(count, 0, "{what}");
}

#[test]
fn readouts() {
    let x: Vec<f64> = (0..50).map(|i| f64::from(i).sin()).collect();
    let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let mut rls = Rls::new(RlsConfig::default(), 50, 3).unwrap();
    let mut lms = Lms::new(LmsConfig::default(), 50, 3).unwrap();
    let (mut out, mut narrow_out) = ([0.0; 3], [0.0_f32; 3]);
    none("rls", || {
        rls.step(&x, &[1.0, 2.0, 3.0], &mut out).unwrap();
        rls.predict(&x, &mut out).unwrap();
        rls.step(&narrow, &[1.0; 3], &mut narrow_out).unwrap();
        rls.reset();
    });
    none("lms", || {
        lms.step(&x, &[1.0, 2.0, 3.0], &mut out).unwrap();
        lms.predict(&x, &mut out).unwrap();
        lms.step(&narrow, &[1.0; 3], &mut narrow_out).unwrap();
    });
}

#[test]
fn reservoirs() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let config = ReservoirConfig {
        units: 30,
        feedback: Some(Feedback {
            channels: 1,
            scaling: Scaling::Uniform(1.0),
            density: 1.0,
        }),
        ..ReservoirConfig::default()
    };
    for integrator in [Integrator::Output, Integrator::Membrane] {
        let fed = Reservoir::<f64>::new(&config, 1, &mut rng).unwrap();
        let settings = ForceConfig {
            integrator,
            ..ForceConfig::default()
        };
        let mut force = Force::new(settings, fed).unwrap();
        let mut state = force.state();
        let mut out = [0.0];
        none("force", || {
            force.step(&mut state, &[1.0], &[0.5], &mut out).unwrap();
            force.predict(&mut state, &[1.0], &mut out).unwrap();
            state.reset();
        });

        let open = ReservoirConfig {
            feedback: None,
            ..config.clone()
        };
        let open = Reservoir::<f64>::new(&open, 1, &mut rng).unwrap();
        let settings = PlasticityConfig {
            integrator,
            ..PlasticityConfig::default()
        };
        let mut units = Plasticity::new(settings, open).unwrap();
        let mut state = units.state();
        let mut rates = [0.0; 30];
        none("plasticity", || {
            units.step(&mut state, &[1.0], &mut rates).unwrap();
            units.predict(&mut state, &[1.0], &mut rates).unwrap();
        });
    }
}

#[test]
fn classifier() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let config = ClassifierConfig {
        pooling: vec![Pooling::Last, Pooling::Mean],
        inputs: true,
        ..ClassifierConfig::default()
    };
    let mut model = Classifier::<f64>::new(config, 1, &mut rng).unwrap();
    let sequences: Vec<_> = (0..10)
        .map(|i| {
            DMatrix::from_fn(1, 10 + i, |_, t| {
                (0.3 * (i % 2 + 1) as f64 * t as f64).sin()
            })
        })
        .collect();
    let labels: Vec<usize> = (0..10).map(|i| i % 2).collect();
    model.fit(&sequences, &labels).unwrap();
    let mut state = model.state().unwrap();
    let mut scores = [0.0; 2];
    none("classifier", || {
        for sample in sequences[3].as_slice().chunks_exact(1) {
            model.step(&mut state, sample, &mut scores).unwrap();
        }
        state.reset();
    });
}
