//! Figures as SVG text, in one style for examples, experiments and book.
//!
//! ```
//! use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
//!
//! let wave: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), (0.1 * f64::from(i)).sin())).collect();
//! let panel = Panel::new(Axis::new("time (s)"), Axis::new("x"))
//!     .with(Series::line("truth", wave))
//!     .mark(40.0, "start of the forecast");
//! let svg = Figure::new("A wave").panel(panel).render()?;
//! assert!(svg.starts_with("<svg") && svg.contains("start of the forecast"));
//! # Ok::<(), String>(())
//! ```

use core::fmt::Write as _;

use plotters::prelude::*;

use crate::raster;

/// The palette of Okabe and Ito, which colour-blind readers can tell apart.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

const FONT: &str = "sans-serif";

/// What an axis measures.
#[derive(Debug, Clone)]
pub struct Axis {
    label: String,
    logarithmic: bool,
    range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis with its label, unit included, over the range of the data.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            logarithmic: false,
            range: None,
        }
    }

    /// The same axis with decades instead of even steps; values that are not positive are left out.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// The same axis from `low` to `high`, whatever the data.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    fn place(&self, value: f64) -> Option<f64> {
        let placed = if self.logarithmic {
            value.log10()
        } else {
            value
        };
        placed.is_finite().then_some(placed)
    }

    fn extent(&self, placed: impl Iterator<Item = f64>) -> (f64, f64) {
        if let Some((low, high)) = self.range
            && let (Some(low), Some(high)) = (self.place(low), self.place(high))
            && low < high
        {
            return (low, high);
        }
        let (low, high) = placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        if low > high {
            return (0.0, 1.0);
        }
        let margin = 0.04 * (high - low);
        // A constant still needs an axis that runs from somewhere to somewhere.
        let margin = if margin > 0.0 {
            margin
        } else {
            0.5 * low.abs().max(1.0)
        };
        (low - margin, high + margin)
    }

    fn tick(&self, placed: f64) -> String {
        if !self.logarithmic {
            return number(placed);
        }
        if (placed - placed.round()).abs() < 1e-9 {
            format!("1e{}", placed.round())
        } else {
            format!("{:.1e}", 10_f64.powf(placed))
        }
    }
}

/// The shortest text that shows the leading digits.
fn number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e5).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Line,
    Dashed,
    Points,
    Bars,
    Band,
}

/// One curve, cloud of points or row of bars.
#[derive(Debug, Clone)]
pub struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    /// The lower edge of a band, point by point.
    floor: Vec<f64>,
    shape: Shape,
}

impl Series {
    fn new(name: impl Into<String>, points: Vec<(f64, f64)>, shape: Shape) -> Self {
        Self {
            name: name.into(),
            points,
            floor: Vec::new(),
            shape,
        }
    }

    /// A line through the points, interrupted where a value is not finite.
    #[must_use]
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(name, points, Shape::Line)
    }

    /// A dashed line through the points.
    #[must_use]
    pub fn dashed(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(name, points, Shape::Dashed)
    }

    /// The points alone.
    #[must_use]
    pub fn points(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(name, points, Shape::Points)
    }

    /// A bar from zero to each point, as wide as the points are apart.
    #[must_use]
    pub fn bars(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self::new(name, points, Shape::Bars)
    }

    /// The area between two curves: (x, low, high).
    #[must_use]
    pub fn band(name: impl Into<String>, edges: &[(f64, f64, f64)]) -> Self {
        let high = edges.iter().map(|&(x, _, high)| (x, high)).collect();
        Self {
            floor: edges.iter().map(|&(_, low, _)| low).collect(),
            ..Self::new(name, high, Shape::Band)
        }
    }
}

/// Values over a plane, as colours.
#[derive(Debug, Clone)]
pub struct Field {
    rows: usize,
    /// Column by column, from the bottom.
    values: Vec<f64>,
    x: (f64, f64),
    y: (f64, f64),
    scale: Scale,
}

/// Which colours mean which values.
#[derive(Debug, Clone, Copy)]
pub enum Scale {
    /// From −limit (blue) over 0 (white) to limit (red).
    Signed(f64),
    /// From 0 (white) to this limit (black).
    Positive(f64),
}

impl Field {
    /// Columns of `rows` values, each from the bottom, that fill the plane from `x.0` to `x.1` and from
    /// `y.0` to `y.1`. A value that is not finite is grey.
    #[must_use]
    pub fn new(rows: usize, values: Vec<f64>, x: (f64, f64), y: (f64, f64), scale: Scale) -> Self {
        Self {
            rows,
            values,
            x,
            y,
            scale,
        }
    }

    fn picture(&self) -> Result<String, String> {
        let columns = self.values.len().checked_div(self.rows).unwrap_or(0);
        let mut pixels = Vec::with_capacity(self.values.len());
        for row in (0..self.rows).rev() {
            for column in self.values.chunks(self.rows) {
                pixels.push(column.get(row).map_or(15, |&v| self.scale.colour(v)));
            }
        }
        raster::data_uri(columns, self.rows, &pixels, &self.scale.palette())
    }
}

impl Scale {
    /// Fifteen colours, and grey.
    fn palette(self) -> [[u8; 3]; 16] {
        let mut palette = [[150; 3]; 16];
        let mix = |end: u8, share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            let byte = (255.0 + (f64::from(end) - 255.0) * share).round() as u8;
            byte
        };
        for (i, colour) in palette[..15].iter_mut().enumerate() {
            let (end, share) = match self {
                Self::Signed(_) if i < 7 => ([0, 80, 160], (7 - i) as f64 / 7.0),
                Self::Signed(_) => ([190, 40, 0], (i as f64 - 7.0) / 7.0),
                Self::Positive(_) => ([0, 0, 0], i as f64 / 14.0),
            };
            *colour = end.map(|end| mix(end, share));
        }
        palette
    }

    fn colour(self, value: f64) -> u8 {
        let place = match self {
            Self::Signed(limit) => 7.0 + 7.0 * (value / limit).clamp(-1.0, 1.0),
            Self::Positive(limit) => 14.0 * (value / limit).clamp(0.0, 1.0),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 14"
        )]
        if place.is_finite() {
            place.round() as u8
        } else {
            15
        }
    }
}

/// One coordinate system with its series.
#[derive(Debug, Clone)]
pub struct Panel {
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    marks: Vec<(f64, String)>,
    field: Option<Field>,
}

impl Panel {
    /// An empty panel.
    #[must_use]
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            series: Vec::new(),
            marks: Vec::new(),
            field: None,
        }
    }

    /// The panel with a picture of values over both axes, whose ranges are those of the picture.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.x = self.x.range(field.x.0, field.x.1);
        self.y = self.y.range(field.y.0, field.y.1);
        self.field = Some(field);
        self
    }

    /// The panel with one more series; colours follow the order.
    #[must_use]
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The panel with a vertical line at `x` and its words.
    #[must_use]
    pub fn mark(mut self, x: f64, words: impl Into<String>) -> Self {
        self.marks.push((x, words.into()));
        self
    }
}

/// Panels below each other under one title.
#[derive(Debug, Clone)]
pub struct Figure {
    title: String,
    panels: Vec<Panel>,
    width: u32,
    panel_height: u32,
}

impl Figure {
    /// A figure without panels yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            panels: Vec::new(),
            width: 760,
            panel_height: 260,
        }
    }

    /// The figure with one more panel below.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// The figure with panels of this size, in pixels.
    #[must_use]
    pub fn size(mut self, width: u32, panel_height: u32) -> Self {
        self.width = width;
        self.panel_height = panel_height;
        self
    }

    /// The figure as SVG text, the same on every machine.
    ///
    /// # Errors
    /// If there is no panel, or the drawing fails, in words.
    pub fn render(&self) -> Result<String, String> {
        if self.panels.is_empty() {
            return Err(format!("the figure {} has no panel", self.title));
        }
        let rows = self.panels.len();
        let height = u32::try_from(rows)
            .ok()
            .and_then(|rows| rows.checked_mul(self.panel_height))
            .and_then(|h| h.checked_add(36))
            .ok_or_else(|| format!("{rows} panels are too many"))?;
        let mut svg = String::new();
        let mut pictures = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (self.width, height)).into_drawing_area();
            root.fill(&WHITE).map_err(|e| e.to_string())?;
            let body = root
                .titled(&self.title, (FONT, 18))
                .map_err(|e| e.to_string())?;
            for (area, panel) in body.split_evenly((rows, 1)).iter().zip(&self.panels) {
                pictures += &draw(area, panel)?;
            }
            root.present().map_err(|e| e.to_string())?;
        }
        if let Some(end) = svg.rfind("</svg>") {
            svg.insert_str(end, &pictures);
        }
        Ok(svg)
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Draws a panel; what must lie in its frame but cannot be drawn is returned as SVG text.
fn draw(area: &Area<'_>, panel: &Panel) -> Result<String, String> {
    let placed: Vec<Vec<(f64, f64)>> = panel
        .series
        .iter()
        .map(|s| {
            let place = |&(x, y): &(f64, f64)| Some((panel.x.place(x)?, panel.y.place(y)?));
            s.points
                .iter()
                .map(|p| place(p).unwrap_or((f64::NAN, f64::NAN)))
                .collect()
        })
        .collect();
    let finite = || placed.iter().flatten().filter(|p| p.0.is_finite());
    let bars = panel.series.iter().any(|s| s.shape == Shape::Bars);
    let floors = panel
        .series
        .iter()
        .flat_map(|s| s.floor.iter().filter_map(|&v| panel.y.place(v)));
    let ground = (bars && !panel.y.logarithmic).then_some(0.0);
    let (x0, x1) = panel.x.extent(finite().map(|p| p.0));
    let (y0, y1) = panel
        .y
        .extent(finite().map(|p| p.1).chain(floors).chain(ground));

    // The legend and the words of marks stand above the data, not on them.
    let words = panel.series.iter().any(|s| !s.name.is_empty())
        || panel.marks.iter().any(|(_, words)| !words.is_empty());
    let room = if words && panel.y.range.is_none() {
        let lines = panel.series.iter().filter(|s| !s.name.is_empty()).count();
        (y1 - y0) * (0.06 + 0.09 * lines.min(4) as f64)
    } else {
        0.0
    };
    let y1 = y1 + room;

    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(x0..x1, y0..y1)
        .map_err(|e| e.to_string())?;
    chart
        .configure_mesh()
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .x_label_formatter(&|v| panel.x.tick(*v))
        .y_label_formatter(&|v| panel.y.tick(*v))
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(9)
        .y_labels(6)
        .draw()
        .map_err(|e| e.to_string())?;

    for (i, (series, points)) in panel.series.iter().zip(&placed).enumerate() {
        let colour = PALETTE[i % PALETTE.len()];
        let stroke = colour.stroke_width(2);
        let runs = points
            .split(|p| !p.0.is_finite())
            .filter(|run| !run.is_empty());
        let mut legend = None;
        match series.shape {
            Shape::Line => {
                for run in runs {
                    legend = Some(
                        chart
                            .draw_series(LineSeries::new(run.iter().copied(), stroke))
                            .map_err(|e| e.to_string())?,
                    );
                }
            }
            Shape::Dashed => {
                for run in runs {
                    legend = Some(
                        chart
                            .draw_series(DashedLineSeries::new(run.iter().copied(), 6, 4, stroke))
                            .map_err(|e| e.to_string())?,
                    );
                }
            }
            Shape::Points => {
                let dots = runs.flatten().map(|&p| Circle::new(p, 3, colour.filled()));
                legend = Some(chart.draw_series(dots).map_err(|e| e.to_string())?);
            }
            Shape::Bars => {
                let half = 0.45
                    * points
                        .windows(2)
                        .map(|w| w[1].0 - w[0].0)
                        .fold(f64::INFINITY, f64::min);
                let half = if half.is_finite() && half > 0.0 {
                    half
                } else {
                    0.02 * (x1 - x0)
                };
                let base = if panel.y.logarithmic { y0 } else { 0.0 };
                let bars = runs.flatten().map(|&(x, y)| {
                    Rectangle::new([(x - half, base), (x + half, y)], colour.filled())
                });
                legend = Some(chart.draw_series(bars).map_err(|e| e.to_string())?);
            }
            Shape::Band => {
                let floor = points
                    .iter()
                    .zip(&series.floor)
                    .rev()
                    .filter_map(|(p, &low)| Some((p.0, panel.y.place(low)?)));
                let outline: Vec<_> = points
                    .iter()
                    .copied()
                    .chain(floor)
                    .filter(|p| p.0.is_finite())
                    .collect();
                let area = std::iter::once(Polygon::new(outline, colour.mix(0.2)));
                legend = Some(chart.draw_series(area).map_err(|e| e.to_string())?);
            }
        }
        if let Some(legend) = legend.filter(|_| !series.name.is_empty()) {
            legend.label(&series.name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3))
            });
        }
    }
    for (x, words) in &panel.marks {
        let Some(x) = panel.x.place(*x) else { continue };
        let grey = RGBColor(110, 110, 110);
        let line = std::iter::once(PathElement::new([(x, y0), (x, y1)], grey.stroke_width(1)));
        chart.draw_series(line).map_err(|e| e.to_string())?;
        let at = (x + 0.006 * (x1 - x0), y1 - 0.02 * (y1 - y0));
        let text = Text::new(words.clone(), at, (FONT, 12).into_font().color(&grey));
        chart
            .draw_series(std::iter::once(text))
            .map_err(|e| e.to_string())?;
    }
    if panel.series.iter().any(|s| !s.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font((FONT, 13))
            .draw()
            .map_err(|e| e.to_string())?;
    }
    let Some(field) = &panel.field else {
        return Ok(String::new());
    };
    let (x, y) = chart.plotting_area().get_pixel_range();
    let mut text = format!(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"{}\"/>\n",
        x.start,
        y.start,
        x.len(),
        y.len(),
        field.picture()?
    );
    // Marks lie under the picture.
    for (at, words) in &panel.marks {
        let share = (at - field.x.0) / (field.x.1 - field.x.0);
        if (0.0..=1.0).contains(&share) {
            let at = f64::from(x.start) + share * x.len() as f64;
            let _ = write!(
                text,
                "<path d=\"M{at:.1} {}v{}\" stroke=\"#000\" stroke-width=\"1.5\"/>\n\
                 <text x=\"{:.1}\" y=\"{}\" font-family=\"{FONT}\" font-size=\"12\">{words}</text>\n",
                y.start,
                y.len(),
                at + 5.0,
                y.start + 14,
            );
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> (Axis, Axis) {
        (Axis::new("x (1)"), Axis::new("y (1)"))
    }

    #[test]
    fn every_shape_draws() {
        let points = vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, 2.0)];
        let (x, y) = axes();
        let panel = Panel::new(x, y)
            .with(Series::line("line", points.clone()))
            .with(Series::dashed("dashed", points.clone()))
            .with(Series::points("points", points.clone()))
            .with(Series::bars("bars", points))
            .with(Series::band("band", &[(0.0, 0.5, 1.5), (3.0, 1.0, 2.5)]));
        let svg = Figure::new("All").panel(panel).render().unwrap();
        for word in [
            "line", "dashed", "points", "bars", "band", "x (1)", "<circle", "<polygon",
        ] {
            assert!(svg.contains(word), "{word}");
        }
    }

    #[test]
    fn a_field_is_a_picture_in_its_frame() {
        let values = vec![-2.0, 0.0, f64::NAN, 0.5, 1.0, 2.0];
        let (x, y) = axes();
        for scale in [Scale::Signed(1.0), Scale::Positive(1.0)] {
            let field = Field::new(2, values.clone(), (0.0, 3.0), (0.0, 2.0), scale);
            let panel = Panel::new(x.clone(), y.clone())
                .field(field)
                .mark(1.0, "here");
            let svg = Figure::new("Field").panel(panel).render().unwrap();
            assert!(
                svg.contains("<image") && svg.contains("here</text>\n</svg>"),
                "{svg}"
            );
        }
        assert_eq!(
            values
                .iter()
                .map(|&v| Scale::Signed(1.0).colour(v))
                .collect::<Vec<_>>(),
            [0, 7, 15, 11, 14, 14]
        );
        let empty = Field::new(0, vec![], (0.0, 1.0), (0.0, 1.0), Scale::Signed(1.0));
        let panel = Panel::new(x, y).field(empty);
        assert!(Figure::new("Empty").panel(panel).render().is_err());
    }

    #[test]
    fn logarithmic_axes_show_decades_and_leave_out_zero() {
        let (x, y) = axes();
        let panel = Panel::new(x.logarithmic(), y)
            .with(Series::line("", vec![(0.0, 0.0), (1e-3, 1.0), (1e3, 2.0)]));
        let svg = Figure::new("Log").panel(panel).render().unwrap();
        assert!(svg.contains("1e-2") && svg.contains("1e2"), "{svg}");
    }

    #[test]
    fn empty_and_constant_data_still_draw() {
        let (x, y) = axes();
        let panel = Panel::new(x, y).with(Series::line("flat", vec![(0.0, 2.0), (1.0, 2.0)]));
        assert!(Figure::new("Flat").panel(panel).render().is_ok());
        let (x, y) = axes();
        assert!(Figure::new("None").panel(Panel::new(x, y)).render().is_ok());
        assert!(Figure::new("No panel").render().is_err());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(-0.0), "0");
        assert_eq!(number(1e-7), "1.0e-7");
        assert_eq!(number(1200.0), "1200");
    }
}
