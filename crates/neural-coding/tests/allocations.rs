//! What works in the memory of the caller allocates nothing.

use nalgebra::DMatrix;
use neuropil_neural_coding::decode::{Bayes, BayesConfig};
use neuropil_neural_coding::distance::{
    Scratch, SyncConfig, Threshold, isi_distance_with, ri_spike_distance_with, spike_distance_with,
    spike_sync_with, van_rossum_with, victor_purpura_with,
};
use neuropil_neural_coding::encode::{
    Bsa, DeltaConfig, MovingWindow, ReceptiveFields, StepForward, TernaryCode, ThresholdBased,
    delta_into, low_pass,
};
use neuropil_neural_coding::generate::bernoulli_dense_into;
use neuropil_neural_coding::neuron::Lif;
use neuropil_neural_coding::{Duplicates, Error, SpikeTrain};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn distances_allocate_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut train = |spikes: usize| {
        let times = (0..spikes).map(|_| rng.random_range(0.0..10.0)).collect();
        SpikeTrain::from_unsorted(times, 0.0, 10.0, Duplicates::Merge).unwrap()
    };
    let trains = [train(200), train(150), train(0), train(1)];
    let mut scratch = Scratch::new();
    let all = |scratch: &mut Scratch| {
        let mut sum = 0.0;
        for a in &trains {
            for b in &trains {
                for threshold in [Threshold::None, Threshold::Automatic] {
                    let config = SyncConfig {
                        threshold,
                        ..SyncConfig::default()
                    };
                    sum += isi_distance_with(a, b, threshold, scratch).unwrap();
                    sum += spike_distance_with(a, b, threshold, scratch).unwrap();
                    sum += ri_spike_distance_with(a, b, threshold, scratch).unwrap();
                    sum += spike_sync_with(a, b, &config, scratch).unwrap();
                }
                for parameter in [0.0, 0.1, 5.0, f64::INFINITY] {
                    sum += victor_purpura_with(a, b, parameter, scratch).unwrap();
                    sum += van_rossum_with(a, b, parameter, scratch).unwrap();
                }
            }
        }
        sum
    };
    let first = all(&mut scratch);
    let (second, count) = allocations(|| all(&mut scratch));
    assert_eq!(count, 0);
    assert_eq!(first, second);
}

fn signal(steps: u32) -> Vec<f64> {
    (0..steps)
        .map(|t| 0.5 + 0.4 * (0.1 * f64::from(t)).sin())
        .collect()
}

#[test]
fn ups_and_downs_are_coded_in_place() {
    let signal = signal(1000);
    let mut code = TernaryCode {
        spikes: Vec::with_capacity(signal.len()),
        ..TernaryCode::default()
    };
    let mut back = vec![0.0; signal.len()];
    let step_forward = StepForward { threshold: 0.05 };
    let window = MovingWindow {
        threshold: 0.05,
        window: 5,
    };
    let (changes, count) = allocations(|| {
        let mut changes = 0;
        let mut take = |code: &TernaryCode| {
            code.decode_into(&mut back).unwrap();
            changes += code.spikes.iter().filter(|s| **s != 0).count();
        };
        delta_into(&signal, &DeltaConfig::default(), &mut code).unwrap();
        take(&code);
        step_forward.encode_into(&signal, &mut code).unwrap();
        take(&code);
        window.encode_into(&signal, &mut code).unwrap();
        take(&code);
        ThresholdBased { factor: 0.5 }
            .encode_into(&signal, &mut code)
            .unwrap();
        take(&code);
        changes
    });
    assert_eq!(count, 0);
    assert!(changes > 100, "{changes}");
    // The same as in memory of its own, whatever was there before.
    step_forward.encode_into(&signal, &mut code).unwrap();
    assert_eq!(code, step_forward.encode(&signal).unwrap());
    code.decode_into(&mut back).unwrap();
    assert_eq!(back, code.decode());
    let wrong = Error::Shape {
        what: "steps of a decoded signal",
        expected: 1000,
        found: 999,
    };
    assert_eq!(code.decode_into(&mut back[1..]), Err(wrong));
    // What is refused leaves the code as it was.
    let before = code.clone();
    assert!(window.encode_into(&[0.0, f64::NAN], &mut code).is_err());
    assert_eq!(code, before);
}

#[test]
fn filters_and_fields_code_in_place() {
    let signal = signal(1000);
    let code = Bsa::new(low_pass(8, 0.2).unwrap(), 0.1).unwrap();
    let mut left = signal.clone();
    // What was there before must not matter.
    let (mut spikes, mut back) = (vec![true; 1000], vec![7.0; 1000]);
    let fields = ReceptiveFields::bohte(8, 0.0, 1.0, 1.5).unwrap();
    let mut answers = [0.0; 8];
    let ((), count) = allocations(|| {
        code.encode_into(&mut left, &mut spikes).unwrap();
        code.decode_into(&spikes, &mut back).unwrap();
        for &x in &signal {
            fields.activations_into(x, &mut answers).unwrap();
        }
    });
    assert_eq!(count, 0);
    assert_eq!(spikes, code.encode(&signal).unwrap());
    assert_eq!(back, code.decode(&spikes));
    assert_eq!(answers.to_vec(), fields.activations(signal[999]));
    // The signal is what its spikes say and what they leave.
    for ((x, y), z) in signal.iter().zip(&back).zip(&left) {
        assert!((x - y - z).abs() < 1e-12);
    }
    assert!(code.encode_into(&mut left, &mut spikes[1..]).is_err());
    assert!(code.decode_into(&spikes[1..], &mut back).is_err());
    assert!(fields.activations_into(0.5, &mut answers[1..]).is_err());
}

#[test]
fn an_exact_neuron_steps_in_place() {
    let neuron = Lif {
        refractory: 2.0,
        ..Lif::default()
    };
    let mut state = neuron.resting();
    let (spikes, count) = allocations(|| {
        let mut spikes = 0;
        for step in 0..1000 {
            let current = if step % 3 == 0 { 5.0 } else { 1.2 };
            neuron
                .step(&mut state, current, 1.0, |_| spikes += 1)
                .unwrap();
        }
        spikes
    });
    assert_eq!(count, 0);
    assert!(spikes > 10, "{spikes}");
}

/// Zeros and ones in place allocate as much for many steps as for few, and a decoder that works block by
/// block once for a block.
#[test]
fn allocations_do_not_grow_with_single_steps() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut out = vec![0.0_f32; 100 * 4000];
    let probabilities = [0.3; 100];
    let mut dense = |steps: usize| {
        let out = &mut out[..100 * steps];
        allocations(|| bernoulli_dense_into(&probabilities, out, &mut rng).unwrap()).1
    };
    let few = dense(4);
    assert!(few <= 2, "{few}");
    assert_eq!(dense(4000), few);

    let rates = DMatrix::from_fn(20, 30, |i, x| 1.0 + ((i + x) % 7) as f64);
    let config = BayesConfig {
        dt: 0.1,
        block: 64,
        ..BayesConfig::default()
    };
    let decoder = Bayes::new(&rates, &config).unwrap();
    let decode = |bins: usize| {
        let counts = DMatrix::from_fn(20, bins, |i, t| ((i + t) % 3) as f64);
        allocations(|| decoder.decode(&counts).unwrap()).1
    };
    let (few, many) = (decode(640), decode(6400));
    // Ten blocks and a hundred: no more than what the matrix product of each packs its panels into.
    assert!(many - few <= 90, "{few} {many}");
}
