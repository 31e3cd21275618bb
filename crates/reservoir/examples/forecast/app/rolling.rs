use std::ops::Range;

/// Forecasts of one length from many origins: each sees the values up to its origin, and is compared
/// with those after it.
#[derive(Debug)]
pub(crate) struct Rolling {
    /// How many values each forecast may see.
    origins: Vec<usize>,
    horizon: usize,
    start: usize,
}

/// Squared errors, summed over the origins, for each step.
#[derive(Debug, Clone)]
pub(crate) struct Errors {
    squares: Vec<f64>,
    origins: usize,
}

impl Errors {
    /// The root of the mean squared error of all steps.
    pub(crate) fn all(&self) -> f64 {
        let sum: f64 = self.squares.iter().sum();
        (sum / (self.origins * self.squares.len()) as f64).sqrt()
    }

    /// The root of the mean squared error of one step.
    pub(crate) fn at(&self, step: usize) -> f64 {
        (self.squares[step] / self.origins as f64).sqrt()
    }
}

impl Rolling {
    /// Forecasts of the values of `part`, `horizon` at a time, from all origins or, if those are more
    /// than `most`, from about so many, evenly spread.
    pub(crate) fn new(part: Range<usize>, horizon: usize, most: usize) -> Self {
        let origins = part.start..=part.end - horizon;
        let every = (part.len() - horizon + 1).div_ceil(most);
        Self {
            origins: origins.step_by(every).collect(),
            horizon,
            start: part.start,
        }
    }

    pub(crate) fn origins(&self) -> &[usize] {
        &self.origins
    }

    /// The errors of a forecaster; nothing if any forecast fails or is not finite.
    pub(crate) fn errors(
        &self,
        values: &[f64],
        forecast: impl Fn(&[f64]) -> Option<Vec<f64>>,
    ) -> Option<Errors> {
        let mut squares = vec![0.0; self.horizon];
        for &origin in &self.origins {
            let predicted = forecast(&values[..origin])?;
            for ((square, p), v) in squares.iter_mut().zip(&predicted).zip(&values[origin..]) {
                *square += (p - v).powi(2);
            }
        }
        squares.iter().all(|s| s.is_finite()).then_some(Errors {
            squares,
            origins: self.origins.len(),
        })
    }

    /// Forecasts one after the other, each from where the one before ended, to the end of the values:
    /// their positions and values. A forecast that fails leaves a gap.
    pub(crate) fn stitched(
        &self,
        values: &[f64],
        forecast: impl Fn(&[f64]) -> Option<Vec<f64>>,
    ) -> Vec<Vec<(usize, f64)>> {
        (self.start..values.len())
            .step_by(self.horizon)
            .filter_map(|origin| {
                let predicted = forecast(&values[..origin])?;
                let length = (values.len() - origin).min(self.horizon);
                Some((origin..).zip(predicted).take(length).collect())
            })
            .collect()
    }
}
