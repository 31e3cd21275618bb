use std::ops::Range;

/// Forecasts of one length from many origins: each sees the values up to its origin, and is compared
/// with those after it.
#[derive(Debug)]
pub(crate) struct Rolling {
    /// How many values each forecast may see.
    origins: Vec<usize>,
    every: usize,
    horizon: usize,
    start: usize,
}

/// The errors of a forecaster.
#[derive(Debug, Clone)]
pub(crate) struct Errors {
    /// Squared errors, summed over the origins, for each step.
    squares: Vec<f64>,
    absolute: f64,
    /// The mean squared error of the forecast of each origin.
    losses: Vec<f64>,
    /// How many forecasts overlap.
    overlap: usize,
}

impl Errors {
    /// The root of the mean squared error of all steps.
    pub(crate) fn all(&self) -> f64 {
        let sum: f64 = self.squares.iter().sum();
        (sum / (self.losses.len() * self.squares.len()) as f64).sqrt()
    }

    /// The root of the mean squared error of one step.
    pub(crate) fn at(&self, step: usize) -> f64 {
        (self.squares[step] / self.losses.len() as f64).sqrt()
    }

    /// The mean absolute error of all steps.
    pub(crate) fn absolute(&self) -> f64 {
        self.absolute / (self.losses.len() * self.squares.len()) as f64
    }

    /// By how many standard errors the loss of `other` is larger: the statistic of Diebold and Mariano
    /// (1995), with the weights of Bartlett for forecasts that overlap. Nothing if there are too few
    /// forecasts, or they do not differ.
    pub(crate) fn advantage_over(&self, other: &Self) -> Option<f64> {
        let n = self.losses.len();
        if n < 8 || n < 2 * self.overlap {
            return None;
        }
        let differences: Vec<f64> = other
            .losses
            .iter()
            .zip(&self.losses)
            .map(|(theirs, ours)| theirs - ours)
            .collect();
        let mean = differences.iter().sum::<f64>() / n as f64;
        let covariance = |lag: usize| -> f64 {
            let pairs = differences.iter().zip(&differences[lag..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
        };
        let lags = self.overlap + 1;
        let variance = covariance(0)
            + (1..lags)
                .map(|lag| 2.0 * (1.0 - lag as f64 / lags as f64) * covariance(lag))
                .sum::<f64>();
        let statistic = mean / (variance / n as f64).sqrt();
        statistic.is_finite().then_some(statistic)
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
            every,
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
        mut forecast: impl FnMut(&[f64]) -> Option<Vec<f64>>,
    ) -> Option<Errors> {
        let mut errors = Errors {
            squares: vec![0.0; self.horizon],
            absolute: 0.0,
            losses: Vec::with_capacity(self.origins.len()),
            overlap: (self.horizon - 1) / self.every,
        };
        for &origin in &self.origins {
            let predicted = forecast(&values[..origin])?;
            let mut loss = 0.0;
            for ((sum, p), v) in errors
                .squares
                .iter_mut()
                .zip(&predicted)
                .zip(&values[origin..])
            {
                let square = (p - v).powi(2);
                *sum += square;
                loss += square / self.horizon as f64;
                errors.absolute += (p - v).abs();
            }
            errors.losses.push(loss);
        }
        errors
            .squares
            .iter()
            .all(|s| s.is_finite())
            .then_some(errors)
    }

    /// The errors of a forecaster that is made anew, of all values before the origin, at `times` of the
    /// origins.
    pub(crate) fn errors_refitted<M>(
        &self,
        values: &[f64],
        times: usize,
        mut fit: impl FnMut(&[f64]) -> Option<M>,
        forecast: impl Fn(&M, &[f64]) -> Option<Vec<f64>>,
    ) -> Option<Errors> {
        let every = self.origins.len().div_ceil(times);
        let mut model = None;
        let mut count = 0;
        self.errors(values, |history| {
            if count % every == 0 {
                model = Some(fit(history)?);
            }
            count += 1;
            forecast(model.as_ref()?, history)
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
