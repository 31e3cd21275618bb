//! Steps and interpolations of the stiff methods do not allocate, nor do their Jacobians.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use neuropil_ode_core::stiff::{Radau5, Rodas5P, Stiff, StiffMethod};
use neuropil_ode_core::{SolverConfig, State};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn oscillator(_t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = y[1];
    dy[1] = 100.0 * (1.0 - y[0] * y[0]) * y[1] - y[0];
}

fn check<M: StiffMethod, S: State<f64>>(y0: S) {
    let mut solver = Stiff::<M, _, _>::new(0.0, y0.clone(), &SolverConfig::default()).unwrap();
    let mut y = [0.0; 2];
    let (result, count) = allocations(|| {
        solver.advance_to(&oscillator, 90.0)?;
        let middle = 0.5 * (solver.previous_time() + solver.time());
        solver.interpolate(middle, &mut y)?;
        solver.restart(0.0, y0.as_slice())?;
        solver.fixed_step(&oscillator, 1e-3)
    });
    result.unwrap();
    assert_eq!(count, 0, "{}", M::NAME);
    assert!(solver.statistics().rejected > 0, "no rejection was met");
}

#[test]
fn stiff_steps_do_not_allocate() {
    check::<Rodas5P, _>([2.0, 0.0]);
    check::<Rodas5P, _>(vec![2.0, 0.0]);
    check::<Radau5, _>([2.0, 0.0]);
    check::<Radau5, _>(nalgebra::DVector::from_vec(vec![2.0, 0.0]));
}
