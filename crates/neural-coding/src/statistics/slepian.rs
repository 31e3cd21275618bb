use core::f64::consts::PI;

use crate::Error;

/// The first `count` discrete prolate spheroidal (Slepian) sequences of `n` samples for the
/// time-bandwidth product `nw`, one after the other, each of norm 1.
///
/// Of all sequences of this length they have the most energy at frequencies below `nw` / `n` per
/// sample. They are the eigenvectors with the largest eigenvalues of a tridiagonal matrix, which are
/// found by bisection and inverse iteration. The first sequence is positive, the others begin with a
/// positive lobe. Slepian, Bell System Technical Journal 57 (1978).
///
/// ```
/// use neuropil_neural_coding::statistics::slepian;
///
/// let tapers = slepian(64, 4.0, 7)?;
/// let dot = |a: usize, b: usize| (0..64).map(|i| tapers[64 * a + i] * tapers[64 * b + i]).sum::<f64>();
/// assert!((dot(3, 3) - 1.0).abs() < 1e-12 && dot(0, 2).abs() < 1e-10);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] unless `nw` is positive and less than `n` / 2; [`Error::TooFew`] if more
/// sequences than samples are wanted, or none.
pub fn slepian(n: usize, nw: f64, count: usize) -> Result<Vec<f64>, Error> {
    if !(nw > 0.0 && nw < n as f64 / 2.0) {
        return Err(Error::OutOfRange {
            what: "time-bandwidth product",
            value: nw,
            range: "must be positive and less than half of the samples",
        });
    }
    if count == 0 || count > n {
        return Err(Error::TooFew {
            what: if count == 0 { "tapers" } else { "samples" },
            needed: count.max(1),
            found: if count == 0 { 0 } else { n },
        });
    }
    let cosine = (2.0 * PI * nw / n as f64).cos();
    let diagonal: Vec<f64> = (0..n)
        .map(|k| {
            let x = (n as f64 - 1.0) / 2.0 - k as f64;
            x * x * cosine
        })
        .collect();
    // Between `k` and `k + 1`.
    let beside: Vec<f64> = (1..n).map(|k| 0.5 * k as f64 * (n - k) as f64).collect();
    let matrix = Tridiagonal { diagonal, beside };
    let mut sequences = Vec::with_capacity(n * count);
    for order in 0..count {
        let mut sequence = matrix.eigenvector(matrix.eigenvalue(order));
        let sign = sign(&sequence, order);
        sequence.iter_mut().for_each(|v| *v *= sign);
        sequences.extend(sequence);
    }
    Ok(sequences)
}

/// 1 if the sequence has the sign that it should have, else -1.
fn sign(sequence: &[f64], order: usize) -> f64 {
    let n = sequence.len() as f64;
    let moment: f64 = if order.is_multiple_of(2) {
        sequence.iter().sum()
    } else {
        // Antisymmetric: the first half against the second.
        let side = |k: usize| (n - 1.0) / 2.0 - k as f64;
        sequence.iter().enumerate().map(|(k, v)| side(k) * v).sum()
    };
    if moment < 0.0 { -1.0 } else { 1.0 }
}

struct Tridiagonal {
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// A bound of all eigenvalues.
    fn bound(&self) -> f64 {
        (0..self.diagonal.len())
            .map(|k| {
                let left = if k > 0 { self.beside[k - 1] } else { 0.0 };
                let right = self.beside.get(k).copied().unwrap_or(0.0);
                self.diagonal[k].abs() + left.abs() + right.abs()
            })
            .fold(f64::MIN_POSITIVE, f64::max)
    }

    /// How many eigenvalues are above `x`, by Sturm's sequence.
    fn above(&self, x: f64) -> usize {
        let tiny = f64::EPSILON * self.bound();
        let mut pivot = 1.0;
        let mut count = 0;
        for (k, d) in self.diagonal.iter().enumerate() {
            let square = if k > 0 {
                self.beside[k - 1].powi(2)
            } else {
                0.0
            };
            pivot = d - x - square / pivot;
            if pivot == 0.0 {
                pivot = tiny;
            }
            count += usize::from(pivot > 0.0);
        }
        count
    }

    /// The eigenvalue below which `order` others are not.
    fn eigenvalue(&self, order: usize) -> f64 {
        let bound = self.bound();
        let (mut low, mut high) = (-bound, bound);
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return middle;
            }
            if self.above(middle) > order {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// The eigenvector to an eigenvalue, of norm 1.
    fn eigenvector(&self, eigenvalue: f64) -> Vec<f64> {
        let n = self.diagonal.len();
        // Neither symmetric nor antisymmetric, so that no eigenvector is missed.
        let mut vector: Vec<f64> = (0..n)
            .map(|k| 1.0 + (k as f64 * 0.618_034).fract())
            .collect();
        for _ in 0..4 {
            self.solve(eigenvalue, &mut vector);
            let largest = vector.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            vector.iter_mut().for_each(|v| *v /= largest);
            let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
            vector.iter_mut().for_each(|v| *v /= norm);
        }
        vector
    }

    /// Solves $(T - x) v = b$ in place, by elimination with exchanges of neighbouring rows.
    fn solve(&self, x: f64, b: &mut [f64]) {
        let n = b.len();
        let tiny = f64::EPSILON * self.bound();
        // The rows that are done: pivot and the two elements right of it.
        let mut rows = vec![[0.0; 3]; n];
        let beside = |k: usize| self.beside.get(k).copied().unwrap_or(0.0);
        let mut row = [self.diagonal[0] - x, beside(0), 0.0];
        for k in 0..n {
            if k + 1 < n {
                let mut next = [beside(k), self.diagonal[k + 1] - x, beside(k + 1)];
                if next[0].abs() > row[0].abs() {
                    core::mem::swap(&mut row, &mut next);
                    b.swap(k, k + 1);
                }
                if row[0] == 0.0 {
                    row[0] = tiny;
                }
                rows[k] = row;
                let factor = next[0] / row[0];
                b[k + 1] -= factor * b[k];
                row = [next[1] - factor * row[1], next[2] - factor * row[2], 0.0];
            } else {
                if row[0].abs() < tiny {
                    row[0] = tiny;
                }
                rows[k] = row;
            }
        }
        for k in (0..n).rev() {
            let [pivot, first, second] = rows[k];
            let right = |j: usize| b.get(j).copied().unwrap_or(0.0);
            b[k] = (b[k] - first * right(k + 1) - second * right(k + 2)) / pivot;
        }
    }
}
