use serde::{Deserialize, Serialize};

use super::ternary::beyond;
use super::{TernaryCode, check_count};
use crate::Error;
use crate::error::{check_finite, check_positive};

/// The moving-window code (Kasabov et al. 2016): a spike where the signal is more than the threshold
/// above the mean of the samples before it, or below.
///
/// The mean is over `window` samples, fewer at the start; the first one does not spike. Decoding
/// adds up steps of the threshold and drifts where the signal is steep or noisy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MovingWindow {
    /// The threshold.
    pub threshold: f64,
    /// Over how many samples the mean is.
    pub window: usize,
}

impl MovingWindow {
    /// The ups and downs of a signal.
    ///
    /// # Errors
    /// [`Error::NonFinite`], and [`Error::OutOfRange`] for a threshold that is not positive or an empty
    /// window.
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
        check_positive("threshold", self.threshold)?;
        check_count("window", self.window, (1, usize::MAX), "must be positive")?;
        let spikes = signal.iter().enumerate().map(|(t, &x)| {
            let past = &signal[t.saturating_sub(self.window)..t];
            if past.is_empty() {
                return 0;
            }
            // A sum that is carried along would collect errors of rounding.
            let mean = past.iter().sum::<f64>() / past.len() as f64;
            beyond(x, mean, self.threshold)
        });
        let start = signal.first().copied().unwrap_or(0.0);
        code.replace(start, self.threshold, spikes);
        Ok(())
    }
}
