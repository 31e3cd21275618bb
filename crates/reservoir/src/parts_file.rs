//! The matrices of a reservoir inside of the JSON files of models.

use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::{Activation, Csr, Real};
use serde::{Deserialize, Serialize};

use crate::online::linear::{expect, malformed};
use crate::{Dynamics, Error, Recurrent, Reservoir, ReservoirParts};

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
pub(crate) struct PartsFile<T: Real> {
    precision: String,
    units: usize,
    inputs: usize,
    feedbacks: usize,
    activation: Activation,
    dynamics: Dynamics,
    leak: Vec<T>,
    bias: Vec<T>,
    /// Units × inputs, input by input; so are the other matrices.
    input: Vec<T>,
    feedback: Option<Vec<T>>,
    recurrent: RecurrentFile<T>,
    orthogonal: Option<RecurrentFile<T>>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields, rename_all = "snake_case")]
enum RecurrentFile<T: Real> {
    Dense(Vec<T>),
    Sparse(Csr<T>),
}

impl<T: Real> RecurrentFile<T> {
    fn of(recurrent: &Recurrent<T>) -> Self {
        match recurrent {
            Recurrent::Dense(matrix) => Self::Dense(matrix.as_slice().to_vec()),
            Recurrent::Sparse(matrix) => Self::Sparse(matrix.clone()),
        }
    }

    fn restore(self, path: &Path, units: usize) -> Result<Recurrent<T>, Error> {
        Ok(match self {
            Self::Dense(values) => {
                let count = units.saturating_mul(units);
                expect(path, "weights of the reservoir", count, values.len())?;
                Recurrent::Dense(DMatrix::from_vec(units, units, values))
            }
            Self::Sparse(matrix) => {
                expect(path, "rows of the reservoir", units, matrix.nrows())?;
                Recurrent::Sparse(matrix)
            }
        })
    }
}

impl<T: Real> PartsFile<T> {
    pub(crate) fn of(reservoir: &Reservoir<T>) -> Self {
        let parts = reservoir.parts();
        Self {
            precision: precision::<T>().to_owned(),
            units: reservoir.units(),
            inputs: reservoir.inputs(),
            feedbacks: reservoir.feedbacks(),
            activation: parts.activation,
            dynamics: parts.dynamics,
            leak: parts.leak.clone(),
            bias: parts.bias.clone(),
            input: parts.input.as_slice().to_vec(),
            feedback: parts.feedback.as_ref().map(|f| f.as_slice().to_vec()),
            recurrent: RecurrentFile::of(&parts.recurrent),
            orthogonal: parts.orthogonal.as_ref().map(RecurrentFile::of),
        }
    }

    pub(crate) fn restore(self, path: &Path) -> Result<Reservoir<T>, Error> {
        let expected = precision::<T>();
        if self.precision != expected {
            return Err(malformed(
                path,
                format!("precision {:?}, expected {expected:?}", self.precision),
            ));
        }
        let matrix = |what, columns: usize, values: Vec<T>| {
            expect(path, what, self.units.saturating_mul(columns), values.len())?;
            Ok::<_, Error>(DMatrix::from_vec(self.units, columns, values))
        };
        let input = matrix("input weights", self.inputs, self.input)?;
        let feedback = match self.feedback {
            Some(values) => Some(matrix("feedback weights", self.feedbacks, values)?),
            None => None,
        };
        let recurrent = self.recurrent.restore(path, self.units)?;
        let orthogonal = match self.orthogonal {
            Some(file) => Some(file.restore(path, self.units)?),
            None => None,
        };
        Reservoir::from_parts(ReservoirParts {
            recurrent,
            input,
            bias: self.bias,
            leak: self.leak,
            feedback,
            activation: self.activation,
            dynamics: self.dynamics,
            orthogonal,
        })
        .map_err(|e| malformed(path, e.to_string()))
    }
}

fn precision<T>() -> &'static str {
    if size_of::<T>() == 4 { "f32" } else { "f64" }
}
