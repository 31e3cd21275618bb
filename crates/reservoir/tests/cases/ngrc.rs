//! Cases of next generation reservoir computing.

use nalgebra::DMatrix;
use neuropil_reservoir::{FeatureMap, Lambda, Ngrc, NgrcConfig, Orders, RidgeMethod, Target};
use neuropil_test_kit::golden::Tensors;
use neuropil_test_kit::tolerance::{check_close, check_value};

use crate::Entry;

/// Features are compared to the rounding of their products.
const FEATURES: f64 = 1e-12;
/// The manifest: the weights are so ill-determined that the NRMSE is defined to a fifth.
const NRMSE: f64 = 0.2;

/// A matrix of the file, whose rows are samples, as one sample per column.
pub(crate) fn samples(tensors: &Tensors, name: &str) -> Result<DMatrix<f64>, String> {
    let (rows, columns) = tensors.matrix_shape(name)?;
    Ok(DMatrix::from_column_slice(
        columns,
        rows,
        tensors.values(name)?,
    ))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// `nvar_*`: linear and one order, and every order with a constant, over a history of zeros.
pub(crate) fn features(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let (taps, stride) = (entry.size("delay_k")?, entry.size("stride_s")?);
    let order = entry.size("order")?;
    let channels = entry.size("input_dim")?;
    let u = samples(tensors, "u")?;
    let history = (taps - 1) * stride;
    let padded = u.insert_columns(0, history, 0.0);
    let (rtol, atol) = (entry.rtol, entry.atol);

    let single = if order == 1 {
        Orders::Exactly(1)
    } else {
        Orders::Set(vec![1, order])
    };
    for (name, orders, constant) in [
        ("features", single, false),
        ("features_cum", Orders::UpTo(order), true),
    ] {
        let map = FeatureMap::new(channels, taps, stride, &orders, constant).map_err(text)?;
        let ours = map.matrix(&padded).map_err(text)?;
        let theirs = samples(tensors, name)?;
        if ours.shape() != theirs.shape() {
            return Err(format!(
                "{name}: {:?}, expected {:?}",
                ours.shape(),
                theirs.shape()
            ));
        }
        check_close(name, ours.as_slice(), theirs.as_slice(), rtol, atol)?;
    }

    // The index lists themselves: the monomials of the primes that name the variables are unique.
    let lists = samples(tensors, "monomial_idx")?;
    let primes: Vec<f64> = (2_u32..)
        .filter(|n| (2..*n).all(|m| n % m != 0))
        .take(channels * taps)
        .map(f64::from)
        .collect();
    let map = FeatureMap::new(channels * taps, 1, 1, &Orders::Exactly(order), false);
    let ours = map
        .and_then(|map| map.matrix(&DMatrix::from_column_slice(channels * taps, 1, &primes)))
        .map_err(text)?;
    let theirs: Vec<f64> = lists
        .column_iter()
        .map(|list| list.iter().map(|&i| primes[i as usize]).product())
        .collect();
    check_close("monomial_idx", ours.as_slice(), &theirs, 0.0, 0.0)
}

fn config(entry: &Entry, tensors: &Tensors, orders: Orders) -> Result<NgrcConfig, String> {
    Ok(NgrcConfig {
        taps: entry.size("k")?,
        stride: entry.size("s")?,
        orders,
        constant: entry.flag("const")?,
        target: Target::Increment,
        standardise: false,
        lambda: Lambda::Fixed(tensors.value("lam")?),
        intercept: false,
        method: RidgeMethod::Auto,
    })
}

fn columns(matrix: &DMatrix<f64>, first: usize, count: usize) -> Result<DMatrix<f64>, String> {
    if first + count > matrix.ncols() {
        return Err(format!(
            "columns {first}..{} of {}",
            first + count,
            matrix.ncols()
        ));
    }
    Ok(matrix.columns(first, count).into_owned())
}

fn check_first_and_last(
    model: &Ngrc<f64>,
    inputs: &DMatrix<f64>,
    count: usize,
    tensors: &Tensors,
) -> Result<(), String> {
    let features = model
        .features()
        .and_then(|map| map.matrix(inputs))
        .map_err(text)?;
    for (name, column) in [("feat_first", 0), ("feat_last", count - 1)] {
        check_close(
            name,
            features.column(column).as_slice(),
            tensors.values(name)?,
            FEATURES,
            0.0,
        )?;
    }
    Ok(())
}

/// The root of the mean squared error over every element.
fn rmse(a: &DMatrix<f64>, b: &DMatrix<f64>) -> f64 {
    ((a - b).norm_squared() / a.len() as f64).sqrt()
}

/// `ngrc_lorenz_*` and `ngrc_dscroll_*`: train on the increments, forecast in closed loop.
pub(crate) fn forecast(entry: &Entry, tensors: &Tensors, single_order: bool) -> Result<(), String> {
    let order = entry.size("order")?;
    let orders = if single_order {
        Orders::Set(vec![1, order])
    } else {
        Orders::UpTo(order)
    };
    let config = config(entry, tensors, orders)?;
    let warmup = config.warmup().map_err(text)?;
    let pairs = entry.size("train_points")?;
    let data = samples(tensors, "data")?;
    let known = columns(&data, 0, warmup + pairs + 1)?;

    let mut model = Ngrc::new(config).map_err(text)?;
    model.fit(&known).map_err(text)?;
    check_first_and_last(&model, &known, pairs, tensors)?;

    let variance = tensors.value("total_var")?;
    let predicted = model.predict(&known).map_err(text)?;
    let train = rmse(
        &columns(&predicted, 0, pairs)?,
        &columns(&known, warmup + 1, pairs)?,
    ) / variance.sqrt();
    check_value(
        "train_nrmse",
        train,
        tensors.value("train_nrmse")?,
        NRMSE,
        0.0,
    )?;

    // Its first sample is the last target of the training.
    let theirs = samples(tensors, "forecast")?;
    let steps = theirs.ncols() - 1;
    let ours = model.forecast(&known, steps).map_err(text)?;
    check_close(
        "forecast",
        ours.as_slice(),
        columns(&theirs, 1, steps)?.as_slice(),
        0.0,
        entry.atol,
    )?;
    let truth = columns(&data, warmup + pairs, steps + 1)?;
    let mut with_first = ours.insert_column(0, 0.0);
    with_first.column_mut(0).copy_from(&truth.column(0));
    let test = rmse(&with_first, &truth) / variance.sqrt();
    check_value("test_nrmse", test, tensors.value("test_nrmse")?, NRMSE, 0.0)
}

/// `ngrc_infer_*`: the last channel from the others.
pub(crate) fn infer(entry: &Entry, tensors: &Tensors) -> Result<(), String> {
    let config = config(entry, tensors, Orders::UpTo(entry.size("order")?))?;
    let warmup = config.warmup().map_err(text)?;
    let pairs = entry.size("train_points")?;
    let data = samples(tensors, "data")?;
    let last = data.nrows() - 1;
    let inputs = data.rows(0, last).into_owned();
    let targets = data.rows(last, 1).into_owned();

    let mut model = Ngrc::new(config).map_err(text)?;
    model
        .fit_inference(
            &columns(&inputs, 0, warmup + pairs)?,
            &columns(&targets, 0, warmup + pairs)?,
        )
        .map_err(text)?;
    // Here `feat_last` is of the last sample of all, not of the training.
    check_first_and_last(&model, &inputs, inputs.ncols() - warmup, tensors)?;

    let inferred = model.infer(&inputs).map_err(text)?;
    check_close(
        "z_pred",
        inferred.as_slice(),
        tensors.values("z_pred")?,
        0.0,
        entry.atol,
    )?;
    let deviation = tensors.value("z_std")?;
    let tests = inferred.ncols() - pairs;
    for (name, first, count) in [("train_nrmse", 0, pairs), ("test_nrmse", pairs, tests)] {
        let error = rmse(
            &columns(&inferred, first, count)?,
            &columns(&targets, warmup + first, count)?,
        );
        check_value(name, error / deviation, tensors.value(name)?, NRMSE, 0.0)?;
    }
    Ok(())
}
