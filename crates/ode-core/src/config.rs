use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::{Controller, Error, Tolerance};

/// How an adaptive solver chooses its steps. The defaults are those of Hairer's codes, to which
/// [`Controller::Auto`] adds what suits the method.
///
/// ```
/// use neuropil_ode_core::{SolverConfig, Tolerance};
///
/// let config = SolverConfig { tolerance: Tolerance::both(1e-8), ..SolverConfig::default() };
/// assert!(config.check(3).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", default)]
pub struct SolverConfig<T: Real> {
    /// The error that a step may make.
    pub tolerance: Tolerance<T>,
    /// How errors choose the next step.
    pub controller: Controller,
    /// What the controller aims at, below 1 so that few steps are rejected.
    pub safety: f64,
    /// The least factor between two steps.
    pub least_factor: f64,
    /// The greatest factor between two steps.
    pub greatest_factor: f64,
    /// The size of the first step; estimated from the right-hand side if absent.
    pub first_step: Option<T>,
    /// The least size of a step: a smaller one is
    /// [`StepSizeUnderflow`](Error::StepSizeUnderflow). The resolution of the time if absent.
    pub least_step: Option<T>,
    /// The greatest size of a step, against features of the right-hand side that steps would jump
    /// over.
    pub greatest_step: Option<T>,
    /// The cap on the steps, accepted or not, of one call.
    pub max_steps: u64,
}

impl<T: Real> Default for SolverConfig<T> {
    fn default() -> Self {
        Self {
            tolerance: Tolerance::default(),
            controller: Controller::default(),
            safety: 0.9,
            least_factor: 0.2,
            greatest_factor: 10.0,
            first_step: None,
            least_step: None,
            greatest_step: None,
            max_steps: 1_000_000,
        }
    }
}

impl<T: Real> SolverConfig<T> {
    /// The defaults with the same relative and absolute tolerance.
    #[must_use]
    pub fn with_tolerance(tolerance: T) -> Self {
        Self {
            tolerance: Tolerance::both(tolerance),
            ..Self::default()
        }
    }

    /// Refuses what no solver could work with. Solvers call it once, when they are made.
    ///
    /// # Errors
    /// The errors of [`Tolerance::check`], and a step size that is not positive.
    pub fn check(&self, components: usize) -> Result<(), Error> {
        self.tolerance.check(components)?;
        for (what, size) in [
            ("first step", self.first_step),
            ("least step", self.least_step),
            ("greatest step", self.greatest_step),
        ] {
            if let Some(size) = size
                && !(size > T::zero() && size.is_finite())
            {
                return Err(Error::OutOfRange {
                    what,
                    value: size.to_f64(),
                    range: "must be positive and finite",
                });
            }
        }
        if let (Some(least), Some(greatest)) = (self.least_step, self.greatest_step)
            && least > greatest
        {
            return Err(Error::OutOfRange {
                what: "least step",
                value: least.to_f64(),
                range: "exceeds the greatest step",
            });
        }
        if self.max_steps == 0 {
            return Err(Error::OutOfRange {
                what: "cap on the steps",
                value: 0.0,
                range: "must be positive",
            });
        }
        Ok(())
    }
}
