use crate::Error;
use crate::error::{check_between, check_numbers};

/// The rank of each value, 0 for the greatest: the order in which first spikes come. Equal values
/// spike in the order in which they stand.
///
/// ```
/// use neuropil_neural_coding::encode::{rank_order, rank_order_weights};
///
/// let ranks = rank_order(&[0.2, 0.9, 0.5])?;
/// assert_eq!(ranks, [2, 0, 1]);
/// assert_eq!(rank_order_weights(&ranks, 0.5)?, [0.25, 1.0, 0.5]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::NonFinite`].
pub fn rank_order(values: &[f64]) -> Result<Vec<usize>, Error> {
    check_numbers("values to encode", values)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Stable, and finite numbers can be compared; 0 and -0 are equal.
    order.sort_by(|&a, &b| {
        values[b]
            .partial_cmp(&values[a])
            .unwrap_or(core::cmp::Ordering::Equal)
    });
    let mut ranks = vec![0; values.len()];
    for (rank, &at) in order.iter().enumerate() {
        ranks[at] = rank;
    }
    Ok(ranks)
}

/// What a neuron that is desensitised by each spike takes from them: $m^{rank}$, in the order of the
/// values (Thorpe and Gautrais 1998)[^1]. Values themselves are lost in a rank-order code.
///
/// # Errors
/// [`Error::OutOfRange`] for a modulation outside of [0, 1].
///
/// [^1]: S. Thorpe, J. Gautrais (1998), Rank order coding, in: Computational Neuroscience: Trends in
///     Research, 113–118.
pub fn rank_order_weights(ranks: &[usize], modulation: f64) -> Result<Vec<f64>, Error> {
    check_between("modulation", modulation, (0.0, 1.0), "must be in [0, 1]")?;
    let weight = |&rank: &usize| modulation.powi(i32::try_from(rank).unwrap_or(i32::MAX));
    Ok(ranks.iter().map(weight).collect())
}
