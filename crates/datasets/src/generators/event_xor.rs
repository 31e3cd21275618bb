use std::collections::HashSet;

use nalgebra::DMatrix;
use neuropil_math::random::numpy::RandomState;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::windows::{Recording, Targets, Windows};

/// Whether the number of ones in a string of bits is odd, with the string given as events: the task "XOR"
/// of the papers on irregular sampling.[^odelstm] [^cfc]
///
/// A string of 2 to `steps - 1` random bits is read from left to right. As [`XorEncoding::Events`] a bit
/// that differs from the one before makes an event, and so do the first and the last: the input is the bit,
/// the span the bits that passed, divided by `steps`. As [`XorEncoding::Dense`] every bit makes an event. The
/// class is the parity of the ones; it stands at every step of a sequence, and a model is judged at the last.
///
/// Strings and draws are those of the program that comes with the second paper, bit by bit:
/// [`Self::train`] its 100 000 to learn from, [`Self::test`] its 10 000; it has none to choose by.
/// **Of the test strings 36 % are also learnt from**: all of up to 8 bits, hardly any of more than 16;
/// [`Self::unseen_in`] finds the others. And 50.89 % are odd: the 49.11 % that the paper states for its liquid
/// time-constant network are the share of even ones, what a constant answer gets.
///
/// ```
/// use neuropil_datasets::generators::EventXorConfig;
/// use neuropil_datasets::BatchOrder;
///
/// let windows = EventXorConfig { sequences: 10, ..EventXorConfig::test() }.generate()?;
/// let batch = windows.batch::<f64>(&[3], BatchOrder::TimeMajor)?;
/// assert_eq!(batch.lengths, [17]);
/// assert_eq!(batch.classes[16], 1);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// [^odelstm]: Lechner, Hasani (2020), [arXiv:2006.04418](https://arxiv.org/abs/2006.04418).
/// [^cfc]: Hasani and others (2022), Nature Machine Intelligence 4, 992.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventXorConfig {
    /// How many strings there are.
    pub sequences: usize,
    /// One more than the longest string has bits, and the room that a sequence has.
    pub steps: usize,
    /// What makes an event.
    pub encoding: XorEncoding,
    /// The seed of NumPy's legacy generator.
    pub seed: u32,
}

/// What makes an event of an [`EventXorConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XorEncoding {
    /// A change of the bit.
    #[default]
    Events,
    /// Every bit.
    Dense,
}

impl Default for EventXorConfig {
    /// What the paper's models learn from.
    fn default() -> Self {
        Self::train()
    }
}

impl EventXorConfig {
    /// 100 000 strings to learn from.
    #[must_use]
    pub fn train() -> Self {
        Self {
            sequences: 100_000,
            steps: 32,
            encoding: XorEncoding::Events,
            seed: 1_234_984,
        }
    }

    /// 10 000 strings to test.
    #[must_use]
    pub fn test() -> Self {
        Self {
            sequences: 10_000,
            seed: 48_736,
            ..Self::train()
        }
    }

    /// The strings as sequences with one feature and two classes.
    ///
    /// # Errors
    /// If there is no sequence or `steps` is not 3 to 65 536.
    pub fn generate(&self) -> Result<Windows, Error> {
        let strings = self.strings()?;
        let mut recordings = Vec::new();
        recordings
            .try_reserve_exact(self.sequences)
            .map_err(|_| Error::TooLarge {
                what: "sequences of bits",
                values: self.sequences,
            })?;
        for string in strings {
            recordings.push(self.recording(&string?));
        }
        let mut windows = Windows::whole(&recordings)?;
        windows.reserve_steps(self.steps);
        Ok(windows)
    }

    /// Which of these strings are not among those of `other`: the part of a test that tells what was learnt
    /// from what was remembered.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn unseen_in(&self, other: &Self) -> Result<Vec<usize>, Error> {
        let seen: HashSet<_> = other.strings()?.collect::<Result<_, _>>()?;
        let mut unseen = Vec::new();
        for (place, string) in self.strings()?.enumerate() {
            if !seen.contains(&string?) {
                unseen.push(place);
            }
        }
        Ok(unseen)
    }

    fn strings(&self) -> Result<impl Iterator<Item = Result<Vec<bool>, Error>>, Error> {
        if !(3..=1 << 16).contains(&self.steps) {
            let range = "must be 3 to 65536";
            return Err(Error::out_of_range("steps", self.steps as f64, range));
        }
        let steps = self.steps as i64;
        let mut random = RandomState::new(self.seed);
        Ok((0..self.sequences).map(move |_| {
            let length = random.randint(2, steps)?;
            let bits = (0..length).map(|_| Ok(random.randint(0, 2)? == 1));
            bits.collect()
        }))
    }

    fn recording(&self, string: &[bool]) -> Recording {
        let mut events: Vec<f32> = Vec::with_capacity(string.len());
        let mut spans = Vec::with_capacity(string.len());
        let mut passed = 0.0_f32;
        for (place, &bit) in string.iter().enumerate() {
            passed += 1.0;
            let changed = place == 0 || bit != string[place - 1];
            let end = place + 1 == string.len();
            if changed || end || self.encoding == XorEncoding::Dense {
                events.push(if bit { 1.0 } else { 0.0 });
                spans.push(passed / self.steps as f32);
                passed = 0.0;
            }
        }
        let count = events.len();
        let ones = string.iter().filter(|&&bit| bit).count();
        Recording {
            inputs: DMatrix::from_vec(1, count, events),
            targets: Targets::Classes {
                count: 2,
                classes: vec![ones % 2; count],
            },
            spans: Some(spans),
        }
    }
}
