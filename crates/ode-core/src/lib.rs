//! Ordinary, stochastic and delay differential equations with events, dense output and gradients.

pub use config::SolverConfig;
pub use control::Controller;
pub use error::Error;
pub use event::{Action, Direction, Event, Events, Occurrence};
pub use integration::{Integration, Step};
pub use solve::{Method, Options, Output, Solution, solve, solve_into, solve_with};
pub use state::State;
pub use statistics::Statistics;
pub use stepper::Stepper;
pub use system::{Gated, System};
pub use tolerance::{Absolute, Tolerance};

pub mod dde;
pub mod explicit;
pub mod systems;

mod config;
mod control;
mod error;
mod event;
mod integration;
mod solve;
mod state;
mod statistics;
mod stepper;
mod system;
mod tolerance;
