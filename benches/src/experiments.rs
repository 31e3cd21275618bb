//! What `cargo xtask reproduce` runs: ours beside the published numbers.

use indicatif::ProgressBar;

use crate::report::Report;

mod coding;
mod esn_japanese_vowels;
mod esn_lorenz63;
mod esn_mackey_glass;
mod esn_memory_capacity;
mod esn_narma10;
mod esn_santa_fe;
mod forecast;
mod local;
mod ngrc;
mod ngrc_vpt;
mod ode;
mod valid_time;

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
    ngrc_vpt::VALID_TIME,
    esn_lorenz63::LORENZ63,
    esn_mackey_glass::MACKEY_GLASS,
    esn_narma10::NARMA10,
    esn_memory_capacity::MEMORY_CAPACITY,
    esn_santa_fe::SANTA_FE,
    esn_japanese_vowels::JAPANESE_VOWELS,
    forecast::SUNSPOTS,
    local::LORENZ96,
    local::KURAMOTO_SIVASHINSKY,
    ode::ORDERS,
    ode::DIGITS,
    ode::SPIKES,
    ode::FUSED,
    ode::WORK_PRECISION,
    coding::DISTANCES,
    coding::ENTROPY_BIAS,
    coding::NEURONS,
    coding::PLACE_CELLS,
    coding::POPULATION_VECTOR,
];
