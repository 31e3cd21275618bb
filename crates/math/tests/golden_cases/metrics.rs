//! Metrics and the valid prediction time.

use nalgebra::DMatrix;
use neuropil_math::metrics::forecast::{normalized_error, valid_steps};
use neuropil_math::metrics::regression::{
    Normalization, mae, mse, mse_per_channel, nmse, nrmse, r2, rmse,
};
use neuropil_test_kit::golden::{Case, Tensors};
use neuropil_test_kit::tolerance::{check_close, check_value};

fn text(error: neuropil_math::Error) -> String {
    error.to_string()
}

/// Entries of `y_true` and `y_pred`, stored sample by sample, pooled over the channels.
pub(crate) fn metrics(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let (rtol, atol) = (case.rtol, case.atol);
    let (truth, prediction) = (tensors.values("y_true")?, tensors.values("y_pred")?);
    let (_, channels) = tensors.matrix_shape("y_true")?;
    let normalized = |normalization| nrmse(prediction, truth, normalization);
    for (name, value) in [
        ("mse", mse(prediction, truth)),
        ("rmse", rmse(prediction, truth)),
        ("mae", mae(prediction, truth)),
        ("r2", r2(prediction, truth)),
        ("nmse", nmse(prediction, truth)),
        ("nrmse_minmax", normalized(Normalization::Range)),
        ("nrmse_var", normalized(Normalization::Variance)),
        ("nrmse_mean", normalized(Normalization::Mean)),
        ("nrmse_q1q3", normalized(Normalization::InterquartileRange)),
        ("nrmse_std", normalized(Normalization::Deviation)),
        (
            "nrmse_totalvar",
            normalized(Normalization::TotalDeviation { channels }),
        ),
    ] {
        check_value(name, value.map_err(text)?, tensors.value(name)?, rtol, atol)?;
    }
    let per_channel = mse_per_channel(prediction, truth, channels).map_err(text)?;
    check_close(
        "mse_dim",
        &per_channel,
        tensors.values("mse_dim")?,
        rtol,
        atol,
    )
}

pub(crate) fn vpt(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let (rtol, atol) = (case.rtol, case.atol);
    let (steps, channels) = tensors.matrix_shape("truth")?;
    // Rows of samples are, read as they lie, columns of samples.
    let matrix = |name| {
        let values = tensors.values(name)?;
        Ok::<_, String>(DMatrix::from_column_slice(channels, steps, values))
    };
    let (truth, forecast) = (matrix("truth")?, matrix("pred")?);
    let deviations = tensors.values("std")?;
    let errors = normalized_error(&forecast, &truth, deviations).map_err(text)?;
    check_close("nrmse_t", &errors, tensors.values("nrmse_t")?, rtol, atol)?;
    let valid = valid_steps(&forecast, &truth, deviations, case.number("threshold")?);
    let valid = valid.map_err(text)?;
    check_value(
        "vpt_index",
        valid.steps as f64,
        tensors.value("vpt_index")?,
        0.0,
        0.0,
    )?;
    let times = valid.lyapunov_times(case.number("dt")?, case.number("lambda1")?);
    check_value("vpt_lyap", times, tensors.value("vpt_lyap")?, rtol, atol)
}
