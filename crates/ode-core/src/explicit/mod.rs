//! Explicit Runge–Kutta methods.

pub use dense::DenseSolution;
pub use fixed::{FixedStep, fixed_step};
pub use stepper::{Explicit, StepOutcome};
pub use tableau::Tableau;
pub use tableaus::*;

mod dense;
mod fixed;
mod stepper;
mod tableau;
mod tableaus;
