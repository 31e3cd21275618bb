//! Next generation reservoir computing: a polynomial of delays with a linear readout.

pub use config::{NgrcConfig, Target};
pub use features::{FeatureMap, MAX_FEATURES, Orders};
pub use model::{Ngrc, Task};
pub use state::NgrcState;

mod config;
pub(crate) mod features;
mod fit;
mod model;
pub(crate) mod readout;
mod saving;
mod scaling;
mod state;
