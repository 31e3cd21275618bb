use std::path::Path;

use nalgebra::{DMatrix, DVector};
#[cfg(feature = "safetensors")]
use neuropil_math::parameters::{Parameters, Visitor, VisitorMut};
use neuropil_math::save::{load_model, save_model};
use neuropil_math::{Activation, Csr, Real};
use serde::{Deserialize, Serialize};

use crate::esn::config::EsnConfig;
use crate::esn::model::{Esn, Fitted};
use crate::esn::readout::Readout;
use crate::esn::scaling::Scaling;
use crate::esn::state::EsnState;
use crate::reservoir::series::check_samples;
use crate::{
    Dynamics, Error, LambdaChoice, Recurrent, Reservoir, ReservoirParts, RidgeMethod, Task,
};

const MODEL: &str = "esn";
const STATE: &str = "esn-state";

/// What a file of a network holds.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
pub(crate) struct ModelFile<T: Real> {
    model: Header,
    arrays: Vec<Array<T>>,
}

/// Everything but the arrays.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    precision: String,
    config: EsnConfig,
    noise_seed: u64,
    units: usize,
    inputs: usize,
    /// 0 without feedback.
    feedbacks: usize,
    outputs: usize,
    activation: Activation,
    dynamics: Dynamics,
    /// One leak, or one for each unit.
    leaks: usize,
    recurrent: Form,
    orthogonal: Option<Form>,
    task: Task,
    standardised: bool,
    feedback_standardised: bool,
    method: RidgeMethod,
    /// Nothing if it is infinite, or not known since the readout was fitted elsewhere.
    condition: Option<f64>,
    singular: bool,
    #[serde(default)]
    rounding: f64,
    choice: LambdaChoice,
    samples: usize,
}

/// How a matrix of units × units is stored.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Form {
    Dense,
    /// By rows: how many weights each has, their columns and values.
    Sparse {
        weights: usize,
    },
}

impl Form {
    fn of<T: Real>(matrix: &Recurrent<T>) -> Self {
        match matrix {
            Recurrent::Dense(_) => Self::Dense,
            Recurrent::Sparse(matrix) => Self::Sparse {
                weights: matrix.stored(),
            },
        }
    }
}

/// A named array; matrices column by column.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct Array<T: Real> {
    name: String,
    /// In row-major order, as other programs have it: the columns of a matrix first.
    shape: Vec<usize>,
    values: Vec<T>,
}

/// The arrays of a model, in their order.
#[cfg(feature = "safetensors")]
struct Arrays<T: Real>(Vec<Array<T>>);

#[cfg(feature = "safetensors")]
impl<T: Real> Parameters<T> for Arrays<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        for array in &self.0 {
            f(&array.name, &array.shape, &array.values);
        }
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        for array in &mut self.0 {
            f(&array.name, &array.shape, &mut array.values);
        }
    }
}

/// What a file of the state of a stream holds.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
pub(crate) struct StateFile<T: Real> {
    precision: String,
    reservoir: Vec<T>,
    input: Vec<T>,
    scaled: Vec<T>,
    output: Vec<T>,
    seen: usize,
}

impl Header {
    /// The names and shapes of all arrays that hold something.
    fn layout(&self) -> Vec<(String, Vec<usize>)> {
        let mut layout: Vec<(String, Vec<usize>)> = Vec::new();
        let units = self.units;
        for (name, form) in [
            ("recurrent", Some(self.recurrent)),
            ("orthogonal", self.orthogonal),
        ] {
            match form {
                None => {}
                Some(Form::Dense) => layout.push((name.to_owned(), vec![units, units])),
                Some(Form::Sparse { weights }) => {
                    layout.push((format!("{name}.row_lengths"), vec![units]));
                    layout.push((format!("{name}.column_indices"), vec![weights]));
                    layout.push((format!("{name}.values"), vec![weights]));
                }
            }
        }
        let features = self.config.features.len(units, self.inputs);
        let scaled = usize::from(self.standardised) * self.inputs;
        let feedback_scaled = usize::from(self.feedback_standardised) * self.feedbacks;
        for (name, shape) in [
            ("input", vec![self.inputs, units]),
            ("bias", vec![units]),
            ("leak", vec![self.leaks]),
            ("feedback", vec![self.feedbacks, units]),
            ("scaling.mean", vec![scaled]),
            ("scaling.scale", vec![scaled]),
            ("feedback_scaling.mean", vec![feedback_scaled]),
            ("feedback_scaling.scale", vec![feedback_scaled]),
            ("readout.weights", vec![features, self.outputs]),
            ("readout.intercept", vec![self.outputs]),
        ] {
            layout.push((name.to_owned(), shape));
        }
        layout.retain(|(_, shape)| shape.iter().all(|&n| n > 0));
        layout
    }
}

/// The number of values of this shape; what overflows is longer than any file.
fn volume(shape: &[usize]) -> usize {
    shape
        .iter()
        .fold(1, |product: usize, &n| product.saturating_mul(n))
}

impl<T: Real> Esn<T> {
    fn header(&self, fitted: &Fitted<T>) -> Header {
        let parts = self.reservoir.parts();
        Header {
            precision: precision::<T>().to_owned(),
            config: self.config.clone(),
            noise_seed: self.noise_seed,
            units: self.reservoir.units(),
            inputs: self.reservoir.inputs(),
            feedbacks: self.reservoir.feedbacks(),
            outputs: fitted.readout.outputs(),
            activation: parts.activation,
            dynamics: parts.dynamics,
            leaks: parts.leak.len(),
            recurrent: Form::of(&parts.recurrent),
            orthogonal: parts.orthogonal.as_ref().map(Form::of),
            task: fitted.task,
            standardised: fitted.scaling.is_some(),
            feedback_standardised: fitted.feedback_scaling.is_some(),
            method: fitted.method,
            condition: Some(fitted.condition).filter(|c| c.is_finite()),
            singular: fitted.condition.is_infinite(),
            rounding: fitted.rounding,
            choice: fitted.choice.clone(),
            samples: fitted.samples,
        }
    }

    fn arrays(&self, header: &Header, fitted: &Fitted<T>) -> Vec<Array<T>> {
        let parts = self.reservoir.parts();
        let mut values: Vec<Vec<T>> = Vec::new();
        for matrix in [Some(&parts.recurrent), parts.orthogonal.as_ref()] {
            match matrix {
                None => {}
                Some(Recurrent::Dense(matrix)) => values.push(matrix.as_slice().to_vec()),
                Some(Recurrent::Sparse(matrix)) => {
                    let number = |n: usize| T::of(n as f64);
                    let lengths = matrix.row_starts().windows(2).map(|w| number(w[1] - w[0]));
                    values.push(lengths.collect());
                    let columns = matrix.column_indices().iter();
                    values.push(columns.map(|&c| number(c as usize)).collect());
                    values.push(matrix.values().to_vec());
                }
            }
        }
        values.push(parts.input.as_slice().to_vec());
        values.push(parts.bias.clone());
        values.push(parts.leak.clone());
        values.extend(parts.feedback.as_ref().map(|w| w.as_slice().to_vec()));
        for scaling in [&fitted.scaling, &fitted.feedback_scaling]
            .into_iter()
            .flatten()
        {
            values.push(scaling.mean.clone());
            values.push(scaling.scale.clone());
        }
        values.push(fitted.readout.weights().as_slice().to_vec());
        values.push(fitted.readout.intercept().as_slice().to_vec());
        values.retain(|values| !values.is_empty());
        header
            .layout()
            .into_iter()
            .zip(values)
            .map(|((name, shape), values)| Array {
                name,
                shape,
                values,
            })
            .collect()
    }

    /// Writes settings, reservoir and readout to a JSON file, from which [`load`](Self::load) reads the
    /// same bits.
    ///
    /// # Errors
    /// If the network is not fitted or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(save_model(path.as_ref(), MODEL, &self.to_file()?)?)
    }

    pub(crate) fn to_file(&self) -> Result<ModelFile<T>, Error> {
        let fitted = self.fitted()?;
        let model = self.header(fitted);
        let arrays = self.arrays(&model, fitted);
        Ok(ModelFile { model, arrays })
    }

    /// Reads a network that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model or another
    /// precision, or its sizes disagree.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::of_file(path, load_model(path, MODEL)?)
    }

    pub(crate) fn of_file(path: &Path, file: ModelFile<T>) -> Result<Self, Error> {
        Self::from_file(path, file.model, file.arrays)
    }

    /// As [`save`](Self::save), in the format safetensors: for large reservoirs. Settings are metadata;
    /// a sparse matrix is stored as the lengths of its rows, its columns and its values.
    ///
    /// # Errors
    /// As [`save`](Self::save), and from 2²⁴ units on for `f32`, which does not hold their numbers.
    #[cfg(feature = "safetensors")]
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        use std::collections::BTreeMap;

        let path = path.as_ref();
        let fitted = self.fitted()?;
        let header = self.header(fitted);
        let arrays = Arrays(self.arrays(&header, fitted));
        let text = serde_json::to_string(&header).map_err(|e| malformed(path, e.to_string()))?;
        let metadata = BTreeMap::from([("model".to_owned(), text)]);
        Ok(neuropil_math::save::save_safetensors(
            path, MODEL, &arrays, &metadata,
        )?)
    }

    /// Reads a network that [`save_safetensors`](Self::save_safetensors) wrote.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    #[cfg(feature = "safetensors")]
    pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Self, Error> {
        use neuropil_math::save::{load_safetensors, read_safetensors_metadata};

        use crate::reservoir::series::allocate;

        let path = path.as_ref();
        let metadata = read_safetensors_metadata(path)?;
        let text = metadata
            .get("model")
            .ok_or_else(|| malformed(path, "no model in the metadata".to_owned()))?;
        let header: Header =
            serde_json::from_str(text).map_err(|e| malformed(path, e.to_string()))?;
        check_precision::<T>(path, &header.precision)?;
        let layout = header.layout();
        // Sizes that the file cannot hold are wrong, and need no memory.
        let values = layout.iter().fold(0, |sum: usize, (_, shape)| {
            sum.saturating_add(volume(shape))
        });
        let bytes = std::fs::metadata(path)
            .map_err(|e| neuropil_math::Error::io(path, &e))?
            .len();
        if values as u64 > bytes / size_of::<T>() as u64 {
            return Err(malformed(path, format!("{values} values in {bytes} bytes")));
        }
        let mut arrays = Arrays(Vec::with_capacity(layout.len()));
        for (name, shape) in layout {
            arrays.0.push(Array {
                name,
                values: allocate(volume(&shape), 1)?,
                shape,
            });
        }
        load_safetensors(path, MODEL, &mut arrays)?;
        Self::from_file(path, header, arrays.0)
    }

    /// The network of what a file holds, once it was checked.
    fn from_file(path: &Path, header: Header, arrays: Vec<Array<T>>) -> Result<Self, Error> {
        check_precision::<T>(path, &header.precision)?;
        header.config.check_readout()?;
        let layout = header.layout();
        if layout.len() != arrays.len() {
            return Err(malformed(
                path,
                format!("{} arrays, expected {}", arrays.len(), layout.len()),
            ));
        }
        for ((name, shape), array) in layout.iter().zip(&arrays) {
            if *name != array.name || *shape != array.shape || volume(shape) != array.values.len() {
                return Err(malformed(
                    path,
                    format!(
                        "array {} of shape {:?} with {} values, expected {name} of {shape:?}",
                        array.name,
                        array.shape,
                        array.values.len()
                    ),
                ));
            }
            if let Some(index) = array.values.iter().position(|v| !v.is_finite()) {
                return Err(malformed(path, format!("{name} {index} is not finite")));
            }
        }
        let mut rest = arrays.into_iter().peekable();
        // An array of no values is not in the file.
        let mut take = |name: &str| {
            rest.next_if(|array| array.name == name)
                .map_or_else(Vec::new, |array| array.values)
        };
        let (units, inputs, feedbacks) = (header.units, header.inputs, header.feedbacks);
        let mut square = |name: &str, form: Form| -> Result<Recurrent<T>, Error> {
            Ok(match form {
                Form::Dense => Recurrent::Dense(DMatrix::from_vec(units, units, take(name))),
                Form::Sparse { .. } => {
                    let lengths = take(&format!("{name}.row_lengths"));
                    let columns = take(&format!("{name}.column_indices"));
                    let values = take(&format!("{name}.values"));
                    sparse(path, units, &lengths, &columns, values)?
                }
            })
        };
        let recurrent = square("recurrent", header.recurrent)?;
        let orthogonal = match header.orthogonal {
            None => None,
            Some(form) => Some(square("orthogonal", form)?),
        };
        let parts = ReservoirParts {
            recurrent,
            orthogonal,
            input: DMatrix::from_vec(units, inputs, take("input")),
            bias: take("bias"),
            leak: take("leak"),
            feedback: (feedbacks > 0)
                .then(|| DMatrix::from_vec(units, feedbacks, take("feedback"))),
            activation: header.activation,
            dynamics: header.dynamics,
        };
        let mut scaling = |name: &str, is_there: bool| {
            is_there.then(|| Scaling {
                mean: take(&format!("{name}.mean")),
                scale: take(&format!("{name}.scale")),
            })
        };
        let inputs_scaling = scaling("scaling", header.standardised);
        let feedback_scaling = scaling("feedback_scaling", header.feedback_standardised);
        let features = header.config.features.len(units, inputs);
        let weights = DMatrix::from_vec(header.outputs, features, take("readout.weights"));
        let intercept = DVector::from_vec(take("readout.intercept"));
        let mut model = Self {
            reservoir: Reservoir::from_parts(parts)?,
            config: header.config,
            noise_seed: header.noise_seed,
            fitted: None,
        };
        model.check_task(header.task, header.outputs)?;
        let condition = match header.condition {
            Some(condition) => condition,
            None if header.singular => f64::INFINITY,
            None => f64::NAN,
        };
        model.fitted = Some(Fitted {
            task: header.task,
            scaling: inputs_scaling,
            feedback_scaling,
            readout: Readout::new(weights, intercept),
            method: header.method,
            condition,
            rounding: header.rounding,
            choice: header.choice,
            samples: header.samples,
        });
        Ok(model)
    }

    /// Reads the state of a stream of this network that [`EsnState::save`] wrote.
    ///
    /// # Errors
    /// If the network is not fitted, the file cannot be read, is corrupt or truncated, or the state is of
    /// another precision or other sizes than this network's.
    pub fn load_state(&self, path: impl AsRef<Path>) -> Result<EsnState<T>, Error> {
        let path = path.as_ref();
        self.state_of_file(path, load_model(path, STATE)?)
    }

    pub(crate) fn state_of_file(
        &self,
        path: &Path,
        file: StateFile<T>,
    ) -> Result<EsnState<T>, Error> {
        let mut state = self.state()?;
        check_precision::<T>(path, &file.precision)?;
        state.reservoir.set(&file.reservoir)?;
        for (what, found, kept) in [
            ("inputs of the saved state", &file.input, &mut state.input),
            (
                "scaled inputs of the saved state",
                &file.scaled,
                &mut state.scaled,
            ),
            (
                "outputs of the saved state",
                &file.output,
                &mut state.output,
            ),
        ] {
            crate::reservoir::series::check_size(what, kept.len(), found.len())?;
            check_samples(what, found, found.len())?;
            kept.copy_from_slice(found);
        }
        state.seen = file.seen;
        Ok(state)
    }
}

impl<T: Real> EsnState<T> {
    /// Writes the state to a JSON file, from which [`Esn::load_state`] goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(save_model(path.as_ref(), STATE, &self.to_file())?)
    }

    pub(crate) fn to_file(&self) -> StateFile<T> {
        StateFile {
            precision: precision::<T>().to_owned(),
            reservoir: self.reservoir.values().to_vec(),
            input: self.input.clone(),
            scaled: self.scaled.clone(),
            output: self.output.clone(),
            seen: self.seen,
        }
    }
}

/// The sparse matrix of numbers that were stored as values.
fn sparse<T: Real>(
    path: &Path,
    units: usize,
    lengths: &[T],
    columns: &[T],
    values: Vec<T>,
) -> Result<Recurrent<T>, Error> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number that fits"
    )]
    let whole = |value: &T| {
        let value = value.to_f64();
        if value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0 {
            Ok(value as u32)
        } else {
            Err(malformed(path, format!("{value} is no index")))
        }
    };
    let mut row_starts = Vec::with_capacity(units + 1);
    row_starts.push(0);
    let mut end = 0_usize;
    for length in lengths {
        end = end.saturating_add(whole(length)? as usize);
        row_starts.push(end);
    }
    let columns = columns.iter().map(whole).collect::<Result<Vec<u32>, _>>()?;
    Ok(Recurrent::Sparse(Csr::from_parts(
        units, units, row_starts, columns, values,
    )?))
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
