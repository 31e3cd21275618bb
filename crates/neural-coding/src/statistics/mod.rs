//! Statistics of spike trains: intervals, counts, rates, correlations.
//!
//! - [`cv`], [`cv2`], [`lv`], [`lvr`]: how irregular the intervals of one train are;
//! - [`fano_factor`], [`Psth`], [`complexity`]: counts over trials, and over trains;
//! - [`rate_at`], [`instantaneous_rate`], [`optimal_bandwidth`]: exact rates by kernels;
//! - [`correlogram`], [`autocorrelation_time`]: spikes against earlier and later spikes;
//! - [`covariance`], [`correlation`] and their binary counterparts, [`sttc`]: pairs of trains;
//! - [`coherence`]: pairs of signals, by frequency;
//! - [`cubic`]: the order of correlation that the third cumulant of a population needs.
//!
//! Values that are not defined (the irregularity of a single spike) are `None`, in matrices NaN.
//!
//! ```
//! use neuropil_neural_coding::SpikeTrain;
//! use neuropil_neural_coding::statistics::{cv, lv};
//!
//! let clock = SpikeTrain::new((0..10).map(f64::from).collect(), 0.0, 10.0)?;
//! assert_eq!((cv(&clock), lv(&clock)), (Some(0.0), Some(0.0)));
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use bandwidth::{Bandwidth, optimal_bandwidth};
pub use coherence::{Coherence, CoherenceConfig, coherence};
pub use complexity::complexity;
pub use correlogram::{Correlogram, CorrelogramConfig, correlogram, correlogram_into};
pub use covariance::{binary_correlation, binary_covariance, correlation, covariance};
pub use cubic::{Cubic, CubicConfig, cubic};
pub use fano::{fano_factor, fano_factor_of_counts};
pub use isi::{cv, cv2, lv, lvr};
pub use kernel::{Kernel, KernelShape};
pub use psth::Psth;
pub use rate::{Rate, RateConfig, instantaneous_rate, rate_at};
pub use slepian::slepian;
pub use sttc::{sttc, sttc_matrix};
pub use timescale::autocorrelation_time;

mod bandwidth;
mod coherence;
mod complexity;
mod correlogram;
mod covariance;
mod cubic;
mod fano;
mod isi;
mod kernel;
mod psth;
mod rate;
mod slepian;
mod sttc;
mod timescale;
