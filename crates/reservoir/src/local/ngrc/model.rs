use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::local::ngrc::config::LocalNgrcConfig;
use crate::local::ngrc::state::LocalNgrcState;
use crate::local::scaling::FieldScaling;
use crate::ngrc::features::FeatureMap;
use crate::ngrc::readout::readout;
use crate::reservoir::series::{allocate, check_samples, check_series, check_size};
use crate::{Error, LambdaChoice, RidgeMethod};

/// Next generation reservoir computing of a field: one readout, shared by all points.
///
/// A point $i$ is forecast from the points around it as every other point is,
/// $$x_i(t+1) = x_i(t) + w \varphi(v_i(t)) + b, \quad
/// v_i(t) = \[x_{i+j}(t - ls)\]_{|j| \le h,\ l < k},$$
/// with the monomials $\varphi$ of [`FeatureMap`], a halo of $h$ points and $k$ taps (or without
/// $x_i(t)$: [`Target`](crate::Target)). The number of features depends on the halo, not on the size of
/// the field, and every point of every sample is a training pair: a thousand samples of a large field are
/// plenty.
///
/// The model knows nothing of the size of the field. One that was fitted on a small field forecasts a
/// large one of the same equation.
///
/// Series are points × time, one sample per column.
///
/// # Limits
/// The field must obey the same law everywhere. What travels farther than the halo in one sample is not
/// seen. Where neighbouring points are nearly equal (a fine grid of a smooth field) monomials are nearly
/// dependent and the closed loop is unstable: use every second or third point, or [`LocalEsn`](crate::LocalEsn).
/// As with [`Ngrc`](crate::Ngrc), a small error of one step says little about the free-running forecast
/// ([`Lambda::ClosedLoop`](crate::Lambda::ClosedLoop)).
///
/// Source: Barbosa and Gauthier, *Learning spatiotemporal chaos using next-generation reservoir
/// computing*, Chaos 32, 093137 (2022).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{LocalNgrc, LocalNgrcConfig, NgrcConfig, Orders};
///
/// // Diffusion on a ring: x_i gains 0.2 (x_{i-1} - 2 x_i + x_{i+1}) in every step.
/// let diffuse = |points: usize, steps: usize| {
///     let mut series = DMatrix::from_fn(points, steps, |i, _| ((i * i) as f64).sin());
///     for t in 1..steps {
///         for i in 0..points {
///             let [left, here, right] =
///                 [i + points - 1, i, i + 1].map(|j| series[(j % points, t - 1)]);
///             series[(i, t)] = here + 0.2 * (left - 2.0 * here + right);
///         }
///     }
///     series
/// };
/// let mut model = LocalNgrc::new(LocalNgrcConfig {
///     halo: 1,
///     model: NgrcConfig { taps: 1, orders: Orders::UpTo(1), standardise: false, ..NgrcConfig::default() },
///     ..LocalNgrcConfig::default()
/// })?;
/// model.fit(&diffuse(10, 20))?;
///
/// // The constant, and the points at -1, 0 and 1.
/// let expected = [0.0, 0.2, -0.4, 0.2];
/// for (weight, expected) in model.weights()?.iter().zip(expected) {
///     assert!((weight - expected).abs() < 1e-4);
/// }
/// let larger = diffuse(50, 5);
/// let forecast = model.forecast(&larger.columns(0, 1).into_owned(), 4)?;
/// assert!((forecast - larger.columns(1, 4)).amax() < 1e-3);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LocalNgrc<T: Real> {
    pub(super) config: LocalNgrcConfig,
    pub(super) fitted: Option<Fitted<T>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted<T: Real> {
    pub(super) map: FeatureMap,
    /// Whether the newest sample is added to the output of the readout.
    pub(super) increment: bool,
    pub(super) scaling: FieldScaling<T>,
    /// 1 × features.
    pub(super) weights: DMatrix<T>,
    pub(super) intercept: T,
    pub(super) method: RidgeMethod,
    pub(super) choice: LambdaChoice,
    pub(super) samples: usize,
}

impl<T: Real> LocalNgrc<T> {
    /// A model that is not fitted yet.
    ///
    /// # Errors
    /// As [`Ngrc::new`](crate::Ngrc::new), and if there are more than
    /// [`MAX_FEATURES`](crate::MAX_FEATURES) features.
    pub fn new(config: LocalNgrcConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            fitted: None,
        })
    }

    pub(super) fn fitted(&self) -> Result<&Fitted<T>, Error> {
        self.fitted.as_ref().ok_or(Error::NotFitted)
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &LocalNgrcConfig {
        &self.config
    }

    /// The weights of the readout, 1 × features.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn weights(&self) -> Result<&DMatrix<T>, Error> {
        self.fitted().map(|f| &f.weights)
    }

    /// The intercept; zero if none was fitted.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn intercept(&self) -> Result<T, Error> {
        self.fitted().map(|f| f.intercept)
    }

    /// The feature map of a point, which [names](FeatureMap::names) the weights: `x0` is the first
    /// point of the window.
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

    /// The number of training pairs: points times samples.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn samples(&self) -> Result<usize, Error> {
        self.fitted().map(|f| f.samples)
    }

    /// Predicts one step ahead all along a series: points × (time − $(k-1)s$). Column $j$ is the
    /// prediction of the sample at time $(k-1)s + j + 1$; the last one lies past the series.
    ///
    /// # Errors
    /// If the model is not fitted, the field is too small for the halo, a value is not finite, or there
    /// are fewer than $(k-1)s+1$ samples.
    pub fn predict(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let fitted = self.fitted()?;
        let (points, warmup) = (series.nrows(), fitted.map.warmup());
        let mut state = self.state(points)?;
        check_series("series", series, points, warmup + 1)?;
        let samples = series.ncols() - warmup;
        let mut out = allocate(points, samples)?;
        let (before, rest) = series.as_slice().split_at(warmup * points);
        for sample in before.chunks_exact(points) {
            state.push(&fitted.scaling, sample);
        }
        for (sample, answer) in rest.chunks_exact(points).zip(out.chunks_exact_mut(points)) {
            state.push(&fitted.scaling, sample);
            fitted.respond(&mut state, answer);
        }
        Ok(DMatrix::from_vec(points, samples, out))
    }

    /// Forecasts `steps` samples after the last of `history`, each prediction fed back as the next
    /// sample: points × steps. The field may have another size than the one of the training.
    ///
    /// # Errors
    /// If the model is not fitted, the field is too small for the halo, a value is not finite, there are
    /// fewer than $(k-1)s+1$ samples, or the forecast leaves the finite numbers ([`Error::Diverged`]). To
    /// keep what came before that, use [`forecast_into`](Self::forecast_into).
    pub fn forecast(&self, history: &DMatrix<T>, steps: usize) -> Result<DMatrix<T>, Error> {
        let fitted = self.fitted()?;
        let points = history.nrows();
        let mut state = self.state_after(history)?;
        check_series("history", history, points, fitted.map.warmup() + 1)?;
        let mut forecast = allocate(points, steps)?;
        self.forecast_into(&mut state, &mut forecast)?;
        Ok(DMatrix::from_vec(points, steps, forecast))
    }

    /// Forecasts as many samples as `out` holds, sample after sample, from what `state` remembers. The
    /// predictions enter the state, so that the next call goes on where this one ended. Nothing is
    /// allocated.
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another model or remembers too few samples, or
    /// `out` is no whole number of samples. With [`Error::Diverged`] the samples before the named step
    /// are in `out` and in the state.
    pub fn forecast_into(&self, state: &mut LocalNgrcState<T>, out: &mut [T]) -> Result<(), Error> {
        let fitted = self.fitted()?;
        state.check(&fitted.map)?;
        let past = out.len() % state.points();
        check_size("values past the last whole sample of the forecast", 0, past)?;
        if !state.is_ready() {
            return Err(Error::TooShort {
                what: "state",
                needed: state.capacity(),
                found: state.seen(),
            });
        }
        fitted.run_freely(state, out)
    }

    /// The state of a stream of a field of `points` points that has not begun.
    ///
    /// # Errors
    /// If the model is not fitted, or the halo reaches around a field of this size.
    pub fn state(&self, points: usize) -> Result<LocalNgrcState<T>, Error> {
        let fitted = self.fitted()?;
        let tiling = self.config.grid.tile(points, 1, self.config.halo)?;
        Ok(LocalNgrcState::new(&fitted.map, tiling))
    }

    /// The state of a stream that has seen this history, of which the last $(k-1)s+1$ samples matter.
    ///
    /// # Errors
    /// As [`state`](Self::state), and if a value is not finite.
    pub fn state_after(&self, history: &DMatrix<T>) -> Result<LocalNgrcState<T>, Error> {
        let scaling = self.fitted()?.scaling;
        let points = history.nrows();
        let mut state = self.state(points)?;
        check_series("history", history, points, 0)?;
        let first = history.ncols().saturating_sub(state.capacity());
        for sample in history.as_slice()[first * points..].chunks_exact(points) {
            state.push(&scaling, sample);
        }
        Ok(state)
    }

    /// Takes in one sample of a stream and predicts the next. Nothing is allocated.
    ///
    /// Returns whether there is a prediction; while the taps are filling there is none, and `output` is
    /// not touched.
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another model, a size is wrong, or a value is
    /// not finite; the state is then what it was before.
    pub fn step(
        &self,
        state: &mut LocalNgrcState<T>,
        input: &[T],
        output: &mut [T],
    ) -> Result<bool, Error> {
        let fitted = self.fitted()?;
        state.check(&fitted.map)?;
        check_size("points of the input", state.points(), input.len())?;
        check_size("points of the output", state.points(), output.len())?;
        check_samples("input", input, input.len())?;
        state.push(&fitted.scaling, input);
        if !state.is_ready() {
            return Ok(false);
        }
        fitted.respond(state, output);
        Ok(true)
    }
}

impl<T: Real> Fitted<T> {
    /// The forecast from what the state remembers, which is enough.
    pub(super) fn run_freely(
        &self,
        state: &mut LocalNgrcState<T>,
        out: &mut [T],
    ) -> Result<(), Error> {
        for (step, sample) in out.chunks_exact_mut(state.points()).enumerate() {
            self.respond(state, sample);
            if let Some(channel) = sample.iter().position(|v| !v.is_finite()) {
                return Err(Error::Diverged { step, channel });
            }
            state.push(&self.scaling, sample);
        }
        Ok(())
    }

    /// The next sample after those that the state remembers.
    #[inline]
    fn respond(&self, state: &mut LocalNgrcState<T>, out: &mut [T]) {
        for (point, out) in out.iter_mut().enumerate() {
            state.gather(point);
            let scratch = &mut state.scratch;
            self.map
                .evaluate(&scratch.taps, &mut scratch.lower, &mut state.features);
            let out = core::slice::from_mut(out);
            readout(
                self.weights.as_slice(),
                &[self.intercept],
                &state.features,
                out,
            );
        }
        if self.increment {
            for (out, &now) in out.iter_mut().zip(state.newest()) {
                *out += now;
            }
        }
    }
}
