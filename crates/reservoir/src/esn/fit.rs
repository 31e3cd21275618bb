//! How a network learns: the states of the training data, block by block, into a regression.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::RidgePath;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::esn::model::{Esn, Fitted};
use crate::esn::readout::Readout;
use crate::esn::scaling::{Scaling, scale};
use crate::esn::state::EsnState;
use crate::regression::{Regression, Sink};
use crate::reservoir::series::{check_samples, check_series, check_size};
use crate::selection::{ClosedLoopScore, choose, deviations};
use crate::{
    ClosedLoopChoice, Error, Lambda, LambdaChoice, MapState, Ridge, StateMap, Target, Task,
};

/// Samples whose features are formed before they go into the regression.
const BLOCK: usize = 256;

/// A training sequence.
#[derive(Clone, Copy)]
struct Sequence<'a, T: Real> {
    /// Channels × time.
    inputs: &'a DMatrix<T>,
    /// Outputs × time; without them the next input is the target.
    targets: Option<&'a DMatrix<T>>,
}

impl<T: Real> Sequence<'_, T> {
    /// The number of samples that have a target.
    fn len(&self) -> usize {
        self.inputs.ncols() - usize::from(self.targets.is_none())
    }
}

/// What the training data are scaled by.
struct Scalings<T> {
    inputs: Option<Scaling<T>>,
    feedback: Option<Scaling<T>>,
}

impl<T: Real, R: StateMap<T>> Esn<T, R> {
    /// Learns to forecast one series, channels × time.
    ///
    /// With [`Lambda::ClosedLoop`] the end of the series is the validation part. After an error the
    /// network is what it was before.
    ///
    /// # Errors
    /// If the series has no sample and next one after the washout (before the validation part, if there
    /// is one), holds a value that is not finite (with its place), the reservoir has feedback, or the
    /// regression fails.
    pub fn fit(&mut self, series: &DMatrix<T>) -> Result<(), Error> {
        self.fit_many(&[series])
    }

    /// Learns to forecast several series of the same channels; the reservoir starts at 0 before each.
    /// With [`Lambda::ClosedLoop`] the end of the last one is the validation part.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if there is no series.
    pub fn fit_many(&mut self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        self.check_training(series)?;
        let Lambda::ClosedLoop(settings) = &self.config.lambda else {
            self.fitted = Some(self.solve(Task::Forecast, &forecasting(series))?);
            return Ok(());
        };
        let (last, before) = series
            .split_last()
            .ok_or(neuropil_math::Error::Empty { what: "series" })?;
        let cut = settings.split(last.ncols())?;
        let head = last.columns(0, cut).into_owned();
        let mut training = before.to_vec();
        training.push(&head);
        self.check_training(&training)?;
        let fitted = self.choose_by_forecasts(settings, &training, &[(last, cut)])?;
        if !settings.refit {
            self.fitted = Some(fitted);
            return Ok(());
        }
        let sequences = forecasting(series);
        let scalings = self.scalings(&sequences)?;
        let ridge = self.ridge(&sequences, &scalings, fitted.choice.lambda)?;
        let samples = self.pairs(&sequences);
        self.fitted = Some(fitted_with(
            Task::Forecast,
            scalings,
            ridge,
            fitted.choice,
            samples,
        ));
        Ok(())
    }

    /// Learns to forecast some series, with the λ of [`Lambda::ClosedLoop`] whose forecasts of other
    /// series are the best. The forecasts start anywhere in those after the washout that leaves room for
    /// the horizon; the readout learns from `series` alone.
    ///
    /// # Errors
    /// As [`fit_many`](Self::fit_many), if λ is not chosen by forecasts, and if a validation series has
    /// no room.
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
        self.check_training(series)?;
        if validation.is_empty() {
            return Err(neuropil_math::Error::Empty {
                what: "validation series",
            }
            .into());
        }
        let first = self.config.washout.max(1);
        for one in validation {
            check_series("validation series", one, self.reservoir.inputs(), first)?;
        }
        let parts: Vec<(&DMatrix<T>, usize)> = validation.iter().map(|v| (*v, first)).collect();
        self.fitted = Some(self.choose_by_forecasts(settings, series, &parts)?);
        Ok(())
    }

    /// Learns to infer `targets` (outputs × time) from `inputs` (channels × time), which are measured at
    /// the same times. If the reservoir has feedback, it hears the targets of the step before (teacher
    /// forcing), scaled as the inputs are.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if the two differ in time, if λ is to be chosen by forecasts, or if the
    /// reservoir feeds back another number of outputs.
    pub fn fit_inference(
        &mut self,
        inputs: &DMatrix<T>,
        targets: &DMatrix<T>,
    ) -> Result<(), Error> {
        self.fit_inference_many(&[(inputs, targets)])
    }

    /// Learns to infer from several sequences of inputs and targets; the reservoir starts at 0 before
    /// each.
    ///
    /// # Errors
    /// As [`fit_inference`](Self::fit_inference), and if there is no sequence.
    pub fn fit_inference_many(
        &mut self,
        sequences: &[(&DMatrix<T>, &DMatrix<T>)],
    ) -> Result<(), Error> {
        let sequences = self.inference(sequences)?;
        self.fitted = Some(self.solve(Task::Inference, &sequences)?);
        Ok(())
    }

    /// The readouts of an inference for every λ, from one factorisation, to choose among them by other
    /// criteria than those of [`Lambda`] and [take](Self::set_readout) the best.
    ///
    /// # Errors
    /// As [`fit_inference_many`](Self::fit_inference_many).
    pub fn inference_path(
        &self,
        sequences: &[(&DMatrix<T>, &DMatrix<T>)],
    ) -> Result<RidgePath<T>, Error> {
        let sequences = self.inference(sequences)?;
        let scalings = self.scalings(&sequences)?;
        self.path(&sequences, &scalings)
    }

    fn inference<'a>(
        &self,
        sequences: &[(&'a DMatrix<T>, &'a DMatrix<T>)],
    ) -> Result<Vec<Sequence<'a, T>>, Error> {
        let outputs = match sequences {
            [] => return Err(neuropil_math::Error::Empty { what: "sequences" }.into()),
            [(_, targets), ..] => targets.nrows(),
        };
        self.check_task(Task::Inference, outputs)?;
        let needed = self.config.washout.saturating_add(1);
        for (inputs, targets) in sequences {
            check_series("training inputs", inputs, self.reservoir.inputs(), needed)?;
            check_size("outputs of the targets", outputs, targets.nrows())?;
            check_size("samples of the targets", inputs.ncols(), targets.ncols())?;
            check_samples("training targets", targets.as_slice(), outputs)?;
        }
        Ok(sequences
            .iter()
            .map(|&(inputs, targets)| Sequence {
                inputs,
                targets: Some(targets),
            })
            .collect())
    }

    fn check_training(&self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        if series.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "series" }.into());
        }
        let inputs = self.reservoir.inputs();
        self.check_task(Task::Forecast, inputs)?;
        let needed = self.config.washout.saturating_add(2);
        for one in series {
            check_series("training series", one, inputs, needed)?;
        }
        Ok(())
    }

    fn scalings(&self, sequences: &[Sequence<'_, T>]) -> Result<Scalings<T>, Error> {
        if !self.config.standardise {
            return Ok(Scalings {
                inputs: None,
                feedback: None,
            });
        }
        let inputs = self.reservoir.inputs();
        let feedbacks = self.reservoir.feedbacks();
        let of = |channels: usize, values: Vec<&DMatrix<T>>| {
            if channels == 0 {
                return Ok(None);
            }
            Scaling::of(channels, values).map(Some)
        };
        Ok(Scalings {
            inputs: of(inputs, sequences.iter().map(|s| s.inputs).collect())?,
            feedback: of(
                feedbacks,
                sequences.iter().filter_map(|s| s.targets).collect(),
            )?,
        })
    }

    /// The number of training pairs.
    fn pairs(&self, sequences: &[Sequence<'_, T>]) -> usize {
        sequences
            .iter()
            .map(|s| s.len() - self.config.washout)
            .sum()
    }

    /// Fits the readout by a λ that is given or chosen by a criterion of one step.
    fn solve(&self, task: Task, sequences: &[Sequence<'_, T>]) -> Result<Fitted<T>, Error> {
        let scalings = self.scalings(sequences)?;
        let (ridge, choice) = if let Lambda::Fixed(lambda) = self.config.lambda {
            let ridge = self.ridge(sequences, &scalings, lambda)?;
            (ridge, LambdaChoice::fixed(lambda))
        } else {
            let path = self.path(sequences, &scalings)?;
            choose(&path, &self.config.lambda, &mut |_| {
                Err(neuropil_math::Error::Undefined {
                    what: "a choice of lambda by forecasts",
                    why: "an inference has no forecasts",
                }
                .into())
            })?
        };
        let samples = self.pairs(sequences);
        Ok(fitted_with(task, scalings, ridge, choice, samples))
    }

    /// The readout for one λ.
    fn ridge(
        &self,
        sequences: &[Sequence<'_, T>],
        scalings: &Scalings<T>,
        lambda: f64,
    ) -> Result<Ridge<T>, Error> {
        self.regression(sequences).ridge(lambda, &|sink| {
            self.for_each_block(sequences, scalings, sink)
        })
    }

    /// The readouts for every λ, from one factorisation.
    fn path(
        &self,
        sequences: &[Sequence<'_, T>],
        scalings: &Scalings<T>,
    ) -> Result<RidgePath<T>, Error> {
        self.regression(sequences)
            .path(&self.config.lambda, &|sink| {
                self.for_each_block(sequences, scalings, sink)
            })
    }

    fn regression(&self, sequences: &[Sequence<'_, T>]) -> Regression {
        Regression {
            features: self.features(),
            outputs: outputs(sequences),
            samples: self.pairs(sequences),
            intercept: self.config.intercept,
            method: self.config.method,
        }
    }

    /// Runs the reservoir along the sequences and hands over the features and targets after the
    /// washout, in blocks.
    fn for_each_block(
        &self,
        sequences: &[Sequence<'_, T>],
        scalings: &Scalings<T>,
        work: &mut Sink<'_, T>,
    ) -> Result<(), Error> {
        let (channels, features) = (self.reservoir.inputs(), self.features());
        let (outputs, units) = (outputs(sequences), self.reservoir.units());
        let washout = self.config.washout;
        let increment = self.config.target == Target::Increment;
        let mut noise = Noise::new(self);
        let mut state = self.blank_state();
        let mut x = DMatrix::zeros(features, BLOCK);
        let mut y = DMatrix::zeros(outputs, BLOCK);
        for sequence in sequences {
            state.reset();
            let inputs = sequence.inputs.as_slice();
            let mut filled = 0;
            let target = |time: usize, state: &EsnState<T, R::State>, out: &mut [T]| match sequence
                .targets
            {
                Some(targets) => {
                    out.copy_from_slice(&targets.as_slice()[time * outputs..][..outputs]);
                }
                None => {
                    out.copy_from_slice(&inputs[(time + 1) * channels..][..channels]);
                    if increment {
                        for (out, &now) in out.iter_mut().zip(&state.input) {
                            *out -= now;
                        }
                    }
                }
            };
            for time in 0..sequence.len() {
                let input = &inputs[time * channels..][..channels];
                match &mut noise {
                    None => self.absorb(scalings.inputs.as_ref(), &mut state, input)?,
                    Some(noise) => noise.absorb(self, scalings, &mut state, input)?,
                }
                if let Some(targets) = sequence.targets.filter(|_| !state.output.is_empty()) {
                    let teacher = &targets.as_slice()[time * outputs..][..outputs];
                    scale(scalings.feedback.as_ref(), teacher, &mut state.output);
                    if let Some(noise) = &mut noise {
                        noise.add(self.config.noise.feedback, &mut state.output);
                    }
                }
                if time < washout {
                    continue;
                }
                let column = &mut x.as_mut_slice()[filled * features..][..features];
                self.config
                    .features
                    .fill(state.reservoir.values(), &state.scaled, column);
                let column = &mut y.as_mut_slice()[filled * outputs..][..outputs];
                target(time, &state, column);
                filled += 1;
                if filled == BLOCK {
                    let explain = |e| diverged(e, time + 1 - BLOCK, features, units);
                    work(&x, &y).map_err(explain)?;
                    filled = 0;
                }
            }
            if filled > 0 {
                let explain = |e| diverged(e, sequence.len() - filled, features, units);
                let rest = x.columns(0, filled).into_owned();
                work(&rest, &y.columns(0, filled).into_owned()).map_err(explain)?;
            }
        }
        Ok(())
    }

    /// The readout of the λ whose forecasts of the validation parts (each a series, and where its part
    /// begins) are the best.
    fn choose_by_forecasts(
        &self,
        settings: &ClosedLoopChoice,
        training: &[&DMatrix<T>],
        validation: &[(&DMatrix<T>, usize)],
    ) -> Result<Fitted<T>, Error> {
        let channels = self.reservoir.inputs();
        let starts = validation
            .iter()
            .map(|(series, first)| settings.starts(*first, series.ncols()))
            .collect::<Result<Vec<_>, Error>>()?;
        let sequences = forecasting(training);
        let scalings = self.scalings(&sequences)?;
        let path = self.path(&sequences, &scalings)?;
        let deviations = deviations(training.iter().copied())?;
        // The state before each forecast, once for all candidates.
        let mut before = Vec::new();
        for ((series, _), starts) in validation.iter().zip(&starts) {
            let mut states = Vec::with_capacity(starts.len());
            let mut state = self.blank_state();
            let mut next = 0;
            for &start in starts {
                for time in next..start {
                    let input = &series.as_slice()[time * channels..][..channels];
                    self.absorb(scalings.inputs.as_ref(), &mut state, input)?;
                }
                next = start;
                states.push(state.clone());
            }
            before.push(states);
        }
        let mut state = self.blank_state();
        let (ridge, choice) = choose(&path, &self.config.lambda, &mut |ridge: &Ridge<T>| {
            let readout = Readout::of(ridge.clone());
            let mut score = ClosedLoopScore::default();
            for (((series, _), starts), states) in validation.iter().zip(&starts).zip(&before) {
                let one = settings.score(series, starts, &deviations, |window, _, out| {
                    state.clone_from(&states[window]);
                    self.run_freely(&readout, scalings.inputs.as_ref(), &mut state, out)
                })?;
                score.merge(&one);
            }
            Ok(score)
        })?;
        let samples = self.pairs(&sequences);
        Ok(fitted_with(
            Task::Forecast,
            scalings,
            ridge,
            choice,
            samples,
        ))
    }
}

fn forecasting<'a, T: Real>(series: &[&'a DMatrix<T>]) -> Vec<Sequence<'a, T>> {
    series
        .iter()
        .map(|inputs| Sequence {
            inputs,
            targets: None,
        })
        .collect()
}

fn outputs<T: Real>(sequences: &[Sequence<'_, T>]) -> usize {
    sequences
        .first()
        .map_or(0, |s| s.targets.unwrap_or(s.inputs).nrows())
}

fn fitted_with<T: Real>(
    task: Task,
    scalings: Scalings<T>,
    ridge: Ridge<T>,
    choice: LambdaChoice,
    samples: usize,
) -> Fitted<T> {
    Fitted {
        task,
        scaling: scalings.inputs,
        feedback_scaling: scalings.feedback,
        method: ridge.method(),
        condition: ridge.condition(),
        rounding: ridge.rounding(),
        readout: Readout::of(ridge),
        choice,
        samples,
    }
}

/// That a regression refuses features that are not finite means that the reservoir left the finite
/// numbers, which an activation without bounds allows.
fn diverged(error: Error, first: usize, features: usize, units: usize) -> Error {
    match error {
        Error::Math(neuropil_math::Error::NonFinite { what: "x", index }) => Error::Diverged {
            step: first + index / features,
            channel: (index % features) % units,
        },
        error => error,
    }
}

/// The noise of one training.
struct Noise {
    rng: Xoshiro256PlusPlus,
}

impl Noise {
    fn new<T: Real, R: StateMap<T>>(model: &Esn<T, R>) -> Option<Self> {
        (!model.config.noise.is_zero()).then(|| Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(model.noise_seed),
        })
    }

    fn add<T: Real>(&mut self, deviation: f64, values: &mut [T]) {
        if deviation > 0.0 {
            let deviation = T::of(deviation);
            for value in values {
                *value += deviation * T::standard_normal(&mut self.rng);
            }
        }
    }

    /// As [`Esn::absorb`], of a disturbed sample, and with a disturbed state after it.
    fn absorb<T: Real, R: StateMap<T>>(
        &mut self,
        model: &Esn<T, R>,
        scalings: &Scalings<T>,
        state: &mut EsnState<T, R::State>,
        input: &[T],
    ) -> Result<(), Error> {
        let settings = model.config.noise;
        scale(scalings.inputs.as_ref(), input, &mut state.scaled);
        state.input.copy_from_slice(input);
        if settings.input > 0.0 {
            let deviation = T::of(settings.input);
            for i in 0..input.len() {
                let disturbance = deviation * T::standard_normal(&mut self.rng);
                state.scaled[i] += disturbance;
                state.input[i] += match &scalings.inputs {
                    Some(scaling) => disturbance / scaling.scale[i],
                    None => disturbance,
                };
            }
        }
        state.seen += 1;
        model
            .reservoir
            .advance(&mut state.reservoir, &state.scaled, &state.output)?;
        if settings.state > 0.0 {
            state
                .reservoir
                .change(&mut |values| self.add(settings.state, values));
        }
        Ok(())
    }
}
