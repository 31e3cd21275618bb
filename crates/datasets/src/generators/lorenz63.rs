use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::integrate::{Sampling, sample_flow};
use crate::{Error, Integration, systems};

/// The flow [`systems::lorenz63`] at equal times, channels x, y, z.
///
/// ```
/// use neuropil_datasets::generators::Lorenz63Config;
///
/// let series = Lorenz63Config::default().generate::<f64>(100)?;
/// assert_eq!(series.shape(), (3, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lorenz63Config {
    /// The parameters of the field.
    pub parameters: systems::Lorenz63,
    /// The state at time 0.
    pub initial: [f64; 3],
    /// The time between samples.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
    /// How it is integrated.
    pub integration: Integration,
}

impl Default for Lorenz63Config {
    /// A state on the attractor, the one of Gauthier et al. (2021).
    fn default() -> Self {
        Self {
            parameters: systems::Lorenz63::default(),
            initial: [
                17.677_158_162_766_79,
                12.931_379_185_960_404,
                43.914_043_342_482_68,
            ],
            dt: 0.02,
            warmup: 0,
            integration: Integration::Rk4 { substeps: 10 },
        }
    }
}

impl Lorenz63Config {
    /// The samples, 3 × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, a setting is out of range, or the state diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        let sampling = Sampling {
            what: "the Lorenz series",
            dt: self.dt,
            warmup: self.warmup,
            integration: self.integration,
        };
        sample_flow(sampling, &self.initial, &self.parameters, samples)
    }
}
