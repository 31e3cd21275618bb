//! The explicit methods: orders, counts, errors against certified values, and bad input.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic where it stands"
)]

use neuropil_ode_core::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Explicit, FixedStep, Heun,
    Midpoint, Rk4, StepOutcome, Tableau, Tsitouras54, Verner65, Verner76, Verner98, fixed_step,
};
use neuropil_ode_core::{
    Absolute, Controller, Error, Method, Options, Output, SolverConfig, System, Tolerance, solve,
    solve_into,
};
use neuropil_test_kit::order::observed_order;

fn lorenz(_t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = 10.0 * (y[1] - y[0]);
    dy[1] = y[0] * (28.0 - y[2]) - y[1];
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
}

const LORENZ_10: [f64; 3] = [-5.85768538242409, -5.83108248642610, 23.9321329870276];
const LORENZ_20: [f64; 3] = [-8.02114361331744, -11.9054647491752, 19.8563748583984];

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

fn run<M: Tableau, F: System<f64>, const N: usize>(
    system: &F,
    y0: [f64; N],
    t1: f64,
    tolerance: f64,
) -> ([f64; N], u64) {
    let config = SolverConfig::with_tolerance(tolerance);
    let mut solver = Explicit::<M, _, _>::new(0.0, y0, &config).unwrap();
    solver.advance_to(system, t1).unwrap();
    assert_eq!(solver.time(), t1);
    (*solver.state(), solver.statistics().evaluations)
}

fn oscillator(_t: f64, y: &[f64], dy: &mut [f64]) {
    (dy[0], dy[1]) = (y[1], -y[0]);
}

/// y' = ω y cos ω t: y = exp sin ω t.
fn swing(omega: f64) -> impl Fn(f64, &[f64], &mut [f64]) {
    move |t, y, dy| dy[0] = omega * y[0] * (omega * t).cos()
}

/// The slope through the finest errors that rounding, which is about `floor`, does not spoil.
fn slope(name: &str, coarsest: f64, floor: f64, error: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut sizes, mut errors) = (Vec::new(), Vec::new());
    let mut h = coarsest;
    while sizes.len() < 8 {
        let (size, e) = error(h);
        if e < floor {
            break;
        }
        sizes.push(size);
        errors.push(e);
        h /= 2.0_f64.sqrt();
    }
    assert!(sizes.len() >= 4, "{name}: too few sizes, {errors:?}");
    let from = sizes.len() - 4;
    observed_order(&sizes[from..], &errors[from..])
}

/// The mean error along a solution: at one time its leading term may happen to vanish.
fn mean_error<M: Tableau, const N: usize>(
    system: &impl System<f64>,
    exact: &impl Fn(f64) -> [f64; N],
    h: f64,
) -> (f64, f64) {
    let per_unit = (1.0 / h).ceil();
    let h = 1.0 / per_unit;
    let mut y = exact(0.0);
    let mut sum = 0.0;
    for i in 0..6 {
        let t = f64::from(i);
        fixed_step::<M, _, _, _>(system, &mut y, t, h, per_unit as usize).unwrap();
        sum += distance(&y, &exact(t + 1.0)).powi(2);
    }
    (h, (sum / 6.0).sqrt())
}

/// Measures the order of fixed steps, autonomous and not. `above` is how much more than the stated
/// order a method may show whose leading error is so small that rounding hides it.
fn check_order<M: Tableau>(coarsest: [f64; 2], omega: f64, floor: f64, above: f64) {
    let stated = f64::from(M::ORDER);
    let waves = |t: f64| [t.cos(), -t.sin()];
    let grown = |t: f64| [(omega * t).sin().exp()];
    let autonomous = slope(M::NAME, coarsest[0], floor, |h| {
        mean_error::<M, 2>(&oscillator, &waves, h)
    });
    let forced = slope(M::NAME, coarsest[1], floor, |h| {
        mean_error::<M, 1>(&swing(omega), &grown, h)
    });
    println!(
        "{}: {autonomous:.3} autonomous, {forced:.3} forced",
        M::NAME
    );
    for p in [autonomous, forced] {
        assert!(
            p > stated - 0.15 && p < stated + above,
            "{}: order {p}",
            M::NAME
        );
    }
}

/// The order of the dense output: the error within one step from exact values is O(h^(q+1)).
fn check_dense_order<M: Tableau>(coarsest: f64, above: f64) {
    let stated = f64::from(M::DENSE_ORDER);
    let omega = 3.0;
    let exact = |t: f64| [(omega * t).sin().exp()];
    for theta in [0.3, 0.5, 0.7] {
        let q = slope(M::NAME, coarsest, 5e-15, |h| {
            let starts = 24;
            let sum: f64 = (0..starts)
                .map(|i| {
                    let t0 = 0.37 * f64::from(i);
                    let config = SolverConfig {
                        first_step: Some(h),
                        ..SolverConfig::with_tolerance(1e3)
                    };
                    let mut solver = Explicit::<M, _, _>::new(t0, exact(t0), &config).unwrap();
                    let _ = solver.step(&swing(omega), t0 + h).unwrap();
                    let mut y = [0.0];
                    let t = t0 + theta * h;
                    solver.interpolate(&swing(omega), t, &mut y).unwrap();
                    distance(&y, &exact(t)).powi(2)
                })
                .sum();
            (h, (sum / f64::from(starts)).sqrt())
        }) - 1.0;
        println!("{} dense at {theta}: {q:.3} ({stated})", M::NAME);
        assert!(
            q > stated - 0.15 && q < stated + above,
            "{} at {theta}: {q}, not {stated}",
            M::NAME
        );
    }
}

#[test]
fn fixed_steps_have_the_stated_order() {
    check_order::<Euler>([0.005, 0.0025], 1.0, 2e-13, 0.15);
    check_order::<Midpoint>([0.02, 0.01], 1.0, 2e-13, 0.15);
    check_order::<Heun>([0.02, 0.01], 1.0, 2e-13, 0.15);
    check_order::<Rk4>([0.1, 0.05], 1.0, 2e-13, 0.15);
    check_order::<BogackiShampine32>([0.05, 0.02], 1.0, 2e-13, 0.15);
    check_order::<DormandPrince54>([0.1, 0.06], 3.0, 2e-13, 0.15);
    check_order::<Tsitouras54>([0.1, 0.06], 3.0, 2e-13, 0.15);
    check_order::<Verner76>([0.4, 0.12], 3.0, 2e-13, 0.15);
    check_order::<DormandPrince853>([1.0, 0.6], 1.0, 2e-13, 0.15);
    check_order::<Verner65>([0.4, 0.3], 1.0, 1.5e-14, 0.15);
    // Its terms of the next order are larger down to rounding.
    check_order::<Verner98>([1.2, 0.9], 1.0, 2e-13, 1.5);
}

#[test]
fn dense_output_has_the_stated_order() {
    check_dense_order::<BogackiShampine32>(0.02, 0.15);
    check_dense_order::<DormandPrince54>(0.06, 0.15);
    check_dense_order::<Tsitouras54>(0.06, 0.15);
    check_dense_order::<DormandPrince853>(0.15, 0.15);
    check_dense_order::<Verner65>(0.1, 0.15);
    // Their terms of the next order are larger down to rounding.
    check_dense_order::<Verner76>(0.15, 1.2);
    check_dense_order::<Verner98>(0.25, 1.2);
}

#[test]
fn lorenz_within_the_counts_and_errors_of_the_best() {
    fn check<M: Tableau>(count: u64, at_10: f64, at_20: f64) {
        let (y, evaluations) = run::<M, _, 3>(&lorenz, [1.0, 0.0, 0.0], 10.0, 1e-8);
        let error = distance(&y, &LORENZ_10);
        println!(
            "{} t=10: {evaluations} evaluations, error {error:.2e}",
            M::NAME
        );
        assert!(evaluations <= count, "{}: {evaluations}", M::NAME);
        assert!(error <= at_10, "{}: {error:e}", M::NAME);
        let (y, _) = run::<M, _, 3>(&lorenz, [1.0, 0.0, 0.0], 20.0, 1e-8);
        let error = distance(&y, &LORENZ_20);
        println!("{} t=20: error {error:.2e}", M::NAME);
        assert!(error <= 2.0 * at_20, "{}: {error:e}", M::NAME);
    }
    check::<DormandPrince54>(4800, 8e-6, 3.5e-3);
    check::<Tsitouras54>(4310, 2.2e-6, 6.9e-4);
    check::<DormandPrince853>(2710, 7e-7, 5.0e-4);
    check::<Verner98>(4500, 6e-8, 1.1e-5);
}

#[test]
fn lorenz_to_20_at_tight_tolerance() {
    fn check<M: Tableau>() {
        let (y, _) = run::<M, _, 3>(&lorenz, [1.0, 0.0, 0.0], 20.0, 1e-10);
        let error = distance(&y, &LORENZ_20);
        assert!(error <= 1e-3, "{}: {error:e}", M::NAME);
    }
    check::<DormandPrince54>();
    check::<Tsitouras54>();
    check::<Verner65>();
    check::<Verner76>();
    check::<Verner98>();
    check::<DormandPrince853>();
}

fn arenstorf(_t: f64, y: &[f64], dy: &mut [f64]) {
    let mu = 0.012277471;
    let nu = 1.0 - mu;
    let d1 = ((y[0] + mu).powi(2) + y[1] * y[1]).powf(1.5);
    let d2 = ((y[0] - nu).powi(2) + y[1] * y[1]).powf(1.5);
    dy[0] = y[2];
    dy[1] = y[3];
    dy[2] = y[0] + 2.0 * y[3] - nu * (y[0] + mu) / d1 - mu * (y[0] - nu) / d2;
    dy[3] = y[1] - 2.0 * y[2] - nu * y[1] / d1 - mu * y[1] / d2;
}

#[test]
fn arenstorf_closes() {
    fn check<M: Tableau>(count: u64, bound: f64) {
        let y0 = [0.994, 0.0, 0.0, -2.001_585_106_379_082_5];
        let (y, evaluations) = run::<M, _, 4>(&arenstorf, y0, 17.065_216_560_157_96, 1e-10);
        let error = distance(&y, &y0);
        println!("{}: {evaluations} evaluations, error {error:.2e}", M::NAME);
        assert!(evaluations <= count, "{}: {evaluations}", M::NAME);
        assert!(error <= bound, "{}: {error:e}", M::NAME);
    }
    check::<DormandPrince54>(5060, 2.4e-6);
    check::<Tsitouras54>(5186, 5.8e-8);
    check::<DormandPrince853>(2785, 8.6e-7);
    check::<Verner98>(3692, 1.4e-7);
}

fn pleiades(_t: f64, y: &[f64], dy: &mut [f64]) {
    for i in 0..7 {
        let (mut ax, mut ay) = (0.0, 0.0);
        for j in 0..7 {
            if i != j {
                let (dx, dy) = (y[j] - y[i], y[7 + j] - y[7 + i]);
                let r3 = (dx * dx + dy * dy).powf(1.5);
                ax += (j + 1) as f64 * dx / r3;
                ay += (j + 1) as f64 * dy / r3;
            }
        }
        (dy[i], dy[7 + i]) = (y[14 + i], y[21 + i]);
        (dy[14 + i], dy[21 + i]) = (ax, ay);
    }
}

#[test]
fn pleiades_reach_their_places() {
    let y0 = vec![
        3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0, 3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 1.75, -1.5, 0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0,
    ];
    let mut solver =
        Explicit::<DormandPrince853, _, _>::new(0.0, y0, &SolverConfig::with_tolerance(1e-12))
            .unwrap();
    solver.advance_to(&pleiades, 3.0).unwrap();
    let expected = [0.370613914397051, 3.23728409205723, -3.22255903241832];
    assert!(distance(&solver.state()[..3], &expected) < 1e-9);
}

#[test]
fn time_runs_backward_and_from_far_away() {
    let clock = |t: f64, y: &[f64], dy: &mut [f64]| dy[0] = y[0] * (t - 1e6).cos();
    let mut solver =
        Explicit::<Tsitouras54, _, _>::new(1e6, [1.0], &SolverConfig::with_tolerance(1e-9))
            .unwrap();
    solver.advance_to(&clock, 1e6 + 3.0).unwrap();
    assert_eq!(solver.time(), 1e6 + 3.0);
    assert!((solver.state()[0] - 3.0_f64.sin().exp()).abs() < 1e-7);
    solver.advance_to(&clock, 1e6 - 2.0).unwrap();
    assert_eq!(solver.time(), 1e6 - 2.0);
    assert!((solver.state()[0] - (-2.0_f64).sin().exp()).abs() < 1e-7);
}

#[test]
fn single_precision_works() {
    let decay = |_t: f32, y: &[f32], dy: &mut [f32]| dy[0] = -y[0];
    let config = SolverConfig::with_tolerance(1e-5_f32);
    let mut solver = Explicit::<DormandPrince54, f32, _>::new(0.0, [1.0], &config).unwrap();
    solver.advance_to(&decay, 2.0).unwrap();
    assert!((solver.state()[0] - (-2.0_f32).exp()).abs() < 1e-5);
}

#[test]
fn one_problem_on_every_storage_gives_the_same_bits() {
    let config = SolverConfig::with_tolerance(1e-9);
    macro_rules! solved {
        ($y:expr) => {{
            let mut solver = Explicit::<Tsitouras54, _, _>::new(0.0, $y, &config).unwrap();
            solver.advance_to(&lorenz, 5.0).unwrap();
            let y = solver.into_state();
            [y[0], y[1], y[2]].map(f64::to_bits)
        }};
    }
    let array = solved!([1.0, 0.0, 0.0]);
    assert_eq!(array, solved!(vec![1.0, 0.0, 0.0]));
    assert_eq!(array, solved!(nalgebra::SVector::from([1.0, 0.0, 0.0])));
    assert_eq!(
        array,
        solved!(nalgebra::DVector::from_vec(vec![1.0, 0.0, 0.0]))
    );
}

#[test]
fn fixed_steps_do_not_drift() {
    // The time of the last evaluation is t0 + i h, not a sum.
    let last = std::cell::Cell::new(0.0);
    let watch = |t: f64, _y: &[f64], dy: &mut [f64]| {
        last.set(t);
        dy[0] = 1.0;
    };
    let mut y = [0.0];
    let mut steps = FixedStep::<Euler, f64, _>::new(&y).unwrap();
    steps.run(&watch, &mut y, 0.0, 0.1, 1001).unwrap();
    assert_eq!(last.get(), 100.0);
    // Backward, and in two goes.
    let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
    let mut y = [1.0];
    fixed_step::<Rk4, _, _, _>(&decay, &mut y, 1.0, -0.01, 100).unwrap();
    assert!((y[0] - 1.0_f64.exp()).abs() < 1e-8);
}

#[test]
fn a_solution_that_ends_in_nan_is_an_error_with_its_time() {
    fn check<M: Tableau>() {
        let broken = |t: f64, y: &[f64], dy: &mut [f64]| {
            dy[0] = if t > 0.5 { f64::NAN } else { -y[0] };
        };
        let config = SolverConfig::with_tolerance(1e-6);
        let mut solver = Explicit::<M, _, _>::new(0.0, [1.0], &config).unwrap();
        match solver.advance_to(&broken, 1.0).unwrap_err() {
            Error::StepSizeUnderflow { t, h } => {
                assert!((t - 0.5).abs() < 1e-9 && t <= 0.5 && h < 1e-12, "{t} {h}");
            }
            other => panic!("{}: {other:?}", M::NAME),
        }
        assert!(solver.statistics().evaluations < 10_000);
        assert!(solver.state()[0].is_finite());
    }
    check::<BogackiShampine32>();
    check::<DormandPrince54>();
    check::<Tsitouras54>();
    check::<Verner65>();
    check::<Verner76>();
    check::<Verner98>();
    check::<DormandPrince853>();
}

#[test]
fn a_blow_up_is_a_step_size_underflow() {
    let blow_up = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = y[0] * y[0];
    for method in Method::ALL {
        let options = Options {
            method,
            ..Options::default()
        };
        match solve(&blow_up, 0.0..2.0, [1.0], &options).unwrap_err() {
            Error::StepSizeUnderflow { t, .. } => assert!((t - 1.0).abs() < 1e-3, "{t}"),
            Error::NonFinite { t, .. } => panic!("{method:?}: not finite at {t}"),
            other => panic!("{method:?}: {other:?}"),
        }
    }
}

#[test]
fn every_bad_input_has_its_own_error() {
    let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
    let config = SolverConfig::<f64>::default();
    type Solver = Explicit<Tsitouras54, f64, Vec<f64>>;
    assert_eq!(
        Solver::new(0.0, vec![], &config).err(),
        Some(Error::EmptySystem)
    );
    assert!(matches!(
        Solver::new(0.0, vec![1.0, f64::NAN], &config).err(),
        Some(Error::NonFinite { component: 1, .. })
    ));
    assert!(matches!(
        Solver::new(f64::INFINITY, vec![1.0], &config).err(),
        Some(Error::OutOfRange { .. })
    ));
    let mut solver = Solver::new(1.0, vec![1.0], &config).unwrap();
    assert_eq!(
        solver.advance_to(&decay, 1.0),
        Err(Error::ZeroSpan { t: 1.0 })
    );
    assert!(matches!(
        solver.advance_to(&decay, f64::NAN),
        Err(Error::Time { .. })
    ));
    assert!(matches!(
        solver.interpolate(&decay, 1.0, &mut [0.0]),
        Err(Error::Time { .. })
    ));
    assert!(matches!(
        solver.restart(0.0, &[1.0, 2.0]),
        Err(Error::Shape { .. })
    ));
    let nan = |_t: f64, _y: &[f64], dy: &mut [f64]| dy[0] = f64::NAN;
    assert!(matches!(
        solver.advance_to(&nan, 2.0),
        Err(Error::NonFinite { component: 0, .. })
    ));
    for relative in [-1.0, f64::NAN, f64::INFINITY, 1e-17] {
        let config = SolverConfig {
            tolerance: Tolerance {
                relative,
                absolute: Absolute::All(1e-9),
            },
            ..SolverConfig::default()
        };
        assert!(
            matches!(
                Solver::new(0.0, vec![1.0], &config).err(),
                Some(Error::OutOfRange { .. })
            ),
            "{relative}"
        );
    }
    let each = SolverConfig {
        tolerance: Tolerance {
            relative: 1e-6,
            absolute: Absolute::Each(vec![1e-6; 2]),
        },
        ..SolverConfig::default()
    };
    assert!(matches!(
        Solver::new(0.0, vec![1.0], &each).err(),
        Some(Error::Shape { .. })
    ));
    let few = SolverConfig {
        max_steps: 3,
        ..SolverConfig::with_tolerance(1e-12)
    };
    let mut solver = Solver::new(0.0, vec![1.0], &few).unwrap();
    assert!(matches!(
        solver.advance_to(&decay, 10.0),
        Err(Error::TooManySteps { steps: 3, .. })
    ));
    let least = SolverConfig {
        least_step: Some(0.5),
        ..SolverConfig::with_tolerance(1e-12)
    };
    let mut solver = Solver::new(0.0, vec![1.0], &least).unwrap();
    assert!(matches!(
        solver.advance_to(&decay, 10.0),
        Err(Error::StepSizeUnderflow { .. })
    ));
}

#[test]
fn no_step_exceeds_the_greatest() {
    let rest = |_t: f64, _y: &[f64], dy: &mut [f64]| dy[0] = 0.0;
    let config = SolverConfig {
        greatest_step: Some(0.25),
        ..SolverConfig::default()
    };
    let mut solver = Explicit::<Tsitouras54, _, _>::new(0.0, [1.0], &config).unwrap();
    let mut t = 0.0;
    while solver.step(&rest, 4.0).unwrap() == StepOutcome::Accepted {
        assert!(solver.time() - t <= 0.25 * 1.011);
        t = solver.time();
    }
    assert_eq!(solver.time(), 4.0);
}

#[test]
fn every_controller_reaches_the_tolerance() {
    for controller in [Controller::I, Controller::Pi, Controller::Pid] {
        let config = SolverConfig {
            controller,
            ..SolverConfig::with_tolerance(1e-8)
        };
        let mut solver =
            Explicit::<DormandPrince54, _, _>::new(0.0, [1.0, 0.0, 0.0], &config).unwrap();
        solver.advance_to(&lorenz, 10.0).unwrap();
        let error = distance(solver.state(), &LORENZ_10);
        assert!(error < 5e-5, "{controller:?}: {error:e}");
        let statistics = solver.statistics();
        assert!(
            statistics.evaluations < 8000,
            "{controller:?}: {statistics:?}"
        );
    }
}

#[test]
fn tolerances_per_component_are_heeded() {
    // Two copies of one oscillator; the second may err.
    let two = |_t: f64, y: &[f64], dy: &mut [f64]| {
        (dy[0], dy[1]) = (y[1], -y[0]);
        (dy[2], dy[3]) = (9.0 * y[3], -9.0 * y[2]);
    };
    let cost = |absolute: Vec<f64>| {
        let config = SolverConfig {
            tolerance: Tolerance {
                relative: 0.0,
                absolute: Absolute::Each(absolute),
            },
            ..SolverConfig::default()
        };
        let mut solver =
            Explicit::<Tsitouras54, _, _>::new(0.0, [1.0, 0.0, 1.0, 0.0], &config).unwrap();
        solver.advance_to(&two, 10.0).unwrap();
        solver.statistics().evaluations
    };
    assert!(2 * cost(vec![1e-9, 1e-9, 1e-3, 1e-3]) < cost(vec![1e-9; 4]));
}

#[test]
fn outputs_are_where_they_were_asked_for() {
    let spring = |_t: f64, y: &[f64], dy: &mut [f64]| (dy[0], dy[1]) = (y[1], -y[0]);
    let with = |output| Options {
        output,
        ..Options::with_tolerance(1e-9)
    };
    let last = solve(&spring, 0.0..3.0, [1.0, 0.0], &with(Output::Last)).unwrap();
    assert_eq!(last.t, [3.0]);
    let every = solve(&spring, 0.0..1.0, [1.0, 0.0], &with(Output::Every(0.1))).unwrap();
    assert_eq!((every.t.len(), every.t[10]), (11, 1.0));
    let every = solve(&spring, 0.0..1.0, [1.0, 0.0], &with(Output::Every(0.3))).unwrap();
    assert_eq!((every.t.len(), every.t[4]), (5, 1.0));
    let times = vec![0.0, 0.5, 0.5, 2.9, 3.0];
    for method in Method::ALL {
        let options = Options {
            method,
            ..with(Output::At(times.clone()))
        };
        let at = solve(&spring, 0.0..3.0, [1.0, 0.0], &options).unwrap();
        assert_eq!(at.t, times);
        for (t, y) in at.t.iter().zip(&at.y) {
            assert!((y[0] - t.cos()).abs() < 1e-6, "{method:?} at {t}: {y:?}");
        }
    }
    let back = solve(
        &spring,
        3.0..0.0,
        [1.0, 0.0],
        &with(Output::At(vec![2.0, 0.0])),
    )
    .unwrap();
    assert!((back.y[1][0] - 3.0_f64.cos()).abs() < 1e-7);
    let mut out = [0.0; 4];
    solve_into(
        &spring,
        0.0..3.0,
        [1.0, 0.0],
        &with(Output::Last),
        &[1.0, 2.0],
        &mut out,
    )
    .unwrap();
    assert!((out[2] - 2.0_f64.cos()).abs() < 1e-7 && (out[1] + 1.0_f64.sin()).abs() < 1e-7);
    for bad in [vec![2.0, 1.0], vec![4.0], vec![-1.0], vec![f64::NAN]] {
        assert!(matches!(
            solve(&spring, 0.0..3.0, [1.0, 0.0], &with(Output::At(bad))),
            Err(Error::Time { .. })
        ));
    }
    for bad in [0.0, -1.0, f64::NAN, 1e-300] {
        assert!(matches!(
            solve(&spring, 0.0..3.0, [1.0, 0.0], &with(Output::Every(bad))),
            Err(Error::OutOfRange { .. })
        ));
    }
}

#[test]
fn stops_restore_the_order_across_a_jump() {
    // A current pulse from 1 to 2; exact by hand.
    let pulse = |t: f64, y: &[f64], dy: &mut [f64]| {
        dy[0] = -y[0] + if (1.0..2.0).contains(&t) { 5.0 } else { 0.0 };
    };
    let exact = 5.0 * (1.0 - (-1.0_f64).exp()) * (-1.0_f64).exp();
    let solved = |stops: &[f64], span: core::ops::Range<f64>, y0: f64| {
        let options = Options {
            stops: stops.to_vec(),
            output: Output::Last,
            ..Options::with_tolerance(1e-9)
        };
        let solution = solve(&pulse, span, [y0], &options).unwrap();
        (solution.y[0][0], solution.statistics)
    };
    let (y, with) = solved(&[2.0, 1.0], 0.0..3.0, 0.0);
    assert!((y - exact).abs() < 1e-8, "{y} {exact}");
    let (y, _) = solved(&[1.0, 2.0], 3.0..0.0, exact);
    assert!(y.abs() < 1e-7, "{y}");
    let (_, without) = solved(&[], 0.0..3.0, 0.0);
    assert!(
        with.evaluations < without.evaluations,
        "{with:?} {without:?}"
    );
}
