//! The spectral radius on the matrices that defeat simpler methods, and its laws.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use nalgebra::DMatrix;
use neuropil_math::random::{self, Entries};
use neuropil_math::spectral::{self, Method, RadiusConfig, SpectralRadius};
use neuropil_math::{Csr, Error, LinearMap, Real, Scale};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn seeded(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn radius<T: Real>(w: &impl LinearMap<T>) -> SpectralRadius {
    with(w, &RadiusConfig::default())
}

fn with<T: Real>(w: &impl LinearMap<T>, config: &RadiusConfig) -> SpectralRadius {
    let found = spectral::radius(w, config, &mut seeded(3)).unwrap();
    assert!(found.converged, "{found:?}");
    found
}

/// The iteration alone, on any size.
fn iterated(w: &impl LinearMap<f64>) -> SpectralRadius {
    let config = RadiusConfig {
        direct: 0,
        fallback: 0,
        subspace: 20,
        tolerance: 1e-11,
        ..RadiusConfig::default()
    };
    with(w, &config)
}

#[track_caller]
fn assert_near(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{found} is not {expected}"
    );
}

/// Hides the entries of a matrix.
struct Hidden<'a, T: Real>(&'a Csr<T>);

impl<T: Real> LinearMap<T> for Hidden<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        self.0.apply(x, y)
    }
    fn apply_transpose(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        self.0.apply_transpose(x, y)
    }
}

/// A ring through all of 0..n in the order of steps of `stride`.
fn ring(n: usize, stride: usize, weight: impl Fn(usize) -> f64) -> Csr<f64> {
    let node = |i: usize| (i * stride) % n;
    let edges: Vec<_> = (0..n).map(|i| (node(i + 1), node(i), weight(i))).collect();
    Csr::from_triplets(n, n, &edges).unwrap()
}

#[test]
fn rings_of_any_size() {
    for (n, stride) in [(1, 1), (2, 1), (3, 1), (50, 7), (1000, 1), (5000, 77)] {
        let w = ring(n, stride, |_| 0.9);
        let found = radius(&w);
        assert_near(found.radius, 0.9, 1e-13);
        assert_eq!(found.method, Method::Structure);
        assert!(found.residual < 1e-9);
        if n <= 1000 {
            assert_near(radius(&w.to_dense()).radius, 0.9, 1e-13);
            assert_near(radius(&Hidden(&w)).radius, 0.9, 1e-13);
        }
    }
    // Weights over 20 orders of magnitude, whose product alone decides.
    let w = ring(300, 1, |i| 10_f64.powi((i % 41) as i32 - 20));
    let logs: i32 = (0..300).map(|i| i % 41 - 20).sum();
    assert_near(
        radius(&w).radius,
        10_f64.powf(f64::from(logs) / 300.0),
        1e-12,
    );
}

#[test]
fn rings_beside_each_other_in_any_order() {
    let (n, m) = (40, 60);
    let place = |i: usize| (i * 37 + 11) % (n + m);
    let mut edges = Vec::new();
    for i in 0..n {
        edges.push((place((i + 1) % n), place(i), 0.7));
    }
    for i in 0..m {
        edges.push((place(n + (i + 1) % m), place(n + i), -0.8));
    }
    // A bridge in one direction changes no eigenvalue.
    edges.push((place(3), place(n + 5), 100.0));
    let w = Csr::from_triplets(n + m, n + m, &edges).unwrap();
    assert_near(radius(&w).radius, 0.8, 1e-13);
    assert_near(radius(&w.to_dense()).radius, 0.8, 1e-13);
}

#[test]
fn a_ring_with_chords_has_the_period_of_its_cycles() {
    // Cycles of 1000 and of 500 nodes: λ¹⁰⁰⁰ = 1 + λ⁵⁰⁰, so λ⁵⁰⁰ is the golden ratio.
    let mut edges: Vec<_> = ring(1000, 1, |_| 1.0).triplets().collect();
    edges.push((0, 499, 1.0));
    let w = Csr::from_triplets(1000, 1000, &edges).unwrap();
    let golden_ratio = f64::midpoint(1.0, 5_f64.sqrt());
    let found = radius(&w);
    assert_near(found.radius, golden_ratio.powf(1.0 / 500.0), 1e-13);
    assert_eq!(found.method, Method::Structure);
}

#[test]
fn nilpotent_triangular_and_zero_matrices_are_exact() {
    let strict = DMatrix::from_fn(
        400,
        400,
        |i, j| if i < j { 3.0 + (i * j) as f64 } else { 0.0 },
    );
    assert_eq!(radius(&strict).radius, 0.0);
    assert_eq!(radius(&Csr::from_dense(&strict).unwrap()).radius, 0.0);
    let mut triangular = strict;
    triangular[(7, 7)] = -2.5;
    assert_eq!(radius(&triangular).radius, 2.5);
    assert_eq!(radius(&DMatrix::<f64>::zeros(300, 300)).radius, 0.0);
    assert_eq!(radius(&Csr::<f32>::zeros(5000, 5000).unwrap()).radius, 0.0);
    // A Jordan block.
    let jordan = DMatrix::from_fn(30, 30, |i, j| match j.wrapping_sub(i) {
        0 => 0.5,
        1 => 1.0,
        _ => 0.0,
    });
    assert_eq!(radius(&jordan).radius, 0.5);
}

#[test]
fn single_entries_of_any_size() {
    for value in [0.0, -3.0, 1e-320, 1e300, f64::MIN_POSITIVE] {
        let w = DMatrix::from_element(1, 1, value);
        assert_eq!(radius(&w).radius, value.abs());
    }
    for scale in [1e-300, 1e300] {
        let w = DMatrix::from_row_slice(2, 2, &[0.0, -scale, scale, 0.0]);
        assert_near(radius(&w).radius, scale, 1e-14);
    }
}

#[test]
fn companions_pairs_and_non_normal_matrices() {
    // x¹⁰ = 1, the matrix on which other iterations never return.
    let mut companion = DMatrix::zeros(10, 10);
    for i in 0..9 {
        companion[(i + 1, i)] = 1.0;
    }
    companion[(0, 9)] = 1.0;
    assert_near(radius(&companion).radius, 1.0, 1e-14);
    // (x - 3)(x + 2)(x - 1) without a zero in the last column.
    let companion = DMatrix::from_row_slice(3, 3, &[0., 0., -6., 1., 0., 5., 0., 1., 2.]);
    assert_near(radius(&companion).radius, 3.0, 1e-13);

    // A leading complex pair, 2 exp(±i), in front of 1.9.
    let (s, c) = 1_f64.sin_cos();
    let w = DMatrix::from_row_slice(
        3,
        3,
        &[2. * c, -2. * s, 1., 2. * s, 2. * c, 5., 0., 0., 1.9],
    );
    assert_near(radius(&w).radius, 2.0, 1e-14);

    // Strongly non-normal: norm 10⁴, radius from the corner alone.
    let w = DMatrix::from_row_slice(2, 2, &[0.5, 1e4, 1e-6, 0.5]);
    assert_near(radius(&w).radius, 0.6, 1e-12);
}

#[test]
fn orthogonal_matrices_too_large_to_solve_directly() {
    let q: DMatrix<f64> = random::orthogonal(260, 260, &mut seeded(1));
    let found = radius(&(q * 0.7));
    assert_near(found.radius, 0.7, 1e-13);
    assert_eq!(found.method, Method::Orthogonal);
    let q: DMatrix<f32> = random::orthogonal(260, 260, &mut seeded(1));
    assert_near(radius(&q).radius, 1.0, 1e-6);
}

#[test]
fn large_sparse_matrices_agree_with_the_direct_solver() {
    let direct = RadiusConfig {
        direct: 1000,
        ..RadiusConfig::default()
    };
    for seed in 0..3 {
        let w: Csr<f64> =
            random::sparse_by_density(400, 400, 0.02, Entries::uniform(1.0), &mut seeded(seed))
                .unwrap();
        let found = radius(&w);
        assert_eq!(found.method, Method::Krylov);
        let exact = with(&w, &direct);
        assert_eq!(exact.method, Method::Direct);
        assert_near(found.radius, exact.radius, 1e-8);
        assert_near(radius(&Hidden(&w)).radius, exact.radius, 1e-8);
    }
}

#[test]
fn matrices_on_which_the_iteration_fails_are_solved_directly() {
    // Rotations whose angles and moduli lie close together, disguised by an orthogonal matrix.
    let n = 220;
    let mut blocks = DMatrix::<f64>::zeros(n, n);
    for k in 0..n / 2 {
        let (s, c) = (k as f64 * 0.028).sin_cos();
        let r = 1.0 - 1e-7 * k as f64;
        let block = [r * c, r * s, -r * s, r * c];
        blocks
            .view_mut((2 * k, 2 * k), (2, 2))
            .copy_from_slice(&block);
    }
    let q: DMatrix<f64> = random::orthogonal(n, n, &mut seeded(2));
    let w = &q * blocks * q.transpose();
    let found = radius(&w);
    assert_near(found.radius, 1.0, 1e-9);

    let stubborn = RadiusConfig {
        direct: 0,
        fallback: 0,
        subspace: 20,
        max_products: 60,
        ..RadiusConfig::default()
    };
    let found = spectral::radius(&w, &stubborn, &mut seeded(1)).unwrap();
    assert!(!found.converged && found.residual > 1e-9, "{found:?}");
    assert_near(found.radius, 1.0, 0.05);
    let refused = spectral::rescale(&mut w.clone(), 0.5, &stubborn, &mut seeded(1));
    assert!(matches!(refused, Err(Error::NotConverged { .. })));
}

#[test]
fn one_number_is_taken_from_the_generator() {
    use rand::Rng;
    let config = RadiusConfig::default();
    for w in [ring(5, 1, |_| 1.0), {
        random::sparse_by_fan_in(300, 300, 5, Entries::Signs, &mut seeded(1)).unwrap()
    }] {
        let (mut one, mut other) = (seeded(9), seeded(9));
        spectral::radius(&w, &config, &mut one).unwrap();
        other.next_u64();
        assert_eq!(one, other);
    }
}

#[test]
fn bad_input_is_an_error() {
    let mut rng = seeded(1);
    let config = RadiusConfig::default();
    let mut of = |w: &DMatrix<f64>| spectral::radius(w, &config, &mut rng).unwrap_err();
    assert!(matches!(of(&DMatrix::zeros(2, 3)), Error::Shape { .. }));
    assert!(matches!(of(&DMatrix::zeros(0, 0)), Error::Empty { .. }));
    let infinite = DMatrix::from_element(2, 2, f64::INFINITY);
    assert!(matches!(of(&infinite), Error::NonFinite { .. }));
    assert!(matches!(
        of(&DMatrix::from_element(2, 2, f64::MAX)),
        Error::NonFinite { .. }
    ));

    let one = DMatrix::from_element(1, 1, 1.0);
    for config in [
        RadiusConfig {
            tolerance: 0.0,
            ..config.clone()
        },
        RadiusConfig {
            tolerance: f64::NAN,
            ..config.clone()
        },
        RadiusConfig {
            subspace: 3,
            ..config.clone()
        },
        RadiusConfig {
            max_products: 0,
            ..config.clone()
        },
    ] {
        let refused = spectral::radius(&one, &config, &mut rng);
        assert!(matches!(refused, Err(Error::OutOfRange { .. })));
    }

    let mut zero = DMatrix::<f64>::zeros(2, 2);
    assert!(spectral::rescale(&mut zero, 1.0, &config, &mut rng).is_err());
    assert!(spectral::rescale(&mut zero, 0.0, &config, &mut rng).is_ok());
    let mut w = one;
    for target in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(spectral::rescale(&mut w, target, &config, &mut rng).is_err());
    }
    assert!(spectral::eigenvalues(&DMatrix::<f64>::zeros(2, 3)).is_err());
    assert!(
        spectral::eigenvalues(&DMatrix::<f64>::zeros(0, 0))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_map_that_gives_nonsense_is_an_error() {
    struct Nonsense(usize);
    impl LinearMap<f64> for Nonsense {
        fn shape(&self) -> (usize, usize) {
            (self.0, self.0)
        }
        fn apply(&self, _: &[f64], y: &mut [f64]) -> Result<(), Error> {
            y.fill(f64::NAN);
            Ok(())
        }
        fn apply_transpose(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
            self.apply(x, y)
        }
    }
    for n in [3, 300] {
        let found = spectral::radius(&Nonsense(n), &RadiusConfig::default(), &mut seeded(1));
        assert!(matches!(found, Err(Error::NonFinite { .. })));
    }
}

fn random_dense(n: usize, seed: u64) -> DMatrix<f64> {
    random::dense(n, n, Entries::normal(1.0), &mut seeded(seed)).unwrap()
}

fn largest_modulus(w: &DMatrix<f64>) -> f64 {
    let eigenvalues = spectral::eigenvalues(w).unwrap();
    eigenvalues.iter().fold(0.0, |m, z| z.norm().max(m))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_iteration_agrees_with_the_eigenvalues(n in 2..90_usize, seed: u64) {
        let w = random_dense(n, seed);
        let expected = largest_modulus(&w);
        assert_near(radius(&w).radius, expected, 1e-12);
        assert_near(iterated(&w).radius, expected, 1e-8);
    }

    #[test]
    fn sparse_dense_and_hidden_agree(n in 1..80_usize, density in 0.0..0.2, seed: u64) {
        let entries = Entries::uniform(1.0);
        let w: Csr<f64> =
            random::sparse_by_density(n, n, density, entries, &mut seeded(seed)).unwrap();
        let dense = w.to_dense();
        let expected = radius(&w).radius;
        assert_near(radius(&dense).radius, expected, 1e-10);
        assert_near(radius(&Hidden(&w)).radius, expected, 1e-10);
        assert_near(radius(&w.transpose().unwrap()).radius, expected, 1e-10);
        assert_near(largest_modulus(&dense), expected, 1e-10);
    }

    #[test]
    fn a_similarity_changes_nothing(n in 2..40_usize, seed: u64) {
        let w = random_dense(n, seed);
        let q: DMatrix<f64> = random::orthogonal(n, n, &mut seeded(seed ^ 1));
        assert_near(radius(&(&q * &w * q.transpose())).radius, radius(&w).radius, 1e-9);
        // Scales from 2⁻²⁰ to 2²⁰: balancing undoes them.
        let d = |i: usize| 2_f64.powi((i * 7 % 41) as i32 - 20);
        let scaled = DMatrix::from_fn(n, n, |i, j| w[(i, j)] * d(i) / d(j));
        assert_near(radius(&scaled).radius, radius(&w).radius, 1e-10);
        assert_near(iterated(&Csr::from_dense(&scaled).unwrap()).radius, radius(&w).radius, 1e-8);
    }

    #[test]
    fn the_radius_scales_and_rescales(n in 1..40_usize, factor in -5.0..5.0, seed: u64) {
        let w = random_dense(n, seed);
        assert_near(radius(&(&w * factor)).radius, radius(&w).radius * f64::abs(factor), 1e-12);
        let config = RadiusConfig::default();
        let mut sparse = Csr::from_dense(&w).unwrap();
        spectral::rescale(&mut sparse, 1.25, &config, &mut seeded(1)).unwrap();
        assert_near(radius(&sparse).radius, 1.25, 1e-12);
        let mut single = w.map(|v| v as f32);
        spectral::rescale(&mut single, 0.9, &config, &mut seeded(1)).unwrap();
        assert_near(radius(&single).radius, 0.9, 1e-5);
    }

    #[test]
    fn the_radius_of_blocks_is_the_largest(
        sizes in prop::collection::vec(1..20_usize, 1..6),
        seed: u64,
    ) {
        let n: usize = sizes.iter().sum();
        let mut w = DMatrix::zeros(n, n);
        let (mut start, mut expected) = (0, 0.0_f64);
        for (k, &size) in sizes.iter().enumerate() {
            let block = random_dense(size, seed ^ k as u64);
            expected = expected.max(largest_modulus(&block));
            w.view_mut((start, start), (size, size)).copy_from(&block);
            // What is above the blocks does not matter.
            w.view_mut((start, start + size), (size, n - start - size)).fill(10.0);
            start += size;
        }
        assert_near(radius(&w).radius, expected, 1e-11);
        assert_near(radius(&Csr::from_dense(&w).unwrap()).radius, expected, 1e-11);
    }

    #[test]
    fn eigenvalues_come_in_pairs_and_sum_to_the_trace(n in 1..50_usize, seed: u64) {
        let w = random_dense(n, seed);
        let eigenvalues = spectral::eigenvalues(&w).unwrap();
        let sum: nalgebra::Complex<f64> = eigenvalues.iter().sum();
        prop_assert!((sum.re - w.trace()).abs() < 1e-10 && sum.im.abs() < 1e-10);
    }
}

#[test]
fn a_refused_scale_leaves_the_matrix() {
    let mut w = Csr::from_triplets(1, 1, &[(0, 0, 1e300)]).unwrap();
    assert!(w.scale_by(1e300).is_err());
    assert_eq!(w.get(0, 0), 1e300);
}
