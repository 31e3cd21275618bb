use core::hint::select_unpredictable;

use nalgebra::DMatrix;
use neuropil_math::vectors::{Kernel, widest};

use super::isi::{larger, smaller};
use super::knots::Knots;
use super::matrix::{mean_of_pairs, pairs};
use super::merge::{Visit, walk};
use super::scratch::{Work, grow};
use super::{PiecewiseLinear, Scratch, Threshold};
use crate::{Error, SpikeTrains, TrainView};

/// The SPIKE-distance of two trains with one window.
///
/// Every spike has a distance $\Delta t$ to the nearest spike of the other train. Between the spikes
/// $t_P$ and $t_F$ of a train, with $\nu = t_F - t_P$, it is interpolated,
/// $$s(t) = \frac{\Delta t_P (t_F - t) + \Delta t_F (t - t_P)}{\nu},$$
/// and the distance is the mean over the window of
/// $$S(t) = \frac{s_1 \nu_2 + s_2 \nu_1}{2 m \max(m, \theta)}, \quad m = \frac{\nu_1 + \nu_2}{2},$$
/// with the threshold $\theta$. Before the first and behind the last spike, $s$ keeps their value, and
/// $\nu$ is that of the [ISI-distance](super::isi_distance). The nearest spike may be an auxiliary one
/// at the ends of the window, or as far outside as the first (last) interval is long. A train without
/// spikes counts as one with a spike at each end of the window.
///
/// Run backwards the distance is the same, but for a train whose only spike lies at an end of the
/// window: at the beginning, the end of the window counts as its next spike. Kreuz et al., *Monitoring
/// spike train synchrony*, Journal of Neurophysiology 109 (2013).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::distance::{Threshold, spike_distance};
///
/// let a = SpikeTrain::new(vec![0.2, 0.4, 0.6, 0.8], 0.0, 1.0)?;
/// let b = SpikeTrain::new(vec![0.21, 0.41, 0.61, 0.81], 0.0, 1.0)?;
/// assert_eq!(spike_distance(&a, &a, Threshold::None)?, 0.0);
/// assert!((spike_distance(&a, &b, Threshold::None)? - 0.05).abs() < 1e-3);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::DifferentWindows`]; [`Error::OutOfRange`] for a threshold that is not positive.
pub fn spike_distance<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<f64, Error> {
    spike_distance_with(a, b, threshold, &mut Scratch::new())
}

/// [`spike_distance`] without allocations.
///
/// # Errors
/// As [`spike_distance`].
pub fn spike_distance_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    pair::<false>(a.into(), b.into(), threshold, scratch)
}

/// [`spike_distance`] of all pairs; an automatic threshold is that of all trains.
///
/// # Errors
/// [`Error::OutOfRange`] for a threshold that is not positive.
pub fn spike_distance_matrix(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<DMatrix<f64>, Error> {
    matrix::<false>(trains, threshold)
}

/// The mean of [`spike_distance`] over all pairs; none for less than two trains.
///
/// # Errors
/// As [`spike_distance_matrix`].
pub fn spike_distance_multi(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<Option<f64>, Error> {
    Ok(mean_of_pairs(&spike_distance_matrix(trains, threshold)?))
}

/// The integrand of [`spike_distance`] as a function of time.
///
/// Its [`average`](PiecewiseLinear::average) is the distance,
/// [`average_over`](PiecewiseLinear::average_over) that in a part of the window.
///
/// # Errors
/// As [`spike_distance`].
pub fn spike_profile<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<PiecewiseLinear, Error> {
    profile::<false>(a.into(), b.into(), threshold)
}

/// The rate-independent SPIKE-distance: [`spike_distance`] with the integrand
/// $$S(t) = \frac{s_1 + s_2}{2 \max(m, \theta)}.$$
///
/// Satuvuori et al., *Measures of spike train synchrony for data with multiple time scales*, Journal of
/// Neuroscience Methods 287 (2017).
///
/// # Errors
/// As [`spike_distance`].
pub fn ri_spike_distance<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<f64, Error> {
    ri_spike_distance_with(a, b, threshold, &mut Scratch::new())
}

/// [`ri_spike_distance`] without allocations.
///
/// # Errors
/// As [`spike_distance`].
pub fn ri_spike_distance_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    pair::<true>(a.into(), b.into(), threshold, scratch)
}

/// [`ri_spike_distance`] of all pairs; an automatic threshold is that of all trains.
///
/// # Errors
/// [`Error::OutOfRange`] for a threshold that is not positive.
pub fn ri_spike_distance_matrix(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<DMatrix<f64>, Error> {
    matrix::<true>(trains, threshold)
}

/// The mean of [`ri_spike_distance`] over all pairs; none for less than two trains.
///
/// # Errors
/// As [`ri_spike_distance_matrix`].
pub fn ri_spike_distance_multi(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<Option<f64>, Error> {
    Ok(mean_of_pairs(&ri_spike_distance_matrix(trains, threshold)?))
}

/// The integrand of [`ri_spike_distance`] as a function of time.
///
/// # Errors
/// As [`spike_distance`].
pub fn ri_spike_profile<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<PiecewiseLinear, Error> {
    profile::<true>(a.into(), b.into(), threshold)
}

/// Both distances; `RI` is the rate-independent one.
fn pair<const RI: bool>(
    a: TrainView<'_>,
    b: TrainView<'_>,
    threshold: Threshold,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    a.check_same_window(&b)?;
    let threshold = threshold.resolve([a, b].into_iter())?;
    let [first, second] = &mut scratch.pair;
    first.fill(a);
    second.fill(b);
    Ok(between::<RI>(first, second, threshold, &mut scratch.work))
}

fn matrix<const RI: bool>(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<DMatrix<f64>, Error> {
    let threshold = threshold.resolve(trains.iter())?;
    let knots: Vec<Knots> = trains.iter().map(Knots::of).collect();
    let row = |scratch: &mut Scratch, i: usize, out: &mut [f64]| {
        for (out, other) in out.iter_mut().zip(&knots[i + 1..]) {
            *out = between::<RI>(&knots[i], other, threshold, &mut scratch.work);
        }
    };
    Ok(pairs(trains.len(), 0.0, |x| x, row))
}

fn profile<const RI: bool>(
    a: TrainView<'_>,
    b: TrainView<'_>,
    threshold: Threshold,
) -> Result<PiecewiseLinear, Error> {
    a.check_same_window(&b)?;
    let threshold = threshold.resolve([a, b].into_iter())?;
    let (a, b) = (Knots::of(a), Knots::of(b));
    let mut work = Work::default();
    widest(Nearest {
        a: &a,
        b: &b,
        work: &mut work,
    });
    let side = |knots: &Knots, at: usize| -> (Vec<f64>, Vec<f64>) {
        let range = at..=at + knots.len();
        (
            work.values[range.clone()].to_vec(),
            work.slopes[range].to_vec(),
        )
    };
    let (values_a, slopes_a) = side(&a, 0);
    let (values_b, slopes_b) = side(&b, a.len() + 1);
    let mut profile = PiecewiseLinear::with_capacity(a.t0, a.len() + b.len() + 1);
    super::profile::intervals(&a, &b, |end, i, j| {
        let at = |t: f64| {
            let x = values_a[i] + slopes_a[i] * (t - a.times[i]);
            let y = values_b[j] + slopes_b[j] * (t - b.times[j]);
            let (numerator, sum) = numerator::<RI>(x, y, a.lengths[i], b.lengths[j]);
            dissimilarity::<RI>(numerator, sum, threshold)
        };
        let start = profile.end();
        profile.push(end, at(start), at(end));
    });
    Ok(profile)
}

/// What `S` is over its denominator, and the sum of the lengths.
#[inline(always)]
fn numerator<const RI: bool>(x: f64, y: f64, length_x: f64, length_y: f64) -> (f64, f64) {
    let numerator = if RI {
        0.5 * (x + y)
    } else {
        x * length_y + y * length_x
    };
    (numerator, length_x + length_y)
}

/// `S` from what [`numerator`] returns.
#[inline(always)]
fn dissimilarity<const RI: bool>(numerator: f64, sum: f64, threshold: f64) -> f64 {
    let limited = larger(0.5 * sum, threshold);
    if RI {
        numerator / limited
    } else {
        // One after the other: the product of two short lengths may be too small to be a number.
        (numerator / sum) / limited
    }
}

fn between<const RI: bool>(a: &Knots, b: &Knots, threshold: f64, work: &mut Work) -> f64 {
    widest(Between::<RI> {
        a,
        b,
        threshold,
        work,
    })
}

/// The distances of all spikes to their nearest, and their slopes.
struct Nearest<'a> {
    a: &'a Knots,
    b: &'a Knots,
    work: &'a mut Work,
}

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { a, b, work } = self;
        let (n, m) = (a.len(), b.len());
        let total = n + m;
        grow(&mut work.values, total + 2);
        grow(&mut work.slopes, total + 2);
        grow(&mut work.events, total);
        grow(&mut work.firsts, total);
        let mut visit = Distances {
            a: &a.times,
            b: &b.times,
            ends: [a.end, b.end],
            second: n + 1,
            values: &mut work.values[..total + 2],
            events: &mut work.events[..total],
            firsts: &mut work.firsts[..total],
        };
        walk(&a.times, &b.times, &mut visit);
        slopes(a, b, &mut work.values[..=n], &mut work.slopes[..=n]);
        let range = n + 1..total + 2;
        slopes(
            b,
            a,
            &mut work.values[range.clone()],
            &mut work.slopes[range],
        );
    }
}

/// How the distance to the nearest spike changes in each interval of `train`.
#[inline(always)]
fn slopes(train: &Knots, other: &Knots, values: &mut [f64], slopes: &mut [f64]) {
    let n = train.len();
    values[0] = values[1];
    let inverses = &train.inverses[..=n];
    for k in 0..n {
        slopes[k] = (values[k + 1] - values[k]) * inverses[k];
    }
    slopes[n] = 0.0;
    if train.alone_at_start() {
        let end = train.t1;
        let last = other.times[other.len()];
        let nearest = smaller(end - last, other.end - end);
        slopes[n] = (nearest - values[n]) * inverses[n];
    }
}

/// Fills in the distances: those of the first train from 1 on, those of the second behind `second`.
struct Distances<'a> {
    a: &'a [f64],
    b: &'a [f64],
    ends: [f64; 2],
    second: usize,
    values: &'a mut [f64],
    events: &'a mut [f64],
    firsts: &'a mut [u32],
}

impl Visit for Distances<'_> {
    #[inline(always)]
    fn begin(&mut self, _chain: usize, _i: usize, _j: usize) {}

    #[inline(always)]
    fn step(&mut self, _chain: usize, event: usize, i: usize, j: usize, x: f64, y: f64) {
        let first = x <= y;
        let t = smaller(x, y);
        // Both are read, and one is selected: which one is as good as random, and a branch would be
        // mispredicted every other time.
        let (latest_a, latest_b) = (self.a[i], self.b[j]);
        let before = select_unpredictable(first, latest_b, latest_a);
        let end = select_unpredictable(first, self.ends[1], self.ends[0]);
        let after = smaller(larger(x, y), end);
        let at = select_unpredictable(first, i + 1, self.second + j + 1);
        self.values[at] = smaller(after - t, t - before);
        self.events[event] = t;
        self.firsts[event] = i as u32;
    }
}

struct Between<'a, const RI: bool> {
    a: &'a Knots,
    b: &'a Knots,
    threshold: f64,
    work: &'a mut Work,
}

/// How many intervals are integrated together.
const BLOCK: usize = 64;
/// How many sums they go to.
const LANES: usize = 8;

impl<const RI: bool> Kernel for Between<'_, RI> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self {
            a,
            b,
            threshold,
            work,
        } = self;
        let nearest = Nearest { a, b, work };
        nearest.run();
        let (n, m) = (a.len(), b.len());
        let total = n + m;
        let first = Side {
            times: &a.times[..=n],
            lengths: &a.lengths[..=n],
            values: &work.values[..=n],
            slopes: &work.slopes[..=n],
        };
        let second = Side {
            times: &b.times[..=m],
            lengths: &b.lengths[..=m],
            values: &work.values[n + 1..total + 2],
            slopes: &work.slopes[n + 1..total + 2],
        };
        let mut sums = [0.0; LANES];
        let mut numerators = [0.0; BLOCK];
        let mut denominators = [1.0; BLOCK];
        let mut start = a.t0;
        let (events, firsts) = (&work.events[..total], &work.firsts[..total]);
        for (block, (events, firsts)) in events.chunks(BLOCK).zip(firsts.chunks(BLOCK)).enumerate()
        {
            for (k, (&end, &i)) in events.iter().zip(firsts).enumerate() {
                let i = i as usize;
                let j = block * BLOCK + k - i;
                let width = end - start;
                let middle = 0.5 * (start + end);
                let (numerator, sum) = numerator::<RI>(
                    first.at(i, middle),
                    second.at(j, middle),
                    first.lengths[i],
                    second.lengths[j],
                );
                numerators[k] = width * numerator;
                denominators[k] = sum;
                start = end;
            }
            for k in events.len()..BLOCK {
                numerators[k] = 0.0;
            }
            let numerators = numerators.as_chunks::<LANES>().0;
            let denominators = denominators.as_chunks::<LANES>().0;
            for (x, y) in numerators.iter().zip(denominators) {
                for lane in 0..LANES {
                    sums[lane] += dissimilarity::<RI>(x[lane], y[lane], threshold);
                }
            }
        }
        let width = a.t1 - start;
        let middle = 0.5 * (start + a.t1);
        let (numerator, sum) = numerator::<RI>(
            first.at(n, middle),
            second.at(m, middle),
            first.lengths[n],
            second.lengths[m],
        );
        let tail = dissimilarity::<RI>(width * numerator, sum, threshold);
        (sums.iter().sum::<f64>() + tail) / (a.t1 - a.t0)
    }
}

/// One train of a pair.
struct Side<'a> {
    times: &'a [f64],
    lengths: &'a [f64],
    values: &'a [f64],
    slopes: &'a [f64],
}

impl Side<'_> {
    /// The interpolated distance to the nearest spike.
    #[inline(always)]
    fn at(&self, interval: usize, t: f64) -> f64 {
        self.values[interval] + self.slopes[interval] * (t - self.times[interval])
    }
}
