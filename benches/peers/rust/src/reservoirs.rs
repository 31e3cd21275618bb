//! Echo state networks of the public crates, each with weights of its own making: 500 neurons with
//! fifty synapses each, as both can build them.

use echo_state_network::{EchoStateNetwork as Esn, ReservoirComputing};
use reservoir_train::{ESNBuilder, ESNFitRidge};

use crate::Work;

const UNITS: usize = 500;
const WASHOUT: usize = 100;

/// Lorenz63 by RK4, divided by 20: the series of `esn_series` in `reservoir_peers.py`.
fn series(samples: usize) -> Vec<Vec<f64>> {
    let field = |s: [f64; 3]| {
        [
            10.0 * (s[1] - s[0]),
            s[0] * (28.0 - s[2]) - s[1],
            s[0] * s[1] - 8.0 / 3.0 * s[2],
        ]
    };
    let moved = |s: [f64; 3], k: [f64; 3], h: f64| std::array::from_fn(|i| s[i] + h * k[i]);
    let h = 0.025 / 10.0;
    let mut s: [f64; 3] = [17.67715816276679, 12.931379185960404, 43.91404334248268];
    let mut rows = Vec::new();
    for i in 0..200 + samples {
        if i >= 200 {
            rows.push(s.map(|x| 0.05 * x).to_vec());
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
    rows
}

fn by_reservoir_train() -> Work {
    let data = series(10_001 + WASHOUT);
    let (inputs, targets) = (data[..data.len() - 1].to_vec(), data[1..].to_vec());
    Box::new(move || {
        let mut esn = ESNBuilder::<f64>::new(3, 3)
            .units(UNITS)
            .connectivity(50)
            .input_connectivity(3)
            .spectral_radius(0.9)
            .leaking_rate(0.3)
            .seed(1)
            .build_sparse();
        esn.fit(&inputs, &targets, 1e-6, WASHOUT);
        esn.predict(data[data.len() - 1].clone())[2]
    })
}

/// A thousand steps of its own, after a fit that is not timed.
fn generate_by_reservoir_train() -> Work {
    let data = series(10_001 + WASHOUT);
    let mut esn = ESNBuilder::<f64>::new(3, 3)
        .units(UNITS)
        .connectivity(50)
        .input_connectivity(3)
        .spectral_radius(0.9)
        .leaking_rate(0.3)
        .seed(1)
        .build_sparse();
    esn.fit(&data[..data.len() - 1], &data[1..], 1e-6, WASHOUT);
    Box::new(move || {
        for sample in &data[data.len() - 1 - WASHOUT..data.len() - 1] {
            esn.predict(sample.clone());
        }
        let mut next = esn.predict(data[data.len() - 1].clone());
        let first = next[2];
        for _ in 1..1000 {
            next = esn.predict(next);
        }
        first
    })
}

/// A thousand pairs: it solves by inverting at every sample that it is given.
fn by_echo_state_network() -> Work {
    let data = series(1001);
    Box::new(move || {
        let identity = |y: &_| -> nalgebra::DVector<f64> { Clone::clone(y) };
        let mut esn = Esn::new(
            3,
            3,
            UNITS as u64,
            0.1,
            1.0,
            0.9,
            f64::tanh,
            None,
            None,
            0.3,
            identity,
            identity,
            false,
            1e-6,
        );
        esn.offline_train(&data[..1000], &data[1..]);
        esn.estimate(&data[1000])[2]
    })
}

pub fn work(name: &str) -> Option<Work> {
    Some(match name {
        "esn-fit-reservoir-train" => by_reservoir_train(),
        "esn-forecast-reservoir-train" => generate_by_reservoir_train(),
        "esn-fit-echo-state-network" => by_echo_state_network(),
        _ => return None,
    })
}
