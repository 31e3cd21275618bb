//! Steps for gated systems: what they are exact for, their orders, and that they never overshoot.

#![expect(clippy::unwrap_used, reason = "an error fails the test")]

use neuropil_math::Real;
use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep,
    RushLarsenMidpointStep, RushLarsenStep, Unfolding, crossing_time,
};
use neuropil_ode_core::{Error, Gated};
use neuropil_test_kit::order::observed_order;
use proptest::prelude::*;

/// Constant drives and rates.
struct Leak<T>(Vec<T>, Vec<T>);

impl<T: Real> Gated<T> for Leak<T> {
    fn drive_and_rate(&self, _t: T, _y: &[T], drive: &mut [T], rate: &mut [T]) {
        drive.copy_from_slice(&self.0);
        rate.copy_from_slice(&self.1);
    }
}

/// Two components that drive and gate each other, and a drive that depends on time.
struct Coupled;

impl Gated<f64> for Coupled {
    fn drive_and_rate(&self, t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        drive[0] = t.sin() + y[1];
        rate[0] = 1.0 + y[1] * y[1];
        drive[1] = 1.0 / (1.0 + (-2.0 * y[0]).exp());
        rate[1] = 0.5 + (0.7 * t).cos().powi(2);
    }
}

fn coupled<M: GatedStep<f64>>(method: M, steps: usize) -> [f64; 2] {
    let mut y = [0.3, -0.4];
    Unfolding::new(method, 2)
        .run(&Coupled, 0.0, 3.0, steps, &mut y)
        .unwrap();
    y
}

fn order<M: GatedStep<f64> + Copy>(method: M) -> f64 {
    // Extrapolated from two fine runs of the midpoint rule: error far below those measured.
    let (a, b) = (
        coupled(ExponentialMidpointStep, 8192),
        coupled(ExponentialMidpointStep, 16384),
    );
    let reference = [0, 1].map(|i| b[i] + (b[i] - a[i]) / 3.0);
    let counts = [32, 64, 128, 256, 512];
    let errors = counts.map(|n| {
        let y = coupled(method, n);
        (y[0] - reference[0]).abs().max((y[1] - reference[1]).abs())
    });
    observed_order(&counts.map(|n| 3.0 / n as f64), &errors)
}

#[test]
fn measured_orders_are_the_stated_ones() {
    fn check<M: GatedStep<f64> + Copy>(name: &str, method: M) {
        let (measured, stated) = (order(method), f64::from(M::ORDER));
        println!("{name}: {measured:.3}");
        assert!((measured - stated).abs() < 0.15, "{name}: {measured}");
    }
    check("exponential Euler", ExponentialEulerStep);
    check("exponential midpoint", ExponentialMidpointStep);
    check("fused", FusedStep);
    check("fused midpoint", FusedMidpointStep);
    check("Rush–Larsen", RushLarsenStep);
    check("Rush–Larsen midpoint", RushLarsenMidpointStep);
}

/// The distance in units of the last place of the larger number.
fn ulps(a: f64, b: f64) -> f64 {
    let top = a.abs().max(b.abs());
    (a - b).abs() / (top.next_up() - top)
}

#[test]
fn a_linear_leak_is_exact_for_any_step() {
    // tau v' = -(v + 65) + 20, from -65: v = -45 - 20 e^(-t/20).
    let leak = Leak(vec![-45.0 / 20.0], vec![1.0 / 20.0]);
    let mut worst: f64 = 0.0;
    for k in -400..400 {
        let dt = 10.0_f64.powf(f64::from(k) / 40.0);
        let exact = -45.0 - 20.0 * (-dt / 20.0).exp();
        for v in [
            one_step(ExponentialEulerStep, &leak, dt, -65.0),
            one_step(ExponentialMidpointStep, &leak, dt, -65.0),
        ] {
            worst = worst.max(ulps(v, exact));
        }
    }
    println!("one step: {worst} ulp");
    assert!(worst <= 4.0, "{worst} ulp");

    // Many steps: each adds its rounding, and the leak forgets it.
    for dt in [0.1, 0.5, 1.0, 2.5, 10.0] {
        let mut v = [-65.0];
        let mut unfolding = Unfolding::new(ExponentialEulerStep, 1);
        let steps = (50.0 / dt) as usize;
        unfolding.run(&leak, 0.0, 50.0, steps, &mut v).unwrap();
        let off = ulps(v[0], -45.0 - 20.0 * (-2.5_f64).exp());
        println!("dt = {dt}: {off} ulp");
        assert!(off <= 4.0, "dt = {dt}: {off} ulp");
    }
}

fn one_step<T: Real, M: GatedStep<T>>(method: M, system: &impl Gated<T>, h: T, y: T) -> T {
    let (mut y, mut workspace) = ([y], [T::zero(); 4]);
    method
        .step(system, T::zero(), h, &mut y, &mut workspace)
        .unwrap();
    y[0]
}

#[test]
fn single_precision_is_exact_to_its_own_rounding() {
    let leak = Leak(vec![-2.25_f32], vec![0.05]);
    for k in 0..60 {
        let dt = 0.01 * 1.3_f32.powi(k);
        let v = one_step(ExponentialEulerStep, &leak, dt, -65.0);
        let rate = f64::from(0.05_f32);
        let equilibrium = -2.25 / rate;
        let exact = equilibrium + (-65.0 - equilibrium) * (-f64::from(dt) * rate).exp();
        // The last place of numbers between 32 and 64 is 2⁻¹⁸.
        assert!((f64::from(v) - exact).abs() <= 4.0 / 262_144.0, "{dt}: {v}");
    }
}

#[test]
fn without_a_rate_the_steps_are_explicit() {
    for rate in [0.0, 1e-320, -1e-320] {
        let ramp = Leak(vec![3.0], vec![rate]);
        assert_eq!(one_step(ExponentialEulerStep, &ramp, 0.5, 1.0), 2.5);
        assert_eq!(one_step(ExponentialMidpointStep, &ramp, 0.5, 1.0), 2.5);
        assert_eq!(one_step(FusedStep, &ramp, 0.5, 1.0), 2.5);
        assert_eq!(one_step(FusedMidpointStep, &ramp, 0.5, 1.0), 2.5);
    }
}

#[test]
fn crossings_lie_on_the_leak_and_ahead() {
    let near = |found: Option<f64>, expected: f64| {
        let t = found.unwrap();
        assert!((t - expected).abs() <= 1e-15 + 4e-16 * expected, "{t}");
    };
    near(
        crossing_time(-65.0, -2.25, 0.05, -50.0),
        20.0 * 4.0_f64.ln(),
    );
    near(crossing_time(1.0, 0.0, 2.0, 0.5), 0.5 * 2.0_f64.ln());
    near(crossing_time(0.0, 2.0, 0.0, 1.0), 0.5);
    near(crossing_time(0.0, 2.0, 1e-300, 1.0), 0.5);
    near(crossing_time(0.5, 2.0, 1.0, 0.5), 0.0);
    // A growing mode: y' = y.
    near(crossing_time(1.0, 0.0, -1.0, core::f64::consts::E), 1.0);
    for (y, drive, rate, threshold) in [
        (0.0, 1.0, 1.0, 1.0),
        (0.0, 1.0, 1.0, 2.0),
        (0.0, 1.0, 1.0, -1.0),
        (0.0, -1.0, 0.0, 1.0),
        (0.0, 0.0, 0.0, 1.0),
        (f64::NAN, 1.0, 1.0, 0.5),
        (0.0, f64::NAN, 1.0, 0.5),
        (0.0, f64::INFINITY, f64::INFINITY, 0.5),
    ] {
        assert_eq!(
            crossing_time(y, drive, rate, threshold),
            None,
            "{y} {drive} {rate}"
        );
    }
}

proptest! {
    /// The new value lies between the old one and the equilibrium, up to rounding.
    #[test]
    fn no_step_overshoots(
        y in -5.0..5.0_f64,
        equilibrium in -5.0..5.0_f64,
        stiffness in -6.0..12.0_f64,
        h in 1e-3..1e2_f64,
    ) {
        let rate = 10.0_f64.powf(stiffness);
        let leak = Leak(vec![equilibrium * rate], vec![rate]);
        let (low, high) = (y.min(equilibrium), y.max(equilibrium));
        let slack = 8.0 * f64::EPSILON * low.abs().max(high.abs());
        for z in [
            one_step(ExponentialEulerStep, &leak, h, y),
            one_step(ExponentialMidpointStep, &leak, h, y),
            one_step(FusedStep, &leak, h, y),
            one_step(FusedMidpointStep, &leak, h, y),
        ] {
            prop_assert!(z >= low - slack && z <= high + slack, "{z} not in [{low}, {high}]");
        }
    }

    /// Backwards over a leak that is constant, exponential Euler returns to where it came from.
    #[test]
    fn exponential_euler_is_reversible_on_a_leak(y in -5.0..5.0_f64, x in 0.0..3.0_f64) {
        let leak = Leak(vec![0.7], vec![1.0]);
        let there = one_step(ExponentialEulerStep, &leak, x, y);
        let back = one_step(ExponentialEulerStep, &leak, -x, there);
        prop_assert!((back - y).abs() < 1e-13);
    }
}

/// NaN, or another value, after some time.
struct Breaks(f64);

impl Gated<f64> for Breaks {
    fn drive_and_rate(&self, t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        drive.fill(1.0);
        rate.fill(1.0);
        if t > 0.5 {
            drive[1] = self.0;
        }
    }
}

#[test]
fn what_is_not_finite_is_an_error_with_time_and_component() {
    for bad in [f64::NAN, f64::INFINITY] {
        fn check<M: GatedStep<f64>>(method: M, bad: f64) {
            let mut y = [0.0, 0.0];
            let error = Unfolding::new(method, 2)
                .run(&Breaks(bad), 0.0, 1.0, 10, &mut y)
                .unwrap_err();
            let Error::NonFinite {
                t, component: 1, ..
            } = error
            else {
                panic!("{error}");
            };
            assert!(t > 0.5 && t < 0.8, "{t}");
        }
        check(ExponentialEulerStep, bad);
        check(ExponentialMidpointStep, bad);
        check(FusedStep, bad);
        check(FusedMidpointStep, bad);
        let mut y = [0.0, bad];
        assert!(matches!(
            Unfolding::new(FusedStep, 2).run(&Breaks(0.0), 0.0, 1.0, 10, &mut y),
            Err(Error::NonFinite { component: 1, .. })
        ));
    }
}

#[test]
fn runs_that_make_no_sense_are_refused() {
    let leak = Leak(vec![1.0; 2], vec![1.0; 2]);
    let mut unfolding = Unfolding::new(FusedMidpointStep, 2);
    let mut run = |t, span, steps| unfolding.run(&leak, t, span, steps, &mut [0.0; 2]);
    assert_eq!(run(1.0, 0.0, 3), Err(Error::ZeroSpan { t: 1.0 }));
    assert!(matches!(run(0.0, 1.0, 0), Err(Error::OutOfRange { .. })));
    assert!(matches!(run(f64::NAN, 1.0, 1), Err(Error::Time { .. })));
    assert!(matches!(
        run(0.0, f64::INFINITY, 1),
        Err(Error::Time { .. })
    ));
    assert!(matches!(
        run(0.0, 5e-324, 10),
        Err(Error::StepSizeUnderflow { .. })
    ));
    assert!(run(0.0, -0.1, 3).is_ok());
    assert!(matches!(
        unfolding.run(&leak, 0.0, 1.0, 1, &mut [0.0; 3]),
        Err(Error::Shape {
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert_eq!(
        Unfolding::new(FusedStep, 0).run(&leak, 0.0, 1.0, 1, &mut []),
        Err(Error::EmptySystem)
    );
    assert!(matches!(
        FusedMidpointStep.step(&leak, 0.0, 1.0, &mut [0.0; 2], &mut [0.0; 5]),
        Err(Error::Shape {
            expected: 6,
            found: 5,
            ..
        })
    ));
}
