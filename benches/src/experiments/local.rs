//! Chaotic fields, forecast by models that are the same at every point.

use nalgebra::DMatrix;
use neuropil_datasets::generators::{KuramotoSivashinskyConfig, Lorenz96Config};
use neuropil_math::Real;
use neuropil_math::metrics::forecast::valid_steps;
use neuropil_reservoir::{
    ClosedLoopChoice, Error, EsnConfig, Lambda, LocalEsn, LocalEsnConfig, LocalNgrc,
    LocalNgrcConfig, NgrcConfig, Orders, ReservoirConfig, Validation,
};
use neuropil_test_kit::plot::{Axis, Field, Figure, Panel, Scale};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

use super::{Context, Experiment};
use crate::report::{Report, significant};

pub(super) const LORENZ96: Experiment = Experiment {
    name: "local-lorenz96",
    about: "One readout for all points of Lorenz96 forecasts rings of any size",
    short: true,
    run: lorenz96,
};

pub(super) const KURAMOTO_SIVASHINSKY: Experiment = Experiment {
    name: "esn-ks",
    about: "One reservoir for all patches forecasts the Kuramoto-Sivashinsky equation",
    short: true,
    run: kuramoto_sivashinsky,
};

/// Forecasts of a test.
const SEGMENTS: usize = 30;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The field with normal noise of this share of its deviation.
fn noisy(field: &DMatrix<f64>, share: f64, rng: &mut impl Rng) -> DMatrix<f64> {
    let deviation = share * field.variance().sqrt();
    field.map(|x| x + deviation * f64::standard_normal(rng))
}

/// Where and how forecasts are judged.
struct Test<'a> {
    /// Without noise.
    series: &'a DMatrix<f64>,
    /// What a forecast sees of the past.
    seen: &'a DMatrix<f64>,
    plan: Plan,
}

/// When forecasts start and end.
#[derive(Clone, Copy)]
struct Plan {
    /// The first sample that may be seen, and how many a forecast sees.
    first: usize,
    history: usize,
    /// From one forecast to the next.
    gap: usize,
    steps: usize,
    threshold: f64,
    /// Lyapunov times of a step.
    unit: f64,
}

impl Plan {
    fn test<'a>(self, series: &'a DMatrix<f64>, seen: &'a DMatrix<f64>) -> Test<'a> {
        Test {
            series,
            seen,
            plan: self,
        }
    }

    /// How many samples this needs.
    fn samples(self) -> usize {
        self.first + self.history + (SEGMENTS - 1) * self.gap + self.steps
    }
}

impl Test<'_> {
    fn start(&self, segment: usize) -> usize {
        self.plan.first + self.plan.history + segment * self.plan.gap
    }

    fn past(&self, segment: usize) -> DMatrix<f64> {
        let from = self.start(segment) - self.plan.history;
        self.seen.columns(from, self.plan.history).into_owned()
    }

    fn truth(&self, segment: usize) -> DMatrix<f64> {
        let start = self.start(segment);
        self.series.columns(start, self.plan.steps).into_owned()
    }

    /// Valid prediction times in Lyapunov times, ascending; `forecast` fills what it can.
    fn valid(
        &self,
        mut forecast: impl FnMut(&DMatrix<f64>, &mut [f64]) -> Result<(), Error>,
    ) -> Result<Vec<f64>, String> {
        let deviations: Vec<f64> = self
            .series
            .row_iter()
            .map(|row| row.variance().sqrt())
            .collect();
        let mut times = Vec::with_capacity(SEGMENTS);
        for segment in 0..SEGMENTS {
            let mut out = DMatrix::from_element(self.series.nrows(), self.plan.steps, f64::NAN);
            match forecast(&self.past(segment), out.as_mut_slice()) {
                Ok(()) | Err(Error::Diverged { .. }) => {}
                Err(error) => return Err(text(error)),
            }
            let valid = valid_steps(&out, &self.truth(segment), &deviations, self.plan.threshold);
            times.push(valid.map_err(text)?.steps as f64 * self.plan.unit);
        }
        times.sort_by(f64::total_cmp);
        Ok(times)
    }
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[half - 1], sorted[half])
    } else {
        sorted[half]
    }
}

/// Median and the tenth and ninetieth percentiles.
fn spread(sorted: &[f64]) -> String {
    let last = sorted.len() - 1;
    format!(
        "{} [{}, {}]",
        significant(median(sorted), 2),
        significant(sorted[last / 10], 2),
        significant(sorted[last - last / 10], 2)
    )
}

/// The largest Lyapunov exponent of $u_t = -u u_x - u_{xx} - u_{xxxx}$ on intervals that are long against its
/// waves, near which it no longer depends on the length.
const KS_EXPONENT: f64 = 0.09;
const L96_EXPONENT: f64 = 1.68;

fn lorenz96(context: &Context) -> Result<Report, String> {
    const DT: f64 = 0.01;
    const TRAIN: usize = 1000;
    const POINTS: usize = 40;
    let steps = whole(14.0 / L96_EXPONENT / DT);
    let plan = Plan {
        first: TRAIN,
        history: 10,
        gap: 200,
        steps,
        threshold: 0.4,
        unit: DT * L96_EXPONENT,
    };
    let needed = plan.samples();
    let ring = |points: usize| -> Result<DMatrix<f64>, String> {
        let config = Lorenz96Config {
            dt: DT,
            warmup: 5000,
            ..Lorenz96Config::new(points)
        };
        config.generate(needed).map_err(text)
    };
    let (series, larger) = (ring(POINTS)?, ring(2 * POINTS)?);
    let config = |halo, taps, orders, lambda| LocalNgrcConfig {
        halo,
        model: NgrcConfig {
            taps,
            orders: Orders::UpTo(orders),
            lambda,
            ..NgrcConfig::default()
        },
        ..LocalNgrcConfig::default()
    };
    let by_forecasts = || {
        Lambda::ClosedLoop(ClosedLoopChoice {
            lambdas: Lambda::decades(-12, 2),
            validation: Validation::Share(0.4),
            windows: 5,
            horizon: 200,
            ..ClosedLoopChoice::default()
        })
    };
    let heads = [
        "model",
        "features",
        "λ",
        "ring of 40",
        "ring of 80, same model",
        "reference program",
    ];
    let title =
        "Lorenz96, F = 8, learned from 1000 samples: valid prediction time in Lyapunov times";
    let mut report = Report::new(title, &heads);
    let rows = [
        (
            "4 points on each side, 1 tap, order 3",
            4,
            1,
            3,
            0.0,
            "5.7 [4.7, 7.0]",
        ),
        ("2 points, 2 taps, order 2", 2, 2, 2, 0.0, "4.9 at λ = 0.1"),
        ("3 points, 2 taps, order 3", 3, 2, 3, 0.0, "–"),
        ("4 points, 1 tap, order 3; noise 0.1 %", 4, 1, 3, 1e-3, "–"),
        ("2 points, 2 taps, order 2; noise 0.1 %", 2, 2, 2, 1e-3, "–"),
        ("4 points, 1 tap, order 3; noise 1 %", 4, 1, 3, 1e-2, "–"),
        ("2 points, 2 taps, order 2; noise 1 %", 2, 2, 2, 1e-2, "–"),
    ];
    context.progress.set_length(rows.len() as u64 + 1);
    let run = |model: &LocalNgrc<f64>, test: &Test<'_>| {
        test.valid(|past, out| {
            let mut state = model.state_after(past)?;
            model.forecast_into(&mut state, out)
        })
    };
    for (name, halo, taps, order, noise, reference) in rows {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let seen = noisy(&series, noise, &mut rng);
        let seen_larger = noisy(&larger, noise, &mut rng);
        let mut model = LocalNgrc::new(config(halo, taps, order, by_forecasts())).map_err(text)?;
        model
            .fit(&seen.columns(0, TRAIN).into_owned())
            .map_err(text)?;
        let times = run(&model, &plan.test(&series, &seen))?;
        let other = run(&model, &plan.test(&larger, &seen_larger))?;
        if report.rows.is_empty() {
            report.value("valid-time", significant(median(&times), 2));
        }
        report.row([
            name.to_owned(),
            model.features().map_err(text)?.len().to_string(),
            significant(model.lambda().map_err(text)?.lambda, 1),
            spread(&times),
            spread(&other),
            reference.to_owned(),
        ]);
        context.progress.inc(1);
    }
    // What a choice by the error of one step does to the closed loop.
    let lambdas = Lambda::decades(-12, 2);
    let mut misled = LocalNgrc::new(config(2, 2, 2, Lambda::Gcv(lambdas))).map_err(text)?;
    misled
        .fit(&series.columns(0, TRAIN).into_owned())
        .map_err(text)?;
    report.row([
        "2 points, 2 taps, order 2; λ by cross-validation of one step".to_owned(),
        misled.features().map_err(text)?.len().to_string(),
        significant(misled.lambda().map_err(text)?.lambda, 1),
        spread(&run(&misled, &plan.test(&series, &series))?),
        spread(&run(&misled, &plan.test(&larger, &larger))?),
        "0.13".to_owned(),
    ]);
    context.progress.inc(1);
    report.note(
        "Median [10 %, 90 %] of 30 forecasts, normalised error above 0.4, samples 0.01 apart, λ₁ = 1.68. \
         Noise-free data but where noise is named: normal noise of that share of the field's deviation, in \
         the training and in what a forecast sees before it starts; it is judged by the truth.",
    );
    report.note(
        "λ by forecasts of the last 400 training samples, from 10⁻¹² to 10², but in the last row.",
    );
    let mut model = LocalNgrc::new(config(4, 1, 3, by_forecasts())).map_err(text)?;
    model
        .fit(&series.columns(0, TRAIN).into_owned())
        .map_err(text)?;
    let test = plan.test(&series, &series);
    let forecast = model.forecast(&test.past(0), steps).map_err(text)?;
    let figure = space_time(
        "Lorenz96: a ring of 40 variables",
        &test.truth(0),
        &forecast,
        &test,
        "variable",
        POINTS as f64,
    )?;
    report.figure("local-lorenz96", figure);
    Ok(report)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn whole(count: f64) -> usize {
    count.round() as usize
}

/// A way to forecast the field.
struct Way {
    name: &'static str,
    patch: usize,
    halo: usize,
    units: usize,
    noise: f64,
}

fn kuramoto_sivashinsky(context: &Context) -> Result<Report, String> {
    const DT: f64 = 0.25;
    const SPACING: f64 = 100.0 / 128.0;
    let (points, train, units) = if context.full {
        (256, 5000, 3000)
    } else {
        (128, 2000, 1000)
    };
    let steps = whole(10.0 / KS_EXPONENT / DT);
    let plan = Plan {
        first: train,
        history: 100,
        gap: 300,
        steps,
        threshold: 0.5,
        unit: DT * KS_EXPONENT,
    };
    let needed = plan.samples();
    let field = |points: usize| -> Result<DMatrix<f64>, String> {
        let config = KuramotoSivashinskyConfig {
            points,
            length: SPACING * points as f64,
            dt: DT,
            warmup: 2000,
            ..KuramotoSivashinskyConfig::default()
        };
        config.generate(needed).map_err(text)
    };
    let (series, larger) = (field(points)?, field(2 * points)?);
    let ways = [
        Way {
            name: "one network for patches of 4",
            patch: 4,
            halo: 4,
            units,
            noise: 0.0,
        },
        Way {
            name: "one network for patches of 8",
            patch: 8,
            halo: 4,
            units,
            noise: 0.0,
        },
        Way {
            name: "one reservoir for the whole field",
            patch: points,
            halo: 0,
            units,
            noise: 0.0,
        },
        Way {
            name: "patches of 4; noise 0.1 %",
            patch: 4,
            halo: 4,
            units,
            noise: 1e-3,
        },
        Way {
            name: "patches of 4; noise 1 %",
            patch: 4,
            halo: 4,
            units,
            noise: 1e-2,
        },
    ];
    context.progress.set_length(ways.len() as u64);
    let twice = format!("{} points, same model", 2 * points);
    let here = format!("{points} points");
    let heads = ["model", "units", "inputs", &here, &twice];
    let title = format!(
        "Kuramoto–Sivashinsky, {} long, learned from {train} samples: valid prediction time in Lyapunov times",
        points as f64 * SPACING
    );
    let mut report = Report::new(title, &heads);
    let mut figure = None;
    for way in ways {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let seen = noisy(&series, way.noise, &mut rng);
        let seen_larger = noisy(&larger, way.noise, &mut rng);
        let base = LocalEsnConfig::default();
        let inputs = way.patch + 2 * way.halo;
        let config = LocalEsnConfig {
            patch: way.patch,
            halo: way.halo,
            model: EsnConfig {
                reservoir: ReservoirConfig {
                    units: way.units,
                    // Some three inputs for each unit.
                    input_density: (2.4 / inputs as f64).min(1.0),
                    ..base.model.reservoir
                },
                ..base.model
            },
            ..base
        };
        let mut model = LocalEsn::new(config, points, &mut rng).map_err(text)?;
        model
            .fit(&seen.columns(0, train).into_owned())
            .map_err(text)?;
        let run = |test: &Test<'_>| {
            test.valid(|past, out| {
                let mut state = model.state_after(past)?;
                model.forecast_into(&mut state, out)
            })
        };
        let times = run(&plan.test(&series, &seen))?;
        let other = if way.patch == points {
            "–".to_owned()
        } else {
            spread(&run(&plan.test(&larger, &seen_larger))?)
        };
        if figure.is_none() {
            report.value("valid-time", significant(median(&times), 2));
            let test = plan.test(&series, &seen);
            let forecast = model.forecast(&test.past(0), steps).map_err(text)?;
            figure = Some(space_time(
                "The Kuramoto–Sivashinsky equation",
                &test.truth(0),
                &forecast,
                &test,
                "place",
                points as f64 * SPACING,
            )?);
        }
        report.row([
            way.name.to_owned(),
            way.units.to_string(),
            inputs.to_string(),
            spread(&times),
            other,
        ]);
        context.progress.inc(1);
    }
    if let Some(figure) = figure {
        report.figure("esn-ks", figure);
    }
    report.note(
        "Median [10 %, 90 %] of 30 forecasts from one random reservoir, normalised error above 0.5, samples \
         0.25 apart, points 0.78 apart, λ₁ taken as 0.09. Noise-free data but where noise is named: normal \
         noise of that share of the field's deviation, in the training and in the 100 samples that a forecast \
         sees before it starts; it is judged by the truth.",
    );
    report.note(
        "The settings were found by hand on forecasts of the field with 128 points, which are not apart from \
         those of the table.",
    );
    report.note(
        "Pathak et al. (2018) forecast a field of length 200 with 64 reservoirs of 5000 units each, one for \
         every patch, from 70 000 samples: some 8 Lyapunov times as quoted from memory, by another measure.",
    );
    Ok(report)
}

/// Truth, forecast and difference over time and place.
fn space_time(
    title: &str,
    truth: &DMatrix<f64>,
    forecast: &DMatrix<f64>,
    test: &Test<'_>,
    place: &str,
    length: f64,
) -> Result<Figure, String> {
    let deviations: Vec<f64> = test
        .series
        .row_iter()
        .map(|row| row.variance().sqrt())
        .collect();
    let valid = valid_steps(forecast, truth, &deviations, test.plan.threshold).map_err(text)?;
    let valid = valid.steps as f64 * test.plan.unit;
    // Every few samples are enough for a picture.
    let every = truth.ncols().div_ceil(300);
    let columns: Vec<usize> = (0..truth.ncols()).step_by(every).collect();
    let mean = truth.mean();
    let scale = 2.5 * deviations.iter().sum::<f64>() / deviations.len() as f64;
    let end = truth.ncols() as f64 * test.plan.unit;
    let values = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        columns
            .iter()
            .flat_map(|&t| (0..truth.nrows()).map(move |i| (i, t)))
            .map(|(i, t)| of(i, t))
            .collect()
    };
    let panels: [(&str, Vec<f64>, Scale); 3] = [
        (
            "truth",
            values(&|i, t| truth[(i, t)] - mean),
            Scale::Signed(scale),
        ),
        (
            "forecast",
            values(&|i, t| forecast[(i, t)] - mean),
            Scale::Signed(scale),
        ),
        (
            "error",
            values(&|i, t| (forecast[(i, t)] - truth[(i, t)]).abs()),
            Scale::Positive(scale),
        ),
    ];
    let mut figure = Figure::new(format!("{title}, one forecast")).size(760, 190);
    for (name, values, scale) in panels {
        let field = Field::new(truth.nrows(), values, (0.0, end), (0.0, length), scale);
        let axes = (
            Axis::new("time (Lyapunov times)"),
            Axis::new(format!("{name}: {place}")),
        );
        let words = if name == "truth" {
            "valid prediction time"
        } else {
            ""
        };
        figure = figure.panel(Panel::new(axes.0, axes.1).field(field).mark(valid, words));
    }
    Ok(figure)
}
