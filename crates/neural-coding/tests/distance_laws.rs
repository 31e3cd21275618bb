//! Laws of distances: metric axioms where they hold, shifts, scales, reversal, limits.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use neuropil_neural_coding::distance::{
    CoincidenceProfile, PiecewiseConstant, PiecewiseLinear, automatic_threshold,
    isi_distance_multi, spike_distance_multi,
};
use neuropil_neural_coding::distance::{
    ContrastConfig, SyncConfig, Threshold, directionality, directionality_values, isi_distance,
    isi_profile, ri_spike_distance, spike_contrast, spike_distance, spike_profile, spike_sync,
    spike_sync_multi, spike_sync_profile, train_order, train_order_multi, train_order_profile,
    van_rossum, victor_purpura,
};
use neuropil_neural_coding::{Duplicates, Error, SpikeTrain, SpikeTrains};
use neuropil_test_kit::tolerance::check_value;
use proptest::prelude::*;

const NONE: Threshold = Threshold::None;
const SYNC: SyncConfig = SyncConfig {
    threshold: Threshold::None,
    max_window: None,
};

/// Times are multiples of 1/1024, so that shifts and scales by powers of two round nothing.
fn train() -> impl Strategy<Value = SpikeTrain> {
    prop::collection::vec(0..=4096_u32, 0..30).prop_map(|times| {
        let times = times.into_iter().map(|t| f64::from(t) / 1024.0).collect();
        SpikeTrain::from_unsorted(times, 0.0, 4.0, Duplicates::Merge).unwrap()
    })
}

fn close(what: &str, actual: f64, expected: f64) -> Result<(), TestCaseError> {
    check_value(what, actual, expected, 1e-12, 1e-12).map_err(TestCaseError::fail)
}

/// Whether reversal may change the SPIKE-distance: the only spike is at an end of the window.
fn alone_at_an_end(train: &SpikeTrain) -> bool {
    matches!(train.times(), [t] if *t == train.t0() || *t == train.t1())
}

proptest! {
    #[test]
    fn victor_purpura_is_a_metric(
        a in train(), b in train(), c in train(), q in 0.01..100.0_f64,
    ) {
        let d = |x: &SpikeTrain, y: &SpikeTrain| victor_purpura(x, y, q).unwrap();
        prop_assert_eq!(d(&a, &a), 0.0);
        prop_assert_eq!(d(&a, &b), d(&b, &a));
        prop_assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c) + 1e-10);
        prop_assert!(a == b || d(&a, &b) > 0.0);
        prop_assert!(d(&a, &b) <= (a.len() + b.len()) as f64);
        // Dearer shifts never make it cheaper.
        prop_assert!(victor_purpura(&a, &b, 1.1 * q).unwrap() >= d(&a, &b) - 1e-12);
    }

    #[test]
    fn van_rossum_is_a_metric(a in train(), b in train(), c in train(), tau in 1e-3..10.0_f64) {
        let d = |x: &SpikeTrain, y: &SpikeTrain| van_rossum(x, y, tau).unwrap();
        prop_assert_eq!(d(&a, &a), 0.0);
        close("symmetry", d(&a, &b), d(&b, &a))?;
        prop_assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c) + 1e-10);
        prop_assert!(a == b || d(&a, &b) > 0.0);
    }

    #[test]
    fn measures_of_intervals_are_symmetric_and_bounded(a in train(), b in train()) {
        for threshold in [NONE, Threshold::Seconds(0.1), Threshold::Automatic] {
            let distances = [
                isi_distance(&a, &b, threshold).unwrap(),
                spike_distance(&a, &b, threshold).unwrap(),
                ri_spike_distance(&a, &b, threshold).unwrap(),
            ];
            let mirrored = [
                isi_distance(&b, &a, threshold).unwrap(),
                spike_distance(&b, &a, threshold).unwrap(),
                ri_spike_distance(&b, &a, threshold).unwrap(),
            ];
            for (distance, mirrored) in distances.into_iter().zip(mirrored) {
                prop_assert!((0.0..=1.0).contains(&distance), "{:?}", distances);
                close("symmetry", distance, mirrored)?;
            }
            prop_assert_eq!(isi_distance(&a, &a, threshold).unwrap(), 0.0);
            prop_assert_eq!(spike_distance(&a, &a, threshold).unwrap(), 0.0);
            prop_assert_eq!(ri_spike_distance(&a, &a, threshold).unwrap(), 0.0);
            let config = SyncConfig { threshold, ..SYNC };
            let sync = spike_sync(&a, &b, &config).unwrap();
            prop_assert!((0.0..=1.0).contains(&sync));
            prop_assert_eq!(sync, spike_sync(&b, &a, &config).unwrap());
            prop_assert_eq!(spike_sync(&a, &a, &config).unwrap(), 1.0);
            prop_assert!(sync >= spike_sync(&a, &b, &SYNC).unwrap());
            let (led, back) = (
                directionality(&a, &b, &config).unwrap(),
                directionality(&b, &a, &config).unwrap(),
            );
            prop_assert_eq!(led, -back);
            prop_assert!(2.0 * led.abs() <= sync * (a.len() + b.len()) as f64 + 1e-9);
        }
    }

    #[test]
    fn nothing_depends_on_when_it_was(a in train(), b in train(), by in -1024..1024_i32) {
        let by = f64::from(by) * 0.5;
        let (c, d) = (a.shift(by).unwrap(), b.shift(by).unwrap());
        close("VP", victor_purpura(&c, &d, 7.0).unwrap(), victor_purpura(&a, &b, 7.0).unwrap())?;
        close("vR", van_rossum(&c, &d, 0.2).unwrap(), van_rossum(&a, &b, 0.2).unwrap())?;
        close("ISI", isi_distance(&c, &d, NONE).unwrap(), isi_distance(&a, &b, NONE).unwrap())?;
        let (moved, here) = (spike_distance(&c, &d, NONE), spike_distance(&a, &b, NONE));
        close("SPIKE", moved.unwrap(), here.unwrap())?;
        prop_assert_eq!(
            spike_sync(&c, &d, &SYNC).unwrap(),
            spike_sync(&a, &b, &SYNC).unwrap()
        );
    }

    #[test]
    fn time_scales_with_the_parameters(a in train(), b in train(), factor in 0.01..100.0_f64) {
        let (c, d) = (a.scale(factor).unwrap(), b.scale(factor).unwrap());
        let vp = victor_purpura(&c, &d, 7.0 / factor).unwrap();
        check_value("VP", vp, victor_purpura(&a, &b, 7.0).unwrap(), 1e-10, 1e-10)
            .map_err(TestCaseError::fail)?;
        let vr = van_rossum(&c, &d, 0.2 * factor).unwrap();
        let expected = van_rossum(&a, &b, 0.2).unwrap();
        close("vR²", vr * vr, expected * expected)?;
        close("ISI", isi_distance(&c, &d, NONE).unwrap(), isi_distance(&a, &b, NONE).unwrap())?;
        let (scaled, here) = (spike_distance(&c, &d, NONE), spike_distance(&a, &b, NONE));
        close("SPIKE", scaled.unwrap(), here.unwrap())?;
        let threshold = |s: f64| Threshold::Seconds(0.3 * s);
        close(
            "ISI with threshold",
            isi_distance(&c, &d, threshold(factor)).unwrap(),
            isi_distance(&a, &b, threshold(1.0)).unwrap(),
        )?;
    }

    #[test]
    fn time_may_run_backwards(a in train(), b in train()) {
        let (c, d) = (a.reverse(), b.reverse());
        close("VP", victor_purpura(&c, &d, 7.0).unwrap(), victor_purpura(&a, &b, 7.0).unwrap())?;
        // The causal kernel is not its mirror image, the distance is.
        let (back, here) = (van_rossum(&c, &d, 0.2).unwrap(), van_rossum(&a, &b, 0.2).unwrap());
        close("vR²", back * back, here * here)?;
        close("ISI", isi_distance(&c, &d, NONE).unwrap(), isi_distance(&a, &b, NONE).unwrap())?;
        if !alone_at_an_end(&a) && !alone_at_an_end(&b) {
            let (back, here) = (spike_distance(&c, &d, NONE), spike_distance(&a, &b, NONE));
            close("SPIKE", back.unwrap(), here.unwrap())?;
        }
        prop_assert_eq!(
            spike_sync(&c, &d, &SYNC).unwrap(),
            spike_sync(&a, &b, &SYNC).unwrap()
        );
        prop_assert_eq!(
            directionality(&c, &d, &SYNC).unwrap(),
            -directionality(&a, &b, &SYNC).unwrap()
        );
    }

    #[test]
    fn limits_are_where_the_parameters_lead(a in train(), b in train()) {
        // Spikes are a thousandth of a second apart, or at the same time.
        prop_assert_eq!(
            victor_purpura(&a, &b, 1e9).unwrap(),
            victor_purpura(&a, &b, f64::INFINITY).unwrap()
        );
        let zero = victor_purpura(&a, &b, 0.0).unwrap();
        prop_assert!((victor_purpura(&a, &b, 1e-9).unwrap() - zero).abs() <= 4.0 * 30.0 * 1e-9);
        close("τ = 0", van_rossum(&a, &b, 1e-6).unwrap(), van_rossum(&a, &b, 0.0).unwrap())?;
        let slow = van_rossum(&a, &b, 1e12).unwrap();
        let limit = van_rossum(&a, &b, f64::INFINITY).unwrap();
        prop_assert!((slow * slow - limit * limit).abs() < 1e-7);
        // Times constants and costs so far from any time that they overflow when inverted.
        let tiny = f64::MIN_POSITIVE;
        prop_assert_eq!(
            van_rossum(&a, &b, tiny / 8.0).unwrap(),
            van_rossum(&a, &b, 0.0).unwrap()
        );
        prop_assert_eq!(van_rossum(&a, &b, f64::MAX).unwrap(), limit);
        prop_assert!(victor_purpura(&a, &b, tiny / 8.0).unwrap() - zero < 1e-300);
        prop_assert_eq!(
            victor_purpura(&a, &b, f64::MAX).unwrap(),
            victor_purpura(&a, &b, f64::INFINITY).unwrap()
        );
        // A threshold above all intervals leaves no difference of theirs.
        prop_assert!(isi_distance(&a, &b, Threshold::Seconds(1e12)).unwrap() < 1e-11);
        prop_assert!(spike_distance(&a, &b, Threshold::Seconds(1e12)).unwrap() < 1e-11);
    }

    #[test]
    fn averages_of_profiles_are_the_distances(a in train(), b in train(), cut in 1..4095_u32) {
        let isi = isi_profile(&a, &b, NONE).unwrap();
        close("ISI", isi.average(), isi_distance(&a, &b, NONE).unwrap())?;
        let spike = spike_profile(&a, &b, NONE).unwrap();
        close("SPIKE", spike.average(), spike_distance(&a, &b, NONE).unwrap())?;
        let cut = f64::from(cut) / 1024.0;
        let parts = |f: &dyn Fn(f64, f64) -> f64| {
            (cut * f(0.0, cut) + (4.0 - cut) * f(cut, 4.0)) / 4.0
        };
        close("parts", parts(&|x, y| isi.average_over(x, y).unwrap()), isi.average())?;
        close("parts", parts(&|x, y| spike.average_over(x, y).unwrap()), spike.average())?;
        let sync = spike_sync_profile(&a, &b, &SYNC).unwrap();
        let order = train_order_profile(&a, &b, &SYNC).unwrap();
        match sync.average() {
            Some(average) => {
                close("sync", average, spike_sync(&a, &b, &SYNC).unwrap())?;
                let order = order.average().unwrap();
                close("order", order, train_order(&a, &b, &SYNC).unwrap())?;
                prop_assert_eq!(sync.average_over(0.0, 4.0).unwrap(), Some(average));
            }
            None => prop_assert!(a.is_empty() && b.is_empty()),
        }
        prop_assert!(sync.values().iter().zip(sync.multiplicities()).all(|(v, m)| v <= m));
    }

    #[test]
    fn many_trains_are_all_their_pairs(a in train(), b in train(), c in train()) {
        let trains = SpikeTrains::from_trains(&[a.clone(), b.clone(), c.clone()]).unwrap();
        let pairs = [(&a, &b), (&a, &c), (&b, &c)];
        let isi: Vec<PiecewiseConstant> =
            pairs.iter().map(|(x, y)| isi_profile(*x, *y, NONE).unwrap()).collect();
        let mean = PiecewiseConstant::mean(&isi).unwrap().unwrap();
        close("ISI", mean.average(), isi_distance_multi(&trains, NONE).unwrap().unwrap())?;
        let spike: Vec<PiecewiseLinear> =
            pairs.iter().map(|(x, y)| spike_profile(*x, *y, NONE).unwrap()).collect();
        let mean = PiecewiseLinear::mean(&spike).unwrap().unwrap();
        close("SPIKE", mean.average(), spike_distance_multi(&trains, NONE).unwrap().unwrap())?;
        for t in [0.0, 0.77, 2.0, 4.0] {
            let expected: f64 = spike.iter().map(|p| p.at(t).unwrap()).sum();
            close("at", mean.at(t).unwrap(), expected / 3.0)?;
        }
        let sync: Vec<CoincidenceProfile> =
            pairs.iter().map(|(x, y)| spike_sync_profile(*x, *y, &SYNC).unwrap()).collect();
        let pooled = CoincidenceProfile::pooled(&sync).average().unwrap_or(1.0);
        close("sync", pooled, spike_sync_multi(&trains, &SYNC).unwrap())?;
        let order: Vec<CoincidenceProfile> =
            pairs.iter().map(|(x, y)| train_order_profile(*x, *y, &SYNC).unwrap()).collect();
        let pooled = CoincidenceProfile::pooled(&order).average().unwrap_or(1.0);
        close("order", pooled, train_order_multi(&trains, &SYNC).unwrap())?;
        // What one spike leads by, another follows by.
        let values = directionality_values(&trains, &SYNC).unwrap();
        close("directionality", values.iter().flatten().sum(), 0.0)?;
        let led: f64 = values[0].iter().sum();
        let expected = directionality(&a, &b, &SYNC).unwrap() + directionality(&a, &c, &SYNC).unwrap();
        close("leader", 2.0 * led, expected)?;
    }
}

/// A perfect sequence: every train follows the one before it.
#[test]
fn a_sequence_has_the_largest_order() {
    let first = SpikeTrain::new(vec![0.5, 1.5, 2.5, 3.5], 0.0, 4.5).unwrap();
    let mut trains = SpikeTrains::new(0.0, 4.5).unwrap();
    for k in 0..4 {
        let times = first
            .times()
            .iter()
            .map(|t| t + 0.01 * f64::from(k))
            .collect();
        trains
            .push(&SpikeTrain::new(times, 0.0, 4.5).unwrap())
            .unwrap();
    }
    assert_eq!(spike_sync_multi(&trains, &SYNC).unwrap(), 1.0);
    assert_eq!(train_order_multi(&trains, &SYNC).unwrap(), 1.0);
    let values = directionality_values(&trains, &SYNC).unwrap();
    assert!(values[0].iter().all(|&v| v == 1.0));
    assert!(values[3].iter().all(|&v| v == -1.0));
    let contrast = spike_contrast(&trains, &ContrastConfig::default())
        .unwrap()
        .unwrap();
    assert!(contrast.value > 0.9, "{}", contrast.value);
}

#[test]
fn settings_outside_of_their_range_are_refused() {
    let a = SpikeTrain::new(vec![0.1, 0.2], 0.0, 1.0).unwrap();
    let out_of_range = |result: Result<f64, Error>| {
        assert!(
            matches!(result, Err(Error::OutOfRange { .. })),
            "{result:?}"
        );
    };
    for bad in [-1.0, f64::NAN] {
        out_of_range(victor_purpura(&a, &a, bad));
        out_of_range(van_rossum(&a, &a, bad));
        out_of_range(isi_distance(&a, &a, Threshold::Seconds(bad)));
        out_of_range(spike_distance(&a, &a, Threshold::Seconds(bad)));
        let config = SyncConfig {
            max_window: Some(bad),
            ..SYNC
        };
        out_of_range(spike_sync(&a, &a, &config));
    }
    out_of_range(isi_distance(&a, &a, Threshold::Seconds(f64::INFINITY)));
    let other = SpikeTrain::new(vec![0.1], 0.0, 2.0).unwrap();
    let different = |result: Result<f64, Error>| {
        assert!(
            matches!(result, Err(Error::DifferentWindows { .. })),
            "{result:?}"
        );
    };
    different(isi_distance(&a, &other, NONE));
    different(spike_distance(&a, &other, NONE));
    different(spike_sync(&a, &other, &SYNC));
    // These know no windows.
    assert_eq!(victor_purpura(&a, &other, 0.0).unwrap(), 1.0);
    assert_eq!(van_rossum(&a, &other, 0.0).unwrap(), 1.0);
    let profile = isi_profile(&a, &a, NONE).unwrap();
    assert!(matches!(
        profile.average_over(0.5, 0.5),
        Err(Error::Window { .. })
    ));
    assert!(matches!(
        profile.average_over(0.5, 1.5),
        Err(Error::OutOfRange { .. })
    ));
    assert_eq!(profile.at(1.5), None);
}

#[test]
fn too_few_trains_have_no_pairs() {
    let none = SpikeTrains::new(0.0, 1.0).unwrap();
    assert_eq!(isi_distance_multi(&none, NONE).unwrap(), None);
    assert_eq!(spike_sync_multi(&none, &SYNC).unwrap(), 1.0);
    assert_eq!(train_order_multi(&none, &SYNC).unwrap(), 1.0);
    assert_eq!(automatic_threshold(&none), 0.0);
    assert_eq!(PiecewiseConstant::mean(&[]).unwrap(), None);
    assert!(directionality_values(&none, &SYNC).is_err());
    assert!(spike_contrast(&none, &ContrastConfig::default()).is_err());
    let mut trains = SpikeTrains::new(0.0, 1.0).unwrap();
    for times in [vec![], vec![0.5]] {
        trains
            .push(&SpikeTrain::new(times, 0.0, 1.0).unwrap())
            .unwrap();
    }
    // No interval, no bin.
    assert_eq!(
        spike_contrast(&trains, &ContrastConfig::default()).unwrap(),
        None
    );
    let config = ContrastConfig {
        shrink: 1.0,
        ..ContrastConfig::default()
    };
    assert!(matches!(
        spike_contrast(&trains, &config),
        Err(Error::OutOfRange { .. })
    ));
}
