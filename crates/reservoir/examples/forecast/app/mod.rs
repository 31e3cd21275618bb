//! The example `forecast` without its process, so that a test can run it.

use std::fmt::Write as _;
use std::io::Write;

use arguments::{Arguments, USAGE};
use baseline::Season;
use rolling::{Errors, Rolling};

mod arguments;
mod baseline;
mod model;
mod plot;
mod rolling;
mod search;
mod stream;
mod table;
mod tune;

/// The fewest values of which a fifth, and a fifth of the rest, say anything.
const FEWEST: usize = 30;
/// Origins of forecasts over the held-out part.
const ORIGINS: usize = 200;
/// How often the model is fitted again on the way, to all that is known by then.
const REFITS: usize = 12;

/// Runs the program: the report goes to `out`, one line to `err` if something is wrong. Returns the
/// exit code.
pub(crate) fn run(arguments: &[String], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    if arguments.iter().any(|a| a == "--help" || a == "-h") {
        return u8::from(writeln!(out, "{USAGE}").is_err());
    }
    let outcome = Arguments::parse(arguments)
        .and_then(|arguments| report(&arguments, err))
        .and_then(|report| {
            out.write_all(report.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|e| format!("cannot write the report: {e}"))
        });
    match outcome {
        Ok(()) => 0,
        Err(message) => {
            // If this fails too there is nobody left to tell.
            let _ = writeln!(err, "forecast: {message}");
            1
        }
    }
}

fn report(arguments: &Arguments, err: &mut dyn Write) -> Result<String, String> {
    let series = table::read(&arguments.file, arguments.column.as_deref())?;
    if let Some(load) = &arguments.load {
        return stream::report(&series, load, arguments.steps);
    }
    let values = series.values.as_slice();
    let count = values.len();
    let file = arguments.file.display();
    if count < FEWEST {
        return Err(format!(
            "{file}: column {} has {count} values, {FEWEST} are needed at least",
            series.name
        ));
    }
    if values.iter().all(|v| *v == values[0]) {
        return Err(format!(
            "{file}: column {} is constant, there is nothing to forecast",
            series.name
        ));
    }

    let test_start = count - count / 5;
    let validation_start = test_start - test_start / 5;
    let horizon = arguments.steps.min(count / 5).min(test_start / 5);
    let known = &values[..test_start];
    let season = match arguments.season {
        Some(length) if length >= known.len() => {
            return Err(format!(
                "season {length} is not shorter than the {} values before the held-out part",
                known.len()
            ));
        }
        Some(length) => Season::Given(length),
        None => baseline::find_season(known),
    };

    let chosen = match &arguments.tuning {
        None => search::choose(known, validation_start, horizon, season.length())?,
        Some(tuning) => tune::choose(known, horizon, season.length(), tuning, err)
            .map_err(|e| format!("{file}: {e}"))?,
    };
    let setting = &chosen.setting;
    let fit = |values: &[f64]| setting.fit(values).map_err(|e| format!("{file}: {e}"));
    let model = fit(known)?;
    let rolling = Rolling::new(test_start..count, horizon, ORIGINS);
    let ours = rolling.errors_refitted(
        values,
        REFITS,
        |history| setting.fit(history).ok(),
        |model, history| model.forecast(history, horizon),
    );
    let persistence = rolling.errors(values, |h| Some(baseline::persistence(h, horizon)));
    let seasonal = season.length().and_then(|length| {
        rolling.errors(values, |h| Some(baseline::seasonal(h, horizon, length)))
    });

    let whole = fit(values)?;
    let future = whole.forecast(values, arguments.steps).ok_or_else(|| {
        format!(
            "{file}: the forecast diverges within {} steps; ask for fewer",
            arguments.steps
        )
    })?;
    if let Some(path) = &arguments.save {
        whole.save(path)?;
    }

    if let Some(path) = &arguments.plot {
        let test = rolling.stitched(values, |history| model.forecast(history, horizon));
        let picture = plot::Picture {
            name: &series.name,
            values,
            test_start,
            test: &test,
            future: &future,
        };
        picture.write(path)?;
    }

    let mut text = String::new();
    let mut line = |s: String| {
        text.push_str(&s);
        text.push('\n');
    };
    line(format!("{file}, column {}: {count} values", series.name));
    line(season.to_string());
    let judged_on = match arguments.tuning {
        None => format!("values {}-{test_start}", validation_start + 1),
        Some(_) => "three parts that roll to the held-out one".to_owned(),
    };
    line(format!(
        "Chosen on {judged_on} among {} settings ({} failed): {setting} (RMSE {})",
        chosen.tried,
        chosen.failed,
        number(chosen.rmse)
    ));
    line(format!(
        "Held out: values {}-{count}, {} of {}",
        test_start + 1,
        plural(rolling.origins().len(), "forecast"),
        plural(horizon, "step")
    ));
    if horizon < arguments.steps {
        line(format!(
            "Steps {}-{} are beyond what the held-out part can judge",
            horizon + 1,
            arguments.steps
        ));
    }
    line(String::new());
    let baselines = [
        ("persistence", persistence.as_ref()),
        ("seasonal naive", seasonal.as_ref()),
    ];
    let mean_change =
        known.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / (known.len() - 1) as f64;
    line(errors_table(
        horizon,
        mean_change,
        (setting.name(), ours.as_ref()),
        &baselines,
    ));
    for comparison in comparisons(ours.as_ref(), &baselines) {
        line(comparison);
    }
    line(verdict(ours.as_ref(), &baselines));
    line(String::new());
    line(format!(
        "The next {}, by a model of all {count} values:",
        plural(arguments.steps, "value")
    ));
    text += &future_lines(&future);
    Ok(text)
}

fn future_lines(future: &[f64]) -> String {
    future
        .iter()
        .enumerate()
        .fold(String::new(), |mut text, (step, value)| {
            let _ = writeln!(text, "{:>6} {:>12}", step + 1, number(*value));
            text
        })
}

/// The RMSE of all steps and of some, and the mean absolute error in units of the mean change from one
/// known value to the next (MASE).
fn errors_table(
    horizon: usize,
    mean_change: f64,
    ours: (&str, Option<&Errors>),
    baselines: &[(&str, Option<&Errors>)],
) -> String {
    let mut steps = vec![1, horizon.div_ceil(4), horizon.div_ceil(2), horizon];
    steps.dedup();
    let mut table = format!("{:<16}{:>12}", "RMSE", "all steps");
    for step in &steps {
        let _ = write!(table, "{:>12}", format!("step {step}"));
    }
    let _ = write!(table, "{:>12}", "MASE");
    for (name, errors) in core::iter::once(&ours).chain(baselines) {
        let _ = write!(table, "\n{name:<16}");
        let Some(errors) = errors else {
            let word = if *name == ours.0 { "diverges" } else { "-" };
            for _ in 0..steps.len() + 2 {
                let _ = write!(table, "{word:>12}");
            }
            continue;
        };
        let _ = write!(table, "{:>12}", number(errors.all()));
        for step in &steps {
            let _ = write!(table, "{:>12}", number(errors.at(step - 1)));
        }
        let mase = errors.absolute() / mean_change;
        let mase = if mase.is_finite() {
            number(mase)
        } else {
            "-".to_owned()
        };
        let _ = write!(table, "{mase:>12}");
    }
    table
}

/// Every baseline beside the model, and whether that can be chance.
fn comparisons(ours: Option<&Errors>, baselines: &[(&str, Option<&Errors>)]) -> Vec<String> {
    let Some(ours) = ours else {
        return Vec::new();
    };
    let one = |(name, errors): &(&str, Option<&Errors>)| {
        let errors = (*errors)?;
        let change = 100.0 * (ours.all() / errors.all() - 1.0);
        if !change.is_finite() {
            return None;
        }
        let evidence = match ours.advantage_over(errors) {
            None => "too few forecasts to say whether by chance".to_owned(),
            Some(z) if z.abs() < 1.96 => {
                format!("{:.1} standard errors, which can be chance", z.abs())
            }
            Some(z) => format!("{:.1} standard errors, not chance", z.abs()),
        };
        let word = if change <= 0.0 { "lower" } else { "higher" };
        Some(format!(
            "Beside {name}: RMSE {:.1}% {word} ({evidence})",
            change.abs()
        ))
    };
    baselines.iter().filter_map(one).collect()
}

fn verdict(ours: Option<&Errors>, baselines: &[(&str, Option<&Errors>)]) -> String {
    let best = baselines
        .iter()
        .filter_map(|(name, errors)| errors.map(|e| (*name, e.all())))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((name, baseline)) = best else {
        return "There is no baseline to compare with.".to_owned();
    };
    match ours.map(Errors::all) {
        None => format!(
            "The model does NOT beat {name}: some of its forecasts diverge. Do not rely on it."
        ),
        Some(error) if error < baseline => format!(
            "The model beats the best baseline ({name}): its RMSE is {:.1}% lower.",
            100.0 * (1.0 - error / baseline)
        ),
        Some(error) if baseline > 0.0 => format!(
            "The model does NOT beat {name}: its RMSE is {:.1}% higher. Prefer {name} here.",
            100.0 * (error / baseline - 1.0)
        ),
        Some(_) => format!("The model does NOT beat {name}, which makes no error here."),
    }
}

/// Six digits, in the shorter of the two notations.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-4..1e9).contains(&x.abs()) {
        let decimals = 5 - (x.abs().max(1e-4).log10().floor() as i32).min(5);
        format!("{x:.0$}", decimals.max(0) as usize)
    } else {
        format!("{x:.5e}")
    }
}

fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
