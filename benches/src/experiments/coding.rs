//! `neural-coding` on the questions that its field asks.

pub(super) use place_cells::PLACE_CELLS;
pub(super) use population_vector::POPULATION_VECTOR;

mod place_cells;
mod population_vector;
