//! Ordinary, stochastic and delay differential equations with events, dense output and gradients.

pub use error::Error;
pub use state::State;
pub use statistics::Statistics;
pub use system::{Gated, System};
pub use tolerance::{Absolute, Tolerance};

pub mod explicit;
pub mod exponential;
pub mod leapfrog;
pub mod sde;

mod error;
mod state;
mod statistics;
mod system;
mod tolerance;
