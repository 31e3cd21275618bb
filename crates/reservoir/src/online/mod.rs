//! Readouts that learn sample by sample.
//!
//! All of them speak the same words: `new(config, features, outputs)`,
//! [`step`](Rls::step)`(features, target, out)`, which predicts and then learns without allocating,
//! [`predict`](Rls::predict), `save` and `load`. What they compute with is `f64`, whatever the
//! precision of the samples.

pub use lms::{Lms, LmsConfig, StepSize};
pub use rls::{Rls, RlsConfig};

mod linear;
mod lms;
mod rls;
