//! Distances against their definitions, computed the slow way.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use neuropil_neural_coding::distance::{
    Scratch, SyncConfig, Threshold, directionality, isi_distance, ri_spike_distance,
    spike_distance, spike_sync, train_order, van_rossum, victor_purpura,
};
use neuropil_neural_coding::{Duplicates, SpikeTrain};
use neuropil_test_kit::tolerance::check_value;
use proptest::prelude::*;

const T0: f64 = 2.0;
const T1: f64 = 12.0;

/// Trains of which many spikes are at the same time as one of the other, and some at the ends.
fn train() -> impl Strategy<Value = SpikeTrain> {
    let time = prop_oneof![
        4 => T0..=T1,
        4 => (0..=100_u32).prop_map(|k| T0 + f64::from(k) * 0.1),
        1 => Just(T0),
        1 => Just(T1),
    ];
    prop::collection::vec(time, 0..25)
        .prop_map(|times| SpikeTrain::from_unsorted(times, T0, T1, Duplicates::Merge).unwrap())
}

fn close(what: &str, actual: f64, expected: f64) -> Result<(), TestCaseError> {
    check_value(what, actual, expected, 1e-11, 1e-11).map_err(TestCaseError::fail)
}

/// A train without spikes is one with a spike at each end.
fn or_ends(train: &SpikeTrain) -> Vec<f64> {
    if train.is_empty() {
        vec![T0, T1]
    } else {
        train.times().to_vec()
    }
}

/// The last spike at or before a time, and the first one behind it.
fn around(times: &[f64], t: f64) -> (Option<usize>, Option<usize>) {
    let after = times.partition_point(|&x| x <= t);
    (after.checked_sub(1), (after < times.len()).then_some(after))
}

/// The length of the interval around a time that is no spike.
fn interval(times: &[f64], t: f64) -> f64 {
    let n = times.len();
    match around(times, t) {
        (Some(before), Some(after)) => times[after] - times[before],
        (None, _) if n > 1 => (times[0] - T0).max(times[1] - times[0]),
        (None, _) => times[0] - T0,
        (_, None) if n > 1 => (T1 - times[n - 1]).max(times[n - 1] - times[n - 2]),
        (_, None) => T1 - times[0],
    }
}

/// The distance of a spike to the nearest of a train and its auxiliary spikes.
fn nearest(times: &[f64], t: f64) -> f64 {
    let n = times.len();
    let (mut first, mut last) = (T0, T1);
    if n > 1 {
        first = first.min(2.0 * times[0] - times[1]);
        last = last.max(2.0 * times[n - 1] - times[n - 2]);
    }
    let distances = times.iter().chain([&first, &last]).map(|x| (x - t).abs());
    distances.fold(f64::INFINITY, f64::min)
}

/// The distance to the nearest spike, interpolated between the spikes of a train.
fn interpolated(times: &[f64], other: &[f64], t: f64) -> f64 {
    let between = |start: f64, end: f64| {
        let share = (t - start) / (end - start);
        nearest(other, start) * (1.0 - share) + nearest(other, end) * share
    };
    match around(times, t) {
        (Some(before), Some(after)) => between(times[before], times[after]),
        (None, Some(after)) => nearest(other, times[after]),
        // The end of the window counts as the next spike of one that is alone at its beginning.
        (Some(0), None) if times == [T0] => between(T0, T1),
        (Some(before), None) => nearest(other, times[before]),
        (None, None) => unreachable!("a train has spikes here"),
    }
}

/// The mean over the window of a function that is linear between spikes.
fn mean(a: &[f64], b: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut events = [a, b, &[T0, T1]].concat();
    events.sort_by(f64::total_cmp);
    let pieces = events.windows(2).filter(|w| w[1] > w[0]);
    let integral: f64 = pieces.map(|w| (w[1] - w[0]) * f(0.5 * (w[0] + w[1]))).sum();
    integral / (T1 - T0)
}

/// The distance of Victor and Purpura by the full dynamic programme of costs.
fn edit_cost(a: &[f64], b: &[f64], q: f64) -> f64 {
    let mut row: Vec<f64> = (0..=b.len()).map(|j| j as f64).collect();
    for (i, &s) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) as f64;
        for (j, &t) in b.iter().enumerate() {
            let shifted = diagonal + q * (s - t).abs();
            diagonal = row[j + 1];
            row[j + 1] = shifted.min(row[j + 1] + 1.0).min(row[j] + 1.0);
        }
    }
    row[b.len()]
}

/// Spikes that coincide by the four intervals around them: their number, and who leads.
fn coincidences(a: &[f64], b: &[f64]) -> (f64, f64) {
    let half = |times: &[f64], k: usize| {
        let before = if k > 0 {
            times[k] - times[k - 1]
        } else {
            T1 - T0
        };
        let after = times.get(k + 1).map_or(T1 - T0, |next| next - times[k]);
        0.5 * before.min(after)
    };
    let (mut count, mut led) = (0.0, 0.0);
    for (i, s) in a.iter().enumerate() {
        for (j, t) in b.iter().enumerate() {
            if s == t || (s - t).abs() < half(a, i).min(half(b, j)) {
                count += 2.0;
                led += f64::from(u8::from(s < t)) - f64::from(u8::from(s > t));
            }
        }
    }
    (count, led)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn isi(a in train(), b in train(), threshold in prop_oneof![Just(0.0), 0.01..3.0_f64]) {
        let (x, y) = (or_ends(&a), or_ends(&b));
        let expected = mean(&x, &y, |t| {
            let (p, q) = (interval(&x, t), interval(&y, t));
            (p - q).abs() / p.max(q).max(threshold)
        });
        close("ISI", isi_distance(&a, &b, Threshold::Seconds(threshold)).unwrap(), expected)?;
    }

    #[test]
    fn spike(a in train(), b in train(), threshold in prop_oneof![Just(0.0), 0.01..3.0_f64]) {
        let (x, y) = (or_ends(&a), or_ends(&b));
        let parts = |t: f64| {
            let (p, q) = (interval(&x, t), interval(&y, t));
            let (s, r) = (interpolated(&x, &y, t), interpolated(&y, &x, t));
            (p, q, s, r, 0.5 * (p + q), (0.5 * (p + q)).max(threshold))
        };
        let threshold = Threshold::Seconds(threshold);
        let expected = mean(&x, &y, |t| {
            let (p, q, s, r, m, limited) = parts(t);
            (s * q + r * p) / (2.0 * m * limited)
        });
        close("SPIKE", spike_distance(&a, &b, threshold).unwrap(), expected)?;
        let expected = mean(&x, &y, |t| {
            let (_, _, s, r, _, limited) = parts(t);
            (s + r) / (2.0 * limited)
        });
        close("RI-SPIKE", ri_spike_distance(&a, &b, threshold).unwrap(), expected)?;
    }

    #[test]
    fn synchronisation(a in train(), b in train()) {
        let config = SyncConfig::default();
        let (count, led) = coincidences(a.times(), b.times());
        let total = (a.len() + b.len()) as f64;
        let sync = spike_sync(&a, &b, &config).unwrap();
        let order = train_order(&a, &b, &config).unwrap();
        if total == 0.0 {
            prop_assert_eq!((sync, order), (1.0, 1.0));
        } else {
            prop_assert_eq!(sync, count / total);
            close("order", order, 2.0 * led / total)?;
        }
        prop_assert_eq!(directionality(&a, &b, &config).unwrap(), led);
    }

    #[test]
    fn victor_and_purpura(
        a in train(),
        b in train(),
        q in prop_oneof![0.0..0.5_f64, 0.5..20.0_f64, 20.0..1e4_f64],
    ) {
        close("VP", victor_purpura(&a, &b, q).unwrap(), edit_cost(a.times(), b.times(), q))?;
    }

    /// The double sum of the kernel e^{-|dt|/tau}.
    #[test]
    fn van_rossums(a in train(), b in train(), log_tau in -7.0..5.0_f64) {
        let tau = log_tau.exp();
        let product = |a: &SpikeTrain, b: &SpikeTrain| -> f64 {
            let terms = a.times().iter().flat_map(|s| {
                b.times().iter().map(move |t| (-(s - t).abs() / tau).exp())
            });
            terms.sum()
        };
        let squared = product(&a, &a) + product(&b, &b) - 2.0 * product(&a, &b);
        let distance = van_rossum(&a, &b, tau).unwrap();
        check_value("vR", distance * distance, squared.max(0.0), 1e-11, 1e-11)
            .map_err(TestCaseError::fail)?;
    }

    /// What the memory held before has no influence, and spikes at the same time count as stated.
    #[test]
    fn scratch_and_duplicates(a in train(), b in train(), c in train()) {
        use neuropil_neural_coding::distance::{
            isi_distance_with, spike_distance_with, spike_sync_with, van_rossum_with,
            victor_purpura_with,
        };
        let none = Threshold::None;
        let config = SyncConfig::default();
        let doubled: Vec<f64> = a.times().iter().flat_map(|&t| [t, t]).collect();
        let doubled =
            SpikeTrain::with_duplicates(doubled, T0, T1, Duplicates::Keep).unwrap();
        let mut scratch = Scratch::new();
        for (x, y) in [(&c, &a), (&a, &b), (&doubled, &b)] {
            let single = if std::ptr::eq(x, &doubled) { &a } else { x };
            let isi = isi_distance_with(x, y, none, &mut scratch).unwrap();
            prop_assert_eq!(isi, isi_distance(single, y, none).unwrap());
            let spike = spike_distance_with(x, y, none, &mut scratch).unwrap();
            prop_assert_eq!(spike, spike_distance(single, y, none).unwrap());
            let sync = spike_sync_with(x, y, &config, &mut scratch).unwrap();
            prop_assert_eq!(sync, spike_sync(single, y, &config).unwrap());
            let vp = victor_purpura_with(x, y, 3.0, &mut scratch).unwrap();
            prop_assert_eq!(vp, victor_purpura(x, y, 3.0).unwrap());
            let vr = van_rossum_with(x, y, 0.3, &mut scratch).unwrap();
            prop_assert_eq!(vr, van_rossum(x, y, 0.3).unwrap());
        }
        let n = a.len() as f64;
        prop_assert_eq!(victor_purpura(&a, &doubled, 1.0).unwrap(), n);
        prop_assert_eq!(van_rossum(&a, &doubled, 0.0).unwrap(), n.sqrt());
    }
}
