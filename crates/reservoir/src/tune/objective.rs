//! What the objectives of all models share: the parts of the series, and the errors in them.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::RidgePath;

use crate::Error;
use crate::reservoir::series::check_series;
use crate::selection::deviations;
use crate::tune::validation::{Budget, Candidate, Curve, TuneConfig, error_of};
use crate::tune::{Evaluation, FinishedTrial, Fold, Study, Trial, Tuned};

/// The name under which the chosen penalty is recorded.
const PENALTY: &str = "penalty";

/// A series with its folds.
#[derive(Debug, Clone)]
pub(super) struct Parts<'a, T: Real> {
    pub(super) series: &'a DMatrix<T>,
    pub(super) config: TuneConfig,
    folds: Vec<Fold>,
}

impl<'a, T: Real> Parts<'a, T> {
    pub(super) fn new(series: &'a DMatrix<T>, config: &TuneConfig) -> Result<Self, Error> {
        config.check()?;
        if series.nrows() == 0 {
            return Err(neuropil_math::Error::Empty { what: "channels" }.into());
        }
        check_series("series", series, series.nrows(), 1)?;
        let folds = config.split.folds(series.ncols())?;
        let test = config.split.test(series.ncols());
        let parts = folds.iter().map(|fold| &fold.validation);
        for part in parts.chain((!test.is_empty()).then_some(&test)) {
            config.judged_by.origins(part)?;
        }
        Ok(Self {
            series,
            config: config.clone(),
            folds,
        })
    }

    fn training(&self, fold: &Fold) -> DMatrix<T> {
        let columns = self
            .series
            .columns(fold.training.start, fold.training.len());
        columns.into_owned()
    }

    /// The error over all folds and `seeds` with the best of the penalties. `prepare` makes, for a seed
    /// and a training part, a model whose readout is to be replaced, and the readouts.
    pub(super) fn evaluate<C: Candidate<T>>(
        &self,
        trial: &Trial,
        seeds: usize,
        mut prepare: impl FnMut(usize, &DMatrix<T>) -> Result<(C, RidgePath<T>), Error>,
    ) -> Result<Evaluation, Error> {
        let penalties = if trial.get(PENALTY).is_some() {
            vec![trial.real(PENALTY)?]
        } else {
            self.config.penalties.clone()
        };
        let mut curve = Curve::new(penalties.len());
        for fold in &self.folds {
            let mut fold = fold.clone();
            if let (Budget::TrainingLength, Some(budget)) = (self.config.budget, trial.budget()) {
                let start = fold.training.end.saturating_sub(budget);
                fold.training.start = fold.training.start.max(start);
            }
            let training = self.training(&fold);
            let deviations = deviations([&training])?;
            for seed in 0..seeds {
                let (mut candidate, path) = prepare(seed, &training)?;
                let judged_by = self.config.judged_by;
                curve.add(
                    &mut candidate,
                    &path,
                    &penalties,
                    (self.series, &fold),
                    &deviations,
                    judged_by,
                )?;
            }
        }
        let (penalty, error) = curve.best(&penalties)?;
        Ok(Evaluation {
            value: error,
            attributes: vec![(PENALTY.to_owned(), penalty)],
        })
    }

    /// A model of everything before the test part, or of as many samples as before where the split says
    /// how many, and its error in the test part. `fit` gets the samples and the penalty.
    pub(super) fn fit<C: Candidate<T>>(
        &self,
        finished: &FinishedTrial,
        fit: impl FnOnce(&DMatrix<T>, f64) -> Result<C, Error>,
    ) -> Result<(C, Option<f64>), Error> {
        let penalty = finished.attribute(PENALTY).ok_or(Error::NotFitted)?;
        let test = self.config.split.test(self.series.ncols());
        let window = self.config.split.window().unwrap_or(test.start);
        let fold = Fold {
            training: test.start.saturating_sub(window)..test.start,
            validation: test,
        };
        let training = self.training(&fold);
        let model = fit(&training, penalty)?;
        if fold.validation.is_empty() {
            return Ok((model, None));
        }
        let deviations = deviations([&training])?;
        let judged_by = self.config.judged_by;
        let error = error_of(&model, self.series, &fold, &deviations, judged_by)?;
        Ok((model, Some(error)))
    }
}

/// The model of the best trial of a study.
pub(super) fn finish<M>(
    study: Study,
    fit: impl FnOnce(&Study, &FinishedTrial) -> Result<(M, Option<f64>), Error>,
) -> Result<Tuned<M>, Error> {
    let best = study.best().ok_or_else(|| study.all_failed())?;
    let (model, test_error) = fit(&study, best)?;
    Ok(Tuned {
        model,
        validation_error: best.value().unwrap_or(f64::NAN),
        penalty: best.attribute(PENALTY).unwrap_or(f64::NAN),
        test_error,
        study,
    })
}
