//! What holds for every series.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_reservoir::{FeatureMap, Lambda, Ngrc, NgrcConfig, Orders, Target};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;

fn config(lambda: f64) -> NgrcConfig {
    let config = NgrcConfig::default();
    NgrcConfig {
        standardise: false,
        lambda: Lambda::Fixed(lambda),
        ..config
    }
}

/// A quasi-periodic series with a little of everything in it.
fn waves(channels: usize, samples: usize) -> DMatrix<f64> {
    DMatrix::from_fn(channels, samples, |c, t| {
        let t = t as f64;
        (0.31 * t + c as f64).sin() + 0.4 * (0.173 * t).cos() + 0.1 * c as f64
    })
}

fn models() -> [NgrcConfig; 5] {
    [
        config(1e-6),
        NgrcConfig {
            taps: 3,
            stride: 4,
            target: Target::Direct,
            ..config(1e-4)
        },
        NgrcConfig {
            taps: 1,
            stride: 7,
            orders: Orders::Set(vec![3, 1]),
            constant: false,
            ..config(1e-4)
        },
        NgrcConfig {
            standardise: true,
            constant: false,
            intercept: true,
            ..config(1e-3)
        },
        NgrcConfig {
            orders: Orders::Exactly(4),
            ..config(1e-2)
        },
    ]
}

fn fitted(config: NgrcConfig, series: &DMatrix<f64>) -> Ngrc<f64> {
    let mut model = Ngrc::new(config).unwrap();
    model.fit(series).unwrap();
    model
}

/// Every list of `order` variables in ascending order, by counting through all of them.
fn naive_lists(variables: usize, order: usize) -> Vec<Vec<usize>> {
    (0..variables.pow(order as u32))
        .map(|mut code| {
            let mut list = vec![0; order];
            for digit in list.iter_mut().rev() {
                *digit = code % variables;
                code /= variables;
            }
            list
        })
        .filter(|list| list.is_sorted())
        .collect()
}

fn binomial(n: usize, k: usize) -> usize {
    (1..=k).fold(1, |b, i| b * (n - k + i) / i)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn features_are_those_of_the_definition(
        channels in 1_usize..4,
        taps in 1_usize..4,
        stride in 1_usize..4,
        mask in 1_usize..16,
        constant: bool,
        values in prop::collection::vec(-2.0_f64..2.0, 60),
    ) {
        let orders: Vec<usize> = (1..=4).filter(|order| mask >> (order - 1) & 1 == 1).collect();
        let series = DMatrix::from_column_slice(channels, 60 / channels, &values[..60 / channels * channels]);
        let map = FeatureMap::new(channels, taps, stride, &Orders::Set(orders.clone()), constant).unwrap();
        let ours = map.matrix(&series).unwrap();
        for (column, features) in ours.column_iter().enumerate() {
            let time = column + map.warmup();
            let variables: Vec<f64> = (0..taps)
                .flat_map(|tap| (0..channels).map(move |c| (c, tap)))
                .map(|(c, tap)| series[(c, time - tap * stride)])
                .collect();
            let mut expected = vec![1.0; usize::from(constant)];
            for &order in &orders {
                for list in naive_lists(variables.len(), order) {
                    expected.push(list.iter().map(|&v| variables[v]).product());
                }
            }
            // Four factors, each product rounded once, in one order or the other.
            assert_close("features", features.as_slice(), &expected, 8.0 * f64::EPSILON, 0.0);
        }
        prop_assert_eq!(map.names().len(), map.len());
    }

    #[test]
    fn the_number_of_features_is_a_binomial(variables in 1_usize..9, order in 1_usize..6) {
        let up_to = FeatureMap::new(variables, 1, 1, &Orders::UpTo(order), true).unwrap();
        prop_assert_eq!(up_to.len(), binomial(variables + order, order));
        let exactly = FeatureMap::new(1, variables, 3, &Orders::Exactly(order), false).unwrap();
        prop_assert_eq!(exactly.len(), binomial(variables + order - 1, order));
    }

    #[test]
    fn a_stream_is_the_batch_to_the_bit(which in 0_usize..5, samples in 40_usize..80) {
        let series = waves(2, samples);
        let model = fitted(models()[which].clone(), &series);
        let batch = model.predict(&series).unwrap();
        let mut state = model.state().unwrap();
        let mut next = [0.0; 2];
        let mut column = 0;
        for sample in series.as_slice().chunks_exact(2) {
            if model.step(&mut state, sample, &mut next).unwrap() {
                prop_assert_eq!(&next[..], &batch.as_slice()[2 * column..][..2]);
                column += 1;
            }
        }
        prop_assert_eq!(column, batch.ncols());
        // The first step of a forecast is the prediction that lies past the series.
        let forecast = model.forecast(&series, 1).unwrap();
        prop_assert_eq!(forecast.column(0), batch.column(column - 1));
    }

    #[test]
    fn predictions_do_not_know_the_time(which in 0_usize..5, shift in 1_usize..20) {
        let series = waves(2, 60);
        let model = fitted(models()[which].clone(), &series);
        let all = model.predict(&series).unwrap();
        let later = model.predict(&series.columns_range(shift..).into_owned()).unwrap();
        prop_assert_eq!(later, all.columns_range(shift..).into_owned());
    }
}

#[test]
fn a_forecast_in_two_parts_is_the_whole() {
    let series = waves(2, 80);
    for config in models() {
        let model = fitted(config, &series);
        let whole = model.forecast(&series, 6).unwrap();
        let mut state = model.state_after(&series).unwrap();
        let mut parts = vec![0.0; 12];
        let (first, second) = parts.split_at_mut(4);
        model.forecast_into(&mut state, first).unwrap();
        model.forecast_into(&mut state, second).unwrap();
        assert_eq!(parts, whole.as_slice());

        // Fed by hand, sample after sample.
        let mut state = model
            .state_after(&series.columns(0, 79).into_owned())
            .unwrap();
        let mut sample: Vec<f64> = series.column(79).iter().copied().collect();
        let mut next = [0.0; 2];
        for column in whole.column_iter() {
            assert!(model.step(&mut state, &sample, &mut next).unwrap());
            assert_eq!(&next[..], column.as_slice());
            sample.copy_from_slice(&next);
        }
    }
}

#[test]
fn an_enormous_penalty_is_persistence() {
    let series = waves(2, 60);
    let model = fitted(config(1e200), &series);
    let last = series.column(59);
    for step in model.forecast(&series, 5).unwrap().column_iter() {
        assert_close("persistence", step.as_slice(), last.as_slice(), 1e-15, 0.0);
    }
    let direct = NgrcConfig {
        target: Target::Direct,
        ..config(1e200)
    };
    assert!(fitted(direct, &series).predict(&series).unwrap().amax() < 1e-150);
}

#[test]
fn taps_do_not_reach_from_one_series_into_the_next() {
    // Two sequences of one recurrence x(t+1) = 2 cos(w) x(t) - x(t-1), far apart in scale: a pair
    // across the border would spoil the fit, which is exact without.
    let wave = |scale: f64, phase: f64| {
        DMatrix::from_fn(1, 30, |_, t| scale * (0.4 * t as f64 + phase).sin())
    };
    let (a, b) = (wave(1.0, 0.0), wave(50.0, 2.0));
    let linear = NgrcConfig {
        orders: Orders::UpTo(1),
        constant: false,
        target: Target::Direct,
        ..config(1e-12)
    };
    let mut model = Ngrc::new(linear.clone()).unwrap();
    model.fit_many(&[&a, &b]).unwrap();
    assert_eq!(model.samples(), Ok(56));
    let expected = [2.0 * 0.4_f64.cos(), -1.0];
    assert_close(
        "weights",
        model.weights().unwrap().as_slice(),
        &expected,
        1e-9,
        0.0,
    );

    // One after the other in one series they are not the same.
    let joined = DMatrix::from_iterator(1, 60, a.iter().chain(b.iter()).copied());
    assert!((fitted(linear.clone(), &joined).weights().unwrap()[0] - expected[0]).abs() > 1e-3);

    // The order of the sequences changes nothing but rounding, and one sequence is `fit`.
    let mut single = Ngrc::new(linear.clone()).unwrap();
    single.fit_many(&[&a]).unwrap();
    assert_eq!(single, fitted(linear, &a));
}

#[test]
fn an_inference_learns_a_polynomial_of_delays() {
    let inputs = waves(2, 80);
    // z(t) = 0.5 + x0(t) x1(t-3).
    let targets = DMatrix::from_fn(1, 80, |_, t| {
        0.5 + inputs[(0, t)] * if t < 3 { 0.0 } else { inputs[(1, t - 3)] }
    });
    let mut model = Ngrc::new(NgrcConfig {
        stride: 3,
        ..config(1e-10)
    })
    .unwrap();
    let part = |m: &DMatrix<f64>, from, to| m.columns_range(from..to).into_owned();
    model
        .fit_inference_many(&[
            (&part(&inputs, 0, 30), &part(&targets, 0, 30)),
            (&part(&inputs, 30, 60), &part(&targets, 30, 60)),
        ])
        .unwrap();
    assert_eq!(model.samples(), Ok(54));
    let inferred = model.infer(&part(&inputs, 57, 80)).unwrap();
    assert_eq!(inferred.shape(), (1, 20));
    assert_close(
        "inferred",
        inferred.as_slice(),
        part(&targets, 60, 80).as_slice(),
        0.0,
        1e-7,
    );

    // The stream gives the same.
    let mut state = model.state().unwrap();
    let mut z = [0.0];
    let mut streamed = Vec::new();
    for sample in part(&inputs, 57, 80).as_slice().chunks_exact(2) {
        if model.step(&mut state, sample, &mut z).unwrap() {
            streamed.push(z[0]);
        }
    }
    assert_eq!(streamed, inferred.as_slice());
}

#[test]
fn single_precision_follows_double() {
    let series = waves(2, 100);
    let single = series.map(|v| v as f32);
    let config = config(1e-3);
    let double = fitted(config.clone(), &series);
    let mut model = Ngrc::<f32>::new(config).unwrap();
    model.fit(&single).unwrap();
    let wide = |m: DMatrix<f32>| m.map(f64::from);
    let error = wide(model.predict(&single).unwrap()) - double.predict(&series).unwrap();
    // Samples near 2, a prediction that sums 15 features of weights below 1.
    assert!(error.amax() < 64.0 * f64::from(f32::EPSILON), "{error}");
    let error = wide(model.forecast(&single, 10).unwrap()) - double.forecast(&series, 10).unwrap();
    assert!(error.amax() < 1e-3, "{error}");
}

#[test]
fn standardised_features_do_not_know_the_units() {
    let series = waves(2, 80);
    let config = NgrcConfig {
        standardise: true,
        ..config(1e-3)
    };
    let units = |m: DMatrix<f64>| m.map(|v| 1e4 * v + 3e5);
    let ours = fitted(config.clone(), &series);
    let theirs = fitted(config, &units(series.clone()));
    let expected = units(ours.forecast(&series, 10).unwrap());
    let forecast = theirs.forecast(&units(series), 10).unwrap();
    assert_close("units", forecast.as_slice(), expected.as_slice(), 1e-8, 0.0);
}

/// Lorenz63 by Runge-Kutta steps of 0.001, sampled every 0.025.
fn lorenz(samples: usize) -> DMatrix<f64> {
    let field = |[x, y, z]: [f64; 3]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
    let along = |s: [f64; 3], k: [f64; 3], h: f64| [0, 1, 2].map(|i| s[i] + h * k[i]);
    let step = |s: [f64; 3]| {
        let h = 0.001;
        let a = field(s);
        let b = field(along(s, a, h / 2.0));
        let c = field(along(s, b, h / 2.0));
        let d = field(along(s, c, h));
        [0, 1, 2].map(|i| s[i] + h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]))
    };
    let mut state = (0..5000).fold([17.7, 12.9, 43.9], |s, _| step(s));
    let mut values = Vec::with_capacity(3 * samples);
    for _ in 0..samples {
        values.extend(state);
        state = (0..25).fold(state, |s, _| step(s));
    }
    DMatrix::from_vec(3, samples, values)
}

#[test]
fn lorenz_is_forecast_from_400_accurate_points() {
    let series = lorenz(4000);
    let train = series.columns(0, 402).into_owned();
    let model = |standardise| {
        let config = NgrcConfig {
            standardise,
            ..NgrcConfig::default()
        };
        fitted(config, &train)
    };
    // In raw units this λ is for data with errors; the documentation says so.
    let history = |start| series.columns(start, 2).into_owned();
    assert!(model(false).forecast(&history(1000), 200).is_err());

    // How long each forecast stays within 0.4 deviations of the truth, in Lyapunov times.
    let model = model(true);
    let threshold = 0.4 * (0..3).map(|c| series.row(c).variance()).sum::<f64>().sqrt();
    let mut times: Vec<f64> = (500..3500)
        .step_by(150)
        .map(|start| {
            let forecast = model.forecast(&history(start - 2), 400).unwrap();
            let truth = series.columns(start, 400);
            let off = (0..400).find(|&t| (forecast.column(t) - truth.column(t)).norm() > threshold);
            off.unwrap_or(400) as f64 * 0.025 * 0.9056
        })
        .collect();
    times.sort_by(f64::total_cmp);
    assert!(times[times.len() / 2] > 3.0, "{times:?}");
    assert!(times[times.len() / 10] > 1.0, "{times:?}");
}
