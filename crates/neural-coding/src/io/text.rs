use core::fmt::Write as _;
use std::path::Path;

use neuropil_math::save::write_atomically;
use serde::{Deserialize, Serialize};

use super::read_with;
use crate::error::check_positive;
use crate::{Duplicates, Error, SpikeTrain, SpikeTrains};

/// How a text of spike times is read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// One second, in the unit of the text: 1000 for milliseconds.
    pub second: f64,
    /// Whether a line without anything on it is a train without spikes; else it is nothing.
    pub empty_lines: bool,
    /// Whether times that are not sorted are sorted; else they are an error.
    pub sort: bool,
    /// What to do with a second spike at the same time.
    pub duplicates: Duplicates,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            second: 1.0,
            empty_lines: true,
            sort: false,
            duplicates: Duplicates::Refuse,
        }
    }
}

/// Reads a train from each line: times that are separated by blanks, commas or semicolons.
///
/// Lines that begin with `#` are comments. The window is in seconds, whatever the unit of the text.
/// PySpike ignores empty lines, as [`TextConfig::empty_lines`] does when it is not set.
///
/// # Errors
/// [`Error::Text`] with the line for what is no number, NaN, infinite, not sorted, outside of the
/// window, or at the same time as another spike; [`Error::Window`], and [`Error::OutOfRange`] for a
/// second that is not positive.
pub fn parse_text(text: &str, t0: f64, t1: f64, config: &TextConfig) -> Result<SpikeTrains, Error> {
    check_positive("second", config.second)?;
    let mut trains = SpikeTrains::new(t0, t1)?;
    for (index, line) in text.lines().enumerate() {
        let at_line = |problem: String| Error::Text {
            line: index + 1,
            problem,
        };
        let content = line.trim();
        if content.starts_with('#') || (content.is_empty() && !config.empty_lines) {
            continue;
        }
        let separator = |c: char| c.is_whitespace() || c == ',' || c == ';';
        let times = content
            .split(separator)
            .filter(|word| !word.is_empty())
            .map(|word| match word.parse::<f64>() {
                Ok(time) => Ok(time / config.second),
                Err(_) => Err(at_line(format!("`{}` is no number", shortened(word)))),
            })
            .collect::<Result<Vec<f64>, Error>>()?;
        let train = if config.sort {
            SpikeTrain::from_unsorted(times, t0, t1, config.duplicates)
        } else {
            SpikeTrain::with_duplicates(times, t0, t1, config.duplicates)
        };
        trains.push(&train.map_err(|e| at_line(e.to_string()))?)?;
    }
    Ok(trains)
}

/// The beginning of a word that may be a whole file.
fn shortened(word: &str) -> String {
    let mut beginning: String = word.chars().take(40).collect();
    if beginning.len() < word.len() {
        beginning.push('…');
    }
    beginning
}

/// Writes a line of times in seconds for each train, separated by blanks.
///
/// What is read again has the same bits. A window is not written.
#[must_use]
pub fn format_text(trains: &SpikeTrains) -> String {
    let mut text = String::new();
    for train in trains.iter() {
        for (k, time) in train.times().iter().enumerate() {
            let separator = if k == 0 { "" } else { " " };
            // The shortest decimal that means this number.
            let _ = write!(text, "{separator}{time}");
        }
        text.push('\n');
    }
    text
}

/// [`parse_text`] of a file.
///
/// # Errors
/// [`Error::Math`] with the path if the file cannot be read, or as [`parse_text`] with its words.
pub fn read_text(
    path: impl AsRef<Path>,
    t0: f64,
    t1: f64,
    config: &TextConfig,
) -> Result<SpikeTrains, Error> {
    read_with(path.as_ref(), |text| parse_text(text, t0, t1, config))
}

/// [`format_text`] to a file, which is whole or not there.
///
/// # Errors
/// [`Error::Math`] with the path if it cannot be written.
pub fn write_text(path: impl AsRef<Path>, trains: &SpikeTrains) -> Result<(), Error> {
    let text = format_text(trains);
    Ok(write_atomically(path, |file| {
        file.write_all(text.as_bytes())
    })?)
}
