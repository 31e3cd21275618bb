//! Cases of echo state networks: fitted here, forecast in closed loop.

use nalgebra::{DMatrix, DVector};
use neuropil_reservoir::{
    Esn, EsnConfig, Lambda, Reservoir, RidgeMethod, StateFeatures, Target, Task,
};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use super::reservoir::leaky;
use crate::Entry;

/// The manifest asks for the first steps; later ones are apart as chaos has it.
const STEPS: usize = 20;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// `esn_forecast_*`: fit, then a closed loop; and the loop with the readout of the file.
pub(crate) fn forecast(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let known = entry.size("T_train")?;
    let u = samples(tensors, "u")?;
    let config = |method| -> Result<EsnConfig, String> {
        Ok(EsnConfig {
            features: StateFeatures {
                input: false,
                ..StateFeatures::default()
            },
            target: Target::Direct,
            standardise: false,
            washout: entry.size("warmup")?,
            lambda: Lambda::Fixed(entry.number("ridge")?),
            method,
            ..EsnConfig::default()
        })
    };
    let parts = leaky(tensors, vec![entry.number("lr")?])?;
    let reservoir = Reservoir::from_parts(parts).map_err(text)?;
    let theirs = samples(tensors, "closed_loop")?;
    let check = |name: &str, model: &Esn<f64>| {
        let ours = model
            .forecast(&u.columns(0, known).into_owned(), theirs.ncols())
            .map_err(text)?;
        check_close(
            name,
            ours.columns(0, STEPS).into_owned().as_slice(),
            theirs.columns(0, STEPS).into_owned().as_slice(),
            entry.rtol,
            entry.atol,
        )
    };
    for method in [RidgeMethod::Auto, RidgeMethod::Qr] {
        let mut model = Esn::from_reservoir(config(method)?, reservoir.clone()).map_err(text)?;
        model
            .fit(&u.columns(0, known + 1).into_owned())
            .map_err(text)?;
        check("closed_loop", &model)?;
    }
    let mut imported = Esn::from_reservoir(config(RidgeMethod::Auto)?, reservoir).map_err(text)?;
    let weights = samples(tensors, "Wout")?;
    let intercept = DVector::from_row_slice(tensors.values("bout")?);
    imported
        .set_readout(Task::Forecast, DMatrix::from(weights), intercept)
        .map_err(text)?;
    check("closed_loop of Wout", &imported)
}
