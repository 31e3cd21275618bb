use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::online::linear::{Linear, axpy, check_positive, malformed};
use crate::online::rls::{learn_columns, refuse_intercept};

const MODEL: &str = "lms";

/// How far the weights move along the error of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum StepSize {
    /// Least mean squares: $\eta(x) = \eta$. Converges in the mean for η below 2 over the largest
    /// eigenvalue of $E[x x^T]$.
    Fixed(f64),
    /// Normalised least mean squares: $\eta(x) = \mu/(\epsilon + \lVert x\rVert^2)$, with the constant feature
    /// of the intercept counted in $\lVert x\rVert^2$. Stable for 0 < μ < 2 whatever the scale of the
    /// features; with μ = 1 and ε = 0 the sample is fitted exactly.
    Normalised {
        /// μ in (0, 2).
        rate: f64,
        /// ε ≥ 0, which keeps the step finite where the features vanish.
        epsilon: f64,
    },
}

/// The settings of [`Lms`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LmsConfig {
    /// The step size.
    pub step_size: StepSize,
    /// Whether there is an intercept, learned as the weight of a feature that is always 1.
    pub intercept: bool,
}

impl Default for LmsConfig {
    /// Normalised with μ = 0.5 and ε = 10⁻⁶, an intercept.
    fn default() -> Self {
        Self {
            step_size: StepSize::Normalised {
                rate: 0.5,
                epsilon: 1e-6,
            },
            intercept: true,
        }
    }
}

impl LmsConfig {
    fn check(&self) -> Result<(), Error> {
        match self.step_size {
            StepSize::Fixed(rate) => check_positive("the step size", rate),
            StepSize::Normalised { rate, epsilon } => {
                let (what, value, range) = if !(rate > 0.0 && rate < 2.0) {
                    ("rate", rate, "must be in (0, 2)")
                } else if !(epsilon >= 0.0 && epsilon.is_finite()) {
                    ("epsilon", epsilon, "must be finite and not negative")
                } else {
                    return Ok(());
                };
                Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
            }
        }
    }
}

/// Least mean squares: one step down the gradient of the squared error of each sample,
/// $$e = W x + b - y, \qquad W \leftarrow W - \eta(x) e x^T, \qquad b \leftarrow b - \eta(x) e.$$
///
/// A sample costs $4pq$ operations with p features and q outputs, against $3p^2$ more of
/// [`Rls`](crate::Rls). The price is the rate: LMS converges along each direction of the features in
/// proportion to their variance there, which of the states of a reservoir spans many orders of
/// magnitude. Where $3p^2$ operations per sample can be had, use [`Rls`](crate::Rls).
///
/// Source: Widrow and Hoff, *Adaptive switching circuits* (1960); for the normalised form Haykin,
/// *Adaptive Filter Theory*, chapter 7.
///
/// ```
/// use neuropil_reservoir::{Lms, LmsConfig};
///
/// let mut readout = Lms::new(LmsConfig::default(), 2, 1)?;
/// let mut y = [0.0];
/// for t in 0..500 {
///     let x = [(t as f64).sin(), (1.7 * t as f64).cos()];
///     readout.step(&x, &[2.0 * x[0] - x[1] + 1.0], &mut y)?;
/// }
/// readout.predict(&[1.0, 1.0], &mut y)?;
/// assert!((y[0] - 2.0).abs() < 1e-5);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Lms {
    config: LmsConfig,
    linear: Linear,
    steps: u64,
    /// Memory to work in.
    errors: Vec<f64>,
}

impl PartialEq for Lms {
    /// Whether they go on in the same way.
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.linear == other.linear && self.steps == other.steps
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LmsFile {
    config: LmsConfig,
    features: usize,
    outputs: usize,
    steps: u64,
    /// Output after output.
    weights: Vec<f64>,
    intercept: Vec<f64>,
}

impl Lms {
    /// A readout that has seen nothing: all weights are zero.
    ///
    /// # Errors
    /// If there are no features or outputs, or the step size is out of its range.
    pub fn new(config: LmsConfig, features: usize, outputs: usize) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            linear: Linear::new(features, outputs)?,
            steps: 0,
            errors: vec![0.0; outputs],
        })
    }

    /// A readout that starts from weights (outputs × features) and intercepts: those of a ridge
    /// regression, for instance.
    ///
    /// # Errors
    /// As [`new`](Self::new), if sizes disagree, a value is not finite, or there is an intercept
    /// other than 0 and the settings say that there is none.
    pub fn with_weights(
        config: LmsConfig,
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
    /// If a slice is of another size or holds NaN or infinity: nothing is learned then.
    /// [`Error::Diverged`] if the prediction is not finite, because a step size that is too large made
    /// the weights grow: they are of no use then.
    pub fn step<T: Real>(
        &mut self,
        features: &[T],
        target: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        self.linear.check(features, target, out)?;
        for (output, ((y, error), target)) in
            out.iter_mut().zip(&mut self.errors).zip(target).enumerate()
        {
            let value = self.linear.value(output, features);
            *y = T::of(value);
            *error = value - target.to_f64();
            if !(error.is_finite() && y.is_finite()) {
                return Err(Error::Diverged {
                    step: usize::try_from(self.steps).unwrap_or(usize::MAX),
                    channel: output,
                });
            }
        }
        let rate = match self.config.step_size {
            StepSize::Fixed(rate) => rate,
            StepSize::Normalised { rate, epsilon } => {
                let constant = f64::from(u8::from(self.config.intercept));
                let power = squared_norm(features) + constant + epsilon;
                // Features of zero teach nothing.
                if power > 0.0 { rate / power } else { 0.0 }
            }
        };
        for output in 0..self.linear.outputs {
            let step = -rate * self.errors[output];
            axpy(step, features, self.linear.row_mut(output));
            if self.config.intercept {
                self.linear.intercept[output] += step;
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

    /// Forgets all weights.
    pub fn reset(&mut self) {
        self.linear.weights.fill(0.0);
        self.linear.intercept.fill(0.0);
        self.steps = 0;
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &LmsConfig {
        &self.config
    }

    /// Another step size from now on: a schedule is whatever the caller makes of it.
    ///
    /// # Errors
    /// If it is out of its range.
    pub fn set_step_size(&mut self, step_size: StepSize) -> Result<(), Error> {
        let config = LmsConfig {
            step_size,
            ..self.config
        };
        config.check()?;
        self.config = config;
        Ok(())
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

    /// Writes settings and weights to a JSON file, from which [`load`](Self::load) goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written, or a weight is not finite.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = LmsFile {
            config: self.config,
            features: self.linear.features,
            outputs: self.linear.outputs,
            steps: self.steps,
            weights: self.linear.weights.clone(),
            intercept: self.linear.intercept.clone(),
        };
        Ok(save_model(path.as_ref(), MODEL, &file)?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model, or its sizes
    /// or values make no sense.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file: LmsFile = load_model(path, MODEL)?;
        file.config
            .check()
            .map_err(|e| malformed(path, e.to_string()))?;
        let linear = Linear::restore(
            path,
            file.features,
            file.outputs,
            file.weights,
            file.intercept,
        )?;
        Ok(Self {
            config: file.config,
            errors: vec![0.0; linear.outputs],
            linear,
            steps: file.steps,
        })
    }
}

fn squared_norm<T: Real>(x: &[T]) -> f64 {
    x.iter().map(|x| x.to_f64() * x.to_f64()).sum()
}
