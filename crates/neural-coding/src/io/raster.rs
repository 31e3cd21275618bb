use std::path::Path;

use neuropil_math::save::write_atomically;

use super::read_with;
use crate::{Error, Raster};

/// Reads a train from each line: a `0` or `1` for each step, side by side or separated by blanks,
/// commas or semicolons.
///
/// Empty lines, and lines that begin with `#`, are nothing.
///
/// # Errors
/// [`Error::Text`] with the line for any other sign, or a line of another length than the first;
/// [`Error::TooLarge`] if it does not fit into the memory.
pub fn parse_raster(text: &str) -> Result<Raster, Error> {
    let lines = || {
        let numbered = text.lines().enumerate();
        let trimmed = numbered.map(|(index, line)| (index + 1, line.trim()));
        trimmed.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    };
    let separator = |byte: &u8| byte.is_ascii_whitespace() || b",;".contains(byte);
    let steps = |line: &str| line.bytes().filter(|byte| !separator(byte)).count();
    let width = lines().next().map_or(0, |(_, line)| steps(line));
    let mut raster = Raster::new(lines().count(), width)?;
    for (train, (line, content)) in lines().enumerate() {
        let problem = |problem: String| Error::Text { line, problem };
        if steps(content) != width {
            let found = steps(content);
            return Err(problem(format!(
                "{found} steps, the first line has {width}"
            )));
        }
        let row = raster.row_mut(train);
        let bits = content.bytes().filter(|byte| !separator(byte));
        for (step, byte) in bits.enumerate() {
            match byte {
                b'0' => {}
                b'1' => row[step / 64] |= 1 << (step % 64),
                other => {
                    let sign = char::from(other).escape_default();
                    return Err(problem(format!("`{sign}` in step {step} is no 0 or 1")));
                }
            }
        }
    }
    Ok(raster)
}

/// Writes a line of zeros and ones for each train, without separators.
#[must_use]
pub fn format_raster(raster: &Raster) -> String {
    let mut text = String::new();
    for train in 0..raster.trains() {
        for step in 0..raster.steps() {
            text.push(if raster.get(train, step) { '1' } else { '0' });
        }
        text.push('\n');
    }
    text
}

/// [`parse_raster`] of a file.
///
/// # Errors
/// [`Error::Math`] with the path if the file cannot be read, or as [`parse_raster`] with its words.
pub fn read_raster(path: impl AsRef<Path>) -> Result<Raster, Error> {
    read_with(path.as_ref(), parse_raster)
}

/// [`format_raster`] to a file, which is whole or not there.
///
/// # Errors
/// [`Error::Math`] with the path if it cannot be written.
pub fn write_raster(path: impl AsRef<Path>, raster: &Raster) -> Result<(), Error> {
    let text = format_raster(raster);
    Ok(write_atomically(path, |file| {
        file.write_all(text.as_bytes())
    })?)
}
