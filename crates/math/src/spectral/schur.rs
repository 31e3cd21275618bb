//! Eigenvalues of dense matrices: balancing, reduction to Hessenberg form, and Francis' implicit
//! double-shift QR with exceptional shifts.[^golub]
//!
//! nalgebra's own iteration has none of the last and may not return on a cyclic permutation.
//!
//! [^golub]: Golub, Van Loan (2013), *Matrix Computations*, 4th ed., sections 7.4–7.6; the
//! deflation test is that of Ahues, Tisseur (1997), LAPACK Working Note 122.

use nalgebra::{Complex, DMatrix};

use crate::Error;
use crate::linear_map::dot;

/// Scales rows and columns by powers of two until each row is about as long as its column: a
/// similarity without rounding. Gives the scale of every index, $D^{-1} A D$.
///
/// Norms without the diagonal, in the 2-norm: sums would harm matrices that are almost
/// Hessenberg.[^james]
///
/// [^james]: James, Langou, Lowery (2014), *On matrix balancing and eigenvector computation*.
pub(super) fn balance(a: &mut DMatrix<f64>) {
    let n = a.nrows();
    for _ in 0..SWEEPS {
        let mut settled = true;
        for i in 0..n {
            let (mut row, mut column) = (0.0_f64, 0.0_f64);
            for j in (0..n).filter(|&j| j != i) {
                row += a[(i, j)] * a[(i, j)];
                column += a[(j, i)] * a[(j, i)];
            }
            let Some(factor) = balancing_factor(row.sqrt(), column.sqrt()) else {
                continue;
            };
            settled = false;
            for j in 0..n {
                a[(j, i)] *= factor;
            }
            for j in 0..n {
                a[(i, j)] /= factor;
            }
        }
        if settled {
            break;
        }
    }
}

/// How often [`balance`] goes over the matrix at the most.
pub(super) const SWEEPS: usize = 12;

/// The power of two by which a column of norm `column` and its row of norm `row` become about
/// equally long, if that shortens both together by more than a twentieth.
pub(super) fn balancing_factor(row: f64, column: f64) -> Option<f64> {
    if !(row > 0.0 && column > 0.0 && row.is_finite() && column.is_finite()) {
        return None;
    }
    let exponent = (0.5 * (row.log2() - column.log2())).round();
    // Far beyond this, entries would underflow.
    let factor = exponent.clamp(-300.0, 300.0).exp2();
    let after = (row / factor).hypot(column * factor);
    (after < 0.95 * row.hypot(column)).then_some(factor)
}

/// Reduces `a` to Hessenberg form $Q^T A Q$ in place and multiplies `q` by $Q$ from the right.
pub(super) fn hessenberg(a: &mut DMatrix<f64>, mut q: Option<&mut DMatrix<f64>>) {
    let n = a.nrows();
    let mut reflector = vec![0.0; n];
    let mut work = vec![0.0; n];
    for k in 0..n.saturating_sub(2) {
        let v = &mut reflector[k + 1..];
        v.copy_from_slice(&a.as_slice()[k * n + k + 1..(k + 1) * n]);
        let Some((tau, beta)) = householder(v) else {
            continue;
        };
        let (left, right) = a.as_mut_slice().split_at_mut((k + 1) * n);
        left[k * n + k + 1] = beta;
        left[k * n + k + 2..].fill(0.0);
        for column in right.chunks_exact_mut(n) {
            reflect(&mut column[k + 1..], v, tau);
        }
        reflect_rows(right, n, v, tau, &mut work);
        if let Some(q) = q.as_deref_mut() {
            let rows = q.nrows();
            let tail = &mut q.as_mut_slice()[(k + 1) * rows..];
            reflect_rows(tail, rows, v, tau, &mut work[..rows]);
        }
    }
}

/// Makes of `v` the direction of the reflection $I - \tau v v^T$ ($v_0 = 1$) that takes the given
/// vector to $\beta e_0$; nothing if the vector already is of this form.
fn householder(v: &mut [f64]) -> Option<(f64, f64)> {
    let alpha = v[0];
    let scale = v[1..].iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if scale == 0.0 {
        return None;
    }
    let tail = v[1..]
        .iter()
        .map(|x| (x / scale) * (x / scale))
        .sum::<f64>();
    let beta = -alpha.signum() * alpha.hypot(scale * tail.sqrt());
    for x in &mut v[1..] {
        *x /= alpha - beta;
    }
    v[0] = 1.0;
    Some(((beta - alpha) / beta, beta))
}

/// $x \leftarrow x - \tau v (v^T x)$.
fn reflect(x: &mut [f64], v: &[f64], tau: f64) {
    let c = tau * dot(v, x);
    for (x, v) in x.iter_mut().zip(v) {
        *x -= c * v;
    }
}

/// $A \leftarrow A - \tau (A v) v^T$ for the columns of `a`, of length `rows`.
fn reflect_rows(a: &mut [f64], rows: usize, v: &[f64], tau: f64, work: &mut [f64]) {
    if rows == 0 {
        return;
    }
    crate::linear_map::multiply(a, v, work);
    for (column, v) in a.chunks_exact_mut(rows).zip(v) {
        let c = tau * v;
        for (a, w) in column.iter_mut().zip(work.iter()) {
            *a -= c * w;
        }
    }
}

/// Brings the Hessenberg matrix `h` by orthogonal similarity to real Schur form, and gives its
/// eigenvalues.
///
/// With `q`, the whole of `h` becomes block upper triangular, with blocks of size 2 only for
/// complex pairs, and `q` is multiplied by the same orthogonal matrix from the right. Without,
/// the eigenvalues alone are right.
///
/// # Errors
/// [`Error::NotConverged`] after 30 sweeps per eigenvalue (none is known to need that many).
pub(super) fn francis(
    h: &mut DMatrix<f64>,
    mut q: Option<&mut DMatrix<f64>>,
) -> Result<Vec<Complex<f64>>, Error> {
    let n = h.nrows();
    let whole = q.is_some();
    let mut eigenvalues = vec![Complex::new(0.0, 0.0); n];
    let small = f64::MIN_POSITIVE * (n as f64 / f64::EPSILON);
    let mut budget = 30 * n.max(10);
    let mut sweeps = 0;
    // The active block ends before `end`.
    let mut end = n;
    while end > 0 {
        let last = end - 1;
        let first = active_start(h, last, small);
        if first > 0 {
            h[(first, first - 1)] = 0.0;
        }
        if first == last {
            eigenvalues[last] = Complex::new(h[(last, last)], 0.0);
            end = last;
            sweeps = 0;
            continue;
        }
        if first + 1 == last {
            let pair = standardise(h, first, q.as_deref_mut(), whole);
            eigenvalues[first] = pair[0];
            eigenvalues[last] = pair[1];
            end = first;
            sweeps = 0;
            continue;
        }
        if budget == 0 {
            return Err(Error::NotConverged {
                what: "eigenvalues",
                iterations: 30 * n.max(10),
                residual: h[(last, last - 1)].abs(),
            });
        }
        budget -= 1;
        sweeps += 1;
        let shifts = shifts(h, first, last, sweeps);
        double_shift_sweep(h, first, last, shifts, q.as_deref_mut(), whole);
    }
    Ok(eigenvalues)
}

/// Where the unreduced block that ends with `last` starts.
fn active_start(h: &DMatrix<f64>, last: usize, small: f64) -> usize {
    let n = h.nrows();
    let ulp = f64::EPSILON;
    for k in (1..=last).rev() {
        let below = h[(k, k - 1)].abs();
        if below <= small {
            return k;
        }
        let mut size = h[(k - 1, k - 1)].abs() + h[(k, k)].abs();
        if size == 0.0 {
            if k >= 2 {
                size += h[(k - 1, k - 2)].abs();
            }
            if k + 1 < n {
                size += h[(k + 1, k)].abs();
            }
        }
        if below <= ulp * size {
            // An entry may be dropped if that moves the eigenvalues of its 2×2 block by no more
            // than rounding does, not merely if it is small beside the diagonal.
            let above = h[(k - 1, k)].abs();
            let corner = h[(k, k)].abs();
            let gap = (h[(k - 1, k - 1)] - h[(k, k)]).abs();
            let (ab, ba) = (below.max(above), below.min(above));
            let (aa, bb) = (corner.max(gap), corner.min(gap));
            let s = aa + ab;
            if ba * (ab / s) <= small.max(ulp * (bb * (aa / s))) {
                return k;
            }
        }
    }
    0
}

/// The two shifts of a sweep: the eigenvalues of the trailing 2×2 block, both the nearer one if
/// they are real; and something else in every tenth sweep, for matrices that the former leave
/// unchanged.
fn shifts(h: &DMatrix<f64>, first: usize, last: usize, sweeps: usize) -> [Complex<f64>; 2] {
    let exceptional = |corner: f64, size: f64| {
        let diagonal = 0.75 * size + corner;
        [diagonal, -0.4375 * size, size, diagonal]
    };
    let [a, b, c, d] = if sweeps.is_multiple_of(20) {
        let size = h[(first + 1, first)].abs() + h[(first + 2, first + 1)].abs();
        exceptional(h[(first, first)], size)
    } else if sweeps.is_multiple_of(10) {
        let size = h[(last, last - 1)].abs() + h[(last - 1, last - 2)].abs();
        exceptional(h[(last, last)], size)
    } else {
        [
            h[(last - 1, last - 1)],
            h[(last - 1, last)],
            h[(last, last - 1)],
            h[(last, last)],
        ]
    };
    let s = a.abs() + b.abs() + c.abs() + d.abs();
    if s == 0.0 {
        return [Complex::new(0.0, 0.0); 2];
    }
    let (a, b, c, d) = (a / s, b / s, c / s, d / s);
    let middle = 0.5 * (a + d);
    let determinant = (a - middle) * (d - middle) - b * c;
    let root = determinant.abs().sqrt();
    if determinant >= 0.0 {
        let shift = Complex::new(middle * s, root * s);
        return [shift, shift.conj()];
    }
    let (up, down) = (middle + root, middle - root);
    let nearer = if (up - d).abs() <= (down - d).abs() {
        up
    } else {
        down
    };
    [Complex::new(nearer * s, 0.0); 2]
}

fn double_shift_sweep(
    h: &mut DMatrix<f64>,
    first: usize,
    last: usize,
    [s1, s2]: [Complex<f64>; 2],
    mut q: Option<&mut DMatrix<f64>>,
    whole: bool,
) {
    let n = h.nrows();
    let (top, right) = if whole { (0, n) } else { (first, last + 1) };
    // Start below two consecutive small subdiagonal entries, if there are any.
    let mut start = last - 2;
    let mut v;
    loop {
        let m = start;
        let below = h[(m + 1, m)];
        let s = (h[(m, m)] - s2.re).abs() + s2.im.abs() + below.abs();
        let scaled = below / s;
        v = [
            scaled * h[(m, m + 1)] + (h[(m, m)] - s1.re) * ((h[(m, m)] - s2.re) / s)
                - s1.im * (s2.im / s),
            scaled * (h[(m, m)] + h[(m + 1, m + 1)] - s1.re - s2.re),
            scaled * h[(m + 2, m + 1)],
        ];
        let size = v[0].abs() + v[1].abs() + v[2].abs();
        if size > 0.0 {
            v = v.map(|v| v / size);
        }
        if m == first {
            break;
        }
        let around = h[(m - 1, m - 1)].abs() + h[(m, m)].abs() + h[(m + 1, m + 1)].abs();
        let left = h[(m, m - 1)].abs();
        if left * (v[1].abs() + v[2].abs()) <= f64::EPSILON * v[0].abs() * around {
            break;
        }
        start -= 1;
    }
    for k in start..last {
        let size = (last - k + 1).min(3);
        if k > start {
            for i in 0..size {
                v[i] = h[(k + i, k - 1)];
            }
        }
        let v = &mut v[..size];
        let Some((tau, beta)) = householder(v) else {
            continue;
        };
        if k > start {
            h[(k, k - 1)] = beta;
            for i in 1..size {
                h[(k + i, k - 1)] = 0.0;
            }
        } else if start > first {
            // The reflection mixes the rows to the right of a small entry; all that it does to the
            // entry itself is this factor.
            h[(k, k - 1)] *= 1.0 - tau;
        }
        let bottom = (k + 3).min(last) + 1;
        let columns = h.as_mut_slice();
        match *v {
            [_, v1, v2] => {
                for column in columns[k * n..right * n].chunks_exact_mut(n) {
                    let x = &mut column[k..k + 3];
                    let c = tau * (x[0] + v1 * x[1] + v2 * x[2]);
                    x[0] -= c;
                    x[1] -= c * v1;
                    x[2] -= c * v2;
                }
                reflect_3(columns, n, k, top..bottom, [tau, v1, v2]);
                if let Some(q) = q.as_deref_mut() {
                    let rows = q.nrows();
                    reflect_3(q.as_mut_slice(), rows, k, 0..rows, [tau, v1, v2]);
                }
            }
            [_, v1] => {
                for column in columns[k * n..right * n].chunks_exact_mut(n) {
                    let x = &mut column[k..k + 2];
                    let c = tau * (x[0] + v1 * x[1]);
                    x[0] -= c;
                    x[1] -= c * v1;
                }
                reflect_2(columns, n, k, top..bottom, [tau, v1]);
                if let Some(q) = q.as_deref_mut() {
                    let rows = q.nrows();
                    reflect_2(q.as_mut_slice(), rows, k, 0..rows, [tau, v1]);
                }
            }
            _ => {}
        }
    }
}

/// Reflects the rows `rows` of the three columns from `k` on.
fn reflect_3(
    a: &mut [f64],
    n: usize,
    k: usize,
    rows: core::ops::Range<usize>,
    [tau, v1, v2]: [f64; 3],
) {
    let (a0, rest) = a[k * n..].split_at_mut(n);
    let (a1, rest) = rest.split_at_mut(n);
    let columns = a0[rows.clone()]
        .iter_mut()
        .zip(&mut a1[rows.clone()])
        .zip(&mut rest[rows]);
    for ((x0, x1), x2) in columns {
        let c = tau * (*x0 + v1 * *x1 + v2 * *x2);
        *x0 -= c;
        *x1 -= c * v1;
        *x2 -= c * v2;
    }
}

/// Reflects the rows `rows` of the two columns from `k` on.
fn reflect_2(
    a: &mut [f64],
    n: usize,
    k: usize,
    rows: core::ops::Range<usize>,
    [tau, v1]: [f64; 2],
) {
    let (a0, rest) = a[k * n..].split_at_mut(n);
    for (x0, x1) in a0[rows.clone()].iter_mut().zip(&mut rest[rows]) {
        let c = tau * (*x0 + v1 * *x1);
        *x0 -= c;
        *x1 -= c * v1;
    }
}

/// Rotates the 2×2 block at `k` so that it is upper triangular if its eigenvalues are real, and has
/// equal diagonal entries if they are a complex pair; gives its eigenvalues.
fn standardise(
    h: &mut DMatrix<f64>,
    k: usize,
    q: Option<&mut DMatrix<f64>>,
    whole: bool,
) -> [Complex<f64>; 2] {
    let block = [h[(k, k)], h[(k, k + 1)], h[(k + 1, k)], h[(k + 1, k + 1)]];
    let ([a, b, c, d], [cosine, sine]) = standard_form(block);
    if whole {
        let n = h.nrows();
        for j in k + 2..n {
            let (x, y) = (h[(k, j)], h[(k + 1, j)]);
            h[(k, j)] = cosine * x + sine * y;
            h[(k + 1, j)] = cosine * y - sine * x;
        }
        rotate_columns(h, k, k, cosine, sine);
        if let Some(q) = q {
            rotate_columns(q, k, q.nrows(), cosine, sine);
        }
    }
    h[(k, k)] = a;
    h[(k, k + 1)] = b;
    h[(k + 1, k)] = c;
    h[(k + 1, k + 1)] = d;
    if c == 0.0 {
        [Complex::new(a, 0.0), Complex::new(d, 0.0)]
    } else {
        let imaginary = b.abs().sqrt() * c.abs().sqrt();
        [Complex::new(a, imaginary), Complex::new(d, -imaginary)]
    }
}

fn rotate_columns(a: &mut DMatrix<f64>, k: usize, rows: usize, cosine: f64, sine: f64) {
    for i in 0..rows {
        let (x, y) = (a[(i, k)], a[(i, k + 1)]);
        a[(i, k)] = cosine * x + sine * y;
        a[(i, k + 1)] = cosine * y - sine * x;
    }
}

/// The block $[a, b; c, d]$ in standard form, and the cosine and sine of the rotation to it.
fn standard_form([a, b, c, d]: [f64; 4]) -> ([f64; 4], [f64; 2]) {
    if c == 0.0 {
        return ([a, b, c, d], [1.0, 0.0]);
    }
    if b == 0.0 {
        return ([d, -c, 0.0, a], [0.0, 1.0]);
    }
    let difference = a - d;
    if difference == 0.0 && b.signum() != c.signum() {
        return ([a, b, c, d], [1.0, 0.0]);
    }
    let p = 0.5 * difference;
    let larger = b.abs().max(c.abs());
    let smaller = b.abs().min(c.abs()) * b.signum() * c.signum();
    let scale = p.abs().max(larger);
    let discriminant = p / scale * p + larger / scale * smaller;
    if discriminant >= 4.0 * f64::EPSILON {
        // Two real eigenvalues, well apart.
        let z = p + p.signum() * (scale.sqrt() * discriminant.sqrt());
        let length = c.hypot(z);
        let block = [d + z, b - c, 0.0, d - larger / z * smaller];
        return (block, [z / length, c / length]);
    }
    // A complex pair, or two real eigenvalues that almost agree: make the diagonal equal.
    let sigma = b + c;
    let length = sigma.hypot(difference);
    let cosine = (0.5 * (1.0 + sigma.abs() / length)).sqrt();
    let sine = -(p / (length * cosine)) * sigma.signum();
    let (aa, bb) = (a * cosine + b * sine, b * cosine - a * sine);
    let (cc, dd) = (c * cosine + d * sine, d * cosine - c * sine);
    let (a, b) = (aa * cosine + cc * sine, bb * cosine + dd * sine);
    let (c, d) = (cc * cosine - aa * sine, dd * cosine - bb * sine);
    let middle = 0.5 * (a + d);
    if c == 0.0 {
        return ([middle, b, 0.0, middle], [cosine, sine]);
    }
    if b == 0.0 {
        return ([middle, -c, 0.0, middle], [-sine, cosine]);
    }
    if b.signum() != c.signum() {
        return ([middle, b, c, middle], [cosine, sine]);
    }
    let (root_b, root_c) = (b.abs().sqrt(), c.abs().sqrt());
    let p = c.signum() * root_b * root_c;
    let length = (b + c).abs().sqrt();
    let (cosine_2, sine_2) = (root_b / length, root_c / length);
    (
        [middle + p, b - c, 0.0, middle - p],
        [
            cosine * cosine_2 - sine * sine_2,
            cosine * sine_2 + sine * cosine_2,
        ],
    )
}

/// The blocks of a real Schur form, as (start, size, eigenvalue of non-negative imaginary part).
pub(super) fn blocks(t: &DMatrix<f64>) -> Vec<(usize, usize, Complex<f64>)> {
    let n = t.nrows();
    let mut blocks = Vec::new();
    let mut k = 0;
    while k < n {
        if k + 1 < n && t[(k + 1, k)] != 0.0 {
            let imaginary = t[(k, k + 1)].abs().sqrt() * t[(k + 1, k)].abs().sqrt();
            blocks.push((k, 2, Complex::new(t[(k, k)], imaginary)));
            k += 2;
        } else {
            blocks.push((k, 1, Complex::new(t[(k, k)], 0.0)));
            k += 1;
        }
    }
    blocks
}

/// Exchanges the adjacent diagonal blocks of sizes `p` and `r` at `k` of the Schur form `t` by
/// orthogonal similarity, which `q` is multiplied by from the right.[^bai] Gives back whether it
/// did: blocks too close to be told apart stay where they are.
///
/// [^bai]: Bai, Demmel (1993), *On swapping diagonal blocks in real Schur form*.
pub(super) fn swap_blocks(
    t: &mut DMatrix<f64>,
    q: &mut DMatrix<f64>,
    k: usize,
    p: usize,
    r: usize,
) -> bool {
    let n = t.nrows();
    let size = p + r;
    // X with T11 X - X T22 = T12; then [-X; I] spans the invariant subspace of T22.
    let unknowns = p * r;
    let mut system = DMatrix::<f64>::zeros(unknowns, unknowns);
    let mut right = nalgebra::DVector::<f64>::zeros(unknowns);
    for j in 0..r {
        for i in 0..p {
            let row = j * p + i;
            right[row] = t[(k + i, k + p + j)];
            for l in 0..p {
                system[(row, j * p + l)] += t[(k + i, k + l)];
            }
            for l in 0..r {
                system[(row, l * p + i)] -= t[(k + p + l, k + p + j)];
            }
        }
    }
    let Some(x) = system.full_piv_lu().solve(&right) else {
        return false;
    };
    if x.iter().any(|x| !x.is_finite()) {
        return false;
    }
    let mut basis = DMatrix::<f64>::zeros(size, r);
    for j in 0..r {
        for i in 0..p {
            basis[(i, j)] = -x[j * p + i];
        }
        basis[(p + j, j)] = 1.0;
    }
    // Householder reflections that make the basis upper triangular, gathered in z.
    let mut z = DMatrix::<f64>::identity(size, size);
    for j in 0..r {
        let mut v: Vec<f64> = basis.column(j).iter().skip(j).copied().collect();
        let Some((tau, _)) = householder(&mut v) else {
            continue;
        };
        for column in basis.as_mut_slice().chunks_exact_mut(size) {
            reflect(&mut column[j..], &v, tau);
        }
        let mut work = vec![0.0; size];
        reflect_rows(&mut z.as_mut_slice()[j * size..], size, &v, tau, &mut work);
    }
    let block = t.view((k, k), (size, size)).into_owned();
    let swapped = z.transpose() * &block * &z;
    let norm = block.amax();
    let dropped = swapped.view((r, 0), (p, r)).amax();
    if dropped > 10.0 * f64::EPSILON * norm {
        return false;
    }
    let columns = t.view((0, k), (n, size)) * &z;
    t.view_mut((0, k), (n, size)).copy_from(&columns);
    let rows = z.transpose() * t.view((k, k), (size, n - k));
    t.view_mut((k, k), (size, n - k)).copy_from(&rows);
    let columns = q.view((0, k), (q.nrows(), size)) * &z;
    q.view_mut((0, k), (q.nrows(), size)).copy_from(&columns);
    t.view_mut((k + r, k), (p, r)).fill(0.0);
    if r == 2 {
        standardise(t, k, Some(q), true);
    }
    if p == 2 {
        standardise(t, k + r, Some(q), true);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{Rng, SeedableRng};

    use crate::Real;

    fn normal(n: usize, rng: &mut impl Rng) -> DMatrix<f64> {
        DMatrix::from_fn(n, n, |_, _| f64::standard_normal(rng))
    }

    fn check_schur(a: &DMatrix<f64>, t: &DMatrix<f64>, q: &DMatrix<f64>) {
        let n = a.nrows();
        let tolerance = 10.0 * n as f64 * f64::EPSILON;
        let orthogonality = (q.transpose() * q - DMatrix::identity(n, n)).norm();
        assert!(orthogonality <= tolerance, "{orthogonality}");
        let difference = (q * t * q.transpose() - a).norm();
        assert!(difference <= tolerance * a.norm(), "{difference}");
        for j in 0..n {
            for i in j + 2..n {
                assert_eq!(t[(i, j)], 0.0);
            }
        }
        for (k, size, _) in blocks(t) {
            if size == 2 {
                assert_eq!(t[(k, k)], t[(k + 1, k + 1)]);
                assert!(t[(k, k + 1)] * t[(k + 1, k)] < 0.0);
            }
        }
    }

    fn schur(a: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>, Vec<Complex<f64>>) {
        let n = a.nrows();
        let (mut t, mut q) = (a.clone(), DMatrix::identity(n, n));
        hessenberg(&mut t, Some(&mut q));
        let eigenvalues = francis(&mut t, Some(&mut q)).unwrap();
        (t, q, eigenvalues)
    }

    fn moduli(eigenvalues: &[Complex<f64>]) -> Vec<f64> {
        let mut moduli: Vec<f64> = eigenvalues.iter().map(|z| z.norm()).collect();
        moduli.sort_by(f64::total_cmp);
        moduli
    }

    #[test]
    fn the_schur_form_is_similar_to_the_matrix() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for n in [0, 1, 2, 3, 4, 7, 20, 61] {
            let a = normal(n, &mut rng);
            let (t, q, eigenvalues) = schur(&a);
            check_schur(&a, &t, &q);
            let trace: Complex<f64> = eigenvalues.iter().sum();
            assert!((trace - Complex::from(a.trace())).norm() < 1e-12 * n.max(1) as f64);

            let mut h = a.clone();
            hessenberg(&mut h, None);
            let alone = francis(&mut h, None).unwrap();
            for (x, y) in moduli(&alone).iter().zip(moduli(&eigenvalues)) {
                assert!((x - y).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn exceptional_shifts_end_what_the_usual_ones_leave_unchanged() {
        for n in [3, 4, 5, 50, 51] {
            let mut ring = DMatrix::zeros(n, n);
            for i in 0..n {
                ring[((i + 1) % n, i)] = 1.0;
            }
            let (t, q, eigenvalues) = schur(&ring);
            check_schur(&ring, &t, &q);
            for z in eigenvalues {
                assert!((z.norm() - 1.0).abs() < 1e-13, "{z}");
            }
        }
    }

    #[test]
    fn a_companion_matrix_gives_the_roots() {
        // (x - 1)(x - 2)…(x - 5)
        let coefficients = [-120.0, 274.0, -225.0, 85.0, -15.0];
        let mut companion = DMatrix::zeros(5, 5);
        for i in 0..5 {
            companion[(i, 4)] = -coefficients[i];
            if i > 0 {
                companion[(i, i - 1)] = 1.0;
            }
        }
        let (_, _, eigenvalues) = schur(&companion);
        for (z, root) in moduli(&eigenvalues).iter().zip(1..) {
            assert!((z - f64::from(root)).abs() < 1e-10, "{z}");
        }
    }

    #[test]
    fn swapped_blocks_keep_the_similarity_and_the_eigenvalues() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        for _ in 0..40 {
            let a = normal(9, &mut rng);
            let (mut t, mut q, _) = schur(&a);
            for at in [0, 1, 2, 0, 3, 1] {
                let list = blocks(&t);
                if at + 1 >= list.len() {
                    continue;
                }
                let ((k, p, x), (_, r, y)) = (list[at], list[at + 1]);
                assert!(swap_blocks(&mut t, &mut q, k, p, r));
                let after = blocks(&t);
                assert!((after[at].2 - y).norm() < 1e-10);
                assert!((after[at + 1].2 - x).norm() < 1e-10);
            }
            check_schur(&a, &t, &q);
        }
    }

    #[test]
    fn balancing_keeps_the_eigenvalues_and_evens_the_norms() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let even = normal(12, &mut rng);
        let mut uneven = even.clone();
        for i in 0..12 {
            for j in 0..12 {
                uneven[(i, j)] *= 16_f64.powi(3 * (i as i32 - j as i32));
            }
        }
        let (_, _, expected) = schur(&even);
        balance(&mut uneven);
        assert!(uneven.norm() < 4.0 * even.norm());
        let (_, _, found) = schur(&uneven);
        for (x, y) in moduli(&found).iter().zip(moduli(&expected)) {
            assert!((x - y).abs() < 1e-11);
        }
    }
}
