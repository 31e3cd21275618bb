//! Saving and loading.
//!
//! - [`save_model`] and [`load_model`]: any serde value in a JSON file that says what it is;
//! - [`save_parameters`] and [`load_parameters`]: the tensors of a model, the same way;
//! - [`save_json`] and [`load_json`]: a value alone, such as a configuration;
//! - `save_safetensors` and `load_safetensors` (feature `safetensors`): the tensors in binary, for
//!   large models;
//! - [`write_atomically`]: a file that is either the old one or the new one.
//!
//! What is loaded has the bits of what was saved. NaN and infinity are refused, in both directions:
//! JSON has no words for them (most writers put `null`), and a model that holds them is lost anyway.
//!
//! # The JSON file
//! ```json
//! {"format":"neuropil","version":1,"kind":"ngrc","crc32":"5b8f2c01","payload":{}}
//! ```
//! `kind` is the model's own name. `crc32` is the CRC-32 (that of zlib) of the text of `payload`; it
//! finds the flipped digit that would give another valid number. Whoever edits a file by hand deletes
//! the field.
//!
//! # Example
//! ```
//! use neuropil_math::save::{load_model, save_model};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Oscillator {
//!     frequency: f64,
//! }
//!
//! let path = std::env::temp_dir().join(format!("oscillator-{}.json", std::process::id()));
//! let model = Oscillator { frequency: 0.1 + 0.2 };
//! save_model(&path, "oscillator", &model)?;
//! assert_eq!(load_model::<Oscillator>(&path, "oscillator")?, model);
//! assert!(load_model::<Oscillator>(&path, "pendulum").is_err());
//! # std::fs::remove_file(&path).unwrap();
//! # Ok::<(), neuropil_math::Error>(())
//! ```

pub use atomic::write_atomically;
pub use json::{JSON_LIMIT, load_json, load_model, read_limited, save_json, save_model};
#[cfg(feature = "safetensors")]
pub use safetensors::{
    import_safetensors, load_safetensors, read_safetensors_metadata, save_safetensors,
};
pub use tensors::{Tensors, load_parameters, save_parameters};

mod atomic;
mod crc32;
mod finite;
mod json;
#[cfg(feature = "safetensors")]
mod safetensors;
mod tensors;

/// Which program's files these are.
const FORMAT: &str = "neuropil";
/// The form of the files that are written, and the newest that is read.
const VERSION: u32 = 1;
