//! Distances with a caller's memory allocate nothing once it has grown.

use neuropil_neural_coding::distance::{
    Scratch, SyncConfig, Threshold, isi_distance_with, ri_spike_distance_with, spike_distance_with,
    spike_sync_with, van_rossum_with, victor_purpura_with,
};
use neuropil_neural_coding::{Duplicates, SpikeTrain};
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
