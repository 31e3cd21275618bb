use super::knots::Knots;
use super::sync::Windows;
use super::victor_purpura::Saving;

/// The memory that distances work in.
///
/// It grows to what the largest pair needs; from then on the functions that take one allocate nothing.
/// What it holds has no influence on any result.
#[derive(Debug, Default, Clone)]
pub struct Scratch {
    /// The two trains of a pair.
    pub(super) pair: [Knots; 2],
    /// The same for coincidences.
    pub(super) windows: [Windows; 2],
    /// What is not the knots themselves, so that both can be borrowed.
    pub(super) work: Work,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Work {
    /// A row of a dynamic programme.
    pub(super) savings: Vec<Saving>,
    /// A value at each event.
    pub(super) values: Vec<f64>,
    /// The time of each event, or its sign.
    pub(super) events: Vec<f64>,
    /// How many events before each are of the first train.
    pub(super) firsts: Vec<u32>,
    /// A slope for each interval of both trains.
    pub(super) slopes: Vec<f64>,
}

impl Scratch {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Makes `values` at least so long. What it holds is written before it is read.
pub(super) fn grow<T: Copy + Default>(values: &mut Vec<T>, length: usize) {
    if values.len() < length {
        values.resize(length, T::default());
    }
}
