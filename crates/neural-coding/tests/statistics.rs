//! Laws, limits and bad input of the statistics, and the defects of others.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_neural_coding::model::spike_triggered_average;
use neuropil_neural_coding::statistics::{
    CoherenceConfig, CorrelogramConfig, CubicConfig, Kernel, KernelShape, Psth, RateConfig,
    autocorrelation_time, binary_correlation, binary_covariance, coherence, complexity,
    correlation, correlogram, correlogram_into, covariance, cubic, cv, cv2, fano_factor,
    fano_factor_of_counts, instantaneous_rate, lv, lvr, optimal_bandwidth, rate_at, slepian, sttc,
    sttc_matrix,
};
use neuropil_neural_coding::{BinnedCounts, Duplicates, Error, Raster, SpikeTrain, SpikeTrains};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const SHAPES: [KernelShape; 7] = [
    KernelShape::Gaussian,
    KernelShape::Rectangular,
    KernelShape::Triangular,
    KernelShape::Epanechnikov,
    KernelShape::Laplacian,
    KernelShape::Exponential,
    KernelShape::Alpha,
];

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// `spikes` uniform spikes in `[0, duration]`.
fn uniform(spikes: usize, duration: f64, rng: &mut Xoshiro256PlusPlus) -> SpikeTrain {
    let times = (0..spikes)
        .map(|_| rng.random_range(0.0..duration))
        .collect();
    SpikeTrain::from_unsorted(times, 0.0, duration, Duplicates::Merge).unwrap()
}

fn train() -> impl Strategy<Value = SpikeTrain> {
    prop::collection::vec(0.0..5.0_f64, 0..40)
        .prop_map(|times| SpikeTrain::from_unsorted(times, 0.0, 5.0, Duplicates::Merge).unwrap())
}

fn pair(a: &SpikeTrain, b: &SpikeTrain) -> SpikeTrains {
    SpikeTrains::from_trains(&[a.clone(), b.clone()]).unwrap()
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * (1.0 + a.abs()),
        (None, None) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn irregularity_knows_no_unit_of_time(train in train(), by in -50.0..50.0_f64, factor in 0.1..10.0_f64) {
        let moved = train.shift(by).unwrap();
        let scaled = train.scale(factor).unwrap();
        let reversed = train.reverse();
        let measures: [fn(&SpikeTrain) -> Option<f64>; 3] = [|t| cv(t), |t| cv2(t), |t| lv(t)];
        for f in measures {
            prop_assert!(same(f(&train), f(&scaled)));
            prop_assert!(same(f(&train), f(&reversed)));
            // A shift rounds the times.
            match (f(&train), f(&moved)) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-6),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
        prop_assert!(same(lv(&train), lvr(&train, 0.0).unwrap()));
        prop_assert_eq!(cv(&train).is_some(), train.len() >= 2);
        prop_assert_eq!(lv(&train).is_some(), train.len() >= 3);
    }

    #[test]
    fn rates_are_sums_of_kernels(
        train in train(), sigma in 0.001..2.0_f64, by in -1000.0..1000.0_f64,
        mut times in prop::collection::vec(-3.0..8.0_f64, 1..50),
    ) {
        times.sort_by(f64::total_cmp);
        let train = train.shift(by).unwrap();
        let times: Vec<f64> = times.iter().map(|t| t + by).collect();
        let mut out = vec![0.0; times.len()];
        for shape in SHAPES {
            let kernel = Kernel::new(shape, sigma).unwrap();
            rate_at(&train, &kernel, &times, &mut out).unwrap();
            for (t, rate) in times.iter().zip(&out) {
                let sum: f64 = train.times().iter().map(|s| kernel.value(t - s)).sum();
                prop_assert!((rate - sum).abs() <= 1e-10 / sigma, "{:?} at {}: {} {}", shape, t, rate, sum);
            }
        }
    }

    #[test]
    fn correlograms_are_sums_of_products(
        a in train(), b in train(), first in -60..60_i64, length in 0..50_i64, binary: bool,
    ) {
        let trains = pair(&a, &b);
        let counts = trains.bin(0.05).unwrap();
        let config = CorrelogramConfig { first, last: (first + length).min(99), binary };
        let found = correlogram(&counts, 0, 1, &config).unwrap();
        let dense: DMatrix<f64> = counts.dense().unwrap();
        let height = |v: f64| if binary { v.min(1.0) } else { v };
        prop_assert_eq!(found.lags().count(), found.counts().len());
        for (lag, &count) in found.lags().zip(found.counts()) {
            let sum: f64 = (0..100_i64)
                .filter(|t| (0..100).contains(&(t + lag)))
                .map(|t| height(dense[(0, t as usize)]) * height(dense[(1, (t + lag) as usize)]))
                .sum();
            prop_assert_eq!(count as f64, sum, "lag {}", lag);
        }
        // Against the other direction.
        let back = CorrelogramConfig { first: -config.last, last: -config.first, binary };
        let mut mirrored = correlogram(&counts, 1, 0, &back).unwrap().counts().to_vec();
        mirrored.reverse();
        prop_assert_eq!(found.counts(), &mirrored[..]);
    }

    #[test]
    fn correlations_agree_with_dense_ones(a in train(), b in train()) {
        let counts = pair(&a, &b).bin(0.1).unwrap();
        let dense: DMatrix<f64> = counts.dense().unwrap();
        let n = 50.0;
        let expected = neuropil_math::statistics::covariance(&dense).unwrap() * (n / (n - 1.0));
        let found = covariance(&counts).unwrap();
        prop_assert!((&found - &expected).amax() < 1e-12);
        let raster = Raster::from_counts(&counts).unwrap();
        let ones: DMatrix<f64> = raster.to_dense();
        let expected = neuropil_math::statistics::covariance(&ones).unwrap() * (n / (n - 1.0));
        prop_assert!((binary_covariance(&raster).unwrap() - expected).amax() < 1e-12);
        // The coefficient at lag zero is the correlation.
        let lag = CorrelogramConfig { first: 0, last: 0, binary: false };
        match correlogram(&counts, 0, 1, &lag).unwrap().coefficients() {
            Some(c) => prop_assert!((c[0] - correlation(&counts).unwrap()[(0, 1)]).abs() < 1e-12),
            None => prop_assert!(correlation(&counts).unwrap()[(0, 1)].is_nan()),
        }
    }

    #[test]
    fn sttc_laws(a in train(), b in train(), dt in 0.0..0.5_f64) {
        let found = sttc(&a, &b, dt).unwrap();
        prop_assert_eq!(found, sttc(&b, &a, dt).unwrap());
        prop_assert_eq!(found.is_none(), a.is_empty() || b.is_empty());
        if let Some(value) = found {
            prop_assert!((-1.0..=1.0).contains(&value));
            prop_assert!((sttc(&a, &a, dt).unwrap().unwrap() - 1.0).abs() < 1e-12);
        }
        let matrix = sttc_matrix(&pair(&a, &b), dt).unwrap();
        prop_assert_eq!(found.unwrap_or(f64::NAN).to_bits(), matrix[(0, 1)].to_bits());
    }

    #[test]
    fn sttc_by_definition(a in train(), b in train(), dt in 0.001..0.5_f64) {
        prop_assume!(!a.is_empty() && !b.is_empty());
        let near = |a: &SpikeTrain, b: &SpikeTrain| {
            let close = |t: &&f64| b.times().iter().any(|s| (*t - s).abs() <= dt);
            a.times().iter().filter(close).count() as f64 / a.len() as f64
        };
        // The union of the tiles, from its ends.
        let tiled = |a: &SpikeTrain| {
            let gaps: f64 = a.intervals().map(|i| (i - 2.0 * dt).max(0.0)).sum();
            let ends = (a.times()[0] - dt).max(0.0) + (5.0 - a.times()[a.len() - 1] - dt).max(0.0);
            1.0 - (gaps + ends) / 5.0
        };
        let (pa, pb, ta, tb) = (near(&a, &b), near(&b, &a), tiled(&a), tiled(&b));
        prop_assume!(pa * tb < 0.999 && pb * ta < 0.999);
        let expected = 0.5 * ((pa - tb) / (1.0 - pa * tb) + (pb - ta) / (1.0 - pb * ta));
        prop_assert!((sttc(&a, &b, dt).unwrap().unwrap() - expected).abs() < 1e-9);
    }
}

#[test]
fn sttc_does_not_depend_on_the_time_of_day() {
    // 12 ms apart with a window of 5 ms: elephant finds +1 at 1000 s, where its window has grown.
    for t in [0.5, 1000.0, 1e6] {
        let window = (t - 0.5, t + 1.5);
        let a = SpikeTrain::new(vec![t], window.0, window.1).unwrap();
        let b = SpikeTrain::new(vec![t + 0.012], window.0, window.1).unwrap();
        let found = sttc(&a, &b, 0.005).unwrap().unwrap();
        assert!((found + 0.005).abs() < 1e-6, "{t}: {found}");
    }
}

#[test]
fn sttc_of_all_there_is() {
    // Tiles that cover the window, and partners for all spikes: 0/0 is 1.
    let a = SpikeTrain::new(vec![0.5], 0.0, 1.0).unwrap();
    let b = SpikeTrain::new(vec![0.4], 0.0, 1.0).unwrap();
    assert_eq!(sttc(&a, &b, 2.0).unwrap(), Some(1.0));
    // Inclusive, and nothing more.
    let c = SpikeTrain::new(vec![0.75], 0.0, 1.0).unwrap();
    assert!(sttc(&a, &c, 0.25).unwrap().unwrap() > 0.9);
    assert!(sttc(&a, &c, 0.25_f64.next_down()).unwrap().unwrap() < 0.0);
}

#[test]
fn asymmetric_windows_have_all_their_lags() {
    // Elephant's fast method gives 11 values for the 16 lags of [-10, 5], and 1 for the 9 of [2, 10].
    let mut rng = rng(1);
    let trains = pair(&uniform(200, 10.0, &mut rng), &uniform(200, 10.0, &mut rng));
    let counts = trains.bin(0.01).unwrap();
    let whole = CorrelogramConfig {
        first: -20,
        last: 20,
        binary: false,
    };
    let whole = correlogram(&counts, 0, 1, &whole).unwrap();
    for (first, last, lags) in [(-10, 5, 16), (2, 10, 9), (-20, -20, 1)] {
        let config = CorrelogramConfig {
            first,
            last,
            binary: false,
        };
        let part = correlogram(&counts, 0, 1, &config).unwrap();
        assert_eq!(part.counts().len(), lags);
        let start = (first + 20) as usize;
        assert_eq!(part.counts(), &whole.counts()[start..start + lags]);
        assert_eq!(
            part.border_corrected(),
            whole.border_corrected()[start..start + lags]
        );
        assert_eq!(part.times().next(), Some(first as f64 * 0.01));
    }
}

#[test]
fn a_poisson_process_has_the_statistics_that_it_should() {
    // 20 000 intervals: the standard errors of CV, CV2 and LV are below 0.01, and the bounds are five
    // of those (α < 10⁻⁵); fixed seed.
    let mut rng = rng(2);
    let train = uniform(20_000, 1000.0, &mut rng);
    assert!((cv(&train).unwrap() - 1.0).abs() < 0.05);
    assert!((cv2(&train).unwrap() - 1.0).abs() < 0.05);
    assert!((lv(&train).unwrap() - 1.0).abs() < 0.05);
    // Counts of 10 000 bins: the standard error of the Fano factor is √(2/10 000) = 0.014.
    let counts = train.bin(0.1).unwrap();
    let fano = fano_factor_of_counts(counts.pooled()).unwrap();
    assert!((fano - 1.0).abs() < 0.07, "{fano}");
    // The refractory correction undoes a dead time: intervals of at least 10 ms after those of a
    // Poisson process have LV well below 1, LvR close to it.
    let mut now = 0.0;
    let times = train
        .intervals()
        .map(|i| {
            now += i + 0.01;
            now
        })
        .collect();
    let dead = SpikeTrain::new(times, 0.0, 2000.0).unwrap();
    let (lv, lvr) = (lv(&dead).unwrap(), lvr(&dead, 0.01).unwrap().unwrap());
    assert!(
        lv < 0.8 && (lvr - 1.0).abs() < (lv - 1.0).abs() / 2.0,
        "{lv} {lvr}"
    );
}

#[test]
fn kernels_have_area_one_and_their_deviation() {
    for shape in SHAPES {
        let kernel = Kernel::new(shape, 0.3).unwrap();
        let step = 1e-4;
        let (mut area, mut first, mut second) = (0.0, 0.0, 0.0);
        for k in -100_000..100_000 {
            let t = (f64::from(k) + 0.5) * step;
            let weight = kernel.value(t) * step;
            area += weight;
            first += weight * t;
            second += weight * t * t;
            if k % 1000 == 0 {
                let end = t + 0.5 * step;
                assert!((kernel.cdf(end) - area).abs() < 1e-3, "{shape:?} at {end}");
            }
        }
        // A step of the sum may lie across the edge of a rectangle.
        assert!((area - 1.0).abs() < 1e-4, "{shape:?}: {area}");
        let deviation = (second - first * first).sqrt();
        assert!((deviation - 0.3).abs() < 1e-3, "{shape:?}: {deviation}");
        assert!((kernel.cdf(kernel.median()) - 0.5).abs() < 1e-12);
        assert_eq!(kernel.is_symmetric(), first.abs() < 1e-9);
    }
}

#[test]
fn duplicates_and_grids_hide_no_spike() {
    let train = SpikeTrain::with_duplicates(vec![0.5, 0.5], 0.0, 1.0, Duplicates::Keep).unwrap();
    for shape in SHAPES {
        let kernel = Kernel::new(shape, 0.1).unwrap();
        let mut out = [0.0; 3];
        rate_at(&train, &kernel, &[0.45, 0.5, 0.55], &mut out).unwrap();
        for (t, rate) in [0.45, 0.5, 0.55].iter().zip(out) {
            assert!(
                (rate - 2.0 * kernel.value(t - 0.5)).abs() < 1e-12,
                "{shape:?}"
            );
        }
    }
    // Intervals of zero are none.
    assert_eq!(cv(&train), None);
    let train =
        SpikeTrain::with_duplicates(vec![0.1, 0.2, 0.2, 0.3], 0.0, 1.0, Duplicates::Keep).unwrap();
    assert!(lv(&train).unwrap() < 1e-20);
}

#[test]
fn many_spikes_far_from_zero_cost_no_accuracy() {
    // Sums of polynomials over a moving window, after a million seconds and 20 000 spikes.
    let mut rng = rng(3);
    let train = uniform(20_000, 100.0, &mut rng).shift(1e6).unwrap();
    let times: Vec<f64> = (0..5000).map(|k| 1e6 + f64::from(k) * 0.02).collect();
    let mut out = vec![0.0; times.len()];
    for shape in [KernelShape::Triangular, KernelShape::Epanechnikov] {
        let kernel = Kernel::new(shape, 0.05).unwrap();
        rate_at(&train, &kernel, &times, &mut out).unwrap();
        for k in (0..times.len()).step_by(500) {
            let spikes = train.times().iter();
            let sum: f64 = spikes.map(|s| kernel.value(times[k] - s)).sum();
            assert!((out[k] - sum).abs() < 1e-9, "{shape:?}: {} {sum}", out[k]);
        }
    }
}

#[test]
fn corrected_borders_are_flat() {
    let mut rng = rng(4);
    let train = uniform(20_000, 10.0, &mut rng);
    let mut config = RateConfig {
        sigma: 0.5,
        step: 0.01,
        ..RateConfig::default()
    };
    let plain = instantaneous_rate(&train, &config).unwrap();
    config.border_correction = true;
    let corrected = instantaneous_rate(&train, &config).unwrap();
    // Half of the kernel is lost at the end of the window. The standard deviation of the rate there is
    // 2 √(2000 / (4 √π 0.5)) < 50; fixed seed.
    assert!((plain.values[0] - 1000.0).abs() < 200.0);
    assert!((corrected.values[0] - 2000.0).abs() < 250.0);
    let mean = corrected.values.iter().sum::<f64>() / 1000.0;
    assert!((mean - train.rate()).abs() < 1e-9);
    assert_eq!(corrected.times().len(), 1000);
    // No kernel that has no area there.
    config.shape = KernelShape::Alpha;
    assert!(matches!(
        instantaneous_rate(&train, &config),
        Err(Error::OutOfRange { .. })
    ));
    // Kernels so narrow that the steps miss them all are not scaled to infinity.
    config.shape = KernelShape::Rectangular;
    config.sigma = 1e-6;
    let lone = SpikeTrain::new(vec![0.005], 0.0, 10.0).unwrap();
    let rate = instantaneous_rate(&lone, &config).unwrap();
    assert!(rate.values.iter().all(|&v| v == 0.0));
}

#[test]
fn the_best_bandwidth_is_a_minimum() {
    let mut rng = rng(5);
    // A rate that swings twice per second: the width must follow it, and grow as spikes get fewer.
    let mut draw = |rate: f64| {
        let times = (0..(rate * 10.0) as usize)
            .map(|_| rng.random_range(0.0..10.0_f64))
            .collect::<Vec<_>>();
        let times = times
            .into_iter()
            .filter(|t| (4.0 * std::f64::consts::PI * t).sin() > 0.0)
            .collect();
        SpikeTrain::from_unsorted(times, 0.0, 10.0, Duplicates::Merge).unwrap()
    };
    let (sparse, many) = (draw(10.0), draw(200.0));
    let few = optimal_bandwidth(&sparse).unwrap();
    let best = optimal_bandwidth(&many).unwrap();
    assert!(0.01 < best.sigma && best.sigma < 0.1, "{best:?}");
    assert!(few.sigma > best.sigma, "{few:?} {best:?}");
    // The cost by its definition, the integral by Simpson's rule: no width near the best costs less.
    let cost = |sigma: f64| {
        let times = sparse.times();
        let gauss = |d: f64| {
            (-0.5 * (d / sigma).powi(2)).exp() / (sigma * (2.0 * std::f64::consts::PI).sqrt())
        };
        let (from, to) = (times[0], times[times.len() - 1]);
        let steps = 4000;
        let step = (to - from) / f64::from(steps);
        let squared = |k: i32| {
            let t = from + step * f64::from(k);
            times.iter().map(|s| gauss(t - s)).sum::<f64>().powi(2)
        };
        let weight = |k: i32| match k {
            0 | 4000 => 1.0,
            k if k % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let integral: f64 = (0..=steps)
            .map(|k| weight(k) * squared(k) * step / 3.0)
            .sum();
        let pairs = times.iter().flat_map(|a| times.iter().map(move |b| a - b));
        let others = pairs.map(gauss).sum::<f64>() - times.len() as f64 * gauss(0.0);
        integral - 2.0 * others
    };
    let least = cost(few.sigma);
    for factor in [0.5, 0.9, 0.99, 1.01, 1.1, 2.0] {
        assert!(cost(factor * few.sigma) > least, "{factor}");
    }
    assert!((few.cost / least - 1.0).abs() < 1e-9, "{few:?} {least}");
    // In another unit of time it is the same.
    let scaled = optimal_bandwidth(&many.scale(1000.0).unwrap()).unwrap();
    assert!((scaled.sigma / best.sigma / 1000.0 - 1.0).abs() < 1e-4);
    // It takes two spikes.
    let one = SpikeTrain::with_duplicates(vec![0.5, 0.5], 0.0, 1.0, Duplicates::Keep).unwrap();
    assert_eq!(optimal_bandwidth(&one), None);
    let two = SpikeTrain::new(vec![0.25, 0.5], 0.0, 1.0).unwrap();
    let found = optimal_bandwidth(&two).unwrap();
    assert!(found.sigma > 0.0 && found.cost.is_finite());
}

#[test]
fn undefined_values_are_none() {
    let empty = SpikeTrain::new(vec![], 0.0, 1.0).unwrap();
    let one = SpikeTrain::new(vec![0.5], 0.0, 1.0).unwrap();
    for train in [&empty, &one] {
        assert_eq!((cv(train), cv2(train), lv(train)), (None, None, None));
        assert_eq!(lvr(train, 0.005).unwrap(), None);
        assert_eq!(optimal_bandwidth(train), None);
        let counts = train.bin(0.1).unwrap();
        assert_eq!(autocorrelation_time(&counts, 0, 5).unwrap(), None);
    }
    assert_eq!(sttc(&empty, &one, 0.1).unwrap(), None);
    assert_eq!(fano_factor(&SpikeTrains::new(0.0, 1.0).unwrap()), None);
    assert_eq!(fano_factor(&pair(&empty, &empty)), None);
    let counts = pair(&empty, &one).bin(0.1).unwrap();
    let zero = CorrelogramConfig {
        first: 0,
        last: 0,
        binary: false,
    };
    assert_eq!(
        correlogram(&counts, 0, 1, &zero).unwrap().coefficients(),
        None
    );
    let matrix = correlation(&counts).unwrap();
    assert!(matrix[(0, 0)].is_nan() && matrix[(0, 1)].is_nan() && matrix[(1, 1)] == 1.0);
    let matrix = binary_correlation(&Raster::from_counts(&counts).unwrap()).unwrap();
    assert!(matrix[(0, 0)].is_nan() && matrix[(0, 1)].is_nan() && matrix[(1, 1)] == 1.0);
    // A count that never changes has no correlation either, whatever rounding says.
    let steady = (0..10).map(|i| 0.05 + 0.1 * f64::from(i)).collect();
    let steady = SpikeTrain::new(steady, 0.0, 1.0).unwrap();
    let counts = pair(&steady, &one).bin(0.1).unwrap();
    assert!(correlation(&counts).unwrap()[(0, 0)].is_nan());
    assert_eq!(
        correlogram(&counts, 0, 0, &zero).unwrap().coefficients(),
        None
    );
    assert_eq!(autocorrelation_time(&counts, 0, 5).unwrap(), None);
    // More regular than Poisson: no compound Poisson process.
    assert_eq!(cubic(&[1; 100], &CubicConfig::default()).unwrap(), None);
    assert_eq!(cubic(&[0; 100], &CubicConfig::default()).unwrap(), None);
    let rate = instantaneous_rate(&empty, &RateConfig::default()).unwrap();
    assert!(rate.values.iter().all(|&v| v == 0.0));
    assert_eq!(complexity(&empty.bin(0.5).unwrap()), [1.0]);
    let sta = spike_triggered_average(&empty, &[0.0; 10], 10.0, (-0.1, 0.1)).unwrap();
    assert_eq!((sta.values, sta.used, sta.unused), (None, 0, 0));
    let silent = coherence(&[0.0; 64], &[1.0; 64], &CoherenceConfig::default()).unwrap();
    assert!(silent.magnitudes.iter().all(|c| c.is_nan()));
}

#[test]
fn bad_input_is_refused() {
    let train = SpikeTrain::new(vec![0.2, 0.5], 0.0, 1.0).unwrap();
    let counts = train.bin(0.1).unwrap();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(lvr(&train, bad), Err(Error::OutOfRange { .. })));
        assert!(matches!(
            sttc(&train, &train, bad),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            Kernel::new(KernelShape::Alpha, bad),
            Err(Error::OutOfRange { .. })
        ));
        let config = RateConfig {
            step: bad,
            ..RateConfig::default()
        };
        assert!(matches!(
            instantaneous_rate(&train, &config),
            Err(Error::OutOfRange { .. })
        ));
        let alpha = CubicConfig {
            alpha: bad,
            ..CubicConfig::default()
        };
        assert!(matches!(
            cubic(&[1, 2, 3], &alpha),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(slepian(64, bad, 3), Err(Error::OutOfRange { .. })));
        let config = CoherenceConfig {
            sampling_rate: bad,
            ..CoherenceConfig::default()
        };
        assert!(matches!(
            coherence(&[1.0; 64], &[1.0; 64], &config),
            Err(Error::OutOfRange { .. })
        ));
    }
    for sigma in [1e-200, 1e200] {
        assert!(matches!(
            Kernel::new(KernelShape::Triangular, sigma),
            Err(Error::OutOfRange { .. })
        ));
    }
    let long = RateConfig {
        step: 2.0,
        ..RateConfig::default()
    };
    assert!(matches!(
        instantaneous_rate(&train, &long),
        Err(Error::TooFew { .. })
    ));
    let short = RateConfig {
        step: 1e-12,
        ..RateConfig::default()
    };
    assert!(matches!(
        instantaneous_rate(&train, &short),
        Err(Error::TooLarge { .. })
    ));
    let elsewhere = SpikeTrain::new(vec![0.5], 0.0, 2.0).unwrap();
    assert!(matches!(
        sttc(&train, &elsewhere, 0.1),
        Err(Error::DifferentWindows { .. })
    ));
    let lags = |first, last| CorrelogramConfig {
        first,
        last,
        binary: false,
    };
    for config in [
        lags(-10, 0),
        lags(0, 10),
        lags(2, 1),
        lags(i64::MIN, 0),
        lags(0, i64::MAX),
    ] {
        assert!(matches!(
            correlogram(&counts, 0, 0, &config),
            Err(Error::OutOfRange { .. })
        ));
    }
    assert!(matches!(
        correlogram(&counts, 0, 1, &lags(0, 1)),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        correlogram_into(&counts, 0, 0, &lags(0, 1), &mut [0; 3]),
        Err(Error::Shape {
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert!(matches!(
        autocorrelation_time(&counts, 1, 5),
        Err(Error::Shape { .. })
    ));
    for lag in [0, 1, 10, usize::MAX] {
        assert!(matches!(
            autocorrelation_time(&counts, 0, lag),
            Err(Error::OutOfRange { .. })
        ));
    }
    let single = train.bin(1.0).unwrap();
    assert!(matches!(covariance(&single), Err(Error::TooFew { .. })));
    let none = BinnedCounts::new(&SpikeTrains::new(0.0, 1.0).unwrap(), 0.1).unwrap();
    assert!(matches!(Psth::new(&none), Err(Error::TooFew { .. })));
    assert!(matches!(
        cubic(&[1, 2], &CubicConfig::default()),
        Err(Error::TooFew { .. })
    ));
    let kernel = Kernel::new(KernelShape::Gaussian, 0.1).unwrap();
    let mut out = [0.0; 2];
    assert!(matches!(
        rate_at(&train, &kernel, &[0.5, 0.4], &mut out),
        Err(Error::Unsorted { index: 1, .. })
    ));
    assert!(matches!(
        rate_at(&train, &kernel, &[0.5, f64::NAN], &mut out),
        Err(Error::NonFinite { index: 1, .. })
    ));
    assert!(matches!(
        rate_at(&train, &kernel, &[0.5], &mut out),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(slepian(8, 4.0, 3), Err(Error::OutOfRange { .. })));
    assert!(matches!(slepian(8, 2.0, 9), Err(Error::TooFew { .. })));
    assert!(matches!(slepian(8, 2.0, 0), Err(Error::TooFew { .. })));
    let config = CoherenceConfig::default();
    assert!(matches!(
        coherence(&[1.0; 64], &[1.0; 63], &config),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        coherence(&[f64::NAN; 64], &[1.0; 64], &config),
        Err(Error::NonFinite { .. })
    ));
    assert!(matches!(
        coherence(&[], &[], &config),
        Err(Error::OutOfRange { .. })
    ));
    let sta = |rate, window| spike_triggered_average(&train, &[0.0; 10], rate, window);
    assert!(matches!(
        sta(0.0, (0.0, 0.1)),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        sta(10.0, (0.1, 0.1)),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        sta(10.0, (f64::NAN, 0.1)),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        sta(10.0, (0.0, 1.5)),
        Err(Error::OutOfRange { .. })
    ));
    // A window far away is no error: it lies inside of the signal for no spike.
    for from in [-1e9, 1e9] {
        let found = sta(10.0, (from, from + 0.5)).unwrap();
        assert_eq!((found.used, found.unused), (0, 2));
    }
}

#[test]
fn tapers_are_orthonormal_and_concentrated() {
    let (n, nw) = (200, 4.0);
    let tapers = slepian(n, nw, 7).unwrap();
    let taper = |k: usize| &tapers[n * k..n * (k + 1)];
    for a in 0..7 {
        for b in 0..7 {
            let dot: f64 = taper(a).iter().zip(taper(b)).map(|(x, y)| x * y).sum();
            let expected = f64::from(u8::from(a == b));
            assert!((dot - expected).abs() < 1e-9, "{a} {b}: {dot}");
        }
        // The energy below the bandwidth, ∫ |X(f)|² df = Σ x_i x_j sin(2π W (i - j)) / (π (i - j)).
        let width = nw / n as f64;
        let mut energy = 0.0;
        for (i, x) in taper(a).iter().enumerate() {
            for (j, y) in taper(a).iter().enumerate() {
                let d = std::f64::consts::PI * (i as f64 - j as f64);
                energy += x
                    * y
                    * if i == j {
                        2.0 * width
                    } else {
                        (2.0 * width * d).sin() / d
                    };
            }
        }
        // Up to order 2 NW - 2 nearly all of it, the less the higher the order.
        assert!(energy > if a < 4 { 0.999 } else { 0.9 }, "{a}: {energy}");
        assert!(energy < 1.0 + 1e-9);
    }
}

/// What a single-precision source cannot test: the sums of the definition, one frequency at a time.
#[test]
fn coherence_by_definition() {
    let mut rng = rng(11);
    for n in [64_usize, 75] {
        let mut noise = || {
            (0..n)
                .map(|_| rng.random_range(-1.0..1.0))
                .collect::<Vec<f64>>()
        };
        let (x, e) = (noise(), noise());
        let y: Vec<f64> = (0..n).map(|k| x[(k + 3) % n] + 0.5 * e[k]).collect();
        let config = CoherenceConfig {
            sampling_rate: 200.0,
            nw: 3.0,
            tapers: Some(4),
        };
        let found = coherence(&x, &y, &config).unwrap();
        assert_eq!(found.frequencies.len(), n / 2 + 1);
        let tapers = slepian(n + 1, 3.0, 4).unwrap();
        for (bin, f) in found.frequencies.iter().enumerate() {
            let (mut xx, mut yy, mut re, mut im) = (0.0, 0.0, 0.0, 0.0);
            for taper in tapers.chunks_exact(n + 1) {
                let transform = |signal: &[f64]| {
                    signal
                        .iter()
                        .zip(taper)
                        .enumerate()
                        .fold((0.0, 0.0), |sum, (k, (s, w))| {
                            let angle = -2.0 * std::f64::consts::PI * f * k as f64 / 200.0;
                            (sum.0 + s * w * angle.cos(), sum.1 + s * w * angle.sin())
                        })
                };
                let (a, b) = (transform(&x), transform(&y));
                xx += a.0 * a.0 + a.1 * a.1;
                yy += b.0 * b.0 + b.1 * b.1;
                // X times the conjugate of Y.
                re += a.0 * b.0 + a.1 * b.1;
                im += a.1 * b.0 - a.0 * b.1;
            }
            let expected = (re * re + im * im) / (xx * yy);
            let magnitude = found.magnitudes[bin];
            assert!(
                (magnitude - expected).abs() < 1e-10,
                "{n} {f}: {magnitude} {expected}"
            );
            // π and -π are one.
            let apart = (found.phases[bin] - im.atan2(re)).sin().abs();
            assert!(apart < 1e-9, "{n} {f}: {apart}");
        }
    }
}

#[test]
fn coherence_is_that_of_the_noise() {
    // y = x + noise of the same power: coherence 1/2, and with 7 tapers a bias of (1 - 1/2)²/7. The mean
    // over some 60 independent bands has a standard error near 0.03; fixed seed.
    let mut rng = rng(6);
    let mut noise = || {
        (0..500)
            .map(|_| rng.random_range(-1.0..1.0))
            .collect::<Vec<f64>>()
    };
    let (x, n) = (noise(), noise());
    let y: Vec<f64> = x.iter().zip(&n).map(|(x, n)| x + n).collect();
    let config = CoherenceConfig::default();
    let mean = |a: &[f64], b: &[f64]| {
        let found = coherence(a, b, &config).unwrap();
        found.magnitudes.iter().sum::<f64>() / found.magnitudes.len() as f64
    };
    assert!((mean(&x, &x) - 1.0).abs() < 1e-12);
    assert!((mean(&x, &y) - 0.53).abs() < 0.12, "{}", mean(&x, &y));
    assert!(mean(&x, &n) < 0.26);
    // Scale plays no part, however large.
    let large: Vec<f64> = y.iter().map(|v| v * 1e300).collect();
    assert!((mean(&x, &large) - mean(&x, &y)).abs() < 1e-12);
}

#[test]
fn cubic_finds_a_planted_order() {
    // Independent Poisson counts of 1 per bin, and every twentieth bin eight spikes at once.
    let mut rng = rng(7);
    let poisson = |rng: &mut Xoshiro256PlusPlus| {
        // By the product of uniforms.
        let (mut count, mut product) = (0_u64, rng.random::<f64>());
        while product > (-1.0_f64).exp() {
            count += 1;
            product *= rng.random::<f64>();
        }
        count
    };
    let alone: Vec<u64> = (0..5000).map(|_| poisson(&mut rng)).collect();
    let together: Vec<u64> = alone
        .iter()
        .map(|&c| c + if rng.random_bool(0.05) { 8 } else { 0 })
        .collect();
    let config = CubicConfig::default();
    let found = cubic(&together, &config).unwrap().unwrap();
    // A lower bound of the order, close to it with so much data.
    assert!((5..=8).contains(&found.order.unwrap()), "{found:?}");
    assert_eq!(found.p_values.len(), found.order.unwrap() as usize);
    let limited = CubicConfig {
        max_order: 2,
        ..config
    };
    let found = cubic(&together, &limited).unwrap().unwrap();
    assert_eq!((found.order, found.p_values.len()), (None, 2));
}

#[test]
fn hot_functions_allocate_nothing() {
    let mut rng = rng(8);
    let trains = pair(&uniform(500, 10.0, &mut rng), &uniform(500, 10.0, &mut rng));
    let counts = trains.bin(0.01).unwrap();
    let (a, b) = (trains.get(0).unwrap(), trains.get(1).unwrap());
    let times: Vec<f64> = (0..1000).map(|k| f64::from(k) * 0.01).collect();
    let mut rate = vec![0.0; 1000];
    let config = CorrelogramConfig::default();
    let mut lags = vec![0; 101];
    let ((), count) = allocations(|| {
        for shape in SHAPES {
            let kernel = Kernel::new(shape, 0.05).unwrap();
            rate_at(a, &kernel, &times, &mut rate).unwrap();
        }
        correlogram_into(&counts, 0, 1, &config, &mut lags).unwrap();
        assert!(sttc(a, b, 0.005).unwrap().is_some());
        assert!(cv(a).is_some() && cv2(a).is_some() && lv(a).is_some());
        assert!(fano_factor(&trains).is_some());
    });
    assert_eq!(count, 0);
}
