use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Estimator, Histogram};
use crate::Error;

/// How far [`transfer_entropy`] looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransferConfig {
    /// Past values of the target that are known anyway, $k \ge 1$.
    pub target_history: usize,
    /// Past values of the source that may say more, $l \ge 1$.
    pub source_history: usize,
    /// How the four entropies are estimated.
    pub estimator: Estimator,
}

impl Default for TransferConfig {
    /// One past value of each, plug-in.
    fn default() -> Self {
        Self {
            target_history: 1,
            source_history: 1,
            estimator: Estimator::Plugin,
        }
    }
}

/// The transfer entropy in bits from a series of symbols to another (Schreiber 2000),
///
/// $$T_{X \to Y} = I(y_{t+1}; x_t^{(l)} | y_t^{(k)})
///   = H(y_{t+1}, y_t^{(k)}) + H(y_t^{(k)}, x_t^{(l)}) - H(y_{t+1}, y_t^{(k)}, x_t^{(l)}) - H(y_t^{(k)}).$$
///
/// ```
/// use neuropil_neural_coding::information::{TransferConfig, transfer_entropy};
///
/// // The target repeats the source one step later.
/// let source: Vec<u8> = (0..1000_u32).map(|t| (t.wrapping_mul(t).wrapping_mul(2654435761) >> 31) as u8).collect();
/// let target: Vec<u8> = std::iter::once(0).chain(source.iter().copied()).take(1000).collect();
/// let there = transfer_entropy(&source, &target, &TransferConfig::default())?;
/// let back = transfer_entropy(&target, &source, &TransferConfig::default())?;
/// assert!(there > 0.9 && back < 0.1);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the series differ in length, [`Error::OutOfRange`] for a history of 0,
/// [`Error::TooFew`] if they are no longer than the history, and those of [`Histogram::entropy`].
pub fn transfer_entropy<S: Ord>(
    source: &[S],
    target: &[S],
    config: &TransferConfig,
) -> Result<f64, Error> {
    if source.len() != target.len() {
        return Err(Error::Shape {
            what: "samples of the target",
            expected: source.len(),
            found: target.len(),
        });
    }
    let (k, l) = (config.target_history, config.source_history);
    for (what, length) in [
        ("the history of the target", k),
        ("the history of the source", l),
    ] {
        if length == 0 {
            return Err(Error::OutOfRange {
                what,
                value: 0.0,
                range: "must be at least 1",
            });
        }
    }
    let start = k.max(l);
    if target.len() <= start {
        return Err(Error::TooFew {
            what: "samples of the series",
            needed: start + 1,
            found: target.len(),
        });
    }
    // Two slices make a key; where a part is left out the slice is empty.
    let entropy = |next: bool, past: bool, drive: bool| -> Result<f64, Error> {
        let mut counts: BTreeMap<[&[S]; 3], u64> = BTreeMap::new();
        for t in start..target.len() {
            let key = [
                if next { &target[t..=t] } else { &[] },
                if past { &target[t - k..t] } else { &[] },
                if drive { &source[t - l..t] } else { &[] },
            ];
            *counts.entry(key).or_insert(0) += 1;
        }
        Histogram::new(&counts.into_values().collect::<Vec<_>>())?.entropy(config.estimator)
    };
    Ok(entropy(true, true, false)? + entropy(false, true, true)?
        - entropy(true, true, true)?
        - entropy(false, true, false)?)
}
