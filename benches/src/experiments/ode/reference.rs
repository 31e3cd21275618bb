//! The certified cases that the tests of `ode-core` read too.

use serde_json::Value;

const FILE: &str = include_str!("../../../../crates/ode-core/tests/golden/reference.json");

/// The file, read once.
pub(super) struct Reference(Value);

/// Times and the states at them.
pub(super) type Points = (Vec<f64>, Vec<Vec<f64>>);

impl Reference {
    pub(super) fn read() -> Result<Self, String> {
        let file: Value = serde_json::from_str(FILE).map_err(|e| e.to_string())?;
        Ok(Self(file["cases"].clone()))
    }

    /// The certified states of a case. Those of the Arenstorf orbit are of the data as double
    /// precision rounds them.
    pub(super) fn points(&self, case: &str) -> Result<Points, String> {
        let list = self.0[case]["points"].as_array();
        let list = list.ok_or_else(|| format!("no points of {case}"))?;
        let (mut times, mut states) = (Vec::new(), Vec::new());
        for point in list {
            times.push(number(&point["t"])?);
            states.push(numbers(&point["y"])?);
        }
        if let (Some(rounded), Some(last)) = (self.0[case].get("f64_data_yT"), states.last_mut()) {
            *last = numbers(rounded)?;
        }
        Ok((times, states))
    }

    pub(super) fn spike_times(&self, case: &str) -> Result<Vec<f64>, String> {
        let fields = self.0[case].as_object();
        let found = fields.and_then(|fields| {
            fields
                .iter()
                .find(|(name, _)| name.starts_with("spike_times"))
        });
        numbers(found.ok_or_else(|| format!("no spikes of {case}"))?.1)
    }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::String(text) => text.parse().map_err(|e| format!("{text}: {e}")),
        _ => value.as_f64().ok_or_else(|| format!("{value}: no number")),
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value}: no list"))?;
    list.iter().map(number).collect()
}

/// The largest error, each component's relative to its size or to a thousandth of the largest one.
pub(super) fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
    found.iter().zip(expected).fold(0.0, |worst, (f, e)| {
        let error = (f - e).abs() / e.abs().max(1e-3 * largest);
        // NaN must not get lost.
        if error > worst || error.is_nan() {
            error
        } else {
            worst
        }
    })
}

/// Decimal digits of a relative error, as far as double precision goes.
pub(super) fn digits(error: f64) -> String {
    format!("{:.1}", -error.max(f64::EPSILON / 2.0).log10())
}
