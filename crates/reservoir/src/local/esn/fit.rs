//! How a model learns: every network infers the next values of its patches from their windows.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::RidgePath;

use crate::local::esn::config::Sharing;
use crate::local::esn::model::{Fitted, LocalEsn};
use crate::local::grid::Tiling;
use crate::local::scaling::FieldScaling;
use crate::reservoir::series::check_series;
use crate::selection::{ClosedLoopScore, deviations};
use crate::{
    ClosedLoopChoice, Criterion, Error, Esn, Lambda, LambdaChoice, LambdaScore, Target, Task,
};

/// The windows of a patch, and its next values or increments.
type Pair<T> = (DMatrix<T>, DMatrix<T>);

impl<T: Real> LocalEsn<T> {
    /// Learns to forecast one series of a field, points × time.
    ///
    /// λ is chosen for every network by itself, but with [`Lambda::ClosedLoop`] one for all, by forecasts
    /// of the end of the series. After an error the model is what it was before.
    ///
    /// # Errors
    /// If the series has no sample and next one after the washout (before the validation part, if there
    /// is one), the model is not one of a field of this size, a value is not finite, or the regression
    /// fails.
    pub fn fit(&mut self, series: &DMatrix<T>) -> Result<(), Error> {
        self.fit_many(&[series])
    }

    /// Learns to forecast several series; the reservoirs start at 0 before each. With
    /// [`Lambda::ClosedLoop`] the end of the last one is the validation part.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if there is no series.
    pub fn fit_many(&mut self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        self.check_training(series)?;
        let mut next = self.clone();
        if let Lambda::ClosedLoop(settings) = &self.config.model.lambda {
            let (last, before) = series
                .split_last()
                .ok_or(neuropil_math::Error::Empty { what: "series" })?;
            let cut = settings.split(last.ncols())?;
            let head = last.columns(0, cut).into_owned();
            let mut training = before.to_vec();
            training.push(&head);
            self.check_training(&training)?;
            let choice = next.choose_by_forecasts(settings, &training, last, cut)?;
            if settings.refit {
                for network in &mut next.networks {
                    network.set_lambda(Lambda::Fixed(choice.lambda))?;
                }
                next.solve(series)?;
            }
            let fitted = next.fitted.as_mut().ok_or(Error::NotFitted)?;
            fitted.choices.fill(choice);
        } else {
            next.solve(series)?;
        }
        *self = next;
        Ok(())
    }

    fn check_training(&self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        if series.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "series" }.into());
        }
        let needed = self.config.model.washout.saturating_add(2);
        for one in series {
            self.blank_state(one.nrows())?;
            check_series("training series", one, one.nrows(), needed)?;
        }
        Ok(())
    }

    fn scaling(&self, series: &[&DMatrix<T>]) -> FieldScaling<T> {
        if self.config.model.standardise {
            FieldScaling::of(series)
        } else {
            FieldScaling::none()
        }
    }

    /// Fits every network by itself.
    fn solve(&mut self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        let scaling = self.scaling(series);
        let mut networks = core::mem::take(&mut self.networks);
        let shared = &*self;
        for_each(&mut networks, &|index, network| {
            let pairs = shared.pairs(&scaling, series, index)?;
            network.fit_inference_many(&views(&pairs))
        })?;
        self.networks = networks;
        self.fitted = Some(Fitted {
            scaling,
            choices: self
                .networks
                .iter()
                .map(|network| network.lambda().cloned())
                .collect::<Result<_, Error>>()?,
            samples: self.networks[0].samples()?,
        });
        Ok(())
    }

    /// What the network of this number learns from.
    fn pairs(
        &self,
        scaling: &FieldScaling<T>,
        series: &[&DMatrix<T>],
        network: usize,
    ) -> Result<Vec<Pair<T>>, Error> {
        let config = &self.config;
        let mut pairs = Vec::new();
        for one in series {
            let tiling = config.grid.tile(one.nrows(), config.patch, config.halo)?;
            match config.sharing {
                Sharing::PerPatch => pairs.push(self.pair(scaling, &tiling, one, network)),
                Sharing::Shared => {
                    let patches = 0..tiling.patches();
                    pairs.extend(patches.map(|patch| self.pair(scaling, &tiling, one, patch)));
                }
            }
        }
        Ok(pairs)
    }

    fn pair(
        &self,
        scaling: &FieldScaling<T>,
        tiling: &Tiling,
        series: &DMatrix<T>,
        patch: usize,
    ) -> Pair<T> {
        let times = series.ncols() - 1;
        let increment = self.config.model.target == Target::Increment;
        let (window, core) = (tiling.window(patch), tiling.core(patch));
        let windows = DMatrix::from_fn(window.len(), times, |i, t| {
            (series[(window[i], t)] - scaling.mean) * scaling.scale
        });
        let targets = DMatrix::from_fn(core.len(), times, |i, t| {
            let next = series[(core[i], t + 1)];
            if increment {
                next - series[(core[i], t)]
            } else {
                next
            }
        });
        (windows, targets)
    }

    /// Fits with the λ whose forecasts of `series` from `cut` on are the best.
    fn choose_by_forecasts(
        &mut self,
        settings: &ClosedLoopChoice,
        training: &[&DMatrix<T>],
        series: &DMatrix<T>,
        cut: usize,
    ) -> Result<LambdaChoice, Error> {
        let points = series.nrows();
        let starts = settings.starts(cut, series.ncols())?;
        let scaling = self.scaling(training);
        let deviations = deviations([&series.columns(0, cut).into_owned()])?;
        let mut paths: Vec<Option<RidgePath<T>>> = vec![None; self.networks.len()];
        for_each(&mut paths, &|index, path| {
            let pairs = self.pairs(&scaling, training, index)?;
            *path = Some(self.networks[index].inference_path(&views(&pairs))?);
            Ok(())
        })?;
        // The state before each forecast, once for all candidates.
        let mut before = Vec::with_capacity(starts.len());
        let mut state = self.blank_state(points)?;
        let mut seen = 0;
        for &start in &starts {
            let between = &series.as_slice()[seen * points..start * points];
            for sample in between.chunks_exact(points) {
                self.absorb(&scaling, &mut state, sample)?;
            }
            seen = start;
            before.push(state.clone());
        }
        let mut scores = Vec::with_capacity(settings.lambdas.len());
        // Share of invalid steps, error, and λ with the sign that makes the larger one the less.
        let mut best: Option<([f64; 3], Vec<Esn<T>>)> = None;
        for &lambda in &settings.lambdas {
            let mut candidate = LambdaScore {
                lambda,
                score: None,
                valid_steps: None,
            };
            match self.take_readouts(&paths, lambda) {
                Ok(()) => {
                    let score: ClosedLoopScore =
                        settings.score(series, &starts, &deviations, |window, _, out| {
                            state.clone_from(&before[window]);
                            self.run_freely(&scaling, &mut state, out)
                        })?;
                    candidate.score = Some(score.invalid());
                    candidate.valid_steps = Some(score.median_valid_steps());
                    let rank = [score.invalid(), score.mean_error(), -lambda];
                    if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                        best = Some((rank, self.networks.clone()));
                    }
                }
                // Weights beyond the numbers: no candidate.
                Err(Error::Math(neuropil_math::Error::NonFinite { .. })) => {}
                Err(error) => return Err(error),
            }
            scores.push(candidate);
        }
        let Some(([_, _, negative], networks)) = best else {
            return Err(neuropil_math::Error::OutOfRange {
                what: "the criterion of every penalty",
                value: f64::INFINITY,
                range: "must be finite for one at least",
            }
            .into());
        };
        self.networks = networks;
        let choice = LambdaChoice {
            lambda: -negative,
            criterion: Criterion::ClosedLoop,
            scores,
        };
        let washout = self.config.model.washout;
        let core = self.config.grid.window(self.config.patch, 0)?;
        let pairs = training.iter().map(|one| {
            let patches = match self.config.sharing {
                Sharing::PerPatch => 1,
                Sharing::Shared => one.nrows() / core,
            };
            (one.ncols() - 1 - washout) * patches
        });
        self.fitted = Some(Fitted {
            scaling,
            choices: vec![choice.clone(); self.networks.len()],
            samples: pairs.sum(),
        });
        Ok(choice)
    }

    fn take_readouts(&mut self, paths: &[Option<RidgePath<T>>], lambda: f64) -> Result<(), Error> {
        for (network, path) in self.networks.iter_mut().zip(paths) {
            let path = path.as_ref().ok_or(Error::NotFitted)?;
            let (weights, intercept) = path.solve(lambda)?.into_parts();
            network.set_readout(Task::Inference, weights, intercept)?;
        }
        Ok(())
    }
}

fn views<T: Real>(pairs: &[Pair<T>]) -> Vec<(&DMatrix<T>, &DMatrix<T>)> {
    pairs.iter().map(|(x, y)| (x, y)).collect()
}

/// Does the work for each item, on all threads under the feature `rayon`.
fn for_each<I: Send>(
    items: &mut [I],
    work: &(impl Fn(usize, &mut I) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items
            .par_iter_mut()
            .enumerate()
            .try_for_each(|(index, item)| work(index, item))
    }
    #[cfg(not(feature = "rayon"))]
    items
        .iter_mut()
        .enumerate()
        .try_for_each(|(index, item)| work(index, item))
}
