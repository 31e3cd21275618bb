//! What every Neuropil crate shares over [nalgebra].
//!
//! Data matrices hold **one sample per column** (features × samples): nalgebra stores columns
//! contiguously, so a batch of consecutive samples is one contiguous slice, and a sample is a slice
//! of it. A linear readout is therefore $Y = W X + b$ with $W$ of shape outputs × features.

pub use error::{Error, check_finite, check_size};
pub use real::Real;

pub mod linalg;

mod error;
mod real;
