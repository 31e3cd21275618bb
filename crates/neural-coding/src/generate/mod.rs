//! Spike trains of known statistics.
//!
//! | generator | intervals | CV | Fano factor |
//! |---|---|---|---|
//! | [`poisson`] | exponential | 1 | 1 |
//! | [`poisson_refractory`] | dead time and an exponential | $1 - r d$ | $(1 - r d)^2$ |
//! | [`gamma`] | gamma of shape $k$ | $1/\sqrt k$ | $1/k$ |
//! | [`inhomogeneous_poisson`] | exponential in rescaled time | | 1 |
//! | [`bernoulli`] | geometric, in steps | $\sqrt{1 - p}$ | $1 - p$ |
//!
//! for a rate $r$ and a dead time $d$; Fano factors are those of long windows. A Bernoulli train is not
//! a Poisson train: it has one spike in a step at most, and comes close for $p \ll 1$ only.
//!
//! Renewal trains are stationary: the window opens at a moment that has nothing to do with the spikes,
//! and the rate is the same from its start.

pub(crate) use bernoulli::bernoulli_dense;
pub use bernoulli::{bernoulli, bernoulli_dense_into, bernoulli_varying};
pub use gamma::gamma;
pub use poisson::{
    inhomogeneous_poisson, inhomogeneous_poisson_refractory, poisson, poisson_refractory,
};

mod bernoulli;
mod gamma;
mod poisson;

/// A generator makes no longer trains than this, in spikes or expected spikes.
const LONGEST: usize = 1 << 30;
