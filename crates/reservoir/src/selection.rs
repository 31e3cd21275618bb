//! The choice of the penalty λ of a readout.
//!
//! One-step criteria ask how well the next sample is predicted from true samples; a forecast feeds
//! its own samples back. On noise-free data the two disagree: the smallest λ predicts one step best,
//! and its huge weights amplify what the readout itself adds, so that the closed loop diverges at
//! once. [`Lambda::ClosedLoop`] therefore forecasts from several points of a validation part and takes
//! the λ whose forecasts stay valid longest.
//!
//! All candidates come from one factorisation. One-step criteria need the singular values of a
//! [`RidgePath`]. Forecasts need solutions only, and a [`RidgeQr`] gives those more accurately: its error
//! is small in each feature, that of singular values in the largest ones, which on noise-free data
//! costs a tenth of the valid time.

use nalgebra::DMatrix;
use neuropil_math::metrics::forecast::normalized_error;
use neuropil_math::ridge::{RidgeChoice, RidgePath, RidgeQr, Selection};
use neuropil_math::statistics::RunningMoments;
use neuropil_math::{Real, check_size};
use serde::{Deserialize, Serialize};

use crate::{Error, Ridge};

/// The penalty λ of a readout, or how it is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Lambda {
    /// This one.
    Fixed(f64),
    /// The least generalised cross-validation error of these ([`RidgePath::gcv`]).
    Gcv(Vec<f64>),
    /// The least leave-one-out error of these ([`RidgePath::leave_one_out`]).
    LeaveOneOut(Vec<f64>),
    /// The least error over blocks of consecutive samples, each predicted from the rest.
    Folds {
        /// The candidates.
        lambdas: Vec<f64>,
        /// The number of blocks.
        folds: usize,
    },
    /// The longest valid forecasts of a validation part.
    ClosedLoop(ClosedLoopChoice),
}

impl Lambda {
    /// The powers of ten from $10^{a}$ to $10^{b}$, both included: candidates.
    ///
    /// ```
    /// use neuropil_reservoir::Lambda;
    ///
    /// assert_eq!(Lambda::decades(-2, 0), [1e-2, 1e-1, 1.0]);
    /// ```
    #[must_use]
    pub fn decades(from: i32, to: i32) -> Vec<f64> {
        // Parsed, so that they are the numbers that people write.
        (from..=to)
            .map(|exponent| format!("1e{exponent}").parse().unwrap_or(f64::NAN))
            .collect()
    }

    /// The candidates.
    #[must_use]
    pub fn candidates(&self) -> &[f64] {
        match self {
            Self::Fixed(lambda) => core::slice::from_ref(lambda),
            Self::Gcv(lambdas) | Self::LeaveOneOut(lambdas) | Self::Folds { lambdas, .. } => {
                lambdas
            }
            Self::ClosedLoop(choice) => &choice.lambdas,
        }
    }

    /// The criterion by which it is chosen.
    #[must_use]
    pub fn criterion(&self) -> Criterion {
        match self {
            Self::Fixed(_) => Criterion::Fixed,
            Self::Gcv(_) => Criterion::Gcv,
            Self::LeaveOneOut(_) => Criterion::LeaveOneOut,
            Self::Folds { folds, .. } => Criterion::Folds(*folds),
            Self::ClosedLoop(_) => Criterion::ClosedLoop,
        }
    }

    /// Refuses settings that no data could make right.
    ///
    /// # Errors
    /// Without candidates, for a λ that is negative or not finite, for fewer than 2 folds, and for
    /// settings of the closed loop that are out of range.
    pub fn check(&self) -> Result<(), Error> {
        check_candidates(self.candidates())?;
        match self {
            Self::Folds { folds, .. } if *folds < 2 => {
                Err(out_of_range("folds", *folds as f64, "must be 2 at least"))
            }
            Self::ClosedLoop(choice) => choice.check(),
            _ => Ok(()),
        }
    }
}

fn check_candidates(lambdas: &[f64]) -> Result<(), Error> {
    if lambdas.is_empty() {
        return Err(neuropil_math::Error::Empty {
            what: "the penalties to choose from",
        }
        .into());
    }
    for &lambda in lambdas {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(out_of_range(
                "lambda",
                lambda,
                "must be finite and not negative",
            ));
        }
    }
    Ok(())
}

fn out_of_range(what: &'static str, value: f64, range: &'static str) -> Error {
    neuropil_math::Error::OutOfRange { what, value, range }.into()
}

/// What a penalty was chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Criterion {
    /// Nothing: it was given.
    Fixed,
    /// The generalised cross-validation error, a mean square.
    Gcv,
    /// The leave-one-out error, a mean square.
    LeaveOneOut,
    /// The mean squared error over so many folds.
    Folds(usize),
    /// The share of forecast steps that are past the valid time ([`ClosedLoopScore::invalid`]).
    ClosedLoop,
}

/// Which samples the choice by forecasts keeps back from the training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Validation {
    /// So many samples at the end of the (last) series.
    Samples(usize),
    /// This share of the (last) series, at its end.
    Share(f64),
}

/// The settings of a choice by closed-loop forecasts.
///
/// The readout of every candidate is solved from the samples before the validation part, and forecasts
/// `horizon` samples from each of `windows` points spread evenly over the part. Its score is the share
/// of forecast steps that come after the error first exceeded `threshold`; of equal scores, the
/// forecasts with the smaller errors win ([`ClosedLoopScore`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClosedLoopChoice {
    /// The candidates.
    pub lambdas: Vec<f64>,
    /// The validation part, where the caller does not give a series of its own for it.
    pub validation: Validation,
    /// How many forecasts.
    pub windows: usize,
    /// How many steps each. Long enough, a good deal more than a forecast is valid, or the choice is
    /// among forecasts that outlive it all; it does not matter then.
    pub horizon: usize,
    /// The error at which a forecast ends to be valid, in standard deviations
    /// ([`normalized_error`]).
    pub threshold: f64,
    /// Whether the readout is solved again with the chosen λ from all samples, the validation part
    /// included. That costs a second factorisation.
    pub refit: bool,
}

impl Default for ClosedLoopChoice {
    /// Every second decade from 10⁻²⁰ to 1; 10 forecasts of 200 steps in the last quarter; threshold 0.4;
    /// solved again from all samples.
    fn default() -> Self {
        Self {
            lambdas: Lambda::decades(-20, 0).into_iter().step_by(2).collect(),
            validation: Validation::Share(0.25),
            windows: 10,
            horizon: 200,
            threshold: 0.4,
            refit: true,
        }
    }
}

impl ClosedLoopChoice {
    fn check(&self) -> Result<(), Error> {
        check_candidates(&self.lambdas)?;
        let positive = [
            ("windows of the closed-loop validation", self.windows),
            ("horizon of the closed-loop validation", self.horizon),
        ];
        for (what, value) in positive {
            if value == 0 {
                return Err(out_of_range(what, 0.0, "must be 1 at least"));
            }
        }
        if !(self.threshold > 0.0 && self.threshold.is_finite()) {
            return Err(out_of_range(
                "threshold of the closed-loop validation",
                self.threshold,
                "must be positive and finite",
            ));
        }
        match self.validation {
            Validation::Share(share) if !(share > 0.0 && share < 1.0) => Err(out_of_range(
                "share of the validation part",
                share,
                "must be in (0, 1)",
            )),
            Validation::Samples(0) => Err(out_of_range(
                "samples of the validation part",
                0.0,
                "must be 1 at least",
            )),
            _ => Ok(()),
        }
    }

    /// How many of `samples` come before the validation part: the training samples.
    ///
    /// # Errors
    /// If the validation part leaves none.
    pub fn split(&self, samples: usize) -> Result<usize, Error> {
        let kept = match self.validation {
            Validation::Samples(kept) => kept,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a length"
            )]
            Validation::Share(share) => (samples as f64 * share).round() as usize,
        };
        if kept == 0 || kept >= samples {
            return Err(Error::TooShort {
                what: "series with a validation part",
                needed: kept.max(1) + 1,
                found: samples,
            });
        }
        Ok(samples - kept)
    }

    /// Where the forecasts begin: the first predicted sample of each, spread evenly from `first` to
    /// the last that leaves room for the horizon. `first` is the end of the training samples, or
    /// what a model needs to see of a separate validation series.
    ///
    /// # Errors
    /// If the horizon does not fit.
    pub fn starts(&self, first: usize, samples: usize) -> Result<Vec<usize>, Error> {
        let needed = first.saturating_add(self.horizon);
        if samples < needed {
            return Err(Error::TooShort {
                what: "series with a validation part as long as the horizon",
                needed,
                found: samples,
            });
        }
        let room = samples - needed;
        // Never two windows at one place.
        let windows = self.windows.min(room + 1);
        Ok((0..windows)
            .map(|w| {
                first
                    + if windows > 1 {
                        w * room / (windows - 1)
                    } else {
                        0
                    }
            })
            .collect())
    }

    /// Scores the forecasts of one series (channels × time).
    ///
    /// `forecast(window, start, out)` writes the samples from `starts[window]` on, `horizon` of them,
    /// sample after sample. It may end in [`Error::Diverged`]: steps that it did not write, or that are
    /// not finite, are invalid.
    ///
    /// # Errors
    /// Any other error of the forecast; sizes that do not agree.
    pub fn score<T: Real>(
        &self,
        series: &DMatrix<T>,
        starts: &[usize],
        deviations: &[f64],
        mut forecast: impl FnMut(usize, usize, &mut [T]) -> Result<(), Error>,
    ) -> Result<ClosedLoopScore, Error> {
        let mut score = ClosedLoopScore::default();
        let mut out = DMatrix::zeros(series.nrows(), self.horizon);
        for (window, &start) in starts.iter().enumerate() {
            check_size(
                "samples of the validation part",
                start + self.horizon,
                series.ncols().min(start + self.horizon),
            )?;
            out.fill(T::of(f64::NAN));
            match forecast(window, start, out.as_mut_slice()) {
                Ok(()) | Err(Error::Diverged { .. }) => {}
                Err(error) => return Err(error),
            }
            let truth = series.columns(start, self.horizon).into_owned();
            let errors = normalized_error(&out, &truth, deviations)?;
            score.add(&errors, self.threshold);
        }
        Ok(score)
    }
}

/// The standard deviation of each channel over these series, in which errors are measured; 1 for a
/// channel that is constant.
///
/// # Errors
/// If the series differ in channels, hold a value that is not finite, or have no sample.
pub fn deviations<'a, T: Real>(
    series: impl IntoIterator<Item = &'a DMatrix<T>>,
) -> Result<Vec<f64>, Error> {
    let mut series = series.into_iter();
    let first = series
        .next()
        .ok_or(neuropil_math::Error::Empty { what: "series" })?;
    let mut moments = RunningMoments::of(first)?;
    for one in series {
        moments.add_columns(one)?;
    }
    let mut deviations = moments.deviation()?;
    for deviation in &mut deviations {
        if *deviation == 0.0 {
            *deviation = 1.0;
        }
    }
    Ok(deviations)
}

/// How well the forecasts of one candidate went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClosedLoopScore {
    steps: usize,
    valid: Vec<usize>,
    /// Sum over the steps of the logarithm of the error in thresholds, at most 0.
    logarithms: f64,
}

impl ClosedLoopScore {
    /// Adds a forecast with these errors, step by step.
    pub fn add(&mut self, errors: &[f64], threshold: f64) {
        let valid = errors
            .iter()
            .position(|e| e.is_nan() || *e > threshold)
            .unwrap_or(errors.len());
        self.steps += errors.len();
        self.valid.push(valid);
        self.logarithms += errors[..valid]
            .iter()
            .map(|e| (e / threshold).max(f64::EPSILON).ln())
            .sum::<f64>();
    }

    /// Adds the forecasts of another score.
    pub fn merge(&mut self, other: &Self) {
        self.steps += other.steps;
        self.valid.extend_from_slice(&other.valid);
        self.logarithms += other.logarithms;
    }

    /// The share of the steps that come after the error first exceeded the threshold: 0 where every
    /// forecast is valid to its end, 1 where none was for a single step. The mean over the forecasts, so
    /// that a few that diverge are not forgotten, as a median would.
    #[must_use]
    pub fn invalid(&self) -> f64 {
        if self.steps == 0 {
            return 1.0;
        }
        1.0 - self.valid.iter().sum::<usize>() as f64 / self.steps as f64
    }

    /// The geometric mean of the errors in units of the threshold, those past it counted as 1.
    #[must_use]
    pub fn mean_error(&self) -> f64 {
        if self.steps == 0 {
            return 1.0;
        }
        (self.logarithms / self.steps as f64).exp()
    }

    /// The median over the forecasts of the number of valid steps.
    #[must_use]
    pub fn median_valid_steps(&self) -> f64 {
        let mut valid = self.valid.clone();
        valid.sort_unstable();
        match (valid.len(), valid.len() / 2) {
            (0, _) => 0.0,
            (n, half) if n % 2 == 0 => (valid[half - 1] + valid[half]) as f64 / 2.0,
            (_, half) => valid[half] as f64,
        }
    }
}

/// What one candidate scored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LambdaScore {
    /// The candidate.
    pub lambda: f64,
    /// Its [criterion](Criterion), of which the least is the best; nothing where it is not defined or
    /// the readout overflowed.
    pub score: Option<f64>,
    /// After a choice by forecasts, the median number of valid steps.
    pub valid_steps: Option<f64>,
}

/// The chosen penalty, and what it was chosen from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LambdaChoice {
    /// The chosen λ.
    pub lambda: f64,
    /// By what.
    pub criterion: Criterion,
    /// Every candidate, in the order in which they were given; none if λ was given.
    pub scores: Vec<LambdaScore>,
}

impl LambdaChoice {
    /// A penalty that was given.
    #[must_use]
    pub fn fixed(lambda: f64) -> Self {
        Self {
            lambda,
            criterion: Criterion::Fixed,
            scores: Vec::new(),
        }
    }
}

/// Chooses the penalty from one factorisation; the readout is the solution for it.
///
/// `closed_loop` is called for each candidate of [`Lambda::ClosedLoop`], and for no other choice. Of
/// equal scores, the larger λ wins.
///
/// # Errors
/// As [`Lambda::check`] and [`RidgePath::choose`], any error of `closed_loop`, and if no candidate
/// has a score.
pub fn choose<T: Real>(
    path: &RidgePath<T>,
    lambda: &Lambda,
    closed_loop: &mut impl FnMut(&Ridge<T>) -> Result<ClosedLoopScore, Error>,
) -> Result<(Ridge<T>, LambdaChoice), Error> {
    lambda.check()?;
    let by = match lambda {
        Lambda::Fixed(value) => return Ok((path.solve(*value)?, LambdaChoice::fixed(*value))),
        Lambda::Gcv(_) => Selection::Gcv,
        Lambda::LeaveOneOut(_) => Selection::LeaveOneOut,
        Lambda::Folds { folds, .. } => Selection::Folds(*folds),
        Lambda::ClosedLoop(choice) => return choose_by_forecasts(path, choice, closed_loop),
    };
    let lambdas = lambda.candidates();
    let RidgeChoice {
        lambda: chosen,
        curve,
        model,
        ..
    } = path.choose(lambdas, by)?;
    let scores = lambdas
        .iter()
        .zip(curve)
        .map(|(&lambda, score)| LambdaScore {
            lambda,
            score: score.is_finite().then_some(score),
            valid_steps: None,
        })
        .collect();
    let choice = LambdaChoice {
        lambda: chosen,
        criterion: lambda.criterion(),
        scores,
    };
    Ok((model, choice))
}

/// A factorisation that gives the readout of every penalty.
pub trait Penalties<T: Real> {
    /// The readout for λ.
    ///
    /// # Errors
    /// If the solution overflows or does not converge.
    fn readout(&self, lambda: f64) -> Result<Ridge<T>, neuropil_math::Error>;
}

impl<T: Real> Penalties<T> for RidgePath<T> {
    fn readout(&self, lambda: f64) -> Result<Ridge<T>, neuropil_math::Error> {
        self.solve(lambda)
    }
}

impl<T: Real> Penalties<T> for RidgeQr<T> {
    fn readout(&self, lambda: f64) -> Result<Ridge<T>, neuropil_math::Error> {
        self.solve(lambda)
    }
}

/// Chooses the penalty by closed-loop forecasts, from a [`RidgeQr`] (which keeps the accuracy, needs
/// no samples in memory and for n features costs $2 n^3 / 3$ operations for each candidate) or a
/// [`RidgePath`].
///
/// `closed_loop` scores one readout ([`ClosedLoopChoice::score`]).
///
/// # Errors
/// If a setting is out of range, any error of `closed_loop`, and if no candidate has a readout.
pub fn choose_by_forecasts<T: Real>(
    penalties: &impl Penalties<T>,
    settings: &ClosedLoopChoice,
    closed_loop: &mut impl FnMut(&Ridge<T>) -> Result<ClosedLoopScore, Error>,
) -> Result<(Ridge<T>, LambdaChoice), Error> {
    settings.check()?;
    let mut scores = Vec::with_capacity(settings.lambdas.len());
    // Share of invalid steps, error, and λ with the sign that makes the larger one the less.
    let mut best: Option<([f64; 3], Ridge<T>)> = None;
    for &lambda in &settings.lambdas {
        let model = match penalties.readout(lambda) {
            Ok(model) => model,
            // Weights beyond the numbers: no candidate.
            Err(neuropil_math::Error::NonFinite { .. }) => {
                scores.push(LambdaScore {
                    lambda,
                    score: None,
                    valid_steps: None,
                });
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let score = closed_loop(&model)?;
        scores.push(LambdaScore {
            lambda,
            score: Some(score.invalid()),
            valid_steps: Some(score.median_valid_steps()),
        });
        let rank = [score.invalid(), score.mean_error(), -lambda];
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, model));
        }
    }
    let Some(([_, _, negative], model)) = best else {
        return Err(out_of_range(
            "the criterion of every penalty",
            f64::INFINITY,
            "must be finite for one at least",
        ));
    };
    let choice = LambdaChoice {
        lambda: -negative,
        criterion: Criterion::ClosedLoop,
        scores,
    };
    Ok((model, choice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_valid_steps_remembers_forecasts_that_diverge() {
        let mut score = ClosedLoopScore::default();
        score.add(&[0.1, 0.2, 0.5, 0.1], 0.4);
        score.add(&[0.1, 0.1, 0.1, 0.1], 0.4);
        score.add(&[f64::INFINITY; 4], 0.4);
        score.add(&[f64::NAN; 4], 0.4);
        assert_eq!(score.invalid(), 1.0 - 6.0 / 16.0);
        assert_eq!(score.median_valid_steps(), 1.0);
        // 0.25 five times and 0.5 once, of sixteen.
        let mean = (0.25_f64.powi(5) * 0.5).powf(1.0 / 16.0);
        assert!((score.mean_error() - mean).abs() < 1e-15);
    }

    #[test]
    fn windows_are_spread_over_the_part_and_never_leave_it() {
        let choice = ClosedLoopChoice {
            windows: 3,
            horizon: 10,
            ..ClosedLoopChoice::default()
        };
        assert_eq!(choice.starts(50, 100).unwrap(), [50, 70, 90]);
        assert_eq!(choice.starts(50, 61).unwrap(), [50, 51]);
        assert_eq!(choice.starts(50, 60).unwrap(), [50]);
        assert_eq!(
            choice.starts(50, 59),
            Err(Error::TooShort {
                what: "series with a validation part as long as the horizon",
                needed: 60,
                found: 59
            })
        );
    }

    #[test]
    fn a_tie_goes_to_the_smaller_error_then_to_the_larger_penalty() {
        let x = DMatrix::from_fn(2, 20, |i, t| ((i + 2) as f64 * t as f64).sin());
        let y = DMatrix::from_fn(1, 20, |_, t| (t as f64).cos());
        let path = RidgePath::new(&x, &y, false).unwrap();
        let settings = Lambda::ClosedLoop(ClosedLoopChoice {
            lambdas: vec![1e-3, 1e-1, 1e-2, 1.0],
            ..ClosedLoopChoice::default()
        });
        let mut call = 0;
        let (model, choice) = choose(&path, &settings, &mut |_| {
            let error = [0.3, 0.2, 0.2, 0.3][call];
            call += 1;
            let mut score = ClosedLoopScore::default();
            score.add(&[error; 5], 0.4);
            Ok(score)
        })
        .unwrap();
        assert_eq!(choice.lambda, 1e-1);
        assert_eq!(choice.scores.len(), 4);
        assert_eq!(choice.scores[3].valid_steps, Some(5.0));
        assert_eq!(model, path.solve(1e-1).unwrap());
    }
}
