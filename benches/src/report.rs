//! A table with notes and figures: printed for people, written for the book.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use neuropil_test_kit::plot::Figure;
use serde::{Deserialize, Serialize};

/// What an experiment or a comparison found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// One line above the table.
    pub title: String,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// What a reader must know to trust the table.
    pub notes: Vec<String>,
    /// Single numbers that prose quotes, by name.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Pictures, by file name without ending.
    #[serde(skip)]
    pub figures: Vec<(String, Figure)>,
    /// Pictures that are SVG text already, by file name without ending.
    #[serde(skip)]
    pub drawings: Vec<(String, String)>,
}

impl Report {
    /// An empty table.
    #[must_use]
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.iter().map(|&c| c.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Adds a note.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Adds a number that prose may quote.
    pub fn value(&mut self, name: &str, text: impl Into<String>) {
        self.values.insert(name.to_owned(), text.into());
    }

    /// Adds a picture.
    pub fn figure(&mut self, name: &str, figure: Figure) {
        self.figures.push((name.to_owned(), figure));
    }

    /// Adds a picture that a crate has drawn itself, as SVG text.
    pub fn drawing(&mut self, name: &str, svg: String) {
        self.drawings.push((name.to_owned(), svg));
    }

    /// The table as text with aligned columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = |i: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(i));
            cells
                .chain(self.columns.get(i))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(c, &w)| format!("{c:<w$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut text = format!("{}\n\n  {}\n", self.title, line(&self.columns));
        let rule = widths.iter().map(|&w| "-".repeat(w)).collect::<Vec<_>>();
        let _ = writeln!(text, "  {}", rule.join("  "));
        for row in &self.rows {
            let _ = writeln!(text, "  {}", line(row));
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n  {note}");
        }
        text
    }

    /// Writes `NAME.json` into `results` and the pictures into `figures`; returns the files.
    ///
    /// # Errors
    /// A file that cannot be written, or a picture that cannot be drawn, in words.
    pub fn write(
        &self,
        name: &str,
        results: &Path,
        figures: &Path,
    ) -> Result<Vec<PathBuf>, String> {
        let json = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        let mut files = vec![write(results, &format!("{name}.json"), &(json + "\n"))?];
        for (name, figure) in &self.figures {
            files.push(write(figures, &format!("{name}.svg"), &figure.render()?)?);
        }
        for (name, svg) in &self.drawings {
            files.push(write(figures, &format!("{name}.svg"), svg)?);
        }
        Ok(files)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let path = folder.join(name);
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// A number with `digits` significant digits, in the form that is shorter to read.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        // Between 0.001 and 99 999 the exponent is small, and digits are few.
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        let decimals = (digits as i64 - 1 - exponent as i64).max(0);
        format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))
    } else {
        format!("{value:.*e}", digits.saturating_sub(1))
    }
}

/// Mean ± deviation of the mean over √n, with `digits` significant digits.
#[must_use]
pub fn mean_and_error(values: &[f64], digits: usize) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    format!(
        "{} ± {}",
        significant(mean, digits),
        significant((variance / n).sqrt(), digits.saturating_sub(1).max(1))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(significant(0.002_114, 3), "0.00211");
        assert_eq!(significant(1234.5, 3), "1234");
        assert_eq!(significant(1.234e-7, 2), "1.2e-7");
        assert_eq!(significant(30.51, 3), "30.5");
        assert_eq!(mean_and_error(&[1.0, 3.0], 3), "2.00 ± 0.71");
    }

    #[test]
    fn tables_align() {
        let mut report = Report::new("T", &["a", "long"]);
        report.row(["xyz", "1"]);
        assert!(
            report
                .to_text()
                .contains("  a    long\n  ---  ----\n  xyz  1\n")
        );
    }
}
