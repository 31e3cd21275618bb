//! Generators: the statistics they promise, and what they refuse.
//!
//! Every statistical test has a fixed seed and allows a deviation that a right generator exceeds with
//! probability α, which is stated.

use nalgebra::DMatrix;
use neuropil_neural_coding::generate::{
    bernoulli, bernoulli_dense_into, bernoulli_varying, gamma, inhomogeneous_poisson,
    inhomogeneous_poisson_refractory, poisson, poisson_refractory,
};
use neuropil_neural_coding::{Error, SpikeTrain};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn seeded(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn variance(x: &[f64]) -> f64 {
    let m = mean(x);
    x.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / x.len() as f64
}

fn cv(train: &SpikeTrain) -> f64 {
    let intervals: Vec<f64> = train.intervals().collect();
    variance(&intervals).sqrt() / mean(&intervals)
}

fn fano(train: &SpikeTrain, window: f64) -> f64 {
    let bins = (train.duration() / window) as usize;
    let mut counts = vec![0.0; bins];
    for t in train.times() {
        counts[((t - train.t0()) / window).min(bins as f64 - 1.0) as usize] += 1.0;
    }
    variance(&counts) / mean(&counts)
}

/// The statistic of Kolmogorov and Smirnov, by its critical value at α = 10⁻³ for many samples:
/// above 1 is a rejection.
fn kolmogorov_smirnov(mut x: Vec<f64>, distribution: impl Fn(f64) -> f64) -> f64 {
    x.sort_by(f64::total_cmp);
    let n = x.len() as f64;
    let distance = x.iter().enumerate().fold(0.0_f64, |d, (i, &x)| {
        let f = distribution(x);
        d.max(f - i as f64 / n).max((i as f64 + 1.0) / n - f)
    });
    distance * n.sqrt() / 1.9495
}

#[test]
fn poisson_is_poisson() {
    let train = poisson(50.0, -10.0, 990.0, &mut seeded(1)).unwrap();
    // 50 000 spikes and 1000 windows; four standard deviations each, α = 6·10⁻⁵.
    assert!((train.rate() - 50.0).abs() < 4.0 * 0.05_f64.sqrt());
    assert!((cv(&train) - 1.0).abs() < 4.0 / 50_000.0_f64.sqrt());
    assert!((fano(&train, 1.0) - 1.0).abs() < 4.0 * (2.0 / 1000.0_f64).sqrt());
    let intervals = train.intervals().collect();
    let ratio = kolmogorov_smirnov(intervals, |x| -(-50.0 * x).exp_m1());
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
    // Successive intervals are not correlated; α = 6·10⁻⁵.
    let x: Vec<f64> = train.intervals().map(|i| 50.0 * i - 1.0).collect();
    let lagged = x.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / x.len() as f64;
    assert!(lagged.abs() < 4.0 / (x.len() as f64).sqrt(), "{lagged}");
}

#[test]
fn the_test_of_poisson_can_fail() {
    // The intervals of BindsNET: Poisson counts of milliseconds with mean 20.
    let intervals: Vec<f64> = (0..2000)
        .map(|k| {
            let train = poisson(1000.0, 0.0, 0.02, &mut seeded(k)).unwrap();
            train.len() as f64 / 1000.0
        })
        .collect();
    assert!((variance(&intervals).sqrt() / mean(&intervals) - 0.22).abs() < 0.02);
    assert!(kolmogorov_smirnov(intervals, |x| -(-50.0 * x).exp_m1()) > 5.0);
}

#[test]
fn the_rate_and_variation_that_bindsnet_misses() {
    // Defect 8 of the peers: at 50 Hz their intervals have CV 0.22 and Fano factor 0.046.
    let train = poisson(50.0, 0.0, 20.0 * 50.0, &mut seeded(2)).unwrap();
    assert!((cv(&train) - 1.0).abs() < 0.02);
    assert!((fano(&train, 1.0) - 1.0).abs() < 0.18);
}

#[test]
fn a_dead_time_is_kept_and_so_is_the_rate() {
    let (rate, dead) = (80.0, 0.005);
    let train = poisson_refractory(rate, dead, 0.0, 1000.0, &mut seeded(3)).unwrap();
    assert!(train.intervals().all(|i| i >= dead * (1.0 - 1e-9)));
    let expected: f64 = 1.0 - rate * dead;
    // The variance of the count is CV² of that of a Poisson train; α = 6·10⁻⁵.
    let deviation = (rate / 1000.0).sqrt() * expected;
    assert!((train.rate() - rate).abs() < 4.0 * deviation);
    assert!((cv(&train) - expected).abs() < 0.01);
    let hazard = rate / expected;
    let law = |x: f64| -(-hazard * (x - dead)).exp_m1();
    let ratio = kolmogorov_smirnov(train.intervals().collect(), law);
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
}

/// The time of the first spike of a stationary renewal train has the density $r (1 - F(x))$.
#[test]
fn renewal_trains_are_stationary_from_the_start() {
    let mut rng = seeded(4);
    let (rate, dead) = (50.0, 0.01);
    let first = |train: SpikeTrain| train.times()[0];
    let refractory: Vec<f64> = (0..4000)
        .map(|_| first(poisson_refractory(rate, dead, 0.0, 2.0, &mut rng).unwrap()))
        .collect();
    let hazard = rate / (1.0 - rate * dead);
    let law = |x: f64| {
        let alive = (1.0 - rate * dead) * -(-hazard * (x - dead).max(0.0)).exp_m1();
        rate * x.min(dead) + alive
    };
    let ratio = kolmogorov_smirnov(refractory, law);
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
    // Of shape 2 and scale s, 1 - F(x) = (1 + x/s) e^(-x/s) and r = 1/(2s).
    let of_gamma: Vec<f64> = (0..4000)
        .map(|_| first(gamma(2.0, rate, 0.0, 2.0, &mut rng).unwrap()))
        .collect();
    let scale = 1.0 / (2.0 * rate);
    let law = |x: f64| 1.0 - (1.0 + 0.5 * x / scale) * (-x / scale).exp();
    let ratio = kolmogorov_smirnov(of_gamma, law);
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
    // Thinning with a dead time likewise.
    let thinned: Vec<f64> = (0..4000)
        .map(|_| {
            let constant = |_: f64| rate;
            let train = inhomogeneous_poisson_refractory(constant, 60.0, dead, 0.0, 2.0, &mut rng);
            first(train.unwrap())
        })
        .collect();
    let law = |x: f64| {
        let alive = (1.0 - rate * dead) * -(-hazard * (x - dead).max(0.0)).exp_m1();
        rate * x.min(dead) + alive
    };
    let ratio = kolmogorov_smirnov(thinned, law);
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
}

#[test]
fn gamma_has_the_variation_of_its_shape() {
    for (seed, shape) in [(5, 0.5), (6, 1.0), (7, 4.0), (8, 25.0)] {
        let train = gamma(shape, 40.0, 0.0, 500.0, &mut seeded(seed)).unwrap();
        let expected = 1.0 / shape.sqrt();
        // 20 000 intervals; the CV of a skewed law is estimated worse, α < 10⁻³.
        assert!((cv(&train) / expected - 1.0).abs() < 0.05, "shape {shape}");
        assert!((train.rate() / 40.0 - 1.0).abs() < 4.0 * expected / 20_000.0_f64.sqrt());
        let intervals: Vec<f64> = train.intervals().collect();
        let local = intervals.windows(2).map(|w| {
            let d = (w[0] - w[1]) / (w[0] + w[1]);
            3.0 * d * d
        });
        let lv = local.sum::<f64>() / (intervals.len() - 1) as f64;
        assert!((lv - 3.0 / (2.0 * shape + 1.0)).abs() < 0.03, "{lv}");
    }
}

/// In rescaled time the train is Poisson of rate 1.
#[test]
fn rescaled_inhomogeneous_intervals_are_exponential() {
    let rate = |t: f64| 40.0 + 30.0 * (2.0 * t).sin();
    let integral = |t: f64| 40.0 * t - 15.0 * (2.0 * t).cos();
    let train = inhomogeneous_poisson(rate, 70.0, 0.0, 500.0, &mut seeded(9)).unwrap();
    let rescaled = |w: &[f64]| integral(w[1]) - integral(w[0]);
    let intervals = train.times().windows(2).map(rescaled).collect();
    let ratio = kolmogorov_smirnov(intervals, |x| -(-x).exp_m1());
    assert!(ratio < 1.0, "α = 10⁻³: {ratio}");
    // 20 000 spikes, α = 6·10⁻⁵.
    assert!((train.rate() - 40.0).abs() < 4.0 * (40.0_f64 / 500.0).sqrt());
    let slow = |t: f64| 30.0 + 20.0 * (0.1 * t).sin();
    let dead = 0.01;
    let train = inhomogeneous_poisson_refractory(slow, 50.0, dead, 0.0, 628.0, &mut seeded(10));
    let train = train.unwrap();
    assert!(train.intervals().all(|i| i >= dead * (1.0 - 1e-9)));
    assert!((train.rate() - 30.0).abs() < 4.0 * (30.0_f64 / 628.0).sqrt());
}

#[test]
fn bernoulli_steps_are_independent_and_of_their_probability() {
    let probabilities = [0.0, 1e-3, 0.1, 0.5, 0.7, 0.999, 1.0];
    let steps = 100_001;
    let raster = bernoulli(&probabilities, steps, &mut seeded(11)).unwrap();
    let varying = DMatrix::from_fn(probabilities.len(), steps, |i, _| probabilities[i]);
    let varying = bernoulli_varying(&varying, &mut seeded(12)).unwrap();
    let mut dense = vec![0.0_f32; probabilities.len() * steps];
    bernoulli_dense_into(&probabilities, &mut dense, &mut seeded(13)).unwrap();
    for (i, p) in probabilities.into_iter().enumerate() {
        let expected = p * steps as f64;
        // α = 6·10⁻⁵.
        let allowed = 4.0 * (expected * (1.0 - p)).sqrt();
        let ones = dense.iter().skip(i).step_by(probabilities.len());
        let in_dense = ones.map(|&x| f64::from(x)).sum::<f64>();
        for count in [raster.count(i) as f64, varying.count(i) as f64, in_dense] {
            assert!((count - expected).abs() <= allowed, "{p}: {count}");
        }
    }
    // Neighbours in time and among trains; the variance of a product of two is (p(1-p))².
    let x = |train: usize, step: usize| {
        f64::from(u8::from(raster.get(train, step))) - probabilities[train]
    };
    let n = steps - 1;
    let in_time: f64 = (0..n).map(|k| x(4, k) * x(4, k + 1)).sum::<f64>() / n as f64;
    let among: f64 = (0..n).map(|k| x(3, k) * x(4, k)).sum::<f64>() / n as f64;
    assert!(in_time.abs() < 4.0 * 0.21 / (n as f64).sqrt(), "{in_time}");
    assert!(among.abs() < 4.0 * 0.25 / (n as f64).sqrt(), "{among}");
}

#[test]
fn dense_spikes_are_zeros_and_ones_in_any_width() {
    for trains in [1, 7, 8, 63, 64, 65, 200] {
        let probabilities: Vec<f64> = (0..trains).map(|i| f64::from(i % 2)).collect();
        let mut out = vec![f64::NAN; 3 * probabilities.len()];
        bernoulli_dense_into(&probabilities, &mut out, &mut seeded(1)).unwrap();
        for column in out.chunks(probabilities.len()) {
            assert_eq!(column, probabilities);
        }
    }
}

#[test]
fn bits_behind_the_last_step_are_zero() {
    let ones = bernoulli(&[1.0, 1.0], 70, &mut seeded(1)).unwrap();
    assert_eq!((ones.count(0), ones.count(1)), (70, 70));
    let varying = DMatrix::from_element(2, 70, 1.0);
    let varying = bernoulli_varying(&varying, &mut seeded(1)).unwrap();
    assert_eq!(varying, ones);
    let none = bernoulli(&[0.5], 0, &mut seeded(1)).unwrap();
    assert_eq!((none.trains(), none.steps(), none.count(0)), (1, 0, 0));
}

/// The first draws, which must not change from version to version.
#[test]
fn the_first_draws_are_pinned() {
    let first = |train: SpikeTrain| format!("{:.9}", train.times()[0]);
    let found = [
        first(poisson(10.0, 0.0, 9.0, &mut seeded(1)).unwrap()),
        first(poisson_refractory(10.0, 0.01, 0.0, 9.0, &mut seeded(1)).unwrap()),
        first(gamma(3.0, 10.0, 0.0, 9.0, &mut seeded(1)).unwrap()),
        first(inhomogeneous_poisson(|t| t, 10.0, 0.0, 9.0, &mut seeded(1)).unwrap()),
        format!(
            "{:x}",
            bernoulli(&[0.3], 64, &mut seeded(1)).unwrap().words()[0]
        ),
    ];
    assert_eq!(found, PINNED);
}

const PINNED: [&str; 5] = [
    "0.109679395",
    "0.101697804",
    "0.165928396",
    "1.594558367",
    "382e8080d01d60",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn trains_are_valid_and_follow_their_seed(
        seed in any::<u64>(), rate in 0.0..200.0_f64, t0 in -5.0..5.0_f64, length in 0.01..5.0_f64,
    ) {
        let dead = 0.5 / rate.max(1.0);
        let t1 = t0 + length;
        let all = |rng: &mut Xoshiro256PlusPlus| [
            poisson(rate, t0, t1, rng).unwrap(),
            poisson_refractory(rate, dead, t0, t1, rng).unwrap(),
            gamma(2.5, rate, t0, t1, rng).unwrap(),
            inhomogeneous_poisson_refractory(|t| rate * (0.5 + 0.5 * t.sin()), rate, dead, t0, t1, rng)
                .unwrap(),
        ];
        let trains = all(&mut seeded(seed));
        prop_assert_eq!(&trains, &all(&mut seeded(seed)));
        for train in trains {
            prop_assert!(SpikeTrain::new(train.times().to_vec(), t0, t1).is_ok());
        }
    }
}

#[test]
fn nothing_comes_of_a_rate_of_zero() {
    let mut rng = seeded(1);
    assert!(poisson(0.0, 0.0, 9.0, &mut rng).unwrap().is_empty());
    assert!(gamma(2.0, 0.0, 0.0, 9.0, &mut rng).unwrap().is_empty());
    let none = inhomogeneous_poisson(|_| 0.0, 5.0, 0.0, 9.0, &mut rng).unwrap();
    assert!(none.is_empty());
    // Rates whose intervals have no room in the exponent.
    assert!(poisson(1e-320, 0.0, 9.0, &mut rng).unwrap().is_empty());
    assert!(gamma(0.5, 1e-320, 0.0, 9.0, &mut rng).unwrap().is_empty());
    assert!(
        poisson_refractory(1e-320, 1.0, 0.0, 9.0, &mut rng)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_makes_no_train_is_refused() {
    let mut rng = seeded(1);
    let out_of_range = |result: Result<SpikeTrain, Error>| {
        assert!(
            matches!(result, Err(Error::OutOfRange { .. })),
            "{result:?}"
        );
    };
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        out_of_range(poisson(rate, 0.0, 1.0, &mut rng));
        out_of_range(gamma(2.0, rate, 0.0, 1.0, &mut rng));
        out_of_range(inhomogeneous_poisson(|_| 1.0, rate, 0.0, 1.0, &mut rng));
        // A rate that is bad only where it is looked at.
        out_of_range(inhomogeneous_poisson(|_| rate, 1e3, 0.0, 1.0, &mut rng));
    }
    out_of_range(inhomogeneous_poisson(|_| 1001.0, 1e3, 0.0, 1.0, &mut rng));
    for dead in [-0.1, 0.1, 1.0, f64::NAN] {
        out_of_range(poisson_refractory(10.0, dead, 0.0, 1.0, &mut rng));
        let rate = |_: f64| 1.0;
        out_of_range(inhomogeneous_poisson_refractory(
            rate, 10.0, dead, 0.0, 1.0, &mut rng,
        ));
    }
    for shape in [0.0, -1.0, f64::NAN, 1e300] {
        out_of_range(gamma(shape, 10.0, 0.0, 1.0, &mut rng));
    }
    for (t0, t1) in [
        (1.0, 1.0),
        (2.0, 1.0),
        (f64::NAN, 1.0),
        (0.0, f64::INFINITY),
    ] {
        let result = poisson(1.0, t0, t1, &mut rng);
        assert!(matches!(result, Err(Error::Window { .. })), "{result:?}");
    }
    let result = poisson(1e300, 0.0, 1.0, &mut rng);
    assert!(matches!(result, Err(Error::TooLarge { .. })), "{result:?}");
    for p in [-0.1, 1.1, f64::NAN] {
        assert!(bernoulli(&[0.5, p], 10, &mut rng).is_err());
        assert!(bernoulli_varying(&DMatrix::from_element(1, 1, p), &mut rng).is_err());
        assert!(bernoulli_dense_into(&[p], &mut [0.0_f32], &mut rng).is_err());
    }
    assert!(matches!(
        bernoulli(&[0.5], usize::MAX, &mut rng),
        Err(Error::TooLarge { .. })
    ));
    let mut seven = [0.0_f64; 7];
    let result = bernoulli_dense_into(&[0.5, 0.5], &mut seven, &mut rng);
    assert!(matches!(result, Err(Error::Shape { .. })), "{result:?}");
    assert!(bernoulli_dense_into(&[], &mut seven, &mut rng).is_err());
    assert!(bernoulli_dense_into::<f32, _>(&[], &mut [], &mut rng).is_ok());
}
