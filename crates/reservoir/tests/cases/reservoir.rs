//! Cases of reservoirs without a readout: weights in, states out.

use nalgebra::DMatrix;
use neuropil_math::{Activation, Csr};
use neuropil_reservoir::{Dynamics, Recurrent, Reservoir, ReservoirParts};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use crate::Entry;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A matrix of the file as it is.
pub(crate) fn matrix(tensors: &Tensors, name: &str) -> Result<DMatrix<f64>, String> {
    let (rows, columns) = tensors.matrix_shape(name)?;
    Ok(DMatrix::from_row_slice(
        rows,
        columns,
        tensors.values(name)?,
    ))
}

/// A leaky tanh reservoir of the arrays of the file; without bias if there is none.
pub(crate) fn leaky(tensors: &Tensors, leak: Vec<f64>) -> Result<ReservoirParts<f64>, String> {
    let recurrent = matrix(tensors, "W")?;
    let bias = if tensors.contains("bias") {
        tensors.values("bias")?.to_vec()
    } else {
        vec![0.0; recurrent.nrows()]
    };
    Ok(ReservoirParts {
        recurrent: Recurrent::Dense(recurrent),
        input: matrix(tensors, "Win")?,
        bias,
        leak,
        feedback: None,
        activation: Activation::Tanh,
        dynamics: Dynamics::Leaky,
        orthogonal: None,
    })
}

fn check_states(
    entry: &Entry,
    name: &str,
    ours: &DMatrix<f64>,
    tensors: &Tensors,
) -> Result<(), String> {
    let theirs = samples(tensors, name)?;
    if ours.shape() != theirs.shape() {
        return Err(format!(
            "{name}: {:?}, expected {:?}",
            ours.shape(),
            theirs.shape()
        ));
    }
    check_close(
        name,
        ours.as_slice(),
        theirs.as_slice(),
        entry.rtol,
        entry.atol,
    )
}

/// `esn_states_*`: dense and sparse, and a continuation.
pub(crate) fn states(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let mut parts = leaky(tensors, tensors.values("lr")?.to_vec())?;
    parts.activation = entry.text("activation")?.parse().map_err(text)?;
    let units = parts.bias.len();
    let indices = |name: &str| -> Result<Vec<u32>, String> {
        Ok(tensors.values(name)?.iter().map(|&i| i as u32).collect())
    };
    let sparse = Csr::from_parts(
        units,
        units,
        indices("W_indptr")?.iter().map(|&i| i as usize).collect(),
        indices("W_indices")?,
        tensors.values("W_data")?.to_vec(),
    )
    .map_err(text)?;
    let mut others = parts.clone();
    others.recurrent = Recurrent::Sparse(sparse);
    for parts in [parts, others] {
        let reservoir = Reservoir::from_parts(parts).map_err(text)?;
        let mut state = reservoir.state();
        for (inputs, states) in [("u", "states"), ("u_cont", "states_cont")] {
            let ours = reservoir
                .run(&mut state, &samples(tensors, inputs)?)
                .map_err(text)?;
            check_states(entry, states, &ours, tensors)?;
        }
    }
    Ok(())
}

/// `es2n`: tanh and an orthogonal share.
pub(crate) fn edge_of_stability(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let mut parts = leaky(tensors, vec![1.0])?;
    parts.dynamics = Dynamics::EdgeOfStability {
        proximity: entry.number("proximity")?,
    };
    parts.orthogonal = Some(Recurrent::Dense(matrix(tensors, "O")?));
    let reservoir = Reservoir::from_parts(parts).map_err(text)?;
    let ours = reservoir
        .run(&mut reservoir.state(), &samples(tensors, "u")?)
        .map_err(text)?;
    check_states(entry, "states", &ours, tensors)
}

/// `eusn`: an Euler step, from dense and from sparse weights.
pub(crate) fn euler(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let recurrent = matrix(tensors, "Wh")?;
    let sparse = Csr::from_dense(&recurrent).map_err(text)?;
    for recurrent in [Recurrent::Dense(recurrent), Recurrent::Sparse(sparse)] {
        let reservoir = Reservoir::from_parts(ReservoirParts {
            recurrent,
            input: matrix(tensors, "Win")?,
            bias: tensors.values("bias")?.to_vec(),
            leak: vec![1.0],
            feedback: None,
            activation: Activation::Tanh,
            dynamics: Dynamics::Euler {
                step: entry.number("eps")?,
                diffusion: entry.number("gamma")?,
            },
            orthogonal: None,
        })
        .map_err(text)?;
        let ours = reservoir
            .run(&mut reservoir.state(), &samples(tensors, "u")?)
            .map_err(text)?;
        check_states(entry, "states", &ours, tensors)?;
    }
    Ok(())
}

/// `esn_feedback_*`: the teacher, one step late, through feedback weights.
pub(crate) fn feedback(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let mut parts = leaky(tensors, vec![entry.number("lr")?])?;
    parts.feedback = Some(matrix(tensors, "Wfb")?);
    let reservoir = Reservoir::from_parts(parts).map_err(text)?;
    let target = samples(tensors, "target")?;
    let late = target.columns(0, target.ncols() - 1).insert_column(0, 0.0);
    let ours = reservoir
        .run_with_feedback(&mut reservoir.state(), &samples(tensors, "u")?, &late)
        .map_err(text)?;
    check_states(entry, "states", &ours, tensors)
}
