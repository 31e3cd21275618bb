//! The map of successive maxima.

use neuropil_math::{Real, check_finite};

use crate::Error;

/// The local maxima of one channel, in order. Between samples the top is that of the parabola through the
/// highest sample and its neighbours; of a flat top the first sample counts.
///
/// ```
/// use neuropil_reservoir::judge::maxima;
///
/// let wave: Vec<f64> = (0..100).map(|t| (0.1 * f64::from(t)).sin()).collect();
/// let tops = maxima(&wave)?;
/// assert_eq!(tops.len(), 2);
/// assert!((tops[0] - 1.0).abs() < 1e-5);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// If a value is not finite.
pub fn maxima<T: Real>(channel: &[T]) -> Result<Vec<f64>, Error> {
    check_finite("the channel of a return map", channel)?;
    let mut tops = Vec::new();
    for three in channel.windows(3) {
        let [before, top, after] = [three[0].to_f64(), three[1].to_f64(), three[2].to_f64()];
        if before < top && top >= after {
            let slope = after - before;
            let bend = (top - before) + (top - after);
            tops.push(top + slope * slope / (8.0 * bend));
        }
    }
    Ok(tops)
}

/// The return map $m_n \mapsto m_{n+1}$ of successive [`maxima`], as pairs. Of the z of Lorenz63 it is nearly
/// a curve with a cusp (Lorenz 1963, figure 4), by which a learned attractor is judged.
///
/// # Errors
/// As [`maxima`].
pub fn return_map<T: Real>(channel: &[T]) -> Result<Vec<[f64; 2]>, Error> {
    let tops = maxima(channel)?;
    Ok(tops.windows(2).map(|pair| [pair[0], pair[1]]).collect())
}

/// How far the points of a return map lie from those of another: the mean distance to the nearest, in
/// standard deviations of the other's maxima. Not symmetric: `truth` should have many more points, since
/// their distances from each other add to it.
///
/// # Errors
/// If either is empty, or the other's maxima are all the same.
pub fn return_map_distance(map: &[[f64; 2]], truth: &[[f64; 2]]) -> Result<f64, Error> {
    for (what, points) in [("return map", map), ("true return map", truth)] {
        if points.is_empty() {
            return Err(neuropil_math::Error::Empty { what }.into());
        }
    }
    let n = truth.len() as f64;
    let mean = truth.iter().map(|p| p[0]).sum::<f64>() / n;
    let deviation = (truth.iter().map(|p| (p[0] - mean).powi(2)).sum::<f64>() / n).sqrt();
    if deviation == 0.0 {
        return Err(neuropil_math::Error::Undefined {
            what: "the distance of return maps",
            why: "all true maxima are the same",
        }
        .into());
    }
    let nearest = |p: &[f64; 2]| {
        truth
            .iter()
            .map(|q| (p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2))
            .fold(f64::INFINITY, f64::min)
            .sqrt()
    };
    Ok(map.iter().map(nearest).sum::<f64>() / map.len() as f64 / deviation)
}
