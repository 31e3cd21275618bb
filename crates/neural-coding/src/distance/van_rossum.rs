use nalgebra::DMatrix;
use neuropil_math::elementary;
use neuropil_math::vectors::{Kernel, widest};

use super::Scratch;
use super::isi::smaller;
use super::matrix::pairs;
use super::merge::{CHAINS, Visit, walk};
use super::scratch::{Work, grow};
use super::victor_purpura::coincidences;
use crate::{Error, SpikeTrains, TrainView};

/// The distance of van Rossum with a time constant of `tau` seconds.
///
/// With the trains filtered by the causal kernel $e^{-t/\tau}$,
/// $$D = \sqrt{\frac{2}{\tau} \int (f - g)^2 dt},$$
/// so that one spike is at distance 1 from none; van Rossum's own normalisation is smaller by
/// $\sqrt 2$. For $\tau = 0$ it is the root of the number of spikes that do not coincide exactly, for
/// $\tau = \infty$ the difference $|n - m|$ of the counts. Windows play no part, and spikes at the same
/// time count as many times as they are there.
///
/// The difference of the two trains is followed from spike to spike; no large squares are subtracted,
/// and the distance of a train to itself is exactly zero. Van Rossum, *A novel spike distance*, Neural
/// Computation 13 (2001).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::distance::van_rossum;
///
/// let a = SpikeTrain::new(vec![0.1, 0.3], 0.0, 1.0)?;
/// let b = SpikeTrain::new(vec![0.3], 0.0, 1.0)?;
/// assert_eq!(van_rossum(&a, &b, 0.0)?, 1.0);
/// let none = SpikeTrain::new(vec![], 0.0, 1.0)?;
/// let expected = (2.0 * (1.0 + (-20.0_f64).exp())).sqrt();
/// assert!((van_rossum(&a, &none, 0.01)? - expected).abs() < 1e-15);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if `tau` is negative or NaN.
pub fn van_rossum<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    tau: f64,
) -> Result<f64, Error> {
    van_rossum_with(a, b, tau, &mut Scratch::new())
}

/// [`van_rossum`] without allocations.
///
/// # Errors
/// As [`van_rossum`].
pub fn van_rossum_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    tau: f64,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    check(tau)?;
    let (a, b) = (a.into().times(), b.into().times());
    let Some(rate) = rate(tau) else {
        return Ok(limit(a, b, tau));
    };
    let [first, second] = &mut scratch.pair;
    walled(a, &mut first.times);
    walled(b, &mut second.times);
    let mut out = [0.0];
    between(
        &first.times,
        &[&second.times],
        rate,
        &mut scratch.work,
        &mut out,
    );
    Ok(out[0])
}

/// [`van_rossum`] of all pairs.
///
/// # Errors
/// As [`van_rossum`].
pub fn van_rossum_matrix(trains: &SpikeTrains, tau: f64) -> Result<DMatrix<f64>, Error> {
    check(tau)?;
    let size = trains.len();
    let Some(rate) = rate(tau) else {
        let times: Vec<&[f64]> = trains.iter().map(|t| t.times()).collect();
        return Ok(pairs(
            size,
            0.0,
            |x| x,
            |_, i, out| {
                for (out, other) in out.iter_mut().zip(&times[i + 1..]) {
                    *out = limit(times[i], other, tau);
                }
            },
        ));
    };
    let walls: Vec<Vec<f64>> = trains
        .iter()
        .map(|train| {
            let mut times = Vec::new();
            walled(train.times(), &mut times);
            times
        })
        .collect();
    let walls: Vec<&[f64]> = walls.iter().map(Vec::as_slice).collect();
    Ok(pairs(
        size,
        0.0,
        |x| x,
        |scratch, i, out| {
            let others = walls[i + 1..].chunks(TOGETHER);
            for (out, others) in out.chunks_mut(TOGETHER).zip(others) {
                between(walls[i], others, rate, &mut scratch.work, out);
            }
        },
    ))
}

fn check(tau: f64) -> Result<(), Error> {
    if tau >= 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "tau",
            value: tau,
            range: "must not be negative",
        })
    }
}

/// -1/τ, if that is a number other than zero; else a limit holds.
fn rate(tau: f64) -> Option<f64> {
    let rate = -1.0 / tau;
    (rate.is_finite() && rate != 0.0).then_some(rate)
}

fn limit(a: &[f64], b: &[f64], tau: f64) -> f64 {
    if tau > 1.0 {
        a.len().abs_diff(b.len()) as f64
    } else {
        let distinct = a.len() + b.len() - 2 * coincidences(a, b);
        (distinct as f64).sqrt()
    }
}

/// The times with a value before and one behind them, as walks need it.
fn walled(times: &[f64], out: &mut Vec<f64>) {
    out.clear();
    out.push(f64::NEG_INFINITY);
    out.extend_from_slice(times);
    out.push(f64::INFINITY);
}

/// How many pairs are integrated side by side: each value waits for the one before it.
const TOGETHER: usize = 4;

/// The distances of a train to some others, [`TOGETHER`] at the most.
fn between(a: &[f64], others: &[&[f64]], rate: f64, work: &mut Work, out: &mut [f64]) {
    let n = a.len() - 2;
    let longest = others.iter().map(|b| n + b.len() - 2).max().unwrap_or(0);
    grow(&mut work.values, longest * TOGETHER);
    grow(&mut work.events, longest * TOGETHER);
    let mut lengths = [0; TOGETHER];
    for (k, b) in others.iter().enumerate() {
        let total = n + b.len() - 2;
        lengths[k] = total;
        let range = k * longest..k * longest + total;
        let (decays, signs) = (&mut work.values[range.clone()], &mut work.events[range]);
        widest(Decays {
            a,
            b,
            rate,
            decays,
            signs,
        });
        elementary::exp(decays);
    }
    let part = |k: usize| {
        let range = k * longest..k * longest + lengths[k];
        work.values[range.clone()].iter().zip(&work.events[range])
    };
    // The difference of the filtered trains, and twice the integral of its square over the time
    // constant.
    let (mut x, mut sum) = ([0.0; TOGETHER], [0.0; TOGETHER]);
    let step = |x: &mut f64, sum: &mut f64, (decay, sign): (&f64, &f64)| {
        let now = *x * decay;
        *sum += sign * (now + now + sign);
        *x = now + sign;
    };
    let mut parts = [part(0), part(1), part(2), part(3)];
    let common = lengths.iter().copied().min().unwrap_or(0);
    for _ in 0..common {
        for k in 0..TOGETHER {
            if let Some(event) = parts[k].next() {
                step(&mut x[k], &mut sum[k], event);
            }
        }
    }
    for (k, out) in out.iter_mut().enumerate() {
        for event in parts[k].by_ref() {
            step(&mut x[k], &mut sum[k], event);
        }
        // Rounding may leave less than nothing.
        *out = sum[k].max(0.0).sqrt();
    }
}

/// The logarithm of the decay up to each spike, and +1 for a spike of the first train and -1 for one of
/// the second.
struct Decays<'a> {
    a: &'a [f64],
    b: &'a [f64],
    rate: f64,
    decays: &'a mut [f64],
    signs: &'a mut [f64],
}

impl Kernel for Decays<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (a, b) = (self.a, self.b);
        let mut steps = Steps {
            kernel: self,
            last: [0.0; CHAINS],
        };
        walk(a, b, &mut steps);
    }
}

struct Steps<'a> {
    kernel: Decays<'a>,
    last: [f64; CHAINS],
}

impl Visit for Steps<'_> {
    #[inline(always)]
    fn begin(&mut self, chain: usize, i: usize, j: usize) {
        let (x, y) = (self.kernel.a[i], self.kernel.b[j]);
        let last = if x > y { x } else { y };
        // Nothing has been there to decay before the first spike.
        self.last[chain] = if last == f64::NEG_INFINITY {
            f64::MIN
        } else {
            last
        };
    }

    #[inline(always)]
    fn step(&mut self, chain: usize, event: usize, _i: usize, _j: usize, x: f64, y: f64) {
        let t = smaller(x, y);
        self.kernel.decays[event] = (t - self.last[chain]) * self.kernel.rate;
        self.kernel.signs[event] = if x <= y { 1.0 } else { -1.0 };
        self.last[chain] = t;
    }
}
