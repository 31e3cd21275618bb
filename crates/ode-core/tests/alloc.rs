//! No step, event or interpolation allocates, on the stack or on the heap.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic where it stands"
)]

use neuropil_ode_core::explicit::{
    DormandPrince853, Explicit, FixedStep, Rk4, Tableau, Tsitouras54, Verner98,
};
use neuropil_ode_core::{Event, Integration, SolverConfig, State};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn lorenz(_t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = 10.0 * (y[1] - y[0]);
    dy[1] = y[0] * (28.0 - y[2]) - y[1];
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
}

fn check<M: Tableau, S: State<f64>>(y0: S) {
    let config = SolverConfig::with_tolerance(1e-8);
    let mut solver = Explicit::<M, _, S>::new(0.0, y0.clone(), &config).unwrap();
    let (_, count) = allocations(|| {
        let mut y = [0.0; 3];
        while solver.time() < 5.0 {
            let _ = solver.step(&lorenz, 5.0).unwrap();
            let middle = 0.5 * (solver.previous_time() + solver.time());
            solver.interpolate(&lorenz, middle, &mut y).unwrap();
        }
        solver.advance_to(&lorenz, 10.0).unwrap();
    });
    assert_eq!(count, 0, "{} steps", M::NAME);
    let section = Event::new(|_t, y: &[f64]| y[2] - 27.0);
    let kick = Event::new(|_t, y: &[f64]| y[0])
        .rising()
        .reset(|_t, y: &mut [f64]| y[0] += 1e-3);
    let solver = Explicit::<M, _, S>::new(0.0, y0, &config).unwrap();
    let mut run = Integration::new(solver, &lorenz, 20.0)
        .unwrap()
        .with_stops(&[3.0, 7.0])
        .unwrap()
        .with_events((section, kick));
    let (events, count) = allocations(|| {
        let mut events = 0;
        while let Some(step) = run.next_step().unwrap() {
            events += step.events().len();
        }
        events
    });
    assert!(events > 20, "{events}");
    assert_eq!(count, 0, "{} events", M::NAME);
}

#[test]
fn adaptive_solvers_allocate_nothing_after_they_are_made() {
    check::<Tsitouras54, _>([1.0, 0.0, 0.0]);
    check::<Tsitouras54, _>(vec![1.0, 0.0, 0.0]);
    check::<DormandPrince853, _>([1.0, 0.0, 0.0]);
    check::<DormandPrince853, _>(nalgebra::DVector::from_vec(vec![1.0, 0.0, 0.0]));
    check::<Verner98, _>(nalgebra::DVector::from_vec(vec![1.0, 0.0, 0.0]));
}

#[test]
fn fixed_steps_allocate_nothing() {
    let mut y = nalgebra::DVector::from_vec(vec![1.0, 0.0, 0.0]);
    let mut steps = FixedStep::<Rk4, f64, _>::new(&y).unwrap();
    let (_, count) = allocations(|| steps.run(&lorenz, &mut y, 0.0, 0.01, 100).unwrap());
    assert_eq!(count, 0);
}
