use std::path::Path;

use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) name: &'a str,
    pub(crate) values: &'a [f64],
    /// Where the held-out part starts.
    pub(crate) test_start: usize,
    /// Forecasts over the held-out part.
    pub(crate) test: &'a [Vec<(usize, f64)>],
    pub(crate) future: &'a [f64],
}

impl Picture<'_> {
    /// Writes an SVG file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let svg = self
            .draw()
            .map_err(|e| format!("{}: cannot draw: {e}", path.display()))?;
        std::fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn draw(&self) -> Result<String, String> {
        let count = self.values.len();
        let end = count + self.future.len();
        // The held-out part takes at least a third of the width.
        let start = self.test_start.saturating_sub(2 * (end - self.test_start));
        // Rows of the file are counted from 1.
        let point = |(t, v): (usize, f64)| ((t + 1) as f64, v);
        let known = (start..count).map(|t| point((t, self.values[t]))).collect();
        // A gap between forecasts from different origins.
        let test = self
            .test
            .iter()
            .flat_map(|forecast| forecast.iter().copied().chain([(count, f64::NAN)]))
            .map(point)
            .collect();
        let last = (count - 1, self.values[count - 1]);
        let future = [last]
            .into_iter()
            .chain((count..).zip(self.future.iter().copied()))
            .map(point)
            .collect();
        let panel = Panel::new(Axis::new("row"), Axis::new(self.name))
            .with(Series::line("values", known))
            .with(Series::line("forecast", future))
            .with(Series::line("forecasts of the held-out part", test))
            .mark((self.test_start + 1) as f64, "held out from here");
        Figure::new(format!("{} and its forecast", self.name))
            .size(1000, 380)
            .panel(panel)
            .render()
    }
}
