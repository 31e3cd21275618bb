use nalgebra::DMatrix;

use crate::Error;

/// Mean and deviation of each feature, summed sample after sample as NumPy does.
#[derive(Debug)]
pub(crate) struct Scale {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scale {
    /// Of features × samples; `names` are for the error.
    pub(crate) fn of<const N: usize>(
        data: &DMatrix<f64>,
        names: [&'static str; N],
    ) -> Result<Self, Error> {
        let samples = data.ncols() as f64;
        let mut mean = vec![0.0; data.nrows()];
        for sample in data.column_iter() {
            mean.iter_mut().zip(&sample).for_each(|(sum, x)| *sum += x);
        }
        mean.iter_mut().for_each(|sum| *sum /= samples);
        let mut deviation = vec![0.0; data.nrows()];
        for sample in data.column_iter() {
            let differences = sample.iter().zip(&mean).map(|(x, mean)| x - mean);
            for (sum, difference) in deviation.iter_mut().zip(differences) {
                *sum += difference * difference;
            }
        }
        for (sum, name) in deviation.iter_mut().zip(names) {
            *sum = (*sum / samples).sqrt();
            if !(*sum > 0.0 && sum.is_finite()) {
                return Err(Error::out_of_range(name, *sum, "must vary, to be scaled"));
            }
        }
        Ok(Self { mean, deviation })
    }

    pub(crate) fn apply(&self, data: &DMatrix<f64>) -> DMatrix<f32> {
        DMatrix::from_fn(data.nrows(), data.ncols(), |feature, sample| {
            ((data[(feature, sample)] - self.mean[feature]) / self.deviation[feature]) as f32
        })
    }
}
