//! How a candidate is judged: forecasts of a validation part, for every penalty at once.

use core::ops::Range;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::RidgePath;
use serde::{Deserialize, Serialize};

use crate::tune::{Fold, Split, StudyConfig};
use crate::{Error, Lambda, Ridge};

/// What a model is judged by: the root mean squared error of forecasts, in standard deviations (of each
/// channel, over the training part).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum JudgedBy {
    /// The next sample, from true ones.
    OneStep,
    /// Forecasts of `horizon` samples, each prediction fed back as the next input, that begin every
    /// `every` samples. All of their steps count alike.
    ClosedLoop {
        /// The steps of a forecast.
        horizon: usize,
        /// How far the beginnings are apart.
        every: usize,
    },
}

impl JudgedBy {
    pub(super) fn horizon(self) -> usize {
        match self {
            Self::OneStep => 1,
            Self::ClosedLoop { horizon, .. } => horizon,
        }
    }

    fn check(self) -> Result<(), Error> {
        if let Self::ClosedLoop { horizon, every } = self {
            for (what, value) in [
                ("horizon of the forecasts", horizon),
                ("samples between the forecasts", every),
            ] {
                if value == 0 {
                    return Err(neuropil_math::Error::OutOfRange {
                        what,
                        value: 0.0,
                        range: "must be 1 at least",
                    }
                    .into());
                }
            }
        }
        Ok(())
    }

    /// The first predicted samples of forecasts of this part.
    pub(super) fn origins(self, part: &Range<usize>) -> Result<Vec<usize>, Error> {
        let (horizon, every) = match self {
            Self::OneStep => (1, 1),
            Self::ClosedLoop { horizon, every } => (horizon, every),
        };
        if part.len() < horizon {
            return Err(Error::TooShort {
                what: "validation or test part, for forecasts of this horizon",
                needed: horizon,
                found: part.len(),
            });
        }
        Ok((part.start..=part.end - horizon).step_by(every).collect())
    }
}

/// What a unit of the budget of [successive halving](crate::tune::Halving) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// A training sample: a model learns from the last so many of its training part.
    #[default]
    TrainingLength,
    /// A seed: the error is the mean over so many reservoirs of one configuration.
    Seeds,
}

/// The settings of a search for a forecasting model.
///
/// ```
/// use neuropil_reservoir::tune::{JudgedBy, Split, TuneConfig};
///
/// let config = TuneConfig {
///     judged_by: JudgedBy::ClosedLoop { horizon: 24, every: 6 },
///     ..TuneConfig::new(Split::Lengths { train: 1000, validation: 300, test: 300 })
/// };
/// assert_eq!(config.penalties.len(), 13);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuneConfig {
    /// The search.
    pub study: StudyConfig,
    /// Who learns from what, and is judged by what.
    pub split: Split,
    /// The judgement.
    pub judged_by: JudgedBy,
    /// The penalties that are tried in every trial, each from the same states or features and the same
    /// factorisation: λ **for each training sample**, so that a penalty means the same for parts of
    /// other lengths.
    pub penalties: Vec<f64>,
    /// What the budget of successive halving is.
    pub budget: Budget,
    /// A trial with more features than this fails: its factorisation costs their third power.
    pub most_features: usize,
}

impl TuneConfig {
    /// The defaults, for this split: 64 Sobol points, judged by one step, the penalties $10^{-12}$ to
    /// 1 for each sample, at most 1000 features.
    #[must_use]
    pub fn new(split: Split) -> Self {
        Self {
            study: StudyConfig::default(),
            split,
            judged_by: JudgedBy::OneStep,
            penalties: Lambda::decades(-12, 0),
            budget: Budget::default(),
            most_features: 1000,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.judged_by.check()?;
        Lambda::Gcv(self.penalties.clone()).check()
    }
}

/// A model whose readout can be changed, over states that do not depend on it.
pub(super) trait Candidate<T: Real> {
    /// What a forecast starts from.
    type State: Clone;

    /// The state of a stream that has not begun.
    fn start(&self) -> Result<Self::State, Error>;
    /// Lets the state see a sample.
    fn observe(&self, state: &mut Self::State, sample: &[T]) -> Result<(), Error>;
    /// The samples after those that the state has seen.
    fn forecast_into(&self, state: &mut Self::State, out: &mut [T]) -> Result<(), Error>;
    /// Puts another readout in.
    fn put_readout(&mut self, ridge: &Ridge<T>) -> Result<(), Error>;
}

/// Mean squared errors of all penalties, over folds and seeds; nothing for a penalty whose forecasts
/// diverged.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    sums: Vec<Option<f64>>,
    parts: usize,
    /// The first error of a forecast.
    failure: Option<Error>,
}

impl Curve {
    pub(super) fn new(penalties: usize) -> Self {
        Self {
            sums: vec![Some(0.0); penalties],
            parts: 0,
            failure: None,
        }
    }

    /// Adds the errors in one validation part.
    ///
    /// The states after `known.start..origin` are the same for every penalty, and are computed once.
    pub(super) fn add<T: Real, C: Candidate<T>>(
        &mut self,
        candidate: &mut C,
        path: &RidgePath<T>,
        penalties: &[f64],
        part: (&DMatrix<T>, &Fold),
        deviations: &[f64],
        judged_by: JudgedBy,
    ) -> Result<(), Error> {
        let samples = path.samples() as f64;
        let ridges = penalties
            .iter()
            .zip(&mut self.sums)
            .map(|(penalty, sum)| match path.solve(penalty * samples) {
                Ok(ridge) => Ok(Some(ridge)),
                // Weights beyond the numbers.
                Err(error @ neuropil_math::Error::NonFinite { .. }) => {
                    self.failure.get_or_insert(error.into());
                    *sum = None;
                    Ok(None)
                }
                Err(error) => Err(error),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let errors = self.squared_errors(candidate, &ridges, part, deviations, judged_by)?;
        for (sum, error) in self.sums.iter_mut().zip(errors) {
            *sum = sum.zip(error).map(|(sum, error)| sum + error);
        }
        self.parts += 1;
        Ok(())
    }

    fn squared_errors<T: Real, C: Candidate<T>>(
        &mut self,
        candidate: &mut C,
        ridges: &[Option<Ridge<T>>],
        (series, fold): (&DMatrix<T>, &Fold),
        deviations: &[f64],
        judged_by: JudgedBy,
    ) -> Result<Vec<Option<f64>>, Error> {
        /// So many states are held at once.
        const AT_ONCE: usize = 64;
        let channels = series.nrows();
        let values = series.as_slice();
        let horizon = judged_by.horizon();
        let origins = judged_by.origins(&fold.validation)?;
        let mut errors: Vec<Option<f64>> = ridges
            .iter()
            .zip(&self.sums)
            .map(|(ridge, sum)| ridge.as_ref().and(*sum).map(|_| 0.0))
            .collect();
        let mut state = candidate.start()?;
        let mut seen = fold.training.start;
        let mut out = vec![T::zero(); channels * horizon];
        for origins in origins.chunks(AT_ONCE) {
            let mut states = Vec::with_capacity(origins.len());
            for &origin in origins {
                for sample in values[seen * channels..origin * channels].chunks_exact(channels) {
                    candidate.observe(&mut state, sample)?;
                }
                seen = origin;
                states.push(state.clone());
            }
            for (ridge, error) in ridges.iter().zip(&mut errors) {
                let (Some(ridge), Some(sum)) = (ridge, error.as_mut()) else {
                    continue;
                };
                candidate.put_readout(ridge)?;
                for (&origin, state) in origins.iter().zip(&states) {
                    let truth = &values[origin * channels..(origin + horizon) * channels];
                    let outcome = candidate
                        .forecast_into(&mut state.clone(), &mut out)
                        .map(|()| squared_error(&out, truth, deviations));
                    match outcome {
                        Ok(square) if square.is_finite() => *sum += square,
                        Ok(_) => {
                            *sum = f64::NAN;
                            break;
                        }
                        Err(failed @ Error::Diverged { .. }) => {
                            self.failure.get_or_insert(failed);
                            *sum = f64::NAN;
                            break;
                        }
                        Err(failed) => return Err(failed),
                    }
                }
                *error = error.filter(|sum| sum.is_finite());
            }
        }
        let count = (origins.len() * horizon * channels) as f64;
        Ok(errors
            .into_iter()
            .map(|error| error.map(|sum| sum / count))
            .collect())
    }

    /// The best penalty, its position and its root mean squared error; of equal errors, the largest
    /// penalty.
    pub(super) fn best(self, penalties: &[f64]) -> Result<(f64, f64), Error> {
        let parts = self.parts as f64;
        let best = penalties
            .iter()
            .zip(&self.sums)
            .filter_map(|(&penalty, sum)| Some(((sum.as_ref()? / parts).sqrt(), penalty)))
            .filter(|(error, _)| error.is_finite())
            .min_by(|(ea, pa), (eb, pb)| ea.total_cmp(eb).then(pb.total_cmp(pa)));
        match best {
            Some((error, penalty)) => Ok((penalty, error)),
            None => Err(self.failure.unwrap_or(
                // No forecast diverged, yet no error is a number: they are beyond them.
                Error::Diverged {
                    step: 0,
                    channel: 0,
                },
            )),
        }
    }
}

/// The sum over samples and channels, in squared deviations.
fn squared_error<T: Real>(forecast: &[T], truth: &[T], deviations: &[f64]) -> f64 {
    forecast
        .chunks_exact(deviations.len())
        .zip(truth.chunks_exact(deviations.len()))
        .flat_map(|(forecast, truth)| forecast.iter().zip(truth).zip(deviations))
        .map(|((forecast, truth), deviation)| {
            ((forecast.to_f64() - truth.to_f64()) / deviation).powi(2)
        })
        .sum()
}

/// The root mean squared error, in deviations, of the forecasts of one part by a model that is ready.
pub(super) fn error_of<T: Real, C: Candidate<T>>(
    model: &C,
    series: &DMatrix<T>,
    fold: &Fold,
    deviations: &[f64],
    judged_by: JudgedBy,
) -> Result<f64, Error> {
    let channels = series.nrows();
    let values = series.as_slice();
    let horizon = judged_by.horizon();
    let origins = judged_by.origins(&fold.validation)?;
    let mut state = model.start()?;
    let mut seen = fold.training.start;
    let mut out = vec![T::zero(); channels * horizon];
    let mut sum = 0.0;
    for &origin in &origins {
        for sample in values[seen * channels..origin * channels].chunks_exact(channels) {
            model.observe(&mut state, sample)?;
        }
        seen = origin;
        model.forecast_into(&mut state.clone(), &mut out)?;
        let truth = &values[origin * channels..(origin + horizon) * channels];
        sum += squared_error(&out, truth, deviations);
    }
    Ok((sum / (origins.len() * horizon * channels) as f64).sqrt())
}
