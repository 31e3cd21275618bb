use serde::{Deserialize, Serialize};

use super::TernaryCode;
use super::ternary::beyond;
use crate::Error;
use crate::error::{check_finite, check_positive};

/// The step-forward code (Kasabov et al. 2016)[^1]: a base starts at the first sample; where the signal is
/// above it by more than the threshold there is a spike and the base rises by the threshold, and
/// likewise below.
///
/// The base is the decoded signal. It stays within the threshold of a signal that changes by no more
/// than the threshold in a step.
///
/// [^1]: N. Kasabov et al. (2016), Evolving spatio-temporal data machines based on the NeuCube
///     neuromorphic framework, Neural Netw. 78, 1–14.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepForward {
    /// The threshold, which is the step of the base.
    pub threshold: f64,
}

impl StepForward {
    /// The ups and downs of a signal.
    ///
    /// # Errors
    /// [`Error::NonFinite`], and [`Error::OutOfRange`] for a threshold that is not positive.
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
        let start = signal.first().copied().unwrap_or(0.0);
        let mut base = start;
        let spikes = signal.iter().map(|&x| {
            let spike = beyond(x, base, self.threshold);
            base += f64::from(spike) * self.threshold;
            spike
        });
        code.replace(start, self.threshold, spikes);
        Ok(())
    }
}
