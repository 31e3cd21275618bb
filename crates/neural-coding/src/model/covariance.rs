use nalgebra::{DMatrix, DVector, SymmetricEigen};
use neuropil_math::linalg::{gram, matmul, mirror_lower, transposed};

use crate::Error;
use crate::error::{check_finite, check_not_negative, check_shape};

/// Directions in the space of stimuli along which the stimuli before spikes vary more or less than all.
///
/// The covariance $C_s$ of the stimuli that had spikes, weighted with their counts $y_t$ and around their
/// own mean, minus the covariance $C$ of all of them:
/// $$C_s = \frac{1}{N - 1} \sum_t y_t (x_t - a)(x_t - a)^T, \quad a = \frac1N \sum_t y_t x_t, \quad N = \sum_t y_t.$$
/// Directions with a positive eigenvalue excite without a sign, as in complex cells; those with a
/// negative one suppress. The mean $a$ shows the direction of a linear response. Schwartz, Pillow, Rust
/// and Simoncelli, *Spike-triggered neural characterization*, Journal of Vision 6 (2006).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::model::SpikeTriggeredCovariance;
///
/// // A cell that squares its second input has no average, but a direction.
/// let stimuli = DMatrix::from_fn(2, 500, |i, t| ((i + 3) as f64 * 1.7 * t as f64).sin());
/// let counts: Vec<f64> = stimuli.row(1).iter().map(|x| (4.0 * x * x).floor()).collect();
/// let stc = SpikeTriggeredCovariance::new(&stimuli, &counts)?;
/// assert!(stc.mean.norm() < 0.1 && stc.values[0] > 0.2);
/// assert!(stc.vectors[(1, 0)].abs() > 0.99);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SpikeTriggeredCovariance {
    /// The spike-triggered average $a$ minus the mean of all stimuli.
    pub mean: DVector<f64>,
    /// $C_s - C$, dimensions × dimensions.
    pub difference: DMatrix<f64>,
    /// Its eigenvalues, from the largest to the smallest.
    pub values: Vec<f64>,
    /// Its eigenvectors in the same order, one per column, each with its largest element positive.
    pub vectors: DMatrix<f64>,
}

impl SpikeTriggeredCovariance {
    /// Analyses stimuli, dimensions × bins, and the count of each bin. A stimulus with a past is put
    /// into windows first: see [`filtered`](super::filtered).
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many counts as stimuli, [`Error::NonFinite`],
    /// [`Error::OutOfRange`] for a negative count, [`Error::TooFew`] with fewer than two stimuli or
    /// spikes or without dimensions.
    pub fn new(stimuli: &DMatrix<f64>, counts: &[f64]) -> Result<Self, Error> {
        check_shape("counts", stimuli.ncols(), counts.len())?;
        check_finite("the stimuli", stimuli.as_slice())?;
        check_not_negative("a count", counts)?;
        crate::error::check_enough("dimensions", 1, stimuli.nrows())?;
        crate::error::check_enough("stimuli", 2, stimuli.ncols())?;
        let spikes: f64 = counts.iter().sum();
        if spikes < 2.0 {
            return Err(Error::TooFew {
                what: "spikes",
                needed: 2,
                found: spikes as usize,
            });
        }
        // Around the mean of all, so that no large squares are subtracted.
        let mean = stimuli.column_mean();
        let mut centred = stimuli.clone();
        for mut column in centred.column_iter_mut() {
            column -= &mean;
        }
        let total = gram(&centred)? / (stimuli.ncols() as f64 - 1.0);
        let weights = DMatrix::from_column_slice(counts.len(), 1, counts);
        let triggered = matmul(&centred, &weights)?.column(0) / spikes;
        for (mut column, y) in centred.column_iter_mut().zip(counts) {
            column -= &triggered;
            column *= y.sqrt();
        }
        let mut difference = gram(&centred)? / (spikes - 1.0) - total;
        mirror_lower(&mut difference)?;
        check_finite("the covariance", difference.as_slice())?;
        let eigen = SymmetricEigen::try_new(difference.clone(), f64::EPSILON, 100_000);
        let eigen = eigen.ok_or(Error::OutOfRange {
            what: "the steps of the eigenvalue iteration",
            value: 100_000.0,
            range: "did not suffice",
        })?;
        let mut order: Vec<usize> = (0..stimuli.nrows()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let mut vectors = eigen.eigenvectors.select_columns(&order);
        for mut column in vectors.column_iter_mut() {
            if column[column.icamax()] < 0.0 {
                column.neg_mut();
            }
        }
        Ok(Self {
            mean: triggered,
            difference,
            values: order.iter().map(|&i| eigen.eigenvalues[i]).collect(),
            vectors,
        })
    }

    /// Stimuli, dimensions × bins, along the eigenvectors: eigenvectors × bins.
    ///
    /// # Errors
    /// [`Error::Math`] for another number of dimensions.
    pub fn project(&self, stimuli: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        Ok(matmul(transposed(&self.vectors), stimuli)?)
    }
}
