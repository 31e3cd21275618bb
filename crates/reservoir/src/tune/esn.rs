use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::{RidgePath, RidgeQr};
use neuropil_math::statistics::Standardizer;
use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::reservoir::series::check_series;
use crate::tune::ngrc::target_of;
use crate::tune::objective::{Parts, finish};
use crate::tune::validation::{Budget, Candidate};
use crate::tune::{Domain, Evaluation, FinishedTrial, Space, Study, Trial, TuneConfig, Tuned};
use crate::{
    Error, Esn, EsnConfig, EsnState, Lambda, Leak, Ridge, Scaling, StateTerms, Target, Task,
    Topology, TrainingNoise,
};

const NAMES: [&str; 10] = [
    "units",
    "spectral_radius",
    "leak",
    "input_scaling",
    "bias_scaling",
    "input_density",
    "topology",
    "state",
    "target",
    "penalty",
];
const KNOWN: &str = "units, spectral_radius, leak, input_scaling, bias_scaling, input_density, \
                     topology, state, target, penalty";

/// The objective of a search for an [`Esn`] that forecasts a series, for studies of one's own, as
/// [`NgrcObjective`](crate::tune::NgrcObjective) is for NG-RC. [`tune_esn`] is the short form.
#[derive(Debug, Clone)]
pub struct EsnObjective<'a, T: Real> {
    parts: Parts<'a, T>,
    base: EsnConfig,
}

/// A space of what matters most: spectral radius from 0.01 to 1.5, input scaling from 0.01 to 3 and
/// bias scaling from 0.01 to 2, by their logarithms, and the leak from 0.05 to 1.
///
/// # Errors
/// None.
pub fn esn_space() -> Result<Space, Error> {
    let log = |low, high| Domain::LogUniform { low, high };
    Space::new([
        ("spectral_radius", log(0.01, 1.5)),
        ("input_scaling", log(0.01, 3.0)),
        ("bias_scaling", log(0.01, 2.0)),
        (
            "leak",
            Domain::Uniform {
                low: 0.05,
                high: 1.0,
            },
        ),
    ])
}

impl<'a, T: Real> EsnObjective<'a, T> {
    /// The objective for one series, channels × time. What a trial does not set is as in `base`,
    /// but for the penalty.
    ///
    /// # Errors
    /// If a setting is out of range, the series is too short for the split, or a value is not finite;
    /// and if `base` asks for [noise in training](TrainingNoise), whose place the penalty takes in a
    /// search.
    pub fn new(
        series: &'a DMatrix<T>,
        base: &EsnConfig,
        config: &TuneConfig,
    ) -> Result<Self, Error> {
        base.check(series.nrows())?;
        if base.noise != TrainingNoise::default() {
            return Err(neuropil_math::Error::Undefined {
                what: "a search with noise in training",
                why: "every penalty is to be solved from the same states",
            }
            .into());
        }
        Ok(Self {
            parts: Parts::new(series, config)?,
            base: base.clone(),
        })
    }

    /// The settings of a trial; λ is still that of the base.
    ///
    /// # Errors
    /// If a parameter is not of the kind that is needed: `units` is a whole number,
    /// `spectral_radius`, `leak`, `input_scaling`, `bias_scaling` and `input_density` are numbers,
    /// `topology` is `"random"` (ten connections into each unit), `"dense"`, `"ring"`,
    /// `"delay_line"` or `"orthogonal"`, `state` is `"linear"`, `"with_squares"` or `"odd_even"`,
    /// and `target` is `"increment"` or `"direct"`.
    pub fn config_of(&self, trial: &Trial) -> Result<EsnConfig, Error> {
        let mut config = self.base.clone();
        let reservoir = &mut config.reservoir;
        if trial.get("units").is_some() {
            reservoir.units = trial.size("units")?;
        }
        if trial.get("leak").is_some() {
            reservoir.leak = Leak::Scalar(trial.real("leak")?);
        }
        if trial.get("input_scaling").is_some() {
            reservoir.input_scaling = Scaling::Uniform(trial.real("input_scaling")?);
        }
        for (name, place) in [
            ("spectral_radius", &mut reservoir.spectral_radius),
            ("bias_scaling", &mut reservoir.bias_scaling),
            ("input_density", &mut reservoir.input_density),
        ] {
            if trial.get(name).is_some() {
                *place = trial.real(name)?;
            }
        }
        if trial.get("topology").is_some() {
            reservoir.topology = topology_of(trial.category("topology")?)?;
        }
        if trial.get("state").is_some() {
            config.features.state = terms_of(trial.category("state")?)?;
        }
        if trial.get("target").is_some() {
            config.target = target_of(trial.category("target")?)?;
        }
        Ok(config)
    }

    /// The error of a trial's forecasts in standard deviations, with the attribute `penalty`, the best
    /// of the [penalties](TuneConfig::penalties). The reservoir is drawn from `rng`; with
    /// [`Budget::Seeds`] so many are drawn, one after the other, and the error is over all of them.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the forecasts diverge for every penalty; [`Error::TooShort`] if a
    /// training part has no pair after the washout; and what the model refuses.
    pub fn evaluate(
        &self,
        trial: &Trial,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Evaluation, Error> {
        let config = self.config_of(trial)?;
        let channels = self.parts.series.nrows();
        let seeds = match (self.parts.config.budget, trial.budget()) {
            (Budget::Seeds, Some(seeds)) => seeds,
            _ => 1,
        };
        // Their own scales are measured in `prepare`.
        let unscaled = EsnConfig {
            standardise: false,
            ..config
        };
        let models = (0..seeds)
            .map(|_| Esn::new(unscaled.clone(), channels, rng))
            .collect::<Result<Vec<Esn<T>>, Error>>()?;
        let most = self.parts.config.most_features;
        self.parts.evaluate(trial, seeds, |seed, training| {
            prepare(&models[seed], self.base.standardise, training, most)
        })
    }

    /// The model of a trial that succeeded, with the (first) reservoir that it had, fitted to everything
    /// before the test part (to as many samples as in the trials, where the split says how many), and its
    /// error in the test part.
    ///
    /// # Errors
    /// If the trial has no penalty (it failed, or is of another objective), or the fit fails. A
    /// forecast that diverges in the test part is [`Error::Diverged`].
    pub fn fit(
        &self,
        study: &Study,
        finished: &FinishedTrial,
    ) -> Result<(Esn<T>, Option<f64>), Error> {
        let mut config = self.config_of(finished.trial())?;
        let mut rng = study.generator_of(finished.trial());
        let channels = self.parts.series.nrows();
        let (model, error) = self.parts.fit(finished, |training, penalty| {
            let pairs = training.ncols().saturating_sub(config.washout + 1);
            config.lambda = Lambda::Fixed(penalty * pairs as f64);
            let mut model = Esn::new(config, channels, &mut rng)?;
            model.fit(training)?;
            Ok(Scaled {
                model,
                scales: None,
            })
        })?;
        Ok((model.model, error))
    }

    /// The [model](Self::fit) of the best trial.
    ///
    /// # Errors
    /// [`Error::AllTrialsFailed`] if no trial succeeded, and as [`fit`](Self::fit).
    pub fn finish(&self, study: Study) -> Result<Tuned<Esn<T>>, Error> {
        finish(study, |study, best| self.fit(study, best))
    }
}

fn topology_of(name: &str) -> Result<Topology, Error> {
    use neuropil_math::random::Entries;
    match name {
        "random" => Ok(Topology::default()),
        "dense" => Ok(Topology::Dense {
            entries: Entries::uniform(1.0),
        }),
        "ring" => Ok(Topology::Ring),
        "delay_line" => Ok(Topology::DelayLine { backward: 0.0 }),
        "orthogonal" => Ok(Topology::Orthogonal),
        other => Err(neuropil_math::Error::UnknownName {
            what: "topology",
            name: other.to_owned(),
            known: "random, dense, ring, delay_line, orthogonal",
        }
        .into()),
    }
}

fn terms_of(name: &str) -> Result<StateTerms, Error> {
    match name {
        "linear" => Ok(StateTerms::Linear),
        "with_squares" => Ok(StateTerms::WithSquares),
        "odd_even" => Ok(StateTerms::OddEven),
        other => Err(neuropil_math::Error::UnknownName {
            what: "terms of the state",
            name: other.to_owned(),
            known: "linear, with_squares, odd_even",
        }
        .into()),
    }
}

/// Searches for the settings of an [`Esn`] that forecasts a series (channels × time).
///
/// The space names some of the parameters of [`EsnObjective::config_of`], or `penalty` (λ for each
/// training sample); all else is as in `base`, and a penalty that is not searched is chosen in every
/// trial among [`TuneConfig::penalties`], all of them from the same states. The model that is returned has
/// the reservoir that was judged.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::tune::{JudgedBy, Split, TuneConfig, esn_space, tune_esn};
/// use neuropil_reservoir::{EsnConfig, ReservoirConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let series = DMatrix::from_fn(1, 800, |_, t| (0.3 * t as f64).sin() + (0.11 * t as f64).cos());
/// let base = EsnConfig {
///     reservoir: ReservoirConfig { units: 30, ..ReservoirConfig::default() },
///     washout: 50,
///     ..EsnConfig::default()
/// };
/// let mut config = TuneConfig::new(Split::Lengths { train: 500, validation: 200, test: 100 });
/// config.judged_by = JudgedBy::ClosedLoop { horizon: 20, every: 20 };
/// config.study.trials = 8;
///
/// let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
/// let tuned = tune_esn(&series, &base, esn_space()?, &config, rng)?;
/// assert!(tuned.test_error < Some(0.05));
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// As [`EsnObjective::new`], [`Study::new`] and [`EsnObjective::finish`], and for a parameter of
/// another name.
pub fn tune_esn<T: Real, R: Rng + ?Sized>(
    series: &DMatrix<T>,
    base: &EsnConfig,
    space: Space,
    config: &TuneConfig,
    rng: &mut R,
) -> Result<Tuned<Esn<T>>, Error> {
    space.check_names(&NAMES, KNOWN)?;
    let objective = EsnObjective::new(series, base, config)?;
    let mut study = Study::new(space, config.study.clone(), rng)?;
    study.run(|trial, rng| objective.evaluate(trial, rng))?;
    objective.finish(study)
}

/// A network on channels that are standardised outside of it, seen in their units.
#[derive(Debug, Clone)]
struct Scaled<T: Real> {
    model: Esn<T>,
    /// Nothing if the network sees the channels as they are.
    scales: Option<Standardizer>,
}

/// A network whose readout is to be replaced, and the readouts for all penalties: the states go into the
/// factorisation block by block.
fn prepare<T: Real>(
    model: &Esn<T>,
    standardise: bool,
    training: &DMatrix<T>,
    most_features: usize,
) -> Result<(Scaled<T>, RidgePath<T>), Error> {
    const BLOCK: usize = 256;
    let config = model.config();
    let (channels, features) = (training.nrows(), model.features());
    if features > most_features {
        return Err(neuropil_math::Error::OutOfRange {
            what: "features of a trial",
            value: features as f64,
            range: "must not be more than most_features",
        }
        .into());
    }
    let washout = config.washout;
    check_series(
        "training part",
        training,
        channels,
        washout.saturating_add(2),
    )?;
    let scales = standardise
        .then(|| Standardizer::fit(training))
        .transpose()?;
    let mut inputs = training.clone();
    if let Some(scales) = &scales {
        scales.apply(&mut inputs)?;
    }
    let values = inputs.as_slice();
    let sample = |time: usize| &values[time * channels..(time + 1) * channels];

    let reservoir = model.reservoir();
    let mut state = reservoir.state();
    for time in 0..washout {
        reservoir.step(&mut state, sample(time))?;
    }
    let times: Vec<usize> = (washout..training.ncols() - 1).collect();
    let mut qr = RidgeQr::new(features, channels, config.intercept)?;
    let mut all = (times.len() < features).then(|| {
        (
            DMatrix::zeros(features, times.len()),
            DMatrix::zeros(channels, times.len()),
        )
    });
    for (block, times) in times.chunks(BLOCK).enumerate() {
        let mut x = DMatrix::zeros(features, times.len());
        let mut y = DMatrix::zeros(channels, times.len());
        for (column, &time) in times.iter().enumerate() {
            reservoir.step(&mut state, sample(time))?;
            let out = &mut x.as_mut_slice()[column * features..][..features];
            config.features.write(state.values(), sample(time), out)?;
            let target = &mut y.as_mut_slice()[column * channels..][..channels];
            for ((target, &next), &now) in target.iter_mut().zip(sample(time + 1)).zip(sample(time))
            {
                *target = match config.target {
                    Target::Increment => next - now,
                    Target::Direct => next,
                };
            }
        }
        match &mut all {
            Some((all_x, all_y)) => {
                all_x.columns_mut(block * BLOCK, times.len()).copy_from(&x);
                all_y.columns_mut(block * BLOCK, times.len()).copy_from(&y);
            }
            None => qr.add(&x, &y)?,
        }
    }
    let path = match all {
        Some((x, y)) => RidgePath::new(&x, &y, config.intercept)?,
        None => qr.path()?,
    };
    let mut scaled = Scaled {
        model: model.clone(),
        scales,
    };
    scaled.put_readout(&path.solve(1.0)?)?;
    Ok((scaled, path))
}

impl<T: Real> Candidate<T> for Scaled<T> {
    type State = EsnState<T>;

    fn start(&self) -> Result<EsnState<T>, Error> {
        self.model.state()
    }

    fn observe(&self, state: &mut EsnState<T>, sample: &[T]) -> Result<(), Error> {
        let Some(scales) = &self.scales else {
            return self.model.teach(state, sample, sample);
        };
        let mut scaled = sample.to_vec();
        scales.apply_sample(&mut scaled)?;
        self.model.teach(state, &scaled, &scaled)
    }

    fn forecast_into(&self, state: &mut EsnState<T>, out: &mut [T]) -> Result<(), Error> {
        self.model.forecast_into(state, out)?;
        if let Some(scales) = &self.scales {
            for sample in out.chunks_exact_mut(scales.mean().len()) {
                scales.invert_sample(sample)?;
            }
        }
        Ok(())
    }

    fn put_readout(&mut self, ridge: &Ridge<T>) -> Result<(), Error> {
        let (weights, intercept) = (ridge.weights().clone(), ridge.intercept().clone());
        self.model.set_readout(Task::Forecast, weights, intercept)
    }
}
