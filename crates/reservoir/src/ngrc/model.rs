use core::fmt;

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::ngrc::features::{FeatureMap, Scratch, allocate, check_samples, check_series};
use crate::ngrc::readout::readout;
use crate::ngrc::scaling::Scaling;
use crate::{Error, LambdaChoice, NgrcConfig, NgrcState, RidgeMethod};

/// What a model was fitted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// The next sample of the series itself.
    Forecast,
    /// Other variables at the time of the last input.
    Inference,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forecast => "forecasting",
            Self::Inference => "inference",
        })
    }
}

/// A next generation reservoir computer: ridge regression on the monomials of delayed samples.
///
/// With the features $\varphi$ of [`FeatureMap`] it forecasts
/// $$x(t+1) = x(t) + W \varphi(t) + b \quad\text{or}\quad x(t+1) = W \varphi(t) + b$$
/// ([`Target`]), or infers a variable that is not measured any more, $z(t) = W \varphi(t) + b$. The
/// weights minimise the squared error of the training data plus $\lambda \lVert W \rVert^2$; $b$ is
/// zero unless the ridge regression is told to fit an intercept. A forecast of more than one step
/// feeds the prediction back as the next sample.
///
/// Series are channels × time, one sample per column. The first $(k-1)s$ samples of every sequence
/// only fill the taps.
///
/// # Limits
/// The features of the whole training data are held in memory while fitting. On noise-free data a
/// small error of one step says little about the free-running forecast, whose stability depends on
/// λ and on the units ([`standardise`](NgrcConfig::standardise)): choose λ by forecasts of validation
/// data then ([`Lambda::ClosedLoop`](crate::Lambda::ClosedLoop)).
///
/// Source: Gauthier, Bollt, Griffith and Barbosa, *Next generation reservoir computing*, Nature
/// Communications 12, 5564 (2021).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Ngrc, NgrcConfig};
///
/// // Of a sampled sine, two taps tell the next sample.
/// let series = DMatrix::from_fn(1, 200, |_, t| (0.3 * t as f64).sin());
/// let mut model = Ngrc::new(NgrcConfig::default())?;
/// model.fit(&series)?;
///
/// // A stream, sample by sample and without allocation.
/// let mut state = model.state()?;
/// let mut next = [0.0];
/// assert!(!model.step(&mut state, &[0.0], &mut next)?, "one tap is missing");
/// assert!(model.step(&mut state, &[0.3_f64.sin()], &mut next)?);
/// assert!((next[0] - 0.6_f64.sin()).abs() < 1e-4);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ngrc<T: Real> {
    pub(crate) config: NgrcConfig,
    pub(crate) fitted: Option<Fitted<T>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted<T: Real> {
    pub(crate) map: FeatureMap,
    pub(crate) task: Task,
    /// Whether the newest sample is added to the output of the readout.
    pub(crate) increment: bool,
    pub(crate) scaling: Option<Scaling<T>>,
    /// Outputs × features.
    pub(crate) weights: DMatrix<T>,
    pub(crate) intercept: DVector<T>,
    pub(crate) method: RidgeMethod,
    pub(crate) choice: LambdaChoice,
    pub(crate) samples: usize,
}

impl<T: Real> Ngrc<T> {
    /// A model that is not fitted yet.
    ///
    /// # Errors
    /// If taps or stride are 0, an order is 0 or listed twice, λ is negative or not finite, or both
    /// the constant and the intercept are on.
    pub fn new(config: NgrcConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            fitted: None,
        })
    }

    pub(crate) fn from_parts(config: NgrcConfig, fitted: Fitted<T>) -> Self {
        Self {
            config,
            fitted: Some(fitted),
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
    pub fn config(&self) -> &NgrcConfig {
        &self.config
    }

    /// The weights of the readout, outputs × features.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn weights(&self) -> Result<&DMatrix<T>, Error> {
        self.fitted().map(|f| &f.weights)
    }

    /// The intercept of each output; zeros if none was fitted.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn intercept(&self) -> Result<&DVector<T>, Error> {
        self.fitted().map(|f| &f.intercept)
    }

    /// The feature map, which [names](FeatureMap::names) the columns of the weights. (Where
    /// [`standardise`](NgrcConfig::standardise) is on, its variables are the standardised ones.)
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn features(&self) -> Result<&FeatureMap, Error> {
        self.fitted().map(|f| &f.map)
    }

    /// The method by which the ridge regression was solved, never [`RidgeMethod::Auto`].
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn method(&self) -> Result<RidgeMethod, Error> {
        self.fitted().map(|f| f.method)
    }

    /// The λ of the readout, and if it was chosen, the score of every candidate.
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

    /// Predicts one step ahead all along a series: channels × (time − $(k-1)s$). Column $j$ is the
    /// prediction of the sample at time $(k-1)s + j + 1$; the last one lies past the series.
    ///
    /// # Errors
    /// If the model is not fitted for forecasting, the channels are others, a value is not finite,
    /// or there are fewer than $(k-1)s+1$ samples.
    pub fn predict(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.fitted_for(Task::Forecast)?.respond_along(series)
    }

    /// Infers the targets all along the inputs: outputs × (time − $(k-1)s$). Column $j$ belongs to
    /// the inputs at time $(k-1)s + j$.
    ///
    /// # Errors
    /// If the model is not fitted for inference, the channels are others, a value is not finite, or
    /// there are fewer than $(k-1)s+1$ samples.
    pub fn infer(&self, inputs: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.fitted_for(Task::Inference)?.respond_along(inputs)
    }

    /// Forecasts `steps` samples after the last of `history`, each prediction fed back as the next
    /// sample: channels × steps.
    ///
    /// # Errors
    /// If the model is not fitted for forecasting, the channels are others, a value is not finite,
    /// there are fewer than $(k-1)s+1$ samples, or the forecast leaves the finite numbers
    /// ([`Error::Diverged`]). To keep what came before that, use
    /// [`forecast_into`](Self::forecast_into).
    pub fn forecast(&self, history: &DMatrix<T>, steps: usize) -> Result<DMatrix<T>, Error> {
        let fitted = self.fitted_for(Task::Forecast)?;
        check_series(
            "history",
            history,
            fitted.map.channels(),
            fitted.map.warmup() + 1,
        )?;
        let mut state = self.state_after(history)?;
        let mut forecast = allocate(fitted.map.channels(), steps)?;
        self.forecast_into(&mut state, &mut forecast)?;
        Ok(DMatrix::from_vec(fitted.map.channels(), steps, forecast))
    }

    /// Forecasts as many samples as `out` holds, sample after sample, from what `state` remembers.
    /// The predictions enter the state, so that the next call goes on where this one ended. Nothing
    /// is allocated.
    ///
    /// # Errors
    /// If the model is not fitted for forecasting, the state belongs to another model or remembers
    /// too few samples, or `out` is no whole number of samples. With [`Error::Diverged`] the samples
    /// before the named step are in `out` and in the state.
    pub fn forecast_into(&self, state: &mut NgrcState<T>, out: &mut [T]) -> Result<(), Error> {
        let fitted = self.fitted_for(Task::Forecast)?;
        fitted.check_state(state)?;
        let channels = fitted.map.channels();
        if !out.len().is_multiple_of(channels) {
            return Err(Error::Shape {
                what: "values past the last whole sample of the forecast",
                expected: 0,
                found: out.len() % channels,
            });
        }
        if !state.is_ready() {
            return Err(Error::TooShort {
                what: "state",
                needed: state.capacity(),
                found: state.seen(),
            });
        }
        fitted.run_freely(state, out)
    }

    /// The state of a stream that has not begun.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn state(&self) -> Result<NgrcState<T>, Error> {
        self.fitted().map(|f| NgrcState::new(&f.map))
    }

    /// The state of a stream that has seen this history, of which the last $(k-1)s+1$ samples
    /// matter.
    ///
    /// # Errors
    /// If the model is not fitted, the channels are others, or a value is not finite.
    pub fn state_after(&self, history: &DMatrix<T>) -> Result<NgrcState<T>, Error> {
        let fitted = self.fitted()?;
        check_series("history", history, fitted.map.channels(), 0)?;
        let mut state = NgrcState::new(&fitted.map);
        let first = history.ncols().saturating_sub(state.capacity());
        for sample in history.as_slice()[first * state.channels..].chunks_exact(state.channels) {
            state.push(sample);
        }
        Ok(state)
    }

    /// Takes in one sample of a stream and writes the answer: the prediction of the next sample, or
    /// the inferred variables. Nothing is allocated.
    ///
    /// Returns whether there is an answer; while the taps are filling there is none, and `output` is
    /// not touched.
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another model, a size is wrong, or a value
    /// is not finite; the state is then what it was before.
    pub fn step(
        &self,
        state: &mut NgrcState<T>,
        input: &[T],
        output: &mut [T],
    ) -> Result<bool, Error> {
        let fitted = self.fitted()?;
        fitted.check_state(state)?;
        for (what, expected, found) in [
            ("channels of the input", state.channels, input.len()),
            (
                "channels of the output",
                fitted.intercept.len(),
                output.len(),
            ),
        ] {
            if expected != found {
                return Err(Error::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        check_samples("input", input, state.channels)?;
        state.push(input);
        if !state.is_ready() {
            return Ok(false);
        }
        fitted.respond(state, output);
        Ok(true)
    }
}

impl<T: Real> Fitted<T> {
    fn check_state(&self, state: &NgrcState<T>) -> Result<(), Error> {
        for (what, expected, found) in [
            ("channels of the state", self.map.channels(), state.channels),
            ("stride of the state", self.map.stride(), state.stride),
            (
                "samples of the state",
                self.map.warmup() + 1,
                state.capacity(),
            ),
            (
                "features of the state",
                self.map.len(),
                state.features.len(),
            ),
            (
                "scratch memory of the state",
                self.map.scratch_len(),
                state.scratch.lower.len(),
            ),
        ] {
            if expected != found {
                return Err(Error::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// The forecast from what the state remembers, which is enough.
    pub(crate) fn run_freely(&self, state: &mut NgrcState<T>, out: &mut [T]) -> Result<(), Error> {
        for (step, sample) in out.chunks_exact_mut(self.map.channels()).enumerate() {
            self.respond(state, sample);
            if let Some(channel) = sample.iter().position(|v| !v.is_finite()) {
                return Err(Error::Diverged { step, channel });
            }
            state.push(sample);
        }
        Ok(())
    }

    /// The answer to what the state remembers.
    #[inline]
    fn respond(&self, state: &mut NgrcState<T>, out: &mut [T]) {
        state.gather();
        self.respond_to_taps(&mut state.scratch, &mut state.features, out);
        if self.increment {
            add(state.newest(), out);
        }
    }

    #[inline]
    fn respond_to_taps(&self, scratch: &mut Scratch<T>, features: &mut [T], out: &mut [T]) {
        if let Some(scaling) = &self.scaling {
            scaling.apply(&mut scratch.taps);
        }
        self.map
            .evaluate(&scratch.taps, &mut scratch.lower, features);
        readout(
            self.weights.as_slice(),
            self.intercept.as_slice(),
            features,
            out,
        );
    }

    /// The answers to every sample that has all its taps; the same to the bit as those of a stream.
    fn respond_along(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (channels, warmup) = (self.map.channels(), self.map.warmup());
        check_series("series", series, channels, warmup + 1)?;
        let (outputs, samples) = (self.intercept.len(), series.ncols() - warmup);
        let mut out = allocate(outputs, samples)?;
        let mut scratch = self.map.scratch();
        let mut features = vec![T::zero(); self.map.len()];
        for (answer, time) in out.chunks_exact_mut(outputs).zip(warmup..) {
            self.map.gather(series.as_slice(), time, &mut scratch.taps);
            self.respond_to_taps(&mut scratch, &mut features, answer);
            if self.increment {
                add(&series.as_slice()[time * channels..], answer);
            }
        }
        Ok(DMatrix::from_vec(outputs, samples, out))
    }
}

#[inline]
fn add<T: Real>(now: &[T], out: &mut [T]) {
    for (out, now) in out.iter_mut().zip(now) {
        *out += *now;
    }
}
