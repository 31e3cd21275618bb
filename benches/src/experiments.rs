//! What `cargo xtask reproduce` runs: ours beside the published numbers.

use indicatif::ProgressBar;

use crate::report::Report;

mod esn_japanese_vowels;
mod esn_santa_fe;
mod local;
mod ngrc;
mod ode;

/// One experiment.
pub struct Experiment {
    /// The name that people type.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// Whether it is run when no name is given.
    pub short: bool,
    /// Does the work.
    pub run: fn(&Context) -> Result<Report, String>,
}

/// What an experiment may ask.
pub struct Context {
    /// Whether the paper's full size was asked for.
    pub full: bool,
    /// Moves while the experiment works.
    pub progress: ProgressBar,
}

/// Every experiment, in the order of the book.
pub const ALL: &[Experiment] = &[
    ngrc::LORENZ63,
    ngrc::DOUBLE_SCROLL,
    ngrc::INFER_Z,
    esn_santa_fe::SANTA_FE,
    esn_japanese_vowels::JAPANESE_VOWELS,
    local::LORENZ96,
    local::KURAMOTO_SIVASHINSKY,
    ode::ORDERS,
    ode::DIGITS,
    ode::SPIKES,
    ode::FUSED,
    ode::WORK_PRECISION,
];
