//! Products with sparse and dense maps allocate nothing.

use nalgebra::DMatrix;
use neuropil_math::random::{self, Entries};
use neuropil_math::{Csr, LinearMap};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn products_allocate_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let w: Csr<f64> = random::sparse_by_fan_in(130, 70, 9, Entries::normal(1.0), &mut rng).unwrap();
    let dense = w.to_dense();
    let x = vec![0.5; 70];
    let mut y = vec![0.0; 130];
    let mut back = vec![0.0; 70];
    let bias = vec![0.25; 130];
    let batch = DMatrix::from_element(70, 6, 0.5);
    let mut products = DMatrix::zeros(130, 6);
    let tanh = |z: &mut [f64]| z.iter_mut().for_each(|z| *z = z.tanh());
    let (outcome, count) = allocations(|| {
        w.apply(&x, &mut y)?;
        w.apply_add(&x, &mut y)?;
        w.apply_activated(&x, &[&bias, &bias], tanh, &mut y)?;
        w.apply_transpose(&y, &mut back)?;
        w.apply_columns(&batch, &mut products)?;
        dense.apply(&x, &mut y)?;
        dense.apply_transpose(&y, &mut back)
    });
    outcome.unwrap();
    assert_eq!(count, 0);
}
