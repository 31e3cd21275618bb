//! The reservoir without a readout: what it is made of, how it moves, what it refuses.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_math::random::Entries;
use neuropil_math::spectral::{self, RadiusConfig};
use neuropil_math::{Activation, Csr, Error as MathError, LinearMap};
use neuropil_reservoir::{
    Dynamics, Error, Feedback, Leak, Recurrent, Reservoir, ReservoirConfig, ReservoirParts,
    Scaling, Topology,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn signal(channels: usize, samples: usize) -> DMatrix<f64> {
    DMatrix::from_fn(channels, samples, |c, t| {
        (0.31 * t as f64 + c as f64).sin() + 0.3 * (0.07 * (t * (c + 1)) as f64).cos()
    })
}

fn topologies() -> Vec<Topology> {
    let entries = Entries::uniform(1.0);
    vec![
        Topology::default(),
        Topology::Random {
            fan_in: 3,
            entries: Entries::Signs,
        },
        Topology::ErdosRenyi {
            density: 0.2,
            entries: Entries::normal(1.0),
        },
        Topology::Dense { entries },
        Topology::Ring,
        Topology::RingWithJumps {
            jump: 5,
            weight: 0.4,
        },
        Topology::DelayLine { backward: 0.0 },
        Topology::DelayLine { backward: 0.3 },
        Topology::Orthogonal,
        Topology::SmallWorld {
            neighbours: 4,
            rewiring: 0.1,
            entries,
        },
        Topology::Blocks {
            blocks: 3,
            fan_in: 4,
            between: 0.01,
            entries,
        },
    ]
}

fn every_dynamics() -> [Dynamics; 3] {
    [
        Dynamics::Leaky,
        Dynamics::EdgeOfStability { proximity: 0.2 },
        Dynamics::Euler {
            step: 0.1,
            diffusion: 0.05,
        },
    ]
}

#[test]
fn every_topology_has_the_radius_that_was_asked_for() {
    for topology in topologies() {
        let config = ReservoirConfig {
            units: 40,
            spectral_radius: 0.7,
            topology: topology.clone(),
            ..ReservoirConfig::default()
        };
        let reservoir = Reservoir::<f64>::new(&config, 2, &mut rng(3)).unwrap();
        let found = spectral::radius(
            &reservoir.parts().recurrent,
            &RadiusConfig::default(),
            &mut rng(9),
        )
        .unwrap();
        if topology == (Topology::DelayLine { backward: 0.0 }) {
            assert_eq!(found.radius, 0.0);
            assert_eq!(reservoir.parts().recurrent.to_dense()[(7, 6)], 0.7);
        } else {
            assert!((found.radius - 0.7).abs() < 1e-8, "{topology:?}: {found:?}");
        }
    }
}

#[test]
fn deterministic_topologies_connect_what_they_say() {
    let weights = |units, topology| {
        let config = ReservoirConfig {
            units,
            spectral_radius: 1.0,
            topology,
            ..ReservoirConfig::default()
        };
        let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng(1)).unwrap();
        reservoir.parts().recurrent.to_dense()
    };
    let ring = weights(4, Topology::Ring);
    assert_eq!(
        ring,
        DMatrix::from_row_slice(
            4,
            4,
            &[
                0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0
            ]
        )
    );
    // Jumps over 3 units: 0-3, 3-6, and 6-0 only where the ring closes there.
    for (units, jumps) in [
        (8, vec![(0, 3), (3, 6)]),
        (9, vec![(0, 3), (3, 6), (6, 0)]),
        (6, vec![(0, 3)]),
    ] {
        let w = weights(
            units,
            Topology::RingWithJumps {
                jump: 3,
                weight: 0.5,
            },
        );
        let ratio = w[(3, 0)] / w[(1, 0)];
        assert!((ratio - 0.5).abs() < 1e-15);
        let mut expected = DMatrix::zeros(units, units);
        for i in 0..units {
            expected[(i, (i + units - 1) % units)] = 1.0;
        }
        for (a, b) in jumps {
            expected[(a, b)] += 0.5;
            expected[(b, a)] += 0.5;
        }
        let scaled = &expected * w[(1, 0)];
        assert!((w - scaled).amax() < 1e-15, "{units} units");
    }
    let line = weights(5, Topology::DelayLine { backward: 0.0 });
    assert_eq!(line.sum(), 4.0);
    let both = weights(5, Topology::DelayLine { backward: 0.25 });
    assert!((both[(0, 1)] / both[(1, 0)] - 0.25).abs() < 1e-15);
    let o = weights(6, Topology::Orthogonal);
    assert!((&o * o.transpose() - DMatrix::identity(6, 6)).amax() < 1e-12);
}

#[test]
fn random_topologies_have_the_fan_in_they_say() {
    let sparse = |topology| {
        let config = ReservoirConfig {
            units: 60,
            topology,
            ..ReservoirConfig::default()
        };
        match Reservoir::<f64>::new(&config, 1, &mut rng(5))
            .unwrap()
            .into_parts()
            .recurrent
        {
            Recurrent::Sparse(w) => w,
            Recurrent::Dense(_) => panic!("dense"),
        }
    };
    let entries = Entries::uniform(1.0);
    let w = sparse(Topology::default());
    assert!((0..60).all(|i| w.row(i).0.len() == 10));
    let w = sparse(Topology::SmallWorld {
        neighbours: 6,
        rewiring: 0.3,
        entries,
    });
    assert!((0..60).all(|i| w.row(i).0.len() == 6 && w.get(i, i) == 0.0));
    let far = w
        .triplets()
        .filter(|&(i, j, _)| {
            let d = i.abs_diff(j);
            d.min(60 - d) > 3
        })
        .count();
    // 360 connections, 0.3 of them rewired, nearly always far away.
    assert!((70..140).contains(&far), "{far} rewired");
    let w = sparse(Topology::Blocks {
        blocks: 4,
        fan_in: 5,
        between: 0.0,
        entries,
    });
    assert!(w.triplets().all(|(i, j, _)| i / 15 == j / 15));
    assert!((0..60).all(|i| w.row(i).0.len() == 5));
}

#[test]
fn input_scalings_and_densities() {
    let config = ReservoirConfig {
        units: 500,
        input_scaling: Scaling::PerChannel(vec![0.5, 0.0, 2.0]),
        input_density: 0.3,
        bias_scaling: 0.25,
        feedback: Some(Feedback {
            channels: 2,
            scaling: Scaling::Uniform(0.1),
            density: 1.0,
        }),
        ..ReservoirConfig::default()
    };
    let parts = Reservoir::<f64>::new(&config, 3, &mut rng(2))
        .unwrap()
        .into_parts();
    let largest = |m: &DMatrix<f64>, c: usize| m.column(c).amax();
    assert!((0.45..0.5).contains(&largest(&parts.input, 0)));
    assert_eq!(largest(&parts.input, 1), 0.0);
    assert!((1.8..2.0).contains(&largest(&parts.input, 2)));
    let used = parts.input.column(2).iter().filter(|w| **w != 0.0).count();
    assert!((110..190).contains(&used), "{used} of 500");
    assert!(parts.bias.iter().all(|b| b.abs() <= 0.25));
    let feedback = parts.feedback.unwrap();
    assert_eq!(feedback.shape(), (500, 2));
    assert!((0.09..0.1).contains(&feedback.amax()));
}

#[test]
fn both_precisions_draw_the_same_reservoir() {
    for topology in topologies() {
        let config = ReservoirConfig {
            units: 20,
            topology,
            bias_scaling: 0.3,
            ..ReservoirConfig::default()
        };
        let mut a = rng(8);
        let wide = Reservoir::<f64>::new(&config, 2, &mut a).unwrap();
        let mut b = rng(8);
        let narrow = Reservoir::<f32>::new(&config, 2, &mut b).unwrap();
        assert_eq!(a, b, "the generator");
        let difference =
            wide.parts().recurrent.to_dense() - narrow.parts().recurrent.to_dense().map(f64::from);
        assert!(difference.amax() < 1e-5, "{:?}", config.topology);
    }
}

#[test]
fn a_run_is_the_same_as_steps_and_as_two_runs() {
    let series = signal(2, 60);
    for dynamics in every_dynamics() {
        for topology in topologies() {
            let leak = if dynamics == Dynamics::Leaky {
                Leak::PerUnit((1..=33).map(|i| f64::from(i) / 33.0).collect())
            } else {
                Leak::default()
            };
            let config = ReservoirConfig {
                units: 33,
                topology,
                leak,
                dynamics,
                bias_scaling: 0.2,
                ..ReservoirConfig::default()
            };
            let reservoir = Reservoir::<f64>::new(&config, 2, &mut rng(4)).unwrap();
            let mut state = reservoir.state();
            let all = reservoir.run(&mut state, &series).unwrap();
            let end = state.clone();
            state.reset();
            for (t, input) in series.column_iter().enumerate() {
                reservoir.step(&mut state, input.as_slice()).unwrap();
                assert_eq!(state.values(), all.column(t).as_slice());
            }
            state.reset();
            reservoir
                .run(&mut state, &series.columns(0, 17).into_owned())
                .unwrap();
            let rest = reservoir
                .run(&mut state, &series.columns(17, 43).into_owned())
                .unwrap();
            assert_eq!(rest, all.columns(17, 43));
            assert_eq!(state, end);
        }
    }
}

#[test]
fn the_net_input_is_what_a_step_activates() {
    let config = ReservoirConfig {
        bias_scaling: 0.2,
        feedback: Some(Feedback {
            channels: 1,
            scaling: Scaling::Uniform(0.4),
            density: 0.5,
        }),
        ..ReservoirConfig::default()
    };
    let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng(4)).unwrap();
    let mut state = reservoir.state();
    for k in 0..5 {
        let (u, y) = ([0.3 * f64::from(k)], [1.0 - f64::from(k)]);
        let mut z = vec![0.0; 100];
        reservoir.net_input(&state, &u, &y, &mut z).unwrap();
        reservoir.step_with_feedback(&mut state, &u, &y).unwrap();
        for (z, x) in z.iter().zip(state.values()) {
            assert!((z.tanh() - x).abs() < 1e-14);
        }
    }
}

proptest! {
    /// With spectral norm of W below 1, tanh and any leak, two states come together at least as fast as
    /// 1 - α (1 - ‖W‖).
    #[test]
    fn states_contract(
        seed in 0_u64..1000,
        leak in 0.05..1.0_f64,
        norm in 0.05..0.95_f64,
    ) {
        let config = ReservoirConfig {
            units: 12,
            topology: Topology::Orthogonal,
            spectral_radius: norm,
            leak: Leak::Scalar(leak),
            ..ReservoirConfig::default()
        };
        let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng(seed)).unwrap();
        let (mut a, mut b) = (reservoir.state(), reservoir.state());
        let start: Vec<f64> = (0..12).map(|i| (f64::from(i) + seed as f64).sin()).collect();
        b.set(&start).unwrap();
        let distance = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
        };
        let rate = 1.0 - leak * (1.0 - norm);
        let mut last = distance(a.values(), b.values());
        for u in signal(1, 30).iter() {
            reservoir.step(&mut a, &[*u]).unwrap();
            reservoir.step(&mut b, &[*u]).unwrap();
            let now = distance(a.values(), b.values());
            prop_assert!(now <= rate * last + 1e-15, "{now} > {rate} · {last}");
            last = now;
        }
    }

    /// Parts make the same reservoir again, dense or sparse.
    #[test]
    fn dense_and_sparse_weights_are_the_same_reservoir(seed in 0_u64..500, units in 1_usize..30) {
        let config = ReservoirConfig {
            units,
            spectral_radius: 0.0,
            leak: Leak::Scalar(0.6),
            ..ReservoirConfig::default()
        };
        let mut parts = Reservoir::<f64>::new(&config, 1, &mut rng(seed)).unwrap().into_parts();
        let w = neuropil_math::random::sparse_by_density(
            units, units, 0.3, Entries::uniform(0.5), &mut rng(seed),
        ).unwrap();
        parts.recurrent = Recurrent::Sparse(w.clone());
        let sparse = Reservoir::from_parts(parts.clone()).unwrap();
        parts.recurrent = Recurrent::Dense(w.to_dense());
        let dense = Reservoir::from_parts(parts).unwrap();
        let inputs = signal(1, 20);
        let a = sparse.run(&mut sparse.state(), &inputs).unwrap();
        let b = dense.run(&mut dense.state(), &inputs).unwrap();
        prop_assert!((a - b).amax() < 1e-13);
    }
}

#[test]
fn spectral_radius_zero_is_a_function_of_the_last_inputs() {
    let config = ReservoirConfig {
        spectral_radius: 0.0,
        ..ReservoirConfig::default()
    };
    let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng(1)).unwrap();
    assert_eq!(reservoir.parts().recurrent.stored(), 0);
    let (mut a, mut b) = (reservoir.state(), reservoir.state());
    b.set(&[0.7; 100]).unwrap();
    reservoir.step(&mut a, &[0.5]).unwrap();
    reservoir.step(&mut b, &[0.5]).unwrap();
    assert_eq!(a, b);
}

#[test]
fn one_neuron_is_a_reservoir() {
    for topology in [
        Topology::default(),
        Topology::Ring,
        Topology::Dense {
            entries: Entries::Signs,
        },
        Topology::Orthogonal,
    ] {
        let config = ReservoirConfig {
            units: 1,
            topology,
            ..ReservoirConfig::default()
        };
        let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng(1)).unwrap();
        let w = reservoir.parts().recurrent.to_dense()[(0, 0)];
        assert!((w.abs() - 0.9).abs() < 1e-15);
        let mut state = reservoir.state();
        reservoir.step(&mut state, &[1.0]).unwrap();
        assert!(state.values()[0].abs() < 1.0);
    }
}

fn math(error: MathError) -> Error {
    Error::Math(error)
}

#[test]
fn a_nilpotent_matrix_has_no_other_radius() {
    let config = ReservoirConfig {
        units: 5,
        topology: Topology::ErdosRenyi {
            density: 0.0,
            entries: Entries::uniform(1.0),
        },
        ..ReservoirConfig::default()
    };
    assert_eq!(
        Reservoir::<f64>::new(&config, 1, &mut rng(1)),
        Err(math(MathError::OutOfRange {
            what: "spectral radius",
            value: 0.0,
            range: "must be above 0 to be scaled to another one",
        }))
    );
}

#[test]
fn settings_out_of_range_are_errors() {
    let good = ReservoirConfig {
        units: 10,
        ..ReservoirConfig::default()
    };
    let entries = Entries::uniform(1.0);
    let bad: Vec<(&str, ReservoirConfig)> = vec![
        (
            "units",
            ReservoirConfig {
                units: 0,
                ..good.clone()
            },
        ),
        (
            "spectral radius",
            ReservoirConfig {
                spectral_radius: -0.1,
                ..good.clone()
            },
        ),
        (
            "spectral radius",
            ReservoirConfig {
                spectral_radius: f64::NAN,
                ..good.clone()
            },
        ),
        (
            "leak",
            ReservoirConfig {
                leak: Leak::Scalar(0.0),
                ..good.clone()
            },
        ),
        (
            "leak",
            ReservoirConfig {
                leak: Leak::Scalar(1.1),
                ..good.clone()
            },
        ),
        (
            "leak",
            ReservoirConfig {
                leak: Leak::PerUnit(vec![0.5, f64::NAN, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
                ..good.clone()
            },
        ),
        (
            "leaks of the units",
            ReservoirConfig {
                leak: Leak::PerUnit(vec![0.5; 9]),
                ..good.clone()
            },
        ),
        (
            "input scalings",
            ReservoirConfig {
                input_scaling: Scaling::PerChannel(vec![1.0]),
                ..good.clone()
            },
        ),
        (
            "input scalings",
            ReservoirConfig {
                input_scaling: Scaling::Uniform(f64::INFINITY),
                ..good.clone()
            },
        ),
        (
            "input density",
            ReservoirConfig {
                input_density: 1.5,
                ..good.clone()
            },
        ),
        (
            "bias scaling",
            ReservoirConfig {
                bias_scaling: -1.0,
                ..good.clone()
            },
        ),
        (
            "deviation",
            ReservoirConfig {
                input_entries: Entries::normal(-1.0),
                ..good.clone()
            },
        ),
        (
            "feedback channels",
            ReservoirConfig {
                feedback: Some(Feedback {
                    channels: 0,
                    scaling: Scaling::default(),
                    density: 1.0,
                }),
                ..good.clone()
            },
        ),
        (
            "feedback density",
            ReservoirConfig {
                feedback: Some(Feedback {
                    channels: 1,
                    scaling: Scaling::default(),
                    density: -1.0,
                }),
                ..good.clone()
            },
        ),
        (
            "proximity",
            ReservoirConfig {
                dynamics: Dynamics::EdgeOfStability { proximity: 0.0 },
                ..good.clone()
            },
        ),
        (
            "step",
            ReservoirConfig {
                dynamics: Dynamics::Euler {
                    step: 0.0,
                    diffusion: 0.0,
                },
                ..good.clone()
            },
        ),
        (
            "diffusion",
            ReservoirConfig {
                dynamics: Dynamics::Euler {
                    step: 0.1,
                    diffusion: -1.0,
                },
                ..good.clone()
            },
        ),
        (
            "leak",
            ReservoirConfig {
                leak: Leak::Scalar(0.5),
                dynamics: Dynamics::EdgeOfStability { proximity: 0.5 },
                ..good.clone()
            },
        ),
        (
            "density",
            ReservoirConfig {
                topology: Topology::ErdosRenyi {
                    density: 2.0,
                    entries,
                },
                ..good.clone()
            },
        ),
        (
            "jump",
            ReservoirConfig {
                topology: Topology::RingWithJumps {
                    jump: 1,
                    weight: 1.0,
                },
                ..good.clone()
            },
        ),
        (
            "jump",
            ReservoirConfig {
                topology: Topology::RingWithJumps {
                    jump: 6,
                    weight: 1.0,
                },
                ..good.clone()
            },
        ),
        (
            "weight of the jumps",
            ReservoirConfig {
                topology: Topology::RingWithJumps {
                    jump: 5,
                    weight: f64::NAN,
                },
                ..good.clone()
            },
        ),
        (
            "backward weight",
            ReservoirConfig {
                topology: Topology::DelayLine { backward: f64::NAN },
                ..good.clone()
            },
        ),
        (
            "neighbours",
            ReservoirConfig {
                topology: Topology::SmallWorld {
                    neighbours: 3,
                    rewiring: 0.1,
                    entries,
                },
                ..good.clone()
            },
        ),
        (
            "neighbours",
            ReservoirConfig {
                topology: Topology::SmallWorld {
                    neighbours: 10,
                    rewiring: 0.1,
                    entries,
                },
                ..good.clone()
            },
        ),
        (
            "rewiring",
            ReservoirConfig {
                topology: Topology::SmallWorld {
                    neighbours: 4,
                    rewiring: -0.1,
                    entries,
                },
                ..good.clone()
            },
        ),
        (
            "blocks",
            ReservoirConfig {
                topology: Topology::Blocks {
                    blocks: 11,
                    fan_in: 2,
                    between: 0.1,
                    entries,
                },
                ..good.clone()
            },
        ),
        (
            "between",
            ReservoirConfig {
                topology: Topology::Blocks {
                    blocks: 2,
                    fan_in: 2,
                    between: 1.1,
                    entries,
                },
                ..good.clone()
            },
        ),
    ];
    for (name, config) in bad {
        match Reservoir::<f64>::new(&config, 2, &mut rng(1)) {
            Err(Error::Math(MathError::OutOfRange { what, .. }) | Error::Shape { what, .. }) => {
                assert_eq!(what, name, "{config:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

fn parts() -> ReservoirParts<f64> {
    ReservoirParts {
        recurrent: Recurrent::Sparse(Csr::zeros(3, 3).unwrap()),
        input: DMatrix::zeros(3, 2),
        bias: vec![0.0; 3],
        leak: vec![1.0],
        feedback: None,
        activation: Activation::Tanh,
        dynamics: Dynamics::Leaky,
        orthogonal: None,
    }
}

#[test]
fn parts_that_do_not_fit_are_errors() {
    assert!(Reservoir::from_parts(parts()).is_ok());
    let nan = f64::NAN;
    type Change<'a> = &'a dyn Fn(&mut ReservoirParts<f64>);
    let bad: [(&str, Change<'_>); 10] = [
        ("columns of W", &|p| {
            p.recurrent = Recurrent::Dense(DMatrix::zeros(3, 2));
        }),
        ("rows of W_in", &|p| p.input = DMatrix::zeros(2, 2)),
        ("entries of the bias", &|p| p.bias = vec![0.0; 2]),
        ("leaks of the units", &|p| p.leak = vec![]),
        ("rows of W_fb", &|p| p.feedback = Some(DMatrix::zeros(2, 1))),
        ("W", &|p| {
            p.recurrent = Recurrent::Dense(DMatrix::from_element(3, 3, nan));
        }),
        ("W_in", &|p| p.input[(1, 1)] = nan),
        ("bias", &|p| p.bias[1] = nan),
        ("orthogonal matrices of these dynamics", &|p| {
            p.dynamics = Dynamics::EdgeOfStability { proximity: 0.5 };
        }),
        ("orthogonal matrices of these dynamics", &|p| {
            p.orthogonal = Some(Recurrent::Dense(DMatrix::identity(3, 3)));
        }),
    ];
    for (name, change) in bad {
        let mut parts = parts();
        change(&mut parts);
        match Reservoir::from_parts(parts) {
            Err(Error::Shape { what, .. } | Error::Math(MathError::NonFinite { what, .. })) => {
                assert_eq!(what, name);
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let mut none = parts();
    none.recurrent = Recurrent::Dense(DMatrix::zeros(0, 0));
    assert_eq!(
        Reservoir::from_parts(none),
        Err(math(MathError::Empty { what: "reservoir" }))
    );
}

#[test]
fn steps_refuse_what_does_not_fit_and_keep_the_state() {
    let reservoir = Reservoir::<f64>::new(&ReservoirConfig::default(), 2, &mut rng(1)).unwrap();
    let mut state = reservoir.state();
    reservoir.step(&mut state, &[1.0, 2.0]).unwrap();
    let before = state.clone();
    assert_eq!(
        reservoir.step(&mut state, &[1.0]),
        Err(Error::Shape {
            what: "channels of the input",
            expected: 2,
            found: 1
        })
    );
    assert_eq!(
        reservoir.step(&mut state, &[1.0, f64::NAN]),
        Err(Error::NonFinite {
            what: "input",
            channel: 1,
            time: 0
        })
    );
    assert_eq!(
        reservoir.step_with_feedback(&mut state, &[1.0, 1.0], &[1.0]),
        Err(Error::Shape {
            what: "channels of the feedback",
            expected: 0,
            found: 1
        })
    );
    let mut series = signal(2, 10);
    series[(1, 4)] = f64::INFINITY;
    assert_eq!(
        reservoir.run(&mut state, &series),
        Err(Error::NonFinite {
            what: "inputs",
            channel: 1,
            time: 4
        })
    );
    assert!(reservoir.run(&mut state, &signal(3, 10)).is_err());
    assert!(state.set(&[0.0; 3]).is_err());
    assert!(state.set(&[f64::NAN; 100]).is_err());
    assert_eq!(state, before);
    let other = Reservoir::<f64>::new(
        &ReservoirConfig {
            units: 7,
            ..ReservoirConfig::default()
        },
        2,
        &mut rng(1),
    )
    .unwrap();
    assert!(other.step(&mut state, &[1.0, 2.0]).is_err());
    assert_eq!(state, before);
}

#[test]
fn an_unbounded_activation_that_diverges_names_step_and_unit() {
    let mut parts = parts();
    parts.activation = Activation::Identity;
    parts.recurrent = Recurrent::Dense(DMatrix::from_diagonal_element(3, 3, 1e100));
    parts.input[(1, 0)] = 1.0;
    let reservoir = Reservoir::from_parts(parts).unwrap();
    let inputs = DMatrix::from_element(2, 10, 1.0);
    assert_eq!(
        reservoir.run(&mut reservoir.state(), &inputs),
        Err(Error::Diverged {
            step: 4,
            channel: 1
        })
    );
}

#[test]
fn no_samples_give_no_states() {
    let reservoir = Reservoir::<f64>::new(&ReservoirConfig::default(), 0, &mut rng(1)).unwrap();
    let states = reservoir
        .run(&mut reservoir.state(), &DMatrix::zeros(0, 5))
        .unwrap();
    assert_eq!(states.shape(), (100, 5));
    let none = reservoir
        .run(&mut reservoir.state(), &DMatrix::zeros(0, 0))
        .unwrap();
    assert_eq!(none.ncols(), 0);
    assert_eq!(reservoir.coupling().shape(), (100, 100));
}
