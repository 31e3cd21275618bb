//! Means, variances and covariances of channels, in one pass or over whole matrices.
//!
//! All sums are in `f64`, also of `f32` data.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::{Error, Real, check_finite, check_size};

/// The mean and variance of each channel, one sample at a time[^welford], mergeable[^chan].
///
/// $$\mu_n = \mu_{n-1} + \frac{x_n - \mu_{n-1}}n, \qquad
/// M_n = M_{n-1} + (x_n - \mu_{n-1})(x_n - \mu_n)$$
///
/// Stable where $\sum x^2 - n\mu^2$ cancels, and exactly zero variance for a constant channel.
///
/// ```
/// use neuropil_math::statistics::RunningMoments;
///
/// let mut moments = RunningMoments::new(1);
/// for x in [1.0, 2.0, 3.0, 4.0] {
///     moments.add(&[x])?;
/// }
/// assert_eq!(moments.mean()?, [2.5]);
/// assert_eq!(moments.variance()?, [1.25]);
/// assert_eq!(moments.sample_variance()?, [5.0 / 3.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// [^welford]: Welford (1962), Technometrics 4, 419.
/// [^chan]: Chan, Golub & LeVeque (1983), The American Statistician 37, 242, equation 2.1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunningMoments {
    count: u64,
    mean: Vec<f64>,
    /// Sums of squared deviations.
    squares: Vec<f64>,
}

impl RunningMoments {
    /// No samples yet, of `channels` channels.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self {
            count: 0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
        }
    }

    /// The moments of all columns of `x`.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub fn of<T: Real>(x: &DMatrix<T>) -> Result<Self, Error> {
        let mut moments = Self::new(x.nrows());
        moments.add_columns(x)?;
        Ok(moments)
    }

    /// The number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// How many samples were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds one sample; does not allocate. A sample that is refused changes nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] unless it has one value for each channel, [`Error::NonFinite`].
    pub fn add<T: Real>(&mut self, sample: &[T]) -> Result<(), Error> {
        check_size("values of a sample", self.channels(), sample.len())?;
        check_finite("a sample", sample)?;
        self.add_checked(sample);
        Ok(())
    }

    fn add_checked<T: Real>(&mut self, sample: &[T]) {
        self.count += 1;
        let n = self.count as f64;
        for ((mean, squares), x) in self.mean.iter_mut().zip(&mut self.squares).zip(sample) {
            let before = x.to_f64() - *mean;
            *mean += before / n;
            *squares += before * (x.to_f64() - *mean);
        }
    }

    /// Adds every column of `x` as a sample, or none of them.
    ///
    /// # Errors
    /// [`Error::Shape`] unless it has one row for each channel, [`Error::NonFinite`].
    pub fn add_columns<T: Real>(&mut self, x: &DMatrix<T>) -> Result<(), Error> {
        check_size("rows of the samples", self.channels(), x.nrows())?;
        check_finite("the samples", x.as_slice())?;
        for j in 0..x.ncols() {
            self.add_checked(&x.as_slice()[j * x.nrows()..(j + 1) * x.nrows()]);
        }
        Ok(())
    }

    /// Adds the samples of `other`.
    ///
    /// # Errors
    /// [`Error::Shape`] unless both have the same number of channels.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        check_size("channels of the moments", self.channels(), other.channels())?;
        if other.count == 0 {
            return Ok(());
        }
        let (here, there) = (self.count as f64, other.count as f64);
        let all = here + there;
        for i in 0..self.channels() {
            let difference = other.mean[i] - self.mean[i];
            self.mean[i] += difference * (there / all);
            self.squares[i] += other.squares[i] + difference * difference * (here * there / all);
        }
        self.count += other.count;
        Ok(())
    }

    /// The mean of each channel.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples.
    pub fn mean(&self) -> Result<&[f64], Error> {
        self.check_count(1)?;
        Ok(&self.mean)
    }

    /// The variance of each channel as a population, divided by n.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples.
    pub fn variance(&self) -> Result<Vec<f64>, Error> {
        self.check_count(1)?;
        let n = self.count as f64;
        Ok(self.squares.iter().map(|s| s / n).collect())
    }

    /// The unbiased estimate of the variance of each channel, divided by n - 1.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::Undefined`] with one.
    pub fn sample_variance(&self) -> Result<Vec<f64>, Error> {
        self.check_count(2)?;
        let n = (self.count - 1) as f64;
        Ok(self.squares.iter().map(|s| s / n).collect())
    }

    /// The standard deviation of each channel as a population.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples.
    pub fn deviation(&self) -> Result<Vec<f64>, Error> {
        Ok(self.variance()?.into_iter().map(f64::sqrt).collect())
    }

    fn check_count(&self, needed: u64) -> Result<(), Error> {
        if self.count == 0 {
            return Err(Error::Empty {
                what: "the samples",
            });
        }
        if self.count < needed {
            return Err(Error::Undefined {
                what: "the sample variance",
                why: "there is one sample",
            });
        }
        Ok(())
    }
}

/// The covariance of the channels (rows) of `x` as a population:
/// $\frac1n\sum_t(x_t - \mu)(x_t - \mu)^\top$, symmetric to the bit.
///
/// # Errors
/// [`Error::Empty`] without samples, [`Error::NonFinite`].
pub fn covariance<T: Real>(x: &DMatrix<T>) -> Result<DMatrix<f64>, Error> {
    let moments = RunningMoments::of(x)?;
    let mean = moments.mean()?;
    let channels = moments.channels();
    let mut sums = DMatrix::zeros(channels, channels);
    let mut centred = vec![0.0; channels];
    for j in 0..x.ncols() {
        for i in 0..channels {
            centred[i] = x[(i, j)].to_f64() - mean[i];
        }
        for c in 0..channels {
            for r in c..channels {
                sums[(r, c)] += centred[r] * centred[c];
            }
        }
    }
    let n = x.ncols() as f64;
    for c in 0..channels {
        for r in c..channels {
            sums[(r, c)] /= n;
            sums[(c, r)] = sums[(r, c)];
        }
    }
    Ok(sums)
}

/// Pearson's correlation of the channels (rows) of `x`, within [-1, 1].
///
/// # Errors
/// [`Error::Empty`] without samples, [`Error::NonFinite`], [`Error::Undefined`] if a channel is
/// constant.
pub fn correlation<T: Real>(x: &DMatrix<T>) -> Result<DMatrix<f64>, Error> {
    let constant = RunningMoments::of(x)?.squares.contains(&0.0);
    let mut matrix = covariance(x)?;
    let deviations: Vec<f64> = matrix.diagonal().iter().map(|v| v.sqrt()).collect();
    if constant || deviations.contains(&0.0) {
        return Err(Error::Undefined {
            what: "the correlation",
            why: "a channel is constant",
        });
    }
    for c in 0..matrix.ncols() {
        for r in 0..matrix.nrows() {
            matrix[(r, c)] = if r == c {
                1.0
            } else {
                (matrix[(r, c)] / deviations[r] / deviations[c]).clamp(-1.0, 1.0)
            };
        }
    }
    Ok(matrix)
}

/// Shifts and scales each channel to mean 0 and standard deviation 1, and back.
///
/// A channel that is constant where it was fitted is only shifted: its scale is 1, so that other
/// values remain apart and nothing is divided by zero.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::statistics::Standardizer;
///
/// let mut x = DMatrix::from_row_slice(2, 2, &[1.0, 3.0, 7.0, 7.0]);
/// let standardizer = Standardizer::fit(&x)?;
/// standardizer.apply(&mut x)?;
/// assert_eq!(x, DMatrix::from_row_slice(2, 2, &[-1.0, 1.0, 0.0, 0.0]));
/// standardizer.invert(&mut x)?;
/// assert_eq!(x, DMatrix::from_row_slice(2, 2, &[1.0, 3.0, 7.0, 7.0]));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standardizer {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Standardizer {
    /// Takes mean and standard deviation (of the population) of each row of `x`.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::NonFinite`].
    pub fn fit<T: Real>(x: &DMatrix<T>) -> Result<Self, Error> {
        Self::from_moments(&RunningMoments::of(x)?)
    }

    /// Takes mean and standard deviation from moments that were gathered elsewhere.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples.
    pub fn from_moments(moments: &RunningMoments) -> Result<Self, Error> {
        let scale = moments.deviation()?;
        Ok(Self {
            mean: moments.mean()?.to_vec(),
            scale: scale
                .into_iter()
                .map(|s| if s > 0.0 { s } else { 1.0 })
                .collect(),
        })
    }

    /// What is subtracted from each channel.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What each channel is divided by.
    #[must_use]
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Standardises every column.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one row for each channel.
    pub fn apply<T: Real>(&self, x: &mut DMatrix<T>) -> Result<(), Error> {
        check_size("rows to standardise", self.mean.len(), x.nrows())?;
        self.each(x.as_mut_slice(), |v, mean, scale| (v - mean) / scale);
        Ok(())
    }

    /// Undoes [`apply`](Self::apply), up to rounding.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one row for each channel.
    pub fn invert<T: Real>(&self, x: &mut DMatrix<T>) -> Result<(), Error> {
        check_size("rows to bring back", self.mean.len(), x.nrows())?;
        self.each(x.as_mut_slice(), |v, mean, scale| v * scale + mean);
        Ok(())
    }

    /// Standardises one sample; does not allocate.
    ///
    /// # Errors
    /// [`Error::Shape`] unless it has one value for each channel.
    pub fn apply_sample<T: Real>(&self, sample: &mut [T]) -> Result<(), Error> {
        check_size("values to standardise", self.mean.len(), sample.len())?;
        self.each(sample, |v, mean, scale| (v - mean) / scale);
        Ok(())
    }

    /// Undoes [`apply_sample`](Self::apply_sample), up to rounding.
    ///
    /// # Errors
    /// [`Error::Shape`] unless it has one value for each channel.
    pub fn invert_sample<T: Real>(&self, sample: &mut [T]) -> Result<(), Error> {
        check_size("values to bring back", self.mean.len(), sample.len())?;
        self.each(sample, |v, mean, scale| v * scale + mean);
        Ok(())
    }

    fn each<T: Real>(&self, values: &mut [T], f: impl Fn(f64, f64, f64) -> f64) {
        let channels = self.mean.len().max(1);
        for sample in values.chunks_exact_mut(channels) {
            for ((v, &mean), &scale) in sample.iter_mut().zip(&self.mean).zip(&self.scale) {
                *v = T::of(f(v.to_f64(), mean, scale));
            }
        }
    }
}
