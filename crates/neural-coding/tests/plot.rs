//! Figures are whole, say what they show and refuse what they cannot.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use nalgebra::DMatrix;
use neuropil_neural_coding::plot::{correlogram, decoded, distance_matrix, raster, tuning_curves};
use neuropil_neural_coding::{Error, SpikeTrain, SpikeTrains};
use proptest::prelude::*;

/// Every element is closed in its order, and title and description are there.
fn check_whole(svg: &str) {
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let tag = &tag[..tag.find('>').unwrap()];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty());
    assert!(svg.contains("<title>") && svg.contains("<desc>") && svg.contains("role=\"img\""));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

fn trains() -> SpikeTrains {
    SpikeTrains::from_trains(&[
        SpikeTrain::new(vec![0.1, 0.4, 0.45], 0.0, 1.0).unwrap(),
        SpikeTrain::new(vec![], 0.0, 1.0).unwrap(),
        SpikeTrain::new(vec![0.42, 1.0], 0.0, 1.0).unwrap(),
    ])
    .unwrap()
}

#[test]
fn a_raster_has_a_tick_per_spike() {
    let svg = raster(&trains(), 0.1, "Trials <1 & 2>").unwrap();
    check_whole(&svg);
    assert!(svg.contains("Trials &lt;1 &amp; 2&gt;") && svg.contains("5 spikes of 3 trains"));
    assert!(svg.contains("time (s)") && svg.contains("rate (Hz)"));
    // The ticks are in one path: as many moves as spikes.
    let ticks = svg.lines().find(|line| line.contains("#000000")).unwrap();
    assert_eq!(ticks.matches('M').count(), 5);
    let silent = SpikeTrains::from_trains(&[SpikeTrain::new(vec![], 0.0, 1.0).unwrap()]).unwrap();
    check_whole(&raster(&silent, 0.1, "").unwrap());
    assert!(raster(&trains(), 0.0, "").is_err() && raster(&trains(), 2.0, "").is_err());
    assert!(matches!(
        raster(&trains(), 1e-9, ""),
        Err(Error::TooLarge { .. })
    ));
    assert!(raster(&SpikeTrains::new(0.0, 1.0).unwrap(), 0.1, "").is_err());
}

#[test]
fn a_matrix_groups_cells_by_shade_and_leaves_out_nan() {
    let mut distances = DMatrix::from_fn(5, 5, |i, j| (i as f64 - j as f64).abs());
    distances[(0, 4)] = f64::NAN;
    distances[(4, 0)] = f64::INFINITY;
    let svg = distance_matrix(&distances, "ISI distance", "All pairs").unwrap();
    check_whole(&svg);
    assert!(svg.contains("from 0.0000 to 3.0000") && svg.contains("ISI distance"));
    // Four values are left of five: as many shades.
    assert_eq!(svg.matches("<path").count(), 4 + 1);
    check_whole(&distance_matrix(&DMatrix::zeros(1, 1), "", "").unwrap());
    assert!(distance_matrix(&DMatrix::zeros(0, 3), "", "").is_err());
    let huge = DMatrix::zeros(1001, 1000);
    assert!(matches!(
        distance_matrix(&huge, "", ""),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn a_large_matrix_is_a_picture() {
    let size = 200;
    let distances = DMatrix::from_fn(size, size, |i, j| ((i * j) % 17) as f64);
    let svg = distance_matrix(&distances, "SPIKE distance", "All pairs").unwrap();
    check_whole(&svg);
    assert_eq!(svg.matches("<image ").count(), 1);
    // A byte for each cell, four letters for three bytes.
    assert!(svg.len() < 2 * size * size, "{}", svg.len());
    let other = distances.map(|d| 16.0 - d);
    assert_ne!(
        svg,
        distance_matrix(&other, "SPIKE distance", "All pairs").unwrap()
    );
    // Longer than a picture may be: rectangles again.
    let long = DMatrix::from_fn(1, 70_000, |_, j| j as f64);
    let svg = distance_matrix(&long, "", "").unwrap();
    assert!(!svg.contains("<image ") && svg.contains("<path"));
}

#[test]
fn trains_are_counted_in_whole_numbers() {
    let svg = distance_matrix(&DMatrix::identity(2, 2), "distance", "Two").unwrap();
    let labels: Vec<&str> = svg
        .lines()
        .filter_map(|line| line.strip_prefix("<text ")?.split(['>', '<']).nth(1))
        .collect();
    // Below, at the left, and the scale.
    let expected = [
        "Two", "0", "1", "0", "1", "train", "train", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0",
        "distance",
    ];
    assert_eq!(labels, expected);
    let title = "A long title ".repeat(12);
    let svg = distance_matrix(&DMatrix::identity(2, 2), "distance", &title).unwrap();
    let size = svg.split("font-size=\"").nth(1).unwrap();
    let size: f64 = size.split('"').next().unwrap().parse().unwrap();
    assert!(size < 16.0, "a long title is smaller: {size}");
}

#[test]
fn curves_say_their_axes() {
    let lags: Vec<f64> = (-10..=10).map(|k| 0.001 * f64::from(k)).collect();
    let values: Vec<f64> = lags.iter().map(|l| (-1e5 * l * l).exp()).collect();
    let svg = correlogram(&lags, &values, "coincidences (1/s)", "Unit 3 after unit 1").unwrap();
    check_whole(&svg);
    assert!(svg.contains("lag (s)") && svg.contains("coincidences (1/s)"));
    assert!(correlogram(&lags, &values[1..], "", "").is_err());
    assert!(correlogram(&lags[..1], &values[..1], "", "").is_err());
    let backwards: Vec<f64> = lags.iter().rev().copied().collect();
    assert!(matches!(
        correlogram(&backwards, &values, "", ""),
        Err(Error::OutOfRange { .. })
    ));
    let mut broken = values;
    broken[3] = f64::NAN;
    assert!(matches!(
        correlogram(&lags, &broken, "", ""),
        Err(Error::NonFinite { index: 3, .. })
    ));

    let positions: Vec<f64> = (0..20).map(f64::from).collect();
    for units in [3, 12] {
        let mut rates = DMatrix::from_fn(units, 20, |u, x| {
            10.0 / (1.0 + (2.0 * u as f64 - x as f64).powi(2))
        });
        rates[(1, 1)] = f64::NAN;
        let svg = tuning_curves(&positions, &rates, "position (cm)", "Place cells").unwrap();
        check_whole(&svg);
        assert!(svg.contains("position (cm)") && svg.contains(&format!("Rates of {units} units")));
    }
    assert!(tuning_curves(&positions, &DMatrix::zeros(2, 19), "", "").is_err());

    let truth: Vec<f64> = positions.iter().map(|x| x.sin()).collect();
    let mut estimate: Vec<Option<f64>> = truth.iter().map(|x| Some(x + 0.1)).collect();
    estimate[4] = None;
    let svg = decoded(&positions, &truth, &estimate, "position (m)", "Run").unwrap();
    check_whole(&svg);
    assert_eq!(svg.matches("<circle").count(), 19);
    assert!(svg.contains("half of the errors are below 0.1000"));
    assert!(decoded(&positions, &truth[1..], &estimate, "", "").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_values_make_a_whole_figure(
        values in proptest::collection::vec(any::<f64>(), 4..30),
        title in ".*",
    ) {
        let n = values.len();
        let times: Vec<f64> = (0..n).map(|k| k as f64).collect();
        let estimates: Vec<Option<f64>> = values.iter().rev().map(|&v| Some(v)).collect();
        let title: String = title.replace("NaN", "").replace("inf", "");
        let svg = decoded(&times, &values, &estimates, "x", &title).unwrap();
        prop_assert!(svg.ends_with("</svg>\n"));
        let matrix = DMatrix::from_column_slice(2, n / 2, &values[..2 * (n / 2)]);
        prop_assert!(distance_matrix(&matrix, "d", &title).is_ok());
        let rates = DMatrix::from_column_slice(1, n, &values);
        prop_assert!(tuning_curves(&times, &rates, "x", &title).is_ok());
    }
}
