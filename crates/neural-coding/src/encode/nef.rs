//! The neural engineering framework (Eliasmith and Anderson 2003)[^1] as functions: tuning curves of
//! leaky integrate-and-fire neurons, and the least-squares decoders of what they represent.
//!
//! Neuron $i$ gets the current $J_i = \alpha_i e_i \cdot x + b_i$ and fires at
//! $1/(\tau_{ref} + \tau_{RC} \ln \frac{J}{J - 1})$ above a current of 1, at 0 below. Its gain $\alpha$
//! and bias $b$ are chosen by the rate it has at $e \cdot x = 1$ and the intercept where it begins.
//!
//! ```
//! use nalgebra::DMatrix;
//! use neuropil_neural_coding::encode::nef::{LifRate, decode, decoders, rates};
//!
//! let lif = LifRate::default();
//! let (gain, bias) = lif.gain_and_bias(&[100.0, 150.0, 120.0, 180.0], &[-0.8, -0.5, 0.2, -0.9])?;
//! let encoders = DMatrix::from_column_slice(4, 1, &[1.0, -1.0, 1.0, -1.0]);
//! let x = DMatrix::from_fn(1, 41, |_, k| k as f64 / 20.0 - 1.0);
//! let activity = rates(&lif, &encoders, &gain, &bias, &x)?;
//! let decoded = decode(&decoders(&activity, &x, 0.01)?, &activity)?;
//! assert!((decoded - x).amax() < 0.3);
//! # Ok::<(), neuropil_neural_coding::Error>(())
//! ```
//!
//! [^1]: C. Eliasmith, C. H. Anderson (2003), Neural Engineering, MIT Press.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::linalg::{Cholesky, gram, matmul, transposed};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_between, check_finite, check_positive};

/// The rate of a leaky integrate-and-fire neuron of threshold 1, times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LifRate {
    /// $\tau_{RC}$, the time constant of the membrane.
    pub tau: f64,
    /// $\tau_{ref}$, the refractory period.
    pub refractory: f64,
}

impl Default for LifRate {
    /// 20 ms and 2 ms.
    fn default() -> Self {
        Self {
            tau: 0.02,
            refractory: 0.002,
        }
    }
}

impl LifRate {
    fn check(&self) -> Result<(), Error> {
        check_positive("tau", self.tau)?;
        let range = "must be finite and not negative";
        check_between("refractory", self.refractory, (0.0, f64::MAX), range)
    }

    /// The rate at a current, in Hz.
    #[must_use]
    pub fn rate(&self, current: f64) -> f64 {
        let above = current - 1.0;
        if above > 0.0 {
            1.0 / (self.refractory + self.tau * (1.0 / above).ln_1p())
        } else {
            0.0
        }
    }

    /// The gains and biases of neurons that fire at `max_rates` Hz where $e \cdot x = 1$ and begin to
    /// fire at `intercepts`:
    /// $$\alpha = \frac{1 - z}{c - 1}, \quad b = 1 - \alpha c, \quad
    /// z = \frac{1}{1 - e^{(\tau_{ref} - 1/r)/\tau_{RC}}}.$$
    ///
    /// # Errors
    /// [`Error::Shape`] for different numbers of both; [`Error::OutOfRange`] for a rate outside of
    /// $(0, 1/\tau_{ref})$, an intercept that is not below 1, and bad time constants.
    pub fn gain_and_bias(
        &self,
        max_rates: &[f64],
        intercepts: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        self.check()?;
        check_size("intercepts", max_rates.len(), intercepts.len())?;
        let mut gains = Vec::with_capacity(max_rates.len());
        let mut biases = Vec::with_capacity(max_rates.len());
        for (&rate, &intercept) in max_rates.iter().zip(intercepts) {
            check_positive("max rate", rate)?;
            if rate * self.refractory >= 1.0 {
                return Err(Error::OutOfRange {
                    what: "max rate",
                    value: rate,
                    range: "must be below the inverse of the refractory period",
                });
            }
            let range = "must be finite and below 1";
            let below = 1.0 - f64::EPSILON;
            check_between("intercept", intercept, (f64::MIN, below), range)?;
            let z = -1.0 / ((self.refractory - 1.0 / rate) / self.tau).exp_m1();
            let gain = (1.0 - z) / (intercept - 1.0);
            gains.push(gain);
            biases.push(1.0 - gain * intercept);
        }
        Ok((gains, biases))
    }
}

fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected,
            found,
        })
    }
}

/// Random unit vectors, neurons × dimensions: normal numbers, neuron after neuron, divided by their
/// length.
///
/// # Errors
/// [`Error::OutOfRange`] without any dimension.
pub fn random_encoders<R: Rng + ?Sized>(
    neurons: usize,
    dimensions: usize,
    rng: &mut R,
) -> Result<DMatrix<f64>, Error> {
    check_between(
        "dimensions",
        dimensions as f64,
        (1.0, f64::MAX),
        "must be positive",
    )?;
    let mut encoders = DMatrix::zeros(neurons, dimensions);
    for mut row in encoders.row_iter_mut() {
        // A vector of zeros has no direction; it is drawn again.
        while row.norm() < f64::MIN_POSITIVE.sqrt() {
            for e in row.iter_mut() {
                *e = f64::standard_normal(rng);
            }
        }
        let norm = row.norm();
        row /= norm;
    }
    Ok(encoders)
}

/// The rates of all neurons, neurons × samples, for `x`, dimensions × samples, and `encoders`, neurons ×
/// dimensions.
///
/// # Errors
/// [`Error::Shape`] where sizes do not agree, [`Error::NonFinite`], and [`Error::OutOfRange`] for bad time
/// constants.
pub fn rates(
    lif: &LifRate,
    encoders: &DMatrix<f64>,
    gain: &[f64],
    bias: &[f64],
    x: &DMatrix<f64>,
) -> Result<DMatrix<f64>, Error> {
    lif.check()?;
    check_size("gains", encoders.nrows(), gain.len())?;
    check_size("biases", encoders.nrows(), bias.len())?;
    check_size("dimensions of x", encoders.ncols(), x.nrows())?;
    check_finite("encoders", encoders.as_slice())?;
    check_finite("gains", gain)?;
    check_finite("biases", bias)?;
    check_finite("x", x.as_slice())?;
    let mut activity = matmul(encoders, x)?;
    for mut sample in activity.column_iter_mut() {
        for ((a, gain), bias) in sample.iter_mut().zip(gain).zip(bias) {
            *a = lif.rate(gain * *a + bias);
        }
    }
    Ok(activity)
}

/// The decoders $D$, neurons × outputs, that minimise $\|A^T D - Y^T\|^2 + m \sigma^2 \|D\|^2$ over the
/// $m$ samples: `activity` $A$ is neurons × samples, `targets` $Y$ outputs × samples, and the noise
/// $\sigma$ is `noise` times the greatest rate.
///
/// Targets are any function of what is represented.
///
/// # Errors
/// [`Error::Shape`] for different numbers of samples, [`Error::TooFew`] without any, [`Error::NonFinite`],
/// [`Error::OutOfRange`] for a noise that is negative or not finite, and [`Error::Math`] if nothing fires, or
/// if rates alone, without noise, do not determine the decoders (up to rounding).
pub fn decoders(
    activity: &DMatrix<f64>,
    targets: &DMatrix<f64>,
    noise: f64,
) -> Result<DMatrix<f64>, Error> {
    let samples = activity.ncols();
    check_size("samples of the targets", samples, targets.ncols())?;
    if activity.is_empty() {
        return Err(Error::TooFew {
            what: "rates",
            needed: 1,
            found: 0,
        });
    }
    check_finite("activity", activity.as_slice())?;
    check_finite("targets", targets.as_slice())?;
    let range = "must be finite and not negative";
    check_between("noise", noise, (0.0, f64::MAX), range)?;
    let sigma = noise * activity.max();
    let mut normal = gram(activity)?;
    for i in 0..normal.nrows() {
        normal[(i, i)] += samples as f64 * sigma * sigma;
    }
    let mut decoders = matmul(activity, transposed(targets))?;
    Cholesky::new(normal)?.solve_in_place(&mut decoders)?;
    Ok(decoders)
}

/// What the population says: $D^T A$, outputs × samples.
///
/// # Errors
/// [`Error::Math`] if the numbers of neurons do not agree.
pub fn decode(decoders: &DMatrix<f64>, activity: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
    Ok(matmul(transposed(decoders), activity)?)
}
