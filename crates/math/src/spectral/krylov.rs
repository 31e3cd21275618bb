//! The eigenvalue of largest modulus by the Krylov–Schur method.[^stewart]
//!
//! [^stewart]: Stewart (2002), *A Krylov–Schur algorithm for large eigenproblems*, SIAM J. Matrix
//! Anal. Appl. 23, 601–614.

use nalgebra::{Complex, DMatrix};

use super::schur;
use crate::Error;
use crate::linear_map::{dot, multiply_add};

/// What the iteration found.
pub(super) struct Outcome {
    /// |θ| of the leading Ritz value.
    pub(super) radius: f64,
    /// ‖Wv - θv‖ of its unit Ritz vector (for a pair, of the plane).
    pub(super) residual: f64,
    pub(super) products: usize,
    pub(super) converged: bool,
}

/// When to stop.
pub(super) struct Limits {
    /// Size of the subspace before a restart.
    pub(super) subspace: usize,
    /// Residual to reach, as a fraction of the radius.
    pub(super) tolerance: f64,
    pub(super) max_products: usize,
}

/// How far below the leading modulus, as a fraction of it, others are watched.
const RIM: f64 = 0.02;

/// Runs over the square map `apply` of size `start.len()`.
pub(super) fn leading(
    mut apply: impl FnMut(&[f64], &mut [f64]) -> Result<(), Error>,
    start: &[f64],
    limits: &Limits,
) -> Result<Outcome, Error> {
    let n = start.len();
    let m = limits.subspace.clamp(1, n);
    // The basis of the subspace, and one vector more.
    let mut basis = DMatrix::<f64>::zeros(n, m + 1);
    let length = norm(start);
    for (v, x) in basis.as_mut_slice().iter_mut().zip(start) {
        *v = x / length;
    }
    let mut h = DMatrix::<f64>::zeros(m, m);
    // W V = V H + v bᵀ for the first `kept` columns V of the basis and the next one v.
    let mut kept = 0;
    let mut b = vec![0.0; m];
    let mut products = 0;
    let mut coefficients = vec![0.0; m + 1];
    loop {
        for j in 0..kept {
            h[(kept, j)] = b[j];
        }
        let mut size = m;
        let mut last = 0.0;
        for j in kept..m {
            let (before, after) = basis.as_mut_slice().split_at_mut((j + 1) * n);
            let next = &mut after[..n];
            apply(&before[j * n..], next)?;
            products += 1;
            let length = norm(next);
            last = orthogonalise(before, next, &mut coefficients[..=j]);
            for i in 0..=j {
                h[(i, j)] = coefficients[i];
            }
            if last <= 16.0 * f64::EPSILON * length || j + 1 == n {
                // The subspace is invariant: its Ritz values are eigenvalues. A random start has a
                // share in all of them, so that none is missing.
                size = j + 1;
                break;
            }
            for x in next.iter_mut() {
                *x /= last;
            }
            if j + 1 < m {
                h[(j + 1, j)] = last;
            }
        }
        let mut t = h.view((0, 0), (size, size)).into_owned();
        let scale = t.norm();
        let mut q = DMatrix::identity(size, size);
        schur::hessenberg(&mut t, Some(&mut q));
        schur::francis(&mut t, Some(&mut q))?;
        let invariant = size < m || size == n;

        let first = lead(&mut t, &mut q, 0);
        let couple = |q: &DMatrix<f64>, from: usize, count: usize| {
            (from..from + count)
                .map(|j| last * q[(size - 1, j)])
                .fold(0.0, f64::hypot)
        };
        let residual = couple(&q, 0, first.1);
        let radius = first.0.norm();
        let small = |residual: f64, tolerance: f64| {
            residual <= tolerance * radius || residual <= 4.0 * f64::EPSILON * scale
        };
        let mut converged = small(residual, limits.tolerance);
        let mut next = first.1;
        while converged && !invariant && next < size {
            // A Ritz value of almost the same modulus that is still moving might overtake.
            let (value, count) = lead(&mut t, &mut q, next);
            let gap = radius - value.norm();
            if gap > RIM * radius {
                break;
            }
            converged = couple(&q, next, count) <= gap.max(limits.tolerance.sqrt() * radius);
            next += count;
        }
        if converged || invariant || products >= limits.max_products {
            return Ok(Outcome {
                radius,
                residual,
                products,
                converged: converged || invariant,
            });
        }

        kept = keep(&mut t, &mut q, m / 2);
        let turned = basis.view((0, 0), (n, m)) * q.view((0, 0), (m, kept));
        let next = basis.column(m).into_owned();
        basis.view_mut((0, 0), (n, kept)).copy_from(&turned);
        basis.column_mut(kept).copy_from(&next);
        h.fill(0.0);
        h.view_mut((0, 0), (kept, kept))
            .copy_from(&t.view((0, 0), (kept, kept)));
        for j in 0..kept {
            b[j] = last * q[(m - 1, j)];
        }
    }
}

pub(super) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

/// Takes from `x` its share in the orthonormal columns of `basis`, writes the coefficients and gives
/// the length of what is left. Twice is enough.[^parlett]
///
/// [^parlett]: Parlett (1998), *The Symmetric Eigenvalue Problem*, section 6.9 ("twice is enough",
/// due to Kahan).
fn orthogonalise(basis: &[f64], x: &mut [f64], coefficients: &mut [f64]) -> f64 {
    let n = x.len();
    coefficients.fill(0.0);
    let mut share = vec![0.0; coefficients.len()];
    for _ in 0..2 {
        project(basis, x, &mut share);
        multiply_add(-1.0, &basis[..n * share.len()], &share, x);
        for (c, s) in coefficients.iter_mut().zip(&share) {
            *c += s;
        }
    }
    norm(x)
}

/// The inner products of `x` with the columns of `basis`, four at a time.
fn project(basis: &[f64], x: &[f64], share: &mut [f64]) {
    for (columns, share) in basis.chunks(4 * x.len()).zip(share.chunks_mut(4)) {
        match *share {
            [ref mut s0, ref mut s1, ref mut s2, ref mut s3] => {
                [*s0, *s1, *s2, *s3] = dot_4(columns, x);
            }
            _ => {
                for (column, s) in columns.chunks_exact(x.len()).zip(share) {
                    *s = dot(column, x);
                }
            }
        }
    }
}

fn dot_4(columns: &[f64], x: &[f64]) -> [f64; 4] {
    let n = x.len();
    let column = |j: usize| columns[j * n..(j + 1) * n].as_chunks::<4>();
    let ([(a, ra), (b, rb), (c, rc), (d, rd)], (y, ry)) = (
        [column(0), column(1), column(2), column(3)],
        x.as_chunks::<4>(),
    );
    let mut sums = [[0.0; 4]; 4];
    for ((((a, b), c), d), y) in a.iter().zip(b).zip(c).zip(d).zip(y) {
        for lane in 0..4 {
            sums[0][lane] += a[lane] * y[lane];
            sums[1][lane] += b[lane] * y[lane];
            sums[2][lane] += c[lane] * y[lane];
            sums[3][lane] += d[lane] * y[lane];
        }
    }
    for lane in 0..ry.len() {
        for (sums, rest) in sums.iter_mut().zip([ra, rb, rc, rd]) {
            sums[lane] += rest[lane] * ry[lane];
        }
    }
    sums.map(|s| (s[0] + s[1]) + (s[2] + s[3]))
}

/// Brings the block of largest modulus, of those from row `from` on, up to row `from`: gives its
/// eigenvalue and its size. If blocks refuse to change places, gives what ended there.
fn lead(t: &mut DMatrix<f64>, q: &mut DMatrix<f64>, from: usize) -> (Complex<f64>, usize) {
    let blocks = schur::blocks(t);
    let at = blocks.iter().position(|b| b.0 == from).unwrap_or(0);
    let best = (at..blocks.len())
        .max_by(|&i, &j| blocks[i].2.norm().total_cmp(&blocks[j].2.norm()))
        .unwrap_or(at);
    raise(t, q, best, at);
    let block = schur::blocks(t)[at];
    (block.2, block.1)
}

/// Moves block number `from` up to number `to`.
fn raise(t: &mut DMatrix<f64>, q: &mut DMatrix<f64>, from: usize, to: usize) {
    for at in (to..from).rev() {
        let blocks = schur::blocks(t);
        let ((k, p, _), (_, r, _)) = (blocks[at], blocks[at + 1]);
        if !schur::swap_blocks(t, q, k, p, r) {
            break;
        }
    }
}

/// Moves the blocks of largest modulus, of together about `count` rows, to the top, and gives the
/// exact number of rows.
fn keep(t: &mut DMatrix<f64>, q: &mut DMatrix<f64>, count: usize) -> usize {
    let mut sizes: Vec<(f64, usize)> = schur::blocks(t).iter().map(|b| (b.2.norm(), b.1)).collect();
    sizes.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (mut rows, mut threshold) = (0, f64::INFINITY);
    for (modulus, size) in sizes {
        if rows >= count {
            break;
        }
        rows += size;
        threshold = modulus;
    }
    let mut slot = 0;
    let mut row = 0;
    let mut at = 0;
    loop {
        let blocks = schur::blocks(t);
        let Some(&(_, size, value)) = blocks.get(at) else {
            break;
        };
        // Moving a block changes its eigenvalue by rounding.
        if value.norm() >= threshold * (1.0 - 1e-10) && row < count {
            raise(t, q, at, slot);
            row += size;
            slot += 1;
        }
        at += 1;
    }
    // Refused exchanges and split pairs may have changed the sizes of the blocks in the slots.
    schur::blocks(t).iter().take(slot).map(|b| b.1).sum()
}
