//! What the tests, examples and benches of the Neuropil crates share; never published.
//!
//! - [`golden`]: finding and reading the numbers that other libraries computed;
//! - [`tolerance`]: comparisons that name the worst element;
//! - [`gradient`]: exact derivatives against central differences;
//! - [`order`]: the convergence order that errors show;
//! - [`plot`]: figures as SVG in one style;
//! - [`alloc`]: proof that a hot loop allocates nothing.
//!
//! It knows none of the crates it serves, so that any of them can use it.

pub mod alloc;
pub mod golden;
pub mod gradient;
pub mod order;
pub mod plot;
pub mod tolerance;

mod raster;
