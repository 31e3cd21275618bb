use core::f64::consts::TAU;

use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::integrate::{Samples, check_positive};

/// A sum of sines with normal noise, one channel:
/// $$x_k = \sum_i A_i \sin(2 \pi f_i k\ dt + \varphi_i) + \sigma \xi_k.$$
///
/// ```
/// use neuropil_datasets::generators::SinesConfig;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let series = SinesConfig::oscillators(2).generate::<f64, _>(300, &mut rng)?;
/// assert!((series[5] - (0.2_f64 * 5.0).sin() - (0.311_f64 * 5.0).sin()).abs() < 1e-12);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SinesConfig {
    /// The sines.
    pub sines: Vec<Sine>,
    /// The time between samples.
    pub dt: f64,
    /// The deviation $\sigma$ of the noise, 0 for none.
    pub noise: f64,
}

/// One sine of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sine {
    /// Its amplitude $A$.
    pub amplitude: f64,
    /// Its frequency $f$ in cycles per unit of time.
    pub frequency: f64,
    /// Its phase $\varphi$ in radians.
    pub phase: f64,
}

impl Default for SinesConfig {
    /// The two oscillators 0.2 and 0.311 radians per sample.
    fn default() -> Self {
        Self::oscillators(2)
    }
}

/// Radians per sample of the multiple superimposed oscillators (MSO) of the literature; Wierstra,
/// Gomez, Schmidhuber (2005) began with the first two.
const OSCILLATORS: [f64; 8] = [0.2, 0.311, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97];

const WHAT: &str = "the sum of sines";

impl SinesConfig {
    /// The benchmark of multiple superimposed oscillators: the sum of the first `count` of eight sines
    /// of amplitude 1 whose frequencies have no common period. A count above 8 means 8.
    #[must_use]
    pub fn oscillators(count: usize) -> Self {
        let sines = OSCILLATORS.iter().take(count).map(|radians| Sine {
            amplitude: 1.0,
            frequency: radians / TAU,
            phase: 0.0,
        });
        Self {
            sines: sines.collect(),
            dt: 1.0,
            noise: 0.0,
        }
    }

    /// The samples, 1 × `samples`. Without noise nothing is drawn.
    ///
    /// # Errors
    /// If `samples` is 0, there is no sine, or a setting is not finite or out of range.
    pub fn generate<T: Real, R: Rng + ?Sized>(
        &self,
        samples: usize,
        rng: &mut R,
    ) -> Result<DMatrix<T>, Error> {
        check_positive("dt", self.dt)?;
        if self.sines.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "sines" }.into());
        }
        for sine in &self.sines {
            let numbers = [sine.amplitude, sine.frequency, sine.phase];
            check_finite("amplitude, frequency, phase of a sine", &numbers)?;
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            let range = "must be finite and not negative";
            return Err(Error::out_of_range("noise", self.noise, range));
        }
        let mut out = Samples::new(WHAT, 1, samples)?;
        for k in 0..samples {
            let t = k as f64 * self.dt;
            let sine = |s: &Sine| s.amplitude * (TAU * s.frequency * t + s.phase).sin();
            let mut x: f64 = self.sines.iter().map(sine).sum();
            if self.noise > 0.0 {
                x += self.noise * f64::standard_normal(rng);
            }
            out.push(WHAT, k, &[x])?;
        }
        Ok(out.finish())
    }
}
