//! One strongly connected block of a matrix, prepared: in `f64`, scaled to entries of about 1, and
//! balanced.

use nalgebra::{Complex, DMatrix};

use super::components::{self, Graph};
use super::schur;
use crate::{Csr, Error, LinearMap, Real};

/// Denser blocks are kept as dense matrices.
const SPARSE_BELOW: f64 = 0.25;

pub(super) enum Block {
    Sparse(Csr<f64>),
    Dense(DMatrix<f64>),
}

impl Block {
    /// A block of `size` rows given by its (line, place, value), line by line, in order; and the
    /// number that it was divided by, a power of two. Lines are rows, or columns: the transpose has
    /// the same eigenvalues.
    pub(super) fn of<T: Real>(
        entries: impl Iterator<Item = (usize, usize, T)> + Clone,
        size: usize,
    ) -> Result<(Self, f64), Error> {
        let (mut largest, mut count) = (0.0_f64, 0_usize);
        for (_, _, value) in entries.clone() {
            largest = largest.max(value.to_f64().abs());
            count += usize::from(!value.is_zero());
        }
        if largest == 0.0 {
            return Ok((Self::Sparse(Csr::zeros(size, size)?), 1.0));
        }
        // Powers of two round nothing; two steps, for the inverse of the smallest numbers
        // overflows.
        let exponent = largest.log2().floor();
        let (half, rest) = (
            (0.5 * exponent).floor(),
            exponent - (0.5 * exponent).floor(),
        );
        let scaled = |value: T| value.to_f64() * (-half).exp2() * (-rest).exp2();
        let block = if (count as f64) < SPARSE_BELOW * size as f64 * size as f64 {
            let mut starts = Vec::with_capacity(size + 1);
            let mut places = Vec::with_capacity(count);
            let mut values = Vec::with_capacity(count);
            for (line, place, value) in entries.filter(|(_, _, value)| !value.is_zero()) {
                if starts.len() <= line {
                    starts.resize(line + 1, values.len());
                }
                places.push(place as u32);
                values.push(scaled(value));
            }
            starts.resize(size + 1, values.len());
            let sparse = Csr::from_parts(size, size, starts, places, values)?;
            Self::Sparse(balance_sparse(sparse)?)
        } else {
            let mut dense = DMatrix::zeros(size, size);
            for (line, place, value) in entries {
                dense[(place, line)] = scaled(value);
            }
            if is_uneven(size, dense_entries(&dense)) {
                schur::balance(&mut dense);
            }
            Self::Dense(dense)
        };
        Ok((block, exponent.exp2()))
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Sparse(w) => w.nrows(),
            Self::Dense(w) => w.nrows(),
        }
    }

    pub(super) fn to_dense(&self) -> DMatrix<f64> {
        match self {
            Self::Sparse(w) => w.to_dense(),
            Self::Dense(w) => w.clone(),
        }
    }

    pub(super) fn into_dense(self) -> DMatrix<f64> {
        match self {
            Self::Sparse(w) => w.to_dense(),
            Self::Dense(w) => w,
        }
    }

    /// A number that the spectral radius does not exceed: the least of the three norms that are
    /// cheap.
    pub(super) fn bound(&self) -> f64 {
        match self {
            Self::Sparse(w) => bound(w.nrows(), w.triplets()),
            Self::Dense(w) => bound(w.nrows(), dense_entries(w)),
        }
    }

    /// The period of the block's graph and the class of every row.
    pub(super) fn period(&self) -> (usize, Vec<usize>) {
        match self {
            Self::Sparse(w) => components::period(w),
            Self::Dense(w) => components::period(w),
        }
    }

    /// The part of $B^p$ that maps one class of a block of period `p` to itself: all of the other
    /// eigenvalues are roots of its eigenvalues. Gives the matrix, the exponent of the power of two
    /// it was divided by, and a bound of the rounding error in any of its entries.
    pub(super) fn cycle(&self, period: usize, classes: &[usize], class: usize) -> Cycle {
        match self {
            Self::Sparse(w) => cycle(w, period, classes, class, |i, j| w.get(i, j)),
            // The graph of a dense matrix runs along its columns.
            Self::Dense(w) => cycle(w, period, classes, class, |j, i| w[(i, j)]),
        }
    }
}

impl LinearMap<f64> for Block {
    fn shape(&self) -> (usize, usize) {
        (self.size(), self.size())
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
        match self {
            Self::Sparse(w) => w.apply(x, y),
            Self::Dense(w) => w.apply(x, y),
        }
    }

    fn apply_transpose(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
        match self {
            Self::Sparse(w) => w.apply_transpose(x, y),
            Self::Dense(w) => w.apply_transpose(x, y),
        }
    }
}

/// What [`Block::cycle`] gives.
pub(super) struct Cycle {
    pub(super) matrix: DMatrix<f64>,
    pub(super) exponent: f64,
    pub(super) rounding: f64,
}

fn cycle(
    graph: &impl Graph,
    period: usize,
    classes: &[usize],
    class: usize,
    value: impl Fn(usize, usize) -> f64,
) -> Cycle {
    let mut members = vec![Vec::new(); period];
    let mut place = vec![0; classes.len()];
    for (node, &c) in classes.iter().enumerate() {
        place[node] = members[c].len();
        members[c].push(node);
    }
    let width = members[class].len();
    // Transposed: the share of every member of the class in a row lies together.
    let mut product = DMatrix::<f64>::identity(width, width);
    // The same product of the absolute values, applied to ones.
    let mut size = vec![1.0_f64; width];
    let mut exponent = 0.0;
    for step in 1..=period {
        let rows = &members[(class + period - step % period) % period];
        let mut next = DMatrix::<f64>::zeros(width, rows.len());
        let mut next_size = vec![0.0_f64; rows.len()];
        for (r, &node) in rows.iter().enumerate() {
            let mut at = 0;
            while let Some((end, after)) = graph.edge(node, at) {
                at = after;
                let entry = value(node, end);
                next_size[r] += entry.abs() * size[place[end]];
                let from = &product.as_slice()[place[end] * width..][..width];
                let to = &mut next.as_mut_slice()[r * width..][..width];
                for (to, from) in to.iter_mut().zip(from) {
                    *to += entry * from;
                }
            }
        }
        let largest = next_size.iter().fold(0.0_f64, |m, &x| m.max(x));
        if largest > 0.0 {
            let shift = largest.log2().round();
            exponent += shift;
            let factor = (-shift).exp2();
            next *= factor;
            for x in &mut next_size {
                *x *= factor;
            }
        }
        product = next;
        size = next_size;
    }
    let largest = size.iter().fold(0.0_f64, |m, &x| m.max(x));
    Cycle {
        matrix: product,
        exponent,
        rounding: period as f64 * f64::EPSILON * largest,
    }
}

fn dense_entries(w: &DMatrix<f64>) -> impl Iterator<Item = (usize, usize, f64)> + Clone + '_ {
    let rows = w.nrows().max(1);
    w.as_slice()
        .chunks(rows)
        .enumerate()
        .flat_map(|(j, column)| column.iter().enumerate().map(move |(i, &v)| (i, j, v)))
}

fn bound(size: usize, entries: impl Iterator<Item = (usize, usize, f64)>) -> f64 {
    let (mut rows, mut columns) = (vec![0.0_f64; size], vec![0.0_f64; size]);
    let mut squares = 0.0;
    for (i, j, value) in entries {
        rows[i] += value.abs();
        columns[j] += value.abs();
        squares += value * value;
    }
    let largest = |sums: &[f64]| sums.iter().fold(0.0_f64, |m, &s| m.max(s));
    largest(&rows).min(largest(&columns)).min(squares.sqrt())
}

/// Whether balancing would change anything.
fn is_uneven(size: usize, entries: impl Iterator<Item = (usize, usize, f64)>) -> bool {
    let (mut rows, mut columns) = (vec![0.0_f64; size], vec![0.0_f64; size]);
    for (i, j, value) in entries.filter(|(i, j, _)| i != j) {
        rows[i] += value * value;
        columns[j] += value * value;
    }
    rows.iter()
        .zip(&columns)
        .any(|(r, c)| schur::balancing_factor(r.sqrt(), c.sqrt()).is_some())
}

/// [`schur::balance`] for a sparse matrix.
fn balance_sparse(w: Csr<f64>) -> Result<Csr<f64>, Error> {
    let n = w.nrows();
    if !is_uneven(n, w.triplets()) {
        return Ok(w);
    }
    let columns = w.transpose()?;
    // Entry (i, j) of the balanced matrix is w d_j / d_i.
    let mut d = vec![1.0_f64; n];
    for _ in 0..schur::SWEEPS {
        let mut settled = true;
        for i in 0..n {
            let norm = |(indices, values): (&[u32], &[f64]), by: &dyn Fn(f64) -> f64| {
                let mut sum = 0.0;
                for (&j, &v) in indices.iter().zip(values) {
                    if j as usize != i {
                        let entry = v * by(d[j as usize]);
                        sum += entry * entry;
                    }
                }
                sum.sqrt()
            };
            let row = norm(w.row(i), &|other| other / d[i]);
            let column = norm(columns.row(i), &|other| d[i] / other);
            if let Some(factor) = schur::balancing_factor(row, column) {
                d[i] *= factor;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    let values = w.triplets().map(|(i, j, v)| v * (d[j] / d[i])).collect();
    let (starts, indices) = (w.row_starts().to_vec(), w.column_indices().to_vec());
    Csr::from_parts(n, n, starts, indices, values)
}

/// All eigenvalues of a dense matrix, which is overwritten.
pub(super) fn direct(mut w: DMatrix<f64>) -> Result<Vec<Complex<f64>>, Error> {
    schur::hessenberg(&mut w, None);
    schur::francis(&mut w, None)
}
