use nalgebra::DMatrix;

use crate::Error;
use crate::error::{check_enough, check_not_negative, check_positive, check_shape};

/// Rates as a function of anything that is in bins: places, directions, stimuli.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::model::TuningCurves;
///
/// // One unit in bins of 0.5 s: two spikes in two bins at place 0, one in one bin at place 1.
/// let counts = DMatrix::from_row_slice(1, 3, &[2.0, 0.0, 1.0]);
/// let curves = TuningCurves::new(&counts, &[0, 0, 1], 3, 0.5)?;
/// assert_eq!(curves.rates().as_slice(), [2.0, 2.0, 0.0]);
/// assert_eq!(curves.occupancy(), [1.0, 0.5, 0.0]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TuningCurves {
    /// Units × places: sums, smoothed or not.
    spikes: DMatrix<f64>,
    seconds: Vec<f64>,
    occupancy: Vec<f64>,
    rates: DMatrix<f64>,
}

impl TuningCurves {
    /// Counts of units × bins of `dt` seconds, and at which of `places` each bin was spent. The rate of
    /// a place that was never visited is zero.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many places as bins, or one is not below `places`;
    /// [`Error::TooFew`] without units or places, [`Error::OutOfRange`] for a width that is not positive
    /// or a negative count.
    pub fn new(
        counts: &DMatrix<f64>,
        place: &[usize],
        places: usize,
        dt: f64,
    ) -> Result<Self, Error> {
        check_positive("the width of a bin", dt)?;
        check_shape("places", counts.ncols(), place.len())?;
        check_enough("units", 1, counts.nrows())?;
        check_enough("places", 1, places)?;
        check_not_negative("a count", counts.as_slice())?;
        if let Some(&found) = place.iter().find(|&&x| x >= places) {
            return Err(Error::Shape {
                what: "places, of which one was visited",
                expected: places,
                found,
            });
        }
        let mut spikes = DMatrix::zeros(counts.nrows(), places);
        let mut bins = vec![0usize; places];
        for (column, &x) in counts.column_iter().zip(place) {
            let mut sum = spikes.column_mut(x);
            sum += column;
            bins[x] += 1;
        }
        let seconds: Vec<f64> = bins.iter().map(|&n| n as f64 * dt).collect();
        Ok(Self {
            rates: quotients(&spikes, &seconds),
            spikes,
            occupancy: seconds.clone(),
            seconds,
        })
    }

    /// The same with spikes and time smoothed by a Gaussian of `sigma` places, then divided; the ends
    /// reflect. Zero leaves all as it is. The occupancy stays what it was.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if sigma is negative or more than ten thousand.
    pub fn smoothed(&self, sigma: f64) -> Result<Self, Error> {
        if !(0.0..=1e4).contains(&sigma) {
            return Err(Error::OutOfRange {
                what: "the width of the smoothing",
                value: sigma,
                range: "must be from 0 to 10000 places",
            });
        }
        if sigma == 0.0 {
            return Ok(self.clone());
        }
        let mut spikes = self.spikes.clone();
        for mut row in spikes.row_iter_mut() {
            let values: Vec<f64> = row.iter().copied().collect();
            for (out, value) in row.iter_mut().zip(smooth(&values, sigma)) {
                *out = value;
            }
        }
        let seconds = smooth(&self.seconds, sigma);
        Ok(Self {
            rates: quotients(&spikes, &seconds),
            spikes,
            seconds,
            occupancy: self.occupancy.clone(),
        })
    }

    /// Rates in hertz, units × places.
    #[must_use]
    pub fn rates(&self) -> &DMatrix<f64> {
        &self.rates
    }

    /// The seconds that were spent at each place.
    #[must_use]
    pub fn occupancy(&self) -> &[f64] {
        &self.occupancy
    }
}

fn quotients(spikes: &DMatrix<f64>, seconds: &[f64]) -> DMatrix<f64> {
    let mut rates = spikes.clone();
    for (mut column, &time) in rates.column_iter_mut().zip(seconds) {
        if time > 0.0 {
            column /= time;
        }
    }
    rates
}

/// A Gaussian over four deviations to both sides, with what falls over the ends reflected.
fn smooth(values: &[f64], sigma: f64) -> Vec<f64> {
    let reach = (4.0 * sigma).ceil() as usize;
    let weights: Vec<f64> = (0..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    let n = values.len();
    let mut out = vec![0.0; n];
    for (i, &value) in values.iter().enumerate() {
        if value == 0.0 {
            continue;
        }
        // The positions of the mirrored row repeat every 2 n.
        let mut add = |position: usize, weight: f64| {
            let folded = position % (2 * n);
            let at = if folded < n {
                folded
            } else {
                2 * n - 1 - folded
            };
            out[at] += weight / total * value;
        };
        let turns = 2 * n * (reach / (2 * n) + 1);
        for (k, &weight) in weights.iter().enumerate() {
            add(i + k, weight);
            if k > 0 {
                add(turns + i - k, weight);
            }
        }
    }
    out
}
