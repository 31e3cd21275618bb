//! The lower triangle of X Xᵀ from samples that are packed once.
//!
//! A general product packs every block of X twice, for its left and for its right side, and again for
//! every part of the triangle. Here X is packed once, in panels of eight rows, which serve as both
//! sides; what else is done to the samples (centring, widening) happens on the way.
#![expect(
    unsafe_code,
    reason = "a function compiled for some instructions must only run where they are"
)]

use super::product::join;
use super::strided::Target;
use crate::Real;

/// Rows of a panel.
pub(crate) const LANES: usize = 8;
/// Panels on the left side of a tile: with eight columns they fill the registers of AVX-512.
const TALL: usize = 3;
/// Panels on the right side that stay in the second level of the cache while the left side passes.
const BLOCK: usize = 12;

/// Samples in panels of eight features: panel p holds, sample after sample, features 8p to 8p + 7.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panels {
    rows: usize,
    samples: usize,
    values: Vec<[f64; LANES]>,
}

impl Panels {
    /// Samples that stand one after the other, `rows` values each; `value` makes of feature and value
    /// what is packed. One more sample, `last`, is packed as it is.
    pub(crate) fn pack<T: Real>(
        &mut self,
        rows: usize,
        samples: &[T],
        last: Option<&[f64]>,
        value: impl Fn(usize, T) -> f64,
    ) {
        /// Samples at a time: as many streams to read.
        const RUN: usize = 8;
        let count = samples.len() / rows + usize::from(last.is_some());
        self.rows = rows;
        self.samples = count;
        let length = rows.div_ceil(LANES) * count;
        self.values.resize(length, [0.0; LANES]);
        if !rows.is_multiple_of(LANES) {
            // The last panel is not filled.
            self.values[length - count..].fill([0.0; LANES]);
        }
        super::wide(
            #[inline(always)]
            || {
                for (run, samples) in samples.chunks(RUN * rows).enumerate() {
                    for (p, panel) in self.values.chunks_exact_mut(count).enumerate() {
                        let first = p * LANES;
                        let width = LANES.min(rows - first);
                        let packed = &mut panel[run * RUN..];
                        for (sample, packed) in samples.chunks_exact(rows).zip(packed) {
                            let sample = &sample[first..first + width];
                            if let Ok(sample) = <&[T; LANES]>::try_from(sample) {
                                for lane in 0..LANES {
                                    packed[lane] = value(first + lane, sample[lane]);
                                }
                            } else {
                                for (lane, &x) in sample.iter().enumerate() {
                                    packed[lane] = value(first + lane, x);
                                }
                            }
                        }
                    }
                }
            },
        );
        if let Some(last) = last {
            for (panel, last) in self.values.chunks_exact_mut(count).zip(last.chunks(LANES)) {
                panel[count - 1][..last.len()].copy_from_slice(last);
            }
        }
    }

    /// Values in the order of panels: of eight rows after another, sample after sample.
    pub(crate) fn from_values(rows: usize, samples: usize, values: Vec<[f64; LANES]>) -> Self {
        debug_assert_eq!(values.len(), rows.div_ceil(LANES) * samples, "whole panels");
        Self {
            rows,
            samples,
            values,
        }
    }

    /// Adds to each of `sums` the squares of a row.
    pub(crate) fn add_squares(&self, sums: &mut [f64]) {
        for (p, sums) in sums.chunks_mut(LANES).enumerate() {
            for lanes in self.panel(p) {
                for (sum, x) in sums.iter_mut().zip(lanes) {
                    *sum += x * x;
                }
            }
        }
    }

    fn panel(&self, p: usize) -> &[[f64; LANES]] {
        &self.values[p * self.samples..(p + 1) * self.samples]
    }

    fn len(&self) -> usize {
        self.rows.div_ceil(LANES)
    }
}

/// Whether this processor runs the functions of this file.
#[inline]
pub(crate) fn is_available() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        crate::vectors::has_avx512() || has_avx2()
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// C ← C + X Xᵀ in the lower triangle; above the diagonal C is undefined afterwards.
pub(crate) fn add_lower(x: &Panels, c: Target<'_, f64>) {
    add_blocks(x, x, 0, x.len(), true, c);
}

/// C ← C + X Yᵀ.
pub(crate) fn add_cross(x: &Panels, y: &Panels, c: Target<'_, f64>) {
    add_blocks(x, y, 0, y.len(), false, c);
}

/// The columns of the panels `first..end` of `y`, which are all of `c`.
fn add_blocks(
    x: &Panels,
    y: &Panels,
    first: usize,
    end: usize,
    lower: bool,
    mut c: Target<'_, f64>,
) {
    let blocks = (end - first).div_ceil(BLOCK);
    if blocks > 1 {
        // Fixed places, so that the sums are the same for any number of threads.
        let at = first + blocks / 2 * BLOCK;
        let work = c.rows() * c.columns() * x.samples / 2;
        let (left, right) = c.split_columns((at - first) * LANES);
        join(
            work,
            || add_blocks(x, y, first, at, lower, left),
            || add_blocks(x, y, at, end, lower, right),
        );
        return;
    }
    let mut i = if lower { first } else { 0 };
    while i < x.len() {
        let tall = TALL.min(x.len() - i);
        for j in first..end {
            if lower && j >= i + tall {
                break;
            }
            let columns = LANES.min(y.rows - j * LANES);
            for lane in 0..columns {
                fetch(&c.column_mut((j - first) * LANES + lane)[i * LANES..], tall);
            }
            let mut sums = [[[0.0; LANES]; TALL]; LANES];
            let panels = core::array::from_fn(|q| x.panel((i + q).min(x.len() - 1)));
            tile(tall, panels, y.panel(j), &mut sums);
            for (lane, sums) in sums[..columns].iter().enumerate() {
                let column = &mut c.column_mut((j - first) * LANES + lane)[i * LANES..];
                for (c, sum) in column.iter_mut().zip(sums[..tall].as_flattened()) {
                    *c += sum;
                }
            }
        }
        i += tall;
    }
}

/// C ← C + X Yᵀ in the lower triangle, where that product is symmetric; above the diagonal C is
/// undefined afterwards.
pub(crate) fn add_lower_product(x: &Panels, y: &Panels, c: Target<'_, f64>) {
    add_blocks(x, y, 0, y.len(), true, c);
}

/// Asks for the first `panels` panels of a column of C, which arrive while their sums are computed.
#[inline(always)]
pub(super) fn fetch(column: &[f64], panels: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in column.chunks(LANES).take(panels + 1) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect but on the cache.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (column, panels);
}

/// The products of the first `tall` panels of `a` with the eight rows of `b`.
#[inline]
fn tile(
    tall: usize,
    a: [&[[f64; LANES]]; TALL],
    b: &[[f64; LANES]],
    sums: &mut [[[f64; LANES]; TALL]; LANES],
) {
    #[cfg(target_arch = "x86_64")]
    {
        if crate::vectors::has_avx512() {
            // SAFETY: the features were just detected.
            unsafe {
                match tall {
                    1 => avx512::<1>([a[0]], b, sums),
                    2 => avx512::<2>([a[0], a[1]], b, sums),
                    _ => avx512::<3>(a, b, sums),
                }
            }
            return;
        }
        if has_avx2() {
            for q in 0..tall {
                for half in 0..2 {
                    // SAFETY: the features were just detected.
                    unsafe { avx2(a[q], b, q, half, sums) };
                }
            }
            return;
        }
    }
    for (t, b) in b.iter().enumerate() {
        for (sums, &b) in sums.iter_mut().zip(b) {
            for q in 0..tall {
                for lane in 0..LANES {
                    sums[q][lane] += a[q][t][lane] * b;
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<const N: usize>(
    a: [&[[f64; LANES]]; N],
    b: &[[f64; LANES]],
    sums: &mut [[[f64; LANES]; TALL]; LANES],
) {
    use core::arch::x86_64::*;

    let a = a.map(|a| &a[..b.len()]);
    let mut tile = [[_mm512_setzero_pd(); N]; LANES];
    for (t, b) in b.iter().enumerate() {
        let mut left = [_mm512_setzero_pd(); N];
        for q in 0..N {
            let v = &a[q][t];
            left[q] = _mm512_set_pd(v[7], v[6], v[5], v[4], v[3], v[2], v[1], v[0]);
        }
        for j in 0..LANES {
            let right = _mm512_set1_pd(b[j]);
            for q in 0..N {
                tile[j][q] = _mm512_fmadd_pd(left[q], right, tile[j][q]);
            }
        }
    }
    for j in 0..LANES {
        for q in 0..N {
            // SAFETY: a vector is eight numbers, without padding, all bit patterns valid.
            sums[j][q] = unsafe { core::mem::transmute::<__m512d, [f64; LANES]>(tile[j][q]) };
        }
    }
}

/// One panel by half of the rows of `b`: eight vectors of sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(
    a: &[[f64; LANES]],
    b: &[[f64; LANES]],
    q: usize,
    half: usize,
    sums: &mut [[[f64; LANES]; TALL]; LANES],
) {
    use core::arch::x86_64::*;

    const WIDTH: usize = LANES / 2;
    let mut tile = [[_mm256_setzero_pd(); 2]; WIDTH];
    for (v, b) in a.iter().zip(b) {
        let left = [
            _mm256_set_pd(v[3], v[2], v[1], v[0]),
            _mm256_set_pd(v[7], v[6], v[5], v[4]),
        ];
        for j in 0..WIDTH {
            let right = _mm256_set1_pd(b[half * WIDTH + j]);
            for h in 0..2 {
                tile[j][h] = _mm256_fmadd_pd(left[h], right, tile[j][h]);
            }
        }
    }
    for j in 0..WIDTH {
        // SAFETY: two vectors are eight numbers, without padding, all bit patterns valid.
        sums[half * WIDTH + j][q] =
            unsafe { core::mem::transmute::<[__m256d; 2], [f64; LANES]>(tile[j]) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::ViewMut;
    use nalgebra::DMatrix;

    #[test]
    fn every_size_is_the_product() {
        for (rows, samples, outputs) in [
            (1, 1, 1),
            (7, 3, 2),
            (8, 5, 8),
            (24, 10, 9),
            (25, 17, 3),
            (49, 256, 20),
            (130, 31, 1),
            (250, 9, 100),
        ] {
            // Small whole numbers: every order of summation gives the same bits.
            let x = DMatrix::from_fn(rows, samples, |i, t| ((3 * i + 7 * t) % 11) as f64 - 5.0);
            let y = DMatrix::from_fn(outputs, samples, |i, t| ((i + 5 * t) % 7) as f64 - 3.0);
            let extra: Vec<f64> = (0..rows).map(|i| (i % 3) as f64).collect();
            let (mut px, mut py) = (Panels::default(), Panels::default());
            px.pack(rows, x.as_slice(), None, |_, x| x);
            py.pack(outputs, y.as_slice(), None, |_, y| y);
            let mut cross = DMatrix::from_element(rows, outputs, 1.0);
            let target: ViewMut<'_, f64> = (&mut cross).into();
            add_cross(&px, &py, target.into());
            assert_eq!(cross, (&x * y.transpose()).add_scalar(1.0));

            px.pack(rows, x.as_slice(), Some(&extra), |_, x| x);
            let longer = x.insert_columns(samples, 1, 0.0);
            let longer = DMatrix::from_fn(rows, samples + 1, |i, t| {
                if t < samples {
                    longer[(i, t)]
                } else {
                    extra[i]
                }
            });
            let mut gram = DMatrix::from_element(rows, rows, 2.0);
            let target: ViewMut<'_, f64> = (&mut gram).into();
            add_lower(&px, target.into());
            let expected = (&longer * longer.transpose()).add_scalar(2.0);
            for j in 0..rows {
                for i in j..rows {
                    assert_eq!(gram[(i, j)], expected[(i, j)], "{rows} × {samples}");
                }
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn both_vector_widths_give_the_same_bits() {
        if !has_avx2() || !crate::vectors::has_avx512() {
            return;
        }
        let panel = |shift: f64| -> Vec<[f64; LANES]> {
            (0..99)
                .map(|t| core::array::from_fn(|lane| (f64::from(t) + shift * lane as f64).sin()))
                .collect()
        };
        let (a, b) = (panel(0.3), panel(0.7));
        let mut wide = [[[0.0; LANES]; TALL]; LANES];
        let mut narrow = wide;
        // SAFETY: the features were just detected.
        unsafe {
            avx512::<1>([&a], &b, &mut wide);
            avx2(&a, &b, 0, 0, &mut narrow);
            avx2(&a, &b, 0, 1, &mut narrow);
        }
        assert_eq!(wide, narrow);
    }
}
