//! Figures of spike trains as SVG text, for what is looked at rather than read.
//!
//! Each function returns a whole SVG document, the same on every machine, with a title and a description
//! for those who hear it, axes with units, and colours that colour-blind readers can tell apart (the
//! palette of Okabe and Ito for curves, from dark blue to yellow for matrices).
//!
//! ```
//! use neuropil_neural_coding::{SpikeTrain, SpikeTrains, plot};
//!
//! let trains = SpikeTrains::from_trains(&[
//!     SpikeTrain::new(vec![0.1, 0.4, 0.45], 0.0, 1.0)?,
//!     SpikeTrain::new(vec![0.42, 0.8], 0.0, 1.0)?,
//! ])?;
//! let svg = plot::raster(&trains, 0.1, "Two trials")?;
//! assert!(svg.starts_with("<svg") && svg.contains("time (s)"));
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use curves::{correlogram, decoded, tuning_curves};
pub use matrix::distance_matrix;
pub use raster::raster;

mod canvas;
mod curves;
mod image;
mod matrix;
mod raster;
