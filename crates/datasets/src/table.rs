use core::str;
use std::collections::BTreeSet;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};
use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::Error;

/// How a file of comma-separated values is read into a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableConfig {
    /// What separates the cells: an ASCII character, not a quote, a digit or an end of line.
    pub delimiter: char,
    /// What a line that is a comment begins with, if there are such lines.
    pub comment: Option<char>,
    /// Which columns are read.
    pub columns: Columns,
    /// The rows that there must be at least below the header.
    pub minimum_rows: usize,
}

impl Default for TableConfig {
    /// Commas, no comments, every column a number, at least one row.
    fn default() -> Self {
        Self {
            delimiter: ',',
            comment: None,
            columns: Columns::All,
            minimum_rows: 1,
        }
    }
}

/// Which columns of a file a [`Table`] holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// All of them; one without numbers is an error.
    All,
    /// Those that hold numbers; the others are left out and named by [`Table::left_out`]. A column in
    /// which some cells are numbers and some are not is an error.
    Numeric,
    /// Those of these names, in this order.
    Named(Vec<String>),
}

/// Named columns of finite numbers, all of one length.
///
/// ```
/// use std::path::Path;
/// use neuropil_datasets::{Columns, Table, TableConfig};
///
/// let text = "date,level\n2020-01-01,1.5\n2020-01-02,2.5\n";
/// let config = TableConfig { columns: Columns::Numeric, ..TableConfig::default() };
/// let table = Table::parse(text.as_bytes(), Path::new("levels.csv"), &config)?;
/// assert_eq!(table.column("level"), Some(&[1.5, 2.5][..]));
/// assert_eq!(table.left_out(), ["date"]);
///
/// let bad = "level\n1.5\noops\n";
/// let error = Table::parse(bad.as_bytes(), Path::new("levels.csv"), &config).unwrap_err();
/// assert_eq!(error.to_string(), "levels.csv, line 3, column 1 (level): \"oops\" is not a number");
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
    left_out: Vec<String>,
}

/// A column while it is read.
struct Column {
    /// Its place in the file.
    place: usize,
    values: Vec<f64>,
    /// The line and the fault of the first cell that is no finite number.
    bad: Option<(usize, String)>,
    /// Whether any cell is a number.
    any: bool,
}

impl Table {
    /// Reads a file.
    ///
    /// The first line that is neither blank nor a comment names the columns. Cells may be quoted and
    /// surrounded by spaces; a byte-order mark and both kinds of line ends are accepted.
    ///
    /// # Errors
    /// With the line and the column, where there is one: if the file cannot be read, has no header or
    /// too few rows, a name twice, a row of another length, or a cell in a chosen column that is
    /// empty, no number, NaN or infinite.
    pub fn read(path: &Path, config: &TableConfig) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
        Self::parse(&bytes, path, config)
    }

    /// Reads the contents of a file; `path` is for the errors alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(bytes: &[u8], path: &Path, config: &TableConfig) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let delimiter = ascii("delimiter", config.delimiter)?;
        let comment = match config.comment {
            Some(c) => Some(ascii("comment", c)?),
            None => None,
        };
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .comment(comment)
            .terminator(Terminator::CRLF)
            .trim(Trim::All)
            .has_headers(false)
            // The lengths are checked here, with the line that the reader does not know.
            .flexible(true)
            .from_reader(bytes);
        let mut lines = Lines {
            bytes,
            comment,
            byte: 0,
            line: 1,
        };
        let mut record = ByteRecord::new();
        let mut read = |record: &mut ByteRecord| -> Result<Option<usize>, Error> {
            let more = reader
                .read_byte_record(record)
                .map_err(|e| Error::malformed(path, e.to_string()))?;
            let byte = record.position().map_or(0, csv::Position::byte);
            Ok(more.then(|| lines.of_record(byte)))
        };

        let Some(header_line) = read(&mut record)? else {
            return Err(Error::malformed(
                path,
                "the file is empty, without a header",
            ));
        };
        let names = names(&record, path, header_line)?;
        let mut columns = choose(&names, config, path)?;
        let mut rows = 0;
        while let Some(line) = read(&mut record)? {
            if record.len() != names.len() {
                return Err(Error::Line {
                    path: path.to_path_buf(),
                    line,
                    problem: format!("{} cells, the header has {}", record.len(), names.len()),
                });
            }
            rows += 1;
            for column in &mut columns {
                column.push(&record[column.place], line);
            }
        }
        // Before the count of rows: a file of one line is more likely one without a header.
        let named = matches!(config.columns, Columns::Named(_));
        if !named && rows > 0 && are_values(&names) {
            return Err(Error::Line {
                path: path.to_path_buf(),
                line: header_line,
                problem: "numbers where the names of the columns should be".to_owned(),
            });
        }
        if rows < config.minimum_rows {
            return Err(Error::TooFewRows {
                path: path.to_path_buf(),
                rows,
                needed: config.minimum_rows,
            });
        }
        Self::assemble(names, columns, config, path)
    }

    fn assemble(
        names: Vec<String>,
        columns: Vec<Column>,
        config: &TableConfig,
        path: &Path,
    ) -> Result<Self, Error> {
        let mut table = Self {
            names: Vec::new(),
            columns: Vec::new(),
            left_out: Vec::new(),
        };
        let mut faults = Vec::new();
        for column in columns {
            let name = names[column.place].clone();
            match column.bad {
                None => {
                    table.names.push(name);
                    table.columns.push(column.values);
                }
                Some(_) if !column.any => table.left_out.push(name),
                Some((line, problem)) => faults.push((line, column.place, name, problem)),
            }
        }
        let all = matches!(config.columns, Columns::Numeric);
        if !table.left_out.is_empty() && (!all || table.names.is_empty() && faults.is_empty()) {
            return Err(Error::NotNumeric {
                path: path.to_path_buf(),
                columns: table.left_out,
                hint: hint(&names, config.delimiter),
            });
        }
        if let Some((line, place, name, problem)) = faults.into_iter().min() {
            return Err(Error::Cell {
                path: path.to_path_buf(),
                line,
                column: place + 1,
                name,
                problem,
            });
        }
        Ok(table)
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of the columns of the file that hold no numbers and were left out.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The values of the column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        let place = self.names.iter().position(|n| n == name)?;
        Some(&self.columns[place])
    }

    /// The columns as channels, a row of the file as a sample: columns × rows.
    #[must_use]
    pub fn to_matrix<T: Real>(&self) -> DMatrix<T> {
        DMatrix::from_fn(self.columns.len(), self.rows(), |channel, sample| {
            T::of(self.columns[channel][sample])
        })
    }
}

impl Column {
    fn push(&mut self, cell: &[u8], line: usize) {
        let problem = match str::from_utf8(unquoted(cell)).map(|text| (text, text.parse::<f64>())) {
            Ok((_, Ok(value))) => {
                self.any = true;
                self.values.push(value);
                if value.is_finite() {
                    return;
                }
                format!("{value} is not finite")
            }
            Ok(("", _)) => "the cell is empty".to_owned(),
            Ok((text, Err(_))) => format!("{text:?} is not a number"),
            Err(_) => "the cell is not UTF-8".to_owned(),
        };
        self.bad.get_or_insert((line, problem));
    }
}

/// Counts lines: the reader gives the byte at which it went on, which may be that of a comment or a
/// blank line above the record.
struct Lines<'a> {
    bytes: &'a [u8],
    comment: Option<u8>,
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    fn of_record(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).map_or(self.bytes.len(), |b| b.min(self.bytes.len()));
        while self.byte < byte {
            self.line += usize::from(self.ends_line(self.byte));
            self.byte += 1;
        }
        let (mut start, mut line) = (self.byte, self.line);
        while let Some(&first) = self.bytes.get(start) {
            if first != b'\n' && first != b'\r' && Some(first) != self.comment {
                break;
            }
            let Some(end) = (start..self.bytes.len()).find(|&i| self.ends_line(i)) else {
                break;
            };
            line += 1;
            start = end + 1;
        }
        line
    }

    fn ends_line(&self, at: usize) -> bool {
        match self.bytes[at] {
            b'\n' => true,
            b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        }
    }
}

fn ascii(what: &'static str, c: char) -> Result<u8, Error> {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() && !b"\"\r\n".contains(&byte) && !byte.is_ascii_digit() => {
            Ok(byte)
        }
        _ => Err(Error::out_of_range(
            what,
            f64::from(u32::from(c)),
            "as a character must be ASCII, no quote, digit or end of line",
        )),
    }
}

fn names(record: &ByteRecord, path: &Path, line: usize) -> Result<Vec<String>, Error> {
    let error = |problem| Error::Line {
        path: path.to_path_buf(),
        line,
        problem,
    };
    let mut seen = BTreeSet::new();
    let mut names = Vec::with_capacity(record.len());
    for (place, name) in record.iter().enumerate() {
        let name = match str::from_utf8(unquoted(name)) {
            // What writes row numbers often leaves their column without a name.
            Ok("") => format!("column {}", place + 1),
            Ok(name) => name.to_owned(),
            Err(_) => return Err(error(format!("name {} is not UTF-8", place + 1))),
        };
        if !seen.insert(name.clone()) {
            return Err(error(format!("two columns are named {name}")));
        }
        names.push(name);
    }
    Ok(names)
}

/// To the reader a quote after a space is a part of the cell; to the program that wrote it, it is not.
fn unquoted(cell: &[u8]) -> &[u8] {
    match cell {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => cell,
    }
}

/// Whether these names look like a row of data: all numbers, and not just counted.
fn are_values(names: &[String]) -> bool {
    let counted = names.iter().enumerate().all(|(i, n)| *n == i.to_string());
    !counted && names.iter().all(|n| n.parse::<f64>().is_ok())
}

fn choose(names: &[String], config: &TableConfig, path: &Path) -> Result<Vec<Column>, Error> {
    let column = |place| Column {
        place,
        values: Vec::new(),
        bad: None,
        any: false,
    };
    let Columns::Named(wanted) = &config.columns else {
        return Ok((0..names.len()).map(column).collect());
    };
    if wanted.is_empty() {
        return Err(neuropil_math::Error::Empty {
            what: "the list of columns",
        }
        .into());
    }
    let place = |name: &String| {
        let found = names.iter().position(|n| n == name);
        found.map(column).ok_or_else(|| Error::NoColumn {
            path: path.to_path_buf(),
            name: name.clone(),
            available: names.to_vec(),
        })
    };
    wanted.iter().map(place).collect()
}

/// A single column whose name holds another delimiter was split by the wrong one.
fn hint(names: &[String], delimiter: char) -> String {
    let [name] = names else {
        return String::new();
    };
    match [';', '\t', '|', ',']
        .into_iter()
        .find(|&d| d != delimiter && name.contains(d))
    {
        Some(found) => format!("the delimiter may be {found:?}, not {delimiter:?}"),
        None => String::new(),
    }
}
