//! How different two spike trains are.
//!
//! | function | what is compared | range | a metric |
//! |---|---|---|---|
//! | [`victor_purpura`] | the cheapest way to edit one train into the other, at `q` per second of shift | $\[0, n+m\]$ | yes for $q > 0$ |
//! | [`van_rossum`] | the trains filtered by $e^{-t/\tau}$ | $\[0, \infty)$ | yes for $\tau < \infty$ |
//! | [`isi_distance`] | the lengths of the current intervals | $\[0, 1)$ | no |
//! | [`spike_distance`] | the distances to the nearest spikes, relative to the intervals | $\[0, 1)$ | no |
//! | [`ri_spike_distance`] | the same, blind to the rates | $\[0, 1)$ | no |
//! | [`spike_sync`] | the share of spikes that coincide (a similarity) | $\[0, 1\]$ | no |
//! | [`directionality`], [`train_order`] | who spikes first where spikes coincide | | no |
//! | [`spike_contrast`] | synchrony of many trains over all bin sizes (a similarity) | $\[0, 1\]$ | no |
//!
//! Functions of two trains allocate what they need; for many pairs keep a [`Scratch`] and use the
//! functions that end in `_with`, or ask for all pairs at once: those that end in `_matrix`. Under the
//! feature `rayon` matrices are computed on several threads and have the same bits.
//!
//! The measures of intervals and coincidences need the same window for both trains, and take spikes at
//! the same time in one train as one spike. The first two work on times alone: they need no window, and
//! count spikes at the same time as many times as they are there.

pub use contrast::{Contrast, ContrastConfig, spike_contrast};
pub use isi::{
    isi_distance, isi_distance_matrix, isi_distance_multi, isi_distance_with, isi_profile,
};
pub use profile::{CoincidenceProfile, PiecewiseConstant, PiecewiseLinear};
pub use scratch::Scratch;
pub use spike::{
    ri_spike_distance, ri_spike_distance_matrix, ri_spike_distance_multi, ri_spike_distance_with,
    ri_spike_profile, spike_distance, spike_distance_matrix, spike_distance_multi,
    spike_distance_with, spike_profile,
};
pub use sync::{
    SyncConfig, directionality, directionality_matrix, directionality_values, spike_sync,
    spike_sync_matrix, spike_sync_multi, spike_sync_profile, spike_sync_with, train_order,
    train_order_matrix, train_order_multi, train_order_profile,
};
pub use threshold::{Threshold, automatic_threshold};
pub use van_rossum::{van_rossum, van_rossum_matrix, van_rossum_with};
pub use victor_purpura::{victor_purpura, victor_purpura_matrix, victor_purpura_with};

mod contrast;
mod isi;
mod knots;
mod matrix;
mod merge;
mod profile;
mod scratch;
mod spike;
mod sync;
mod threshold;
mod van_rossum;
mod victor_purpura;
