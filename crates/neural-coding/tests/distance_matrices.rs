//! Matrices are their pairs, bit by bit, on any number of threads.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_neural_coding::distance::{
    SyncConfig, Threshold, directionality, directionality_matrix, isi_distance,
    isi_distance_matrix, ri_spike_distance, ri_spike_distance_matrix, spike_distance,
    spike_distance_matrix, spike_sync, spike_sync_matrix, train_order, train_order_matrix,
    van_rossum, van_rossum_matrix, victor_purpura, victor_purpura_matrix,
};
use neuropil_neural_coding::{Duplicates, Error, SpikeTrain, SpikeTrains, TrainView};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn trains() -> SpikeTrains {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let mut trains = SpikeTrains::new(0.0, 5.0).unwrap();
    for k in 0..23 {
        // Of very different lengths, so that those that go on side by side end apart.
        let spikes = (k * 37) % 120;
        let times = (0..spikes)
            .map(|_| f64::from(rng.random_range(0..5000_u32)) / 1000.0)
            .collect();
        let train = SpikeTrain::from_unsorted(times, 0.0, 5.0, Duplicates::Merge).unwrap();
        trains.push(&train).unwrap();
    }
    trains
}

fn pairs(
    trains: &SpikeTrains,
    f: impl Fn(TrainView<'_>, TrainView<'_>) -> Result<f64, Error>,
) -> DMatrix<f64> {
    let all: Vec<TrainView<'_>> = trains.iter().collect();
    DMatrix::from_fn(all.len(), all.len(), |i, j| {
        // The matrices compute the upper triangle.
        let (i, j) = (i.min(j), i.max(j));
        f(all[i], all[j]).unwrap()
    })
}

fn matrices(trains: &SpikeTrains) -> Vec<DMatrix<f64>> {
    let none = Threshold::None;
    let sync = SyncConfig::default();
    vec![
        victor_purpura_matrix(trains, 10.0).unwrap(),
        victor_purpura_matrix(trains, f64::INFINITY).unwrap(),
        van_rossum_matrix(trains, 0.02).unwrap(),
        van_rossum_matrix(trains, 0.0).unwrap(),
        isi_distance_matrix(trains, none).unwrap(),
        spike_distance_matrix(trains, none).unwrap(),
        ri_spike_distance_matrix(trains, none).unwrap(),
        spike_sync_matrix(trains, &sync).unwrap(),
    ]
}

#[test]
fn matrices_are_their_pairs() {
    let trains = trains();
    let none = Threshold::None;
    let sync = SyncConfig::default();
    let expected = [
        pairs(&trains, |a, b| victor_purpura(a, b, 10.0)),
        pairs(&trains, |a, b| victor_purpura(a, b, f64::INFINITY)),
        pairs(&trains, |a, b| van_rossum(a, b, 0.02)),
        pairs(&trains, |a, b| van_rossum(a, b, 0.0)),
        pairs(&trains, |a, b| isi_distance(a, b, none)),
        pairs(&trains, |a, b| spike_distance(a, b, none)),
        pairs(&trains, |a, b| ri_spike_distance(a, b, none)),
        pairs(&trains, |a, b| spike_sync(a, b, &sync)),
    ];
    for (k, (matrix, expected)) in matrices(&trains).iter().zip(&expected).enumerate() {
        assert_eq!(matrix, expected, "matrix {k}");
    }
    let led = directionality_matrix(&trains, &sync).unwrap();
    let order = train_order_matrix(&trains, &sync).unwrap();
    assert_eq!(led, -led.transpose());
    let all: Vec<TrainView<'_>> = trains.iter().collect();
    for i in 0..all.len() {
        for j in 0..all.len() {
            assert_eq!(led[(i, j)], directionality(all[i], all[j], &sync).unwrap());
            if i != j {
                assert_eq!(order[(i, j)], train_order(all[i], all[j], &sync).unwrap());
            }
        }
    }
    let none_at_all = SpikeTrains::new(0.0, 1.0).unwrap();
    assert_eq!(isi_distance_matrix(&none_at_all, none).unwrap().len(), 0);
}

#[cfg(feature = "rayon")]
#[test]
fn threads_have_no_influence() {
    let trains = trains();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| matrices(&trains))
    };
    let one = on(1);
    for threads in [2, 3, 7] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}
