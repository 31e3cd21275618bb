use rand::Rng;
use rand::seq::SliceRandom;

use crate::Error;

/// The most bins: their places are 32 bits wide.
const MAX_BINS: usize = u32::MAX as usize;

pub(super) fn shuffle<R: Rng + ?Sized>(
    times: &mut [f64],
    (t0, t1): (f64, f64),
    width: f64,
    rng: &mut R,
) -> Result<(), Error> {
    // A quotient that is a whole number but for rounding counts as that number.
    let bins = ((t1 - t0) / width + 1e-8) as usize;
    if bins == 0 {
        return Err(Error::TooFew {
            what: "bins in the window",
            needed: 1,
            found: 0,
        });
    }
    if bins > MAX_BINS {
        return Err(Error::TooLarge {
            what: "bins to shuffle",
            size: bins,
            limit: MAX_BINS,
        });
    }
    let mut place: Vec<u32> = Vec::new();
    place.try_reserve_exact(bins).map_err(|_| Error::TooLarge {
        what: "bins to shuffle",
        size: bins,
        limit: MAX_BINS,
    })?;
    place.extend(0..bins as u32);
    place.shuffle(rng);
    for t in times.iter_mut() {
        // The end of the window belongs to the last bin, if that ends there.
        let bin = ((*t - t0) / width) as usize;
        let bin = if bin == bins && *t >= t1 {
            bins - 1
        } else {
            bin
        };
        if let Some(&to) = place.get(bin) {
            *t = (*t + (f64::from(to) - bin as f64) * width).clamp(t0, t1);
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(())
}
