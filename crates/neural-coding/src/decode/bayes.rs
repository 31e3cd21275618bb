use nalgebra::DMatrix;
use neuropil_math::elementary;
use neuropil_math::linalg::matmul_into;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_enough, check_not_negative, check_positive, check_shape};

/// The bins, the prior and the memory of a [`Bayes`] decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BayesConfig {
    /// The width of a bin in seconds.
    pub dt: f64,
    /// How likely each place is before any spike, in any unit: the occupancy for example. `None` is the
    /// uniform prior. A place with 0 is never decoded.
    pub prior: Option<Vec<f64>>,
    /// How many bins are decoded at a time: beside its input and output, the decoder needs twice as many
    /// numbers as there are places. It changes nothing else but rounding: products of few columns add up
    /// in another order.
    pub block: usize,
}

impl Default for BayesConfig {
    fn default() -> Self {
        Self {
            dt: 0.25,
            prior: None,
            block: 512,
        }
    }
}

/// Places from the counts of Poisson units with known rates.
///
/// $$\ln P(x | n) = \sum_i n_i \ln f_i(x) - \Delta t \sum_i f_i(x) + \ln P(x) + \text{const},$$
/// with $0 \ln 0 = 0$: a unit that never fires at a place says nothing against it while it is silent, and
/// rules it out with its first spike. Nothing is added to the rates. The sum over units is one product
/// of matrices for each block of bins, and the rest is done in logarithms. Zhang, Ginzburg, McNaughton and
/// Sejnowski, *Interpreting neuronal population activity by reconstruction*, Journal of Neurophysiology
/// 79 (1998).
#[derive(Debug, Clone)]
pub struct Bayes {
    /// ln f, 0 where f is 0: places × units.
    logarithms: DMatrix<f64>,
    /// 1 where f is 0, of the units that have such places: places × those units.
    silent: DMatrix<f64>,
    /// Those units.
    silent_units: Vec<usize>,
    /// What does not depend on the counts, per place.
    constant: Vec<f64>,
    block: usize,
}

impl Bayes {
    /// The decoder for rates in hertz, units × places.
    ///
    /// # Errors
    /// [`Error::TooFew`] without units or places, [`Error::OutOfRange`] for a rate or prior that is
    /// negative or not finite, a width that is not positive or a block without bins, [`Error::Shape`] if
    /// the prior has another number of places, [`Error::TooFew`] if it is zero everywhere.
    pub fn new(rates: &DMatrix<f64>, config: &BayesConfig) -> Result<Self, Error> {
        check_enough("units", 1, rates.nrows())?;
        check_enough("places", 1, rates.ncols())?;
        check_not_negative("a rate", rates.as_slice())?;
        check_positive("the width of a bin", config.dt)?;
        check_enough("bins of a block", 1, config.block)?;
        let mut constant: Vec<f64> = rates.column_iter().map(|f| -config.dt * f.sum()).collect();
        crate::error::check_finite("the sums of rates", &constant)?;
        if let Some(prior) = &config.prior {
            check_shape("places of the prior", rates.ncols(), prior.len())?;
            check_not_negative("a prior", prior)?;
            check_enough(
                "places with a prior",
                1,
                prior.iter().filter(|p| **p > 0.0).count(),
            )?;
            for (c, p) in constant.iter_mut().zip(prior) {
                *c += p.ln();
            }
        }
        let silent_units: Vec<usize> = (0..rates.nrows())
            .filter(|&unit| rates.row(unit).iter().any(|f| *f == 0.0))
            .collect();
        Ok(Self {
            logarithms: rates
                .transpose()
                .map(|f| if f > 0.0 { f.ln() } else { 0.0 }),
            silent: DMatrix::from_fn(rates.ncols(), silent_units.len(), |x, i| {
                f64::from(rates[(silent_units[i], x)] == 0.0)
            }),
            silent_units,
            constant,
            block: config.block,
        })
    }

    /// The number of places.
    #[must_use]
    pub fn places(&self) -> usize {
        self.constant.len()
    }

    /// The number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.logarithms.ncols()
    }

    /// The posterior, places × bins, for counts of units × bins. Where the counts rule out every place, it
    /// is not defined: the column is `NaN`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of units, [`Error::OutOfRange`] for a count that is negative
    /// or not finite, [`Error::TooLarge`] if the posterior does not fit into the memory.
    pub fn posterior(&self, counts: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let size = self.places().saturating_mul(counts.ncols());
        let limit = isize::MAX as usize / size_of::<f64>() / 2;
        let mut out = Vec::new();
        if size > limit || out.try_reserve_exact(size).is_err() {
            return Err(Error::TooLarge {
                what: "a posterior",
                size,
                limit,
            });
        }
        self.each_block(counts, |block| out.extend_from_slice(block))?;
        Ok(DMatrix::from_vec(self.places(), counts.ncols(), out))
    }

    /// The most likely place of each bin, the first of equals; `None` where the counts rule out every
    /// place. The posterior is kept for one block at a time.
    ///
    /// # Errors
    /// As [`posterior`](Self::posterior).
    pub fn decode(&self, counts: &DMatrix<f64>) -> Result<Vec<Option<usize>>, Error> {
        let mut out = Vec::with_capacity(counts.ncols());
        self.each_block(counts, |block| {
            for column in block.chunks_exact(self.places()) {
                let mut best = None;
                let mut most = 0.0;
                for (x, &p) in column.iter().enumerate() {
                    if p > most {
                        (best, most) = (Some(x), p);
                    }
                }
                out.push(best);
            }
        })?;
        Ok(out)
    }

    /// The mean of `positions`, one per place, under the posterior of each bin; `None` where the counts
    /// rule out every place.
    ///
    /// # Errors
    /// As [`posterior`](Self::posterior), and [`Error::Shape`] for another number of positions.
    pub fn mean(
        &self,
        counts: &DMatrix<f64>,
        positions: &[f64],
    ) -> Result<Vec<Option<f64>>, Error> {
        check_shape("positions", self.places(), positions.len())?;
        crate::error::check_finite("the positions", positions)?;
        let mut out = Vec::with_capacity(counts.ncols());
        self.each_block(counts, |block| {
            for column in block.chunks_exact(self.places()) {
                let mean: f64 = column.iter().zip(positions).map(|(p, x)| p * x).sum();
                out.push((!mean.is_nan()).then_some(mean));
            }
        })?;
        Ok(out)
    }

    /// Hands out the posterior of block after block, places × bins of the block, column by column.
    fn each_block(&self, counts: &DMatrix<f64>, mut take: impl FnMut(&[f64])) -> Result<(), Error> {
        check_shape("units", self.units(), counts.nrows())?;
        check_not_negative("a count", counts.as_slice())?;
        let places = self.places();
        let block = self.block.min(counts.ncols()).max(1);
        let mut logs = DMatrix::zeros(places, block);
        let mut ruled_out = DMatrix::zeros(
            if self.silent_units.is_empty() {
                0
            } else {
                places
            },
            block,
        );
        let mut of_silent = DMatrix::zeros(self.silent_units.len(), block);
        for first in (0..counts.ncols()).step_by(block) {
            let bins = block.min(counts.ncols() - first);
            let counts = counts.columns(first, bins);
            matmul_into(
                1.0,
                &self.logarithms,
                &counts,
                0.0,
                logs.columns_mut(0, bins),
            )?;
            if !self.silent_units.is_empty() {
                for (mut to, from) in of_silent.column_iter_mut().zip(counts.column_iter()) {
                    for (n, &unit) in to.iter_mut().zip(&self.silent_units) {
                        *n = from[unit];
                    }
                }
                let spikes = of_silent.columns(0, bins);
                let out = ruled_out.columns_mut(0, bins);
                matmul_into(1.0, &self.silent, &spikes, 0.0, out)?;
            }
            let logs = &mut logs.as_mut_slice()[..places * bins];
            let ruled_out = ruled_out.as_slice().chunks_exact(places);
            for (column, ruled_out) in logs
                .chunks_exact_mut(places)
                .zip(ruled_out.map(Some).chain(core::iter::repeat(None)))
            {
                for (log, c) in column.iter_mut().zip(&self.constant) {
                    *log += c;
                }
                for (log, spikes) in column.iter_mut().zip(ruled_out.unwrap_or_default()) {
                    if *spikes > 0.0 {
                        *log = f64::NEG_INFINITY;
                    }
                }
                let most = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                for log in column.iter_mut() {
                    // -∞ - -∞ is NaN: what the posterior is where nothing is possible.
                    *log -= most;
                }
            }
            elementary::exp(logs);
            for column in logs.chunks_exact_mut(places) {
                let total: f64 = column.iter().sum();
                for p in column {
                    *p /= total;
                }
            }
            take(logs);
        }
        Ok(())
    }
}
