use nalgebra::DMatrix;
use neuropil_math::Real;
use rand::Rng;

use crate::error::check_between;
use crate::{Error, Raster};

/// A probability as a fraction of $2^{64}$, whose bits are compared with random ones. `None` is 1.
#[inline]
fn fraction(probability: f64) -> Option<u64> {
    // Exact but for bits below 2⁻⁶⁴; 1 alone saturates, and has to stay apart.
    (probability < 1.0).then_some((probability * 18_446_744_073_709_551_616.0) as u64)
}

fn check(probabilities: &[f64]) -> Result<(), Error> {
    let range = "must be in [0, 1]";
    let mut each = probabilities.iter();
    each.try_for_each(|&p| check_between("a probability", p, (0.0, 1.0), range))
}

/// 64 spikes of one probability.
///
/// A uniform number is below $p$ if, where their binary digits first differ, its digit is 0. So each
/// random word holds the next digit of 64 numbers, and half of those that are undecided are decided by
/// it: about seven words are needed, not 64.
#[inline]
fn word<R: Rng + ?Sized>(fraction: Option<u64>, rng: &mut R) -> u64 {
    let Some(mut digits) = fraction else {
        return u64::MAX;
    };
    let (mut spikes, mut undecided) = (0, u64::MAX);
    while digits != 0 && undecided != 0 {
        let random = rng.next_u64();
        if digits >> 63 == 1 {
            spikes |= undecided & !random;
            undecided &= random;
        } else {
            undecided &= !random;
        }
        digits <<= 1;
    }
    spikes
}

/// Bernoulli trains: in each step train $i$ spikes with probability $p_i$, whatever else has happened.
///
/// Exact to $2^{-64}$ in the probabilities. Draws `next_u64`, train after train, 64 steps at a time,
/// and no more words than decide: none for 0 and 1, one for 1/2.
///
/// ```
/// use neuropil_neural_coding::generate::bernoulli;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let raster = bernoulli(&[0.0, 0.3, 1.0], 1000, &mut rng)?;
/// assert_eq!((raster.count(0), raster.count(2)), (0, 1000));
/// assert!((250..350).contains(&raster.count(1)));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a probability outside of [0, 1], [`Error::TooLarge`] if the raster does not
/// fit into the memory.
pub fn bernoulli<R: Rng + ?Sized>(
    probabilities: &[f64],
    steps: usize,
    rng: &mut R,
) -> Result<Raster, Error> {
    check(probabilities)?;
    let mut raster = Raster::new(probabilities.len(), steps)?;
    let last = match steps % 64 {
        0 => u64::MAX,
        rest => (1 << rest) - 1,
    };
    for (train, &probability) in probabilities.iter().enumerate() {
        let fraction = fraction(probability);
        let row = raster.row_mut(train);
        for bits in row.iter_mut() {
            *bits = word(fraction, rng);
        }
        if let Some(bits) = row.last_mut() {
            *bits &= last;
        }
    }
    Ok(raster)
}

/// Probabilities of 64 trains: digit $k$ of all of them is word $k$.
struct Planes {
    digits: [u64; 64],
    /// How many have a one somewhere.
    depth: usize,
    /// The trains that always spike.
    certain: u64,
}

impl Planes {
    fn new(probabilities: &[f64]) -> Self {
        let (mut digits, mut certain) = ([0; 64], 0_u64);
        for (lane, &probability) in probabilities.iter().enumerate() {
            let Some(fraction) = fraction(probability) else {
                certain |= 1 << lane;
                continue;
            };
            // Lanes count from the low end, and rows of a transpose from the high one.
            digits[63 - lane] = fraction;
        }
        transpose(&mut digits);
        let depth = digits.iter().rposition(|&d| d != 0).map_or(0, |k| k + 1);
        Self {
            digits,
            depth,
            certain,
        }
    }

    /// As [`word`], with a probability for each bit.
    #[inline]
    fn word<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        let (mut spikes, mut undecided) = (self.certain, !self.certain);
        for &digit in &self.digits[..self.depth] {
            let random = rng.next_u64();
            spikes |= undecided & digit & !random;
            undecided &= !(digit ^ random);
            if undecided == 0 {
                break;
            }
        }
        spikes
    }
}

/// Row `i`, bit `63 - j` becomes row `j`, bit `63 - i`: by halves, quarters and so on.
fn transpose(rows: &mut [u64; 64]) {
    let (mut width, mut mask) = (32, u64::MAX >> 32);
    while width != 0 {
        for start in (0..64).step_by(2 * width) {
            for i in start..start + width {
                let swapped = (rows[i] ^ rows[i + width] >> width) & mask;
                rows[i] ^= swapped;
                rows[i + width] ^= swapped << width;
            }
        }
        width /= 2;
        mask ^= mask << width;
    }
}

/// [`bernoulli`] with a probability for each step: `probabilities` is trains × steps.
///
/// Draws train after train, 64 steps at a time.
///
/// # Errors
/// Those of [`bernoulli`].
pub fn bernoulli_varying<R: Rng + ?Sized>(
    probabilities: &DMatrix<f64>,
    rng: &mut R,
) -> Result<Raster, Error> {
    check(probabilities.as_slice())?;
    let mut raster = Raster::new(probabilities.nrows(), probabilities.ncols())?;
    let mut steps = [0.0; 64];
    for train in 0..raster.trains() {
        let row = probabilities.row(train);
        for (at, bits) in raster.row_mut(train).iter_mut().enumerate() {
            let from = 64 * at;
            let count = (row.len() - from).min(64);
            for (step, value) in steps[..count].iter_mut().zip(from..) {
                *step = row[value];
            }
            // What is left of the words behind the last step has probability 0.
            *bits = Planes::new(&steps[..count]).word(rng);
        }
    }
    Ok(raster)
}

/// [`bernoulli`] as zeros and ones, into the memory of the caller: `out` is a matrix of trains × steps,
/// column by column, and its length decides the number of steps.
///
/// Draws step after step, 64 trains at a time: other spikes than in the raster of the same generator.
///
/// # Errors
/// [`Error::OutOfRange`] for a probability outside of [0, 1], [`Error::Shape`] if `out` is not a whole
/// number of steps.
pub fn bernoulli_dense_into<T: Real, R: Rng + ?Sized>(
    probabilities: &[f64],
    out: &mut [T],
    rng: &mut R,
) -> Result<(), Error> {
    check(probabilities)?;
    let trains = probabilities.len();
    if trains == 0 || !out.len().is_multiple_of(trains) {
        let found = out.len();
        if found == 0 {
            return Ok(());
        }
        return Err(Error::Shape {
            what: "zeros and ones, trains × steps",
            expected: trains * (found / trains.max(1)),
            found,
        });
    }
    let steps = out.len() / trains;
    let mut rest = out;
    dense(probabilities, steps, rng, |spikes: &[T]| {
        let (now, later) = core::mem::take(&mut rest).split_at_mut(spikes.len());
        now.copy_from_slice(spikes);
        rest = later;
    });
    Ok(())
}

/// Hands out the zeros and ones of step after step, up to 64 at a time: memory that is new is written
/// once. The probabilities have been checked.
#[inline]
fn dense<T: Real, R: Rng + ?Sized>(
    probabilities: &[f64],
    steps: usize,
    rng: &mut R,
    mut take: impl FnMut(&[T]),
) {
    let planes: Vec<Planes> = probabilities.chunks(64).map(Planes::new).collect();
    let table = bytes::<T>();
    let mut block = [T::zero(); 64];
    // Without trains there is nothing to hand out, however many steps.
    for _ in 0..steps * usize::from(!planes.is_empty()) {
        for (trains, planes) in probabilities.chunks(64).zip(&planes) {
            let spikes = planes.word(rng).to_le_bytes();
            for (eight, byte) in block.as_chunks_mut().0.iter_mut().zip(spikes) {
                *eight = table[usize::from(byte)];
            }
            take(&block[..trains.len()]);
        }
    }
}

/// [`bernoulli_dense_into`] new memory.
pub(crate) fn bernoulli_dense<T: Real, R: Rng + ?Sized>(
    probabilities: &[f64],
    steps: usize,
    rng: &mut R,
) -> Result<Vec<T>, Error> {
    let size = probabilities.len().saturating_mul(steps);
    let mut out = Vec::new();
    if out.try_reserve_exact(size).is_err() {
        return Err(Error::TooLarge {
            what: "zeros and ones",
            size,
            limit: isize::MAX as usize / size_of::<T>(),
        });
    }
    check(probabilities)?;
    dense(probabilities, steps, rng, |spikes| {
        out.extend_from_slice(spikes);
    });
    Ok(out)
}

/// The eight bits of each byte as zeros and ones, the lowest first.
fn bytes<T: Real>() -> [[T; 8]; 256] {
    core::array::from_fn(|byte| {
        core::array::from_fn(|bit| {
            if byte >> bit & 1 == 1 {
                T::one()
            } else {
                T::zero()
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// A generator that says how often it was asked.
    struct Counted(Xoshiro256PlusPlus, u64);

    impl rand::TryRng for Counted {
        type Error = core::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            self.1 += 1;
            Ok(self.0.next_u32())
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            self.1 += 1;
            Ok(self.0.next_u64())
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            self.0.fill_bytes(bytes);
            Ok(())
        }
    }

    #[test]
    fn a_transpose_swaps_rows_and_bits() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let rows: [u64; 64] = core::array::from_fn(|_| rng.next_u64());
        let mut columns = rows;
        transpose(&mut columns);
        for (i, row) in rows.iter().enumerate() {
            for (j, column) in columns.iter().enumerate() {
                assert_eq!(row >> (63 - j) & 1, column >> (63 - i) & 1);
            }
        }
    }

    #[test]
    fn seven_words_decide_sixty_four_steps() {
        let mut rng = Counted(Xoshiro256PlusPlus::seed_from_u64(1), 0);
        for _ in 0..1000 {
            word(fraction(0.3), &mut rng);
        }
        assert!((6000..9000).contains(&rng.1), "{}", rng.1);
        rng.1 = 0;
        word(fraction(0.5), &mut rng);
        assert_eq!(rng.1, 1);
        for certain in [0.0, 1.0] {
            word(fraction(certain), &mut rng);
        }
        assert_eq!(rng.1, 1);
    }

    #[test]
    fn the_digits_are_those_of_the_probability() {
        assert_eq!(fraction(1.0), None);
        assert_eq!(fraction(0.5), Some(1 << 63));
        assert_eq!(fraction(0.0), Some(0));
        assert_eq!(fraction(2.0_f64.powi(-64)), Some(1));
        assert_eq!(fraction(1.0 - f64::EPSILON / 2.0), Some(u64::MAX - 2047));
    }

    /// Both comparisons, with random words that are chosen: a uniform number below p gives a spike.
    #[test]
    fn both_ways_compare_with_a_uniform_number() {
        let probabilities: Vec<f64> = (0..64).map(|i| f64::from(i) / 63.0).collect();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        for (lane, &p) in probabilities.iter().enumerate() {
            let mut same = rng.clone();
            // The digits of the number in this lane.
            let mut copy = rng.clone();
            let uniform = (0..64).fold(0_u64, |u, _| u << 1 | (copy.next_u64() >> lane & 1));
            let expected = fraction(p).is_none_or(|f| uniform < f);
            assert_eq!(word(fraction(p), &mut same) >> lane & 1 == 1, expected);
            let planes = Planes::new(&probabilities).word(&mut rng.clone());
            assert_eq!(planes >> lane & 1 == 1, expected);
            rng.next_u64();
        }
    }
}
