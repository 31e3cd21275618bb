//! One polynomial readout for all points.

pub use config::LocalNgrcConfig;
pub use model::LocalNgrc;
pub use state::LocalNgrcState;

mod config;
mod fit;
mod model;
mod saving;
mod state;
