//! The singular value decomposition of a triangle $R$, to full accuracy.
//!
//! nalgebra's own is not used: on matrices of deficient rank its singular vectors are off by the root
//! of the precision (10⁻⁸), which the least norm and the leverages of a path show.

use nalgebra::DMatrix;
use nalgebra::linalg::Bidiagonal;

use super::wide::wide;
use crate::Error;

/// $A = U S V^T$ of a square matrix; the singular values are in no certain order.
#[derive(Debug, Clone)]
pub(crate) struct Svd {
    pub(crate) u: DMatrix<f64>,
    pub(crate) s: Vec<f64>,
    pub(crate) v: DMatrix<f64>,
}

/// Sweeps for each singular value; two are usual.
const SWEEPS: usize = 40;
/// Sweeps whose rotations are applied to U and V at a time.
const BATCH: usize = 16;
/// Rows of U and V that are rotated while they stay in the cache.
const ROWS: usize = 32;

/// A plane rotation of the columns i and i + 1.
#[derive(Debug, Clone, Copy)]
struct Rotation {
    column: usize,
    cos: f64,
    sin: f64,
}

/// The rotation that takes (f, g) to (r, 0).
fn rotation(f: f64, g: f64) -> (f64, f64, f64) {
    if g == 0.0 {
        (1.0, 0.0, f)
    } else {
        let r = f.hypot(g);
        (f / r, g / r, r)
    }
}

/// Decomposes `a` by Householder bidiagonalisation and implicit QR steps, with a zero shift where
/// singular values are small against the others (J. Demmel, W. Kahan, *SIAM J. Sci. Stat. Comput.*
/// 11, 1990). Some $20 n^3$ operations.
pub(crate) fn svd(mut a: DMatrix<f64>) -> Result<Svd, Error> {
    let n = a.nrows();
    let scale = a.amax();
    if scale == 0.0 {
        let identity = DMatrix::identity(n, n);
        return Ok(Svd {
            u: identity.clone(),
            s: vec![0.0; n],
            v: identity,
        });
    }
    a /= scale;
    // Large columns first: the QR steps go downwards, and small values converge at the end.
    let norms: Vec<f64> = a.column_iter().map(|c| c.norm()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let sorted = a.select_columns(&order);
    let (mut u, mut d, mut e, mut v);
    if n == 1 {
        u = DMatrix::identity(1, 1);
        v = DMatrix::identity(1, 1);
        d = vec![sorted[(0, 0)]];
        e = Vec::new();
    } else {
        let bidiagonal = Bidiagonal::new(sorted);
        u = bidiagonal.u();
        v = bidiagonal.v_t().transpose();
        d = bidiagonal.diagonal().as_slice().to_vec();
        e = bidiagonal.off_diagonal().as_slice().to_vec();
    }
    diagonalise(&mut d, &mut e, &mut u, &mut v)?;
    for (j, d) in d.iter_mut().enumerate() {
        if *d < 0.0 {
            *d = -*d;
            v.column_mut(j).neg_mut();
        }
        *d *= scale;
    }
    let mut unsorted = DMatrix::zeros(n, n);
    for (row, &from) in order.iter().enumerate() {
        unsorted.row_mut(from).copy_from(&v.row(row));
    }
    Ok(Svd {
        u,
        s: d,
        v: unsorted,
    })
}

/// Takes the upper bidiagonal matrix of `d` and `e` to a diagonal one.
fn diagonalise(
    d: &mut [f64],
    e: &mut [f64],
    u: &mut DMatrix<f64>,
    v: &mut DMatrix<f64>,
) -> Result<(), Error> {
    let largest = d.iter().chain(&*e).fold(0.0, |a: f64, b| a.max(b.abs()));
    let negligible = 0.25 * f64::EPSILON * largest;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut waiting = 0;
    let mut sweeps = 0;
    let mut end = d.len() - 1;
    while end > 0 {
        for i in (0..end).rev() {
            let relative = f64::EPSILON * 0.5 * (d[i].abs() + d[i + 1].abs());
            if e[i].abs() <= negligible.max(relative) {
                e[i] = 0.0;
            }
        }
        if e[end - 1] == 0.0 {
            end -= 1;
            continue;
        }
        let start = (0..end).rev().find(|&i| e[i] == 0.0).map_or(0, |i| i + 1);
        if sweeps == SWEEPS * d.len() {
            return Err(Error::NotConverged {
                what: "the singular value decomposition",
                iterations: sweeps,
                residual: e[end - 1].abs() / largest,
            });
        }
        sweeps += 1;
        let shift = smallest(d[end - 1], e[end - 1], d[end]);
        let (first, off) = (d[start], &mut e[start..end]);
        let block = &mut d[start..=end];
        if first == 0.0 || (shift / first).powi(2) < f64::EPSILON {
            sweep_without_shift(block, off, start, &mut left, &mut right);
        } else {
            sweep(block, off, shift, start, &mut left, &mut right);
        }
        waiting += 1;
        if waiting == BATCH {
            rotate(u, &mut left);
            rotate(v, &mut right);
            waiting = 0;
        }
    }
    rotate(u, &mut left);
    rotate(v, &mut right);
    Ok(())
}

/// The smallest singular value of the upper triangle (f, g; 0, h).
fn smallest(f: f64, g: f64, h: f64) -> f64 {
    let product = f.abs() * h.abs();
    let sum = f * f + g * g + h * h;
    let root = (sum * sum - 4.0 * product * product).max(0.0).sqrt();
    let largest = ((sum + root) * 0.5).sqrt();
    if largest > 0.0 {
        product / largest
    } else {
        0.0
    }
}

/// An implicit QR step with a shift.
fn sweep(
    d: &mut [f64],
    e: &mut [f64],
    shift: f64,
    start: usize,
    left: &mut Vec<Rotation>,
    right: &mut Vec<Rotation>,
) {
    let mut f = (d[0].abs() - shift) * (1_f64.copysign(d[0]) + shift / d[0]);
    let mut g = e[0];
    for i in 0..e.len() {
        let (cos, sin, r) = rotation(f, g);
        if i > 0 {
            e[i - 1] = r;
        }
        f = cos * d[i] + sin * e[i];
        e[i] = cos * e[i] - sin * d[i];
        g = sin * d[i + 1];
        d[i + 1] *= cos;
        let column = start + i;
        right.push(Rotation { column, cos, sin });
        let (cos, sin, r) = rotation(f, g);
        d[i] = r;
        f = cos * e[i] + sin * d[i + 1];
        d[i + 1] = cos * d[i + 1] - sin * e[i];
        if i + 1 < e.len() {
            g = sin * e[i + 1];
            e[i + 1] *= cos;
        }
        left.push(Rotation { column, cos, sin });
    }
    e[e.len() - 1] = f;
}

/// An implicit QR step with shift zero, in which nothing is subtracted: small values keep their digits.
fn sweep_without_shift(
    d: &mut [f64],
    e: &mut [f64],
    start: usize,
    left: &mut Vec<Rotation>,
    right: &mut Vec<Rotation>,
) {
    let (mut cos, mut old_cos, mut old_sin) = (1.0, 1.0, 0.0);
    for i in 0..e.len() {
        let (c, s, r) = rotation(d[i] * cos, e[i]);
        if i > 0 {
            e[i - 1] = old_sin * r;
        }
        let column = start + i;
        right.push(Rotation {
            column,
            cos: c,
            sin: s,
        });
        cos = c;
        (old_cos, old_sin, d[i]) = rotation(old_cos * r, d[i + 1] * s);
        left.push(Rotation {
            column,
            cos: old_cos,
            sin: old_sin,
        });
    }
    let last = e.len();
    let h = d[last] * cos;
    d[last] = h * old_cos;
    e[last - 1] = h * old_sin;
}

/// Applies rotations to the columns of `m`, some rows at a time, and forgets them.
fn rotate(m: &mut DMatrix<f64>, rotations: &mut Vec<Rotation>) {
    let n = m.nrows();
    wide(
        #[inline(always)]
        || {
            for first in (0..n).step_by(ROWS) {
                let count = ROWS.min(n - first);
                for &Rotation { column, cos, sin } in &*rotations {
                    let columns = &mut m.as_mut_slice()[column * n + first..];
                    let (a, b) = columns.split_at_mut(n);
                    for (a, b) in a[..count].iter_mut().zip(&mut b[..count]) {
                        let old = *a;
                        *a = cos * old + sin * *b;
                        *b = cos * *b - sin * old;
                    }
                }
            }
        },
    );
    rotations.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudo_random(rows: usize, columns: usize) -> DMatrix<f64> {
        let mut state = 1_u64;
        DMatrix::from_fn(rows, columns, |_, _| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
    }

    fn check(name: &str, a: &DMatrix<f64>) -> Vec<f64> {
        let n = a.nrows();
        let Svd { u, s, v } = svd(a.clone()).unwrap();
        let limit = 20.0 * f64::EPSILON * n as f64;
        for m in [&u, &v] {
            let defect = (m.transpose() * m - DMatrix::identity(n, n)).amax();
            assert!(defect < limit, "{name}: orthogonal to {defect:e}");
        }
        let product = &u * DMatrix::from_diagonal(&s.clone().into()) * v.transpose();
        let error = (product - a).amax() / a.amax().max(1e-300);
        assert!(error < limit, "{name}: product to {error:e}");
        assert!(s.iter().all(|&s| s >= 0.0), "{name}: {s:?}");
        let mut s = s;
        s.sort_by(|a, b| b.total_cmp(a));
        s
    }

    #[test]
    fn the_factors_are_orthogonal_and_give_the_matrix() {
        for n in [1, 2, 3, 5, 8, 40, 90] {
            check("random", &pseudo_random(n, n));
            check("triangular", &pseudo_random(n, n).upper_triangle());
            check("zero", &DMatrix::zeros(n, n));
            check("identity", &DMatrix::identity(n, n));
            check("ones", &DMatrix::from_element(n, n, 1.0));
            check("huge", &(pseudo_random(n, n) * 1e200));
            check("tiny", &(pseudo_random(n, n) * 1e-200));
            let rank = n.div_ceil(3);
            let s = check(
                "dependent",
                &(pseudo_random(n, rank) * pseudo_random(rank, n)),
            );
            assert!(s[rank - 1] > 1e-9 * s[0], "rank {rank} of {n}");
            assert!(
                s.get(rank).is_none_or(|&s1| s1 < 1e-14 * s[0]),
                "rank {rank} of {n}"
            );
            for direction in [-1, 1] {
                let graded = DMatrix::from_fn(n, n, |i, j| {
                    let x = ((i * 7 + j * 3) % 11) as f64 - 5.3;
                    x * 2_f64.powi(direction * j as i32)
                });
                check("graded", &graded);
                check("graded rows", &graded.transpose());
            }
            let shift = DMatrix::from_fn(n, n, |i, j| if j == i + 1 { 1.0 } else { 0.0 });
            check("shift", &shift);
        }
    }

    #[test]
    fn singular_values_are_those_of_a_known_matrix() {
        let n = 30;
        let q = pseudo_random(n, n).qr().q();
        let p = pseudo_random(n, n).transpose().qr().q();
        let s = nalgebra::DVector::from_fn(n, |i, _| 10_f64.powf(-0.5 * i as f64));
        let found = check("known", &(&q * DMatrix::from_diagonal(&s) * p.transpose()));
        for (found, s) in found.iter().zip(s.iter()) {
            assert!((found - s).abs() < 1e-14, "{found:e} {s:e}");
        }
    }
}
