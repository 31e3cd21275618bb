use nalgebra::DMatrix;

use crate::Error;
use crate::error::{check_enough, check_finite};

/// Causal filters over signals: features of a model from a stimulus or from spike counts.
///
/// Feature $f$ of channel $c$ is $\sum_k h_f(k) x_c(t - d - k)$ over the lags $k$ of the filters
/// (functions × lags, for example of [`Basis::filters`](super::Basis::filters)), in row $c m + f$ for
/// m filters. With a delay $d$ of 1 the present stays out, as it must for the history of spikes; with 0
/// it is part of the sum. Before the first sample the signals count as zero. Zeros of the signals cost
/// nothing.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::model::filtered;
///
/// let spikes = DMatrix::from_row_slice(1, 5, &[0.0, 1.0, 0.0, 0.0, 2.0]);
/// let filter = DMatrix::from_row_slice(1, 2, &[1.0, 0.5]);
/// assert_eq!(filtered(&spikes, &filter, 1)?.as_slice(), [0.0, 0.0, 1.0, 0.5, 0.0]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] without filters or lags, [`Error::NonFinite`] for NaN and infinity.
pub fn filtered(
    signals: &DMatrix<f64>,
    filters: &DMatrix<f64>,
    delay: usize,
) -> Result<DMatrix<f64>, Error> {
    check_enough("filters", 1, filters.nrows())?;
    check_enough("lags of a filter", 1, filters.ncols())?;
    check_finite("the signals", signals.as_slice())?;
    check_finite("the filters", filters.as_slice())?;
    let functions = filters.nrows();
    let samples = signals.ncols();
    let rows = functions * signals.nrows();
    let mut out = DMatrix::zeros(rows, samples);
    let (values, weights) = (out.as_mut_slice(), filters.as_slice());
    for (t, column) in signals.column_iter().enumerate() {
        let first = t.saturating_add(delay);
        for (channel, &x) in column.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let later = (first..samples).zip(weights.chunks_exact(functions));
            for (later, taps) in later {
                let at = later * rows + channel * functions;
                for (sum, h) in values[at..at + functions].iter_mut().zip(taps) {
                    *sum += h * x;
                }
            }
        }
    }
    Ok(out)
}
