//! The residual of the normal equations in one pass over the data.

use nalgebra::DMatrix;

use crate::linalg::triangular::axpy;
use crate::vectors::{Kernel, widest};

/// Samples that are taken at a time: the gradient is read and written once for all of them.
const TOGETHER: usize = 4;
/// Numbers of a partial sum.
const LANES: usize = 4;

/// Adds $X (Y - W X)^T$ to `g` (features × outputs), where `x` and `y` hold one sample after the
/// other and `w` is features × outputs. Returns whether it did: only for one to four outputs, which two
/// products would have to read the data twice for.
pub(super) fn add_few_outputs(
    x: &[f64],
    y: &[f64],
    w: &DMatrix<f64>,
    g: &mut DMatrix<f64>,
) -> bool {
    let features = w.nrows();
    let (w, g) = (w.as_slice(), g.as_mut_slice());
    match w.len() / features {
        1 => widest(Few::<1> { x, y, w, g }),
        2 => widest(Few::<2> { x, y, w, g }),
        3 => widest(Few::<3> { x, y, w, g }),
        4 => widest(Few::<4> { x, y, w, g }),
        _ => return false,
    }
    true
}

struct Few<'a, const Q: usize> {
    x: &'a [f64],
    y: &'a [f64],
    w: &'a [f64],
    g: &'a mut [f64],
}

impl<const Q: usize> Kernel for Few<'_, Q> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { x, y, w, g } = self;
        let features = w.len() / Q;
        // Loops, not closures: what is not inlined here is compiled for the baseline.
        let mut outputs: [&[f64]; Q] = [&[]; Q];
        for (output, w) in outputs.iter_mut().zip(w.chunks_exact(features)) {
            *output = w;
        }
        let (targets, _) = y.as_chunks::<Q>();
        let mut samples = x.chunks_exact(features * TOGETHER);
        let (fours, rest) = targets.as_chunks::<TOGETHER>();
        for (samples, targets) in (&mut samples).zip(fours) {
            let (x0, samples) = samples.split_at(features);
            let (x1, samples) = samples.split_at(features);
            let (x2, x3) = samples.split_at(features);
            let r0 = residual(x0, &outputs, &targets[0]);
            let r1 = residual(x1, &outputs, &targets[1]);
            let r2 = residual(x2, &outputs, &targets[2]);
            let r3 = residual(x3, &outputs, &targets[3]);
            for (o, g) in g.chunks_exact_mut(features).enumerate() {
                add_four(g, [x0, x1, x2, x3], [r0[o], r1[o], r2[o], r3[o]]);
            }
        }
        for (x, target) in samples.remainder().chunks_exact(features).zip(rest) {
            let r = residual(x, &outputs, target);
            for (o, g) in g.chunks_exact_mut(features).enumerate() {
                axpy(r[o], x, g);
            }
        }
    }
}

/// g ← g + Σ fᵢ xᵢ, by vectors of [`LANES`]: a handful of features is no multiple of wider ones.
#[inline(always)]
fn add_four(g: &mut [f64], x: [&[f64]; TOGETHER], f: [f64; TOGETHER]) {
    let (g, last_g) = g.as_chunks_mut::<LANES>();
    let (x0, last0) = x[0].as_chunks::<LANES>();
    let (x1, last1) = x[1].as_chunks::<LANES>();
    let (x2, last2) = x[2].as_chunks::<LANES>();
    let (x3, last3) = x[3].as_chunks::<LANES>();
    let n = g.len();
    let (x0, x1, x2, x3) = (&x0[..n], &x1[..n], &x2[..n], &x3[..n]);
    for c in 0..n {
        let a = sum(times(&x0[c], f[0]), times(&x1[c], f[1]));
        let b = sum(times(&x2[c], f[2]), times(&x3[c], f[3]));
        g[c] = sum(g[c], sum(a, b));
    }
    let n = last_g.len();
    let (x0, x1, x2, x3) = (&last0[..n], &last1[..n], &last2[..n], &last3[..n]);
    for i in 0..n {
        last_g[i] += (x0[i] * f[0] + x1[i] * f[1]) + (x2[i] * f[2] + x3[i] * f[3]);
    }
}

#[inline(always)]
fn times(x: &[f64; LANES], factor: f64) -> [f64; LANES] {
    let mut products = [0.0; LANES];
    for lane in 0..LANES {
        products[lane] = x[lane] * factor;
    }
    products
}

#[inline(always)]
fn sum(a: [f64; LANES], b: [f64; LANES]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for lane in 0..LANES {
        sums[lane] = a[lane] + b[lane];
    }
    sums
}

/// $y - W x$ of one sample.
#[inline(always)]
fn residual<const Q: usize>(x: &[f64], w: &[&[f64]; Q], y: &[f64; Q]) -> [f64; Q] {
    let mut r = *y;
    for o in 0..Q {
        let (x, last_x) = x.as_chunks::<LANES>();
        let (w, last_w) = w[o].as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for (x, w) in x.iter().zip(w) {
            for lane in 0..LANES {
                sums[lane] += w[lane] * x[lane];
            }
        }
        let [a, b, c, d] = sums;
        let mut sum = (a + c) + (b + d);
        for (x, w) in last_x.iter().zip(last_w) {
            sum += w * x;
        }
        r[o] -= sum;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_is_two_products() {
        for outputs in 1..6 {
            for (features, samples) in [(1, 1), (3, 4), (7, 9), (12, 31)] {
                // Small whole numbers: every order of summation gives the same bits.
                let whole = |i: usize, m: usize| (i * 7 % m) as f64 - 2.0;
                let x = DMatrix::from_fn(features, samples, |i, t| whole(i + 3 * t, 11));
                let y = DMatrix::from_fn(outputs, samples, |o, t| whole(o + t, 5));
                let w = DMatrix::from_fn(features, outputs, |i, o| whole(i + 2 * o, 3));
                let mut g = DMatrix::from_element(features, outputs, 1.0);
                let done = add_few_outputs(x.as_slice(), y.as_slice(), &w, &mut g);
                assert_eq!(done, outputs < 5);
                if done {
                    let expected = (&x * (&y - w.transpose() * &x).transpose()).add_scalar(1.0);
                    assert_eq!(g, expected, "{features} features, {outputs} outputs");
                }
            }
        }
    }
}
