use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_math::vectors::{Kernel, widest};

use crate::Ridge;

/// $y = b + W \varphi$ for one sample at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Readout<T: Real> {
    /// Outputs × features.
    weights: DMatrix<T>,
    intercept: DVector<T>,
    /// The weights of one output next to each other.
    rows: Vec<T>,
}

impl<T: Real> Readout<T> {
    pub(crate) fn new(weights: DMatrix<T>, intercept: DVector<T>) -> Self {
        let rows = weights.transpose().as_slice().to_vec();
        Self {
            weights,
            intercept,
            rows,
        }
    }

    pub(crate) fn of(ridge: Ridge<T>) -> Self {
        let (weights, intercept) = ridge.into_parts();
        Self::new(weights, intercept)
    }

    pub(crate) fn weights(&self) -> &DMatrix<T> {
        &self.weights
    }

    pub(crate) fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    pub(crate) fn outputs(&self) -> usize {
        self.weights.nrows()
    }

    /// The outputs of these features, as many as there are weights.
    #[inline]
    pub(crate) fn apply(&self, features: &[T], out: &mut [T]) {
        widest(Product {
            rows: &self.rows,
            intercept: self.intercept.as_slice(),
            features,
            out,
        });
    }
}

struct Product<'a, T> {
    rows: &'a [T],
    intercept: &'a [T],
    features: &'a [T],
    out: &'a mut [T],
}

/// Partial sums of a product of a row: independent additions for the widest vectors.
const LANES: usize = 32;

impl<T: Real> Kernel for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (chunks, rest) = self.features.as_chunks::<LANES>();
        for ((row, &intercept), out) in self
            .rows
            .chunks_exact(self.features.len())
            .zip(self.intercept)
            .zip(self.out)
        {
            let (weights, weights_rest) = row.as_chunks::<LANES>();
            let mut sums = [T::zero(); LANES];
            for (w, x) in weights.iter().zip(chunks) {
                for lane in 0..LANES {
                    sums[lane] += w[lane] * x[lane];
                }
            }
            for (lane, (&w, &x)) in weights_rest.iter().zip(rest).enumerate() {
                sums[lane] += w * x;
            }
            let mut width = LANES / 2;
            while width > 0 {
                for lane in 0..width {
                    sums[lane] += sums[lane + width];
                }
                width /= 2;
            }
            *out = intercept + sums[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_the_product() {
        for outputs in 1..4 {
            for count in [1, 5, 31, 32, 33, 64, 100] {
                // Small whole numbers: every order of summation gives the same bits.
                let weights = DMatrix::from_fn(outputs, count, |i, j| ((i + 3 * j) % 7) as f64);
                let intercept = DVector::from_fn(outputs, |i, _| i as f64);
                let features = DVector::from_fn(count, |j, _| (j % 5) as f64 - 2.0);
                let expected = &weights * &features + &intercept;
                let mut out = vec![f64::NAN; outputs];
                Readout::new(weights, intercept).apply(features.as_slice(), &mut out);
                assert_eq!(out, expected.as_slice(), "{outputs} × {count}");
            }
        }
    }
}
