use std::path::Path;

use neuropil_reservoir::Error;

use super::model::{Model, Stream};
use super::table::Series;
use super::{future_lines, number, plural};

/// Streams the values through a model that was saved, one by one as they would come from a sensor, and
/// forecasts those after the last.
pub(crate) fn report(series: &Series, load: &Path, steps: usize) -> Result<String, String> {
    let model = Model::load(load)?;
    streamed(series, load, steps, &model).map_err(|e| format!("{}: {e}", load.display()))
}

fn streamed(series: &Series, load: &Path, steps: usize, model: &Model) -> Result<String, Error> {
    let mut text = format!("{}: {}\n", load.display(), model.describe()?);
    let mut stream = Stream::new(model)?;
    let (mut ours, mut naive, mut count) = (0.0, 0.0, 0_usize);
    // The prediction of the next value, and the value before it.
    let mut expected: Option<(f64, f64)> = None;
    for &value in &series.values {
        if let Some((predicted, before)) = expected {
            ours += (predicted - value).powi(2);
            naive += (before - value).powi(2);
            count += 1;
        }
        expected = stream.step(value)?.map(|predicted| (predicted, value));
    }
    let future = stream.forecast(steps)?;
    text += &format!(
        "Column {}: {} streamed one by one\n",
        series.name,
        plural(series.values.len(), "value")
    );
    if count > 0 {
        let rmse = |sum: f64| number((sum / count as f64).sqrt());
        text += &format!(
            "One step ahead, {}: RMSE {}, persistence {}\n",
            plural(count, "time"),
            rmse(ours),
            rmse(naive)
        );
    }
    text += &format!("\nThe next {}:\n", plural(steps, "value"));
    text += &future_lines(&future);
    Ok(text)
}
