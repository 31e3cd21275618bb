//! Fields: what is learned is the same everywhere, and files and threads change nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_datasets::generators::Lorenz96Config;
use neuropil_math::Real;
use neuropil_reservoir::{
    ClosedLoopChoice, Criterion, Error, Esn, EsnConfig, Grid, Lambda, LocalEsn, LocalEsnConfig,
    LocalNgrc, LocalNgrcConfig, NgrcConfig, Orders, ReservoirConfig, RidgeMethod, Sharing,
    StateFeatures, StateTerms, Target, TrainingNoise, Validation,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Waves of different lengths and speeds around a ring.
fn waves<T: Real>(points: usize, samples: usize) -> DMatrix<T> {
    DMatrix::from_fn(points, samples, |i, t| {
        let angle = core::f64::consts::TAU * i as f64 / points as f64;
        let t = t as f64;
        T::of((angle - 0.1 * t).sin() + 0.4 * (3.0 * angle + 0.23 * t).cos() + 1.0)
    })
}

/// The field moved by so many points.
fn shifted<T: Real>(field: &DMatrix<T>, by: usize) -> DMatrix<T> {
    let points = field.nrows();
    DMatrix::from_fn(points, field.ncols(), |i, t| {
        field[((i + points - by) % points, t)]
    })
}

fn ngrc_config() -> LocalNgrcConfig {
    LocalNgrcConfig {
        halo: 2,
        model: NgrcConfig {
            taps: 2,
            stride: 2,
            orders: Orders::UpTo(2),
            lambda: Lambda::Fixed(1e-3),
            ..NgrcConfig::default()
        },
        ..LocalNgrcConfig::default()
    }
}

fn esn_config(sharing: Sharing) -> LocalEsnConfig {
    let config = LocalEsnConfig::default();
    LocalEsnConfig {
        patch: 4,
        halo: 2,
        sharing,
        model: EsnConfig {
            reservoir: ReservoirConfig {
                units: 30,
                ..config.model.reservoir
            },
            washout: 20,
            ..config.model
        },
        ..config
    }
}

fn ngrc() -> LocalNgrc<f64> {
    let mut model = LocalNgrc::new(ngrc_config()).unwrap();
    model.fit(&waves(16, 60)).unwrap();
    model
}

fn esn(sharing: Sharing) -> LocalEsn<f64> {
    let mut model = LocalEsn::new(esn_config(sharing), 16, &mut rng(1)).unwrap();
    model.fit(&waves(16, 100)).unwrap();
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_moved_field_has_a_moved_forecast(by in 0_usize..16) {
        let history = waves(16, 30);
        let model = ngrc();
        let forecast = model.forecast(&history, 8).unwrap();
        let moved = model.forecast(&shifted(&history, by), 8).unwrap();
        prop_assert_eq!(moved, shifted(&forecast, by), "to the bit");

        // Patches move by whole patches.
        let model = esn(Sharing::Shared);
        let by = by / 4 * 4;
        let forecast = model.forecast(&history, 8).unwrap();
        let moved = model.forecast(&shifted(&history, by), 8).unwrap();
        prop_assert_eq!(moved, shifted(&forecast, by), "to the bit");
    }
}

#[test]
fn a_field_twice_in_a_row_is_forecast_twice() {
    let history = waves(16, 30);
    let twice = DMatrix::from_fn(32, 30, |i, t| history[(i % 16, t)]);
    let check = |once: DMatrix<f64>, larger: DMatrix<f64>| {
        assert_eq!(larger, DMatrix::from_fn(32, 5, |i, t| once[(i % 16, t)]));
    };
    let model = ngrc();
    check(
        model.forecast(&history, 5).unwrap(),
        model.forecast(&twice, 5).unwrap(),
    );
    let model = esn(Sharing::Shared);
    check(
        model.forecast(&history, 5).unwrap(),
        model.forecast(&twice, 5).unwrap(),
    );
    assert_eq!(
        esn(Sharing::PerPatch).forecast(&twice, 5),
        Err(Error::Shape {
            what: "points of the field",
            expected: 16,
            found: 32
        })
    );
}

/// Diffusion and rotation on a torus, which a linear readout of nine points knows exactly.
fn torus(rows: usize, columns: usize, steps: usize) -> DMatrix<f64> {
    let mut series = DMatrix::from_fn(rows * columns, steps, |i, _| ((i * i) as f64).sin());
    let at = |y: usize, x: usize| (y % rows) * columns + x % columns;
    for t in 1..steps {
        for y in 0..rows {
            for x in 0..columns {
                let here = series[(at(y, x), t - 1)];
                let up = series[(at(y + rows - 1, x), t - 1)];
                let aslant = series[(at(y + 1, x + 1), t - 1)];
                series[(at(y, x), t)] = 0.7 * here + 0.2 * up + 0.1 * aslant;
            }
        }
    }
    series
}

#[test]
fn a_law_on_a_torus_is_found() {
    let config = LocalNgrcConfig {
        grid: Grid::Torus { columns: 7 },
        halo: 1,
        model: NgrcConfig {
            taps: 1,
            orders: Orders::UpTo(1),
            constant: false,
            target: Target::Direct,
            standardise: false,
            lambda: Lambda::Fixed(1e-12),
            ..NgrcConfig::default()
        },
    };
    let series = torus(5, 7, 30);
    let mut model = LocalNgrc::new(config.clone()).unwrap();
    model.fit(&series.columns(0, 10).into_owned()).unwrap();
    // The window row by row: above, here, below.
    let expected = [0.0, 0.2, 0.0, 0.0, 0.7, 0.0, 0.0, 0.0, 0.1];
    for (weight, expected) in model.weights().unwrap().iter().zip(expected) {
        assert!((weight - expected).abs() < 1e-8, "{weight} {expected}");
    }
    let history = series.columns(0, 10).into_owned();
    let forecast = model.forecast(&history, 20).unwrap();
    assert!((forecast - series.columns(10, 20)).amax() < 1e-8);
    // Another height, the same width.
    let taller = torus(9, 7, 12);
    let forecast = model.forecast(&taller.columns(0, 10).into_owned(), 2);
    assert!((forecast.unwrap() - taller.columns(10, 2)).amax() < 1e-8);

    // Patches of a torus: a reservoir with identity units is linear, and knows the law as well.
    let config = LocalEsnConfig {
        grid: Grid::Torus { columns: 6 },
        patch: 2,
        halo: 1,
        sharing: Sharing::Shared,
        model: EsnConfig {
            features: StateFeatures {
                constant: false,
                input: true,
                state: StateTerms::Linear,
            },
            target: Target::Direct,
            standardise: false,
            washout: 3,
            lambda: Lambda::Fixed(1e-12),
            method: RidgeMethod::Qr,
            reservoir: ReservoirConfig {
                units: 10,
                ..ReservoirConfig::default()
            },
            ..EsnConfig::default()
        },
    };
    let series = torus(4, 6, 60);
    let mut model = LocalEsn::new(config, 24, &mut rng(2)).unwrap();
    model.fit(&series.columns(0, 50).into_owned()).unwrap();
    let forecast = model.forecast(&series.columns(0, 50).into_owned(), 10);
    assert!((forecast.unwrap() - series.columns(50, 10)).amax() < 1e-6);
}

#[test]
fn one_patch_is_one_network() {
    let series = waves::<f64>(12, 150);
    for (target, sharing) in [
        (Target::Increment, Sharing::Shared),
        (Target::Direct, Sharing::PerPatch),
    ] {
        let config = LocalEsnConfig {
            patch: 12,
            halo: 0,
            model: EsnConfig {
                target,
                standardise: false,
                noise: TrainingNoise {
                    state: 1e-3,
                    ..TrainingNoise::default()
                },
                ..esn_config(sharing).model
            },
            ..esn_config(sharing)
        };
        let mut alone = Esn::new(config.model.clone(), 12, &mut rng(3)).unwrap();
        let mut patch = LocalEsn::new(config, 12, &mut rng(3)).unwrap();
        alone.fit(&series).unwrap();
        patch.fit(&series).unwrap();
        assert_eq!(
            patch.forecast(&series, 20).unwrap(),
            alone.forecast(&series, 20).unwrap()
        );
        assert_eq!(
            patch.predict(&series).unwrap(),
            alone.predict(&series).unwrap()
        );
        assert_eq!(patch.samples().unwrap(), alone.samples().unwrap());
    }
}

#[test]
fn streams_are_predictions() {
    let series = waves(16, 60);
    let model = ngrc();
    let predicted = model.predict(&series).unwrap();
    let mut state = model.state(16).unwrap();
    let mut next = [0.0; 16];
    for (t, sample) in series.as_slice().chunks_exact(16).enumerate() {
        let ready = model.step(&mut state, sample, &mut next).unwrap();
        assert_eq!(ready, t >= 2);
        if ready {
            assert_eq!(predicted.column(t - 2).as_slice(), next);
        }
    }
    assert_eq!(state.history(), series.columns(57, 3));

    for sharing in [Sharing::Shared, Sharing::PerPatch] {
        let model = esn(sharing);
        let predicted = model.predict(&series).unwrap();
        let mut state = model.state(16).unwrap();
        for (t, sample) in series.as_slice().chunks_exact(16).enumerate() {
            model.step(&mut state, sample, &mut next).unwrap();
            if t >= 20 {
                assert_eq!(predicted.column(t - 20).as_slice(), next);
            }
        }
        // The closed loop goes on from there, in one go or in two.
        let mut other = state.clone();
        let (mut once, mut twice) = ([0.0; 96], [0.0; 96]);
        model.forecast_into(&mut state, &mut once).unwrap();
        model.forecast_into(&mut other, &mut twice[..32]).unwrap();
        model.forecast_into(&mut other, &mut twice[32..]).unwrap();
        assert_eq!(once, twice);
        assert_eq!(state, other);
        assert_eq!(once[..16], next);
    }
}

fn path(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn round_trip<T: Real>(name: &str) {
    let series = waves::<T>(16, 100);
    let mut out = vec![T::zero(); 16 * 4];
    let mut again = out.clone();

    let mut model = LocalNgrc::<T>::new(ngrc_config()).unwrap();
    model.fit(&series).unwrap();
    let file = path(&format!("local-ngrc-{name}.json"));
    model.save(&file).unwrap();
    let loaded = LocalNgrc::<T>::load(&file).unwrap();
    assert_eq!(loaded, model);
    let file = path(&format!("local-ngrc-state-{name}.json"));
    let mut state = model.state_after(&series).unwrap();
    state.save(&file).unwrap();
    let mut restored = loaded.load_state(&file).unwrap();
    model.forecast_into(&mut state, &mut out).unwrap();
    loaded.forecast_into(&mut restored, &mut again).unwrap();
    assert_eq!(out, again);

    for sharing in [Sharing::Shared, Sharing::PerPatch] {
        let mut model = LocalEsn::<T>::new(esn_config(sharing), 16, &mut rng(4)).unwrap();
        model.fit(&series).unwrap();
        let file = path(&format!("local-esn-{sharing:?}-{name}.json"));
        model.save(&file).unwrap();
        let loaded = LocalEsn::<T>::load(&file).unwrap();
        assert_eq!(loaded, model);
        let file = path(&format!("local-esn-state-{sharing:?}-{name}.json"));
        let mut state = model.state_after(&series).unwrap();
        state.save(&file).unwrap();
        let mut restored = loaded.load_state(&file).unwrap();
        assert_eq!(restored, state);
        model.forecast_into(&mut state, &mut out).unwrap();
        loaded.forecast_into(&mut restored, &mut again).unwrap();
        assert_eq!(out, again);
    }
}

#[test]
fn files_give_back_the_same_bits() {
    round_trip::<f64>("f64");
    round_trip::<f32>("f32");
}

#[test]
fn damaged_files_are_refused() {
    let file = path("local-damaged.json");
    let damage = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} in {}", &text[..200]);
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    ngrc().save(&file).unwrap();
    assert!(LocalNgrc::<f32>::load(&file).is_err(), "precision");
    assert!(LocalEsn::<f64>::load(&file).is_err(), "kind");
    damage("\"halo\":2", "\"halo\":1");
    assert!(LocalNgrc::<f64>::load(&file).is_err(), "sizes");

    esn(Sharing::PerPatch).save(&file).unwrap();
    assert!(LocalEsn::<f32>::load(&file).is_err(), "precision");
    damage("\"points\":16", "\"points\":20");
    assert!(LocalEsn::<f64>::load(&file).is_err(), "sizes");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(LocalEsn::<f64>::load(&file).is_err(), "truncated");
}

#[test]
fn the_closed_loop_decides_where_one_step_misleads() {
    // Two taps of noise-free data, close in time: the smallest λ is the best for one step, and diverges.
    let series: DMatrix<f64> = Lorenz96Config {
        dt: 0.01,
        ..Lorenz96Config::new(12)
    }
    .generate(900)
    .unwrap();
    let lambdas = vec![1e-12, 1e-8, 1e-4, 1e-2];
    let with = |lambda: Lambda| {
        let mut model = LocalNgrc::new(LocalNgrcConfig {
            halo: 2,
            model: NgrcConfig {
                taps: 2,
                orders: Orders::UpTo(2),
                lambda,
                ..NgrcConfig::default()
            },
            ..LocalNgrcConfig::default()
        })
        .unwrap();
        model.fit(&series).unwrap();
        model
    };
    let by_one_step = with(Lambda::Gcv(lambdas.clone()));
    let by_forecasts = with(Lambda::ClosedLoop(ClosedLoopChoice {
        lambdas: lambdas.clone(),
        validation: Validation::Share(0.4),
        windows: 4,
        horizon: 150,
        ..ClosedLoopChoice::default()
    }));
    assert!(by_one_step.lambda().unwrap().lambda < 1e-7);
    let choice = by_forecasts.lambda().unwrap();
    assert_eq!(choice.criterion, Criterion::ClosedLoop);
    assert_eq!(choice.scores.len(), 4);
    assert!(choice.lambda > 1e-7, "{choice:?}");
    // Solved again from the whole series.
    assert_eq!(by_forecasts.samples().unwrap(), 12 * 898);
}

#[test]
fn patches_choose_one_penalty_by_forecasts() {
    let series = waves(16, 260);
    for sharing in [Sharing::Shared, Sharing::PerPatch] {
        for refit in [false, true] {
            let mut config = esn_config(sharing);
            config.model.lambda = Lambda::ClosedLoop(ClosedLoopChoice {
                lambdas: vec![1e-8, 1e-4, 1e6],
                validation: Validation::Samples(80),
                windows: 3,
                horizon: 40,
                refit,
                ..ClosedLoopChoice::default()
            });
            let mut model = LocalEsn::new(config, 16, &mut rng(5)).unwrap();
            model.fit(&series).unwrap();
            let choices = model.lambdas().unwrap();
            assert_eq!(choices.len(), model.networks().len());
            assert!(choices.iter().all(|choice| choice == &choices[0]));
            assert_eq!(choices[0].criterion, Criterion::ClosedLoop);
            assert!(choices[0].lambda < 1.0, "{choices:?}");
            let patches = if sharing == Sharing::Shared { 4 } else { 1 };
            let samples = if refit { 260 } else { 180 };
            assert_eq!(model.samples().unwrap(), (samples - 1 - 20) * patches);
            let forecast = model.forecast(&series, 20).unwrap();
            let truth = waves::<f64>(16, 280).columns(260, 20).into_owned();
            assert!((forecast - truth).amax() < 0.3);
        }
    }
    // By criteria of one step, every network chooses for itself.
    let mut config = esn_config(Sharing::PerPatch);
    config.model.lambda = Lambda::Gcv(Lambda::decades(-8, 0));
    let mut model = LocalEsn::new(config, 16, &mut rng(6)).unwrap();
    model.fit(&series).unwrap();
    assert_eq!(model.lambdas().unwrap().len(), 4);
    assert_eq!(model.lambdas().unwrap()[3].scores.len(), 9);
}

#[test]
fn several_fields_of_different_sizes_are_one_training() {
    let (small, large) = (waves::<f64>(12, 40), waves(20, 50));
    let mut model = LocalNgrc::new(ngrc_config()).unwrap();
    model.fit_many(&[&small, &large]).unwrap();
    assert_eq!(model.samples().unwrap(), 12 * 37 + 20 * 47);
    let mut model = LocalEsn::new(esn_config(Sharing::Shared), 12, &mut rng(7)).unwrap();
    model.fit_many(&[&small, &large]).unwrap();
    assert_eq!(model.samples().unwrap(), 3 * 19 + 5 * 29);
}

#[test]
fn bad_input_is_refused_with_its_numbers() {
    let mut model = LocalNgrc::<f64>::new(ngrc_config()).unwrap();
    assert_eq!(model.forecast(&waves(16, 5), 1), Err(Error::NotFitted));
    assert_eq!(
        model.fit(&waves(4, 30)),
        Err(Error::TooShort {
            what: "field around which a patch with its halo must not reach",
            needed: 5,
            found: 4
        })
    );
    assert_eq!(
        model.fit(&waves(16, 3)),
        Err(Error::TooShort {
            what: "training series",
            needed: 4,
            found: 3
        })
    );
    let mut holed = waves(16, 30);
    holed[(3, 7)] = f64::NAN;
    let gap = |what| Error::NonFinite {
        what,
        channel: 3,
        time: 7,
    };
    assert_eq!(model.fit(&holed), Err(gap("training series")));
    assert!(model.fit_many(&[]).is_err());
    assert!(model.fit(&DMatrix::zeros(0, 10)).is_err());
    let model = ngrc();
    assert_eq!(model.forecast(&holed, 1), Err(gap("history")));
    assert!(matches!(
        model.forecast(&waves(16, 2), 1),
        Err(Error::TooShort {
            needed: 3,
            found: 2,
            ..
        })
    ));
    let mut state = model.state(16).unwrap();
    assert!(model.step(&mut state, &[0.0; 15], &mut [0.0; 16]).is_err());
    assert!(model.forecast_into(&mut state, &mut [0.0; 16]).is_err());
    assert!(model.forecast_into(&mut state, &mut [0.0; 17]).is_err());
    let wider = LocalNgrcConfig {
        halo: 3,
        ..ngrc_config()
    };
    let mut other = LocalNgrc::new(wider).unwrap();
    other.fit(&waves(16, 60)).unwrap();
    assert!(other.step(&mut state, &[0.0; 16], &mut [0.0; 16]).is_err());
    // The square of such a start is no number, and the error says when.
    let far = waves(16, 30) * 1e200;
    assert!(matches!(
        model.forecast(&far, 3),
        Err(Error::Diverged { step: 0, .. })
    ));

    let with = |change: &dyn Fn(&mut LocalEsnConfig)| {
        let mut config = esn_config(Sharing::Shared);
        change(&mut config);
        LocalEsn::<f64>::new(config, 16, &mut rng(8))
            .unwrap_err()
            .to_string()
    };
    assert!(with(&|c| c.patch = 5).contains("expected 0, found 1"));
    assert!(with(&|c| c.patch = 0).contains("patch is 0"));
    assert!(with(&|c| c.halo = 7).contains("18 samples are needed, found 16"));
    let noisy = with(&|c| {
        c.model.noise.input = 0.1;
        c.model.target = Target::Increment;
    });
    assert!(noisy.contains("input noise is 0.1"), "{noisy}");
    assert!(with(&|c| c.model.lambda = Lambda::Fixed(-1.0)).contains("lambda"));

    let mut model = LocalEsn::<f64>::new(esn_config(Sharing::Shared), 16, &mut rng(9)).unwrap();
    assert_eq!(model.forecast(&waves(16, 30), 1), Err(Error::NotFitted));
    assert!(model.fit(&waves(16, 21)).is_err());
    assert!(model.fit(&waves(18, 60)).is_err());
    assert!(model.fit_many(&[]).is_err());
    let untouched = model.clone();
    assert_eq!(model.fit(&holed), Err(gap("training series")));
    assert_eq!(model, untouched);
    let model = esn(Sharing::PerPatch);
    let mut state = model.state(16).unwrap();
    assert!(model.forecast_into(&mut state, &mut [0.0; 16]).is_err());
    assert!(
        model
            .step(&mut state, &[f64::INFINITY; 16], &mut [0.0; 16])
            .is_err()
    );
    assert!(
        esn(Sharing::Shared)
            .step(&mut state, &[0.0; 16], &mut [0.0; 16])
            .is_ok()
    );
}
