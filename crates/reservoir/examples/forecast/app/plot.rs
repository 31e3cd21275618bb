use std::path::Path;

use plotters::prelude::*;

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

const KNOWN: RGBColor = RGBColor(90, 90, 90);
const HELD_OUT: RGBColor = RGBColor(0, 0, 0);
const TEST: RGBColor = RGBColor(0, 114, 178);
const FUTURE: RGBColor = RGBColor(213, 94, 0);

impl Picture<'_> {
    /// Writes an SVG file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let mut svg = String::new();
        self.draw(&mut svg)
            .map_err(|e| format!("{}: cannot draw: {e}", path.display()))?;
        std::fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let count = self.values.len();
        let end = count + self.future.len();
        // The held-out part takes at least a third of the width.
        let start = self.test_start.saturating_sub(2 * (end - self.test_start));
        let shown = self.values[start..]
            .iter()
            .chain(self.future)
            .chain(self.test.iter().flatten().map(|(_, v)| v));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
        let margin = (0.05 * (high - low)).max(1e-12 * high.abs());

        let root = SVGBackend::with_string(svg, (1000, 420)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(self.name, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d(start..end, low - margin..high + margin)?;
        chart.configure_mesh().x_desc("value").draw()?;

        let part = |from: usize, to: usize| (from..to).map(|t| (t, self.values[t]));
        chart
            .draw_series(LineSeries::new(part(start, self.test_start), &KNOWN))?
            .label("history")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], KNOWN));
        chart
            .draw_series(LineSeries::new(
                part(self.test_start.max(1) - 1, count),
                HELD_OUT.stroke_width(2),
            ))?
            .label("held out")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], HELD_OUT.stroke_width(2)));
        for (index, forecast) in self.test.iter().enumerate() {
            let drawn = chart.draw_series(LineSeries::new(
                forecast.iter().copied(),
                TEST.stroke_width(2),
            ))?;
            if index == 0 {
                drawn
                    .label("forecast of the held-out part")
                    .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], TEST.stroke_width(2)));
            }
        }
        let future = (count..).zip(self.future.iter().copied());
        let joined = part(count - 1, count).chain(future);
        chart
            .draw_series(LineSeries::new(joined, FUTURE.stroke_width(2)))?
            .label("forecast")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], FUTURE.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(KNOWN)
            .draw()?;
        root.present()?;
        Ok(())
    }
}
