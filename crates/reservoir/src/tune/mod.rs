//! The search for good settings.
//!
//! A [`Study`] tries points of a [`Space`] of named parameters and records what the objective says of
//! each: quasi-random or random points, points that a model of the results proposes
//! ([`Sampler::Tpe`]), and any of them with [successive halving](Halving), which gives most of the
//! work to what looks best. Trials run on all threads (feature `rayon`) with the results of one
//! thread; a study can be saved, loaded and continued; a trial that fails is recorded with its error.
//!
//! For forecasting models the objective is made: [`tune_ngrc`] and [`tune_esn`] take a series, a [`Split`] that says
//! what is learned from and what is judged by, and the judgement, [one step or forecasts](JudgedBy).
//! The penalty of the readout is not part of the search: every trial tries all of them with one
//! factorisation.
//!
//! # Which search?
//! - A handful of parameters, trials of seconds or less: [`Sampler::Sobol`] with some 64 trials. It
//!   shows the whole space, and any number of threads can work on it.
//! - More than some 50 trials, or costly ones: [`Sampler::Tpe`]. It pays from about the 30th trial on.
//! - Trials that could be judged by a tenth of their work (less data, fewer seeds): [`Halving`] on top
//!   of either.
//! - [`Sampler::Random`] is there to compare with, and for more than 21 parameters.
//!
//! # Limits
//! One objective, to be minimised; no parameter can depend on another. Successive halving waits for the
//! whole rung before it promotes.

pub use esn::{EsnObjective, esn_space, tune_esn};
pub use halving::Halving;
pub use ngrc::{NgrcObjective, ngrc_space, tune_ngrc};
pub use parzen::TpeConfig;
pub use sobol::Sobol;
pub use space::{Domain, Space, Value};
pub use split::{Fold, Split};
pub use study::{Sampler, Study, StudyConfig};
pub use trial::{Evaluation, FinishedTrial, Outcome, Trial};
pub use tuned::Tuned;
pub use validation::{Budget, JudgedBy, TuneConfig};

mod esn;
mod halving;
mod ngrc;
mod objective;
mod parzen;
mod sobol;
mod space;
mod split;
mod study;
mod trial;
mod tuned;
mod validation;
