//! Numbers as spikes, and back.
//!
//! | code | what carries the number | back, and how exactly |
//! |---|---|---|
//! | [`rate`] | the fraction of steps with a spike | [`decode_rate`], $\sqrt{x (1 - x)/T}$ |
//! | [`LatencyConfig`], [`FirstSpikeConfig`] | when the first spike comes | half a step of time |
//! | [`ReciprocalLatency`] | the same, as $1/x$ | one step of time |
//! | [`rank_order`] | the order of first spikes | [`rank_order_weights`], the order alone |
//! | [`phase`] | binary digits | [`decode_phase`], $2^{-K}$ |
//! | [`BurstConfig`] | number and interval of a burst | half of what both leave open |
//! | [`delta`], [`StepForward`], [`MovingWindow`], [`ThresholdBased`] | ups and downs of a signal | [`TernaryCode::decode`] |
//! | [`Bsa`] | spikes that a filter turns back into the signal | [`Bsa::decode`] |
//! | [`ReceptiveFields`] | a population of bell curves | [`ReceptiveFields::decode`], exact |
//! | [`CurrentLif`] | the interval of a neuron driven by it | [`CurrentLif::decode`], one step of the interval |
//! | [`nef`] | a population of tuning curves | [`nef::decoders`], least squares |
//!
//! What ends in `_into` works in the memory of the caller and allocates nothing.
//!
//! Steps are counted from 0. Numbers are `f64` throughout: two of them that differ are told apart as far
//! as the code can.

pub use bsa::{Bsa, low_pass};
pub use burst::{Burst, BurstConfig};
pub use current::CurrentLif;
pub use first_spike::{Curve, FirstSpikeConfig, FirstSpikes, ReciprocalLatency};
pub use latency::{Below, Late, LatencyConfig, TimeScale};
pub use moving_window::MovingWindow;
pub use phase::{decode_phase, phase};
pub use rank_order::{rank_order, rank_order_weights};
pub use rate::{decode_rate, rate, rate_dense, rate_varying};
pub use receptive_fields::ReceptiveFields;
pub use step_forward::StepForward;
pub use ternary::{Before, DeltaConfig, TernaryCode, delta, delta_into};
pub use threshold_based::ThresholdBased;

pub mod nef;

mod bsa;
mod burst;
mod current;
mod first_spike;
mod latency;
mod moving_window;
mod phase;
mod rank_order;
mod rate;
mod receptive_fields;
mod step_forward;
mod ternary;
mod threshold_based;

use crate::Error;
use crate::error::check_between;

/// Refuses values outside of [0, 1].
fn check_fractions(values: &[f64]) -> Result<(), Error> {
    let range = "must be in [0, 1]";
    let mut each = values.iter();
    each.try_for_each(|&x| check_between("a value to encode", x, (0.0, 1.0), range))
}

/// Refuses a setting that counts something and is outside of its range.
fn check_count(
    what: &'static str,
    count: usize,
    bounds: (usize, usize),
    range: &'static str,
) -> Result<(), Error> {
    let (low, high) = bounds;
    check_between(what, count as f64, (low as f64, high as f64), range)
}
