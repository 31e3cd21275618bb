//! Spike times of five neurons.

use neuropil_ode_core::exponential::{ExponentialMidpointStep, GatedStep};
use neuropil_ode_core::systems::{
    AdaptiveExponential, HodgkinHuxley, Izhikevich, LeakyIntegrateAndFire,
    QuadraticIntegrateAndFire,
};
use neuropil_ode_core::{Event, Events, Method, Options, Output, System, solve_with};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};

use super::super::{Context, Experiment};
use super::reference::Reference;
use super::{name, power};
use crate::report::{Report, significant};

pub(in super::super) const SPIKES: Experiment = Experiment {
    name: "ode-spikes",
    about: "spike times of five neurons beside certified ones, by events and by fixed steps",
    short: true,
    run: table,
};

const ADAPTIVE: [(Method, i32); 5] = [
    (Method::Tsitouras54, -4),
    (Method::Tsitouras54, -6),
    (Method::DormandPrince853, -10),
    (Method::Verner98, -12),
    (Method::Rodas5P, -10),
];

struct Neuron<'a, E> {
    name: &'a str,
    system: &'a dyn System<f64>,
    events: E,
    y0: Vec<f64>,
    end: f64,
    expected: Vec<f64>,
    /// The step of forward Euler that is customary, and the unit of time.
    euler: f64,
    unit: &'a str,
}

fn table(_: &Context) -> Result<Report, String> {
    let reference = Reference::read()?;
    let heads = [
        "neuron",
        "method",
        "spikes",
        "of",
        "worst error",
        "evaluations",
    ];
    let mut report = Report::new("Spike times beside certified ones", &heads);
    let periodic = |interval: Option<f64>| -> Result<Vec<f64>, String> {
        let interval = interval.ok_or("a neuron that never fires")?;
        Ok((1..=10).map(|k| f64::from(k) * interval).collect())
    };

    let leaky = LeakyIntegrateAndFire::default();
    let expected = periodic(leaky.interval())?;
    compare(
        &mut report,
        &Neuron {
            name: "LIF",
            system: &leaky,
            events: leaky,
            y0: vec![leaky.reset],
            end: expected[9] * 1.05,
            expected,
            euler: 0.1,
            unit: "ms",
        },
    )?;
    let quadratic = QuadraticIntegrateAndFire::default();
    let expected = periodic(quadratic.interval())?;
    compare(
        &mut report,
        &Neuron {
            name: "QIF",
            system: &quadratic,
            events: quadratic,
            y0: vec![quadratic.reset],
            end: expected[9] * 1.05,
            expected,
            euler: 0.001,
            unit: "τ",
        },
    )?;
    let izhikevich = Izhikevich::default();
    let neuron = Neuron {
        name: "Izhikevich",
        system: &izhikevich,
        events: izhikevich,
        y0: Izhikevich::INITIAL.to_vec(),
        end: 1000.0,
        expected: reference.spike_times("izhikevich_rs")?,
        euler: 0.1,
        unit: "ms",
    };
    compare(&mut report, &neuron)?;
    let figure = figure(&neuron)?;
    let adaptive = AdaptiveExponential::default();
    compare(
        &mut report,
        &Neuron {
            name: "AdEx",
            system: &adaptive,
            events: adaptive,
            y0: AdaptiveExponential::INITIAL.to_vec(),
            end: 300.0,
            expected: reference.spike_times("adex")?,
            euler: 0.1,
            unit: "ms",
        },
    )?;
    let axon = HodgkinHuxley::default();
    let expected = reference.spike_times("hodgkin_huxley")?;
    compare(
        &mut report,
        &Neuron {
            name: "Hodgkin–Huxley",
            system: &axon,
            events: Event::new(|_t, y: &[f64]| y[0]).rising(),
            y0: HodgkinHuxley::INITIAL.to_vec(),
            end: 50.0,
            expected: expected.clone(),
            euler: 0.025,
            unit: "ms",
        },
    )?;
    rush_larsen(&mut report, &axon, &expected)?;

    report.note(
        "LIF and QIF: ten intervals in closed form; the others: 15 certified digits and more. Worst \
         error: the largest over all spikes, if their number is right. Forward Euler looks at the \
         threshold once a step, as simulators do; Rush–Larsen's crossings are interpolated linearly.",
    );
    report.figure("ode-spikes", figure);
    Ok(report)
}

fn compare<E: Events<f64> + Clone>(
    report: &mut Report,
    neuron: &Neuron<'_, E>,
) -> Result<(), String> {
    let (spikes, evaluations) = euler(neuron, neuron.euler);
    let method = format!("Euler, h = {} {}", neuron.euler, neuron.unit);
    row(report, neuron, &method, &spikes, evaluations);
    for (method, exponent) in ADAPTIVE {
        let (spikes, evaluations) = adaptive(neuron, method, 10.0_f64.powi(exponent))?;
        let method = format!("{}, {}", name(method), power(exponent));
        row(report, neuron, &method, &spikes, evaluations);
    }
    Ok(())
}

fn row<E>(
    report: &mut Report,
    neuron: &Neuron<'_, E>,
    method: &str,
    spikes: &[f64],
    evaluations: u64,
) {
    let expected = &neuron.expected;
    let cell = if spikes.len() == expected.len() {
        let error = worst(spikes, expected);
        format!("{} {}", significant(error, 2), neuron.unit)
    } else {
        "–".to_owned()
    };
    let [found, of] = [spikes, expected].map(|times| times.len().to_string());
    report.row([
        neuron.name.to_owned(),
        method.to_owned(),
        found,
        of,
        cell.clone(),
        evaluations.to_string(),
    ]);
    let quoted = [
        ("Izhikevich", "Euler, h = 0.1 ms", "izhikevich-euler"),
        ("Izhikevich", "Tsitouras 5(4), 10⁻⁶", "izhikevich-tsitouras"),
        (
            "Hodgkin–Huxley",
            "Tsitouras 5(4), 10⁻⁴",
            "hodgkin-huxley-tsitouras",
        ),
    ];
    if let Some((.., key)) = quoted
        .iter()
        .find(|(n, m, _)| *n == neuron.name && *m == method)
    {
        report.value(key, cell);
        report.value(&format!("{key}-evaluations"), evaluations.to_string());
    }
}

fn worst(found: &[f64], expected: &[f64]) -> f64 {
    let pairs = found.iter().zip(expected);
    pairs.fold(0.0_f64, |m, (f, e)| m.max((f - e).abs()))
}

fn adaptive<E: Events<f64> + Clone>(
    neuron: &Neuron<'_, E>,
    method: Method,
    tolerance: f64,
) -> Result<(Vec<f64>, u64), String> {
    let options = Options {
        method,
        output: Output::Last,
        ..Options::with_tolerance(tolerance)
    };
    let run = solve_with(
        neuron.system,
        0.0..neuron.end,
        neuron.y0.clone(),
        &options,
        neuron.events.clone(),
    )
    .map_err(|e| format!("{}, {}: {e}", neuron.name, name(method)))?;
    Ok((run.times_of(0).collect(), run.statistics.evaluations))
}

/// Forward Euler that tests for the spike after each step.
fn euler<E: Events<f64> + Clone>(neuron: &Neuron<'_, E>, h: f64) -> (Vec<f64>, u64) {
    let (trace, spikes) = euler_trace(neuron, h);
    // Every spike stands twice in the trace: at its peak and after its reset.
    let evaluations = trace.len() - spikes.len();
    (spikes, evaluations as u64)
}

/// Times with the first variable at them, and the spikes.
fn euler_trace<E: Events<f64> + Clone>(
    neuron: &Neuron<'_, E>,
    h: f64,
) -> (Vec<(f64, f64)>, Vec<f64>) {
    let mut events = neuron.events.clone();
    let mut y = neuron.y0.clone();
    let mut rates = y.clone();
    let (mut trace, mut spikes) = (Vec::new(), Vec::new());
    let mut g = [0.0];
    let mut step = 0_u32;
    while f64::from(step) * h < neuron.end {
        let t = f64::from(step) * h;
        trace.push((t, y[0]));
        events.values(t, &y, &mut g);
        let below = g[0] < 0.0;
        neuron.system.rhs(t, &y, &mut rates);
        for (y, rate) in y.iter_mut().zip(&rates) {
            *y += h * rate;
        }
        step += 1;
        let t = f64::from(step) * h;
        events.values(t, &y, &mut g);
        if below && g[0] >= 0.0 {
            spikes.push(t);
            trace.push((t, y[0]));
            let _ = events.apply(0, t, &mut y);
        }
    }
    (trace, spikes)
}

/// The method of simulators of conductances, in its version of second order.
fn rush_larsen(report: &mut Report, axon: &HodgkinHuxley, expected: &[f64]) -> Result<(), String> {
    let h = 0.025;
    let mut y = HodgkinHuxley::INITIAL;
    let mut workspace = [0.0; 12];
    let mut spikes = Vec::new();
    for step in 0..2000_u32 {
        let (t, before) = (f64::from(step) * h, y[0]);
        ExponentialMidpointStep
            .step(axon, t, h, &mut y, &mut workspace)
            .map_err(|e| e.to_string())?;
        if before < 0.0 && y[0] >= 0.0 {
            spikes.push(t + h * before / (before - y[0]));
        }
    }
    let error = if spikes.len() == expected.len() {
        format!("{} ms", significant(worst(&spikes, expected), 2))
    } else {
        "–".to_owned()
    };
    let (found, of) = (spikes.len().to_string(), expected.len().to_string());
    let method = "Rush–Larsen 2, h = 0.025 ms".to_owned();
    report.value("hodgkin-huxley-rush-larsen", error.clone());
    report.row([
        "Hodgkin–Huxley".to_owned(),
        method,
        found,
        of,
        error,
        "4000".to_owned(),
    ]);
    Ok(())
}

fn figure<E: Events<f64> + Clone>(neuron: &Neuron<'_, E>) -> Result<Figure, String> {
    let shown = 300.0;
    let options = Options {
        output: Output::Steps,
        ..Options::with_tolerance(1e-8)
    };
    let run = solve_with(
        neuron.system,
        0.0..shown,
        neuron.y0.clone(),
        &options,
        neuron.events.clone(),
    )
    .map_err(|e| e.to_string())?;
    let exact = run.t.iter().zip(&run.y).map(|(&t, y)| (t, y[0])).collect();
    let (trace, _) = euler_trace(neuron, 0.5);
    // Euler steps far over the peak; the picture need not.
    let coarse = trace
        .into_iter()
        .filter(|&(t, _)| t <= shown)
        .map(|(t, v)| (t, v.min(30.0)))
        .collect();
    let voltage = Panel::new(Axis::new("time (ms)"), Axis::new("v (mV)"))
        .with(Series::line("events, tolerance 10⁻⁸", exact))
        .with(Series::dashed("Euler, h = 0.5 ms", coarse));
    let place = |spikes: Vec<f64>, row: f64| spikes.into_iter().map(|t| (t, row)).collect();
    let mut raster = Panel::new(
        Axis::new("spike times (ms)"),
        Axis::new("run").range(0.0, 10.0),
    )
    .with(Series::points(
        "certified",
        place(neuron.expected.clone(), 4.0),
    ));
    for (row, h) in [(3.0, 0.1), (2.0, 0.5), (1.0, 1.0)] {
        let (spikes, _) = euler(neuron, h);
        raster = raster.with(Series::points(
            format!("Euler, h = {h} ms"),
            place(spikes, row),
        ));
    }
    Ok(Figure::new("Izhikevich's neuron, regular spiking")
        .size(760, 220)
        .panel(voltage)
        .panel(raster))
}
