//! Implicit methods for stiff systems, dense and up to some hundred unknowns.
//!
//! A system is stiff if explicit methods must take steps far smaller than its solution asks for,
//! because some of its modes decay far faster than anything that is of interest.
//!
//! | type | order | for |
//! | --- | --- | --- |
//! | [`Rodas5P`] | 5(4), dense 4 | the first choice: no iteration, one Jacobian for each step |
//! | [`Radau5`] | 5(3), dense 4 | Jacobians by differences, or costly; discontinuous right-hand sides |
//!
//! Both are L-stable. Give the Jacobian with [`System::jacobian`](crate::System::jacobian) if you
//! can: differences cost $n$ evaluations, and their errors limit Rodas5P at tight tolerances.

pub use method::StiffMethod;
pub use radau::Radau5;
pub use rodas::Rodas5P;
pub use stepper::Stiff;

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the matrix of Radau IIA itself serves its test only"
    )
)]
mod coefficients;
mod jacobian;
mod linear;
mod method;
mod position;
mod radau;
mod rodas;
mod stepper;
