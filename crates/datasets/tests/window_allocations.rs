//! Writing a batch allocates nothing.

use nalgebra::DMatrix;
use neuropil_datasets::{Batch, BatchOrder, Recording, Targets, WindowConfig, Windows};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn a_batch_is_written_in_place() {
    let recording = |targets, spans| Recording {
        inputs: DMatrix::zeros(3, 100),
        targets,
        spans,
    };
    let classes = Targets::Classes {
        count: 2,
        classes: vec![1; 100],
    };
    let values = Targets::Values(DMatrix::zeros(2, 100));
    for recording in [
        recording(classes, None),
        recording(values, Some(vec![0.5; 100])),
    ] {
        let windows = Windows::cut(&[recording], &WindowConfig::default()).unwrap();
        for order in [BatchOrder::TimeMajor, BatchOrder::SequenceMajor] {
            let mut batch = Batch::<f32>::new(&windows, 3, order).unwrap();
            let (result, count) = allocations(|| windows.copy_batch(&[2, 0, 1], &mut batch));
            assert_eq!((result, count), (Ok(()), 0));
        }
    }
}
