//! Cases of the regularisation path, and of data that only a QR factorisation solves.

use neuropil_math::ridge::{RidgePath, Selection};
use neuropil_reservoir::{Ridge, RidgeConfig, RidgeMethod};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::check_close;

use super::ngrc::samples;
use crate::Entry;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// `ridge_gcv_*`: the curves over λ, their minima, and the weights there.
pub(crate) fn path(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let lambdas = tensors.values("lams")?;
    let path = RidgePath::new(&x, &y, false).map_err(text)?;
    let curve = |f: &dyn Fn(f64) -> Result<f64, neuropil_math::Error>| {
        lambdas
            .iter()
            .map(|&lambda| f(lambda).map_err(text))
            .collect::<Result<Vec<f64>, String>>()
    };
    for (name, ours) in [
        ("gcv", curve(&|lambda| path.gcv(lambda))?),
        ("loo", curve(&|lambda| path.leave_one_out(lambda))?),
        ("edf", curve(&|lambda| path.effective_dof(lambda))?),
    ] {
        check_close(name, &ours, tensors.values(name)?, entry.rtol, entry.atol)?;
    }
    for (name, index, selection) in [
        ("W_best_gcv", 0, Selection::Gcv),
        ("W_best_loo", 1, Selection::LeaveOneOut),
    ] {
        let choice = path.choose(lambdas, selection).map_err(text)?;
        // The manifest gives the position of the minimum among the penalties.
        check_close(
            "best",
            &[choice.index as f64],
            &tensors.values("best")?[index..=index],
            0.0,
            0.0,
        )?;
        let theirs = samples(tensors, name)?;
        for model in [
            path.solve(lambdas[choice.index]).map_err(text)?,
            choice.model,
        ] {
            check_close(
                name,
                model.weights().as_slice(),
                theirs.as_slice(),
                entry.rtol,
                entry.atol,
            )?;
        }
    }
    Ok(())
}

/// `ridge_ill_*`: the manifest accepts a training error up to twice that of the exact solution.
pub(crate) fn ill_conditioned(_entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let exact = tensors.value("rmse_exact")?;
    for method in [RidgeMethod::Auto, RidgeMethod::Qr] {
        let config = RidgeConfig {
            lambda: tensors.value("lam")?,
            intercept: false,
            method,
        };
        let ridge = Ridge::fit(&x, &y, &config).map_err(text)?;
        let error = (ridge.weights() * &x - &y).norm() / (y.len() as f64).sqrt();
        // NaN fails, too.
        if error.is_nan() || error > 2.0 * exact + 1e-14 {
            return Err(format!("{method:?}: RMSE {error:e}, exact {exact:e}"));
        }
    }
    Ok(())
}
