use core::hint::select_unpredictable;

use nalgebra::DMatrix;
use neuropil_math::vectors::{Kernel, widest};
use serde::{Deserialize, Serialize};

use super::matrix::pairs;
use super::merge::{Visit, walk};
use super::{CoincidenceProfile, Scratch, Threshold};
use crate::error::check_positive;
use crate::{Error, SpikeTrains, TrainView};

/// When two spikes coincide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncConfig {
    /// Below it, in seconds, time differences are not relevant: windows are widened towards a quarter
    /// of it where the neighbours of a spike allow.
    pub threshold: Threshold,
    /// The widest window of a spike that lacks a neighbour on one side, in seconds; none for half of
    /// the observation. The window of a spike between two others is theirs.
    pub max_window: Option<f64>,
}

/// SPIKE-synchronisation of two trains with one window: the share of spikes that coincide with one of
/// the other train.
///
/// Spikes $a_i$ and $b_j$ coincide if
/// $$|a_i - b_j| < \tau_{ij}, \quad \tau_{ij} = \frac12 \min(a_{i+1} - a_i, a_i - a_{i-1}, b_{j+1} - b_j,
/// b_j - b_{j-1}),$$
/// or if they are at the same time; with a threshold the window is wider where spikes on the far side
/// are close. A missing neighbour is as far as the observation is long. Without any spike the two are
/// synchronous: 1. Kreuz, Mulansky and Bozanic, *SPIKY: a graphical user interface for monitoring spike
/// train synchrony*, Journal of Neurophysiology 113 (2015).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::distance::{SyncConfig, spike_sync};
///
/// let a = SpikeTrain::new(vec![0.1, 0.5, 0.9], 0.0, 1.0)?;
/// let b = SpikeTrain::new(vec![0.12, 0.3], 0.0, 1.0)?;
/// assert_eq!(spike_sync(&a, &b, &SyncConfig::default())?, 0.4);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::DifferentWindows`]; [`Error::OutOfRange`] for a setting that is not positive.
pub fn spike_sync<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
) -> Result<f64, Error> {
    spike_sync_with(a, b, config, &mut Scratch::new())
}

/// [`spike_sync`] without allocations.
///
/// # Errors
/// As [`spike_sync`].
pub fn spike_sync_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    Ok(pair(a.into(), b.into(), config, scratch)?.synchrony())
}

/// [`spike_sync`] of all pairs; an automatic threshold is that of all trains.
///
/// # Errors
/// [`Error::OutOfRange`] for a setting that is not positive.
pub fn spike_sync_matrix(trains: &SpikeTrains, config: &SyncConfig) -> Result<DMatrix<f64>, Error> {
    matrix(trains, config, 1.0, |x| x, |c, _| c.synchrony())
}

/// The share of spikes that coincide, over all pairs of trains together; 1 without spikes or pairs.
///
/// # Errors
/// As [`spike_sync_matrix`].
pub fn spike_sync_multi(trains: &SpikeTrains, config: &SyncConfig) -> Result<f64, Error> {
    let coincidences = matrix(trains, config, 0.0, |x| x, |c, _| c.coincident as f64)?;
    let total = over_pairs(trains, |n, m| n + m);
    if total == 0.0 {
        return Ok(1.0);
    }
    Ok(0.5 * coincidences.sum() / total)
}

/// Which spikes of two trains coincide: 1 for those that do.
///
/// # Errors
/// As [`spike_sync`].
pub fn spike_sync_profile<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
) -> Result<CoincidenceProfile, Error> {
    profile(a.into(), b.into(), config, |_| 1.0)
}

/// How much more often the first train leads than follows where spikes of both coincide: the
/// difference of the numbers of spikes of `a`.
///
/// Divided by the number of spikes of `a` it is between -1 and 1. Kreuz, Satuvuori, Pofahl and Mulansky,
/// *Leaders and followers: quantifying consistency in spatio-temporal propagation patterns*, New Journal
/// of Physics 19 (2017).
///
/// # Errors
/// As [`spike_sync`].
pub fn directionality<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
) -> Result<f64, Error> {
    Ok(pair(a.into(), b.into(), config, &mut Scratch::new())?.led as f64)
}

/// [`directionality`] of all pairs: positive in the rows of trains that lead, and antisymmetric.
///
/// # Errors
/// As [`spike_sync_matrix`].
pub fn directionality_matrix(
    trains: &SpikeTrains,
    config: &SyncConfig,
) -> Result<DMatrix<f64>, Error> {
    matrix(trains, config, 0.0, |x| -x, |c, _| c.led as f64)
}

/// For each spike of each train, how much more often it leads than follows, relative to the number of
/// other trains.
///
/// # Errors
/// As [`spike_sync_matrix`]; [`Error::TooFew`] for less than two trains.
pub fn directionality_values(
    trains: &SpikeTrains,
    config: &SyncConfig,
) -> Result<Vec<Vec<f64>>, Error> {
    if trains.len() < 2 {
        return Err(Error::TooFew {
            what: "trains",
            needed: 2,
            found: trains.len(),
        });
    }
    let windows = all_windows(trains, config)?;
    let mut values: Vec<Vec<f64>> = windows.iter().map(|w| vec![0.0; w.len()]).collect();
    for i in 0..windows.len() {
        for j in i + 1..windows.len() {
            for event in events(&windows[i], &windows[j]) {
                if event.lead == 0.0 || !event.coincident {
                    continue;
                }
                values[i][event.i] += event.lead;
                values[j][event.j] -= event.lead;
            }
        }
    }
    for value in values.iter_mut().flatten() {
        *value /= (trains.len() - 1) as f64;
    }
    Ok(values)
}

/// How consistently the first train leads the second: the share of all spikes that coincide with `a`
/// in front, less the share with `b` in front.
///
/// In $\[-1, 1\]$; 1 by convention without any spike. Kreuz et al. (2017), see [`directionality`].
///
/// # Errors
/// As [`spike_sync`].
pub fn train_order<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
) -> Result<f64, Error> {
    Ok(pair(a.into(), b.into(), config, &mut Scratch::new())?.order())
}

/// [`train_order`] of all pairs, zero on the diagonal; antisymmetric where there are spikes.
///
/// # Errors
/// As [`spike_sync_matrix`].
pub fn train_order_matrix(
    trains: &SpikeTrains,
    config: &SyncConfig,
) -> Result<DMatrix<f64>, Error> {
    let mut orders = matrix(trains, config, 0.0, |x| -x, |c, _| c.order())?;
    let silent: Vec<bool> = trains.iter().map(|t| t.is_empty()).collect();
    for i in 0..silent.len() {
        for j in 0..i {
            if silent[i] && silent[j] {
                orders[(i, j)] = 1.0;
            }
        }
    }
    Ok(orders)
}

/// The synfire indicator of trains in this order: [`train_order`] over all pairs together, 1 for a
/// perfect sequence from the first to the last; 1 by convention without spikes or pairs.
///
/// # Errors
/// As [`spike_sync_matrix`].
pub fn train_order_multi(trains: &SpikeTrains, config: &SyncConfig) -> Result<f64, Error> {
    let led = directionality_matrix(trains, config)?;
    let total = over_pairs(trains, |n, m| n + m);
    if total == 0.0 {
        return Ok(1.0);
    }
    Ok(2.0 * led.upper_triangle().sum() / total)
}

/// For each spike 1 if it coincides with the first train in front, -1 with the second in front.
///
/// # Errors
/// As [`spike_sync`].
pub fn train_order_profile<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    config: &SyncConfig,
) -> Result<CoincidenceProfile, Error> {
    profile(a.into(), b.into(), config, |lead| lead)
}

/// What a pair has in common.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Coincidences {
    /// The number of spikes of both trains that coincide.
    coincident: u64,
    /// How many pairs the first train leads, less those the second leads.
    led: i64,
    /// The number of spikes of both trains.
    spikes: u64,
}

impl Coincidences {
    fn synchrony(self) -> f64 {
        if self.spikes == 0 {
            1.0
        } else {
            self.coincident as f64 / self.spikes as f64
        }
    }

    fn order(self) -> f64 {
        if self.spikes == 0 {
            1.0
        } else {
            2.0 * self.led as f64 / self.spikes as f64
        }
    }
}

/// The sum over pairs of trains of a function of their numbers of spikes.
fn over_pairs(trains: &SpikeTrains, f: impl Fn(f64, f64) -> f64) -> f64 {
    let counts: Vec<f64> = trains
        .iter()
        .map(|t| {
            let mut count = 0.0;
            for (k, time) in t.times().iter().enumerate() {
                if k == 0 || t.times()[k - 1] != *time {
                    count += 1.0;
                }
            }
            count
        })
        .collect();
    let mut sum = 0.0;
    for i in 0..counts.len() {
        for j in i + 1..counts.len() {
            sum += f(counts[i], counts[j]);
        }
    }
    sum
}

/// A train with the window of each of its spikes.
#[derive(Debug, Default, Clone)]
pub(super) struct Windows {
    /// Minus infinity, the spikes, infinity.
    times: Vec<f64>,
    /// For each of `times`, how far away a spike of the other train may be which is later, and one which
    /// is earlier. Zero for the first and the last, which are no spikes.
    reach: Vec<[f64; 2]>,
}

/// `target` seconds if the half intervals allow: at least the shorter one, at most the one on the side
/// of the other spike.
fn reach(far: f64, near: f64, target: f64) -> f64 {
    if target > near || far >= near && target < near {
        near
    } else if target < far && far < near {
        far
    } else {
        target
    }
}

impl Windows {
    fn len(&self) -> usize {
        self.times.len() - 2
    }

    /// Takes over a train; allocates only to grow. `missing` is twice the window towards a neighbour
    /// that is not there.
    fn fill(&mut self, train: TrainView<'_>, missing: f64, threshold: f64) {
        let times = &mut self.times;
        times.clear();
        times.push(f64::NEG_INFINITY);
        times.extend_from_slice(train.times());
        times.dedup_by(|next, previous| next == previous);
        let n = times.len() - 1;
        times.push(f64::INFINITY);
        self.reach.clear();
        self.reach.push([0.0; 2]);
        for k in 1..=n {
            let before = if k > 1 {
                times[k] - times[k - 1]
            } else {
                missing
            };
            let after = if k < n {
                times[k + 1] - times[k]
            } else {
                missing
            };
            let (before, after) = (before / 2.0, after / 2.0);
            let target = threshold / 4.0;
            let later = reach(before, after, target);
            let earlier = reach(after, before, target);
            self.reach.push([later, earlier]);
        }
        // Walks read one behind the last, and do not use it.
        self.reach.push([0.0; 2]);
    }
}

fn settings<'a>(
    trains: impl Iterator<Item = TrainView<'a>>,
    duration: f64,
    config: &SyncConfig,
) -> Result<(f64, f64), Error> {
    let missing = match config.max_window {
        None => duration,
        Some(window) => {
            check_positive("largest window", window)?;
            duration.min(2.0 * window)
        }
    };
    Ok((missing, config.threshold.resolve(trains)?))
}

fn pair(
    a: TrainView<'_>,
    b: TrainView<'_>,
    config: &SyncConfig,
    scratch: &mut Scratch,
) -> Result<Coincidences, Error> {
    a.check_same_window(&b)?;
    let (missing, threshold) = settings([a, b].into_iter(), a.duration(), config)?;
    let [first, second] = &mut scratch.windows;
    first.fill(a, missing, threshold);
    second.fill(b, missing, threshold);
    Ok(between(first, second))
}

fn all_windows(trains: &SpikeTrains, config: &SyncConfig) -> Result<Vec<Windows>, Error> {
    let (missing, threshold) = settings(trains.iter(), trains.duration(), config)?;
    let windows = trains.iter().map(|train| {
        let mut windows = Windows::default();
        windows.fill(train, missing, threshold);
        windows
    });
    Ok(windows.collect())
}

fn matrix(
    trains: &SpikeTrains,
    config: &SyncConfig,
    diagonal: f64,
    mirror: impl Fn(f64) -> f64,
    value: impl Fn(Coincidences, usize) -> f64 + Sync,
) -> Result<DMatrix<f64>, Error> {
    let windows = all_windows(trains, config)?;
    let row = |_: &mut Scratch, i: usize, out: &mut [f64]| {
        for (out, other) in out.iter_mut().zip(&windows[i + 1..]) {
            *out = value(between(&windows[i], other), i);
        }
    };
    Ok(pairs(trains.len(), diagonal, mirror, row))
}

fn between(a: &Windows, b: &Windows) -> Coincidences {
    widest(Between { a, b })
}

struct Between<'a> {
    a: &'a Windows,
    b: &'a Windows,
}

impl Kernel for Between<'_> {
    type Output = Coincidences;

    #[inline(always)]
    fn run(self) -> Coincidences {
        let Self { a, b } = self;
        let mut counts = Counts {
            a,
            b,
            coincident: 0,
            led: 0,
        };
        walk(&a.times, &b.times, &mut counts);
        Coincidences {
            coincident: 2 * counts.coincident,
            led: counts.led,
            spikes: (a.len() + b.len()) as u64,
        }
    }
}

struct Counts<'a> {
    a: &'a Windows,
    b: &'a Windows,
    /// Pairs that coincide.
    coincident: u64,
    led: i64,
}

impl Visit for Counts<'_> {
    #[inline(always)]
    fn begin(&mut self, _chain: usize, _i: usize, _j: usize) {}

    #[inline(always)]
    fn step(&mut self, _chain: usize, _event: usize, i: usize, j: usize, x: f64, y: f64) {
        // Only the latest spike of the other train can be near enough. At the same time the one of the
        // first train came first.
        let first = x <= y;
        let now = if first { x } else { y };
        // Both are read, and one is selected: which one is as good as random, and a branch would be
        // mispredicted every other time.
        let (a, b) = (self.a, self.b);
        let (latest_a, latest_b) = (a.times[i], b.times[j]);
        let (lead_a, lead_b) = (a.reach[i][0], b.reach[j][0]);
        let (follow_a, follow_b) = (a.reach[i + 1][1], b.reach[j + 1][1]);
        let before = select_unpredictable(first, latest_b, latest_a);
        let leader = select_unpredictable(first, lead_b, lead_a);
        let follower = select_unpredictable(first, follow_a, follow_b);
        let apart = now - before;
        let window = if leader < follower { leader } else { follower };
        let coincident = (apart < window) | (apart == 0.0);
        let led = (apart < window) & (apart > 0.0);
        self.coincident += u64::from(coincident);
        self.led += i64::from(led & !first) - i64::from(led & first);
    }
}

/// A spike with the latest one of the other train.
struct Event {
    time: f64,
    /// The positions of the two spikes; the older one's if it coincides.
    i: usize,
    j: usize,
    coincident: bool,
    /// 1 if the first train is in front, -1 if the second is, 0 at the same time.
    lead: f64,
    /// Whether the spike is one of the first train.
    first: bool,
}

/// The spikes of both trains in the order of time.
fn events(a: &Windows, b: &Windows) -> Vec<Event> {
    let mut events = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i + j < a.len() + b.len() {
        let (x, y) = (a.times[i + 1], b.times[j + 1]);
        let first = x <= y;
        let (now, before, leader, follower) = if first {
            (x, b.times[j], b.reach[j][0], a.reach[i + 1][1])
        } else {
            (y, a.times[i], a.reach[i][0], b.reach[j + 1][1])
        };
        let apart = now - before;
        let lead = match (first, apart > 0.0) {
            (_, false) => 0.0,
            (true, true) => -1.0,
            (false, true) => 1.0,
        };
        i += usize::from(first);
        j += usize::from(!first);
        events.push(Event {
            time: now,
            i: i.saturating_sub(1),
            j: j.saturating_sub(1),
            coincident: apart < leader.min(follower) || apart == 0.0,
            lead,
            first,
        });
    }
    events
}

fn profile(
    a: TrainView<'_>,
    b: TrainView<'_>,
    config: &SyncConfig,
    value: impl Fn(f64) -> f64,
) -> Result<CoincidenceProfile, Error> {
    a.check_same_window(&b)?;
    let (missing, threshold) = settings([a, b].into_iter(), a.duration(), config)?;
    let [mut first, mut second] = [Windows::default(), Windows::default()];
    first.fill(a, missing, threshold);
    second.fill(b, missing, threshold);
    let mut values = [vec![0.0; first.len()], vec![0.0; second.len()]];
    let events = events(&first, &second);
    for event in events.iter().filter(|e| e.coincident) {
        values[0][event.i] = value(event.lead);
        values[1][event.j] = value(event.lead);
    }
    let mut profile = CoincidenceProfile::default();
    for event in &events {
        let value = if event.first {
            values[0][event.i]
        } else {
            values[1][event.j]
        };
        match profile.times.last() {
            Some(&last) if last == event.time => {
                let at = profile.times.len() - 1;
                profile.values[at] += value;
                profile.multiplicities[at] += 1.0;
            }
            _ => profile.push(event.time, value, 1.0),
        }
    }
    Ok(profile)
}
