//! Reading and writing of spike trains.
//!
//! - [`read_text`], [`write_text`]: a line of times for each train, as PySpike has it, or CSV;
//! - [`read_raster`], [`write_raster`]: a line of zeros and ones for each train;
//! - [`Npy`]: arrays of NumPy: times, numbers of units, matrices of zeros and ones;
//! - `load_safetensors`, `save_safetensors` (feature `safetensors`): times, offsets and window.
//!
//! What is read is checked as everywhere, and nothing a file says about its size is believed before the
//! bytes are there. Files are written as a whole or not at all.
//!
//! ```
//! use neuropil_neural_coding::io::{TextConfig, format_text, parse_text};
//!
//! let text = "# two units\n0.1 0.25, 0.7\n\n0.3\n";
//! let trains = parse_text(text, 0.0, 1.0, &TextConfig::default())?;
//! assert_eq!(trains.iter().map(|t| t.len()).collect::<Vec<_>>(), [3, 0, 1]);
//! assert_eq!(format_text(&trains), "0.1 0.25 0.7\n\n0.3\n");
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use npy::Npy;
pub use raster::{format_raster, parse_raster, read_raster, write_raster};
#[cfg(feature = "safetensors")]
pub use safetensors::{load_safetensors, save_safetensors};
pub use text::{TextConfig, format_text, parse_text, read_text, write_text};

mod npy;
mod raster;
#[cfg(feature = "safetensors")]
mod safetensors;
mod text;

use std::path::Path;

use neuropil_math::save::read_limited;

use crate::Error;

/// The largest file that is read, in bytes: 4 GiB.
const LARGEST: u64 = 1 << 32;

/// The error of a file, told with its path.
fn in_file(path: &Path, error: Error) -> Error {
    match error {
        error @ Error::Math(_) => error,
        other => Error::Math(neuropil_math::Error::Malformed {
            path: path.to_path_buf(),
            problem: other.to_string(),
        }),
    }
}

/// The text of a file, and what `parse` makes of it.
fn read_with<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T, Error>) -> Result<T, Error> {
    let bytes = read_limited(path, LARGEST)?;
    let text = core::str::from_utf8(&bytes).map_err(|e| Error::Bytes {
        format: "text",
        problem: e.to_string(),
    });
    text.and_then(parse).map_err(|e| in_file(path, e))
}
