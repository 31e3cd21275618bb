//! Events: where they are found, what they do, and what happens at the edges.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic where it stands"
)]

use neuropil_ode_core::explicit::{Explicit, Tsitouras54};
use neuropil_ode_core::{
    Absolute, Action, Controller, Direction, Error, Event, Events, Integration, Method, Options,
    Output, Solution, SolverConfig, solve_with,
};

fn drift(_t: f64, _y: &[f64], dy: &mut [f64]) {
    dy[0] = 1.0;
}

fn spring(_t: f64, y: &[f64], dy: &mut [f64]) {
    (dy[0], dy[1]) = (y[1], -y[0]);
}

fn options(method: Method, tolerance: f64) -> Options<f64> {
    Options {
        method,
        output: Output::Last,
        ..Options::with_tolerance(tolerance)
    }
}

fn times<S>(solution: &Solution<f64, S>) -> Vec<f64> {
    solution.events.iter().map(|e| e.t).collect()
}

#[test]
fn a_leaky_integrator_fires_every_twenty_ln_four() {
    let neuron = |_t: f64, v: &[f64], dv: &mut [f64]| dv[0] = (-(v[0] + 65.0) + 20.0) / 20.0;
    let isi = 20.0 * 4.0_f64.ln();
    for method in Method::ALL {
        // Its dense output is of order 3 only.
        let tolerance = if method == Method::BogackiShampine32 {
            1e-12
        } else {
            1e-11
        };
        let spike = Event::new(|_t, v: &[f64]| v[0] + 50.0)
            .rising()
            .reset(|_t, v: &mut [f64]| v[0] = -65.0);
        let solution = solve_with(
            &neuron,
            0.0..1000.0,
            [-65.0],
            &options(method, tolerance),
            spike,
        )
        .unwrap();
        let spikes = times(&solution);
        assert_eq!(spikes.len(), 36, "{method:?}");
        for (k, t) in spikes.iter().enumerate() {
            let expected = isi * (k + 1) as f64;
            let error = (t / expected - 1.0).abs();
            assert!(error < 1e-9, "{method:?}: spike {k} off by {error:e}");
        }
        assert_eq!(solution.statistics.events, 36);
    }
}

#[test]
fn a_quadratic_integrator_fires_as_its_tangent() {
    // v' = v² + 1 from -10 to 10: arctan.
    let neuron = |_t: f64, v: &[f64], dv: &mut [f64]| dv[0] = v[0] * v[0] + 1.0;
    let isi = 2.0 * 10.0_f64.atan();
    let spike = Event::new(|_t, v: &[f64]| v[0] - 10.0)
        .rising()
        .reset(|_t, v: &mut [f64]| v[0] = -10.0);
    let solution = solve_with(
        &neuron,
        0.0..100.0,
        [-10.0],
        &options(Method::Verner76, 1e-12),
        spike,
    )
    .unwrap();
    let spikes = times(&solution);
    assert_eq!(spikes.len(), (100.0 / isi) as usize);
    for (k, t) in spikes.iter().enumerate() {
        let error = (t / (isi * (k + 1) as f64) - 1.0).abs();
        assert!(error < 1e-9, "spike {k}: {error:e}");
    }
}

/// Regular spiking; the certified first, second and last spike times.
fn izhikevich(method: Method, tolerance: f64) -> (Vec<f64>, f64) {
    let neuron = |_t: f64, y: &[f64], dy: &mut [f64]| {
        dy[0] = 0.04 * y[0] * y[0] + 5.0 * y[0] + 140.0 - y[1] + 10.0;
        dy[1] = 0.02 * (0.2 * y[0] - y[1]);
    };
    let spike = Event::new(|_t, y: &[f64]| y[0] - 30.0)
        .rising()
        .reset(|_t, y: &mut [f64]| {
            y[0] = -65.0;
            y[1] += 8.0;
        });
    let solution = solve_with(
        &neuron,
        0.0..1000.0,
        [-65.0, -13.0],
        &options(method, tolerance),
        spike,
    )
    .unwrap();
    (times(&solution), solution.y[0][0])
}

#[test]
fn izhikevich_fires_exactly_23_times() {
    for (tolerance, bound) in [(1e-6, 1.5e-3), (1e-10, 1e-7)] {
        for method in [
            Method::Tsitouras54,
            Method::DormandPrince54,
            Method::Verner76,
            Method::Verner98,
            Method::DormandPrince853,
        ] {
            let (spikes, v) = izhikevich(method, tolerance);
            assert_eq!(spikes.len(), 23, "{method:?}");
            // DOPRI5's dense output is of fourth order only, and the upstroke is steep.
            let bound = if method == Method::DormandPrince54 {
                2.0 * bound
            } else {
                bound
            };
            for (found, expected) in [
                (spikes[0], 3.12705530387698),
                (spikes[1], 26.2260246341484),
                (spikes[22], 967.305370690094),
            ] {
                let error = (found - expected).abs();
                assert!(error <= bound, "{method:?} {tolerance}: {error:e}");
            }
            assert!(
                (v + 65.1049976820819).abs() < 10.0 * bound,
                "{method:?}: {v}"
            );
        }
    }
}

/// Hodgkin–Huxley's axon with 10 µA/cm².
fn axon(_t: f64, y: &[f64], dy: &mut [f64]) {
    // u / (1 - exp(-u)), smooth at 0.
    let ratio = |u: f64| {
        if u.abs() < 1e-6 {
            1.0 + u / 2.0
        } else {
            u / -(-u).exp_m1()
        }
    };
    let (v, n, m, h) = (y[0], y[1], y[2], y[3]);
    let an = 0.1 * ratio((v + 55.0) / 10.0);
    let bn = 0.125 * (-(v + 65.0) / 80.0).exp();
    let am = ratio((v + 40.0) / 10.0);
    let bm = 4.0 * (-(v + 65.0) / 18.0).exp();
    let ah = 0.07 * (-(v + 65.0) / 20.0).exp();
    let bh = 1.0 / (1.0 + (-(v + 35.0) / 10.0).exp());
    dy[0] = 10.0
        - 120.0 * m.powi(3) * h * (v - 50.0)
        - 36.0 * n.powi(4) * (v + 77.0)
        - 0.3 * (v + 54.387);
    dy[1] = an * (1.0 - n) - bn * n;
    dy[2] = am * (1.0 - m) - bm * m;
    dy[3] = ah * (1.0 - h) - bh * h;
}

#[test]
fn an_axon_fires_when_the_reference_does() {
    let expected = [
        1.90128961110038,
        16.8228559094383,
        31.4720989370147,
        46.1092737843634,
    ];
    let y0 = [-65.0, 0.3177, 0.0529, 0.5961];
    for (method, controller, count, bound) in [
        (Method::default(), Controller::default(), 3800, 2e-6),
        (Method::DormandPrince54, Controller::I, 3800, 2e-6),
        (Method::DormandPrince853, Controller::Auto, 4150, 1e-6),
    ] {
        let mut options = options(method, 1e-6);
        options.config.tolerance.absolute = Absolute::All(1e-8);
        options.config.controller = controller;
        let spike = Event::new(|_t, y: &[f64]| y[0]).rising();
        let solution = solve_with(&axon, 0.0..50.0, y0, &options, spike).unwrap();
        let found = times(&solution);
        assert_eq!(found.len(), 4);
        let error = found
            .iter()
            .zip(expected)
            .map(|(found, expected)| (found - expected).abs())
            .fold(0.0, f64::max);
        let evaluations = solution.statistics.evaluations;
        println!("{method:?} {controller:?}: {evaluations} evaluations, {error:.2e} ms");
        assert!(evaluations <= count, "{method:?}: {evaluations}");
        assert!(error <= bound, "{method:?}: {error:e}");
    }
}

#[test]
fn directions_are_told_apart() {
    for (direction, expected) in [
        (Direction::Rising, vec![1.5]),
        (Direction::Falling, vec![0.5, 2.5]),
        (Direction::Both, vec![0.5, 1.5, 2.5]),
    ] {
        let event = Event::new(|_t, y: &[f64]| y[0]).direction(direction);
        let solution = solve_with(
            &spring,
            0.0..9.0,
            [1.0, 0.0],
            &options(Method::Tsitouras54, 1e-10),
            event,
        )
        .unwrap();
        let found = times(&solution);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / std::f64::consts::PI - expected).abs() < 1e-8);
        }
    }
}

#[test]
fn time_is_found_to_the_last_places_on_the_far_side() {
    let solver =
        Explicit::<Tsitouras54, _, _>::new(0.0, [0.0], &SolverConfig::<f64>::default()).unwrap();
    let event = Event::new(|_t, y: &[f64]| y[0] - 0.7).terminal();
    let mut run = Integration::new(solver, &drift, 5.0)
        .unwrap()
        .with_events(event);
    while run.next_step().unwrap().is_some() {}
    assert_eq!(run.stopped_by(), Some(0));
    assert!(run.state()[0] >= 0.7, "{:?}", run.state());
    assert!((run.time() - 0.7).abs() <= 4.0 * f64::EPSILON);
}

#[test]
fn a_double_crossing_within_one_step_is_seen() {
    // Straight motion takes one long step; the event function dips below zero in its middle.
    let dip = Event::new(|_t, y: &[f64]| (y[0] - 5.0).abs() - 1.0);
    let solution = solve_with(
        &drift,
        0.0..10.0,
        [0.0],
        &options(Method::Tsitouras54, 1e-6),
        dip,
    )
    .unwrap();
    let found = times(&solution);
    assert_eq!(found.len(), 2);
    assert!((found[0] - 4.0).abs() < 1e-12 && (found[1] - 6.0).abs() < 1e-12);
}

#[test]
fn no_double_crossing_below_a_peak_is_lost() {
    // Amplitude 1: just below it the two crossings of a peak lie within a step of the high orders.
    let start = [0.3, 0.91_f64.sqrt()];
    for method in Method::ALL {
        for threshold in [0.5, 0.9, 0.99] {
            let event = Event::new(|_t, y: &[f64]| y[0] - threshold);
            let span = 0.0..40.0 * std::f64::consts::PI;
            let solution = solve_with(&spring, span, start, &options(method, 1e-6), event).unwrap();
            let found = times(&solution);
            assert_eq!(found.len(), 40, "{method:?} at {threshold}");
            let (rise, fall) = (threshold.asin() - 0.3_f64.asin(), threshold.acos());
            for pair in found.chunks(2) {
                let width = pair[1] - pair[0];
                let error = (width - 2.0 * fall).abs().min(1.0);
                assert!(error < 0.01, "{method:?} at {threshold}: {error:e}");
            }
            assert!((found[0] - rise).abs() < 1e-3, "{method:?} at {threshold}");
        }
    }
}

#[test]
fn an_event_that_stays_away_costs_no_evaluations() {
    for method in Method::ALL {
        let evaluations = |threshold: f64| {
            let event = Event::new(move |_t, y: &[f64]| y[0] - threshold);
            let options = options(method, 1e-8);
            let solution = solve_with(&spring, 0.0..50.0, [1.0, 0.0], &options, event).unwrap();
            solution.statistics.evaluations
        };
        let free = solve_with(&spring, 0.0..50.0, [1.0, 0.0], &options(method, 1e-8), ()).unwrap();
        assert_eq!(evaluations(10.0), free.statistics.evaluations, "{method:?}");
    }
}

#[test]
fn several_in_one_step_come_in_the_order_of_time() {
    let events: Vec<_> = [0.9, 0.2, 0.5]
        .iter()
        .map(|&c| Event::new(move |_t: f64, y: &[f64]| y[0] - c))
        .collect();
    let solution = solve_with(
        &drift,
        0.0..1.0,
        [0.0],
        &options(Method::Tsitouras54, 1e-6),
        events,
    )
    .unwrap();
    let order: Vec<usize> = solution.events.iter().map(|e| e.event).collect();
    assert_eq!(order, [1, 2, 0]);
    assert_eq!(solution.times_of(2).count(), 1);
}

#[test]
fn simultaneous_events_all_happen_in_the_order_of_indices() {
    let at = |c: f64| {
        Event::new(move |_t: f64, y: &[f64]| y[0] - 0.5).action(move |_t, y: &mut [f64]| {
            y[1] = 10.0 * y[1] + c;
            Action::Reset
        })
    };
    let still = |_t: f64, _y: &[f64], dy: &mut [f64]| (dy[0], dy[1]) = (1.0, 0.0);
    let solution = solve_with(
        &still,
        0.0..1.0,
        [0.0, 0.0],
        &options(Method::Tsitouras54, 1e-6),
        [at(1.0), at(2.0), at(3.0)],
    )
    .unwrap();
    assert_eq!(solution.y[0][1], 123.0);
    let t = times(&solution);
    assert!(t[0] == t[1] && t[1] == t[2]);
}

#[test]
fn the_ends_of_the_span() {
    // Zero at the start has not crossed, zero at the end has.
    let solved = |threshold: f64| {
        let event = Event::new(move |_t: f64, y: &[f64]| y[0] - threshold);
        let solution = solve_with(
            &drift,
            0.0..1.0,
            [0.0],
            &options(Method::Tsitouras54, 1e-6),
            event,
        )
        .unwrap();
        times(&solution)
    };
    assert_eq!(solved(0.0), [] as [f64; 0]);
    let end = solved(1.0 - 1e-15);
    assert!(end.len() == 1 && (end[0] - 1.0).abs() < 1e-14, "{end:?}");
    // The state is a round number here, so that it reaches the threshold exactly.
    let clock = Event::new(|t: f64, _y: &[f64]| t - 1.0);
    let solution = solve_with(
        &drift,
        0.0..1.0,
        [0.0],
        &options(Method::Tsitouras54, 1e-6),
        clock,
    )
    .unwrap();
    assert_eq!(times(&solution), [1.0]);
}

#[test]
fn a_reset_onto_the_threshold_does_not_fire_again_by_itself() {
    // Falls, is thrown up again from exactly zero, and falls once more.
    let fall = |_t: f64, y: &[f64], dy: &mut [f64]| (dy[0], dy[1]) = (y[1], -2.0);
    let bounce = Event::new(|_t, y: &[f64]| y[0])
        .falling()
        .reset(|_t, y: &mut [f64]| (y[0], y[1]) = (0.0, -y[1]));
    let solution = solve_with(
        &fall,
        0.0..10.0,
        [1.0, 0.0],
        &options(Method::Tsitouras54, 1e-10),
        bounce,
    )
    .unwrap();
    let found = times(&solution);
    assert_eq!(found.len(), 5, "{found:?}");
    for (k, t) in found.iter().enumerate() {
        assert!((t - (2 * k + 1) as f64).abs() < 1e-8, "{found:?}");
    }
}

#[test]
fn counted_events_stop_after_the_last() {
    let event = Event::new(|_t, y: &[f64]| y[0]).stop_after(3);
    let solution = solve_with(
        &spring,
        0.0..100.0,
        [1.0, 0.0],
        &options(Method::Verner65, 1e-10),
        event,
    )
    .unwrap();
    assert_eq!((solution.events.len(), solution.stopped_by), (3, Some(0)));
    let (t, y) = solution.last().unwrap();
    assert!((t / std::f64::consts::PI - 2.5).abs() < 1e-8);
    assert!(y[0].abs() < 1e-8);
}

#[test]
fn events_happen_backward_too() {
    let event = Event::new(|_t, y: &[f64]| y[0]);
    let solution = solve_with(
        &spring,
        0.0..-9.0,
        [1.0, 0.0],
        &options(Method::Tsitouras54, 1e-10),
        event,
    )
    .unwrap();
    let found = times(&solution);
    assert_eq!(found.len(), 3);
    assert!((found[0] / std::f64::consts::PI + 0.5).abs() < 1e-8);
}

/// Two neurons; a spike of one lifts the other.
struct Pair {
    kick: f64,
}

impl Events<f64> for Pair {
    fn count(&self) -> usize {
        2
    }

    fn values(&self, _t: f64, y: &[f64], g: &mut [f64]) {
        (g[0], g[1]) = (y[0] - 1.0, y[1] - 1.0);
    }

    fn direction(&self, _index: usize) -> Direction {
        Direction::Rising
    }

    fn apply(&mut self, index: usize, _t: f64, y: &mut [f64]) -> Action {
        y[index] -= 1.0;
        y[1 - index] += self.kick;
        Action::Reset
    }
}

#[test]
fn a_spike_can_set_off_another_at_once() {
    let both = |_t: f64, _y: &[f64], dy: &mut [f64]| dy.fill(1.0);
    let solution = solve_with(
        &both,
        0.0..0.6,
        [0.5, 0.4],
        &options(Method::Tsitouras54, 1e-8),
        Pair { kick: 0.2 },
    )
    .unwrap();
    let found: Vec<usize> = solution.events.iter().map(|e| e.event).collect();
    assert_eq!(found, [0, 1]);
    let t = times(&solution);
    assert_eq!(t[0], t[1]);
    // 1.0 → 0 and 0.9 + 0.2 → 0.1 with a kick back of 0.2.
    assert!((solution.y[0][0] - 0.3).abs() < 1e-12, "{:?}", solution.y);
    assert!((solution.y[0][1] - 0.2).abs() < 1e-12, "{:?}", solution.y);
}

#[test]
fn an_event_without_end_is_a_storm() {
    let stuck = Event::new(|_t, y: &[f64]| y[0] - 0.5)
        .rising()
        .reset(|_t, y: &mut [f64]| y[0] = 0.5_f64.next_down());
    let error = solve_with(
        &drift,
        0.0..1.0,
        [0.0],
        &options(Method::Tsitouras54, 1e-6),
        stuck,
    )
    .unwrap_err();
    assert!(
        matches!(error, Error::EventStorm { t, event: 0 } if (t - 0.5).abs() < 1e-12),
        "{error:?}"
    );
}

#[test]
fn a_reset_to_nonsense_is_an_error() {
    let broken = Event::new(|_t, y: &[f64]| y[0] - 0.5).reset(|_t, y: &mut [f64]| y[0] = f64::NAN);
    let error = solve_with(
        &drift,
        0.0..1.0,
        [0.0],
        &options(Method::Tsitouras54, 1e-6),
        broken,
    )
    .unwrap_err();
    assert!(matches!(error, Error::NonFinite { .. }), "{error:?}");
}

#[test]
fn outputs_show_both_sides_of_a_reset() {
    let saw = || {
        Event::new(|_t, y: &[f64]| y[0] - 1.0)
            .rising()
            .reset(|_t, y: &mut [f64]| y[0] = 0.0)
    };
    let solution = solve_with(&drift, 0.0..1.5, [0.0], &Options::default(), saw()).unwrap();
    let jump = solution.t.windows(2).position(|w| w[0] == w[1]).unwrap();
    assert!((solution.y[jump][0] - 1.0).abs() < 1e-12);
    assert_eq!(solution.y[jump + 1][0], 0.0);
    let at = Options {
        output: Output::At(vec![0.5, 1.25, 2.25]),
        ..Options::default()
    };
    let solution = solve_with(&drift, 0.0..2.5, [0.0], &at, saw()).unwrap();
    for (y, expected) in solution.y.iter().zip([0.5, 0.25, 0.25]) {
        assert!((y[0] - expected).abs() < 1e-12, "{:?}", solution.y);
    }
}
