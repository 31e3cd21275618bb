use nalgebra::{DMatrix, DVector};
use neuropil_math::{Real, check_finite};
use rand::Rng;

use crate::esn::config::EsnConfig;
use crate::esn::readout::Readout;
use crate::esn::scaling::{Scaling, scale};
use crate::esn::state::EsnState;
use crate::reservoir::config::require;
use crate::reservoir::series::{allocate, check_samples, check_series, check_size};
use crate::{Error, LambdaChoice, MapState, Reservoir, RidgeMethod, StateMap, Target, Task};

/// An echo state network: a random reservoir whose state is read out by ridge regression.
///
/// With the features $\varphi(t)$ ([`StateFeatures`](crate::StateFeatures)) of the state $x(t)$ of a
/// [`Reservoir`] it forecasts
/// $$u(t+1) = u(t) + W_\text{out} \varphi(t) + b \quad\text{or}\quad u(t+1) = W_\text{out} \varphi(t) + b$$
/// ([`Target`]), or infers other variables, $y(t) = W_\text{out} \varphi(t) + b$. Only $W_\text{out}$
/// and $b$ are learned. A forecast of more than one step feeds the prediction back as the next input.
///
/// Series are channels × time, one sample per column. The states of the training data are not kept:
/// they go into the regression block by block, so that memory grows with features², whatever the
/// length of the series (but for a λ chosen by leave-one-out or folds, and for fewer samples than
/// features).
///
/// # Limits
/// On noise-free data a small error of one step says little about the free-running forecast: choose λ
/// by forecasts of validation data then ([`Lambda::ClosedLoop`](crate::Lambda::ClosedLoop)), and solve by
/// [`RidgeMethod::Qr`].
///
/// Source: Jaeger, *The "echo state" approach to analysing and training recurrent neural networks*, GMD
/// report 148 (2001).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Esn, EsnConfig, ReservoirConfig, Scaling};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let config = EsnConfig {
///     reservoir: ReservoirConfig {
///         input_scaling: Scaling::Uniform(0.1),
///         bias_scaling: 0.2,
///         ..ReservoirConfig::default()
///     },
///     ..EsnConfig::default()
/// };
/// let series = DMatrix::from_fn(1, 1000, |_, t| (0.2 * t as f64).sin() + (0.311 * t as f64).cos());
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut model = Esn::new(config, 1, &mut rng)?;
/// model.fit(&series.columns(0, 900).into_owned())?;
/// let forecast = model.forecast(&series.columns(0, 900).into_owned(), 100)?;
/// assert!((forecast - series.columns(900, 100)).amax() < 0.1);
///
/// // A stream, sample by sample and without allocation.
/// let mut state = model.state()?;
/// let mut next = [0.0];
/// for t in 0..300 {
///     model.step(&mut state, &[series[t]], &mut next)?;
/// }
/// assert!((next[0] - series[300]).abs() < 1e-2);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Esn<T: Real, R: StateMap<T> = Reservoir<T>> {
    pub(super) config: EsnConfig,
    pub(super) reservoir: R,
    pub(super) noise_seed: u64,
    pub(super) fitted: Option<Fitted<T>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted<T: Real> {
    pub(crate) task: Task,
    /// Of the inputs.
    pub(crate) scaling: Option<Scaling<T>>,
    /// Of the outputs that are fed back.
    pub(crate) feedback_scaling: Option<Scaling<T>>,
    pub(crate) readout: Readout<T>,
    pub(crate) method: RidgeMethod,
    /// An estimate of the condition number of the regression.
    pub(crate) condition: f64,
    /// What rounding features of `f32` has added to λ.
    pub(crate) rounding: f64,
    pub(crate) choice: LambdaChoice,
    pub(crate) samples: usize,
}

impl<T: Real> Esn<T> {
    /// A network for `inputs` channels that is not fitted yet: draws the [`Reservoir`], then the seed
    /// of the [noise](crate::TrainingNoise) in training.
    ///
    /// # Errors
    /// Those of [`EsnConfig::check`] and [`Reservoir::new`].
    pub fn new<R: Rng + ?Sized>(
        config: EsnConfig,
        inputs: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        config.check_readout()?;
        let reservoir = Reservoir::new(&config.reservoir, inputs, rng)?;
        Ok(Self {
            config,
            reservoir,
            noise_seed: rng.next_u64(),
            fitted: None,
        })
    }
}

impl<T: Real, R: StateMap<T>> Esn<T, R> {
    /// A network with this reservoir, such as one of another program's arrays
    /// ([`ReservoirParts`](crate::ReservoirParts)) or another [`StateMap`], that is not fitted yet. The settings of the
    /// reservoir in `config` are not looked at. The seed of the noise is 0.
    ///
    /// # Errors
    /// Those of [`EsnConfig::check`] that do not concern the reservoir.
    pub fn from_reservoir(config: EsnConfig, reservoir: R) -> Result<Self, Error> {
        config.check_readout()?;
        Ok(Self {
            config,
            reservoir,
            noise_seed: 0,
            fitted: None,
        })
    }

    /// Takes a readout that was fitted elsewhere: `weights` (outputs × features, in the order of
    /// [`StateFeatures`](crate::StateFeatures)) and `intercept`. The readout of ReservoirPy is
    /// `Wout` transposed and `bias`.
    ///
    /// Inputs and feedback enter the reservoir as they are, so that
    /// [`standardise`](EsnConfig::standardise) must be off.
    ///
    /// # Errors
    /// [`Error::Shape`] if sizes do not agree; [`neuropil_math::Error::NonFinite`];
    /// [`neuropil_math::Error::OutOfRange`] if channels are to be standardised.
    pub fn set_readout(
        &mut self,
        task: Task,
        weights: DMatrix<T>,
        intercept: DVector<T>,
    ) -> Result<(), Error> {
        let range = "must be off for a readout that was fitted elsewhere";
        require("standardise", 1.0, !self.config.standardise, range)?;
        self.check_task(task, weights.nrows())?;
        check_size("features of the weights", self.features(), weights.ncols())?;
        check_size("intercepts", weights.nrows(), intercept.len())?;
        check_finite("weights", weights.as_slice())?;
        check_finite("intercept", intercept.as_slice())?;
        self.fitted = Some(Fitted {
            task,
            scaling: None,
            feedback_scaling: None,
            readout: Readout::new(weights, intercept),
            method: self.config.method,
            condition: f64::NAN,
            rounding: 0.0,
            choice: LambdaChoice::fixed(0.0),
            samples: 0,
        });
        Ok(())
    }

    /// Whether the reservoir serves this task with so many outputs.
    pub(super) fn check_task(&self, task: Task, outputs: usize) -> Result<(), Error> {
        let (inputs, feedbacks) = (self.reservoir.inputs(), self.reservoir.feedbacks());
        match task {
            Task::Forecast => {
                if inputs == 0 {
                    return Err(neuropil_math::Error::Empty {
                        what: "inputs of the reservoir",
                    }
                    .into());
                }
                check_size("outputs of a forecast", inputs, outputs)?;
                // Its output is the next input as it is.
                check_size("channels fed back in a forecast", 0, feedbacks)
            }
            Task::Inference if outputs == 0 => {
                Err(neuropil_math::Error::Empty { what: "targets" }.into())
            }
            Task::Inference if feedbacks > 0 => {
                check_size("outputs, which are fed back", feedbacks, outputs)
            }
            Task::Inference => Ok(()),
        }
    }

    pub(crate) fn fitted(&self) -> Result<&Fitted<T>, Error> {
        self.fitted.as_ref().ok_or(Error::NotFitted)
    }

    fn fitted_for(&self, asked: Task) -> Result<&Fitted<T>, Error> {
        let fitted = self.fitted()?;
        if fitted.task == asked {
            Ok(fitted)
        } else {
            Err(Error::WrongTask {
                fitted: fitted.task,
                asked,
            })
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &EsnConfig {
        &self.config
    }

    /// The reservoir.
    #[must_use]
    pub fn reservoir(&self) -> &R {
        &self.reservoir
    }

    /// The number of features that the readout sees.
    #[must_use]
    pub fn features(&self) -> usize {
        self.config
            .features
            .len(self.reservoir.units(), self.reservoir.inputs())
    }

    /// The weights of the readout, outputs × features.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn weights(&self) -> Result<&DMatrix<T>, Error> {
        self.fitted().map(|f| f.readout.weights())
    }

    /// The intercept of each output; zeros if none was fitted.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn intercept(&self) -> Result<&DVector<T>, Error> {
        self.fitted().map(|f| f.readout.intercept())
    }

    /// The method by which the ridge regression was solved.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn method(&self) -> Result<RidgeMethod, Error> {
        self.fitted().map(|f| f.method)
    }

    /// An estimate of the condition number of the regression; normal equations lose its square. NaN
    /// for a readout that was fitted elsewhere.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn condition(&self) -> Result<f64, Error> {
        self.fitted().map(|f| f.condition)
    }

    /// What rounding the features has added to λ, at most λ/16. Only the normal equations of an `f32`
    /// network with one fixed λ round, where it is that little, and take half of the time of `f64` for
    /// it: see [`RidgeAccumulator::for_lambda`](neuropil_math::ridge::RidgeAccumulator::for_lambda). 0
    /// elsewhere, and for a readout that was fitted elsewhere.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn rounding(&self) -> Result<f64, Error> {
        self.fitted().map(|f| f.rounding)
    }

    /// The λ of the readout, how it was chosen, and the score of every candidate.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn lambda(&self) -> Result<&LambdaChoice, Error> {
        self.fitted().map(|f| &f.choice)
    }

    /// The number of training pairs.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn samples(&self) -> Result<usize, Error> {
        self.fitted().map(|f| f.samples)
    }

    /// Predicts one step ahead all along a series: channels × (time − washout). Column $j$ is the
    /// prediction of the sample at time washout + $j$ + 1; the last one lies past the series.
    ///
    /// # Errors
    /// If the network is not fitted for forecasting, the channels are others, a value is not finite, or
    /// there are no more samples than the washout.
    pub fn predict(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.respond_along(self.fitted_for(Task::Forecast)?, series)
    }

    /// Infers the targets all along the inputs: outputs × (time − washout). Column $j$ belongs to the
    /// inputs at time washout + $j$. With feedback the network hears its own outputs.
    ///
    /// # Errors
    /// If the network is not fitted for inference, the channels are others, a value is not finite, or
    /// there are no more samples than the washout.
    pub fn infer(&self, inputs: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.respond_along(self.fitted_for(Task::Inference)?, inputs)
    }

    /// Forecasts `steps` samples after the last of `history`, each prediction fed back as the next
    /// sample: channels × steps. The state starts at 0 before the history, which should be longer than
    /// the memory of the reservoir.
    ///
    /// # Errors
    /// If the network is not fitted for forecasting, the channels are others, a value is not finite, the
    /// history is empty, or the forecast leaves the finite numbers ([`Error::Diverged`]). To keep what
    /// came before that, use [`forecast_into`](Self::forecast_into).
    pub fn forecast(&self, history: &DMatrix<T>, steps: usize) -> Result<DMatrix<T>, Error> {
        self.fitted_for(Task::Forecast)?;
        check_series("history", history, self.reservoir.inputs(), 1)?;
        let mut state = self.state_after(history)?;
        let mut forecast = allocate(history.nrows(), steps)?;
        self.forecast_into(&mut state, &mut forecast)?;
        Ok(DMatrix::from_vec(history.nrows(), steps, forecast))
    }

    /// Forecasts as many samples as `out` holds, sample after sample, from what `state` has seen. The
    /// predictions enter the state, so that the next call goes on where this one ended. Nothing is
    /// allocated.
    ///
    /// # Errors
    /// If the network is not fitted for forecasting, the state belongs to another one or has seen
    /// nothing, or `out` is no whole number of samples. With [`Error::Diverged`] the samples before the
    /// named step are in `out` and in the state.
    pub fn forecast_into(
        &self,
        state: &mut EsnState<T, R::State>,
        out: &mut [T],
    ) -> Result<(), Error> {
        let fitted = self.fitted_for(Task::Forecast)?;
        self.check_state(state)?;
        let channels = self.reservoir.inputs();
        check_size(
            "values past the last whole sample of the forecast",
            0,
            out.len() % channels,
        )?;
        if state.seen == 0 {
            return Err(Error::TooShort {
                what: "state",
                needed: 1,
                found: 0,
            });
        }
        self.run_freely(&fitted.readout, fitted.scaling.as_ref(), state, out)
    }

    /// The closed loop of any readout, with arguments that were checked.
    pub(super) fn run_freely(
        &self,
        readout: &Readout<T>,
        scaling: Option<&Scaling<T>>,
        state: &mut EsnState<T, R::State>,
        out: &mut [T],
    ) -> Result<(), Error> {
        let channels = self.reservoir.inputs();
        for (step, sample) in out.chunks_exact_mut(channels).enumerate() {
            self.respond(readout, Task::Forecast, state, sample);
            if let Some(channel) = sample.iter().position(|v| !v.is_finite()) {
                return Err(Error::Diverged { step, channel });
            }
            self.absorb(scaling, state, sample)?;
        }
        Ok(())
    }

    /// The state of a stream that has not begun.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn state(&self) -> Result<EsnState<T, R::State>, Error> {
        self.fitted()?;
        Ok(self.blank_state())
    }

    pub(crate) fn blank_state(&self) -> EsnState<T, R::State> {
        let zeros = |len| vec![T::zero(); len];
        let inputs = self.reservoir.inputs();
        EsnState {
            reservoir: self.reservoir.state(),
            input: zeros(inputs),
            scaled: zeros(inputs),
            output: zeros(self.reservoir.feedbacks()),
            seen: 0,
            features: zeros(if self.config.features.is_state() {
                0
            } else {
                self.features()
            }),
        }
    }

    /// The state of a stream that has seen this history.
    ///
    /// # Errors
    /// If the network is not fitted, the channels are others, or a value is not finite.
    pub fn state_after(&self, history: &DMatrix<T>) -> Result<EsnState<T, R::State>, Error> {
        let mut state = self.state()?;
        self.observe(&mut state, history)?;
        Ok(state)
    }

    /// Takes in more samples of a stream, without answers to them but with its own outputs fed back,
    /// if the reservoir has feedback.
    ///
    /// # Errors
    /// As [`state_after`](Self::state_after), and if the state belongs to another network.
    pub fn observe(
        &self,
        state: &mut EsnState<T, R::State>,
        series: &DMatrix<T>,
    ) -> Result<(), Error> {
        let fitted = self.fitted()?;
        self.check_state(state)?;
        let channels = self.reservoir.inputs();
        check_series("history", series, channels, 0)?;
        let mut output = vec![T::zero(); self.reservoir.feedbacks()];
        for time in 0..series.ncols() {
            self.absorb(
                fitted.scaling.as_ref(),
                state,
                &series.as_slice()[time * channels..][..channels],
            )?;
            if !output.is_empty() {
                self.respond(&fitted.readout, fitted.task, state, &mut output);
                scale(fitted.feedback_scaling.as_ref(), &output, &mut state.output);
            }
        }
        Ok(())
    }

    /// Takes in one sample of a stream and writes the answer: the prediction of the next sample, or the
    /// inferred variables, which are also what is fed back at the next step. Nothing is allocated.
    ///
    /// The first answers depend on the start at 0 as long as the reservoir remembers it.
    ///
    /// # Errors
    /// If the network is not fitted, the state belongs to another one, a size is wrong, or a value is
    /// not finite; the state is then what it was before.
    pub fn step(
        &self,
        state: &mut EsnState<T, R::State>,
        input: &[T],
        output: &mut [T],
    ) -> Result<(), Error> {
        let fitted = self.fitted()?;
        self.check_step(fitted, state, input, output)?;
        self.absorb(fitted.scaling.as_ref(), state, input)?;
        self.respond(&fitted.readout, fitted.task, state, output);
        if !state.output.is_empty() {
            scale(fitted.feedback_scaling.as_ref(), output, &mut state.output);
        }
        Ok(())
    }

    /// Takes in one input of a stream together with the true output at that time, which is fed back at the
    /// next step in the place of the network's own: teacher forcing. Nothing is allocated.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn teach(
        &self,
        state: &mut EsnState<T, R::State>,
        input: &[T],
        teacher: &[T],
    ) -> Result<(), Error> {
        let fitted = self.fitted()?;
        self.check_step(fitted, state, input, teacher)?;
        check_samples("teacher", teacher, teacher.len())?;
        self.absorb(fitted.scaling.as_ref(), state, input)?;
        if !state.output.is_empty() {
            scale(fitted.feedback_scaling.as_ref(), teacher, &mut state.output);
        }
        Ok(())
    }

    fn check_step(
        &self,
        fitted: &Fitted<T>,
        state: &EsnState<T, R::State>,
        input: &[T],
        output: &[T],
    ) -> Result<(), Error> {
        self.check_state(state)?;
        let outputs = fitted.readout.outputs();
        check_size(
            "channels of the input",
            self.reservoir.inputs(),
            input.len(),
        )?;
        check_size("channels of the output", outputs, output.len())?;
        check_samples("input", input, input.len())
    }

    pub(crate) fn check_state(&self, state: &EsnState<T, R::State>) -> Result<(), Error> {
        self.reservoir.check_state(&state.reservoir)?;
        let features = if self.config.features.is_state() {
            0
        } else {
            self.features()
        };
        for (what, expected, found) in [
            (
                "channels of the state",
                self.reservoir.inputs(),
                state.input.len(),
            ),
            (
                "outputs of the state",
                self.reservoir.feedbacks(),
                state.output.len(),
            ),
            ("features of the state", features, state.features.len()),
        ] {
            check_size(what, expected, found)?;
        }
        Ok(())
    }

    /// Drives the reservoir with one sample that was checked.
    #[inline]
    pub(crate) fn absorb(
        &self,
        scaling: Option<&Scaling<T>>,
        state: &mut EsnState<T, R::State>,
        input: &[T],
    ) -> Result<(), Error> {
        state.input.copy_from_slice(input);
        scale(scaling, input, &mut state.scaled);
        state.seen += 1;
        self.reservoir
            .advance(&mut state.reservoir, &state.scaled, &state.output)
    }

    /// The outputs of the readout, of a state that was checked.
    pub(crate) fn answer(
        &self,
        state: &mut EsnState<T, R::State>,
        out: &mut [T],
    ) -> Result<(), Error> {
        let fitted = self.fitted()?;
        self.respond(&fitted.readout, fitted.task, state, out);
        Ok(())
    }

    /// Replaces the penalty for fits that follow.
    pub(crate) fn set_lambda(&mut self, lambda: crate::Lambda) -> Result<(), Error> {
        lambda.check()?;
        self.config.lambda = lambda;
        Ok(())
    }

    /// The answer to what the state has seen.
    #[inline]
    fn respond(
        &self,
        readout: &Readout<T>,
        task: Task,
        state: &mut EsnState<T, R::State>,
        out: &mut [T],
    ) {
        if self.config.features.is_state() {
            readout.apply(state.reservoir.values(), out);
        } else {
            self.config
                .features
                .fill(state.reservoir.values(), &state.scaled, &mut state.features);
            readout.apply(&state.features, out);
        }
        if task == Task::Forecast && self.config.target == Target::Increment {
            for (out, &now) in out.iter_mut().zip(&state.input) {
                *out += now;
            }
        }
    }

    /// The answers to every sample after the washout; the same to the bit as those of a stream.
    fn respond_along(&self, fitted: &Fitted<T>, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (channels, washout) = (self.reservoir.inputs(), self.config.washout);
        check_series("series", series, channels, washout.saturating_add(1))?;
        let (outputs, samples) = (fitted.readout.outputs(), series.ncols() - washout);
        let mut out = allocate(outputs, samples)?;
        let mut state = self.blank_state();
        let mut washed = vec![T::zero(); outputs];
        for time in 0..series.ncols() {
            let input = &series.as_slice()[time * channels..][..channels];
            let answer = match time.checked_sub(washout) {
                Some(j) => &mut out[j * outputs..][..outputs],
                None if state.output.is_empty() => {
                    self.absorb(fitted.scaling.as_ref(), &mut state, input)?;
                    continue;
                }
                None => &mut washed[..],
            };
            self.step(&mut state, input, answer)?;
        }
        Ok(DMatrix::from_vec(outputs, samples, out))
    }
}
