use nalgebra::DMatrix;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::glm::draw;
use super::{Basis, PoissonGlm, PoissonGlmConfig, PoissonGlmFit, filtered};
use crate::Error;
use crate::error::{check_enough, check_finite, check_positive, check_shape};

/// The filters of a [`CoupledGlm`] and how it is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CoupledGlmConfig {
    /// What the filters of past spikes are summed from.
    pub basis: Basis,
    /// How many bins the filters reach back, at least 2.
    pub lags: usize,
    /// Whether units see each other's spikes beside their own.
    pub coupling: bool,
    /// How each unit is fitted.
    pub fit: PoissonGlmConfig,
}

impl Default for CoupledGlmConfig {
    fn default() -> Self {
        Self {
            basis: Basis::raised_cosine_log(5),
            lags: 50,
            coupling: true,
            fit: PoissonGlmConfig::default(),
        }
    }
}

/// Units whose expected counts depend on a stimulus, on their own past and on the others':
/// $$\ln \mu_i(t) = b_i + k_i \cdot x(t) + \sum_j \sum_{\tau \ge 1} h_{ij}(\tau) y_j(t - \tau).$$
///
/// The filters $h_{ij}$ are sums of a [`Basis`]. Pillow et al., *Spatio-temporal correlations and visual
/// signalling in a complete neuronal population*, Nature 454 (2008).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::model::{CoupledGlm, CoupledGlmConfig};
/// use rand::rngs::Xoshiro256PlusPlus;
/// use rand::{RngExt, SeedableRng};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
/// let stimulus = DMatrix::from_fn(1, 1000, |_, t| (0.05 * t as f64).sin());
/// let counts = DMatrix::from_fn(2, 1000, |_, _| f64::from(rng.random_bool(0.2)));
/// let model = CoupledGlm::fit(&stimulus, &counts, &CoupledGlmConfig::default())?;
/// assert_eq!(model.filter(0, 1).map(|h| h.len()), Some(50));
/// assert_eq!(model.simulate(&stimulus, &mut rng)?.shape(), (2, 1000));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CoupledGlm {
    /// Functions × lags.
    filters: DMatrix<f64>,
    /// Rows of the stimulus.
    stimulus: usize,
    coupling: bool,
    /// Each over the stimulus, then the filtered spikes of the units that it sees.
    fits: Vec<PoissonGlmFit>,
}

impl CoupledGlm {
    /// Fits a stimulus, features × bins, and the counts of all units, units × bins. A stimulus without
    /// rows leaves the spikes alone.
    ///
    /// # Errors
    /// [`Error::Shape`] if the numbers of bins differ, and those of [`PoissonGlm::fit`] and
    /// [`Basis::filters`]: each unit needs a spike.
    pub fn fit(
        stimulus: &DMatrix<f64>,
        counts: &DMatrix<f64>,
        config: &CoupledGlmConfig,
    ) -> Result<Self, Error> {
        let filters = config.basis.filters(config.lags)?;
        check_enough("units", 1, counts.nrows())?;
        let mut model = Self {
            filters,
            stimulus: stimulus.nrows(),
            coupling: config.coupling,
            fits: Vec::new(),
        };
        let past = model.past(stimulus, counts)?;
        for (unit, row) in counts.row_iter().enumerate() {
            let features = model.features(stimulus, &past, unit);
            let counts: Vec<f64> = row.iter().copied().collect();
            let fit = PoissonGlm::fit(&features, &counts, &config.fit)?;
            model.fits.push(fit);
        }
        Ok(model)
    }

    /// The filtered spikes of all units.
    fn past(&self, stimulus: &DMatrix<f64>, counts: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        check_shape("features of the stimulus", self.stimulus, stimulus.nrows())?;
        check_shape("bins of the counts", stimulus.ncols(), counts.ncols())?;
        check_finite("the stimulus", stimulus.as_slice())?;
        filtered(counts, &self.filters, 1)
    }

    /// What a unit sees: features × bins.
    fn features(&self, stimulus: &DMatrix<f64>, past: &DMatrix<f64>, unit: usize) -> DMatrix<f64> {
        let functions = self.filters.nrows();
        let seen = if self.coupling {
            past.rows(0, past.nrows())
        } else {
            past.rows(unit * functions, functions)
        };
        let mut out = DMatrix::zeros(self.stimulus + seen.nrows(), stimulus.ncols());
        out.rows_mut(0, self.stimulus).copy_from(stimulus);
        out.rows_mut(self.stimulus, seen.nrows()).copy_from(&seen);
        out
    }

    /// The number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.fits.len()
    }

    /// The fit of each unit: features are those of the stimulus, then each function of the basis for
    /// each unit that it sees.
    #[must_use]
    pub fn fits(&self) -> &[PoissonGlmFit] {
        &self.fits
    }

    /// The filter $h_{ij}$ by which spikes of unit `from` act on unit `to`, over lags of one bin and
    /// more; `None` if there is no such unit or it is not seen.
    #[must_use]
    pub fn filter(&self, to: usize, from: usize) -> Option<Vec<f64>> {
        if from >= self.units() {
            return None;
        }
        let weights = self.fits.get(to)?.model.weights();
        let functions = self.filters.nrows();
        let position = if self.coupling {
            from
        } else if from == to {
            0
        } else {
            return None;
        };
        let weights = weights.get(self.stimulus + position * functions..)?;
        let taps = self.filters.column_iter();
        Some(
            taps.map(|taps| taps.iter().zip(weights).map(|(h, w)| h * w).sum())
                .collect(),
        )
    }

    /// The expected counts, units × bins, given all spikes before each bin.
    ///
    /// # Errors
    /// [`Error::Shape`] for other numbers of features, units or bins, [`Error::NonFinite`].
    pub fn predict(
        &self,
        stimulus: &DMatrix<f64>,
        counts: &DMatrix<f64>,
    ) -> Result<DMatrix<f64>, Error> {
        check_shape("units", self.units(), counts.nrows())?;
        let past = self.past(stimulus, counts)?;
        let mut out = DMatrix::zeros(self.units(), stimulus.ncols());
        for (unit, fit) in self.fits.iter().enumerate() {
            let expected = fit.model.predict(&self.features(stimulus, &past, unit))?;
            for (o, mu) in out.row_mut(unit).iter_mut().zip(expected) {
                *o = mu;
            }
        }
        Ok(out)
    }

    /// Draws counts, units × bins, bin after bin: what was drawn is the past of what follows.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features, [`Error::NonFinite`], [`Error::OutOfRange`] if
    /// units excite each other until more than 10⁹ spikes are expected in a bin.
    pub fn simulate<R: Rng + ?Sized>(
        &self,
        stimulus: &DMatrix<f64>,
        rng: &mut R,
    ) -> Result<DMatrix<f64>, Error> {
        check_shape("features of the stimulus", self.stimulus, stimulus.nrows())?;
        check_finite("the stimulus", stimulus.as_slice())?;
        let (units, lags) = (self.units(), self.filters.ncols());
        // By lag, then by unit that acts, then by unit that is acted on.
        let mut taps = vec![0.0; lags * units * units];
        for to in 0..units {
            for from in 0..units {
                for (lag, h) in self.filter(to, from).into_iter().flatten().enumerate() {
                    taps[(lag * units + from) * units + to] = h;
                }
            }
        }
        let mut out = DMatrix::zeros(units, stimulus.ncols());
        let mut linear = vec![0.0; units];
        for t in 0..stimulus.ncols() {
            for (eta, fit) in linear.iter_mut().zip(&self.fits) {
                let seen = stimulus.column(t);
                let drive = seen.iter().zip(fit.model.weights());
                *eta = fit.model.intercept() + drive.map(|(x, w)| x * w).sum::<f64>();
            }
            for lag in 0..lags.min(t) {
                for from in 0..units {
                    let y: f64 = out[(from, t - 1 - lag)];
                    if y != 0.0 {
                        let at = (lag * units + from) * units;
                        for (eta, h) in linear.iter_mut().zip(&taps[at..at + units]) {
                            *eta += h * y;
                        }
                    }
                }
            }
            for (unit, eta) in linear.iter().enumerate() {
                out[(unit, t)] = draw(neuropil_math::elementary::scalar::exp(*eta), rng)?;
            }
        }
        Ok(out)
    }

    /// The rates in hertz of expected counts in bins of `width` seconds.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and [`Error::OutOfRange`] for a width that is not positive.
    pub fn rates(
        &self,
        stimulus: &DMatrix<f64>,
        counts: &DMatrix<f64>,
        width: f64,
    ) -> Result<DMatrix<f64>, Error> {
        check_positive("the width of a bin", width)?;
        Ok(self.predict(stimulus, counts)? / width)
    }
}
