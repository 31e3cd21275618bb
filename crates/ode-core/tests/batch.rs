//! Batches have the bits of their trajectories one by one.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

use neuropil_math::elementary::scalar;
use neuropil_ode_core::batch::{One, adaptive_batch, fixed_batch};
use neuropil_ode_core::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Explicit, Rk4, Tableau,
    Tsitouras54, Verner76, fixed_step,
};
use neuropil_ode_core::sensitivity::Parametric;
use neuropil_ode_core::{Error, SolverConfig};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn lorenz(_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]) {
    dy[0] = p[0] * (y[1] - y[0]);
    dy[1] = y[0] * (p[1] - y[2]) - y[1];
    dy[2] = y[0] * y[1] - p[2] * y[2];
}

/// Driven, with elementary functions and a branch.
fn neuron(t: f64, y: &[f64], p: &[f64], dy: &mut [f64]) {
    let drive = if y[0] > 0.0 { p[0] } else { 2.0 * p[0] };
    dy[0] = scalar::tanh(drive * (0.3 * t).sin() - y[1]) - y[0];
    dy[1] = scalar::sigmoid(y[0]) - 0.5 * y[1];
}

fn lorenz_batch(count: usize) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
    let x = |j: usize| j as f64 / count as f64;
    let states = (0..count).map(|j| [1.0 + x(j), x(j), -x(j)]).collect();
    let parameters = (0..count).map(|j| [10.0, 20.0 + 10.0 * x(j), 8.0 / 3.0]);
    (states, parameters.collect())
}

fn bits<const N: usize>(states: &[[f64; N]]) -> Vec<u64> {
    states.as_flattened().iter().map(|v| v.to_bits()).collect()
}

fn fixed_is_one_by_one<M: Tableau, const N: usize, const P: usize>(
    system: &(impl Parametric<f64> + Sync),
    mut states: Vec<[f64; N]>,
    parameters: &[[f64; P]],
    h: f64,
    n: usize,
) {
    let mut alone = states.clone();
    for (j, state) in alone.iter_mut().enumerate() {
        let one = One::new(
            system,
            parameters[if parameters.len() == 1 { 0 } else { j }],
        );
        fixed_step::<M, _, _, _>(&one, state, 0.5, h, n).unwrap();
    }
    fixed_batch::<M, _, _, _, _>(system, &mut states, parameters, 0.5, h, n).unwrap();
    assert_eq!(bits(&states), bits(&alone), "{}", M::NAME);
}

#[test]
fn fixed_batches_have_the_bits_of_single_runs() {
    // Around the widths of vectors and groups.
    for count in [1, 2, 7, 8, 9, 31, 32, 33, 100] {
        let (states, parameters) = lorenz_batch(count);
        fixed_is_one_by_one::<Rk4, 3, 3>(&lorenz, states.clone(), &parameters, 0.01, 50);
        fixed_is_one_by_one::<Rk4, 3, 3>(&lorenz, states, &parameters[..1], 0.01, 51);
    }
    let (states, parameters) = lorenz_batch(40);
    fixed_is_one_by_one::<Euler, 3, 3>(&lorenz, states.clone(), &parameters, 0.001, 20);
    fixed_is_one_by_one::<BogackiShampine32, 3, 3>(&lorenz, states.clone(), &parameters, 0.01, 20);
    fixed_is_one_by_one::<DormandPrince54, 3, 3>(&lorenz, states.clone(), &parameters, 0.01, 20);
    fixed_is_one_by_one::<Verner76, 3, 3>(&lorenz, states.clone(), &parameters, -0.01, 20);
    fixed_is_one_by_one::<DormandPrince853, 3, 3>(&lorenz, states, &parameters, 0.01, 20);
}

#[test]
fn time_branches_and_functions_have_the_bits_of_single_runs() {
    let states: Vec<[f64; 2]> = (0..45).map(|j| [f64::from(j) / 20.0 - 1.0, 0.3]).collect();
    let parameters: Vec<[f64; 1]> = (0..45).map(|j| [f64::from(j) / 10.0]).collect();
    fixed_is_one_by_one::<Rk4, 2, 1>(&neuron, states.clone(), &parameters, 0.07, 100);
    fixed_is_one_by_one::<Tsitouras54, 2, 1>(&neuron, states, &parameters, 0.07, 100);
    // No parameter at all.
    let decay = |t: f64, y: &[f64], _p: &[f64], dy: &mut [f64]| dy[0] = -t * y[0];
    let states: Vec<[f64; 1]> = (0..20).map(|j| [f64::from(j)]).collect();
    fixed_is_one_by_one::<Rk4, 1, 0>(&decay, states, &[[]], 0.1, 10);
}

#[test]
fn single_precision() {
    let decay = |_t: f32, y: &[f32], p: &[f32], dy: &mut [f32]| dy[0] = -p[0] * y[0];
    let mut states = [[1.0_f32]; 21];
    let rates: [[f32; 1]; 21] = core::array::from_fn(|j| [j as f32 / 10.0]);
    fixed_batch::<Rk4, _, _, _, _>(&decay, &mut states, &rates, 0.0, 0.1, 10).unwrap();
    for j in 0..21 {
        let mut alone = [1.0];
        fixed_step::<Rk4, _, _, _>(&One::new(&decay, rates[j]), &mut alone, 0.0, 0.1, 10).unwrap();
        assert_eq!(states[j], alone);
    }
}

#[test]
fn adaptive_batches_have_the_bits_of_single_runs() {
    let config = SolverConfig::with_tolerance(1e-7);
    let (mut states, parameters) = lorenz_batch(50);
    let mut alone = states.clone();
    let mut costs = Vec::new();
    for (state, p) in alone.iter_mut().zip(&parameters) {
        let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, *state, &config).unwrap();
        solver.advance_to(&One::new(&lorenz, *p), 3.0).unwrap();
        costs.push(Ok(solver.statistics()));
        *state = solver.into_state();
    }
    let results = adaptive_batch::<DormandPrince54, _, _, _, _>(
        &lorenz,
        &mut states,
        &parameters,
        0.0,
        3.0,
        &config,
    )
    .unwrap();
    assert_eq!(bits(&states), bits(&alone));
    assert_eq!(results, costs);
}

#[test]
fn a_trajectory_that_fails_leaves_the_others_alone() {
    // y' = y² blows up at 1 / y0.
    let blow_up = |_t: f64, y: &[f64], _p: &[f64], dy: &mut [f64]| dy[0] = y[0] * y[0];
    let start = |j: usize| if j % 3 == 1 { 2.0 } else { 0.5 };
    let mut states: Vec<[f64; 1]> = (0..40).map(|j| [start(j)]).collect();
    let config = SolverConfig::with_tolerance(1e-8);
    let results =
        adaptive_batch::<Tsitouras54, _, _, _, _>(&blow_up, &mut states, &[[]], 0.0, 1.0, &config)
            .unwrap();
    for (j, (result, state)) in results.iter().zip(&states).enumerate() {
        if j % 3 == 1 {
            assert!(matches!(
                result,
                Err(Error::StepSizeUnderflow { .. } | Error::TooManySteps { .. })
            ));
            assert!(state[0].is_finite());
        } else {
            assert!(result.is_ok());
            assert!((state[0] - 1.0).abs() < 1e-6);
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_does_not_matter() {
    let config = SolverConfig::with_tolerance(1e-7);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let (mut fixed, parameters) = lorenz_batch(150);
            let mut adaptive = fixed.clone();
            fixed_batch::<Rk4, _, _, _, _>(&lorenz, &mut fixed, &parameters, 0.0, 0.01, 100)
                .unwrap();
            let costs = adaptive_batch::<DormandPrince54, _, _, _, _>(
                &lorenz,
                &mut adaptive,
                &parameters,
                0.0,
                1.0,
                &config,
            )
            .unwrap();
            (bits(&fixed), bits(&adaptive), costs)
        })
    };
    let one = run(1);
    assert_eq!(run(2), one);
    assert_eq!(run(5), one);
}

#[cfg(not(feature = "rayon"))]
#[test]
fn nothing_allocates() {
    let (mut states, parameters) = lorenz_batch(100);
    let (result, count) = allocations(|| {
        fixed_batch::<Rk4, _, _, _, _>(&lorenz, &mut states, &parameters, 0.0, 0.01, 50)
    });
    result.unwrap();
    assert_eq!(count, 0);
    let config = SolverConfig::with_tolerance(1e-7);
    let (result, count) = allocations(|| {
        adaptive_batch::<DormandPrince54, _, _, _, _>(
            &lorenz,
            &mut states,
            &parameters,
            0.0,
            1.0,
            &config,
        )
    });
    result.unwrap();
    // The list of results.
    assert_eq!(count, 1);
}

#[cfg(feature = "rayon")]
#[test]
fn nothing_allocates_for_a_step() {
    // Threads bring allocations of their own, however many steps there are.
    let counted = |n: usize| {
        let (mut states, parameters) = lorenz_batch(32);
        allocations(|| {
            fixed_batch::<Rk4, _, _, _, _>(&lorenz, &mut states, &parameters, 0.0, 0.01, n)
                .unwrap();
        })
        .1
    };
    counted(1);
    assert!(counted(200) <= counted(1) + 1);
}

#[test]
fn bad_input_is_named() {
    let (mut states, parameters) = lorenz_batch(5);
    let run = |states: &mut [[f64; 3]], parameters: &[[f64; 3]], t0: f64, h: f64| {
        fixed_batch::<Rk4, _, _, _, _>(&lorenz, states, parameters, t0, h, 10)
    };
    let error = run(&mut states, &parameters[..3], 0.0, 0.01);
    assert!(matches!(
        error,
        Err(Error::Shape {
            expected: 5,
            found: 3,
            ..
        })
    ));
    let error = run(&mut states, &parameters, f64::NAN, 0.01);
    assert!(matches!(
        error,
        Err(Error::OutOfRange { what: "start", .. })
    ));
    let error = run(&mut states, &parameters, 0.0, f64::INFINITY);
    assert!(matches!(error, Err(Error::OutOfRange { what: "step", .. })));
    assert_eq!(run(&mut [], &[], 0.0, 0.01), Ok(()));
    states[2][1] = f64::NAN;
    let error = run(&mut states, &parameters, 0.0, 0.01);
    assert!(matches!(error, Err(Error::NonFinite { .. })));

    let config = SolverConfig::with_tolerance(1e-6);
    let results = adaptive_batch::<DormandPrince54, _, _, _, _>(
        &lorenz,
        &mut states,
        &parameters,
        0.0,
        1.0,
        &config,
    )
    .unwrap();
    assert!(matches!(results[2], Err(Error::NonFinite { .. })));
    let nothing = |_: f64, _: &[f64], _: &[f64], _: &mut [f64]| {};
    let error = fixed_batch::<Rk4, _, _, 0, 0>(&nothing, &mut [[]; 4], &[[]], 0.0, 0.1, 1);
    assert_eq!(error, Err(Error::EmptySystem));
    let bad = SolverConfig::with_tolerance(-1.0);
    let error = adaptive_batch::<DormandPrince54, _, _, _, _>(
        &lorenz,
        &mut states,
        &parameters,
        0.0,
        1.0,
        &bad,
    );
    assert!(matches!(error, Err(Error::OutOfRange { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// The order of the trajectories does not matter, nor who their neighbours are.
    #[test]
    fn trajectories_do_not_touch_each_other(
        starts in prop::collection::vec(-2.0_f64..2.0, 1..70),
        rotation in 0_usize..70,
    ) {
        let mut states: Vec<[f64; 2]> = starts.iter().map(|&x| [x, 0.1]).collect();
        let mut rotated = states.clone();
        let by = rotation % states.len();
        rotated.rotate_left(by);
        fixed_batch::<Rk4, _, _, _, _>(&neuron, &mut states, &[[1.5]], 0.0, 0.1, 10).unwrap();
        fixed_batch::<Rk4, _, _, _, _>(&neuron, &mut rotated, &[[1.5]], 0.0, 0.1, 10).unwrap();
        states.rotate_left(by);
        prop_assert_eq!(states, rotated);
    }
}
