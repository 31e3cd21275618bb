use core::f64::consts::TAU;

use nalgebra::Complex;

/// The discrete Fourier transform of a length that is a power of two, in place.
pub(crate) struct Fourier {
    /// exp(-2πi k/n) for k below n/2.
    roots: Vec<Complex<f64>>,
    /// Where each element goes: its index with the bits reversed.
    reversed: Vec<usize>,
}

impl Fourier {
    /// The transform of length `n`, a power of two of at least 2.
    pub(crate) fn new(n: usize) -> Self {
        debug_assert!(n.is_power_of_two() && n >= 2);
        let bits = n.trailing_zeros();
        let root = |k: usize| Complex::cis(-TAU * k as f64 / n as f64);
        Self {
            roots: (0..n / 2).map(root).collect(),
            reversed: (0..n)
                .map(|i| i.reverse_bits() >> (usize::BITS - bits))
                .collect(),
        }
    }

    /// $X_k = \sum_j x_j e^{-2 \pi i j k/n}$.
    pub(crate) fn forward(&self, x: &mut [Complex<f64>]) {
        let n = self.reversed.len();
        for (i, &j) in self.reversed.iter().enumerate() {
            if i < j {
                x.swap(i, j);
            }
        }
        let mut half = 1;
        while half < n {
            let stride = n / (2 * half);
            for block in x.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let odd = self.roots[k * stride] * *b;
                    (*a, *b) = (*a + odd, *a - odd);
                }
            }
            half *= 2;
        }
    }

    /// The inverse of [`Self::forward`].
    pub(crate) fn inverse(&self, x: &mut [Complex<f64>]) {
        let scale = 1.0 / self.reversed.len() as f64;
        x.iter_mut().for_each(|v| *v = v.conj());
        self.forward(x);
        x.iter_mut().for_each(|v| *v = v.conj() * scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_its_definition_and_inverts() {
        for n in [2, 4, 64] {
            let x: Vec<_> = (0..n)
                .map(|i| Complex::new((i as f64 * 1.7).sin(), (i * i % 5) as f64))
                .collect();
            let mut fast = x.clone();
            let fourier = Fourier::new(n);
            fourier.forward(&mut fast);
            for (k, found) in fast.iter().enumerate() {
                let term = |(j, &v)| v * Complex::cis(-TAU * (j * k % n) as f64 / n as f64);
                let slow: Complex<f64> = x.iter().enumerate().map(term).sum();
                assert!((found - slow).norm() < 1e-12, "{n}, {k}: {found} {slow}");
            }
            fourier.inverse(&mut fast);
            for (found, v) in fast.iter().zip(&x) {
                assert!((found - v).norm() < 1e-14, "{n}: {found} {v}");
            }
        }
    }
}
