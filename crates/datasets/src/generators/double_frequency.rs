use core::f64::consts::PI;

use nalgebra::DMatrix;

use crate::Error;
use crate::windows::{Recording, Targets, Windows};

/// From a sine and a cosine, the sine of twice the frequency: the first task of the documentation of `ncps`.
///
/// One sequence of `samples` (there: 48) over one and a half periods,
/// $$x_k = (\sin\theta_k, \cos\theta_k), \quad y_k = \sin 2\theta_k, \quad \theta_k = \frac{3 \pi k}{n - 1}.$$
///
/// ```
/// use neuropil_datasets::generators::double_frequency;
/// use neuropil_datasets::BatchOrder;
///
/// let batch = double_frequency(48)?.batch::<f64>(&[0], BatchOrder::TimeMajor)?;
/// assert_eq!(batch.inputs.shape(), (2, 48));
/// assert_eq!(batch.inputs[(1, 0)], 1.0);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// If there are fewer than 2 samples, or more than 2²⁴.
pub fn double_frequency(samples: usize) -> Result<Windows, Error> {
    if !(2..=1 << 24).contains(&samples) {
        let range = "must be 2 to 16777216";
        return Err(Error::out_of_range("samples", samples as f64, range));
    }
    let step = |turns: f64| turns * PI / (samples - 1) as f64;
    let (slow, fast) = (step(3.0), step(6.0));
    let recording = Recording {
        inputs: DMatrix::from_fn(2, samples, |feature, k| {
            let (sine, cosine) = (k as f64 * slow).sin_cos();
            (if feature == 0 { sine } else { cosine }) as f32
        }),
        targets: Targets::Values(DMatrix::from_fn(1, samples, |_, k| {
            (k as f64 * fast).sin() as f32
        })),
        spans: None,
    };
    Windows::whole(&[recording])
}
