//! Judges of attractors, of memory and of seeds.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_datasets::systems::{Lorenz63, lorenz63};
use neuropil_reservoir::judge::{
    LyapunovConfig, MemoryCapacityConfig, PowerSpectrum, PowerSpectrumConfig, StepMap,
    bootstrap_interval, lyapunov_spectrum, maxima, mean_interval, median, memory_capacity,
    memory_capacity_of_states, return_map, return_map_distance, share_interval,
};
use neuropil_reservoir::{
    Error, Esn, EsnConfig, Ngrc, NgrcConfig, Orders, Reservoir, ReservoirConfig, Scaling,
};
use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::Xoshiro256PlusPlus};

const DT: f64 = 0.02;

fn lorenz(samples: usize) -> DMatrix<f64> {
    let config = Lorenz63Config {
        dt: DT,
        warmup: 500,
        ..Lorenz63Config::default()
    };
    config.generate(samples).unwrap()
}

/// One step of RK4, and the variational equation with it.
struct Flow {
    dt: f64,
    exact: bool,
}

fn rate(x: &[f64]) -> [f64; 3] {
    lorenz63(&Lorenz63::default(), [x[0], x[1], x[2]])
}

/// The derivative of [`rate`] along `v`.
fn rate_along(x: &[f64], v: &[f64]) -> [f64; 3] {
    [
        10.0 * (v[1] - v[0]),
        (28.0 - x[2]) * v[0] - v[1] - x[0] * v[2],
        x[1] * v[0] + x[0] * v[1] - 8.0 / 3.0 * v[2],
    ]
}

fn moved(x: &[f64], k: &[f64], h: f64) -> Vec<f64> {
    x.iter().zip(k).map(|(x, k)| x + h * k).collect()
}

impl StepMap for Flow {
    fn step(&mut self, x: &mut [f64]) -> Result<(), Error> {
        let h = self.dt;
        let k1 = rate(x);
        let k2 = rate(&moved(x, &k1, h / 2.0));
        let k3 = rate(&moved(x, &k2, h / 2.0));
        let k4 = rate(&moved(x, &k3, h));
        for i in 0..3 {
            x[i] += h / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]);
        }
        Ok(())
    }

    fn step_with_tangents(
        &mut self,
        x: &mut [f64],
        tangents: &mut [f64],
        difference: f64,
    ) -> Result<(), Error> {
        if !self.exact {
            // The closure has the differences of the trait.
            let mut plain = |x: &mut [f64]| self.step(x);
            return plain.step_with_tangents(x, tangents, difference);
        }
        let h = self.dt;
        let k1 = rate(x);
        let x2 = moved(x, &k1, h / 2.0);
        let k2 = rate(&x2);
        let x3 = moved(x, &k2, h / 2.0);
        let k3 = rate(&x3);
        let x4 = moved(x, &k3, h);
        for v in tangents.chunks_exact_mut(3) {
            let d1 = rate_along(x, v);
            let d2 = rate_along(&x2, &moved(v, &d1, h / 2.0));
            let d3 = rate_along(&x3, &moved(v, &d2, h / 2.0));
            let d4 = rate_along(&x4, &moved(v, &d3, h));
            for i in 0..3 {
                v[i] += h / 6.0 * (d1[i] + 2.0 * (d2[i] + d3[i]) + d4[i]);
            }
        }
        self.step(x)
    }
}

fn settings(exponents: usize, steps: usize) -> LyapunovConfig {
    LyapunovConfig {
        exponents,
        dt: DT,
        transient: 500,
        steps,
        ..LyapunovConfig::default()
    }
}

/// Sprott (2003): 0.9056, 0, −14.5723, dimension 2.062.
#[test]
fn lorenz63_has_its_exponents_by_differences_and_by_the_variational_equation() {
    let mut spectra = Vec::new();
    for exact in [true, false] {
        let mut flow = Flow { dt: DT, exact };
        let mut x = [1.0, 2.0, 20.0];
        let spectrum = lyapunov_spectrum(&mut flow, &mut x, &settings(3, 40_000)).unwrap();
        println!("{spectrum:?}");
        for (found, (error, known)) in spectrum
            .exponents
            .iter()
            .zip(spectrum.errors.iter().zip([0.9056, 0.0, -14.5723]))
        {
            assert!((found - known).abs() < 0.02, "{found}, {known}");
            assert!(*error < 0.02, "{error}");
        }
        // The divergence of the field is the same everywhere.
        let sum: f64 = spectrum.exponents.iter().sum();
        // Up to the error of RK4.
        assert!((sum + 41.0 / 3.0).abs() < 5e-3, "{sum}");
        let dimension = spectrum.kaplan_yorke_dimension().unwrap();
        assert!((dimension - 2.062).abs() < 0.005, "{dimension}");
        spectra.push(spectrum.exponents);
    }
    // Two trajectories: rounding makes them apart.
    for (exact, difference) in spectra[0].iter().zip(&spectra[1]) {
        assert!((exact - difference).abs() < 0.03);
    }
}

#[test]
fn a_linear_map_has_the_logarithms_of_its_eigenvalues() {
    let mut map = |x: &mut [f64]| {
        (x[0], x[1], x[2]) = (0.5 * x[0] + x[1], 0.25 * x[1], 0.0);
        Ok(())
    };
    let config = LyapunovConfig {
        exponents: 3,
        steps: 200,
        transient: 100,
        ..LyapunovConfig::default()
    };
    let spectrum = lyapunov_spectrum(&mut map, &mut [0.0; 3], &config).unwrap();
    for (found, eigenvalue) in spectrum.exponents.iter().zip([0.5_f64, 0.25]) {
        assert!((found - eigenvalue.ln()).abs() < 1e-6, "{found}");
    }
    assert_eq!(spectrum.exponents[2], f64::NEG_INFINITY);
    assert_eq!(spectrum.errors[2], 0.0);
    assert_eq!(spectrum.kaplan_yorke_dimension(), Some(0.0));
}

/// Noise-free training data.
#[test]
fn a_fitted_model_has_the_exponents_of_its_system() {
    let series = lorenz(4000);
    let config = NgrcConfig {
        taps: 1,
        orders: Orders::UpTo(5),
        lambda: neuropil_reservoir::Lambda::Fixed(1e-8),
        ..NgrcConfig::default()
    };
    let mut model = Ngrc::new(config).unwrap();
    model.fit(&series).unwrap();
    let spectrum = model
        .lyapunov_spectrum(&series, &settings(3, 20_000))
        .unwrap();
    println!("{spectrum:?}");
    for (found, known) in spectrum.exponents.iter().zip([0.9056, 0.0, -14.57]) {
        assert!(
            (found - known).abs() < 0.05 * known.abs().max(1.0),
            "{found}, {known}"
        );
    }

    // With two taps: the exponents of the system, then those of what it forgets.
    let mut model = Ngrc::new(NgrcConfig::default()).unwrap();
    model.fit(&series).unwrap();
    let spectrum = model
        .lyapunov_spectrum(&series, &settings(2, 10_000))
        .unwrap();
    println!("{spectrum:?}");
    assert!((spectrum.exponents[0] - 0.9056).abs() < 0.1);
    assert!(spectrum.exponents[1].abs() < 0.05);
}

#[test]
fn a_network_has_the_exponents_of_its_system() {
    let series = lorenz(3000);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let config = EsnConfig {
        reservoir: ReservoirConfig {
            units: 100,
            spectral_radius: 0.1,
            input_scaling: Scaling::Uniform(0.2),
            bias_scaling: 1.5,
            ..ReservoirConfig::default()
        },
        ..EsnConfig::default()
    };
    let mut model = Esn::new(config, 3, &mut rng).unwrap();
    model.fit(&series).unwrap();
    let spectrum = model
        .lyapunov_spectrum(&series, &settings(2, 4000))
        .unwrap();
    println!("{spectrum:?}");
    assert!((spectrum.exponents[0] - 0.9056).abs() < 0.25);
    assert!(spectrum.exponents[1].abs() < 0.15);
}

#[test]
fn wrong_settings_of_a_spectrum_are_named() {
    let mut map = |x: &mut [f64]| {
        x[0] *= 2.0;
        Ok(())
    };
    let mut with = |change: &dyn Fn(&mut LyapunovConfig), state: &mut [f64]| {
        let mut config = LyapunovConfig::default();
        change(&mut config);
        lyapunov_spectrum(&mut map, state, &config)
            .unwrap_err()
            .to_string()
    };
    assert!(with(&|_| {}, &mut []).contains("state is empty"));
    assert!(with(&|_| {}, &mut [f64::NAN]).contains("state"));
    assert!(with(&|c| c.exponents = 0, &mut [1.0]).contains("Lyapunov exponents"));
    assert!(with(&|c| c.exponents = 2, &mut [1.0]).contains("Lyapunov exponents"));
    assert!(with(&|c| c.dt = 0.0, &mut [1.0]).contains("dt"));
    assert!(with(&|c| c.difference = f64::NAN, &mut [1.0]).contains("difference"));
    assert!(with(&|c| c.steps = 9, &mut [1.0]).contains("steps"));
    // Doubled until it is infinite.
    assert!(with(&|_| {}, &mut [1.0]).contains("step 1023 is not finite in channel 0"));
    assert_eq!(
        Ngrc::<f64>::new(NgrcConfig::default())
            .unwrap()
            .lyapunov_spectrum(&lorenz(5), &LyapunovConfig::default()),
        Err(Error::NotFitted)
    );
}

#[test]
fn spectra_of_a_learned_attractor_are_near_and_those_of_noise_are_not() {
    let series = lorenz(12_000);
    let train = series.columns(0, 4000).into_owned();
    let mut model = Ngrc::new(NgrcConfig::default()).unwrap();
    model.fit(&train).unwrap();
    let free = model.forecast(&train, 8000).unwrap();
    let z = |m: &DMatrix<f64>| -> Vec<f64> { m.row(2).iter().copied().collect() };
    let (truth, learned) = (z(&series.columns(4000, 8000).into_owned()), z(&free));
    let config = PowerSpectrumConfig {
        segment: 512,
        dt: DT,
    };
    let spectrum = |x: &[f64]| PowerSpectrum::new(x, &config).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let noise: Vec<f64> = (0..8000).map(|_| rng.random_range(-1.0..1.0)).collect();
    let near = spectrum(&truth).distance(&spectrum(&learned)).unwrap();
    let far = spectrum(&truth).distance(&spectrum(&noise)).unwrap();
    println!("spectra: {near}, noise {far}");
    assert!(near < 0.12 && far > 0.6, "{near}, {far}");
    // About 1.3 turns per unit of time.
    assert!((spectrum(&truth).peak() - 1.3).abs() < 0.15);

    let truth_map = return_map(&truth).unwrap();
    let near = return_map_distance(&return_map(&learned).unwrap(), &truth_map).unwrap();
    let far = return_map_distance(&return_map(&noise).unwrap(), &truth_map).unwrap();
    println!("return maps: {near}, noise {far}");
    assert!(near < 0.1 && far > 1.0, "{near}, {far}");
    // The cusp: no maximum after a low one is low.
    assert!(
        truth_map
            .iter()
            .all(|[from, to]| to > &30.0 && from > &30.0)
    );
}

#[test]
fn the_density_of_white_noise_is_flat_and_adds_up_to_the_variance() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let noise: Vec<f32> = (0..65_536).map(|_| rng.random_range(-1.0..1.0)).collect();
    let config = PowerSpectrumConfig {
        segment: 64,
        dt: 0.5,
    };
    let spectrum = PowerSpectrum::new(&noise, &config).unwrap();
    assert_eq!(spectrum.density().len(), 33);
    let total = spectrum.density().iter().sum::<f64>() * spectrum.resolution();
    assert!((total - 1.0 / 3.0).abs() < 0.01, "{total}");
    // One-sided: variance over half the sampling rate of 2. The window leaks the mean, which is taken
    // out, into its neighbour.
    for density in &spectrum.density()[2..32] {
        assert!((density - 1.0 / 3.0).abs() < 0.05, "{density}");
    }
}

#[test]
fn wrong_channels_and_segments_are_refused() {
    let wave: Vec<f64> = (0..100).map(|t| f64::from(t).sin()).collect();
    let new = |x: &[f64], segment, dt| PowerSpectrum::new(x, &PowerSpectrumConfig { segment, dt });
    for (x, segment, dt) in [
        (&wave[..], 48, 1.0),
        (&wave, 2, 1.0),
        (&wave, 0, 1.0),
        (&wave, 32, 0.0),
        (&wave, 128, 1.0),
        (&[f64::NAN; 64], 32, 1.0),
    ] {
        assert!(new(x, segment, dt).is_err());
    }
    let (one, finer, faster) = (
        new(&wave, 16, 1.0).unwrap(),
        new(&wave, 32, 1.0).unwrap(),
        new(&wave, 16, 0.5).unwrap(),
    );
    assert_eq!(one.distance(&one), Ok(0.0));
    assert!(one.distance(&finer).is_err() && one.distance(&faster).is_err());
    let constant = new(&[7.0; 64], 16, 1.0).unwrap();
    assert!(one.distance(&constant).is_err());

    assert!(maxima(&[0.0, f64::INFINITY]).is_err());
    assert_eq!(maxima::<f64>(&[]), Ok(vec![]));
    assert_eq!(maxima(&[0.0, 1.0, 1.0, 0.0]), Ok(vec![1.125]));
    assert!(return_map_distance(&[], &[[1.0, 1.0]]).is_err());
    assert!(return_map_distance(&[[1.0, 1.0]], &[[1.0, 1.0]]).is_err());
}

#[test]
fn a_delay_line_remembers_as_many_inputs_as_it_has_units() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let inputs = DMatrix::from_fn(1, 2000, |_, _| rng.random_range(-0.8..0.8_f64));
    let config = MemoryCapacityConfig {
        delays: 20,
        washout: 20,
        lambda: 1e-9,
        ..MemoryCapacityConfig::default()
    };
    let units = 8;
    let states = DMatrix::from_fn(units, 1980, |k, t| inputs[20 + t - k]);
    let memory = memory_capacity_of_states(&states, &inputs, &config).unwrap();
    // The newest input is no memory.
    for (k, capacity) in memory.delays.iter().enumerate() {
        if k + 1 < units {
            assert!(*capacity > 0.999_999, "{k}: {capacity}");
        } else {
            assert!(*capacity < 0.05, "{k}: {capacity}");
        }
    }
    assert!((memory.total() - 7.0).abs() < 0.2);
}

#[test]
fn memory_needs_one_channel_and_enough_of_it() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let config = ReservoirConfig {
        units: 10,
        ..ReservoirConfig::default()
    };
    let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng).unwrap();
    let memory = |channels, samples, change: &dyn Fn(&mut MemoryCapacityConfig)| {
        let mut config = MemoryCapacityConfig {
            delays: 10,
            washout: 10,
            ..MemoryCapacityConfig::default()
        };
        change(&mut config);
        let inputs = DMatrix::from_fn(channels, samples, |c, t| ((c + t) as f64).sin());
        memory_capacity(&reservoir, &inputs, &config)
    };
    assert!(memory(1, 100, &|_| {}).is_ok());
    assert!(memory(2, 100, &|_| {}).is_err());
    assert!(memory(1, 12, &|_| {}).is_err());
    assert!(memory(1, 100, &|c| c.delays = 0).is_err());
    assert!(memory(1, 100, &|c| c.delays = 200).is_err());
    assert!(memory(1, 100, &|c| c.washout = usize::MAX).is_err());
    assert!(memory(1, 100, &|c| c.test_share = 1.0).is_err());
    assert!(memory(1, 100, &|c| c.lambda = -1.0).is_err());
    let states = DMatrix::<f64>::zeros(3, 50);
    let inputs = DMatrix::zeros(1, 100);
    assert!(memory_capacity_of_states(&states, &inputs, &MemoryCapacityConfig::default()).is_err());
}

/// A fraction of experiments, whose true value the interval covers.
fn coverage(mut covers: impl FnMut(&mut Xoshiro256PlusPlus) -> bool) -> f64 {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let experiments = 1000;
    (0..experiments).filter(|_| covers(&mut rng)).count() as f64 / f64::from(experiments)
}

#[test]
fn intervals_cover_what_they_say() {
    let normal = |rng: &mut Xoshiro256PlusPlus| <f64 as neuropil_math::Real>::standard_normal(rng);
    let student = coverage(|rng| {
        let values: Vec<f64> = (0..5).map(|_| normal(rng)).collect();
        let interval = mean_interval(&values, 0.9).unwrap();
        (interval.low..=interval.high).contains(&0.0)
    });
    let wilson = coverage(|rng| {
        let right = (0..100)
            .filter(|_| rng.random_range(0.0..1.0) < 0.7)
            .count();
        let interval = share_interval(right, 100, 0.9).unwrap();
        (interval.low..=interval.high).contains(&0.7)
    });
    let bootstrap = coverage(|rng| {
        let values: Vec<f64> = (0..40).map(|_| normal(rng)).collect();
        let interval = bootstrap_interval(&values, median, 200, 0.9, rng).unwrap();
        (interval.low..=interval.high).contains(&0.0)
    });
    println!("Student {student}, Wilson {wilson}, bootstrap {bootstrap}");
    for (name, share) in [
        ("Student", student),
        ("Wilson", wilson),
        ("bootstrap", bootstrap),
    ] {
        assert!((share - 0.9).abs() < 0.04, "{name}: {share}");
    }
}

#[test]
fn wrong_values_of_an_interval_are_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    assert!(mean_interval(&[1.0], 0.95).is_err());
    assert!(mean_interval(&[1.0, f64::NAN], 0.95).is_err());
    assert!(mean_interval(&[1.0, 2.0], 1.0).is_err());
    assert!(mean_interval(&[1.0, 2.0], f64::NAN).is_err());
    assert!(bootstrap_interval(&[], median, 10, 0.95, &mut rng).is_err());
    assert!(bootstrap_interval(&[1.0], median, 0, 0.95, &mut rng).is_err());
    assert!(bootstrap_interval(&[1.0], |_| f64::NAN, 10, 0.95, &mut rng).is_err());
    assert!(share_interval(0, 0, 0.95).is_err());
    assert!(share_interval(3, 2, 0.95).is_err());
    assert!(share_interval(1, 2, 0.0).is_err());
    assert!(median(&[]).is_nan());
}

proptest! {
    #[test]
    fn intervals_hold_their_estimate_and_move_with_the_units(
        values in prop::collection::vec(-10.0_f64..10.0, 2..20),
        shift in -5.0_f64..5.0,
        scale in 0.1_f64..10.0,
    ) {
        let interval = mean_interval(&values, 0.95).unwrap();
        prop_assert!(interval.low <= interval.estimate && interval.estimate <= interval.high);
        let moved: Vec<f64> = values.iter().map(|v| scale * v + shift).collect();
        let moved = mean_interval(&moved, 0.95).unwrap();
        prop_assert!((moved.low - (scale * interval.low + shift)).abs() < 1e-9 * scale.max(1.0) * 100.0);
        let wide = mean_interval(&values, 0.99).unwrap();
        prop_assert!(wide.low <= interval.low && wide.high >= interval.high);
    }

    #[test]
    fn a_spectrum_does_not_depend_on_the_offset_and_grows_with_the_square(
        seed in 0_u64..1000,
        offset in -100.0_f64..100.0,
        scale in 0.1_f64..10.0,
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let x: Vec<f64> = (0..200).map(|_| rng.random_range(-1.0..1.0)).collect();
        let config = PowerSpectrumConfig { segment: 32, dt: 1.0 };
        let one = PowerSpectrum::new(&x, &config).unwrap();
        let moved: Vec<f64> = x.iter().map(|x| scale * x + offset).collect();
        let other = PowerSpectrum::new(&moved, &config).unwrap();
        for (a, b) in one.density().iter().zip(other.density()) {
            prop_assert!((a * scale * scale - b).abs() < 1e-9 * scale * scale);
        }
        prop_assert!(one.distance(&other).unwrap() < 1e-6);
    }
}
