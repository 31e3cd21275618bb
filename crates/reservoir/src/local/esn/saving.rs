use std::path::Path;

use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use serde::{Deserialize, Serialize};

use crate::esn::saving::{ModelFile, StateFile};
use crate::local::esn::config::{LocalEsnConfig, Sharing};
use crate::local::esn::model::{Fitted, LocalEsn, inner};
use crate::local::esn::state::LocalEsnState;
use crate::local::saving::{check_precision, malformed, precision};
use crate::local::scaling::FieldScaling;
use crate::reservoir::series::check_samples;
use crate::{Error, Esn, LambdaChoice, Task};

const MODEL: &str = "local-esn";
const STATE: &str = "local-esn-state";

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct LocalFile<T: Real> {
    precision: String,
    config: LocalEsnConfig,
    points: usize,
    samples: usize,
    choices: Vec<LambdaChoice>,
    mean: T,
    scale: T,
    networks: Vec<ModelFile<T>>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct LocalStateFile<T: Real> {
    precision: String,
    seen: usize,
    field: Vec<T>,
    patches: Vec<StateFile<T>>,
}

impl<T: Real> LocalEsn<T> {
    /// Writes settings, reservoirs and readouts to a JSON file, from which [`load`](Self::load) reads the
    /// same bits.
    ///
    /// # Errors
    /// If the model is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let file = LocalFile {
            precision: precision::<T>().to_owned(),
            config: self.config.clone(),
            points: self.points,
            samples: fitted.samples,
            choices: fitted.choices.clone(),
            mean: fitted.scaling.mean,
            scale: fitted.scaling.scale,
            networks: self
                .networks
                .iter()
                .map(Esn::to_file)
                .collect::<Result<_, Error>>()?,
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
        let file: LocalFile<T> = load_model(path, MODEL)?;
        check_precision::<T>(path, &file.precision)?;
        let config = file.config;
        config.check(file.points)?;
        let tiling = config.grid.tile(file.points, config.patch, config.halo)?;
        let expected = match config.sharing {
            Sharing::Shared => 1,
            Sharing::PerPatch => tiling.patches(),
        };
        for (what, found) in [
            ("networks", file.networks.len()),
            ("choices", file.choices.len()),
        ] {
            if expected != found {
                let problem = format!("{what}: expected {expected}, found {found}");
                return Err(malformed(path, problem));
            }
        }
        if !(file.mean.is_finite() && file.scale.is_finite()) {
            return Err(malformed(path, "the scaling is not finite".to_owned()));
        }
        let settings = inner(&config);
        let networks = file
            .networks
            .into_iter()
            .map(|network| {
                let network = Esn::of_file(path, network)?;
                let fitted = network.fitted()?;
                let fits = network.reservoir().inputs() == tiling.window_len()
                    && network.reservoir().feedbacks() == 0
                    && network.config().features == settings.features
                    && fitted.readout.outputs() == tiling.core_len()
                    && fitted.task == Task::Inference
                    && fitted.scaling.is_none();
                if fits {
                    Ok(network)
                } else {
                    let problem = "a network that is not one of its patches".to_owned();
                    Err(malformed(path, problem))
                }
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            config,
            points: file.points,
            networks,
            fitted: Some(Fitted {
                scaling: FieldScaling {
                    mean: file.mean,
                    scale: file.scale,
                },
                choices: file.choices,
                samples: file.samples,
            }),
        })
    }

    /// Reads the state of a stream of this model that [`LocalEsnState::save`] wrote.
    ///
    /// # Errors
    /// If the model is not fitted, the file cannot be read, is corrupt or truncated, or the state is of
    /// another precision or other sizes than this model's.
    pub fn load_state(&self, path: impl AsRef<Path>) -> Result<LocalEsnState<T>, Error> {
        let path = path.as_ref();
        let scaling = self.fitted()?.scaling;
        let file: LocalStateFile<T> = load_model(path, STATE)?;
        check_precision::<T>(path, &file.precision)?;
        let mut state = self.state(file.field.len())?;
        check_samples("saved state", &file.field, file.field.len())?;
        if state.patches.len() != file.patches.len() {
            let (expected, found) = (state.patches.len(), file.patches.len());
            let problem = format!("patches: expected {expected}, found {found}");
            return Err(malformed(path, problem));
        }
        for (index, (patch, file)) in state.patches.iter_mut().zip(file.patches).enumerate() {
            patch.state = self.network(index).state_of_file(path, file)?;
        }
        scaling.apply(&file.field, &mut state.scaled);
        state.field = file.field;
        state.seen = file.seen;
        Ok(state)
    }
}

impl<T: Real> LocalEsnState<T> {
    /// Writes the state to a JSON file, from which [`LocalEsn::load_state`] goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = LocalStateFile {
            precision: precision::<T>().to_owned(),
            seen: self.seen,
            field: self.field.clone(),
            patches: self
                .patches
                .iter()
                .map(|patch| patch.state.to_file())
                .collect(),
        };
        Ok(save_model(path.as_ref(), STATE, &file)?)
    }
}
