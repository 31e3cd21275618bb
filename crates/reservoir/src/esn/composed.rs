//! Files of networks over compositions.

use std::path::Path;

use nalgebra::{DMatrix, DVector};
use neuropil_math::Real;
use neuropil_math::save::{load_model, save_model};
use serde::{Deserialize, Serialize};

use crate::composition::saving::CompositionFile;
use crate::esn::config::EsnConfig;
use crate::esn::model::{Esn, Fitted};
use crate::esn::readout::Readout;
use crate::esn::scaling::Scaling;
use crate::esn::state::EsnState;
use crate::local::saving::{check_precision, malformed, precision};
use crate::reservoir::series::{check_samples, check_size};
use crate::{Composition, CompositionState, Error, LambdaChoice, RidgeMethod, Task};

const MODEL: &str = "composed-esn";
const STATE: &str = "composed-esn-state";

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ComposedFile<T: Real> {
    precision: String,
    config: EsnConfig,
    noise_seed: u64,
    composition: CompositionFile<T>,
    task: Task,
    method: RidgeMethod,
    /// Nothing if it is infinite, or not known since the readout was fitted elsewhere.
    condition: Option<f64>,
    singular: bool,
    #[serde(default)]
    rounding: f64,
    choice: LambdaChoice,
    samples: usize,
    /// Mean and 1 over the deviation of every input.
    scaling: Option<(Vec<T>, Vec<T>)>,
    /// Outputs × features, feature by feature.
    weights: Vec<T>,
    intercept: Vec<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ComposedStateFile<T: Real> {
    precision: String,
    reservoirs: Vec<Vec<T>>,
    input: Vec<T>,
    scaled: Vec<T>,
    seen: usize,
}

impl<T: Real> Esn<T, Composition<T>> {
    /// Writes settings, reservoirs and readout to a JSON file, from which
    /// [`load_composed`](Self::load_composed) reads the same bits.
    ///
    /// # Errors
    /// If the network is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let file = ComposedFile {
            precision: precision::<T>().to_owned(),
            config: self.config.clone(),
            noise_seed: self.noise_seed,
            composition: CompositionFile::of(&self.reservoir),
            task: fitted.task,
            method: fitted.method,
            condition: Some(fitted.condition).filter(|c| c.is_finite()),
            singular: fitted.condition.is_infinite(),
            rounding: fitted.rounding,
            choice: fitted.choice.clone(),
            samples: fitted.samples,
            scaling: fitted
                .scaling
                .as_ref()
                .map(|scaling| (scaling.mean.clone(), scaling.scale.clone())),
            weights: fitted.readout.weights().as_slice().to_vec(),
            intercept: fitted.readout.intercept().as_slice().to_vec(),
        };
        Ok(save_model(path.as_ref(), MODEL, &file)?)
    }

    /// Reads a network over a composition that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model or another
    /// precision, or its sizes disagree.
    pub fn load_composed(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file: ComposedFile<T> = load_model(path, MODEL)?;
        check_precision::<T>(path, &file.precision)?;
        file.config.check_readout()?;
        let reservoir = file.composition.restore(path)?;
        let mut model = Self {
            config: file.config,
            reservoir,
            noise_seed: file.noise_seed,
            fitted: None,
        };
        let (inputs, outputs) = (model.reservoir.inputs(), file.intercept.len());
        model.check_task(file.task, outputs)?;
        let (means, scales) = file
            .scaling
            .as_ref()
            .map_or((inputs, inputs), |(mean, scale)| (mean.len(), scale.len()));
        for (what, expected, found) in [
            (
                "weights",
                outputs.saturating_mul(model.features()),
                file.weights.len(),
            ),
            ("means", inputs, means),
            ("scales", inputs, scales),
        ] {
            if expected != found {
                let problem = format!("{what}: expected {expected}, found {found}");
                return Err(malformed(path, problem));
            }
        }
        let scaling = file.scaling.map(|(mean, scale)| Scaling { mean, scale });
        let values = [&file.weights, &file.intercept].into_iter();
        for values in values.chain(scaling.iter().flat_map(|s| [&s.mean, &s.scale])) {
            if values.iter().any(|v| !v.is_finite()) {
                return Err(malformed(path, "a value is not finite".to_owned()));
            }
        }
        let weights = DMatrix::from_vec(outputs, model.features(), file.weights);
        let condition = match file.condition {
            Some(condition) => condition,
            None if file.singular => f64::INFINITY,
            None => f64::NAN,
        };
        model.fitted = Some(Fitted {
            task: file.task,
            scaling,
            feedback_scaling: None,
            readout: Readout::new(weights, DVector::from_vec(file.intercept)),
            method: file.method,
            condition,
            rounding: file.rounding,
            choice: file.choice,
            samples: file.samples,
        });
        Ok(model)
    }

    /// Reads the state of a stream of this network that [`EsnState::save`] wrote.
    ///
    /// # Errors
    /// If the network is not fitted, the file cannot be read, is corrupt or truncated, or the state is of
    /// another precision or other sizes than this network's.
    pub fn load_state(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<EsnState<T, CompositionState<T>>, Error> {
        let path = path.as_ref();
        let mut state = self.state()?;
        let file: ComposedStateFile<T> = load_model(path, STATE)?;
        check_precision::<T>(path, &file.precision)?;
        for (what, kept, found) in [
            ("inputs of the saved state", &mut state.input, file.input),
            (
                "scaled inputs of the saved state",
                &mut state.scaled,
                file.scaled,
            ),
        ] {
            check_size(what, kept.len(), found.len())?;
            check_samples(what, &found, found.len())?;
            *kept = found;
        }
        state.reservoir.set(&file.reservoirs)?;
        state.seen = file.seen;
        Ok(state)
    }
}

impl<T: Real> EsnState<T, CompositionState<T>> {
    /// Writes the state to a JSON file, from which [`Esn::load_state`] goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = ComposedStateFile {
            precision: precision::<T>().to_owned(),
            reservoirs: self
                .reservoir
                .parts()
                .iter()
                .map(|part| part.values().to_vec())
                .collect(),
            input: self.input.clone(),
            scaled: self.scaled.clone(),
            seen: self.seen,
        };
        Ok(save_model(path.as_ref(), STATE, &file)?)
    }
}
