//! What every series is asked before it is used.

use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::Error;

/// Refuses sizes that do not agree.
pub(crate) fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected,
            found,
        })
    }
}

/// Refuses NaN and infinity in samples of `channels` values, with channel and time.
pub(crate) fn check_samples<T: Real>(
    what: &'static str,
    samples: &[T],
    channels: usize,
) -> Result<(), Error> {
    match samples.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NonFinite {
            what,
            channel: index % channels.max(1),
            time: index / channels.max(1),
        }),
    }
}

/// Refuses a series of other channels, of too few samples, or with a value that is missing.
pub(crate) fn check_series<T: Real>(
    what: &'static str,
    series: &DMatrix<T>,
    channels: usize,
    needed: usize,
) -> Result<(), Error> {
    check_size(what, channels, series.nrows())?;
    if series.ncols() < needed {
        return Err(Error::TooShort {
            what,
            needed,
            found: series.ncols(),
        });
    }
    check_samples(what, series.as_slice(), channels)
}

/// Zeros for `rows` × `columns`, or an error where there is no memory for them.
pub(crate) fn allocate<T: Real>(rows: usize, columns: usize) -> Result<Vec<T>, Error> {
    let refused = Error::OutOfMemory {
        features: rows,
        samples: columns,
    };
    let Some(length) = rows.checked_mul(columns) else {
        return Err(refused);
    };
    let mut values = Vec::new();
    if values.try_reserve_exact(length).is_err() {
        return Err(refused);
    }
    values.resize(length, T::zero());
    Ok(values)
}
