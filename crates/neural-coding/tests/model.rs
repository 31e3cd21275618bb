//! Generalised linear models, their bases and filters, spike-triggered covariance, tuning curves.

use nalgebra::DMatrix;
use neuropil_neural_coding::Error;
use neuropil_neural_coding::model::{
    Basis, CoupledGlm, CoupledGlmConfig, PoissonGlm, PoissonGlmConfig, SpikeTriggeredCovariance,
    TuningCurves, filtered,
};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Normal numbers, features × bins.
fn normal(features: usize, bins: usize, seed: u64) -> DMatrix<f64> {
    use neuropil_math::Real;
    let mut rng = rng(seed);
    DMatrix::from_fn(features, bins, |_, _| f64::standard_normal(&mut rng))
}

fn free() -> PoissonGlmConfig {
    PoissonGlmConfig::default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn splines_sum_to_one_and_have_unit_integrals(order in 1usize..7, more in 0usize..8, x in 0.0..=1.0_f64) {
        let functions = order + more;
        let basis = Basis::BSpline { functions, order };
        let values = basis.evaluate(&[0.0, x, 1.0]).unwrap();
        for column in values.column_iter() {
            prop_assert!((column.sum() - 1.0).abs() < 1e-12);
            prop_assert!(column.iter().all(|v| *v >= 0.0));
        }
        // Midpoints of 840 intervals, which the knots divide for up to 8 of them.
        let points: Vec<f64> = (0..840).map(|k| (f64::from(k) + 0.5) / 840.0).collect();
        let values = Basis::MSpline { functions, order }.evaluate(&points).unwrap();
        for row in values.row_iter() {
            prop_assert!((row.sum() / 840.0 - 1.0).abs() < 1e-3, "{}", row.sum() / 840.0);
        }
    }

    #[test]
    fn cosines_overlap_to_two(functions in 4usize..12, x in 0.0..1.0_f64) {
        let basis = Basis::RaisedCosine { functions };
        // One peak away from the ends, four cosines overlap wherever we look.
        let inside = (1.0 + x * (functions as f64 - 3.0)) / (functions as f64 - 1.0);
        let sum = basis.evaluate(&[inside]).unwrap().sum();
        prop_assert!((sum - 2.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn filtering_is_the_sum_by_hand(
        signal in proptest::collection::vec(-2.0..2.0_f64, 1..30),
        taps in proptest::collection::vec(-2.0..2.0_f64, 1..10),
        delay in 0usize..40,
    ) {
        let n = signal.len();
        let both = DMatrix::from_fn(2, n, |c, t| if c == 0 { signal[t] } else { -signal[n - 1 - t] });
        let filters = DMatrix::from_fn(2, taps.len(), |f, k| taps[k] * (f as f64 + 1.0));
        let ours = filtered(&both, &filters, delay).unwrap();
        prop_assert_eq!(ours.shape(), (4, n));
        for t in 0..n {
            for row in 0..4 {
                let (channel, f) = (row / 2, row % 2);
                let sum: f64 = (0..taps.len())
                    .filter(|k| k + delay <= t)
                    .map(|k| filters[(f, k)] * both[(channel, t - delay - k)])
                    .sum();
                prop_assert!((ours[(row, t)] - sum).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_fit_is_where_the_gradient_is_zero(seed in 0u64..1000, lambda in 0.0..20.0_f64) {
        // Also with features of very different sizes, and counts that are not whole.
        let mut x = normal(4, 300, seed);
        x.row_mut(2).scale_mut(100.0);
        let mut rng = rng(seed + 1);
        let counts: Vec<f64> = (0..300).map(|_| 3.0 * rng.random::<f64>().powi(3)).collect();
        let config = PoissonGlmConfig { lambda, ..free() };
        let fit = PoissonGlm::fit(&x, &counts, &config).unwrap();
        prop_assert!(fit.converged);
        let expected = fit.model.predict(&x).unwrap();
        let residuals: Vec<f64> = counts.iter().zip(&expected).map(|(y, mu)| y - mu).collect();
        prop_assert!(residuals.iter().sum::<f64>().abs() < 1e-8);
        for (row, w) in x.row_iter().zip(fit.model.weights()) {
            let slope: f64 = row.iter().zip(&residuals).map(|(x, r)| x * r).sum();
            prop_assert!((slope - lambda * w).abs() < 1e-6, "{slope} {}", lambda * w);
        }
    }
}

#[test]
fn weights_are_found_within_their_errors() {
    let truth = PoissonGlm::from_parts(vec![0.5, -0.3, 0.0], -1.0).unwrap();
    let x = normal(3, 20_000, 3);
    let counts = truth.simulate(&x, &mut rng(4)).unwrap();
    let fit = PoissonGlm::fit(&x, &counts, &free()).unwrap();
    // The Fisher information of a weight is about the number of spikes: four deviations, so that
    // one fixed seed of ten thousand fails.
    let deviation = 1.0 / counts.iter().sum::<f64>().sqrt();
    for (w, t) in fit.model.weights().iter().zip(truth.weights()) {
        assert!((w - t).abs() < 4.0 * deviation, "{w} {t} {deviation}");
    }
    assert!((fit.model.intercept() - truth.intercept()).abs() < 4.0 * deviation);
    assert!(fit.iterations < 10);
}

#[test]
fn what_is_explained_lies_between_constant_and_all() {
    let x = normal(2, 500, 5);
    let truth = PoissonGlm::from_parts(vec![0.8, -0.5], 0.3).unwrap();
    let counts = truth.simulate(&x, &mut rng(6)).unwrap();
    let model = PoissonGlm::fit(&x, &counts, &free()).unwrap().model;
    let bits = model.bits_per_spike(&x, &counts).unwrap().unwrap();
    let explained = model.explained_deviance(&x, &counts).unwrap().unwrap();
    assert!(
        bits > 0.1 && (0.1..1.0).contains(&explained),
        "{bits} {explained}"
    );
    // A constant model: no bits, nothing explained; deviance is that of the mean.
    let mean = counts.iter().sum::<f64>() / 500.0;
    let constant = PoissonGlm::from_parts(vec![0.0; 2], mean.ln()).unwrap();
    assert!(constant.bits_per_spike(&x, &counts).unwrap().unwrap().abs() < 1e-12);
    assert!(
        constant
            .explained_deviance(&x, &counts)
            .unwrap()
            .unwrap()
            .abs()
            < 1e-12
    );
    let by_hand: f64 = counts
        .iter()
        .map(|&y| if y > 0.0 { y * (y / mean).ln() } else { 0.0 } - (y - mean))
        .sum();
    assert!((constant.deviance(&x, &counts).unwrap() - 2.0 * by_hand).abs() < 1e-9);
    // Undefined, and said so.
    let none = vec![0.0; 500];
    assert_eq!(model.bits_per_spike(&x, &none).unwrap(), None);
    assert_eq!(model.explained_deviance(&x, &none).unwrap(), None);
}

#[test]
fn a_likelihood_without_maximum_does_not_converge_but_a_penalty_helps() {
    // Whenever the feature is on there is no spike.
    let x = DMatrix::from_fn(1, 200, |_, t| f64::from(t % 2 == 0));
    let counts: Vec<f64> = (0..200).map(|t| f64::from(t % 2 == 1)).collect();
    let fit = PoissonGlm::fit(&x, &counts, &free()).unwrap();
    assert!(!fit.converged && fit.model.weights()[0] < -10.0);
    let config = PoissonGlmConfig {
        lambda: 1.0,
        ..free()
    };
    assert!(PoissonGlm::fit(&x, &counts, &config).unwrap().converged);
}

#[test]
fn a_wild_start_is_tamed() {
    // A single bin with many spikes and a large feature: full Newton steps overflow.
    let mut x = DMatrix::from_fn(1, 1000, |_, t| (t as f64).sin());
    x[(0, 500)] = 30.0;
    let mut counts = vec![0.0; 1000];
    counts[500] = 1e6;
    counts[20] = 1.0;
    let config = PoissonGlmConfig {
        iterations: 200,
        ..free()
    };
    let fit = PoissonGlm::fit(&x, &counts, &config).unwrap();
    assert!(fit.converged, "{fit:?}");
    let expected = fit.model.predict(&x).unwrap();
    assert!((expected.iter().sum::<f64>() - 1_000_001.0).abs() < 1e-2);
}

#[test]
fn bad_input_to_a_fit_is_an_error() {
    let x = normal(2, 50, 1);
    let counts = vec![1.0; 50];
    let shape = PoissonGlm::fit(&x, &counts[..49], &free());
    assert!(matches!(
        shape,
        Err(Error::Shape {
            expected: 50,
            found: 49,
            ..
        })
    ));
    let silent = PoissonGlm::fit(&x, &[0.0; 50], &free());
    assert!(matches!(silent, Err(Error::TooFew { .. })));
    let negative = PoissonGlm::fit(&x, &[-1.0; 50], &free());
    assert!(matches!(negative, Err(Error::OutOfRange { .. })));
    let mut broken = x.clone();
    broken[(1, 7)] = f64::NAN;
    let broken = PoissonGlm::fit(&broken, &counts, &free());
    assert!(matches!(broken, Err(Error::NonFinite { index: 15, .. })));
    let doubled = DMatrix::from_fn(2, 50, |_, t| t as f64 % 3.0);
    let varied: Vec<f64> = (0..50).map(|t| f64::from(t % 5)).collect();
    let dependent = PoissonGlm::fit(&doubled, &varied, &free());
    assert!(matches!(dependent, Err(Error::Math(_))), "{dependent:?}");
    let none = PoissonGlm::fit(&DMatrix::zeros(0, 50), &counts, &free());
    assert!(matches!(none, Err(Error::TooFew { .. })));
    let empty = PoissonGlm::fit(&DMatrix::zeros(2, 0), &[], &free());
    assert!(matches!(empty, Err(Error::TooFew { .. })));
    let config = PoissonGlmConfig {
        lambda: f64::NAN,
        ..free()
    };
    assert!(PoissonGlm::fit(&x, &counts, &config).is_err());
    assert!(PoissonGlm::from_parts(vec![f64::NAN], 0.0).is_err());
    // Too many spikes to draw, and too few to have a distribution.
    let wild = PoissonGlm::from_parts(vec![1.0], 0.0).unwrap();
    let at = |x: f64| wild.simulate(&DMatrix::from_element(1, 1, x), &mut rng(1));
    assert!(matches!(at(800.0), Err(Error::OutOfRange { .. })));
    assert_eq!(at(-800.0).unwrap(), [0.0]);
}

#[test]
fn bad_bases_are_errors() {
    assert!(Basis::raised_cosine_log(1).filters(10).is_err());
    assert!(Basis::cubic(3).filters(10).is_err());
    assert!(Basis::cubic(5).filters(1).is_err());
    assert!(Basis::cubic(5).evaluate(&[1.1]).is_err());
    assert!(Basis::cubic(5).evaluate(&[f64::NAN]).is_err());
    let order = Basis::BSpline {
        functions: 20,
        order: 17,
    };
    assert!(order.evaluate(&[0.5]).is_err());
    let stretch = Basis::RaisedCosineLog {
        functions: 4,
        stretch: 0.0,
    };
    assert!(stretch.evaluate(&[0.5]).is_err());
    let huge = Basis::RaisedCosine {
        functions: usize::MAX,
    };
    assert!(matches!(
        huge.evaluate(&[0.0, 0.5]),
        Err(Error::TooLarge { .. })
    ));
    assert!(filtered(&DMatrix::zeros(1, 5), &DMatrix::zeros(0, 3), 0).is_err());
    let long = filtered(
        &DMatrix::from_element(1, 5, 1.0),
        &DMatrix::zeros(1, 3),
        usize::MAX,
    );
    assert_eq!(long.unwrap().sum(), 0.0);
}

/// Two units: the first inhibits itself and excites the second two bins later. Rates are low, so that a
/// simulation with Poisson counts is not far from these spikes.
fn coupled(bins: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = rng(8);
    let stimulus = DMatrix::from_fn(1, bins, |_, t| (0.02 * t as f64).sin());
    let mut counts = DMatrix::zeros(2, bins);
    for t in 0..bins {
        let before = |unit: usize, lag: usize| {
            if t >= lag {
                counts[(unit, t - lag)]
            } else {
                0.0
            }
        };
        let first = 0.08 * (0.5 * stimulus[(0, t)] - 2.0 * before(0, 1)).exp();
        let second = 0.05 * (1.0 * before(0, 2)).exp();
        counts[(0, t)] = f64::from(rng.random_bool(first.min(1.0)));
        counts[(1, t)] = f64::from(rng.random_bool(second.min(1.0)));
    }
    (stimulus, counts)
}

#[test]
fn coupling_has_a_direction_and_history_inhibits() {
    let (stimulus, counts) = coupled(20_000);
    let config = CoupledGlmConfig {
        basis: Basis::BSpline {
            functions: 4,
            order: 1,
        },
        lags: 4,
        ..CoupledGlmConfig::default()
    };
    let model = CoupledGlm::fit(&stimulus, &counts, &config).unwrap();
    let filter = |to, from| model.filter(to, from).unwrap();
    assert!(filter(0, 0)[0] < -1.0, "{:?}", filter(0, 0));
    assert!((filter(1, 0)[1] - 1.0).abs() < 0.3, "{:?}", filter(1, 0));
    assert!(filter(1, 0)[0].abs() < 0.4 && filter(0, 1)[1].abs() < 0.4);
    assert!((model.fits()[0].model.weights()[0] - 0.5).abs() < 0.15);
    assert_eq!(model.filter(2, 0), None);
    assert_eq!(model.filter(0, 2), None);

    // Simulated, it has the rates and the coupling that it was fitted to.
    let drawn = model.simulate(&stimulus, &mut rng(9)).unwrap();
    for unit in 0..2 {
        let (a, b) = (counts.row(unit).sum(), drawn.row(unit).sum());
        assert!((a - b).abs() < 0.1 * a, "{a} {b}");
    }
    let again = CoupledGlm::fit(&stimulus, &drawn, &config).unwrap();
    assert!((again.filter(1, 0).unwrap()[1] - filter(1, 0)[1]).abs() < 0.4);

    // Expected counts sum to the counts, and rates are per second.
    let expected = model.predict(&stimulus, &counts).unwrap();
    assert!((expected.row(0).sum() - counts.row(0).sum()).abs() < 1e-4);
    let rates = model.rates(&stimulus, &counts, 0.001).unwrap();
    assert!((rates[(1, 100)] - 1000.0 * expected[(1, 100)]).abs() < 1e-9);
}

#[test]
fn without_coupling_units_see_themselves_alone() {
    let (_, counts) = coupled(5_000);
    let config = CoupledGlmConfig {
        coupling: false,
        basis: Basis::raised_cosine_log(3),
        lags: 10,
        ..CoupledGlmConfig::default()
    };
    let none = DMatrix::zeros(0, 5_000);
    let model = CoupledGlm::fit(&none, &counts, &config).unwrap();
    assert_eq!(model.fits()[1].model.weights().len(), 3);
    assert_eq!(model.filter(1, 0), None);
    assert_eq!(model.filter(1, 1).map(|h| h.len()), Some(10));
    assert!(model.simulate(&DMatrix::zeros(1, 9), &mut rng(1)).is_err());
    assert!(model.predict(&none, &DMatrix::zeros(3, 5_000)).is_err());
    assert!(CoupledGlm::fit(&DMatrix::zeros(0, 9), &counts, &config).is_err());
}

#[test]
fn covariance_recovers_a_quadratic_cell() {
    let x = normal(6, 20_000, 11);
    let mut rng = rng(12);
    // Excited by the square along one direction, suppressed along another.
    let counts: Vec<f64> = x
        .column_iter()
        .map(|x| {
            let excite = (x[1] + x[2]) / 2.0_f64.sqrt();
            let rate = 0.3 * (0.5 * excite * excite - 0.7 * x[4] * x[4]).exp();
            f64::from(rng.random_bool(rate.min(1.0)))
        })
        .collect();
    let stc = SpikeTriggeredCovariance::new(&x, &counts).unwrap();
    let first = stc.vectors.column(0);
    assert!((first[1] + first[2]) / 2.0_f64.sqrt() > 0.98, "{first}");
    assert!(stc.vectors[(4, 5)].abs() > 0.98);
    assert!(stc.values[0] > 0.3 && stc.values[5] < -0.3);
    assert!(
        stc.values[1..5].iter().all(|v| v.abs() < 0.15),
        "{:?}",
        stc.values
    );
    assert!(stc.values.windows(2).all(|w| w[0] >= w[1]));
    assert!(stc.mean.norm() < 0.1);
    // Moving all stimuli changes nothing.
    let moved = x.map(|v| v + 1000.0);
    let again = SpikeTriggeredCovariance::new(&moved, &counts).unwrap();
    assert!((again.values[0] - stc.values[0]).abs() < 1e-9);
    // Along the eigenvectors, the difference is diagonal.
    let turned = stc.vectors.transpose() * &stc.difference * &stc.vectors;
    assert!((turned[(0, 0)] - stc.values[0]).abs() < 1e-10 && turned[(0, 5)].abs() < 1e-10);
    assert_eq!(stc.project(&x).unwrap().shape(), (6, 20_000));

    assert!(SpikeTriggeredCovariance::new(&x, &counts[1..]).is_err());
    let silent = SpikeTriggeredCovariance::new(&x, &vec![0.0; 20_000]);
    assert!(matches!(silent, Err(Error::TooFew { .. })));
}

#[test]
fn smoothing_keeps_spikes_and_time() {
    let counts = DMatrix::from_row_slice(1, 4, &[3.0, 0.0, 1.0, 2.0]);
    let curves = TuningCurves::new(&counts, &[0, 3, 3, 5], 6, 0.5).unwrap();
    for sigma in [0.0, 0.3, 2.0, 50.0] {
        let smoothed = curves.smoothed(sigma).unwrap();
        assert_eq!(smoothed.occupancy(), curves.occupancy());
        assert!(smoothed.rates().iter().all(|r| r.is_finite() && *r >= 0.0));
    }
    // Wider than the track, all is the mean: 6 spikes in 2 s.
    let flat = curves.smoothed(500.0).unwrap();
    assert!(
        flat.rates().iter().all(|r| (r - 3.0).abs() < 0.05),
        "{}",
        flat.rates()
    );
    assert!(curves.smoothed(-1.0).is_err() && curves.smoothed(f64::NAN).is_err());
    assert!(TuningCurves::new(&counts, &[0, 3, 3, 6], 6, 0.5).is_err());
    assert!(TuningCurves::new(&counts, &[0, 3, 3], 6, 0.5).is_err());
    assert!(TuningCurves::new(&counts, &[0, 3, 3, 5], 6, 0.0).is_err());
}
