//! Stochastic steps: strong orders, laws of the noise, reproducibility.
//!
//! All seeds are fixed. Where a statistic is compared with its expectation, the bound is stated in
//! standard errors.

#![expect(clippy::unwrap_used, reason = "an error fails the test")]

use neuropil_ode_core::sde::{
    BrownianPath, Drawn, EulerMaruyamaStep, ExponentialMaruyamaStep, Increments, MilsteinStep,
    Noise, OrnsteinUhlenbeck, SamplePath, Sra1Step, StochasticMethod, StochasticStep,
    StochasticSystem,
};
use neuropil_ode_core::{Error, Gated};
use neuropil_test_kit::order::observed_order;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn end<M, S>(method: M, system: &S, x: f64, path: &BrownianPath<f64>, steps: usize) -> f64
where
    M: StochasticMethod + StochasticStep<f64, S>,
{
    let mut x = [x];
    let mut noise = path.steps(steps).unwrap();
    SamplePath::new(method, 1)
        .run(system, 0.0, 1.0, steps, &mut x, &mut noise)
        .unwrap();
    x[0]
}

/// The order that the mean errors at t = 1 show over 2^-k, k in `levels`.
fn order(
    name: &str,
    levels: core::ops::Range<u32>,
    paths: usize,
    intervals: usize,
    mut errors: impl FnMut(&BrownianPath<f64>, usize) -> f64,
) -> f64 {
    let mut rng = rng(7);
    let mut path = BrownianPath::new(0.0, 1.0, 1, intervals, &mut rng).unwrap();
    let mut sums = vec![0.0; levels.len()];
    for _ in 0..paths {
        for (sum, k) in sums.iter_mut().zip(levels.clone()) {
            *sum += errors(&path, 1 << k);
        }
        path.redraw(&mut rng);
    }
    let steps: Vec<f64> = levels.map(|k| (-f64::from(k)).exp2()).collect();
    let slope = observed_order(&steps, &sums);
    println!("{name}: order {slope:.3}");
    slope
}

/// dX = -a² sin X cos³X dt + a cos²X dW with X(t) = arctan(a W(t) + tan X(0)): Kloeden & Platen,
/// 4.4.
struct Arctangent {
    a: f64,
    derivative: bool,
}

impl StochasticSystem<f64> for Arctangent {
    fn drift(&self, _t: f64, x: &[f64], drift: &mut [f64]) {
        drift[0] = -self.a * self.a * x[0].sin() * x[0].cos().powi(3);
    }

    fn diffusion(&self, _t: f64, x: &[f64], diffusion: &mut [f64]) {
        diffusion[0] = self.a * x[0].cos().powi(2);
    }

    fn diffusion_derivative(&self, _t: f64, x: &[f64], derivative: &mut [f64]) -> bool {
        derivative[0] = -2.0 * self.a * x[0].cos() * x[0].sin();
        self.derivative
    }
}

#[test]
fn strong_orders_of_multiplicative_noise() {
    let exact = |path: &BrownianPath<f64>| (path.total(0).unwrap() + 0.2_f64.tan()).atan();
    let with = |derivative| Arctangent { a: 1.0, derivative };
    let system = with(true);
    let euler = order("Euler–Maruyama", 4..10, 1500, 512, |path, n| {
        (end(EulerMaruyamaStep, &system, 0.2, path, n) - exact(path)).abs()
    });
    assert!((euler - 0.5).abs() < 0.1, "{euler}");
    for derivative in [true, false] {
        let system = with(derivative);
        let milstein = order("Milstein", 4..10, 1500, 512, |path, n| {
            (end(MilsteinStep, &system, 0.2, path, n) - exact(path)).abs()
        });
        assert!((milstein - 1.0).abs() < 0.1, "{milstein}");
    }
}

/// A nonlinear drift with additive noise that varies in time.
struct Bistable;

impl StochasticSystem<f64> for Bistable {
    fn drift(&self, t: f64, x: &[f64], drift: &mut [f64]) {
        drift[0] = (2.0 * x[0] + t).sin();
    }

    fn diffusion(&self, t: f64, _x: &[f64], diffusion: &mut [f64]) {
        diffusion[0] = 1.0 + 0.5 * (2.0 * t).sin();
    }
}

#[test]
fn strong_orders_of_additive_noise() {
    const FINE: usize = 1 << 11;
    let mut cached = (f64::NAN, f64::NAN);
    let mut exact = |path: &BrownianPath<f64>| {
        let key = path.total(0).unwrap();
        if cached.0 != key {
            cached = (key, end(Sra1Step, &Bistable, 0.2, path, FINE));
        }
        cached.1
    };
    let sra1 = order("SRA1, nonlinear drift", 4..9, 600, FINE, |path, n| {
        (end(Sra1Step, &Bistable, 0.2, path, n) - exact(path)).abs()
    });
    assert!((sra1 - Sra1Step::ADDITIVE_ORDER).abs() < 0.1, "{sra1}");
    let euler = order("Euler–Maruyama", 4..9, 600, FINE, |path, n| {
        (end(EulerMaruyamaStep, &Bistable, 0.2, path, n) - exact(path)).abs()
    });
    assert!((euler - 1.0).abs() < 0.1, "{euler}");
}

/// The variance of a thousand Ornstein–Uhlenbeck processes over 500 correlation times.
fn stationary_variance<M>(method: M, h: f64) -> f64
where
    M: StochasticMethod + StochasticStep<f64, OrnsteinUhlenbeck<f64>>,
{
    let system = OrnsteinUhlenbeck::new(0.0, 1.0, 0.5).unwrap();
    let mut rng = rng(5);
    let mut x = vec![0.0; 1000];
    let mut path = SamplePath::new(method, 1000);
    let burn = (20.0 / h) as usize;
    path.run(&system, 0.0, 20.0, burn, &mut x, &mut Drawn(&mut rng))
        .unwrap();
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..500 {
        let steps = (1.0 / h) as usize;
        path.run(&system, 0.0, 1.0, steps, &mut x, &mut Drawn(&mut rng))
            .unwrap();
        sum += x.iter().map(|x| x * x).sum::<f64>();
        count += x.len() as f64;
    }
    sum / count
}

#[test]
fn the_stationary_variance_is_exact_for_any_step() {
    // Half a million values with correlation e^-2 of their squares: one standard error is 0.23 %.
    let found = stationary_variance(ExponentialMaruyamaStep, 1.0);
    println!("exponential, h = 1: {found:.5}");
    assert!((found / 0.125 - 1.0).abs() < 0.01, "{found}");
    // Euler–Maruyama has g² h / (1 - (1 - h)²) instead: a third more at h = 1/2.
    let found = stationary_variance(EulerMaruyamaStep, 0.5);
    println!("Euler–Maruyama, h = 1/2: {found:.5}");
    assert!((found / 0.125 - 4.0 / 3.0).abs() < 0.02, "{found}");
}

#[test]
fn exact_transitions_have_their_mean_and_variance() {
    let process = OrnsteinUhlenbeck::new(2.0, 0.5, 3.0).unwrap();
    let h = 1.5;
    let mut x = vec![-1.0; 200_000];
    process.advance(h, &mut x, &mut rng(9)).unwrap();
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let (m, v) = (
        2.0 - 3.0 * (-0.75_f64).exp(),
        9.0 * (1.0 - (-1.5_f64).exp()),
    );
    assert!((process.mean(-1.0, h) - m).abs() < 1e-14);
    assert!((process.variance(h) - v).abs() < 1e-14);
    // Five standard errors.
    assert!((mean - m).abs() < 5.0 * (v / n).sqrt(), "{mean} {m}");
    assert!(
        (variance / v - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
        "{variance} {v}"
    );
}

proptest! {
    /// Two exact transitions are one: means chain, variances add up.
    #[test]
    fn transitions_compose(a in 0.0..3.0_f64, b in 0.0..3.0_f64, x in -4.0..4.0_f64) {
        let process = OrnsteinUhlenbeck::new(0.3, 1.3, 0.7).unwrap();
        let chained = process.mean(process.mean(x, a), b);
        prop_assert!((chained - process.mean(x, a + b)).abs() < 1e-13);
        let decayed = process.variance(a) * (-2.0 * 1.3 * b).exp() + process.variance(b);
        prop_assert!((decayed - process.variance(a + b)).abs() < 1e-14);
    }

    /// Refinement leaves the coarse path as it was: increments and integrals.
    #[test]
    fn refinement_keeps_the_path(seed in 0_u64..1000, steps in 1_usize..4) {
        let mut rng = rng(seed);
        let mut path = BrownianPath::new(0.5, 2.0, 3, 12, &mut rng).unwrap();
        let read = |path: &BrownianPath<f64>| {
            let n = [12, 6, 3][steps - 1];
            let h = 2.0 / n as f64;
            let mut noise = path.steps(n).unwrap();
            let mut all = Vec::new();
            for i in 0..n {
                let (mut w, mut z) = ([0.0; 3], [0.0; 3]);
                noise.fill(0.5 + i as f64 * h, h, &mut w, &mut z).unwrap();
                all.extend(w);
                all.extend(z);
            }
            all
        };
        let before = read(&path);
        for _ in 0..4 {
            path.refine(&mut rng).unwrap();
        }
        prop_assert_eq!(path.intervals(), 192);
        for (a, b) in read(&path).iter().zip(&before) {
            prop_assert!((a - b).abs() < 1e-13, "{} {}", a, b);
        }
    }
}

/// ΔW and I/h - ΔW/2, which should be independent with variances h and h/12, scaled to unit variance.
fn standardise(w: f64, z: f64, h: f64) -> [f64; 2] {
    [w / h.sqrt(), (z / h - 0.5 * w) / (h / 12.0).sqrt()]
}

/// The standardised increments and areas of a path.
fn normalised(path: &BrownianPath<f64>, span: f64) -> Vec<[f64; 2]> {
    let (n, m) = (path.intervals(), path.components());
    let h = span / n as f64;
    let mut noise = path.steps(n).unwrap();
    let (mut w, mut z) = (vec![0.0; m], vec![0.0; m]);
    let mut all = vec![[0.0; 2]; n * m];
    for i in 0..n {
        noise.fill(i as f64 * h, h, &mut w, &mut z).unwrap();
        for j in 0..m {
            all[j * n + i] = standardise(w[j], z[j], h);
        }
    }
    all
}

/// Variances 1, no correlation within an interval nor between neighbours.
fn check_noise(pairs: &[[f64; 2]], per_component: usize) {
    let n = pairs.len() as f64;
    // A product of two standard normal variates has a deviation of √2 at the most.
    let bound = 5.0 * (2.0 / n).sqrt();
    let moment = |f: &dyn Fn(usize) -> f64| (0..pairs.len()).map(f).sum::<f64>() / n;
    for a in 0..2 {
        for b in 0..2 {
            let expected = if a == b { 1.0 } else { 0.0 };
            let found = moment(&|i| pairs[i][a] * pairs[i][b]);
            assert!((found - expected).abs() < bound, "{a}{b}: {found}");
            // Neighbours with the same parent, and with different ones.
            for parity in 0..2 {
                let found = moment(&|i| {
                    let within = i % per_component;
                    if within % 2 == parity && within + 1 < per_component {
                        2.0 * pairs[i][a] * pairs[i + 1][b]
                    } else {
                        0.0
                    }
                });
                assert!(found.abs() < 2.0 * bound, "{a}{b} {parity}: {found}");
            }
        }
    }
}

#[test]
fn drawn_and_refined_noise_have_the_law_of_brownian_motion() {
    let mut rng = rng(3);
    let path = BrownianPath::new(0.0, 2.0, 64, 1024, &mut rng).unwrap();
    check_noise(&normalised(&path, 2.0), 1024);
    let mut path = BrownianPath::new(0.0, 2.0, 64, 4, &mut rng).unwrap();
    for _ in 0..8 {
        path.refine(&mut rng).unwrap();
    }
    check_noise(&normalised(&path, 2.0), 1024);

    let h: f64 = 0.01;
    let (mut w, mut z) = (vec![0.0; 65_536], vec![0.0; 65_536]);
    Drawn(&mut rng).fill(0.0, h, &mut w, &mut z).unwrap();
    let both = w.iter().zip(&z);
    let pairs: Vec<_> = both.map(|(&w, &z)| standardise(w, z, h)).collect();
    check_noise(&pairs, pairs.len());
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let run = |seed, pieces: usize| {
        let mut rng = rng(seed);
        let mut x = [0.2];
        let mut path = SamplePath::new(Sra1Step, 1);
        let span = 1.0 / pieces as f64;
        for i in 0..pieces {
            let t = i as f64 * span;
            path.run(
                &Bistable,
                t,
                span,
                64 / pieces,
                &mut x,
                &mut Drawn(&mut rng),
            )
            .unwrap();
        }
        x[0].to_bits()
    };
    assert_eq!(run(1, 1), run(1, 1));
    // The spans are powers of two, so that the times round alike.
    assert_eq!(run(1, 1), run(1, 4));
    assert_ne!(run(1, 1), run(2, 1));

    let mut generator = rng(4);
    let path = BrownianPath::new(0.0, 1.0, 1, 64, &mut generator).unwrap();
    let mut noise = path.steps(32).unwrap();
    let mut values = [0.0; 2];
    for value in &mut values {
        let mut x = [0.2];
        SamplePath::new(MilsteinStep, 1)
            .run(&Bistable, 0.0, 1.0, 32, &mut x, &mut noise)
            .unwrap();
        *value = x[0];
        noise.rewind();
    }
    assert_eq!(values[0].to_bits(), values[1].to_bits());
}

#[test]
fn single_precision_draws_the_same_numbers() {
    let process = |x: f64| OrnsteinUhlenbeck::new(0.0, x, 0.5).unwrap();
    let mut x = [1.0_f64; 4];
    process(1.0).advance(0.3, &mut x, &mut rng(6)).unwrap();
    let mut y = [1.0_f32; 4];
    let single = OrnsteinUhlenbeck::new(0.0_f32, 1.0, 0.5).unwrap();
    single.advance(0.3, &mut y, &mut rng(6)).unwrap();
    for i in 0..4 {
        assert!((x[i] - f64::from(y[i])).abs() < 1e-6, "{x:?} {y:?}");
    }
}

/// dX = X² dt + dW, which explodes; and a diffusion of NaN after a while.
struct Exploding {
    nan_after: f64,
}

impl StochasticSystem<f64> for Exploding {
    fn drift(&self, _t: f64, x: &[f64], drift: &mut [f64]) {
        for i in 0..x.len() {
            drift[i] = x[i] * x[i];
        }
    }

    fn diffusion(&self, t: f64, _x: &[f64], diffusion: &mut [f64]) {
        diffusion.fill(0.1);
        if t > self.nan_after {
            diffusion[1] = f64::NAN;
        }
    }
}

impl Gated<f64> for Exploding {
    fn drive_and_rate(&self, _t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        for i in 0..y.len() {
            (drive[i], rate[i]) = (0.0, -y[i]);
        }
    }
}

#[test]
fn what_is_not_finite_is_an_error_with_time_and_component() {
    fn check<M>(method: M)
    where
        M: StochasticMethod + StochasticStep<f64, Exploding> + Copy,
    {
        let run = |nan_after, span, mut x: [f64; 2]| {
            SamplePath::new(method, 2)
                .run(
                    &Exploding { nan_after },
                    0.0,
                    span,
                    200,
                    &mut x,
                    &mut Drawn(&mut rng(1)),
                )
                .unwrap_err()
        };
        let Error::NonFinite {
            t, component: 0, ..
        } = run(1e9, 10.0, [3.0, 0.0])
        else {
            panic!("no explosion");
        };
        assert!(t > 0.3 && t < 5.0, "{t}");
        let Error::NonFinite {
            t, component: 1, ..
        } = run(0.5, 1.0, [0.0, 0.0])
        else {
            panic!("NaN went through");
        };
        assert!((0.5..0.52).contains(&t), "{t}");
        let error = run(1e9, 1.0, [0.0, f64::INFINITY]);
        assert!(matches!(error, Error::NonFinite { component: 1, .. }));
    }
    check(EulerMaruyamaStep);
    check(MilsteinStep);
    check(Sra1Step);
    check(ExponentialMaruyamaStep);
}

#[test]
fn runs_that_make_no_sense_are_refused() {
    let system = OrnsteinUhlenbeck::new(0.0, 1.0, 0.5).unwrap();
    let mut generator = rng(1);
    let mut path = SamplePath::new(EulerMaruyamaStep, 2);
    let mut run = |t, span, steps, x: &mut [f64]| {
        path.run(&system, t, span, steps, x, &mut Drawn(&mut generator))
    };
    let x = &mut [0.0; 2];
    assert_eq!(run(1.0, 0.0, 3, x), Err(Error::ZeroSpan { t: 1.0 }));
    assert!(matches!(
        run(0.0, -1.0, 3, x),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(run(0.0, 1.0, 0, x), Err(Error::OutOfRange { .. })));
    assert!(matches!(run(f64::NAN, 1.0, 3, x), Err(Error::Time { .. })));
    assert!(matches!(
        run(0.0, 1.0, 3, &mut [0.0]),
        Err(Error::Shape { .. })
    ));
    assert_eq!(run(0.0, 1.0, 3, &mut []), Err(Error::EmptySystem));

    for (centre, rate, diffusion) in [
        (f64::NAN, 1.0, 1.0),
        (0.0, 0.0, 1.0),
        (0.0, f64::INFINITY, 1.0),
        (0.0, 1.0, -1.0),
    ] {
        assert!(OrnsteinUhlenbeck::new(centre, rate, diffusion).is_err());
    }
    for h in [-1.0, f64::NAN] {
        assert!(system.advance(h, x, &mut rng(1)).is_err());
    }
    let short = Increments {
        motion: &[0.1, 0.1],
        integral: &[],
    };
    assert!(matches!(
        Sra1Step.step(&system, 0.0, 1.0, &mut [0.0; 2], short, &mut [0.0; 8]),
        Err(Error::Shape {
            expected: 2,
            found: 0,
            ..
        })
    ));
    assert!(matches!(
        MilsteinStep.step(&system, 0.0, 1.0, &mut [0.0; 2], short, &mut [0.0; 7]),
        Err(Error::Shape {
            expected: 8,
            found: 7,
            ..
        })
    ));
}

#[test]
fn a_path_gives_its_own_steps_only() {
    let new = |t, span, components, intervals| {
        BrownianPath::<f64>::new(t, span, components, intervals, &mut rng(1))
    };
    assert!(matches!(new(0.0, 1.0, 0, 4), Err(Error::EmptySystem)));
    assert!(matches!(new(0.0, 1.0, 1, 0), Err(Error::OutOfRange { .. })));
    assert!(matches!(
        new(0.0, -1.0, 1, 4),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(new(0.0, 0.0, 1, 4), Err(Error::ZeroSpan { .. })));
    assert!(matches!(
        new(0.0, 1.0, 2, usize::MAX / 2),
        Err(Error::OutOfRange { .. })
    ));

    let path = new(0.0, 1.0, 2, 8).unwrap();
    assert!(path.total(2).is_err());
    assert!(path.steps(3).is_err() && path.steps(0).is_err() && path.steps(16).is_err());
    let (mut w, mut z) = ([0.0; 2], [0.0; 2]);
    let mut noise = path.steps(4).unwrap();
    // Another step size, another time, another number of components, too far.
    assert!(noise.fill(0.0, 0.5, &mut w, &mut z).is_err());
    assert!(noise.fill(0.25, 0.25, &mut w, &mut z).is_err());
    assert!(noise.fill(0.0, 0.25, &mut [0.0; 3], &mut []).is_err());
    for i in 0..4 {
        noise
            .fill(0.25 * f64::from(i), 0.25, &mut w, &mut z)
            .unwrap();
    }
    assert!(matches!(
        noise.fill(1.0, 0.25, &mut w, &mut z),
        Err(Error::Time { .. })
    ));
    // NaN is no time of any path.
    assert!(
        path.steps(4)
            .unwrap()
            .fill(f64::NAN, 0.25, &mut w, &mut z)
            .is_err()
    );
}
