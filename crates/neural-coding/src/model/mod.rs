//! Spikes as a function of a stimulus, of their own past and of each other's.
//!
//! - [`PoissonGlm`]: $\log$ of the expected count is linear in features; fitted by Newton's method;
//! - [`CoupledGlm`]: several of them with filters of the stimulus, of history and of coupling;
//! - [`Basis`], [`filtered`]: smooth filters from a few numbers;
//! - [`spike_triggered_average`]: what the stimulus was before a spike, on the mean;
//! - [`SpikeTriggeredCovariance`]: the directions along which spikes change the stimulus' variance;
//! - [`TuningCurves`]: rates as a function of a place, a direction, or anything in bins.
//!
//! Matrices hold one moment per column: features × bins of time, units × bins of time.
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_neural_coding::model::{PoissonGlm, PoissonGlmConfig};
//! use rand::SeedableRng;
//! use rand::rngs::Xoshiro256PlusPlus;
//!
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
//! let stimulus = DMatrix::from_fn(1, 2000, |_, t| (0.1 * t as f64).sin());
//! let truth = PoissonGlm::from_parts(vec![0.8], -1.0)?;
//! let counts = truth.simulate(&stimulus, &mut rng)?;
//!
//! let fit = PoissonGlm::fit(&stimulus, &counts, &PoissonGlmConfig::default())?;
//! assert!(fit.converged && (fit.model.weights()[0] - 0.8).abs() < 0.15);
//! assert!(fit.model.bits_per_spike(&stimulus, &counts)?.is_some_and(|bits| bits > 0.1));
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use basis::Basis;
pub use coupled::{CoupledGlm, CoupledGlmConfig};
pub use covariance::SpikeTriggeredCovariance;
pub use filter::filtered;
pub use glm::{PoissonGlm, PoissonGlmConfig, PoissonGlmFit};
pub use sta::{SpikeTriggeredAverage, spike_triggered_average};
pub use tuning::TuningCurves;

mod basis;
mod coupled;
mod covariance;
mod filter;
mod glm;
mod sta;
mod tuning;
