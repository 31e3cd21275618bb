//! How different two spike trains are.

use crate::{Error, TrainView};

/// The distance of Victor and Purpura at a cost of `q` per second.
///
/// # Errors
/// [`Error::OutOfRange`] if `q` is negative or NaN.
pub fn victor_purpura<'a, 'b>(
    a: impl Into<TrainView<'a>>,
    b: impl Into<TrainView<'b>>,
    q: f64,
) -> Result<f64, Error> {
    let (a, b) = (a.into().times(), b.into().times());
    let mut row: Vec<f64> = (0..=b.len()).map(|j| j as f64).collect();
    for (i, &s) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) as f64;
        for (j, &t) in b.iter().enumerate() {
            let shifted = diagonal + q * (s - t).abs();
            diagonal = row[j + 1];
            row[j + 1] = shifted.min(row[j + 1] + 1.0).min(row[j] + 1.0);
        }
    }
    Ok(row[b.len()])
}
