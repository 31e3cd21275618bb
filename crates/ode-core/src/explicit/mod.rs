//! Explicit Runge–Kutta methods: fixed steps, adaptive steps, dense output.
//!
//! | type | order | for |
//! | --- | --- | --- |
//! | [`Euler`], [`Midpoint`], [`Heun`], [`Rk4`] | 1, 2, 2, 4 | [`fixed_step`] only |
//! | [`BogackiShampine32`] | 3(2) | few digits, cheap steps |
//! | [`Tsitouras54`], [`DormandPrince54`] | 5(4) | three to eight digits |
//! | [`Verner65`], [`Verner76`] | 6(5), 7(6) | six to ten digits |
//! | [`DormandPrince853`], [`Verner98`] | 8(5,3), 9(8) | ten digits and more |
//!
//! A high order wins more at tight tolerances than any tuning of a low one.

pub use dense::DenseSolution;
pub use fixed::{FixedStep, fixed_step};
pub use stepper::{Explicit, StepOutcome};
pub use tableau::Tableau;
pub use tableaus::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Heun, Midpoint, Rk4, Tsitouras54,
    Verner65, Verner76, Verner98,
};

mod dense;
mod fixed;
mod stepper;
mod tableau;
mod tableaus;
