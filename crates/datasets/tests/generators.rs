//! Laws and limits of the generators.

use nalgebra::DMatrix;
use neuropil_datasets::generators::{
    DoubleScrollConfig, HenonConfig, KuramotoSivashinskyConfig, Lorenz63Config, Lorenz96Config,
    MackeyGlassConfig, MackeyGlassScheme, NarmaConfig, RosslerConfig, Sine, SinesConfig,
};
use neuropil_datasets::{Error, Integration, systems};
use neuropil_test_kit::order::observed_order;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn rng() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

fn bounds(series: &DMatrix<f64>, channel: usize) -> (f64, f64) {
    (series.row(channel).min(), series.row(channel).max())
}

#[test]
fn attractors_stay_in_their_bounds_and_fill_them() {
    let lorenz = Lorenz63Config::default().generate::<f64>(10_000).unwrap();
    for (channel, low, high) in [(0, -20.0, 20.0), (1, -28.0, 28.0), (2, 0.0, 49.0)] {
        let (min, max) = bounds(&lorenz, channel);
        assert!(min > low && max < high, "channel {channel}: {min} to {max}");
        assert!(
            max - min > 0.8 * (high - low),
            "channel {channel}: {min} to {max}"
        );
    }
    let scroll = DoubleScrollConfig::default().generate(4000).unwrap();
    let (min, max) = bounds(&scroll, 0);
    assert!(
        min < -1.5 && max > 1.5 && min > -2.5 && max < 2.5,
        "{min} to {max}"
    );
    let rossler = RosslerConfig::default().generate(5000).unwrap();
    let (min, max) = bounds(&rossler, 2);
    assert!(min > 0.0 && (15.0..25.0).contains(&max), "{min} to {max}");
    let mackey_glass = MackeyGlassConfig::default().generate(5000).unwrap();
    let (min, max) = bounds(&mackey_glass, 0);
    assert!(
        min > 0.2 && min < 0.5 && max > 1.2 && max < 1.4,
        "{min} to {max}"
    );
    let henon = HenonConfig::default().generate(5000).unwrap();
    let (min, max) = bounds(&henon, 0);
    assert!(
        min > -1.3 && min < -1.2 && max > 1.2 && max < 1.3,
        "{min} to {max}"
    );
    let ring = Lorenz96Config::default().generate::<f64>(1000).unwrap();
    assert!(ring.amax() < 18.0 && ring.amax() > 8.0, "{}", ring.amax());
    // The long mean at F = 8 is 2.34.
    assert!((ring.mean() - 2.34).abs() < 0.1, "{}", ring.mean());
    let ks = KuramotoSivashinskyConfig {
        points: 64,
        length: 22.0,
        ..KuramotoSivashinskyConfig::default()
    };
    let ks = ks.generate::<f64>(2000).unwrap();
    assert!(ks.amax() < 4.0 && ks.amax() > 2.0, "{}", ks.amax());
    // Its mean over the interval is conserved.
    let drift = ks.column(1999).mean() - ks.column(0).mean();
    assert!(drift.abs() < 1e-10, "{drift}");
}

/// The mean rate at which a displacement of 10⁻⁹ grows over `samples`.
fn divergence(trajectory: impl Fn(f64) -> DMatrix<f64>, dt: f64) -> f64 {
    let displacement = 1e-9;
    let (a, b) = (trajectory(0.0), trajectory(displacement));
    let last = a.ncols() - 1;
    let distance = (a.column(last) - b.column(last)).norm();
    (distance / displacement).ln() / (last as f64 * dt)
}

#[test]
fn nearby_trajectories_separate_where_the_flow_is_chaotic_and_only_there() {
    let lorenz = |rho: f64| {
        divergence(
            |d| {
                let mut config = Lorenz63Config::default();
                config.parameters.rho = rho;
                config.initial[0] += d;
                config.generate(751).unwrap()
            },
            0.02,
        )
    };
    let chaotic = lorenz(28.0);
    assert!(
        (0.7..1.15).contains(&chaotic),
        "0.9056 is exact, not {chaotic}"
    );
    let resting = lorenz(14.0);
    assert!(resting < -0.1, "{resting}");

    let scroll = divergence(
        |d| {
            let mut config = DoubleScrollConfig::default();
            config.initial[0] += d;
            config.generate(401).unwrap()
        },
        0.25,
    );
    assert!(
        (0.08..0.2).contains(&scroll),
        "1 / 7.8125 is exact, not {scroll}"
    );

    let delayed = |delay: f64| {
        divergence(
            |d| {
                let config = MackeyGlassConfig {
                    delay,
                    initial: 1.2 + d,
                    dt: 1.0,
                    ..MackeyGlassConfig::default()
                };
                config.generate(1501).unwrap()
            },
            1.0,
        )
    };
    assert!((0.003..0.012).contains(&delayed(17.0)), "{}", delayed(17.0));
    assert!(delayed(6.0) < 0.0, "{}", delayed(6.0));
}

#[test]
fn rk4_has_order_4() {
    let error = |substeps| {
        let end = |substeps| {
            let config = Lorenz63Config {
                dt: 1.0,
                integration: Integration::Rk4 { substeps },
                ..Lorenz63Config::default()
            };
            config.generate::<f64>(2).unwrap().column(1).into_owned()
        };
        (end(substeps) - end(8000)).norm()
    };
    let substeps = [200, 400, 800];
    let order = observed_order(&substeps.map(|s| 1.0 / s as f64), &substeps.map(error));
    assert!((order - 4.0).abs() < 0.3, "{order}");
}

#[test]
fn rk23_keeps_its_tolerance() {
    let end = |integration| {
        let config = RosslerConfig {
            integration,
            ..RosslerConfig::default()
        };
        config.generate::<f64>(101).unwrap()
    };
    let exact = end(Integration::Rk4 { substeps: 100 });
    let errors = [1e-4, 1e-6, 1e-8].map(|rtol| {
        let found = end(Integration::Rk23 { rtol, atol: rtol });
        (found - &exact).amax()
    });
    // The error of the pair follows the tolerance, on the whole of the series: interpolant, too.
    assert!(errors[0] < 0.02 && errors[0] > 1e-5, "{errors:?}");
    assert!(
        errors[1] < errors[0] / 20.0 && errors[2] < errors[1] / 20.0,
        "{errors:?}"
    );
}

#[test]
fn mackey_glass_has_order_4_and_the_certified_values() {
    let at = |substeps, time: usize| {
        let config = MackeyGlassConfig {
            scheme: MackeyGlassScheme::Rk4 { substeps },
            ..MackeyGlassConfig::default()
        };
        config.generate::<f64>(time + 1).unwrap()[time]
    };
    // Integrated with 130 bits and more by two methods.
    assert!((at(10, 17) - 0.491_972_096_710_356).abs() < 1e-9);
    assert!((at(10, 100) - 1.013_724_016_524_12).abs() < 1e-8);
    let substeps = [2, 4, 8];
    let errors = substeps.map(|s| (at(s, 100) - 1.013_724_016_524_12).abs());
    let order = observed_order(&substeps.map(|s| 1.0 / s as f64), &errors);
    assert!((order - 4.0).abs() < 0.5, "{order}: {errors:?}");
    // At time 1000 the errors have grown, yet stay small.
    let error = (at(10, 1000) - 0.947_202_316_809_043).abs();
    assert!(error < 3e-8, "{error}");
}

#[test]
fn the_delay_may_be_one_step_and_must_be_whole_steps() {
    let config = |delay, dt, substeps| MackeyGlassConfig {
        delay,
        dt,
        scheme: MackeyGlassScheme::Rk4 { substeps },
        ..MackeyGlassConfig::default()
    };
    // The same delay as one step and as hundred.
    let coarse = config(0.5, 0.5, 1).generate::<f64>(40).unwrap();
    let fine = config(0.5, 0.5, 100).generate::<f64>(40).unwrap();
    assert!((coarse - fine).amax() < 1e-4);
    for (delay, dt, substeps) in [
        (17.3, 1.0, 2),
        (0.1, 1.0, 2),
        (1e300, 1.0, 1),
        (17.0, 1.0, 0),
    ] {
        let error = config(delay, dt, substeps).generate::<f64>(10).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error}");
    }
    let history = |history| MackeyGlassConfig {
        scheme: MackeyGlassScheme::ReservoirPy { history },
        ..MackeyGlassConfig::default()
    };
    assert!(history(vec![1.0; 16]).generate::<f64>(5).is_err());
    assert!(history(vec![f64::NAN; 17]).generate::<f64>(5).is_err());
    // Only the newest states of a long history count.
    let mut long = vec![9.0; 5];
    long.extend([1.1; 17]);
    assert_eq!(
        history(long).generate::<f64>(30).unwrap(),
        history(vec![1.1; 17]).generate::<f64>(30).unwrap()
    );
}

#[test]
fn narma_follows_its_recurrence_and_divergence_is_an_error() {
    let config = NarmaConfig::default();
    let series = config.generate::<f64, _>(3000, &mut rng()).unwrap();
    let (u, y) = (series.input.as_slice(), series.target.as_slice());
    assert!(u.iter().all(|u| (0.0..0.5).contains(u)));
    assert!(y[..10].iter().all(|&y| y == 0.0) && y[10] != 0.0);
    for t in 9..2999 {
        let sum: f64 = (0..10).map(|i| y[t - i]).sum();
        let next = 0.3 * y[t] + 0.05 * y[t] * sum + 1.5 * u[t - 9] * u[t] + 0.1;
        assert!((y[t + 1] - next).abs() < 1e-14, "{t}");
    }
    let again = config.generate::<f64, _>(3000, &mut rng()).unwrap();
    assert_eq!(series, again);
    let single = config.generate::<f32, _>(3000, &mut rng()).unwrap();
    assert_eq!(single.target, series.target.map(|y| y as f32));
    assert!(
        NarmaConfig::narma30()
            .generate::<f64, _>(3000, &mut rng())
            .is_ok()
    );

    // The largest input that can be drawn, all the time.
    let error = config.respond(&[0.5; 500]).unwrap_err();
    match error {
        Error::Diverged { sample, value, .. } => {
            assert!(sample > 10 && value.is_finite() && value > 10.0, "{error}");
        }
        _ => panic!("{error}"),
    }
    assert!(config.respond(&[]).is_err());
    assert!(config.respond(&[0.1, f64::NAN]).is_err());
    let order_0 = NarmaConfig {
        order: 0,
        ..config.clone()
    };
    assert!(order_0.respond(&[0.1; 20]).is_err());
    // Shorter than the order: nothing but the initial state.
    assert_eq!(config.respond(&[0.5; 4]).unwrap().as_slice(), [0.0; 4]);
}

#[test]
fn sines_sum_and_their_noise_has_its_deviation() {
    let mut config = SinesConfig {
        sines: vec![
            Sine {
                amplitude: 2.0,
                frequency: 0.25,
                phase: 0.0,
            },
            Sine {
                amplitude: 1.0,
                frequency: 0.5,
                phase: std::f64::consts::FRAC_PI_2,
            },
        ],
        dt: 1.0,
        noise: 0.0,
    };
    let clean = config.generate::<f64, _>(4, &mut rng()).unwrap();
    for (found, expected) in clean.iter().zip([1.0, 1.0, 1.0, -3.0]) {
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }
    let clean = config.generate::<f64, _>(20_000, &mut rng()).unwrap();
    config.noise = 0.3;
    let noisy = config.generate::<f64, _>(20_000, &mut rng()).unwrap();
    let deviation = (noisy - clean).variance().sqrt();
    assert!((deviation - 0.3).abs() < 0.01, "{deviation}");
    assert_eq!(SinesConfig::oscillators(8).sines.len(), 8);
    for broken in [
        SinesConfig {
            sines: vec![],
            ..config.clone()
        },
        SinesConfig {
            dt: 0.0,
            ..config.clone()
        },
        SinesConfig {
            noise: -1.0,
            ..config.clone()
        },
        SinesConfig {
            noise: f64::NAN,
            ..config.clone()
        },
    ] {
        assert!(
            broken.generate::<f64, _>(5, &mut rng()).is_err(),
            "{broken:?}"
        );
    }
}

#[test]
fn warmup_leaves_out_what_comes_first_and_f32_is_f64_rounded() {
    let config = Lorenz63Config::default();
    let whole = config.generate::<f64>(60).unwrap();
    let late = Lorenz63Config {
        warmup: 20,
        ..config.clone()
    };
    assert_eq!(late.generate::<f64>(40).unwrap(), whole.columns(20, 40));
    assert_eq!(config.generate::<f32>(60).unwrap(), whole.map(|x| x as f32));

    let adaptive = Lorenz63Config {
        integration: Integration::SCIPY_RK23,
        ..config
    };
    let whole = adaptive.generate::<f64>(60).unwrap();
    let late = Lorenz63Config {
        warmup: 20,
        ..adaptive
    };
    assert_eq!(late.generate::<f64>(40).unwrap(), whole.columns(20, 40));

    let henon = HenonConfig {
        warmup: 0,
        ..HenonConfig::default()
    };
    let whole = henon.generate::<f64>(50).unwrap();
    assert_eq!(
        HenonConfig { warmup: 7, ..henon }
            .generate::<f64>(43)
            .unwrap(),
        whole.columns(7, 43)
    );
    let ks = KuramotoSivashinskyConfig::default();
    let whole = ks.generate::<f64>(9).unwrap();
    let late = KuramotoSivashinskyConfig { warmup: 4, ..ks };
    assert_eq!(late.generate::<f64>(5).unwrap(), whole.columns(4, 5));
}

#[test]
fn settings_out_of_range_are_refused() {
    let lorenz = |change: fn(&mut Lorenz63Config)| {
        let mut config = Lorenz63Config::default();
        change(&mut config);
        config.generate::<f64>(10).unwrap_err()
    };
    let errors = [
        lorenz(|c| c.dt = 0.0),
        lorenz(|c| c.dt = f64::NAN),
        lorenz(|c| c.dt = f64::INFINITY),
        lorenz(|c| c.initial[1] = f64::NAN),
        lorenz(|c| c.integration = Integration::Rk4 { substeps: 0 }),
        lorenz(|c| {
            c.integration = Integration::Rk23 {
                rtol: 0.0,
                atol: 1e-6,
            }
        }),
        lorenz(|c| {
            c.integration = Integration::Rk23 {
                rtol: 1e-3,
                atol: f64::NAN,
            }
        }),
        lorenz(|c| {
            c.integration = Integration::SCIPY_RK23;
            c.dt = 1e308;
        }),
        Lorenz63Config::default().generate::<f64>(0).unwrap_err(),
        Lorenz96Config::new(3).generate::<f64>(10).unwrap_err(),
        Lorenz96Config::new(0).generate::<f64>(10).unwrap_err(),
        systems::lorenz96(8.0, &[1.0; 5], &mut [0.0; 4]).unwrap_err(),
        HenonConfig {
            initial: [f64::NAN, 0.0],
            ..HenonConfig::default()
        }
        .generate::<f64>(10)
        .unwrap_err(),
    ];
    for (i, error) in errors.iter().enumerate() {
        assert!(matches!(error, Error::Invalid(_)), "{i}: {error}");
    }
    let ks = |change: fn(&mut KuramotoSivashinskyConfig)| {
        let mut config = KuramotoSivashinskyConfig::default();
        change(&mut config);
        config.generate::<f64>(10).unwrap_err()
    };
    for error in [
        ks(|c| c.points = 2),
        ks(|c| c.points = 100),
        ks(|c| c.length = -1.0),
        ks(|c| c.initial = vec![0.0; 5]),
        ks(|c| c.initial = vec![f64::NAN; 128]),
    ] {
        assert!(matches!(error, Error::Invalid(_)), "{error}");
    }
}

#[test]
fn more_than_the_memory_is_an_error() {
    for samples in [usize::MAX, usize::MAX / 64] {
        let error = Lorenz63Config::default()
            .generate::<f64>(samples)
            .unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        let error = NarmaConfig::default()
            .generate::<f64, _>(samples, &mut rng())
            .unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
}

#[test]
fn divergence_is_an_error_that_names_the_sample() {
    let henon = HenonConfig {
        initial: [3.0, 3.0],
        warmup: 0,
        ..HenonConfig::default()
    };
    let errors = [
        henon.generate::<f64>(100).unwrap_err(),
        HenonConfig {
            warmup: 10_000,
            ..henon
        }
        .generate::<f64>(1)
        .unwrap_err(),
        Lorenz63Config {
            dt: 1.0,
            integration: Integration::Rk4 { substeps: 1 },
            ..Lorenz63Config::default()
        }
        .generate::<f64>(100)
        .unwrap_err(),
        MackeyGlassConfig {
            parameters: systems::MackeyGlass {
                exponent: 9.5,
                ..systems::MackeyGlass::default()
            },
            initial: -1.0,
            ..MackeyGlassConfig::default()
        }
        .generate::<f64>(100)
        .unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(error, Error::Diverged { sample: 1..20, .. }),
            "{error}"
        );
    }
    // x' = x² + … has no solution beyond a finite time, and no step crosses that.
    let mut rossler = RosslerConfig {
        integration: Integration::SCIPY_RK23,
        initial: [100.0, 0.0, 100.0],
        ..RosslerConfig::default()
    };
    rossler.parameters.c = -1e300;
    let error = rossler.generate::<f64>(100).unwrap_err();
    assert!(
        matches!(error, Error::Diverged { .. } | Error::StepTooSmall { .. }),
        "{error}"
    );
}

#[test]
fn configurations_survive_json_and_refuse_unknown_names() {
    let config = MackeyGlassConfig {
        delay: 30.0,
        ..MackeyGlassConfig::default()
    };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<MackeyGlassConfig>(&text).unwrap(),
        config
    );
    assert!(serde_json::from_str::<MackeyGlassConfig>("{\"delai\": 3}").is_err());
    let partial: Lorenz63Config = serde_json::from_str("{\"dt\": 0.5}").unwrap();
    assert_eq!(partial.initial, Lorenz63Config::default().initial);
}

proptest! {
    #[test]
    fn lorenz_commutes_with_the_rotation_about_z(x in prop::array::uniform3(-20.0..20.0_f64)) {
        let p = systems::Lorenz63::default();
        let [a, b, c] = systems::lorenz63(&p, x);
        prop_assert_eq!(systems::lorenz63(&p, [-x[0], -x[1], x[2]]), [-a, -b, c]);
    }

    #[test]
    fn double_scroll_is_odd(x in prop::array::uniform3(-2.0..2.0_f64)) {
        let p = systems::DoubleScroll::default();
        let f = systems::double_scroll(&p, x);
        prop_assert_eq!(systems::double_scroll(&p, x.map(|v| -v)), f.map(|v| -v));
    }

    #[test]
    fn the_advection_of_lorenz96_conserves_energy(x in prop::collection::vec(-5.0..5.0_f64, 4..12)) {
        let mut rates = vec![0.0; x.len()];
        systems::lorenz96(0.0, &x, &mut rates).unwrap();
        let power: f64 = x.iter().zip(&rates).map(|(x, r)| x * (r + x)).sum();
        prop_assert!(power.abs() < 1e-11, "{}", power);
    }

    #[test]
    fn henon_contracts_areas_by_b(x in -2.0..2.0_f64, y in -2.0..2.0_f64) {
        let p = systems::Henon::default();
        let h = 1e-4;
        let d = |a: [f64; 2], b: [f64; 2]| [(a[0] - b[0]) / (2.0 * h), (a[1] - b[1]) / (2.0 * h)];
        let dx = d(systems::henon(&p, [x + h, y]), systems::henon(&p, [x - h, y]));
        let dy = d(systems::henon(&p, [x, y + h]), systems::henon(&p, [x, y - h]));
        let area = dx[0] * dy[1] - dx[1] * dy[0];
        prop_assert!((area + 0.3).abs() < 1e-9, "{}", area);
    }
}
