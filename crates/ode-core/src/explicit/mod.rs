//! Explicit Runge–Kutta methods.

pub use tableau::Tableau;
pub use tableaus::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Heun, Midpoint, Rk4, Tsitouras54,
    Verner65, Verner76, Verner98,
};

mod tableau;
mod tableaus;
