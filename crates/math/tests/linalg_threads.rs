//! The same bits for any number of threads.
#![cfg(feature = "rayon")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of test functions"
)]

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::linalg::{Cholesky, gram, matmul, transposed};
use neuropil_math::ridge::RidgeAccumulator;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn normal<T: Real>(rows: usize, columns: usize, seed: u64) -> DMatrix<T> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| T::standard_normal(rng))
}

fn in_pools<R: PartialEq + Send>(name: &str, work: impl Fn() -> R + Sync) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(&work)
    };
    let serial = run(1);
    for threads in 2..=4 {
        assert!(
            run(threads) == serial,
            "{name} differs on {threads} threads"
        );
    }
}

#[test]
fn products_do_not_change() {
    let (a, b) = (normal::<f32>(300, 200, 1), normal::<f32>(200, 1100, 2));
    in_pools("columns", || matmul(&a, &b).unwrap());
    in_pools("rows", || matmul(transposed(&b), transposed(&a)).unwrap());
}

#[test]
fn gram_matrices_and_factors_do_not_change() {
    let x = normal::<f32>(400, 900, 3);
    in_pools("gram", || gram(&x).unwrap());
    let g = gram(&x).unwrap();
    in_pools("cholesky", || {
        Cholesky::new(g.clone()).unwrap().into_factor()
    });
    let cholesky = Cholesky::new(g.clone()).unwrap();
    in_pools("inverse", || cholesky.inverse());
    in_pools("solve", || {
        let mut b = normal::<f64>(400, 300, 4);
        cholesky.solve_in_place(&mut b).unwrap();
        b
    });
}

#[test]
fn rounded_features_do_not_change() {
    let x = DMatrix::from_fn(420, 600, |i, t| ((i + 1) as f32 * 1e-4 * t as f32).sin());
    let y = x.rows(0, 2).into_owned();
    in_pools("moments", || {
        let mut moments = RidgeAccumulator::for_lambda(420, 2, true, 1.0, 600).unwrap();
        moments.add(&x, &y).unwrap();
        assert!(moments.rounding() > 0.0, "rounded");
        moments.into_solution(1.0).unwrap()
    });
}
