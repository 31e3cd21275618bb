//! Ordinary, stochastic and delay differential equations with events, dense output and gradients.
//!
//! A system is a function that writes $\dot y = f(t, y)$ into a slice; a closure will do, and any type
//! that implements [`System`]. The state lives on the stack (`[T; N]`, `SVector`) or on the heap
//! (`Vec`, `DVector`), in `f32` or `f64`; the same code runs on all of them, and the small ones cost what
//! hand-written loops cost.
//!
//! ```
//! use neuropil_ode_core::{Event, Method, Options, Output, solve_with};
//!
//! // Izhikevich's neuron, regular spiking.
//! let neuron = |_t: f64, y: &[f64], dy: &mut [f64]| {
//!     dy[0] = 0.04 * y[0] * y[0] + 5.0 * y[0] + 140.0 - y[1] + 10.0;
//!     dy[1] = 0.02 * (0.2 * y[0] - y[1]);
//! };
//! let spike = Event::new(|_t, y: &[f64]| y[0] - 30.0).rising().reset(|_t, y: &mut [f64]| {
//!     y[0] = -65.0;
//!     y[1] += 8.0;
//! });
//! let options = Options { output: Output::Every(1.0), ..Options::with_tolerance(1e-8) };
//! let solution = solve_with(&neuron, 0.0..1000.0, [-65.0, -13.0], &options, spike)?;
//! assert_eq!((solution.events.len(), solution.t.len()), (23, 1001));
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```
//!
//! # Three levels
//! - [`solve`](fn@solve), [`solve_with`], [`solve_into`]: a whole span, the [`Method`] and the
//!   [`Output`] chosen at run time.
//! - [`Integration`]: the same step by step, with events and stops, around any [`Stepper`].
//! - [`explicit::Explicit`] and [`explicit::FixedStep`]: the method is a type, the caller owns the loop,
//!   nothing allocates after construction.
//!
//! # Which solver
//! | your problem | take |
//! | --- | --- |
//! | smooth, three to eight digits | [`Tsitouras54`](explicit::Tsitouras54), the default |
//! | smooth, eight digits and more | [`DormandPrince853`](explicit::DormandPrince853), [`Verner76`](explicit::Verner76) |
//! | chaos over a long time, rounding as the only limit | [`Verner98`](explicit::Verner98) |
//! | few digits, a cheap and rough right-hand side | [`BogackiShampine32`](explicit::BogackiShampine32) |
//! | a right-hand side with known jumps | any, with [`stops`](Options::stops) there |
//! | spikes, impacts, thresholds | any, with [`Events`] |
//! | constant delays | [`DelaySolver`](dde::DelaySolver) with any of these methods; [`DelayRk4`](dde::DelayRk4) if the delays are multiples of one step |
//! | stiff: the step size stays small although the solution is smooth | [`Method::Rodas5P`] for few digits, [`Method::Radau5`] for many |
//! | leaks and gates at a step that is given | [`exponential`]: fused, Rush–Larsen and exponential steps of first and second order |
//! | orbits whose energy must not drift | [`leapfrog`] |
//! | noise | [`sde`] |
//! | gradients by the initial state and by parameters | [`sensitivity`] |
//! | the same equation for many initial states or parameters | [`batch`] |
//! | the same small step for ever | [`fixed_step`](explicit::fixed_step) with [`Rk4`](explicit::Rk4) |
//!
//! The order is worth more than the tuning: for Lorenz' attractor to $t = 10$ at a tolerance of
//! $10^{-8}$, Verner 9(8) is a hundred times as exact as Dormand–Prince 5(4) for two thirds of its
//! evaluations. The book has the measurements.
//!
//! # Systems
//! [`systems`] has the ones that this field integrates again and again, with Jacobians: chaotic flows,
//! neurons, and the tests of the literature of solvers.
//!
//! # What is not here
//! Multistep methods, differential-algebraic equations and sparse Jacobians of large stiff systems:
//! diffsol and SUNDIALS have them.
//!
//! # Sources
//! Hairer, Nørsett & Wanner (1993), Solving Ordinary Differential Equations I, Springer: error norms, step
//! control (II.4), DOP853 (II.5, II.10). The sources of the tableaus stand at their types.

pub use config::SolverConfig;
pub use control::Controller;
pub use error::Error;
pub use event::{Action, Direction, Event, Events, Occurrence};
pub use integration::{Integration, Step};
pub use solve::{Method, Options, Output, Solution, solve, solve_into, solve_with};
pub use state::State;
pub use statistics::Statistics;
pub use stepper::{StepEnds, Stepper};
pub use system::{Gated, System};
pub use tolerance::{Absolute, Tolerance};

pub mod batch;
pub mod dde;
pub mod explicit;
pub mod exponential;
pub mod leapfrog;
pub mod sde;
pub mod sensitivity;
pub mod stiff;
pub mod systems;

mod config;
mod control;
mod error;
mod event;
mod initial_step;
mod integration;
mod solve;
mod state;
mod statistics;
mod stepper;
mod system;
mod tolerance;
