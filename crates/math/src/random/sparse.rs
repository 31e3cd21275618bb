use rand::{Rng, RngExt};

use super::Entries;
use super::entries::require;
use crate::{Csr, Error, Real, check_finite};

/// A matrix with exactly `fan_in` entries in every row, in random columns.
///
/// Row by row draws first the columns, as [`distinct`], then the values from left to right. Costs
/// $O(\text{rows} \cdot \text{fan\_in} \log \text{fan\_in})$.
///
/// # Errors
/// [`Error::OutOfRange`] if `fan_in` is above `columns`, or `columns` beyond 2³²; those of
/// [`Entries::check`]; [`Error::NonFinite`] if an entry overflows in this precision.
pub fn sparse_by_fan_in<T: Real, R: Rng + ?Sized>(
    rows: usize,
    columns: usize,
    fan_in: usize,
    entries: Entries,
    rng: &mut R,
) -> Result<Csr<T>, Error> {
    entries.check()?;
    let column_count = as_u32("columns", columns)?;
    let count = as_u32("fan-in", fan_in)?;
    let range = "must not be above the number of columns";
    require("fan-in", fan_in as f64, fan_in <= columns, range)?;
    let mut column_indices = Vec::with_capacity(rows * fan_in);
    let mut values = Vec::with_capacity(rows * fan_in);
    let mut chosen = Vec::with_capacity(fan_in);
    for _ in 0..rows {
        distinct_into(column_count, count, rng, &mut chosen);
        column_indices.extend_from_slice(&chosen);
        values.extend(chosen.iter().map(|_| entries.sample::<T, R>(rng)));
    }
    let row_starts = (0..=rows).map(|row| row * fan_in).collect();
    Csr::from_parts(rows, columns, row_starts, column_indices, values)
}

/// A matrix in which every place holds an entry with probability `density`, independently.
///
/// Goes along the rows from entry to entry: a uniform draw $u$ gives the number of places to leave
/// out, $\lfloor \ln(1 - u) / \ln(1 - p) \rfloor$ (geometrically distributed), then the value is
/// drawn. One more $u$ ends beyond the last place. At density 1 only values are drawn, at density 0
/// nothing. Costs are proportional to the number of entries.
///
/// # Errors
/// [`Error::OutOfRange`] if `density` is outside of [0, 1], or `columns` beyond 2³²; those of
/// [`Entries::check`]; [`Error::NonFinite`] if an entry overflows in this precision.
pub fn sparse_by_density<T: Real, R: Rng + ?Sized>(
    rows: usize,
    columns: usize,
    density: f64,
    entries: Entries,
    rng: &mut R,
) -> Result<Csr<T>, Error> {
    entries.check()?;
    let column_count = u64::from(as_u32("columns", columns)?);
    let fits = (0.0..=1.0).contains(&density);
    require("density", density, fits, "must be in [0, 1]")?;
    let places = (rows as u64).checked_mul(column_count);
    let fits = places.is_some_and(|places| places < 1 << 53);
    require("rows", rows as f64, fits, "must give fewer than 2⁵³ places")?;
    let places = places.unwrap_or(0);
    if density == 0.0 {
        return Csr::zeros(rows, columns);
    }

    let expected = density * places as f64;
    let capacity = expected + 4.0 * expected.sqrt();
    let mut column_indices: Vec<u32> = Vec::with_capacity(capacity as usize);
    let mut values: Vec<T> = Vec::with_capacity(capacity as usize);
    let mut row_starts = Vec::with_capacity(rows + 1);
    row_starts.push(0);
    let log_gap = (-density).ln_1p();
    let mut place = 0_u64;
    loop {
        if density < 1.0 {
            let gap = (-f64::standard_uniform(rng)).ln_1p() / log_gap;
            // Saturates where the quotient is beyond every place.
            place = place.saturating_add(gap as u64);
        }
        if place >= places {
            break;
        }
        let (row, column) = (place / column_count, place % column_count);
        while (row_starts.len() as u64) <= row {
            row_starts.push(values.len());
        }
        column_indices.push(column as u32);
        values.push(entries.sample(rng));
        place += 1;
    }
    row_starts.resize(rows + 1, values.len());
    check_finite("random matrix", &values)?;
    Csr::from_parts(rows, columns, row_starts, column_indices, values)
}

/// `count` different numbers below `n`, in increasing order; every set is equally likely.
///
/// Floyd's method: exactly `count` draws, $j$-th from $[0, n - \text{count} + j]$, of which one that
/// was drawn before is replaced by the upper end.[^floyd]
///
/// [^floyd]: Bentley, Floyd (1987), *A sample of brilliance*, Communications of the ACM 30, 754–757.
///
/// # Errors
/// [`Error::OutOfRange`] if `count` is above `n`.
pub fn distinct<R: Rng + ?Sized>(n: u32, count: u32, rng: &mut R) -> Result<Vec<u32>, Error> {
    let range = "must not be above the number to choose from";
    require("count", f64::from(count), count <= n, range)?;
    let mut chosen = Vec::with_capacity(count as usize);
    distinct_into(n, count, rng, &mut chosen);
    Ok(chosen)
}

fn distinct_into<R: Rng + ?Sized>(n: u32, count: u32, rng: &mut R, chosen: &mut Vec<u32>) {
    // Below this, looking through the list is faster than a bit for every number.
    const FEW: u32 = 64;
    chosen.clear();
    let mut bits = vec![0_u64; if count > FEW { n as usize / 64 + 1 } else { 0 }];
    for top in n - count..n {
        let drawn = rng.random_range(0..=top);
        let known = if count > FEW {
            bits[drawn as usize / 64] >> (drawn % 64) & 1 == 1
        } else {
            chosen.contains(&drawn)
        };
        let number = if known { top } else { drawn };
        if count > FEW {
            bits[number as usize / 64] |= 1 << (number % 64);
        }
        chosen.push(number);
    }
    chosen.sort_unstable();
}

fn as_u32(what: &'static str, value: usize) -> Result<u32, Error> {
    u32::try_from(value).map_err(|_| Error::OutOfRange {
        what,
        value: value as f64,
        range: "must be below 2³²",
    })
}
