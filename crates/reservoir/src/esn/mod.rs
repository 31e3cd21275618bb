//! Echo state networks: a reservoir with a linear readout.

pub use config::{EsnConfig, TrainingNoise};
pub use features::{StateFeatures, StateTerms};
pub use model::Esn;
pub use state::EsnState;

mod composed;
mod config;
mod features;
mod fit;
mod model;
mod readout;
pub(crate) mod saving;
mod scaling;
mod state;
