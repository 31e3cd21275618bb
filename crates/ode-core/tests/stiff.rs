//! Laws of the stiff methods: their orders, their stability, their errors.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use nalgebra::{DVector, SVector};
use neuropil_ode_core::stiff::{Radau5, Rodas5P, Stiff, StiffMethod};
use neuropil_ode_core::{
    Controller, Error, Event, Method, Options, Output, SolverConfig, State, System, Tolerance,
    solve, solve_with,
};
use neuropil_test_kit::order::observed_order;

/// A rotation with a growing angle and a product: not autonomous, not linear, solved by
/// y₀ = exp(sin t²), y₁ = cos t.
#[derive(Clone, Copy)]
struct Swing {
    derivatives: bool,
}

impl Swing {
    fn exact(t: f64) -> [f64; 2] {
        [(t * t).sin().exp(), t.cos()]
    }
}

impl System<f64> for Swing {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        let drift = y[1] - t.cos();
        dy[0] = 2.0 * t * (t * t).cos() * y[0] + drift * y[0];
        dy[1] = -t.sin() - 2.0 * drift + drift * drift * y[0];
    }

    fn jacobian(&self, t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        let drift = y[1] - t.cos();
        jacobian[0] = 2.0 * t * (t * t).cos() + drift;
        jacobian[1] = drift * drift;
        jacobian[2] = y[0];
        jacobian[3] = -2.0 + 2.0 * drift * y[0];
        self.derivatives
    }

    fn time_derivative(&self, t: f64, y: &[f64], dt: &mut [f64]) -> bool {
        let (drift, change) = (y[1] - t.cos(), t.sin());
        let t2 = t * t;
        dt[0] = (2.0 * t2.cos() - 4.0 * t2 * t2.sin() + change) * y[0];
        dt[1] = -t.cos() - 2.0 * change + 2.0 * drift * change * y[0];
        self.derivatives
    }
}

/// Tight, so that the iteration of Radau does not show.
fn tight() -> SolverConfig<f64> {
    SolverConfig::with_tolerance(1e-13)
}

fn order_of<M: StiffMethod>(system: &Swing, counts: &[u32]) -> f64 {
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for &count in counts {
        let h = 1.5 / f64::from(count);
        let mut solver = Stiff::<M, _, _>::new(0.0, Swing::exact(0.0), &tight()).unwrap();
        for _ in 0..count {
            solver.fixed_step(system, h).unwrap();
        }
        let (y, exact) = (solver.state(), Swing::exact(solver.time()));
        steps.push(h);
        errors.push((y[0] - exact[0]).abs().max((y[1] - exact[1]).abs()));
    }
    observed_order(&steps, &errors)
}

#[test]
fn the_orders_are_five() {
    let counts = [24, 48, 96, 192];
    for derivatives in [true, false] {
        let system = Swing { derivatives };
        for (name, order) in [
            (Rodas5P::NAME, order_of::<Rodas5P>(&system, &counts)),
            (Radau5::NAME, order_of::<Radau5>(&system, &counts)),
        ] {
            assert!(
                (order - 5.0).abs() < 0.15,
                "{name}, derivatives given: {derivatives}: order {order:.3}"
            );
        }
    }
}

/// The order of the interpolation within single steps from many starts: their local error is one order
/// higher.
fn dense_order_of<M: StiffMethod>() -> f64 {
    let system = Swing { derivatives: true };
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for k in 5..9 {
        let h = 0.5_f64.powi(k);
        let mut sum = 0.0_f64;
        for start in 0..20 {
            let start = 0.1 * f64::from(start);
            let mut solver = Stiff::<M, _, _>::new(start, Swing::exact(start), &tight()).unwrap();
            solver.fixed_step(&system, h).unwrap();
            for theta in [0.3, 0.5, 0.7] {
                let mut y = [0.0; 2];
                solver.interpolate(start + theta * h, &mut y).unwrap();
                let exact = Swing::exact(start + theta * h);
                sum += (y[0] - exact[0]).powi(2) + (y[1] - exact[1]).powi(2);
            }
        }
        steps.push(h);
        errors.push(sum.sqrt());
    }
    observed_order(&steps, &errors) - 1.0
}

#[test]
fn the_dense_outputs_have_their_orders() {
    for (order, stated) in [
        (dense_order_of::<Rodas5P>(), Rodas5P::DENSE_ORDER),
        (dense_order_of::<Radau5>(), Radau5::DENSE_ORDER),
    ] {
        assert!(
            (order - f64::from(stated)).abs() < 0.15,
            "order {order:.3}, not {stated}"
        );
    }
}

#[test]
fn the_dense_output_meets_both_ends() {
    fn check<M: StiffMethod>() {
        let system = Swing { derivatives: true };
        let start = [1.0, 1.0];
        let mut solver = Stiff::<M, _, _>::new(0.0, start, &SolverConfig::default()).unwrap();
        let _ = solver.step(&system, 1.0).unwrap();
        let mut y = [0.0; 2];
        solver.interpolate(0.0, &mut y).unwrap();
        assert_eq!(y, start);
        let t1 = solver.time();
        solver.interpolate(t1, &mut y).unwrap();
        assert_eq!(&y, solver.state());
        assert!(matches!(
            solver.interpolate(t1 + 1e-3, &mut y),
            Err(Error::Time { .. })
        ));
        assert!(matches!(
            solver.interpolate(t1, &mut [0.0; 3]),
            Err(Error::Shape { expected: 2, .. })
        ));
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

/// Prothero and Robinson (1974): y' = λ (y - φ(t)) + φ'(t) follows φ, however stiff it is.
struct ProtheroRobinson {
    lambda: f64,
}

impl System<f64> for ProtheroRobinson {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        dy[0] = self.lambda * (y[0] - t.sin()) + t.cos();
    }

    fn jacobian(&self, _t: f64, _y: &[f64], jacobian: &mut [f64]) -> bool {
        jacobian[0] = self.lambda;
        true
    }

    fn time_derivative(&self, t: f64, _y: &[f64], dt: &mut [f64]) -> bool {
        dt[0] = -self.lambda * t.cos() - t.sin();
        true
    }
}

#[test]
fn stiff_components_are_followed_and_damped() {
    fn check<M: StiffMethod>() {
        for lambda in [-1e2, -1e6, -1e10] {
            let system = ProtheroRobinson { lambda };
            let mut solver = Stiff::<M, _, _>::new(0.0, [0.0], &tight()).unwrap();
            for _ in 0..20 {
                solver.fixed_step(&system, 0.1).unwrap();
            }
            let error = (solver.state()[0] - solver.time().sin()).abs();
            assert!(error < 2e-6, "{}, λ = {lambda:e}: {error:e}", M::NAME);
        }
        // L-stability: one long step forgets where it came from.
        let system = ProtheroRobinson { lambda: -1e9 };
        let mut solver = Stiff::<M, _, _>::new(0.0, [1.0], &tight()).unwrap();
        solver.fixed_step(&system, 0.1).unwrap();
        let left = (solver.state()[0] - 0.1_f64.sin()).abs();
        assert!(left < 1e-6, "{} leaves {left:e} of 1", M::NAME);
        // The number of steps does not grow with the stiffness.
        let count = |lambda| {
            let system = ProtheroRobinson { lambda };
            let config = SolverConfig::with_tolerance(1e-6);
            let mut solver = Stiff::<M, _, _>::new(0.0, [0.0], &config).unwrap();
            solver.advance_to(&system, 10.0).unwrap();
            assert!((solver.state()[0] - 10.0_f64.sin()).abs() < 1e-5);
            solver.statistics().accepted
        };
        assert!(count(-1e8) < 2 * count(-1e2) + 20);
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

#[test]
fn a_jacobian_that_depends_on_time_is_brought_up_to_date() {
    // y' = -a(t) (y - cos t) with a from 1 to 1e6 within the span.
    fn check<M: StiffMethod>() {
        for derivatives in [true, false] {
            struct Ramp {
                derivatives: bool,
            }
            fn rate(t: f64) -> f64 {
                (t * 1e6_f64.ln()).exp()
            }
            impl System<f64> for Ramp {
                fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
                    dy[0] = -rate(t) * (y[0] - t.cos()) - t.sin();
                }
                fn jacobian(&self, t: f64, _y: &[f64], jacobian: &mut [f64]) -> bool {
                    jacobian[0] = -rate(t);
                    self.derivatives
                }
                fn time_derivative(&self, t: f64, y: &[f64], dt: &mut [f64]) -> bool {
                    let a = rate(t);
                    dt[0] = -a * 1e6_f64.ln() * (y[0] - t.cos()) - a * t.sin() - t.cos();
                    self.derivatives
                }
            }
            let system = Ramp { derivatives };
            let config = SolverConfig::with_tolerance(1e-8);
            let mut solver = Stiff::<M, _, _>::new(0.0, [1.0], &config).unwrap();
            solver.advance_to(&system, 1.0).unwrap();
            let error = (solver.state()[0] - 1.0_f64.cos()).abs();
            let s = solver.statistics();
            assert!(error < 1e-7, "{}: {error:e}", M::NAME);
            assert!(s.accepted < 300 && s.jacobians > 1, "{}: {s:?}", M::NAME);
        }
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

/// The Brusselator with diffusion on 40 points, by the method of lines: 80 unknowns.
fn brusselator(_t: f64, y: &[f64], dy: &mut [f64]) {
    let points = y.len() / 2;
    let spread = 0.02 * (points as f64 + 1.0).powi(2);
    for i in 0..points {
        let (u, v) = (y[2 * i], y[2 * i + 1]);
        let at = |k: usize, edge: f64, which: usize| y.get(2 * k + which).copied().unwrap_or(edge);
        let bend = |value: f64, edge: f64, which: usize| {
            let before = if i == 0 { edge } else { at(i - 1, edge, which) };
            before - 2.0 * value + at(i + 1, edge, which)
        };
        dy[2 * i] = 1.0 + u * u * v - 4.0 * u + spread * bend(u, 1.0, 0);
        dy[2 * i + 1] = 3.0 * u - u * u * v + spread * bend(v, 3.0, 1);
    }
}

#[test]
fn factors_of_a_large_system_are_kept_over_many_steps() {
    let start: Vec<f64> = (0..80)
        .map(|k| match (k % 2, f64::from(k / 2 + 1) / 41.0) {
            (0, x) => 1.0 + (2.0 * std::f64::consts::PI * x).sin(),
            _ => 3.0,
        })
        .collect();
    let config = SolverConfig::with_tolerance(1e-6);
    let mut solver = Stiff::<Radau5, _, _>::new(0.0, start.clone(), &config).unwrap();
    solver.advance_to(&brusselator, 10.0).unwrap();
    let cost = solver.statistics();
    assert!(
        4 * cost.jacobians < cost.accepted && 2 * cost.factorisations < cost.accepted,
        "{cost:?}"
    );
    let config = SolverConfig::with_tolerance(1e-7);
    let mut other = Stiff::<Rodas5P, _, _>::new(0.0, start, &config).unwrap();
    other.advance_to(&brusselator, 10.0).unwrap();
    for (a, b) in solver.state().iter().zip(other.state()) {
        assert!((a - b).abs() < 5e-6, "{a} and {b}");
    }
}

fn oscillator(_t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = y[1];
    dy[1] = 100.0 * (1.0 - y[0] * y[0]) * y[1] - y[0];
}

#[test]
fn every_storage_gives_the_same_bits() {
    fn run<M: StiffMethod, S: State<f64>>(y0: S) -> Vec<f64> {
        let mut solver = Stiff::<M, _, _>::new(0.0, y0, &SolverConfig::default()).unwrap();
        solver.advance_to(&oscillator, 100.0).unwrap();
        solver.state().as_slice().to_vec()
    }
    fn check<M: StiffMethod>() {
        let array = run::<M, _>([2.0, 0.0]);
        assert_eq!(array, run::<M, _>(vec![2.0, 0.0]));
        assert_eq!(array, run::<M, _>(SVector::from([2.0, 0.0])));
        assert_eq!(array, run::<M, _>(DVector::from_vec(vec![2.0, 0.0])));
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

#[test]
fn time_may_run_backward_and_single_precision_works() {
    fn check<M: StiffMethod>() {
        let system = Swing { derivatives: true };
        let config = SolverConfig::with_tolerance(1e-9);
        let mut solver = Stiff::<M, _, _>::new(1.0, Swing::exact(1.0), &config).unwrap();
        solver.advance_to(&system, 0.0).unwrap();
        assert_eq!(solver.time(), 0.0);
        assert!((solver.state()[0] - 1.0).abs() < 1e-7, "{}", M::NAME);

        let decay = |_t: f32, y: &[f32], dy: &mut [f32]| {
            dy[0] = -y[0];
            dy[1] = 1e4 * (y[0] - y[1]);
        };
        let config = SolverConfig::with_tolerance(1e-4_f32);
        let mut solver = Stiff::<M, _, _>::new(0.0_f32, [1.0_f32, 0.0], &config).unwrap();
        solver.advance_to(&decay, 1.0).unwrap();
        let error = (solver.state()[1] - (-1.0_f32).exp()).abs();
        assert!(error < 2e-3, "{}: {error:e}", M::NAME);
        assert!(solver.statistics().accepted < 100);
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

#[test]
fn all_controllers_reach_the_end() {
    fn check<M: StiffMethod>() {
        let system = Swing { derivatives: true };
        for controller in [
            Controller::Auto,
            Controller::I,
            Controller::Pi,
            Controller::Pid,
        ] {
            let config = SolverConfig {
                controller,
                ..SolverConfig::with_tolerance(1e-8)
            };
            let mut solver = Stiff::<M, _, _>::new(0.0, Swing::exact(0.0), &config).unwrap();
            solver.advance_to(&system, 2.0).unwrap();
            let error = (solver.state()[0] - Swing::exact(2.0)[0]).abs();
            assert!(error < 1e-6, "{}, {controller:?}: {error:e}", M::NAME);
        }
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

#[test]
fn what_goes_wrong_has_a_name() {
    fn advance<M: StiffMethod>(system: &impl System<f64>, t: f64) -> Result<f64, Error> {
        let config = SolverConfig::default();
        let mut solver = Stiff::<M, _, _>::new(0.0, [1.0], &config)?;
        solver.advance_to(system, t)?;
        Ok(solver.state()[0])
    }
    fn check<M: StiffMethod>() {
        let config = SolverConfig::default();
        let square = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = y[0] * y[0];
        match advance::<M>(&square, 2.0) {
            Err(
                Error::StepSizeUnderflow { t, .. }
                | Error::NoConvergence { t, .. }
                | Error::SingularMatrix { t, .. },
            ) => assert!((t - 1.0).abs() < 1e-3, "{}: {t}", M::NAME),
            other => panic!("{}: {other:?}", M::NAME),
        }
        let cliff = |t: f64, _y: &[f64], dy: &mut [f64]| {
            dy[0] = if t > 0.5 { f64::NAN } else { 1.0 };
        };
        match advance::<M>(&cliff, 1.0) {
            Err(Error::StepSizeUnderflow { t, .. } | Error::NoConvergence { t, .. }) => {
                assert!((0.49..=0.5).contains(&t), "{}: {t}", M::NAME);
            }
            other => panic!("{}: {other:?}", M::NAME),
        }
        let nowhere = |_t: f64, _y: &[f64], dy: &mut [f64]| dy[0] = f64::NAN;
        assert!(matches!(
            advance::<M>(&nowhere, 1.0),
            Err(Error::NonFinite { t: 0.0, .. })
        ));
        assert!(matches!(
            advance::<M>(&square, 0.0),
            Err(Error::ZeroSpan { t: 0.0 })
        ));
        assert!(matches!(
            advance::<M>(&square, f64::NAN),
            Err(Error::Time { .. })
        ));
        let short = SolverConfig {
            max_steps: 3,
            ..SolverConfig::default()
        };
        let mut solver = Stiff::<M, _, _>::new(0.0, [2.0, 0.0], &short).unwrap();
        assert!(matches!(
            solver.advance_to(&oscillator, 100.0),
            Err(Error::TooManySteps { steps: 3, .. })
        ));
        assert!(matches!(
            Stiff::<M, f64, _>::new(0.0, [0.0; 0], &config).err(),
            Some(Error::EmptySystem)
        ));
        assert!(matches!(
            Stiff::<M, _, _>::new(0.0, [f64::NAN], &config).err(),
            Some(Error::NonFinite { .. })
        ));
        let absurd = SolverConfig {
            tolerance: Tolerance::both(-1.0),
            ..SolverConfig::default()
        };
        assert!(Stiff::<M, _, _>::new(0.0, [1.0], &absurd).is_err());
    }
    check::<Rodas5P>();
    check::<Radau5>();
}

#[test]
fn a_wrong_jacobian_is_told_from_a_singular_one() {
    struct Broken(f64);
    impl System<f64> for Broken {
        fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
            dy[0] = -1e6 * y[0] * y[0] * y[0];
        }
        fn jacobian(&self, _t: f64, _y: &[f64], jacobian: &mut [f64]) -> bool {
            jacobian[0] = self.0;
            true
        }
    }
    let config = SolverConfig::default();
    let mut solver = Stiff::<Radau5, _, _>::new(0.0, [1.0], &config).unwrap();
    assert!(matches!(
        solver.fixed_step(&Broken(3e12), 1.0),
        Err(Error::NoConvergence { t: 0.0, h: 1.0 })
    ));
    let mut solver = Stiff::<Radau5, _, _>::new(0.0, [1.0], &config).unwrap();
    assert!(matches!(
        solver.fixed_step(&Broken(f64::NAN), 1.0),
        Err(Error::NonFinite {
            what: "the Jacobian",
            ..
        })
    ));
    // 1/(h γ) - J = 0 for this step.
    let gamma = 0.21193756319429014;
    let mut solver = Stiff::<Rodas5P, _, _>::new(0.0, [1.0], &config).unwrap();
    assert!(matches!(
        solver.fixed_step(&Broken(1.0 / (0.5 * gamma)), 0.5),
        Err(Error::SingularMatrix { t: 0.0, h: 0.5 })
    ));
}

#[test]
fn solve_takes_them_by_name_with_events_and_outputs() {
    for method in [Method::Rodas5P, Method::Radau5] {
        let options = Options {
            method,
            output: Output::Every(0.25),
            ..Options::with_tolerance(1e-10)
        };
        let system = Swing { derivatives: true };
        let found = solve(&system, 0.0..2.0, Swing::exact(0.0), &options).unwrap();
        assert_eq!(found.t.len(), 9);
        for (t, y) in found.t.iter().zip(&found.y) {
            let error = (y[0] - Swing::exact(*t)[0]).abs();
            assert!(error < 1e-6, "{method:?} at {t}: {error:e}");
        }
        // A leaky integrator that is reset fires every 20 ln 4.
        let neuron = |_t: f64, v: &[f64], dv: &mut [f64]| dv[0] = (-(v[0] + 65.0) + 20.0) / 20.0;
        let spike = Event::new(|_t, v: &[f64]| v[0] + 50.0)
            .rising()
            .reset(|_t, v: &mut [f64]| v[0] = -65.0);
        let found = solve_with(&neuron, 0.0..100.0, vec![-65.0], &options, spike).unwrap();
        let times: Vec<f64> = found.times_of(0).collect();
        assert_eq!(times.len(), 3);
        for (k, t) in times.iter().enumerate() {
            let exact = (k as f64 + 1.0) * 20.0 * 4.0_f64.ln();
            assert!((t - exact).abs() < 1e-6, "{method:?}: {t}, not {exact}");
        }
    }
}
