//! The format of the reference file: decimal strings, numbers, fractions.

use serde_json::Value;

/// A number, a decimal string, or a fraction of two.
pub fn number(value: &Value) -> Result<f64, String> {
    let parse = |text: &str| {
        let text = text.trim();
        text.parse::<f64>().map_err(|e| format!("{text}: {e}"))
    };
    match value {
        Value::String(text) => match text.split_once('/') {
            Some((above, below)) => Ok(parse(above)? / parse(below)?),
            None => parse(text),
        },
        _ => value
            .as_f64()
            .ok_or_else(|| format!("{value} is no number")),
    }
}

pub fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value} is no list"))?;
    list.iter().map(number).collect()
}

/// The number of this name, or the default if there is none.
pub fn number_or(case: &Value, name: &str, default: f64) -> Result<f64, String> {
    case.get(name).map_or(Ok(default), number)
}

/// The parameters of these names. Those without a default must be there, and no others.
pub fn parameters<const N: usize>(
    case: &Value,
    names: [(&str, Option<f64>); N],
) -> Result<[f64; N], String> {
    let params = case["params"]
        .as_object()
        .ok_or_else(|| format!("{} are no parameters", case["params"]))?;
    if let Some(unknown) = params
        .keys()
        .find(|key| names.iter().all(|(name, _)| name != key))
    {
        return Err(format!("no such parameter: {unknown}"));
    }
    let mut values = [0.0; N];
    for (value, (name, default)) in values.iter_mut().zip(names) {
        *value = match (params.get(name), default) {
            (Some(value), _) => number(value)?,
            (None, Some(default)) => default,
            (None, None) => return Err(format!("no parameter {name}")),
        };
    }
    Ok(values)
}

/// Times and states; the times in order.
pub fn points(case: &Value) -> Result<(Vec<f64>, Vec<Vec<f64>>), String> {
    let list = case["points"].as_array().ok_or("no points")?;
    let (mut times, mut states) = (Vec::new(), Vec::new());
    for point in list {
        times.push(number(&point["t"])?);
        states.push(numbers(&point["y"])?);
    }
    if times.is_empty() || !times.is_sorted() {
        return Err(format!("times {times:?}"));
    }
    Ok((times, states))
}

/// The spike times, under whichever name that says how they are defined.
pub fn spike_times(case: &Value) -> Result<Vec<f64>, String> {
    let fields = case.as_object().ok_or("no case")?;
    let times = fields
        .iter()
        .find(|(name, _)| name.starts_with("spike_times"));
    let (_, times) = times.ok_or("no spike times")?;
    let times = numbers(times)?;
    if times.is_empty() {
        return Err("no spike times".to_owned());
    }
    Ok(times)
}

/// The largest error, each component's relative to its size or a thousandth of the largest one.
pub fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let largest = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
    found.iter().zip(expected).fold(0.0, |worst, (f, e)| {
        let error = (f - e).abs() / e.abs().max(1e-3 * largest).max(f64::MIN_POSITIVE);
        // NaN must not get lost.
        if error > worst || error.is_nan() {
            error
        } else {
            worst
        }
    })
}

/// Decimal digits of a relative error.
pub fn digits(error: f64) -> f64 {
    -error.max(f64::EPSILON / 2.0).log10()
}

pub fn words(error: neuropil_ode_core::Error) -> String {
    error.to_string()
}
