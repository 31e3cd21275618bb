//! Ridge regression by what it must satisfy, in all its forms.

#![allow(
    clippy::unwrap_used,
    reason = "a failure in a helper of tests is a failed test"
)]

use nalgebra::{DMatrix, DVector};
use neuropil_math::linalg::{Qr, StreamedQr};
use neuropil_math::ridge::{
    Ridge, RidgeAccumulator, RidgeConfig, RidgeMethod, RidgePath, RidgeQr, Selection,
};
use neuropil_math::{Error, Real};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

type Data = (DMatrix<f64>, DMatrix<f64>);

fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| f64::standard_normal(&mut rng))
}

/// A linear map of random features with noise and an intercept.
fn data(features: usize, outputs: usize, samples: usize, seed: u64) -> Data {
    let x = normal(features, samples, seed).add_scalar(0.7);
    let w = normal(outputs, features, seed + 1);
    let y = &w * &x + normal(outputs, samples, seed + 2) * 0.1;
    (x, y.add_scalar(-3.0))
}

fn fit(x: &DMatrix<f64>, y: &DMatrix<f64>, lambda: f64, intercept: bool) -> Ridge<f64> {
    fit_by(RidgeMethod::Auto, x, y, lambda, intercept).unwrap()
}

fn fit_by(
    method: RidgeMethod,
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    lambda: f64,
    intercept: bool,
) -> Result<Ridge<f64>, Error> {
    let config = RidgeConfig {
        lambda,
        intercept,
        method,
    };
    Ridge::fit(x, y, &config)
}

#[track_caller]
fn assert_same(what: &str, a: &Ridge<f64>, b: &Ridge<f64>, rtol: f64) {
    let scale = b.weights().amax().max(1e-300);
    let (wa, wb) = (a.weights().as_slice(), b.weights().as_slice());
    assert_close(what, wa, wb, rtol, rtol * scale);
    let scale = b.intercept().amax().max(scale);
    let (ia, ib) = (a.intercept().as_slice(), b.intercept().as_slice());
    assert_close(what, ia, ib, rtol, rtol * scale);
}

fn rms(a: &DMatrix<f64>) -> f64 {
    (a.norm_squared() / a.len() as f64).sqrt()
}

/// A copy of some columns.
fn part(x: &DMatrix<f64>, first: usize, count: usize) -> DMatrix<f64> {
    x.columns(first, count).into_owned()
}

/// An orthonormal basis of random directions.
fn orthonormal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    Qr::new(&normal(rows, columns, seed)).unwrap().q()
}

/// Features of which the singular values fall evenly from 1 to 1 / `condition`.
fn ill_conditioned(features: usize, samples: usize, condition: f64, seed: u64) -> DMatrix<f64> {
    let (u, v) = (
        orthonormal(features, features, seed),
        orthonormal(samples, features, seed + 1),
    );
    let s = DMatrix::from_diagonal(&DVector::from_fn(features, |i, _| {
        condition.powf(-(i as f64) / (features - 1) as f64)
    }));
    u * s * v.transpose()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The gradient of the objective vanishes at the solution, whoever found it.
    #[test]
    fn the_gradient_vanishes(
        (features, outputs, samples) in (1..9_usize, 1..4_usize, 1..40_usize),
        log_lambda in -4.0..3.0_f64,
        intercept: bool,
        seed: u64,
    ) {
        let (x, y) = data(features, outputs, samples, seed % 1000);
        let lambda = 10_f64.powf(log_lambda);
        for method in [RidgeMethod::Auto, RidgeMethod::Primal, RidgeMethod::Dual, RidgeMethod::Qr] {
            let model = fit_by(method, &x, &y, lambda, intercept).unwrap();
            let residual = &y - model.predict(&x).unwrap();
            let gradient = &residual * x.transpose() - model.weights() * lambda;
            let scale = y.norm() * x.norm() + 1.0;
            prop_assert!(gradient.amax() < 1e-11 * scale, "{method:?}: {}", gradient.amax());
            if intercept {
                let mean = residual.column_sum();
                prop_assert!(mean.amax() < 1e-11 * scale, "{method:?}: {}", mean.amax());
            }
        }
    }

    #[test]
    fn all_methods_agree(
        (features, outputs, samples) in (1..12_usize, 1..4_usize, 2..60_usize),
        log_lambda in -2.0..2.0_f64,
        intercept: bool,
        seed: u64,
    ) {
        let (x, y) = data(features, outputs, samples, seed % 1000);
        let lambda = 10_f64.powf(log_lambda);
        let expected = fit_by(RidgeMethod::Qr, &x, &y, lambda, intercept).unwrap();
        for method in [RidgeMethod::Auto, RidgeMethod::Primal, RidgeMethod::Dual] {
            let model = fit_by(method, &x, &y, lambda, intercept).unwrap();
            assert_same("fit", &model, &expected, 1e-9);
        }
        let mut moments = RidgeAccumulator::new(features, outputs, intercept).unwrap();
        moments.add(&x, &y).unwrap();
        assert_same("moments", &moments.solve(lambda).unwrap(), &expected, 1e-9);
        let mut qr = RidgeQr::new(features, outputs, intercept).unwrap();
        qr.add(&x, &y).unwrap();
        assert_same("streamed QR", &qr.solve(lambda).unwrap(), &expected, 1e-9);
        assert_same("its path", &qr.path().unwrap().solve(lambda).unwrap(), &expected, 1e-9);
        let path = RidgePath::new(&x, &y, intercept).unwrap();
        assert_same("path", &path.solve(lambda).unwrap(), &expected, 1e-9);
        let path = moments.path().unwrap();
        assert_same("path of moments", &path.solve(lambda).unwrap(), &expected, 1e-7);
    }

    #[test]
    fn weights_shrink_as_lambda_grows(samples in 2..30_usize, intercept: bool, seed: u64) {
        let (x, y) = data(6, 2, samples, seed % 1000);
        let mut last = f64::INFINITY;
        for exponent in -6..6 {
            let norm = fit(&x, &y, 10_f64.powi(exponent), intercept).weights().norm();
            prop_assert!(norm <= last * (1.0 + 1e-9));
            last = norm;
        }
    }

    #[test]
    fn the_order_of_samples_does_not_matter(seed: u64, samples in 3..50_usize) {
        let (x, y) = data(5, 2, samples, seed % 1000);
        let turn = |m: &DMatrix<f64>| {
            let middle = samples / 2;
            DMatrix::from_fn(m.nrows(), samples, |i, t| m[(i, (t + middle) % samples)])
        };
        let (a, b) = (fit(&x, &y, 0.1, true), fit(&turn(&x), &turn(&y), 0.1, true));
        assert_same("turned", &a, &b, 1e-10);
    }

    #[test]
    fn any_split_of_a_stream_gives_the_same_bits(
        cuts in prop::collection::vec(1..400_usize, 1..6),
        intercept: bool,
    ) {
        let samples: usize = cuts.iter().sum();
        let (x, y) = data(4, 2, samples, 5);
        let mut whole = RidgeAccumulator::new(4, 2, intercept).unwrap();
        whole.add(&x, &y).unwrap();
        let mut whole_qr = RidgeQr::new(4, 2, intercept).unwrap();
        whole_qr.add(&x, &y).unwrap();
        let mut split = RidgeAccumulator::new(4, 2, intercept).unwrap();
        let mut split_qr = RidgeQr::new(4, 2, intercept).unwrap();
        let mut first = 0;
        for &count in &cuts {
            let (x, y) = (part(&x, first, count), part(&y, first, count));
            split.add(&x, &y).unwrap();
            split_qr.add(&x, &y).unwrap();
            // Asking in between changes nothing.
            split.solve(1.0).unwrap();
            split_qr.solve(1.0).unwrap();
            first += count;
        }
        prop_assert_eq!(split.samples(), samples);
        for lambda in [1e-3, 1.0] {
            prop_assert_eq!(split.solve(lambda).unwrap(), whole.solve(lambda).unwrap());
            prop_assert_eq!(split_qr.solve(lambda).unwrap(), whole_qr.solve(lambda).unwrap());
        }
        assert_same("stream", &whole.solve(0.5).unwrap(), &fit(&x, &y, 0.5, intercept), 1e-10);
        assert_same("stream", &whole_qr.solve(0.5).unwrap(), &fit(&x, &y, 0.5, intercept), 1e-10);
    }

    #[test]
    fn merged_accumulators_are_one(a in 1..600_usize, b in 1..600_usize, intercept: bool) {
        let (x, y) = data(5, 2, a + b, 11);
        let mut left = RidgeAccumulator::new(5, 2, intercept).unwrap();
        let mut right = left.clone();
        left.add(&part(&x, 0, a), &part(&y, 0, a)).unwrap();
        right.add(&part(&x, a, b), &part(&y, a, b)).unwrap();
        left.merge(&right).unwrap();
        prop_assert_eq!(left.samples(), a + b);
        assert_same("merged", &left.solve(0.1).unwrap(), &fit(&x, &y, 0.1, intercept), 1e-9);
        let empty = RidgeAccumulator::new(5, 2, intercept).unwrap();
        let solved = left.solve(0.1).unwrap();
        left.merge(&empty).unwrap();
        prop_assert_eq!(left.solve(0.1).unwrap(), solved);
    }

    #[test]
    fn leave_one_out_is_what_it_says(
        features in 1..14_usize,
        intercept: bool,
        log_lambda in -4.0..2.0_f64,
        seed: u64,
    ) {
        let (x, y) = data(features, 2, 9, seed % 1000);
        let lambda = 10_f64.powf(log_lambda);
        let path = RidgePath::new(&x, &y, intercept).unwrap();
        let mut sum = 0.0;
        for t in 0..9 {
            let model = fit_by(
                RidgeMethod::Qr,
                &x.clone().remove_column(t),
                &y.clone().remove_column(t),
                lambda,
                intercept,
            )
            .unwrap();
            sum += (model.predict(&part(&x, t, 1)).unwrap() - part(&y, t, 1)).norm_squared();
        }
        assert_close("press", &[path.leave_one_out(lambda).unwrap()], &[sum / 18.0], 1e-8, 0.0);
    }
}

#[test]
fn gcv_and_degrees_of_freedom_follow_their_definitions() {
    for (features, samples) in [(4, 30), (12, 30), (30, 12)] {
        for intercept in [true, false] {
            let (x, y) = data(features, 2, samples, 3);
            let lambda = 0.3;
            // The hat matrix, column by column: the prediction for a target of one at one sample.
            let mut trace = 0.0;
            for t in 0..samples {
                let mut unit = DMatrix::zeros(1, samples);
                unit[t] = 1.0;
                trace += fit(&x, &unit, lambda, intercept).predict(&x).unwrap()[t];
            }
            let path = RidgePath::new(&x, &y, intercept).unwrap();
            let edf = path.effective_dof(lambda).unwrap();
            assert_close("edf", &[edf], &[trace], 1e-9, 0.0);
            let residual = fit(&x, &y, lambda, intercept).predict(&x).unwrap() - &y;
            let gcv = rms(&residual).powi(2) / (1.0 - trace / samples as f64).powi(2);
            assert_close("gcv", &[path.gcv(lambda).unwrap()], &[gcv], 1e-8, 0.0);
            let mut streamed = RidgeQr::new(features, 2, intercept).unwrap();
            streamed.add(&x, &y).unwrap();
            let streamed = streamed.path().unwrap();
            assert_close("gcv", &[streamed.gcv(lambda).unwrap()], &[gcv], 1e-8, 0.0);
            let edf = streamed.effective_dof(lambda).unwrap();
            assert_close("edf", &[edf], &[trace], 1e-9, 0.0);
            let mut moments = RidgeAccumulator::new(features, 2, intercept).unwrap();
            moments.add(&x, &y).unwrap();
            let moments = moments.path().unwrap();
            assert_close("gcv", &[moments.gcv(lambda).unwrap()], &[gcv], 1e-6, 0.0);
        }
    }
}

#[test]
fn folds_are_what_they_say() {
    for (features, samples) in [(4, 23), (30, 23)] {
        for intercept in [true, false] {
            let (x, y) = data(features, 2, samples, 8);
            let path = RidgePath::new(&x, &y, intercept).unwrap();
            let lambdas = [1e-3, 0.1, 10.0];
            let choice = path.choose(&lambdas, Selection::Folds(4)).unwrap();
            for (&lambda, &found) in lambdas.iter().zip(&choice.curve) {
                let mut sum = 0.0;
                for fold in 0..4 {
                    let first = fold * samples / 4;
                    let count = (fold + 1) * samples / 4 - first;
                    let model = fit(
                        &x.clone().remove_columns(first, count),
                        &y.clone().remove_columns(first, count),
                        lambda,
                        intercept,
                    );
                    let predicted = model.predict(&part(&x, first, count)).unwrap();
                    sum += (predicted - part(&y, first, count)).norm_squared();
                }
                assert_close("fold error", &[found], &[sum / y.len() as f64], 1e-9, 0.0);
            }
            assert_eq!(choice.lambda, lambdas[choice.index]);
            assert!(
                choice
                    .curve
                    .iter()
                    .all(|c| *c >= choice.curve[choice.index])
            );
            assert_same(
                "model",
                &choice.model,
                &fit(&x, &y, choice.lambda, intercept),
                1e-9,
            );
        }
    }
}

#[test]
fn lambda_to_zero_is_least_squares() {
    let (x, y) = data(5, 2, 40, 1);
    for intercept in [true, false] {
        let least = fit(&x, &y, 0.0, intercept);
        assert_same("limit", &fit(&x, &y, 1e-12, intercept), &least, 1e-11);
        // Against nalgebra's decomposition of the explicit problem.
        let mut a = x.transpose();
        if intercept {
            a = a.insert_column(5, 1.0);
        }
        let solution = a.svd(true, true).solve(&y.transpose(), 1e-14).unwrap();
        let expected = solution.rows(0, 5).transpose();
        let found = least.weights().as_slice();
        assert_close("weights", found, expected.as_slice(), 1e-11, 1e-13);
        if intercept {
            let expected = solution.row(5).transpose();
            let found = least.intercept().as_slice();
            assert_close("intercept", found, expected.as_slice(), 1e-11, 1e-13);
        }
    }
}

#[test]
fn lambda_to_infinity_is_the_mean() {
    for (features, samples) in [(5, 40), (40, 5)] {
        let (x, y) = data(features, 2, samples, 1);
        let model = fit(&x, &y, 1e14, true);
        assert!(model.weights().amax() < 1e-10);
        let mean = y.column_mean();
        let found = model.intercept().as_slice();
        assert_close("intercept", found, mean.as_slice(), 1e-9, 0.0);
        assert!(fit(&x, &y, 1e14, false).intercept().amax() == 0.0);
    }
}

#[test]
fn duplicated_features_share_their_weight() {
    let (x, y) = data(4, 2, 300, 2);
    let single = fit(&x, &y, 0.0, true);
    let twice = DMatrix::from_fn(8, 300, |i, t| x[(i % 4, t)]);
    for method in [RidgeMethod::Auto, RidgeMethod::Qr] {
        let model = fit_by(method, &twice, &y, 0.0, true).unwrap();
        assert_eq!(model.rank(), 4);
        assert_eq!(model.method(), RidgeMethod::Qr);
        assert!(model.condition().is_infinite());
        let halves = single.weights() * 0.5;
        let found = model.weights().columns(0, 4).into_owned();
        assert_close("halves", found.as_slice(), halves.as_slice(), 1e-10, 1e-12);
        let found = model.weights().columns(4, 4).into_owned();
        assert_close("halves", found.as_slice(), halves.as_slice(), 1e-10, 1e-12);
    }
    // λ and two copies: as one feature with λ / 2, the weight halved.
    let ridge = fit(&twice, &y, 1.0, true);
    let half = fit(&x, &y, 0.5, true).weights() * 0.5;
    let found = ridge.weights().columns(0, 4).into_owned();
    assert_close("ridge", found.as_slice(), half.as_slice(), 1e-10, 1e-12);
    // Normal equations alone say what is wrong.
    let error = fit_by(RidgeMethod::Primal, &twice, &y, 0.0, true).unwrap_err();
    assert!(
        matches!(error, Error::NotPositiveDefinite { .. }),
        "{error}"
    );
}

#[test]
fn a_penalty_below_rounding_does_not_blow_up() {
    let (x, y) = data(4, 1, 300, 2);
    let twice = DMatrix::from_fn(8, 300, |i, t| x[(i % 4, t)]);
    let least = fit(&twice, &y, 0.0, true);
    let wide_x = normal(50, 20, 3).insert_column(20, 0.0);
    let wide_y = normal(1, 21, 4);
    let noise = rms(&(least.predict(&twice).unwrap() - &y));
    for lambda in [1e-300, 1e-60, 1e-40, 1e-30, 1e-25, 1e-20, 1e-14] {
        let path = RidgePath::new(&twice, &y, true).unwrap();
        for model in [fit(&twice, &y, lambda, true), path.solve(lambda).unwrap()] {
            let residual = rms(&(model.predict(&twice).unwrap() - &y));
            assert!(
                residual < 1.01 * noise,
                "{lambda:e}: {residual:e} {noise:e}"
            );
            // In between, weights may be large, and the condition must say so.
            let norm = model.weights().norm();
            if (1e-29..1e-17).contains(&lambda) {
                assert!(model.condition() > 1e10);
            } else {
                assert!(norm < 1.5 * least.weights().norm(), "{lambda:e}: {norm:e}");
            }
        }
        let path = RidgePath::new(&wide_x, &wide_y, true).unwrap();
        for model in [
            fit(&wide_x, &wide_y, lambda, true),
            path.solve(lambda).unwrap(),
        ] {
            let norm = model.weights().norm();
            assert!(norm < 2.0, "{lambda:e}: {norm:e}");
            let error = rms(&(model.predict(&wide_x).unwrap() - &wide_y));
            assert!(error < 1e-9, "{lambda:e}: {error:e}");
        }
    }
}

#[test]
fn tall_dependent_features_have_their_rank() {
    // Whatever their number and the number of samples, noise of rounding is not taken for rank.
    for (rank, features, samples) in [(1, 2, 10_000), (3, 7, 3000), (20, 60, 500), (9, 40, 10)] {
        let (a, b) = (normal(features, rank, 1), normal(rank, samples, 2));
        let x = &a * &b;
        let y = normal(1, samples, 3);
        let model = fit(&x, &y, 0.0, false);
        assert_eq!(model.rank(), rank, "{features} features, {samples} samples");
        let path = RidgePath::new(&x, &y, false).unwrap();
        assert_same("path", &path.solve(0.0).unwrap(), &model, 1e-9);
        let edf = path.effective_dof(0.0).unwrap();
        assert_close("edf", &[edf], &[rank as f64], 1e-12, 0.0);
        // With full-rank factors, X⁺ = Bᵀ (B Bᵀ)⁻¹ (Aᵀ A)⁻¹ Aᵀ.
        let aa = (a.transpose() * &a).try_inverse().unwrap();
        let bb = (&b * b.transpose()).try_inverse().unwrap();
        let expected = &y * b.transpose() * bb * aa * a.transpose();
        let found = model.weights().as_slice();
        assert_close("least norm", found, expected.as_slice(), 1e-8, 1e-10);
    }
}

#[test]
fn fewer_samples_than_features_interpolate_with_least_norm() {
    for intercept in [true, false] {
        let (x, y) = data(30, 2, 10, 4);
        let model = fit(&x, &y, 0.0, intercept);
        assert!(rms(&(model.predict(&x).unwrap() - &y)) < 1e-11);
        // The limit of the penalised solutions is the one of least norm.
        assert_same("limit", &fit(&x, &y, 1e-9, intercept), &model, 1e-8);
        let path = RidgePath::new(&x, &y, intercept).unwrap();
        assert!(path.gcv(0.0).unwrap().is_infinite());
        assert!(path.leave_one_out(0.0).unwrap().is_infinite());
        let tiny = path.leave_one_out(1e-11).unwrap();
        let small = path.leave_one_out(1e-8).unwrap();
        assert_close("interpolation", &[tiny], &[small], 1e-6, 0.0);
        let choice = path.choose(&[0.0, 1e-8, 1e-3], Selection::Gcv).unwrap();
        assert!(choice.index > 0 && choice.curve[0].is_infinite());
    }
}

#[test]
fn one_sample_gives_its_own_value() {
    let x = DMatrix::from_column_slice(3, 1, &[1.0, -2.0, 0.5]);
    let y = DMatrix::from_column_slice(2, 1, &[4.0, -1.0]);
    for method in [RidgeMethod::Auto, RidgeMethod::Qr] {
        for lambda in [0.0, 0.1] {
            let model = fit_by(method, &x, &y, lambda, true).unwrap();
            assert_eq!(model.weights().amax(), 0.0);
            assert_eq!(model.intercept().as_slice(), y.as_slice());
        }
        // Without intercept: the projection on the sample.
        let model = fit_by(method, &x, &y, 0.0, false).unwrap();
        let expected = &y * x.transpose() / x.norm_squared();
        let found = model.weights().as_slice();
        assert_close("weights", found, expected.as_slice(), 1e-14, 1e-15);
    }
    let mut stream = RidgeQr::new(3, 2, true).unwrap();
    stream.add(&x, &y).unwrap();
    assert_eq!(
        stream.solve(0.0).unwrap().intercept().as_slice(),
        y.as_slice()
    );
    let mut stream = RidgeAccumulator::new(3, 2, true).unwrap();
    stream.add(&x, &y).unwrap();
    assert_eq!(
        stream.solve(0.0).unwrap().intercept().as_slice(),
        y.as_slice()
    );
    let path = RidgePath::new(&x, &y, true).unwrap();
    assert_eq!(
        path.solve(1.0).unwrap().intercept().as_slice(),
        y.as_slice()
    );
}

#[test]
fn constant_features_get_no_weight() {
    let (x, y) = data(4, 2, 50, 6);
    let more = x.clone().insert_row(2, 0.1).insert_row(0, 1e9);
    for lambda in [0.0, 0.1] {
        let expected = fit(&x, &y, lambda, true);
        let mut streamed = RidgeQr::new(6, 2, true).unwrap();
        streamed.add(&more, &y).unwrap();
        let mut moments = RidgeAccumulator::new(6, 2, true).unwrap();
        moments.add(&more, &y).unwrap();
        let models = [
            fit(&more, &y, lambda, true),
            fit_by(RidgeMethod::Primal, &more, &y, lambda, true).unwrap(),
            fit_by(RidgeMethod::Qr, &more, &y, lambda, true).unwrap(),
            streamed.solve(lambda).unwrap(),
            moments.solve(lambda).unwrap(),
        ];
        for model in models {
            assert_eq!(model.weights().column(0).amax(), 0.0);
            assert_eq!(model.weights().column(3).amax(), 0.0);
            assert_eq!(model.rank(), if lambda > 0.0 { 6 } else { 4 });
            let weights = model.weights().clone().remove_columns_at(&[0, 3]);
            let expected_weights = expected.weights().as_slice();
            assert_close("rest", weights.as_slice(), expected_weights, 1e-11, 1e-12);
            let (found, expected) = (model.intercept(), expected.intercept());
            assert_close("b", found.as_slice(), expected.as_slice(), 1e-11, 1e-12);
        }
    }
}

#[test]
fn a_mean_far_from_zero_costs_nothing() {
    // Deviations of 1 that are exact to the bit around a mean of 2³⁰: 10⁻¹⁸ of the square of the mean
    // is what a sum of squares would have to resolve.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let grid = |v: f64| (v * 4096.0).round() / 4096.0;
    let x = DMatrix::from_fn(6, 2000, |_, _| grid(f64::standard_normal(&mut rng)));
    let y = DMatrix::from_fn(2, 2000, |o, t| {
        grid(x[(o, t)] - 0.5 * x[(o + 3, t)] + 0.1 * f64::standard_normal(&mut rng))
    });
    let far = 2_f64.powi(30);
    let (far_x, far_y) = (x.add_scalar(far), y.add_scalar(-far));
    for lambda in [0.0, 10.0] {
        let near = fit(&x, &y, lambda, true);
        let mut moments = RidgeAccumulator::new(6, 2, true).unwrap();
        let mut qr = RidgeQr::new(6, 2, true).unwrap();
        for first in (0..2000).step_by(300) {
            let count = 300.min(2000 - first);
            let (x, y) = (part(&far_x, first, count), part(&far_y, first, count));
            moments.add(&x, &y).unwrap();
            qr.add(&x, &y).unwrap();
        }
        let path = RidgePath::new(&far_x, &far_y, true).unwrap();
        for (what, model) in [
            ("primal", fit(&far_x, &far_y, lambda, true)),
            (
                "QR",
                fit_by(RidgeMethod::Qr, &far_x, &far_y, lambda, true).unwrap(),
            ),
            ("moments", moments.solve(lambda).unwrap()),
            ("streamed QR", qr.solve(lambda).unwrap()),
            ("path", path.solve(lambda).unwrap()),
        ] {
            let (found, expected) = (model.weights().as_slice(), near.weights().as_slice());
            assert_close(what, found, expected, 1e-12, 1e-13);
        }
    }
}

#[test]
fn a_drifting_mean_costs_nothing() {
    // The first samples are far from all others: a shift by them alone would cancel.
    let mut x = normal(3, 3000, 9);
    x.columns_mut(0, 5).add_scalar_mut(1e8);
    let y = DMatrix::from_fn(1, 3000, |_, t| x[(0, t)] - x[(1, t)] + 0.1 * x[(2, t)]);
    let exact = DMatrix::from_row_slice(1, 3, &[1.0, -1.0, 0.1]);
    let mut qr = RidgeQr::new(3, 1, true).unwrap();
    qr.add(&x, &y).unwrap();
    for model in [fit(&x, &y, 0.0, true), qr.solve(0.0).unwrap()] {
        let found = model.weights().as_slice();
        assert_close("weights", found, exact.as_slice(), 0.0, 1e-6);
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for (features, samples) in [(6, 500), (40, 20)] {
        let (x, y) = data(features, 2, samples, 12);
        let (x32, y32) = (x.map(|v| v as f32), y.map(|v| v as f32));
        let (x, y) = (x32.map(f64::from), y32.map(f64::from));
        for lambda in [1e-3, 1.0] {
            let config = RidgeConfig {
                lambda,
                ..RidgeConfig::default()
            };
            let narrow = Ridge::fit(&x32, &y32, &config).unwrap();
            let wide = Ridge::fit(&x, &y, &config).unwrap();
            // Solved in f64, rounded once.
            assert_eq!(*narrow.weights(), wide.weights().map(|v| v as f32));
            assert_eq!(*narrow.intercept(), wide.intercept().map(|v| v as f32));
            let mut moments = RidgeAccumulator::new(features, 2, true).unwrap();
            moments.add(&x32, &y32).unwrap();
            let found: Vec<f64> = moments
                .solve(lambda)
                .unwrap()
                .weights()
                .iter()
                .map(|&v| f64::from(v))
                .collect();
            assert_close("moments", &found, wide.weights().as_slice(), 1e-6, 1e-7);
        }
    }
}

#[test]
fn refined_normal_equations_are_as_good_as_qr() {
    // Without noise the exact weights are known, and the error is that of the solver.
    let (features, samples) = (20, 200);
    for exponent in [2, 3, 4, 5, 6, 8, 10] {
        let condition = 10_f64.powi(exponent);
        let x = ill_conditioned(features, samples, condition, 20);
        let w = normal(1, features, 30);
        let y = &w * &x;
        let auto = fit(&x, &y, 0.0, false);
        let qr = fit_by(RidgeMethod::Qr, &x, &y, 0.0, false).unwrap();
        let error = |model: &Ridge<f64>| rms(&(model.weights() - &w));
        let residual = |model: &Ridge<f64>| rms(&(model.predict(&x).unwrap() - &y));
        println!(
            "condition 1e{exponent}: {:?}, weights {:e} (QR {:e}), residual {:e} (QR {:e})",
            auto.method(),
            error(&auto),
            error(&qr),
            residual(&auto),
            residual(&qr)
        );
        assert!(
            error(&auto) < 1e-14 * condition.max(100.0),
            "1e{exponent}: {:e}",
            error(&auto)
        );
        assert!(
            residual(&auto) < 1e-13,
            "1e{exponent}: {:e}",
            residual(&auto)
        );
        let expected = if exponent <= 6 {
            RidgeMethod::Primal
        } else {
            RidgeMethod::Qr
        };
        if exponent != 7 {
            assert_eq!(auto.method(), expected, "1e{exponent}");
        }
        // The estimate is that of scaled features, of which the number is smaller.
        assert!(auto.condition() < 10.0 * condition && auto.condition() > 1.0);
    }
}

#[test]
fn dual_is_refined_or_left_for_qr_too() {
    let (features, samples) = (200, 20);
    for exponent in [2, 4, 6, 8, 10] {
        let x = ill_conditioned(samples, features, 10_f64.powi(exponent), 21).transpose();
        let y = normal(1, features, 31) * &x;
        for intercept in [true, false] {
            let model = fit(&x, &y, 0.0, intercept);
            let residual = rms(&(model.predict(&x).unwrap() - &y));
            assert!(
                residual < 1e-13,
                "1e{exponent}, {:?}: {residual:e}",
                model.method()
            );
            if exponent >= 8 {
                assert_eq!(model.method(), RidgeMethod::Qr);
            }
        }
    }
}

#[test]
fn scales_of_features_do_not_matter() {
    // Powers of two from 2⁻⁶⁰ to 2⁶⁰: normal equations of unscaled features would be singular.
    let (x, y) = data(7, 2, 100, 14);
    let scales = DVector::from_fn(7, |i, _| 2_f64.powi(20 * i as i32 - 60));
    let scaled = DMatrix::from_diagonal(&scales) * &x;
    for (method, intercept) in [
        (RidgeMethod::Auto, true),
        (RidgeMethod::Primal, true),
        (RidgeMethod::Qr, true),
        (RidgeMethod::Auto, false),
        (RidgeMethod::Qr, false),
    ] {
        let model = fit_by(method, &scaled, &y, 0.0, intercept).unwrap();
        assert_eq!(model.rank(), 7);
        let weights = model.weights() * DMatrix::from_diagonal(&scales);
        let expected = fit(&x, &y, 0.0, intercept);
        let expected = expected.weights().as_slice();
        assert_close("weights", weights.as_slice(), expected, 1e-11, 1e-12);
    }
}

#[test]
fn qr_is_a_factorisation() {
    for (rows, columns) in [
        (1, 1),
        (5, 5),
        (40, 7),
        (700, 1),
        (1000, 33),
        (257, 100),
        (600, 70),
        (300, 300),
    ] {
        let a = normal(rows, columns, 40);
        let qr = Qr::new(&a).unwrap();
        let (q, r) = (qr.q(), qr.r());
        assert_eq!(q.shape(), (rows, columns));
        let scale = 1e-14 * (rows.max(columns) as f64);
        assert!((&q * r - &a).amax() < scale, "{rows} × {columns}");
        let gram = q.transpose() * &q - DMatrix::identity(columns, columns);
        assert!(gram.amax() < scale, "{rows} × {columns}: {:e}", gram.amax());
        assert_eq!(
            r.lower_triangle() - DMatrix::from_diagonal(&r.diagonal()),
            r * 0.0
        );
        let b = normal(rows, 3, 41);
        let z = qr.q_tr_mul(&b).unwrap();
        assert!((&z - q.transpose() * &b).amax() < scale);
        let c = normal(columns, 2, 42);
        assert!((qr.q_mul(&c).unwrap() - &q * &c).amax() < scale);
    }
}

#[test]
fn least_squares_finds_rank_and_residual() {
    let a = normal(500, 3, 50) * normal(3, 8, 51);
    let b = normal(500, 2, 52);
    let fit = Qr::new(&a).unwrap().least_squares(&b).unwrap();
    assert_eq!(fit.rank, 3);
    let expected = a.clone().pseudo_inverse(1e-10).unwrap() * &b;
    assert_close("x", fit.x.as_slice(), expected.as_slice(), 1e-9, 1e-12);
    let residual = &a * &fit.x - &b;
    for j in 0..2 {
        let expected = residual.column(j).norm_squared();
        assert_close("residual", &[fit.residual[j]], &[expected], 1e-10, 0.0);
    }
    let mut stream = StreamedQr::new(8, 2).unwrap();
    let mut other = StreamedQr::new(8, 2).unwrap();
    for (stream, first, count) in [(&mut stream, 0, 200), (&mut other, 200, 300)] {
        let rows = a.rows(first, count).transpose();
        stream
            .push(&rows, &b.rows(first, count).transpose())
            .unwrap();
    }
    stream.merge(&other).unwrap();
    assert_eq!(stream.samples(), 500);
    let streamed = stream.least_squares().unwrap();
    assert_eq!(streamed.rank, 3);
    assert_close("x", streamed.x.as_slice(), expected.as_slice(), 1e-9, 1e-12);
    assert_close("residual", &streamed.residual, &fit.residual, 1e-10, 0.0);
    // R is determined up to signs: its Gram matrix is that of the data.
    let r = stream.r();
    assert!((r.transpose() * &r - a.transpose() * &a).amax() < 1e-11);
    // More unknowns than equations: all are satisfied.
    let wide = normal(4, 9, 53);
    let b = normal(4, 1, 54);
    let fit = Qr::new(&wide).unwrap().least_squares(&b).unwrap();
    assert_eq!(fit.rank, 4);
    assert!((&wide * &fit.x - &b).amax() < 1e-12);
    let single = Qr::new(&a.map(|v| v as f32)).unwrap();
    assert_eq!(
        single
            .least_squares(&normal(500, 1, 55).map(|v| v as f32))
            .unwrap()
            .rank,
        3
    );
}

#[test]
fn single_predictions_are_the_columns_of_all() {
    let (x, y) = data(7, 3, 20, 60);
    let model = fit(&x, &y, 0.1, true);
    let all = model.predict(&x).unwrap();
    let mut one = [0.0; 3];
    for t in 0..20 {
        let sample = part(&x, t, 1);
        model.predict_into(sample.as_slice(), &mut one).unwrap();
        assert_close(
            "prediction",
            &one,
            all.column(t).into_owned().as_slice(),
            1e-13,
            1e-14,
        );
    }
    assert!(matches!(
        model.predict(&y),
        Err(Error::Shape {
            expected: 7,
            found: 3,
            ..
        })
    ));
    assert!(model.predict_into(&[0.0; 6], &mut one).is_err());
    assert!(model.predict_into(&[0.0; 7], &mut [0.0; 2]).is_err());
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let (x, y) = data(3, 2, 20, 70);
    let config = RidgeConfig::default();
    let mut bad = x.clone();
    bad[(1, 4)] = f64::NAN;
    let at = Error::NonFinite {
        what: "x",
        index: 13,
    };
    assert_eq!(Ridge::fit(&bad, &y, &config).unwrap_err(), at);
    assert_eq!(RidgePath::new(&bad, &y, true).unwrap_err(), at);
    let mut moments = RidgeAccumulator::new(3, 2, true).unwrap();
    let mut qr = RidgeQr::new(3, 2, true).unwrap();
    assert_eq!(moments.add(&bad, &y).unwrap_err(), at);
    assert_eq!(qr.add(&bad, &y).unwrap_err(), at);
    assert_eq!((moments.samples(), qr.samples()), (0, 0));
    let mut bad = y.clone();
    bad[(1, 19)] = f64::NEG_INFINITY;
    let at = Error::NonFinite {
        what: "y",
        index: 39,
    };
    assert_eq!(Ridge::fit(&x, &bad, &config).unwrap_err(), at);

    let empty = |what| Error::Empty { what };
    let none = DMatrix::<f64>::zeros(3, 0);
    assert_eq!(
        Ridge::fit(&none, &none, &config).unwrap_err(),
        empty("samples")
    );
    let none = DMatrix::<f64>::zeros(0, 20);
    assert_eq!(
        Ridge::fit(&none, &y, &config).unwrap_err(),
        empty("features")
    );
    assert_eq!(
        Ridge::fit(&x, &none, &config).unwrap_err(),
        empty("outputs")
    );
    assert_eq!(moments.solve(1.0).unwrap_err(), empty("samples"));
    assert_eq!(qr.solve(1.0).unwrap_err(), empty("samples"));
    assert!(qr.path().is_err() && moments.path().is_err());
    assert!(RidgeAccumulator::<f64>::new(0, 1, true).is_err());
    assert!(RidgeQr::<f64>::new(1, 0, true).is_err());
    assert!(Qr::new(&DMatrix::<f64>::zeros(0, 2)).is_err());
    assert!(StreamedQr::<f64>::new(0, 1).is_err());

    let short = part(&y, 0, 19);
    let error = Ridge::fit(&x, &short, &config).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Shape {
                expected: 20,
                found: 19,
                ..
            }
        ),
        "{error}"
    );
    assert!(moments.add(&y, &y).is_err() && qr.add(&y, &y).is_err());
    assert!(
        moments
            .merge(&RidgeAccumulator::new(3, 2, false).unwrap())
            .is_err()
    );
    assert!(
        moments
            .merge(&RidgeAccumulator::new(4, 2, true).unwrap())
            .is_err()
    );

    moments.add(&x, &y).unwrap();
    qr.add(&x, &y).unwrap();
    let path = RidgePath::new(&x, &y, true).unwrap();
    for lambda in [-1e-9, f64::NAN, f64::INFINITY] {
        let config = RidgeConfig { lambda, ..config };
        assert!(matches!(
            Ridge::fit(&x, &y, &config),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            moments.solve(lambda),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(qr.solve(lambda), Err(Error::OutOfRange { .. })));
        assert!(matches!(path.solve(lambda), Err(Error::OutOfRange { .. })));
        assert!(matches!(path.gcv(lambda), Err(Error::OutOfRange { .. })));
        assert!(path.choose(&[1.0, lambda], Selection::Gcv).is_err());
    }
    for selection in [
        Selection::Folds(1),
        Selection::Folds(0),
        Selection::Folds(21),
    ] {
        let error = path.choose(&[1.0], selection).unwrap_err();
        assert!(
            matches!(error, Error::OutOfRange { what: "folds", .. }),
            "{error}"
        );
    }
    assert!(path.choose(&[], Selection::Gcv).is_err());
    let streamed = qr.path().unwrap();
    assert!(matches!(
        streamed.leave_one_out(1.0),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        streamed.choose(&[1.0], Selection::Folds(2)),
        Err(Error::Empty { .. })
    ));
}

#[test]
fn overflow_is_an_error() {
    let huge = normal(3, 20, 80) * 1e200;
    let y = normal(1, 20, 81);
    for method in [RidgeMethod::Auto, RidgeMethod::Primal, RidgeMethod::Qr] {
        assert!(fit_by(method, &huge, &y, 1.0, true).is_err(), "{method:?}");
    }
}

#[test]
fn the_configuration_is_read_strictly() {
    let config: RidgeConfig = serde_json::from_str(r#"{"lambda": 0.5, "method": "Qr"}"#).unwrap();
    let expected = RidgeConfig {
        lambda: 0.5,
        intercept: true,
        method: RidgeMethod::Qr,
    };
    assert_eq!(config, expected);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<RidgeConfig>(&text).unwrap(), config);
    assert!(serde_json::from_str::<RidgeConfig>(r#"{"lamda": 0.5}"#).is_err());
}

#[test]
fn of_equal_criteria_the_largest_penalty_is_chosen() {
    let x = normal(3, 20, 90);
    let y = DMatrix::zeros(1, 20);
    let path = RidgePath::new(&x, &y, true).unwrap();
    for by in [Selection::Gcv, Selection::LeaveOneOut, Selection::Folds(3)] {
        let choice = path.choose(&[1e-3, 10.0, 0.1], by).unwrap();
        assert_eq!((choice.lambda, choice.index), (10.0, 1));
        assert_eq!(choice.curve, [0.0; 3]);
    }
}

/// Features of a smooth signal, and what they forecast.
fn smooth(features: usize, samples: usize) -> (DMatrix<f32>, DMatrix<f32>) {
    let signal = |t: f64| (0.11 * t).sin() + 0.7 * (0.031 * t + 1.0).cos();
    let x = DMatrix::from_fn(features, samples, |i, t| {
        let (gain, delay) = (0.3 + 0.01 * i as f64, (i % 17) as f64);
        (gain * signal(t as f64 - delay) + 0.02 * i as f64).tanh() as f32
    });
    let y = DMatrix::from_fn(1, samples, |_, t| signal(t as f64 + 3.0) as f32);
    (x, y)
}

#[test]
fn rounded_features_change_the_penalty_by_a_sixteenth_at_most() {
    let (features, samples) = (160, 2000);
    let (x, y) = smooth(features, samples);
    for (lambda, intercept) in [(1e-4, true), (1e-2, true), (1e-2, false), (1.0, true)] {
        let mut exact = RidgeAccumulator::new(features, 1, intercept).unwrap();
        let mut rounded =
            RidgeAccumulator::for_lambda(features, 1, intercept, lambda, samples).unwrap();
        exact.add(&x, &y).unwrap();
        rounded.add(&x, &y).unwrap();
        assert!(rounded.rounding() > 0.0, "{lambda}");
        assert!(rounded.rounding() <= lambda / 16.0, "{lambda}");
        let cost = |ridge: &Ridge<f32>| {
            let w = ridge.weights().map(f64::from);
            let b = f64::from(ridge.intercept()[0]);
            let rest = y.map(f64::from) - &w * x.map(f64::from);
            rest.add_scalar(-b).norm_squared() + lambda * w.norm_squared()
        };
        let exact = exact.solve(lambda).unwrap();
        let rounded = rounded.solve(lambda).unwrap();
        assert_eq!(exact.rounding(), 0.0);
        assert!(rounded.rounding() > 0.0);
        let ratio = cost(&rounded) / cost(&exact);
        assert!(ratio < 1.0 + 1.0 / 16.0, "{lambda}: {ratio}");
    }
}

#[test]
fn rounding_does_not_depend_on_how_samples_were_split() {
    let (x, y) = smooth(150, 1500);
    let solve = |pieces: &[usize]| {
        let mut moments = RidgeAccumulator::for_lambda(150, 1, true, 1e-2, 1500).unwrap();
        let mut first = 0;
        for &n in pieces.iter().cycle() {
            let n = n.min(1500 - first);
            let x = x.columns(first, n).into_owned();
            moments.add(&x, &y.columns(first, n).into_owned()).unwrap();
            first += n;
            if first == 1500 {
                break;
            }
        }
        let by_reference = moments.solve(1e-2).unwrap();
        assert!(by_reference.rounding() > 0.0);
        assert_eq!(moments.into_solution(1e-2).unwrap(), by_reference);
        by_reference
    };
    let whole = solve(&[1500]);
    assert_eq!(solve(&[1, 700, 3]), whole);
    assert_eq!(solve(&[256]), whole);
}

#[test]
fn rounded_features_are_for_the_lambda_that_was_given() {
    let (x, y) = smooth(150, 1000);
    let mut moments = RidgeAccumulator::for_lambda(150, 1, true, 1e-2, 1000).unwrap();
    moments.add(&x, &y).unwrap();
    assert!(moments.solve(1.0).is_ok());
    assert!(matches!(
        moments.solve(1e-3),
        Err(Error::OutOfRange { value, .. }) if value == 1e-3
    ));
    // What is merged keeps its rounding, and its bound.
    let mut other = RidgeAccumulator::new(150, 1, true).unwrap();
    other.add(&x, &y).unwrap();
    other.merge(&moments).unwrap();
    assert_eq!(other.rounding(), moments.rounding());
    assert!(other.solve(1e-3).is_err());
    assert_eq!(other.samples(), 2000);
    let once = moments.solve(1e-2).unwrap();
    let twice = other.solve(2e-2).unwrap();
    let difference = (once.weights() - twice.weights()).norm() / once.weights().norm();
    assert!(difference < 1e-2, "{difference}");
    // Nothing is rounded in f64.
    let mut double = RidgeAccumulator::for_lambda(150, 1, true, 1e-2, 1000).unwrap();
    double.add(&x.map(f64::from), &y.map(f64::from)).unwrap();
    assert_eq!(double.rounding(), 0.0);
    assert!(RidgeAccumulator::<f32>::for_lambda(150, 1, true, -1.0, 1000).is_err());
}
