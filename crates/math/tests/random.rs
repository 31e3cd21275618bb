//! Random matrices have the shape, the counts and the moments they promise.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use nalgebra::DMatrix;
use neuropil_math::random::{self, Entries};
use neuropil_math::{Csr, LinearMap};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn seeded(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn distributions() -> impl Strategy<Value = Entries> {
    prop_oneof![
        (-2.0..0.0, 0.0..2.0).prop_map(|(low, high)| Entries::Uniform { low, high }),
        (-2.0..2.0, 0.0..2.0).prop_map(|(mean, deviation)| Entries::Normal { mean, deviation }),
        Just(Entries::Signs),
        (-2.0..2.0).prop_map(Entries::Constant),
    ]
}

proptest! {
    #[test]
    fn every_row_has_its_fan_in(
        rows in 0..30_usize,
        columns in 0..200_usize,
        share in 0.0..=1.0,
        entries in distributions(),
        seed: u64,
    ) {
        let fan_in = (share * columns as f64) as usize;
        let w: Csr<f64> =
            random::sparse_by_fan_in(rows, columns, fan_in, entries, &mut seeded(seed)).unwrap();
        prop_assert_eq!(w.shape(), (rows, columns));
        for row in 0..rows {
            prop_assert_eq!(w.row(row).0.len(), fan_in);
        }
    }

    #[test]
    fn both_precisions_draw_the_same_numbers(entries in distributions(), seed: u64) {
        let (mut one, mut other) = (seeded(seed), seeded(seed));
        let narrow: Csr<f32> =
            random::sparse_by_fan_in(9, 80, 70, entries, &mut one).unwrap();
        let wide: Csr<f64> = random::sparse_by_fan_in(9, 80, 70, entries, &mut other).unwrap();
        prop_assert_eq!(narrow.column_indices(), wide.column_indices());
        let narrow: Csr<f32> =
            random::sparse_by_density(40, 7, 0.3, entries, &mut one).unwrap();
        let wide: Csr<f64> = random::sparse_by_density(40, 7, 0.3, entries, &mut other).unwrap();
        prop_assert_eq!(narrow.column_indices(), wide.column_indices());
        let narrow: DMatrix<f32> = random::dense(5, 6, entries, &mut one).unwrap();
        let wide: DMatrix<f64> = random::dense(5, 6, entries, &mut other).unwrap();
        for (narrow, wide) in narrow.iter().zip(&wide) {
            prop_assert!((f64::from(*narrow) - wide).abs() <= 1.2e-7 * wide.abs());
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn orthogonal_matrices_are(rows in 0..25_usize, columns in 0..25_usize, seed: u64) {
        let q: DMatrix<f64> = random::orthogonal(rows, columns, &mut seeded(seed));
        prop_assert_eq!(q.shape(), (rows, columns));
        let short = rows.min(columns);
        let gram = if rows >= columns { q.transpose() * &q } else { &q * q.transpose() };
        prop_assert!((gram - DMatrix::identity(short, short)).amax_or_zero() < 1e-13);
    }

    #[test]
    fn distinct_numbers_are(n in 0..300_u32, share in 0.0..=1.0, seed: u64) {
        let count = (share * f64::from(n)) as u32;
        let chosen = random::distinct(n, count, &mut seeded(seed)).unwrap();
        prop_assert_eq!(chosen.len(), count as usize);
        prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(chosen.iter().all(|&i| i < n));
    }
}

/// `amax` of nothing.
trait AmaxOrZero {
    fn amax_or_zero(&self) -> f64;
}

impl AmaxOrZero for DMatrix<f64> {
    fn amax_or_zero(&self) -> f64 {
        self.iter().fold(0.0, |m, x| x.abs().max(m))
    }
}

/// Mean and variance over a hundred thousand draws; tolerances of five standard errors.
#[test]
fn moments_are_those_of_the_distributions() {
    let n = 100_000;
    for (entries, mean, variance, fourth) in [
        (
            Entries::Uniform {
                low: -1.0,
                high: 3.0,
            },
            1.0,
            16.0 / 12.0,
            16.0 * 16.0 / 80.0,
        ),
        (
            Entries::Normal {
                mean: 2.0,
                deviation: 0.5,
            },
            2.0,
            0.25,
            3.0 * 0.0625,
        ),
        (Entries::Signs, 0.0, 1.0, 1.0),
        (
            Entries::glorot_uniform(20, 30),
            0.0,
            2.0 / 50.0,
            0.12 * 0.12 / 5.0,
        ),
        (
            Entries::glorot_normal(20, 30),
            0.0,
            2.0 / 50.0,
            3.0 * 0.04 * 0.04,
        ),
        (Entries::he_uniform(20), 0.0, 0.1, 0.3 * 0.3 / 5.0),
        (Entries::he_normal(20), 0.0, 0.1, 3.0 * 0.01),
        (Entries::Constant(0.3), 0.3, 0.0, 0.0),
    ] {
        let x = random::vector::<f64, _>(n, entries, &mut seeded(4)).unwrap();
        let found = x.mean();
        let error = 5.0 * (variance / n as f64).sqrt() + 1e-12;
        assert!((found - mean).abs() < error, "{entries:?}: mean {found}");
        let found = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        let error = 5.0 * ((fourth - variance * variance).max(0.0) / n as f64).sqrt() + 1e-12;
        assert!(
            (found - variance).abs() < error,
            "{entries:?}: variance {found}"
        );
    }
}

#[test]
fn the_density_is_met_and_every_place_is_alike() {
    let (rows, columns, density) = (300, 200, 0.05);
    let w: Csr<f64> =
        random::sparse_by_density(rows, columns, density, Entries::Signs, &mut seeded(5)).unwrap();
    let expected = density * (rows * columns) as f64;
    let error = 5.0 * (expected * (1.0 - density)).sqrt();
    assert!(
        (w.stored() as f64 - expected).abs() < error,
        "{}",
        w.stored()
    );
    // Entries in each column: binomial, so that Σ (k - np)² / np(1 - p) is about χ² of 200.
    let transpose = w.transpose().unwrap();
    let mean = density * rows as f64;
    let statistic: f64 = (0..columns)
        .map(|j| (transpose.row(j).0.len() as f64 - mean).powi(2) / (mean * (1.0 - density)))
        .sum();
    assert!(
        (statistic - 200.0).abs() < 5.0 * 400_f64.sqrt(),
        "{statistic}"
    );

    let full: Csr<f64> =
        random::sparse_by_density(7, 9, 1.0, Entries::Signs, &mut seeded(5)).unwrap();
    assert_eq!(full.stored(), 63);
    let none: Csr<f64> =
        random::sparse_by_density(7, 9, 0.0, Entries::Signs, &mut seeded(5)).unwrap();
    assert_eq!(none.stored(), 0);
    let rare: Csr<f64> =
        random::sparse_by_density(7, 9, 1e-300, Entries::Signs, &mut seeded(5)).unwrap();
    assert_eq!(rare.stored(), 0);
}

#[test]
fn every_column_is_chosen_alike() {
    for (columns, fan_in) in [(40_u32, 8_u32), (100, 70)] {
        let rows = 4000;
        let mut counts = vec![0.0; columns as usize];
        let mut rng = seeded(6);
        for _ in 0..rows {
            for i in random::distinct(columns, fan_in, &mut rng).unwrap() {
                counts[i as usize] += 1.0;
            }
        }
        let p = f64::from(fan_in) / f64::from(columns);
        let (mean, variance) = (f64::from(rows) * p, f64::from(rows) * p * (1.0 - p));
        let statistic: f64 = counts
            .iter()
            .map(|c: &f64| (c - mean).powi(2) / variance)
            .sum();
        let freedom = f64::from(columns);
        assert!(
            (statistic - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(),
            "{statistic}"
        );
    }
}

/// Of the Haar measure, the trace has mean 0 and variance 1; without the sign fix it has not.
#[test]
fn orthogonal_matrices_are_uniform() {
    let mut rng = seeded(7);
    let count = 4000;
    let traces: Vec<f64> = (0..count)
        .map(|_| random::orthogonal::<f64, _>(4, 4, &mut rng).trace())
        .collect();
    let mean = traces.iter().sum::<f64>() / f64::from(count);
    let square = traces.iter().map(|t| t * t).sum::<f64>() / f64::from(count);
    let error = 5.0 / f64::from(count).sqrt();
    assert!(mean.abs() < error, "{mean}");
    // The fourth moment of the trace is 3 from size 4 on.
    assert!((square - 1.0).abs() < 2_f64.sqrt() * error, "{square}");
}

#[test]
fn bad_settings_are_errors() {
    let mut rng = seeded(1);
    for entries in [
        Entries::Uniform {
            low: 1.0,
            high: 0.0,
        },
        Entries::Uniform {
            low: f64::NAN,
            high: 0.0,
        },
        Entries::Uniform {
            low: f64::MIN,
            high: f64::MAX,
        },
        Entries::Normal {
            mean: 0.0,
            deviation: -1.0,
        },
        Entries::Normal {
            mean: f64::INFINITY,
            deviation: 1.0,
        },
        Entries::Constant(f64::NAN),
        Entries::he_normal(0),
        Entries::glorot_uniform(0, 0),
    ] {
        assert!(
            random::dense::<f64, _>(2, 2, entries, &mut rng).is_err(),
            "{entries:?}"
        );
        assert!(random::vector::<f64, _>(2, entries, &mut rng).is_err());
        assert!(random::sparse_by_fan_in::<f64, _>(2, 2, 1, entries, &mut rng).is_err());
        assert!(random::sparse_by_density::<f64, _>(2, 2, 0.5, entries, &mut rng).is_err());
    }
    assert!(random::dense::<f32, _>(2, 2, Entries::Constant(1e300), &mut rng).is_err());
    assert!(random::sparse_by_fan_in::<f64, _>(2, 2, 3, Entries::Signs, &mut rng).is_err());
    for density in [-0.1, 1.1, f64::NAN] {
        let refused = random::sparse_by_density::<f64, _>(2, 2, density, Entries::Signs, &mut rng);
        assert!(refused.is_err());
    }
    let huge = random::sparse_by_density::<f64, _>(1 << 40, 1 << 20, 0.0, Entries::Signs, &mut rng);
    assert!(huge.is_err());
    assert!(random::distinct(3, 4, &mut rng).is_err());
}

#[test]
fn settings_are_read_and_written_by_name() {
    let text = serde_json::to_string(&Entries::uniform(0.5)).unwrap();
    assert_eq!(text, r#"{"uniform":{"low":-0.5,"high":0.5}}"#);
    assert_eq!(
        serde_json::from_str::<Entries>(&text).unwrap(),
        Entries::uniform(0.5)
    );
    assert_eq!(
        serde_json::from_str::<Entries>("\"signs\"").unwrap(),
        Entries::Signs
    );
}
