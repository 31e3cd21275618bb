//! Distances of spike trains, beside elephant and PySpike.

use nalgebra::DMatrix;
use neuropil_neural_coding::distance::{
    Scratch, SyncConfig, Threshold, isi_distance_matrix, spike_distance_matrix, spike_sync_matrix,
    van_rossum_matrix, victor_purpura_with,
};
use neuropil_neural_coding::{Error, SpikeTrain, SpikeTrains};

use super::{Side, Work, Workload, uniform};

const PYSPIKE: &str = "PySpike, Cython";

pub(super) fn workloads() -> Vec<Workload> {
    let matrix = |name, about, peer, aim, prepare| Workload {
        name,
        of: "neural-coding",
        about,
        peer,
        side: Side::Python,
        aim: Some(aim),
        // Sums of thousands of terms in another order.
        agreement: 1e-9,
        truth: None,
        pairs: (3, 7),
        prepare,
    };
    vec![
        matrix(
            "coding-victor-purpura",
            "Victor–Purpura, q = 10 Hz, 20 pairs of 1000 spikes",
            "elephant",
            500.0,
            victor_purpura,
        ),
        matrix(
            "coding-van-rossum",
            "van Rossum, 10 ms, all pairs of 200 trains of 1000 spikes",
            "elephant",
            4.0,
            || work(&MATRICES[0]),
        ),
        matrix(
            "coding-isi",
            "ISI-distance, all pairs of 200 trains",
            PYSPIKE,
            2.0,
            || work(&MATRICES[1]),
        ),
        matrix(
            "coding-spike",
            "SPIKE-distance, all pairs of 200 trains",
            PYSPIKE,
            2.0,
            || work(&MATRICES[2]),
        ),
        matrix(
            "coding-sync",
            "SPIKE-synchronisation, all pairs of 200 trains",
            PYSPIKE,
            5.0,
            || work(&MATRICES[3]),
        ),
    ]
}

const SPIKES: usize = 1000;
/// Seconds: ten spikes in each.
const WINDOW: f64 = 100.0;
const TRAINS: usize = 200;
const PAIRS: usize = 20;

/// A matrix of distances under the name of what it measures.
pub struct Matrix {
    /// The measure.
    pub name: &'static str,
    /// All pairs of these trains.
    pub of: fn(&SpikeTrains) -> Result<DMatrix<f64>, Error>,
}

/// The matrices that are timed.
pub const MATRICES: [Matrix; 4] = [
    Matrix {
        name: "van Rossum",
        of: |trains| van_rossum_matrix(trains, 0.01),
    },
    Matrix {
        name: "ISI-distance",
        of: |trains| isi_distance_matrix(trains, Threshold::None),
    },
    Matrix {
        name: "SPIKE-distance",
        of: |trains| spike_distance_matrix(trains, Threshold::None),
    },
    Matrix {
        name: "SPIKE-synchronisation",
        of: |trains| spike_sync_matrix(trains, &SyncConfig::default()),
    },
];

/// Trains of 1000 spikes, anywhere in 100 seconds.
///
/// # Errors
/// None, unless the generator gives what is no train.
pub fn trains(seed: u64, count: usize) -> Result<Vec<SpikeTrain>, String> {
    let times = uniform(seed, count * SPIKES);
    let trains = times.chunks(SPIKES).map(|times| {
        let mut times: Vec<f64> = times.iter().map(|u| (u + 0.5) * WINDOW).collect();
        times.sort_by(f64::total_cmp);
        SpikeTrain::new(times, 0.0, WINDOW).map_err(|e| e.to_string())
    });
    trains.collect()
}

/// The trains whose pairs the matrices are of.
///
/// # Errors
/// As [`trains`].
pub fn many() -> Result<SpikeTrains, String> {
    SpikeTrains::from_trains(&trains(14, TRAINS)?).map_err(|e| e.to_string())
}

/// Every pair is another one: a pair that came again would be known to the branch predictor.
fn victor_purpura() -> Result<Work, String> {
    let trains = trains(15, 2 * PAIRS)?;
    let mut scratch = Scratch::new();
    Ok(Box::new(move || {
        let mut sum = 0.0;
        for (k, pair) in trains.chunks_exact(2).enumerate() {
            let distance = victor_purpura_with(&pair[0], &pair[1], 10.0, &mut scratch);
            sum += (k + 1) as f64 * distance.map_err(|e| e.to_string())?;
        }
        Ok(sum)
    }))
}

/// The sum of the elements with weights that no two of them share, so that each one counts.
fn work(matrix: &'static Matrix) -> Result<Work, String> {
    let trains = many()?;
    let weights = uniform(16, TRAINS * TRAINS);
    Ok(Box::new(move || {
        let distances = (matrix.of)(&trains).map_err(|e| e.to_string())?;
        let elements = distances.iter().zip(&weights);
        Ok(elements.map(|(d, w)| d * (1.0 + w)).sum())
    }))
}
