use core::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::slepian::slepian;
use crate::Error;
use crate::error::check_positive;

/// How a [`coherence`] is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoherenceConfig {
    /// Samples per second.
    pub sampling_rate: f64,
    /// The product of the duration and half of the bandwidth.
    pub nw: f64,
    /// The number of tapers, $\lfloor 2 NW \rfloor - 1$ if it is not said.
    pub tapers: Option<usize>,
}

impl Default for CoherenceConfig {
    fn default() -> Self {
        Self {
            sampling_rate: 1000.0,
            nw: 4.0,
            tapers: None,
        }
    }
}

/// The coherence of two signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Coherence {
    /// From 0 to half of the sampling rate, in hertz.
    pub frequencies: Vec<f64>,
    /// The squared magnitude, from 0 to 1; NaN where a signal has no power.
    pub magnitudes: Vec<f64>,
    /// How far the second signal is behind the first, in radians.
    pub phases: Vec<f64>,
}

/// The coherence of two signals by the multitaper method,
/// $$C(f) = \frac{|S_{xy}(f)|^2}{S_{xx}(f) S_{yy}(f)},$$
/// the spectra being means over Slepian tapers.
///
/// With a single taper it is 1 everywhere. Means are not removed. Tapers are of the periodic kind: one
/// sample longer than the signal, without the last. The transform is the plain sum, quadratic in the
/// samples: some thousand are a matter of milliseconds, long recordings belong into pieces. Thomson,
/// Proceedings of the IEEE 70 (1982).
///
/// ```
/// use neuropil_neural_coding::statistics::{CoherenceConfig, coherence};
///
/// let wave = |phase: f64| move |i: i32| (f64::from(i) * 0.5 + phase).sin();
/// let x: Vec<f64> = (0..200).map(wave(0.0)).collect();
/// let y: Vec<f64> = (0..200).map(wave(-1.0)).collect();
/// let found = coherence(&x, &y, &CoherenceConfig::default())?;
/// // 0.5 radians per sample are the frequency 80 of 1000.
/// assert!(found.magnitudes[16] > 0.999);
/// assert!((found.phases[16] - 1.0).abs() < 0.05);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for signals of different lengths, [`Error::NonFinite`], [`Error::OutOfRange`] and
/// [`Error::TooFew`] for a sampling rate, a product or a number of tapers that is none.
pub fn coherence(x: &[f64], y: &[f64], config: &CoherenceConfig) -> Result<Coherence, Error> {
    check_positive("sampling rate", config.sampling_rate)?;
    if x.len() != y.len() {
        return Err(Error::Shape {
            what: "samples",
            expected: x.len(),
            found: y.len(),
        });
    }
    for (what, signal) in [("first signal", x), ("second signal", y)] {
        if let Some(index) = signal.iter().position(|v| !v.is_finite()) {
            return Err(Error::NonFinite { what, index });
        }
    }
    let n = x.len();
    let tapers = config
        .tapers
        .unwrap_or(((2.0 * config.nw).floor() - 1.0).max(0.0) as usize);
    let sequences = slepian(n + 1, config.nw, tapers)?;
    let bins = n / 2 + 1;
    let turn: Vec<(f64, f64)> = (0..n)
        .map(|k| (2.0 * PI * k as f64 / n as f64).sin_cos())
        .collect();
    let mut xx = vec![0.0; bins];
    let mut yy = vec![0.0; bins];
    let mut xy = vec![(0.0, 0.0); bins];
    let (mut tapered_x, mut tapered_y) = (vec![0.0; n], vec![0.0; n]);
    // Neither may overflow when it is squared.
    let (scale_x, scale_y) = (scale(x), scale(y));
    for taper in sequences.chunks_exact(n + 1) {
        for (k, weight) in taper[..n].iter().enumerate() {
            tapered_x[k] = x[k] / scale_x * weight;
            tapered_y[k] = y[k] / scale_y * weight;
        }
        for f in 0..bins {
            let (x_re, x_im) = transform(&tapered_x, &turn, f);
            let (y_re, y_im) = transform(&tapered_y, &turn, f);
            xx[f] += x_re * x_re + x_im * x_im;
            yy[f] += y_re * y_re + y_im * y_im;
            xy[f].0 += x_re * y_re + x_im * y_im;
            xy[f].1 += x_im * y_re - x_re * y_im;
        }
    }
    let magnitude = |f: usize| {
        let (re, im) = xy[f];
        // NaN stays NaN.
        (((re / xx[f]) * (re / yy[f])) + ((im / xx[f]) * (im / yy[f]))).clamp(0.0, 1.0)
    };
    let spacing = config.sampling_rate / n as f64;
    Ok(Coherence {
        frequencies: (0..bins).map(|f| f as f64 * spacing).collect(),
        magnitudes: (0..bins).map(magnitude).collect(),
        phases: xy.iter().map(|(re, im)| im.atan2(*re)).collect(),
    })
}

/// The largest magnitude of a signal, or 1 if there is none.
fn scale(signal: &[f64]) -> f64 {
    let largest = signal.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

/// $\sum_t x_t e^{-2 \pi i f t / n}$, real and imaginary part.
fn transform(x: &[f64], turn: &[(f64, f64)], f: usize) -> (f64, f64) {
    let (mut re, mut im) = (0.0, 0.0);
    let mut angle = 0;
    for value in x {
        let (sin, cos) = turn[angle];
        re += value * cos;
        im -= value * sin;
        angle += f;
        if angle >= turn.len() {
            angle -= turn.len();
        }
    }
    (re, im)
}
