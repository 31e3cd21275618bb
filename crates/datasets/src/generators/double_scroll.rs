use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::integrate::{Sampling, sample_flow};
use crate::{Error, Integration, systems};

/// The circuit [`systems::double_scroll`] at equal times, channels V₁, V₂, I.
///
/// ```
/// use neuropil_datasets::generators::DoubleScrollConfig;
///
/// let series = DoubleScrollConfig::default().generate::<f64>(100)?;
/// assert_eq!(series.shape(), (3, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoubleScrollConfig {
    /// The parameters of the field.
    pub parameters: systems::DoubleScroll,
    /// The state at time 0.
    pub initial: [f64; 3],
    /// The time between samples.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
    /// How it is integrated.
    pub integration: Integration,
}

impl Default for DoubleScrollConfig {
    /// A state on the attractor, the one of Gauthier et al. (2021).
    fn default() -> Self {
        Self {
            parameters: systems::DoubleScroll::default(),
            initial: [0.379_265_45, 0.058_339, -0.081_676_91],
            dt: 0.25,
            warmup: 0,
            integration: Integration::Rk4 { substeps: 10 },
        }
    }
}

impl DoubleScrollConfig {
    /// The samples, 3 × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, a setting is out of range, or the state diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        let sampling = Sampling {
            what: "the double scroll series",
            dt: self.dt,
            warmup: self.warmup,
            integration: self.integration,
        };
        sample_flow(sampling, &self.initial, &self.parameters, samples)
    }
}
