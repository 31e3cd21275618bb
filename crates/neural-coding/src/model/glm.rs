use nalgebra::DMatrix;
use neuropil_math::elementary;
use neuropil_math::linalg::{Cholesky, Workspace, gram_add_in, matmul_into};
use rand::Rng;
use rand_distr::{Distribution, Poisson};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_enough, check_finite, check_not_negative, check_shape};

/// Samples that are gone through at a time: the weighted copy of them stays in the cache.
const BLOCK: usize = 1024;

/// The largest expected count from which is drawn.
const LARGEST: f64 = 1e9;

/// How a [`PoissonGlm`] is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoissonGlmConfig {
    /// The penalty λ of $\frac{\lambda}{2} \lVert w \rVert^2$, beside the sum over all bins (not their mean, by
    /// which other libraries scale). The intercept is not penalised.
    pub lambda: f64,
    /// The most steps of Newton's method.
    pub iterations: usize,
    /// Fitted once a full step changes no parameter by more than this, relative to 1 or to the
    /// largest parameter.
    pub tolerance: f64,
}

impl Default for PoissonGlmConfig {
    fn default() -> Self {
        Self {
            lambda: 0.0,
            iterations: 50,
            tolerance: 1e-7,
        }
    }
}

/// Spike counts whose expectation is $\mu = e^{w \cdot x + b}$: a generalised linear model of Poisson
/// counts with the canonical link.
///
/// The log-likelihood $\sum_t y_t \ln \mu_t - \mu_t - \ln y_t!$ is concave; Newton's method with the
/// exact Hessian finds its maximum in a few passes over the data (iteratively reweighted least squares;
/// McCullagh and Nelder, *Generalized Linear Models*, 1989; Truccolo et al., Journal of Neurophysiology
/// 93, 2005).
///
/// Expectations are counts per bin: the logarithm of the width of a bin is part of the intercept, and
/// $\mu$ over the width is a rate in hertz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoissonGlm {
    weights: Vec<f64>,
    intercept: f64,
}

/// A fitted model and how the fit ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PoissonGlmFit {
    /// The model.
    pub model: PoissonGlm,
    /// The log-likelihood of the data, without the penalty.
    pub log_likelihood: f64,
    /// The steps that were made.
    pub iterations: usize,
    /// Whether the last step was small enough. It never is if the likelihood has no maximum, as where
    /// a feature is only ever positive in bins without spikes; a penalty gives it one.
    pub converged: bool,
}

impl PoissonGlm {
    /// The model with these weights, one per feature.
    ///
    /// # Errors
    /// [`Error::NonFinite`] for NaN and infinity.
    pub fn from_parts(weights: Vec<f64>, intercept: f64) -> Result<Self, Error> {
        check_finite("the weights", &weights)?;
        check_finite("the intercept", &[intercept])?;
        Ok(Self { weights, intercept })
    }

    /// Fits features × bins to the count of each bin.
    ///
    /// Minimises $\sum_t \mu_t - y_t \ln \mu_t + \frac{\lambda}{2} \lVert w \rVert^2$. Counts may be any
    /// numbers that are not negative.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many counts as bins, [`Error::NonFinite`],
    /// [`Error::OutOfRange`] for negative counts, penalty or tolerance, [`Error::TooFew`] without
    /// features or without any spike, [`Error::Math`] if features are linearly dependent and there is
    /// no penalty.
    pub fn fit(
        features: &DMatrix<f64>,
        counts: &[f64],
        config: &PoissonGlmConfig,
    ) -> Result<PoissonGlmFit, Error> {
        check_enough("features", 1, features.nrows())?;
        check_counts(features, counts)?;
        check_finite("the features", features.as_slice())?;
        check_not_negative("the penalty", &[config.lambda])?;
        check_not_negative("the tolerance", &[config.tolerance])?;
        let spikes: f64 = counts.iter().sum();
        if spikes <= 0.0 {
            return Err(Error::TooFew {
                what: "spikes",
                needed: 1,
                found: 0,
            });
        }
        let mut data = Data::new(features, counts, config.lambda);
        let size = features.nrows() + 1;
        let mut parameters = vec![0.0; size];
        parameters[size - 1] = (spikes / counts.len() as f64).ln();
        let mut at = data.evaluate(&parameters)?;
        let mut converged = false;
        let mut iterations = 0;
        while iterations < config.iterations && !converged {
            iterations += 1;
            let mut step = DMatrix::from_column_slice(size, 1, &at.gradient);
            match Cholesky::new(at.hessian) {
                Ok(hessian) => hessian.solve_in_place(&mut step)?,
                // On the way to a maximum at infinity the curvature falls below the rounding.
                Err(_) if iterations > 1 => break,
                Err(error) => return Err(error.into()),
            }
            // Halved where the full step overshoots: far from the maximum the exponential is not a
            // parabola.
            let mut fraction = 1.0;
            let rounding = 1e-14 * at.objective.abs().max(spikes);
            let (tried, next) = loop {
                let tried: Vec<f64> = parameters
                    .iter()
                    .zip(step.as_slice())
                    .map(|(p, s)| p - fraction * s)
                    .collect();
                let next = data.evaluate(&tried)?;
                if next.objective <= at.objective + rounding || fraction < 1e-9 {
                    break (tried, next);
                }
                fraction *= 0.5;
            };
            if !next.objective.is_finite() {
                break;
            }
            let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            let small = config.tolerance * largest(&tried).max(1.0);
            converged = fraction == 1.0 && largest(step.as_slice()) <= small;
            parameters = tried;
            at = next;
        }
        let intercept = parameters.pop().unwrap_or_default();
        let model = Self {
            weights: parameters,
            intercept,
        };
        Ok(PoissonGlmFit {
            log_likelihood: model.log_likelihood(features, counts)?,
            model,
            iterations,
            converged,
        })
    }

    /// The weight of each feature.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The logarithm of the expected count where all features are zero.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The logarithm of the expected count of each bin.
    fn linear(&self, features: &DMatrix<f64>) -> Result<Vec<f64>, Error> {
        check_shape("features", self.weights.len(), features.nrows())?;
        let weights = DMatrix::from_row_slice(1, self.weights.len(), &self.weights);
        let mut out = DMatrix::from_element(1, features.ncols(), self.intercept);
        matmul_into(1.0, &weights, features, 1.0, &mut out)?;
        let out = Vec::from(out.data);
        check_finite("the logarithm of expected counts", &out)?;
        Ok(out)
    }

    /// The expected count of each bin; infinite where it overflows.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features, [`Error::NonFinite`] if features are not finite.
    pub fn predict(&self, features: &DMatrix<f64>) -> Result<Vec<f64>, Error> {
        let mut out = self.linear(features)?;
        elementary::exp(&mut out);
        Ok(out)
    }

    /// $\sum_t y_t \ln \mu_t - \mu_t - \ln y_t!$ in nats.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and [`Error::Shape`] or [`Error::OutOfRange`] for counts that do
    /// not match or are negative.
    pub fn log_likelihood(&self, features: &DMatrix<f64>, counts: &[f64]) -> Result<f64, Error> {
        let factorials: f64 = counts.iter().map(|&y| ln_factorial(y)).sum();
        Ok(self.kernel(features, counts)? - factorials)
    }

    /// The log-likelihood without the factorials, which no model changes.
    fn kernel(&self, features: &DMatrix<f64>, counts: &[f64]) -> Result<f64, Error> {
        check_counts(features, counts)?;
        let linear = self.linear(features)?;
        let mut expected = linear.clone();
        elementary::exp(&mut expected);
        let terms = counts.iter().zip(&linear).zip(&expected);
        Ok(terms.map(|((y, eta), mu)| y * eta - mu).sum())
    }

    /// How much better than a constant rate the model predicts, in bits for each spike:
    /// $(L - L_0)/(n \ln 2)$, where $L_0$ is that of the mean of these counts. It is negative for a
    /// model that predicts worse, and `None` without any spike.
    ///
    /// # Errors
    /// As [`log_likelihood`](Self::log_likelihood).
    pub fn bits_per_spike(
        &self,
        features: &DMatrix<f64>,
        counts: &[f64],
    ) -> Result<Option<f64>, Error> {
        let kernel = self.kernel(features, counts)?;
        let spikes: f64 = counts.iter().sum();
        let gain = kernel - constant(counts);
        Ok((spikes > 0.0).then(|| gain / (spikes * core::f64::consts::LN_2)))
    }

    /// Twice what the log-likelihood falls short of that of a model with a parameter for each bin,
    /// $2 \sum_t y_t \ln(y_t/\mu_t) - (y_t - \mu_t)$.
    ///
    /// # Errors
    /// As [`log_likelihood`](Self::log_likelihood).
    pub fn deviance(&self, features: &DMatrix<f64>, counts: &[f64]) -> Result<f64, Error> {
        Ok(2.0 * (saturated(counts) - self.kernel(features, counts)?))
    }

    /// The share of the deviance of a constant rate that the model explains (pseudo-$R^2$ of Cohen);
    /// `None` if the counts are all the same.
    ///
    /// # Errors
    /// As [`log_likelihood`](Self::log_likelihood).
    pub fn explained_deviance(
        &self,
        features: &DMatrix<f64>,
        counts: &[f64],
    ) -> Result<Option<f64>, Error> {
        let kernel = self.kernel(features, counts)?;
        let (best, constant) = (saturated(counts), constant(counts));
        let varies = counts.windows(2).any(|pair| pair[0] != pair[1]);
        Ok(varies.then(|| 1.0 - (best - kernel) / (best - constant)))
    }

    /// Draws the count of each bin, all independent.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and [`Error::OutOfRange`] if more than 10⁹ spikes are expected in
    /// a bin.
    pub fn simulate<R: Rng + ?Sized>(
        &self,
        features: &DMatrix<f64>,
        rng: &mut R,
    ) -> Result<Vec<f64>, Error> {
        let expected = self.predict(features)?;
        expected.into_iter().map(|mu| draw(mu, rng)).collect()
    }
}

/// A Poisson count.
pub(super) fn draw<R: Rng + ?Sized>(expected: f64, rng: &mut R) -> Result<f64, Error> {
    if expected > LARGEST || expected.is_nan() {
        return Err(Error::OutOfRange {
            what: "the expected count of a bin",
            value: expected,
            range: "must be at most 1e9",
        });
    }
    // An expectation that has become zero has no spikes, and no distribution.
    Ok(Poisson::new(expected).map_or(0.0, |poisson| poisson.sample(rng)))
}

fn check_counts(features: &DMatrix<f64>, counts: &[f64]) -> Result<(), Error> {
    check_shape("counts", features.ncols(), counts.len())?;
    check_enough("bins", 1, counts.len())?;
    check_not_negative("a count", counts)
}

/// The log-likelihood of the mean count, without factorials; 0 without spikes.
fn constant(counts: &[f64]) -> f64 {
    let spikes: f64 = counts.iter().sum();
    if spikes > 0.0 {
        spikes * ((spikes / counts.len() as f64).ln() - 1.0)
    } else {
        0.0
    }
}

/// The log-likelihood if every count is expected as it is, without factorials.
fn saturated(counts: &[f64]) -> f64 {
    let spiking = counts.iter().filter(|y| **y > 0.0);
    spiking.map(|y| y * y.ln() - y).sum()
}

/// $\ln y!$, also between whole numbers: Stirling's series, after shifting small arguments up.
fn ln_factorial(y: f64) -> f64 {
    if y == 0.0 || y == 1.0 {
        return 0.0;
    }
    let mut x = y + 1.0;
    let mut product = 1.0;
    while x < 12.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * core::f64::consts::PI).ln() + series - product.ln()
}

/// What is minimised, at some parameters.
struct Evaluation {
    objective: f64,
    gradient: Vec<f64>,
    hessian: DMatrix<f64>,
}

/// The data and the memory of the passes over them.
struct Data<'a> {
    features: &'a DMatrix<f64>,
    counts: &'a [f64],
    lambda: f64,
    /// The features of a block and a row of ones, each sample times √μ.
    weighted: DMatrix<f64>,
    workspace: Workspace,
}

impl<'a> Data<'a> {
    fn new(features: &'a DMatrix<f64>, counts: &'a [f64], lambda: f64) -> Self {
        let block = BLOCK.min(counts.len());
        Self {
            features,
            counts,
            lambda,
            weighted: DMatrix::zeros(features.nrows() + 1, block),
            workspace: Workspace::default(),
        }
    }

    /// Objective, gradient and Hessian in one pass; the last two are only there if the first is finite.
    fn evaluate(&mut self, parameters: &[f64]) -> Result<Evaluation, Error> {
        let size = parameters.len();
        let (weights, intercept) = (&parameters[..size - 1], parameters[size - 1]);
        let row = DMatrix::from_row_slice(1, size - 1, weights);
        let square: f64 = weights.iter().map(|w| w * w).sum();
        let mut at = Evaluation {
            objective: 0.5 * self.lambda * square,
            gradient: weights.iter().map(|w| self.lambda * w).collect(),
            hessian: DMatrix::zeros(size, size),
        };
        let mut slope = DMatrix::from_column_slice(size - 1, 1, &at.gradient);
        let mut slope_of_intercept = 0.0;
        for first in (0..self.counts.len()).step_by(BLOCK) {
            let counts = &self.counts[first..self.counts.len().min(first + BLOCK)];
            let block = self.features.columns(first, counts.len());
            let mut linear = DMatrix::from_element(1, counts.len(), intercept);
            matmul_into(1.0, &row, &block, 1.0, &mut linear)?;
            let mut expected = linear.clone();
            elementary::exp(expected.as_mut_slice());
            let terms = expected.iter().zip(linear.iter()).zip(counts);
            at.objective += terms.map(|((mu, eta), y)| mu - y * eta).sum::<f64>();
            if !at.objective.is_finite() {
                // A step too far: NaN compares as no improvement either.
                at.objective = f64::INFINITY;
                return Ok(at);
            }
            let residuals = DMatrix::from_iterator(
                counts.len(),
                1,
                expected.iter().zip(counts).map(|(mu, y)| mu - y),
            );
            matmul_into(1.0, &block, &residuals, 1.0, &mut slope)?;
            slope_of_intercept += residuals.sum();
            let samples = self.features.as_slice()[first * (size - 1)..].chunks_exact(size - 1);
            let outs = self.weighted.as_mut_slice().chunks_exact_mut(size);
            for ((out, sample), mu) in outs.zip(samples).zip(expected.iter()) {
                let root = mu.sqrt();
                for (o, x) in out.iter_mut().zip(sample) {
                    *o = root * x;
                }
                out[size - 1] = root;
            }
            let weighted = self.weighted.columns(0, counts.len());
            gram_add_in(&mut at.hessian, &weighted, &mut self.workspace)?;
        }
        for i in 0..size - 1 {
            at.hessian[(i, i)] += self.lambda;
        }
        at.gradient.copy_from_slice(slope.as_slice());
        at.gradient.push(slope_of_intercept);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_are_those_of_whole_numbers_and_of_gamma() {
        let mut product = 1.0_f64;
        for n in 1..30 {
            product *= f64::from(n);
            let error = ln_factorial(f64::from(n)) - product.ln();
            assert!(error.abs() < 1e-14 * product.ln().max(1.0), "{n}: {error}");
        }
        // Γ(3/2) = √π/2.
        let half = (core::f64::consts::PI.sqrt() / 2.0).ln();
        assert!((ln_factorial(0.5) - half).abs() < 1e-14);
    }
}
