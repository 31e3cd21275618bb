//! Classification of whole sequences.

pub use config::{ClassifierConfig, Pooling};
pub use model::{Classifier, ClassifierState};

mod config;
mod model;
mod pool;
mod saving;
