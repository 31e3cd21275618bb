//! Stimuli from spikes.
//!
//! - [`CosineTuning`]: preferred directions and the population vector;
//! - [`Wiener`]: the optimal linear estimator, of the present counts or of some past ones too;
//! - [`Kalman`]: linear dynamics and linear, noisy counts;
//! - [`Bayes`]: the posterior over places from Poisson counts, block by block;
//! - [`rescale`]: whether spikes are those of a rate, by time rescaling.
//!
//! Matrices hold one moment per column: units × bins, dimensions × bins, places × bins.
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_neural_coding::decode::{Bayes, BayesConfig};
//!
//! // Two place cells over three places; both silent, one or the other with spikes in 0.25 s.
//! let rates = DMatrix::from_row_slice(2, 3, &[8.0, 1.0, 0.5, 0.5, 1.0, 8.0]);
//! let counts = DMatrix::from_row_slice(2, 3, &[0.0, 3.0, 0.0, 0.0, 0.0, 4.0]);
//! let decoder = Bayes::new(&rates, &BayesConfig { dt: 0.25, ..BayesConfig::default() })?;
//! assert_eq!(decoder.decode(&counts)?, [Some(1), Some(0), Some(2)]);
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use bayes::{Bayes, BayesConfig};
pub use kalman::{Kalman, KalmanConfig, KalmanState};
pub use population_vector::CosineTuning;
pub use time_rescaling::{TimeRescaling, rescale};
pub use wiener::{Wiener, WienerConfig};

mod bayes;
mod kalman;
mod population_vector;
mod time_rescaling;
mod wiener;
