//! Population vector, linear and Kalman decoders, Bayes, time rescaling.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use core::f64::consts::PI;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_neural_coding::decode::{
    Bayes, BayesConfig, CosineTuning, Kalman, KalmanConfig, KalmanState, Wiener, WienerConfig,
    rescale,
};
use neuropil_neural_coding::model::TuningCurves;
use neuropil_neural_coding::{Error, SpikeTrain};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, Poisson};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn with_dt(dt: f64) -> BayesConfig {
    BayesConfig {
        dt,
        ..BayesConfig::default()
    }
}

/// Rates with zeros among them, a prior with zeros and counts.
fn scene() -> impl Strategy<Value = (DMatrix<f64>, Vec<f64>, DMatrix<f64>)> {
    (1usize..5, 1usize..7, 0usize..20).prop_flat_map(|(units, places, bins)| {
        let rate = prop_oneof![Just(0.0), 0.01..50.0_f64];
        let prior = prop_oneof![1 => Just(0.0), 3 => 0.1..3.0_f64];
        (
            proptest::collection::vec(rate, units * places)
                .prop_map(move |v| DMatrix::from_vec(units, places, v)),
            proptest::collection::vec(prior, places)
                .prop_filter("all zero", |p| p.iter().any(|p| *p > 0.0)),
            proptest::collection::vec(0u8..4, units * bins).prop_map(move |v| {
                DMatrix::from_iterator(units, bins, v.into_iter().map(f64::from))
            }),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_posterior_is_the_product_by_hand((rates, prior, counts) in scene(), block in 1usize..9) {
        let dt = 0.05;
        let config = BayesConfig { dt, prior: Some(prior.clone()), block };
        let decoder = Bayes::new(&rates, &config).unwrap();
        let posterior = decoder.posterior(&counts).unwrap();
        let best = decoder.decode(&counts).unwrap();
        for t in 0..counts.ncols() {
            // The product of the Poisson probabilities, with 0⁰ = 1.
            let likelihood = |x: usize| -> f64 {
                (0..rates.nrows())
                    .map(|u| {
                        let mu: f64 = rates[(u, x)] * dt;
                        mu.powf(counts[(u, t)]) * (-mu).exp()
                    })
                    .product::<f64>() * prior[x]
            };
            let by_hand: Vec<f64> = (0..rates.ncols()).map(likelihood).collect();
            let total: f64 = by_hand.iter().sum();
            if total == 0.0 {
                prop_assert_eq!(best[t], None);
                prop_assert!(posterior.column(t).iter().all(|p| p.is_nan()));
                continue;
            }
            for (x, p) in by_hand.iter().enumerate() {
                prop_assert!((posterior[(x, t)] - p / total).abs() < 1e-12);
            }
            let most = posterior.column(t).max();
            prop_assert_eq!(best[t].map(|x| posterior[(x, t)]), Some(most));
        }
    }

    /// A product with few columns adds up in another order, so that the last bits may differ.
    #[test]
    fn blocks_change_rounding_alone((rates, _, counts) in scene()) {
        let whole = Bayes::new(&rates, &BayesConfig { block: 1000, ..with_dt(0.1) }).unwrap();
        let pieces = Bayes::new(&rates, &BayesConfig { block: 3, ..with_dt(0.1) }).unwrap();
        let (whole, pieces) = (whole.posterior(&counts).unwrap(), pieces.posterior(&counts).unwrap());
        prop_assert_eq!(whole.shape(), pieces.shape());
        for (a, b) in whole.iter().zip(pieces.iter()) {
            prop_assert!((a - b).abs() < 1e-13 || (a.is_nan() && b.is_nan()), "{} {}", a, b);
        }
    }

    #[test]
    fn cosine_units_are_recovered_from_any_directions(
        units in 1usize..10,
        seed in 0u64..1000,
    ) {
        let mut rng = rng(seed);
        let parts = |low: f64, high: f64, rng: &mut Xoshiro256PlusPlus| -> Vec<f64> {
            (0..units).map(|_| rng.random_range(low..high)).collect()
        };
        let truth = CosineTuning::from_parts(
            parts(5.0, 20.0, &mut rng),
            parts(0.5, 5.0, &mut rng),
            parts(-3.1, 3.1, &mut rng),
        ).unwrap();
        let directions = [0.3, 1.1, 2.5, 4.0, 5.9];
        let rates = truth.rates(&directions);
        let fitted = CosineTuning::fit(&directions, &rates).unwrap();
        for (a, b) in fitted.preferred().iter().zip(truth.preferred()) {
            prop_assert!((a - b).abs() < 1e-9);
        }
        for (a, b) in fitted.depth().iter().zip(truth.depth()) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }
}

#[test]
fn a_million_spikes_do_not_underflow() {
    let rates = DMatrix::from_row_slice(1, 2, &[10.0, 20.0]);
    let decoder = Bayes::new(&rates, &with_dt(1.0)).unwrap();
    let counts = DMatrix::from_row_slice(1, 3, &[1e6, 0.0, 14.0]);
    assert_eq!(
        decoder.decode(&counts).unwrap(),
        [Some(1), Some(0), Some(0)]
    );
    let mean = decoder.mean(&counts, &[0.0, 1.0]).unwrap();
    assert_eq!(mean[0], Some(1.0));
    // 14 spikes: e^-10 10^14 to e^-20 20^14.
    let odds = (10.0 - 14.0 * 2.0_f64.ln()).exp();
    assert!((mean[2].unwrap() - 1.0 / (1.0 + odds)).abs() < 1e-12);
}

#[test]
fn bad_input_to_bayes_is_an_error() {
    let rates = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 0.0, 4.0]);
    let of = |prior: Option<Vec<f64>>, dt: f64, block: usize| {
        Bayes::new(&rates, &BayesConfig { dt, prior, block })
    };
    assert!(of(None, 0.0, 1).is_err() && of(None, 0.1, 0).is_err());
    assert!(of(Some(vec![1.0]), 0.1, 1).is_err());
    assert!(of(Some(vec![0.0, 0.0]), 0.1, 1).is_err());
    assert!(of(Some(vec![-1.0, 2.0]), 0.1, 1).is_err());
    let negative = DMatrix::from_element(1, 1, -1.0);
    assert!(Bayes::new(&negative, &with_dt(0.1)).is_err());
    assert!(Bayes::new(&DMatrix::zeros(0, 2), &with_dt(0.1)).is_err());
    let decoder = of(None, 0.1, 4).unwrap();
    assert!(matches!(
        decoder.decode(&DMatrix::zeros(3, 2)),
        Err(Error::Shape { .. })
    ));
    let nan = DMatrix::from_element(2, 1, f64::NAN);
    assert!(matches!(
        decoder.posterior(&nan),
        Err(Error::OutOfRange { .. })
    ));
    assert!(decoder.mean(&DMatrix::zeros(2, 2), &[0.0]).is_err());
    // No bins are no error.
    assert_eq!(decoder.decode(&DMatrix::zeros(2, 0)).unwrap(), []);
    assert_eq!(
        decoder.posterior(&DMatrix::zeros(2, 0)).unwrap().shape(),
        (2, 0)
    );
}

#[test]
fn places_are_decoded_from_their_own_tuning_curves() {
    // 30 units with fields on a circle of 20 places, learnt from one half and read from the other.
    let mut rng = rng(5);
    let place: Vec<usize> = (0..2000).map(|t| (t / 3) % 20).collect();
    let counts = DMatrix::from_fn(30, 2000, |unit, t| {
        let away = 2.0 * PI * (place[t] as f64 / 20.0 - unit as f64 / 30.0);
        let rate: f64 = 15.0 * (4.0 * (away.cos() - 1.0)).exp();
        Poisson::new(0.25 * rate).unwrap().sample(&mut rng)
    });
    let half = counts.columns(0, 1000).into_owned();
    let curves = TuningCurves::new(&half, &place[..1000], 20, 0.25).unwrap();
    let config = BayesConfig {
        prior: Some(curves.occupancy().to_vec()),
        ..with_dt(0.25)
    };
    let decoder = Bayes::new(curves.rates(), &config).unwrap();
    let decoded = decoder
        .decode(&counts.columns(1000, 1000).into_owned())
        .unwrap();
    let near = decoded.iter().zip(&place[1000..]).filter(|(d, p)| {
        d.is_some_and(|d| {
            let apart = d.abs_diff(**p);
            apart.min(20 - apart) <= 1
        })
    });
    // α: nothing random remains with the seed fixed; 95 % are found, chance is 15 %.
    assert!(near.count() > 900);
}

#[test]
fn population_vectors_point_where_the_arm_goes() {
    let mut rng = rng(7);
    let units = 200;
    let preferred: Vec<f64> = (0..units).map(|_| rng.random_range(-PI..PI)).collect();
    let truth = CosineTuning::from_parts(vec![20.0; units], vec![10.0; units], preferred).unwrap();
    let directions: Vec<f64> = (0..8).map(|k| f64::from(k) * PI / 4.0 - 3.0).collect();
    let expected = truth.rates(&directions);
    let noisy = expected.map(|rate| Poisson::new(rate).unwrap().sample(&mut rng));
    let fitted = CosineTuning::fit(&directions, &noisy).unwrap();
    for (direction, decoded) in directions.iter().zip(fitted.decode(&noisy).unwrap()) {
        let error = (decoded.unwrap() - direction + PI).rem_euclid(2.0 * PI) - PI;
        assert!(error.abs() < 0.35, "{error}");
    }
    // No length, no direction.
    let flat = DMatrix::from_element(units, 1, 20.0);
    assert_eq!(truth.decode(&flat).unwrap(), [None]);
    // A unit without tuning has no part.
    let untuned = CosineTuning::from_parts(vec![5.0, 5.0], vec![0.0, 1.0], vec![1.0, 0.0]).unwrap();
    let rates = DMatrix::from_row_slice(2, 1, &[100.0, 7.0]);
    assert_eq!(
        untuned.population_vector(&rates).unwrap().as_slice(),
        [2.0, 0.0]
    );
}

#[test]
fn bad_input_to_cosine_tuning_is_an_error() {
    let rates = DMatrix::from_element(2, 4, 1.0);
    assert!(CosineTuning::fit(&[0.0, 1.0, 2.0], &rates).is_err());
    assert!(CosineTuning::fit(&[0.0, 1.0, 2.0, f64::NAN], &rates).is_err());
    let two = CosineTuning::fit(&[0.5, 2.5, 0.5, 2.5], &rates);
    assert!(matches!(two, Err(Error::Math(_))), "{two:?}");
    assert!(CosineTuning::from_parts(vec![1.0], vec![-1.0], vec![0.0]).is_err());
    assert!(CosineTuning::from_parts(vec![1.0], vec![], vec![0.0]).is_err());
}

/// A smooth state of two dimensions and counts of 20 units that follow it.
fn movement(bins: usize, seed: u64) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = rng(seed);
    let mut states = DMatrix::zeros(2, bins);
    for t in 1..bins {
        for i in 0..2 {
            let push: f64 = f64::standard_normal(&mut rng);
            states[(i, t)] = 0.95 * states[(i, t - 1)] + 0.3 * push;
        }
    }
    let mixing = DMatrix::from_fn(20, 2, |_, _| f64::standard_normal(&mut rng));
    let noise = DMatrix::from_fn(20, bins, |_, _| 2.0 * f64::standard_normal(&mut rng));
    let counts = &mixing * &states + noise;
    (states, counts.add_scalar(5.0))
}

fn squared(a: &DMatrix<f64>, b: &DMatrix<f64>) -> f64 {
    (a - b).norm_squared() / a.len() as f64
}

#[test]
fn the_past_helps_kalman_more_than_the_present_alone() {
    let (states, counts) = movement(3000, 1);
    let part = |m: &DMatrix<f64>, from: usize, n: usize| m.columns(from, n).into_owned();
    let kalman = Kalman::fit(
        &part(&states, 0, 2000),
        &part(&counts, 0, 2000),
        &KalmanConfig::default(),
    )
    .unwrap();
    let start = KalmanState::known(states.column(1999).as_slice());
    let track = kalman.filter(&start, &part(&counts, 2000, 1000)).unwrap();
    let truth = part(&states, 2000, 1000);
    let of_kalman = squared(&track, &truth);

    let ole = Wiener::fit(
        &part(&counts, 0, 2000),
        &part(&states, 0, 2000),
        &WienerConfig::default(),
    )
    .unwrap();
    let of_ole = squared(&ole.predict(&part(&counts, 2000, 1000)).unwrap(), &truth);
    let lagged = WienerConfig {
        lags: 8,
        ..WienerConfig::default()
    };
    let wiener = Wiener::fit(&part(&counts, 0, 2000), &part(&states, 0, 2000), &lagged).unwrap();
    let of_wiener = squared(&wiener.predict(&part(&counts, 1993, 1007)).unwrap(), &truth);
    assert!(of_kalman < 0.9 * of_ole, "{of_kalman} {of_ole}");
    assert!(of_wiener < 0.95 * of_ole, "{of_wiener} {of_ole}");
    // The truth is in the model class: dynamics and noise are found.
    assert!((kalman.dynamics()[(0, 0)] - 0.95).abs() < 0.03);
    assert!((kalman.process_noise()[(0, 0)] - 0.09).abs() < 0.02);
    assert!((kalman.observation_noise()[(3, 3)] - 4.0).abs() < 0.6);
}

#[test]
fn kalman_steps_are_the_filter_and_covariances_settle() {
    let (states, counts) = movement(500, 2);
    let kalman = Kalman::fit(&states, &counts, &KalmanConfig::default()).unwrap();
    let start = KalmanState {
        mean: nalgebra::DVector::zeros(2),
        covariance: DMatrix::identity(2, 2) * 10.0,
    };
    let track = kalman.filter(&start, &counts).unwrap();
    let mut state = start;
    let mut before = state.covariance.clone();
    for t in 0..500 {
        before.copy_from(&state.covariance);
        kalman
            .step(&mut state, counts.column(t).as_slice())
            .unwrap();
        assert_eq!(state.mean, track.column(t));
        assert_eq!(state.covariance, state.covariance.transpose());
    }
    assert!((&state.covariance - before).norm() < 1e-12);
    assert!(state.covariance.trace() > 0.0);
}

#[test]
fn silent_units_need_a_floor_and_bad_input_is_an_error() {
    let (states, mut counts) = movement(200, 3);
    counts.row_mut(4).fill(0.0);
    let start = KalmanState::known(&[0.0, 0.0]);
    let bare = Kalman::fit(&states, &counts, &KalmanConfig::default()).unwrap();
    let singular = bare.filter(&start, &counts);
    assert!(matches!(singular, Err(Error::Math(_))), "{singular:?}");
    let config = KalmanConfig { noise_floor: 0.01 };
    let floored = Kalman::fit(&states, &counts, &config).unwrap();
    assert!(floored.filter(&start, &counts).is_ok());

    assert!(
        floored
            .filter(&KalmanState::known(&[0.0]), &counts)
            .is_err()
    );
    assert!(floored.filter(&start, &DMatrix::zeros(3, 5)).is_err());
    let nan = DMatrix::from_element(20, 1, f64::NAN);
    assert!(matches!(
        floored.filter(&start, &nan),
        Err(Error::NonFinite { .. })
    ));
    assert!(Kalman::fit(&states, &DMatrix::zeros(3, 4), &config).is_err());
    let negative = KalmanConfig { noise_floor: -1.0 };
    assert!(Kalman::fit(&states, &counts, &negative).is_err());
    let flat = DMatrix::zeros(2, 200);
    assert!(matches!(
        Kalman::fit(&flat, &counts, &config),
        Err(Error::Math(_))
    ));
}

#[test]
fn bad_input_to_wiener_is_an_error() {
    let (states, counts) = movement(50, 4);
    let fit = |lags| Wiener::fit(&counts, &states, &WienerConfig { lags, lambda: 1.0 });
    assert!(fit(0).is_err() && fit(51).is_err() && fit(usize::MAX).is_err());
    assert!(Wiener::fit(&counts, &DMatrix::zeros(2, 49), &WienerConfig::default()).is_err());
    let model = fit(3).unwrap();
    assert_eq!(model.lags(), 3);
    assert_eq!(model.weights().shape(), (2, 60));
    assert!(model.predict(&DMatrix::zeros(19, 50)).is_err());
    assert!(model.predict(&DMatrix::zeros(20, 2)).is_err());
    assert_eq!(
        model.predict(&DMatrix::zeros(20, 3)).unwrap().shape(),
        (2, 1)
    );
}

/// A Poisson train of a rate that changes every 0.1 s, by inverting its integral.
fn poisson(rates: &[f64], seed: u64) -> SpikeTrain {
    let mut rng = rng(seed);
    let mut times = Vec::new();
    let mut needed: f64 = Exp1.sample(&mut rng);
    for (bin, rate) in rates.iter().enumerate() {
        let (mut at, end) = (0.1 * bin as f64, 0.1 * (bin as f64 + 1.0));
        while needed <= rate * (end - at) {
            at += needed / rate;
            times.push(at.min(end));
            needed = Exp1.sample(&mut rng);
        }
        needed -= rate * (end - at);
    }
    SpikeTrain::new(times, 0.0, 0.1 * rates.len() as f64).unwrap()
}

#[test]
fn rescaled_spikes_of_the_rate_pass_and_of_another_do_not() {
    let rates: Vec<f64> = (0..1000)
        .map(|k| 20.0 + 18.0 * (f64::from(k) * 0.05).sin())
        .collect();
    let mean = vec![20.0; 1000];
    // α = 0.05 for each of 200 trains: between 2 and 20 rejections but for one run in a thousand.
    let mut rejected = 0;
    for seed in 0..200 {
        let test = rescale(&poisson(&rates, seed), &rates, 0.1).unwrap();
        rejected += usize::from(test.p_value < 0.05);
        assert_eq!(
            test.p_value < 0.05,
            test.statistic > test.bound95() * 1.00002
        );
    }
    assert!((2..=20).contains(&rejected), "{rejected}");
    let test = rescale(&poisson(&rates, 1), &mean, 0.1).unwrap();
    assert!(
        test.p_value < 1e-3 && test.statistic > test.bound95(),
        "{}",
        test.p_value
    );
    assert!(test.uniforms.is_sorted() && test.uniforms.iter().all(|u| (0.0..=1.0).contains(u)));
}

#[test]
fn rescaling_sums_the_rate_piece_by_piece() {
    let train = SpikeTrain::new(vec![1.5, 1.75, 4.0], 1.0, 4.0).unwrap();
    let test = rescale(&train, &[2.0, 0.0, 4.0], 1.0).unwrap();
    // Integrals 1, 0.5 and 0.5 + 0 + 4.
    let uniform = |x: f64| 1.0 - (-x).exp();
    for (ours, expected) in test.uniforms.iter().zip([0.5, 1.0, 4.5]) {
        assert!((ours - uniform(expected)).abs() < 1e-15);
    }
    let short = rescale(&train, &[2.0, 0.0], 1.0);
    assert!(matches!(
        short,
        Err(Error::TooFew {
            needed: 3,
            found: 2,
            ..
        })
    ));
    let none = SpikeTrain::new(vec![], 0.0, 1.0).unwrap();
    assert!(rescale(&none, &[1.0], 1.0).is_err());
    assert!(rescale(&train, &[1.0, f64::NAN, 1.0], 1.0).is_err());
    assert!(rescale(&train, &[1.0, -1.0, 1.0], 1.0).is_err());
    assert!(rescale(&train, &[1.0; 3], 0.0).is_err());
    assert!(rescale(&train, &[], 1.0).is_err());
}
