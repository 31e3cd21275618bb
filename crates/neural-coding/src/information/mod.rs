//! How much spikes say: entropies and information, in bits.
//!
//! The entropy of a few counted responses is biased: rare responses have not been seen yet, so that
//! the plug-in value is too small, and the mutual information, a difference of two of them, is too
//! large. Most of this module is about that bias.
//!
//! - [`Histogram`]: counts of symbols and the estimators of their entropy ([`Estimator`]);
//! - [`Contingency`]: counts of stimulus and response together, mutual information with its
//!   corrections ([`Correction`]), by shuffling and by extrapolation too;
//! - [`words`]: the direct method for words of zeros and ones;
//! - [`skaggs`]: bits per spike of a firing field;
//! - [`ksg`]: information of continuous variables by nearest neighbours;
//! - [`transfer_entropy`]: what the past of one series says about another's next value.
//!
//! ```
//! use neuropil_neural_coding::information::{Estimator, Histogram};
//!
//! // Twelve spike counts of at most 19, most of them never seen.
//! let seen = Histogram::new(&[4, 3, 2, 1, 1, 1])?.with_alphabet(20)?;
//! let plugin = seen.entropy(Estimator::Plugin)?;
//! assert!((plugin - 2.355).abs() < 1e-3);
//! assert!(seen.entropy(Estimator::Nsb)? > plugin);
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use contingency::{Contingency, Correction, Spread};
pub use direct::{WordInformation, words};
pub use entropy::Estimator;
pub use histogram::Histogram;
pub use neighbours::{Ksg, ksg};
pub use spatial::{SpatialInformation, skaggs};
pub use transfer::{TransferConfig, transfer_entropy};

mod contingency;
mod direct;
mod entropy;
mod gamma;
mod histogram;
mod neighbours;
mod nsb;
mod panzeri_treves;
mod spatial;
mod transfer;
