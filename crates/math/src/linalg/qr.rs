//! Blocked Householder QR of tall matrices, block of rows by block of rows.
//!
//! One kernel serves every use: it eliminates a block of rows $B$ below a triangle $R$,
//! $$\begin{pmatrix} R \\\\ B \end{pmatrix} = Q \begin{pmatrix} R' \\\\ 0 \end{pmatrix}.$$
//! A reflector of such a pair is $(e_j, v)$: above, it touches row $j$ alone, so that $V$ overwrites $B$
//! and products of reflectors take the form $I - (I; V) T (I; V)^T$ (compact WY) without a triangle to
//! handle. A tall matrix starts from $R = 0$; rows that come later, the triangle of another part of
//! the data, and the rows $\sqrt\lambda I$ of a ridge are all one more block.

use nalgebra::{Const, DMatrix, Dyn};

use super::svd::{Svd, svd};
use super::triangular::{axpy, dot, inverse_norm, solve_upper, solve_upper_transposed};
use super::wide::wide;
use super::{View, ViewMut, matmul, matmul_into, transposed};
use crate::{Error, Real, check_finite, check_size};

/// Columns that are eliminated together; beyond them, all work is matrix products.
const PANEL: usize = 32;
/// Columns below which a panel is not split any further.
const LEAF: usize = 8;
/// Rows of a block: its panel of 32 columns stays in the second-level cache.
pub(crate) const BLOCK: usize = 256;

/// The part of a column-major slice with `stride` rows that starts at (`row`, `column`).
fn part<T: Real>(
    values: &[T],
    stride: usize,
    (row, column): (usize, usize),
    (rows, columns): (usize, usize),
) -> View<'_, T> {
    View::from_slice_with_strides(&values[column * stride + row..], rows, columns, 1, stride)
}

/// The transpose of [`part`].
fn part_transposed<T: Real>(
    values: &[T],
    stride: usize,
    (row, column): (usize, usize),
    (rows, columns): (usize, usize),
) -> View<'_, T> {
    View::from_slice_with_strides(&values[column * stride + row..], columns, rows, stride, 1)
}

/// A whole matrix of `stride` rows or more, or the upper rows of it.
fn part_mut<T: Real>(
    values: &mut [T],
    rows: usize,
    columns: usize,
    stride: usize,
) -> ViewMut<'_, T> {
    ViewMut::from_slice_with_strides_generic(
        values,
        Dyn(rows),
        Dyn(columns),
        Const::<1>,
        Dyn(stride),
    )
}

/// `c` becomes `alpha a b + beta c`.
fn multiply<T: Real>(alpha: T, a: View<'_, T>, b: View<'_, T>, beta: T, c: ViewMut<'_, T>) {
    let product = matmul_into(alpha, a, b, beta, c);
    debug_assert!(product.is_ok(), "the sizes agree by construction");
}

/// Room for the products of a panel with what stands to the right of it.
#[derive(Debug, Clone)]
pub(crate) struct Scratch<T> {
    product: Vec<T>,
    scaled: Vec<T>,
}

impl<T: Real> Scratch<T> {
    /// Room for matrices of `columns` columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            product: vec![T::zero(); PANEL * columns],
            scaled: vec![T::zero(); PANEL * columns],
        }
    }
}

/// The factors $T$ of `columns` reflectors, panel beside panel.
pub(crate) fn panel_factors<T: Real>(columns: usize) -> DMatrix<T> {
    DMatrix::zeros(PANEL.min(columns.max(1)), columns)
}

/// Eliminates `b` below the triangle in the first `n` columns of `r`, and carries the columns that
/// follow them along.
///
/// `r` is n × (n + k), `b` is rows × (n + k); `b` receives the reflectors in its first n columns, `t`
/// (of [`panel_factors`]) their factors. Rows of `b` from `active(j)` on must be zero in the first j
/// columns, and are then left alone.
pub(crate) fn eliminate<T: Real>(
    r: &mut DMatrix<T>,
    b: &mut DMatrix<T>,
    n: usize,
    active: impl Fn(usize) -> usize,
    t: &mut DMatrix<T>,
    scratch: &mut Scratch<T>,
) {
    let width = b.ncols();
    for first in (0..n).step_by(PANEL) {
        let k = PANEL.min(n - first);
        let rows = active(first + k);
        eliminate_panel(r, b, (first, 0, k), rows, t, scratch);
        reflect_right(r, b, (first, 0, k), (first + k, width), rows, t, scratch);
    }
}

/// Eliminates columns `first + offset ..` + `k` of the panel that starts at column `first`.
fn eliminate_panel<T: Real>(
    r: &mut DMatrix<T>,
    b: &mut DMatrix<T>,
    (first, offset, k): (usize, usize, usize),
    rows: usize,
    t: &mut DMatrix<T>,
    scratch: &mut Scratch<T>,
) {
    if k <= LEAF {
        wide(
            #[inline(always)]
            || eliminate_leaf(r, b, (first, offset, k), rows, t),
        );
        return;
    }
    let left = (k / 2).next_multiple_of(LEAF).min(k - 1);
    let right = k - left;
    let (start, middle) = (first + offset, first + offset + left);
    eliminate_panel(r, b, (first, offset, left), rows, t, scratch);
    reflect_right(
        r,
        b,
        (first, offset, left),
        (middle, middle + right),
        rows,
        t,
        scratch,
    );
    eliminate_panel(r, b, (first, offset + left, right), rows, t, scratch);
    // T of both halves: the block above the diagonal is -T₁ (V₁ᵀ V₂) T₂.
    let (height, stride) = (b.nrows(), t.nrows());
    let coupling = &mut scratch.product[..left * right];
    multiply(
        T::one(),
        part_transposed(b.as_slice(), height, (0, start), (rows, left)),
        part(b.as_slice(), height, (0, middle), (rows, right)),
        T::zero(),
        part_mut(coupling, left, right, left),
    );
    let half = &mut scratch.scaled[..left * right];
    multiply(
        T::one(),
        part(coupling, left, (0, 0), (left, right)),
        part(
            t.as_slice(),
            stride,
            (offset + left, middle),
            (right, right),
        ),
        T::zero(),
        part_mut(half, left, right, left),
    );
    let (t_left, t_right) = t.as_mut_slice().split_at_mut(middle * stride);
    multiply(
        -T::one(),
        part(t_left, stride, (offset, start), (left, left)),
        part(half, left, (0, 0), (left, right)),
        T::zero(),
        part_mut(&mut t_right[offset..], left, right, stride),
    );
}

/// Eliminates a few columns one by one.
#[inline(always)]
fn eliminate_leaf<T: Real>(
    r: &mut DMatrix<T>,
    b: &mut DMatrix<T>,
    (first, offset, k): (usize, usize, usize),
    rows: usize,
    t: &mut DMatrix<T>,
) {
    // Below this size the reciprocal of a norm overflows: such a column counts as zero.
    let tiny = T::max_value().map_or_else(T::zero, |max| T::one() / (max * T::EPSILON));
    let (height, stride) = (b.nrows(), t.nrows());
    let start = first + offset;
    for c in 0..k {
        let column = start + c;
        let (done, rest) = b.as_mut_slice().split_at_mut(height * column);
        let (v, rest) = rest.split_at_mut(height);
        let v = &mut v[..rows];
        let norm = dot(v, v).sqrt();
        let alpha = r[(column, column)];
        let t_column = &mut t.as_mut_slice()[column * stride..][..stride];
        t_column.fill(T::zero());
        let length = alpha.hypot(norm);
        if norm == T::zero() || length < tiny {
            v.fill(T::zero());
            continue;
        }
        let beta = if alpha < T::zero() { length } else { -length };
        let tau = (beta - alpha) / beta;
        let scale = T::one() / (alpha - beta);
        for v in v.iter_mut() {
            *v *= scale;
        }
        r[(column, column)] = beta;
        for (next, other) in rest.chunks_exact_mut(height).take(k - c - 1).enumerate() {
            let other = &mut other[..rows];
            let above = &mut r[(column, column + 1 + next)];
            let w = tau * (*above + dot(v, other));
            *above -= w;
            axpy(-w, v, other);
        }
        // The new column of T is -tau T (Vᵀ v); T holds the columns before this one.
        let mut products = [T::zero(); LEAF];
        for (i, product) in products[..c].iter_mut().enumerate() {
            *product = dot(&done[height * (start + i)..][..rows], v);
        }
        for i in 0..c {
            let mut sum = T::zero();
            for j in i..c {
                sum += t[(offset + i, start + j)] * products[j];
            }
            t[(offset + i, column)] = -tau * sum;
        }
        t[(offset + c, column)] = tau;
    }
}

/// Applies the transposed reflectors `offset ..` + `k` of the panel `first` to the columns
/// `from .. to` of `r` and `b`, which stand to the right of them.
fn reflect_right<T: Real>(
    r: &mut DMatrix<T>,
    b: &mut DMatrix<T>,
    (first, offset, k): (usize, usize, usize),
    (from, to): (usize, usize),
    rows: usize,
    t: &DMatrix<T>,
    scratch: &mut Scratch<T>,
) {
    if from == to {
        return;
    }
    let (height, order, start) = (b.nrows(), r.nrows(), first + offset);
    let (reflectors, rest) = b.as_mut_slice().split_at_mut(height * from);
    reflect(
        &Reflectors {
            v: part(reflectors, height, (0, start), (rows, k)),
            v_transposed: part_transposed(reflectors, height, (0, start), (rows, k)),
            // Qᵀ = I - (I; V) Tᵀ (I; V)ᵀ
            t: part_transposed(t.as_slice(), t.nrows(), (offset, start), (k, k)),
        },
        &mut r.as_mut_slice()[from * order + start..],
        order,
        &mut rest[..(to - from) * height],
        height,
        to - from,
        scratch,
    );
}

struct Reflectors<'a, T: Real> {
    v: View<'a, T>,
    v_transposed: View<'a, T>,
    t: View<'a, T>,
}

/// $(Z; Y)$ becomes $(I - (I; V) T (I; V)^T) (Z; Y)$ in `columns` columns: `z` starts at the first row of the
/// panel.
fn reflect<T: Real>(
    reflectors: &Reflectors<'_, T>,
    z: &mut [T],
    z_stride: usize,
    y: &mut [T],
    y_stride: usize,
    columns: usize,
    scratch: &mut Scratch<T>,
) {
    let (rows, k) = reflectors.v.shape();
    let one = T::one();
    let product = &mut scratch.product[..k * columns];
    for (product, z) in product.chunks_exact_mut(k).zip(z.chunks(z_stride)) {
        product.copy_from_slice(&z[..k]);
    }
    multiply(
        one,
        reflectors.v_transposed,
        part(y, y_stride, (0, 0), (rows, columns)),
        one,
        part_mut(product, k, columns, k),
    );
    let scaled = &mut scratch.scaled[..k * columns];
    multiply(
        one,
        reflectors.t,
        part(product, k, (0, 0), (k, columns)),
        T::zero(),
        part_mut(scaled, k, columns, k),
    );
    for (scaled, z) in scaled.chunks_exact(k).zip(z.chunks_mut(z_stride)) {
        axpy(-one, scaled, &mut z[..k]);
    }
    multiply(
        -one,
        reflectors.v,
        part(scaled, k, (0, 0), (k, columns)),
        one,
        part_mut(y, rows, columns, y_stride),
    );
}

/// The reflectors that eliminated one block of rows.
#[derive(Debug, Clone)]
pub(crate) struct Elimination<T: Real> {
    /// rows × (n or more): the reflectors are the first n columns.
    pub(crate) v: DMatrix<T>,
    /// Of [`panel_factors`].
    pub(crate) t: DMatrix<T>,
}

impl<T: Real> Elimination<T> {
    /// $(Z; Y)$ becomes $Q (Z; Y)$, or $Q^T (Z; Y)$ if `transpose`; `z` has as many rows as there are reflectors.
    pub(crate) fn apply(
        &self,
        transpose: bool,
        z: &mut DMatrix<T>,
        y: &mut DMatrix<T>,
        scratch: &mut Scratch<T>,
    ) {
        let (rows, n, columns) = (self.v.nrows(), self.t.ncols(), z.ncols());
        if rows == 0 || columns == 0 {
            return;
        }
        let panels = n.div_ceil(PANEL);
        for i in 0..panels {
            let first = PANEL * if transpose { i } else { panels - 1 - i };
            let k = PANEL.min(n - first);
            let t_at = (0, first);
            let t = if transpose {
                part_transposed(self.t.as_slice(), self.t.nrows(), t_at, (k, k))
            } else {
                part(self.t.as_slice(), self.t.nrows(), t_at, (k, k))
            };
            reflect(
                &Reflectors {
                    v: part(self.v.as_slice(), rows, (0, first), (rows, k)),
                    v_transposed: part_transposed(self.v.as_slice(), rows, (0, first), (rows, k)),
                    t,
                },
                &mut z.as_mut_slice()[first..],
                n,
                y.as_mut_slice(),
                rows,
                columns,
                scratch,
            );
        }
    }
}

/// The QR factorisation $A = Q R$ of a tall matrix, by Householder reflectors.
///
/// Rows are eliminated in blocks of 256 that stay in the cache, columns in panels of 32, the rest is
/// matrix products: $2 m n^2$ operations for m × n. $Q$ is kept as reflectors, in as much memory as
/// $A$. For data that do not fit, [`StreamedQr`](super::StreamedQr) keeps $R$ and $Q^T y$ alone.
///
/// ```
/// use nalgebra::{Const, DMatrix, Dyn};
/// use neuropil_math::linalg::Qr;
///
/// let a = DMatrix::from_row_slice(3, 2, &[1.0, 0.0, 1.0, 1.0, 1.0, 2.0]);
/// let b = DMatrix::from_row_slice(3, 1, &[1.0, 3.0, 5.0]);
/// let fit = Qr::new(&a)?.least_squares(&b)?;
/// assert!((fit.x[0] - 1.0_f64).abs() < 1e-14 && (fit.x[1] - 2.0_f64).abs() < 1e-14);
/// assert_eq!(fit.rank, 2);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Qr<T: Real> {
    r: DMatrix<T>,
    blocks: Vec<Elimination<T>>,
    rows: usize,
}

/// The solution of a least-squares problem.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares<T: Real> {
    /// Unknowns × right-hand sides. Among several solutions, the one of least norm.
    pub x: DMatrix<T>,
    /// The sum of squared residuals of each right-hand side.
    pub residual: Vec<T>,
    /// The numerical rank: singular values above $4 \epsilon (n + \sqrt m)$ of the largest.
    pub rank: usize,
}

impl<T: Real> Qr<T> {
    /// Factors `a` of shape m × n. With m < n the last rows of $R$ are zero.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or columns, [`Error::NonFinite`] at NaN or infinity.
    pub fn new(a: &DMatrix<T>) -> Result<Self, Error> {
        let (rows, columns) = a.shape();
        check_finite("a", a.as_slice())?;
        Self::from_blocks(rows, columns, |first, block| {
            block.copy_from(&a.rows(first, block.nrows()));
        })
    }

    /// Factors the matrix whose rows `fill` writes: the given first row and those that follow it.
    pub(crate) fn from_blocks(
        rows: usize,
        columns: usize,
        mut fill: impl FnMut(usize, &mut DMatrix<T>),
    ) -> Result<Self, Error> {
        if rows == 0 || columns == 0 {
            return Err(Error::Empty {
                what: "the matrix to factor",
            });
        }
        let mut r = DMatrix::zeros(columns, columns);
        let mut scratch = Scratch::new(columns);
        let mut blocks = Vec::with_capacity(rows.div_ceil(BLOCK));
        for first in (0..rows).step_by(BLOCK) {
            let height = BLOCK.min(rows - first);
            let mut v = DMatrix::zeros(height, columns);
            fill(first, &mut v);
            let mut t = panel_factors(columns);
            eliminate(&mut r, &mut v, columns, |_| height, &mut t, &mut scratch);
            blocks.push(Elimination { v, t });
        }
        Ok(Self { r, blocks, rows })
    }

    /// The triangle $R$, n × n; its diagonal may be negative.
    #[must_use]
    pub fn r(&self) -> &DMatrix<T> {
        &self.r
    }

    /// $Q$ of shape m × n. Its columns are orthonormal if $A$ has full rank; a column that depends on
    /// the columns before it leaves a column short of length 1.
    #[must_use]
    pub fn q(&self) -> DMatrix<T> {
        let n = self.r.nrows();
        self.multiply_q(DMatrix::identity(n, n))
    }

    /// $Q C$ for `c` of shape n × k.
    ///
    /// # Errors
    /// [`Error::Shape`] if `c` has not n rows.
    pub fn q_mul(&self, c: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check_size("rows of c", self.r.nrows(), c.nrows())?;
        Ok(self.multiply_q(c.clone()))
    }

    pub(crate) fn multiply_q(&self, mut c: DMatrix<T>) -> DMatrix<T> {
        let mut product = DMatrix::zeros(self.rows, c.ncols());
        let mut scratch = Scratch::new(c.ncols());
        let mut end = self.rows;
        for block in self.blocks.iter().rev() {
            let height = block.v.nrows();
            let mut part = DMatrix::zeros(height, c.ncols());
            block.apply(false, &mut c, &mut part, &mut scratch);
            end -= height;
            product.rows_mut(end, height).copy_from(&part);
        }
        product
    }

    /// $Q^T B$ for `b` of shape m × k.
    ///
    /// # Errors
    /// [`Error::Shape`] if `b` has not m rows.
    pub fn q_tr_mul(&self, b: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(self.project(b)?.0)
    }

    /// $Q^T B$, and the sum of squares of what it leaves of each column.
    pub(crate) fn project(&self, b: &DMatrix<T>) -> Result<(DMatrix<T>, Vec<T>), Error> {
        check_size("rows of b", self.rows, b.nrows())?;
        let mut z = DMatrix::zeros(self.r.nrows(), b.ncols());
        let mut left = vec![T::zero(); b.ncols()];
        let mut scratch = Scratch::new(b.ncols());
        let mut first = 0;
        for block in &self.blocks {
            let height = block.v.nrows();
            let mut part = b.rows(first, height).clone_owned();
            block.apply(true, &mut z, &mut part, &mut scratch);
            for (left, column) in left.iter_mut().zip(part.as_slice().chunks_exact(height)) {
                *left += dot(column, column);
            }
            first += height;
        }
        Ok((z, left))
    }

    /// Minimises $\lVert A X - B\rVert^2$, column by column.
    ///
    /// # Errors
    /// [`Error::Shape`] if `b` has not m rows, [`Error::NonFinite`] at NaN or infinity in it,
    /// [`Error::NotConverged`] if the singular values of a rank-deficient $R$ were not found.
    pub fn least_squares(&self, b: &DMatrix<T>) -> Result<LeastSquares<T>, Error> {
        check_finite("b", b.as_slice())?;
        let (z, residual) = self.project(b)?;
        let tolerance = rank_tolerance(T::EPSILON.to_f64(), self.rows, self.r.nrows());
        least_squares(&self.r, &z, residual, tolerance)
    }
}

/// Singular values below this part of the largest are rounding: $4 \epsilon (n + \sqrt m)$.
///
/// The error of $R$ grows with n; with m it grows like the rounding errors of a long sum, which is
/// why the bound $\epsilon \max(m, n)$ of other libraries throws away too much of tall data.
pub(crate) fn rank_tolerance(epsilon: f64, rows: usize, columns: usize) -> f64 {
    4.0 * epsilon * (columns as f64 + (rows as f64).sqrt())
}

/// Whether the rows $\sqrt\lambda I$ drown in the rounding errors of the triangle or matrix `r`: they are then
/// below $\epsilon \lVert R\rVert_F$, and do not make the rank full.
pub(crate) fn drowns(lambda: f64, r: &DMatrix<f64>) -> bool {
    lambda.sqrt() <= f64::EPSILON * r.norm()
}

/// [`solve_triangle`] in the precision `T`.
pub(crate) fn least_squares<T: Real>(
    r: &DMatrix<T>,
    z: &DMatrix<T>,
    residual: Vec<T>,
    tolerance: f64,
) -> Result<LeastSquares<T>, Error> {
    let solved = solve_triangle(r.map(T::to_f64), z.map(T::to_f64), tolerance)?;
    let residual = residual
        .iter()
        .zip(solved.left)
        .map(|(&r, left)| r + T::of(left))
        .collect();
    Ok(LeastSquares {
        x: solved.x.map(T::of),
        residual,
        rank: solved.rank,
    })
}

/// The solution of a triangular system.
pub(crate) struct Solved {
    pub(crate) x: DMatrix<f64>,
    pub(crate) rank: usize,
    /// The squares that are left of each column if the rank is deficient.
    pub(crate) left: Vec<f64>,
    /// Of [`triangle_condition`].
    pub(crate) condition: f64,
}

/// Solves $R X = Z$, with the least norm if $R$ is singular to `tolerance`.
pub(crate) fn solve_triangle(
    r: DMatrix<f64>,
    z: DMatrix<f64>,
    tolerance: f64,
) -> Result<Solved, Error> {
    let condition = triangle_condition(&r);
    if condition * tolerance >= 1.0 {
        return minimum_norm(r, &z, tolerance);
    }
    let mut x = z;
    for column in x.as_mut_slice().chunks_exact_mut(r.ncols()) {
        solve_upper(&r, column);
    }
    Ok(Solved {
        left: vec![0.0; x.ncols()],
        x,
        rank: r.ncols(),
        condition,
    })
}

/// An estimate of the condition number of the upper triangle of `r` with its columns scaled to unit
/// length: the root of $\lVert (R_s^T R_s)^{-1}\rVert_1$. Scaling the features changes neither it nor the accuracy
/// of a solve (van der Sluis).
pub(crate) fn triangle_condition(r: &DMatrix<f64>) -> f64 {
    let n = r.ncols();
    let lengths: Vec<f64> = (0..n).map(|j| r.column(j).rows(0, j + 1).norm()).collect();
    if (0..n).any(|j| r[(j, j)] == 0.0) {
        return f64::INFINITY;
    }
    inverse_norm(n, |b| {
        for (b, length) in b.iter_mut().zip(&lengths) {
            *b *= length;
        }
        solve_upper_transposed(r, b);
        solve_upper(r, b);
        for (b, length) in b.iter_mut().zip(&lengths) {
            *b *= length;
        }
    })
    .sqrt()
}

/// The solution of least norm of $R X = Z$ with the singular values above `tolerance` times the largest.
fn minimum_norm(r: DMatrix<f64>, z: &DMatrix<f64>, tolerance: f64) -> Result<Solved, Error> {
    let Svd { u, s, v } = svd(r)?;
    let bound = tolerance * s.iter().fold(0.0, |a: f64, &b| a.max(b));
    let mut c = matmul(transposed(&u), z)?;
    let mut left = vec![0.0; z.ncols()];
    let mut rank = 0;
    for (i, &s) in s.iter().enumerate() {
        let kept = s > bound && s > 0.0;
        rank += usize::from(kept);
        for j in 0..z.ncols() {
            if kept {
                c[(i, j)] /= s;
            } else {
                left[j] += c[(i, j)] * c[(i, j)];
                c[(i, j)] = 0.0;
            }
        }
    }
    Ok(Solved {
        x: matmul(&v, &c)?,
        rank,
        left,
        condition: f64::INFINITY,
    })
}
