use nalgebra::DMatrix;

use super::Scratch;
use super::matrix::pairs;
use super::scratch::grow;
use crate::{Error, SpikeTrains, TrainView};

/// The distance of Victor and Purpura at a cost of `q` per second.
///
/// The least cost of turning one train into the other, where removing or adding a spike costs 1 and
/// moving it by $\Delta t$ costs $q |\Delta t|$:
/// $$D = n + m - \max_M \sum_{(i, j) \in M} (2 - q |a_i - b_j|),$$
/// over all sets $M$ of pairs that do not cross. For $q = 0$ it is the difference $|n - m|$ of the
/// counts, for $q = \infty$ the number of spikes that do not coincide exactly. Windows play no part, and
/// spikes at the same time count as many times as they are there.
///
/// Only pairs closer than $2/q$ can be worth moving: the time is proportional to their number, and at
/// most to $nm$. Victor and Purpura, *Nature and precision of temporal coding in visual cortex: a
/// metric-space analysis*, Journal of Neurophysiology 76 (1996).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::distance::victor_purpura;
///
/// let a = SpikeTrain::new(vec![0.1, 0.3, 0.7], 0.0, 1.0)?;
/// let b = SpikeTrain::new(vec![0.1, 0.32], 0.0, 1.0)?;
/// assert_eq!(victor_purpura(&a, &b, 0.0)?, 1.0);
/// assert!((victor_purpura(&a, &b, 10.0)? - 1.2).abs() < 1e-12);
/// assert_eq!(victor_purpura(&a, &b, f64::INFINITY)?, 3.0);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if `q` is negative or NaN.
pub fn victor_purpura<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    q: f64,
) -> Result<f64, Error> {
    victor_purpura_with(a, b, q, &mut Scratch::new())
}

/// [`victor_purpura`] without allocations.
///
/// # Errors
/// As [`victor_purpura`].
pub fn victor_purpura_with<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    q: f64,
    scratch: &mut Scratch,
) -> Result<f64, Error> {
    check(q)?;
    Ok(between(
        a.into().times(),
        b.into().times(),
        q,
        &mut scratch.work.savings,
    ))
}

/// [`victor_purpura`] of all pairs.
///
/// # Errors
/// As [`victor_purpura`].
pub fn victor_purpura_matrix(trains: &SpikeTrains, q: f64) -> Result<DMatrix<f64>, Error> {
    check(q)?;
    let times: Vec<&[f64]> = trains.iter().map(|t| t.times()).collect();
    let row = |scratch: &mut Scratch, i: usize, out: &mut [f64]| {
        for (out, other) in out.iter_mut().zip(&times[i + 1..]) {
            *out = between(times[i], other, q, &mut scratch.work.savings);
        }
    };
    Ok(pairs(trains.len(), 0.0, |x| x, row))
}

fn check(q: f64) -> Result<(), Error> {
    if q >= 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "q",
            value: q,
            range: "must not be negative",
        })
    }
}

/// How many spikes two trains have at the same times, each with a partner of its own.
pub(super) fn coincidences(a: &[f64], b: &[f64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        count += usize::from(x == y);
    }
    count
}

/// What matching some spikes saves, and what moving them costs.
///
/// The saving decides; the cost is carried along, because the small distance of two long trains that
/// are nearly the same would be lost in the difference between their length and the saving.
pub(super) type Saving = [f64; 2];

#[inline(always)]
fn better(x: Saving, y: Saving) -> Saving {
    if x[0] > y[0] { x } else { y }
}

fn between(a: &[f64], b: &[f64], q: f64, best: &mut Vec<Saving>) -> f64 {
    let (n, m) = (a.len(), b.len());
    if q == 0.0 {
        return n.abs_diff(m) as f64;
    }
    if q == f64::INFINITY {
        return (n + m - 2 * coincidences(a, b)) as f64;
    }
    // `best[j]`: matching the spikes of `a` so far with the first j of `b`. Left of the band nothing
    // can be gained any more, and right of it nothing has been gained: there the savings are those at
    // its end.
    grow(best, m + 1);
    let best = &mut best[..=m];
    best[0] = [0.0; 2];
    let (mut low, mut high) = (0, 0);
    for &x in a {
        // Comparisons of the costs themselves, and not with 2/q, which may be infinite.
        while low < m && b[low] < x && q * (x - b[low]) >= 2.0 {
            low += 1;
        }
        while high < m && (high < low || b[high] <= x || q * (b[high] - x) < 2.0) {
            high += 1;
            best[high] = best[high - 1];
        }
        let (spikes, row) = (&b[low..high], &mut best[low..=high]);
        let mut diagonal = row[0];
        let mut left = row[0];
        for (y, above) in spikes.iter().zip(&mut row[1..]) {
            let cost = q * (x - y).abs();
            let matched = [diagonal[0] + (2.0 - cost), diagonal[1] + cost];
            diagonal = *above;
            left = better(better(matched, diagonal), left);
            *above = left;
        }
    }
    let [saving, cost] = best[high];
    // A whole number, twice that of the pairs.
    let matched = (saving + cost).round();
    ((n + m) as f64 - matched) + cost
}
