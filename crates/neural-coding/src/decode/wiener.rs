use nalgebra::DMatrix;
use neuropil_math::ridge::{Ridge, RidgeConfig};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_enough, check_finite, check_shape};

/// How a [`Wiener`] decoder is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WienerConfig {
    /// How many bins each estimate sees, the present one included. 1 is the optimal linear estimator of
    /// the present counts.
    pub lags: usize,
    /// The penalty on the squares of the weights, as in [`RidgeConfig`]; the constant is free.
    pub lambda: f64,
}

impl Default for WienerConfig {
    fn default() -> Self {
        Self {
            lags: 1,
            lambda: 0.0,
        }
    }
}

/// The linear estimate of a signal from counts, $\hat x(t) = b + \sum_{k=0}^{K-1} W_k z(t - k)$, with the
/// least squared error over the data that it was fitted to.
///
/// Without lags it is the optimal linear estimator (Salinas and Abbott, Journal of Computational
/// Neuroscience 1, 1994), with them the Wiener filter of decoding (Warland, Reinagel and Meister, Journal
/// of Neurophysiology 78, 1997).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::decode::{Wiener, WienerConfig};
///
/// let counts = DMatrix::from_fn(3, 200, |i, t| ((i + 2) * t % 7) as f64);
/// let signal = DMatrix::from_fn(1, 200, |_, t| {
///     counts[(0, t)] - if t > 0 { 0.5 * counts[(2, t - 1)] } else { 0.0 }
/// });
/// let decoder = Wiener::fit(&counts, &signal, &WienerConfig { lags: 2, ..WienerConfig::default() })?;
/// // The first estimate is that of bin 1.
/// let estimate = decoder.predict(&counts)?;
/// assert_eq!(estimate.shape(), (1, 199));
/// assert!((estimate[(0, 10)] - signal[(0, 11)]).abs() < 1e-6);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Wiener {
    ridge: Ridge<f64>,
    lags: usize,
    units: usize,
}

impl Wiener {
    /// Fits counts, units × bins, to a signal, dimensions × bins. The first `lags - 1` bins are not
    /// fitted: their past is not known.
    ///
    /// # Errors
    /// [`Error::Shape`] if the numbers of bins differ, [`Error::TooFew`] without units, lags or
    /// dimensions or with fewer bins than lags, [`Error::NonFinite`], [`Error::Math`] for a penalty that
    /// the regression refuses.
    pub fn fit(
        counts: &DMatrix<f64>,
        signal: &DMatrix<f64>,
        config: &WienerConfig,
    ) -> Result<Self, Error> {
        check_shape("bins of the signal", counts.ncols(), signal.ncols())?;
        check_enough("dimensions of the signal", 1, signal.nrows())?;
        check_finite("the signal", signal.as_slice())?;
        let features = windows(counts, config.lags)?;
        let targets = signal
            .columns(config.lags - 1, features.ncols())
            .into_owned();
        let ridge = RidgeConfig {
            lambda: config.lambda,
            intercept: true,
            ..RidgeConfig::default()
        };
        Ok(Self {
            ridge: Ridge::fit(&features, &targets, &ridge)?,
            lags: config.lags,
            units: counts.nrows(),
        })
    }

    /// The estimates of every bin whose past is known: dimensions × (bins - lags + 1), from bin
    /// `lags - 1` on.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of units, [`Error::TooFew`] with fewer bins than lags,
    /// [`Error::NonFinite`].
    pub fn predict(&self, counts: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        check_shape("units", self.units, counts.nrows())?;
        Ok(self.ridge.predict(&windows(counts, self.lags)?)?)
    }

    /// The weights, dimensions × (units × lags): those of the present counts, then of the bin before,
    /// and so on.
    #[must_use]
    pub fn weights(&self) -> &DMatrix<f64> {
        self.ridge.weights()
    }

    /// The constant of each dimension.
    #[must_use]
    pub fn intercept(&self) -> &[f64] {
        self.ridge.intercept().as_slice()
    }

    /// How many bins each estimate sees.
    #[must_use]
    pub fn lags(&self) -> usize {
        self.lags
    }
}

/// The counts of the present bin and those before it under each other, for every bin that has them.
fn windows(counts: &DMatrix<f64>, lags: usize) -> Result<DMatrix<f64>, Error> {
    let units = counts.nrows();
    check_enough("units", 1, units)?;
    check_enough("lags", 1, lags)?;
    check_enough("bins", lags, counts.ncols())?;
    check_finite("the counts", counts.as_slice())?;
    let bins = counts.ncols() - lags + 1;
    let size = units.saturating_mul(lags).saturating_mul(bins);
    let limit = isize::MAX as usize / size_of::<f64>() / 2;
    if size > limit || Vec::<f64>::new().try_reserve_exact(size).is_err() {
        return Err(Error::TooLarge {
            what: "windows of counts",
            size,
            limit,
        });
    }
    let mut out = DMatrix::zeros(units * lags, bins);
    for lag in 0..lags {
        out.rows_mut(lag * units, units)
            .copy_from(&counts.columns(lags - 1 - lag, bins));
    }
    Ok(out)
}
