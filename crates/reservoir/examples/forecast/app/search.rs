use neuropil_reservoir::{NgrcConfig, Orders, Target};

use super::model::{Model, Setting};
use super::rolling::Rolling;

/// The chosen setting.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) setting: Setting,
    pub(crate) rmse: f64,
    pub(crate) tried: usize,
    /// How many of those could not be fitted or diverged.
    pub(crate) failed: usize,
}

const TAPS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 24];
const PENALTIES: [f64; 4] = [1e-6, 1e-4, 1e-2, 1.0];
const ORDERS: [usize; 3] = [1, 2, 3];
/// More features take longer than this example should.
const MOST_FEATURES: usize = 100;
/// Origins of forecasts over the validation part.
const ORIGINS: usize = 40;
/// Origins of forecasts after stretched histories.
const STRETCHED_ORIGINS: usize = 200;
/// Searching needs no more values than these to train on.
const MOST_SAMPLES: usize = 5000;

/// Trains on the values before `validation_start`, forecasts those after it, `horizon` at a time in
/// closed loop, and takes the setting of the least error.
pub(crate) fn choose(
    known: &[f64],
    validation_start: usize,
    horizon: usize,
    season: Option<usize>,
) -> Result<Chosen, String> {
    let first = validation_start.saturating_sub(MOST_SAMPLES);
    let training = &known[first..validation_start];
    let rolling = Rolling::new(validation_start..known.len(), horizon, ORIGINS);
    // Taps that divide a season, besides the nearest values.
    let mut strides = vec![1, 2, 4];
    for parts in [4, 12] {
        strides.extend(season.map(|length| length / parts));
    }
    strides.retain(|s| *s > 0);
    strides.sort_unstable();
    strides.dedup();

    let mut stable: Vec<(Setting, f64)> = Vec::new();
    let mut tried = 0;
    for &stride in &strides {
        for taps in TAPS {
            let far = (taps - 1) * stride;
            if far > training.len() / 3 || (taps == 1 && stride > 1) {
                continue;
            }
            for order in ORDERS {
                let pairs = training.len() - far - 1;
                let config = NgrcConfig {
                    taps,
                    stride,
                    orders: Orders::UpTo(order),
                    constant: false,
                    intercept: true,
                    ..NgrcConfig::default()
                };
                // Two pairs for each weight at the least.
                let most = MOST_FEATURES.min(pairs / 2);
                if !config.features(1).is_ok_and(|map| map.len() <= most) {
                    continue;
                }
                for penalty in PENALTIES {
                    for target in [Target::Increment, Target::Direct] {
                        // The channel is standardised, so that one grid serves every series.
                        let setting = Setting::Ngrc {
                            config: NgrcConfig {
                                target,
                                ..config.clone()
                            },
                            penalty,
                        };
                        tried += 1;
                        // What cannot be fitted or diverges is out of the race.
                        let Ok(model) = setting.fit(training) else {
                            continue;
                        };
                        let errors =
                            rolling.errors(known, |history| model.forecast(history, horizon));
                        stable.extend(errors.map(|e| (setting, e.all())));
                    }
                }
            }
        }
    }
    let failed = tried - stable.len();
    stable.sort_by(|a, b| a.1.total_cmp(&b.1));
    // The model that goes into the test has seen more, and must be as robust as the one that won.
    let robust = |setting: &Setting| {
        [training, known].into_iter().all(|values| {
            setting
                .fit(values)
                .is_ok_and(|model| is_robust(&model, known, horizon))
        })
    };
    let (setting, rmse) = stable
        .into_iter()
        .find(|(setting, _)| robust(setting))
        .ok_or("no setting gives a forecast that stays in bounds")?;
    Ok(Chosen {
        setting,
        rmse,
        tried,
        failed,
    })
}

/// Whether the forecasts stay in bounds after histories with swings half as large again as they were.
/// The next swing may be the largest ever, and a polynomial of high order that never saw its like
/// can throw it anywhere; a validation part with small swings does not show that.
pub(crate) fn is_robust(model: &Model, known: &[f64], horizon: usize) -> bool {
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let largest = known.iter().fold(0.0_f64, |m, v| m.max((v - mean).abs()));
    let stretched: Vec<f64> = known.iter().map(|v| mean + 1.5 * (v - mean)).collect();
    let first = model.needed();
    if first.saturating_add(horizon) > known.len() {
        return false;
    }
    let everywhere = Rolling::new(first..known.len(), horizon, STRETCHED_ORIGINS);
    everywhere.origins().iter().all(|&origin| {
        model
            .forecast(&stretched[..origin], horizon)
            .is_some_and(|values| values.iter().all(|v| (v - mean).abs() <= 3.0 * largest))
    })
}
