//! Criterion groups of `neuropil-neural-coding`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use neuropil_benches::workloads::spike_distances::{MATRICES, Matrix, trains};
use neuropil_neural_coding::SpikeTrains;
use neuropil_neural_coding::distance::{Scratch, victor_purpura_with};
use neuropil_neural_coding::encode::{rate, rate_dense};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn distances(c: &mut Criterion) {
    let Ok(trains) = trains(1, 20) else {
        return;
    };
    let Ok(many) = SpikeTrains::from_trains(&trains) else {
        return;
    };
    let mut group = c.benchmark_group("distances of 20 trains of 1000 spikes");
    for Matrix { name, of } in MATRICES {
        group.bench_function(name, |bench| bench.iter(|| of(black_box(&many))));
    }
    group.finish();
    let mut group = c.benchmark_group("Victor–Purpura, 1000 spikes each");
    let mut scratch = Scratch::new();
    for q in [1.0, 10.0, 100.0] {
        group.bench_with_input(BenchmarkId::from_parameter(q), &q, |bench, &q| {
            bench.iter(|| victor_purpura_with(black_box(&trains[0]), &trains[1], q, &mut scratch));
        });
    }
    group.finish();
}

fn rate_code(c: &mut Criterion) {
    const STEPS: usize = 100;
    let values: Vec<f64> = (0..784).map(|i| f64::from(i) / 783.0).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut group = c.benchmark_group("rate code");
    group.throughput(Throughput::Elements((values.len() * STEPS) as u64));
    group.bench_function("bits", |bench| {
        bench.iter(|| rate(black_box(&values), STEPS, &mut rng));
    });
    group.bench_function("f32", |bench| {
        bench.iter(|| rate_dense::<f32, _>(black_box(&values), STEPS, &mut rng));
    });
    group.finish();
}

criterion_group!(benches, distances, rate_code);
criterion_main!(benches);
