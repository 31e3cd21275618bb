//! Intrinsic plasticity moves the distribution of the rates to its target.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_math::{Activation, Real};
use neuropil_reservoir::{
    Integrator, Leak, Plasticity, PlasticityConfig, Reservoir, ReservoirConfig, TargetDistribution,
    Topology,
};
use neuropil_test_kit::tolerance::assert_close;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn reservoir<T: Real>(activation: Activation, leak: f64, topology: Topology) -> Reservoir<T> {
    let config = ReservoirConfig {
        units: 50,
        topology,
        activation,
        leak: Leak::Scalar(leak),
        bias_scaling: 0.5,
        ..ReservoirConfig::default()
    };
    Reservoir::new(&config, 1, &mut Xoshiro256PlusPlus::seed_from_u64(6)).unwrap()
}

fn inputs<T: Real>(count: usize) -> DMatrix<T> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    DMatrix::from_fn(1, count, |_, _| {
        T::of(1.5 * f64::standard_uniform(&mut rng) - 0.75)
    })
}

/// The divergence of the distribution of all rates, in 20 bins between `low` and 1, from the target of
/// this density.
fn divergence(rates: &DMatrix<f64>, low: f64, density: impl Fn(f64) -> f64) -> f64 {
    const BINS: usize = 20;
    let width = (1.0 - low) / BINS as f64;
    let mut counts = [0.5; BINS];
    for rate in rates {
        let bin = ((rate - low) / width).clamp(0.0, BINS as f64 - 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the bins"
        )]
        let bin = bin as usize;
        counts[bin] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let centre = |bin: usize| low + (bin as f64 + 0.5) * width;
    let mass: f64 = (0..BINS).map(|bin| density(centre(bin))).sum();
    (0..BINS)
        .map(|bin| {
            let p = counts[bin] / total;
            p * (p / (density(centre(bin)) / mass)).ln()
        })
        .sum()
}

#[test]
fn rates_approach_the_target() {
    let gaussian = TargetDistribution::Gaussian {
        mean: 0.1,
        deviation: 0.3,
    };
    let exponential = TargetDistribution::Exponential { mean: 0.2 };
    for (activation, target, low, mean) in [
        (Activation::Tanh, gaussian, -1.0, 0.1),
        (Activation::Sigmoid, exponential, 0.0, 0.2),
    ] {
        let density = move |y: f64| match target {
            TargetDistribution::Gaussian { mean, deviation } => {
                (-0.5 * ((y - mean) / deviation).powi(2)).exp()
            }
            TargetDistribution::Exponential { mean } => (-y / mean).exp(),
        };
        for integrator in [Integrator::Output, Integrator::Membrane] {
            // Of leaky outputs the response has the distribution, not the rate: no leak there.
            let leak = if integrator == Integrator::Output {
                1.0
            } else {
                0.7
            };
            let config = PlasticityConfig {
                target,
                rate: 1e-3,
                epochs: 3,
                integrator,
            };
            let reservoir = reservoir::<f64>(activation, leak, Topology::default());
            let mut units = Plasticity::new(config, reservoir).unwrap();
            let inputs = inputs(3000);
            let judge = |units: &Plasticity<f64>| {
                let rates = units.run(&mut units.state(), &inputs).unwrap();
                let rates = rates.columns(200, 2800).into_owned();
                (divergence(&rates, low, density), rates.mean())
            };
            let (before, _) = judge(&units);
            units.fit(&inputs).unwrap();
            let (after, found) = judge(&units);
            assert!(
                after < 0.35 * before && after < 0.5,
                "{activation} {integrator:?}: divergence {before} became {after}"
            );
            assert!(
                (found - mean).abs() < 0.03,
                "{activation} {integrator:?}: mean {found}"
            );
        }
    }
}

/// Gains and biases within the matrices give the same rates, dense and sparse, leaky and not.
#[test]
fn an_ordinary_reservoir_does_the_same() {
    let dense = Topology::Dense {
        entries: neuropil_math::random::Entries::uniform(1.0),
    };
    for topology in [Topology::default(), dense] {
        for (integrator, leak) in [
            (Integrator::Output, 0.4),
            (Integrator::Output, 1.0),
            (Integrator::Membrane, 1.0),
        ] {
            let config = PlasticityConfig {
                rate: 1e-2,
                integrator,
                ..PlasticityConfig::default()
            };
            let reservoir = reservoir::<f64>(Activation::Tanh, leak, topology.clone());
            let mut units = Plasticity::new(config, reservoir).unwrap();
            units.fit(&inputs(300)).unwrap();
            assert!(units.gains().iter().any(|a| (a - 1.0).abs() > 0.1));
            let adapted = units.to_reservoir().unwrap();
            let inputs = inputs(50);
            assert_close(
                "rates",
                adapted
                    .run(&mut adapted.state(), &inputs)
                    .unwrap()
                    .as_slice(),
                units.run(&mut units.state(), &inputs).unwrap().as_slice(),
                1e-10,
                1e-10,
            );
            units.reset();
            let plain = units.to_reservoir().unwrap();
            assert_eq!(&plain, units.reservoir());
        }
    }
    let config = PlasticityConfig {
        integrator: Integrator::Membrane,
        ..PlasticityConfig::default()
    };
    let leaking = reservoir::<f64>(Activation::Tanh, 0.5, Topology::default());
    let units = Plasticity::new(config, leaking).unwrap();
    assert!(units.to_reservoir().is_err());
}

/// Sample by sample as in one go.
#[test]
fn steps_are_the_fit() {
    let config = PlasticityConfig {
        rate: 1e-3,
        ..PlasticityConfig::default()
    };
    let reservoir = reservoir::<f32>(Activation::Tanh, 0.5, Topology::default());
    let mut fitted = Plasticity::new(config, reservoir).unwrap();
    let mut stepped = fitted.clone();
    let inputs = inputs(100);
    let end = fitted.fit(&inputs).unwrap();
    let mut state = stepped.state();
    let mut rates = [0.0; 50];
    for input in inputs.as_slice() {
        stepped
            .step(&mut state, core::slice::from_ref(input), &mut rates)
            .unwrap();
    }
    assert_eq!(fitted, stepped);
    assert_eq!(end, state);
    assert_eq!(state.rates(), rates);
}
