//! How many of its past inputs a reservoir tells, by topology.

use nalgebra::DMatrix;
use neuropil_reservoir::judge::{MemoryCapacity, MemoryCapacityConfig, memory_capacity};
use neuropil_reservoir::{Dynamics, Reservoir, ReservoirConfig, Scaling, Topology};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error};

pub(super) const MEMORY_CAPACITY: Experiment = Experiment {
    name: "esn-memory-capacity",
    about: "linear memory of 100 units against the delay, by topology",
    short: true,
    run,
};

const UNITS: usize = 100;
const DELAYS: usize = 200;
const INPUTS: usize = 20_000;
const SEEDS: u64 = 3;

/// A kind of reservoir; the spectral radius or the proximity is one of these.
struct Kind {
    name: &'static str,
    topology: fn() -> Topology,
    edge_of_stability: bool,
    parameters: &'static [f64],
}

const RADII: &[f64] = &[0.8, 0.9, 0.95, 0.98, 0.99, 1.0];

const KINDS: [Kind; 4] = [
    Kind {
        name: "random, ten synapses per unit",
        topology: Topology::default,
        edge_of_stability: false,
        parameters: RADII,
    },
    Kind {
        name: "ring",
        topology: || Topology::Ring,
        edge_of_stability: false,
        parameters: RADII,
    },
    Kind {
        name: "orthogonal",
        topology: || Topology::Orthogonal,
        edge_of_stability: false,
        parameters: RADII,
    },
    Kind {
        name: "edge of stability",
        topology: Topology::default,
        edge_of_stability: true,
        parameters: &[0.2, 0.1, 0.05, 0.02, 0.01],
    },
];

fn memory(kind: &Kind, parameter: f64, scale: f64, seed: u64) -> Result<MemoryCapacity, String> {
    let config = ReservoirConfig {
        units: UNITS,
        topology: (kind.topology)(),
        spectral_radius: if kind.edge_of_stability {
            0.9
        } else {
            parameter
        },
        dynamics: if kind.edge_of_stability {
            Dynamics::EdgeOfStability {
                proximity: parameter,
            }
        } else {
            Dynamics::Leaky
        },
        input_scaling: Scaling::Uniform(scale),
        ..ReservoirConfig::default()
    };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng).map_err(|e| e.to_string())?;
    let inputs = DMatrix::from_fn(1, INPUTS, |_, _| rng.random_range(-1.0..1.0));
    let settings = MemoryCapacityConfig {
        delays: DELAYS,
        washout: 1000,
        test_share: 0.5,
        // States shrink with the input, and the penalty must not be what forgets.
        lambda: 1e-10 * scale * scale,
    };
    memory_capacity(&reservoir, &inputs, &settings).map_err(|e| e.to_string())
}

fn run(context: &Context) -> Result<Report, String> {
    let scales = [0.01, 0.1, 1.0];
    let tried: usize = KINDS
        .iter()
        .map(|k| k.parameters.len() + SEEDS as usize)
        .sum();
    context.progress.set_length((scales.len() * tried) as u64);
    let mut report = Report::new(
        "Linear memory capacity of 100 tanh units, at most 100",
        &["reservoir", "input scale", "chosen", "mean of 3 reservoirs"],
    );
    let mut figure = Figure::new("How well 100 units tell the input of some steps ago");
    for scale in scales {
        let mut panel = Panel::new(
            Axis::new("delay in steps"),
            Axis::new("squared correlation").range(0.0, 1.0),
        );
        for kind in &KINDS {
            // The parameter with the most memory, of another reservoir than those of the test.
            let (mut best, mut most) = (kind.parameters[0], f64::NEG_INFINITY);
            for &parameter in kind.parameters {
                let total = memory(kind, parameter, scale, 1001)?.total();
                if total > most {
                    (best, most) = (parameter, total);
                }
                context.progress.inc(1);
            }
            let mut totals = Vec::new();
            let mut curve = vec![0.0; DELAYS];
            for seed in 0..SEEDS {
                let memory = memory(kind, best, scale, seed)?;
                totals.push(memory.total());
                for (sum, capacity) in curve.iter_mut().zip(&memory.delays) {
                    *sum += capacity / SEEDS as f64;
                }
                context.progress.inc(1);
            }
            let parameter = if kind.edge_of_stability {
                "proximity"
            } else {
                "radius"
            };
            report.row([
                kind.name.to_owned(),
                scale.to_string(),
                format!("{parameter} {best}"),
                mean_and_error(&totals, 3),
            ]);
            let first = kind.name.split(',').next().unwrap_or(kind.name);
            report.value(
                &format!("capacity-{}-{scale}", first.replace(' ', "-")),
                mean_and_error(&totals, 3),
            );
            let points = curve.iter().enumerate();
            panel = panel.with(Series::line(
                format!("{first}, input scale {scale}"),
                points.map(|(k, &c)| ((k + 1) as f64, c)).collect(),
            ));
        }
        figure = figure.panel(panel);
    }
    report.note(format!(
        "Noise-free: inputs are independent and uniform in [−1, 1], and nothing else drives the units. The \
         sum over delays 1 to {DELAYS} of the squared correlation of the input with what a linear readout \
         of the states tells, on the second half of {INPUTS} steps; chance adds about {} to it. \
         The number of units bounds it. Of {} spectral radii from 0.8 to 1, or {} proximities from 0.01 to \
         0.2, the one with the most memory is shown, found with another reservoir.",
        DELAYS as f64 / (INPUTS as f64 / 2.0),
        RADII.len(),
        KINDS[3].parameters.len(),
    ));
    report.note(
        "Weak inputs leave tanh linear: then the rotations keep almost as many inputs as there are units. \
         Strong inputs cost that memory, but not at the edge of stability, where most of a rotation \
         does not pass through tanh.",
    );
    report.figure("esn-memory-capacity", figure);
    Ok(report)
}
