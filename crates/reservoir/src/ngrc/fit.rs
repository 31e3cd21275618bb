//! How a model learns: pairs of features and targets, and the readout between them.

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_math::ridge::{RidgePath, RidgeQr};

use crate::ngrc::features::{FeatureMap, allocate, check_samples, check_series};
use crate::ngrc::model::Fitted;
use crate::ngrc::scaling::Scaling;
use crate::selection::{ClosedLoopScore, choose, choose_by_forecasts, deviations};
use crate::{
    ClosedLoopChoice, Error, Lambda, LambdaChoice, Ngrc, NgrcState, Ridge, RidgeConfig,
    RidgeMethod, Target, Task,
};

impl<T: Real> Ngrc<T> {
    /// Learns to forecast one series, channels × time.
    ///
    /// With [`Lambda::ClosedLoop`] the end of the series is the validation part.
    ///
    /// After an error the model is what it was before.
    ///
    /// # Errors
    /// If the series has fewer than $(k-1)s+2$ samples (before the validation part, if there is one),
    /// holds a value that is not finite, asks for too many features, or the regression fails.
    pub fn fit(&mut self, series: &DMatrix<T>) -> Result<(), Error> {
        self.fit_many(&[series])
    }

    /// Learns to forecast several series of the same channels. No taps reach from one into the
    /// next. With [`Lambda::ClosedLoop`] the end of the last one is the validation part.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if there is no series.
    pub fn fit_many(&mut self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        let map = self.map_for(series.first().copied())?;
        for one in series {
            check_series("training series", one, map.channels(), map.warmup() + 2)?;
        }
        let Lambda::ClosedLoop(settings) = &self.config.lambda else {
            let pairs = self.forecasting_pairs(&map, series)?;
            return self.solve(map, Task::Forecast, pairs);
        };
        let (last, before) = series
            .split_last()
            .ok_or(neuropil_math::Error::Empty { what: "series" })?;
        let cut = settings.split(last.ncols())?;
        let head = last.columns(0, cut).into_owned();
        check_series("training part", &head, map.channels(), map.warmup() + 2)?;
        let mut training = before.to_vec();
        training.push(&head);
        let fitted = self.choose_by_forecasts(map, settings, &training, &[(last, cut)])?;
        if !settings.refit {
            self.fitted = Some(fitted);
            return Ok(());
        }
        let pairs = self.forecasting_pairs(&fitted.map, series)?;
        let ridge = self.ridge(&pairs, fitted.choice.lambda)?;
        self.fitted = Some(self.model(fitted.map, Task::Forecast, pairs, ridge, fitted.choice));
        Ok(())
    }

    /// Learns to forecast some series, with the λ of [`Lambda::ClosedLoop`] whose forecasts of other
    /// series are the best. The forecasts start anywhere in those that leaves room for the taps and
    /// the horizon; the readout learns from `series` alone.
    ///
    /// # Errors
    /// As [`fit_many`](Self::fit_many), if λ is not chosen by forecasts, and if a validation series
    /// has no room.
    pub fn fit_validated(
        &mut self,
        series: &[&DMatrix<T>],
        validation: &[&DMatrix<T>],
    ) -> Result<(), Error> {
        let Lambda::ClosedLoop(settings) = &self.config.lambda else {
            return Err(neuropil_math::Error::Undefined {
                what: "a validation series",
                why: "lambda is not chosen by forecasts",
            }
            .into());
        };
        let map = self.map_for(series.first().copied())?;
        for one in series {
            check_series("training series", one, map.channels(), map.warmup() + 2)?;
        }
        if validation.is_empty() {
            return Err(neuropil_math::Error::Empty {
                what: "validation series",
            }
            .into());
        }
        let first = map.warmup() + 1;
        for one in validation {
            check_series("validation series", one, map.channels(), first)?;
        }
        let parts: Vec<(&DMatrix<T>, usize)> = validation.iter().map(|v| (*v, first)).collect();
        self.fitted = Some(self.choose_by_forecasts(map, settings, series, &parts)?);
        Ok(())
    }

    /// Learns to infer `targets` (outputs × time) from `inputs` (channels × time), which are
    /// measured at the same times.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if the two differ in time, or λ is to be chosen by forecasts; here
    /// $(k-1)s+1$ samples suffice.
    pub fn fit_inference(
        &mut self,
        inputs: &DMatrix<T>,
        targets: &DMatrix<T>,
    ) -> Result<(), Error> {
        self.fit_inference_many(&[(inputs, targets)])
    }

    /// Learns to infer from several sequences of inputs and targets. No taps reach from one into the
    /// next.
    ///
    /// # Errors
    /// As [`fit_inference`](Self::fit_inference), and if there is no sequence.
    pub fn fit_inference_many(
        &mut self,
        sequences: &[(&DMatrix<T>, &DMatrix<T>)],
    ) -> Result<(), Error> {
        let map = self.map_for(sequences.first().map(|s| s.0))?;
        let warmup = map.warmup();
        let outputs = sequences.first().map_or(0, |s| s.1.nrows());
        if outputs == 0 {
            return Err(neuropil_math::Error::Empty { what: "targets" }.into());
        }
        for (inputs, targets) in sequences {
            check_series("training inputs", inputs, map.channels(), warmup + 1)?;
            for (what, expected, found) in [
                ("outputs of the targets", outputs, targets.nrows()),
                ("samples of the targets", inputs.ncols(), targets.ncols()),
            ] {
                if expected != found {
                    return Err(Error::Shape {
                        what,
                        expected,
                        found,
                    });
                }
            }
            check_samples("training targets", targets.as_slice(), outputs)?;
        }
        let samples = sequences.iter().map(|s| s.0.ncols() - warmup).sum();
        let mut targets = Vec::with_capacity(outputs * samples);
        for (_, one) in sequences {
            targets.extend_from_slice(&one.as_slice()[warmup * outputs..]);
        }
        let inputs: Vec<&DMatrix<T>> = sequences.iter().map(|s| s.0).collect();
        let scaling = self.scaling(&inputs);
        let pairs = Pairs {
            features: features(&map, scaling.as_ref(), &inputs, samples, 0)?,
            targets: DMatrix::from_vec(outputs, samples, targets),
            scaling,
        };
        self.solve(map, Task::Inference, pairs)
    }

    fn map_for(&self, first: Option<&DMatrix<T>>) -> Result<FeatureMap, Error> {
        let first = first.ok_or(neuropil_math::Error::Empty { what: "series" })?;
        self.config.features(first.nrows())
    }

    fn scaling(&self, series: &[&DMatrix<T>]) -> Option<Scaling<T>> {
        self.config.standardise.then(|| Scaling::of(series))
    }

    /// One pair for each sample that has all its taps and a next one.
    fn forecasting_pairs(
        &self,
        map: &FeatureMap,
        series: &[&DMatrix<T>],
    ) -> Result<Pairs<T>, Error> {
        let increment = self.config.target == Target::Increment;
        let (channels, warmup) = (map.channels(), map.warmup());
        let samples = series.iter().map(|s| s.ncols() - warmup - 1).sum();
        let mut targets = allocate(channels, samples)?;
        let mut rest = targets.as_mut_slice();
        for one in series {
            let known = &one.as_slice()[warmup * channels..];
            let (block, after) = rest.split_at_mut(known.len() - channels);
            for ((target, &next), &now) in block.iter_mut().zip(&known[channels..]).zip(known) {
                *target = if increment { next - now } else { next };
            }
            rest = after;
        }
        let scaling = self.scaling(series);
        Ok(Pairs {
            features: features(map, scaling.as_ref(), series, samples, 1)?,
            targets: DMatrix::from_vec(channels, samples, targets),
            scaling,
        })
    }

    fn ridge(&self, pairs: &Pairs<T>, lambda: f64) -> Result<Ridge<T>, Error> {
        let config = RidgeConfig {
            lambda,
            intercept: self.config.intercept,
            method: self.config.method,
        };
        Ok(Ridge::fit(&pairs.features, &pairs.targets, &config)?)
    }

    /// Fits the readout by a λ that is given or chosen by a criterion of one step.
    fn solve(&mut self, map: FeatureMap, task: Task, pairs: Pairs<T>) -> Result<(), Error> {
        let (ridge, choice) = if let Lambda::Fixed(lambda) = self.config.lambda {
            (self.ridge(&pairs, lambda)?, LambdaChoice::fixed(lambda))
        } else {
            let path = RidgePath::new(&pairs.features, &pairs.targets, self.config.intercept)?;
            choose(&path, &self.config.lambda, &mut |_| {
                Err(neuropil_math::Error::Undefined {
                    what: "a choice of lambda by forecasts",
                    why: "an inference feeds nothing back",
                }
                .into())
            })?
        };
        self.fitted = Some(self.model(map, task, pairs, ridge, choice));
        Ok(())
    }

    fn model(
        &self,
        map: FeatureMap,
        task: Task,
        pairs: Pairs<T>,
        ridge: Ridge<T>,
        choice: LambdaChoice,
    ) -> Fitted<T> {
        let method = ridge.method();
        let (weights, intercept) = ridge.into_parts();
        Fitted {
            map,
            task,
            increment: task == Task::Forecast && self.config.target == Target::Increment,
            scaling: pairs.scaling,
            weights,
            intercept,
            method,
            choice,
            samples: pairs.targets.ncols(),
        }
    }

    /// The readout of the λ whose forecasts of the validation parts (each a series, and where its part
    /// begins) are the best.
    fn choose_by_forecasts(
        &self,
        map: FeatureMap,
        settings: &ClosedLoopChoice,
        training: &[&DMatrix<T>],
        validation: &[(&DMatrix<T>, usize)],
    ) -> Result<Fitted<T>, Error> {
        let starts = validation
            .iter()
            .map(|(series, first)| settings.starts(*first, series.ncols()))
            .collect::<Result<Vec<_>, Error>>()?;
        let pairs = self.forecasting_pairs(&map, training)?;
        let (features, outputs) = (pairs.features.nrows(), pairs.targets.nrows());
        let mut qr = RidgeQr::new(features, outputs, self.config.intercept)?;
        qr.add(&pairs.features, &pairs.targets)?;
        let deviations = deviations(training.iter().copied())?;
        let channels = map.channels();
        let mut state = NgrcState::new(&map);
        let mut model = Fitted {
            map,
            task: Task::Forecast,
            increment: self.config.target == Target::Increment,
            scaling: pairs.scaling,
            weights: DMatrix::zeros(outputs, features),
            intercept: DVector::zeros(outputs),
            method: RidgeMethod::Qr,
            choice: LambdaChoice::fixed(0.0),
            samples: pairs.targets.ncols(),
        };
        let (ridge, choice) = choose_by_forecasts(&qr, settings, &mut |ridge| {
            model.weights.copy_from(ridge.weights());
            model.intercept.copy_from(ridge.intercept());
            let mut score = ClosedLoopScore::default();
            for ((series, _), starts) in validation.iter().zip(&starts) {
                let one = settings.score(series, starts, &deviations, |_, start, out| {
                    state.reset();
                    let first = start - state.capacity();
                    let history = &series.as_slice()[first * channels..start * channels];
                    for sample in history.chunks_exact(channels) {
                        state.push(sample);
                    }
                    model.run_freely(&mut state, out)
                })?;
                score.merge(&one);
            }
            Ok(score)
        })?;
        model.method = ridge.method();
        (model.weights, model.intercept) = ridge.into_parts();
        model.choice = choice;
        Ok(model)
    }
}

/// What the readout learns from.
struct Pairs<T> {
    /// Features × samples.
    features: DMatrix<T>,
    /// Outputs × samples.
    targets: DMatrix<T>,
    scaling: Option<Scaling<T>>,
}

/// The features of each sample of each series that has all its taps, but for the last `without` of
/// each: `samples` in all.
fn features<T: Real>(
    map: &FeatureMap,
    scaling: Option<&Scaling<T>>,
    series: &[&DMatrix<T>],
    samples: usize,
    without: usize,
) -> Result<DMatrix<T>, Error> {
    let mut features = allocate(map.len(), samples)?;
    let mut columns = features.chunks_exact_mut(map.len());
    let mut scratch = map.scratch();
    let mut scaled = Vec::new();
    for one in series {
        let mut values = one.as_slice();
        // Once for each sample, not once for each tap.
        if let Some(scaling) = scaling {
            scaled.clear();
            scaled.extend_from_slice(values);
            scaling.apply(&mut scaled);
            values = &scaled;
        }
        let times = map.warmup()..one.ncols() - without;
        for (time, column) in times.zip(&mut columns) {
            map.gather(values, time, &mut scratch.taps);
            map.evaluate(&scratch.taps, &mut scratch.lower, column);
        }
    }
    Ok(DMatrix::from_vec(map.len(), samples, features))
}
