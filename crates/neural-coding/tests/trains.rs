//! What containers accept, refuse and keep.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_neural_coding::{BinnedCounts, Duplicates, Error, Raster, SpikeTrain, SpikeTrains};
use proptest::prelude::*;

fn train(times: &[f64]) -> SpikeTrain {
    SpikeTrain::new(times.to_vec(), 0.0, 1.0).unwrap()
}

#[test]
fn what_is_not_a_train_is_refused_with_what_is_at_fault() {
    let new = |times: &[f64]| SpikeTrain::new(times.to_vec(), 0.0, 1.0).unwrap_err();
    assert!(matches!(
        new(&[0.1, f64::NAN]),
        Error::NonFinite { index: 1, .. }
    ));
    assert!(matches!(
        new(&[0.1, f64::INFINITY]),
        Error::NonFinite { index: 1, .. }
    ));
    assert_eq!(
        new(&[0.2, 0.5, 0.4]),
        Error::Unsorted {
            index: 2,
            time: 0.4,
            previous: 0.5
        }
    );
    assert_eq!(
        new(&[0.2, 0.2]),
        Error::Duplicate {
            index: 1,
            time: 0.2
        }
    );
    for (times, index) in [([-0.1, 0.5], 0), ([0.5, 1.1], 1)] {
        assert!(matches!(
            new(&times),
            Error::OutsideWindow { index: i, t0: 0.0, t1: 1.0, .. } if i == index
        ));
    }
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for (t0, t1) in [
        (1.0, 1.0),
        (1.0, 0.0),
        (nan, 1.0),
        (0.0, nan),
        (0.0, inf),
        (-inf, 0.0),
        // The length is no number.
        (-f64::MAX, f64::MAX),
    ] {
        let error = SpikeTrain::new(vec![], t0, t1).unwrap_err();
        assert!(matches!(error, Error::Window { .. }), "{t0} {t1}: {error}");
        assert!(SpikeTrains::new(t0, t1).is_err(), "{t0} {t1}");
    }
}

#[test]
fn spikes_at_both_ends_and_no_spikes_are_trains() {
    assert_eq!(train(&[0.0, 1.0]).len(), 2);
    assert!(train(&[]).is_empty());
    assert_eq!(train(&[]).rate(), 0.0);
    assert_eq!(train(&[0.25, 0.75, 1.0]).intervals().sum::<f64>(), 0.75);
}

#[test]
fn duplicates_are_refused_merged_or_kept() {
    let times = vec![0.1, 0.1, 0.5, 0.5, 0.5];
    let new = |duplicates| SpikeTrain::with_duplicates(times.clone(), 0.0, 1.0, duplicates);
    assert!(new(Duplicates::Refuse).is_err());
    assert_eq!(new(Duplicates::Merge).unwrap().times(), [0.1, 0.5]);
    assert_eq!(new(Duplicates::Keep).unwrap().len(), 5);
    let parts = |duplicates| {
        SpikeTrains::from_parts(times.clone(), vec![0, 1, 3, 3, 5], 0.0, 1.0, duplicates)
    };
    assert_eq!(
        parts(Duplicates::Refuse),
        Err(Error::Duplicate {
            index: 4,
            time: 0.5
        })
    );
    let merged = parts(Duplicates::Merge).unwrap();
    assert_eq!(merged.times(), [0.1, 0.1, 0.5, 0.5]);
    assert_eq!(merged.offsets(), [0, 1, 3, 3, 4]);
}

#[test]
fn unsorted_times_can_be_sorted_but_not_repaired() {
    let sorted =
        SpikeTrain::from_unsorted(vec![0.5, 0.1, 0.3], 0.0, 1.0, Duplicates::Refuse).unwrap();
    assert_eq!(sorted.times(), [0.1, 0.3, 0.5]);
    let error = SpikeTrain::from_unsorted(vec![0.5, f64::NAN, 0.1], 0.0, 1.0, Duplicates::Merge);
    assert!(matches!(error, Err(Error::NonFinite { index: 1, .. })));
}

#[test]
fn milliseconds_are_seconds_divided_by_a_thousand() {
    let train = SpikeTrain::from_ms(&[100.0, 300.0], 0.0, 1000.0).unwrap();
    assert_eq!(train.times(), [0.1, 0.3]);
    assert_eq!(train.t1(), 1.0);
}

#[test]
fn slices_include_both_ends_and_stay_inside() {
    let train = train(&[0.0, 0.2, 0.4, 0.6, 1.0]);
    let slice = train.slice(0.2, 0.6).unwrap();
    assert_eq!(slice.times(), [0.2, 0.4, 0.6]);
    assert_eq!((slice.t0(), slice.t1()), (0.2, 0.6));
    assert_eq!(train.slice(0.0, 1.0).unwrap(), train);
    assert!(matches!(
        train.slice(0.5, 1.5),
        Err(Error::OutOfRange { what: "to", .. })
    ));
    assert!(matches!(train.slice(0.5, 0.5), Err(Error::Window { .. })));
    assert!(train.slice(f64::NAN, 0.5).is_err());
}

#[test]
fn merging_pools_trains_of_one_window() {
    let (a, b) = (train(&[0.1, 0.5]), train(&[0.3, 0.5]));
    let merged = SpikeTrain::merge([&a, &b], Duplicates::Keep).unwrap();
    assert_eq!(merged.times(), [0.1, 0.3, 0.5, 0.5]);
    assert!(matches!(
        SpikeTrain::merge([&a, &b], Duplicates::Refuse),
        Err(Error::Duplicate { index: 3, .. })
    ));
    let later = a.shift(1.0).unwrap();
    assert!(matches!(
        SpikeTrain::merge([&a, &later], Duplicates::Keep),
        Err(Error::DifferentWindows { .. })
    ));
    assert!(matches!(
        SpikeTrain::merge(Vec::<&SpikeTrain>::new(), Duplicates::Keep),
        Err(Error::TooFew { .. })
    ));
}

#[test]
fn maps_refuse_what_leaves_the_numbers() {
    let train = train(&[0.1]);
    assert!(matches!(train.shift(f64::NAN), Err(Error::Window { .. })));
    // At that distance from zero the window is shorter than the resolution.
    assert!(matches!(train.shift(1e20), Err(Error::Window { .. })));
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(train.scale(factor), Err(Error::OutOfRange { .. })));
    }
    assert!(matches!(
        train.scale(f64::MIN_POSITIVE * f64::EPSILON * 0.25),
        Err(Error::OutOfRange { .. } | Error::Window { .. })
    ));
}

#[test]
fn parts_must_divide_the_buffer() {
    let parts = |offsets: &[usize]| {
        SpikeTrains::from_parts(
            vec![0.1, 0.2, 0.3],
            offsets.to_vec(),
            0.0,
            1.0,
            Duplicates::Refuse,
        )
    };
    assert_eq!(parts(&[0, 2, 2, 3]).unwrap().len(), 3);
    for offsets in [
        &[][..],
        &[1, 3],
        &[0, 2],
        &[0, 4],
        &[0, 2, 1, 3],
        &[0, 9, 3],
    ] {
        assert!(
            matches!(parts(offsets), Err(Error::Shape { .. })),
            "{offsets:?}"
        );
    }
    // Each train is sorted, the buffer need not be; positions are those of the buffer.
    let unsorted = SpikeTrains::from_parts(
        vec![0.5, 0.2, 0.1],
        vec![0, 1, 3],
        0.0,
        1.0,
        Duplicates::Refuse,
    );
    assert!(matches!(unsorted, Err(Error::Unsorted { index: 2, .. })));
    let empty = SpikeTrains::from_parts(vec![], vec![0], 0.0, 1.0, Duplicates::Refuse).unwrap();
    assert!(empty.is_empty() && empty.get(0).is_none());
}

#[test]
fn trains_of_other_windows_are_not_added() {
    let mut trains = SpikeTrains::new(0.0, 1.0).unwrap();
    trains.push(&train(&[0.5])).unwrap();
    let other = SpikeTrain::new(vec![], 0.0, 2.0).unwrap();
    assert_eq!(
        trains.push(&other),
        Err(Error::DifferentWindows {
            first: (0.0, 1.0),
            second: (0.0, 2.0)
        })
    );
    assert_eq!(trains.len(), 1);
    assert!(SpikeTrains::from_trains(&[]).is_err());
}

#[test]
fn files_are_checked_like_everything_else() {
    let train = train(&[0.1, 0.3]);
    let json = serde_json::to_string(&train).unwrap();
    assert_eq!(serde_json::from_str::<SpikeTrain>(&json).unwrap(), train);
    for bad in [
        r#"{"times":[0.3,0.1],"t0":0.0,"t1":1.0}"#,
        r#"{"times":[1.3],"t0":0.0,"t1":1.0}"#,
        r#"{"times":[],"t0":1.0,"t1":0.0}"#,
        r#"{"times":[],"t0":0.0,"t1":1.0,"unit":"ms"}"#,
    ] {
        assert!(serde_json::from_str::<SpikeTrain>(bad).is_err(), "{bad}");
    }
    let trains = SpikeTrains::from_trains(&[train]).unwrap();
    let json = serde_json::to_string(&trains).unwrap();
    assert_eq!(serde_json::from_str::<SpikeTrains>(&json).unwrap(), trains);
    let bad = json.replace("\"offsets\":[0,2]", "\"offsets\":[0,3]");
    assert_ne!(bad, json);
    assert!(serde_json::from_str::<SpikeTrains>(&bad).is_err());
}

#[test]
fn bins_are_half_open_and_nothing_is_lost_at_their_end() {
    // What falls out of elephant's bins: a spike at the end of the window, and one within the
    // tolerance before it.
    let times = [0.0, 0.1, 0.2, 0.1 + 0.2, 0.7, 0.999_999_999, 1.0];
    let counts = BinnedCounts::of(&train(&times), 0.1).unwrap();
    let mut row = [0.0; 10];
    counts.row_into(0, &mut row).unwrap();
    assert_eq!(row, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 2.0]);
    assert_eq!(counts.dropped(), [0]);
    // Three bins of 0.3 end at 0.9: what is left is not counted, and is told.
    let counts = BinnedCounts::of(&train(&times), 0.3).unwrap();
    assert_eq!(counts.row(0), (&[0, 1, 2][..], &[3, 1, 1][..]));
    assert_eq!((counts.bins(), counts.dropped()), (3, &[2][..]));
}

#[test]
fn counts_are_the_same_sparse_dense_and_pooled() {
    let trains =
        SpikeTrains::from_trains(&[train(&[0.05, 0.06, 0.95]), train(&[]), train(&[0.06])])
            .unwrap();
    let counts = trains.bin(0.1).unwrap();
    let dense = counts.dense::<f64>().unwrap();
    assert_eq!(dense.shape(), (3, 10));
    assert_eq!(
        dense,
        DMatrix::from_fn(3, 10, |train, bin| match (train, bin) {
            (0, 0) => 2.0,
            (0, 9) | (2, 0) => 1.0,
            _ => 0.0,
        })
    );
    assert_eq!(counts.pooled(), [3, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(counts.row(7), (&[][..], &[][..]));
}

#[test]
fn bins_that_cannot_be_are_refused() {
    let train = train(&[0.5]);
    for width in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(train.bin(width), Err(Error::OutOfRange { .. })));
    }
    assert!(matches!(train.bin(1.1), Err(Error::TooFew { .. })));
    assert!(matches!(train.bin(1e-12), Err(Error::TooLarge { .. })));
    let counts = train.bin(0.5).unwrap();
    assert!(matches!(
        counts.row_into(0, &mut [0.0; 3]),
        Err(Error::Shape { .. })
    ));
}

#[test]
fn a_raster_is_its_bits() {
    let mut raster = Raster::new(2, 65).unwrap();
    raster.set(0, 64, true).unwrap();
    raster.set(0, 3, true).unwrap();
    raster.set(1, 64, true).unwrap();
    assert_eq!(raster.row(0), [8, 1]);
    assert_eq!(raster.spikes(0).collect::<Vec<_>>(), [3, 64]);
    assert_eq!(raster.coincidences(0, 1), 1);
    raster.set(0, 3, false).unwrap();
    assert!(!raster.get(0, 3) && raster.get(0, 64) && !raster.get(0, 65) && !raster.get(9, 0));
    assert!(matches!(raster.set(0, 65, true), Err(Error::Shape { .. })));
    assert!(matches!(raster.set(2, 0, true), Err(Error::Shape { .. })));
    assert_eq!(
        Raster::from_dense(&raster.to_dense::<f32>()).unwrap(),
        raster
    );
    let half = DMatrix::from_element(1, 1, 0.5);
    assert!(matches!(
        Raster::from_dense(&half),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        Raster::new(usize::MAX, 640),
        Err(Error::TooLarge { .. })
    ));
}

proptest! {
    #[test]
    fn shifting_scaling_and_reversing_come_back(
        steps in prop::collection::vec(0..1024_u32, 0..40),
        by in -512..512_i32,
    ) {
        // Multiples of a power of two, so that nothing is rounded.
        let times = steps.iter().map(|&s| f64::from(s) / 1024.0).collect();
        let train = SpikeTrain::from_unsorted(times, 0.0, 1.0, Duplicates::Merge).unwrap();
        let by = f64::from(by) / 256.0;
        prop_assert_eq!(&train.shift(by).unwrap().shift(-by).unwrap(), &train);
        prop_assert_eq!(&train.scale(4.0).unwrap().scale(0.25).unwrap(), &train);
        prop_assert_eq!(&train.reverse().reverse(), &train);
        prop_assert_eq!(train.reverse().len(), train.len());
    }

    #[test]
    fn a_reversed_train_is_valid(
        times in prop::collection::vec(0.0..=1.0_f64, 0..20),
        t0 in -1e6..1e6_f64,
    ) {
        let train = SpikeTrain::from_unsorted(times, 0.0, 1.0, Duplicates::Merge).unwrap();
        let reversed = train.shift(t0).unwrap().reverse();
        let (times, t0, t1) = (reversed.times().to_vec(), reversed.t0(), reversed.t1());
        prop_assert!(SpikeTrain::with_duplicates(times, t0, t1, Duplicates::Keep).is_ok());
    }

    #[test]
    fn every_spike_is_counted_or_dropped(
        times in prop::collection::vec(0.0..=1.0_f64, 0..60),
        width in 0.004..1.0_f64,
    ) {
        let train = SpikeTrain::from_unsorted(times, 0.0, 1.0, Duplicates::Keep).unwrap();
        let counts = train.bin(width).unwrap();
        let counted: u64 = counts.pooled().iter().sum();
        prop_assert_eq!(counted as usize + counts.dropped()[0], train.len());
        // Against the definition, where it is not a matter of rounding.
        for &t in train.times() {
            let place = t / width;
            if (place - place.round()).abs() > 1e-6 {
                let counted = counts.row(0).0.contains(&(place as u32));
                prop_assert_eq!(counted, place < counts.bins() as f64);
            }
        }
    }

    #[test]
    fn a_raster_has_a_bit_for_each_bin_with_spikes(
        times in prop::collection::vec(0.0..=1.0_f64, 0..60),
    ) {
        let train = SpikeTrain::from_unsorted(times, 0.0, 1.0, Duplicates::Keep).unwrap();
        let counts = train.bin(0.01).unwrap();
        let raster = Raster::from_counts(&counts).unwrap();
        let bins: Vec<usize> = counts.row(0).0.iter().map(|&b| b as usize).collect();
        prop_assert_eq!(raster.spikes(0).collect::<Vec<_>>(), bins);
        prop_assert_eq!(raster.count(0), counts.row(0).0.len());
        let back = raster.to_trains(0.0, 0.01).unwrap();
        prop_assert_eq!(Raster::from_counts(&back.bin(0.01).unwrap()).unwrap(), raster);
    }
}
