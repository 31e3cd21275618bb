use rand::{Rng, RngExt};

use crate::{Error, Raster};

/// A raster whose trains have the same number of spikes, each train in steps of its own at random: the
/// bin shuffle of binned trains.
///
/// ```
/// use neuropil_neural_coding::Raster;
/// use neuropil_neural_coding::surrogates::shuffle_steps;
/// use rand::SeedableRng;
/// use rand::rngs::Xoshiro256PlusPlus;
///
/// let mut raster = Raster::new(1, 1000)?;
/// for step in 0..20 {
///     raster.set(0, step, true)?;
/// }
/// let shuffled = shuffle_steps(&raster, &mut Xoshiro256PlusPlus::seed_from_u64(1))?;
/// assert_eq!(shuffled.count(0), 20);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooLarge`] if it does not fit into the memory, or for more than 2³² steps.
pub fn shuffle_steps<R: Rng + ?Sized>(raster: &Raster, rng: &mut R) -> Result<Raster, Error> {
    let steps = u32::try_from(raster.steps()).map_err(|_| Error::TooLarge {
        what: "steps to shuffle",
        size: raster.steps(),
        limit: u32::MAX as usize,
    })?;
    let mut shuffled = Raster::new(raster.trains(), raster.steps())?;
    for train in 0..raster.trains() {
        let spikes = raster.count(train) as u32;
        let row = shuffled.row_mut(train);
        // Floyd's sample: one draw for each spike, and the row itself says what was drawn.
        for end in steps - spikes..steps {
            let drawn = rng.random_range(0..=end) as usize;
            let free = row[drawn / 64] >> (drawn % 64) & 1 == 0;
            let step = if free { drawn } else { end as usize };
            row[step / 64] |= 1 << (step % 64);
        }
    }
    Ok(shuffled)
}
