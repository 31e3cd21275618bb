//! Readouts that learn sample by sample.
//!
//! All of them speak the same words: `new(config, …)`, [`step`](Rls::step), which predicts and then
//! learns without allocating, `learn` for many samples, [`predict`](Rls::predict), `reset`, `save` and
//! `load`. What they learn with is `f64`, whatever the precision of the samples.

pub use force::{Force, ForceConfig, ForceState};
pub use lms::{Lms, LmsConfig, StepSize};
pub use rls::{Rls, RlsConfig};

mod force;
pub(crate) mod linear;
mod lms;
mod rls;
