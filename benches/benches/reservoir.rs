//! Criterion groups of `neuropil-reservoir`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_reservoir::{Ngrc, NgrcConfig, Orders};

fn ngrc(c: &mut Criterion) {
    let config = Lorenz63Config {
        dt: 0.025,
        warmup: 200,
        ..Lorenz63Config::default()
    };
    let Ok(series) = config.generate::<f64>(402) else {
        return;
    };
    let mut group = c.benchmark_group("ngrc");
    for order in [2, 3] {
        let config = NgrcConfig {
            orders: Orders::UpTo(order),
            ..NgrcConfig::default()
        };
        let Ok(mut model) = Ngrc::<f64>::new(config) else {
            return;
        };
        group.bench_function(format!("fit 400 points, order {order}"), |bench| {
            bench.iter(|| model.fit(black_box(&series)));
        });
        let (Ok(()), Ok(mut state)) = (model.fit(&series), model.state_after(&series)) else {
            return;
        };
        let mut next = [0.0; 3];
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("step, order {order}"), |bench| {
            bench.iter(|| model.step(&mut state, black_box(&[1.0, 2.0, 25.0]), &mut next));
        });
    }
    group.finish();
}

criterion_group!(benches, ngrc);
criterion_main!(benches);
