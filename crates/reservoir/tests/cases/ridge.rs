//! Cases of the regression under the readouts.

use neuropil_reservoir::{Ridge, RidgeConfig, RidgeMethod};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use crate::Entry;

/// `ridge_*`: weights with and without an intercept, which is not penalised.
pub(crate) fn regression(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let (rtol, atol) = (entry.rtol, entry.atol);
    for (name, intercept) in [("Wout_bias", true), ("Wout_nobias", false)] {
        let config = RidgeConfig {
            lambda: tensors.value("lam")?,
            intercept,
            method: RidgeMethod::Auto,
        };
        let ridge = Ridge::fit(&x, &y, &config).map_err(|e| e.to_string())?;
        let weights = samples(tensors, name)?;
        check_close(
            name,
            ridge.weights().as_slice(),
            weights.as_slice(),
            rtol,
            atol,
        )?;
        let zeros = vec![0.0; y.nrows()];
        let expected = if intercept {
            tensors.values("bias")?
        } else {
            &zeros
        };
        check_close("bias", ridge.intercept().as_slice(), expected, rtol, atol)?;
    }
    Ok(())
}
