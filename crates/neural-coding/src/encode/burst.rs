use serde::{Deserialize, Serialize};

use super::check_count;
use crate::Error;
use crate::error::check_between;

/// The burst code: more spikes, and closer ones, for greater values (Guo et al. 2021)[^1].
///
/// A value $x$ in [0, 1] has $N = \lceil N_{\max} x \rceil$ spikes from step 0 on, at an interval of
/// $\lceil T_{\max} - (T_{\max} - T_{\min}) x \rceil$ steps, or $T_{\max}$ if there is no second one.
///
/// ```
/// use neuropil_neural_coding::encode::BurstConfig;
///
/// let code = BurstConfig::default();
/// let burst = code.encode(0.52)?;
/// assert_eq!(burst.times().collect::<Vec<_>>(), [0, 6, 12]);
/// assert!((code.decode(&burst)? - 0.52).abs() <= code.error(&burst)?);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// [^1]: W. Guo, M. E. Fouda, A. M. Eltawil, K. N. Salama (2021), Neural coding in spiking neural
///     networks, Front. Neurosci. 15, 638474.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BurstConfig {
    /// $N_{\max}$, the number of spikes at 1.
    pub spikes: usize,
    /// $T_{\min}$, the interval at 1, in steps.
    pub shortest: usize,
    /// $T_{\max}$, the interval close to 0.
    pub longest: usize,
}

impl Default for BurstConfig {
    /// 5 spikes, 2 to 10 steps.
    fn default() -> Self {
        Self {
            spikes: 5,
            shortest: 2,
            longest: 10,
        }
    }
}

/// A number of spikes at one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// How many.
    pub spikes: usize,
    /// Steps from one to the next.
    pub interval: usize,
}

impl Burst {
    /// The steps of the spikes.
    pub fn times(self) -> impl Iterator<Item = usize> {
        (0..self.spikes).map(move |k| k.saturating_mul(self.interval))
    }
}

impl BurstConfig {
    fn check(&self) -> Result<(), Error> {
        let most = 1 << 31;
        let range = "must be in 1..=2^31";
        check_count("spikes of a burst", self.spikes, (1, most), range)?;
        check_count("shortest interval", self.shortest, (1, most), range)?;
        let range = "must be from the shortest interval to 2^31";
        check_count(
            "longest interval",
            self.longest,
            (self.shortest, most),
            range,
        )
    }

    /// The burst of a value.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a value outside of [0, 1] and for settings without sense.
    pub fn encode(&self, value: f64) -> Result<Burst, Error> {
        self.check()?;
        let range = "must be in [0, 1]";
        check_between("a value to encode", value, (0.0, 1.0), range)?;
        let spikes = (self.spikes as f64 * value).ceil() as usize;
        let interval = if spikes > 1 {
            let (longest, shortest) = (self.longest as f64, self.shortest as f64);
            (longest - (longest - shortest) * value).ceil() as usize
        } else {
            self.longest
        };
        Ok(Burst { spikes, interval })
    }

    /// What number and interval leave open.
    fn bounds(&self, burst: &Burst) -> Result<(f64, f64), Error> {
        self.check()?;
        check_count(
            "spikes",
            burst.spikes,
            (0, self.spikes),
            "must be those of the code",
        )?;
        let bounds = (self.shortest, self.longest);
        check_count(
            "interval",
            burst.interval,
            bounds,
            "must be one of the code",
        )?;
        let most = self.spikes as f64;
        let (mut low, mut high) = (
            burst.spikes.saturating_sub(1) as f64 / most,
            burst.spikes as f64 / most,
        );
        let span = (self.longest - self.shortest) as f64;
        if burst.spikes > 1 && span > 0.0 {
            let above = (self.longest - burst.interval) as f64;
            low = low.max(above / span);
            high = high.min((above + 1.0) / span);
        }
        if low <= high {
            Ok((low, high))
        } else {
            Err(Error::OutOfRange {
                what: "interval",
                value: burst.interval as f64,
                range: "must be one that goes with the number of spikes",
            })
        }
    }

    /// The middle of the values that have this burst.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for settings without sense, and for a burst that no value has.
    pub fn decode(&self, burst: &Burst) -> Result<f64, Error> {
        self.bounds(burst).map(|(low, high)| (low + high) / 2.0)
    }

    /// How far [`decode`](Self::decode) may be off, up to rounding.
    ///
    /// # Errors
    /// Those of [`decode`](Self::decode).
    pub fn error(&self, burst: &Burst) -> Result<f64, Error> {
        self.bounds(burst).map(|(low, high)| (high - low) / 2.0)
    }
}
