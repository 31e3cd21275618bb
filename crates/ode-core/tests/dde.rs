//! Delay equations against closed forms and certified values.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use neuropil_ode_core::dde::{DelayRk4, DelaySolver, DelaySystem};
use neuropil_ode_core::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, StepOutcome, Tableau, Tsitouras54,
    Verner65, Verner76, Verner98,
};
use neuropil_ode_core::systems::MackeyGlass;
use neuropil_ode_core::{Error, SolverConfig};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use neuropil_test_kit::order::observed_order;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// x(1000) of Mackey–Glass with delay 17 from the constant 1.2, to 25 digits.
const MACKEY_GLASS_1000: f64 = 0.947_202_316_809_043_2;

fn constant(value: f64) -> impl Fn(f64, &mut [f64]) + Copy {
    move |_, y| y.fill(value)
}

fn late(_t: f64, _y: &[f64], delayed: &[f64], dy: &mut [f64]) {
    dy[0] = -delayed[0];
}

/// y' = -y(t - 1) from 1 by the method of steps: $\sum_k (-1)^k (t - k + 1)^k / k!$ up to k = ⌊t⌋ + 1.
fn by_steps(t: f64) -> f64 {
    let mut sum = 1.0;
    let mut factorial = 1.0;
    let mut k = 1;
    while t - f64::from(k - 1) > 0.0 {
        factorial *= f64::from(k);
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum += sign * (t - f64::from(k - 1)).powi(k) / factorial;
        k += 1;
    }
    sum
}

fn adaptive<M: Tableau>(tolerance: f64, end: f64) -> (f64, u64) {
    let config = SolverConfig::with_tolerance(tolerance);
    let mut solver =
        DelaySolver::<M, _, _, _>::new(0.0, [1.2], &[17.0], constant(1.2), &config).unwrap();
    solver.advance_to(&MackeyGlass::default(), end).unwrap();
    assert_eq!(solver.time(), end);
    (solver.state()[0], solver.statistics().evaluations)
}

#[test]
fn fixed_steps_keep_the_published_accuracy_and_order_4() {
    let mut errors = Vec::new();
    let steps = [1.0, 0.5, 0.25, 0.125];
    let error = |h: f64| {
        let mut solver = DelayRk4::new(0.0, h, &[1.2], &[17.0], constant(1.2)).unwrap();
        solver
            .run(&MackeyGlass::default(), (1000.0 / h).round() as usize)
            .unwrap();
        assert!((solver.time() - 1000.0).abs() < 1e-9);
        (solver.state()[0] - MACKEY_GLASS_1000).abs()
    };
    for h in steps {
        errors.push(error(h));
    }
    let order = observed_order(&steps, &errors);
    println!("Mackey–Glass at 1000: {errors:?}, order {order:.3}");
    assert!((order - 4.0).abs() < 0.15, "{order}");
    assert!(errors[1] <= 1e-5, "h = 0.5: {:e}", errors[1]);
    let fine = error(0.1);
    assert!(fine <= 2e-8, "h = 0.1: {fine:e}");
}

#[test]
fn the_adaptive_solver_reaches_nine_digits_after_a_thousand_units() {
    fn check<M: Tableau>(tolerance: f64, allowed: f64) {
        let (x, evaluations) = adaptive::<M>(tolerance, 1000.0);
        let error = (x - MACKEY_GLASS_1000).abs();
        println!(
            "{:20} at {tolerance:e}: error {error:.1e}, {evaluations} evaluations",
            M::NAME
        );
        assert!(error <= allowed, "{}: {error:e}", M::NAME);
    }
    check::<DormandPrince54>(1e-12, 1e-9);
    check::<Tsitouras54>(1e-12, 1e-9);
    check::<Verner65>(1e-12, 1e-9);
    check::<Verner76>(1e-12, 1e-9);
    check::<DormandPrince853>(1e-12, 1e-9);
    check::<Verner98>(1e-12, 1e-9);
    check::<BogackiShampine32>(1e-8, 1e-4);
}

#[test]
fn errors_follow_the_tolerance() {
    fn slope<M: Tableau>() -> f64 {
        let tolerances = [1e-5, 1e-6, 1e-7, 1e-8, 1e-9];
        let mut errors = Vec::new();
        let mut sizes = Vec::new();
        for tolerance in tolerances {
            let (x, evaluations) = adaptive::<M>(tolerance, 100.0);
            errors.push((x - 1.013_724_016_524_116_7).abs());
            sizes.push(1.0 / evaluations as f64);
        }
        observed_order(&sizes, &errors)
    }
    // Against work the error falls with the order, which breakpoints missed would bring down to 2.
    let orders = [
        (slope::<Tsitouras54>(), 4.0),
        (slope::<DormandPrince54>(), 4.0),
        (slope::<Verner76>(), 5.0),
    ];
    println!("{orders:?}");
    for (order, least) in orders {
        assert!(order > least, "{order}");
    }
}

#[test]
fn the_method_of_steps_gives_the_same_polynomials() {
    let config = SolverConfig::with_tolerance(1e-10);
    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.0], &[1.0], constant(1.0), &config)
            .unwrap();
    for t in [0.5, 1.0, 1.7, 2.0, 3.3, 6.0, 10.0] {
        solver.advance_to(&late, t).unwrap();
        let error = (solver.state()[0] - by_steps(t)).abs();
        assert!(error < 1e-9, "{t}: {error:e}");
        // Within the last delay, too.
        let mut y = [0.0];
        for back in [0.0, 0.1, 0.5, 0.99] {
            solver.interpolate(t - back, &mut y).unwrap();
            let expected = if t < back { 1.0 } else { by_steps(t - back) };
            assert!((y[0] - expected).abs() < 1e-9, "{t} - {back}: {}", y[0]);
        }
    }
    let mut solver = DelayRk4::new(0.0, 0.05, &[1.0], &[1.0], constant(1.0)).unwrap();
    for t in 1..=4 {
        solver.run(&late, 20).unwrap();
        // Quartics and below are exact.
        let expected = by_steps(f64::from(t));
        assert!((solver.state()[0] - expected).abs() < 1e-13, "{t}");
    }
}

/// y' = a y + b y(t - τ₁) + c y(t - τ₂) with b, c such that exp(λt) solves it.
fn exponential(delays: [f64; 2]) -> impl DelaySystem<f64> {
    let lambda = -0.3_f64;
    let (b, c) = (0.4, -0.7);
    let a = lambda - b * (-lambda * delays[0]).exp() - c * (-lambda * delays[1]).exp();
    move |_t: f64, y: &[f64], delayed: &[f64], dy: &mut [f64]| {
        for i in 0..2 {
            dy[i] = a * y[i] + b * delayed[i] + c * delayed[2 + i];
        }
    }
}

fn smooth(t: f64, y: &mut [f64]) {
    y[0] = (-0.3 * t).exp();
    y[1] = -2.0 * y[0];
}

#[test]
fn several_delays_find_their_own_states() {
    let delays = [0.7, 1.5];
    let system = exponential(delays);
    let errors = [0.1, 0.05, 0.025].map(|h| {
        let mut y0 = [0.0; 2];
        smooth(0.0, &mut y0);
        let mut solver = DelayRk4::new(0.0, h, &y0, &delays, smooth).unwrap();
        solver.run(&system, (4.0 / h).round() as usize).unwrap();
        let mut exact = [0.0; 2];
        smooth(4.0, &mut exact);
        assert!((solver.state()[1] + 2.0 * solver.state()[0]).abs() < 1e-13);
        (solver.state()[0] - exact[0]).abs()
    });
    let order = observed_order(&[0.1, 0.05, 0.025], &errors);
    assert!((order - 4.0).abs() < 0.15, "{order}: {errors:?}");

    // Delays without a common step.
    let delays = [0.7, core::f64::consts::SQRT_2];
    let system = exponential(delays);
    let mut y0 = vec![0.0; 2];
    smooth(0.0, &mut y0);
    let config = SolverConfig::with_tolerance(1e-11);
    let mut solver =
        DelaySolver::<Verner76, _, _, _>::new(0.0, y0, &delays, smooth, &config).unwrap();
    solver.advance_to(&system, 8.0).unwrap();
    let mut exact = [0.0; 2];
    smooth(8.0, &mut exact);
    for (y, e) in solver.state().iter().zip(exact) {
        assert!((y - e).abs() < 1e-9, "{y} {e}");
    }
}

#[test]
fn a_state_that_jumps_at_the_start_keeps_the_order() {
    // y' = -y(t - 1) from y(0) = 2 after the history 0: 2 up to 1, then 2 - 2(t - 1), …
    let exact = |t: f64| {
        let mut sum = 2.0;
        if t > 1.0 {
            sum -= 2.0 * (t - 1.0);
        }
        if t > 2.0 {
            sum += (t - 2.0).powi(2);
        }
        if t > 3.0 {
            sum -= (t - 3.0).powi(3) / 3.0;
        }
        sum
    };
    let start = 0.1;
    let mut fixed = DelayRk4::new(start, 0.1, &[2.0], &[1.0], constant(0.0)).unwrap();
    let config = SolverConfig::with_tolerance(1e-10);
    let mut solver =
        DelaySolver::<DormandPrince54, _, _, _>::new(start, [2.0], &[1.0], constant(0.0), &config)
            .unwrap();
    for k in 1..=40 {
        fixed.run(&late, 1).unwrap();
        let t = f64::from(k) * 0.1;
        let error = (fixed.state()[0] - exact(t)).abs();
        assert!(error < 1e-13, "fixed, {t}: {error:e}");
        if k % 4 == 1 {
            solver.advance_to(&late, start + t).unwrap();
            let error = (solver.state()[0] - exact(t)).abs();
            assert!(error < 1e-12, "adaptive, {t}: {error:e}");
        }
    }
    assert!(
        solver.statistics().rejected <= 1,
        "{:?}",
        solver.statistics()
    );
}

#[test]
fn steps_land_on_the_jumps_and_stay_below_the_shortest_delay() {
    let config = SolverConfig::with_tolerance(1e-4);
    let delays = [1.0, 0.3];
    let system = |_t: f64, y: &[f64], delayed: &[f64], dy: &mut [f64]| {
        dy[0] = -y[0] + 0.5 * delayed[0] - 0.2 * delayed[1];
    };
    let mut solver =
        DelaySolver::<BogackiShampine32, _, _, _>::new(0.0, [1.0], &delays, constant(1.0), &config)
            .unwrap();
    let mut times = vec![0.0];
    while solver.step(&system, 4.0).unwrap() == StepOutcome::Accepted {
        times.push(solver.time());
    }
    for breakpoint in [0.3, 0.6, 0.9, 1.0, 1.3, 1.6, 2.0, 2.3, 3.0] {
        let nearest = times
            .iter()
            .fold(f64::MAX, |m, t: &f64| m.min((t - breakpoint).abs()));
        assert!(nearest < 1e-14, "{breakpoint}: {nearest:e}");
    }
    assert!(
        times
            .windows(2)
            .all(|pair| pair[1] - pair[0] <= 0.3 + 1e-15)
    );
    assert_eq!(solver.time(), 4.0);
}

#[test]
fn no_step_allocates_once_the_delay_is_full_of_steps() {
    let system = MackeyGlass::default();
    let mut fixed = DelayRk4::new(0.0, 0.5, &[1.2], &[17.0], constant(1.2)).unwrap();
    let (outcome, count) = allocations(|| fixed.run(&system, 200));
    outcome.unwrap();
    assert_eq!(count, 0, "fixed steps");

    let config = SolverConfig::with_tolerance(1e-8);
    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.2], &[17.0], constant(1.2), &config)
            .unwrap();
    solver.reserve(64);
    let (outcome, count) = allocations(|| {
        solver.advance_to(&system, 300.0)?;
        let mut y = [0.0];
        solver.interpolate(290.0, &mut y)
    });
    outcome.unwrap();
    assert_eq!(count, 0, "stack states");
    assert!(solver.kept_steps() < 64, "{}", solver.kept_steps());

    // A state on the heap: each step of the ring is made once.
    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, vec![1.2], &[17.0], constant(1.2), &config)
            .unwrap();
    solver.advance_to(&system, 300.0).unwrap();
    let (outcome, count) = allocations(|| solver.advance_to(&system, 600.0));
    outcome.unwrap();
    let most = 9 * 8;
    assert!(
        count <= most,
        "{count} allocations for {} steps",
        solver.statistics().accepted
    );
}

#[test]
fn single_precision_runs() {
    let history = |_t: f32, y: &mut [f32]| y[0] = 1.2;
    let mut fixed = DelayRk4::new(0.0, 0.1_f32, &[1.2], &[17.0], history).unwrap();
    fixed.run(&MackeyGlass::default(), 170).unwrap();
    let config = SolverConfig::with_tolerance(1e-5_f32);
    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.2_f32], &[17.0], history, &config)
            .unwrap();
    solver.advance_to(&MackeyGlass::default(), 17.0).unwrap();
    for x in [fixed.state()[0], solver.state()[0]] {
        assert!((x - 0.491_972_1).abs() < 2e-5, "{x}");
    }
}

#[test]
fn what_makes_no_sense_is_a_named_error() {
    let config = SolverConfig::<f64>::default();
    type History = fn(f64, &mut [f64]);
    let one: History = |_, y| y.fill(1.0);
    let nan: History = |t, y| y.fill(if t < -0.5 { f64::NAN } else { 1.0 });
    let fixed = |h, y0: &[f64], delays: &[f64], history| {
        DelayRk4::new(0.0, h, y0, delays, history).unwrap_err()
    };
    let adaptive = |t0, y0: &[f64], delays: &[f64], history| {
        DelaySolver::<Tsitouras54, _, _, _>::new(t0, y0.to_vec(), delays, history, &config)
            .err()
            .unwrap()
    };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for error in [
            fixed(0.1, &[1.0], &[1.0, bad], one),
            adaptive(0.0, &[1.0], &[1.0, bad], one),
        ] {
            let named = matches!(
                error,
                Error::OutOfRange {
                    what: "a delay",
                    ..
                }
            );
            assert!(named, "{bad}: {error}");
        }
        let error = fixed(bad, &[1.0], &[1.0], one);
        assert!(
            matches!(error, Error::OutOfRange { what: "step", .. }),
            "{bad}: {error}"
        );
    }
    for error in [
        fixed(0.1, &[1.0], &[], one),
        adaptive(0.0, &[1.0], &[], one),
    ] {
        assert!(
            matches!(error, Error::OutOfRange { value: 0.0, .. }),
            "{error}"
        );
    }
    for error in [
        fixed(0.1, &[], &[1.0], one),
        adaptive(0.0, &[], &[1.0], one),
    ] {
        assert_eq!(error, Error::EmptySystem);
    }
    for error in [
        fixed(0.1, &[1.0], &[1.0], nan),
        adaptive(0.0, &[1.0], &[1.0], nan),
    ] {
        let named = matches!(
            error,
            Error::NonFinite {
                what: "the history",
                t: -1.0,
                component: 0
            }
        );
        assert!(named, "{error}");
    }
    for y0 in [[f64::NAN], [f64::INFINITY]] {
        for error in [
            fixed(0.1, &y0, &[1.0], one),
            adaptive(0.0, &y0, &[1.0], one),
        ] {
            assert!(
                matches!(
                    error,
                    Error::NonFinite {
                        what: "the state",
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
    let error = fixed(0.3, &[1.0], &[1.0], one);
    assert!(
        error.to_string().contains("no multiple of the step"),
        "{error}"
    );
    let error = fixed(1e-13, &[1.0], &[1.0], one);
    assert!(
        error.to_string().contains("more than the memory holds"),
        "{error}"
    );
    let error = adaptive(1e20, &[1.0], &[1.0], one);
    assert!(
        error.to_string().contains("vanishes beside the start"),
        "{error}"
    );

    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.0], &[1.0], one, &config).unwrap();
    assert_eq!(
        solver.advance_to(&late, 0.0),
        Err(Error::ZeroSpan { t: 0.0 })
    );
    for t in [-1.0, f64::NAN, f64::INFINITY] {
        let error = solver.advance_to(&late, t).unwrap_err();
        assert!(matches!(error, Error::Time { .. }), "{t}: {error}");
    }
    solver.advance_to(&late, 5.0).unwrap();
    let mut y = [0.0];
    for t in [5.1, 3.9, f64::NAN] {
        assert!(
            matches!(solver.interpolate(t, &mut y), Err(Error::Time { .. })),
            "{t}"
        );
    }
    assert!(matches!(
        solver.interpolate(4.5, &mut [0.0; 2]),
        Err(Error::Shape { .. })
    ));
}

#[test]
fn a_solution_that_ends_is_a_named_error() {
    // From 0.5 on the right-hand side is no number.
    let ends = |t: f64, _y: &[f64], _delayed: &[f64], dy: &mut [f64]| {
        dy[0] = if t > 0.5 { f64::NAN } else { 1.0 };
    };
    let blows_up = |_t: f64, y: &[f64], delayed: &[f64], dy: &mut [f64]| {
        dy[0] = y[0] * y[0] * delayed[0];
    };
    let config = SolverConfig::default();
    let new = || {
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.0], &[2.0], constant(1.0), &config)
            .unwrap()
    };
    let error = new().advance_to(&ends, 2.0).unwrap_err();
    assert!(
        matches!(error, Error::StepSizeUnderflow { t, .. } | Error::NonFinite { t, .. } if (t - 0.5).abs() < 1e-6),
        "{error}"
    );
    let error = new().advance_to(&blows_up, 2.0).unwrap_err();
    assert!(
        matches!(error, Error::StepSizeUnderflow { t, .. } | Error::NonFinite { t, .. } if (t - 1.0).abs() < 1e-4),
        "{error}"
    );
    let mut fixed = DelayRk4::new(0.0, 0.1, &[1.0], &[2.0], constant(1.0)).unwrap();
    let error = fixed.run(&ends, 10).unwrap_err();
    assert!(
        matches!(
            error,
            Error::NonFinite {
                what: "the state",
                ..
            }
        ),
        "{error}"
    );
    assert!(fixed.time() < 0.65 && fixed.state()[0].is_finite());

    let config = SolverConfig {
        max_steps: 20,
        ..SolverConfig::with_tolerance(1e-10)
    };
    let mut solver =
        DelaySolver::<Tsitouras54, _, _, _>::new(0.0, [1.2], &[17.0], constant(1.2), &config)
            .unwrap();
    let error = solver
        .advance_to(&MackeyGlass::default(), 1000.0)
        .unwrap_err();
    assert!(
        matches!(error, Error::TooManySteps { steps: 20, .. }),
        "{error}"
    );
}
