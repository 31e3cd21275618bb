use neuropil_math::Real;
use rand::Rng;
use rand_distr::{Distribution, Gamma};

use super::poisson::{check_rate, push};
use crate::error::check_between;
use crate::{Error, SpikeTrain};

/// A renewal train of `rate` Hz whose intervals are of a gamma distribution of this shape: more regular
/// than Poisson above 1, more irregular below.
///
/// The coefficient of variation is $1/\sqrt k$ and the local variation $3/(2k + 1)$.
///
/// ```
/// use neuropil_neural_coding::generate::gamma;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let train = gamma(4.0, 20.0, 0.0, 100.0, &mut rng)?;
/// assert!((train.rate() - 20.0).abs() < 1.0);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Window`]; [`Error::OutOfRange`] for a rate that is negative or not finite, and for a shape
/// outside of `[0.01, 1e9]`; [`Error::TooLarge`] above $2^{30}$ expected spikes.
pub fn gamma<R: Rng + ?Sized>(
    shape: f64,
    rate: f64,
    t0: f64,
    t1: f64,
    rng: &mut R,
) -> Result<SpikeTrain, Error> {
    check_rate(rate, t0, t1)?;
    let range = "must be in [0.01, 1e9]";
    check_between("shape", shape, (0.01, 1e9), range)?;
    let mut times = Vec::new();
    let scale = 1.0 / (rate * shape);
    // A scale without room in the exponent is that of a train without a spike.
    if rate > 0.0 && scale.is_finite() {
        let law = |shape| {
            Gamma::new(shape, scale).map_err(|_| Error::OutOfRange {
                what: "shape",
                value: shape,
                range,
            })
        };
        // The window opens in an interval that is chosen in proportion to its length, which is gamma
        // of one more, and anywhere in it.
        let left = law(shape + 1.0)?.sample(rng) * (1.0 - f64::standard_uniform(rng));
        let interval = law(shape)?;
        let mut t = t0 + left;
        while t <= t1 {
            push(&mut times, t);
            t += interval.sample(rng);
        }
    }
    Ok(SpikeTrain::trusted(times, t0, t1))
}
