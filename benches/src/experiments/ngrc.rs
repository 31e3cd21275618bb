//! The three tasks of Gauthier, Bollt, Griffith and Barbosa, *Next generation reservoir computing*,
//! Nature Communications 12, 5564 (2021).
//!
//! Each task has ten trials that train on successive stretches of one trajectory. The paper's data
//! come from SciPy's RK23 at its default tolerances, so they carry errors of about 10⁻³; the same
//! trials on accurate data stand beside them.

use nalgebra::{DMatrix, SVector};
use neuropil_datasets::Integration;
use neuropil_datasets::generators::{DoubleScrollConfig, Lorenz63Config};
use neuropil_math::metrics::forecast::valid_steps;
use neuropil_reservoir::{Lambda, Ngrc, NgrcConfig, Orders, RidgeMethod, Target};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(super) const LORENZ63: Experiment = Experiment {
    name: "ngrc-lorenz63",
    about: "NG-RC learns the Lorenz attractor from 400 points and forecasts it",
    short: true,
    run: |context| forecasting(&LORENZ_TASK, context),
};

pub(super) const DOUBLE_SCROLL: Experiment = Experiment {
    name: "ngrc-double-scroll",
    about: "NG-RC learns the double-scroll circuit from 400 points and forecasts it",
    short: true,
    run: |context| forecasting(&DOUBLE_SCROLL_TASK, context),
};

pub(super) const INFER_Z: Experiment = Experiment {
    name: "ngrc-infer-z",
    about: "NG-RC infers the third Lorenz variable from the other two",
    short: true,
    run: inference,
};

const TRIALS: usize = 10;
const TRAIN: usize = 400;

/// Data of the paper's solver, and data that are accurate to about 10⁻¹⁰ per step.
const DATA: [Integration; 2] = [Integration::SCIPY_RK23, ACCURATE];

const ACCURATE: Integration = Integration::Rk4 { substeps: 25 };

struct Forecasting {
    name: &'static str,
    title: &'static str,
    dt: f64,
    /// In units of the system's time; the paper's value.
    lyapunov_time: f64,
    /// The first trial starts here, and how far the trials are apart.
    starts: (f64, f64),
    config: fn() -> NgrcConfig,
    /// Whether accurate data need standardised channels. The errors of the paper's solver steady the
    /// weights as noise does; without them every Lorenz forecast in raw units diverges.
    standardise: bool,
    data: fn(Integration, f64, usize) -> Result<DMatrix<f64>, String>,
    channels: [&'static str; 3],
    time: &'static str,
    /// The fixed points, with their names.
    fixed_points: fn() -> [(&'static str, [f64; 3]); 3],
    published: Published,
}

/// What the authors' program prints when it is run again, and what their text says.
struct Published {
    train: (&'static str, &'static str),
    test: (&'static str, &'static str),
    fixed_points: [&'static str; 3],
}

const LORENZ_TASK: Forecasting = Forecasting {
    name: "ngrc-lorenz63",
    title: "Lorenz63 learned from 400 points, forecast over one Lyapunov time",
    dt: 0.025,
    lyapunov_time: 1.104,
    starts: (5.0, 10.0),
    config: || NgrcConfig {
        standardise: false,
        ..NgrcConfig::default()
    },
    standardise: true,
    data: |integration, dt, samples| {
        let config = Lorenz63Config {
            dt,
            integration,
            ..Lorenz63Config::default()
        };
        config.generate(samples).map_err(|e| e.to_string())
    },
    channels: ["x", "y", "z"],
    time: "time (Lyapunov times)",
    fixed_points: || {
        let root = (8.0_f64 / 3.0 * 27.0).sqrt();
        [
            ("+", [root, root, 27.0]),
            ("−", [-root, -root, 27.0]),
            ("0", [0.0; 3]),
        ]
    },
    published: Published {
        train: ("(1.046 ± 0.034)e-4", "1.06e-4"),
        test: ("(2.11 ± 0.44)e-3", "(2.40 ± 0.53)e-3"),
        fixed_points: ["1.2e-3", "9.7e-4", "1.1e-2"],
    },
};

const DOUBLE_SCROLL_TASK: Forecasting = Forecasting {
    name: "ngrc-double-scroll",
    title: "The double scroll learned from 400 points, forecast over one Lyapunov time",
    dt: 0.25,
    lyapunov_time: 7.8125,
    starts: (1.0, 100.0),
    config: || NgrcConfig {
        orders: Orders::Set(vec![1, 3]),
        constant: false,
        standardise: false,
        lambda: Lambda::Fixed(1e-3),
        ..NgrcConfig::default()
    },
    // The circuit is odd, and so must its features be.
    standardise: false,
    data: |integration, dt, samples| {
        let config = DoubleScrollConfig {
            dt,
            integration,
            ..DoubleScrollConfig::default()
        };
        config.generate(samples).map_err(|e| e.to_string())
    },
    channels: ["V₁", "V₂", "I"],
    time: "time (Lyapunov times)",
    fixed_points: || {
        // Where all rates vanish: I = V₁/R₁, V₂ = R₄ I, and the diode carries I.
        let (r1, r2, r4, alpha, ir) = (1.2, 3.44, 0.193, 11.6, 2.25e-5);
        let rest = |v: f64| {
            let dv = v - r4 / r1 * v;
            dv / r2 + 2.0 * ir * (alpha * dv).sinh() - v / r1
        };
        let v = bisect(rest, 0.5, 2.0);
        [
            ("+", [v, r4 * v / r1, v / r1]),
            ("−", [-v, -r4 * v / r1, -v / r1]),
            ("0", [0.0; 3]),
        ]
    },
    published: Published {
        train: ("(1.166 ± 0.028)e-3", "–"),
        test: ("(7.4 ± 3.7)e-3", "(4.5 ± 1.0)e-3"),
        fixed_points: ["2.0e-3", "2.0e-3", "0"],
    },
};

/// What one trial found.
struct Trial {
    train: f64,
    test: f64,
    fixed_points: [f64; 3],
    method: RidgeMethod,
}

fn forecasting(task: &Forecasting, context: &Context) -> Result<Report, String> {
    context.progress.set_length((DATA.len() * TRIALS) as u64);
    let mut outcomes = Vec::new();
    for integration in DATA {
        let mut trials = Vec::new();
        for trial in 0..TRIALS {
            trials.push(forecast_trial(task, integration, trial)?);
            context.progress.inc(1);
        }
        outcomes.push(trials);
    }
    let heads = [
        "NRMSE, mean of 10 trials",
        "ours, the paper's data",
        "ours, accurate data",
        "authors' program, run again",
        "paper",
    ];
    let mut report = Report::new(task.title, &heads);
    let mut row = |name: String, of: &dyn Fn(&Trial) -> f64, rerun: &str, paper: &str| {
        let cells = outcomes
            .iter()
            .map(|trials| mean_and_error(&trials.iter().map(of).collect::<Vec<_>>(), 3));
        let cells: Vec<String> = cells.collect();
        report.row([
            name,
            cells[0].clone(),
            cells[1].clone(),
            rerun.into(),
            paper.into(),
        ]);
    };
    let published = &task.published;
    row(
        "training".into(),
        &|t| t.train,
        published.train.0,
        published.train.1,
    );
    row(
        "forecast".into(),
        &|t| t.test,
        published.test.0,
        published.test.1,
    );
    for (i, (name, _)) in (task.fixed_points)().iter().enumerate() {
        let name = format!("distance of the fixed point {name}");
        row(name, &|t| t.fixed_points[i], published.fixed_points[i], "–");
    }
    let tests: Vec<f64> = outcomes[0].iter().map(|t| t.test).collect();
    report.value("test", mean_and_error(&tests, 3));
    report.note(
        "NRMSE: root mean square error over the root of the total variance of the trajectory; ± is \
         the deviation over √10. Noise-free data. Two ways to solve the same normal equations in \
         double precision differ by several per cent here.",
    );
    if task.standardise {
        report.note(
            "Accurate data: channels standardised, as is our default. In raw units the paper's λ is \
             too weak for them, and every forecast diverges.",
        );
    }
    report.note(format!(
        "The regression was solved by: {}.",
        methods(&outcomes[0])
    ));
    let figure = forecast_figure(task, &mut report)?;
    report.figure(task.name, figure);
    Ok(report)
}

fn methods(trials: &[Trial]) -> String {
    let mut names: Vec<String> = trials.iter().map(|t| format!("{:?}", t.method)).collect();
    names.dedup();
    names.join(", ")
}

/// The trajectory of a trial, the column of its first tap, and the number of test samples.
fn trajectory(
    task: &Forecasting,
    integration: Integration,
    trial: usize,
) -> Result<(DMatrix<f64>, usize, usize), String> {
    let test_time = task.lyapunov_time;
    let start = task.starts.0 + task.starts.1 * trial as f64;
    let end = start + TRAIN as f64 * task.dt + test_time;
    let total = samples(end / task.dt);
    // The authors divide the whole time evenly, which makes the step a little longer than dt.
    let data = (task.data)(integration, end / total as f64, total + 1)?;
    Ok((
        data,
        samples(start / task.dt) - 2,
        samples(test_time / task.dt),
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive whole number"
)]
fn samples(count: f64) -> usize {
    count.round() as usize
}

fn forecast_trial(
    task: &Forecasting,
    integration: Integration,
    trial: usize,
) -> Result<Trial, String> {
    let (data, first, test) = trajectory(task, integration, trial)?;
    let total_variance: f64 = data.row_iter().map(|row| row.variance()).sum();
    let known = data.columns(first, TRAIN + 2).into_owned();
    let config = NgrcConfig {
        standardise: integration == ACCURATE && task.standardise,
        ..(task.config)()
    };
    let mut model = Ngrc::new(config).map_err(|e| e.to_string())?;
    model.fit(&known).map_err(|e| e.to_string())?;

    // Prediction j is of the sample after input j; the last one lies beyond the training data.
    let predicted = model.predict(&known).map_err(|e| e.to_string())?;
    let train = rms(&(predicted.columns(0, TRAIN) - known.columns(2, TRAIN)));
    // The authors count the last known sample as the first of the forecast.
    let forecast = model
        .forecast(&known, test - 1)
        .map_err(|e| format!("trial {trial}, {integration:?}: {e}"))?;
    let truth = data.columns(first + TRAIN + 2, test - 1);
    let error = rms(&(forecast - truth)) * ((test - 1) as f64 / test as f64).sqrt();

    let mut distances = [0.0; 3];
    for (distance, (_, point)) in distances.iter_mut().zip((task.fixed_points)()) {
        let truth = SVector::from(point);
        *distance = (fixed_point(&model, truth)? - truth).norm() / total_variance.sqrt();
    }
    Ok(Trial {
        train: train / total_variance.sqrt(),
        test: error / total_variance.sqrt(),
        fixed_points: distances,
        method: model.method().map_err(|e| e.to_string())?,
    })
}

fn rms(errors: &DMatrix<f64>) -> f64 {
    (errors.norm_squared() / errors.len() as f64).sqrt()
}

/// The fixed point of the learned map near `guess`, by Newton's method.
fn fixed_point(model: &Ngrc<f64>, guess: SVector<f64, 3>) -> Result<SVector<f64, 3>, String> {
    let rate = |x: &SVector<f64, 3>| -> Result<SVector<f64, 3>, String> {
        let twice = DMatrix::from_fn(3, 2, |i, _| x[i]);
        let next = model.predict(&twice).map_err(|e| e.to_string())?;
        Ok(SVector::from_fn(|i, _| next[(i, 0)] - x[i]))
    };
    let mut x = guess;
    for _ in 0..50 {
        let here = rate(&x)?;
        let mut jacobian = nalgebra::SMatrix::<f64, 3, 3>::zeros();
        for j in 0..3 {
            let mut aside = x;
            aside[j] += 1e-6;
            jacobian.set_column(j, &((rate(&aside)? - here) / 1e-6));
        }
        let inverse = jacobian
            .try_inverse()
            .ok_or("the learned map has a singular derivative")?;
        let step = inverse * here;
        x -= step;
        if step.norm() < 1e-9 {
            return Ok(x);
        }
    }
    Err("no fixed point of the learned map was found".to_owned())
}

fn bisect(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let sign = f(low).signum();
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle).signum() == sign {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The first trial on accurate data, forecast over ten Lyapunov times.
fn forecast_figure(task: &Forecasting, report: &mut Report) -> Result<Figure, String> {
    let steps = samples(10.0 * task.lyapunov_time / task.dt);
    let first = samples(task.starts.0 / task.dt) - 2;
    let known = first + TRAIN + 2;
    let data = (task.data)(ACCURATE, task.dt, known + steps)?;
    let config = NgrcConfig {
        standardise: task.standardise,
        ..(task.config)()
    };
    let mut model = Ngrc::new(config).map_err(|e| e.to_string())?;
    let training = data.columns(first, TRAIN + 2).into_owned();
    model.fit(&training).map_err(|e| e.to_string())?;
    let forecast = model
        .forecast(&training, steps)
        .map_err(|e| e.to_string())?;
    let truth = data.columns(known, steps).into_owned();
    let deviations: Vec<f64> = data.row_iter().map(|row| row.variance().sqrt()).collect();
    let valid = valid_steps(&forecast, &truth, &deviations, 0.4)
        .map_err(|e| e.to_string())?
        .steps;
    let time = |sample: usize| sample as f64 * task.dt / task.lyapunov_time;
    report.value("valid-time", significant(time(valid), 2));
    report.note(format!(
        "Figure: one forecast from accurate data; its normalised error exceeds 0.4 after {} \
         Lyapunov times.",
        significant(time(valid), 2)
    ));
    let title = task
        .title
        .replace("over one Lyapunov time", "over ten Lyapunov times");
    let mut figure = Figure::new(title).size(760, 190);
    for (i, name) in task.channels.iter().enumerate() {
        let curve = |of: &DMatrix<f64>| (0..steps).map(|t| (time(t), of[(i, t)])).collect();
        let words = if i == 0 { "valid prediction time" } else { "" };
        let panel = Panel::new(Axis::new(task.time), Axis::new(*name))
            .with(Series::line(
                if i == 0 { "truth" } else { "" },
                curve(&truth),
            ))
            .with(Series::dashed(
                if i == 0 { "forecast" } else { "" },
                curve(&forecast),
            ))
            .mark(time(valid), words);
        figure = figure.panel(panel);
    }
    Ok(figure)
}

fn inference(context: &Context) -> Result<Report, String> {
    const DT: f64 = 0.05;
    const TEST: usize = 900;
    let config = NgrcConfig {
        taps: 4,
        stride: 5,
        target: Target::Direct,
        standardise: false,
        lambda: Lambda::Fixed(0.05),
        ..NgrcConfig::default()
    };
    let warmup = config.warmup().map_err(|e| e.to_string())?;
    context.progress.set_length((DATA.len() * TRIALS) as u64);
    let heads = [
        "NRMSE of z, mean of 10 trials",
        "ours, the paper's data",
        "ours, accurate data",
        "authors' program, run again",
        "paper",
    ];
    let mut report = Report::new("Lorenz63: z inferred from x and y, 400 points", &heads);
    let (mut trains, mut tests, mut figure) = (Vec::new(), Vec::new(), None);
    for integration in DATA {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for trial in 0..TRIALS {
            let start = samples((5.0 + 20.0 * trial as f64) / DT);
            let total = start + TRAIN + TEST;
            let config_data = Lorenz63Config {
                dt: DT,
                integration,
                ..Lorenz63Config::default()
            };
            let data: DMatrix<f64> = config_data.generate(total + 1).map_err(|e| e.to_string())?;
            let deviation = data.row(2).variance().sqrt();
            let part = |from: usize, count: usize| {
                let block = data.columns(from, count);
                (block.rows(0, 2).into_owned(), block.rows(2, 1).into_owned())
            };
            let (inputs, targets) = part(start - warmup, warmup + TRAIN);
            let mut model = Ngrc::new(config.clone()).map_err(|e| e.to_string())?;
            model
                .fit_inference(&inputs, &targets)
                .map_err(|e| e.to_string())?;
            let known = model.infer(&inputs).map_err(|e| e.to_string())?;
            train.push(rms(&(known - targets.columns(warmup, TRAIN))) / deviation);
            let (inputs, targets) = part(start + TRAIN - warmup, warmup + TEST);
            let unseen = model.infer(&inputs).map_err(|e| e.to_string())?;
            let truth = targets.columns(warmup, TEST).into_owned();
            test.push(rms(&(&unseen - &truth)) / deviation);
            if figure.is_none() {
                figure = Some((unseen, truth));
            }
            context.progress.inc(1);
        }
        trains.push(mean_and_error(&train, 3));
        tests.push(mean_and_error(&test, 3));
    }
    let cells = |name: &str, ours: &[String], rerun: &str, paper: &str| {
        [name, &ours[0], &ours[1], rerun, paper].map(str::to_owned)
    };
    report.row(cells("training", &trains, "(1.20 ± 0.15)e-2", "0.95e-2"));
    report.row(cells(
        "unseen 45 time units",
        &tests,
        "(2.02 ± 0.31)e-2",
        "(1.75 ± 0.3)e-2",
    ));
    report.value("test", tests[0].clone());
    report.note(
        "NRMSE: root mean square error over the deviation of z. ± is the deviation over √10.",
    );
    if let Some((unseen, truth)) = figure {
        let curve = |of: &DMatrix<f64>| (0..300).map(|t| (t as f64 * DT, of[(0, t)])).collect();
        let panel = Panel::new(Axis::new("time (units of Lorenz63)"), Axis::new("z"))
            .with(Series::line("truth", curve(&truth)))
            .with(Series::dashed("inferred from x and y", curve(&unseen)));
        report.figure(
            "ngrc-infer-z",
            Figure::new("A variable that is not measured").panel(panel),
        );
    }
    Ok(report)
}
