//! Where a rat is, from 31 units of its hippocampus.

use nalgebra::DMatrix;
use neuropil_datasets::{PlaceCells, linear_track};
use neuropil_neural_coding::decode::{Bayes, BayesConfig};
use neuropil_neural_coding::model::TuningCurves;
use neuropil_neural_coding::{BinnedCounts, SpikeTrain, SpikeTrains};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::super::{Context, Experiment};
use crate::report::{Report, significant};

pub(in super::super) const PLACE_CELLS: Experiment = Experiment {
    name: "coding-place-cells",
    about: "a rat's position on a track from 31 units of CA1",
    short: true,
    run,
};

const PLACES: usize = 40;
const FOLDS: usize = 5;
/// Track lengths per second: below it the animal rests, and its cells replay other places.
const SPEED: f64 = 0.05;
/// Samples of the position, one second: longer than the animal was lost.
const MEDIAN: usize = 31;
/// The smoothing of tuning curves in places.
const SIGMA: f64 = 1.0;
/// What else these two might have been, to tell how much they matter.
const MEDIANS: [usize; 4] = [1, 5, 15, MEDIAN];
const SIGMAS: [f64; 4] = [0.0, SIGMA, 1.5, 2.0];
const SHUFFLES: usize = 20;

fn run(context: &Context) -> Result<Report, String> {
    let rat = linear_track().map_err(|e| e.to_string())?;
    context.progress.set_length(2 * (3 + SHUFFLES as u64));
    let mut report = Report::new(
        "Position of a rat on a linear track from 31 units of CA1, Bayesian decoding",
        &[
            "bin",
            "prior",
            "bins",
            "median error",
            "mean error",
            "median error, shuffled",
        ],
    );
    for dt in [0.25, 0.5] {
        let session = Session::new(&rat, dt, MEDIAN, SIGMA)?;
        let shuffled = session.shuffled(context)?;
        for occupancy in [true, false] {
            let decoded = session.decode(occupancy, 0)?;
            context.progress.inc(1);
            let errors = session.errors(&decoded);
            let (middle, mean) = (median(&errors), mean(&errors));
            let control = if occupancy {
                significant(shuffled, 2)
            } else {
                String::new()
            };
            let prior = if occupancy { "occupancy" } else { "uniform" };
            report.row([
                format!("{dt} s"),
                prior.to_owned(),
                session.place.len().to_string(),
                significant(middle, 3),
                significant(mean, 2),
                control.clone(),
            ]);
            if dt == 0.25 && occupancy {
                report.value("median-error", significant(middle, 2));
                report.value("median-error-shuffled", control);
                report.figure("coding-place-cells", session.picture(&decoded));
            }
        }
    }
    let (least, most) = sensitivity(&rat)?;
    report.note(format!(
        "The median and the smoothing were chosen on these data: with {MEDIANS:?} samples, smoothing by \
         {SIGMAS:?} places and either prior, the median error in bins of 0.25 s is {} to {}.",
        significant(least, 2),
        significant(most, 2)
    ));
    report.note(format!(
        "Errors in track lengths, measured data. {FOLDS} folds of contiguous time: each is decoded from the \
         tuning curves of the others, over {PLACES} places, smoothed by a Gaussian of one place. Position: \
         median of one second; only bins in which the animal ran faster than {SPEED} track lengths a second. \
         The most likely place is taken; a bin whose spikes rule out every place counts as an error of \
         one track. Shuffled: the median of {SHUFFLES} controls in which the tuning curves come from \
         positions that are shifted in time against the spikes."
    ));
    Ok(report)
}

/// The least and the largest median error over the settings that might have been.
fn sensitivity(rat: &PlaceCells) -> Result<(f64, f64), String> {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for samples in MEDIANS {
        for sigma in SIGMAS {
            let session = Session::new(rat, 0.25, samples, sigma)?;
            for occupancy in [true, false] {
                let error = median(&session.errors(&session.decode(occupancy, 0)?));
                least = least.min(error);
                most = most.max(error);
            }
        }
    }
    Ok((least, most))
}

/// Counts and positions while the animal runs.
struct Session {
    dt: f64,
    sigma: f64,
    /// The middle of each bin in seconds from the beginning.
    time: Vec<f64>,
    /// In track lengths.
    position: Vec<f64>,
    place: Vec<usize>,
    counts: DMatrix<f64>,
}

impl Session {
    fn new(rat: &PlaceCells, dt: f64, samples: usize, sigma: f64) -> Result<Self, String> {
        let times = rat.times();
        let (t0, t1) = (times[0], times[times.len() - 1]);
        let position = filtered(rat.positions(), samples);
        let low = position.iter().copied().fold(f64::INFINITY, f64::min);
        let high = position.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at = |t: f64| (interpolated(times, &position, t) - low) / (high - low);

        let trains = (0..rat.units()).map(|unit| {
            let spikes = rat.spikes(unit).unwrap_or_default();
            let inside = spikes.iter().copied().filter(|t| (t0..=t1).contains(t));
            SpikeTrain::new(inside.collect(), t0, t1)
        });
        let trains: Vec<SpikeTrain> = trains
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())?;
        let binned = SpikeTrains::from_trains(&trains)
            .and_then(|trains| BinnedCounts::new(&trains, dt))
            .map_err(|e| e.to_string())?;
        let all = binned.dense::<f64>().map_err(|e| e.to_string())?;

        let edge = |k: usize| t0 + k as f64 * dt;
        let running: Vec<usize> = (0..binned.bins())
            .filter(|&k| (at(edge(k + 1)) - at(edge(k))).abs() > SPEED * dt)
            .collect();
        let middle = |&k: &usize| edge(k) + 0.5 * dt;
        let position: Vec<f64> = running.iter().map(|k| at(middle(k))).collect();
        Ok(Self {
            dt,
            sigma,
            time: running.iter().map(|k| middle(k) - t0).collect(),
            place: position
                .iter()
                .map(|x| ((x * PLACES as f64) as usize).min(PLACES - 1))
                .collect(),
            position,
            counts: all.select_columns(&running),
        })
    }

    /// The decoded position of each bin, from the curves of the other folds with places that are shifted
    /// by some bins against the counts.
    fn decode(&self, occupancy: bool, shift: usize) -> Result<Vec<Option<f64>>, String> {
        let bins = self.place.len();
        let fold = |k: usize| k * FOLDS / bins;
        let mut out = vec![None; bins];
        for this in 0..FOLDS {
            let (test, train): (Vec<usize>, Vec<usize>) = (0..bins).partition(|&k| fold(k) == this);
            let mut place: Vec<usize> = train.iter().map(|&k| self.place[k]).collect();
            let turn = shift % place.len();
            place.rotate_right(turn);
            let counts = self.counts.select_columns(&train);
            let curves = TuningCurves::new(&counts, &place, PLACES, self.dt)
                .and_then(|curves| curves.smoothed(self.sigma))
                .map_err(|e| e.to_string())?;
            let config = BayesConfig {
                dt: self.dt,
                prior: occupancy.then(|| curves.occupancy().to_vec()),
                ..BayesConfig::default()
            };
            let decoded = Bayes::new(curves.rates(), &config)
                .and_then(|decoder| decoder.decode(&self.counts.select_columns(&test)))
                .map_err(|e| e.to_string())?;
            for (k, place) in test.into_iter().zip(decoded) {
                out[k] = place.map(|x| (x as f64 + 0.5) / PLACES as f64);
            }
        }
        Ok(out)
    }

    fn errors(&self, decoded: &[Option<f64>]) -> Vec<f64> {
        let pairs = decoded.iter().zip(&self.position);
        pairs
            .map(|(d, x)| d.map_or(1.0, |d| (d - x).abs()))
            .collect()
    }

    /// The median over the controls of their median errors.
    fn shuffled(&self, context: &Context) -> Result<f64, String> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let bins = self.place.len();
        let errors = (0..SHUFFLES).map(|_| {
            let shift = rng.random_range(bins as u64 / 5..bins as u64 * 3 / 5);
            context.progress.inc(1);
            let decoded = self.decode(true, usize::try_from(shift).unwrap_or(1))?;
            Ok(median(&self.errors(&decoded)))
        });
        Ok(median(&errors.collect::<Result<Vec<f64>, String>>()?))
    }

    /// Two minutes of it, time at rest left out by gaps in the line.
    fn picture(&self, decoded: &[Option<f64>]) -> Figure {
        let first = self.time[self.time.len() / 2];
        let shown = |k: &usize| (first..first + 120.0).contains(&self.time[*k]);
        let mut truth: Vec<(f64, f64)> = Vec::new();
        let mut dots = Vec::new();
        for k in (0..self.time.len()).filter(shown) {
            let time = self.time[k];
            if truth
                .last()
                .is_some_and(|(before, _)| time - before > 1.5 * self.dt)
            {
                truth.push((time, f64::NAN));
            }
            truth.push((time, self.position[k]));
            if let Some(place) = decoded[k] {
                dots.push((time, place));
            }
        }
        let panel = Panel::new(
            Axis::new("time (s)"),
            Axis::new("position (track lengths)").range(-0.05, 1.3),
        )
        .with(Series::line("true, while running", truth))
        .with(Series::points("decoded", dots));
        Figure::new("A rat's position from 31 units of CA1, bins of 0.25 s").panel(panel)
    }
}

/// The median of a window around each sample, cut at the ends.
fn filtered(values: &[f64], samples: usize) -> Vec<f64> {
    let half = samples / 2;
    (0..values.len())
        .map(|i| median(&values[i.saturating_sub(half)..(i + half + 1).min(values.len())]))
        .collect()
}

fn interpolated(times: &[f64], values: &[f64], t: f64) -> f64 {
    let after = times.partition_point(|&at| at <= t);
    if after == 0 || after == times.len() {
        return values[after.min(times.len() - 1)];
    }
    let (a, b) = (after - 1, after);
    values[a] + (values[b] - values[a]) * (t - times[a]) / (times[b] - times[a])
}

/// The middle value; the mean of the two for an even number.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return f64::NAN;
    }
    0.5 * (sorted[(n - 1) / 2] + sorted[n / 2])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
