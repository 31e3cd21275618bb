//! Encoders: what comes back, the defects of others, and what is refused.

use nalgebra::DMatrix;
use neuropil_neural_coding::Error;
use neuropil_neural_coding::encode::nef::{self, LifRate};
use neuropil_neural_coding::encode::{
    Before, Below, Bsa, Burst, BurstConfig, CurrentLif, Curve, DeltaConfig, FirstSpikeConfig,
    FirstSpikes, Late, LatencyConfig, MovingWindow, ReceptiveFields, ReciprocalLatency,
    StepForward, ThresholdBased, TimeScale, decode_phase, decode_rate, delta, low_pass, phase,
    rank_order, rank_order_weights, rate, rate_dense, rate_varying,
};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn seeded(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn fractions() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        prop_oneof![9 => 0.0..=1.0_f64, 1 => Just(0.0), 1 => Just(1.0)],
        1..20,
    )
}

fn signals() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.0..1.0_f64, 0..60)
}

proptest! {
    #[test]
    fn latencies_come_back_to_half_a_step(
        values in fractions(), steps in 2..40_usize, first_step in 0..2_usize,
        normalize in any::<bool>(), linear in any::<bool>(), tau in 0.5..10.0_f64,
    ) {
        let curve = if linear { Curve::Linear } else { Curve::Logarithmic };
        let config = LatencyConfig {
            steps, first_step, normalize, curve, tau, late: Late::Drop, ..Default::default()
        };
        let spikes = config.encode(&values).unwrap();
        let scale = config.scale(&values).unwrap();
        let back = config.decode(&spikes, scale).unwrap();
        let times = config.times(&values).unwrap();
        for (i, x) in values.iter().enumerate() {
            let Some(y) = back[i] else { continue };
            prop_assert!((0.01..=1.0).contains(&y));
            // The time of what came back, on the scale of the first.
            let own = if linear && normalize { (steps - 1 - first_step) as f64 } else { tau };
            if own == 0.0 {
                continue;
            }
            let alone = LatencyConfig { tau: own, first_step: 0, normalize: false, ..config };
            let again = scale.factor * alone.times(&[y]).unwrap()[0] + scale.offset;
            let clamped = y == 0.01 || y == 1.0;
            prop_assert!(clamped || (again - times[i]).abs() <= 0.5 + 1e-6, "{x} {y}");
            if linear && *x >= 0.01 {
                prop_assert!((x - y).abs() <= 0.5 / own + 1e-12, "{x} {y}");
            }
        }
    }

    #[test]
    fn first_spikes_come_back_to_half_a_step(values in fractions(), steps in 2..100_usize) {
        let last = (steps - 1) as f64;
        let code = FirstSpikeConfig { steps, curve: Curve::Linear };
        let back = code.decode(&code.encode(&values).unwrap()).unwrap();
        for (x, y) in values.iter().zip(&back) {
            prop_assert!((x - y.unwrap()).abs() <= 0.5 / last + 1e-12);
        }
        let code = FirstSpikeConfig { steps, curve: Curve::Logarithmic };
        let spikes = code.encode(&values).unwrap();
        let alpha = last.exp_m1();
        let time = |x: f64| last - (alpha * x).ln_1p();
        for (x, y) in values.iter().zip(code.decode(&spikes).unwrap()) {
            prop_assert!((time(*x) - time(y.unwrap())).abs() <= 0.5 + 1e-9);
        }
        // A spike in the first step of its own is a fixed point.
        let back: Vec<f64> = code.decode(&spikes).unwrap().into_iter().flatten().collect();
        prop_assert_eq!(code.encode(&back).unwrap(), spikes);
    }

    #[test]
    fn reciprocal_times_come_back_to_a_step(
        values in prop::collection::vec(0.01..10.0_f64, 1..20), steps in 1..200_usize,
    ) {
        let code = ReciprocalLatency { steps };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let spikes = code.encode(&values).unwrap();
        let back = code.decode(&spikes, least).unwrap();
        for (i, x) in values.iter().enumerate() {
            match (spikes.spikes()[i], back[i]) {
                (Some(step), Some(y)) => {
                    let least = least * steps as f64;
                    let low = least / (step + 1) as f64;
                    prop_assert!(*x >= low * (1.0 - 1e-12));
                    prop_assert!(step == 0 || *x <= least / step as f64 * (1.0 + 1e-12));
                    prop_assert!(y >= low * (1.0 - 1e-12));
                }
                (None, None) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn phases_come_back_to_their_last_digit(values in fractions(), bits in 1..=52_usize) {
        let spikes = phase(&values, bits).unwrap();
        let unit = 2.0_f64.powi(-(bits as i32));
        for (x, y) in values.iter().zip(decode_phase(&spikes)) {
            prop_assert!(y <= *x && x - y <= unit && (*x == 1.0 || x - y < unit));
        }
    }

    #[test]
    fn bursts_come_back_within_what_they_leave_open(
        x in 0.0..=1.0_f64, spikes in 1..20_usize, shortest in 1..10_usize, more in 0..30_usize,
    ) {
        let code = BurstConfig { spikes, shortest, longest: shortest + more };
        let burst = code.encode(x).unwrap();
        let (back, error) = (code.decode(&burst).unwrap(), code.error(&burst).unwrap());
        prop_assert!((x - back).abs() <= error + 1e-12);
        prop_assert!(error <= 0.5 / spikes as f64 + 1e-12);
    }

    /// A base that follows a signal of small changes stays within the threshold.
    #[test]
    fn step_forward_follows(changes in prop::collection::vec(-1.0..=1.0_f64, 1..200)) {
        let threshold = 0.25;
        let mut x = 0.3;
        let signal: Vec<f64> = changes.iter().map(|c| { x += threshold * c; x }).collect();
        let code = StepForward { threshold }.encode(&signal).unwrap();
        for (x, y) in signal.iter().zip(code.decode()) {
            prop_assert!((x - y).abs() <= threshold + 1e-12);
        }
    }

    /// Of a staircase of that very step, delta loses nothing.
    #[test]
    fn delta_brings_a_staircase_back(stairs in prop::collection::vec(-1..=1_i8, 1..50)) {
        let mut x = 0.0;
        let signal: Vec<f64> = stairs.iter().map(|&s| { x += 0.25 * f64::from(s); x }).collect();
        let config = DeltaConfig { threshold: 0.25, before: Before::Zero, falls: true };
        let code = delta(&signal, &config).unwrap();
        prop_assert_eq!(&code.spikes, &stairs);
        prop_assert_eq!(code.decode(), signal);
        let raster = code.raster().unwrap();
        for (step, &s) in stairs.iter().enumerate() {
            prop_assert_eq!((raster.get(0, step), raster.get(1, step)), (s > 0, s < 0));
        }
    }

    /// All four codes of changes look at differences alone, and at signs alike.
    #[test]
    fn codes_of_changes_are_symmetric(signal in signals()) {
        let mirrored: Vec<f64> = signal.iter().map(|x| -x).collect();
        let negated = |spikes: &[i8]| spikes.iter().map(|s| -s).collect::<Vec<_>>();
        let code = StepForward { threshold: 0.3 };
        let (a, b) = (code.encode(&signal).unwrap(), code.encode(&mirrored).unwrap());
        prop_assert_eq!(negated(&a.spikes), b.spikes);
        let code = MovingWindow { threshold: 0.3, window: 4 };
        let (a, b) = (code.encode(&signal).unwrap(), code.encode(&mirrored).unwrap());
        prop_assert_eq!(negated(&a.spikes), b.spikes);
        let config = DeltaConfig { falls: true, threshold: 0.3, before: Before::First };
        let (a, b) = (delta(&signal, &config).unwrap(), delta(&mirrored, &config).unwrap());
        prop_assert_eq!(negated(&a.spikes), b.spikes);
        let code = ThresholdBased { factor: 2.0 };
        if let Ok(code) = code.encode(&signal) {
            prop_assert_eq!(code.spikes.len(), signal.len());
            prop_assert_eq!(code.decode().len(), signal.len());
        }
    }

    /// What spikes have made, the algorithm finds.
    #[test]
    fn bsa_finds_spikes_that_do_not_overlap(gaps in prop::collection::vec(8..20_usize, 1..10)) {
        let code = Bsa::new(low_pass(8, 0.2).unwrap(), 0.5).unwrap();
        let mut spikes = vec![false; gaps.iter().sum::<usize>() + 8];
        let mut t = 0;
        for gap in gaps {
            spikes[t] = true;
            t += gap;
        }
        let found = code.encode(&code.decode(&spikes)).unwrap();
        prop_assert_eq!(found, spikes);
    }

    #[test]
    fn receptive_fields_give_the_number_back(
        x in -1.0..=1.0_f64, n in 3..20_usize, beta in 0.5..2.0_f64,
    ) {
        let fields = ReceptiveFields::bohte(n, -1.0, 1.0, beta).unwrap();
        let times = fields.spike_times(x, 20.0, 1e-3).unwrap();
        let back = fields.decode(&times, 20.0).unwrap().unwrap();
        prop_assert!((x - back).abs() < 1e-9, "{}", x - back);
    }

    #[test]
    fn currents_lie_between_the_bounds_of_their_step(
        x in 0.0..20.0_f64, rate in 0.01..=1.0_f64,
    ) {
        let code = CurrentLif { rate, threshold: 1.0 };
        let spikes = code.encode(&[x], 500).unwrap();
        let steps: Vec<usize> = spikes.spikes(0).collect();
        if let Some(&first) = steps.first() {
            let (low, high) = code.decode(first).unwrap();
            prop_assert!(x >= low * (1.0 - 1e-9) && x <= high * (1.0 + 1e-9), "{low} {high}");
            // It starts from 0 after every spike.
            prop_assert!(steps.windows(2).all(|w| w[1] - w[0] == first + 1));
        }
    }

    #[test]
    fn ranks_are_a_permutation_that_sorts(values in prop::collection::vec(-5..5_i8, 0..30)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let ranks = rank_order(&values).unwrap();
        let mut sorted = vec![f64::NAN; values.len()];
        for (&rank, &x) in ranks.iter().zip(&values) {
            sorted[rank] = x;
        }
        prop_assert!(sorted.windows(2).all(|w| w[0] >= w[1]));
        // The order is all that it says: any increasing map has the same ranks.
        let mapped: Vec<f64> = values.iter().map(|x| x.exp()).collect();
        prop_assert_eq!(&rank_order(&mapped).unwrap(), &ranks);
        let weights = rank_order_weights(&ranks, 0.9).unwrap();
        prop_assert_eq!(rank_order(&weights).unwrap(), ranks);
    }
}

#[test]
fn rates_come_back_to_their_deviation() {
    let values: Vec<f64> = (0..=50).map(|i| f64::from(i) / 50.0).collect();
    let steps = 10_000;
    let bits = rate(&values, steps, &mut seeded(1)).unwrap();
    let varying = DMatrix::from_fn(values.len(), steps, |i, _| values[i]);
    let varying = rate_varying(&varying, &mut seeded(2)).unwrap();
    let dense = rate_dense::<f32, _>(&values, steps, &mut seeded(3)).unwrap();
    let dense = neuropil_neural_coding::Raster::from_dense(&dense).unwrap();
    for spikes in [bits, varying, dense] {
        for (x, y) in values.iter().zip(decode_rate(&spikes)) {
            // Five standard deviations for 51 values: α = 3·10⁻⁵.
            let allowed = 5.0 * (x * (1.0 - x) / steps as f64).sqrt();
            assert!((x - y).abs() <= allowed, "{x} {y}");
        }
    }
}

/// Defect 12 of the peers: 64-bit values came out as 32-bit times.
#[test]
fn latencies_tell_values_apart_that_32_bits_do_not() {
    let (a, b) = (0.5_f64, 0.5_f64 + 1e-12);
    assert_eq!(a as f32, b as f32);
    for curve in [Curve::Linear, Curve::Logarithmic] {
        let config = LatencyConfig {
            curve,
            ..Default::default()
        };
        let times = config.times(&[a, b]).unwrap();
        assert!(times[0] > times[1], "{times:?}");
        assert!(times[0] - times[1] < 1e-11);
    }
    // Close to the threshold the 32-bit time was off by 6 parts in 1000.
    let time = LatencyConfig::default().times(&[0.0]).unwrap()[0];
    assert!(
        (time - ((0.01 + 1e-7) / 1e-7_f64).ln()).abs() < 1e-9,
        "{time}"
    );
}

/// Defect 8 of the peers: the width of the fields was not in the units of the stimulus.
#[test]
fn the_width_of_a_receptive_field_is_in_its_units() {
    for sigma in [0.1, 1.0, 7.0] {
        let fields = ReceptiveFields::new(vec![0.0, 2.0], sigma).unwrap();
        let at = fields.activations(sigma)[0];
        assert!((at - (-0.5_f64).exp()).abs() < 1e-15, "{at}");
    }
}

/// The decoder of another library leaves out the first coefficient of the filter.
#[test]
fn bsa_decodes_with_the_whole_filter() {
    let filter = low_pass(8, 0.2).unwrap();
    let code = Bsa::new(filter.clone(), 0.0).unwrap();
    let mut spikes = vec![false; 10];
    spikes[0] = true;
    assert_eq!(code.decode(&spikes)[..8], filter);
    // And at the end as far as it reaches.
    spikes[8] = true;
    assert_eq!(code.decode(&spikes)[8..], filter[..2]);
}

#[test]
fn a_window_of_one_compares_with_the_sample_before() {
    let code = MovingWindow {
        threshold: 0.5,
        window: 1,
    };
    let code = code.encode(&[0.0, 1.0, 1.2, 0.0]).unwrap();
    assert_eq!(code.spikes, [0, 1, 0, -1]);
}

#[test]
fn what_is_below_or_late_spikes_as_it_is_told() {
    let values = [0.0, 0.5, 1.0];
    let config = LatencyConfig {
        steps: 3,
        curve: Curve::Linear,
        tau: 4.0,
        ..Default::default()
    };
    let refused = config.encode(&values);
    let expected = Error::Shape {
        what: "step of a latency",
        expected: 3,
        found: 4,
    };
    assert_eq!(refused, Err(expected));
    let dropped = LatencyConfig {
        late: Late::Drop,
        ..config
    }
    .encode(&values)
    .unwrap();
    assert_eq!(dropped.spikes(), [None, Some(2), Some(0)]);
    let silent = LatencyConfig {
        below: Below::Silent,
        ..config
    }
    .encode(&values)
    .unwrap();
    assert_eq!(silent.spikes(), [None, Some(2), Some(0)]);
    let raster = silent.raster().unwrap();
    assert_eq!(
        (raster.count(0), raster.get(1, 2), raster.get(2, 0)),
        (0, true, true)
    );
    // Values that are all the same are all the latest.
    let config = LatencyConfig {
        normalize: true,
        first_step: 2,
        ..Default::default()
    };
    let spikes = config.encode(&[0.4, 0.4]).unwrap();
    assert_eq!(spikes.spikes(), [Some(19), Some(19)]);
    let back = config
        .decode(&spikes, config.scale(&[0.4, 0.4]).unwrap())
        .unwrap();
    assert!(back.iter().all(Option::is_some));
    assert!(config.encode(&[]).unwrap().spikes().is_empty());
}

/// The error of a population falls at least as $1/\sqrt N$.
#[test]
fn decoders_of_larger_populations_are_better() {
    let error = |neurons: usize| {
        let mut rng = seeded(4);
        let lif = LifRate::default();
        let max: Vec<f64> = (0..neurons)
            .map(|_| rng.random_range(100.0..200.0))
            .collect();
        let intercepts: Vec<f64> = (0..neurons).map(|_| rng.random_range(-1.0..0.95)).collect();
        let (gain, bias) = lif.gain_and_bias(&max, &intercepts).unwrap();
        let encoders = nef::random_encoders(neurons, 1, &mut rng).unwrap();
        let x = DMatrix::from_fn(1, 201, |_, k| k as f64 / 100.0 - 1.0);
        let activity = nef::rates(&lif, &encoders, &gain, &bias, &x).unwrap();
        let decoders = nef::decoders(&activity, &x, 0.05).unwrap();
        (nef::decode(&decoders, &activity).unwrap() - x).norm() / 201.0_f64.sqrt()
    };
    let (few, many) = (error(20), error(320));
    assert!(many < few / 4.0, "{few} {many}");
}

#[test]
fn gains_give_the_rates_and_intercepts_they_were_made_for() {
    let lif = LifRate::default();
    let (gain, bias) = lif.gain_and_bias(&[80.0, 400.0], &[-0.9, 0.7]).unwrap();
    for ((gain, bias), (rate, intercept)) in
        gain.iter().zip(&bias).zip([(80.0, -0.9), (400.0, 0.7)])
    {
        assert!((lif.rate(gain + bias) / rate - 1.0).abs() < 1e-12);
        assert!((gain * intercept + bias - 1.0).abs() < 1e-12);
        assert_eq!(lif.rate(gain * (intercept - 1e-6) + bias), 0.0);
    }
    let encoders = nef::random_encoders(50, 3, &mut seeded(1)).unwrap();
    assert!(encoders.row_iter().all(|e| (e.norm() - 1.0).abs() < 1e-14));
}

#[test]
fn what_has_no_code_is_refused() {
    let mut rng = seeded(1);
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(rate(&[bad], 10, &mut rng).is_err());
        assert!(rate_dense::<f32, _>(&[bad], 10, &mut rng).is_err());
        assert!(phase(&[bad], 8).is_err());
        assert!(FirstSpikeConfig::default().encode(&[bad]).is_err());
        assert!(BurstConfig::default().encode(bad).is_err());
        assert!(rank_order_weights(&[0], bad).is_err());
    }
    let values = [0.5; 1 << 10];
    let result = rate_dense::<f64, _>(&values, usize::MAX / 4, &mut rng);
    assert!(matches!(result, Err(Error::TooLarge { .. })));
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(LatencyConfig::default().encode(&[bad]).is_err());
        assert!(rank_order(&[bad]).is_err());
        assert!(StepForward { threshold: 0.1 }.encode(&[bad]).is_err());
        assert!(
            MovingWindow {
                threshold: 0.1,
                window: 3
            }
            .encode(&[bad])
            .is_err()
        );
        assert!(ThresholdBased { factor: 1.0 }.encode(&[bad]).is_err());
        assert!(delta(&[bad], &DeltaConfig::default()).is_err());
        assert!(Bsa::new(vec![1.0], 0.1).unwrap().encode(&[bad]).is_err());
        assert!(Bsa::new(vec![bad], 0.1).is_err());
        assert!(CurrentLif::default().encode(&[bad], 10).is_err());
        assert!(ReceptiveFields::new(vec![bad], 1.0).is_err());
        let fields = ReceptiveFields::new(vec![0.0], 1.0).unwrap();
        assert!(fields.spike_times(bad, 1.0, 0.1).is_err());
        assert!(ReciprocalLatency { steps: 9 }.encode(&[bad]).is_err());
    }
    for bad in [0.0, -1.0, f64::NAN] {
        assert!(StepForward { threshold: bad }.encode(&[0.0]).is_err());
        assert!(
            MovingWindow {
                threshold: bad,
                window: 3
            }
            .encode(&[0.0])
            .is_err()
        );
        assert!(
            delta(
                &[0.0],
                &DeltaConfig {
                    threshold: bad,
                    ..Default::default()
                }
            )
            .is_err()
        );
        assert!(ReceptiveFields::new(vec![0.0], bad).is_err());
        assert!(ReceptiveFields::bohte(5, 0.0, 1.0, bad).is_err());
        assert!(
            LatencyConfig {
                tau: bad,
                ..Default::default()
            }
            .encode(&[0.5])
            .is_err()
        );
        assert!(
            LatencyConfig {
                threshold: bad,
                ..Default::default()
            }
            .encode(&[0.5])
            .is_err()
        );
        assert!(
            LatencyConfig {
                epsilon: bad,
                ..Default::default()
            }
            .encode(&[0.5])
            .is_err()
        );
        assert!(low_pass(8, bad).is_err());
        assert!(
            CurrentLif {
                rate: bad,
                threshold: 1.0
            }
            .encode(&[1.0], 5)
            .is_err()
        );
    }
    assert!(
        MovingWindow {
            threshold: 1.0,
            window: 0
        }
        .encode(&[0.0])
        .is_err()
    );
    // A signal that only falls has a mean change below zero.
    assert!(
        ThresholdBased { factor: 0.5 }
            .encode(&[3.0, 2.0, 1.0])
            .is_err()
    );
    assert!(ThresholdBased { factor: -0.5 }.encode(&[3.0]).is_err());
    let linear = LatencyConfig {
        curve: Curve::Linear,
        ..Default::default()
    };
    assert!(linear.encode(&[1.5]).is_err());
    assert!(
        LatencyConfig {
            first_step: 20,
            ..Default::default()
        }
        .encode(&[0.5])
        .is_err()
    );
    assert!(
        LatencyConfig {
            steps: 0,
            ..Default::default()
        }
        .encode(&[0.5])
        .is_err()
    );
    for steps in [0, 1, 701] {
        assert!(
            FirstSpikeConfig {
                steps,
                curve: Curve::Linear
            }
            .encode(&[0.5])
            .is_err()
        );
    }
    for bits in [0, 53] {
        assert!(phase(&[0.5], bits).is_err());
    }
    assert!(FirstSpikes::new(3, vec![Some(3)]).is_err());
    let three = FirstSpikes::new(3, vec![Some(2)]).unwrap();
    assert!(FirstSpikeConfig::default().decode(&three).is_err());
    let scale = TimeScale {
        factor: 1.0,
        offset: 0.0,
    };
    assert!(LatencyConfig::default().decode(&three, scale).is_err());
    let scale = TimeScale {
        factor: f64::NAN,
        offset: 0.0,
    };
    assert!(
        LatencyConfig {
            steps: 3,
            ..Default::default()
        }
        .decode(&three, scale)
        .is_err()
    );
    assert!(ReciprocalLatency { steps: 3 }.decode(&three, 0.0).is_err());
    assert!(ReciprocalLatency { steps: 0 }.encode(&[1.0]).is_err());
    let code = BurstConfig::default();
    for (spikes, interval) in [(6, 2), (5, 1), (5, 10), (0, 11)] {
        assert!(
            code.decode(&Burst { spikes, interval }).is_err(),
            "{spikes} {interval}"
        );
    }
    assert!(
        BurstConfig {
            shortest: 5,
            longest: 4,
            ..code
        }
        .encode(0.5)
        .is_err()
    );
    assert!(BurstConfig { spikes: 0, ..code }.encode(0.5).is_err());
    assert!(Bsa::new(vec![], 0.1).is_err());
    assert!(Bsa::new(vec![1.0], -0.1).is_err());
    assert!(low_pass(0, 0.1).is_err());
    assert!(ReceptiveFields::new(vec![], 1.0).is_err());
    assert!(ReceptiveFields::bohte(2, 0.0, 1.0, 1.0).is_err());
    assert!(ReceptiveFields::bohte(5, 1.0, 0.0, 1.0).is_err());
    let fields = ReceptiveFields::bohte(5, 0.0, 1.0, 1.0).unwrap();
    assert!(fields.decode(&[None], 1.0).is_err());
    assert!(fields.decode(&[Some(2.0); 5], 1.0).is_err());
    assert_eq!(fields.decode(&[None; 5], 1.0).unwrap(), None);
    let one = [Some(0.1), None, None, None, None];
    assert_eq!(fields.decode(&one, 1.0).unwrap(), None);
}

#[test]
fn bad_populations_are_refused() {
    let lif = LifRate::default();
    for (max, intercept) in [(0.0, 0.0), (500.0, 0.0), (f64::NAN, 0.0), (100.0, 1.0)] {
        assert!(
            lif.gain_and_bias(&[max], &[intercept]).is_err(),
            "{max} {intercept}"
        );
    }
    assert!(lif.gain_and_bias(&[100.0], &[]).is_err());
    let bad = LifRate { tau: 0.0, ..lif };
    assert!(bad.gain_and_bias(&[100.0], &[0.0]).is_err());
    assert!(nef::random_encoders(3, 0, &mut seeded(1)).is_err());
    let one = DMatrix::from_element(1, 1, 1.0);
    let two = DMatrix::from_element(2, 2, 1.0);
    assert!(nef::rates(&lif, &one, &[1.0], &[1.0], &two).is_err());
    assert!(nef::rates(&lif, &one, &[1.0, 1.0], &[1.0], &one).is_err());
    assert!(nef::rates(&lif, &one, &[f64::NAN], &[1.0], &one).is_err());
    assert!(nef::decoders(&two, &one, 0.1).is_err());
    assert!(nef::decoders(&one, &one, -0.1).is_err());
    assert!(nef::decoders(&DMatrix::zeros(0, 1), &one, 0.1).is_err());
    // Neurons that never fire say nothing.
    let silent = nef::decoders(
        &DMatrix::zeros(2, 2),
        &DMatrix::from_element(1, 2, 1.0),
        0.1,
    );
    assert!(matches!(silent, Err(Error::Math(_))), "{silent:?}");
    assert!(nef::decode(&one, &two).is_err());
}
