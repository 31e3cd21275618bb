//! Monthly sunspots, forecast by models that a search has tuned, beside naive forecasts.

use nalgebra::DMatrix;
use neuropil_datasets::sunspots_monthly;
use neuropil_reservoir::tune::{
    Domain, EsnObjective, JudgedBy, NgrcObjective, Sampler, Space, Split, Study, StudyConfig,
    TpeConfig, TuneConfig, esn_space,
};
use neuropil_reservoir::{
    Error, Esn, EsnConfig, Lambda, Ngrc, NgrcConfig, Orders, ReservoirConfig,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Context, Experiment};
use crate::report::{Report, mean_and_error, significant};

pub(super) const SUNSPOTS: Experiment = Experiment {
    name: "forecast-sunspots",
    about: "monthly sunspots by tuned models, beside naive and seasonal-naive forecasts",
    short: true,
    run: sunspots,
};

/// Months ahead: the next one, a year, five years, a solar cycle.
const HORIZONS: [usize; 4] = [1, 12, 60, 132];
const ORIGINS: usize = 150;
/// How often a model is fitted again, to everything that is known by then.
const REFITS: usize = 12;
const TRIALS: usize = 64;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ngrc,
    Esn,
}

/// A setting that a search has found, to be fitted to any part.
struct Setting {
    /// λ for each sample.
    penalty: f64,
    model: Settings,
}

enum Settings {
    Ngrc(NgrcConfig),
    Esn(Box<EsnConfig>, Xoshiro256PlusPlus),
}

enum Model {
    Ngrc(Box<Ngrc<f64>>),
    Esn(Box<Esn<f64>>),
}

fn words(error: Error) -> String {
    error.to_string()
}

fn row(values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_row_slice(1, values.len(), values)
}

impl Setting {
    fn fit(&self, values: &[f64]) -> Result<Model, Error> {
        let lambda = Lambda::Fixed(self.penalty * values.len() as f64);
        match &self.model {
            Settings::Ngrc(config) => {
                let mut model = Ngrc::new(NgrcConfig {
                    lambda,
                    ..config.clone()
                })?;
                model.fit(&row(values))?;
                Ok(Model::Ngrc(Box::new(model)))
            }
            Settings::Esn(config, generator) => {
                let config = EsnConfig {
                    lambda,
                    ..(**config).clone()
                };
                let mut model = Esn::new(config, 1, &mut generator.clone())?;
                model.fit(&row(values))?;
                Ok(Model::Esn(Box::new(model)))
            }
        }
    }
}

impl Model {
    fn forecast(&self, history: &[f64], steps: usize) -> Result<Vec<f64>, Error> {
        let recent = &history[history.len().saturating_sub(1000)..];
        let forecast = match self {
            Self::Ngrc(model) => model.forecast(&row(recent), steps)?,
            Self::Esn(model) => model.forecast(&row(recent), steps)?,
        };
        Ok(forecast.as_slice().to_vec())
    }
}

/// The best of a search over three parts that roll to the end of the known values.
fn tune(kind: Kind, known: &[f64], horizon: usize, seed: u64) -> Result<Setting, Error> {
    let series = row(known);
    let validation = horizon.max(known.len() / 8);
    let config = TuneConfig {
        study: StudyConfig {
            sampler: Sampler::Tpe(TpeConfig::default()),
            trials: TRIALS,
            ..StudyConfig::default()
        },
        judged_by: JudgedBy::ClosedLoop {
            horizon,
            every: (validation - horizon + 1).div_ceil(30),
        },
        penalties: Lambda::decades(-7, 0),
        most_features: 84,
        ..TuneConfig::new(Split::RollingOrigin {
            folds: 3,
            validation,
            window: None,
            test: 0,
        })
    };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let none = || Error::AllTrialsFailed {
        trials: TRIALS,
        first: String::new(),
    };
    match kind {
        Kind::Ngrc => {
            let base = NgrcConfig {
                constant: false,
                intercept: true,
                ..NgrcConfig::default()
            };
            let size = |high| Domain::LogInteger { low: 1, high };
            let space = Space::new([
                ("taps", size(36)),
                ("stride", size(33)),
                ("order", Domain::Integer { low: 1, high: 3 }),
                (
                    "target",
                    Domain::Categorical(vec!["increment".into(), "direct".into()]),
                ),
            ])?;
            let objective = NgrcObjective::new(&series, &base, &config)?;
            let mut study = Study::new(space, config.study.clone(), &mut rng)?;
            study.run(|trial, _| objective.evaluate(trial))?;
            let best = study.best().ok_or_else(none)?;
            Ok(Setting {
                penalty: best.attribute("penalty").ok_or(Error::NotFitted)?,
                model: Settings::Ngrc(objective.config_of(best.trial())?),
            })
        }
        Kind::Esn => {
            let base = EsnConfig {
                reservoir: ReservoirConfig {
                    units: 80,
                    ..ReservoirConfig::default()
                },
                ..EsnConfig::default()
            };
            let objective = EsnObjective::new(&series, &base, &config)?;
            let mut study = Study::new(esn_space()?, config.study.clone(), &mut rng)?;
            study.run(|trial, rng| objective.evaluate(trial, rng))?;
            let best = study.best().ok_or_else(none)?;
            Ok(Setting {
                penalty: best.attribute("penalty").ok_or(Error::NotFitted)?,
                model: Settings::Esn(
                    Box::new(objective.config_of(best.trial())?),
                    study.generator_of(best.trial()),
                ),
            })
        }
    }
}

/// Errors over all origins and steps.
struct Errors {
    rmse: f64,
    mae: f64,
    /// Mean squares of the single forecasts.
    losses: Vec<f64>,
}

fn origins(first: usize, count: usize, horizon: usize) -> Vec<usize> {
    let every = (count - horizon + 1 - first).div_ceil(ORIGINS);
    (first..=count - horizon).step_by(every).collect()
}

fn judge(
    values: &[f64],
    first: usize,
    horizon: usize,
    mut forecast: impl FnMut(usize, &[f64]) -> Result<Vec<f64>, Error>,
) -> Result<Errors, Error> {
    let origins = origins(first, values.len(), horizon);
    let mut losses = Vec::with_capacity(origins.len());
    let mut absolute = 0.0;
    for (index, &origin) in origins.iter().enumerate() {
        let ahead = forecast(index, &values[..origin])?;
        let errors = ahead.iter().zip(&values[origin..]).map(|(a, v)| a - v);
        absolute += errors.clone().map(f64::abs).sum::<f64>();
        losses.push(errors.map(|e| e * e).sum::<f64>() / horizon as f64);
    }
    Ok(Errors {
        rmse: (losses.iter().sum::<f64>() / losses.len() as f64).sqrt(),
        mae: absolute / (losses.len() * horizon) as f64,
        losses,
    })
}

/// The statistic of Diebold and Mariano: by how many standard errors the loss of `other` is larger, with
/// the weights of Bartlett for forecasts that overlap.
fn advantage(ours: &Errors, other: &Errors, overlap: usize) -> f64 {
    let n = ours.losses.len();
    let differences: Vec<f64> = other
        .losses
        .iter()
        .zip(&ours.losses)
        .map(|(b, a)| b - a)
        .collect();
    let mean = differences.iter().sum::<f64>() / n as f64;
    let covariance = |lag: usize| {
        let pairs = differences.iter().zip(&differences[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n as f64
    };
    let lags = overlap + 1;
    let variance = covariance(0)
        + (1..lags)
            .map(|lag| 2.0 * (1.0 - lag as f64 / lags as f64) * covariance(lag))
            .sum::<f64>();
    mean / (variance / n as f64).sqrt()
}

fn refitted(
    setting: &Setting,
    values: &[f64],
    first: usize,
    horizon: usize,
) -> Result<Errors, Error> {
    let every = origins(first, values.len(), horizon).len().div_ceil(REFITS);
    let mut model = setting.fit(&values[..first])?;
    judge(values, first, horizon, |index, history| {
        if index % every == 0 {
            model = setting.fit(history)?;
        }
        model.forecast(history, horizon)
    })
}

fn seasonal(history: &[f64], season: usize, steps: usize) -> Vec<f64> {
    let last = &history[history.len() - season..];
    last.iter().copied().cycle().take(steps).collect()
}

fn sunspots(context: &Context) -> Result<Report, String> {
    let seeds = if context.full { 10 } else { 3 };
    let series = sunspots_monthly().map_err(|e| e.to_string())?;
    let values = series.values();
    let count = values.len();
    let first = count - count / 5;
    let known = &values[..first];
    let mean = known.iter().sum::<f64>() / first as f64;
    let deviation = (known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / first as f64).sqrt();
    let change = known.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / (first - 1) as f64;
    // The baseline is tuned, too: the season of the best forecasts of the known values.
    let mut seasons = Vec::new();
    for season in 96..=156 {
        let error = judge(known, first / 2, 132, |_, h| Ok(seasonal(h, season, 132)));
        seasons.push((error.map_err(words)?.rmse, season));
    }
    let season = seasons
        .into_iter()
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(132, |(_, season)| season);

    context
        .progress
        .set_length(2 * HORIZONS.len() as u64 * seeds);
    let heads = [
        "months ahead",
        "forecast",
        "NRMSE",
        "MASE",
        "RMSE beside seasonal naive",
        "standard errors from seasonal naive",
        "from persistence",
    ];
    let mut report = Report::new(
        format!(
            "Monthly sunspots: forecasts of the last {} months from some {ORIGINS} origins",
            count - first
        ),
        &heads,
    );
    let (mut better, mut sure, mut searches) = (0, 0, 0);
    let (mut linear, mut found) = (0, 0);
    let mut figure = None;
    for horizon in HORIZONS {
        let naive = judge(values, first, horizon, |_, h| {
            Ok(vec![h[h.len() - 1]; horizon])
        })
        .map_err(words)?;
        let last = judge(values, first, horizon, |_, h| {
            Ok(seasonal(h, season, horizon))
        })
        .map_err(words)?;
        let starts = origins(first, count, horizon);
        let every = starts.get(1).map_or(1, |second| second - starts[0]);
        let overlap = (horizon - 1) / every;
        for (name, errors) in [("persistence", &naive), ("seasonal naive", &last)] {
            report.row([
                horizon.to_string(),
                name.to_owned(),
                significant(errors.rmse / deviation, 3),
                significant(errors.mae / change, 3),
                percent(errors.rmse / last.rmse),
                "–".to_owned(),
                "–".to_owned(),
            ]);
        }
        for (name, kind) in [
            ("NG-RC, tuned", Kind::Ngrc),
            ("ESN of 80 units, tuned", Kind::Esn),
        ] {
            let mut all = Vec::new();
            for seed in 1..=seeds {
                let setting = tune(kind, known, horizon, seed).map_err(words)?;
                if let Settings::Ngrc(config) = &setting.model {
                    if config.orders == Orders::UpTo(1) {
                        linear += 1;
                    }
                    found += 1;
                }
                all.push(refitted(&setting, values, first, horizon).map_err(words)?);
                if seed == 1 && kind == Kind::Ngrc && horizon == 132 {
                    figure = Some(picture(&setting, series.times(), values, first, season)?);
                }
                context.progress.inc(1);
            }
            let of = |f: &dyn Fn(&Errors) -> f64| all.iter().map(f).collect::<Vec<f64>>();
            let beside = of(&|e| e.rmse / last.rmse);
            let ratio = beside.iter().sum::<f64>() / beside.len() as f64;
            let least = |other: &Errors| {
                of(&|e| advantage(e, other, overlap))
                    .into_iter()
                    .fold(f64::INFINITY, f64::min)
            };
            searches += all.len();
            better += beside.iter().filter(|r| **r < 1.0).count();
            let evidence = of(&|e| advantage(e, &last, overlap));
            sure += evidence.iter().filter(|z| **z > 1.96).count();
            report.row([
                horizon.to_string(),
                name.to_owned(),
                mean_and_error(&of(&|e| e.rmse / deviation), 3),
                mean_and_error(&of(&|e| e.mae / change), 3),
                percent(ratio),
                significant(least(&last), 2),
                significant(least(&naive), 2),
            ]);
            if kind == Kind::Ngrc {
                report.value(&format!("ngrc-{horizon}"), percent(ratio));
            }
        }
    }
    report.value("season", season.to_string());
    report.note(format!(
        "Tuned: {TRIALS} trials of a TPE search over forecasts of this length in three parts of the \
         first {first} months, each forecast by a model of what came before; then fitted again {REFITS} \
         times on the way through the held-out months. Mean of {seeds} searches ± deviation over √n. \
         The season, {season} months, is the best one in the second half of the first {first} months."
    ));
    report.note(
        "NRMSE: over the deviation of the first months. MASE: mean absolute error over their mean \
         change from month to month. Standard errors: the statistic of Diebold and Mariano, the least \
         of the searches; positive is better than the baseline, and below 1.96 it can be chance.",
    );
    report.note(format!(
        "{better} of {searches} searches beat the seasonal-naive forecast, {sure} of them by more than \
         1.96 standard errors."
    ));
    report.note(format!(
        "{linear} of the {found} NG-RC that were found are linear in the past months."
    ));
    if let Some(figure) = figure {
        report.figure("forecast-sunspots", figure);
    }
    Ok(report)
}

fn percent(ratio: f64) -> String {
    format!("{:+.0} %", 100.0 * (ratio - 1.0))
}

/// One forecast of a solar cycle after the other, each by a model of all months before it.
fn picture(
    setting: &Setting,
    times: &[f64],
    values: &[f64],
    first: usize,
    season: usize,
) -> Result<Figure, String> {
    let horizon = 132;
    let (mut ours, mut naive) = (Vec::new(), Vec::new());
    for origin in (first..values.len()).step_by(horizon) {
        let steps = horizon.min(values.len() - origin);
        let history = &values[..origin];
        let model = setting.fit(history).map_err(words)?;
        let ahead = model.forecast(history, steps).map_err(words)?;
        let points = |forecast: Vec<f64>| {
            // A gap between forecasts from different origins.
            let gap = (times[origin + steps - 1], f64::NAN);
            let points = times[origin..].iter().copied().zip(forecast);
            points.chain([gap]).collect::<Vec<_>>()
        };
        ours.extend(points(ahead));
        naive.extend(points(seasonal(history, season, steps)));
    }
    let start = first - 2 * season;
    let truth = times[start..]
        .iter()
        .copied()
        .zip(values[start..].iter().copied())
        .collect();
    let panel = Panel::new(Axis::new("year"), Axis::new("sunspot number"))
        .with(Series::line("observed", truth))
        .with(Series::line("NG-RC, 132 months ahead", ours))
        .with(Series::dashed("seasonal naive", naive))
        .mark(times[first], "held out from here");
    Ok(
        Figure::new("Monthly sunspots, forecast one solar cycle at a time")
            .size(1000, 320)
            .panel(panel),
    )
}
