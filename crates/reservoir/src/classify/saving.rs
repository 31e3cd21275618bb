use std::path::Path;

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use neuropil_math::statistics::Standardizer;
use serde::{Deserialize, Serialize};

use crate::classify::model::{Classifier, Fitted};
use crate::online::linear::{expect, expect_finite, malformed};
use crate::parts_file::PartsFile;
use crate::{ClassifierConfig, Error, LambdaChoice};

const MODEL: &str = "classifier";

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ClassifierFile<T: Real> {
    config: ClassifierConfig,
    reservoir: PartsFile<T>,
    classes: usize,
    choice: LambdaChoice,
    standardizer: Option<Standardizer>,
    /// Classes × features, feature by feature.
    weights: Vec<T>,
    intercept: Vec<T>,
}

impl<T: Real> Classifier<T> {
    /// Writes settings, reservoir and readout to a JSON file, from which [`load`](Self::load) reads the
    /// same bits.
    ///
    /// # Errors
    /// If the model is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let file = ClassifierFile {
            config: self.config.clone(),
            reservoir: PartsFile::of(&self.reservoir),
            classes: fitted.intercept.len(),
            choice: fitted.choice.clone(),
            standardizer: fitted.standardizer.clone(),
            weights: fitted.weights.as_slice().to_vec(),
            intercept: fitted.intercept.as_slice().to_vec(),
        };
        Ok(save_model(path.as_ref(), MODEL, &file)?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model or another
    /// precision, or its sizes or values make no sense.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file: ClassifierFile<T> = load_model(path, MODEL)?;
        file.config
            .check()
            .map_err(|e| malformed(path, e.to_string()))?;
        let reservoir = file.reservoir.restore(path)?;
        expect(
            path,
            "units",
            file.config.reservoir.units,
            reservoir.units(),
        )?;
        expect(path, "feedback channels", 0, reservoir.feedbacks())?;
        let mut model = Self {
            config: file.config,
            reservoir,
            fitted: None,
        };
        let (classes, features) = (file.classes, model.feature_count()?);
        if classes < 2 {
            return Err(malformed(path, format!("{classes} classes")));
        }
        let count = classes.saturating_mul(features);
        expect(path, "weights", count, file.weights.len())?;
        expect(path, "intercepts", classes, file.intercept.len())?;
        expect_finite(path, "weight", &file.weights)?;
        expect_finite(path, "intercept", &file.intercept)?;
        let scaled = usize::from(model.config.standardise) * model.reservoir.inputs();
        let (means, scales): (&[f64], &[f64]) = file
            .standardizer
            .as_ref()
            .map_or((&[], &[]), |s| (s.mean(), s.scale()));
        expect(path, "means", scaled, means.len())?;
        expect(path, "scales", scaled, scales.len())?;
        expect_finite(path, "mean", means)?;
        expect_finite(path, "scale", scales)?;
        if let Some(index) = scales.iter().position(|&s| s <= 0.0) {
            return Err(malformed(
                path,
                format!("scale {index} is {}", scales[index]),
            ));
        }
        model.fitted = Some(Fitted {
            standardizer: file.standardizer,
            weights: DMatrix::from_vec(classes, features, file.weights),
            intercept: DVector::from_vec(file.intercept),
            choice: file.choice,
        });
        Ok(model)
    }
}
