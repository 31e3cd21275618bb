//! Gram matrices: symmetric, equal to the product, streamed, and summed in `f64`.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of test functions"
)]

use nalgebra::DMatrix;
use neuropil_math::linalg::{
    View, Workspace, cross_add, gram, gram_add, gram_add_in, matmul, mirror_lower, transposed,
};
use neuropil_math::{Error, Real};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn normal<T: Real>(rows: usize, columns: usize, seed: u64) -> DMatrix<T> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| T::standard_normal(rng))
}

fn check<T: Real>(features: usize, samples: usize, seed: u64) {
    let x = normal::<T>(features, samples, seed);
    let g = gram(&x).unwrap();
    assert_eq!(g, g.transpose(), "symmetric to the bit");
    let wide = x.map(|x| x.to_f64());
    let product = matmul(&wide, transposed(&wide)).unwrap();
    let size = (0..features).map(|i| g[(i, i)]).fold(0.0, f64::max);
    let tolerance = 2.0 * samples as f64 * f64::EPSILON * size;
    assert_close("gram", g.as_slice(), product.as_slice(), 0.0, tolerance);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn it_is_the_product_with_the_transposed(
        features in prop::sample::select(vec![1, 2, 7, 31, 32, 33, 65, 130]),
        samples in prop::sample::select(vec![1, 3, 255, 256, 257, 600]),
        seed: u64,
    ) {
        check::<f64>(features, samples, seed);
        check::<f32>(features, samples, seed);
    }

    #[test]
    fn a_stream_sums_to_the_whole(cut in 0_usize..=300, seed: u64) {
        let x = normal::<f32>(40, 300, seed);
        let y = normal::<f32>(3, 300, seed ^ 1);
        let mut g = DMatrix::zeros(40, 40);
        let mut c = DMatrix::zeros(40, 3);
        let mut workspace = Workspace::default();
        for (from, count) in [(0, cut), (cut, 300 - cut)] {
            let (x, y) = (x.columns(from, count), y.columns(from, count));
            gram_add_in(&mut g, &x, &mut workspace).unwrap();
            cross_add(&mut c, &x, &y, &mut workspace).unwrap();
        }
        mirror_lower(&mut g).unwrap();
        let tolerance = 300.0 * f64::EPSILON * g.diagonal().max();
        assert_close("gram", g.as_slice(), gram(&x).unwrap().as_slice(), 0.0, tolerance);
        let (x, y) = (x.map(f64::from), y.map(f64::from));
        let product = matmul(&x, transposed(&y)).unwrap();
        assert_close("cross", c.as_slice(), product.as_slice(), 0.0, 2.0 * tolerance);
    }
}

#[test]
fn f32_data_are_summed_in_f64() {
    // 2²⁴ + 1 is not an f32: of many ones after a large number, an f32 sum keeps none.
    let mut x = DMatrix::from_element(2, 1001, 1.0_f32);
    x[(0, 0)] = 4096.0;
    x[(1, 0)] = 4096.0;
    let exact = 4096.0_f64.powi(2) + 1000.0;
    assert_eq!(gram(&x).unwrap(), DMatrix::from_element(2, 2, exact));
    let in_f32 = x.row(0).iter().fold(0.0_f32, |sum, x| sum + x * x);
    assert_eq!(f64::from(in_f32), exact - 1000.0);
}

#[test]
fn the_same_for_a_transposed_view() {
    let x = normal::<f32>(60, 300, 5);
    let y = x.transpose();
    assert_eq!(gram(transposed(&y)).unwrap(), gram(&x).unwrap());
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let empty = DMatrix::<f64>::zeros(3, 0);
    assert!(matches!(gram(&empty), Err(Error::Empty { .. })));
    assert!(matches!(
        gram(&DMatrix::<f32>::zeros(0, 3)),
        Err(Error::Empty { .. })
    ));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = normal::<f64>(40, 300, 6);
        x[(17, 280)] = bad;
        let index = 280 * 40 + 17;
        let found = gram(&x).unwrap_err();
        assert!(
            matches!(found, Error::NonFinite { index: i, .. } if i == index),
            "{found}"
        );
        let mut g = DMatrix::identity(40, 40);
        assert!(gram_add(&mut g, &x).is_err());
        assert_eq!(g, DMatrix::identity(40, 40));
        let view: View<'_, f64> = transposed(&x);
        let mut c = DMatrix::zeros(300, 1);
        let y = DMatrix::from_element(1, 40, 1.0);
        let found = cross_add(&mut c, view, &y, &mut Workspace::default()).unwrap_err();
        let index = 17 * 300 + 280;
        assert!(
            matches!(found, Error::NonFinite { index: i, .. } if i == index),
            "{found}"
        );
        assert_eq!(c, DMatrix::zeros(300, 1));
    }
    let x = normal::<f64>(3, 5, 7);
    assert!(matches!(
        gram_add(&mut DMatrix::zeros(3, 4), &x),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        gram_add(&mut DMatrix::zeros(4, 3), &x),
        Err(Error::Shape { .. })
    ));
    let y = normal::<f64>(2, 6, 8);
    let error = cross_add(&mut DMatrix::zeros(3, 2), &x, &y, &mut Workspace::default());
    assert!(matches!(
        error,
        Err(Error::Shape {
            expected: 5,
            found: 6,
            ..
        })
    ));
    assert!(matches!(
        mirror_lower(&mut DMatrix::<f64>::zeros(2, 3)),
        Err(Error::Shape { .. })
    ));
}

#[test]
fn no_samples_add_nothing() {
    let mut g = DMatrix::identity(3, 3);
    gram_add(&mut g, &DMatrix::<f32>::zeros(3, 0)).unwrap();
    assert_eq!(g, DMatrix::identity(3, 3));
}
