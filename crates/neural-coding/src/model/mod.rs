//! Spikes as a function of a stimulus.

pub use sta::{SpikeTriggeredAverage, spike_triggered_average};

mod sta;
