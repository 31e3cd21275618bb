use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use neuropil_math::vectors::{Kernel, widest};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::online::linear::{
    Linear, axpy, check_columns, check_positive, dot_inline, expect, expect_finite, malformed,
    zeros,
};

const MODEL: &str = "rls";

/// A direction that is not excited loses its past, and its variance grows by 1/β with every sample.
/// It stops here: with larger ones the squares of features overflow.
const LARGEST_VARIANCE: f64 = 1e150;

/// The settings of [`Rls`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RlsConfig {
    /// The penalty λ > 0 on the squared weights; the first covariance is $P = I/\lambda$.
    pub lambda: f64,
    /// The forgetting factor β in (0, 1]: a sample that is n steps old counts $\beta^n$. It remembers
    /// some $1/(1-\beta)$ samples.
    pub forgetting: f64,
    /// Whether there is an intercept, free of the penalty as that of [`Ridge`](crate::Ridge).
    pub intercept: bool,
}

impl Default for RlsConfig {
    /// λ = 10⁻⁶, nothing is forgotten, an intercept.
    fn default() -> Self {
        Self {
            lambda: 1e-6,
            forgetting: 1.0,
            intercept: true,
        }
    }
}

impl RlsConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_positive("lambda", self.lambda)?;
        // The inverse is the first variance.
        check_positive("1 / lambda", 1.0 / self.lambda)?;
        if self.forgetting > 0.0 && self.forgetting <= 1.0 {
            Ok(())
        } else {
            Err(neuropil_math::Error::OutOfRange {
                what: "forgetting",
                value: self.forgetting,
                range: "must be in (0, 1]",
            }
            .into())
        }
    }
}

/// Recursive least squares: after every sample the ridge regression of all samples so far.
///
/// After t samples the weights $W$ (outputs × features) and the intercept $b$ minimise
/// $$\sum_{i=1}^t \beta^{t-i} \lVert y_i - W x_i - b\rVert^2 + \lambda \beta^t \lVert W - W_0\rVert_F^2,$$
/// with $W_0 = 0$ unless it starts [from weights](Self::with_weights). For β = 1 that is the solution of
/// [`Ridge`](crate::Ridge) with the same λ, up to rounding, after every single sample. With the gain
/// $$k = \frac{P x}{\beta + x^T P x}, \qquad W \leftarrow W + (y - W x) k^T, \qquad
/// P \leftarrow (P - k x^T P)/\beta,$$
/// one sample costs $3p^2 + 4pq$ operations with p features and q outputs.
///
/// # Numerics
/// $P$ is kept as $U D U^T$ with a unit triangular $U$ and a positive diagonal $D$, which are updated in
/// one pass over the triangle[^bierman]: $P$ cannot lose its symmetry or become indefinite, which is how
/// the formula above fails after many steps. The intercept is exact and free of the penalty: the
/// regression is of the deviations from the running means, of which each sample contributes
/// $\sqrt{\beta s/(\beta s + 1)} (x - \bar x)$ with $s$ the weight of the samples before it, and
/// $b = \bar y - W \bar x$.
///
/// With β < 1 the penalty is forgotten, too. Features that stay constant for long then leave the
/// weights open: the variance grows by 1/β per sample (to at most 10¹⁵⁰), and the first sample that
/// differs determines them alone.
///
/// Source: Haykin, *Adaptive Filter Theory*, chapter 10 (the recursion); its use for reservoirs is
/// Jaeger, *Adaptive nonlinear system identification with echo state networks*, NIPS 2002.
///
/// ```
/// use neuropil_reservoir::{Rls, RlsConfig};
///
/// // y = 2 x₀ - x₁ + 1, one sample at a time.
/// let mut readout = Rls::new(RlsConfig::default(), 2, 1)?;
/// let mut y = [0.0];
/// for t in 0..50 {
///     let x = [(t as f64).sin(), (1.7 * t as f64).cos()];
///     readout.step(&x, &[2.0 * x[0] - x[1] + 1.0], &mut y)?;
/// }
/// readout.predict(&[1.0, 1.0], &mut y)?;
/// assert!((y[0] - 2.0).abs() < 1e-6);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// [^bierman]: Bierman, *Factorization Methods for Discrete Sequential Estimation* (1977), chapter V.
#[derive(Debug, Clone)]
pub struct Rls {
    config: RlsConfig,
    linear: Linear,
    /// Column after column above the diagonal: column j has j elements.
    upper: Vec<f64>,
    diagonal: Vec<f64>,
    feature_means: Vec<f64>,
    target_means: Vec<f64>,
    /// $\sum_i \beta^{t-i}$.
    weight: f64,
    steps: u64,
    /// Memory to work in, as is the next.
    deviation: Vec<f64>,
    gain: Vec<f64>,
}

impl PartialEq for Rls {
    /// Whether they go on in the same way.
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config
            && self.linear == other.linear
            && self.upper == other.upper
            && self.diagonal == other.diagonal
            && self.feature_means == other.feature_means
            && self.target_means == other.target_means
            && self.weight == other.weight
            && self.steps == other.steps
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RlsFile {
    config: RlsConfig,
    features: usize,
    outputs: usize,
    steps: u64,
    weight: f64,
    /// Output after output.
    weights: Vec<f64>,
    intercept: Vec<f64>,
    feature_means: Vec<f64>,
    target_means: Vec<f64>,
    diagonal: Vec<f64>,
    upper: Vec<f64>,
}

impl Rls {
    /// A readout that has seen nothing: all weights are zero.
    ///
    /// # Errors
    /// If there are no features or outputs, λ is not finite and above 0, β is not in (0, 1], or there
    /// is no memory for the covariance of so many features.
    pub fn new(config: RlsConfig, features: usize, outputs: usize) -> Result<Self, Error> {
        config.check()?;
        let linear = Linear::new(features, outputs)?;
        let above = features.checked_mul(features - 1).map(|twice| twice / 2);
        Ok(Self {
            config,
            linear,
            upper: zeros(above, features, features)?,
            diagonal: vec![1.0 / config.lambda; features],
            feature_means: vec![0.0; features],
            target_means: vec![0.0; outputs],
            weight: 0.0,
            steps: 0,
            deviation: vec![0.0; features],
            gain: vec![0.0; features],
        })
    }

    /// A readout that starts from weights $W_0$ (outputs × features), towards which it is penalised,
    /// and an intercept that holds until the first sample: those of a ridge regression, for instance.
    ///
    /// # Errors
    /// As [`new`](Self::new), if sizes disagree, a value is not finite, or there is an intercept
    /// other than 0 and the settings say that there is none.
    pub fn with_weights(
        config: RlsConfig,
        weights: &DMatrix<f64>,
        intercept: &[f64],
    ) -> Result<Self, Error> {
        let mut readout = Self::new(config, weights.ncols(), weights.nrows())?;
        readout.linear.set(weights, intercept)?;
        refuse_intercept(config.intercept, intercept)?;
        Ok(readout)
    }

    /// Predicts `out` from `features`, then learns that it should have been `target`. Allocates nothing.
    ///
    /// # Errors
    /// If a slice is of another size or holds NaN or infinity: nothing is learned then. If the squares
    /// of the features exceed the range of `f64`: the readout is of no use then.
    pub fn step<T: Real>(
        &mut self,
        features: &[T],
        target: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        self.linear.check(features, target, out)?;
        let beta = self.config.forgetting;
        for (output, y) in out.iter_mut().enumerate() {
            *y = T::of(self.linear.value(output, features));
        }
        let (scale, share) = if self.config.intercept {
            let before = beta * self.weight;
            ((before / (before + 1.0)).sqrt(), 1.0 / (before + 1.0))
        } else {
            (1.0, 0.0)
        };
        self.weight = beta * self.weight + 1.0;
        for ((deviation, mean), x) in self
            .deviation
            .iter_mut()
            .zip(&mut self.feature_means)
            .zip(features)
        {
            let apart = x.to_f64() - *mean;
            *deviation = scale * apart;
            *mean += share * apart;
        }
        let innovation = widest(Update {
            upper: &mut self.upper,
            diagonal: &mut self.diagonal,
            gain: &mut self.gain,
            x: &self.deviation,
            beta,
        });
        if !innovation.is_finite() {
            return Err(neuropil_math::Error::Undefined {
                what: "the gain of recursive least squares",
                why: "the squares of the features exceed the range of f64",
            }
            .into());
        }
        for (output, (mean, target)) in self.target_means.iter_mut().zip(target).enumerate() {
            let row = self.linear.row_mut(output);
            let apart = target.to_f64() - *mean;
            let error = scale * apart - super::linear::dot(row, &self.deviation);
            axpy(error / innovation, &self.gain, row);
            if self.config.intercept {
                *mean += share * apart;
                let offset = super::linear::dot(row, &self.feature_means);
                self.linear.intercept[output] = *mean - offset;
            }
        }
        self.steps += 1;
        Ok(())
    }

    /// [`step`](Self::step) for every column of `features` (features × samples) and `targets` (outputs ×
    /// samples): the prediction of each sample before it was learned, outputs × samples.
    ///
    /// # Errors
    /// If the sizes disagree or a value is NaN or infinite (nothing is learned then), or as
    /// [`step`](Self::step).
    pub fn learn<T: Real>(
        &mut self,
        features: &DMatrix<T>,
        targets: &DMatrix<T>,
    ) -> Result<DMatrix<T>, Error> {
        let sizes = (self.linear.features, self.linear.outputs);
        learn_columns(sizes, features, targets, |x, y, out| self.step(x, y, out))
    }

    /// Writes $W x + b$ into `out`. Allocates nothing.
    ///
    /// # Errors
    /// If a slice is of another size, or a feature is NaN or infinite.
    pub fn predict<T: Real>(&self, features: &[T], out: &mut [T]) -> Result<(), Error> {
        self.linear.predict(features, out)
    }

    /// Forgets all samples and weights.
    pub fn reset(&mut self) {
        self.linear.weights.fill(0.0);
        self.linear.intercept.fill(0.0);
        self.upper.fill(0.0);
        self.diagonal.fill(1.0 / self.config.lambda);
        self.feature_means.fill(0.0);
        self.target_means.fill(0.0);
        self.weight = 0.0;
        self.steps = 0;
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &RlsConfig {
        &self.config
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.linear.features
    }

    /// The number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.linear.outputs
    }

    /// How many samples it has learned from.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// A copy of $W$, outputs × features.
    #[must_use]
    pub fn weights(&self) -> DMatrix<f64> {
        self.linear.matrix()
    }

    /// $b$, one for each output; zeros without intercept.
    #[must_use]
    pub fn intercept(&self) -> &[f64] {
        &self.linear.intercept
    }

    /// $P = (\sum_i \beta^{t-i} x_i x_i^T + \lambda \beta^t I)^{-1}$, features × features; with an intercept of the
    /// features' deviations from their means. Times the variance of the noise it is the covariance of
    /// the weights of one output.
    #[must_use]
    pub fn covariance(&self) -> DMatrix<f64> {
        let n = self.linear.features;
        let upper = |i: usize, j: usize| match i.cmp(&j) {
            core::cmp::Ordering::Less => self.upper[j * (j - 1) / 2 + i],
            core::cmp::Ordering::Equal => 1.0,
            core::cmp::Ordering::Greater => 0.0,
        };
        let mut p = DMatrix::zeros(n, n);
        for j in 0..n {
            for i in 0..=j {
                let sum = (j..n)
                    .map(|k| upper(i, k) * self.diagonal[k] * upper(j, k))
                    .sum();
                p[(i, j)] = sum;
                p[(j, i)] = sum;
            }
        }
        p
    }

    /// Writes settings, weights and covariance to a JSON file, from which [`load`](Self::load) goes on
    /// to the bit.
    ///
    /// # Errors
    /// If the file cannot be written, or the readout has left the finite numbers.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(save_model(path.as_ref(), MODEL, &self.to_file())?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model, or its sizes
    /// or values make no sense.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::from_file(path, load_model(path, MODEL)?)
    }

    pub(super) fn to_file(&self) -> RlsFile {
        RlsFile {
            config: self.config,
            features: self.linear.features,
            outputs: self.linear.outputs,
            steps: self.steps,
            weight: self.weight,
            weights: self.linear.weights.clone(),
            intercept: self.linear.intercept.clone(),
            feature_means: self.feature_means.clone(),
            target_means: self.target_means.clone(),
            diagonal: self.diagonal.clone(),
            upper: self.upper.clone(),
        }
    }

    pub(super) fn from_file(path: &Path, file: RlsFile) -> Result<Self, Error> {
        file.config
            .check()
            .map_err(|e| malformed(path, e.to_string()))?;
        let (features, outputs) = (file.features, file.outputs);
        let linear = Linear::restore(path, features, outputs, file.weights, file.intercept)?;
        let above = features.saturating_mul(features - 1) / 2;
        expect(path, "upper", above, file.upper.len())?;
        expect(path, "diagonal", features, file.diagonal.len())?;
        expect(path, "feature_means", features, file.feature_means.len())?;
        expect(path, "target_means", outputs, file.target_means.len())?;
        expect_finite(path, "upper", &file.upper)?;
        expect_finite(path, "feature_means", &file.feature_means)?;
        expect_finite(path, "target_means", &file.target_means)?;
        let negative = |d: &f64| !(d.is_finite() && *d >= 0.0);
        if let Some(index) = file.diagonal.iter().position(negative) {
            let found = file.diagonal[index];
            return Err(malformed(path, format!("diagonal {index} is {found}")));
        }
        if negative(&file.weight) {
            return Err(malformed(path, format!("weight is {}", file.weight)));
        }
        Ok(Self {
            config: file.config,
            linear,
            upper: file.upper,
            diagonal: file.diagonal,
            feature_means: file.feature_means,
            target_means: file.target_means,
            weight: file.weight,
            steps: file.steps,
            deviation: vec![0.0; features],
            gain: vec![0.0; features],
        })
    }
}

pub(super) fn refuse_intercept(allowed: bool, intercept: &[f64]) -> Result<(), Error> {
    match intercept.iter().find(|&&b| b != 0.0) {
        Some(&value) if !allowed => Err(neuropil_math::Error::OutOfRange {
            what: "intercept",
            value,
            range: "must be 0 where the settings say that there is none",
        }
        .into()),
        _ => Ok(()),
    }
}

/// Calls `step` with every column of the features and of the targets, after refusing those that a readout
/// of `sizes` (features, outputs) cannot learn from; returns what `step` writes.
pub(super) fn learn_columns<T: Real>(
    sizes: (usize, usize),
    features: &DMatrix<T>,
    targets: &DMatrix<T>,
    mut step: impl FnMut(&[T], &[T], &mut [T]) -> Result<(), Error>,
) -> Result<DMatrix<T>, Error> {
    for (what, expected, found) in [
        ("rows of the features", sizes.0, features.nrows()),
        ("rows of the targets", sizes.1, targets.nrows()),
        ("columns of the targets", features.ncols(), targets.ncols()),
    ] {
        if expected != found {
            return Err(Error::Shape {
                what,
                expected,
                found,
            });
        }
    }
    check_columns("features", features)?;
    check_columns("targets", targets)?;
    let mut out = DMatrix::zeros(targets.nrows(), targets.ncols());
    for ((x, y), out) in features
        .as_slice()
        .chunks_exact(sizes.0)
        .zip(targets.as_slice().chunks_exact(sizes.1))
        .zip(out.as_mut_slice().chunks_exact_mut(sizes.1))
    {
        step(x, y, out)?;
    }
    Ok(out)
}

/// $U D U^T \leftarrow (P - P x x^T P/\alpha)/\beta$ with $\alpha = \beta + x^T P x$, which is returned; `gain`
/// becomes $P x$.
struct Update<'a> {
    upper: &'a mut [f64],
    diagonal: &'a mut [f64],
    gain: &'a mut [f64],
    x: &'a [f64],
    beta: f64,
}

impl Kernel for Update<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut alpha = self.beta;
        let mut start = 0;
        for j in 0..self.x.len() {
            let column = &mut self.upper[start..start + j];
            start += j;
            let f = self.x[j] + dot_inline(column, &self.x[..j]);
            let v = self.diagonal[j] * f;
            let before = alpha;
            alpha += f * v;
            let shrunk = self.diagonal[j] * (before / (alpha * self.beta));
            // NaN passes: what overflowed must be seen.
            self.diagonal[j] = if shrunk > LARGEST_VARIANCE {
                LARGEST_VARIANCE
            } else {
                shrunk
            };
            let factor = -f / before;
            for (u, gain) in column.iter_mut().zip(&mut self.gain[..j]) {
                let old = *u;
                *u = old + *gain * factor;
                *gain += old * v;
            }
            self.gain[j] = v;
        }
        alpha
    }
}
