//! Power spectra, and how far two are apart.

use neuropil_math::{Real, check_finite};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The settings of a [`PowerSpectrum`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PowerSpectrumConfig {
    /// Samples of a segment, a power of two: the resolution is 1 / (segment · dt).
    pub segment: usize,
    /// The time between samples.
    pub dt: f64,
}

impl Default for PowerSpectrumConfig {
    /// Segments of 1024 samples, time in samples.
    fn default() -> Self {
        Self {
            segment: 1024,
            dt: 1.0,
        }
    }
}

/// The one-sided power spectral density of a channel, by the method of Welch (1967).
///
/// The mean is removed; segments that overlap by half are weighted by a Hann window; their periodograms
/// are averaged:
/// $$P(f_k) = \frac{2 \Delta t}{M \sum_t w_t^2} \sum_{m=1}^{M}
/// \Bigl\lvert \sum_t w_t x^{(m)}_t e^{-2\pi i k t / L}\Bigr\rvert^2, \qquad f_k = \frac{k}{L \Delta t},$$
/// half of that at the ends $k = 0$ and $k = L/2$. Its sum times the resolution is the variance, up to
/// the weights of the window.
///
/// ```
/// use neuropil_reservoir::judge::{PowerSpectrum, PowerSpectrumConfig};
///
/// // A sine of amplitude 1 and frequency 0.125: all of its variance 1/2 is around there.
/// let wave: Vec<f64> = (0..4096).map(|t| (core::f64::consts::TAU * 0.125 * f64::from(t)).sin()).collect();
/// let config = PowerSpectrumConfig { segment: 256, dt: 1.0 };
/// let spectrum = PowerSpectrum::new(&wave, &config)?;
/// assert_eq!(spectrum.peak(), 0.125);
/// let variance: f64 = spectrum.density().iter().sum::<f64>() * spectrum.resolution();
/// assert!((variance - 0.5).abs() < 1e-9);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PowerSpectrum {
    resolution: f64,
    density: Vec<f64>,
}

impl PowerSpectrum {
    /// The spectrum of one channel.
    ///
    /// # Errors
    /// If the segment is no power of two or less than 4, `dt` is not positive and finite, a value is not
    /// finite, or there are fewer values than one segment.
    pub fn new<T: Real>(channel: &[T], config: &PowerSpectrumConfig) -> Result<Self, Error> {
        let length = config.segment;
        if length < 4 || !length.is_power_of_two() {
            return Err(neuropil_math::Error::OutOfRange {
                what: "segment of a power spectrum",
                value: length as f64,
                range: "must be a power of two, 4 at least",
            }
            .into());
        }
        if !(config.dt > 0.0 && config.dt.is_finite()) {
            return Err(neuropil_math::Error::OutOfRange {
                what: "dt of a power spectrum",
                value: config.dt,
                range: "must be positive and finite",
            }
            .into());
        }
        if channel.len() < length {
            return Err(Error::TooShort {
                what: "channel of a power spectrum",
                needed: length,
                found: channel.len(),
            });
        }
        check_finite("the channel of a power spectrum", channel)?;
        let mean = channel.iter().map(|x| x.to_f64()).sum::<f64>() / channel.len() as f64;
        let window: Vec<f64> = (0..length)
            .map(|t| {
                (core::f64::consts::PI * t as f64 / length as f64)
                    .sin()
                    .powi(2)
            })
            .collect();
        let weight: f64 = window.iter().map(|w| w * w).sum();
        let half = length / 2;
        let mut density = vec![0.0; half + 1];
        let mut segments = 0;
        let mut transform = vec![(0.0, 0.0); length];
        for start in (0..=channel.len() - length).step_by(half) {
            for ((z, x), w) in transform.iter_mut().zip(&channel[start..]).zip(&window) {
                *z = ((x.to_f64() - mean) * w, 0.0);
            }
            fourier(&mut transform);
            for (sum, z) in density.iter_mut().zip(&transform) {
                *sum += z.0 * z.0 + z.1 * z.1;
            }
            segments += 1;
        }
        let scale = 2.0 * config.dt / (weight * f64::from(segments));
        for (k, density) in density.iter_mut().enumerate() {
            *density *= if k == 0 || k == half {
                0.5 * scale
            } else {
                scale
            };
        }
        Ok(Self {
            resolution: 1.0 / (length as f64 * config.dt),
            density,
        })
    }

    /// The distance between two frequencies.
    #[must_use]
    pub fn resolution(&self) -> f64 {
        self.resolution
    }

    /// The density at the frequencies 0, resolution, 2 · resolution, … up to half the sampling rate.
    #[must_use]
    pub fn density(&self) -> &[f64] {
        &self.density
    }

    /// The frequency of the largest density.
    #[must_use]
    pub fn peak(&self) -> f64 {
        let largest = self
            .density
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1));
        largest.map_or(0.0, |(k, _)| k as f64 * self.resolution)
    }

    /// The Hellinger distance of two spectra, each normalised to the sum 1:
    /// $$H = \sqrt{1 - \sum_k \sqrt{p_k q_k}} \in \[0, 1\].$$
    /// 0 for the same distribution of power over the frequencies whatever the total, 1 where no frequency
    /// is shared. (Used for learned attractors by Mikhaeil, Monfared and Durstewitz, NeurIPS 2022.)
    ///
    /// # Errors
    /// If the frequencies differ, or one has no power at all, as that of a constant.
    pub fn distance(&self, other: &Self) -> Result<f64, Error> {
        if self.density.len() != other.density.len() {
            return Err(Error::Shape {
                what: "frequencies of the power spectrum",
                expected: self.density.len(),
                found: other.density.len(),
            });
        }
        if (self.resolution - other.resolution).abs() > 1e-12 * self.resolution {
            return Err(neuropil_math::Error::OutOfRange {
                what: "resolution of the other power spectrum",
                value: other.resolution,
                range: "must be that of the first",
            }
            .into());
        }
        let sums: [f64; 2] = [self.density.iter().sum(), other.density.iter().sum()];
        if sums.contains(&0.0) {
            return Err(neuropil_math::Error::Undefined {
                what: "the distance of power spectra",
                why: "one has no power, as that of a constant",
            }
            .into());
        }
        // 1 - Σ √(p q) as half the squared distance of the roots, which cannot cancel.
        let squares: f64 = self
            .density
            .iter()
            .zip(&other.density)
            .map(|(p, q)| ((p / sums[0]).sqrt() - (q / sums[1]).sqrt()).powi(2))
            .sum();
        Ok((0.5 * squares).sqrt().min(1.0))
    }
}

/// The discrete Fourier transform of a power of two complex numbers, in place: bit reversal, then
/// butterflies (Cooley and Tukey 1965).
fn fourier(z: &mut [(f64, f64)]) {
    let n = z.len();
    let shift = usize::BITS - n.trailing_zeros();
    for i in 0..n {
        let j = i.reverse_bits() >> shift;
        if i < j {
            z.swap(i, j);
        }
    }
    let mut size = 2;
    while size <= n {
        let angle = -core::f64::consts::TAU / size as f64;
        for block in z.chunks_exact_mut(size) {
            let (low, high) = block.split_at_mut(size / 2);
            for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let (sin, cos) = (angle * k as f64).sin_cos();
                let t = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                (*a, *b) = ((a.0 + t.0, a.1 + t.1), (a.0 - t.0, a.1 - t.1));
            }
        }
        size *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_sum() {
        let n = 16;
        let x: Vec<(f64, f64)> = (0..n)
            .map(|t| ((0.3 * f64::from(t)).sin(), (f64::from(t) * 1.1).cos()))
            .collect();
        let mut z = x.clone();
        fourier(&mut z);
        for (k, z) in z.iter().enumerate() {
            let mut sum = (0.0, 0.0);
            for (t, x) in x.iter().enumerate() {
                let angle = -core::f64::consts::TAU * (k * t) as f64 / f64::from(n);
                let (sin, cos) = angle.sin_cos();
                sum.0 += x.0 * cos - x.1 * sin;
                sum.1 += x.0 * sin + x.1 * cos;
            }
            assert!((z.0 - sum.0).abs() + (z.1 - sum.1).abs() < 1e-13, "{k}");
        }
    }
}
