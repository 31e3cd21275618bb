//! Gram matrix, Cholesky factor and ridge regression, beside NumPy and SciPy.

use nalgebra::DMatrix;
use neuropil_math::linalg::{Cholesky, gram};
use neuropil_math::ridge::{Ridge, RidgeConfig, RidgeMethod};

use super::{Side, Work, Workload, repeated, uniform};

pub(super) fn workloads() -> Vec<Workload> {
    let numpy = |name, about, aim, pairs, prepare| Workload {
        name,
        of: "math",
        about,
        peer: "NumPy (OpenBLAS)",
        side: Side::Python,
        aim: Some(aim),
        agreement: 1e-9,
        truth: None,
        pairs,
        prepare,
    };
    vec![
        // The aims: at most 1.5 and 1.3 times NumPy's time.
        numpy(
            "gram",
            "Gram matrix, 1000 features, 10 000 samples",
            1.0 / 1.5,
            (5, 15),
            gram_work,
        ),
        numpy(
            "cholesky",
            "Cholesky factor, n = 2000",
            1.0 / 1.3,
            (7, 21),
            cholesky_work,
        ),
        Workload {
            aim: None,
            ..numpy(
                "ridge",
                "ridge regression, 1000 features, 10 000 samples, 3 outputs",
                1.0,
                (3, 9),
                ridge_work,
            )
        },
        Workload {
            aim: None,
            ..numpy(
                "ridge-small",
                "ridge regression, 28 features, 400 samples, 3 outputs (100 times)",
                1.0,
                (7, 21),
                ridge_small_work,
            )
        },
    ]
}

fn data(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_vec(rows, columns, uniform(seed, rows * columns))
}

fn gram_work() -> Result<Work, String> {
    let x = data(1, 1000, 10_000);
    Ok(repeated(1, move || {
        let g = gram(&x).map_err(|e| e.to_string())?;
        Ok(g[(0, 0)] + g[(999, 3)] + g[(500, 500)])
    }))
}

fn cholesky_work() -> Result<Work, String> {
    let x = data(2, 2000, 2200);
    let mut a = gram(&x).map_err(|e| e.to_string())?;
    for i in 0..2000 {
        a[(i, i)] += 1.0;
    }
    Ok(repeated(1, move || {
        let factor = Cholesky::new(a.clone()).map_err(|e| e.to_string())?;
        Ok(factor.factor()[(1999, 1999)])
    }))
}

fn ridge_of(features: usize, samples: usize, times: usize) -> Work {
    let (x, y) = (data(3, features, samples), data(4, 3, samples));
    let config = RidgeConfig {
        lambda: 1e-2,
        intercept: true,
        method: RidgeMethod::Auto,
    };
    repeated(times, move || {
        let model = Ridge::fit(&x, &y, &config).map_err(|e| e.to_string())?;
        Ok(model.weights().norm())
    })
}

fn ridge_work() -> Result<Work, String> {
    Ok(ridge_of(1000, 10_000, 1))
}

fn ridge_small_work() -> Result<Work, String> {
    Ok(ridge_of(28, 400, 100))
}
