//! Ridge regression, its path over λ, and cases that ruin the normal equations.

use nalgebra::DMatrix;
use neuropil_math::ridge::{
    Ridge, RidgeAccumulator, RidgeConfig, RidgeMethod, RidgePath, RidgeQr, Selection,
};
use neuropil_test_kit::golden::{Case, Tensors};
use neuropil_test_kit::tolerance::{check_close, check_value};

/// A matrix stored sample by sample, as features × samples: the same memory.
fn samples(tensors: &Tensors, name: &str) -> Result<DMatrix<f64>, String> {
    let (rows, columns) = tensors.matrix_shape(name)?;
    Ok(DMatrix::from_column_slice(
        columns,
        rows,
        tensors.values(name)?,
    ))
}

fn words<T>(result: Result<T, neuropil_math::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn fit(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    lambda: f64,
    intercept: bool,
    method: RidgeMethod,
) -> Result<Ridge<f64>, String> {
    let config = RidgeConfig {
        lambda,
        intercept,
        method,
    };
    Ridge::fit(x, y, &config).map_err(|e| format!("{method:?}: {e}"))
}

/// Files store weights features × outputs row by row: outputs × features column by column.
fn check_model(
    what: &str,
    model: &Ridge<f64>,
    weights: &[f64],
    intercept: Option<&[f64]>,
    case: &Case,
) -> Result<(), String> {
    let (rtol, atol) = (case.rtol, case.atol);
    let found = model.weights().as_slice();
    check_close(&format!("{what}, weights"), found, weights, rtol, atol)?;
    let found = model.intercept().as_slice();
    let zeros = vec![0.0; found.len()];
    check_close(
        &format!("{what}, intercept"),
        found,
        intercept.unwrap_or(&zeros),
        rtol,
        atol,
    )
}

pub(crate) fn ridge(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let lambda = tensors.value("lam")?;
    for intercept in [true, false] {
        let (weights, bias) = if intercept {
            (tensors.values("Wout_bias")?, Some(tensors.values("bias")?))
        } else {
            (tensors.values("Wout_nobias")?, None)
        };
        let wide = x.ncols() < x.nrows();
        let mut models = Vec::new();
        let direct = if wide {
            RidgeMethod::Dual
        } else {
            RidgeMethod::Primal
        };
        // Without a penalty, more features than samples leave no Cholesky factor.
        let definite = lambda > 0.0 || !wide;
        let mut methods = vec![RidgeMethod::Auto, RidgeMethod::Qr];
        methods.extend(definite.then_some(direct));
        for method in methods {
            let model = fit(&x, &y, lambda, intercept, method)?;
            models.push((format!("{method:?}"), model));
        }
        let (p, q) = (x.nrows(), y.nrows());
        let mut moments = words(RidgeAccumulator::new(p, q, intercept))?;
        let mut qr = words(RidgeQr::new(p, q, intercept))?;
        let middle = x.ncols() / 3;
        for (first, count) in [(0, middle), (middle, x.ncols() - middle)] {
            let x = x.columns(first, count).into_owned();
            let y = y.columns(first, count).into_owned();
            words(moments.add(&x, &y))?;
            words(qr.add(&x, &y))?;
        }
        if definite {
            models.push(("streamed moments".to_owned(), words(moments.solve(lambda))?));
        }
        models.push(("streamed QR".to_owned(), words(qr.solve(lambda))?));
        let path = words(RidgePath::new(&x, &y, intercept))?;
        models.push(("path".to_owned(), words(path.solve(lambda))?));
        for (what, model) in models {
            let what = format!("{what}, intercept {intercept}");
            check_model(&what, &model, weights, bias, case)?;
        }
    }
    Ok(())
}

pub(crate) fn ridge_gcv(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let lambdas = tensors.values("lams")?;
    let path = words(RidgePath::new(&x, &y, false))?;
    for (name, value) in [
        (
            "gcv",
            RidgePath::gcv as fn(&RidgePath<f64>, f64) -> Result<f64, neuropil_math::Error>,
        ),
        ("loo", RidgePath::leave_one_out),
        ("edf", RidgePath::effective_dof),
    ] {
        let curve: Result<Vec<f64>, String> =
            lambdas.iter().map(|&l| words(value(&path, l))).collect();
        check_close(name, &curve?, tensors.values(name)?, case.rtol, case.atol)?;
    }
    let best = tensors.values("best")?;
    for (selection, best, weights) in [
        (Selection::Gcv, best.first(), "W_best_gcv"),
        (Selection::LeaveOneOut, best.get(1), "W_best_loo"),
    ] {
        let choice = words(path.choose(lambdas, selection))?;
        let best = *best.ok_or("best holds two values")?;
        check_value("position of the best", choice.index as f64, best, 0.0, 0.0)?;
        check_model(weights, &choice.model, tensors.values(weights)?, None, case)?;
    }
    Ok(())
}

pub(crate) fn ridge_ill(tensors: &Tensors) -> Result<(), String> {
    let (x, y) = (samples(tensors, "X")?, samples(tensors, "Y")?);
    let lambda = tensors.value("lam")?;
    let limit = 2.0 * tensors.value("rmse_exact")? + 1e-14;
    let path = words(RidgePath::new(&x, &y, false))?;
    let mut streamed = words(RidgeQr::new(x.nrows(), y.nrows(), false))?;
    words(streamed.add(&x, &y))?;
    for (what, model) in [
        ("Auto", fit(&x, &y, lambda, false, RidgeMethod::Auto)?),
        ("Qr", fit(&x, &y, lambda, false, RidgeMethod::Qr)?),
        ("streamed QR", words(streamed.solve(lambda))?),
        ("path", words(path.solve(lambda))?),
    ] {
        let error = words(model.predict(&x))? - &y;
        let rmse = (error.norm_squared() / y.len() as f64).sqrt();
        println!("{what}: {rmse:e}, limit {limit:e}, by {:?}", model.method());
        if rmse > limit || rmse.is_nan() {
            return Err(format!("{what}: training RMSE {rmse:e} above {limit:e}"));
        }
    }
    Ok(())
}
