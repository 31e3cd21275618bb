use std::collections::BTreeMap;

use crate::Error;

/// How often each of some symbols was seen: counts of spikes, words, bins of a stimulus.
///
/// Estimators of an entropy need no more than how many symbols were seen once, twice and so on, and
/// how many there are at all, seen or not: the *alphabet* $K$. Only shrinkage, NSB and Panzeri and Treves use $K$.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// How many symbols were seen how often, by rising count; zeros are left out.
    pub(super) multiplicities: Vec<(u64, u64)>,
    pub(super) samples: u64,
    pub(super) observed: u64,
    pub(super) alphabet: u64,
}

impl Histogram {
    /// From one count for each symbol of the alphabet, zeros included.
    ///
    /// # Errors
    /// [`Error::TooFew`] if nothing was counted; [`Error::TooLarge`] beyond 2⁵³ samples, where a count
    /// is no longer a number of its own.
    pub fn new(counts: &[u64]) -> Result<Self, Error> {
        let mut multiplicities = BTreeMap::new();
        let mut samples = 0_u64;
        for &count in counts.iter().filter(|&&count| count > 0) {
            *multiplicities.entry(count).or_insert(0) += 1;
            samples = samples.saturating_add(count);
        }
        Self::from_multiplicities(multiplicities, samples, counts.len() as u64)
    }

    /// Counts the symbols of a sequence; the alphabet is what was seen.
    ///
    /// # Errors
    /// [`Error::TooFew`] if it is empty.
    pub fn of<S: Ord>(symbols: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let mut counts = BTreeMap::new();
        for symbol in symbols {
            *counts.entry(symbol).or_insert(0_u64) += 1;
        }
        Self::new(&counts.into_values().collect::<Vec<_>>())
    }

    /// With an alphabet of `symbols`, of which those counted are some.
    ///
    /// # Errors
    /// [`Error::Shape`] if more were seen.
    pub fn with_alphabet(mut self, symbols: usize) -> Result<Self, Error> {
        if (symbols as u64) < self.observed {
            return Err(Error::Shape {
                what: "symbols of the alphabet, at least",
                expected: usize::try_from(self.observed).unwrap_or(usize::MAX),
                found: symbols,
            });
        }
        self.alphabet = symbols as u64;
        Ok(self)
    }

    fn from_multiplicities(
        multiplicities: BTreeMap<u64, u64>,
        samples: u64,
        alphabet: u64,
    ) -> Result<Self, Error> {
        const EXACT: u64 = 1 << 53;
        if samples == 0 {
            return Err(Error::TooFew {
                what: "counted samples",
                needed: 1,
                found: 0,
            });
        }
        if samples > EXACT {
            return Err(Error::TooLarge {
                what: "a histogram",
                size: usize::try_from(samples).unwrap_or(usize::MAX),
                limit: EXACT as usize,
            });
        }
        Ok(Self {
            observed: multiplicities.values().sum(),
            multiplicities: multiplicities.into_iter().collect(),
            samples,
            alphabet,
        })
    }

    /// How many samples were counted, $N$.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// How many different symbols were seen.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.observed
    }

    /// How many symbols there are, $K$.
    #[must_use]
    pub fn alphabet(&self) -> u64 {
        self.alphabet
    }

    /// How many symbols were seen exactly `count` times; for zero, those of the alphabet never seen.
    #[must_use]
    pub fn seen(&self, count: u64) -> u64 {
        if count == 0 {
            return self.alphabet - self.observed;
        }
        let found = self
            .multiplicities
            .binary_search_by_key(&count, |&(c, _)| c);
        found.map_or(0, |i| self.multiplicities[i].1)
    }

    /// $\sum_i f(n_i)$ over the symbols that were seen.
    pub(super) fn sum(&self, mut f: impl FnMut(f64) -> f64) -> f64 {
        let terms = self.multiplicities.iter();
        terms.map(|&(n, many)| many as f64 * f(n as f64)).sum()
    }
}
