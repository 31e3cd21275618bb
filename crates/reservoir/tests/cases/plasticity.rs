//! Cases of intrinsic plasticity.

use neuropil_math::Activation;
use neuropil_reservoir::{
    Integrator, Plasticity, PlasticityConfig, Reservoir, ReservoirParts, TargetDistribution,
};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use super::reservoir::leaky;
use crate::Entry;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// `ip_*`: gains and biases after some epochs, and the rates when the inputs begin again.
pub(crate) fn adapted(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let mean = entry.number("mu")?;
    let (activation, target) = match entry.text("activation")? {
        "tanh" => {
            let deviation = entry.number("sigma")?;
            let target = TargetDistribution::Gaussian { mean, deviation };
            (Activation::Tanh, target)
        }
        "sigmoid" => (
            Activation::Sigmoid,
            TargetDistribution::Exponential { mean },
        ),
        other => return Err(format!("unknown activation {other}")),
    };
    let parts = ReservoirParts {
        activation,
        ..leaky(tensors, vec![entry.number("lr")?])?
    };
    let config = PlasticityConfig {
        target,
        rate: entry.number("learning_rate")?,
        epochs: entry.size("epochs")?,
        integrator: Integrator::Membrane,
    };
    let reservoir = Reservoir::from_parts(parts).map_err(text)?;
    let mut model = Plasticity::new(config, reservoir).map_err(text)?;
    let inputs = samples(tensors, "u")?;
    let mut state = model.fit(&inputs).map_err(text)?;
    let close = |name: &str, ours: &[f64], theirs: &[f64]| {
        check_close(name, ours, theirs, entry.rtol, entry.atol)
    };
    close("a", model.gains(), tensors.values("a")?)?;
    close("b", model.biases(), tensors.values("b")?)?;
    let theirs = samples(tensors, "states_after")?;
    let again = inputs.columns(0, theirs.ncols()).into_owned();
    let ours = model.run(&mut state, &again).map_err(text)?;
    close("states_after", ours.as_slice(), theirs.as_slice())
}
