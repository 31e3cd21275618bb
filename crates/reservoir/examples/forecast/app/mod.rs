//! The example `forecast` without its process, so that a test can run it.

use std::fmt::Write as _;
use std::io::Write;

use arguments::{Arguments, USAGE};
use baseline::Season;
use rolling::{Errors, Rolling};

mod arguments;
mod baseline;
mod plot;
mod rolling;
mod search;
mod table;

/// The fewest values of which a fifth, and a fifth of the rest, say anything.
const FEWEST: usize = 30;
/// Origins of forecasts over the held-out part.
const ORIGINS: usize = 200;

/// Runs the program: the report goes to `out`, one line to `err` if something is wrong. Returns the
/// exit code.
pub(crate) fn run(arguments: &[String], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    if arguments.iter().any(|a| a == "--help" || a == "-h") {
        return u8::from(writeln!(out, "{USAGE}").is_err());
    }
    let outcome = Arguments::parse(arguments)
        .and_then(|arguments| report(&arguments))
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

fn report(arguments: &Arguments) -> Result<String, String> {
    let series = table::read(&arguments.file, arguments.column.as_deref())?;
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

    let chosen = search::choose(known, validation_start, horizon, season.length())?;
    let model = search::fit(known, &chosen.setting).map_err(|e| format!("{file}: {e}"))?;
    let rolling = Rolling::new(test_start..count, horizon, ORIGINS);
    let ours = rolling.errors(values, |history| search::forecast(&model, history, horizon));
    let persistence = rolling.errors(values, |h| Some(baseline::persistence(h, horizon)));
    let seasonal = season.length().and_then(|length| {
        rolling.errors(values, |h| Some(baseline::seasonal(h, horizon, length)))
    });

    let whole = search::fit(values, &chosen.setting).map_err(|e| format!("{file}: {e}"))?;
    let future = search::forecast(&whole, values, arguments.steps).ok_or_else(|| {
        format!(
            "{file}: the forecast diverges within {} steps; ask for fewer",
            arguments.steps
        )
    })?;

    if let Some(path) = &arguments.plot {
        let test = rolling.stitched(values, |history| search::forecast(&model, history, horizon));
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
    line(format!(
        "Chosen on values {}-{test_start} among {} settings: {} (RMSE {})",
        validation_start + 1,
        chosen.tried,
        chosen.setting,
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
    line(errors_table(
        horizon,
        &[
            ("NG-RC", ours.as_ref()),
            ("persistence", persistence.as_ref()),
            ("seasonal naive", seasonal.as_ref()),
        ],
    ));
    line(verdict(
        ours.as_ref(),
        &[
            ("persistence", persistence.as_ref()),
            ("seasonal naive", seasonal.as_ref()),
        ],
    ));
    line(String::new());
    line(format!(
        "The next {}, by a model of all {count} values:",
        plural(arguments.steps, "value")
    ));
    for (step, value) in future.iter().enumerate() {
        line(format!("{:>6} {:>12}", step + 1, number(*value)));
    }
    Ok(text)
}

fn errors_table(horizon: usize, rows: &[(&str, Option<&Errors>)]) -> String {
    let mut table = format!(
        "{:<16}{:>12}{:>12}{:>12}",
        "RMSE",
        "all steps",
        "step 1",
        format!("step {horizon}")
    );
    for (name, errors) in rows {
        let cells = match errors {
            Some(errors) => [errors.all(), errors.at(0), errors.at(horizon - 1)].map(number),
            None if *name == "NG-RC" => ["diverges"; 3].map(str::to_owned),
            None => ["-"; 3].map(str::to_owned),
        };
        let _ = write!(
            table,
            "\n{name:<16}{:>12}{:>12}{:>12}",
            cells[0], cells[1], cells[2]
        );
    }
    table
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
