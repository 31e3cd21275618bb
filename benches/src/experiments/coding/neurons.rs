//! When single neurons fire: the least current, the rates above it, and the classes of firing.

use neuropil_neural_coding::neuron::{
    AdaptiveExponential, Current, Firing, HodgkinHuxley, Izhikevich, Lif, Neuron,
};
use neuropil_neural_coding::{Error, SpikeTrain};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};

use super::super::{Context, Experiment};
use crate::report::{Report, significant};

pub(in super::super) const NEURONS: Experiment = Experiment {
    name: "coding-neurons",
    about: "rheobase, rates and classes of firing of LIF, Hodgkin–Huxley, AdEx and Izhikevich neurons",
    short: true,
    run,
};

/// How long a neuron is watched, in seconds.
const WATCHED: f64 = 1.0;
/// The step of the traces in seconds.
const EVERY: f64 = 0.000_5;
/// Currents of a curve of rates.
const CURRENTS: usize = 24;

/// How long the thalamo-cortical neuron is held down before it is let go, in seconds.
const HELD: f64 = 0.1;
/// How long rates are counted, in seconds.
const LONG: f64 = 4.0;

/// Adaptive exponential neurons: name, capacitance in pF, $g_L$ in nS, rest and onset in mV, $a$ in nS,
/// $\tau_w$ in ms, $b$ in pA, reset in mV and current in pA.
const PATTERNS: [(&str, [f64; 9]); 7] = [
    (
        "tonic",
        [40.0, 2.0, -70.0, -50.0, 0.0, 30.0, 60.0, -55.0, 65.0],
    ),
    (
        "adapting",
        [281.0, 30.0, -70.6, -50.4, 4.0, 144.0, 80.5, -70.6, 700.0],
    ),
    (
        "initial burst",
        [10.0, 2.0, -70.0, -50.0, 0.5, 100.0, 7.0, -51.0, 65.0],
    ),
    (
        "bursting",
        [10.0, 2.0, -70.0, -50.0, -0.5, 100.0, 7.0, -46.0, 65.0],
    ),
    (
        "irregular",
        [19.8, 2.0, -70.0, -50.0, -0.5, 100.0, 7.0, -46.0, 65.0],
    ),
    (
        "transient",
        [20.0, 2.0, -70.0, -50.0, 1.0, 100.0, 10.0, -60.0, 48.0],
    ),
    (
        "delayed",
        [10.0, 2.0, -70.0, -50.0, -1.0, 100.0, 10.0, -60.0, 25.0],
    ),
];

fn pattern(parameters: [f64; 9]) -> AdaptiveExponential {
    let [capacitance, leak, rest, onset, a, tau, b, reset, _] = parameters;
    AdaptiveExponential {
        capacitance,
        leak,
        rest,
        onset,
        sharpness: 2.0,
        tau,
        a,
        b,
        reset,
        threshold: 0.0,
        current: 0.0,
    }
}

fn run(context: &Context) -> Result<Report, String> {
    let classes = Firing::ALL.len() + PATTERNS.len();
    context.progress.set_length(classes as u64 + 5);
    let mut report = Report::new(
        "Single neurons at a current that starts at time 0",
        &[
            "neuron",
            "current",
            "spikes in 1 s",
            "first spike",
            "intervals: first",
            "shortest",
            "longest",
            "last",
        ],
    );

    let mut izhikevich = Figure::new("Izhikevich's classes of firing").size(760, 140);
    for class in Firing::ALL {
        let (name, current, words) = stimulus(class).map_err(|e| e.to_string())?;
        let neuron = class.neuron();
        let (panel, cells) = watch(&neuron, name, &current, &words, neuron.threshold)?;
        izhikevich = izhikevich.panel(panel);
        report.row(cells);
        context.progress.inc(1);
    }
    let mut adex = Figure::new("Adaptive exponential neurons").size(760, 140);
    for (name, parameters) in PATTERNS {
        let neuron = pattern(parameters);
        let current = Current::constant(parameters[8], WATCHED).map_err(|e| e.to_string())?;
        let words = format!("{} pA", parameters[8]);
        let (panel, cells) = watch(&neuron, name, &current, &words, neuron.threshold)?;
        adex = adex.panel(panel);
        report.row(cells);
        context.progress.inc(1);
    }
    report.figure("coding-neurons-izhikevich", izhikevich);
    report.figure("coding-neurons-adex", adex);
    rates(context, &mut report)?;
    Ok(report)
}

/// The name of a class, a current that shows it, and that in words.
fn stimulus(class: Firing) -> Result<(&'static str, Current, String), Error> {
    let (name, value) = match class {
        Firing::RegularSpiking => ("regular spiking", 10.0),
        Firing::IntrinsicallyBursting => ("intrinsically bursting", 10.0),
        Firing::Chattering => ("chattering", 10.0),
        Firing::FastSpiking => ("fast spiking", 10.0),
        Firing::LowThresholdSpiking => ("low-threshold spiking", 10.0),
        Firing::Resonator => ("resonator", 0.3),
        Firing::ThalamoCortical => {
            let mut values = vec![0.0; (WATCHED / HELD).round() as usize];
            values[0] = -10.0;
            let words = format!("-10 for {} ms, then 0", 1000.0 * HELD);
            return Ok(("thalamo-cortical", Current::steps(values, HELD)?, words));
        }
        _ => ("another class", 10.0),
    };
    Ok((name, Current::constant(value, WATCHED)?, value.to_string()))
}

/// A trace with its spikes up to their peak, and what a table says of it.
fn watch(
    neuron: &impl Neuron,
    name: &str,
    current: &Current,
    words: &str,
    peak: f64,
) -> Result<(Panel, [String; 8]), String> {
    let shown = 0.5;
    let recording = neuron.record(current, EVERY).map_err(|e| e.to_string())?;
    let mut trace: Vec<(f64, f64)> = recording
        .potential
        .iter()
        .enumerate()
        .map(|(k, &v)| (1000.0 * k as f64 * EVERY, v))
        .chain(recording.spikes.times().iter().map(|t| (1000.0 * t, peak)))
        .filter(|(t, _)| *t <= 1000.0 * shown)
        .collect();
    trace.sort_by(|a, b| a.0.total_cmp(&b.0));
    let panel = Panel::new(
        Axis::new("time (ms)").range(0.0, 1000.0 * shown),
        Axis::new("v (mV)").range(-95.0, peak + 95.0),
    )
    .with(Series::line(
        format!("{name}, I = {words}"),
        thinned(&trace),
    ));

    let intervals: Vec<f64> = recording.spikes.intervals().collect();
    let ms = |seconds: Option<f64>| {
        seconds.map_or_else(
            || "–".to_owned(),
            |s| format!("{} ms", significant(1000.0 * s, 3)),
        )
    };
    let first = recording.spikes.times().first().copied();
    let cells = [
        name.to_owned(),
        words.to_owned(),
        recording.spikes.len().to_string(),
        ms(first),
        ms(intervals.first().copied()),
        ms(intervals.iter().copied().reduce(f64::min)),
        ms(intervals.iter().copied().reduce(f64::max)),
        ms(intervals.last().copied()),
    ];
    Ok((panel, cells))
}

/// Leaves out what lies on the line between its neighbours within a third of a millivolt.
fn thinned(trace: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const CLOSE: f64 = 0.3;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut from = 0;
    for to in 1..trace.len() {
        let ((t0, v0), (t1, v1)) = (trace[from], trace[to]);
        let straight = trace[from + 1..to].iter().all(|&(t, v)| {
            let on_the_line = v0 + (v1 - v0) * (t - t0) / (t1 - t0);
            (v - on_the_line).abs() < CLOSE
        });
        if !straight {
            kept.push(trace[from]);
            from = to - 1;
        }
    }
    kept.extend(trace.get(from));
    kept.extend(trace.last().filter(|_| trace.len() > 1));
    kept
}

/// The rate in the second half, where the beginning is forgotten: intervals over their sum. `None` with
/// less than two spikes in it.
fn late_rate(train: &SpikeTrain) -> Option<f64> {
    let half = 0.5 * train.t1();
    let late: Vec<f64> = train
        .times()
        .iter()
        .copied()
        .filter(|&t| t > half)
        .collect();
    let span = late.last()? - late.first()?;
    (span > 0.0).then(|| (late.len() - 1) as f64 / span)
}

/// The least current between two at which a neuron still fires late, to four digits.
fn rheobase(neuron: &impl Neuron, (mut low, mut high): (f64, f64)) -> Result<f64, String> {
    while high - low > 1e-4 * high {
        let middle = 0.5 * (low + high);
        let current = Current::constant(middle, LONG).map_err(|e| e.to_string())?;
        let train = neuron.spikes(&current).map_err(|e| e.to_string())?;
        match late_rate(&train) {
            Some(_) => high = middle,
            None => low = middle,
        }
    }
    Ok(high)
}

/// Currents from a rheobase to three times it, dense at the beginning.
fn above(rheobase: f64) -> impl Iterator<Item = f64> {
    (0..CURRENTS).map(move |k| {
        let share = k as f64 / (CURRENTS - 1) as f64;
        rheobase * (1.0 + 2.0 * share * share)
    })
}

fn curve(neuron: &impl Neuron, rheobase: f64) -> Result<Vec<(f64, f64)>, String> {
    let mut points = vec![(0.6, 0.0), (1.0, 0.0)];
    for value in above(rheobase) {
        let current = Current::constant(value, LONG).map_err(|e| e.to_string())?;
        let train = neuron.spikes(&current).map_err(|e| e.to_string())?;
        points.push((value / rheobase, late_rate(&train).unwrap_or(0.0)));
    }
    Ok(points)
}

fn rates(context: &Context, report: &mut Report) -> Result<(), String> {
    let lif = Lif {
        refractory: 2.0,
        ..Lif::default()
    };
    let least = lif.rheobase().ok_or("a neuron without resistance")?;
    let formula: Vec<(f64, f64)> = [0.6, 1.0]
        .into_iter()
        .map(|share| share * least)
        .chain(above(least))
        .map(|i| (i / least, lif.rate(i)))
        .collect();
    let simulated = curve(&lif, least)?;
    let worst = formula
        .iter()
        .zip(&simulated)
        .filter(|(exact, _)| exact.1 > 0.0)
        .map(|(exact, found)| (found.1 / exact.1 - 1.0).abs())
        .fold(0.0, f64::max);
    context.progress.inc(1);

    let axon = HodgkinHuxley::default();
    let axon_least = rheobase(&axon, (3.0, 10.0))?;
    let axon_curve = curve(&axon, axon_least)?;
    context.progress.inc(1);
    let regular: Izhikevich = Firing::RegularSpiking.neuron();
    let regular_least = rheobase(&regular, (1.0, 10.0))?;
    let regular_curve = curve(&regular, regular_least)?;
    context.progress.inc(1);
    let tonic = pattern(PATTERNS[0].1);
    let tonic_least = rheobase(&tonic, (5.0, 100.0))?;
    let tonic_curve = curve(&tonic, tonic_least)?;
    context.progress.inc(1);

    // What one pulse does: the least current that makes the axon spike at all.
    let (mut low, mut high) = (0.0, axon_least);
    while high - low > 1e-4 * high {
        let middle = 0.5 * (low + high);
        let current = Current::constant(middle, 0.2).map_err(|e| e.to_string())?;
        let silent = axon.spikes(&current).map_err(|e| e.to_string())?.is_empty();
        *(if silent { &mut low } else { &mut high }) = middle;
    }
    context.progress.inc(1);

    let onset = |curve: &[(f64, f64)]| curve[2].1;
    report.note(format!(
        "Izhikevich's neurons (the first seven) have the parameters of figure 2 of his paper and no units of \
         current; potentials are in mV. Of the adaptive exponential ones “adapting” has the parameters of Brette \
         and Gerstner (2005), the others are after chapter 6 of Neuronal Dynamics (Gerstner, Kistler, Naud and \
         Paninski 2014). Each is watched for {WATCHED} s from rest; – where there are too few spikes."
    ));
    report.note(format!(
        "The axon of Hodgkin and Huxley spikes once from {} µA/cm² on, and does not stop from {} µA/cm² on, where it \
         fires at {} Hz at once: its rates begin with a jump (type II). The leaky integrate-and-fire neuron begins at 0 Hz \
         (type I); its simulated rates are those of the formula to {} of their value.",
        significant(high, 3),
        significant(axon_least, 3),
        significant(onset(&axon_curve), 3),
        significant(worst, 1),
    ));
    report.value("axon-single", significant(high, 3));
    report.value("axon-rheobase", significant(axon_least, 3));
    report.value("axon-onset", significant(onset(&axon_curve), 3));
    report.value("lif-worst", significant(worst, 1));
    report.value("regular-rheobase", significant(regular_least, 3));
    report.value("tonic-rheobase", significant(tonic_least, 3));

    let panel = Panel::new(
        Axis::new("current / rheobase"),
        Axis::new("rate (Hz)").range(0.0, 180.0),
    )
    .with(Series::line("leaky integrate-and-fire, formula", formula))
    .with(Series::points(
        "leaky integrate-and-fire, simulated",
        simulated,
    ))
    .with(Series::line("Hodgkin–Huxley", axon_curve))
    .with(Series::line("regular spiking (Izhikevich)", regular_curve))
    .with(Series::line("tonic (adaptive exponential)", tonic_curve));
    report.figure(
        "coding-neurons-rates",
        Figure::new("Rates above the rheobase")
            .size(760, 380)
            .panel(panel),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_corners() {
        let line: Vec<(f64, f64)> = (0..10)
            .map(|k| (f64::from(k), 2.0 * f64::from(k)))
            .collect();
        assert_eq!(thinned(&line), [(0.0, 0.0), (9.0, 18.0)]);
        let corner = [(0.0, 0.0), (1.0, 5.0), (2.0, 0.0), (3.0, 0.0)];
        assert_eq!(
            thinned(&corner),
            [(0.0, 0.0), (1.0, 5.0), (2.0, 0.0), (3.0, 0.0)]
        );
        assert_eq!(thinned(&[]), []);
    }

    #[test]
    fn late_rates_need_two_spikes() {
        let train = |times: &[f64]| SpikeTrain::new(times.to_vec(), 0.0, 1.0).unwrap();
        assert_eq!(late_rate(&train(&[0.1, 0.2])), None);
        assert_eq!(late_rate(&train(&[0.1, 0.7])), None);
        let rate = late_rate(&train(&[0.1, 0.6, 0.7, 0.8])).unwrap();
        assert!((rate - 10.0).abs() < 1e-9);
    }
}
