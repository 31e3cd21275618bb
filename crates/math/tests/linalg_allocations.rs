//! What allocates, and what does not.

use nalgebra::{DMatrix, DVector};
use neuropil_math::linalg::{
    Workspace, cholesky_in_place, cross_add, gram_add_in, matmul_into, transposed,
};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn products_of_few_columns_or_rows_do_not() {
    let a = DMatrix::from_fn(300, 400, |i, j| (i + j) as f32);
    for columns in [1, 3, 8] {
        let x = DMatrix::from_element(400, columns, 1.0);
        let mut y = DMatrix::zeros(300, columns);
        let (result, count) = allocations(|| matmul_into(1.0, &a, &x, 1.0, &mut y));
        assert_eq!((result, count), (Ok(()), 0));
        let mut z = DMatrix::zeros(columns, 400);
        let (result, count) = allocations(|| matmul_into(1.0, transposed(&y), &a, 0.0, &mut z));
        assert_eq!((result, count), (Ok(()), 0));
    }
    let (x, mut y) = (DVector::from_element(300, 1.0), DVector::zeros(400));
    let (result, count) = allocations(|| matmul_into(1.0, transposed(&a), &x, 0.0, &mut y));
    assert_eq!((result, count), (Ok(()), 0));
}

#[test]
#[cfg(not(feature = "rayon"))]
fn larger_products_pack_once_per_panel() {
    let (a, b) = (
        DMatrix::from_element(200, 200, 1.0),
        DMatrix::from_element(200, 500, 1.0),
    );
    let mut c = DMatrix::zeros(200, 500);
    let (result, count) = allocations(|| matmul_into(1.0, &a, &b, 0.0, &mut c));
    assert_eq!((result, count), (Ok(()), 2));
}

#[test]
fn streams_of_f32_keep_their_workspace() {
    // Few features: the backend is not called, and only the conversion could allocate.
    let x = DMatrix::from_element(8, 500, 1.0_f32);
    let (mut g, mut c) = (DMatrix::zeros(8, 8), DMatrix::zeros(8, 8));
    let mut workspace = Workspace::default();
    let mut add = || {
        gram_add_in(&mut g, &x, &mut workspace)?;
        cross_add(&mut c, &x, &x, &mut workspace)
    };
    add().unwrap();
    assert_eq!(allocations(add), (Ok(()), 0));
}

#[test]
fn a_small_factorisation_does_not() {
    let mut a = DMatrix::from_fn(32, 32, |i, j| if i == j { 40.0 } else { 1.0 });
    assert_eq!(allocations(|| cholesky_in_place(&mut a)), (Ok(()), 0));
}
