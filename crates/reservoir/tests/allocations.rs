//! A stream and a free-running forecast allocate nothing.

use nalgebra::DMatrix;
use neuropil_reservoir::{Ngrc, NgrcConfig, Orders};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn steps_and_forecasts_allocate_nothing() {
    let series = DMatrix::from_fn(2, 120, |c, t| (0.2 * t as f64 + c as f64).sin());
    for (orders, standardise) in [
        (Orders::UpTo(3), false),
        (Orders::UpTo(2), true),
        // Its linear and quadratic monomials live in scratch memory.
        (Orders::Exactly(3), false),
    ] {
        let mut model = Ngrc::new(NgrcConfig {
            taps: 3,
            stride: 2,
            orders,
            standardise,
            ..NgrcConfig::default()
        })
        .unwrap();
        model.fit(&series).unwrap();
        let mut state = model.state().unwrap();
        let mut next = [0.0; 2];
        let mut forecast = [0.0; 40];

        let (answers, count) = allocations(|| {
            series
                .as_slice()
                .chunks_exact(2)
                .filter(|sample| model.step(&mut state, sample, &mut next).unwrap())
                .count()
        });
        assert_eq!((answers, count), (116, 0), "steps");

        let (outcome, count) = allocations(|| model.forecast_into(&mut state, &mut forecast));
        assert_eq!((outcome, count), (Ok(()), 0), "forecast");
    }
}
