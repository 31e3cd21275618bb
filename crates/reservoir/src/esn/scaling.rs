use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::statistics::RunningMoments;

use crate::Error;

/// The shift and scale that bring each channel to mean 0 and deviation 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling<T> {
    pub(crate) mean: Vec<T>,
    /// 1 over the deviation; 1 for a channel that is constant.
    pub(crate) scale: Vec<T>,
}

impl<T: Real> Scaling<T> {
    /// Of all samples of these series, which have the same channels.
    pub(crate) fn of<'a>(
        channels: usize,
        series: impl IntoIterator<Item = &'a DMatrix<T>>,
    ) -> Result<Self, Error> {
        let mut moments = RunningMoments::new(channels);
        for one in series {
            moments.add_columns(one)?;
        }
        let scale = |deviation: f64| {
            let scale = T::of(1.0 / deviation);
            // A constant channel has no scale, nor has one so small or large that it rounds away.
            if scale.is_finite() && scale > T::zero() {
                scale
            } else {
                T::one()
            }
        };
        Ok(Self {
            mean: moments.mean()?.iter().map(|&mean| T::of(mean)).collect(),
            scale: moments.deviation()?.iter().map(|&d| scale(d)).collect(),
        })
    }

    /// One sample.
    #[inline]
    pub(crate) fn apply(&self, sample: &[T], scaled: &mut [T]) {
        for (i, (&x, scaled)) in sample.iter().zip(scaled).enumerate() {
            *scaled = (x - self.mean[i]) * self.scale[i];
        }
    }
}

/// One sample, scaled if there is a scaling.
#[inline]
pub(crate) fn scale<T: Real>(scaling: Option<&Scaling<T>>, sample: &[T], scaled: &mut [T]) {
    match scaling {
        Some(scaling) => scaling.apply(sample, scaled),
        None => scaled.copy_from_slice(sample),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_channel_is_only_shifted() {
        let series = DMatrix::from_row_slice(2, 3, &[1.0, 3.0, 5.0, 7.0, 7.0, 7.0]);
        let scaling = Scaling::of(2, [&series]).unwrap();
        let mut scaled = [0.0; 2];
        scaling.apply(&[5.0, 8.0], &mut scaled);
        assert!((scaled[0] - 1.5_f64.sqrt()).abs() < 1e-15);
        assert_eq!(scaled[1], 1.0);
    }
}
