//! Predicting one sample after the other allocates nothing.

use nalgebra::DMatrix;
use neuropil_math::ridge::{Ridge, RidgeConfig};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn single_predictions_do_not_allocate() {
    let x = DMatrix::from_fn(9, 40, |i, t| ((i + 1) as f64 * t as f64).sin());
    let y = x.rows(0, 2).into_owned();
    let model = Ridge::fit(&x, &y, &RidgeConfig::default()).unwrap();
    let mut out = [0.0; 2];
    let (result, count) = allocations(|| {
        (0..40).try_for_each(|t| model.predict_into(&x.as_slice()[9 * t..9 * (t + 1)], &mut out))
    });
    assert_eq!((result, count), (Ok(()), 0));
}
