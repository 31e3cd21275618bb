use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::vectors::{Kernel, widest};
use neuropil_math::{Real, check_finite, check_size};

use crate::Error;

/// $y = W x + b$, with the weights of one output next to each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Linear {
    pub(crate) features: usize,
    pub(crate) outputs: usize,
    /// Output after output.
    pub(crate) weights: Vec<f64>,
    pub(crate) intercept: Vec<f64>,
}

impl Linear {
    /// All zeros.
    pub(crate) fn new(features: usize, outputs: usize) -> Result<Self, Error> {
        for (what, size) in [("features", features), ("outputs", outputs)] {
            if size == 0 {
                return Err(neuropil_math::Error::Empty { what }.into());
            }
        }
        let count = features.checked_mul(outputs);
        Ok(Self {
            features,
            outputs,
            weights: zeros(count, features, outputs)?,
            intercept: vec![0.0; outputs],
        })
    }

    /// Starts from these, of shape outputs × features and outputs.
    pub(crate) fn set(&mut self, weights: &DMatrix<f64>, intercept: &[f64]) -> Result<(), Error> {
        check_size("rows of the weights", self.outputs, weights.nrows())?;
        check_size("columns of the weights", self.features, weights.ncols())?;
        check_size("intercepts", self.outputs, intercept.len())?;
        check_finite("the weights", weights.as_slice())?;
        check_finite("the intercepts", intercept)?;
        for (row, to) in weights
            .row_iter()
            .zip(self.weights.chunks_exact_mut(self.features))
        {
            for (to, from) in to.iter_mut().zip(row.iter()) {
                *to = *from;
            }
        }
        self.intercept.copy_from_slice(intercept);
        Ok(())
    }

    pub(crate) fn matrix(&self) -> DMatrix<f64> {
        DMatrix::from_row_slice(self.outputs, self.features, &self.weights)
    }

    /// Refuses slices of other sizes and what is not finite.
    pub(crate) fn check<T: Real>(
        &self,
        features: &[T],
        target: &[T],
        out: &[T],
    ) -> Result<(), Error> {
        check_size("features", self.features, features.len())?;
        check_size("targets", self.outputs, target.len())?;
        check_size("outputs", self.outputs, out.len())?;
        check_finite("features", features)?;
        Ok(check_finite("targets", target)?)
    }

    pub(crate) fn predict<T: Real>(&self, features: &[T], out: &mut [T]) -> Result<(), Error> {
        check_size("features", self.features, features.len())?;
        check_size("outputs", self.outputs, out.len())?;
        check_finite("features", features)?;
        for (output, y) in out.iter_mut().enumerate() {
            *y = T::of(self.value(output, features));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn value<T: Real>(&self, output: usize, features: &[T]) -> f64 {
        let row = &self.weights[output * self.features..][..self.features];
        self.intercept[output] + dot(row, features)
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, output: usize) -> &mut [f64] {
        &mut self.weights[output * self.features..][..self.features]
    }

    /// The sizes and values that a file gives.
    pub(crate) fn restore(
        path: &Path,
        features: usize,
        outputs: usize,
        weights: Vec<f64>,
        intercept: Vec<f64>,
    ) -> Result<Self, Error> {
        if features == 0 || outputs == 0 {
            return Err(malformed(
                path,
                format!("{outputs} outputs of {features} features"),
            ));
        }
        expect(
            path,
            "weights",
            features.saturating_mul(outputs),
            weights.len(),
        )?;
        expect(path, "intercepts", outputs, intercept.len())?;
        expect_finite(path, "weight", &weights)?;
        expect_finite(path, "intercept", &intercept)?;
        Ok(Self {
            features,
            outputs,
            weights,
            intercept,
        })
    }
}

/// Memory for so many zeros, or an error.
pub(crate) fn zeros(
    count: Option<usize>,
    features: usize,
    samples: usize,
) -> Result<Vec<f64>, Error> {
    let mut values = Vec::new();
    count
        .and_then(|count| values.try_reserve_exact(count).ok().map(|()| count))
        .map(|count| {
            values.resize(count, 0.0);
            values
        })
        .ok_or(Error::OutOfMemory { features, samples })
}

/// $\sum_i a_i x_i$, in sums that are added in a fixed order.
#[inline]
pub(crate) fn dot<T: Real>(a: &[f64], x: &[T]) -> f64 {
    struct Dot<'a, T>(&'a [f64], &'a [T]);

    impl<T: Real> Kernel for Dot<'_, T> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            dot_inline(self.0, self.1)
        }
    }
    widest(Dot(a, x))
}

/// As many sums as hide the latency of the addition in the widest vectors.
const LANES: usize = 32;

#[inline(always)]
pub(crate) fn dot_inline<T: Real>(a: &[f64], x: &[T]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, x) in a_chunks.iter().zip(x_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * x[lane].to_f64();
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    for (a, x) in a_rest.iter().zip(x_rest) {
        sums[0] += a * x.to_f64();
    }
    sums[0]
}

/// $y \mathrel{+}= \alpha x$.
#[inline]
pub(crate) fn axpy<T: Real>(alpha: f64, x: &[T], y: &mut [f64]) {
    struct Axpy<'a, T>(f64, &'a [T], &'a mut [f64]);

    impl<T: Real> Kernel for Axpy<'_, T> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            for (y, x) in self.2.iter_mut().zip(self.1) {
                *y += self.0 * x.to_f64();
            }
        }
    }
    widest(Axpy(alpha, x, y));
}

pub(crate) fn malformed(path: &Path, problem: String) -> Error {
    neuropil_math::Error::Malformed {
        path: path.to_path_buf(),
        problem,
    }
    .into()
}

pub(crate) fn expect(path: &Path, what: &str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(malformed(
            path,
            format!("{what}: expected {expected}, found {found}"),
        ))
    }
}

pub(crate) fn expect_finite<T: Real>(path: &Path, what: &str, values: &[T]) -> Result<(), Error> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(malformed(path, format!("{what} {index} is not finite"))),
        None => Ok(()),
    }
}

/// A setting that must be finite and above zero.
pub(crate) fn check_positive(what: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(neuropil_math::Error::OutOfRange {
            what,
            value,
            range: "must be finite and above 0",
        }
        .into())
    }
}

/// The position of what is not finite in a matrix, one sample per column.
pub(crate) fn check_columns<T: Real>(what: &'static str, x: &DMatrix<T>) -> Result<(), Error> {
    match x.as_slice().iter().position(|v| !v.is_finite()) {
        Some(index) => Err(Error::NonFinite {
            what,
            channel: index % x.nrows(),
            time: index / x.nrows(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_is_the_sum_for_every_length() {
        for n in 0..100 {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i % 7)).collect();
            let x: Vec<f32> = (0..n).map(|i| (i % 5) as f32).collect();
            let sum: f64 = a.iter().zip(&x).map(|(a, &x)| a * f64::from(x)).sum();
            assert_eq!(dot(&a, &x), sum, "length {n}");
        }
    }
}
