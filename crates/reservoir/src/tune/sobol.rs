use rand::{Rng, RngExt};

use crate::Error;

/// Coefficients of the primitive polynomials (leading and constant one included) and the first
/// direction numbers, from the second dimension on: Joe and Kuo's table `new-joe-kuo-6.21201`.
const DIRECTIONS: [(u32, &[u32]); Sobol::DIMENSIONS - 1] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
];

const BITS: usize = 32;

/// Scrambled Sobol points: a sequence that fills the unit cube more evenly than random points.
///
/// Of the first $2^m$ points, every interval $\[k 2^{-m}, (k+1) 2^{-m})$ of every axis holds exactly
/// one, and their discrepancy falls as $(\log n)^d / n$ instead of $n^{-1/2}$. Scrambling (a random
/// lower triangular matrix of bits for each axis, then a random shift) keeps that, makes every point
/// uniformly distributed, and every seed another sequence.
///
/// ```
/// use neuropil_reservoir::tune::Sobol;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let sobol = Sobol::new(2, &mut Xoshiro256PlusPlus::seed_from_u64(1))?;
/// let left = (0..8).filter(|&i| sobol.point(i)[0] < 0.5).count();
/// assert_eq!(left, 4);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// Source: Joe and Kuo, *Constructing Sobol sequences with better two-dimensional projections*, SIAM
/// Journal on Scientific Computing 30, 2635 (2008); Matoušek, *On the L2-discrepancy for anchored
/// boxes*, Journal of Complexity 14, 527 (1998), for the scrambling.
#[derive(Debug, Clone, PartialEq)]
pub struct Sobol {
    /// Of every dimension, a number for every bit of the index.
    directions: Vec<[u32; BITS]>,
    shift: Vec<u32>,
}

impl Sobol {
    /// The most dimensions.
    pub const DIMENSIONS: usize = 21;

    /// A sequence, scrambled by draws from `rng`.
    ///
    /// # Errors
    /// For no dimensions, or more than [`DIMENSIONS`](Self::DIMENSIONS).
    pub fn new<R: Rng + ?Sized>(dimensions: usize, rng: &mut R) -> Result<Self, Error> {
        let mut sobol = Self::unscrambled(dimensions)?;
        for (directions, shift) in sobol.directions.iter_mut().zip(&mut sobol.shift) {
            // Row by row, the most significant first; ones on the diagonal.
            let rows: [u32; BITS] = core::array::from_fn(|row| {
                let one = 1 << (BITS - 1 - row);
                let above = !(one | (one - 1));
                (rng.random::<u32>() & above) | one
            });
            for number in directions {
                let bits = rows
                    .iter()
                    .map(|row| (row & *number).count_ones() & 1)
                    .fold(0, |bits, bit| (bits << 1) | bit);
                *number = bits;
            }
            *shift = rng.random();
        }
        Ok(sobol)
    }

    fn unscrambled(dimensions: usize) -> Result<Self, Error> {
        if !(1..=Self::DIMENSIONS).contains(&dimensions) {
            return Err(neuropil_math::Error::OutOfRange {
                what: "the number of parameters of a Sobol search",
                value: dimensions as f64,
                range: "must be from 1 to 21",
            }
            .into());
        }
        let first = core::array::from_fn(|bit| 1 << (BITS - 1 - bit));
        let rest = DIRECTIONS
            .iter()
            .map(|(polynomial, start)| directions(*polynomial, start));
        Ok(Self {
            directions: core::iter::once(first)
                .chain(rest)
                .take(dimensions)
                .collect(),
            shift: vec![0; dimensions],
        })
    }

    /// The point of this index, in the open unit cube. The sequence begins again after $2^{32}$.
    #[must_use]
    pub fn point(&self, index: u64) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, reason = "the period")]
        let index = index as u32;
        // In the order of the Gray code, as usual: the first 2^m points are the same set.
        let gray = index ^ (index >> 1);
        self.directions
            .iter()
            .zip(&self.shift)
            .map(|(directions, shift)| {
                let bits = (0..BITS)
                    .filter(|bit| gray >> bit & 1 == 1)
                    .fold(*shift, |bits, bit| bits ^ directions[bit]);
                (f64::from(bits) + 0.5) / 4_294_967_296.0
            })
            .collect()
    }
}

fn directions(polynomial: u32, start: &[u32]) -> [u32; BITS] {
    let degree = start.len();
    let mut numbers = [0_u32; BITS];
    for bit in 0..BITS {
        numbers[bit] = if bit < degree {
            start[bit] << (BITS - 1 - bit)
        } else {
            let mut number = numbers[bit - degree] ^ (numbers[bit - degree] >> degree);
            for k in 1..degree {
                if polynomial >> (degree - k) & 1 == 1 {
                    number ^= numbers[bit - k];
                }
            }
            number
        };
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn the_unscrambled_points_are_those_of_other_programs() {
        // scipy.stats.qmc.Sobol(5, scramble=False).random(8).
        let expected = [
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.25],
            [0.375, 0.375, 0.625, 0.875, 0.375],
            [0.875, 0.875, 0.125, 0.375, 0.875],
            [0.625, 0.125, 0.875, 0.625, 0.625],
            [0.125, 0.625, 0.375, 0.125, 0.125],
        ];
        let sobol = Sobol::unscrambled(5).unwrap();
        for (index, point) in (0..).zip(expected) {
            for (ours, theirs) in sobol.point(index).iter().zip(point) {
                assert!((ours - theirs).abs() < 1e-9, "point {index}");
            }
        }
    }

    #[test]
    fn every_axis_is_stratified_scrambled_or_not() {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(3);
        for sobol in [
            Sobol::unscrambled(21).unwrap(),
            Sobol::new(21, rng).unwrap(),
        ] {
            for axis in 0..21 {
                let mut seen = [0; 256];
                for index in 0..256 {
                    let u = sobol.point(index)[axis];
                    assert!(u > 0.0 && u < 1.0);
                    seen[(u * 256.0) as usize] += 1;
                }
                assert!(seen.iter().all(|&count| count == 1), "axis {axis}");
            }
        }
    }

    #[test]
    fn sizes_out_of_range() {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(3);
        for dimensions in [0, 22] {
            assert!(Sobol::new(dimensions, rng).is_err());
        }
    }
}
