//! Series that are computed: chaotic flows and maps, a delay equation, benchmarks of memory, and
//! sequences for learning.
//!
//! Each generator of a series is a configuration with a method `generate`, which gives channels × samples. All
//! are computed in `f64` and rounded at the end, so that `f32` data are the rounded `f64` data. What
//! needs randomness takes the caller's generator.

pub use double_frequency::double_frequency;
pub use double_scroll::DoubleScrollConfig;
pub use event_xor::{EventXorConfig, XorEncoding};
pub use henon::HenonConfig;
pub use kuramoto_sivashinsky::KuramotoSivashinskyConfig;
pub use lorenz63::Lorenz63Config;
pub use lorenz96::Lorenz96Config;
pub use mackey_glass::{MackeyGlassConfig, MackeyGlassScheme};
pub use narma::{Narma, NarmaConfig, NarmaForm};
pub use rossler::RosslerConfig;
pub use sines::{Sine, SinesConfig};

mod double_frequency;
mod double_scroll;
mod event_xor;
mod fourier;
mod henon;
mod kuramoto_sivashinsky;
mod lorenz63;
mod lorenz96;
mod mackey_glass;
mod narma;
mod rossler;
mod sines;
