//! The case of the memory capacity.

use nalgebra::DMatrix;
use neuropil_math::Activation;
use neuropil_reservoir::judge::{MemoryCapacityConfig, memory_capacity};
use neuropil_reservoir::{Dynamics, Recurrent, Reservoir, ReservoirParts};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use crate::Entry;

/// `memory_capacity`: the reservoir of the file, without a bias.
pub(crate) fn capacity(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let text = |error: neuropil_reservoir::Error| error.to_string();
    let (units, _) = tensors.matrix_shape("W")?;
    let recurrent = DMatrix::from_row_slice(units, units, tensors.values("W")?);
    let reservoir = Reservoir::from_parts(ReservoirParts {
        recurrent: Recurrent::Dense(recurrent),
        input: DMatrix::from_column_slice(units, 1, tensors.values("Win")?),
        bias: vec![0.0; units],
        leak: vec![1.0],
        feedback: None,
        activation: Activation::Tanh,
        dynamics: Dynamics::Leaky,
        orthogonal: None,
    })
    .map_err(text)?;
    let series = tensors.values("series")?;
    let delays = entry.size("k_max")?;
    let config = MemoryCapacityConfig {
        delays,
        washout: delays,
        test_share: entry.number("test_size")?,
        lambda: entry.number("ridge")?,
    };
    let inputs = DMatrix::from_row_slice(1, series.len(), series);
    let memory = memory_capacity(&reservoir, &inputs, &config).map_err(text)?;
    check_close(
        "mc",
        &memory.delays,
        tensors.values("mc")?,
        entry.rtol,
        entry.atol,
    )
}
