//! Forecasts a column of a CSV file, and says whether that is worth anything.
//!
//! ```text
//! cargo run --release -p neuropil-reservoir --example forecast -- FILE.csv
//!     [--column NAME] [--steps N] [--season N] [--plot OUT.svg]
//! ```
//!
//! The last fifth of the values is held out. Settings are chosen by free-running forecasts of the
//! fifth before it, with models that have seen neither; the held-out part then judges the chosen one
//! beside persistence and the seasonal-naive forecast, from many origins. What is printed last are
//! the values after the end of the file.

use std::io::{stderr, stdout};
use std::process::ExitCode;

mod app;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    ExitCode::from(app::run(
        &arguments,
        &mut stdout().lock(),
        &mut stderr().lock(),
    ))
}
