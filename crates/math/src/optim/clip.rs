use serde::{Deserialize, Serialize};

use super::check_not_negative;
use crate::{Error, Parameters, Real};

/// What is done to gradients that are too large.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Clip {
    /// Scales the whole gradient so that its Euclidean norm, over all tensors, is at most this:
    /// [`clip_by_norm`].
    Norm(f64),
    /// Limits the magnitude of every entry to this: [`clip_by_value`].
    Value(f64),
}

impl Clip {
    /// Refuses a limit that is negative, infinite or NaN.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Norm(limit) => check_not_negative("the limit of the norm", limit),
            Self::Value(limit) => check_not_negative("the limit of the values", limit),
        }
    }

    /// Clips a finite gradient, with a limit that has been checked.
    pub(super) fn apply<T: Real>(self, gradient: &mut [T]) {
        match self {
            Self::Norm(limit) => {
                if let Some(factor) = factor(norm(gradient), limit) {
                    scale(gradient, factor);
                }
            }
            Self::Value(limit) => clamp(gradient, limit),
        }
    }
}

/// Scales `gradient` so that its Euclidean norm over all tensors is at most `limit`, and returns the
/// norm that it had.
///
/// $$ g \gets g \min\left(1, \frac{c}{\lVert g \rVert}\right) $$
/// The direction stays[^1]. PyTorch adds 1e-6 to the norm in the quotient; this does not, and scales
/// exactly to the limit. A gradient whose norm exceeds the largest `f64` becomes zero.
///
/// ```
/// use neuropil_math::optim::clip_by_norm;
///
/// let mut gradient = vec![3.0, 4.0];
/// assert_eq!(clip_by_norm(&mut gradient, 0.5)?, 5.0);
/// assert_eq!(gradient, [3.0 * 0.1, 4.0 * 0.1]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a limit that is negative or not finite, [`Error::Tensor`] for a gradient
/// that holds NaN or infinity; it is unchanged then.
///
/// [^1]: Pascanu, Mikolov, Bengio (2013): On the difficulty of training recurrent neural networks.
///   ICML, algorithm 1.
pub fn clip_by_norm<T: Real, P: Parameters<T> + ?Sized>(
    gradient: &mut P,
    limit: f64,
) -> Result<f64, Error> {
    Clip::Norm(limit).check()?;
    crate::parameters::check_finite(gradient)?;
    let mut norms = Norm::default();
    gradient.visit(&mut |_, _, data| norms.add(norm(data)));
    let norm = norms.value();
    if let Some(factor) = factor(norm, limit) {
        gradient.visit_mut(&mut |_, _, data| scale(data, factor));
    }
    Ok(norm)
}

/// Limits every entry of `gradient` to [-`limit`, `limit`].
///
/// # Errors
/// As [`clip_by_norm`].
pub fn clip_by_value<T: Real, P: Parameters<T> + ?Sized>(
    gradient: &mut P,
    limit: f64,
) -> Result<(), Error> {
    Clip::Value(limit).check()?;
    crate::parameters::check_finite(gradient)?;
    gradient.visit_mut(&mut |_, _, data| clamp(data, limit));
    Ok(())
}

/// The Euclidean norm, computed in `f64`; it overflows only if the norm itself does.
#[must_use]
pub fn norm<T: Real>(values: &[T]) -> f64 {
    let squares = sum_of_squares(values, 1.0);
    // Within these bounds no square that matters was lost to underflow or overflow.
    if (1e-280..=f64::MAX).contains(&squares) {
        return squares.sqrt();
    }
    let largest = values.iter().fold(0.0_f64, |m, v| {
        if v.to_f64().abs() > m {
            v.to_f64().abs()
        } else {
            m
        }
    });
    if largest == 0.0 || !squares.is_finite() && !largest.is_finite() || squares.is_nan() {
        // All zero, or an infinity, or NaN.
        return squares;
    }
    // A power of two, so that scaling rounds nothing but what is negligible.
    let scale = if largest > 1.0 {
        2.0_f64.powi(-1000)
    } else {
        2.0_f64.powi(600)
    };
    let scaled = sum_of_squares(values, scale);
    scaled.sqrt() / scale
}

/// In eight sums, so that the additions do not wait for each other; the order is fixed.
fn sum_of_squares<T: Real>(values: &[T], scale: f64) -> f64 {
    let mut sums = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            let value = value.to_f64() * scale;
            *sum += value * value;
        }
    }
    let mut total = 0.0;
    for value in rest {
        let value = value.to_f64() * scale;
        total += value * value;
    }
    sums.iter().fold(total, |total, sum| total + sum)
}

/// The norm of norms, without overflow.
#[derive(Default)]
struct Norm(f64);

impl Norm {
    fn add(&mut self, other: f64) {
        self.0 = norm(&[self.0, other]);
    }

    fn value(self) -> f64 {
        self.0
    }
}

/// What to multiply by, unless the norm is within the limit.
fn factor(norm: f64, limit: f64) -> Option<f64> {
    (norm > limit).then(|| limit / norm)
}

fn scale<T: Real>(values: &mut [T], factor: f64) {
    for value in values {
        *value = T::of(value.to_f64() * factor);
    }
}

fn clamp<T: Real>(values: &mut [T], limit: f64) {
    let limit = T::of(limit);
    for value in values {
        if *value > limit {
            *value = limit;
        } else if *value < -limit {
            *value = -limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_extreme_values() {
        assert_eq!(norm::<f64>(&[]), 0.0);
        assert_eq!(norm(&[0.0, -0.0]), 0.0);
        assert!((norm(&[3e200, -4e200]) / 5e200 - 1.0).abs() < 4.0 * f64::EPSILON);
        // Among subnormal numbers the spacing is absolute.
        assert!((norm(&[3e-310, 4e-310]) - 5e-310).abs() <= 5e-324);
        assert_eq!(norm(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(norm(&[f64::MAX, 0.0]), f64::MAX);
        assert_eq!(norm(&[5e-324_f64]), 5e-324);
        assert_eq!(norm(&[f32::MAX; 4]), 2.0 * f64::from(f32::MAX));
        assert_eq!(norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(norm(&[f64::NAN, 1.0]).is_nan());
        assert!(norm(&[f64::NAN, f64::INFINITY]).is_nan());
        let many: Vec<f64> = (1..=24).map(f64::from).collect();
        assert_eq!(norm(&many), 70.0);
    }
}
