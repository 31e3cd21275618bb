//! Next generation reservoir computing, beside ReservoirPy and beside NumPy written by hand.

use nalgebra::DMatrix;
use neuropil_datasets::Integration;
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_reservoir::{Lambda, Ngrc, NgrcConfig, RidgeMethod};

use super::{Side, Work, Workload, repeated};

pub(super) fn workloads() -> Vec<Workload> {
    let base = |name, about, peer, prepare| Workload {
        name,
        of: "reservoir",
        about,
        peer,
        side: Side::Python,
        aim: None,
        // One side penalises the constant, the other does not, and chaos does the rest.
        agreement: 1e-2,
        truth: None,
        pairs: (7, 21),
        prepare,
    };
    let (rpy, numpy) = ("ReservoirPy NVAR >> Ridge", "NumPy by hand");
    vec![
        base(
            "ngrc-fit-reservoirpy",
            "NG-RC fit, Lorenz63, 400 points (100 times)",
            rpy,
            || fit(400),
        ),
        base(
            "ngrc-fit-numpy",
            "NG-RC fit, Lorenz63, 400 points (100 times)",
            numpy,
            || fit(400),
        ),
        base(
            "ngrc-forecast-reservoirpy",
            "NG-RC forecast, 1000 steps (10 times)",
            rpy,
            || forecast(10),
        ),
        base(
            "ngrc-forecast-numpy",
            "NG-RC forecast, 1000 steps (10 times)",
            numpy,
            || forecast(10),
        ),
    ]
}

/// The same series as `lorenz` in `peers/reservoir_peers.py`: RK4 with ten steps per sample.
fn lorenz(samples: usize) -> Result<DMatrix<f64>, String> {
    let config = Lorenz63Config {
        dt: 0.025,
        warmup: 200,
        integration: Integration::Rk4 { substeps: 10 },
        ..Lorenz63Config::default()
    };
    config.generate(samples).map_err(|e| e.to_string())
}

const LAMBDA: f64 = 2.5e-6;

/// What the peers do: the paper's model in raw units, by the normal equations.
fn raw(lambda: f64) -> NgrcConfig {
    NgrcConfig {
        standardise: false,
        lambda: Lambda::Fixed(lambda),
        method: RidgeMethod::Primal,
        ..NgrcConfig::default()
    }
}

fn fit(points: usize) -> Result<Work, String> {
    let series = lorenz(points + 2)?;
    let mut model = Ngrc::new(raw(LAMBDA)).map_err(|e| e.to_string())?;
    Ok(repeated(100, move || {
        model.fit(&series).map_err(|e| e.to_string())?;
        let next = model.predict(&series).map_err(|e| e.to_string())?;
        Ok(next[(2, points)])
    }))
}

/// With a penalty under which a thousand free steps stay on the attractor.
fn forecast(times: usize) -> Result<Work, String> {
    let series = lorenz(402)?;
    let mut model = Ngrc::new(raw(0.1)).map_err(|e| e.to_string())?;
    model.fit(&series).map_err(|e| e.to_string())?;
    Ok(repeated(times, move || {
        let steps = model.forecast(&series, 1000).map_err(|e| e.to_string())?;
        Ok(steps[(2, 4)])
    }))
}
