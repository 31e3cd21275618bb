//! Cholesky: the factor multiplies back, solves, and refuses what has none.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of test functions"
)]

use nalgebra::{DMatrix, DVector};
use neuropil_math::linalg::{Cholesky, cholesky_in_place, matmul, transposed};
use neuropil_math::{Error, Real};
use neuropil_test_kit::tolerance::{assert_close, check_value};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn normal<T: Real>(rows: usize, columns: usize, seed: u64) -> DMatrix<T> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| T::standard_normal(rng))
}

/// Symmetric, with eigenvalues between 1 and about 5.
fn positive_definite<T: Real>(n: usize, seed: u64) -> DMatrix<T> {
    let x = normal::<T>(n, n, seed) / T::of((n as f64).sqrt());
    let g = matmul(&x, transposed(&x)).unwrap();
    (&g + g.transpose()) * T::of(0.5) + DMatrix::identity(n, n)
}

fn check<T: Real>(n: usize, columns: usize, seed: u64) {
    let a = positive_definite::<T>(n, seed);
    let tolerance = 16.0 * n as f64 * T::EPSILON.to_f64();
    let wide = |m: &DMatrix<T>| -> Vec<f64> { m.iter().map(|x| x.to_f64()).collect() };
    // Only the lower triangle counts.
    let mut lower = a.clone();
    lower.fill_upper_triangle(T::of(-9.0), 1);
    let cholesky = Cholesky::new(lower).unwrap();
    let l = cholesky.factor();
    assert_eq!(*l, l.lower_triangle());
    assert!(l.diagonal().iter().all(|&d| d > T::zero()));
    let product = matmul(l, transposed(l)).unwrap();
    assert_close("L Lᵀ", &wide(&product), &wide(&a), 0.0, tolerance);

    let b = normal::<T>(n, columns, seed ^ 1);
    let mut x = b.clone();
    cholesky.solve_in_place(&mut x).unwrap();
    let back = matmul(&a, &x).unwrap();
    assert_close("A x", &wide(&back), &wide(&b), 0.0, 4.0 * tolerance);

    let inverse = cholesky.inverse();
    assert_eq!(inverse, inverse.transpose());
    let identity = matmul(&a, &inverse).unwrap();
    let expected = DMatrix::identity(n, n);
    assert_close(
        "A A⁻¹",
        &wide(&identity),
        &wide(&expected),
        0.0,
        4.0 * tolerance,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_factor_multiplies_back_and_solves(
        n in prop::sample::select(vec![1, 2, 3, 31, 32, 33, 64, 65, 97, 129, 150]),
        columns in prop::sample::select(vec![0, 1, 2, 9, 40]),
        seed: u64,
    ) {
        check::<f64>(n, columns, seed);
        check::<f32>(n, columns, seed);
    }

    #[test]
    fn an_indefinite_matrix_is_refused_at_its_row(
        n in 1_usize..150, row in 0_usize..150, seed: u64,
    ) {
        // Leading minors before `row` are positive, the one of `row` is not.
        let row = row % n;
        let mut a = positive_definite::<f64>(n, seed);
        a[(row, row)] = -1.0;
        let error = Cholesky::new(a).unwrap_err();
        let stopped = matches!(
            error,
            Error::NotPositiveDefinite { index, pivot } if index == row && pivot <= -1.0
        );
        prop_assert!(stopped, "{error}");
    }
}

#[test]
fn a_hilbert_matrix_has_its_known_determinant() {
    // det H₅ = 1 / 266 716 800 000.
    let h = DMatrix::from_fn(5, 5, |i, j| 1.0 / (i + j + 1) as f64);
    let cholesky = Cholesky::new(h).unwrap();
    check_value(
        "ln det H",
        cholesky.log_determinant(),
        -(266_716_800_000.0_f64).ln(),
        1e-12,
        0.0,
    )
    .unwrap();
}

#[test]
fn zero_is_not_positive_definite() {
    let error = Cholesky::new(DMatrix::<f32>::zeros(40, 40)).unwrap_err();
    assert_eq!(
        error,
        Error::NotPositiveDefinite {
            index: 0,
            pivot: 0.0
        }
    );
}

#[test]
fn what_is_not_finite_is_refused() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut a = positive_definite::<f64>(70, 3);
        a[(50, 40)] = bad;
        let error = Cholesky::new(a.clone()).unwrap_err();
        assert!(matches!(error, Error::NonFinite { index, .. } if index == 40 * 70 + 50));
        // The kernel does not look for it, and does not return a factor either.
        assert!(matches!(
            cholesky_in_place(&mut a),
            Err(Error::NotPositiveDefinite { index: 50, .. })
        ));
    }
}

#[test]
fn a_part_of_a_matrix_is_factorised_in_place() {
    let a = positive_definite::<f64>(50, 4);
    let mut whole = DMatrix::from_element(60, 60, 3.0);
    whole.view_mut((5, 7), (50, 50)).copy_from(&a);
    cholesky_in_place(whole.view_mut((5, 7), (50, 50))).unwrap();
    let l = Cholesky::new(a).unwrap().into_factor();
    let part = whole.view((5, 7), (50, 50)).lower_triangle();
    assert_eq!(part, l);
    assert!(
        whole
            .column(6)
            .iter()
            .chain(whole.row(4).iter())
            .all(|&x| x == 3.0)
    );
}

#[test]
fn empty_and_mismatched_shapes_are_refused() {
    assert!(matches!(
        Cholesky::new(DMatrix::<f64>::zeros(0, 0)),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        Cholesky::new(DMatrix::<f64>::zeros(3, 2)),
        Err(Error::Shape { .. })
    ));
    let cholesky = Cholesky::new(DMatrix::<f64>::identity(3, 3)).unwrap();
    let mut b = DVector::from_element(4, 1.0);
    assert!(matches!(
        cholesky.solve_in_place(&mut b),
        Err(Error::Shape {
            expected: 3,
            found: 4,
            ..
        })
    ));
}
