//! What every Neuropil crate shares over [nalgebra].
//!
//! Data matrices hold **one sample per column** (features × samples): nalgebra stores columns
//! contiguously, so a batch of consecutive samples is one contiguous slice, and a sample is a slice
//! of it. A linear readout is therefore $Y = W X + b$ with $W$ of shape outputs × features.

pub use activation::Activation;
pub use error::{Error, check_finite, check_size};
pub use linear_map::{LinearMap, Scale, Storage};
pub use loss::Loss;
pub use parameters::Parameters;
pub use real::Real;
pub use schedule::{CosineConfig, Schedule, ScheduleConfig};
pub use sparse::Csr;

pub mod elementary;
pub mod linalg;
pub mod loss;
pub mod metrics;
pub mod optim;
pub mod parameters;
pub mod random;
pub mod ridge;
pub mod save;
pub mod softmax;
pub mod spectral;
pub mod statistics;

mod activation;
mod error;
mod linear_map;
mod power;
mod real;
mod schedule;
mod sparse;
