use super::{check_count, check_fractions};
use crate::{Error, Raster};

/// The phase code: the first `bits` binary digits of each value, the greatest first, as spikes of that
/// many steps (Kim et al. 2018)[^1]. It is repeated with that period.
///
/// 1 is taken for $1 - 2^{-K}$.
///
/// ```
/// use neuropil_neural_coding::encode::{decode_phase, phase};
///
/// let spikes = phase(&[0.8125], 4)?;
/// assert_eq!(spikes.spikes(0).collect::<Vec<_>>(), [0, 1, 3]);
/// assert_eq!(decode_phase(&spikes), [0.8125]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a value outside of [0, 1] or bits outside of 1 to 52.
///
/// [^1]: J. Kim, H. Kim, S. Huh, J. Lee, K. Choi (2018), Deep neural networks with weighted spikes,
///     Neurocomputing 311, 373–386.
pub fn phase(values: &[f64], bits: usize) -> Result<Raster, Error> {
    check_count("bits", bits, (1, 52), "must be in 1..=52")?;
    check_fractions(values)?;
    let mut raster = Raster::new(values.len(), bits)?;
    let levels = 1_u64 << bits;
    for (train, &x) in values.iter().enumerate() {
        let digits = ((x * levels as f64) as u64).min(levels - 1);
        // The first step is the lowest bit of a raster and the highest digit.
        if let [word] = raster.row_mut(train) {
            *word = digits.reverse_bits() >> (64 - bits);
        }
    }
    Ok(raster)
}

/// The values whose binary digits these are: $\sum_k s_k 2^{-k-1}$ over the steps of one period.
///
/// Below the value that was encoded by less than $2^{-K}$, or just that for 1.
#[must_use]
pub fn decode_phase(spikes: &Raster) -> Vec<f64> {
    (0..spikes.trains())
        .map(|train| {
            let steps = spikes.spikes(train);
            // 2⁻ᵏ is 0 long before the exponent is out of range.
            let digit = |k: usize| 2.0_f64.powi(-1 - i32::try_from(k).unwrap_or(2000).min(2000));
            steps.map(digit).sum()
        })
        .collect()
}
