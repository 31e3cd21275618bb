//! Criterion groups of `neuropil-math`: what its other crates wait for.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use nalgebra::DMatrix;
use neuropil_benches::workloads::uniform;
use neuropil_math::linalg::{Cholesky, gram, matmul, transposed};
use neuropil_math::random::{Entries, sparse_by_fan_in};
use neuropil_math::ridge::{Ridge, RidgeConfig, RidgePath};
use neuropil_math::spectral::{self, RadiusConfig};
use neuropil_math::{Activation, LinearMap};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn data(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_vec(rows, columns, uniform(seed, rows * columns))
}

fn linear_algebra(c: &mut Criterion) {
    let mut group = c.benchmark_group("linear-algebra");
    let (a, b) = (data(1, 500, 500), data(2, 500, 500));
    group.bench_function("matmul 500", |bench| bench.iter(|| matmul(&a, &b)));
    group.bench_function("matmul 500, A transposed", |bench| {
        bench.iter(|| matmul(transposed(&a), &b));
    });
    let x = data(3, 300, 3000);
    group.bench_function("gram 300 x 3000", |bench| bench.iter(|| gram(&x)));
    let mut spd = data(4, 500, 500);
    for i in 0..500 {
        spd[(i, i)] += 500.0;
    }
    group.bench_function("cholesky 500", |bench| {
        bench.iter(|| Cholesky::new(black_box(spd.clone())));
    });
    group.finish();
}

fn regression(c: &mut Criterion) {
    let mut group = c.benchmark_group("ridge");
    for (features, samples) in [(28, 400), (300, 3000)] {
        let (x, y) = (data(5, features, samples), data(6, 3, samples));
        let name = format!("{features} features, {samples} samples");
        group.bench_function(format!("fit, {name}"), |bench| {
            bench.iter(|| Ridge::fit(&x, &y, &RidgeConfig::default()));
        });
        group.bench_function(format!("path, {name}"), |bench| {
            bench.iter(|| RidgePath::new(&x, &y, true));
        });
    }
    group.finish();
}

fn reservoirs(c: &mut Criterion) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let entries = Entries::Uniform {
        low: -1.0,
        high: 1.0,
    };
    let Ok(w) = sparse_by_fan_in::<f64, _>(1000, 1000, 10, entries, &mut rng) else {
        return;
    };
    let mut group = c.benchmark_group("sparse");
    let x = uniform(7, 1000);
    let mut y = vec![0.0; 1000];
    group.bench_function("product 1000, 10 per row", |bench| {
        bench.iter(|| w.apply(black_box(&x), &mut y));
    });
    group.bench_function("product and tanh 1000, 10 per row", |bench| {
        bench.iter(|| {
            w.apply_activated(
                black_box(&x),
                &[],
                |block| Activation::Tanh.apply(block),
                &mut y,
            )
        });
    });
    group.bench_function("spectral radius 1000, 10 per row", |bench| {
        bench.iter(|| spectral::radius(&w, &RadiusConfig::default(), &mut rng));
    });
    group.finish();
}

fn elementary(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementary");
    let x: Vec<f64> = uniform(8, 1000).iter().map(|v| 8.0 * v).collect();
    for activation in Activation::ALL {
        let mut y = x.clone();
        group.bench_function(format!("{activation} 1000"), |bench| {
            bench.iter(|| {
                y.copy_from_slice(&x);
                activation.apply(&mut y);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, linear_algebra, regression, reservoirs, elementary);
criterion_main!(benches);
