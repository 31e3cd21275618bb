//! Matrices as pointer, shape and strides: what the products need and safe slices cannot say.
//!
//! The only unsafe code of the module. nalgebra's views serve at the border, not inside: its
//! products of few rows or columns write out of bounds when a view strides along its rows
//! (nalgebra 0.35.0, issue 1616), so that every product goes through the types of this file.
#![expect(
    unsafe_code,
    reason = "disjoint parts of one matrix are written while others are read, and the backend takes pointers"
)]

use core::marker::PhantomData;
use core::slice;

use super::{View, ViewMut};

/// The signature of `matrixmultiply::sgemm` and `dgemm`: m, k, n, α, A, B, β, C, each matrix with
/// its row stride and column stride.
pub(crate) type Backend<T> = unsafe fn(
    usize,
    usize,
    usize,
    T,
    *const T,
    isize,
    isize,
    *const T,
    isize,
    isize,
    T,
    *mut T,
    isize,
    isize,
);

/// A matrix to read, with any strides.
///
/// Invariant: every element (i, j) with i < rows and j < columns lies at
/// `data + i·row_stride + j·column_stride` and may be read for `'a`.
#[doc(hidden)]
pub struct Operand<'a, T> {
    data: *const T,
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
    lifetime: PhantomData<&'a T>,
}

impl<T> Clone for Operand<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Operand<'_, T> {}

// SAFETY: an operand is a set of shared references.
unsafe impl<T: Sync> Send for Operand<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Operand<'_, T> {}

impl<'a, T: nalgebra::Scalar + Copy> From<View<'a, T>> for Operand<'a, T> {
    fn from(view: View<'a, T>) -> Self {
        let (row_stride, column_stride) = view.strides();
        Self {
            data: view.as_ptr(),
            rows: view.nrows(),
            columns: view.ncols(),
            row_stride,
            column_stride,
            lifetime: PhantomData,
        }
    }
}

impl<'a, T: Copy> Operand<'a, T> {
    /// The columns that stand one after the other in `values`.
    pub(crate) fn from_columns(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(
            Some(values.len()),
            rows.checked_mul(columns),
            "a slice holds the whole matrix"
        );
        Self {
            data: values.as_ptr(),
            rows,
            columns,
            row_stride: 1,
            column_stride: rows,
            lifetime: PhantomData,
        }
    }

    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The rows before `at`, and those from `at` on.
    #[inline(always)]
    pub(crate) fn split_rows(self, at: usize) -> (Self, Self) {
        assert!(at <= self.rows, "row {at} of {}", self.rows);
        let below = Self {
            data: self.data.wrapping_add(at * self.row_stride),
            rows: self.rows - at,
            ..self
        };
        (Self { rows: at, ..self }, below)
    }

    /// The columns before `at`, and those from `at` on.
    #[inline(always)]
    pub(crate) fn split_columns(self, at: usize) -> (Self, Self) {
        let (left, right) = self.transposed().split_rows(at);
        (left.transposed(), right.transposed())
    }

    #[inline(always)]
    pub(crate) fn get(&self, row: usize, column: usize) -> T {
        assert!(row < self.rows && column < self.columns, "index of element");
        // SAFETY: the invariant.
        unsafe {
            *self
                .data
                .add(row * self.row_stride + column * self.column_stride)
        }
    }

    /// A column, if its elements are neighbours.
    #[inline(always)]
    pub(crate) fn column(&self, column: usize) -> Option<&'a [T]> {
        assert!(column < self.columns, "column {column} of {}", self.columns);
        if self.rows == 0 {
            return Some(&[]);
        }
        if self.row_stride != 1 && self.rows > 1 {
            return None;
        }
        // SAFETY: the invariant, for rows that follow each other in memory; `column` is in range.
        Some(unsafe {
            slice::from_raw_parts(self.data.add(column * self.column_stride), self.rows)
        })
    }

    /// All elements, column by column, if they stand without gaps.
    pub(crate) fn slice(&self) -> Option<&'a [T]> {
        if self.rows == 0 || self.columns == 0 {
            return Some(&[]);
        }
        let dense = self.row_stride == 1 && (self.column_stride == self.rows || self.columns == 1);
        // SAFETY: the invariant; the elements are contiguous, as just seen.
        dense.then(|| unsafe { slice::from_raw_parts(self.data, self.rows * self.columns) })
    }

    /// A row, if its elements are neighbours.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> Option<&'a [T]> {
        self.transposed().column(row)
    }
}

/// A matrix to write whose columns are slices, part of a larger one or not.
///
/// Invariant: column j is the slice of `rows` elements at `data + j·stride`; these slices do not
/// overlap and belong to this value alone for `'a`.
#[doc(hidden)]
pub struct Target<'a, T> {
    data: *mut T,
    rows: usize,
    columns: usize,
    stride: usize,
    lifetime: PhantomData<&'a mut T>,
}

// SAFETY: a target is a set of exclusive references.
unsafe impl<T: Send> Send for Target<'_, T> {}

impl<'a, T: nalgebra::Scalar + Copy> From<ViewMut<'a, T>> for Target<'a, T> {
    fn from(mut view: ViewMut<'a, T>) -> Self {
        // nalgebra refuses to build a view of which two elements are the same.
        Self {
            data: view.as_mut_ptr(),
            rows: view.nrows(),
            columns: view.ncols(),
            stride: view.strides().1,
            lifetime: PhantomData,
        }
    }
}

impl<'a, T: Copy> Target<'a, T> {
    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The same matrix for a shorter time.
    pub(crate) fn reborrow(&mut self) -> Target<'_, T> {
        Target {
            data: self.data,
            rows: self.rows,
            columns: self.columns,
            stride: self.stride,
            lifetime: PhantomData,
        }
    }

    /// The same matrix to read.
    pub(crate) fn operand(&self) -> Operand<'_, T> {
        Operand {
            data: self.data,
            rows: self.rows,
            columns: self.columns,
            row_stride: 1,
            column_stride: self.stride,
            lifetime: PhantomData,
        }
    }

    /// The rows before `at`, and those from `at` on.
    #[inline(always)]
    pub(crate) fn split_rows(self, at: usize) -> (Self, Self) {
        assert!(at <= self.rows, "row {at} of {}", self.rows);
        let below = Self {
            data: self.data.wrapping_add(at),
            rows: self.rows - at,
            ..self
        };
        (Self { rows: at, ..self }, below)
    }

    /// The columns before `at`, and those from `at` on.
    #[inline(always)]
    pub(crate) fn split_columns(self, at: usize) -> (Self, Self) {
        assert!(at <= self.columns, "column {at} of {}", self.columns);
        let right = Self {
            data: self.data.wrapping_add(at * self.stride),
            columns: self.columns - at,
            ..self
        };
        (
            Self {
                columns: at,
                ..self
            },
            right,
        )
    }

    /// The four parts around row and column `at`, and of these the two on the diagonal and the one
    /// below: all that a lower triangle needs.
    pub(crate) fn split_lower(self, at: usize) -> (Self, Self, Self) {
        let (left, right) = self.split_columns(at);
        let (upper_left, lower_left) = left.split_rows(at);
        let (_, lower_right) = right.split_rows(at);
        (upper_left, lower_left, lower_right)
    }

    pub(crate) fn column_mut(&mut self, column: usize) -> &mut [T] {
        assert!(column < self.columns, "column {column} of {}", self.columns);
        if self.rows == 0 {
            return &mut [];
        }
        // SAFETY: the invariant; `column` is in range, and `self` is borrowed for as long as the
        // slice lives.
        unsafe { slice::from_raw_parts_mut(self.data.add(column * self.stride), self.rows) }
    }
}

/// C ← α A B + β C by the backend, on this thread. C is not read if β is zero.
///
/// The backend allocates the buffer into which it packs blocks of A and B.
pub(crate) fn call<T: Copy>(
    backend: Backend<T>,
    alpha: T,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    beta: T,
    c: Target<'_, T>,
) {
    assert!(
        a.rows == c.rows && a.columns == b.rows && b.columns == c.columns,
        "shapes of a product"
    );
    // A stride is a distance inside of an allocation, and those are never longer than isize::MAX;
    // a view of one row or column may say what it likes, since that stride is multiplied by zero.
    #[expect(clippy::cast_possible_wrap, reason = "as just said")]
    let signed = |stride: usize| stride as isize;
    // SAFETY: `backend` is sgemm or dgemm, which read A and B and write C at the elements that
    // shape and strides name: those of the invariants, with the shapes just checked. C overlaps
    // neither A nor B, because it is exclusive.
    unsafe {
        backend(
            c.rows,
            a.columns,
            c.columns,
            alpha,
            a.data,
            signed(a.row_stride),
            signed(a.column_stride),
            b.data,
            signed(b.row_stride),
            signed(b.column_stride),
            beta,
            c.data,
            1,
            signed(c.stride),
        );
    }
}
