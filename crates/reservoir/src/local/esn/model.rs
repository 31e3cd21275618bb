use nalgebra::DMatrix;
use neuropil_math::Real;
use rand::Rng;

use crate::local::esn::config::{LocalEsnConfig, Sharing};
use crate::local::esn::state::{LocalEsnState, Patch};
use crate::local::scaling::FieldScaling;
use crate::reservoir::series::{allocate, check_samples, check_series, check_size};
use crate::{Error, Esn, EsnConfig, Lambda, LambdaChoice, Target};

/// Echo state networks of a field: every patch of it has a reservoir that sees the patch and a halo
/// around it, and forecasts the patch.
///
/// In closed loop the forecasts of all patches together are the next sample, so that what travels through
/// the field passes from patch to patch. The cost of a step grows with the number of patches, not with
/// its square, as that of one reservoir for the whole field would.
///
/// Where the field obeys the same law everywhere one network for all patches ([`Sharing::Shared`]) learns
/// from all of them, and forecasts a field of any whole number of patches.
///
/// Series are points × time, one sample per column. Under the feature `rayon` patches are fitted and
/// stepped on all threads, with the same bits.
///
/// # Limits
/// What travels farther than the halo in one sample is not seen. The windows of all patches are held in
/// memory while a shared network is fitted: points × time, times window over patch.
///
/// Source: Pathak, Hunt, Girvan, Lu and Ott, *Model-free prediction of large spatiotemporally chaotic
/// systems from data: a reservoir computing approach*, Physical Review Letters 120, 024102 (2018).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{EsnConfig, LocalEsn, LocalEsnConfig, ReservoirConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// // Waves around a ring of 32 points.
/// let wave = |i: usize, t: usize| {
///     let angle = core::f64::consts::TAU * i as f64 / 32.0 - 0.05 * t as f64;
///     angle.sin() + 0.5 * (2.0 * angle).cos()
/// };
/// let series = DMatrix::from_fn(32, 600, wave);
/// let config = LocalEsnConfig {
///     patch: 8,
///     halo: 2,
///     model: EsnConfig {
///         reservoir: ReservoirConfig { units: 100, ..LocalEsnConfig::default().model.reservoir },
///         ..LocalEsnConfig::default().model
///     },
///     ..LocalEsnConfig::default()
/// };
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut model = LocalEsn::new(config, 32, &mut rng)?;
/// model.fit(&series.columns(0, 500).into_owned())?;
/// let forecast = model.forecast(&series.columns(0, 500).into_owned(), 50)?;
/// assert!((forecast - series.columns(500, 50)).amax() < 0.05);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LocalEsn<T: Real> {
    pub(super) config: LocalEsnConfig,
    /// The size of the field that it was made for.
    pub(super) points: usize,
    /// One for all, or one for each patch.
    pub(super) networks: Vec<Esn<T>>,
    pub(super) fitted: Option<Fitted<T>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted<T> {
    pub(super) scaling: FieldScaling<T>,
    /// One for each network.
    pub(super) choices: Vec<LambdaChoice>,
    /// Training pairs of each network.
    pub(super) samples: usize,
}

/// Units of all patches from which on a step is worth the start of other threads.
#[cfg(feature = "rayon")]
const UNITS_FOR_THREADS: usize = 4096;

impl<T: Real> LocalEsn<T> {
    /// A model of a field of `points` points that is not fitted yet: draws the network that all patches
    /// share, or one for each, as [`Esn::new`] does.
    ///
    /// # Errors
    /// Those of [`LocalEsnConfig::check`] and [`Esn::new`].
    pub fn new<R: Rng + ?Sized>(
        config: LocalEsnConfig,
        points: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        config.check(points)?;
        let tiling = config.grid.tile(points, config.patch, config.halo)?;
        let count = match config.sharing {
            Sharing::Shared => 1,
            Sharing::PerPatch => tiling.patches(),
        };
        let inner = inner(&config);
        let networks = (0..count)
            .map(|_| Esn::new(inner.clone(), tiling.window_len(), rng))
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            config,
            points,
            networks,
            fitted: None,
        })
    }

    pub(super) fn fitted(&self) -> Result<&Fitted<T>, Error> {
        self.fitted.as_ref().ok_or(Error::NotFitted)
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &LocalEsnConfig {
        &self.config
    }

    /// The network that all patches share, or that of each patch: from the points of a window to the
    /// next values of the patch, or its increments.
    #[must_use]
    pub fn networks(&self) -> &[Esn<T>] {
        &self.networks
    }

    /// The λ of the readout of each network, and if it was chosen, the score of every candidate.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn lambdas(&self) -> Result<&[LambdaChoice], Error> {
        self.fitted().map(|f| &f.choices[..])
    }

    /// The number of training pairs of each network.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn samples(&self) -> Result<usize, Error> {
        self.fitted().map(|f| f.samples)
    }

    /// Predicts one step ahead all along a series: points × (time − washout). Column $j$ is the prediction
    /// of the sample at time washout + $j$ + 1; the last one lies past the series.
    ///
    /// # Errors
    /// If the model is not fitted, is not one of a field of this size, a value is not finite, or there are
    /// no more samples than the washout.
    pub fn predict(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (points, washout) = (series.nrows(), self.config.model.washout);
        let mut state = self.state(points)?;
        check_series("series", series, points, washout.saturating_add(1))?;
        let samples = series.ncols() - washout;
        let mut out = allocate(points, samples)?;
        let scaling = self.fitted()?.scaling;
        let (before, rest) = series.as_slice().split_at(washout * points);
        for sample in before.chunks_exact(points) {
            self.absorb(&scaling, &mut state, sample)?;
        }
        for (sample, answer) in rest.chunks_exact(points).zip(out.chunks_exact_mut(points)) {
            self.absorb(&scaling, &mut state, sample)?;
            self.respond(&mut state, answer)?;
        }
        Ok(DMatrix::from_vec(points, samples, out))
    }

    /// Forecasts `steps` samples after the last of `history`, each prediction fed back as the next sample:
    /// points × steps. The states start at 0 before the history, which should be longer than the memory of
    /// the reservoirs.
    ///
    /// # Errors
    /// If the model is not fitted, is not one of a field of this size, a value is not finite, the history
    /// is empty, or the forecast leaves the finite numbers ([`Error::Diverged`]). To keep what came before
    /// that, use [`forecast_into`](Self::forecast_into).
    pub fn forecast(&self, history: &DMatrix<T>, steps: usize) -> Result<DMatrix<T>, Error> {
        let points = history.nrows();
        let mut state = self.state_after(history)?;
        let mut forecast = allocate(points, steps)?;
        self.forecast_into(&mut state, &mut forecast)?;
        Ok(DMatrix::from_vec(points, steps, forecast))
    }

    /// Forecasts as many samples as `out` holds, sample after sample, from what `state` has seen. The
    /// predictions enter the state, so that the next call goes on where this one ended. Nothing is
    /// allocated (on one thread).
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another one or has seen nothing, or `out` is no
    /// whole number of samples. With [`Error::Diverged`] the samples before the named step are in `out` and
    /// in the state.
    pub fn forecast_into(&self, state: &mut LocalEsnState<T>, out: &mut [T]) -> Result<(), Error> {
        let scaling = self.fitted()?.scaling;
        self.check_state(state)?;
        let past = out.len() % state.points();
        check_size("values past the last whole sample of the forecast", 0, past)?;
        if state.seen == 0 {
            return Err(Error::TooShort {
                what: "state",
                needed: 1,
                found: 0,
            });
        }
        self.run_freely(&scaling, state, out)
    }

    /// The state of a stream of a field of `points` points that has not begun. Networks of their own for
    /// all patches fit one size only; a shared one fits any whole number of patches.
    ///
    /// # Errors
    /// If the model is not fitted, or the field is not one for it.
    pub fn state(&self, points: usize) -> Result<LocalEsnState<T>, Error> {
        self.fitted()?;
        self.blank_state(points)
    }

    pub(super) fn blank_state(&self, points: usize) -> Result<LocalEsnState<T>, Error> {
        let config = &self.config;
        if config.sharing == Sharing::PerPatch {
            check_size("points of the field", self.points, points)?;
        }
        let tiling = config.grid.tile(points, config.patch, config.halo)?;
        let states = (0..tiling.patches())
            .map(|patch| self.network(patch).blank_state())
            .collect();
        Ok(LocalEsnState::new(tiling, states))
    }

    /// The state of a stream that has seen this history.
    ///
    /// # Errors
    /// As [`state`](Self::state), and if a value is not finite.
    pub fn state_after(&self, history: &DMatrix<T>) -> Result<LocalEsnState<T>, Error> {
        let mut state = self.state(history.nrows())?;
        self.observe(&mut state, history)?;
        Ok(state)
    }

    /// Takes in more samples of a stream, without answers to them.
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another one, the field has another size, or a
    /// value is not finite.
    pub fn observe(&self, state: &mut LocalEsnState<T>, series: &DMatrix<T>) -> Result<(), Error> {
        let scaling = self.fitted()?.scaling;
        self.check_state(state)?;
        check_series("history", series, state.points(), 0)?;
        for sample in series.as_slice().chunks_exact(state.points()) {
            self.absorb(&scaling, state, sample)?;
        }
        Ok(())
    }

    /// Takes in one sample of a stream and predicts the next. Nothing is allocated (on one thread).
    ///
    /// # Errors
    /// If the model is not fitted, the state belongs to another one, a size is wrong, or a value is not
    /// finite; the state is then what it was before.
    pub fn step(
        &self,
        state: &mut LocalEsnState<T>,
        input: &[T],
        output: &mut [T],
    ) -> Result<(), Error> {
        let scaling = self.fitted()?.scaling;
        self.check_state(state)?;
        check_size("points of the input", state.points(), input.len())?;
        check_size("points of the output", state.points(), output.len())?;
        check_samples("input", input, input.len())?;
        self.absorb(&scaling, state, input)?;
        self.respond(state, output)
    }

    pub(super) fn network(&self, patch: usize) -> &Esn<T> {
        &self.networks[patch % self.networks.len()]
    }

    pub(super) fn check_state(&self, state: &LocalEsnState<T>) -> Result<(), Error> {
        let (patch, tiling) = (self.config.patch, &state.tiling);
        let window = self.config.grid.window(patch, self.config.halo)?;
        check_size(
            "points in a window of the state",
            window,
            tiling.window_len(),
        )?;
        let core = self.config.grid.window(patch, 0)?;
        check_size("points in a patch of the state", core, tiling.core_len())?;
        if self.config.sharing == Sharing::PerPatch {
            check_size("points of the state", self.points, state.points())?;
        }
        for (index, patch) in state.patches.iter().enumerate() {
            self.network(index).check_state(&patch.state)?;
        }
        Ok(())
    }

    /// The closed loop, with arguments that were checked.
    pub(super) fn run_freely(
        &self,
        scaling: &FieldScaling<T>,
        state: &mut LocalEsnState<T>,
        out: &mut [T],
    ) -> Result<(), Error> {
        for (step, sample) in out.chunks_exact_mut(state.points()).enumerate() {
            self.respond(state, sample)?;
            if let Some(channel) = sample.iter().position(|v| !v.is_finite()) {
                return Err(Error::Diverged { step, channel });
            }
            self.absorb(scaling, state, sample)?;
        }
        Ok(())
    }

    /// Drives the reservoirs with one sample that was checked.
    pub(super) fn absorb(
        &self,
        scaling: &FieldScaling<T>,
        state: &mut LocalEsnState<T>,
        sample: &[T],
    ) -> Result<(), Error> {
        state.field.copy_from_slice(sample);
        scaling.apply(sample, &mut state.scaled);
        state.seen += 1;
        let (tiling, scaled) = (&state.tiling, &state.scaled);
        self.for_each_patch(&mut state.patches, &|network, index, patch| {
            for (to, &from) in patch.window.iter_mut().zip(tiling.window(index)) {
                *to = scaled[from];
            }
            network.absorb(None, &mut patch.state, &patch.window)
        })
    }

    /// The next sample after what the state has seen.
    fn respond(&self, state: &mut LocalEsnState<T>, out: &mut [T]) -> Result<(), Error> {
        self.for_each_patch(&mut state.patches, &|network, _, patch| {
            network.answer(&mut patch.state, &mut patch.output)
        })?;
        let answers = state.patches.iter().flat_map(|patch| &patch.output);
        for (&point, &answer) in state.tiling.cores().iter().zip(answers) {
            out[point] = answer;
        }
        if self.config.model.target == Target::Increment {
            for (out, &now) in out.iter_mut().zip(&state.field) {
                *out += now;
            }
        }
        Ok(())
    }

    /// Patches do not touch each other: the threads change nothing but the time.
    fn for_each_patch(
        &self,
        patches: &mut [Patch<T>],
        work: &(impl Fn(&Esn<T>, usize, &mut Patch<T>) -> Result<(), Error> + Sync),
    ) -> Result<(), Error> {
        #[cfg(feature = "rayon")]
        if patches.len() * self.config.model.reservoir.units >= UNITS_FOR_THREADS {
            use rayon::prelude::*;
            return patches
                .par_iter_mut()
                .enumerate()
                .try_for_each(|(index, patch)| work(self.network(index), index, patch));
        }
        patches
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, patch)| work(self.network(index), index, patch))
    }
}

/// The settings of the networks: they infer the next values of a patch from scaled windows.
pub(super) fn inner(config: &LocalEsnConfig) -> EsnConfig {
    EsnConfig {
        standardise: false,
        target: Target::Direct,
        lambda: match &config.model.lambda {
            // That choice is made for all patches together.
            Lambda::ClosedLoop(choice) => Lambda::Fixed(choice.lambdas[0]),
            other => other.clone(),
        },
        ..config.model.clone()
    }
}
