//! Random matrices: dense, orthogonal, and sparse by fan-in or density.
//!
//! Draws are made in `f64` and then rounded: an `f32` and an `f64` matrix from one seed hold the same
//! numbers up to rounding, in the same places, and leave the generator in the same state. Every
//! function says in which order it draws, and a test pins the first numbers of each. Indices are drawn
//! as `u32`, so that 32-bit and 64-bit machines agree.
//!
//! ```
//! use neuropil_math::random::{self, Entries};
//! use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
//!
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
//! let reservoir = random::sparse_by_fan_in::<f64, _>(300, 300, 10, Entries::Signs, &mut rng)?;
//! let input = random::dense::<f64, _>(300, 3, Entries::uniform(0.5), &mut rng)?;
//! assert_eq!(reservoir.row(7).0.len(), 10);
//! assert!(input.iter().all(|w| w.abs() <= 0.5));
//! # Ok::<(), neuropil_math::Error>(())
//! ```
//!
//! What was drawn with NumPy is drawn again by [`numpy`].

pub use dense::{dense, orthogonal, vector};
pub use entries::Entries;
pub use sparse::{distinct, sparse_by_density, sparse_by_fan_in};

pub mod numpy;

mod dense;
mod entries;
mod sparse;
