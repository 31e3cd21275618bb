use nalgebra::DMatrix;
use neuropil_math::Real;

/// The shift and scale that bring a field to mean 0 and deviation 1 over all its points: one for all,
/// so that every point is treated alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FieldScaling<T> {
    pub(crate) mean: T,
    /// 1 over the deviation; 1 for a field that is constant.
    pub(crate) scale: T,
}

impl<T: Real> FieldScaling<T> {
    /// Nothing changes.
    pub(crate) fn none() -> Self {
        Self {
            mean: T::zero(),
            scale: T::one(),
        }
    }

    /// Of all values of these fields.
    pub(crate) fn of(fields: &[&DMatrix<T>]) -> Self {
        let values = || fields.iter().flat_map(|field| field.iter());
        let count: usize = fields.iter().map(|field| field.len()).sum();
        let mean = values().map(|x| x.to_f64()).sum::<f64>() / count as f64;
        // In two passes: the mean of squares minus the square of the mean cancels.
        let squares: f64 = values().map(|x| (x.to_f64() - mean).powi(2)).sum();
        let scale = T::of(1.0 / (squares / count as f64).sqrt());
        Self {
            mean: T::of(mean),
            // A constant field has no scale, nor has one so small or large that it rounds away.
            scale: if scale.is_finite() && scale > T::zero() {
                scale
            } else {
                T::one()
            },
        }
    }

    #[inline]
    pub(crate) fn apply(&self, values: &[T], scaled: &mut [T]) {
        for (scaled, &x) in scaled.iter_mut().zip(values) {
            *scaled = (x - self.mean) * self.scale;
        }
    }
}
