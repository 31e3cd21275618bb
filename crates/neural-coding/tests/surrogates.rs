//! What each surrogate keeps, and that it destroys the rest.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use neuropil_neural_coding::statistics::{CorrelogramConfig, correlogram, cv};
use neuropil_neural_coding::surrogates::{Surrogate, shuffle_steps};
use neuropil_neural_coding::{BinnedCounts, Duplicates, Error, Raster, SpikeTrain, SpikeTrains};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A train in a window that does not begin at zero, spikes at both ends possible.
fn train() -> impl Strategy<Value = SpikeTrain> {
    let spike = prop_oneof![8 => 0.0..4.0_f64, 1 => Just(0.0), 1 => Just(4.0)];
    (prop::collection::vec(spike, 0..60), -100.0..100.0_f64).prop_map(|(times, t0)| {
        let t0 = t0.round();
        let times = times.into_iter().map(|t| t0 + t).collect();
        SpikeTrain::from_unsorted(times, t0, t0 + 4.0, Duplicates::Merge).unwrap()
    })
}

fn methods(width: f64) -> [Surrogate; 7] {
    [
        Surrogate::Dither { width },
        Surrogate::DitherRefractory {
            width,
            refractory: 0.01,
        },
        Surrogate::Jitter { width },
        Surrogate::Shift { width },
        Surrogate::ShuffleIntervals,
        Surrogate::ShuffleBins {
            width: width.min(4.0),
        },
        Surrogate::Randomize,
    ]
}

proptest! {
    #[test]
    fn counts_and_windows_are_kept(train in train(), width in 0.001..20.0_f64, seed: u64) {
        for method in methods(width) {
            let drawn = method.draw(&train, &mut rng(seed)).unwrap();
            prop_assert_eq!(drawn.len(), train.len());
            prop_assert_eq!((drawn.t0(), drawn.t1()), (train.t0(), train.t1()));
            // Sorted, finite and inside of the window.
            let times = drawn.times().to_vec();
            let checked =
                SpikeTrain::with_duplicates(times, drawn.t0(), drawn.t1(), Duplicates::Keep);
            prop_assert!(checked.is_ok(), "{:?}: {:?}", method, checked);
            // The same generator gives the same train.
            prop_assert_eq!(&drawn, &method.draw(&train, &mut rng(seed)).unwrap());
        }
    }

    #[test]
    fn shuffled_intervals_are_the_same(train in train(), seed: u64) {
        let drawn = Surrogate::ShuffleIntervals.draw(&train, &mut rng(seed)).unwrap();
        let sorted = |train: &SpikeTrain| {
            let mut intervals: Vec<f64> = train.intervals().collect();
            intervals.sort_by(f64::total_cmp);
            intervals
        };
        for (a, b) in sorted(&train).iter().zip(sorted(&drawn)) {
            prop_assert!((a - b).abs() < 1e-11);
        }
        prop_assert_eq!(train.times().first(), drawn.times().first());
        prop_assert_eq!(train.times().last(), drawn.times().last());
    }

    #[test]
    fn a_shift_keeps_the_cyclic_intervals(train in train(), width in 0.01..9.0_f64, seed: u64) {
        let drawn = Surrogate::Shift { width }.draw(&train, &mut rng(seed)).unwrap();
        let cyclic = |train: &SpikeTrain| {
            let mut intervals: Vec<f64> = train.intervals().collect();
            if let [first, .., last] = train.times() {
                intervals.push(first + train.duration() - last);
            }
            intervals.sort_by(f64::total_cmp);
            intervals
        };
        for (a, b) in cyclic(&train).iter().zip(cyclic(&drawn)) {
            prop_assert!((a - b).abs() < 1e-11);
        }
    }

    #[test]
    fn dithered_spikes_stay_near(train in train(), width in 0.001..0.3_f64, seed: u64) {
        // Sorting moves none further than the width: order statistics of near lists are near.
        let drawn = Surrogate::Dither { width }.draw(&train, &mut rng(seed)).unwrap();
        for (a, b) in train.times().iter().zip(drawn.times()) {
            prop_assert!((a - b).abs() <= width + 1e-12);
        }
    }

    #[test]
    fn refractory_periods_are_kept(train in train(), width in 0.001..0.3_f64, seed: u64) {
        let refractory = 0.02;
        let method = Surrogate::DitherRefractory { width, refractory };
        let drawn = method.draw(&train, &mut rng(seed)).unwrap();
        for (before, after) in train.intervals().zip(drawn.intervals()) {
            prop_assert!(after >= refractory.min(before) - 1e-12, "{before} became {after}");
        }
        for (a, b) in train.times().iter().zip(drawn.times()) {
            prop_assert!((a - b).abs() <= width + 1e-12);
        }
    }

    #[test]
    fn jitter_keeps_the_counts_of_its_bins(train in train(), seed: u64) {
        let drawn = Surrogate::Jitter { width: 0.25 }.draw(&train, &mut rng(seed)).unwrap();
        let counts = |train: &SpikeTrain| {
            let bins = train.bin(0.25).unwrap();
            (bins.row(0).0.to_vec(), bins.row(0).1.to_vec())
        };
        prop_assert_eq!(counts(&train), counts(&drawn));
    }

    #[test]
    fn shuffled_bins_are_the_same(train in train(), seed: u64) {
        // Windows and widths that binary numbers hold, spikes in the middle of a sixteenth of a bin.
        let middle = |t: f64| train.t0() + (((t - train.t0()) * 64.0).floor().min(255.0) + 0.5) / 64.0;
        let times = train.times().iter().map(|&t| middle(t)).collect();
        let train =
            SpikeTrain::with_duplicates(times, train.t0(), train.t1(), Duplicates::Keep).unwrap();
        let drawn = Surrogate::ShuffleBins { width: 0.25 }.draw(&train, &mut rng(seed)).unwrap();
        // Each bin as the list of times inside of it.
        let bins = |train: &SpikeTrain| {
            let mut bins = vec![Vec::new(); 16];
            for t in train.times() {
                let t = t - train.t0();
                bins[(t / 0.25) as usize].push(((t % 0.25) * 1e9).round() as u64);
            }
            bins.sort();
            bins
        };
        prop_assert_eq!(bins(&train), bins(&drawn));
    }

    #[test]
    fn shuffled_steps_keep_the_counts(
        steps in 0..300_usize, density in 0.0..1.0_f64, seed: u64
    ) {
        let mut draws = rng(seed);
        let mut raster = Raster::new(3, steps).unwrap();
        for train in 0..3 {
            for step in 0..steps {
                raster.set(train, step, draws.random_bool(density)).unwrap();
            }
        }
        let drawn = shuffle_steps(&raster, &mut draws).unwrap();
        prop_assert_eq!(drawn.steps(), steps);
        for train in 0..3 {
            prop_assert_eq!(drawn.count(train), raster.count(train));
            // None behind the last step.
            prop_assert_eq!(drawn.spikes(train).filter(|&s| s < steps).count(), raster.count(train));
        }
    }
}

/// The Kolmogorov–Smirnov statistic of a sample against the uniform distribution on [0, 1], times the
/// root of its size.
fn kolmogorov(mut sample: Vec<f64>) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let distance = sample
        .iter()
        .enumerate()
        .map(|(i, &x)| (x - i as f64 / n).abs().max((x - (i + 1) as f64 / n).abs()))
        .fold(0.0, f64::max);
    distance * n.sqrt()
}

/// The value that the statistic exceeds with probability 10⁻³.
const ALPHA_001: f64 = 1.949;

#[test]
fn displacements_are_uniform() {
    // One spike far from the ends, many surrogates: α = 10⁻³ for each method, fixed seeds.
    let train = SpikeTrain::new(vec![5.1], 0.0, 10.0).unwrap();
    for (seed, method, from, to) in [
        (1, Surrogate::Dither { width: 0.3 }, 4.8, 5.4),
        (
            2,
            Surrogate::DitherRefractory {
                width: 0.3,
                refractory: 0.01,
            },
            4.8,
            5.4,
        ),
        (3, Surrogate::Jitter { width: 0.5 }, 5.0, 5.5),
        (4, Surrogate::Shift { width: 2.0 }, 3.1, 7.1),
        (5, Surrogate::Randomize, 0.0, 10.0),
    ] {
        let mut rng = rng(seed);
        let sample = (0..4000)
            .map(|_| (method.draw(&train, &mut rng).unwrap().times()[0] - from) / (to - from))
            .collect();
        let statistic = kolmogorov(sample);
        assert!(statistic < ALPHA_001, "{method:?}: {statistic}");
    }
}

#[test]
fn reflection_keeps_a_uniform_rate() {
    // Wide dither of a uniform train is uniform up to the ends of the window: α = 10⁻³, fixed seed.
    let mut rng = rng(6);
    let times = (0..5000).map(|_| rng.random_range(0.0..1.0)).collect();
    let train = SpikeTrain::from_unsorted(times, 0.0, 1.0, Duplicates::Merge).unwrap();
    for width in [0.2, 3.7] {
        let drawn = Surrogate::Dither { width }.draw(&train, &mut rng).unwrap();
        let statistic = kolmogorov(drawn.into_times());
        assert!(statistic < ALPHA_001, "{width}: {statistic}");
    }
}

#[test]
fn every_order_of_intervals_is_as_frequent() {
    // Three intervals have six orders, 600 of each in 3600 are expected. χ² with 5 degrees of freedom
    // exceeds 20.5 with probability 10⁻³; fixed seed.
    let train = SpikeTrain::new(vec![0.0, 1.0, 3.0, 6.0], 0.0, 6.0).unwrap();
    let mut rng = rng(7);
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..3600 {
        let drawn = Surrogate::ShuffleIntervals.draw(&train, &mut rng).unwrap();
        let order: Vec<u8> = drawn.intervals().map(|i| i.round() as u8).collect();
        *counts.entry(order).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    let chi: f64 = counts
        .values()
        .map(|&c| (f64::from(c) - 600.0).powi(2) / 600.0)
        .sum();
    assert!(chi < 20.5, "{chi}");
}

#[test]
fn every_step_is_as_frequent() {
    // Five spikes in twenty steps, 2000 times: 500 in each. χ² with 19 degrees of freedom exceeds 43.8
    // with probability 10⁻³ (without replacement it varies less); fixed seed.
    let mut raster = Raster::new(1, 20).unwrap();
    for step in 0..5 {
        raster.set(0, step, true).unwrap();
    }
    let mut rng = rng(8);
    let mut counts = [0.0; 20];
    for _ in 0..2000 {
        for step in shuffle_steps(&raster, &mut rng).unwrap().spikes(0) {
            counts[step] += 1.0;
        }
    }
    let chi: f64 = counts.iter().map(|c| (c - 500.0_f64).powi(2) / 500.0).sum();
    assert!(chi < 43.8, "{chi}");
}

#[test]
fn synchrony_is_lost_and_regularity_where_it_should_be() {
    let clock: Vec<f64> = (0..500).map(|i| 0.01 + 0.02 * f64::from(i)).collect();
    let clock = SpikeTrain::new(clock, 0.0, 10.0).unwrap();
    let mut rng = rng(9);
    // Two copies coincide in every bin; dithered by ten bins, hardly more than by chance: 50 of 500
    // are expected, with a standard deviation below 7, and 80 is more than four of those.
    let dither = Surrogate::Dither { width: 0.1 };
    let both = SpikeTrains::from_trains(&[clock.clone(), clock.clone()]).unwrap();
    let drawn = dither.draw_all(&both, &mut rng).unwrap();
    let lag = CorrelogramConfig {
        first: 0,
        last: 0,
        binary: true,
    };
    let coincidences = |trains: &SpikeTrains| {
        let counts = BinnedCounts::new(trains, 0.002).unwrap();
        correlogram(&counts, 0, 1, &lag).unwrap().counts()[0]
    };
    assert_eq!(coincidences(&both), 500);
    assert!(coincidences(&drawn) < 80);
    // A clock stays one under what keeps intervals, and becomes irregular else.
    let cv = |method: Surrogate, rng: &mut _| cv(&method.draw(&clock, rng).unwrap()).unwrap();
    assert!(cv(Surrogate::ShuffleIntervals, &mut rng) < 1e-9);
    assert!((cv(Surrogate::Randomize, &mut rng) - 1.0).abs() < 0.15);
}

#[test]
fn bad_settings_are_refused() {
    let train = SpikeTrain::new(vec![0.5], 0.0, 1.0).unwrap();
    for width in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX] {
        for method in [
            Surrogate::Dither { width },
            Surrogate::DitherRefractory {
                width,
                refractory: 0.0,
            },
            Surrogate::Jitter { width },
            Surrogate::Shift { width },
            Surrogate::ShuffleBins { width },
        ] {
            let result = method.draw(&train, &mut rng(1));
            assert!(
                matches!(result, Err(Error::OutOfRange { .. })),
                "{method:?}: {result:?}"
            );
        }
    }
    let method = Surrogate::DitherRefractory {
        width: 0.1,
        refractory: -0.1,
    };
    assert!(matches!(
        method.draw(&train, &mut rng(1)),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        Surrogate::ShuffleBins { width: 2.0 }.draw(&train, &mut rng(1)),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        Surrogate::ShuffleBins { width: 1e-12 }.draw(&train, &mut rng(1)),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn a_grown_buffer_is_all_that_is_needed() {
    let times = (0..1000).map(|i| f64::from(i) * 0.01).collect();
    let train = SpikeTrain::new(times, 0.0, 10.0).unwrap();
    let mut rng = rng(1);
    let mut buffer = Vec::with_capacity(1000);
    for method in methods(0.05) {
        if matches!(method, Surrogate::ShuffleBins { .. }) {
            continue;
        }
        let ((), count) = allocations(|| method.draw_into(&train, &mut rng, &mut buffer).unwrap());
        assert_eq!(count, 0, "{method:?}");
    }
}
