use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::{Columns, Error, LabelledImages, Table, TableConfig};

const DIGITS_IMAGES: &[u8] = include_bytes!("../data/digits-images-idx3-ubyte.gz");
const DIGITS_LABELS: &[u8] = include_bytes!("../data/digits-labels-idx1-ubyte.gz");
const SUNSPOTS_YEARLY: &[u8] = include_bytes!("../data/sunspots-yearly.csv");
const SUNSPOTS_MONTHLY: &[u8] = include_bytes!("../data/sunspots-monthly.csv");
const CO2_WEEKLY: &[u8] = include_bytes!("../data/co2-weekly.csv");

/// A real series with equal spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    times: Vec<f64>,
    values: Vec<f64>,
    filled: Vec<usize>,
    season: Option<f64>,
}

impl Series {
    /// The time of each value in years of the calendar, with a fraction.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Where no value was measured and one was interpolated.
    #[must_use]
    pub fn filled(&self) -> &[usize] {
        &self.filled
    }

    /// How many values make a season of fixed length, if there is one.
    #[must_use]
    pub fn season(&self) -> Option<f64> {
        self.season
    }

    /// The values as one channel, 1 × length.
    #[must_use]
    pub fn to_matrix<T: Real>(&self) -> DMatrix<T> {
        let values = self.values.iter().map(|&x| T::of(x));
        DMatrix::from_iterator(1, self.values.len(), values)
    }
}

/// 1797 handwritten digits of 8 × 8 pixels from 0 to 16: the test half of the set *Optical Recognition
/// of Handwritten Digits*.
///
/// E. Alpaydin, C. Kaynak (1998), UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>,
/// licence CC BY 4.0; the copy that scikit-learn 1.9 carries, in another format.
///
/// ```
/// let digits = neuropil_datasets::digits()?;
/// assert_eq!((digits.len(), digits.size()), (1797, (8, 8)));
/// assert_eq!(digits.labels()[..4], [0, 1, 2, 3]);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn digits() -> Result<LabelledImages, Error> {
    let name = Path::new("the bundled digits");
    LabelledImages::parse(DIGITS_IMAGES, DIGITS_LABELS, 16, name)
}

/// Sunspot numbers, yearly means of 1700 to 2008.
///
/// National Geophysical Data Center (NOAA), public domain; the copy that statsmodels 0.15 carries. This
/// is version 1 of the international series: since 2015 there is a revised one.
///
/// ```
/// let sunspots = neuropil_datasets::sunspots_yearly()?;
/// assert_eq!((sunspots.times()[0], sunspots.values()[0]), (1700.0, 5.0));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn sunspots_yearly() -> Result<Series, Error> {
    let columns = numbers("the bundled yearly sunspots", SUNSPOTS_YEARLY)?;
    Ok(Series {
        times: column(&columns, "year"),
        values: column(&columns, "sunspots"),
        filled: Vec::new(),
        season: None,
    })
}

/// Sunspot numbers, monthly means of January 1749 to December 2008; the time is the middle of the
/// month. Source and version are those of [`sunspots_yearly`].
///
/// ```
/// let sunspots = neuropil_datasets::sunspots_monthly()?;
/// assert_eq!((sunspots.values().len(), sunspots.values()[0]), (3120, 58.0));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn sunspots_monthly() -> Result<Series, Error> {
    let columns = numbers("the bundled monthly sunspots", SUNSPOTS_MONTHLY)?;
    let years = column(&columns, "year");
    let months = column(&columns, "month");
    let time = |(year, month)| year + (month - 0.5) / 12.0;
    Ok(Series {
        times: years.into_iter().zip(months).map(time).collect(),
        values: column(&columns, "sunspots"),
        filled: Vec::new(),
        season: None,
    })
}

/// Carbon dioxide in the air at Mauna Loa, ppm by volume, weekly means of 29 March 1958 to 29 December
/// 2001; 59 weeks without a mean are interpolated linearly and listed.
///
/// C. D. Keeling, T. P. Whorf (2004), Carbon Dioxide Information Analysis Center, Oak Ridge National
/// Laboratory, public domain; the copy that statsmodels 0.15 carries.
///
/// ```
/// let co2 = neuropil_datasets::co2_weekly()?;
/// assert_eq!((co2.values().len(), co2.filled().len()), (2284, 59));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn co2_weekly() -> Result<Series, Error> {
    let mut lines = core::str::from_utf8(CO2_WEEKLY).unwrap_or_default().lines();
    lines.next();
    let mut times = Vec::new();
    let mut measured = Vec::new();
    for line in lines {
        let mut cells = line.split(',').map(|cell| cell.parse::<f64>().ok());
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), Some(ppm)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            let name = Path::new("the bundled CO2 series");
            return Err(Error::malformed(name, format!("bad line {line}")));
        };
        times.push(year + day_of_year(year, month, day) / days_of_year(year));
        measured.push(ppm);
    }
    let (values, filled) = fill(&measured);
    Ok(Series {
        times,
        values,
        filled,
        season: Some(365.2425 / 7.0),
    })
}

/// [`co2_weekly`] as means of the months of March 1958 to December 2001, each over the weeks that end
/// in it; a month without a measured week is listed as filled.
///
/// ```
/// let co2 = neuropil_datasets::co2_monthly()?;
/// assert_eq!((co2.values().len(), co2.season()), (526, Some(12.0)));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn co2_monthly() -> Result<Series, Error> {
    let weekly = co2_weekly()?;
    let month_of = |time: f64| {
        let year = time.floor();
        // Half a day more than its start is surely within the day.
        let day = ((time - year) * days_of_year(year)).round();
        let month = (1..=12)
            .rev()
            .find(|&m| day_of_year(year, f64::from(m), 1.0) <= day);
        12.0 * year + f64::from(month.unwrap_or(1) - 1)
    };
    let mut series = Series {
        times: Vec::new(),
        values: Vec::new(),
        filled: Vec::new(),
        season: Some(12.0),
    };
    let mut start = 0;
    while start < weekly.times.len() {
        let month = month_of(weekly.times[start]);
        let weeks = weekly.times[start..]
            .iter()
            .take_while(|&&time| month_of(time) == month)
            .count();
        let end = start + weeks;
        let is_measured = |week: &usize| weekly.filled.binary_search(week).is_err();
        let mut used: Vec<f64> = (start..end)
            .filter(is_measured)
            .map(|week| weekly.values[week])
            .collect();
        if used.is_empty() {
            used = weekly.values[start..end].to_vec();
            series.filled.push(series.values.len());
        }
        series.times.push((month + 0.5) / 12.0);
        series
            .values
            .push(used.iter().sum::<f64>() / used.len() as f64);
        start = end;
    }
    Ok(series)
}

fn numbers(name: &str, bytes: &[u8]) -> Result<Table, Error> {
    let config = TableConfig {
        columns: Columns::All,
        ..TableConfig::default()
    };
    Table::parse(bytes, Path::new(name), &config)
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    table.column(name).unwrap_or_default().to_vec()
}

fn is_leap(year: f64) -> bool {
    year % 4.0 == 0.0 && (year % 100.0 != 0.0 || year % 400.0 == 0.0)
}

fn days_of_year(year: f64) -> f64 {
    if is_leap(year) { 366.0 } else { 365.0 }
}

/// Days from the start of the year, 0 for the first of January.
fn day_of_year(year: f64, month: f64, day: f64) -> f64 {
    const BEFORE: [f64; 12] = [
        0.0, 31.0, 59.0, 90.0, 120.0, 151.0, 181.0, 212.0, 243.0, 273.0, 304.0, 334.0,
    ];
    let before = BEFORE.get(month as usize - 1).copied().unwrap_or(0.0);
    let leap = if month > 2.0 && is_leap(year) {
        1.0
    } else {
        0.0
    };
    before + leap + day - 1.0
}

/// Fills gaps linearly (constantly at the ends); the values and where they were filled.
fn fill(measured: &[Option<f64>]) -> (Vec<f64>, Vec<usize>) {
    let mut values = Vec::with_capacity(measured.len());
    let mut filled = Vec::new();
    let mut before: Option<(usize, f64)> = None;
    for (i, value) in measured.iter().enumerate() {
        if let Some(value) = *value {
            before = Some((i, value));
            values.push(value);
            continue;
        }
        filled.push(i);
        let after = measured[i..].iter().position(Option::is_some);
        let after = after.and_then(|k| measured[i + k].map(|v| (i + k, v)));
        values.push(match (before, after) {
            (Some((i0, v0)), Some((i1, v1))) => v0 + (v1 - v0) * (i - i0) as f64 / (i1 - i0) as f64,
            (Some((_, v)), None) | (None, Some((_, v))) => v,
            (None, None) => f64::NAN,
        });
    }
    (values, filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_linearly_and_ends_constantly() {
        let measured = [None, Some(1.0), None, None, Some(4.0), None];
        let (values, filled) = fill(&measured);
        assert_eq!(values, [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        assert_eq!(filled, [0, 2, 3, 5]);
    }

    #[test]
    fn days_are_counted_in_leap_years_too() {
        assert_eq!(day_of_year(2000.0, 12.0, 31.0), 365.0);
        assert_eq!(day_of_year(1900.0, 12.0, 31.0), 364.0);
        assert_eq!(day_of_year(2001.0, 3.0, 1.0), 59.0);
    }
}
