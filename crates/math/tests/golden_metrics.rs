//! The golden cases of metrics and of the valid prediction time.

use nalgebra::DMatrix;
use neuropil_math::metrics::forecast::{normalized_error, valid_steps};
use neuropil_math::metrics::regression::{
    Normalization, mae, mse, mse_per_channel, nmse, nrmse, r2, rmse,
};
use neuropil_test_kit::golden::{self, Tensors};
use neuropil_test_kit::tolerance::{check_close, check_value};
use serde_json::{Value, json};

fn text(error: neuropil_math::Error) -> String {
    error.to_string()
}

/// Entries of `y_true` and `y_pred`, stored sample by sample, pooled over the channels.
fn metrics(_params: &Value, tensors: &Tensors, rtol: f64, atol: f64) -> Result<(), String> {
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

fn vpt(params: &Value, tensors: &Tensors, rtol: f64, atol: f64) -> Result<(), String> {
    let parameter = |name: &str| {
        params[name]
            .as_f64()
            .ok_or_else(|| format!("no parameter {name}"))
    };
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
    let valid = valid_steps(&forecast, &truth, deviations, parameter("threshold")?);
    let valid = valid.map_err(text)?;
    check_value(
        "vpt_index",
        valid.steps as f64,
        tensors.value("vpt_index")?,
        0.0,
        0.0,
    )?;
    let times = valid.lyapunov_times(parameter("dt")?, parameter("lambda1")?);
    check_value("vpt_lyap", times, tensors.value("vpt_lyap")?, rtol, atol)
}

#[test]
fn golden_metrics() {
    type Case = fn(&Value, &Tensors, f64, f64) -> Result<(), String>;
    let folder = golden::folder(env!("CARGO_MANIFEST_DIR"), "reservoir");
    let cases: [(&str, Case, Value, f64, f64); 2] = [
        ("metrics", metrics, json!({}), 1e-12, 1e-14),
        (
            "vpt",
            vpt,
            json!({"dt": 0.025, "lambda1": 0.9056, "threshold": 0.4}),
            1e-12,
            0.0,
        ),
    ];
    let outcomes = cases.map(|(name, case, params, rtol, atol)| {
        let outcome = Tensors::read(&folder.join(format!("{name}.safetensors")))
            .and_then(|tensors| case(&params, &tensors, rtol, atol));
        (name.to_owned(), outcome)
    });
    golden::report(&folder, outcomes);
}
