//! Gradients of solutions with respect to the initial state and to parameters.
//!
//! | | gives | cost | memory |
//! | --- | --- | --- | --- |
//! | [`ForwardSensitivity`] | the whole matrix, along the way | grows with its columns | one state for each column |
//! | [`DiscreteAdjoint`] | the gradient of a loss, exact for the computed solution | some solutions | the checkpoints allowed |
//! | [`ContinuousAdjoint`] | the gradient of a loss, to the tolerance | one solution backward | every forward step, or none |
//!
//! Take the discrete adjoint to train: an optimiser sees exactly the function it evaluates, and coarse
//! steps do no harm to the gradient. The forward sensitivities are for few parameters and for all
//! times. The continuous adjoint chooses its own steps on the way back; its gradient differs from that
//! of the computed loss by the errors of both directions, see there.
//!
//! All start from a system that is [`Differentiable`], or [`DifferentiableGated`] for the steps of
//! [`exponential`](crate::exponential).

pub use continuous::{ContinuousAdjoint, ForwardSolution};
pub use differentiable::{Differentiable, DifferentiableGated};
pub use discrete::{AdjointStatistics, DiscreteAdjoint};
pub use forward::{By, ForwardSensitivity};
pub use gated::{GatedAdjoint, GatedStepAdjoint};
pub use parametric::{Parametric, WithParameters, WithoutParameters};
pub use runge_kutta::RungeKutta;
pub use step::StepAdjoint;
pub use steps::Steps;

mod checkpoints;
mod continuous;
mod differentiable;
mod discrete;
mod forward;
mod gated;
mod parametric;
mod runge_kutta;
mod step;
mod steps;
