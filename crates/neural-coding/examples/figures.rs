//! Every figure that the crate draws, as SVG files in the folder that is named, or `target/figures`:
//! cells that answer to a stimulus, one that follows another, and cells of an animal that runs back and
//! forth.

use std::error::Error;
use std::path::PathBuf;

use neuropil_neural_coding::decode::{Bayes, BayesConfig};
use neuropil_neural_coding::distance::{Threshold, spike_distance_matrix};
use neuropil_neural_coding::generate::{inhomogeneous_poisson, poisson};
use neuropil_neural_coding::model::TuningCurves;
use neuropil_neural_coding::statistics::{CorrelogramConfig, correlogram};
use neuropil_neural_coding::{BinnedCounts, Duplicates, SpikeTrain, SpikeTrains, plot};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Normal};

/// Seconds of running, along two metres.
const DURATION: f64 = 300.0;
const PLACES: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let named = std::env::args().nth(1);
    let folder = PathBuf::from(named.unwrap_or_else(|| "target/figures".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, svg: String| std::fs::write(folder.join(format!("{name}.svg")), svg);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);

    // A stimulus at time 0 makes the cell fire for a while.
    let answer = |t: f64| {
        if t < 0.05 {
            8.0
        } else {
            8.0 + 90.0 * (-(t - 0.05) / 0.1).exp()
        }
    };
    let trials = (0..30)
        .map(|_| inhomogeneous_poisson(answer, 98.0, -0.2, 0.8, &mut rng))
        .collect::<Result<Vec<_>, _>>()?;
    let trials = SpikeTrains::from_trains(&trials)?;
    write(
        "raster",
        plot::raster(&trials, 0.02, "Thirty trials, the stimulus at time 0")?,
    )?;

    let distances = spike_distance_matrix(&trials, Threshold::None)?;
    write(
        "distance-matrix",
        plot::distance_matrix(&distances, "SPIKE distance", "How different the trials are")?,
    )?;

    // The second cell follows the first by about 4 ms, half of the times.
    let first = poisson(20.0, 0.0, DURATION, &mut rng)?;
    let delay = Normal::new(0.004, 0.001)?;
    let follow = first.times().iter().step_by(2);
    let follow = follow.map(|t| (t + delay.sample(&mut rng)).min(DURATION));
    let second = SpikeTrain::from_unsorted(follow.collect(), 0.0, DURATION, Duplicates::Merge)?;
    let width = 0.0005;
    let counts = SpikeTrains::from_trains(&[first.clone(), second])?.bin(width)?;
    let config = CorrelogramConfig {
        first: -40,
        last: 40,
        binary: false,
    };
    let found = correlogram(&counts, 0, 1, &config)?;
    let lags: Vec<f64> = found.times().collect();
    let rates: Vec<f64> = found
        .border_corrected()
        .iter()
        .map(|n| n / (first.len() as f64 * width))
        .collect();
    write(
        "correlogram",
        plot::correlogram(
            &lags,
            &rates,
            "rate of cell 2 (Hz)",
            "Cell 2 around the spikes of cell 1",
        )?,
    )?;

    // Back and forth in 20 s; each cell has its place.
    let position = |t: f64| 1.0 - (core::f64::consts::PI * t / 10.0).cos();
    for cells in [5, 24] {
        let trains = (0..cells)
            .map(|cell| {
                let place = 2.0 * (cell as f64 + 0.5) / cells as f64;
                let rate =
                    |t: f64| 0.2 + 20.0 * (-0.5 * ((position(t) - place) / 0.15).powi(2)).exp();
                inhomogeneous_poisson(rate, 20.2, 0.0, DURATION, &mut rng)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let dt = 0.25;
        let counts = BinnedCounts::new(&SpikeTrains::from_trains(&trains)?, dt)?;
        let times: Vec<f64> = (0..counts.bins()).map(|k| dt * (k as f64 + 0.5)).collect();
        let truth: Vec<f64> = times.iter().map(|&t| position(t)).collect();
        let places: Vec<usize> = truth
            .iter()
            .map(|x| ((x / 2.0 * PLACES as f64) as usize).min(PLACES - 1))
            .collect();
        let counts = counts.dense::<f64>()?;
        let curves = TuningCurves::new(&counts, &places, PLACES, dt)?.smoothed(1.0)?;
        let middle = |place: usize| 2.0 * (place as f64 + 0.5) / PLACES as f64;
        let middles: Vec<f64> = (0..PLACES).map(middle).collect();
        let title = format!("{cells} place cells");
        write(
            &format!("tuning-curves-{cells}"),
            plot::tuning_curves(&middles, curves.rates(), "position (m)", &title)?,
        )?;
        let config = BayesConfig {
            dt,
            ..BayesConfig::default()
        };
        let decoded = Bayes::new(curves.rates(), &config)?.decode(&counts)?;
        let decoded: Vec<Option<f64>> = decoded.into_iter().map(|p| p.map(middle)).collect();
        let shown = 240;
        write(
            &format!("decoded-{cells}"),
            plot::decoded(
                &times[..shown],
                &truth[..shown],
                &decoded[..shown],
                "position (m)",
                &format!("Where the animal was, from {cells} cells"),
            )?,
        )?;
    }
    println!("{}", folder.display());
    Ok(())
}
