//! Explicit Runge–Kutta methods.

pub use tableau::Tableau;

mod tableau;
