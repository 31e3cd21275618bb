use nalgebra::DMatrix;
use neuropil_math::Real;
use rand::Rng;

use crate::generate::{bernoulli, bernoulli_dense, bernoulli_varying};
use crate::{Error, Raster};

/// The rate code: value $x_i$ in [0, 1] is the probability of a spike of train $i$ in each step.
///
/// The trains are Bernoulli, see [`bernoulli`]; libraries call them Poisson. About ten random words
/// make the spikes of 64 steps.
///
/// ```
/// use neuropil_neural_coding::encode::{decode_rate, rate};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let spikes = rate(&[0.1, 0.8], 10_000, &mut rng)?;
/// let back = decode_rate(&spikes);
/// assert!((back[0] - 0.1).abs() < 0.01 && (back[1] - 0.8).abs() < 0.01);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a value outside of [0, 1], [`Error::TooLarge`] if the raster does not fit
/// into the memory.
pub fn rate<R: Rng + ?Sized>(values: &[f64], steps: usize, rng: &mut R) -> Result<Raster, Error> {
    bernoulli(values, steps, rng)
}

/// [`rate`] of values that change: `values` is trains × steps.
///
/// # Errors
/// Those of [`rate`].
pub fn rate_varying<R: Rng + ?Sized>(values: &DMatrix<f64>, rng: &mut R) -> Result<Raster, Error> {
    bernoulli_varying(values, rng)
}

/// [`rate`] as zeros and ones, trains × steps; into memory of the caller by
/// [`bernoulli_dense_into`](crate::generate::bernoulli_dense_into).
///
/// # Errors
/// Those of [`rate`].
pub fn rate_dense<T: Real, R: Rng + ?Sized>(
    values: &[f64],
    steps: usize,
    rng: &mut R,
) -> Result<DMatrix<T>, Error> {
    let out = bernoulli_dense(values, steps, rng)?;
    Ok(DMatrix::from_vec(values.len(), steps, out))
}

/// The fraction of steps with a spike of each train; NaN without any step.
///
/// Of a [`rate`] code it is right to $\sqrt{x (1 - x)/T}$, one standard deviation, for $T$ steps.
#[must_use]
pub fn decode_rate(spikes: &Raster) -> Vec<f64> {
    (0..spikes.trains())
        .map(|train| spikes.count(train) as f64 / spikes.steps() as f64)
        .collect()
}
