//! Reservoirs for patches of a field.

pub use config::{LocalEsnConfig, Sharing};
pub use model::LocalEsn;
pub use state::LocalEsnState;

mod config;
mod fit;
mod model;
mod saving;
mod state;
