//! Data for models of neurons and reservoirs: bundled sets, generators, and readers.
//!
//! Series are channels × samples and images pixels × images, **one sample per column**, as in
//! [`neuropil_math`].
//!
//! | what | where |
//! | --- | --- |
//! | bundled sets, with source and licence | [`digits`], [`sunspots_yearly`], [`sunspots_monthly`], [`co2_weekly`], [`co2_monthly`] |
//! | place cells of a rat on a linear track | [`linear_track`] |
//! | computed series | [`generators`] |
//! | vector fields and maps | [`systems`] |
//! | somebody's table of numbers (CSV) | [`Table`] |
//! | MNIST and Fashion-MNIST | [`mnist`], [`fashion_mnist`], [`ImageSet`] |
//! | sets of the field that are not bundled | [`japanese_vowels`], [`santa_fe_laser`] |
//! | sequences cut from series, as batches for learning | [`Windows`], [`WindowSplit`], [`Batch`] |
//! | those of the papers on liquid networks | [`half_cheetah`], [`walker2d`], [`occupancy`], [`gesture`], [`generators::EventXorConfig`], [`generators::double_frequency`] |
//! | any IDX file of bytes | [`Idx`] |
//!
//! ```
//! use neuropil_datasets::generators::Lorenz63Config;
//! use neuropil_datasets::sunspots_monthly;
//!
//! let lorenz = Lorenz63Config { dt: 0.025, ..Lorenz63Config::default() };
//! let series = lorenz.generate::<f64>(400)?;
//! assert_eq!(series.shape(), (3, 400));
//!
//! let sunspots = sunspots_monthly()?.to_matrix::<f64>();
//! assert_eq!(sunspots.shape(), (1, 3120));
//! # Ok::<(), neuropil_datasets::Error>(())
//! ```
//!
//! # Limits
//! Generators integrate with fixed steps, or as SciPy's `RK23` does: tight tolerances, events and stiff
//! systems need a real solver. Tables are read as a whole into memory.

pub use bundled::{Series, co2_monthly, co2_weekly, digits, sunspots_monthly, sunspots_yearly};
pub use error::Error;
pub use gesture::{Gesture, gesture, gesture_from};
pub use idx::Idx;
pub use image_sets::{ImageSet, fashion_mnist, mnist};
pub use images::{LabelledImages, TrainTest};
pub use integrate::Integration;
pub use locomotion::{half_cheetah, half_cheetah_from, walker2d, walker2d_from};
pub use occupancy::{Occupancy, Readings, occupancy, occupancy_from};
pub use place_cells::{PlaceCells, linear_track};
pub use sequences::{LabelledSequences, SequenceSplit, japanese_vowels, santa_fe_laser};
pub use table::{Columns, Table, TableConfig};
pub use windows::{Batch, BatchOrder, Recording, Targets, WindowConfig, WindowSplit, Windows};

pub mod generators;
pub mod systems;

mod bundled;
mod error;
mod gesture;
mod idx;
mod image_sets;
mod images;
mod integrate;
mod locomotion;
mod npy;
mod occupancy;
mod place_cells;
mod sequences;
mod standardize;
mod table;
mod tensors;
mod windows;
