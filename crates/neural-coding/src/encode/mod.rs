//! Spikes from signals, and back.
