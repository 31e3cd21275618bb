//! What runs in inner loops does not allocate.

use neuropil_math::softmax::{RunningSoftmax, log_softmax, log_sum_exp, softmax};
use neuropil_math::statistics::{RunningMoments, Standardizer};
use neuropil_math::{Activation, Loss};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn kernels_over_slices_do_not_allocate() {
    let input: Vec<f64> = (0..101).map(|i| f64::from(i) * 0.1 - 5.0).collect();
    let (mut x, mut y) = (input.clone(), input.clone());
    let mut moments = RunningMoments::new(101);
    moments.add(&x).unwrap();
    let standardizer = Standardizer::from_moments(&moments).unwrap();
    let mut running = RunningSoftmax::new(2.0);
    let ((), count) = allocations(|| {
        for activation in Activation::ALL {
            activation.apply(&mut x);
            activation.derivative(&mut x);
            activation.backward(&input, &mut y).unwrap();
            let _ = activation.backward_from_output(&input, &mut y);
            let _ = activation.derivative_from_output(&mut y);
        }
        softmax(&mut x, 2.0);
        log_softmax(&mut y, 2.0);
        assert!(log_sum_exp(&input, 2.0).is_finite());
        running.absorb(&mut x);
        for loss in Loss::ALL {
            loss.gradient(&input, &x, &mut y).unwrap();
        }
        moments.add(&input).unwrap();
        standardizer.apply_sample(&mut x).unwrap();
    });
    assert_eq!(count, 0);
}
