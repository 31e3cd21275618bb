//! The systems against what is known of them: Jacobians, symmetries, closed forms.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use neuropil_ode_core::systems::{
    AdaptiveExponential, Arenstorf, DoubleScroll, FitzHughNagumo, Hires, HodgkinHuxley, Izhikevich,
    KuramotoSivashinsky, LeakyIntegrateAndFire, LiquidCell, Lorenz63, Lorenz96, Pleiades,
    QuadraticIntegrateAndFire, Robertson, Rossler, VanDerPol,
};
use neuropil_ode_core::{Error, Events, Gated, Method, Options, Output, System, solve, solve_with};
use neuropil_test_kit::tolerance::check_close;
use proptest::prelude::*;

/// The analytic Jacobian against differences that are extrapolated once.
fn check_jacobian(name: &str, system: &dyn System<f64>, y: &[f64]) {
    let n = y.len();
    let mut jacobian = vec![f64::NAN; n * n];
    assert!(system.jacobian(0.3, y, &mut jacobian), "{name}");
    let mut dt = vec![f64::NAN; n];
    assert!(system.time_derivative(0.3, y, &mut dt), "{name}");
    assert!(dt.iter().all(|&v| v == 0.0), "{name} is autonomous");
    let largest = jacobian.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let mut column = vec![0.0; n];
    for j in 0..n {
        let quotient = |h: f64| {
            let mut ends = [vec![0.0; n], vec![0.0; n]];
            for (sign, end) in [1.0, -1.0].into_iter().zip(&mut ends) {
                let mut point = y.to_vec();
                point[j] += sign * h;
                system.rhs(0.3, &point, end);
            }
            (0..n)
                .map(|i| (ends[0][i] - ends[1][i]) / (2.0 * h))
                .collect::<Vec<_>>()
        };
        let h = 1e-3 * y[j].abs().max(0.1);
        let (coarse, fine) = (quotient(h), quotient(0.5 * h));
        for i in 0..n {
            column[i] = (4.0 * fine[i] - coarse[i]) / 3.0;
        }
        let analytic = &jacobian[j * n..(j + 1) * n];
        check_close(name, analytic, &column, 1e-6, 1e-9 * largest.max(1e-3))
            .unwrap_or_else(|e| panic!("{name}, by component {j}: {e}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn jacobians_are_the_derivatives(x in prop::collection::vec(-1.0..1.0_f64, 28)) {
        let scaled = |n: usize, scale: f64| x[..n].iter().map(|v| v * scale).collect::<Vec<_>>();
        let near = |y: &[f64], share: f64| {
            y.iter().zip(&x).map(|(y, x)| y + share * x).collect::<Vec<_>>()
        };
        check_jacobian("Lorenz63", &Lorenz63::default(), &scaled(3, 20.0));
        check_jacobian("Rössler", &Rossler::default(), &scaled(3, 10.0));
        check_jacobian("double scroll", &DoubleScroll::default(), &scaled(3, 1.0));
        for n in [1, 2, 3, 4, 5, 9] {
            check_jacobian("Lorenz96", &Lorenz96::default(), &scaled(n, 5.0));
            check_jacobian("Kuramoto–Sivashinsky", &KuramotoSivashinsky::default(), &scaled(n, 3.0));
        }
        for mu in [1.0, 1000.0] {
            check_jacobian("Van der Pol", &VanDerPol { mu }, &scaled(2, 2.0));
        }
        check_jacobian("FitzHugh–Nagumo", &FitzHughNagumo::default(), &scaled(2, 2.0));
        let gates = [-40.0 + 50.0 * x[0], x[1].abs(), x[2].abs(), x[3].abs()];
        check_jacobian("Hodgkin–Huxley", &HodgkinHuxley::default(), &gates);
        check_jacobian("liquid cell", &LiquidCell::default(), &scaled(4, 1.0));
        check_jacobian("LIF", &LeakyIntegrateAndFire::default(), &scaled(1, 60.0));
        check_jacobian("QIF", &QuadraticIntegrateAndFire::default(), &scaled(1, 60.0));
        check_jacobian("Izhikevich", &Izhikevich::default(), &scaled(2, 60.0));
        check_jacobian("AdEx", &AdaptiveExponential::default(), &[-50.0 + 10.0 * x[0], x[1]]);
        // Half an orbit away from the masses, where differences are exact enough to compare with.
        let far = [-1.17, -0.28, -0.25, 0.45];
        check_jacobian("Arenstorf", &Arenstorf::default(), &near(&far, 0.1));
        check_jacobian("Pleiades", &Pleiades::default(), &near(&Pleiades::INITIAL, 0.2));
        check_jacobian("HIRES", &Hires {}, &scaled(8, 1.0));
        check_jacobian("Robertson", &Robertson::default(), &scaled(3, 1.0));
    }

    #[test]
    fn gated_forms_are_the_same_systems(x in prop::array::uniform4(-1.0..1.0_f64)) {
        let (mut drive, mut rate, mut rates) = ([0.0; 4], [0.0; 4], [0.0; 4]);
        let y = [-40.0 + 50.0 * x[0], x[1].abs(), x[2].abs(), x[3].abs()];
        let axon = HodgkinHuxley::default();
        axon.drive_and_rate(0.0, &y, &mut drive, &mut rate);
        axon.rhs(0.0, &y, &mut rates);
        for i in 0..4 {
            let gap = drive[i] - rate[i] * y[i] - rates[i];
            prop_assert!(gap.abs() < 1e-9 * (1.0 + rates[i].abs()), "{i}: {gap:e}");
        }
        let cell = LiquidCell::default();
        cell.drive_and_rate(0.0, &x, &mut drive, &mut rate);
        cell.rhs(0.0, &x, &mut rates);
        for i in 0..4 {
            prop_assert!((drive[i] - rate[i] * x[i] - rates[i]).abs() < 1e-13);
        }
    }

    #[test]
    fn gravity_has_no_net_force(x in prop::collection::vec(-1.0..1.0_f64, 28)) {
        let y: Vec<f64> = Pleiades::INITIAL.iter().zip(&x).map(|(y, x)| y + 0.2 * x).collect();
        let mut dy = vec![0.0; 28];
        Pleiades::default().rhs(0.0, &y, &mut dy);
        for direction in [14, 21] {
            let force: f64 = (0..7).map(|i| (i + 1) as f64 * dy[direction + i]).sum();
            prop_assert!(force.abs() < 1e-11, "{force:e}");
        }
    }

    #[test]
    fn kuramoto_sivashinsky_conserves_its_mean(y in prop::collection::vec(-3.0..3.0_f64, 5..40)) {
        let mut dy = vec![0.0; y.len()];
        KuramotoSivashinsky::default().rhs(0.0, &y, &mut dy);
        let scale = dy.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        prop_assert!(dy.iter().sum::<f64>().abs() < 1e-13 * scale * y.len() as f64);
    }

    #[test]
    fn robertson_conserves_mass(y in prop::array::uniform3(0.0..1.0_f64)) {
        let mut dy = [0.0; 3];
        Robertson::default().rhs(0.0, &y, &mut dy);
        prop_assert!(dy.iter().sum::<f64>().abs() <= 1e-8 * dy[2].abs());
    }
}

#[test]
fn kuramoto_sivashinsky_grows_waves_at_their_rates() {
    // u = ε sin(kx) grows at k² - k⁴, to second order in the grid.
    let error = |n: usize| {
        let system = KuramotoSivashinsky::default();
        let k = core::f64::consts::TAU / system.length;
        let wave = |j: usize| (core::f64::consts::TAU * j as f64 / n as f64).sin();
        let y: Vec<f64> = (0..n).map(|j| 1e-9 * wave(j)).collect();
        let mut dy = vec![0.0; n];
        system.rhs(0.0, &y, &mut dy);
        let quarter = n / 4;
        (dy[quarter] / y[quarter] - (k * k - k.powi(4))).abs()
    };
    let (coarse, fine) = (error(32), error(64));
    assert!(coarse < 1e-3, "{coarse:e}");
    assert!((coarse / fine - 4.0).abs() < 0.05, "{coarse:e} {fine:e}");
    // The advection -uuₓ of a cosine around its zero.
    let n = 256;
    let (mut y, mut dy) = (vec![0.0; n], vec![0.0; n]);
    for (j, y) in y.iter_mut().enumerate() {
        *y = 1e3 * (core::f64::consts::TAU * j as f64 / n as f64).cos();
    }
    let system = KuramotoSivashinsky::default();
    system.rhs(0.0, &y, &mut dy);
    let k = core::f64::consts::TAU / system.length;
    // At x = L/8: u uₓ = -k A²/2.
    let expected = 0.5e6 * k;
    assert!((dy[n / 8] / expected - 1.0).abs() < 2e-3, "{}", dy[n / 8]);
}

#[test]
fn intervals_of_spikes_are_those_of_the_closed_forms() {
    let options = Options {
        method: Method::Verner76,
        output: Output::Last,
        ..Options::with_tolerance(1e-12)
    };
    let check = |name: &str, found: Vec<f64>, interval: f64| {
        assert_eq!(found.len(), 3, "{name}");
        for (k, t) in found.iter().enumerate() {
            let expected = (k + 1) as f64 * interval;
            assert!(
                (t - expected).abs() < 1e-9 * expected,
                "{name}: {t} {expected}"
            );
        }
    };
    let lif = LeakyIntegrateAndFire::default();
    let interval = lif.interval().unwrap();
    assert!((interval - 20.0 * 4.0_f64.ln()).abs() < 1e-14);
    let run = solve_with(&lif, 0.0..3.5 * interval, [lif.reset], &options, lif).unwrap();
    check("LIF", run.times_of(0).collect(), interval);
    let qif = QuadraticIntegrateAndFire::default();
    let interval = qif.interval().unwrap();
    let run = solve_with(&qif, 0.0..3.5 * interval, [qif.reset], &options, qif).unwrap();
    check("QIF", run.times_of(0).collect(), interval);
    assert_eq!(
        LeakyIntegrateAndFire { drive: 15.0, ..lif }.interval(),
        None
    );
    let silent = QuadraticIntegrateAndFire {
        current: -1.0,
        ..qif
    };
    assert_eq!(silent.interval(), None);
}

#[test]
fn the_arenstorf_orbit_closes_and_the_axon_rests() {
    let options = Options {
        method: Method::Verner98,
        output: Output::Last,
        ..Options::with_tolerance(1e-13)
    };
    let orbit = Arenstorf::default();
    let run = solve(&orbit, 0.0..Arenstorf::PERIOD, Arenstorf::INITIAL, &options).unwrap();
    check_close("orbit", &run.y[0], &Arenstorf::INITIAL, 0.0, 1e-9).unwrap();

    let axon = HodgkinHuxley {
        current: 0.0,
        ..HodgkinHuxley::default()
    };
    let run = solve(&axon, 0.0..200.0, HodgkinHuxley::INITIAL, &options).unwrap();
    assert!((run.y[0][0] + 65.0).abs() < 0.01, "{}", run.y[0][0]);
}

#[test]
fn a_state_of_another_length_is_an_error_and_no_panic() {
    let options = Options::<f64>::default();
    fn refused(system: &dyn System<f64>, n: usize, options: &Options<f64>) {
        let error = solve(system, 0.0..1.0, vec![0.5; n], options).unwrap_err();
        assert!(matches!(error, Error::NonFinite { .. }), "{n}: {error}");
        assert!(!system.jacobian(0.0, &vec![0.5; n], &mut vec![0.0; n * n]));
    }
    for n in [1, 5, 29] {
        refused(&Lorenz63::default(), n, &options);
        refused(&HodgkinHuxley::default(), n, &options);
        refused(&LiquidCell::default(), n, &options);
        refused(&Pleiades::default(), n, &options);
        refused(&Hires {}, n, &options);
        refused(&Arenstorf::default(), n, &options);
        refused(&VanDerPol::default(), n, &options);
    }
    let mut short = [0.0; 2];
    HodgkinHuxley::default().drive_and_rate(0.0, &[0.0; 2], &mut short, &mut [0.0; 2]);
    assert!(f64::is_nan(short[0]));
    // Events of a neuron without variables.
    let mut none: [f64; 0] = [];
    Events::<f64>::values(&Izhikevich::default(), 0.0, &none, &mut []);
    Events::<f64>::apply(&mut Izhikevich::default(), 0, 0.0, &mut none);
}

#[test]
fn parameters_survive_json_and_refuse_unknown_names() {
    let cell = LiquidCell {
        input: 0.25,
        ..LiquidCell::default()
    };
    let text = serde_json::to_string(&cell).unwrap();
    assert_eq!(serde_json::from_str::<LiquidCell>(&text).unwrap(), cell);
    let axon: HodgkinHuxley = serde_json::from_str("{\"current\": 7.0}").unwrap();
    assert_eq!((axon.current, axon.sodium), (7.0, 120.0));
    assert!(serde_json::from_str::<Lorenz63>("{\"sigmo\": 1.0}").is_err());
}
