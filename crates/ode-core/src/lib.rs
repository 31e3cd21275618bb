//! Ordinary, stochastic and delay differential equations with events, dense output and gradients.

pub use config::SolverConfig;
pub use control::Controller;
pub use error::Error;
pub use state::State;
pub use statistics::Statistics;
pub use stepper::Stepper;
pub use system::{Gated, System};
pub use tolerance::{Absolute, Tolerance};

pub mod batch;
pub mod explicit;
pub mod exponential;
pub mod leapfrog;
pub mod sde;
pub mod sensitivity;

mod config;
mod control;
mod error;
mod state;
mod statistics;
mod stepper;
mod system;
mod tolerance;
