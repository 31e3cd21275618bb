//! How a model learns: a pair of features and target from every point of every sample.

use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::local::ngrc::model::{Fitted, LocalNgrc};
use crate::local::ngrc::state::LocalNgrcState;
use crate::local::scaling::FieldScaling;
use crate::ngrc::features::FeatureMap;
use crate::regression::{Blocks, Regression, Sink};
use crate::reservoir::series::check_series;
use crate::selection::{choose, deviations};
use crate::{ClosedLoopChoice, Error, Lambda, LambdaChoice, Ridge, Target};

/// Pairs that are formed before they go into the regression.
const BLOCK: usize = 256;

impl<T: Real> LocalNgrc<T> {
    /// Learns to forecast one series of a field, points × time.
    ///
    /// With [`Lambda::ClosedLoop`] the end of the series is the validation part. After an error the model
    /// is what it was before.
    ///
    /// # Errors
    /// If the series has fewer than $(k-1)s+2$ samples (before the validation part, if there is one),
    /// the halo reaches around the field, a value is not finite, or the regression fails.
    pub fn fit(&mut self, series: &DMatrix<T>) -> Result<(), Error> {
        self.fit_many(&[series])
    }

    /// Learns to forecast several series, of fields of any sizes. No taps reach from one into the next.
    /// With [`Lambda::ClosedLoop`] the end of the last one is the validation part.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if there is no series.
    pub fn fit_many(&mut self, series: &[&DMatrix<T>]) -> Result<(), Error> {
        let map = self.config.features()?;
        self.check_training(&map, series)?;
        let Lambda::ClosedLoop(settings) = &self.config.model.lambda else {
            let training = Training::new(self, &map, series)?;
            let lambda = &self.config.model.lambda;
            let (ridge, choice) = if let Lambda::Fixed(lambda) = *lambda {
                let ridge = training.regression.ridge(lambda, &training.blocks())?;
                (ridge, LambdaChoice::fixed(lambda))
            } else {
                let path = training.regression.path(lambda, &training.blocks())?;
                choose(&path, lambda, &mut |_| Err(Error::NotFitted))?
            };
            self.fitted = Some(training.fitted(ridge, choice));
            return Ok(());
        };
        let (last, before) = series
            .split_last()
            .ok_or(neuropil_math::Error::Empty { what: "series" })?;
        let cut = settings.split(last.ncols())?;
        let head = last.columns(0, cut).into_owned();
        let mut early = before.to_vec();
        early.push(&head);
        self.check_training(&map, &early)?;
        let training = Training::new(self, &map, &early)?;
        let fitted = self.choose_by_forecasts(settings, &training, last, cut)?;
        if !settings.refit {
            self.fitted = Some(fitted);
            return Ok(());
        }
        let training = Training::new(self, &map, series)?;
        let blocks = training.blocks();
        let ridge = training.regression.ridge(fitted.choice.lambda, &blocks)?;
        let fitted = training.fitted(ridge, fitted.choice);
        self.fitted = Some(fitted);
        Ok(())
    }

    fn check_training(&self, map: &FeatureMap, series: &[&DMatrix<T>]) -> Result<(), Error> {
        if series.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "series" }.into());
        }
        for one in series {
            self.config.grid.tile(one.nrows(), 1, self.config.halo)?;
            check_series("training series", one, one.nrows(), map.warmup() + 2)?;
        }
        Ok(())
    }

    /// The readout of the λ whose forecasts of a series from `cut` on are the best.
    fn choose_by_forecasts(
        &self,
        settings: &ClosedLoopChoice,
        training: &Training<'_, T>,
        series: &DMatrix<T>,
        cut: usize,
    ) -> Result<Fitted<T>, Error> {
        let points = series.nrows();
        let starts = settings.starts(cut, series.ncols())?;
        let deviations = deviations([&series.columns(0, cut).into_owned()])?;
        let lambda = &self.config.model.lambda;
        let path = training.regression.path(lambda, &training.blocks())?;
        let tiling = self.config.grid.tile(points, 1, self.config.halo)?;
        let mut state = LocalNgrcState::new(&training.map, tiling);
        let (ridge, choice) = choose(&path, lambda, &mut |ridge| {
            let model = training.fitted(ridge.clone(), LambdaChoice::fixed(0.0));
            settings.score(series, &starts, &deviations, |_, start, out| {
                state.reset();
                let first = start - state.capacity();
                for sample in series.as_slice()[first * points..start * points].chunks_exact(points)
                {
                    state.push(&model.scaling, sample);
                }
                model.run_freely(&mut state, out)
            })
        })?;
        Ok(training.fitted(ridge, choice))
    }
}

/// The pairs of some series.
struct Training<'a, T: Real> {
    map: FeatureMap,
    increment: bool,
    scaling: FieldScaling<T>,
    /// Each with the state of a stream that has not begun.
    series: Vec<(&'a DMatrix<T>, LocalNgrcState<T>)>,
    regression: Regression,
}

impl<'a, T: Real> Training<'a, T> {
    fn new(
        model: &LocalNgrc<T>,
        map: &FeatureMap,
        series: &[&'a DMatrix<T>],
    ) -> Result<Self, Error> {
        let config = &model.config;
        let before = map.warmup() + 1;
        Ok(Self {
            map: map.clone(),
            increment: config.model.target == Target::Increment,
            scaling: if config.model.standardise {
                FieldScaling::of(series)
            } else {
                FieldScaling::none()
            },
            regression: Regression {
                features: map.len(),
                outputs: 1,
                samples: series
                    .iter()
                    .map(|one| (one.ncols() - before) * one.nrows())
                    .sum(),
                intercept: config.model.intercept,
                method: config.model.method,
            },
            series: series
                .iter()
                .map(|one| {
                    let tiling = config.grid.tile(one.nrows(), 1, config.halo)?;
                    Ok((*one, LocalNgrcState::new(map, tiling)))
                })
                .collect::<Result<_, Error>>()?,
        })
    }

    fn blocks(&self) -> Box<Blocks<'_, T>> {
        Box::new(|sink| self.for_each_block(sink))
    }

    fn for_each_block(&self, sink: &mut Sink<'_, T>) -> Result<(), Error> {
        let features = self.map.len();
        let mut x = DMatrix::zeros(features, BLOCK);
        let mut y = DMatrix::zeros(1, BLOCK);
        let mut filled = 0;
        for (one, state) in &self.series {
            let mut state = state.clone();
            let points = one.nrows();
            let mut samples = one.as_slice().chunks_exact(points).peekable();
            while let Some(now) = samples.next() {
                let Some(next) = samples.peek() else { break };
                state.push(&self.scaling, now);
                if !state.is_ready() {
                    continue;
                }
                for point in 0..points {
                    state.gather(point);
                    let scratch = &mut state.scratch;
                    let column = &mut x.as_mut_slice()[filled * features..][..features];
                    self.map.evaluate(&scratch.taps, &mut scratch.lower, column);
                    y[filled] = if self.increment {
                        next[point] - now[point]
                    } else {
                        next[point]
                    };
                    filled += 1;
                    if filled == BLOCK {
                        sink(&x, &y)?;
                        filled = 0;
                    }
                }
            }
        }
        if filled > 0 {
            sink(
                &x.columns(0, filled).into_owned(),
                &y.columns(0, filled).into_owned(),
            )?;
        }
        Ok(())
    }

    fn fitted(&self, ridge: Ridge<T>, choice: LambdaChoice) -> Fitted<T> {
        let method = ridge.method();
        let (weights, intercept) = ridge.into_parts();
        Fitted {
            map: self.map.clone(),
            increment: self.increment,
            scaling: self.scaling,
            weights,
            intercept: intercept[0],
            method,
            choice,
            samples: self.regression.samples,
        }
    }
}
