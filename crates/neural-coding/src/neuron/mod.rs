//! Single neurons, and when they spike: the models of one compartment, driven by a [`Current`].
//!
//! | model | state | units of the current | method |
//! |---|---|---|---|
//! | [`Lif`] | 1 | those of the threshold by the resistance | exact |
//! | [`Izhikevich`] | 2 | none | adaptive, or the published steps: [`izhikevich_steps`] |
//! | [`AdaptiveExponential`] | 2 | pA | adaptive |
//! | [`HodgkinHuxley`] | 4 | µA/cm² | adaptive |
//!
//! Parameters are in milliseconds and millivolts as in the papers, currents and trains in seconds as
//! everywhere in this crate. The three larger models are the systems of `neuropil-ode-core`, solved
//! with spikes as events: a time is right to about $10^{-7}$ ms after a second of activity.
//!
//! ```
//! use neuropil_neural_coding::neuron::{Current, Firing, Neuron};
//!
//! let neuron = Firing::RegularSpiking.neuron();
//! let train = neuron.spikes(&Current::constant(10.0, 1.0)?)?;
//! let intervals: Vec<f64> = train.intervals().collect();
//! assert!(intervals[0] < 0.6 * intervals[5], "it adapts");
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```
//!
//! Networks are not here.

pub use current::Current;
pub use equations::{Neuron, Recording};
pub use firing::{Firing, izhikevich_steps};
pub use lif::{Lif, LifState};
pub use neuropil_ode_core::systems::{AdaptiveExponential, HodgkinHuxley, Izhikevich};

mod current;
mod equations;
mod firing;
mod lif;
