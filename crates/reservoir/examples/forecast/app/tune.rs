use std::io::Write;
use std::ops::ControlFlow;

use nalgebra::DMatrix;
use neuropil_reservoir::tune::{
    Domain, EsnObjective, FinishedTrial, JudgedBy, NgrcObjective, Sampler, Space, Split, Study,
    StudyConfig, TpeConfig, Trial, TuneConfig, esn_space,
};
use neuropil_reservoir::{Error, EsnConfig, Lambda, NgrcConfig, ReservoirConfig};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::arguments::{Kind, Tuning};
use super::model::Setting;
use super::search::{Chosen, is_robust};

/// Origins of forecasts over each validation part.
const ORIGINS: usize = 30;
/// Searching needs no more values than these.
const MOST_SAMPLES: usize = 6000;
/// More features, and a trial takes longer than it should here.
const MOST_FEATURES: usize = 84;
const UNITS: usize = 80;

/// Searches for the setting of the least error of forecasts of `horizon` values, in parts that roll
/// through the second half of the known values: each is forecast by a model of what came before it.
pub(crate) fn choose(
    known: &[f64],
    horizon: usize,
    season: Option<usize>,
    tuning: &Tuning,
    err: &mut dyn Write,
) -> Result<Chosen, String> {
    let recent = &known[known.len().saturating_sub(MOST_SAMPLES)..];
    let count = recent.len();
    let series = DMatrix::from_row_slice(1, count, recent);
    let validation = horizon.max(count / 8);
    let mut config = TuneConfig {
        judged_by: JudgedBy::ClosedLoop {
            horizon,
            every: (validation - horizon + 1).div_ceil(ORIGINS),
        },
        penalties: Lambda::decades(-7, 0),
        most_features: MOST_FEATURES,
        ..TuneConfig::new(Split::RollingOrigin {
            folds: 3,
            validation,
            window: None,
            test: 0,
        })
    };
    config.study = StudyConfig {
        sampler: Sampler::Tpe(TpeConfig::default()),
        trials: tuning.trials,
        ..StudyConfig::default()
    };
    let first = count.saturating_sub(3 * validation);
    let label = format!(
        "forecasts of {horizon} steps, {count} values, sum {:016x}, seed {}",
        sum(recent),
        tuning.seed
    );
    match tuning.kind {
        Kind::Ngrc => {
            let base = NgrcConfig {
                constant: false,
                intercept: true,
                ..NgrcConfig::default()
            };
            let objective = NgrcObjective::new(&series, &base, &config).map_err(words)?;
            let space = ngrc_space(first, season).map_err(words)?;
            let study = search(space, &config.study, &label, tuning, err, |trial, _| {
                objective.evaluate(trial)
            })?;
            best(&study, known, horizon, |trial, penalty| {
                Ok(Setting::Ngrc {
                    config: objective.config_of(trial.trial())?,
                    penalty,
                })
            })
        }
        Kind::Esn => {
            let base = EsnConfig {
                reservoir: ReservoirConfig {
                    // A unit for every three values of the shortest training part at the most.
                    units: UNITS.min(first / 3).max(1),
                    ..ReservoirConfig::default()
                },
                washout: (first / 5).min(100),
                ..EsnConfig::default()
            };
            let objective = EsnObjective::new(&series, &base, &config).map_err(words)?;
            let space = esn_space().map_err(words)?;
            let study = search(space, &config.study, &label, tuning, err, |trial, rng| {
                objective.evaluate(trial, rng)
            })?;
            best(&study, known, horizon, |trial, penalty| {
                Ok(Setting::Esn {
                    config: Box::new(objective.config_of(trial.trial())?),
                    penalty,
                    generator: study.generator_of(trial.trial()),
                })
            })
        }
    }
}

/// A check sum of the values (FNV-1a): a study goes on with the data that it was made of.
fn sum(values: &[f64]) -> u64 {
    values
        .iter()
        .flat_map(|v| v.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

fn words(error: Error) -> String {
    error.to_string()
}

/// Taps and strides that leave most of the shortest training part to learn from, and can reach over a
/// season.
fn ngrc_space(training: usize, season: Option<usize>) -> Result<Space, Error> {
    let whole = |x: usize| i64::try_from(x).unwrap_or(i64::MAX);
    let taps = (training / 4).clamp(1, 36);
    let stride = season
        .map_or(12, |length| length / 4)
        .clamp(1, training.div_ceil(20));
    let sizes = |high: usize| Domain::LogInteger {
        low: 1,
        high: whole(high),
    };
    Space::new([
        ("taps", sizes(taps)),
        ("stride", sizes(stride)),
        ("order", Domain::Integer { low: 1, high: 3 }),
        (
            "target",
            Domain::Categorical(vec!["increment".to_owned(), "direct".to_owned()]),
        ),
    ])
}

/// A study that goes on from its file, if there is one.
fn search<E: Into<neuropil_reservoir::tune::Evaluation>>(
    space: Space,
    config: &StudyConfig,
    label: &str,
    tuning: &Tuning,
    err: &mut dyn Write,
    objective: impl Fn(&Trial, &mut Xoshiro256PlusPlus) -> Result<E, Error> + Sync,
) -> Result<Study, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(tuning.seed);
    let fresh = Study::new(space, config.clone(), &mut rng)
        .map_err(words)?
        .labelled(label);
    let mut study = match &tuning.study {
        Some(path) if path.exists() => {
            let mut study = Study::load(path).map_err(words)?;
            let other = |what: &str| format!("{}: the study is of {what}", path.display());
            if study.label() != label {
                return Err(other("other values, steps or seed"));
            }
            if study.trials().len() < config.trials && study.config().trials < config.trials {
                study.set_trials(config.trials).map_err(words)?;
            }
            if study.space() != fresh.space() {
                return Err(other("another search space"));
            }
            if study.config() != fresh.config() {
                return Err(other("other settings"));
            }
            study
        }
        _ => fresh,
    };
    let outcome = study.run_observed(objective, |study| {
        if let Some(path) = &tuning.study {
            study.save(path)?;
        }
        if tuning.progress {
            let best = study.best().and_then(FinishedTrial::value);
            // A progress that cannot be shown is no reason to stop.
            let _ = writeln!(
                err,
                "{} of {} trials, least error {}",
                study.trials().len(),
                study.planned(),
                best.map_or("none yet".to_owned(), |e| format!("{e:.4} deviations")),
            );
        }
        Ok(ControlFlow::Continue(()))
    });
    outcome.map_err(words)?;
    Ok(study)
}

/// The best setting whose models stay in bounds.
fn best(
    study: &Study,
    known: &[f64],
    horizon: usize,
    setting: impl Fn(&FinishedTrial, f64) -> Result<Setting, Error>,
) -> Result<Chosen, String> {
    let deviation = {
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let square: f64 = known.iter().map(|v| (v - mean).powi(2)).sum();
        (square / known.len() as f64).sqrt()
    };
    for trial in study.ranked() {
        let (Some(penalty), Some(error)) = (trial.attribute("penalty"), trial.value()) else {
            continue;
        };
        let setting = setting(trial, penalty).map_err(words)?;
        let robust = setting
            .fit(known)
            .is_ok_and(|model| is_robust(&model, known, horizon));
        if robust {
            return Ok(Chosen {
                setting,
                rmse: error * deviation,
                tried: study.trials().len(),
                failed: study.failed().count(),
            });
        }
    }
    match study.failed().next().map(FinishedTrial::outcome) {
        Some(neuropil_reservoir::tune::Outcome::Failed { reason }) if study.best().is_none() => {
            Err(format!("no trial succeeded; the first: {reason}"))
        }
        _ => Err("no setting gives a forecast that stays in bounds".to_owned()),
    }
}
