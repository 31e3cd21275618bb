use nalgebra::DMatrix;

use crate::error::check_not_negative;
use crate::{Error, SpikeTrains, TrainView};

/// The spike time tiling coefficient of two trains,
/// $$\frac{1}{2} \left( \frac{P_A - T_B}{1 - P_A T_B} + \frac{P_B - T_A}{1 - P_B T_A} \right),$$
/// where $P_A$ is the fraction of the spikes of $A$ with one of $B$ within `dt` seconds, and $T_A$ the
/// fraction of the window within `dt` of a spike of $A$.
///
/// It does not depend on the rates. A spike at a distance of exactly `dt` counts, and the distance is
/// compared as it is, so that the result is the same far from time zero. A quotient $0/0$ is 1.
/// `None` if a train is empty. Cutts, Eglen, Journal of Neuroscience 34 (2014).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::sttc;
///
/// let a = SpikeTrain::new(vec![1000.0], 999.0, 1001.0)?;
/// let b = SpikeTrain::new(vec![1000.012], 999.0, 1001.0)?;
/// assert!((sttc(&a, &b, 0.005)?.unwrap() + 0.005).abs() < 1e-9);
/// assert_eq!(sttc(&a, &a, 0.005)?, Some(1.0));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::DifferentWindows`], or [`Error::OutOfRange`] if `dt` is negative or not finite.
pub fn sttc<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    dt: f64,
) -> Result<Option<f64>, Error> {
    let (a, b) = (a.into(), b.into());
    check_not_negative("dt", &[dt])?;
    a.check_same_window(&b)?;
    Ok(coefficient(a, b, tiled(a, dt), tiled(b, dt), dt))
}

/// [`sttc`] of all pairs; NaN where a train is empty.
///
/// # Errors
/// [`Error::OutOfRange`] if `dt` is negative or not finite.
pub fn sttc_matrix(trains: &SpikeTrains, dt: f64) -> Result<DMatrix<f64>, Error> {
    check_not_negative("dt", &[dt])?;
    let views: Vec<TrainView<'_>> = trains.iter().collect();
    let tiles: Vec<f64> = views.iter().map(|&train| tiled(train, dt)).collect();
    let mut matrix = DMatrix::from_element(views.len(), views.len(), f64::NAN);
    for i in 0..views.len() {
        for j in i..views.len() {
            if let Some(value) = coefficient(views[i], views[j], tiles[i], tiles[j], dt) {
                matrix[(i, j)] = value;
                matrix[(j, i)] = value;
            }
        }
    }
    Ok(matrix)
}

fn coefficient(
    a: TrainView<'_>,
    b: TrainView<'_>,
    tiled_a: f64,
    tiled_b: f64,
    dt: f64,
) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let half = |near: f64, tiled: f64| {
        let product = near * tiled;
        if product < 1.0 {
            (near - tiled) / (1.0 - product)
        } else {
            1.0
        }
    };
    let of_a = half(near(a.times(), b.times(), dt), tiled_b);
    let of_b = half(near(b.times(), a.times(), dt), tiled_a);
    Some(0.5 * (of_a + of_b))
}

/// The fraction of the window that is within `dt` of a spike.
fn tiled(train: TrainView<'_>, dt: f64) -> f64 {
    let (mut covered, mut end) = (0.0, train.t0());
    for &t in train.times() {
        let from = (t - dt).max(end);
        let to = (t + dt).min(train.t1());
        covered += (to - from).max(0.0);
        end = end.max(to);
    }
    (covered / train.duration()).min(1.0)
}

/// The fraction of the spikes `a`, not empty, that have one of `b` within `dt`.
fn near(a: &[f64], b: &[f64], dt: f64) -> f64 {
    let mut next = 0;
    let mut found = 0_usize;
    for &t in a {
        // Spikes that are too early for this one are for the later ones too.
        while next < b.len() && t - b[next] > dt {
            next += 1;
        }
        found += usize::from(b.get(next).is_some_and(|&s| s - t <= dt));
    }
    found as f64 / a.len() as f64
}
