//! A training step allocates nothing.

use neuropil_math::optim::{AdamConfig, Clip, Optimizer, OptimizerConfig, SgdConfig};
use neuropil_math::parameters::{Visitor, VisitorMut, scoped_each, scoped_each_mut};
use neuropil_math::parameters::{flatten_into, scoped, scoped_mut, unflatten};
use neuropil_math::{Parameters, Schedule};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

struct Layer {
    weights: nalgebra::DMatrix<f32>,
    bias: Vec<f32>,
}

impl Parameters<f32> for Layer {
    fn visit(&self, f: Visitor<'_, f32>) {
        scoped("weights", &self.weights, f);
        scoped("bias", &self.bias, f);
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, f32>) {
        scoped_mut("weights", &mut self.weights, f);
        scoped_mut("bias", &mut self.bias, f);
    }
}

struct Network(Vec<Layer>);

impl Parameters<f32> for Network {
    fn visit(&self, f: Visitor<'_, f32>) {
        scoped_each("layers", &self.0, f);
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, f32>) {
        scoped_each_mut("layers", &mut self.0, f);
    }
}

fn network(value: f32) -> Network {
    let layer = |n| Layer {
        weights: nalgebra::DMatrix::from_element(n, 20, value),
        bias: vec![value; n],
    };
    Network(vec![layer(300), layer(7)])
}

#[test]
fn a_step_allocates_nothing() {
    let momentum = SgdConfig {
        momentum: 0.9,
        ..SgdConfig::default()
    };
    let rules: [OptimizerConfig; 4] = [
        SgdConfig::default().into(),
        momentum.into(),
        AdamConfig::default().into(),
        AdamConfig::adamw().into(),
    ];
    let rate = Schedule::cosine(0.1, 0.0, 10).unwrap();
    for config in rules {
        for clip in [Clip::Norm(0.1), Clip::Value(0.1)] {
            let (mut model, gradient) = (network(0.0), network(1.0));
            let mut optimizer = Optimizer::new(config, &model)
                .unwrap()
                .clipped(clip)
                .unwrap();
            let ((), count) = allocations(|| {
                for _ in 0..10 {
                    let rate = rate.at(optimizer.steps());
                    optimizer.set_learning_rate(rate).unwrap();
                    optimizer.step(&mut model, &gradient).unwrap();
                }
            });
            assert_eq!(count, 0, "{config:?} {clip:?}");
            assert!(model.0[0].bias[0] < 0.0, "the steps were made");
        }
    }
}

#[test]
fn flattening_into_a_slice_allocates_nothing() {
    let mut model = network(0.5);
    let mut flat = vec![0.0; model.count()];
    let ((), count) = allocations(|| {
        flatten_into(&model, &mut flat).unwrap();
        unflatten(&mut model, &flat).unwrap();
    });
    assert_eq!(count, 0);
}
