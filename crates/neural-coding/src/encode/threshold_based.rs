use serde::{Deserialize, Serialize};

use super::TernaryCode;
use super::ternary::beyond;
use crate::Error;
use crate::error::{check_between, check_finite};

/// The threshold-based representation (TBR; Delbruck and Lichtsteiner 2007)[^1]: a spike where the change
/// since the last sample is beyond a threshold that is taken from the changes,
/// $\theta = \mu + \gamma \sigma$, their mean and standard deviation (of the population).
///
/// The first sample takes the change of the second.
///
/// [^1]: T. Delbruck, P. Lichtsteiner (2007), Fast sensory motor control based on event-based hybrid
///     neuromorphic-procedural system, ISCAS 2007, 845–848.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ThresholdBased {
    /// $\gamma$.
    pub factor: f64,
}

impl ThresholdBased {
    /// The ups and downs of a signal, and their threshold. A signal of one sample or none has no
    /// change.
    ///
    /// # Errors
    /// [`Error::NonFinite`]; [`Error::OutOfRange`] for a factor that is negative or not finite, and for
    /// a threshold that is negative: of a signal that falls so steadily this code says nothing.
    pub fn encode(&self, signal: &[f64]) -> Result<TernaryCode, Error> {
        let mut code = TernaryCode::default();
        self.encode_into(signal, &mut code)?;
        Ok(code)
    }

    /// [`encode`](Self::encode) in the place of another code, which allocates nothing once that is as
    /// long.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode); the code is unchanged then.
    pub fn encode_into(&self, signal: &[f64], code: &mut TernaryCode) -> Result<(), Error> {
        check_finite("signal", signal)?;
        let range = "must be finite and not negative";
        check_between("factor", self.factor, (0.0, f64::MAX), range)?;
        let first = match signal {
            [a, b, ..] => b - a,
            _ => 0.0,
        };
        let changes = || core::iter::once(first).chain(signal.windows(2).map(|w| w[1] - w[0]));
        let count = signal.len().max(1) as f64;
        let mean = changes().sum::<f64>() / count;
        let variance = changes().map(|d| (d - mean) * (d - mean)).sum::<f64>() / count;
        let threshold = mean + self.factor * variance.sqrt();
        check_between(
            "threshold of the changes",
            threshold,
            (0.0, f64::MAX),
            range,
        )?;
        let spikes = changes()
            .take(signal.len())
            .map(|change| beyond(change, 0.0, threshold));
        let start = signal.first().copied().unwrap_or(0.0);
        code.replace(start, threshold, spikes);
        Ok(())
    }
}
