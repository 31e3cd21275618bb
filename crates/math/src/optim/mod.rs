//! First-order optimisers.
//!
//! Two levels: [`SgdConfig::update`] and [`AdamConfig::update`] are one step over flat slices, with
//! the state in the caller's hands; [`Optimizer`] keeps that state for a whole model, refuses
//! gradients that are not finite, clips, counts steps, and can be saved and resumed to the bit. None
//! of them allocates.

pub use adam::AdamConfig;
pub use clip::{Clip, clip_by_norm, clip_by_value, norm};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use sgd::SgdConfig;

mod adam;
mod clip;
mod optimizer;
mod sgd;

use crate::Error;

/// Refuses a setting that is negative, infinite or NaN.
fn check_not_negative(what: &'static str, value: f64) -> Result<(), Error> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what,
            value,
            range: "must be finite and not negative",
        })
    }
}

/// Refuses a setting outside of [0, 1).
fn check_below_one(what: &'static str, value: f64) -> Result<(), Error> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what,
            value,
            range: "must be in [0, 1)",
        })
    }
}

/// Refuses the step 0: steps are counted from 1.
fn check_step(step: u64) -> Result<(), Error> {
    if step > 0 {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "the step of an optimiser",
            value: 0.0,
            range: "must be at least 1",
        })
    }
}
