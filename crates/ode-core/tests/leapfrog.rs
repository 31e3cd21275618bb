//! Leapfrog: bounded energy, reversibility, order.

use neuropil_ode_core::Error;
use neuropil_ode_core::leapfrog::{Leapfrog, SeparableHamiltonian};
use neuropil_test_kit::order::observed_order;

struct Kepler;

impl SeparableHamiltonian<f64> for Kepler {
    fn velocity(&self, p: &[f64], velocity: &mut [f64]) {
        velocity.copy_from_slice(p);
    }

    fn force(&self, q: &[f64], force: &mut [f64]) {
        let r = (q[0] * q[0] + q[1] * q[1]).sqrt();
        for i in 0..2 {
            force[i] = -q[i] / (r * r * r);
        }
    }
}

fn energy(q: &[f64], p: &[f64]) -> f64 {
    0.5 * (p[0] * p[0] + p[1] * p[1]) - 1.0 / (q[0] * q[0] + q[1] * q[1]).sqrt()
}

/// Eccentricity 0.6, period 2π.
fn start() -> ([f64; 2], [f64; 2]) {
    ([0.4, 0.0], [0.0, 2.0])
}

#[test]
fn energy_stays_bounded_over_a_hundred_thousand_steps() {
    let (mut q, mut p) = start();
    let before = energy(&q, &p);
    let mut leapfrog = Leapfrog::new(&Kepler, &q).unwrap();
    let h = 0.01;
    let mut worst = |blocks: usize| {
        (0..blocks).fold(0.0_f64, |worst, _| {
            leapfrog.run(&Kepler, h, 10, &mut q, &mut p).unwrap();
            worst.max((energy(&q, &p) - before).abs())
        })
    };
    let early = worst(1000);
    let late = worst(9000);
    println!("energy: {early:e} in 10⁴ steps, {late:e} in 10⁵");
    assert!(early < 5e-4, "{early}");
    // A drift would have grown tenfold.
    assert!(late < 1.05 * early, "{late} after {early}");
    // Angular momentum is kept exactly, up to rounding.
    assert!((q[0] * p[1] - q[1] * p[0] - 0.8).abs() < 1e-11);
}

#[test]
fn steps_taken_back_return() {
    let (mut q, mut p) = start();
    let mut leapfrog = Leapfrog::new(&Kepler, &q).unwrap();
    leapfrog.run(&Kepler, 0.01, 2000, &mut q, &mut p).unwrap();
    assert!((q[0] - 0.4).abs() > 0.1);
    leapfrog.run(&Kepler, -0.01, 2000, &mut q, &mut p).unwrap();
    let (q0, p0) = start();
    for i in 0..2 {
        assert!((q[i] - q0[i]).abs() < 1e-10, "{q:?}");
        assert!((p[i] - p0[i]).abs() < 1e-10, "{p:?}");
    }
}

#[test]
fn the_order_is_two() {
    let counts = [500, 1000, 2000, 4000, 8000];
    let period = core::f64::consts::TAU;
    let errors = counts.map(|n| {
        let (mut q, mut p) = start();
        let mut leapfrog = Leapfrog::new(&Kepler, &q).unwrap();
        let h = period / n as f64;
        leapfrog.run(&Kepler, h, n, &mut q, &mut p).unwrap();
        let (q0, _) = start();
        (q[0] - q0[0]).hypot(q[1] - q0[1])
    });
    let order = observed_order(&counts.map(|n| period / n as f64), &errors);
    println!("order {order:.3}");
    assert!((order - 2.0).abs() < 0.15, "{order}");
}

#[test]
fn the_force_is_evaluated_once_a_step() {
    struct Counted(core::cell::Cell<u32>);
    impl SeparableHamiltonian<f64> for Counted {
        fn velocity(&self, p: &[f64], velocity: &mut [f64]) {
            velocity.copy_from_slice(p);
        }
        fn force(&self, q: &[f64], force: &mut [f64]) {
            self.0.set(self.0.get() + 1);
            force[0] = -q[0];
        }
    }
    let system = Counted(core::cell::Cell::new(0));
    let (mut q, mut p) = ([1.0], [0.0]);
    let mut leapfrog = Leapfrog::new(&system, &q).unwrap();
    leapfrog.run(&system, 0.1, 25, &mut q, &mut p).unwrap();
    assert_eq!(system.0.get(), 26);
    // After a change from outside, the kept force is another.
    q[0] = 5.0;
    leapfrog.restart(&system, &q).unwrap();
    p[0] = 0.0;
    leapfrog.step(&system, 0.1, &mut q, &mut p).unwrap();
    assert!((q[0] - (5.0 - 0.005 * 5.0)).abs() < 1e-15);
}

#[test]
fn bad_input_is_refused() {
    assert!(matches!(
        Leapfrog::new(&Kepler, &[]),
        Err(Error::EmptySystem)
    ));
    let (mut q, mut p) = start();
    let mut leapfrog = Leapfrog::new(&Kepler, &q).unwrap();
    for h in [0.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            leapfrog.run(&Kepler, h, 1, &mut q, &mut p),
            Err(Error::OutOfRange { .. })
        ));
    }
    assert!(matches!(
        leapfrog.step(&Kepler, 0.1, &mut q, &mut [0.0; 3]),
        Err(Error::Shape {
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert!(matches!(
        leapfrog.restart(&Kepler, &[1.0]),
        Err(Error::Shape {
            expected: 2,
            found: 1,
            ..
        })
    ));
    p[1] = f64::NAN;
    assert!(matches!(
        leapfrog.run(&Kepler, 0.1, 1, &mut q, &mut p),
        Err(Error::NonFinite { component: 1, .. })
    ));
    // Into the singularity.
    let (mut q, mut p) = ([0.0, 0.0], [0.0, 0.0]);
    let mut leapfrog = Leapfrog::new(&Kepler, &q).unwrap();
    assert!(matches!(
        leapfrog.run(&Kepler, 0.1, 5, &mut q, &mut p),
        Err(Error::NonFinite { .. })
    ));
}
