//! Reservoir computing: forecasting dynamical systems by a linear readout of nonlinear features.
//!
//! Next generation reservoir computing ([`Ngrc`]) needs no reservoir and no random numbers. Its
//! features are the monomials of the last samples of a series, taken $s$ samples apart,
//! $$\varphi(t) = \[1, v_i, v_i v_j, \dots\], \quad v = \[x(t), x(t-s), \dots, x(t-(k-1)s)\],$$
//! its readout is a ridge regression on the increments, and its forecast feeds every prediction back:
//! $$x(t+1) = x(t) + W \varphi(t), \qquad
//! W = \arg\min_W \sum_t \lVert x(t+1) - x(t) - W \varphi(t) \rVert^2 + \lambda \lVert W \rVert^2.$$
//!
//! The Hénon map, learned from 200 points without being told its equation:
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_reservoir::{Ngrc, NgrcConfig};
//!
//! let mut points = vec![[0.1, 0.1]];
//! for t in 0..300 {
//!     let [x, y]: [f64; 2] = points[t];
//!     points.push([1.0 - 1.4 * x * x + y, 0.3 * x]);
//! }
//! let series = DMatrix::from_fn(2, 301, |channel, t| points[t][channel]);
//!
//! let mut model = Ngrc::new(NgrcConfig { taps: 1, standardise: false, ..NgrcConfig::default() })?;
//! model.fit(&series.columns(0, 200).into_owned())?;
//! let forecast = model.forecast(&series.columns(0, 201).into_owned(), 5)?;
//! assert!((forecast - series.columns(201, 5)).amax() < 1e-4);
//!
//! // What it learned: x(t+1) - x(t) = 1 - x0(t) + x1(t) - 1.4 x0(t)^2.
//! assert_eq!(model.features()?.names()[3], "x0(t)^2");
//! assert!((model.weights()?[(0, 3)] + 1.4).abs() < 1e-4);
//! # Ok::<(), neuropil_reservoir::Error>(())
//! ```
//!
//! Series are channels × time: one sample per column. Models are generic over `f32` and `f64`; the
//! regression accumulates in `f64` for both.
//!
//! # Limits
//! The number of features grows as $\binom{dk+n}{n}$ with $d$ channels, $k$ taps and order $n$: a
//! handful of channels is what this method is for. A polynomial knows nothing of where it was not
//! trained, and a forecast that leaves the attractor diverges; that ends in an error that names the
//! step.
//!
//! # References
//! Gauthier, Bollt, Griffith and Barbosa, *Next generation reservoir computing*, Nature
//! Communications 12, 5564 (2021).

pub use classify::{Classifier, ClassifierConfig, ClassifierState, Pooling};
pub use composition::{Branch, Channels, Composition, CompositionConfig, CompositionState};
pub use error::Error;
pub use esn::{Esn, EsnConfig, EsnState, StateFeatures, StateTerms, TrainingNoise};
pub use local::{
    Grid, LocalEsn, LocalEsnConfig, LocalEsnState, LocalNgrc, LocalNgrcConfig, LocalNgrcState,
    Sharing,
};
pub use neuropil_math::ridge::{Ridge, RidgeConfig, RidgeMethod};
pub use ngrc::{FeatureMap, MAX_FEATURES, Ngrc, NgrcConfig, NgrcState, Orders, Target, Task};
pub use online::{Force, ForceConfig, ForceState, Lms, LmsConfig, Rls, RlsConfig, StepSize};
pub use plasticity::{Plasticity, PlasticityConfig, TargetDistribution};
pub use rate::{Integrator, RateState};
pub use reservoir::{
    Dynamics, Feedback, Leak, Recurrent, Reservoir, ReservoirConfig, ReservoirParts,
    ReservoirState, Scaling, Topology,
};
pub use selection::{ClosedLoopChoice, Criterion, Lambda, LambdaChoice, LambdaScore, Validation};
pub use state_map::{MapState, StateMap};

pub mod judge;
pub mod selection;

mod classify;
mod composition;
mod error;
mod esn;
mod local;
mod ngrc;
mod online;
mod parts_file;
mod plasticity;
mod rate;
mod regression;
mod reservoir;
mod state_map;
