//! The reservoir: a fixed random dynamical system that is driven by a signal.

pub use config::{Dynamics, Feedback, Leak, ReservoirConfig, Scaling};
pub use model::Reservoir;
pub use parts::{Recurrent, ReservoirParts};
pub use state::ReservoirState;
pub use topology::Topology;

pub(crate) mod config;
mod model;
mod parts;
pub(crate) mod series;
mod state;
mod topology;
