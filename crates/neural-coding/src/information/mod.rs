//! Entropies and mutual information of spikes.
