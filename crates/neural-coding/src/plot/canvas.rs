use core::fmt::Write;

use crate::Error;

/// The palette of Okabe and Ito.
pub(super) const PALETTE: [&str; 7] = [
    "#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
];

/// The most marks of a figure: more are no picture but a burden.
const MARKS: usize = 1_000_000;

/// Refuses a figure of too many marks.
pub(super) fn check_marks(what: &'static str, size: usize) -> Result<(), Error> {
    if size > MARKS {
        Err(Error::TooLarge {
            what,
            size,
            limit: MARKS,
        })
    } else {
        Ok(())
    }
}

/// A document that is drawn from back to front.
pub(super) struct Canvas {
    text: String,
}

impl Canvas {
    /// A white sheet of this size in pixels; the title is drawn, the description is for screen readers.
    pub(super) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let (title, description) = (escaped(title), escaped(description));
        let mut canvas = Self {
            text: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
                 viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"sans-serif\">\n\
                 <title>{title}</title>\n<desc>{description}</desc>\n\
                 <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
            ),
        };
        // A letter is about half as wide as high: long titles are smaller, so that they fit.
        let fits = 1.75 * width / title.chars().count().max(1) as f64;
        canvas.words(width / 2.0, 22.0, fits.clamp(7.0, 16.0), "middle", &title);
        canvas
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn push(&mut self, element: core::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.text.write_fmt(element);
    }

    /// Text that has been escaped already.
    fn words(&mut self, x: f64, y: f64, size: f64, anchor: &str, escaped: &str) {
        let (x, y, size) = (Pixel(x), Pixel(y), Pixel(size));
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{escaped}</text>\n"
        ));
    }

    /// Text at a point: `anchor` is `start`, `middle` or `end`.
    pub(super) fn label(&mut self, x: f64, y: f64, anchor: &str, words: &str) {
        self.words(x, y, 12.0, anchor, &escaped(words));
    }

    /// Text that reads upwards, its middle at a point.
    pub(super) fn upright(&mut self, x: f64, y: f64, words: &str) {
        let (x, y, words) = (Pixel(x), Pixel(y), escaped(words));
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"12\" text-anchor=\"middle\" \
             transform=\"rotate(-90 {x} {y})\">{words}</text>\n"
        ));
    }

    /// A path with a stroke.
    pub(super) fn stroke(&mut self, path: &str, colour: &str, width: f64) {
        if !path.is_empty() {
            self.push(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n"
            ));
        }
    }

    /// A filled path of upright edges, which are not blurred: neighbours leave no seam.
    pub(super) fn fill(&mut self, path: &str, colour: &str) {
        if !path.is_empty() {
            self.push(format_args!(
                "<path d=\"{path}\" fill=\"{colour}\" shape-rendering=\"crispEdges\"/>\n"
            ));
        }
    }

    /// A picture over a whole frame, its pixels as rectangles.
    pub(super) fn image(&mut self, frame: &Frame, uri: &str) {
        let (x, y) = (Pixel(frame.left), Pixel(frame.top));
        let (width, height) = (Pixel(frame.width), Pixel(frame.height));
        self.push(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"{uri}\"/>\n"
        ));
    }

    /// A rectangle that runs through the colours of [`heat`], from below.
    pub(super) fn heat_bar(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let (x, y, width, height) = (Pixel(x), Pixel(y), Pixel(width), Pixel(height));
        self.push(format_args!(
            "<linearGradient id=\"heat\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">"
        ));
        for stop in 0..5 {
            let (share, colour) = (f64::from(stop) / 4.0, heat(f64::from(stop) / 4.0));
            self.push(format_args!(
                "<stop offset=\"{share}\" stop-color=\"{colour}\"/>"
            ));
        }
        self.push(format_args!(
            "</linearGradient>\n<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             fill=\"url(#heat)\"/>\n"
        ));
    }

    /// A rectangle that is filled.
    pub(super) fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, colour: &str) {
        let (x, y, width, height) = (Pixel(x), Pixel(y), Pixel(width), Pixel(height));
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>\n"
        ));
    }

    /// A dot.
    pub(super) fn dot(&mut self, x: f64, y: f64, colour: &str) {
        let (x, y) = (Pixel(x), Pixel(y));
        self.push(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"2\" fill=\"{colour}\"/>\n"
        ));
    }

    /// Names of curves with their colours, from right to left above a frame.
    pub(super) fn legend(&mut self, frame: &Frame, names: &[(&str, &str)]) {
        let mut right = frame.left + frame.width;
        for (name, colour) in names.iter().rev() {
            self.label(right, frame.top - 6.0, "end", name);
            right -= 7.0 * name.chars().count() as f64 + 6.0;
            self.rectangle(right - 14.0, frame.top - 12.0, 14.0, 4.0, colour);
            right -= 26.0;
        }
    }
}

/// Where data are drawn, and what of them.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
    /// Whether the horizontal and the vertical axis count something: no ticks between whole numbers.
    pub(super) counted: (bool, bool),
}

impl Frame {
    /// The column of pixels of a value.
    pub(super) fn px(&self, x: f64) -> f64 {
        self.left + (x - self.x.0) / (self.x.1 - self.x.0) * self.width
    }

    /// The row of pixels of a value.
    pub(super) fn py(&self, y: f64) -> f64 {
        self.top + (self.y.1 - y) / (self.y.1 - self.y.0) * self.height
    }

    /// The axes at the left and below, with ticks and words.
    pub(super) fn axes(&self, canvas: &mut Canvas, x_label: Option<&str>, y_label: &str) {
        let (left, bottom) = (self.left, self.top + self.height);
        let mut path = format!(
            "M{} {}V{}H{}",
            Pixel(left),
            Pixel(self.top),
            Pixel(bottom),
            Pixel(left + self.width)
        );
        let least = |counted: bool| if counted { 1.0 } else { 0.0 };
        let wanted = if x_label.is_some() { 8.0 } else { 0.0 };
        for (value, words) in ticks(self.x, wanted, least(self.counted.0)) {
            let x = self.px(value);
            let _ = write!(path, "M{} {}v5", Pixel(x), Pixel(bottom));
            canvas.label(x, bottom + 18.0, "middle", &words);
        }
        for (value, words) in ticks(self.y, 5.0, least(self.counted.1)) {
            let y = self.py(value);
            let _ = write!(path, "M{} {}h-5", Pixel(left), Pixel(y));
            canvas.label(left - 8.0, y + 4.0, "end", &words);
        }
        canvas.stroke(&path, "#444444", 1.0);
        if let Some(words) = x_label {
            canvas.label(left + self.width / 2.0, bottom + 36.0, "middle", words);
        }
        canvas.upright(16.0, self.top + self.height / 2.0, y_label);
    }

    /// A line through points, interrupted where one is not finite.
    pub(super) fn line(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        let mut pen = 'M';
        for (x, y) in points {
            if x.is_finite() && y.is_finite() {
                let _ = write!(path, "{pen}{} {}", Pixel(self.px(x)), Pixel(self.py(y)));
                pen = 'L';
            } else {
                pen = 'M';
            }
        }
        path
    }
}

/// From the smallest to the largest finite value; from 0 to 1 without any, and wider by a bit for a
/// constant or where the difference overflows.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    if low > high {
        return (0.0, 1.0);
    }
    // What no axis can show is cut.
    let (low, high) = (low.max(-1e300), high.min(1e300));
    let least = 1e-9 * low.abs().max(high.abs());
    if high - low > least {
        (low, high)
    } else {
        let half = 0.5 * if low == 0.0 { 1.0 } else { low.abs() };
        (low - half, low + half)
    }
}

/// About `wanted` round numbers inside of a range, no closer than `least`, and how they are written.
pub(super) fn ticks((from, to): (f64, f64), wanted: f64, least: f64) -> Vec<(f64, String)> {
    let (low, high) = (from.min(to), from.max(to));
    if wanted < 1.0 {
        return Vec::new();
    }
    let raw = ((high - low) / wanted).max(least);
    let decade = 10.0_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * decade)
        .find(|step| *step >= raw)
        .unwrap_or(10.0 * decade);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    // Far from zero with a small range, the steps are smaller than what the numbers resolve.
    if !(step > 0.0 && last - first <= 2.0 * wanted + 2.0) {
        return Vec::new();
    }
    let digits = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let small = high.abs().max(low.abs()) < 1e6 && step >= 1e-6;
    (0..=(last - first) as usize)
        .map(|k| {
            let value = (first + k as f64) * step;
            // No negative zero.
            let value = if value.abs() < 1e-9 * step {
                0.0
            } else {
                value
            };
            let words = if small {
                format!("{value:.digits$}")
            } else {
                format!("{value:.2e}")
            };
            (value, words)
        })
        .collect()
}

/// A coordinate with a tenth of a pixel, which is what is seen.
pub(super) struct Pixel(pub(super) f64);

impl core::fmt::Display for Pixel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Values far outside of the frame stay short.
        let tenths = (10.0 * self.0).round().clamp(-1e6, 1e6) as i64;
        if tenths % 10 == 0 {
            write!(f, "{}", tenths / 10)
        } else {
            let sign = if tenths < 0 { "-" } else { "" };
            write!(f, "{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
        }
    }
}

/// Text for the inside of an element: markup is told as text, control characters are left out.
fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// From dark blue over grey to yellow, rising in lightness for every reader; `share` from 0 to 1.
pub(super) fn heat(share: f64) -> String {
    let [red, green, blue] = heat_bytes(share);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// [`heat`] as red, green and blue.
pub(super) fn heat_bytes(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 5] = [
        [0.0, 32.0, 77.0],
        [65.0, 77.0, 107.0],
        [124.0, 123.0, 120.0],
        [188.0, 174.0, 108.0],
        [255.0, 234.0, 70.0],
    ];
    let at = share.clamp(0.0, 1.0) * 4.0;
    let below = (at.floor() as usize).min(3);
    let part = at - below as f64;
    let mix = |i: usize| {
        let colour = STOPS[below][i] + part * (STOPS[below + 1][i] - STOPS[below][i]);
        colour.round() as u8
    };
    [mix(0), mix(1), mix(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_short() {
        let text = |x: f64| Pixel(x).to_string();
        assert_eq!(text(1.0), "1");
        assert_eq!(text(-0.25), "-0.3");
        assert_eq!(text(12.34), "12.3");
        assert_eq!(text(f64::INFINITY), "100000");
        assert_eq!(text(f64::NAN), "0");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let words: Vec<String> = ticks((0.0, 1.0), 5.0, 0.0)
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(words, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let words: Vec<String> = ticks((-3.0, 7.0), 5.0, 0.0)
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(words, ["-2", "0", "2", "4", "6"]);
        let words: Vec<String> = ticks((-0.5, 1.5), 5.0, 1.0)
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(words, ["0", "1"], "counted");
        for range in [
            (0.0, 0.0),
            (1e16, 1e16 + 4.0),
            (-1e300, 1e300),
            (0.0, 1e-300),
        ] {
            assert!(ticks(range, 8.0, 0.0).len() < 20, "{range:?}");
        }
    }

    #[test]
    fn ranges_are_never_empty() {
        for values in [
            vec![],
            vec![f64::NAN],
            vec![2.0; 3],
            vec![0.0],
            vec![f64::MAX, f64::MIN],
        ] {
            let (low, high) = range(values.iter().copied());
            assert!(low < high && (high - low).is_finite(), "{values:?}");
        }
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(escaped("a<b & \u{1}c>"), "a&lt;b &amp;  c&gt;");
    }

    #[test]
    fn heat_grows_lighter() {
        let lightness = |share: f64| {
            let colour = heat(share);
            let part = |i: usize| i64::from_str_radix(&colour[i..i + 2], 16).unwrap();
            2 * part(1) + 5 * part(3) + part(5)
        };
        let all: Vec<i64> = (0..=20).map(|i| lightness(f64::from(i) / 20.0)).collect();
        assert!(all.windows(2).all(|w| w[0] < w[1]), "{all:?}");
    }
}
