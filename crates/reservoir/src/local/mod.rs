//! Models of fields on periodic grids: every point, or patch of points, is forecast from what lies
//! around it.

pub use grid::Grid;
pub use ngrc::{LocalNgrc, LocalNgrcConfig, LocalNgrcState};

mod grid;
mod ngrc;
mod saving;
mod scaling;
