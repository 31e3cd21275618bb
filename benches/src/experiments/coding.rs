//! `neural-coding` on the questions that its field asks.

pub(super) use distances::DISTANCES;
pub(super) use entropy_bias::ENTROPY_BIAS;
pub(super) use neurons::NEURONS;
pub(super) use place_cells::PLACE_CELLS;
pub(super) use population_vector::POPULATION_VECTOR;

mod distances;
mod entropy_bias;
mod neurons;
mod place_cells;
mod population_vector;
