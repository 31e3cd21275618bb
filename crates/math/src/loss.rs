//! Losses of one sample, with their gradients.
//!
//! A loss is summed over the outputs of a sample; [`Loss::mean`] and [`Loss::mean_gradient`] average
//! over the samples (columns) of a batch. Values are accumulated in `f64` for `f32` too. NaN in a
//! prediction or target makes the value NaN.

use core::fmt;
use core::str::FromStr;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::elementary::scalar;
use crate::softmax::{log_mass, softmax};
use crate::{Error, Real, check_size, elementary};

/// How far a prediction $p$ is from its target $t$.
///
/// | name | $L(p, t)$ | $\partial L/\partial p_i$ |
/// |---|---|---|
/// | `squared` | $\sum_i (p_i - t_i)^2$ | $2(p_i - t_i)$ |
/// | `absolute` | $\sum_i \lvert p_i - t_i\rvert$ | $\operatorname{sign}(p_i - t_i)$, 0 at 0 |
/// | `huber` | $\sum_i \frac12 d_i^2$ for $\lvert d_i\rvert \le 1$, else $\lvert d_i\rvert - \frac12$, with $d = p - t$ | $d_i$ within $[-1, 1]$ |
/// | `cross_entropy` | $\sum_i t_i(\ln\sum_j e^{p_j} - p_i)$, $p$ logits | $\operatorname{softmax}(p)_i\sum_j t_j - t_i$ |
/// | `binary_cross_entropy` | $\sum_i \ln(1 + e^{p_i}) - t_i p_i$, $p$ logits | $\sigma(p_i) - t_i$ |
///
/// The targets of `cross_entropy` are class probabilities (for a class index see
/// [`cross_entropy_of_class`]); those of `binary_cross_entropy` are probabilities in [0, 1], one for
/// each output. Huber's loss[^huber] with another width δ is $\delta^2 L(p/\delta, t/\delta)$.
///
/// ```
/// use neuropil_math::Loss;
///
/// let mut gradient = [0.0; 2];
/// let value = Loss::Squared.gradient(&[1.0, 2.0], &[0.0, 4.0], &mut gradient)?;
/// assert_eq!((value, gradient), (5.0, [2.0, -4.0]));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// [^huber]: Huber (1964), Annals of Mathematical Statistics 35, 73.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The squared distance.
    Squared,
    /// The sum of absolute differences.
    Absolute,
    /// Quadratic within a difference of 1, linear beyond.
    Huber,
    /// The cross-entropy of class probabilities and logits.
    CrossEntropy,
    /// The cross-entropy of independent probabilities and logits.
    BinaryCrossEntropy,
}

impl Loss {
    /// All losses, in the order of their table.
    pub const ALL: [Self; 5] = [
        Self::Squared,
        Self::Absolute,
        Self::Huber,
        Self::CrossEntropy,
        Self::BinaryCrossEntropy,
    ];

    /// The name that [`Display`](fmt::Display), [`FromStr`] and serde use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Squared => "squared",
            Self::Absolute => "absolute",
            Self::Huber => "huber",
            Self::CrossEntropy => "cross_entropy",
            Self::BinaryCrossEntropy => "binary_cross_entropy",
        }
    }

    /// $L(p, t)$.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one target for each output.
    pub fn value<T: Real>(self, prediction: &[T], target: &[T]) -> Result<f64, Error> {
        check_size("targets of the outputs", prediction.len(), target.len())?;
        Ok(match self {
            Self::Squared => sum_of(prediction, target, |p, t| (p - t) * (p - t)),
            Self::Absolute => sum_of(prediction, target, |p, t| (p - t).abs()),
            Self::Huber => sum_of(prediction, target, |p, t| {
                let d = (p - t).abs();
                if d > 1.0 { d - 0.5 } else { 0.5 * d * d }
            }),
            Self::CrossEntropy => cross_entropy(prediction, target),
            Self::BinaryCrossEntropy => sum_of(prediction, target, |p, t| {
                // ln(1 + e^p) - t p, without the difference of two large numbers.
                weighted(t, scalar::softplus(-p)) + weighted(1.0 - t, scalar::softplus(p))
            }),
        })
    }

    /// $L(p, t)$; `gradient` becomes $\partial L/\partial p$.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one target and one gradient for each output.
    pub fn gradient<T: Real>(
        self,
        prediction: &[T],
        target: &[T],
        gradient: &mut [T],
    ) -> Result<f64, Error> {
        check_size("gradients of the outputs", prediction.len(), gradient.len())?;
        let value = self.value(prediction, target)?;
        let one = T::one();
        match self {
            Self::Squared => fill(prediction, target, gradient, |p, t| (p - t) + (p - t)),
            Self::Absolute => fill(prediction, target, gradient, |p, t| {
                // Not `signum`, which gives 1 at zero.
                if p > t {
                    one
                } else if p < t {
                    -one
                } else {
                    p - t
                }
            }),
            Self::Huber => fill(prediction, target, gradient, |p, t| {
                scalar::clamp(p - t, -one, one)
            }),
            Self::CrossEntropy => {
                let total = target.iter().fold(T::zero(), |s, &t| s + t);
                gradient.copy_from_slice(prediction);
                softmax(gradient, one);
                for (g, &t) in gradient.iter_mut().zip(target) {
                    *g = *g * total - t;
                }
            }
            Self::BinaryCrossEntropy => {
                gradient.copy_from_slice(prediction);
                elementary::sigmoid(gradient);
                for (g, &t) in gradient.iter_mut().zip(target) {
                    *g -= t;
                }
            }
        }
        Ok(value)
    }

    /// The mean of $L$ over the columns of a batch.
    ///
    /// # Errors
    /// - [`Error::Shape`] unless prediction and target have one shape;
    /// - [`Error::Empty`] without columns.
    pub fn mean<T: Real>(self, prediction: &DMatrix<T>, target: &DMatrix<T>) -> Result<f64, Error> {
        check_batch(prediction, target)?;
        let rows = prediction.nrows();
        let mut sum = 0.0;
        for j in 0..prediction.ncols() {
            let column = j * rows..(j + 1) * rows;
            sum += self.value(
                &prediction.as_slice()[column.clone()],
                &target.as_slice()[column],
            )?;
        }
        Ok(sum / prediction.ncols() as f64)
    }

    /// The mean of $L$ over the columns of a batch; `gradient` becomes its derivative by every
    /// prediction.
    ///
    /// # Errors
    /// - [`Error::Shape`] unless prediction, target and gradient have one shape;
    /// - [`Error::Empty`] without columns.
    pub fn mean_gradient<T: Real>(
        self,
        prediction: &DMatrix<T>,
        target: &DMatrix<T>,
        gradient: &mut DMatrix<T>,
    ) -> Result<f64, Error> {
        check_batch(prediction, target)?;
        check_batch(prediction, gradient)?;
        let rows = prediction.nrows();
        let mut sum = 0.0;
        for j in 0..prediction.ncols() {
            let column = j * rows..(j + 1) * rows;
            sum += self.gradient(
                &prediction.as_slice()[column.clone()],
                &target.as_slice()[column.clone()],
                &mut gradient.as_mut_slice()[column],
            )?;
        }
        let samples = T::of(prediction.ncols() as f64);
        for g in gradient.as_mut_slice() {
            *g /= samples;
        }
        Ok(sum / prediction.ncols() as f64)
    }
}

/// $\ln\sum_j e^{p_j} - p_c$: the cross-entropy of the class $c$ and logits $p$.
///
/// ```
/// use neuropil_math::loss::cross_entropy_of_class;
///
/// let loss = cross_entropy_of_class(&[0.0_f64, 0.0], 1)?;
/// assert!((loss - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if there is no such class.
pub fn cross_entropy_of_class<T: Real>(logits: &[T], class: usize) -> Result<f64, Error> {
    let Some(&logit) = logits.get(class) else {
        return Err(Error::OutOfRange {
            what: "class",
            value: class as f64,
            range: "must be below the number of logits",
        });
    };
    let (scale, log_mass) = log_mass(logits, T::one());
    Ok((log_mass - scale.logit(logit)).to_f64())
}

/// [`cross_entropy_of_class`]; `gradient` becomes $\operatorname{softmax}(p)_i - \delta_{ic}$.
///
/// # Errors
/// - [`Error::OutOfRange`] if there is no such class;
/// - [`Error::Shape`] unless there is one gradient for each logit.
pub fn cross_entropy_of_class_gradient<T: Real>(
    logits: &[T],
    class: usize,
    gradient: &mut [T],
) -> Result<f64, Error> {
    check_size("gradients of the logits", logits.len(), gradient.len())?;
    let value = cross_entropy_of_class(logits, class)?;
    gradient.copy_from_slice(logits);
    softmax(gradient, T::one());
    gradient[class] -= T::one();
    Ok(value)
}

fn cross_entropy<T: Real>(logits: &[T], target: &[T]) -> f64 {
    let (scale, log_mass) = log_mass(logits, T::one());
    sum_of(logits, target, |p, t| {
        weighted(t, log_mass.to_f64() - scale.logit(T::of(p)).to_f64())
    })
}

/// weight·x, and zero for a weight of zero: a target of zero asks nothing of a masked logit.
fn weighted(weight: f64, x: f64) -> f64 {
    if weight == 0.0 && !x.is_nan() {
        0.0
    } else {
        weight * x
    }
}

fn sum_of<T: Real>(prediction: &[T], target: &[T], term: impl Fn(f64, f64) -> f64) -> f64 {
    prediction
        .iter()
        .zip(target)
        .map(|(p, t)| term(p.to_f64(), t.to_f64()))
        .sum()
}

fn fill<T: Real>(prediction: &[T], target: &[T], gradient: &mut [T], term: impl Fn(T, T) -> T) {
    for ((g, &p), &t) in gradient.iter_mut().zip(prediction).zip(target) {
        *g = term(p, t);
    }
}

fn check_batch<T: Real>(prediction: &DMatrix<T>, other: &DMatrix<T>) -> Result<(), Error> {
    check_size("rows of the batch", prediction.nrows(), other.nrows())?;
    check_size("columns of the batch", prediction.ncols(), other.ncols())?;
    if prediction.ncols() == 0 {
        return Err(Error::Empty { what: "the batch" });
    }
    Ok(())
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|l| l.name() == name)
            .ok_or_else(|| Error::UnknownName {
                what: "loss",
                name: name.to_owned(),
                known: "squared, absolute, huber, cross_entropy, binary_cross_entropy",
            })
    }
}
