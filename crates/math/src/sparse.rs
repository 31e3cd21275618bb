use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::linear_map::{Scale, Storage, scale_values};
use crate::{Error, LinearMap, Real, check_finite, check_size};

/// Rows that [`Csr::apply_activated`] sums before it activates them together: enough for a
/// vectorised activation, few enough to stay in the nearest cache.
const BLOCK: usize = 64;

/// A sparse matrix by rows (compressed sparse rows).
///
/// Row $i$ holds the entries `values[row_starts[i]..row_starts[i + 1]]` in the columns
/// `column_indices[..]` of the same range, which increase. Every way to build one checks this, and
/// that all values are finite, once; products check only the lengths of their vectors.
///
/// Every product of a row sums entry $k$ of the row into the partial sum $k \bmod 4$ and ends with
/// $(s_0 + s_1) + (s_2 + s_3)$, without fused multiplication, so that all of them agree to the bit,
/// on every platform.
///
/// ```
/// use neuropil_math::{Csr, LinearMap};
///
/// let w = Csr::from_triplets(2, 3, &[(0, 2, 0.5), (1, 0, -1.0), (0, 0, 2.0)])?;
/// let mut y = [0.0; 2];
/// w.apply(&[1.0, 10.0, 100.0], &mut y)?;
/// assert_eq!(y, [52.0, -1.0]);
///
/// // One step of a reservoir, y = tanh(b + W x), in one pass.
/// let tanh = |z: &mut [f64]| z.iter_mut().for_each(|z| *z = z.tanh());
/// w.apply_activated(&[0.1, 0.2, 0.3], &[&[1.0, 1.0]], tanh, &mut y)?;
/// assert_eq!(y, [(0.35_f64 + 1.0).tanh(), (-0.1_f64 + 1.0).tanh()]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts<T>", bound = "T: Real")]
pub struct Csr<T: Real> {
    rows: usize,
    columns: usize,
    row_starts: Vec<usize>,
    column_indices: Vec<u32>,
    values: Vec<T>,
}

/// What a file holds, before anything is checked.
#[derive(Deserialize)]
#[serde(rename = "Csr", bound = "T: Real", deny_unknown_fields)]
struct Parts<T: Real> {
    rows: usize,
    columns: usize,
    row_starts: Vec<usize>,
    column_indices: Vec<u32>,
    values: Vec<T>,
}

impl<T: Real> TryFrom<Parts<T>> for Csr<T> {
    type Error = Error;

    fn try_from(parts: Parts<T>) -> Result<Self, Error> {
        let Parts {
            rows,
            columns,
            row_starts,
            column_indices,
            values,
        } = parts;
        Self::from_parts(rows, columns, row_starts, column_indices, values)
    }
}

impl<T: Real> Csr<T> {
    /// The matrix of these arrays, as [`Csr`] describes them.
    ///
    /// # Errors
    /// [`Error::Shape`] if lengths do not agree, [`Error::OutOfRange`] if `row_starts` decreases,
    /// if a column is outside of the matrix or if the columns of a row do not increase,
    /// [`Error::NonFinite`] if a value is NaN or infinite.
    pub fn from_parts(
        rows: usize,
        columns: usize,
        row_starts: Vec<usize>,
        column_indices: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self, Error> {
        check_columns(columns)?;
        check_size("row starts", rows.saturating_add(1), row_starts.len())?;
        check_size("values", column_indices.len(), values.len())?;
        check_size("first row start", 0, row_starts[0])?;
        check_size("last row start", values.len(), row_starts[rows])?;
        for window in row_starts.windows(2) {
            let &[start, end] = window else { continue };
            if end < start || end > values.len() {
                return Err(out_of_range("row start", end, "must not decrease"));
            }
            let row = &column_indices[start..end];
            if let Some(&last) = row.last().filter(|&&last| last as usize >= columns) {
                let range = "must be below the number of columns";
                return Err(out_of_range("column index", last as usize, range));
            }
            if let Some(pair) = row.windows(2).find(|pair| pair[0] >= pair[1]) {
                let range = "must be above the one before it in its row";
                return Err(out_of_range("column index", pair[1] as usize, range));
            }
        }
        check_finite("sparse matrix", &values)?;
        Ok(Self {
            rows,
            columns,
            row_starts,
            column_indices,
            values,
        })
    }

    /// The matrix of these (row, column, value), in any order.
    ///
    /// Entries of the same place are added up, in the order in which they are given. An entry of
    /// value 0 is kept.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if an entry is outside of the matrix, [`Error::NonFinite`] if a value
    /// or a sum is.
    pub fn from_triplets(
        rows: usize,
        columns: usize,
        triplets: &[(usize, usize, T)],
    ) -> Result<Self, Error> {
        check_columns(columns)?;
        let mut row_starts = vec![0; rows + 1];
        for (index, &(row, column, value)) in triplets.iter().enumerate() {
            if row >= rows {
                return Err(out_of_range(
                    "row index",
                    row,
                    "must be below the number of rows",
                ));
            }
            if column >= columns {
                let range = "must be below the number of columns";
                return Err(out_of_range("column index", column, range));
            }
            if !value.is_finite() {
                let what = "sparse matrix";
                return Err(Error::NonFinite { what, index });
            }
            row_starts[row + 1] += 1;
        }
        for row in 0..rows {
            row_starts[row + 1] += row_starts[row];
        }
        let mut next = row_starts.clone();
        let mut entries = vec![(0_u32, T::zero()); triplets.len()];
        for &(row, column, value) in triplets {
            entries[next[row]] = (index_of(column), value);
            next[row] += 1;
        }
        let mut column_indices = Vec::with_capacity(entries.len());
        let mut values: Vec<T> = Vec::with_capacity(entries.len());
        let mut start = 0;
        for row in 0..rows {
            let end = row_starts[row + 1];
            let row_begin = values.len();
            row_starts[row] = row_begin;
            let row_entries = &mut entries[start..end];
            // Stable: entries of one place stay in the order in which they came.
            row_entries.sort_by_key(|&(column, _)| column);
            for &(column, value) in row_entries.iter() {
                if values.len() > row_begin && column_indices.last() == Some(&column) {
                    if let Some(last) = values.last_mut() {
                        *last += value;
                    }
                } else {
                    column_indices.push(column);
                    values.push(value);
                }
            }
            start = end;
        }
        row_starts[rows] = values.len();
        Self::from_parts(rows, columns, row_starts, column_indices, values)
    }

    /// The entries of a dense matrix that are not 0.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if an entry is, [`Error::OutOfRange`] beyond 2³² columns.
    pub fn from_dense(matrix: &DMatrix<T>) -> Result<Self, Error> {
        check_columns(matrix.ncols())?;
        check_finite("matrix", matrix.as_slice())?;
        let (rows, columns) = matrix.shape();
        let mut row_starts = vec![0; rows + 1];
        for column in matrix.column_iter() {
            for (row, value) in column.iter().enumerate() {
                row_starts[row + 1] += usize::from(!value.is_zero());
            }
        }
        for row in 0..rows {
            row_starts[row + 1] += row_starts[row];
        }
        let count = row_starts[rows];
        let mut next = row_starts.clone();
        let mut column_indices = vec![0; count];
        let mut values = vec![T::zero(); count];
        for (j, column) in matrix.column_iter().enumerate() {
            for (row, &value) in column.iter().enumerate() {
                if !value.is_zero() {
                    column_indices[next[row]] = index_of(j);
                    values[next[row]] = value;
                    next[row] += 1;
                }
            }
        }
        Ok(Self {
            rows,
            columns,
            row_starts,
            column_indices,
            values,
        })
    }

    /// The matrix without entries.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond 2³² columns.
    pub fn zeros(rows: usize, columns: usize) -> Result<Self, Error> {
        Self::from_parts(rows, columns, vec![0; rows + 1], Vec::new(), Vec::new())
    }

    /// The number of rows.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.columns
    }

    /// How many entries are stored; those of value 0 count.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// The columns and the values of row `row`; nothing if there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> (&[u32], &[T]) {
        match self.row_starts.get(row..).unwrap_or_default() {
            &[start, end, ..] => (&self.column_indices[start..end], &self.values[start..end]),
            _ => (&[], &[]),
        }
    }

    /// The entry of this place: 0 where none is stored, and outside of the matrix.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> T {
        let (columns, values) = self.row(row);
        u32::try_from(column)
            .ok()
            .and_then(|column| columns.binary_search(&column).ok())
            .map_or_else(T::zero, |k| values[k])
    }

    /// Every stored (row, column, value), row by row.
    pub fn triplets(&self) -> impl Iterator<Item = (usize, usize, T)> + '_ {
        (0..self.rows).flat_map(|row| {
            let (columns, values) = self.row(row);
            columns
                .iter()
                .zip(values)
                .map(move |(&column, &value)| (row, column as usize, value))
        })
    }

    /// Where each row starts in [`column_indices`](Self::column_indices) and
    /// [`values`](Self::values), and where the last one ends.
    #[must_use]
    pub fn row_starts(&self) -> &[usize] {
        &self.row_starts
    }

    /// The column of every stored entry, row by row.
    #[must_use]
    pub fn column_indices(&self) -> &[u32] {
        &self.column_indices
    }

    /// The value of every stored entry, row by row.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The transpose.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond 2³² rows.
    pub fn transpose(&self) -> Result<Self, Error> {
        check_columns(self.rows)?;
        let mut row_starts = vec![0; self.columns + 1];
        for &column in &self.column_indices {
            row_starts[column as usize + 1] += 1;
        }
        for row in 0..self.columns {
            row_starts[row + 1] += row_starts[row];
        }
        let mut next = row_starts.clone();
        let mut column_indices = vec![0; self.stored()];
        let mut values = vec![T::zero(); self.stored()];
        for (row, column, value) in self.triplets() {
            column_indices[next[column]] = index_of(row);
            values[next[column]] = value;
            next[column] += 1;
        }
        Ok(Self {
            rows: self.columns,
            columns: self.rows,
            row_starts,
            column_indices,
            values,
        })
    }

    /// The same matrix with every zero in its place.
    #[must_use]
    pub fn to_dense(&self) -> DMatrix<T> {
        let mut dense = DMatrix::zeros(self.rows, self.columns);
        for (row, column, value) in self.triplets() {
            dense[(row, column)] = value;
        }
        dense
    }

    /// $y \leftarrow y + W x$. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as a row, or `y` not as long as a column.
    pub fn apply_add(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.columns, x.len())?;
        check_size("entries of y", self.rows, y.len())?;
        self.each_row(0, y, |columns, values, y| {
            *y += row_product(columns, values, x);
        });
        Ok(())
    }

    /// $y = f(W x + a_1 + a_2 + \dots)$ in one pass, in the order in which the `addends` (a bias,
    /// the input's share) are given. Allocates nothing.
    ///
    /// The `activation` $f$ works in place on a block of at most 64 rows at a time, while they are
    /// in the nearest cache; it must treat every element on its own.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` is not as long as a row, or `y` or an addend not as long as a
    /// column.
    pub fn apply_activated(
        &self,
        x: &[T],
        addends: &[&[T]],
        mut activation: impl FnMut(&mut [T]),
        y: &mut [T],
    ) -> Result<(), Error> {
        check_size("entries of x", self.columns, x.len())?;
        check_size("entries of y", self.rows, y.len())?;
        for addend in addends {
            check_size("entries of an addend", self.rows, addend.len())?;
        }
        for (block, y) in y.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            self.each_row(first, y, |columns, values, y| {
                *y = row_product(columns, values, x);
            });
            for addend in addends {
                for (y, &a) in y.iter_mut().zip(&addend[first..]) {
                    *y += a;
                }
            }
            activation(y);
        }
        Ok(())
    }

    /// $Y = W X$, one vector per column; each the same to the bit as by
    /// [`apply`](LinearMap::apply). Reads the matrix once for four columns. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `x` or `y` has another number of rows than the matrix needs, or `y`
    /// another number of columns than `x`.
    pub fn apply_columns(&self, x: &DMatrix<T>, y: &mut DMatrix<T>) -> Result<(), Error> {
        check_size("rows of x", self.columns, x.nrows())?;
        check_size("rows of y", self.rows, y.nrows())?;
        check_size("columns of y", x.ncols(), y.ncols())?;
        if self.rows == 0 || self.columns == 0 {
            y.fill(T::zero());
            return Ok(());
        }
        let (rows, columns) = (self.rows, self.columns);
        let fours = x.ncols() / 4 * 4;
        let (x4, x_rest) = x.as_slice().split_at(fours * columns);
        let (y4, y_rest) = y.as_mut_slice().split_at_mut(fours * rows);
        for (x, y) in x4
            .chunks_exact(4 * columns)
            .zip(y4.chunks_exact_mut(4 * rows))
        {
            let x: [&[T]; 4] = core::array::from_fn(|j| &x[j * columns..(j + 1) * columns]);
            for row in 0..rows {
                let (columns, values) = self.row(row);
                let products = row_products(columns, values, x);
                for (j, product) in products.into_iter().enumerate() {
                    y[j * rows + row] = product;
                }
            }
        }
        for (x, y) in x_rest
            .chunks_exact(columns)
            .zip(y_rest.chunks_exact_mut(rows))
        {
            self.apply(x, y)?;
        }
        Ok(())
    }

    /// Hands `work` the columns and values of every row from `first` on, and its element of `y`.
    #[inline(always)]
    fn each_row(&self, first: usize, y: &mut [T], mut work: impl FnMut(&[u32], &[T], &mut T)) {
        for (window, y) in self.row_starts[first..].windows(2).zip(y) {
            let range = window[0]..window[1];
            work(&self.column_indices[range.clone()], &self.values[range], y);
        }
    }
}

impl<T: Real> LinearMap<T> for Csr<T> {
    fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    fn apply(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.columns, x.len())?;
        check_size("entries of y", self.rows, y.len())?;
        self.each_row(0, y, |columns, values, y| {
            *y = row_product(columns, values, x);
        });
        Ok(())
    }

    fn apply_transpose(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        check_size("entries of x", self.rows, x.len())?;
        check_size("entries of y", self.columns, y.len())?;
        y.fill(T::zero());
        for (row, &x) in x.iter().enumerate() {
            let (columns, values) = self.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                y[column as usize] += value * x;
            }
        }
        Ok(())
    }

    fn storage(&self) -> Storage<'_, T> {
        Storage::Sparse(self)
    }
}

impl<T: Real> Scale for Csr<T> {
    fn scale_by(&mut self, factor: f64) -> Result<(), Error> {
        scale_values(&mut self.values, factor)
    }
}

// The index into x is checked and costs nothing that could be measured at 100 entries per row
// (8 % at 10 per row), so there is no unsafe code here; four partial sums are what counts.
#[inline(always)]
fn row_product<T: Real>(columns: &[u32], values: &[T], x: &[T]) -> T {
    let (columns4, columns_rest) = columns.as_chunks::<4>();
    let (values4, values_rest) = values.as_chunks::<4>();
    let mut sums = [T::zero(); 4];
    for (columns, values) in columns4.iter().zip(values4) {
        for lane in 0..4 {
            sums[lane] += values[lane] * x[columns[lane] as usize];
        }
    }
    for (lane, (&column, &value)) in columns_rest.iter().zip(values_rest).enumerate() {
        sums[lane] += value * x[column as usize];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// [`row_product`] with four vectors.
#[inline(always)]
fn row_products<T: Real>(columns: &[u32], values: &[T], x: [&[T]; 4]) -> [T; 4] {
    let (columns4, columns_rest) = columns.as_chunks::<4>();
    let (values4, values_rest) = values.as_chunks::<4>();
    let mut sums = [[T::zero(); 4]; 4];
    for (columns, values) in columns4.iter().zip(values4) {
        for lane in 0..4 {
            let column = columns[lane] as usize;
            for j in 0..4 {
                sums[lane][j] += values[lane] * x[j][column];
            }
        }
    }
    for (lane, (&column, &value)) in columns_rest.iter().zip(values_rest).enumerate() {
        for j in 0..4 {
            sums[lane][j] += value * x[j][column as usize];
        }
    }
    core::array::from_fn(|j| (sums[0][j] + sums[1][j]) + (sums[2][j] + sums[3][j]))
}

fn check_columns(columns: usize) -> Result<(), Error> {
    if columns > u32::MAX as usize {
        return Err(out_of_range("columns", columns, "must be below 2³²"));
    }
    Ok(())
}

fn out_of_range(what: &'static str, value: usize, range: &'static str) -> Error {
    let value = value as f64;
    Error::OutOfRange { what, value, range }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the number of columns was checked to fit"
)]
fn index_of(column: usize) -> u32 {
    column as u32
}
