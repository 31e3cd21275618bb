use std::path::Path;

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::ngrc::features::check_samples;
use crate::ngrc::model::Fitted;
use crate::ngrc::scaling::Scaling;
use crate::{Error, LambdaChoice, Ngrc, NgrcConfig, NgrcState, RidgeMethod, Target, Task};
use neuropil_math::save::{load_model, save_model};

const MODEL: &str = "ngrc";
const STATE: &str = "ngrc-state";

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ModelFile<T> {
    precision: String,
    config: NgrcConfig,
    task: Task,
    channels: usize,
    outputs: usize,
    samples: usize,
    method: RidgeMethod,
    choice: LambdaChoice,
    scaling: Option<ScalingFile<T>>,
    /// Outputs × features, feature by feature.
    weights: Vec<T>,
    intercept: Vec<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ScalingFile<T> {
    mean: Vec<T>,
    scale: Vec<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct StateFile<T> {
    precision: String,
    channels: usize,
    /// Sample after sample, oldest first.
    samples: Vec<T>,
}

impl<T: Real> Ngrc<T> {
    /// Writes settings and weights to a JSON file, from which [`load`](Self::load) reads the same
    /// bits.
    ///
    /// # Errors
    /// If the model is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let file = ModelFile {
            precision: precision::<T>().to_owned(),
            config: self.config().clone(),
            task: fitted.task,
            channels: fitted.map.channels(),
            outputs: fitted.intercept.len(),
            samples: fitted.samples,
            method: fitted.method,
            choice: fitted.choice.clone(),
            scaling: fitted.scaling.as_ref().map(|s| ScalingFile {
                mean: s.mean.clone(),
                scale: s.scale.clone(),
            }),
            weights: fitted.weights.as_slice().to_vec(),
            intercept: fitted.intercept.as_slice().to_vec(),
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
        let map = file.config.features(file.channels)?;
        let scaled = usize::from(file.config.standardise) * file.channels;
        let (means, scales) = file
            .scaling
            .as_ref()
            .map_or((0, 0), |s| (s.mean.len(), s.scale.len()));
        let outputs = file.outputs;
        for (what, expected, found) in [
            ("intercepts", outputs, file.intercept.len()),
            (
                "weights",
                outputs.saturating_mul(map.len()),
                file.weights.len(),
            ),
            ("means", scaled, means),
            ("scales", scaled, scales),
        ] {
            if expected != found {
                return Err(malformed(
                    path,
                    format!("{what}: expected {expected}, found {found}"),
                ));
            }
        }
        if outputs == 0 || (file.task == Task::Forecast && outputs != file.channels) {
            return Err(malformed(
                path,
                format!("{outputs} outputs of {} channels", file.channels),
            ));
        }
        let scaling = file.scaling.map(|s| Scaling {
            mean: s.mean,
            scale: s.scale,
        });
        for (what, values) in [("weights", &file.weights), ("intercept", &file.intercept)]
            .into_iter()
            .chain(
                scaling
                    .iter()
                    .flat_map(|s| [("mean", &s.mean), ("scale", &s.scale)]),
            )
        {
            if let Some(index) = values.iter().position(|v| !v.is_finite()) {
                return Err(malformed(path, format!("{what} {index} is not finite")));
            }
        }
        let fitted = Fitted {
            increment: file.task == Task::Forecast && file.config.target == Target::Increment,
            weights: DMatrix::from_vec(outputs, map.len(), file.weights),
            intercept: DVector::from_vec(file.intercept),
            task: file.task,
            method: file.method,
            choice: file.choice,
            samples: file.samples,
            scaling,
            map,
        };
        Ok(Self::from_parts(file.config, fitted))
    }

    /// Reads the state of a stream of this model that [`NgrcState::save`] wrote.
    ///
    /// # Errors
    /// If the model is not fitted, the file cannot be read, is corrupt or truncated, or the state is
    /// of another precision, other channels or more samples than this model remembers.
    pub fn load_state(&self, path: impl AsRef<Path>) -> Result<NgrcState<T>, Error> {
        let path = path.as_ref();
        let mut state = self.state()?;
        let file: StateFile<T> = load_model(path, STATE)?;
        check_precision::<T>(path, &file.precision)?;
        if file.channels != state.channels {
            return Err(Error::Shape {
                what: "channels of the saved state",
                expected: state.channels,
                found: file.channels,
            });
        }
        check_samples("saved state", &file.samples, state.channels)?;
        let (most, found) = (state.capacity() * state.channels, file.samples.len());
        if !found.is_multiple_of(state.channels) || found > most {
            return Err(malformed(
                path,
                format!(
                    "{found} values, not whole samples of {} channels, at most {most}",
                    state.channels
                ),
            ));
        }
        for sample in file.samples.chunks_exact(state.channels) {
            state.push(sample);
        }
        Ok(state)
    }
}

impl<T: Real> NgrcState<T> {
    /// Writes what is remembered to a JSON file, from which [`Ngrc::load_state`] goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = StateFile {
            precision: precision::<T>().to_owned(),
            channels: self.channels,
            samples: self.history().as_slice().to_vec(),
        };
        Ok(save_model(path.as_ref(), STATE, &file)?)
    }
}

fn precision<T>() -> &'static str {
    if size_of::<T>() == 4 { "f32" } else { "f64" }
}

fn check_precision<T>(path: &Path, found: &str) -> Result<(), Error> {
    let expected = precision::<T>();
    if found == expected {
        Ok(())
    } else {
        Err(malformed(
            path,
            format!("precision {found:?}, expected {expected:?}"),
        ))
    }
}

fn malformed(path: &Path, problem: String) -> Error {
    neuropil_math::Error::Malformed {
        path: path.to_path_buf(),
        problem,
    }
    .into()
}
