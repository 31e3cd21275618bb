//! Echo state networks, beside ReservoirPy and the public Rust crates.

use nalgebra::DMatrix;
use neuropil_math::random::Entries;
use neuropil_math::{Csr, Real};
use neuropil_reservoir::{
    Dynamics, Esn, EsnConfig, Lambda, Leak, Recurrent, Reservoir, ReservoirConfig, ReservoirParts,
    RidgeMethod, Scaling, StateFeatures, Target, Topology,
};

use super::{Prepare, Side, Work, Workload, uniform};

const PAIRS: usize = 10_000;
const WASHOUT: usize = 100;

pub(super) fn workloads() -> Vec<Workload> {
    let base = |name, about, peer, side, aim, prepare| Workload {
        name,
        of: "reservoir",
        about,
        peer,
        side,
        aim: Some(aim),
        // The same weights on both sides, and an ill-conditioned regression.
        agreement: 1e-4,
        truth: None,
        pairs: (3, 9),
        prepare,
    };
    let python = |name, about, aim, prepare: Prepare| {
        base(name, about, "ReservoirPy", Side::Python, aim, prepare)
    };
    // Weights of their own making: the forecasts agree as well as both are right.
    let rust = |name, about, peer, prepare: Prepare| Workload {
        agreement: 0.05,
        ..base(name, about, peer, Side::Rust, 5.0, prepare)
    };
    let single = |name, about, double, prepare: Prepare| {
        base(name, about, "ours in f64", Side::Ours(double), 1.5, prepare)
    };
    vec![
        python(
            "esn-fit-100-10",
            "ESN fit, Lorenz63, 10 000 steps, 100 units of 10 synapses",
            6.0,
            || fit::<f64>(100, 10),
        ),
        python(
            "esn-fit-500-10",
            "ESN fit, 500 units of 10 synapses",
            2.5,
            || fit::<f64>(500, 10),
        ),
        python(
            "esn-fit-1000-10",
            "ESN fit, 1000 units of 10 synapses",
            1.5,
            || fit::<f64>(1000, 10),
        ),
        python(
            "esn-fit-1000-100",
            "ESN fit, 1000 units, density 0.1",
            1.6,
            || fit::<f64>(1000, 100),
        ),
        python(
            "esn-fit-2000-10",
            "ESN fit, 2000 units of 10 synapses",
            1.2,
            || fit::<f64>(2000, 10),
        ),
        Workload {
            pairs: (1, 3),
            ..python(
                "esn-fit-5000-10",
                "ESN fit, 5000 units of 10 synapses",
                1.3,
                || fit::<f64>(5000, 10),
            )
        },
        python(
            "esn-forecast-100-10",
            "ESN forecast, 1000 steps after 100 of warming up, 100 units of 10 synapses",
            15.0,
            || forecast::<f64>(100, 10),
        ),
        python(
            "esn-forecast-1000-10",
            "ESN forecast, 1000 steps after 100 of warming up, 1000 units of 10 synapses",
            2.5,
            || forecast::<f64>(1000, 10),
        ),
        single(
            "esn-fit-1000-10-f32",
            "ESN fit in f32, 1000 units of 10 synapses",
            "esn-fit-1000-10",
            || fit::<f32>(1000, 10),
        ),
        single(
            "esn-fit-2000-10-f32",
            "ESN fit in f32, 2000 units of 10 synapses",
            "esn-fit-2000-10",
            || fit::<f32>(2000, 10),
        ),
        rust(
            "esn-fit-reservoir-train",
            "ESN fit, 10 000 steps, 500 units of 50 synapses",
            "reservoir-train",
            || own_fit(PAIRS + WASHOUT, WASHOUT),
        ),
        rust(
            "esn-forecast-reservoir-train",
            "ESN forecast, 1000 steps after 100 of warming up, 500 units of 50 synapses",
            "reservoir-train",
            own_forecast,
        ),
        rust(
            "esn-fit-echo-state-network",
            "ESN fit, 1000 steps, 500 units of 50 synapses",
            "echo-state-network",
            || own_fit(1000, 0),
        ),
    ]
}

/// The weights of `esn_weights` in `peers/reservoir_peers.py`.
fn parts<T: Real>(units: usize, degree: usize) -> Result<ReservoirParts<T>, String> {
    let stratum = units / degree;
    let draws = uniform(11, 2 * units * degree);
    let scale = 0.9 * (12.0 / degree as f64).sqrt();
    let entries = (0..units * degree).map(|i| {
        let column = i % degree * stratum + ((draws[i] + 0.5) * stratum as f64) as usize;
        (i / degree, column, T::of(scale * draws[units * degree + i]))
    });
    let entries: Vec<_> = entries.collect();
    let recurrent = Csr::from_triplets(units, units, &entries).map_err(|e| e.to_string())?;
    let doubled = |seed, count| uniform(seed, count).into_iter().map(|u| T::of(2.0 * u));
    let input: Vec<T> = doubled(12, units * 3).collect();
    Ok(ReservoirParts {
        recurrent: Recurrent::Sparse(recurrent),
        input: DMatrix::from_row_slice(units, 3, &input),
        bias: doubled(13, units).collect(),
        leak: vec![T::of(0.3); units],
        feedback: None,
        activation: neuropil_math::Activation::Tanh,
        dynamics: Dynamics::Leaky,
        orthogonal: None,
    })
}

/// What ReservoirPy does: the states alone, normal equations, a bias that is not penalised.
fn config(washout: usize) -> EsnConfig {
    EsnConfig {
        features: StateFeatures {
            constant: false,
            input: false,
            ..StateFeatures::default()
        },
        target: Target::Direct,
        standardise: false,
        washout,
        lambda: Lambda::Fixed(1e-6),
        intercept: true,
        method: RidgeMethod::Primal,
        ..EsnConfig::default()
    }
}

/// The series of `esn_series` in `peers/reservoir_peers.py` to the last bit: written as it is there,
/// operation by operation, because chaos would make another series of every other rounding.
fn series<T: Real>(samples: usize) -> DMatrix<T> {
    let field = |[x, y, z]: [f64; 3]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
    let moved = |s: [f64; 3], k: [f64; 3], h: f64| std::array::from_fn(|i| s[i] + h * k[i]);
    let h = 0.025 / 10.0;
    let mut s: [f64; 3] = [17.67715816276679, 12.931379185960404, 43.91404334248268];
    let mut series = Vec::with_capacity(3 * samples);
    for i in 0..200 + samples {
        if i >= 200 {
            series.extend(s.map(|x| T::of(0.05 * x)));
        }
        for _ in 0..10 {
            let k1 = field(s);
            let k2 = field(moved(s, k1, h / 2.0));
            let k3 = field(moved(s, k2, h / 2.0));
            let k4 = field(moved(s, k3, h));
            s = std::array::from_fn(|i| {
                s[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
            });
        }
    }
    DMatrix::from_vec(3, samples, series)
}

fn said<T>(result: Result<T, neuropil_reservoir::Error>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

fn network<T: Real>(units: usize, degree: usize) -> Result<Esn<T>, String> {
    let reservoir = said(Reservoir::from_parts(parts(units, degree)?))?;
    said(Esn::from_reservoir(config(WASHOUT), reservoir))
}

fn fit<T: Real>(units: usize, degree: usize) -> Result<Work, String> {
    let series = series::<T>(PAIRS + 1 + WASHOUT);
    let last = series.ncols() - 1;
    let mut esn = network::<T>(units, degree)?;
    Ok(Box::new(move || {
        said(esn.fit(&series))?;
        let history = series.columns(last - 300, 300).into_owned();
        let forecast = said(esn.forecast(&history, 1))?;
        Ok(forecast[(2, 0)].to_f64())
    }))
}

fn forecast<T: Real>(units: usize, degree: usize) -> Result<Work, String> {
    let series = series::<T>(PAIRS + 1 + WASHOUT);
    let mut esn = network::<T>(units, degree)?;
    said(esn.fit(&series))?;
    let history = series
        .columns(series.ncols() - 1 - WASHOUT, WASHOUT + 1)
        .into_owned();
    Ok(Box::new(move || {
        let steps = said(esn.forecast(&history, 1000))?;
        Ok(steps[(2, 4)].to_f64())
    }))
}

/// Beside crates that cannot be given weights.
fn own(washout: usize) -> Result<Esn<f64>, String> {
    use rand::SeedableRng;

    let config = EsnConfig {
        reservoir: ReservoirConfig {
            units: 500,
            spectral_radius: 0.9,
            leak: Leak::Scalar(0.3),
            input_scaling: Scaling::Uniform(1.0),
            bias_scaling: 0.0,
            topology: Topology::Random {
                fan_in: 50,
                entries: Entries::Uniform {
                    low: -1.0,
                    high: 1.0,
                },
            },
            ..ReservoirConfig::default()
        },
        ..config(washout)
    };
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(1);
    said(Esn::new(config, 3, &mut rng))
}

fn own_fit(pairs: usize, washout: usize) -> Result<Work, String> {
    let series = series::<f64>(pairs + 1);
    Ok(Box::new(move || {
        // They make their weights in the same piece.
        let mut esn = own(washout)?;
        said(esn.fit(&series))?;
        let history = series.columns(pairs - 300, 301).into_owned();
        Ok(said(esn.forecast(&history, 1))?[(2, 0)])
    }))
}

fn own_forecast() -> Result<Work, String> {
    let series = series::<f64>(PAIRS + 1 + WASHOUT);
    let mut esn = own(WASHOUT)?;
    said(esn.fit(&series))?;
    let history = series
        .columns(series.ncols() - 1 - WASHOUT, WASHOUT + 1)
        .into_owned();
    Ok(Box::new(move || {
        Ok(said(esn.forecast(&history, 1000))?[(2, 0)])
    }))
}
