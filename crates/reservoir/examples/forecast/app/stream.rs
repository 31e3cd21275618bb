use std::path::Path;

use neuropil_reservoir::{Ngrc, NgrcState};

use super::{future_lines, number, plural, table::Series};

/// Streams the values through a model that was saved, one by one as they would come from a sensor, and
/// forecasts those after the last.
pub(crate) fn report(series: &Series, load: &Path, steps: usize) -> Result<String, String> {
    let words = |e: neuropil_reservoir::Error| e.to_string();
    let model = Ngrc::<f64>::load(load).map_err(words)?;
    let mut state: NgrcState<f64> = model.state().map_err(words)?;
    let channels = model.features().map_err(words)?.channels();
    if channels != 1 {
        return Err(format!(
            "{}: the model is of {channels} channels, and a column is one",
            load.display()
        ));
    }
    let mut next = [0.0];
    let mut predicted: Option<f64> = None;
    let (mut ours, mut naive, mut count) = (0.0, 0.0, 0_usize);
    let mut before = None;
    for &value in &series.values {
        if let (Some(predicted), Some(before)) = (predicted, before) {
            let before: f64 = before;
            ours += (predicted - value).powi(2);
            naive += (before - value).powi(2);
            count += 1;
        }
        let ready = model.step(&mut state, &[value], &mut next).map_err(words)?;
        predicted = ready.then_some(next[0]);
        before = Some(value);
    }
    let mut future = vec![0.0; steps];
    model
        .forecast_into(&mut state, &mut future)
        .map_err(words)?;
    let mut text = format!(
        "{}: NG-RC of {} that has learned from {}\n",
        load.display(),
        plural(model.weights().map_err(words)?.len(), "weight"),
        plural(model.samples().map_err(words)?, "pair"),
    );
    text += &format!(
        "Column {}: {} streamed one by one\n",
        series.name,
        plural(series.values.len(), "value")
    );
    if count > 0 {
        let rmse = |sum: f64| number((sum / count as f64).sqrt());
        text += &format!(
            "One step ahead, {} times: RMSE {}, persistence {}\n",
            count,
            rmse(ours),
            rmse(naive)
        );
    }
    text += &format!("\nThe next {}:\n", plural(steps, "value"));
    text += &future_lines(&future);
    Ok(text)
}
