//! Spikes as a function of a stimulus.
