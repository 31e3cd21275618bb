use nalgebra::DMatrix;
use neuropil_math::Real;

/// The shift and scale that bring each channel to mean 0 and deviation 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling<T> {
    pub(crate) mean: Vec<T>,
    /// 1 over the deviation; 1 for a channel that is constant.
    pub(crate) scale: Vec<T>,
}

impl<T: Real> Scaling<T> {
    /// Of all samples of these series, which have the same channels.
    pub(crate) fn of(series: &[&DMatrix<T>]) -> Self {
        let channels = series.first().map_or(0, |s| s.nrows());
        let samples: usize = series.iter().map(|s| s.ncols()).sum();
        let mut mean = vec![0.0; channels];
        for one in series {
            for sample in one.as_slice().chunks_exact(channels) {
                for (sum, x) in mean.iter_mut().zip(sample) {
                    *sum += x.to_f64();
                }
            }
        }
        for mean in &mut mean {
            *mean /= samples as f64;
        }
        // In two passes: the mean of squares minus the square of the mean cancels.
        let mut variance = vec![0.0; channels];
        for one in series {
            for sample in one.as_slice().chunks_exact(channels) {
                for ((sum, mean), x) in variance.iter_mut().zip(&mean).zip(sample) {
                    *sum += (x.to_f64() - mean).powi(2);
                }
            }
        }
        for variance in &mut variance {
            *variance /= samples as f64;
        }
        let scale = |v: &f64| {
            let scale = T::of(1.0 / v.sqrt());
            // A constant channel has no scale, nor has one so small or large that it rounds away.
            if scale.is_finite() && scale > T::zero() {
                scale
            } else {
                T::one()
            }
        };
        Self {
            scale: variance.iter().map(scale).collect(),
            mean: mean.into_iter().map(T::of).collect(),
        }
    }

    #[inline]
    pub(crate) fn apply(&self, taps: &mut [T]) {
        for block in taps.chunks_exact_mut(self.mean.len()) {
            for ((x, &mean), &scale) in block.iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = (*x - mean) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_channel_is_only_shifted() {
        let series = DMatrix::from_row_slice(2, 3, &[1.0, 3.0, 5.0, 7.0, 7.0, 7.0]);
        let scaling = Scaling::of(&[&series]);
        let mut taps = [5.0, 8.0, 3.0, 7.0];
        scaling.apply(&mut taps);
        assert_eq!(taps, [1.5_f64.sqrt(), 1.0, 0.0, 0.0]);
    }
}
