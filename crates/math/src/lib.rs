//! What every Neuropil crate shares over [nalgebra].
//!
//! Data matrices hold **one sample per column** (features × samples): nalgebra stores columns
//! contiguously, so a batch of consecutive samples is one contiguous slice, and a sample is a slice
//! of it. A linear readout is therefore $Y = W X + b$ with $W$ of shape outputs × features.
//!
//! - [`linalg`]: products in all transpositions, Gram matrices, Cholesky, QR, blocked and threaded;
//! - [`ridge`]: ridge regression in memory or streamed, one λ or many, and the choice among them;
//! - [`Csr`], [`SlicedEll`], [`LinearMap`]: sparse matrices, and what is linear;
//! - [`spectral`]: the spectral radius, right on the hard cases, with its residual;
//! - [`random`]: dense, sparse and orthogonal random matrices;
//! - [`Activation`], [`elementary`], [`softmax`]: functions over slices, the same bits on every machine;
//! - [`Loss`], [`metrics`], [`statistics`]: how wrong, how good, how spread;
//! - [`Parameters`], [`optim`], [`Schedule`]: named tensors, and what trains them;
//! - [`vectors`]: plain loops in the widest vectors of the processor, the same bits on all;
//! - [`save`]: models in files that are whole or not there.
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_math::metrics::regression::r2;
//! use neuropil_math::ridge::{Ridge, RidgeConfig};
//!
//! // y = 2 a - b + 1 from 50 samples, one per column.
//! let x = DMatrix::from_fn(2, 50, |f, t| ((f + 1) as f64 * t as f64).sin());
//! let y = DMatrix::from_fn(1, 50, |_, t| 2.0 * x[(0, t)] - x[(1, t)] + 1.0);
//!
//! let model = Ridge::fit(&x, &y, &RidgeConfig::default())?;
//! assert!((model.weights()[(0, 0)] - 2.0).abs() < 1e-6);
//! assert!((model.intercept()[0] - 1.0).abs() < 1e-6);
//! assert!(r2(model.predict(&x)?.as_slice(), y.as_slice())? > 0.999_999);
//! # Ok::<(), neuropil_math::Error>(())
//! ```
//!
//! Scalars are [`Real`], `f32` or `f64`. Randomness comes from the caller's generator alone. Every
//! fallible call returns [`Error`] with the sizes or values at fault.
//!
//! # Features
//! - `rayon`: large products on several threads, the same bits as on one;
//! - `safetensors`: weights in that format.
//!
//! # Limits
//! Matrices of some thousand rows, dense or sparse, in memory. Eigenvectors, large singular value
//! decompositions, automatic differentiation and tensors of many dimensions are not here.

pub use activation::Activation;
pub use error::{Error, check_finite, check_size};
pub use linear_map::{LinearMap, Scale, Storage};
pub use loss::Loss;
pub use parameters::Parameters;
pub use real::Real;
pub use schedule::{CosineConfig, Schedule, ScheduleConfig};
pub use sliced::SlicedEll;
pub use sparse::Csr;

pub mod elementary;
pub mod linalg;
pub mod loss;
pub mod metrics;
pub mod optim;
pub mod parameters;
pub mod random;
pub mod ridge;
pub mod save;
pub mod softmax;
pub mod spectral;
pub mod statistics;
pub mod vectors;

mod activation;
mod error;
mod linear_map;
mod power;
mod real;
mod schedule;
mod sliced;
mod sparse;
