//! The lower triangle of Q Qᵀ for whole numbers of 16 bits: exact, and so the same on every machine.
//!
//! A vector of the processor holds four times as many of them as of `f64`, and one instruction
//! multiplies pairs and adds them up in 32 bits. Sums may wrap on the way: they are right in the end if
//! the last value fits, which the Cauchy–Schwarz inequality grants to rows of a bounded norm.
#![expect(
    unsafe_code,
    reason = "a function compiled for some instructions must only run where they are"
)]

use super::product::join;
use super::strided::Target;
use crate::vectors::{Kernel, widest};

/// Rows of a panel.
pub(crate) const ROWS: usize = 16;
/// Columns of a tile: half of the rows of a panel.
const COLUMNS: usize = ROWS / 2;
/// Panels on the left side of a tile: with eight columns they fill the registers of AVX-512.
const TALL: usize = 3;
/// Tiles of columns of which the right sides stay in the second level of the cache.
const BLOCK: usize = 24;

/// The largest norm of a row of which all products with others fit: $\sqrt{2^{31}}$, less what
/// rounding the numbers of a row adds.
pub(crate) const NORM: f64 = 46_300.0;
/// The largest number. Its opposite is the smallest: products of two pairs fit.
pub(crate) const LARGEST: f64 = 32_766.0;

/// Two samples of sixteen rows: the earlier one in the low halves.
pub(crate) type Pairs = [i32; ROWS];

/// Rows of whole numbers, each with a factor, in panels of sixteen: panel p holds, pair after pair of
/// samples, rows 16p to 16p + 15.
#[derive(Debug, Clone, Default)]
pub(crate) struct Integers {
    pub(crate) rows: usize,
    /// Pairs of samples.
    pub(crate) pairs: usize,
    /// Of every row, up to a multiple of [`ROWS`].
    pub(crate) factors: Vec<f64>,
    pub(crate) values: Vec<Pairs>,
}

impl Integers {
    /// Room for `rows` × 2 `pairs` numbers, the values of which are undefined.
    pub(crate) fn resize(&mut self, rows: usize, pairs: usize) {
        (self.rows, self.pairs) = (rows, pairs);
        self.factors.resize(self.len() * ROWS, 0.0);
        self.values.resize(self.len() * pairs, [0; ROWS]);
    }

    fn len(&self) -> usize {
        self.rows.div_ceil(ROWS)
    }

    fn panel(&self, p: usize) -> &[Pairs] {
        &self.values[p * self.pairs..(p + 1) * self.pairs]
    }
}

/// Adds to the lower triangle of C the products of the rows, with their factors; above the diagonal C
/// is undefined afterwards.
pub(crate) fn add_lower(x: &Integers, c: Target<'_, f64>) {
    add_blocks(x, 0, x.rows.div_ceil(COLUMNS), c);
}

/// The columns of the tiles `first..end`, which are all of `c`.
fn add_blocks(x: &Integers, first: usize, end: usize, mut c: Target<'_, f64>) {
    let blocks = (end - first).div_ceil(BLOCK);
    if blocks > 1 {
        let at = first + blocks / 2 * BLOCK;
        let work = c.rows() * c.columns() * x.pairs / 4;
        let (left, right) = c.split_columns((at - first) * COLUMNS);
        join(
            work,
            || add_blocks(x, first, at, left),
            || add_blocks(x, at, end, right),
        );
        return;
    }
    let mut i = first * COLUMNS / ROWS;
    while i < x.len() {
        let tall = TALL.min(x.len() - i);
        for j in first..end {
            if j * COLUMNS >= (i + tall) * ROWS {
                break;
            }
            let columns = COLUMNS.min(x.rows - j * COLUMNS);
            for lane in 0..columns {
                let column = c.column_mut((j - first) * COLUMNS + lane);
                super::syrk::fetch(&column[i * ROWS..], tall * 2);
            }
            let mut sums = [[[0; ROWS]; TALL]; COLUMNS];
            let panels = core::array::from_fn(|q| x.panel((i + q).min(x.len() - 1)));
            let right = x.panel(j * COLUMNS / ROWS);
            tile(tall, panels, right, j * COLUMNS % ROWS, &mut sums);
            for (lane, sums) in sums[..columns].iter().enumerate() {
                widest(Add {
                    column: &mut c.column_mut((j - first) * COLUMNS + lane)[i * ROWS..],
                    sums: sums[..tall].as_flattened(),
                    factors: &x.factors[i * ROWS..],
                    factor: x.factors[j * COLUMNS + lane],
                });
            }
        }
        i += tall;
    }
}

/// Part of a column of C, and what comes to it.
struct Add<'a> {
    column: &'a mut [f64],
    sums: &'a [i32],
    factors: &'a [f64],
    factor: f64,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((c, &sum), &factor) in self.column.iter_mut().zip(self.sums).zip(self.factors) {
            *c += factor * self.factor * f64::from(sum);
        }
    }
}

/// The products of the first `tall` panels of `a` with the eight rows of `b` from `first` on.
#[inline]
fn tile(
    tall: usize,
    a: [&[Pairs]; TALL],
    b: &[Pairs],
    first: usize,
    sums: &mut [[[i32; ROWS]; TALL]; COLUMNS],
) {
    #[cfg(target_arch = "x86_64")]
    {
        if crate::vectors::has_avx512() && is_x86_feature_detected!("avx512vnni") {
            // SAFETY: the features were just detected.
            unsafe {
                match tall {
                    1 => avx512::<1>([a[0]], b, first, sums),
                    2 => avx512::<2>([a[0], a[1]], b, first, sums),
                    _ => avx512::<3>(a, b, first, sums),
                }
            }
            return;
        }
        if is_x86_feature_detected!("avx2") {
            for q in 0..tall {
                for half in 0..2 {
                    // SAFETY: the feature was just detected.
                    unsafe { avx2(a[q], b, first, q, half, sums) };
                }
            }
            return;
        }
    }
    portable(tall, a, b, first, sums);
}

fn portable(
    tall: usize,
    a: [&[Pairs]; TALL],
    b: &[Pairs],
    first: usize,
    sums: &mut [[[i32; ROWS]; TALL]; COLUMNS],
) {
    let early = |pair: i32| pair << 16 >> 16;
    let late = |pair: i32| pair >> 16;
    for (t, b) in b.iter().enumerate() {
        for (sums, &b) in sums.iter_mut().zip(&b[first..]) {
            for q in 0..tall {
                for (sum, &a) in sums[q].iter_mut().zip(&a[q][t]) {
                    *sum = sum
                        .wrapping_add(early(a) * early(b))
                        .wrapping_add(late(a) * late(b));
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn avx512<const N: usize>(
    a: [&[Pairs]; N],
    b: &[Pairs],
    first: usize,
    sums: &mut [[[i32; ROWS]; TALL]; COLUMNS],
) {
    use core::arch::x86_64::*;

    let a = a.map(|a| &a[..b.len()]);
    let mut tile = [[_mm512_setzero_si512(); N]; COLUMNS];
    for (t, b) in b.iter().enumerate() {
        let Some(b) = b[first..].first_chunk::<COLUMNS>() else {
            return;
        };
        let mut left = [_mm512_setzero_si512(); N];
        for q in 0..N {
            let v = &a[q][t];
            left[q] = _mm512_set_epi32(
                v[15], v[14], v[13], v[12], v[11], v[10], v[9], v[8], v[7], v[6], v[5], v[4], v[3],
                v[2], v[1], v[0],
            );
        }
        for j in 0..COLUMNS {
            let right = _mm512_set1_epi32(b[j]);
            for q in 0..N {
                tile[j][q] = _mm512_dpwssd_epi32(tile[j][q], left[q], right);
            }
        }
    }
    for j in 0..COLUMNS {
        for q in 0..N {
            // SAFETY: a vector is sixteen numbers, without padding, all bit patterns valid.
            sums[j][q] = unsafe { core::mem::transmute::<__m512i, [i32; ROWS]>(tile[j][q]) };
        }
    }
}

/// One panel by half of the eight rows of `b`: eight vectors of sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(
    a: &[Pairs],
    b: &[Pairs],
    first: usize,
    q: usize,
    half: usize,
    sums: &mut [[[i32; ROWS]; TALL]; COLUMNS],
) {
    use core::arch::x86_64::*;

    const WIDTH: usize = COLUMNS / 2;
    let mut tile = [[_mm256_setzero_si256(); 2]; WIDTH];
    for (v, b) in a.iter().zip(b) {
        let Some(b) = b[first + half * WIDTH..].first_chunk::<WIDTH>() else {
            return;
        };
        let left = [
            _mm256_set_epi32(v[7], v[6], v[5], v[4], v[3], v[2], v[1], v[0]),
            _mm256_set_epi32(v[15], v[14], v[13], v[12], v[11], v[10], v[9], v[8]),
        ];
        for j in 0..WIDTH {
            let right = _mm256_set1_epi32(b[j]);
            for h in 0..2 {
                let products = _mm256_madd_epi16(left[h], right);
                tile[j][h] = _mm256_add_epi32(tile[j][h], products);
            }
        }
    }
    for j in 0..WIDTH {
        // SAFETY: two vectors are sixteen numbers, without padding, all bit patterns valid.
        sums[half * WIDTH + j][q] =
            unsafe { core::mem::transmute::<[__m256i; 2], [i32; ROWS]>(tile[j]) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::ViewMut;
    use nalgebra::DMatrix;

    /// Numbers up to the largest that are allowed.
    fn number(i: usize, t: usize) -> i32 {
        let mixed = (i as u32 * 7919 + t as u32 * 104_729 + 17).wrapping_mul(2_654_435_761) >> 16;
        mixed as i32 % 32_767 - if mixed.is_multiple_of(2) { 32_766 } else { 0 }
    }

    fn integers(rows: usize, pairs: usize) -> Integers {
        let mut x = Integers::default();
        x.resize(rows, pairs);
        for i in 0..rows {
            x.factors[i] = 0.5_f64.powi((i % 5) as i32);
            for t in 0..pairs {
                let (early, late) = (number(i, 2 * t), number(i, 2 * t + 1));
                x.values[i / ROWS * pairs + t][i % ROWS] = (early & 0xffff) | late << 16;
            }
        }
        x
    }

    #[test]
    fn every_size_is_the_product() {
        for (rows, pairs) in [
            (1, 1),
            (8, 1),
            (15, 2),
            (33, 1),
            (49, 2),
            (100, 2),
            (250, 1),
        ] {
            let x = integers(rows, pairs);
            let mut c = DMatrix::from_element(rows, rows, 1.0);
            let target: ViewMut<'_, f64> = (&mut c).into();
            add_lower(&x, target.into());
            for j in 0..rows {
                for i in j..rows {
                    let sum: i64 = (0..2 * pairs)
                        .map(|t| i64::from(number(i, t)) * i64::from(number(j, t)))
                        .sum();
                    // Sums beyond 32 bits wrap; the rows here are longer than those that are rounded.
                    let wrapped = sum as i32;
                    let expected = 1.0 + x.factors[i] * x.factors[j] * f64::from(wrapped);
                    assert_eq!(c[(i, j)], expected, "{rows} × {pairs} at {i}, {j}");
                }
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_path_gives_the_same_numbers() {
        let x = integers(48, 33);
        let panels = core::array::from_fn(|q| x.panel(q));
        for first in [0, COLUMNS] {
            let blank = [[[0; ROWS]; TALL]; COLUMNS];
            let mut expected = blank;
            portable(TALL, panels, x.panel(1), first, &mut expected);
            assert_ne!(expected, blank);
            if is_x86_feature_detected!("avx2") {
                let mut sums = blank;
                for q in 0..TALL {
                    for half in 0..2 {
                        // SAFETY: the feature was just detected.
                        unsafe { avx2(panels[q], x.panel(1), first, q, half, &mut sums) };
                    }
                }
                assert_eq!(sums, expected, "AVX2");
            }
            if crate::vectors::has_avx512() && is_x86_feature_detected!("avx512vnni") {
                let mut sums = blank;
                // SAFETY: the features were just detected.
                unsafe { avx512(panels, x.panel(1), first, &mut sums) };
                assert_eq!(sums, expected, "AVX-512");
            }
        }
    }
}
