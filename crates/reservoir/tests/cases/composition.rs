//! Cases of stacked reservoirs.

use neuropil_math::Activation;
use neuropil_reservoir::{Composition, Dynamics, Recurrent, Reservoir, ReservoirParts};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use super::reservoir::matrix;
use crate::Entry;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// `deep_esn`: the weights of every layer in, the states of all layers out.
pub(crate) fn deep(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let leaks = entry.numbers("lr")?;
    let mut layers = Vec::new();
    for (index, &leak) in leaks.iter().enumerate() {
        let reservoir = Reservoir::from_parts(ReservoirParts {
            recurrent: Recurrent::Dense(matrix(tensors, &format!("W{index}"))?),
            input: matrix(tensors, &format!("Win{index}"))?,
            bias: tensors.values(&format!("b{index}"))?.to_vec(),
            leak: vec![leak],
            feedback: None,
            activation: Activation::Tanh,
            dynamics: Dynamics::Leaky,
            orthogonal: None,
        });
        layers.push(Composition::from(reservoir.map_err(text)?));
    }
    let deep = Composition::stack(layers, false).map_err(text)?;
    let u = samples(tensors, "u")?;
    let theirs = samples(tensors, "states")?;
    let ours = deep.run(&mut deep.state(), &u.into_owned()).map_err(text)?;
    if ours.shape() != theirs.shape() {
        return Err(format!("{:?}, expected {:?}", ours.shape(), theirs.shape()));
    }
    check_close(
        "states",
        ours.as_slice(),
        theirs.into_owned().as_slice(),
        entry.rtol,
        entry.atol,
    )
}
