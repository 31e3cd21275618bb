use nalgebra::DMatrix;

use super::product::{self, join};
use super::strided::{Operand, Target};
use super::syrk::{self, Panels};
use super::{View, ViewMut};
use crate::vectors::{Kernel, widest};
use crate::{Error, Real, check_size};

/// Samples that are added at a time: as many as the backend takes into one pass over G.
const BLOCK: usize = 256;

/// Blocks on the diagonal of G are computed whole up to this size.
const DIAGONAL: usize = 32;

/// With fewer features than these, packing costs more than it saves over [`SmallLower`].
const PACKED: usize = DIAGONAL + 1;

/// Where [`gram_add_in`] and [`cross_add`] pack blocks of data.
///
/// Kept from call to call, it grows at the first one only.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    panels: Panels,
    first: Vec<f64>,
    second: Vec<f64>,
}

/// The Gram matrix of the features, $G = X X^T$ (features × features), symmetric to the bit.
///
/// `x` holds one sample per column. The sums are kept in `f64` also for `f32` data: over many
/// samples, `f32` sums lose the digits that a following Cholesky factorisation needs.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::gram;
///
/// let x = DMatrix::from_row_slice(2, 3, &[1.0_f32, 2.0, 3.0, 0.0, 1.0, -1.0]);
/// let g = gram(&x)?;
/// assert_eq!(g.as_slice(), [14.0, -1.0, -1.0, 2.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without features or samples, [`Error::NonFinite`] for NaN and infinity.
pub fn gram<'a, T: Real>(x: impl Into<View<'a, T>>) -> Result<DMatrix<f64>, Error> {
    let x = x.into();
    if x.is_empty() {
        return Err(Error::Empty {
            what: "data matrix",
        });
    }
    let mut g = DMatrix::zeros(x.nrows(), x.nrows());
    gram_add(&mut g, x)?;
    mirror_lower(&mut g)?;
    Ok(g)
}

/// Adds the Gram matrix of more samples, $G \leftarrow G + X X^T$, in the lower triangle of G.
///
/// For streams: the samples seen are not kept. Start from zeros, and call [`mirror_lower`] before
/// reading above the diagonal, where the values are undefined until then. No samples add nothing.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::{gram, gram_add, mirror_lower};
///
/// let x = DMatrix::from_row_slice(2, 4, &[1.0, 2.0, 3.0, 4.0, 0.0, 1.0, -1.0, 2.0]);
/// let mut g = DMatrix::zeros(2, 2);
/// gram_add(&mut g, &x.columns(0, 3))?;
/// gram_add(&mut g, &x.columns(3, 1))?;
/// mirror_lower(&mut g)?;
/// assert_eq!(g, gram(&x)?);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if G is not features × features, [`Error::NonFinite`] for NaN and infinity in x;
/// G is unchanged then.
pub fn gram_add<'a, T: Real>(g: &mut DMatrix<f64>, x: impl Into<View<'a, T>>) -> Result<(), Error> {
    gram_add_in(g, x, &mut Workspace::default())
}

/// [`gram_add`] with a workspace that the caller keeps.
///
/// # Errors
/// As [`gram_add`].
pub fn gram_add_in<'a, T: Real>(
    g: &mut DMatrix<f64>,
    x: impl Into<View<'a, T>>,
    workspace: &mut Workspace,
) -> Result<(), Error> {
    let x = x.into();
    check_size("rows of the gram matrix", x.nrows(), g.nrows())?;
    check_size("columns of the gram matrix", x.nrows(), g.ncols())?;
    let x = Operand::from(x);
    check_finite("data matrix", x)?;
    let g: ViewMut<'_, f64> = g.into();
    T::add_gram(x, g.into(), workspace);
    Ok(())
}

/// [`gram_add`] of samples that stand one after the other and are known to be finite; `g` is features
/// × features.
pub(crate) fn add_checked(g: &mut DMatrix<f64>, x: &[f64]) {
    let features = g.nrows();
    let x = Operand::from_columns(x, features, x.len() / features);
    let g: ViewMut<'_, f64> = g.into();
    add_gram(x, g.into(), &mut Workspace::default());
}

/// Adds the products of two signals over more samples, $C \leftarrow C + X Y^T$ (rows of x × rows of
/// y), in `f64` also for `f32` data: the right side of the normal equations, beside [`gram_add_in`].
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::{Workspace, cross_add};
///
/// let states = DMatrix::from_row_slice(2, 3, &[1.0_f32, 2.0, 3.0, 0.0, 1.0, -1.0]);
/// let targets = DMatrix::from_row_slice(1, 3, &[1.0_f32, 1.0, 1.0]);
/// let mut c = DMatrix::zeros(2, 1);
/// cross_add(&mut c, &states, &targets, &mut Workspace::default())?;
/// assert_eq!(c.as_slice(), [6.0, 0.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if x and y have different numbers of samples or C has another shape,
/// [`Error::NonFinite`] for NaN and infinity in x or y; C is unchanged then.
pub fn cross_add<'a, 'b, T: Real>(
    c: &mut DMatrix<f64>,
    x: impl Into<View<'a, T>>,
    y: impl Into<View<'b, T>>,
    workspace: &mut Workspace,
) -> Result<(), Error> {
    let (x, y) = (x.into(), y.into());
    check_size("samples of y, beside those of x", x.ncols(), y.ncols())?;
    check_size("rows of the matrix of products", x.nrows(), c.nrows())?;
    check_size("columns of the matrix of products", y.nrows(), c.ncols())?;
    let (x, y) = (Operand::from(x), Operand::from(y));
    check_finite("data matrix", x)?;
    check_finite("matrix of targets", y)?;
    let c: ViewMut<'_, f64> = c.into();
    T::add_cross(x, y, c.into(), workspace);
    Ok(())
}

/// Copies the lower triangle above the diagonal.
///
/// # Errors
/// [`Error::Shape`] if the matrix is not square.
pub fn mirror_lower<T: Real>(g: &mut DMatrix<T>) -> Result<(), Error> {
    // Square tiles: a column of the upper triangle is a row of the lower one, and a tile of rows
    // stays in the cache.
    const TILE: usize = 32;
    check_size("columns of a symmetric matrix", g.nrows(), g.ncols())?;
    let n = g.nrows();
    let values = g.as_mut_slice();
    for columns in (0..n).step_by(TILE) {
        for rows in (columns..n).step_by(TILE) {
            for j in columns..(columns + TILE).min(n) {
                for i in rows.max(j + 1)..(rows + TILE).min(n) {
                    values[i * n + j] = values[j * n + i];
                }
            }
        }
    }
    Ok(())
}

/// G ← G + X Xᵀ in the lower triangle.
pub(super) fn add_gram<T: Real>(
    x: Operand<'_, T>,
    mut g: Target<'_, f64>,
    workspace: &mut Workspace,
) {
    let packed = x.rows() >= PACKED && x.slice().is_some() && syrk::is_available();
    let mut rest = x;
    while rest.columns() > 0 {
        let (block, later) = rest.split_columns(BLOCK.min(rest.columns()));
        rest = later;
        if let Some(samples) = block.slice().filter(|_| packed) {
            let panels = &mut workspace.panels;
            panels.pack(x.rows(), samples, None, |_, x| x.to_f64());
            syrk::add_lower(panels, g.reborrow());
            continue;
        }
        let block = T::widen(block, &mut workspace.first);
        add_lower(1.0, block, g.reborrow());
    }
}

/// C ← C + X Yᵀ.
pub(super) fn add_cross<T: Real>(
    x: Operand<'_, T>,
    y: Operand<'_, T>,
    mut c: Target<'_, f64>,
    workspace: &mut Workspace,
) {
    let (mut x_rest, mut y_rest) = (x, y);
    while x_rest.columns() > 0 {
        let samples = BLOCK.min(x_rest.columns());
        let (x_block, x_later) = x_rest.split_columns(samples);
        let (y_block, y_later) = y_rest.split_columns(samples);
        (x_rest, y_rest) = (x_later, y_later);
        let x_block = T::widen(x_block, &mut workspace.first);
        let y_block = T::widen(y_block, &mut workspace.second);
        product::multiply(1.0, x_block, y_block.transposed(), 1.0, c.reborrow());
    }
}

/// A block of `f32` data in `f64`, column by column in the workspace.
pub(super) fn convert<'a>(x: Operand<'a, f32>, workspace: &'a mut Vec<f64>) -> Operand<'a, f64> {
    workspace.clear();
    for j in 0..x.columns() {
        match x.column(j) {
            Some(column) => workspace.extend(column.iter().map(|&x| f64::from(x))),
            None => workspace.extend((0..x.rows()).map(|i| f64::from(x.get(i, j)))),
        }
    }
    Operand::from_columns(workspace, x.rows(), x.columns())
}

/// C ← C + α X Xᵀ in the lower triangle; above the diagonal C is undefined afterwards.
///
/// The square below the diagonal is one product, the two triangles beside it are cut again.
pub(super) fn add_lower<T: Real>(alpha: T, x: Operand<'_, T>, c: Target<'_, T>) {
    let n = c.rows();
    if n <= DIAGONAL {
        if n >= TILE_ROWS && x.column(0).is_some() {
            widest(SmallLower { alpha, x, c });
        } else {
            product::multiply(alpha, x, x.transposed(), T::one(), c);
        }
        return;
    }
    let at = (n / 2).next_multiple_of(DIAGONAL);
    let (x_above, x_below) = x.split_rows(at);
    let (upper_left, lower_left, lower_right) = c.split_lower(at);
    let work = n * n / 2 * x.columns();
    join(
        work,
        || product::multiply(alpha, x_below, x_above.transposed(), T::one(), lower_left),
        || {
            join(
                work / 2,
                || add_lower(alpha, x_above, upper_left),
                || add_lower(alpha, x_below, lower_right),
            );
        },
    );
}

/// Rows and columns of a tile of sums that stay in registers.
const TILE_ROWS: usize = 8;
const TILE_COLUMNS: usize = 4;

/// [`add_lower`] for a few rows whose samples are contiguous: tiles of sums, straight from the data. The
/// backend would pack them twice and compute what is above the diagonal as well.
struct SmallLower<'a, 'b, T> {
    alpha: T,
    x: Operand<'a, T>,
    c: Target<'b, T>,
}

impl<T: Real> Kernel for SmallLower<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { alpha, x, mut c } = self;
        let n = x.rows();
        // The last tile ends with the last row, and overlaps the one before.
        for first in (0..n).step_by(TILE_ROWS) {
            let row = first.min(n - TILE_ROWS);
            for first_column in (0..row + TILE_ROWS).step_by(TILE_COLUMNS) {
                let column = first_column.min(n - TILE_COLUMNS);
                let sums = tile(x, row, column);
                for (j, sums) in (column..).zip(&sums).skip(first_column - column) {
                    let c = &mut c.column_mut(j)[row..row + TILE_ROWS];
                    for (c, &sum) in c.iter_mut().zip(sums).skip(first - row) {
                        *c += alpha * sum;
                    }
                }
            }
        }
    }
}

/// The sums of one tile, each column of them a vector.
#[inline(always)]
fn tile<T: Real>(x: Operand<'_, T>, row: usize, column: usize) -> [[T; TILE_ROWS]; TILE_COLUMNS] {
    let mut s0 = [T::zero(); TILE_ROWS];
    let mut s1 = [T::zero(); TILE_ROWS];
    let mut s2 = [T::zero(); TILE_ROWS];
    let mut s3 = [T::zero(); TILE_ROWS];
    for t in 0..x.columns() {
        let sample = x.column(t).unwrap_or_default();
        let (Some(rows), Some(columns)) = (
            sample[row..].first_chunk::<TILE_ROWS>(),
            sample[column..].first_chunk::<TILE_COLUMNS>(),
        ) else {
            continue;
        };
        let rows = *rows;
        let [c0, c1, c2, c3] = *columns;
        add_multiple(&mut s0, &rows, c0);
        add_multiple(&mut s1, &rows, c1);
        add_multiple(&mut s2, &rows, c2);
        add_multiple(&mut s3, &rows, c3);
    }
    [s0, s1, s2, s3]
}

#[inline(always)]
fn add_multiple<T: Real>(sums: &mut [T; TILE_ROWS], x: &[T; TILE_ROWS], factor: T) {
    let mut products = [T::zero(); TILE_ROWS];
    for i in 0..TILE_ROWS {
        products[i] = x[i] * factor;
    }
    for i in 0..TILE_ROWS {
        sums[i] += products[i];
    }
}

/// Refuses NaN and infinity in any operand.
fn check_finite<T: Real>(what: &'static str, x: Operand<'_, T>) -> Result<(), Error> {
    for j in 0..x.columns() {
        // 0·x is zero for a finite x and NaN for every other, and a sum keeps a NaN: no branch.
        let zero = match x.column(j) {
            Some(column) => sum_of_zeros(column),
            None => (0..x.rows())
                .map(|i| x.get(i, j))
                .fold(T::zero(), |sum, x| sum + x * T::zero()),
        };
        if zero.is_zero() {
            continue;
        }
        for i in 0..x.rows() {
            if !x.get(i, j).is_finite() {
                let index = j * x.rows() + i;
                return Err(Error::NonFinite { what, index });
            }
        }
    }
    Ok(())
}

fn sum_of_zeros<T: Real>(values: &[T]) -> T {
    const LANES: usize = 16;
    let mut lanes = [T::zero(); LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x * T::zero();
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(T::zero(), |sum, &x| sum + x * T::zero())
}
