use core::fmt;

use super::pcg64::Pcg64;
use super::{check_enough, mask, masked, span};
use crate::Error;

/// NumPy's generator, `numpy.random.default_rng(seed)`: PCG of 64 bits, and bounded numbers by Lemire's
/// multiplication.[^lemire]
///
/// [^lemire]: Lemire (2019), *Fast random integer generation in an interval*, ACM TOMACS 29, 1–12.
#[derive(Clone, PartialEq, Eq)]
pub struct Generator {
    pcg: Pcg64,
}

impl Generator {
    /// `default_rng(seed)`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            pcg: Pcg64::new(seed),
        }
    }

    /// The next word of the generator.
    pub fn next_u64(&mut self) -> u64 {
        self.pcg.next_u64()
    }

    /// The next half of a word: the lower one first, the upper one kept for the next call.
    pub fn next_u32(&mut self) -> u32 {
        self.pcg.next_u32()
    }

    /// `random()`: uniform in [0, 1), 53 bits.
    pub fn random(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// `integers(low, high)`: uniform over low, …, high - 1. One value draws nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `high` is not above `low`.
    pub fn integers(&mut self, low: i64, high: i64) -> Result<i64, Error> {
        let offset = self.up_to(span(low, high)?);
        Ok(low.wrapping_add_unsigned(offset))
    }

    /// `choice(items)`: one of them.
    ///
    /// # Errors
    /// [`Error::Empty`] if there is none.
    pub fn choice<T: Copy>(&mut self, items: &[T]) -> Result<T, Error> {
        let Some(last) = items.len().checked_sub(1) else {
            return Err(Error::Empty { what: "items" });
        };
        Ok(items[self.up_to(last as u64) as usize])
    }

    /// `choice(n, count, replace=False)`: `count` different numbers below `n`, in random order.
    ///
    /// Above ten thousand, and for more than a fiftieth of them, the end of a list of all is shuffled;
    /// else Floyd's method finds the numbers, which are then shuffled.[^floyd]
    ///
    /// [^floyd]: Bentley, Floyd (1987), *A sample of brilliance*, Communications of the ACM 30, 754–757.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `count` is above `n`.
    pub fn distinct(&mut self, n: usize, count: usize) -> Result<Vec<usize>, Error> {
        check_enough(count, n)?;
        if n > 10_000 && count > n / 50 {
            let mut numbers: Vec<usize> = (0..n).collect();
            self.shuffle_from(&mut numbers, (n - count).max(1));
            return Ok(numbers.split_off(n - count));
        }
        let mut chosen = self.floyd(n, count);
        self.shuffle_from(&mut chosen, 1);
        Ok(chosen)
    }

    /// `permutation(n)`: 0, …, n - 1 in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..n).collect();
        self.shuffle(&mut numbers);
        numbers
    }

    /// `shuffle(items)`: in place, from the last to the second.
    ///
    /// Here, and only here, NumPy bounds by masking and drawing again, as [`RandomState`](super::RandomState).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let drawn = masked(last as u64, self, Self::next_u32, Self::next_u64);
            items.swap(last, drawn as usize);
        }
    }

    /// As `choice` does it.
    fn shuffle_from<T>(&mut self, items: &mut [T], first: usize) {
        for last in (first..items.len()).rev() {
            items.swap(last, self.up_to(last as u64) as usize);
        }
    }

    /// A set by open addressing, of a power of two above 1.2 times its members.
    fn floyd(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mask = mask((1.2 * count as f64) as u64) as usize;
        let mut set: Vec<Option<usize>> = vec![None; mask + 1];
        let mut insert = |number: usize| {
            let mut place = number & mask;
            while set[place].is_some_and(|there| there != number) {
                place = (place + 1) & mask;
            }
            set[place].replace(number).is_none()
        };
        (n - count..n)
            .map(|top| {
                let drawn = self.up_to(top as u64) as usize;
                if insert(drawn) {
                    return drawn;
                }
                insert(top);
                top
            })
            .collect()
    }

    /// Uniform over 0, …, `largest`.
    fn up_to(&mut self, largest: u64) -> u64 {
        match u32::try_from(largest) {
            Ok(0) => 0,
            Ok(u32::MAX) => u64::from(self.next_u32()),
            Ok(largest) => u64::from(self.up_to_u32(largest)),
            Err(_) if largest == u64::MAX => self.next_u64(),
            Err(_) => self.up_to_u64(largest),
        }
    }

    fn up_to_u32(&mut self, largest: u32) -> u32 {
        let count = largest + 1;
        let refused = (u32::MAX - largest) % count;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(count);
            if product as u32 >= refused {
                return (product >> 32) as u32;
            }
        }
    }

    fn up_to_u64(&mut self, largest: u64) -> u64 {
        let count = largest + 1;
        let refused = (u64::MAX - largest) % count;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(count);
            if product as u64 >= refused {
                return (product >> 64) as u64;
            }
        }
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").finish_non_exhaustive()
    }
}
