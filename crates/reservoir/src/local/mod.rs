//! Models of fields on periodic grids: every point, or patch of points, is forecast from what lies
//! around it.

pub use esn::{LocalEsn, LocalEsnConfig, LocalEsnState, Sharing};
pub use grid::Grid;
pub use ngrc::{LocalNgrc, LocalNgrcConfig, LocalNgrcState};

mod esn;
mod grid;
mod ngrc;
pub(crate) mod saving;
mod scaling;
