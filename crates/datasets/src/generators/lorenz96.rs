use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::integrate::{Sampling, sample_flow};
use crate::{Error, Integration, systems};

/// The ring [`systems::lorenz96`] at equal times, a channel per variable.
///
/// ```
/// use neuropil_datasets::generators::Lorenz96Config;
///
/// let series = Lorenz96Config::new(40).generate::<f64>(100)?;
/// assert_eq!(series.shape(), (40, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lorenz96Config {
    /// The forcing $F$.
    pub forcing: f64,
    /// The state at time 0; its length is the number of variables.
    pub initial: Vec<f64>,
    /// The time between samples.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
    /// How it is integrated.
    pub integration: Integration,
}

impl Lorenz96Config {
    /// A ring of this many variables with forcing 8, started at its resting state with the first
    /// variable displaced by 0.01. The first 1000 samples lead to the attractor and are left out.
    #[must_use]
    pub fn new(variables: usize) -> Self {
        let mut initial = vec![8.0; variables];
        if let Some(first) = initial.first_mut() {
            *first += 0.01;
        }
        Self {
            forcing: 8.0,
            initial,
            dt: 0.05,
            warmup: 1000,
            integration: Integration::Rk4 { substeps: 5 },
        }
    }

    /// The samples, variables × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, there are fewer than 4 variables, a setting is out of range, or the state
    /// diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        // The check of the public function, once and before the loop.
        systems::lorenz96(
            self.forcing,
            &self.initial,
            &mut vec![0.0; self.initial.len()],
        )?;
        let sampling = Sampling {
            what: "the Lorenz96 series",
            dt: self.dt,
            warmup: self.warmup,
            integration: self.integration,
        };
        let ring = systems::Lorenz96 {
            forcing: self.forcing,
        };
        sample_flow(sampling, &self.initial, &ring, samples)
    }
}

impl Default for Lorenz96Config {
    /// The ring of 40 variables.
    fn default() -> Self {
        Self::new(40)
    }
}
