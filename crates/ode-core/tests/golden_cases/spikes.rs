//! Neurons: the times of their spikes, and the state after them.

use neuropil_ode_core::systems::{
    AdaptiveExponential, HodgkinHuxley, Izhikevich, LeakyIntegrateAndFire,
    QuadraticIntegrateAndFire,
};
use neuropil_ode_core::{Event, Events, Method, Options, Output, System, solve_with};
use neuropil_test_kit::tolerance::check_value;
use serde_json::Value;

use crate::Check;
use crate::explicit::METHODS;
use crate::reader::{
    digits, number, number_or, numbers, parameters, points, relative_error, spike_times, within,
    words,
};

pub(crate) fn check(name: &str, case: &Value) -> Option<Check> {
    let spikes = case
        .as_object()?
        .keys()
        .any(|key| key.starts_with("spike_times"));
    match name {
        _ if name.starts_with("hodgkin_huxley") && spikes => Some(hodgkin_huxley),
        _ if name.starts_with("izhikevich") => Some(izhikevich),
        _ if name.starts_with("adex") => Some(adaptive_exponential),
        _ if name.starts_with("lif") => Some(leaky),
        _ if name.starts_with("qif") => Some(quadratic),
        _ => None,
    }
}

/// Spike times to 10⁻⁹ relative, and states to 10⁻⁸ at their scale, by all methods at 10⁻¹¹ and 10⁻¹².
fn all_methods<E: Events<f64> + Clone>(
    system: &dyn System<f64>,
    case: &Value,
    events: &E,
) -> Result<(), String> {
    let (t0, y0) = (number_or(case, "t0", 0.0)?, numbers(&case["y0"])?);
    let expected = spike_times(case)?;
    let (times, states) = points(case)?;
    let end = times[times.len() - 1];
    let mut failures = String::new();
    for method in METHODS.into_iter().chain([Method::Rodas5P, Method::Radau5]) {
        for tolerance in [1e-10, 1e-11, 1e-12] {
            let options = Options {
                method,
                output: Output::At(times.clone()),
                ..Options::with_tolerance(tolerance)
            };
            let run =
                solve_with(system, t0..end, y0.clone(), &options, events.clone()).map_err(words)?;
            let found: Vec<f64> = run.times_of(0).collect();
            let who = format!("{method:?} at {tolerance:e}");
            if found.len() != expected.len() {
                failures += &format!(
                    "\n    {who}: {} spikes, not {}",
                    found.len(),
                    expected.len()
                );
                continue;
            }
            let error = found
                .iter()
                .zip(&expected)
                .fold(0.0_f64, |m, (f, e)| m.max(((f - e) / e).abs()));
            let state = run.y.iter().zip(&states);
            let state = state.fold(0.0_f64, |m, (f, e)| m.max(relative_error(f, e)));
            println!(
                "  {who}, {} evaluations: spikes {:.1} digits, state {:.1} digits",
                run.statistics.evaluations,
                digits(error),
                digits(state)
            );
            // At a tolerance of 10⁻¹⁰ the state, after a spike, may lose a digit over the run.
            let slack = if tolerance > 5e-11 { 10.0 } else { 1.0 };
            if !(error <= 1e-9 && state <= 1e-8 * slack) {
                failures += &format!("\n    {who}: spikes {error:e}, state {state:e}");
            }
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures)
    }
}

fn hodgkin_huxley(case: &Value) -> Result<(), String> {
    let [current] = parameters(case, [("I", None)])?;
    let system = HodgkinHuxley {
        current,
        ..HodgkinHuxley::default()
    };
    let upstroke = Event::new(|_t, y: &[f64]| y[0]).rising();
    all_methods(&system, case, &upstroke)
}

fn izhikevich(case: &Value) -> Result<(), String> {
    let names = [
        ("a", None),
        ("b", None),
        ("c", None),
        ("d", None),
        ("I", None),
        ("Vpeak", Some(30.0)),
    ];
    let [a, b, c, d, current, threshold] = parameters(case, names)?;
    let neuron = Izhikevich {
        a,
        b,
        c,
        d,
        current,
        threshold,
    };
    all_methods(&neuron, case, &neuron)
}

fn adaptive_exponential(case: &Value) -> Result<(), String> {
    let names = [
        "C", "gL", "EL", "VT", "DT", "tw", "a", "b", "Vr", "I", "Vpeak",
    ];
    let values = parameters(case, names.map(|name| (name, None)))?;
    let [
        capacitance,
        leak,
        rest,
        onset,
        sharpness,
        tau,
        a,
        b,
        reset,
        current,
        threshold,
    ] = values;
    let neuron = AdaptiveExponential {
        capacitance,
        leak,
        rest,
        onset,
        sharpness,
        tau,
        a,
        b,
        reset,
        threshold,
        current,
    };
    all_methods(&neuron, case, &neuron)
}

/// Ten intervals by all methods, and the closed form itself.
fn intervals<N: System<f64> + Events<f64> + Copy>(
    neuron: N,
    reset: f64,
    closed: Option<f64>,
    case: &Value,
) -> Result<(), String> {
    let expected = number(&case["isi"])?;
    let closed = closed.ok_or("it never fires")?;
    check_value("closed form", closed, expected, 4.0 * f64::EPSILON, 0.0)?;
    let y0 = case.get("y0").map_or(Ok(vec![reset]), numbers)?;
    for method in METHODS {
        let options = Options {
            method,
            output: Output::Last,
            ..Options::with_tolerance(1e-12)
        };
        let end = 11.5 * expected;
        let run = solve_with(&neuron, 0.0..end, y0.clone(), &options, neuron).map_err(words)?;
        let times: Vec<f64> = run.times_of(0).collect();
        if times.len() < 11 {
            return Err(format!("{method:?}: {} spikes", times.len()));
        }
        let intervals = times.windows(2).map(|pair| pair[1] - pair[0]);
        let error = intervals.fold(0.0_f64, |m, i| m.max((i / expected - 1.0).abs()));
        println!(
            "  {method:?} at 1e-12: intervals {:.1} digits",
            digits(error)
        );
        if !within(error, 1e-9) {
            return Err(format!("{method:?}: an interval is off by {error:e}"));
        }
    }
    Ok(())
}

fn leaky(case: &Value) -> Result<(), String> {
    let names = ["tau", "EL", "RI", "Vth", "Vr"].map(|name| (name, None));
    let [tau, rest, drive, threshold, reset] = parameters(case, names)?;
    let neuron = LeakyIntegrateAndFire {
        tau,
        rest,
        drive,
        threshold,
        reset,
    };
    intervals(neuron, reset, neuron.interval(), case)
}

fn quadratic(case: &Value) -> Result<(), String> {
    let names = [
        ("tau", Some(1.0)),
        ("I", None),
        ("Vpeak", None),
        ("Vr", None),
    ];
    let [tau, current, threshold, reset] = parameters(case, names)?;
    let neuron = QuadraticIntegrateAndFire {
        tau,
        current,
        threshold,
        reset,
    };
    intervals(neuron, reset, neuron.interval(), case)
}
