//! Runs of gated, Hamiltonian and stochastic steps do not allocate.

use neuropil_ode_core::Gated;
use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep,
    Unfolding,
};
use neuropil_ode_core::leapfrog::{Leapfrog, SeparableHamiltonian};
use neuropil_ode_core::sde::{
    BrownianPath, Drawn, EulerMaruyamaStep, ExponentialMaruyamaStep, MilsteinStep,
    OrnsteinUhlenbeck, SamplePath, Sra1Step, StochasticMethod, StochasticStep,
};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

struct Logistic;

impl Gated<f64> for Logistic {
    fn drive_and_rate(&self, _t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        drive.copy_from_slice(y);
        rate.copy_from_slice(y);
    }
}

#[test]
fn gated_steps_do_not_allocate() {
    fn check<M: GatedStep<f64>>(method: M) {
        let mut unfolding = Unfolding::new(method, 5);
        let mut y = vec![0.5; 5];
        let (result, count) = allocations(|| unfolding.run(&Logistic, 0.0, 1.0, 50, &mut y));
        result.unwrap();
        assert_eq!(count, 0);
    }
    check(ExponentialEulerStep);
    check(ExponentialMidpointStep);
    check(FusedStep);
    check(FusedMidpointStep);
}

#[test]
fn leapfrog_does_not_allocate() {
    struct Spring;
    impl SeparableHamiltonian<f64> for Spring {
        fn velocity(&self, p: &[f64], velocity: &mut [f64]) {
            velocity.copy_from_slice(p);
        }
        fn force(&self, q: &[f64], force: &mut [f64]) {
            for (f, q) in force.iter_mut().zip(q) {
                *f = -q;
            }
        }
    }
    let (mut q, mut p) = (vec![1.0; 3], vec![0.0; 3]);
    let mut leapfrog = Leapfrog::new(&Spring, &q).unwrap();
    let (result, count) = allocations(|| leapfrog.run(&Spring, 0.1, 50, &mut q, &mut p));
    result.unwrap();
    assert_eq!(count, 0);
}

#[test]
fn stochastic_steps_do_not_allocate() {
    fn check<M>(method: M)
    where
        M: StochasticMethod + StochasticStep<f64, OrnsteinUhlenbeck<f64>>,
    {
        let system = OrnsteinUhlenbeck::new(0.0, 1.0, 0.5).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut path = BrownianPath::new(0.0, 1.0, 4, 100, &mut rng).unwrap();
        let mut sample = SamplePath::new(method, 4);
        let mut x = vec![1.0; 4];
        let (result, count) = allocations(|| {
            sample.run(&system, 0.0, 1.0, 50, &mut x, &mut Drawn(&mut rng))?;
            sample.run(&system, 0.0, 1.0, 25, &mut x, &mut path.steps(25)?)?;
            path.redraw(&mut rng);
            system.advance(0.1, &mut x, &mut rng)
        });
        result.unwrap();
        assert_eq!(count, 0);
    }
    check(EulerMaruyamaStep);
    check(MilsteinStep);
    check(Sra1Step);
    check(ExponentialMaruyamaStep);
}
