//! How good a model is: over the next steps, over a valid time, and as a system of its own.
//!
//! - **Errors**: [`nrmse`] in every convention that papers use, each by its name ([`Normalization`]);
//! - **Valid prediction time**: [`valid_steps`] until the [`normalized_error`] exceeds a threshold, counted in
//!   Lyapunov times;
//! - **The attractor of a free-running model**, long after any single trajectory is lost: its
//!   [Lyapunov spectrum](lyapunov_spectrum), its [power spectrum](PowerSpectrum), its
//!   [return map](return_map) of successive maxima;
//! - **Memory**: the [capacity](memory_capacity) of a reservoir to tell its past inputs;
//! - **Seeds**: what a mean, a median or a share over seeds is worth ([`mean_interval`],
//!   [`bootstrap_interval`], [`share_interval`]).
//!
//! A forecast of noise-free data can stay valid for thirty Lyapunov times and say nothing about measured
//! series: quote the noise with every number.

pub use interval::{Interval, bootstrap_interval, mean_interval, median, share_interval};
pub use lyapunov::{LyapunovConfig, LyapunovSpectrum, StepMap, lyapunov_spectrum};
pub use memory::{
    MemoryCapacity, MemoryCapacityConfig, memory_capacity, memory_capacity_of_states,
};
pub use neuropil_math::metrics::forecast::{ValidSteps, normalized_error, valid_steps};
pub use neuropil_math::metrics::regression::{Normalization, nrmse};
pub use power::{PowerSpectrum, PowerSpectrumConfig};
pub use return_map::{maxima, return_map, return_map_distance};

mod interval;
mod lyapunov;
mod memory;
mod power;
mod return_map;
