//! Stimuli from spikes.
