//! Cases of readouts that learn sample by sample.

use nalgebra::DMatrix;
use neuropil_math::Activation;
use neuropil_reservoir::{
    Dynamics, Force, ForceConfig, Integrator, Lms, LmsConfig, Recurrent, Reservoir, ReservoirParts,
    Rls, RlsConfig, StepSize,
};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use super::reservoir::matrix;
use crate::Entry;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Our weights are outputs × features, theirs features × outputs row by row.
fn check(entry: &Entry, name: &str, ours: &DMatrix<f64>, tensors: &Tensors) -> Result<(), String> {
    let theirs = tensors.values(name)?;
    check_close(name, ours.as_slice(), theirs, entry.rtol, entry.atol)
}

/// `rls_*`: without bias as ReservoirPy, and with a bias as the exact solution of the augmented
/// problem. ReservoirPy's own bias (`bias_*`) is a running mean of the errors, which is no solution.
pub(crate) fn rls(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let config = RlsConfig {
        lambda: entry.number("alpha")?,
        forgetting: entry.number("forgetting")?,
        intercept: false,
    };
    let mut readout = Rls::new(config, x.nrows(), y.nrows()).map_err(text)?;
    let part = |m: &DMatrix<f64>, first, count| m.columns(first, count).into_owned();
    readout
        .learn(&part(&x, 0, 10), &part(&y, 0, 10))
        .map_err(text)?;
    check(entry, "nobias_Wout10", &readout.weights(), tensors)?;
    let rest = x.ncols() - 10;
    readout
        .learn(&part(&x, 10, rest), &part(&y, 10, rest))
        .map_err(text)?;
    check(entry, "nobias_Wout", &readout.weights(), tensors)?;
    check(entry, "nobias_P", &readout.covariance(), tensors)?;

    // The bias of these cases is penalised as the weight of a feature that is 1.
    let augmented = x.clone().insert_row(x.nrows(), 1.0);
    let mut readout = Rls::new(config, augmented.nrows(), y.nrows()).map_err(text)?;
    readout.learn(&augmented, &y).map_err(text)?;
    check(entry, "aug_W", &readout.weights(), tensors)
}

/// `lms_*`: with and without bias.
pub(crate) fn lms(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    for (rate, weights, bias) in [
        ("lr_bias", "Wout", Some("bias")),
        ("lr_nobias", "Wout_nobias", None),
    ] {
        let config = LmsConfig {
            step_size: StepSize::Fixed(entry.number(rate)?),
            intercept: bias.is_some(),
        };
        let mut readout = Lms::new(config, x.nrows(), y.nrows()).map_err(text)?;
        readout.learn(&x, &y).map_err(text)?;
        check(entry, weights, &readout.weights(), tensors)?;
        if let Some(name) = bias {
            let theirs = tensors.values(name)?;
            check_close(name, readout.intercept(), theirs, entry.rtol, entry.atol)?;
        }
    }
    Ok(())
}

/// `force_*`: the output while learning, the norm of the weights, their end, and a free run.
pub(crate) fn force(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let units = entry.size("N")?;
    let reservoir = Reservoir::from_parts(ReservoirParts {
        recurrent: Recurrent::Dense(matrix(tensors, "J")?),
        input: DMatrix::zeros(units, 0),
        bias: vec![0.0; units],
        leak: vec![entry.number("dt_over_tau")?],
        feedback: Some(DMatrix::from_column_slice(units, 1, tensors.values("wf")?)),
        activation: Activation::Tanh,
        dynamics: Dynamics::Leaky,
        orthogonal: None,
    })
    .map_err(text)?;
    let config = ForceConfig {
        rls: RlsConfig {
            lambda: entry.number("alpha")?,
            forgetting: 1.0,
            intercept: false,
        },
        every: entry.size("update_every")?,
        integrator: Integrator::Membrane,
    };
    let mut model = Force::new(config, reservoir).map_err(text)?;
    let mut state = model.state();
    let x0 = tensors.values("x0")?;
    let rates: Vec<f64> = x0.iter().map(|x| x.tanh()).collect();
    state.units_mut().set(x0, &rates).map_err(text)?;
    let (mut outputs, mut norms) = (Vec::new(), Vec::new());
    let mut out = [0.0];
    for &target in tensors.values("target")? {
        model
            .step(&mut state, &[], &[target], &mut out)
            .map_err(text)?;
        outputs.push(out[0]);
        norms.push(model.readout().weights().norm());
    }
    let close = |name: &str, ours: &[f64]| {
        check_close(name, ours, tensors.values(name)?, entry.rtol, entry.atol)
    };
    close("z", &outputs)?;
    close("w_norm", &norms)?;
    close("w_final", model.readout().weights().as_slice())?;
    close("x_final", state.units().potential())?;
    let steps = tensors.values("z_free")?.len();
    let free = model
        .run(&mut state, &DMatrix::zeros(0, steps))
        .map_err(text)?;
    close("z_free", free.as_slice())
}
