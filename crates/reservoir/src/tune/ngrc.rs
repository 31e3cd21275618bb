use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::RidgePath;
use rand::Rng;

use crate::reservoir::series::check_series;
use crate::tune::objective::{Parts, finish};
use crate::tune::validation::Candidate;
use crate::tune::{Domain, Evaluation, FinishedTrial, Space, Study, Trial, TuneConfig, Tuned};
use crate::{Error, Lambda, Ngrc, NgrcConfig, NgrcState, Orders, Ridge, Target};

const NAMES: [&str; 5] = ["taps", "stride", "order", "target", "penalty"];
const KNOWN: &str = "taps, stride, order, target, penalty";

/// The objective of a search for an [`Ngrc`] that forecasts a series, for studies of one's own: to
/// show progress, save between batches and go on later. [`tune_ngrc`] is the short form.
///
/// ```
/// use core::ops::ControlFlow;
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::NgrcConfig;
/// use neuropil_reservoir::tune::{JudgedBy, NgrcObjective, Split, Study, TuneConfig, ngrc_space};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let series = DMatrix::from_fn(1, 300, |_, t| (0.3 * t as f64).sin() + (0.1 * t as f64).cos());
/// let mut config = TuneConfig::new(Split::Lengths { train: 200, validation: 50, test: 50 });
/// config.study.trials = 16;
/// config.judged_by = JudgedBy::ClosedLoop { horizon: 10, every: 5 };
///
/// let objective = NgrcObjective::new(&series, &NgrcConfig::default(), &config)?;
/// let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut study = Study::new(ngrc_space(6, 4, 2)?, config.study.clone(), rng)?;
/// study.run_observed(
///     |trial, _| objective.evaluate(trial),
///     |study| {
///         println!("{} of {} trials", study.trials().len(), study.planned());
///         Ok(ControlFlow::Continue(())) // study.save(path)? would go here
///     },
/// )?;
/// let tuned = objective.finish(study)?;
/// assert!(tuned.test_error < Some(0.01));
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NgrcObjective<'a, T: Real> {
    parts: Parts<'a, T>,
    base: NgrcConfig,
}

/// A space of `taps` from 1 to `most_taps`, `stride` to `most_stride`, `order` to `most_order`, and
/// both targets.
///
/// # Errors
/// If one of them is 0.
pub fn ngrc_space(most_taps: usize, most_stride: usize, most_order: usize) -> Result<Space, Error> {
    let whole = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
    Space::new([
        (
            "taps",
            Domain::LogInteger {
                low: 1,
                high: whole(most_taps),
            },
        ),
        (
            "stride",
            Domain::LogInteger {
                low: 1,
                high: whole(most_stride),
            },
        ),
        (
            "order",
            Domain::Integer {
                low: 1,
                high: whole(most_order),
            },
        ),
        (
            "target",
            Domain::Categorical(vec!["increment".to_owned(), "direct".to_owned()]),
        ),
    ])
}

impl<'a, T: Real> NgrcObjective<'a, T> {
    /// The objective for one series, channels × time. What a trial does not set is as in `base`,
    /// but for the penalty.
    ///
    /// # Errors
    /// If a setting is out of range, the series is too short for the split, or a value is not finite.
    pub fn new(
        series: &'a DMatrix<T>,
        base: &NgrcConfig,
        config: &TuneConfig,
    ) -> Result<Self, Error> {
        base.check()?;
        Ok(Self {
            parts: Parts::new(series, config)?,
            base: base.clone(),
        })
    }

    /// The settings of a trial; λ is still that of the base.
    ///
    /// # Errors
    /// If a parameter is not of the kind that is needed: `taps`, `stride` and `order` (every one up to
    /// it) are whole numbers, `target` is `"increment"` or `"direct"`.
    pub fn config_of(&self, trial: &Trial) -> Result<NgrcConfig, Error> {
        let mut config = self.base.clone();
        if trial.get("taps").is_some() {
            config.taps = trial.size("taps")?;
        }
        if trial.get("stride").is_some() {
            config.stride = trial.size("stride")?;
        }
        if trial.get("order").is_some() {
            config.orders = Orders::UpTo(trial.size("order")?);
        }
        if trial.get("target").is_some() {
            config.target = target_of(trial.category("target")?)?;
        }
        Ok(config)
    }

    /// The error of a trial's forecasts in standard deviations, with the attribute `penalty`, the best
    /// of the [penalties](TuneConfig::penalties).
    ///
    /// # Errors
    /// [`Error::Diverged`] if the forecasts diverge for every penalty; [`Error::TooShort`] if a
    /// training part has fewer pairs than the model has features; and what the model refuses.
    pub fn evaluate(&self, trial: &Trial) -> Result<Evaluation, Error> {
        let config = self.config_of(trial)?;
        self.parts.evaluate(trial, 1, |_, training| {
            prepare(&config, training, self.parts.config.most_features)
        })
    }

    /// The model of a trial that succeeded, fitted to everything before the test part (to as many
    /// samples as in the trials, where the split says how many), and its error in the test part.
    ///
    /// # Errors
    /// If the trial has no penalty (it failed, or is of another objective), or the fit fails. A
    /// forecast that diverges in the test part is [`Error::Diverged`].
    pub fn fit(&self, finished: &FinishedTrial) -> Result<(Ngrc<T>, Option<f64>), Error> {
        let mut config = self.config_of(finished.trial())?;
        self.parts.fit(finished, |training, penalty| {
            let pairs = training.ncols().saturating_sub(config.warmup()? + 1);
            config.lambda = Lambda::Fixed(penalty * pairs as f64);
            let mut model = Ngrc::new(config)?;
            model.fit(training)?;
            Ok(model)
        })
    }

    /// The [model](Self::fit) of the best trial.
    ///
    /// # Errors
    /// [`Error::AllTrialsFailed`] if no trial succeeded, and as [`fit`](Self::fit).
    pub fn finish(&self, study: Study) -> Result<Tuned<Ngrc<T>>, Error> {
        finish(study, |_, best| self.fit(best))
    }
}

pub(super) fn target_of(name: &str) -> Result<Target, Error> {
    match name {
        "increment" => Ok(Target::Increment),
        "direct" => Ok(Target::Direct),
        other => Err(neuropil_math::Error::UnknownName {
            what: "target",
            name: other.to_owned(),
            known: "increment, direct",
        }
        .into()),
    }
}

/// Searches for the settings of an [`Ngrc`] that forecasts a series (channels × time).
///
/// The space names some of `taps`, `stride`, `order` (every order up to it), `target` (`"increment"`,
/// `"direct"`) and `penalty` (λ for each training sample); all else is as in `base`, and a penalty that
/// is not searched is chosen in every trial among [`TuneConfig::penalties`].
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::NgrcConfig;
/// use neuropil_reservoir::tune::{JudgedBy, Split, TuneConfig, ngrc_space, tune_ngrc};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// // The Hénon map as a series of one variable: two taps and order 2 tell it all.
/// let mut x = vec![0.1, 0.2];
/// for t in 1..400 {
///     x.push(1.0 - 1.4 * x[t] * x[t] + 0.3 * x[t - 1]);
/// }
/// let series = DMatrix::from_row_slice(1, 400, &x[..400]);
/// let mut config = TuneConfig::new(Split::Lengths { train: 250, validation: 100, test: 50 });
/// config.judged_by = JudgedBy::ClosedLoop { horizon: 5, every: 5 };
/// config.study.trials = 32;
///
/// let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
/// let tuned = tune_ngrc(&series, &NgrcConfig::default(), ngrc_space(4, 2, 3)?, &config, rng)?;
/// assert!(tuned.model.config().taps >= 2);
/// assert!(tuned.test_error < Some(1e-3));
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// As [`NgrcObjective::new`], [`Study::new`] and [`NgrcObjective::finish`], and for a parameter of
/// another name.
pub fn tune_ngrc<T: Real, R: Rng + ?Sized>(
    series: &DMatrix<T>,
    base: &NgrcConfig,
    space: Space,
    config: &TuneConfig,
    rng: &mut R,
) -> Result<Tuned<Ngrc<T>>, Error> {
    space.check_names(&NAMES, KNOWN)?;
    let objective = NgrcObjective::new(series, base, config)?;
    let mut study = Study::new(space, config.study.clone(), rng)?;
    study.run(|trial, _| objective.evaluate(trial))?;
    objective.finish(study)
}

/// A model whose readout is to be replaced, and the readouts for all penalties.
fn prepare<T: Real>(
    config: &NgrcConfig,
    training: &DMatrix<T>,
    most_features: usize,
) -> Result<(Ngrc<T>, RidgePath<T>), Error> {
    let map = config.features(training.nrows())?;
    if map.len() > most_features {
        return Err(Error::TooManyFeatures {
            variables: map.variables(),
            order: config.orders.ascending()?.last().copied().unwrap_or(0),
            limit: most_features,
        });
    }
    check_series(
        "training part, which needs a pair for each feature",
        training,
        map.channels(),
        (map.warmup() + 1).saturating_add(map.len()),
    )?;
    // A readout for now, by the cheapest method; the scales stay.
    let mut model = Ngrc::new(NgrcConfig {
        lambda: Lambda::Fixed(1.0),
        ..config.clone()
    })?;
    model.fit(training)?;
    let mut inputs = training.columns(0, training.ncols() - 1).into_owned();
    if let Some(scaling) = model.fitted()?.scaling.as_ref() {
        scaling.apply(inputs.as_mut_slice());
    }
    let features = map.matrix(&inputs)?;
    let (first, samples) = (map.warmup(), features.ncols());
    let mut targets = training.columns(first + 1, samples).into_owned();
    if config.target == Target::Increment {
        targets -= training.columns(first, samples);
    }
    let path = RidgePath::new(&features, &targets, config.intercept)?;
    Ok((model, path))
}

impl<T: Real> Candidate<T> for Ngrc<T> {
    type State = NgrcState<T>;

    fn start(&self) -> Result<NgrcState<T>, Error> {
        self.state()
    }

    fn observe(&self, state: &mut NgrcState<T>, sample: &[T]) -> Result<(), Error> {
        state.push(sample);
        Ok(())
    }

    fn forecast_into(&self, state: &mut NgrcState<T>, out: &mut [T]) -> Result<(), Error> {
        Self::forecast_into(self, state, out)
    }

    fn put_readout(&mut self, ridge: &Ridge<T>) -> Result<(), Error> {
        let fitted = self.fitted.as_mut().ok_or(Error::NotFitted)?;
        fitted.weights.copy_from(ridge.weights());
        fitted.intercept.copy_from(ridge.intercept());
        Ok(())
    }
}
