//! NumPy's generators, bit for bit, for data and networks that were drawn with them.
//!
//! A split of a data set, a synthetic task or the wiring of a network that was made in Python is part of
//! its result. [`RandomState`] and [`Generator`] repeat `numpy.random.RandomState(seed)` and
//! `numpy.random.default_rng(seed)` for integer seeds: the same calls in the same order give the same
//! values, in pure integer arithmetic, on every machine. NumPy promises the stream of the first for
//! ever; that of the second is NumPy 2.4's (the same since 1.19 for what is here).
//!
//! They are for reproducing what NumPy drew, and bring their own seeds for that reason alone. All other
//! randomness comes from the caller's generator.
//!
//! ```
//! use neuropil_math::random::numpy::{Generator, RandomState};
//!
//! // numpy.random.RandomState(7).permutation(6)
//! assert_eq!(RandomState::new(7).permutation(6), [3, 5, 0, 2, 1, 4]);
//! // numpy.random.default_rng(7).choice(1000, 4, replace=False)
//! assert_eq!(Generator::new(7).distinct(1000, 4)?, [942, 623, 897, 683]);
//! # Ok::<(), neuropil_math::Error>(())
//! ```

pub use generator::Generator;
pub use random_state::RandomState;

mod generator;
mod mt19937;
mod pcg64;
mod random_state;
mod seed_sequence;

use crate::Error;

/// The smallest $2^k - 1$ that is not below `largest`.
fn mask(largest: u64) -> u64 {
    u64::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0)
}

/// Uniform over 0, …, `largest`: low bits of words of 32 bits if they suffice, drawn again while too large.
fn masked<G>(
    largest: u64,
    generator: &mut G,
    next_u32: fn(&mut G) -> u32,
    next_u64: fn(&mut G) -> u64,
) -> u64 {
    let mask = mask(largest);
    loop {
        let drawn = match u32::try_from(largest) {
            Ok(0) => return 0,
            Ok(_) => u64::from(next_u32(generator)),
            Err(_) => next_u64(generator),
        };
        if drawn & mask <= largest {
            return drawn & mask;
        }
    }
}

/// The largest offset from `low` of a number below `high`.
fn span(low: i64, high: i64) -> Result<u64, Error> {
    if low < high {
        Ok(high.wrapping_sub(low) as u64 - 1)
    } else {
        Err(Error::OutOfRange {
            what: "upper end of random integers",
            value: high as f64,
            range: "must be above the lower end",
        })
    }
}

fn check_enough(count: usize, n: usize) -> Result<(), Error> {
    if count <= n {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "count",
            value: count as f64,
            range: "must not be above the number to choose from",
        })
    }
}
