use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use serde::{Deserialize, Serialize};

use crate::local::ngrc::config::LocalNgrcConfig;
use crate::local::ngrc::model::{Fitted, LocalNgrc};
use crate::local::ngrc::state::LocalNgrcState;
use crate::local::saving::{check_precision, malformed, precision};
use crate::local::scaling::FieldScaling;
use crate::reservoir::series::check_samples;
use crate::{Error, LambdaChoice, RidgeMethod, Target};

const MODEL: &str = "local-ngrc";
const STATE: &str = "local-ngrc-state";

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ModelFile<T> {
    precision: String,
    config: LocalNgrcConfig,
    samples: usize,
    method: RidgeMethod,
    choice: LambdaChoice,
    mean: T,
    scale: T,
    weights: Vec<T>,
    intercept: T,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct StateFile<T> {
    precision: String,
    points: usize,
    /// Sample after sample, oldest first.
    samples: Vec<T>,
}

impl<T: Real> LocalNgrc<T> {
    /// Writes settings and weights to a JSON file, from which [`load`](Self::load) reads the same bits.
    ///
    /// # Errors
    /// If the model is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let file = ModelFile {
            precision: precision::<T>().to_owned(),
            config: self.config.clone(),
            samples: fitted.samples,
            method: fitted.method,
            choice: fitted.choice.clone(),
            mean: fitted.scaling.mean,
            scale: fitted.scaling.scale,
            weights: fitted.weights.as_slice().to_vec(),
            intercept: fitted.intercept,
        };
        Ok(save_model(path.as_ref(), MODEL, &file)?)
    }

    /// Reads a model that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model or another
    /// precision, or its sizes disagree.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file: ModelFile<T> = load_model(path, MODEL)?;
        check_precision::<T>(path, &file.precision)?;
        file.config.check()?;
        let map = file.config.features()?;
        if file.weights.len() != map.len() {
            return Err(malformed(
                path,
                format!(
                    "weights: expected {}, found {}",
                    map.len(),
                    file.weights.len()
                ),
            ));
        }
        let scalars = [file.mean, file.scale, file.intercept];
        if scalars.iter().chain(&file.weights).any(|v| !v.is_finite()) {
            return Err(malformed(path, "a value is not finite".to_owned()));
        }
        let fitted = Fitted {
            increment: file.config.model.target == Target::Increment,
            scaling: FieldScaling {
                mean: file.mean,
                scale: file.scale,
            },
            weights: DMatrix::from_vec(1, map.len(), file.weights),
            intercept: file.intercept,
            method: file.method,
            choice: file.choice,
            samples: file.samples,
            map,
        };
        Ok(Self {
            config: file.config,
            fitted: Some(fitted),
        })
    }

    /// Reads the state of a stream of this model that [`LocalNgrcState::save`] wrote.
    ///
    /// # Errors
    /// If the model is not fitted, the file cannot be read, is corrupt or truncated, or the state is of
    /// another precision, of a field that is too small, or of more samples than this model remembers.
    pub fn load_state(&self, path: impl AsRef<Path>) -> Result<LocalNgrcState<T>, Error> {
        let path = path.as_ref();
        let scaling = self.fitted()?.scaling;
        let file: StateFile<T> = load_model(path, STATE)?;
        check_precision::<T>(path, &file.precision)?;
        let mut state = self.state(file.points)?;
        check_samples("saved state", &file.samples, file.points)?;
        let found = file.samples.len();
        let most = state.capacity() * file.points;
        if !found.is_multiple_of(file.points) || found > most {
            return Err(malformed(
                path,
                format!(
                    "{found} values, not whole samples of {} points, at most {most}",
                    file.points
                ),
            ));
        }
        for sample in file.samples.chunks_exact(file.points) {
            state.push(&scaling, sample);
        }
        Ok(state)
    }
}

impl<T: Real> LocalNgrcState<T> {
    /// Writes what is remembered to a JSON file, from which [`LocalNgrc::load_state`] goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = StateFile {
            precision: precision::<T>().to_owned(),
            points: self.points(),
            samples: self.history().as_slice().to_vec(),
        };
        Ok(save_model(path.as_ref(), STATE, &file)?)
    }
}
