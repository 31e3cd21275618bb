use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite};
use serde::{Deserialize, Serialize};

use crate::integrate::Samples;
use crate::{Error, systems};

/// The iterates of the map [`systems::henon`], channels x and y.
///
/// ```
/// use neuropil_datasets::generators::HenonConfig;
///
/// let series = HenonConfig::default().generate::<f64>(100)?;
/// assert_eq!(series.shape(), (2, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HenonConfig {
    /// The parameters of the map.
    pub parameters: systems::Henon,
    /// The state before the first iteration.
    pub initial: [f64; 2],
    /// Iterates that are computed first and left out.
    pub warmup: usize,
}

impl Default for HenonConfig {
    /// From the origin, without the first 100 iterates.
    fn default() -> Self {
        Self {
            parameters: systems::Henon::default(),
            initial: [0.0, 0.0],
            warmup: 100,
        }
    }
}

impl HenonConfig {
    /// The samples, 2 × `samples`; the first one is the state after `warmup` iterations.
    ///
    /// # Errors
    /// If `samples` is 0, the initial state is not finite, or the state diverges: most initial states
    /// away from the attractor do.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        let what = "the Hénon series";
        check_finite("the initial state", &self.initial)?;
        let mut out = Samples::new(what, 2, samples)?;
        let mut state = self.initial;
        let end = self.warmup.saturating_add(samples);
        for sample in 0..end {
            if sample >= self.warmup || !state[0].is_finite() {
                out.push(what, sample, &state)?;
            }
            state = systems::henon(&self.parameters, state);
        }
        Ok(out.finish())
    }
}
