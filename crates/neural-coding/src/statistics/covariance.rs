use nalgebra::DMatrix;

use crate::{BinnedCounts, Error, Raster};

/// The covariances of the counts of trains, trains × trains,
/// $$\frac{1}{n - 1} \left( \sum_t x(t) y(t) - \frac{N_x N_y}{n} \right)$$
/// for $n$ bins with $N_x$ and $N_y$ spikes.
///
/// Only bins with spikes are visited. For bins that only count whether there was a spike see
/// [`binary_covariance`].
///
/// ```
/// use neuropil_neural_coding::{SpikeTrain, SpikeTrains};
/// use neuropil_neural_coding::statistics::{correlation, covariance};
///
/// let trains = SpikeTrains::from_trains(&[
///     SpikeTrain::new(vec![0.1, 0.2, 1.3], 0.0, 2.0)?,
///     SpikeTrain::new(vec![1.1], 0.0, 2.0)?,
/// ])?;
/// let counts = trains.bin(1.0)?;
/// assert_eq!(covariance(&counts)?.as_slice(), [0.5, -0.5, -0.5, 0.5]);
/// assert!((correlation(&counts)?[(0, 1)] + 1.0).abs() < 1e-15);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] for a single bin.
pub fn covariance(counts: &BinnedCounts) -> Result<DMatrix<f64>, Error> {
    let sum = |train: usize| counts.row(train).1.iter().map(|&c| f64::from(c)).sum();
    second_moments(counts.trains(), counts.bins(), sum, |a, b| {
        dot(counts.row(a), counts.row(b))
    })
}

/// Pearson's correlation of the counts of trains, trains × trains.
///
/// A train with the same count in every bin has none: its row and column are NaN.
///
/// # Errors
/// [`Error::TooFew`] for a single bin.
pub fn correlation(counts: &BinnedCounts) -> Result<DMatrix<f64>, Error> {
    Ok(normalized(covariance(counts)?))
}

/// [`covariance`] of a raster, whose products are population counts of words.
///
/// [`Raster::from_counts`] makes the raster of binned trains.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two steps.
pub fn binary_covariance(raster: &Raster) -> Result<DMatrix<f64>, Error> {
    second_moments(
        raster.trains(),
        raster.steps(),
        |train| raster.count(train) as f64,
        |a, b| raster.coincidences(a, b) as f64,
    )
}

/// [`correlation`] of a raster: the phi coefficient.
///
/// A train that spikes in every step, or in none, has none: its row and column are NaN.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two steps.
pub fn binary_correlation(raster: &Raster) -> Result<DMatrix<f64>, Error> {
    Ok(normalized(binary_covariance(raster)?))
}

fn second_moments(
    trains: usize,
    bins: usize,
    sum: impl Fn(usize) -> f64,
    product: impl Fn(usize, usize) -> f64,
) -> Result<DMatrix<f64>, Error> {
    if bins < 2 {
        return Err(Error::TooFew {
            what: "bins",
            needed: 2,
            found: bins,
        });
    }
    let n = bins as f64;
    let sums: Vec<f64> = (0..trains).map(sum).collect();
    let mut matrix = DMatrix::zeros(trains, trains);
    for a in 0..trains {
        for b in a..trains {
            // Whole numbers until the division: a constant count has a variance of exactly zero.
            let value = (n * product(a, b) - sums[a] * sums[b]) / (n * (n - 1.0));
            matrix[(a, b)] = value;
            matrix[(b, a)] = value;
        }
    }
    Ok(matrix)
}

fn dot((a, a_counts): (&[u32], &[u32]), (b, b_counts): (&[u32], &[u32])) -> f64 {
    let (mut i, mut j) = (0, 0);
    let mut sum = 0.0;
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            sum += f64::from(a_counts[i]) * f64::from(b_counts[j]);
        }
        let (bin, other) = (a[i], b[j]);
        i += usize::from(bin <= other);
        j += usize::from(other <= bin);
    }
    sum
}

fn normalized(mut matrix: DMatrix<f64>) -> DMatrix<f64> {
    let deviations: Vec<f64> = matrix.diagonal().iter().map(|v| v.sqrt()).collect();
    for (j, mut column) in matrix.column_iter_mut().enumerate() {
        for (i, value) in column.iter_mut().enumerate() {
            *value = if deviations[i] > 0.0 && deviations[j] > 0.0 {
                if i == j {
                    1.0
                } else {
                    (*value / deviations[i] / deviations[j]).clamp(-1.0, 1.0)
                }
            } else {
                f64::NAN
            };
        }
    }
    matrix
}
