use nalgebra::DMatrix;
use neuropil_math::linalg::{Cholesky, gram, matmul, transposed};

use crate::Error;
use crate::error::{check_enough, check_finite, check_shape};

/// Units with the rate $b + d \cos(\theta - \phi)$ for the direction θ, and the population vector.
///
/// Baseline $b$, depth $d$ and preferred direction φ are those of least squares. The population vector
/// points each unit into its preferred direction, as far as its rate is from its baseline:
/// $\sum_i \frac{r_i - b_i}{d_i} (\cos \phi_i, \sin \phi_i)$. Georgopoulos, Schwartz and Kettner,
/// *Neuronal population coding of movement direction*, Science 233 (1986).
///
/// ```
/// use core::f64::consts::FRAC_PI_2;
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::decode::CosineTuning;
///
/// let directions = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let preferred = [0.0, FRAC_PI_2, 2.5, -1.0];
/// let rates = DMatrix::from_fn(4, 6, |i, t| 10.0 + 5.0 * (directions[t] - preferred[i]).cos());
/// let tuning = CosineTuning::fit(&directions, &rates)?;
/// assert!((tuning.preferred()[1] - FRAC_PI_2).abs() < 1e-12);
///
/// let vectors = tuning.population_vector(&rates)?;
/// assert_eq!(vectors.shape(), (2, 6));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CosineTuning {
    baseline: Vec<f64>,
    depth: Vec<f64>,
    preferred: Vec<f64>,
}

impl CosineTuning {
    /// Fits the rates, units × trials, of the trials' directions in radians.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many directions as trials, [`Error::TooFew`] without units or
    /// with fewer than three trials, [`Error::NonFinite`], [`Error::Math`] if there are fewer than three
    /// different directions.
    pub fn fit(directions: &[f64], rates: &DMatrix<f64>) -> Result<Self, Error> {
        check_shape("directions", rates.ncols(), directions.len())?;
        check_enough("units", 1, rates.nrows())?;
        check_enough("trials", 3, rates.ncols())?;
        check_finite("the directions", directions)?;
        check_finite("the rates", rates.as_slice())?;
        let design = DMatrix::from_fn(3, directions.len(), |i, t| match i {
            0 => 1.0,
            1 => directions[t].cos(),
            _ => directions[t].sin(),
        });
        let mut fitted = matmul(&design, transposed(rates))?;
        let normal = gram(&design)?;
        // Two directions make the matrix singular but for rounding: refused, not fitted.
        let cholesky = Cholesky::new(normal)?;
        let factor = cholesky.factor();
        for index in 0..3 {
            let pivot = factor[(index, index)].powi(2);
            if pivot < 1e-12 * directions.len() as f64 {
                return Err(neuropil_math::Error::NotPositiveDefinite { index, pivot }.into());
            }
        }
        cholesky.solve_in_place(&mut fitted)?;
        let columns = || fitted.column_iter();
        Ok(Self {
            baseline: columns().map(|c| c[0]).collect(),
            depth: columns().map(|c| c[1].hypot(c[2])).collect(),
            preferred: columns().map(|c| c[2].atan2(c[1])).collect(),
        })
    }

    /// Baselines, depths and preferred directions that are known, one of each per unit.
    ///
    /// # Errors
    /// [`Error::Shape`] if their numbers differ, [`Error::TooFew`] without units, [`Error::NonFinite`],
    /// [`Error::OutOfRange`] for a negative depth.
    pub fn from_parts(
        baseline: Vec<f64>,
        depth: Vec<f64>,
        preferred: Vec<f64>,
    ) -> Result<Self, Error> {
        check_enough("units", 1, baseline.len())?;
        check_shape("depths", baseline.len(), depth.len())?;
        check_shape("preferred directions", baseline.len(), preferred.len())?;
        check_finite("the baselines", &baseline)?;
        crate::error::check_not_negative("a depth", &depth)?;
        check_finite("the preferred directions", &preferred)?;
        Ok(Self {
            baseline,
            depth,
            preferred,
        })
    }

    /// The mean rate of each unit over all directions.
    #[must_use]
    pub fn baseline(&self) -> &[f64] {
        &self.baseline
    }

    /// How far the rate of each unit rises over its baseline.
    #[must_use]
    pub fn depth(&self) -> &[f64] {
        &self.depth
    }

    /// The preferred direction of each unit in radians, from -π to π if it was fitted.
    #[must_use]
    pub fn preferred(&self) -> &[f64] {
        &self.preferred
    }

    /// The rate of each unit, units × directions; negative where the cosine is.
    #[must_use]
    pub fn rates(&self, directions: &[f64]) -> DMatrix<f64> {
        DMatrix::from_fn(self.baseline.len(), directions.len(), |i, t| {
            self.baseline[i] + self.depth[i] * (directions[t] - self.preferred[i]).cos()
        })
    }

    /// The population vector of rates, units × trials: 2 × trials. Units without tuning have no part in it.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of units, [`Error::NonFinite`].
    pub fn population_vector(&self, rates: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let units = self.baseline.len();
        check_shape("units", units, rates.nrows())?;
        check_finite("the rates", rates.as_slice())?;
        let mut out = DMatrix::zeros(2, rates.ncols());
        for (mut vector, rates) in out.column_iter_mut().zip(rates.column_iter()) {
            for unit in (0..units).filter(|&i| self.depth[i] > 0.0) {
                let weight = (rates[unit] - self.baseline[unit]) / self.depth[unit];
                vector[0] += weight * self.preferred[unit].cos();
                vector[1] += weight * self.preferred[unit].sin();
            }
        }
        Ok(out)
    }

    /// The direction of the population vector of each trial in radians, from -π to π; `None` if it has no
    /// length.
    ///
    /// # Errors
    /// As [`population_vector`](Self::population_vector).
    pub fn decode(&self, rates: &DMatrix<f64>) -> Result<Vec<Option<f64>>, Error> {
        let vectors = self.population_vector(rates)?;
        Ok(vectors
            .column_iter()
            .map(|v| (v[0] != 0.0 || v[1] != 0.0).then(|| v[1].atan2(v[0])))
            .collect())
    }
}
