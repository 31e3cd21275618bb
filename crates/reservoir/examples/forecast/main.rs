//! Forecasts a column of a CSV file, and says whether that is worth anything.
//!
//! ```text
//! cargo run --release -p neuropil-reservoir --example forecast -- FILE.csv
//!     [--column NAME] [--steps N] [--season N] [--plot OUT.svg]
//!     [--tune [--model ngrc|esn] [--trials N] [--study STUDY.json]] [--save MODEL.json]
//! ```
//!
//! The last fifth of the values is held out. Settings are chosen by free-running forecasts of values
//! before it, with models that have not seen those: from a small grid, or by a search (`--tune`). The
//! held-out part then judges the choice beside persistence and the seasonal-naive forecast, from many
//! origins that roll through it, the model fitted again on the way to what is known by then. It is said
//! whether the model beats them, and whether that can be chance. What is printed last are the values
//! after the end of the file.
//!
//! With `--save` the model of all values is written, and `forecast FILE.csv --load MODEL.json` streams
//! values through it, one by one.

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
