//! How spikes carry information: spike trains, their statistics, distances, codes, models and decoders.
//!
//! A [`SpikeTrain`] is a sorted list of times inside of a window; [`SpikeTrains`] are many in one
//! buffer. Times are in seconds, rates in hertz, and everything is checked once, when a train is made.
//!
//! ```
//! use neuropil_neural_coding::SpikeTrain;
//! use neuropil_neural_coding::distance::victor_purpura;
//!
//! let a = SpikeTrain::new(vec![0.1, 0.3, 0.7], 0.0, 1.0)?;
//! let b = SpikeTrain::from_ms(&[100.0, 320.0], 0.0, 1000.0)?;
//! // One spike is moved by 20 ms at 10 per second, one is removed.
//! assert!((victor_purpura(&a, &b, 10.0)? - 1.2).abs() < 1e-12);
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```
//!
//! - [`SpikeTrain`], [`SpikeTrains`], [`BinnedCounts`], [`Raster`]: what spikes are kept in;
//! - [`io`]: text, NPY, safetensors and matrices of zeros and ones;
//! - [`distance`]: Victor–Purpura, van Rossum, ISI, SPIKE, SPIKE-synchronisation and their matrices;
//! - [`statistics`]: intervals, counts, rates, correlations;
//! - [`surrogates`]: trains that keep some of it and lose the rest;
//! - [`generate`], [`neuron`], [`encode`]: where spikes come from;
//! - [`information`]: how much they say;
//! - [`model`], [`decode`]: how they depend on a stimulus, and back;
//! - [`plot`]: what is looked at rather than read.
//!
//! # Features
//! - `rayon`: matrices of distances on several threads, the same bits as on one;
//! - `safetensors`: reading and writing that format.

pub use error::Error;
pub use train::{BinnedCounts, Duplicates, Raster, SpikeTrain, SpikeTrains, TrainView};

pub mod decode;
pub mod distance;
pub mod encode;
pub mod generate;
pub mod information;
pub mod io;
pub mod model;
pub mod neuron;
pub mod plot;
pub mod statistics;
pub mod surrogates;

mod error;
mod train;
