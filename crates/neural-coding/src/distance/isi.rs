use nalgebra::DMatrix;
use neuropil_math::vectors::{Kernel, widest};

use super::knots::Knots;
use super::matrix::{mean_of_pairs, pairs};
use super::merge::{CHAINS, LAST, Visit, walk};
use super::{PiecewiseConstant, Scratch, Threshold};
use crate::{Error, SpikeTrains, TrainView};

/// The ISI-distance of two trains with one window.
///
/// With the lengths $\nu_1(t)$, $\nu_2(t)$ of the intervals around a time,
/// $$D = \frac{1}{T} \int \frac{|\nu_1 - \nu_2|}{\max(\nu_1, \nu_2, \theta)} dt,$$
/// where $\theta$ is the threshold. The interval before the first spike is as long as it is observed,
/// but not shorter than the one after it; so is the one behind the last spike. A train without spikes
/// counts as one with a spike at each end of the window.
///
/// Zero says that the intervals are as long, not that the spikes are at the same times: one spike at
/// the beginning of the window and one at its end are at distance 0. Kreuz et al., *Measuring spike
/// train synchrony*, Journal of Neuroscience Methods 165 (2007).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::distance::{Threshold, isi_distance};
///
/// let slow = SpikeTrain::new(vec![0.0, 0.4, 0.8], 0.0, 0.8)?;
/// let fast = SpikeTrain::new(vec![0.0, 0.2, 0.4, 0.6, 0.8], 0.0, 0.8)?;
/// assert!((isi_distance(&slow, &fast, Threshold::None)? - 0.5).abs() < 1e-15);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::DifferentWindows`]; [`Error::OutOfRange`] for a threshold that is not positive.
pub fn isi_distance<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<f64, Error> {
    isi_distance_with(a, b, threshold, &mut Scratch::new())
}

/// [`isi_distance`] without allocations.
///
/// # Errors
/// As [`isi_distance`].
pub fn isi_distance_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    let (a, b) = (a.into(), b.into());
    a.check_same_window(&b)?;
    let threshold = threshold.resolve([a, b].into_iter())?;
    let [first, second] = &mut scratch.pair;
    first.fill(a);
    second.fill(b);
    Ok(between(first, second, threshold))
}

/// [`isi_distance`] of all pairs; an automatic threshold is that of all trains.
///
/// # Errors
/// [`Error::OutOfRange`] for a threshold that is not positive.
pub fn isi_distance_matrix(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<DMatrix<f64>, Error> {
    let threshold = threshold.resolve(trains.iter())?;
    let knots: Vec<Knots> = trains.iter().map(Knots::of).collect();
    Ok(pairs(
        trains.len(),
        0.0,
        |x| x,
        |_, i, out| {
            for (out, other) in out.iter_mut().zip(&knots[i + 1..]) {
                *out = between(&knots[i], other, threshold);
            }
        },
    ))
}

/// The mean of [`isi_distance`] over all pairs; none for less than two trains.
///
/// # Errors
/// As [`isi_distance_matrix`].
pub fn isi_distance_multi(
    trains: &SpikeTrains,
    threshold: Threshold,
) -> Result<Option<f64>, Error> {
    Ok(mean_of_pairs(&isi_distance_matrix(trains, threshold)?))
}

/// The integrand of [`isi_distance`] as a function of time.
///
/// Its [`average`](PiecewiseConstant::average) is the distance,
/// [`average_over`](PiecewiseConstant::average_over) that in a part of the window.
///
/// # Errors
/// As [`isi_distance`].
pub fn isi_profile<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    threshold: Threshold,
) -> Result<PiecewiseConstant, Error> {
    let (a, b) = (a.into(), b.into());
    a.check_same_window(&b)?;
    let threshold = threshold.resolve([a, b].into_iter())?;
    let (a, b) = (Knots::of(a), Knots::of(b));
    let mut profile = PiecewiseConstant::with_capacity(a.t0, a.len() + b.len() + 1);
    super::profile::intervals(&a, &b, |end, i, j| {
        profile.push(end, difference(a.lengths[i], b.lengths[j], threshold));
    });
    Ok(profile)
}

#[inline(always)]
fn difference(x: f64, y: f64, threshold: f64) -> f64 {
    (x - y).abs() / larger(larger(x, y), threshold)
}

/// The larger of two numbers that are no NaN: one instruction, where `f64::max` is several.
#[inline(always)]
pub(super) fn larger(x: f64, y: f64) -> f64 {
    if x > y { x } else { y }
}

/// The smaller of two numbers that are no NaN.
#[inline(always)]
pub(super) fn smaller(x: f64, y: f64) -> f64 {
    if x < y { x } else { y }
}

fn between(a: &Knots, b: &Knots, threshold: f64) -> f64 {
    widest(Between { a, b, threshold })
}

struct Between<'a> {
    a: &'a Knots,
    b: &'a Knots,
    threshold: f64,
}

impl Kernel for Between<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self { a, b, threshold } = self;
        let mut parts = Parts {
            a,
            b,
            threshold,
            last: [0.0; CHAINS],
            width: [0.0; CHAINS],
            x: [1.0; CHAINS],
            y: [1.0; CHAINS],
            sum: [0.0; CHAINS],
        };
        walk(&a.times, &b.times, &mut parts);
        let tail = difference(a.lengths[a.len()], b.lengths[b.len()], threshold);
        let tail = (a.t1 - parts.last[LAST]) * tail;
        (parts.sum.iter().sum::<f64>() + tail) / (a.t1 - a.t0)
    }
}

/// The integrals of the parts of the walk.
struct Parts<'a> {
    a: &'a Knots,
    b: &'a Knots,
    threshold: f64,
    last: [f64; CHAINS],
    /// Width, and the two lengths, of the interval that ends with the event.
    width: [f64; CHAINS],
    x: [f64; CHAINS],
    y: [f64; CHAINS],
    sum: [f64; CHAINS],
}

impl Visit for Parts<'_> {
    #[inline(always)]
    fn begin(&mut self, chain: usize, i: usize, j: usize) {
        let before = larger(self.a.times[i], self.b.times[j]);
        self.last[chain] = larger(self.a.t0, before);
    }

    #[inline(always)]
    fn step(&mut self, chain: usize, _event: usize, i: usize, j: usize, x: f64, y: f64) {
        let t = smaller(x, y);
        self.width[chain] = t - self.last[chain];
        self.x[chain] = self.a.lengths[i];
        self.y[chain] = self.b.lengths[j];
        self.last[chain] = t;
    }

    #[inline(always)]
    fn round<const FROM: usize>(&mut self) {
        // Apart from the steps, so that the divisions are one.
        for c in FROM..CHAINS {
            self.sum[c] += self.width[c] * difference(self.x[c], self.y[c], self.threshold);
        }
    }
}
