//! How good predictions are: of numbers, of classes, of the course of a system.
//!
//! Every metric is an `f64`, also of `f32` data, and takes the prediction first, the truth second.

pub mod classification;
pub mod forecast;
pub mod regression;
