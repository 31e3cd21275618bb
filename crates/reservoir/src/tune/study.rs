use core::ops::ControlFlow;
use std::path::Path;

use neuropil_math::save::{load_model, save_model};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tune::parzen;
use crate::tune::trial::{Evaluation, FinishedTrial, Outcome, Trial};
use crate::tune::{Halving, Sobol, Space, TpeConfig};

const KIND: &str = "study";

/// How the points of a search are chosen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Independently.
    Random,
    /// By scrambled [Sobol] points, which leave no large holes and no clusters.
    #[default]
    Sobol,
    /// By the tree-structured Parzen estimator: where good trials were more often than others were.
    ///
    /// The trials so far are split into the good ones and the others, a density is estimated of each
    /// (kernels of all parameters together, and a uniform part that keeps every point possible), and
    /// of some draws from the first the one with the largest ratio of the two is tried. Failed trials
    /// are among the others.
    ///
    /// Source: Bergstra, Bardenet, Bengio and Kégl, *Algorithms for hyper-parameter optimization*,
    /// NIPS (2011), section 4; Watanabe, *Tree-structured Parzen estimator: understanding its
    /// algorithm components and their roles for better empirical performance* (2023), for kernels of
    /// several parameters.
    Tpe(TpeConfig),
}

/// The settings of a [`Study`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudyConfig {
    /// How points are chosen.
    pub sampler: Sampler,
    /// How many points are tried; with successive halving, in the first rung.
    pub trials: usize,
    /// So many trials are evaluated at once, on as many threads as there are, and none of them knows
    /// of the others. Results depend on it for [`Sampler::Tpe`] alone, and never on the threads.
    pub batch: usize,
    /// Successive halving, if wanted.
    pub halving: Option<Halving>,
}

impl Default for StudyConfig {
    /// 64 Sobol points in batches of 8, without successive halving.
    fn default() -> Self {
        Self {
            sampler: Sampler::default(),
            trials: 64,
            batch: 8,
            halving: None,
        }
    }
}

impl StudyConfig {
    fn check(&self) -> Result<(), Error> {
        for (what, value) in [("trials", self.trials), ("trials of a batch", self.batch)] {
            if value == 0 {
                return Err(neuropil_math::Error::OutOfRange {
                    what,
                    value: 0.0,
                    range: "must be 1 at least",
                }
                .into());
            }
        }
        if let Sampler::Tpe(tpe) = &self.sampler {
            tpe.check()?;
        }
        self.halving.as_ref().map_or(Ok(()), Halving::check)
    }
}

/// A search for the parameters of the least objective.
///
/// The seed of a study is drawn once, from the caller's generator; every trial then has a generator of
/// its own, made of that seed and its number. So the trials and their results are the same to the bit
/// on any number of threads (feature `rayon`), and a study that was stopped, saved, loaded and run on
/// is equal to one that was not interrupted.
///
/// ```
/// use neuropil_reservoir::tune::{Domain, Sampler, Space, Study, StudyConfig, TpeConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let space = Space::new([
///     ("x", Domain::Uniform { low: -5.0, high: 5.0 }),
///     ("rate", Domain::LogUniform { low: 1e-6, high: 1.0 }),
/// ])?;
/// let config = StudyConfig {
///     sampler: Sampler::Tpe(TpeConfig::default()),
///     trials: 80,
///     ..StudyConfig::default()
/// };
/// let mut study = Study::new(space, config, &mut Xoshiro256PlusPlus::seed_from_u64(1))?;
/// study.run(|trial, _rng| {
///     let (x, rate) = (trial.real("x")?, trial.real("rate")?);
///     Ok((x - 1.0).powi(2) + (rate.log10() + 3.0).powi(2))
/// })?;
///
/// let best = study.best().ok_or(neuropil_reservoir::Error::NotFitted)?;
/// assert!(best.value() < Some(0.5));
/// assert!((best.trial().real("x")? - 1.0).abs() < 0.7);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    space: Space,
    config: StudyConfig,
    seed: u64,
    label: String,
    trials: Vec<FinishedTrial>,
}

/// What the generators of a trial are for.
#[derive(Clone, Copy)]
enum Stream {
    Suggestion = 0,
    Objective = 1,
}

impl Study {
    /// A study without trials; its seed comes from `rng`.
    ///
    /// # Errors
    /// If a setting is out of range, or there are more parameters than a Sobol sequence has
    /// dimensions.
    pub fn new<R: Rng + ?Sized>(
        space: Space,
        config: StudyConfig,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let study = Self {
            space,
            config,
            seed: rng.random(),
            label: String::new(),
            trials: Vec::new(),
        };
        study.check_settings()?;
        Ok(study)
    }

    fn check_settings(&self) -> Result<(), Error> {
        self.space.check()?;
        self.config.check()?;
        if self.config.sampler != Sampler::Random {
            self.sobol()?;
        }
        Ok(())
    }

    /// Says what the objective is about. It is saved with the study, which itself knows nothing of the
    /// data: whoever goes on with a study can compare.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What the objective is about, if it was [said](Self::labelled).
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What is searched.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &StudyConfig {
        &self.config
    }

    /// The trials that have ended, failed ones too, in their order.
    #[must_use]
    pub fn trials(&self) -> &[FinishedTrial] {
        &self.trials
    }

    /// The trials that failed.
    pub fn failed(&self) -> impl Iterator<Item = &FinishedTrial> {
        self.trials.iter().filter(|t| t.value().is_none())
    }

    /// How many trials there will be, if not too many fail to fill the rungs of successive halving.
    #[must_use]
    pub fn planned(&self) -> usize {
        let rungs = self.rungs();
        rungs.iter().map(|(count, _)| count).sum()
    }

    /// Whether every trial has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.next_batch().is_ok_and(|batch| batch.is_empty())
    }

    /// The trial of the least value, of those with the largest budget; the first of several.
    #[must_use]
    pub fn best(&self) -> Option<&FinishedTrial> {
        self.ranked().first().copied()
    }

    /// The trials that succeeded, the best first; those of later rungs before those of earlier ones.
    #[must_use]
    pub fn ranked(&self) -> Vec<&FinishedTrial> {
        let mut ranked: Vec<(f64, &FinishedTrial)> = self
            .trials
            .iter()
            .filter_map(|t| Some((t.value()?, t)))
            .collect();
        ranked.sort_by(|(va, a), (vb, b)| {
            (b.trial.rung.cmp(&a.trial.rung))
                .then(va.total_cmp(vb))
                .then(a.trial.number.cmp(&b.trial.number))
        });
        ranked.into_iter().map(|(_, trial)| trial).collect()
    }

    pub(crate) fn all_failed(&self) -> Error {
        let first = self.failed().next().map(|t| t.outcome());
        Error::AllTrialsFailed {
            trials: self.trials.len(),
            first: match first {
                Some(Outcome::Failed { reason }) => reason.clone(),
                _ => "there was none".to_owned(),
            },
        }
    }

    /// Raises the number of trials of a study that is to go on. What was tried stays, and what
    /// follows is what a study of this size had tried.
    ///
    /// # Errors
    /// If that is fewer than before, or the study has successive halving, whose later rungs depend on
    /// the size of the first.
    pub fn set_trials(&mut self, trials: usize) -> Result<(), Error> {
        let range = if self.config.halving.is_some() {
            "must stay as it is, with successive halving"
        } else {
            "must not be fewer than before"
        };
        if trials < self.config.trials
            || (self.config.halving.is_some() && trials != self.config.trials)
        {
            return Err(neuropil_math::Error::OutOfRange {
                what: "trials",
                value: trials as f64,
                range,
            }
            .into());
        }
        self.config.trials = trials;
        Ok(())
    }

    /// Evaluates every trial that has not ended.
    ///
    /// The objective gets the trial and a generator, which is the same for every trial that goes on
    /// from one [origin](Trial::origin). A trial that ends in an error, or in a value that is not
    /// finite, is recorded as [failed](Outcome::Failed), and the study goes on.
    ///
    /// # Errors
    /// None once the study is made.
    pub fn run<E: Into<Evaluation>>(
        &mut self,
        objective: impl Fn(&Trial, &mut Xoshiro256PlusPlus) -> Result<E, Error> + Sync,
    ) -> Result<(), Error> {
        self.run_observed(objective, |_| Ok(ControlFlow::Continue(())))
    }

    /// Evaluates, and calls `observer` after every batch: to show progress, to
    /// [save](Self::save), or to stop.
    ///
    /// ```
    /// use core::ops::ControlFlow;
    /// use neuropil_reservoir::tune::{Domain, Space, Study, StudyConfig};
    /// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
    ///
    /// let space = Space::new([("x", Domain::Uniform { low: 0.0, high: 1.0 })])?;
    /// let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
    /// let mut study = Study::new(space, StudyConfig::default(), rng)?;
    /// study.run_observed(
    ///     |trial, _| trial.real("x"),
    ///     |study| {
    ///         println!("{} of {}", study.trials().len(), study.planned());
    ///         Ok(match study.best().and_then(|best| best.value()) {
    ///             Some(value) if value < 0.1 => ControlFlow::Break(()),
    ///             _ => ControlFlow::Continue(()),
    ///         })
    ///     },
    /// )?;
    /// assert!(study.trials().len() < 64);
    /// # Ok::<(), neuropil_reservoir::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the observer returns; the trials that have ended by then are kept.
    pub fn run_observed<E: Into<Evaluation>>(
        &mut self,
        objective: impl Fn(&Trial, &mut Xoshiro256PlusPlus) -> Result<E, Error> + Sync,
        mut observer: impl FnMut(&Self) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        loop {
            let batch = self.next_batch()?;
            if batch.is_empty() {
                return Ok(());
            }
            let study = &*self;
            let outcomes = evaluate(&batch, |trial| {
                Outcome::of(objective(trial, &mut study.generator_of(trial)))
            });
            self.trials.extend(
                batch
                    .into_iter()
                    .zip(outcomes)
                    .map(|(trial, outcome)| FinishedTrial { trial, outcome }),
            );
            if observer(self)?.is_break() {
                return Ok(());
            }
        }
    }

    /// The generator that the objective gets, or got, for this trial: what a model was drawn from can
    /// be drawn again.
    #[must_use]
    pub fn generator_of(&self, trial: &Trial) -> Xoshiro256PlusPlus {
        self.stream(trial.origin, Stream::Objective)
    }

    fn stream(&self, number: usize, stream: Stream) -> Xoshiro256PlusPlus {
        // Steps of the golden ratio, then the finaliser of SplitMix64: neighbouring numbers of
        // neighbouring seeds have nothing in common.
        let step = (2 * number as u64 + stream as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed.wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Xoshiro256PlusPlus::seed_from_u64(z ^ (z >> 31))
    }

    fn sobol(&self) -> Result<Sobol, Error> {
        Sobol::new(
            self.space.len(),
            &mut Xoshiro256PlusPlus::seed_from_u64(self.seed),
        )
    }

    /// Trials and budget of every rung, as planned.
    fn rungs(&self) -> Vec<(usize, Option<usize>)> {
        match &self.config.halving {
            None => vec![(self.config.trials, None)],
            Some(halving) => halving
                .rungs(self.config.trials)
                .into_iter()
                .map(|(count, budget)| (count, Some(budget)))
                .collect(),
        }
    }

    /// The trials up to the end of the current batch; none if the study is finished.
    fn next_batch(&self) -> Result<Vec<Trial>, Error> {
        let done = self.trials.len();
        let mut start = 0;
        let mut last: &[FinishedTrial] = &[];
        for (rung, (count, budget)) in self.rungs().into_iter().enumerate() {
            // What goes on is known when the rung before is complete.
            let going_on = (rung > 0).then(|| promoted(last, count));
            let count = going_on.as_ref().map_or(count, Vec::len);
            if done < start + count {
                let first = (done - start) / self.config.batch * self.config.batch;
                let end = (first + self.config.batch).min(count);
                let sobol = match self.config.sampler {
                    Sampler::Random => None,
                    _ => Some(self.sobol()?),
                };
                let trial = |place: usize| {
                    let number = start + place;
                    let (origin, parameters) = match &going_on {
                        Some(from) => (from[place].origin, from[place].parameters.clone()),
                        None => {
                            let cube = self.suggest(number, first, sobol.as_ref());
                            (number, self.space.at(&cube))
                        }
                    };
                    Trial {
                        number,
                        parameters,
                        rung,
                        budget,
                        origin,
                    }
                };
                return Ok((done - start..end).map(trial).collect());
            }
            last = &self.trials[start..start + count];
            start += count;
        }
        Ok(Vec::new())
    }

    /// The point of a trial, from the results of those before its batch, which starts at `known`.
    fn suggest(&self, number: usize, known: usize, sobol: Option<&Sobol>) -> Vec<f64> {
        let mut rng = self.stream(number, Stream::Suggestion);
        match (&self.config.sampler, sobol) {
            (Sampler::Tpe(tpe), _) if known >= tpe.startup => {
                let mut points: Vec<(f64, Vec<f64>)> = self.trials[..known]
                    .iter()
                    .filter_map(|t| {
                        let value = t.value().unwrap_or(f64::INFINITY);
                        Some((value, self.space.position(&t.trial.parameters)?))
                    })
                    .collect();
                // Stable: of equal values the first are the good ones.
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                let succeeded = points.iter().filter(|(v, _)| v.is_finite()).count();
                let good = tpe.good_of(points.len()).min(succeeded);
                let points: Vec<Vec<f64>> = points.into_iter().map(|(_, p)| p).collect();
                let (good, others) = points.split_at(good);
                parzen::suggest(&self.space, tpe.candidates, good, others, &mut rng)
            }
            (_, Some(sobol)) => sobol.point(number as u64),
            _ => (0..self.space.len()).map(|_| rng.random()).collect(),
        }
    }

    /// Writes the study to a JSON file, which is whole or not there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(save_model(path, KIND, self)?)
    }

    /// Reads a study that [`save`](Self::save) wrote; it goes on as if it had not been interrupted.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, or holds trials that are not of its own
    /// search space.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let study: Self = load_model(path, KIND)?;
        study.check_settings()?;
        let malformed = |problem: String| {
            Error::Math(neuropil_math::Error::Malformed {
                path: path.to_path_buf(),
                problem,
            })
        };
        for (number, FinishedTrial { trial, .. }) in study.trials.iter().enumerate() {
            if trial.number != number {
                return Err(malformed(format!(
                    "trial {number} has the number {}",
                    trial.number
                )));
            }
            if study.space.position(&trial.parameters).is_none() {
                return Err(malformed(format!(
                    "the parameters of trial {number} are not in the search space"
                )));
            }
        }
        study.check_rungs().map_err(malformed)?;
        Ok(study)
    }

    /// Whether every trial is in the rung, with the budget and from the origin, that the trials before
    /// it say.
    fn check_rungs(&self) -> Result<(), String> {
        let (mut before, mut start) = (0, 0);
        for (rung, (count, budget)) in self.rungs().into_iter().enumerate() {
            let going_on = (rung > 0).then(|| promoted(&self.trials[before..start], count));
            let count = going_on.as_ref().map_or(count, Vec::len);
            let end = (start + count).min(self.trials.len());
            for (place, FinishedTrial { trial, .. }) in self.trials[start..end].iter().enumerate() {
                let origin = going_on.as_ref().map_or(start + place, |g| g[place].origin);
                if (trial.rung, trial.budget, trial.origin) != (rung, budget, origin) {
                    return Err(format!(
                        "trial {} is not what successive halving makes of those before it",
                        trial.number
                    ));
                }
            }
            (before, start) = (start, end);
        }
        if start < self.trials.len() {
            return Err(format!(
                "{} trials, and no more than {start} are planned",
                self.trials.len()
            ));
        }
        Ok(())
    }
}

/// The best trials of a rung, up to `count`.
fn promoted(rung: &[FinishedTrial], count: usize) -> Vec<&Trial> {
    let mut ranked: Vec<(f64, &Trial)> = rung
        .iter()
        .filter_map(|t| Some((t.value()?, &t.trial)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.into_iter().take(count).map(|(_, t)| t).collect()
}

/// The outcomes in the order of the trials, on all threads of the pool.
#[cfg(feature = "rayon")]
fn evaluate(batch: &[Trial], one: impl Fn(&Trial) -> Outcome + Sync) -> Vec<Outcome> {
    use rayon::prelude::*;
    // One at a time: trials differ in cost.
    let outcomes = batch.par_iter().with_max_len(1).map(&one);
    outcomes.collect()
}

#[cfg(not(feature = "rayon"))]
fn evaluate(batch: &[Trial], one: impl Fn(&Trial) -> Outcome + Sync) -> Vec<Outcome> {
    batch.iter().map(one).collect()
}
