use std::collections::BTreeMap;

use super::{Estimator, Histogram};
use crate::{Error, Raster};

/// What words of spikes say, by the direct method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordInformation {
    /// The entropy of all words, in bits per word.
    pub total: f64,
    /// The mean entropy of the words at one moment over the trials, in bits per word.
    pub noise: f64,
    /// Their difference: what a word says about the stimulus, in bits.
    pub information: f64,
    /// The words of a trial.
    pub words: usize,
}

/// The information of words of `length` steps about a stimulus that was repeated in every trial
/// (Strong, Koberle, de Ruyter van Steveninck and Bialek 1998). `trials` holds a trial in each row; a word begins at
/// every step that leaves room for it, so that the words of neighbouring steps overlap.
///
/// Both entropies are biased; repeat it for several lengths and extrapolate the rate
/// `information / (length * dt)` to $1/L \to 0$ while the total entropy is still well sampled, and take
/// an [`Estimator`] with less bias than the plug-in.
///
/// # Errors
/// [`Error::OutOfRange`] for words of no or more than 64 steps, [`Error::TooFew`] for trials shorter than
/// a word or fewer than two of them, and those of [`Histogram::entropy`].
pub fn words(
    trials: &Raster,
    length: usize,
    estimator: Estimator,
) -> Result<WordInformation, Error> {
    if length == 0 || length > 64 {
        return Err(Error::OutOfRange {
            what: "the length of a word",
            value: length as f64,
            range: "must be 1 to 64 steps",
        });
    }
    for (what, needed, found) in [
        ("trials", 2, trials.trains()),
        ("steps of a trial", length, trials.steps()),
    ] {
        if found < needed {
            return Err(Error::TooFew {
                what,
                needed,
                found,
            });
        }
    }
    let alphabet = |histogram: Histogram| match 1_usize.checked_shl(length as u32) {
        Some(size) if size > 0 => histogram.with_alphabet(size),
        _ => histogram.with_alphabet(usize::MAX),
    };
    let positions = trials.steps() - length + 1;
    let mut all: BTreeMap<u64, u64> = BTreeMap::new();
    let mut noise = 0.0;
    let mut here = Vec::with_capacity(trials.trains());
    for position in 0..positions {
        here.clear();
        here.extend((0..trials.trains()).map(|row| word(trials.row(row), position, length)));
        for &word in &here {
            *all.entry(word).or_insert(0) += 1;
        }
        noise += alphabet(Histogram::of(&here)?)?.entropy(estimator)?;
    }
    noise /= positions as f64;
    let counts: Vec<u64> = all.into_values().collect();
    let total = alphabet(Histogram::new(&counts)?)?.entropy(estimator)?;
    Ok(WordInformation {
        total,
        noise,
        information: total - noise,
        words: positions,
    })
}

/// The `length` bits from bit `start` of a packed row.
fn word(row: &[u64], start: usize, length: usize) -> u64 {
    let (index, shift) = (start / 64, start % 64);
    let low = row[index] >> shift;
    let high = match row.get(index + 1) {
        Some(next) if shift > 0 => next << (64 - shift),
        _ => 0,
    };
    let mask = if length == 64 {
        u64::MAX
    } else {
        (1 << length) - 1
    };
    (low | high) & mask
}
