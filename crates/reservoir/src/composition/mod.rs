//! Several reservoirs as one: stacked, side by side, and both within each other.

pub use config::{Branch, Channels, CompositionConfig};
pub use model::Composition;
pub use state::CompositionState;

mod config;
mod model;
pub(crate) mod saving;
mod state;
