use serde::{Deserialize, Serialize};

use crate::error::{check_finite, check_positive, check_shape};
use crate::{Error, Raster};

/// A signal as ups and downs of one size: 1, -1 or 0 at each step.
///
/// ```
/// use neuropil_neural_coding::encode::StepForward;
///
/// let code = StepForward { threshold: 0.5 }.encode(&[0.0, 0.7, 1.4, 1.4, 0.0])?;
/// assert_eq!(code.spikes, [0, 1, 1, 0, -1]);
/// assert_eq!(code.decode(), [0.0, 0.5, 1.0, 1.0, 0.5]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TernaryCode {
    /// Where the signal starts.
    pub start: f64,
    /// The size of a step up or down.
    pub threshold: f64,
    /// 1, -1 or 0 at each step.
    pub spikes: Vec<i8>,
}

impl TernaryCode {
    /// The signal of these ups and downs: $x_t = x_{start} + \theta \sum_{s \le t} \pm 1$.
    #[must_use]
    pub fn decode(&self) -> Vec<f64> {
        self.signal().collect()
    }

    /// [`decode`](Self::decode) into the memory of the caller. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` has not one element for each step.
    pub fn decode_into(&self, out: &mut [f64]) -> Result<(), Error> {
        check_shape("steps of a decoded signal", self.spikes.len(), out.len())?;
        for (out, x) in out.iter_mut().zip(self.signal()) {
            *out = x;
        }
        Ok(())
    }

    fn signal(&self) -> impl Iterator<Item = f64> + '_ {
        let mut sum = 0_i64;
        self.spikes.iter().map(move |&spike| {
            sum += i64::from(spike);
            self.start + self.threshold * sum as f64
        })
    }

    /// Takes the place of what was here, in the same memory.
    pub(super) fn replace(&mut self, start: f64, threshold: f64, spikes: impl Iterator<Item = i8>) {
        (self.start, self.threshold) = (start, threshold);
        self.spikes.clear();
        self.spikes.extend(spikes);
    }

    /// Two trains: the ups and the downs.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if they do not fit into the memory.
    pub fn raster(&self) -> Result<Raster, Error> {
        let mut raster = Raster::new(2, self.spikes.len())?;
        for (step, &spike) in self.spikes.iter().enumerate() {
            if spike != 0 {
                raster.set(usize::from(spike < 0), step, true)?;
            }
        }
        Ok(raster)
    }
}

/// What comes before the first sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// Zero, so that the first sample can spike.
    #[default]
    Zero,
    /// The first sample itself.
    First,
}

/// How [`delta`] codes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeltaConfig {
    /// The least change that spikes.
    pub threshold: f64,
    /// What comes before the first sample.
    pub before: Before,
    /// Whether falls spike too.
    pub falls: bool,
}

impl Default for DeltaConfig {
    /// A change of 0.1 from zero on, rises alone.
    fn default() -> Self {
        Self {
            threshold: 0.1,
            before: Before::Zero,
            falls: false,
        }
    }
}

/// The delta code: a spike where the signal has risen by the threshold or more since the last sample,
/// $x_t - x_{t-1} \ge \theta$, and one down where it has fallen by as much.
///
/// A change counts once however large it is, and small ones are forgotten: what is decoded drifts. The
/// code that follows the signal is [`StepForward`](super::StepForward).
///
/// # Errors
/// [`Error::NonFinite`], and [`Error::OutOfRange`] for a threshold that is not positive.
pub fn delta(signal: &[f64], config: &DeltaConfig) -> Result<TernaryCode, Error> {
    let mut code = TernaryCode::default();
    delta_into(signal, config, &mut code)?;
    Ok(code)
}

/// [`delta`] in the place of another code, which allocates nothing once that is as long.
///
/// # Errors
/// Those of [`delta`]; the code is unchanged then.
pub fn delta_into(
    signal: &[f64],
    config: &DeltaConfig,
    code: &mut TernaryCode,
) -> Result<(), Error> {
    check_finite("signal", signal)?;
    check_positive("threshold", config.threshold)?;
    let start = match config.before {
        Before::Zero => 0.0,
        Before::First => signal.first().copied().unwrap_or(0.0),
    };
    let mut last = start;
    let spikes = signal.iter().map(|&x| {
        let change = x - last;
        last = x;
        let fall = config.falls && change <= -config.threshold;
        i8::from(change >= config.threshold) - i8::from(fall)
    });
    code.replace(start, config.threshold, spikes);
    Ok(())
}

/// 1 above `base + threshold`, -1 below `base - threshold`, 0 between.
pub(super) fn beyond(x: f64, base: f64, threshold: f64) -> i8 {
    i8::from(x > base + threshold) - i8::from(x < base - threshold)
}
