//! Substitution with triangular factors, and the condition number they show.

use nalgebra::DMatrix;

use super::wide::wide;
use crate::Real;

/// $\sum_i a_i b_i$ over eight partial sums: vectorised, and the rounding error of an eighth of the
/// length.
#[inline(always)]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::zero(); 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[lane] += a * b;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

/// `y` becomes `alpha x + y`.
#[inline(always)]
pub(crate) fn axpy<T: Real>(alpha: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// `b` becomes the solution of $L x = b$; the lower triangle of `l` is read.
pub(crate) fn solve_lower<T: Real>(l: &DMatrix<T>, b: &mut [T]) {
    wide(
        #[inline(always)]
        || {
            let n = b.len();
            for (j, column) in l.as_slice().chunks_exact(l.nrows()).take(n).enumerate() {
                b[j] /= column[j];
                let x = b[j];
                axpy(-x, &column[j + 1..n], &mut b[j + 1..]);
            }
        },
    );
}

/// `b` becomes the solution of $L^T x = b$; the lower triangle of `l` is read.
pub(crate) fn solve_lower_transposed<T: Real>(l: &DMatrix<T>, b: &mut [T]) {
    wide(
        #[inline(always)]
        || {
            let n = b.len();
            let columns = l.as_slice().chunks_exact(l.nrows()).take(n);
            for (j, column) in columns.enumerate().rev() {
                b[j] = (b[j] - dot(&column[j + 1..n], &b[j + 1..])) / column[j];
            }
        },
    );
}

/// `b` becomes the solution of $R x = b$; the upper triangle of `r` is read.
pub(crate) fn solve_upper<T: Real>(r: &DMatrix<T>, b: &mut [T]) {
    wide(
        #[inline(always)]
        || {
            let n = b.len();
            let columns = r.as_slice().chunks_exact(r.nrows()).take(n);
            for (j, column) in columns.enumerate().rev() {
                b[j] /= column[j];
                let x = b[j];
                axpy(-x, &column[..j], &mut b[..j]);
            }
        },
    );
}

/// `b` becomes the solution of $R^T x = b$; the upper triangle of `r` is read.
pub(crate) fn solve_upper_transposed<T: Real>(r: &DMatrix<T>, b: &mut [T]) {
    wide(
        #[inline(always)]
        || {
            let n = b.len();
            for (j, column) in r.as_slice().chunks_exact(r.nrows()).take(n).enumerate() {
                b[j] = (b[j] - dot(&column[..j], &b[..j])) / column[j];
            }
        },
    );
}

/// A lower bound of $\lVert H^{-1}\rVert_1$ for a symmetric $H$ of order `n`, nearly always within a factor of
/// three of it, from some five solves: the estimator of Hager and Higham (N. J. Higham, *Accuracy
/// and Stability of Numerical Algorithms*, algorithm 15.4).
///
/// `solve` overwrites a vector $b$ with $H^{-1} b$. Infinite if a solve overflows.
pub(crate) fn inverse_norm(n: usize, mut solve: impl FnMut(&mut [f64])) -> f64 {
    let one_norm = |v: &[f64]| v.iter().map(|v| v.abs()).sum::<f64>();
    let mut estimate = 0.0_f64;
    let mut x = vec![1.0 / n as f64; n];
    let mut sign = vec![0.0; n];
    let mut last = usize::MAX;
    for _ in 0..4 {
        solve(&mut x);
        let norm = one_norm(&x);
        if !norm.is_finite() {
            return f64::INFINITY;
        }
        if norm <= estimate {
            break;
        }
        estimate = norm;
        for (s, x) in sign.iter_mut().zip(&x) {
            *s = if *x < 0.0 { -1.0 } else { 1.0 };
        }
        solve(&mut sign);
        let (mut largest, mut at) = (-1.0, 0);
        for (i, s) in sign.iter().enumerate() {
            if s.abs() > largest {
                (largest, at) = (s.abs(), i);
            }
        }
        if at == last {
            break;
        }
        last = at;
        x.fill(0.0);
        x[at] = 1.0;
    }
    // A vector whose signs alternate catches what cancels in the steps above.
    for (i, x) in x.iter_mut().enumerate() {
        let size = 1.0 + i as f64 / (n.max(2) - 1) as f64;
        *x = if i % 2 == 0 { size } else { -size };
    }
    solve(&mut x);
    let alternating = 2.0 * one_norm(&x) / (3.0 * n as f64);
    if alternating.is_finite() {
        estimate.max(alternating)
    } else {
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lower triangular, well conditioned.
    fn lower() -> DMatrix<f64> {
        DMatrix::from_fn(5, 5, |i, j| {
            if i == j {
                2.0 + i as f64
            } else if i > j {
                0.3 * (i as f64) - 0.7 * (j as f64)
            } else {
                f64::NAN
            }
        })
    }

    #[test]
    fn substitution_inverts_the_product() {
        let l = lower().lower_triangle();
        let x = [1.0, -2.0, 0.5, 3.0, -0.25];
        let xv = nalgebra::DVector::from_row_slice(&x);
        let with = lower();
        for (solve, product) in [
            (
                solve_lower::<f64> as fn(&DMatrix<f64>, &mut [f64]),
                &l * &xv,
            ),
            (solve_lower_transposed, l.transpose() * &xv),
        ] {
            let mut b = product.clone();
            solve(&with, b.as_mut_slice());
            assert!((b - &xv).amax() < 1e-14);
        }
        let upper = with.transpose();
        for (solve, product) in [
            (
                solve_upper::<f64> as fn(&DMatrix<f64>, &mut [f64]),
                l.transpose() * &xv,
            ),
            (solve_upper_transposed, &l * &xv),
        ] {
            let mut b = product.clone();
            solve(&upper, b.as_mut_slice());
            assert!((b - &xv).amax() < 1e-14);
        }
    }

    #[test]
    fn the_norm_of_the_inverse_is_found() {
        let l = lower().lower_triangle();
        let h = &l * l.transpose();
        let inverse = h.clone().try_inverse().unwrap();
        let exact = (0..5)
            .map(|j| inverse.column(j).iter().map(|v| v.abs()).sum::<f64>())
            .fold(0.0, f64::max);
        let estimate = inverse_norm(5, |b| {
            solve_lower(&l, b);
            solve_lower_transposed(&l, b);
        });
        assert!(
            estimate <= exact * (1.0 + 1e-12) && estimate > exact / 3.0,
            "{estimate} {exact}"
        );
    }

    #[test]
    fn dot_is_exact_on_small_integers() {
        let a: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(dot(&a, &a), 2870.0);
        assert_eq!(dot::<f32>(&[], &[]), 0.0);
    }
}
