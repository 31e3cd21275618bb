use core::f64::consts::LN_2;

use nalgebra::DMatrix;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::panzeri_treves::relevant_responses;
use super::{Estimator, Histogram};
use crate::Error;

/// The most cells of a table.
pub(super) const MAX_CELLS: usize = 1 << 28;

/// How a mutual information is corrected for the samples that are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Correction {
    /// $H(R) - \sum_s p(s) H(R|s)$ with every entropy by this estimator; the alphabet of a response is
    /// the number of columns. [`Estimator::Plugin`] is no correction at all.
    Entropies(Estimator),
    /// Plug-in minus $\frac{1}{2 N \ln 2} \[\sum_s (\tilde R_s - 1) - (\tilde R - 1)\]$, with the numbers
    /// of relevant responses $\tilde R$ by Bayesian counting (Panzeri and Treves 1996).
    PanzeriTreves,
    /// $N I - \frac{N-1}{N} \sum_{s,r} n_{sr} I_{-sr}$: the plug-in value extrapolated from leaving out
    /// one sample.
    Jackknife,
}

impl Default for Correction {
    /// Panzeri and Treves.
    fn default() -> Self {
        Self::PanzeriTreves
    }
}

/// The mean and the standard deviation of repeated estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, with $n - 1$ in the denominator.
    pub deviation: f64,
}

/// How often each response (column) came with each stimulus (row).
///
/// ```
/// use neuropil_neural_coding::information::{Contingency, Correction, Estimator};
///
/// // Two stimuli; the spike count tells them apart three times in four.
/// let stimulus: Vec<usize> = (0..400).map(|i| i % 2).collect();
/// let count: Vec<usize> = (0..400).map(|i| if i % 8 < 6 { i % 2 } else { 1 - i % 2 }).collect();
/// let table = Contingency::from_pairs(&stimulus, &count)?;
/// let bits = table.mutual_information(Correction::PanzeriTreves)?;
/// assert!((bits - 0.1887).abs() < 0.005);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Contingency {
    counts: DMatrix<u64>,
    samples: u64,
}

impl Contingency {
    /// From counts, stimuli × responses.
    ///
    /// # Errors
    /// [`Error::TooFew`] if nothing was counted.
    pub fn new(counts: DMatrix<u64>) -> Result<Self, Error> {
        let samples = counts.iter().fold(0_u64, |sum, &n| sum.saturating_add(n));
        // Refuses the empty and the uncountable.
        Histogram::new(counts.as_slice())?;
        Ok(Self { counts, samples })
    }

    /// Counts pairs of numbered stimuli and responses.
    ///
    /// # Errors
    /// [`Error::Shape`] if the two differ in length, [`Error::TooFew`] if they are empty,
    /// [`Error::TooLarge`] for numbers so high that the table would not be one.
    pub fn from_pairs(stimuli: &[usize], responses: &[usize]) -> Result<Self, Error> {
        if stimuli.len() != responses.len() {
            return Err(Error::Shape {
                what: "responses",
                expected: stimuli.len(),
                found: responses.len(),
            });
        }
        let size = |numbers: &[usize]| numbers.iter().max().map_or(0, |&m| m.saturating_add(1));
        let (rows, columns) = (size(stimuli), size(responses));
        let cells = rows.saturating_mul(columns);
        if cells > MAX_CELLS {
            return Err(Error::TooLarge {
                what: "a table of stimuli and responses",
                size: cells,
                limit: MAX_CELLS,
            });
        }
        let mut counts = DMatrix::zeros(rows, columns);
        for (&s, &r) in stimuli.iter().zip(responses) {
            counts[(s, r)] += 1;
        }
        Self::new(counts)
    }

    /// The counts, stimuli × responses.
    #[must_use]
    pub fn counts(&self) -> &DMatrix<u64> {
        &self.counts
    }

    /// How many pairs were counted, $N$.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The numbers of relevant responses of Panzeri and Treves: of each stimulus, and of all together.
    #[must_use]
    pub fn relevant_responses(&self) -> (Vec<f64>, f64) {
        // A stimulus that was never given has no responses.
        let of = |counts: &[u64]| Histogram::new(counts).map_or(0.0, |h| relevant_responses(&h));
        let rows = self.rows().map(|row| of(&row)).collect();
        (rows, of(&self.responses()))
    }

    /// The information between stimulus and response in bits. Corrected values may be below zero.
    ///
    /// # Errors
    /// [`Error::TooFew`] for a jackknife of one sample.
    pub fn mutual_information(&self, correction: Correction) -> Result<f64, Error> {
        match correction {
            Correction::Entropies(estimator) => {
                let total = Histogram::new(&self.responses())?.entropy(estimator)?;
                let mut noise = 0.0;
                for row in self.rows() {
                    let count: u64 = row.iter().sum();
                    if count > 0 {
                        let share = count as f64 / self.samples as f64;
                        noise += share * Histogram::new(&row)?.entropy(estimator)?;
                    }
                }
                Ok(total - noise)
            }
            Correction::PanzeriTreves => {
                let plugin = self.mutual_information(Correction::Entropies(Estimator::Plugin))?;
                let (rows, all) = self.relevant_responses();
                // A stimulus that was never shown has no responses and no bias.
                let conditional: f64 = rows.iter().filter(|&&r| r > 0.0).map(|r| r - 1.0).sum();
                let bias = (conditional - (all - 1.0)) / (2.0 * self.samples as f64 * LN_2);
                Ok(plugin - bias)
            }
            Correction::Jackknife => self.jackknife(),
        }
    }

    /// The information that is left when the responses are dealt out to the stimuli at random,
    /// `repeats` times: what the estimate says where there is nothing to say. An estimate within two of
    /// its deviations is not distinguished from nothing. Its mean is the correction by shuffling; where
    /// stimuli narrow the responses down it takes too much away, because dealt out, every response comes
    /// with every stimulus.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two repeats, [`Error::TooLarge`] for more samples than can be
    /// dealt, and those of [`mutual_information`](Self::mutual_information).
    pub fn shuffled<R: Rng + ?Sized>(
        &self,
        correction: Correction,
        repeats: usize,
        rng: &mut R,
    ) -> Result<Spread, Error> {
        let (stimuli, mut responses) = self.pairs()?;
        spread(repeats, || {
            shuffle(&mut responses, rng);
            self.like(&stimuli, &responses)?
                .mutual_information(correction)
        })
    }

    /// Quadratic extrapolation (Strong et al. 1998): the estimates from all samples, from random halves
    /// and from random quarters, fitted by $I_N = I + a/N + b/N^2$; returns the mean and the deviation of
    /// $I$ over `repeats` divisions.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two repeats or eight samples, and those of
    /// [`mutual_information`](Self::mutual_information).
    pub fn extrapolated<R: Rng + ?Sized>(
        &self,
        correction: Correction,
        repeats: usize,
        rng: &mut R,
    ) -> Result<Spread, Error> {
        if self.samples < 8 {
            return Err(Error::TooFew {
                what: "samples of an extrapolation",
                needed: 8,
                found: self.samples as usize,
            });
        }
        let (stimuli, responses) = self.pairs()?;
        let mut order: Vec<usize> = (0..stimuli.len()).collect();
        let whole = self.mutual_information(correction)?;
        spread(repeats, || {
            shuffle(&mut order, rng);
            // Equal parts, so that their mean has one N; up to three samples are left over.
            let of_parts = |parts: usize| -> Result<(f64, f64), Error> {
                let size = order.len() / parts;
                let mut sum = 0.0;
                for part in order.chunks_exact(size).take(parts) {
                    let s: Vec<usize> = part.iter().map(|&i| stimuli[i]).collect();
                    let r: Vec<usize> = part.iter().map(|&i| responses[i]).collect();
                    sum += self.like(&s, &r)?.mutual_information(correction)?;
                }
                Ok((1.0 / size as f64, sum / parts as f64))
            };
            let points = [
                (1.0 / self.samples as f64, whole),
                of_parts(2)?,
                of_parts(4)?,
            ];
            Ok(at_zero(points))
        })
    }

    fn rows(&self) -> impl Iterator<Item = Vec<u64>> + '_ {
        self.counts
            .row_iter()
            .map(|row| row.iter().copied().collect())
    }

    fn responses(&self) -> Vec<u64> {
        self.counts
            .column_iter()
            .map(|column| column.iter().sum())
            .collect()
    }

    /// The pairs that were counted, one by one.
    fn pairs(&self) -> Result<(Vec<usize>, Vec<usize>), Error> {
        let samples = usize::try_from(self.samples).unwrap_or(usize::MAX);
        if samples > MAX_CELLS {
            return Err(Error::TooLarge {
                what: "samples to deal out",
                size: samples,
                limit: MAX_CELLS,
            });
        }
        let mut stimuli = Vec::with_capacity(samples);
        let mut responses = Vec::with_capacity(samples);
        for (r, column) in self.counts.column_iter().enumerate() {
            for (s, &count) in column.iter().enumerate() {
                for _ in 0..count {
                    stimuli.push(s);
                    responses.push(r);
                }
            }
        }
        Ok((stimuli, responses))
    }

    /// A table of the same size with other pairs.
    fn like(&self, stimuli: &[usize], responses: &[usize]) -> Result<Self, Error> {
        let mut counts = DMatrix::zeros(self.counts.nrows(), self.counts.ncols());
        for (&s, &r) in stimuli.iter().zip(responses) {
            counts[(s, r)] += 1;
        }
        Self::new(counts)
    }

    fn jackknife(&self) -> Result<f64, Error> {
        let total = self.samples as f64;
        if self.samples < 2 {
            return Err(Error::TooFew {
                what: "samples of a jackknife",
                needed: 2,
                found: 1,
            });
        }
        // N I = N ln N + Σ n_sr ln n_sr - Σ n_s ln n_s - Σ n_r ln n_r; leaving one out changes one term
        // of each sum.
        let term = |n: f64| if n > 0.0 { n * n.ln() } else { 0.0 };
        let change = |n: u64| term(n as f64 - 1.0) - term(n as f64);
        let of_rows: Vec<u64> = self.rows().map(|row| row.iter().sum()).collect();
        let of_columns = self.responses();
        let sum = |counts: &[u64]| counts.iter().map(|&n| term(n as f64)).sum::<f64>();
        let terms = sum(self.counts.as_slice()) - sum(&of_rows) - sum(&of_columns);
        let rest = total - 1.0;
        let mut left_out = 0.0;
        for (r, column) in self.counts.column_iter().enumerate() {
            for (s, &n) in column.iter().enumerate().filter(|&(_, &n)| n > 0) {
                let without = terms + change(n) - change(of_rows[s]) - change(of_columns[r]);
                left_out += n as f64 * (rest.ln() + without / rest);
            }
        }
        let whole = total.ln() + terms / total;
        Ok((total * whole - rest / total * left_out) / LN_2)
    }
}

/// Fisher and Yates.
pub(super) fn shuffle<S, R: Rng + ?Sized>(values: &mut [S], rng: &mut R) {
    for i in (1..values.len()).rev() {
        values.swap(i, rng.random_range(0..=i));
    }
}

/// The value at 0 of the parabola through three points.
pub(super) fn at_zero([(a, fa), (b, fb), (c, fc)]: [(f64, f64); 3]) -> f64 {
    fa * b * c / ((a - b) * (a - c))
        + fb * a * c / ((b - a) * (b - c))
        + fc * a * b / ((c - a) * (c - b))
}

pub(super) fn spread(
    repeats: usize,
    mut estimate: impl FnMut() -> Result<f64, Error>,
) -> Result<Spread, Error> {
    if repeats < 2 {
        return Err(Error::TooFew {
            what: "repeats",
            needed: 2,
            found: repeats,
        });
    }
    let values = (0..repeats)
        .map(|_| estimate())
        .collect::<Result<Vec<_>, _>>()?;
    let mean = values.iter().sum::<f64>() / repeats as f64;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    Ok(Spread {
        mean,
        deviation: (squares / (repeats as f64 - 1.0)).sqrt(),
    })
}
