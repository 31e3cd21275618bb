//! Trains that keep some properties of the data and destroy the others.
//!
//! A statistic of the data that is larger than that of almost all surrogates is not explained by what
//! they keep. [`Surrogate`] names the methods; all keep the window and the number of spikes.
//!
//! | method | keeps besides | destroys |
//! |---|---|---|
//! | [`Dither`](Surrogate::Dither) | the rate, blurred | timing finer than the width |
//! | [`DitherRefractory`](Surrogate::DitherRefractory) | that, the order and the shortest intervals | the same |
//! | [`Jitter`](Surrogate::Jitter) | the counts of fixed bins | timing inside of them |
//! | [`Shift`](Surrogate::Shift) | the intervals and their order, but for one | timing relative to others |
//! | [`ShuffleIntervals`](Surrogate::ShuffleIntervals) | the intervals | their order |
//! | [`ShuffleBins`](Surrogate::ShuffleBins) | what each bin holds | the order of the bins |
//! | [`Randomize`](Surrogate::Randomize) | nothing | everything |
//!
//! Stella, Bouss, Palm, Grün, eNeuro 9 (2022) compare most of them.
//!
//! ```
//! use neuropil_neural_coding::SpikeTrain;
//! use neuropil_neural_coding::surrogates::Surrogate;
//! use rand::SeedableRng;
//! use rand::rngs::Xoshiro256PlusPlus;
//!
//! let train = SpikeTrain::new(vec![0.1, 0.3, 0.7], 0.0, 1.0)?;
//! let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
//! let dithered = Surrogate::Dither { width: 0.02 }.draw(&train, &mut rng)?;
//! for (a, b) in train.times().iter().zip(dithered.times()) {
//!     assert!((a - b).abs() <= 0.02);
//! }
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```

pub use method::Surrogate;
pub use raster::shuffle_steps;

mod bins;
mod dither;
mod intervals;
mod jitter;
mod method;
mod randomize;
mod raster;
mod shift;
