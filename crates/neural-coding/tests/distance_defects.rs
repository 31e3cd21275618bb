//! Cases in which a widely used library is wrong, or prints, or returns NaN.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use neuropil_neural_coding::distance::{
    SyncConfig, Threshold, isi_distance, isi_profile, ri_spike_distance, spike_distance,
    spike_profile, spike_sync, van_rossum, van_rossum_matrix, victor_purpura,
    victor_purpura_matrix,
};
use neuropil_neural_coding::{Duplicates, SpikeTrain, SpikeTrains};

const NONE: Threshold = Threshold::None;

fn train(times: &[f64]) -> SpikeTrain {
    SpikeTrain::new(times.to_vec(), 0.0, 10.0).unwrap()
}

/// elephant 1.2.1 does not cancel spikes that coincide in the limits: it says √6 and 6.
#[test]
fn a_train_is_at_distance_zero_from_itself_in_the_limits_too() {
    let three = train(&[1.0, 2.0, 5.0]);
    for tau in [0.0, 1e-300, 1e-6, 1.0, 1e300, f64::INFINITY] {
        assert_eq!(van_rossum(&three, &three, tau).unwrap(), 0.0, "tau = {tau}");
    }
    for q in [0.0, 1e-300, 1.0, 1e9, 1e300, f64::INFINITY] {
        assert_eq!(victor_purpura(&three, &three, q).unwrap(), 0.0, "q = {q}");
    }
    let twice = SpikeTrains::from_trains(&[three.clone(), three]).unwrap();
    assert_eq!(van_rossum_matrix(&twice, 0.0).unwrap().max(), 0.0);
    assert_eq!(
        victor_purpura_matrix(&twice, f64::INFINITY).unwrap().max(),
        0.0
    );
}

/// Of three and two spikes with one in common, three differ.
#[test]
fn limits_count_the_spikes_that_differ() {
    let (a, b) = (train(&[1.0, 2.0, 5.0]), train(&[2.0, 5.5]));
    assert_eq!(victor_purpura(&a, &b, f64::INFINITY).unwrap(), 3.0);
    assert_eq!(van_rossum(&a, &b, 0.0).unwrap(), 3.0_f64.sqrt());
}

/// PySpike 0.9.0: NaN.
#[test]
fn single_spikes_at_the_end_of_the_window_are_at_distance_zero() {
    let last = train(&[10.0]);
    assert_eq!(isi_distance(&last, &last, NONE).unwrap(), 0.0);
    assert_eq!(spike_distance(&last, &last, NONE).unwrap(), 0.0);
    assert_eq!(ri_spike_distance(&last, &last, NONE).unwrap(), 0.0);
    assert_eq!(isi_profile(&last, &last, NONE).unwrap().values(), [0.0]);
    assert_eq!(spike_profile(&last, &last, NONE).unwrap().average(), 0.0);
}

/// Every pair of few spikes at the ends has a number.
#[test]
fn no_pair_at_the_ends_is_nan() {
    let ends = [0.0, 5e-324, 1e-310, 1e-300, 5.0, 10.0_f64.next_down(), 10.0];
    let mut trains = vec![train(&[])];
    for (k, &first) in ends.iter().enumerate() {
        trains.push(train(&[first]));
        for &second in &ends[k + 1..] {
            trains.push(train(&[first, second]));
        }
    }
    for a in &trains {
        for b in &trains {
            for threshold in [NONE, Threshold::Automatic, Threshold::Seconds(1e-300)] {
                let config = SyncConfig {
                    threshold,
                    max_window: None,
                };
                for distance in [
                    isi_distance(a, b, threshold),
                    spike_distance(a, b, threshold),
                    ri_spike_distance(a, b, threshold),
                    spike_sync(a, b, &config),
                ] {
                    let distance = distance.unwrap();
                    assert!(
                        (0.0..=1.0 + 1e-12).contains(&distance),
                        "{distance} for {a:?} and {b:?}"
                    );
                }
            }
        }
    }
}

/// Intervals do not see where in the window the only spike is, coincidences do. By definition, not by
/// accident: a spike at an end makes an interval as long as the window.
#[test]
fn single_spikes_at_opposite_ends_differ_by_synchrony_alone() {
    let (first, last) = (train(&[0.0]), train(&[10.0]));
    assert_eq!(isi_distance(&first, &last, NONE).unwrap(), 0.0);
    assert_eq!(spike_distance(&first, &last, NONE).unwrap(), 0.0);
    assert_eq!(
        spike_sync(&first, &last, &SyncConfig::default()).unwrap(),
        0.0
    );
    assert!(victor_purpura(&first, &last, 1.0).unwrap() == 2.0);
}

/// PySpike 0.9.0 is out by up to 0.03 when such a train is run backwards, and so is the definition. All
/// other trains are invariant, see `distance_laws.rs`.
#[test]
fn reversal_changes_single_spikes_at_an_end_as_documented() {
    let other = train(&[1.0, 4.0, 4.5, 8.0]);
    let first = train(&[0.0]);
    let forwards = spike_distance(&first, &other, NONE).unwrap();
    let backwards = spike_distance(&first.reverse(), &other.reverse(), NONE).unwrap();
    assert!(forwards != backwards && (forwards - backwards).abs() < 0.1);
    let inside = train(&[3.0]);
    let forwards = spike_distance(&inside, &other, NONE).unwrap();
    let backwards = spike_distance(&inside.reverse(), &other.reverse(), NONE).unwrap();
    assert!((forwards - backwards).abs() < 1e-15);
}

/// PySpike printed from inside of such an average; a part between two neighbouring spikes is the value
/// of the line there.
#[test]
fn a_part_between_two_spikes_has_an_average() {
    let (a, b) = (train(&[2.0, 6.0]), train(&[3.0, 7.0]));
    let profile = spike_profile(&a, &b, NONE).unwrap();
    let average = profile.average_over(4.0, 5.0).unwrap();
    assert!((average - profile.at(4.5).unwrap()).abs() < 1e-15);
    let isi = isi_profile(&a, &train(&[3.0, 5.0, 9.0]), NONE).unwrap();
    assert_eq!(isi.average_over(3.25, 3.5).unwrap(), isi.at(3.3).unwrap());
}

/// Duplicated spikes gave values above 1 and below 0.
#[test]
fn duplicated_spikes_keep_the_bounds() {
    let times = vec![1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 9.0, 9.0];
    let doubled = SpikeTrain::with_duplicates(times, 0.0, 10.0, Duplicates::Keep).unwrap();
    let single = train(&[1.0, 2.0, 3.0, 9.0]);
    let other = train(&[1.1, 2.5, 7.0]);
    let config = SyncConfig::default();
    for (measured, expected) in [
        (
            isi_distance(&doubled, &other, NONE),
            isi_distance(&single, &other, NONE),
        ),
        (
            spike_distance(&doubled, &other, NONE),
            spike_distance(&single, &other, NONE),
        ),
        (
            spike_sync(&doubled, &other, &config),
            spike_sync(&single, &other, &config),
        ),
    ] {
        let (measured, expected) = (measured.unwrap(), expected.unwrap());
        assert_eq!(measured, expected);
        assert!((0.0..=1.0).contains(&measured));
    }
}

/// Distances of times far from zero are as exact as those near it.
#[test]
fn trains_far_from_time_zero_are_compared_exactly() {
    let (a, b) = (train(&[1.0, 4.0]), train(&[1.25, 4.0]));
    let far = |t: &SpikeTrain| t.shift(1e6).unwrap();
    let (c, d) = (far(&a), far(&b));
    assert_eq!(victor_purpura(&c, &d, 2.0).unwrap(), 0.5);
    assert_eq!(
        van_rossum(&c, &d, 0.1).unwrap(),
        van_rossum(&a, &b, 0.1).unwrap()
    );
    assert_eq!(
        spike_sync(&c, &d, &SyncConfig::default()).unwrap(),
        spike_sync(&a, &b, &SyncConfig::default()).unwrap()
    );
}

/// The difference of nearly equal trains is not lost in their length.
#[test]
fn small_distances_of_long_trains_are_exact() {
    let times: Vec<f64> = (0..4096).map(|k| f64::from(k) * 0.25).collect();
    let moved = times.iter().map(|t| t + 2.0_f64.powi(-40)).collect();
    let a = SpikeTrain::new(times, 0.0, 1025.0).unwrap();
    let b = SpikeTrain::new(moved, 0.0, 1025.0).unwrap();
    // 4096 shifts of 2^-40 at one per second.
    assert_eq!(victor_purpura(&a, &b, 1.0).unwrap(), 2.0_f64.powi(-28));
}
