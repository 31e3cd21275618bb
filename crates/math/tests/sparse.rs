//! Sparse matrices behave as the dense ones they stand for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use nalgebra::DMatrix;
use neuropil_math::{Csr, Error, LinearMap, Scale};
use proptest::prelude::*;

/// Triplets in any order, with places that repeat, and the dense matrix of their sums.
fn matrices() -> impl Strategy<Value = (Csr<f64>, DMatrix<f64>)> {
    (1..90_usize, 1..30_usize).prop_flat_map(|(rows, columns)| {
        let triplet = (0..rows, 0..columns, -4..5_i32);
        prop::collection::vec(triplet, 0..400).prop_map(move |triplets| {
            let mut dense = DMatrix::zeros(rows, columns);
            let mut exact = Vec::new();
            for (i, j, value) in triplets {
                // Small integers: sums in any order are exact.
                dense[(i, j)] += f64::from(value);
                exact.push((i, j, f64::from(value)));
            }
            (Csr::from_triplets(rows, columns, &exact).unwrap(), dense)
        })
    })
}

fn ramp(len: usize, factor: f64) -> Vec<f64> {
    (0..len)
        .map(|i| ((i as f64 + 1.0) * factor).sin())
        .collect()
}

fn close(actual: &[f64], expected: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        prop_assert!((a - e).abs() <= 1e-11, "{} against {}", a, e);
    }
    Ok(())
}

proptest! {
    #[test]
    fn products_are_those_of_the_dense_matrix((sparse, dense) in matrices()) {
        let (rows, columns) = dense.shape();
        prop_assert_eq!(sparse.to_dense(), dense.clone());
        let (x, z) = (ramp(columns, 0.7), ramp(rows, 1.3));
        let expected = &dense * DMatrix::from_column_slice(columns, 1, &x);
        let mut y = vec![f64::NAN; rows];
        sparse.apply(&x, &mut y).unwrap();
        close(&y, expected.as_slice())?;

        let mut sum = z.clone();
        sparse.apply_add(&x, &mut sum).unwrap();
        for i in 0..rows {
            prop_assert_eq!(sum[i], z[i] + y[i]);
        }

        let mut back = vec![f64::NAN; columns];
        sparse.apply_transpose(&z, &mut back).unwrap();
        let expected = dense.transpose() * DMatrix::from_column_slice(rows, 1, &z);
        close(&back, expected.as_slice())?;

        let transpose = sparse.transpose().unwrap();
        prop_assert_eq!(transpose.to_dense(), dense.transpose());
        prop_assert_eq!(&transpose.transpose().unwrap(), &sparse);
    }

    #[test]
    fn the_fused_product_is_the_steps_one_by_one((sparse, _) in matrices()) {
        let (rows, columns) = sparse.shape();
        let (x, a, b) = (ramp(columns, 0.7), ramp(rows, 0.3), ramp(rows, 0.2));
        let mut steps = vec![0.0; rows];
        sparse.apply(&x, &mut steps).unwrap();
        for i in 0..rows {
            steps[i] = ((steps[i] + a[i]) + b[i]).tanh();
        }
        let mut largest = 0;
        let mut fused = vec![f64::NAN; rows];
        let tanh = |z: &mut [f64]| {
            largest = largest.max(z.len());
            z.iter_mut().for_each(|z| *z = z.tanh());
        };
        sparse.apply_activated(&x, &[&a, &b], tanh, &mut fused).unwrap();
        prop_assert_eq!(fused, steps);
        prop_assert!(largest <= 64);
    }

    #[test]
    fn several_vectors_at_once_are_the_same_to_the_bit(
        (sparse, _) in matrices(),
        count in 0..10_usize,
    ) {
        let (rows, columns) = sparse.shape();
        let x = DMatrix::from_vec(columns, count, ramp(columns * count, 0.37));
        let mut y = DMatrix::from_element(rows, count, f64::NAN);
        sparse.apply_columns(&x, &mut y).unwrap();
        for j in 0..count {
            let mut one = vec![0.0; rows];
            let range = j * columns..(j + 1) * columns;
            sparse.apply(&x.as_slice()[range], &mut one).unwrap();
            prop_assert_eq!(&one[..], &y.as_slice()[j * rows..(j + 1) * rows]);
        }
    }

    #[test]
    fn json_gives_back_the_same_bits((mut sparse, _) in matrices()) {
        sparse.scale_by(0.1 / 3.0).unwrap();
        let text = serde_json::to_string(&sparse).unwrap();
        prop_assert_eq!(serde_json::from_str::<Csr<f64>>(&text).unwrap(), sparse);
    }

    #[test]
    fn dense_and_triplets_give_the_same((sparse, dense) in matrices()) {
        let from_dense = Csr::from_dense(&dense).unwrap();
        prop_assert_eq!(from_dense.to_dense(), dense.clone());
        prop_assert!(from_dense.values().iter().all(|&v| v != 0.0));
        for (i, j, v) in sparse.triplets() {
            prop_assert_eq!(v, dense[(i, j)]);
            prop_assert_eq!(v, from_dense.get(i, j));
        }
    }
}

#[test]
fn repeated_places_are_summed_in_the_order_given() {
    let parts = [(0, 1, 1e16), (0, 0, 2.0), (0, 1, 1.0), (0, 1, -1e16)];
    let w = Csr::from_triplets(1, 2, &parts).unwrap();
    assert_eq!(w.stored(), 2);
    assert_eq!(w.get(0, 1), (1e16 + 1.0) - 1e16);
}

#[test]
fn bad_parts_are_errors() {
    let parts = |rows, columns, starts: &[usize], indices: &[u32], values: &[f64]| {
        let (starts, indices, values) = (starts.to_vec(), indices.to_vec(), values.to_vec());
        Csr::from_parts(rows, columns, starts, indices, values)
    };
    assert!(parts(2, 3, &[0, 1, 3], &[0, 1, 2], &[1.0; 3]).is_ok());
    let bad = [
        parts(2, 3, &[0, 3], &[0, 1, 2], &[1.0; 3]),
        parts(0, 3, &[], &[], &[]),
        parts(usize::MAX, 3, &[], &[], &[]),
        parts(2, 3, &[0, 1, 3], &[0, 1, 2], &[1.0; 2]),
        parts(2, 3, &[0, 1, 2], &[0, 1, 2], &[1.0; 3]),
        parts(2, 3, &[1, 1, 3], &[0, 1, 2], &[1.0; 3]),
        parts(3, 3, &[0, 2, 1, 3], &[0, 1, 2], &[1.0; 3]),
        parts(3, 3, &[0, 9, 9, 3], &[0, 1, 2], &[1.0; 3]),
        parts(2, 3, &[0, 1, 3], &[0, 1, 3], &[1.0; 3]),
        parts(2, 3, &[0, 1, 3], &[0, 2, 1], &[1.0; 3]),
        parts(2, 3, &[0, 1, 3], &[0, 1, 1], &[1.0; 3]),
        parts(2, 3, &[0, 1, 3], &[0, 1, 2], &[1.0, f64::NAN, 1.0]),
    ];
    for (case, outcome) in bad.into_iter().enumerate() {
        assert!(outcome.is_err(), "case {case}");
    }
    let nan = Csr::from_triplets(1, 1, &[(0, 0, f64::NAN)]);
    assert!(matches!(nan, Err(Error::NonFinite { index: 0, .. })));
    assert!(Csr::from_triplets(1, 1, &[(0, 0, f64::MAX), (0, 0, f64::MAX)]).is_err());
    assert!(Csr::from_triplets(1, 1, &[(1, 0, 1.0)]).is_err());
    assert!(Csr::from_triplets(1, 1, &[(0, 1, 1.0)]).is_err());
    assert!(Csr::from_dense(&DMatrix::from_element(1, 1, f64::INFINITY)).is_err());
    assert!(Csr::<f64>::zeros(1, 1 << 33).is_err());
}

#[test]
fn a_corrupt_file_is_an_error() {
    let w = Csr::from_triplets(2, 2, &[(0, 1, 1.5), (1, 0, 2.5)]).unwrap();
    let text = serde_json::to_string(&w).unwrap();
    for (from, to) in [
        ("\"rows\":2", "\"rows\":3"),
        ("\"rows\":2", "\"rows\":18446744073709551615"),
        ("\"columns\":2", "\"columns\":1"),
        ("[0,1,2]", "[0,2,1]"),
        ("[0,1,2]", "[]"),
        ("[1,0]", "[1,7]"),
        ("[1,0]", "[1,-1]"),
        ("1.5", "null"),
        ("1.5", "1e999"),
        ("\"rows\":2,", ""),
        ("}", ",\"more\":1}"),
    ] {
        let corrupt = text.replacen(from, to, 1);
        assert_ne!(corrupt, text);
        assert!(
            serde_json::from_str::<Csr<f64>>(&corrupt).is_err(),
            "{corrupt}"
        );
    }
    let error = serde_json::from_str::<Csr<f64>>(&text.replace("[1,0]", "[1,7]")).unwrap_err();
    assert!(error.to_string().contains("column index is 7"), "{error}");
}

#[test]
fn wrong_lengths_are_errors() {
    let w = Csr::<f32>::zeros(2, 3).unwrap();
    let (short, long) = ([0.0; 2], [0.0; 3]);
    let none = |_: &mut [f32]| {};
    let mut y = [0.0; 2];
    assert!(w.apply(&short, &mut y).is_err());
    assert!(w.apply(&long, &mut [0.0; 3]).is_err());
    assert!(w.apply_add(&short, &mut y).is_err());
    assert!(w.apply_transpose(&long, &mut [0.0; 3]).is_err());
    assert!(w.apply_activated(&short, &[], none, &mut y).is_err());
    assert!(w.apply_activated(&long, &[&long], none, &mut y).is_err());
    let x = DMatrix::zeros(3, 4);
    assert!(w.apply_columns(&x, &mut DMatrix::zeros(2, 3)).is_err());
    assert!(w.apply_columns(&x, &mut DMatrix::zeros(3, 4)).is_err());
    assert!(
        w.apply_columns(&DMatrix::zeros(2, 4), &mut DMatrix::zeros(2, 4))
            .is_err()
    );
}

#[test]
fn empty_matrices_work() {
    for (rows, columns) in [(0, 0), (0, 3), (3, 0)] {
        let w = Csr::<f64>::zeros(rows, columns).unwrap();
        let mut y = vec![f64::NAN; rows];
        w.apply(&vec![1.0; columns], &mut y).unwrap();
        assert_eq!(y, vec![0.0; rows]);
        let mut y = DMatrix::from_element(rows, 5, f64::NAN);
        w.apply_columns(&DMatrix::zeros(columns, 5), &mut y)
            .unwrap();
        assert_eq!(y, DMatrix::zeros(rows, 5));
        assert_eq!(w.transpose().unwrap().shape(), (columns, rows));
        assert_eq!(w.row(7), (&[][..], &[][..]));
        assert_eq!(w.get(7, 7), 0.0);
    }
}
