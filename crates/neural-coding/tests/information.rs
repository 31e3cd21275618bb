//! Entropies and information: limits, bias, invariance and bad input.

use nalgebra::DMatrix;
use neuropil_neural_coding::information::{
    Contingency, Correction, Estimator, Histogram, Ksg, TransferConfig, ksg, skaggs,
    transfer_entropy, words,
};
use neuropil_neural_coding::{Error, Raster};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

const ALL: [Estimator; 12] = [
    Estimator::Plugin,
    Estimator::MillerMadow,
    Estimator::Grassberger,
    Estimator::Grassberger1988,
    Estimator::ChaoShen,
    Estimator::ChaoWangJost,
    Estimator::Shrinkage,
    Estimator::Nsb,
    Estimator::Bonachela,
    Estimator::Zhang,
    Estimator::PanzeriTreves,
    Estimator::Jackknife,
];

#[test]
fn all_estimators_agree_when_there_is_much_data() {
    let counts = [400_000, 300_000, 200_000, 100_000];
    let exact: f64 = [0.4_f64, 0.3, 0.2, 0.1].iter().map(|p| -p * p.log2()).sum();
    for estimator in ALL {
        let bits = Histogram::new(&counts).unwrap().entropy(estimator).unwrap();
        assert!((bits - exact).abs() < 1e-4, "{estimator:?}: {bits} {exact}");
    }
}

#[test]
fn bias_shrinks_with_samples_and_less_for_better_estimators() {
    // 64 symbols of falling probability; 200 histograms of each size.
    let weights: Vec<f64> = (0..64).map(|i| 0.93_f64.powi(i)).collect();
    let total: f64 = weights.iter().sum();
    let exact: f64 = weights
        .iter()
        .map(|w| -w / total * (w / total).log2())
        .sum();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut bias = |samples: usize, estimator| {
        let mut sum = 0.0;
        for _ in 0..200 {
            let mut counts = [0_u64; 64];
            for _ in 0..samples {
                let mut left: f64 = rng.random_range(0.0..total);
                let symbol = weights.iter().position(|w| {
                    left -= w;
                    left < 0.0
                });
                counts[symbol.unwrap_or(63)] += 1;
            }
            sum += Histogram::new(&counts).unwrap().entropy(estimator).unwrap() - exact;
        }
        sum / 200.0
    };
    let plugin = [32, 128, 512].map(|n| bias(n, Estimator::Plugin));
    assert!(plugin[0] < 4.0 * plugin[2] && plugin[0] < plugin[1] && plugin[1] < plugin[2]);
    assert!(plugin[2] < 0.0);
    for better in [
        Estimator::Nsb,
        Estimator::Grassberger,
        Estimator::ChaoShen,
        Estimator::Jackknife,
    ] {
        let found = bias(128, better);
        assert!(
            found.abs() < 0.35 * plugin[1].abs(),
            "{better:?}: {found} {}",
            plugin[1]
        );
    }
}

#[test]
fn one_symbol_says_nothing() {
    let always = Histogram::new(&[10]).unwrap().with_alphabet(5).unwrap();
    let zero = [
        Estimator::Plugin,
        Estimator::MillerMadow,
        Estimator::ChaoShen,
        Estimator::ChaoWangJost,
        Estimator::Shrinkage,
        Estimator::Zhang,
        Estimator::PanzeriTreves,
        Estimator::Jackknife,
    ];
    for estimator in zero {
        assert!(
            always.entropy(estimator).unwrap().abs() < 1e-14,
            "{estimator:?}"
        );
    }
    let unsure = always.entropy(Estimator::Nsb).unwrap();
    assert!(unsure > 0.0 && unsure < 1.0);
    // An alphabet of one symbol leaves nothing to be unsure of.
    assert!(
        Histogram::new(&[3])
            .unwrap()
            .entropy(Estimator::Nsb)
            .unwrap()
            .abs()
            < 1e-14
    );
}

#[test]
fn entropies_are_extrapolated_and_their_responses_counted() {
    // Forty symbols, eighty samples: the plug-in value is a third of a bit too small.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let exact = 40_f64.log2();
    let (mut plugin, mut miller, mut treves, mut extrapolated) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..100 {
        let mut counts = [0_u64; 40];
        for _ in 0..80 {
            counts[rng.random_range(0..40)] += 1;
        }
        let seen = Histogram::new(&counts).unwrap();
        plugin += (seen.entropy(Estimator::Plugin).unwrap() - exact) / 100.0;
        miller += (seen.entropy(Estimator::MillerMadow).unwrap() - exact) / 100.0;
        treves += (seen.entropy(Estimator::PanzeriTreves).unwrap() - exact) / 100.0;
        let found = seen.extrapolated(Estimator::Plugin, 5, &mut rng).unwrap();
        extrapolated += (found.mean - exact) / 100.0;
    }
    assert!(plugin < -0.3, "{plugin}");
    // Responses that were not seen are counted too.
    assert!(miller < treves - 0.01 && treves < 0.0, "{miller} {treves}");
    assert!(
        extrapolated.abs() < 0.3 * plugin.abs(),
        "{extrapolated} {plugin}"
    );
    // It is what the responses of a single stimulus say.
    let counts = [5, 3, 2, 1, 1, 0, 0, 0];
    let seen = Histogram::new(&counts).unwrap();
    let table = Contingency::new(DMatrix::from_row_slice(1, 8, &counts)).unwrap();
    let (_, responses) = table.relevant_responses();
    assert!(responses > 5.0, "{responses}");
    let added = (responses - 1.0) / (2.0 * 12.0 * core::f64::consts::LN_2);
    let expected = seen.entropy(Estimator::Plugin).unwrap() + added;
    assert!((seen.entropy(Estimator::PanzeriTreves).unwrap() - expected).abs() < 1e-12);
    // One symbol stays at nothing, and too few samples or repeats are said.
    let always = Histogram::new(&[16]).unwrap();
    let nothing = always.extrapolated(Estimator::Plugin, 3, &mut rng).unwrap();
    assert!(nothing.mean.abs() < 1e-12 && nothing.deviation < 1e-12);
    for (counts, repeats) in [([7_u64], 3), ([16], 1)] {
        assert!(matches!(
            Histogram::new(&counts)
                .unwrap()
                .extrapolated(Estimator::Plugin, repeats, &mut rng),
            Err(Error::TooFew { .. })
        ));
    }
}

#[test]
fn nsb_of_a_large_alphabet_and_many_samples() {
    // A narrow posterior, where a coarse integral would fall between two of its nodes.
    let counts: Vec<u64> = (0..20_000).map(|i| 50 + i % 7).collect();
    let histogram = Histogram::new(&counts).unwrap();
    let (nsb, plugin) = (
        histogram.entropy(Estimator::Nsb).unwrap(),
        histogram.entropy(Estimator::Plugin).unwrap(),
    );
    // All but uniform: the posterior says so, and more than the bits of the alphabet there cannot be.
    assert!(plugin < nsb && nsb <= 20_000_f64.log2(), "{nsb} {plugin}");
    assert!(nsb > 20_000_f64.log2() - 1e-3, "{nsb}");
}

proptest! {
    #[test]
    fn order_of_symbols_does_not_matter(mut counts in prop::collection::vec(0_u64..20, 1..30), twist in 0_usize..30) {
        prop_assume!(counts.iter().sum::<u64>() > 1);
        let before = Histogram::new(&counts).unwrap();
        let n = counts.len();
        counts.rotate_left(twist % n);
        prop_assert_eq!(&Histogram::new(&counts).unwrap(), &before);
        for estimator in ALL {
            prop_assert!(before.entropy(estimator).unwrap().is_finite());
        }
    }

    #[test]
    fn bounded_estimators_stay_inside(counts in prop::collection::vec(0_u64..20, 2..30)) {
        prop_assume!(counts.iter().sum::<u64>() > 0);
        let most = (counts.len() as f64).log2() + 1e-12;
        let histogram = Histogram::new(&counts).unwrap();
        for estimator in [Estimator::Plugin, Estimator::Shrinkage, Estimator::Nsb] {
            let bits = histogram.entropy(estimator).unwrap();
            prop_assert!((0.0..=most).contains(&bits), "{:?} {}", estimator, bits);
        }
    }

    #[test]
    fn plugin_information_is_symmetric_and_not_negative(cells in prop::collection::vec(0_u64..9, 12)) {
        prop_assume!(cells.iter().sum::<u64>() > 0);
        let table = DMatrix::from_row_slice(3, 4, &cells);
        let plugin = Correction::Entropies(Estimator::Plugin);
        let there = Contingency::new(table.clone()).unwrap().mutual_information(plugin).unwrap();
        let back = Contingency::new(table.transpose()).unwrap().mutual_information(plugin).unwrap();
        prop_assert!(there > -1e-12 && (there - back).abs() < 1e-12);
    }

    #[test]
    fn neighbours_of_shifted_and_scaled_variables_are_the_same(shift in -5.0..5.0_f64, power in -3..4_i32) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let x = DMatrix::from_fn(2, 80, |_, _| f64::from(rng.random_range(-1000..1000_i32)) / 64.0);
        let y = DMatrix::from_fn(1, 80, |_, t| x[(0, t)] + f64::from(rng.random_range(-900..900_i32)) / 64.0);
        // Powers of two and sixteenths change no distance by rounding.
        let shift = (shift * 16.0).round() / 16.0;
        let moved = |m: &DMatrix<f64>| m.map(|v| v * 2_f64.powi(power) + shift);
        for form in [Ksg::First, Ksg::Second] {
            let here = ksg(&x, &y, 3, form).unwrap();
            prop_assert!((here - ksg(&moved(&x), &moved(&y), 3, form).unwrap()).abs() < 1e-12);
            // Among neighbours at the same distance the second form may take others from the other side.
            if form == Ksg::First {
                prop_assert!((here - ksg(&y, &x, 3, form).unwrap()).abs() < 1e-12);
            }
        }
    }
}

/// 1/2 log2(1 / (1 - rho²)) of a Gaussian pair, over twenty samples of 500.
#[test]
fn neighbours_find_the_information_of_gaussians() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    for (rho, form) in [
        (0.0, Ksg::First),
        (0.6, Ksg::First),
        (0.0, Ksg::Second),
        (0.6, Ksg::Second),
    ] {
        let exact = -0.5 * f64::log2(1.0 - rho * rho);
        let mut sum = 0.0;
        for _ in 0..20 {
            let mut normal = || {
                let (u, v): (f64, f64) = (rng.random_range(1e-12..1.0), rng.random_range(0.0..1.0));
                (-2.0 * u.ln()).sqrt() * (core::f64::consts::TAU * v).cos()
            };
            let pairs: Vec<(f64, f64)> = (0..500)
                .map(|_| {
                    let x = normal();
                    (x, rho * x + (1.0 - rho * rho).sqrt() * normal())
                })
                .collect();
            let x = DMatrix::from_fn(1, 500, |_, t| pairs[t].0);
            let y = DMatrix::from_fn(1, 500, |_, t| pairs[t].1);
            sum += ksg(&x, &y, 4, form).unwrap();
        }
        // The deviation of the mean is about 0.01; a peer's second form is off by 0.28 nats here.
        let mean: f64 = sum / 20.0;
        assert!(
            (mean - exact).abs() < 0.04,
            "{rho} {form:?}: {mean} {exact}"
        );
    }
}

#[test]
fn corrections_take_the_bias_away() {
    // Nothing to say: eight stimuli, ten responses, 120 pairs. Plug-in finds a third of a bit.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut means = [0.0; 4];
    for _ in 0..100 {
        let stimuli: Vec<usize> = (0..120).map(|i| i % 8).collect();
        let responses: Vec<usize> = (0..120).map(|_| rng.random_range(0..10)).collect();
        let table = Contingency::from_pairs(&stimuli, &responses).unwrap();
        let corrections = [
            Correction::Entropies(Estimator::Plugin),
            Correction::PanzeriTreves,
            Correction::Jackknife,
            Correction::Entropies(Estimator::Nsb),
        ];
        for (mean, correction) in means.iter_mut().zip(corrections) {
            *mean += table.mutual_information(correction).unwrap() / 100.0;
        }
    }
    assert!(means[0] > 0.35, "{means:?}");
    assert!(means[1..3].iter().all(|m| m.abs() < 0.1), "{means:?}");
    // NSB takes half of it: its prior expects the alphabet to be used unevenly.
    assert!(means[3] < 0.5 * means[0], "{means:?}");
}

#[test]
fn shuffling_and_extrapolation() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    // H(R) - log2 3 of the six responses 1, 2, 3, 3, 2, 1 in twelve.
    let exact = 2.0 * (12.0_f64.log2() / 12.0 + 6.0_f64.log2() / 6.0 + 0.5) - 3.0_f64.log2();
    let plugin = Correction::Entropies(Estimator::Plugin);
    let (mut naive, mut shuffled, mut extrapolated) = (0.0, 0.0, 0.0);
    let mut draw = |pairs: usize| {
        let stimuli: Vec<usize> = (0..pairs).map(|i| i % 4).collect();
        let responses: Vec<usize> = stimuli
            .iter()
            .map(|&s| s + rng.random_range(0..3))
            .collect();
        let table = Contingency::from_pairs(&stimuli, &responses).unwrap();
        let bits = table.mutual_information(plugin).unwrap();
        let nothing = table.shuffled(plugin, 10, &mut rng).unwrap();
        assert!(bits > nothing.mean + 5.0 * nothing.deviation);
        naive += (bits - exact) / 100.0;
        shuffled += (bits - nothing.mean - exact) / 100.0;
        extrapolated += (table.extrapolated(plugin, 5, &mut rng).unwrap().mean - exact) / 100.0;
        table
    };
    let mut table = draw(100);
    for _ in 1..100 {
        table = draw(100);
    }
    assert!(naive > 0.02, "{naive}");
    assert!(extrapolated.abs() < 0.5 * naive, "{extrapolated} {naive}");
    // Shuffling takes too much away: dealt out, every response can come with every stimulus.
    assert!(shuffled < 0.0, "{shuffled}");
    // The same seed gives the same numbers.
    let again = |seed| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        table.shuffled(plugin, 5, &mut rng).unwrap()
    };
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
}

#[test]
fn words_of_a_repeated_pattern_carry_all_they_have() {
    // Every trial the same: no noise. Words of 64 steps fill a machine word.
    let pattern = DMatrix::from_fn(5, 130, |_, t| f64::from(u8::from(t * t % 7 < 3)));
    let raster = Raster::from_dense(&pattern).unwrap();
    for length in [1, 5, 63, 64] {
        let found = words(&raster, length, Estimator::Plugin).unwrap();
        assert!(found.noise == 0.0 && found.information > 0.0);
        assert_eq!(found.words, 131 - length);
    }
}

#[test]
fn a_field_in_one_place_says_which() {
    let found = skaggs(&[0.0, 0.0, 8.0, 0.0], &[1.0; 4]).unwrap();
    assert!((found.bits_per_spike - 2.0).abs() < 1e-15);
    assert!((found.bits_per_second - 4.0).abs() < 1e-15);
    let silent = skaggs(&[0.0; 3], &[1.0; 3]).unwrap();
    assert!(silent.bits_per_second == 0.0 && silent.bits_per_spike.is_nan());
}

#[test]
fn bad_input_is_named() {
    assert!(matches!(Histogram::new(&[0, 0]), Err(Error::TooFew { .. })));
    assert!(matches!(Histogram::new(&[]), Err(Error::TooFew { .. })));
    assert!(matches!(
        Histogram::new(&[u64::MAX, 5]),
        Err(Error::TooLarge { .. })
    ));
    let seen = Histogram::new(&[1, 2, 3]).unwrap();
    assert!(matches!(
        seen.clone().with_alphabet(2),
        Err(Error::Shape {
            expected: 3,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        Histogram::new(&[1]).unwrap().entropy(Estimator::Jackknife),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        Contingency::from_pairs(&[0, 1], &[0]),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        Contingency::from_pairs(&[usize::MAX], &[1]),
        Err(Error::TooLarge { .. })
    ));
    let (x, mut y) = (
        DMatrix::from_element(1, 9, 0.5),
        DMatrix::from_element(1, 9, 0.5),
    );
    assert!(matches!(
        ksg(&x, &y, 0, Ksg::First),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        ksg(&x, &y, 9, Ksg::First),
        Err(Error::TooFew {
            needed: 10,
            found: 9,
            ..
        })
    ));
    assert!(matches!(
        ksg(&x, &y.columns(0, 4).into_owned(), 3, Ksg::First),
        Err(Error::Shape { .. })
    ));
    y[(0, 4)] = f64::NAN;
    assert!(matches!(
        ksg(&x, &y, 3, Ksg::First),
        Err(Error::NonFinite { index: 4, .. })
    ));
    assert!(matches!(skaggs(&[1.0], &[0.0]), Err(Error::TooFew { .. })));
    assert!(matches!(
        skaggs(&[-1.0], &[1.0]),
        Err(Error::OutOfRange { .. })
    ));
    let config = TransferConfig {
        source_history: 0,
        ..TransferConfig::default()
    };
    assert!(matches!(
        transfer_entropy(&[1, 2], &[1, 2], &config),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        transfer_entropy(&[1], &[1], &TransferConfig::default()),
        Err(Error::TooFew { .. })
    ));
    let raster = Raster::new(3, 10).unwrap();
    assert!(matches!(
        words(&raster, 0, Estimator::Plugin),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        words(&raster, 11, Estimator::Plugin),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        words(&Raster::new(1, 10).unwrap(), 2, Estimator::Plugin),
        Err(Error::TooFew { .. })
    ));
}

#[test]
fn constant_variables_give_a_number() {
    let x = DMatrix::from_element(1, 20, 1.0);
    for form in [Ksg::First, Ksg::Second] {
        assert!(ksg(&x, &x, 4, form).unwrap().is_finite());
    }
}
