use core::fmt;

use super::mt19937::Mt19937;
use super::{check_enough, masked, span};
use crate::Error;

/// NumPy's legacy generator, `numpy.random.RandomState(seed)`: the Mersenne twister, and bounded numbers
/// by masking and drawing again.
#[derive(Clone, PartialEq, Eq)]
pub struct RandomState {
    twister: Mt19937,
}

impl RandomState {
    /// `RandomState(seed)`, for the seeds that NumPy takes as one word.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self {
            twister: Mt19937::new(seed),
        }
    }

    /// The next word of the twister.
    pub fn next_u32(&mut self) -> u32 {
        self.twister.next_u32()
    }

    /// Two words, the first of them above.
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// `random_sample()`, also called `rand()` and `random()`: uniform in [0, 1), 53 bits from two words.
    pub fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// `randint(low, high)`: uniform over low, …, high - 1.
    ///
    /// That of NumPy's default integers of 64 bits. One value draws nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `high` is not above `low`.
    pub fn randint(&mut self, low: i64, high: i64) -> Result<i64, Error> {
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
    /// They are the first of a permutation of all `n`, which is what it costs in time and draws.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `count` is above `n`.
    pub fn distinct(&mut self, n: usize, count: usize) -> Result<Vec<usize>, Error> {
        check_enough(count, n)?;
        let mut chosen = self.permutation(n);
        chosen.truncate(count);
        Ok(chosen)
    }

    /// `permutation(n)`: 0, …, n - 1 in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..n).collect();
        self.shuffle(&mut numbers);
        numbers
    }

    /// `shuffle(items)`: in place, from the last to the second.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.up_to(last as u64) as usize);
        }
    }

    /// Uniform over 0, …, `largest`.
    fn up_to(&mut self, largest: u64) -> u64 {
        masked(largest, self, Self::next_u32, Self::next_u64)
    }
}

impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomState").finish_non_exhaustive()
    }
}
