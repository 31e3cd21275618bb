//! Neurons: limits, laws, classes of firing and what is refused.

use neuropil_neural_coding::Error;
use neuropil_neural_coding::neuron::{
    AdaptiveExponential, Current, Firing, HodgkinHuxley, Izhikevich, Lif, LifState, Neuron,
    izhikevich_steps,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cutting a current into pieces changes no spike of the exact neuron.
    #[test]
    fn steps_of_an_exact_neuron_do_not_matter(
        values in prop::collection::vec(-1.0..4.0_f64, 1..20), pieces in 1..7_usize,
        refractory in 0.0..5.0_f64,
    ) {
        let neuron = Lif { refractory, ..Lif::default() };
        let whole = Current::steps(values.clone(), 0.01).unwrap();
        let cut = values.iter().flat_map(|&v| std::iter::repeat_n(v, pieces)).collect();
        let cut = Current::steps(cut, 0.01 / pieces as f64).unwrap();
        let (a, b) = (neuron.spikes(&whole).unwrap(), neuron.spikes(&cut).unwrap());
        prop_assert_eq!(a.len(), b.len());
        for (a, b) in a.times().iter().zip(b.times()) {
            prop_assert!((a - b).abs() < 1e-10);
        }
        // Neither does it matter that the potential is recorded on the way.
        let recorded = neuron.record(&whole, 0.0037).unwrap();
        prop_assert_eq!(recorded.spikes.len(), a.len());
        prop_assert!(recorded.potential.iter().all(|v| *v < 1.0));
    }

    /// Against Euler's steps, which are coarse: the potential below the threshold.
    #[test]
    fn the_exact_potential_is_the_limit_of_small_steps(
        values in prop::collection::vec(-2.0..0.9_f64, 1..10),
    ) {
        let neuron = Lif::default();
        let current = Current::steps(values.clone(), 0.005).unwrap();
        let exact = neuron.record(&current, 0.005).unwrap();
        let mut v = 0.0;
        for (k, i) in values.iter().enumerate() {
            prop_assert!((exact.potential[k] - v).abs() < 1e-3);
            for _ in 0..5000 {
                v += 0.001 / 20.0 * (i - v);
            }
        }
        prop_assert!(exact.spikes.is_empty());
    }
}

#[test]
fn the_rheobase_of_the_exact_neuron() {
    let neuron = Lif {
        rest: -65.0,
        reset: -70.0,
        threshold: -50.0,
        ..Lif::default()
    };
    let rheobase = neuron.rheobase().unwrap();
    assert_eq!(rheobase, 15.0);
    assert_eq!(neuron.interval(rheobase), None);
    assert_eq!(neuron.rate(rheobase), 0.0);
    assert!(neuron.rate(rheobase + 1e-6) > 0.0);
    // Far above, the intervals are those of a neuron without leak: τ (θ - v_r)/(R I).
    let interval = neuron.interval(1e9).unwrap();
    assert!((interval / (20.0 * 20.0 / 1e9) - 1.0).abs() < 1e-6);
}

#[test]
fn the_refractory_period_holds_across_steps() {
    let neuron = Lif {
        refractory: 3.0,
        ..Lif::default()
    };
    let mut state = LifState {
        potential: 1.5,
        refractory: 0.0,
    };
    let mut times = Vec::new();
    // A potential above the threshold spikes at once, and then nothing does for 3 ms.
    for step in 0..4 {
        let start = f64::from(step);
        neuron
            .step(&mut state, 1e6, 1.0, |t| times.push(start + t))
            .unwrap();
    }
    assert_eq!(times[0], 0.0);
    assert!(times[1] > 3.0 && times[1] < 3.001, "{times:?}");
}

/// Golden: one spike at 5, repetitive firing at 6.3; and the silence at rest.
#[test]
fn the_rheobase_of_the_squid() {
    let axon = HodgkinHuxley::default();
    let spikes = |i: f64, ms: f64| {
        axon.spikes(&Current::constant(i, ms / 1000.0).unwrap())
            .unwrap()
            .len()
    };
    assert_eq!(spikes(0.0, 200.0), 0);
    assert_eq!(spikes(2.0, 200.0), 0);
    assert_eq!(spikes(5.0, 300.0), 1);
    assert!(spikes(6.3, 300.0) >= 15);
    // Too much blocks it.
    assert!(spikes(200.0, 300.0) <= 3);
}

#[test]
fn a_release_from_inhibition_excites_the_squid() {
    let axon = HodgkinHuxley::default();
    let current = Current::steps([vec![-10.0; 30], vec![0.0; 30]].concat(), 0.001).unwrap();
    let train = axon.spikes(&current).unwrap();
    assert_eq!(train.len(), 1);
    assert!(train.times()[0] > 0.030, "{:?}", train.times());
}

#[test]
fn stretches_of_a_current_are_one_solution() {
    // Cut, but by a bit that changes nothing: the solver starts afresh and finds the same.
    let axon = HodgkinHuxley::default();
    let whole = axon
        .record(&Current::constant(10.0, 0.06).unwrap(), 0.01)
        .unwrap();
    let cut = Current::steps(
        (0..6)
            .map(|k| if k % 2 == 0 { 10.0 } else { 10.0_f64.next_up() })
            .collect(),
        0.01,
    );
    let cut = axon.record(&cut.unwrap(), 0.01).unwrap();
    assert_eq!(whole.spikes.len(), cut.spikes.len());
    for (a, b) in whole.spikes.times().iter().zip(cut.spikes.times()) {
        assert!((a - b).abs() < 1e-9);
    }
    assert_eq!((whole.potential.len(), cut.potential.len()), (7, 7));
    for (a, b) in whole.potential.iter().zip(&cut.potential) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

/// What the names of the classes say, of the equations themselves.
#[test]
fn the_classes_fire_as_they_are_named() {
    let current = Current::steps([vec![0.0; 50], vec![10.0; 950]].concat(), 0.001).unwrap();
    let run = |firing: Firing| {
        let train = firing.neuron().spikes(&current).unwrap();
        let ms: Vec<f64> = train.intervals().map(|i| 1000.0 * i).collect();
        (train.len(), ms)
    };
    let (regular, adapting) = run(Firing::RegularSpiking);
    assert!(adapting[0] < adapting[3], "{adapting:?}");
    let (_, bursting) = run(Firing::IntrinsicallyBursting);
    assert!(bursting[0] < 0.3 * bursting[5], "{bursting:?}");
    let (_, chattering) = run(Firing::Chattering);
    let long = chattering[8..].iter().filter(|i| **i > 25.0).count();
    let short = chattering[8..].iter().filter(|i| **i < 10.0).count();
    assert!(long >= 5 && short >= 2 * long, "{chattering:?}");
    let (fast, _) = run(Firing::FastSpiking);
    assert!(fast > 3 * regular, "{fast} {regular}");
    let (low, _) = run(Firing::LowThresholdSpiking);
    assert!(low > regular);
    for firing in Firing::ALL {
        assert!(run(firing).0 > 10, "{firing:?}");
    }
}

/// The published steps at dt → 0 find the spikes of the equations.
#[test]
fn the_published_steps_converge() {
    let neuron = Firing::RegularSpiking.neuron();
    let exact = neuron
        .spikes(&Current::constant(10.0, 0.2).unwrap())
        .unwrap();
    let error = |per_ms: u32| {
        let dt = 1.0 / f64::from(per_ms);
        let current = vec![10.0; 200 * per_ms as usize];
        let steps = izhikevich_steps(&neuron, &current, dt).unwrap();
        assert_eq!(steps.len(), exact.len());
        let pairs = steps.iter().zip(exact.times());
        pairs.fold(0.0_f64, |m, (&k, t)| {
            m.max((k as f64 * dt - 1000.0 * t).abs())
        })
    };
    let (coarse, fine) = (error(100), error(1000));
    assert!(fine < 0.15 * coarse && fine < 0.1, "{coarse} {fine}");
}

#[test]
fn adaptation_lowers_the_rate() {
    let current = Current::constant(1000.0, 0.5).unwrap();
    let adapting = AdaptiveExponential::default().spikes(&current).unwrap();
    let plain = AdaptiveExponential {
        a: 0.0,
        b: 0.0,
        ..Default::default()
    };
    let plain = plain.spikes(&current).unwrap();
    assert!(2 * adapting.len() < plain.len());
    let intervals: Vec<f64> = adapting.intervals().collect();
    assert!(
        intervals.windows(2).all(|w| w[1] > w[0] - 1e-6),
        "{intervals:?}"
    );
}

#[test]
fn what_no_neuron_can_do_is_an_error() {
    let current = Current::constant(1.0, 0.1).unwrap();
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(Current::constant(1.0, bad).is_err());
        assert!(
            Lif {
                tau: bad,
                ..Lif::default()
            }
            .spikes(&current)
            .is_err()
        );
        assert!(
            Lif {
                refractory: bad,
                ..Lif::default()
            }
            .spikes(&current)
            .is_err()
        );
        assert!(Lif::default().record(&current, bad).is_err());
        let axon = HodgkinHuxley {
            capacitance: bad,
            ..Default::default()
        };
        assert!(axon.spikes(&current).is_err());
        let cell = AdaptiveExponential {
            sharpness: bad,
            ..Default::default()
        };
        assert!(cell.spikes(&current).is_err());
        assert!(izhikevich_steps(&Izhikevich::default(), &[1.0], bad).is_err());
    }
    assert!(Current::constant(f64::NAN, 1.0).is_err());
    assert!(Current::steps(vec![1.0, f64::INFINITY], 1.0).is_err());
    assert!(matches!(
        Current::steps(vec![], 1.0),
        Err(Error::TooFew { .. })
    ));
    assert!(Current::constant(1.0, 1e306).is_err());
    let stuck = Lif {
        reset: 1.0,
        ..Lif::default()
    };
    assert!(matches!(
        stuck.spikes(&current),
        Err(Error::OutOfRange { what: "reset", .. })
    ));
    // More spikes than anybody can hold.
    let endless = Current::constant(1e300, 10.0).unwrap();
    assert!(matches!(
        Lif::default().spikes(&endless),
        Err(Error::TooLarge { .. })
    ));
    let huge = Current::constant(f64::MAX, 10.0).unwrap();
    assert!(
        Lif {
            resistance: 10.0,
            ..Lif::default()
        }
        .spikes(&huge)
        .is_err()
    );
    assert!(
        Izhikevich {
            c: 40.0,
            ..Default::default()
        }
        .spikes(&current)
        .is_err()
    );
    assert!(
        Izhikevich {
            a: f64::NAN,
            ..Default::default()
        }
        .spikes(&current)
        .is_err()
    );
    assert!(
        AdaptiveExponential {
            reset: 1.0,
            ..Default::default()
        }
        .spikes(&current)
        .is_err()
    );
    let steep = AdaptiveExponential {
        threshold: 1e5,
        ..Default::default()
    };
    assert!(steep.spikes(&current).is_err());
    assert!(
        HodgkinHuxley {
            sodium: f64::NAN,
            ..Default::default()
        }
        .spikes(&current)
        .is_err()
    );
    let exploding = izhikevich_steps(&Izhikevich::default(), &[1.0; 100], 1e9);
    assert!(
        matches!(exploding, Err(Error::NonFinite { .. })),
        "{exploding:?}"
    );
    assert!(izhikevich_steps(&Izhikevich::default(), &[f64::NAN], 1.0).is_err());
    let mut state = Lif::default().resting();
    assert!(
        Lif::default()
            .step(&mut state, f64::NAN, 1.0, |_| ())
            .is_err()
    );
    assert!(Lif::default().step(&mut state, 1.0, -1.0, |_| ()).is_err());
}
