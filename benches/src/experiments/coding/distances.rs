//! What each distance between spike trains sees: rates, times, or both.

use nalgebra::DMatrix;
use neuropil_neural_coding::distance::{
    SyncConfig, Threshold, isi_distance_matrix, ri_spike_distance_matrix, spike_distance_matrix,
    spike_sync_matrix, van_rossum_matrix, victor_purpura_matrix,
};
use neuropil_neural_coding::generate::poisson;
use neuropil_neural_coding::plot::distance_matrix;
use neuropil_neural_coding::{Duplicates, SpikeTrain, SpikeTrains};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal};

use super::super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(in super::super) const DISTANCES: Experiment = Experiment {
    name: "coding-distances",
    about: "which distances see rates, which see times: 200 trains in known groups",
    short: true,
    run,
};

/// Seconds.
const DURATION: f64 = 1.0;
/// Trains of a group.
const TRAINS: usize = 25;
/// Groups of each half; guessing is right once in as many.
const GROUPS: usize = 4;
/// Of the groups that differ in rates alone, in hertz.
const RATES: [f64; GROUPS] = [10.0, 17.0, 29.0, 50.0];
/// Of the groups that differ in times alone: the rate of all of them in hertz.
const RATE: f64 = 20.0;
/// By how much a spike of a pattern is early or late, a standard deviation in seconds.
const JITTER: f64 = 0.005;
/// Which share of a pattern fails to come.
const LOST: f64 = 0.2;
const SETS: u64 = 10;

/// A distance between all pairs of trains.
#[derive(Clone, Copy)]
enum Measure {
    VictorPurpura(f64),
    VanRossum(f64),
    Isi,
    Spike,
    RateIndependent,
    /// 1 - SPIKE-synchronisation.
    Sync,
}

impl Measure {
    fn matrix(self, trains: &SpikeTrains) -> Result<DMatrix<f64>, String> {
        match self {
            Self::VictorPurpura(q) => victor_purpura_matrix(trains, q),
            Self::VanRossum(tau) => van_rossum_matrix(trains, tau),
            Self::Isi => isi_distance_matrix(trains, Threshold::None),
            Self::Spike => spike_distance_matrix(trains, Threshold::None),
            Self::RateIndependent => ri_spike_distance_matrix(trains, Threshold::None),
            Self::Sync => {
                spike_sync_matrix(trains, &SyncConfig::default()).map(|m| m.map(|c| 1.0 - c))
            }
        }
        .map_err(|e| e.to_string())
    }

    fn name(self) -> String {
        match self {
            Self::VictorPurpura(q) if q.is_infinite() => "Victor–Purpura, q = ∞".to_owned(),
            Self::VictorPurpura(q) => format!("Victor–Purpura, q = {q} /s"),
            Self::VanRossum(tau) if tau.is_infinite() => "van Rossum, τ = ∞".to_owned(),
            Self::VanRossum(tau) => format!("van Rossum, τ = {} ms", 1000.0 * tau),
            Self::Isi => "ISI".to_owned(),
            Self::Spike => "SPIKE".to_owned(),
            Self::RateIndependent => "rate-independent SPIKE".to_owned(),
            Self::Sync => "1 - SPIKE-synchronisation".to_owned(),
        }
    }
}

const TABLE: [Measure; 14] = [
    Measure::VictorPurpura(0.0),
    Measure::VictorPurpura(10.0),
    Measure::VictorPurpura(100.0),
    Measure::VictorPurpura(1000.0),
    Measure::VictorPurpura(f64::INFINITY),
    Measure::VanRossum(f64::INFINITY),
    Measure::VanRossum(0.1),
    Measure::VanRossum(0.01),
    Measure::VanRossum(0.001),
    Measure::VanRossum(0.0),
    Measure::Isi,
    Measure::Spike,
    Measure::RateIndependent,
    Measure::Sync,
];

/// Shares of trains that are told right, of the half with patterns and of that with rates.
type Right = [Vec<f64>; 2];

fn run(context: &Context) -> Result<Report, String> {
    let sets = if context.full { 10 * SETS } else { SETS };
    // A third of a decade apart.
    let decades = |from: i32, to: i32| (from..=to).map(|k| 10_f64.powf(f64::from(k) / 3.0));
    let costs: Vec<f64> = decades(-1, 11).collect();
    let scales: Vec<f64> = decades(-11, 2).collect();
    let work = TABLE.len() + costs.len() + scales.len();
    context.progress.set_length(work as u64 * sets);

    let trains = (0..sets)
        .map(two_halves)
        .collect::<Result<Vec<_>, String>>()?;
    let right = |measure: Measure| -> Result<Right, String> {
        let mut right = [Vec::new(), Vec::new()];
        for trains in &trains {
            let matrix = measure.matrix(trains)?;
            for (half, right) in right.iter_mut().enumerate() {
                right.push(nearest_is_of_the_group(&matrix, half));
            }
            context.progress.inc(1);
        }
        Ok(right)
    };

    let mut report = Report::new(
        "Whether the nearest of 200 trains is of the same group: per cent of the trains",
        &["distance", "groups of patterns", "groups of rates"],
    );
    for measure in TABLE {
        let right = right(measure)?;
        let cells = right.map(|shares| mean_and_error(&percent(&shares), 3));
        let [patterns, rates] = cells;
        report.row([measure.name(), patterns, rates]);
    }
    report.note(format!(
        "Half of the trains are of {GROUPS} patterns of {RATE} Hz, {TRAINS} trains each: each spike of a pattern \
         comes {} ms early or late (a standard deviation) and {} % do not come, while as many others come by \
         chance. The other half are Poisson trains of {}, {}, {} and {} Hz, {TRAINS} each. All last {DURATION} s. \
         Each train is given to the group of the nearest other train of its half; among several at the same \
         distance each counts in part. Guessing is right for {} %. Means and their standard errors over {sets} \
         sets of 200 trains; synthetic data.",
        1000.0 * JITTER,
        100.0 * LOST,
        RATES[0],
        RATES[1],
        RATES[2],
        RATES[3],
        100.0 / GROUPS as f64,
    ));

    let curve = |measure: fn(f64) -> Measure, at: &[f64]| -> Result<[Vec<(f64, f64)>; 2], String> {
        let mut curves = [Vec::new(), Vec::new()];
        for &x in at {
            let right = right(measure(x))?;
            for (curve, shares) in curves.iter_mut().zip(right) {
                let percent = percent(&shares);
                curve.push((x, percent.iter().sum::<f64>() / percent.len() as f64));
            }
        }
        Ok(curves)
    };
    let panel = |label: &str, at: &[f64], curves: [Vec<(f64, f64)>; 2]| {
        let [patterns, rates] = curves;
        let chance = 100.0 / GROUPS as f64;
        let ends = [at[0], at[at.len() - 1]];
        Panel::new(
            Axis::new(label).logarithmic(),
            Axis::new("right (%)").range(0.0, 160.0),
        )
        .with(Series::dashed(
            "guessing",
            ends.map(|x| (x, chance)).to_vec(),
        ))
        .with(Series::line("groups of patterns", patterns))
        .with(Series::line("groups of rates", rates))
    };
    let of_costs = curve(Measure::VictorPurpura, &costs)?;
    let best = of_costs[0]
        .iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .ok_or("no cost was tried")?;
    report.value("best-cost", significant(best.0, 2));
    let of_scales = curve(Measure::VanRossum, &scales)?;
    let figure = Figure::new("The nearest train is of the same group")
        .panel(panel("q of Victor–Purpura (1/s)", &costs, of_costs))
        .panel(panel("τ of van Rossum (s)", &scales, of_scales));
    report.figure("coding-distances", figure);
    report.drawing("coding-distances-matrix", picture(&trains[0])?);
    Ok(report)
}

fn percent(shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|share| 100.0 * share).collect()
}

/// Two distances in one square, per spike: above the diagonal the numbers of spikes alone count, below
/// it their times.
fn picture(trains: &SpikeTrains) -> Result<String, String> {
    let counts = Measure::VictorPurpura(0.0).matrix(trains)?;
    let times = Measure::VictorPurpura(100.0).matrix(trains)?;
    let spikes: Vec<f64> = trains.iter().map(|t| t.times().len() as f64).collect();
    let both = DMatrix::from_fn(trains.len(), trains.len(), |i, j| {
        let distance = if i < j { counts[(i, j)] } else { times[(i, j)] };
        distance / (spikes[i] + spikes[j])
    });
    distance_matrix(
        &both,
        "Victor–Purpura distance per spike",
        "200 trains: above q = 0, below q = 100 /s",
    )
    .map_err(|e| e.to_string())
}

/// The trains of the groups of patterns, then those of the groups of rates.
fn two_halves(seed: u64) -> Result<SpikeTrains, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let words = |e: neuropil_neural_coding::Error| e.to_string();
    let jitter = Normal::new(0.0, JITTER).map_err(|e| e.to_string())?;
    let mut trains = Vec::with_capacity(2 * GROUPS * TRAINS);
    for _ in 0..GROUPS {
        // The same number of spikes in each pattern, so that rates say nothing.
        let spikes = (RATE * DURATION) as usize;
        let pattern: Vec<f64> = (0..spikes)
            .map(|_| rng.random_range(0.0..DURATION))
            .collect();
        for _ in 0..TRAINS {
            let mut times: Vec<f64> = Vec::new();
            for &spike in &pattern {
                if rng.random::<f64>() >= LOST {
                    let moved: f64 = spike + jitter.sample(&mut rng);
                    times.push(moved.clamp(0.0, DURATION));
                }
            }
            let others = poisson(LOST * RATE, 0.0, DURATION, &mut rng).map_err(words)?;
            times.extend(others.times());
            trains.push(
                SpikeTrain::from_unsorted(times, 0.0, DURATION, Duplicates::Merge)
                    .map_err(words)?,
            );
        }
    }
    for rate in RATES {
        for _ in 0..TRAINS {
            trains.push(poisson(rate, 0.0, DURATION, &mut rng).map_err(words)?);
        }
    }
    SpikeTrains::from_trains(&trains).map_err(words)
}

/// The share of the trains of one half whose nearest other train of it is of their group.
fn nearest_is_of_the_group(matrix: &DMatrix<f64>, half: usize) -> f64 {
    let size = GROUPS * TRAINS;
    let trains = half * size..(half + 1) * size;
    let mut right = 0.0;
    for i in trains.clone() {
        let (mut least, mut same, mut all) = (f64::INFINITY, 0.0, 0.0);
        for j in trains.clone().filter(|&j| j != i) {
            let distance = matrix[(i, j)];
            if distance < least {
                (least, same, all) = (distance, 0.0, 0.0);
            }
            if distance == least {
                all += 1.0;
                same += f64::from(u8::from(i / TRAINS == j / TRAINS));
            }
        }
        right += same / all;
    }
    right / size as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_decides_and_ties_share() {
        let size = GROUPS * TRAINS;
        // All the same: 24 of 99 others are of the group.
        let same = DMatrix::from_element(2 * size, 2 * size, 1.0);
        let expected = (TRAINS - 1) as f64 / (size - 1) as f64;
        assert!((nearest_is_of_the_group(&same, 0) - expected).abs() < 1e-12);
        let groups = DMatrix::from_fn(2 * size, 2 * size, |i, j| {
            f64::from(u8::from(i / TRAINS != j / TRAINS))
        });
        assert_eq!(nearest_is_of_the_group(&groups, 1), 1.0);
    }

    #[test]
    fn patterns_have_one_rate() {
        let trains = two_halves(1).unwrap();
        assert_eq!(trains.len(), 200);
        let size = GROUPS * TRAINS;
        let spikes: usize = trains.iter().take(size).map(|t| t.times().len()).sum();
        let mean = spikes as f64 / (size as f64 * DURATION);
        assert!((mean - RATE).abs() < 1.0, "{mean}");
    }
}
