use crate::Error;

/// What a firing field says about where the animal is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpatialInformation {
    /// Bits in a second.
    pub bits_per_second: f64,
    /// Bits in a spike: those per second over the mean rate.
    pub bits_per_spike: f64,
    /// The mean rate $\bar r = \sum p_i r_i$ in hertz.
    pub mean_rate: f64,
}

/// $\sum_i p_i \frac{r_i}{\bar r} \log_2 \frac{r_i}{\bar r}$ per spike, of the rate `rates[i]` in hertz in
/// a place where the animal spent `occupancy[i]` (in any unit) of its time (Skaggs, McNaughton, Gothard
/// and Markus 1993). $0 \log 0 = 0$; a cell that never fires has 0 bits per second and `NaN` per spike.
///
/// # Errors
/// [`Error::Shape`] if the two differ in length, [`Error::OutOfRange`] for a negative or non-finite
/// value, [`Error::TooFew`] if no time was spent anywhere.
pub fn skaggs(rates: &[f64], occupancy: &[f64]) -> Result<SpatialInformation, Error> {
    if rates.len() != occupancy.len() {
        return Err(Error::Shape {
            what: "occupancies",
            expected: rates.len(),
            found: occupancy.len(),
        });
    }
    for (what, values) in [("a rate", rates), ("an occupancy", occupancy)] {
        if let Some(&value) = values.iter().find(|v| !(v.is_finite() && **v >= 0.0)) {
            return Err(Error::OutOfRange {
                what,
                value,
                range: "must be finite and not negative",
            });
        }
    }
    let time: f64 = occupancy.iter().sum();
    if time <= 0.0 {
        return Err(Error::TooFew {
            what: "places with time spent in them",
            needed: 1,
            found: 0,
        });
    }
    let pairs = || rates.iter().zip(occupancy.iter().map(|o| o / time));
    let mean_rate: f64 = pairs().map(|(r, p)| r * p).sum();
    let bits_per_second: f64 = pairs()
        .filter(|&(&r, p)| r > 0.0 && p > 0.0)
        .map(|(r, p)| p * r * (r / mean_rate).log2())
        .sum();
    Ok(SpatialInformation {
        bits_per_second,
        bits_per_spike: bits_per_second / mean_rate,
        mean_rate,
    })
}
