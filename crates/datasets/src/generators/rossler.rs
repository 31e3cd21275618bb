use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::integrate::{Sampling, sample_flow};
use crate::{Error, Integration, systems};

/// The flow [`systems::rossler`] at equal times, channels x, y, z.
///
/// ```
/// use neuropil_datasets::generators::RosslerConfig;
///
/// let series = RosslerConfig::default().generate::<f64>(100)?;
/// assert_eq!(series.shape(), (3, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RosslerConfig {
    /// The parameters of the field.
    pub parameters: systems::Rossler,
    /// The state at time 0.
    pub initial: [f64; 3],
    /// The time between samples.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
    /// How it is integrated.
    pub integration: Integration,
}

impl Default for RosslerConfig {
    /// A state on the attractor.
    fn default() -> Self {
        Self {
            parameters: systems::Rossler::default(),
            initial: [-2.609, 2.084, 0.075_73],
            dt: 0.1,
            warmup: 0,
            integration: Integration::Rk4 { substeps: 10 },
        }
    }
}

impl RosslerConfig {
    /// The samples, 3 × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, a setting is out of range, or the state diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        let sampling = Sampling {
            what: "the Rössler series",
            dt: self.dt,
            warmup: self.warmup,
            integration: self.integration,
        };
        sample_flow(sampling, &self.initial, &self.parameters, samples)
    }
}
