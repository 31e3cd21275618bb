//! Products against the triple loop, over all transpositions, parts and awkward sizes.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of test functions"
)]

use nalgebra::{DMatrix, DVector, Dyn};
use neuropil_math::linalg::{View, matmul, matmul_into, transposed};
use neuropil_math::{Error, Real};
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// Both sides of every threshold: 8 rows or columns, blocks of 256, panels of 256 and 512.
const SIZES: [usize; 14] = [0, 1, 2, 3, 5, 7, 8, 9, 13, 31, 64, 127, 257, 521];

/// A matrix inside of a larger one, as stored or to be read transposed.
struct Part<T> {
    whole: DMatrix<T>,
    rows: usize,
    columns: usize,
    margin: usize,
    transpose: bool,
}

impl<T: Real> Part<T> {
    fn new(
        rows: usize,
        columns: usize,
        margin: usize,
        transpose: bool,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Self {
        let (r, c) = if transpose {
            (columns, rows)
        } else {
            (rows, columns)
        };
        let whole = DMatrix::from_fn(r + 2 * margin, c + 2 * margin, |_, _| {
            T::standard_normal(rng)
        });
        Self {
            whole,
            rows,
            columns,
            margin,
            transpose,
        }
    }

    fn view(&self) -> View<'_, T> {
        let stride = self.whole.nrows();
        let part = &self.whole.as_slice()[self.margin * (stride + 1)..];
        let strides = if self.transpose {
            (stride, 1)
        } else {
            (1, stride)
        };
        View::from_slice_with_strides_generic(
            part,
            Dyn(self.rows),
            Dyn(self.columns),
            Dyn(strides.0),
            Dyn(strides.1),
        )
    }

    fn get(&self, i: usize, j: usize) -> f64 {
        let m = self.margin;
        if self.transpose {
            self.whole[(m + j, m + i)].to_f64()
        } else {
            self.whole[(m + i, m + j)].to_f64()
        }
    }
}

/// α A B + β C by the definition, in `f64`, and Σ|a b| for the bound of the error.
fn by_definition<T: Real>(
    alpha: f64,
    a: &Part<T>,
    b: &Part<T>,
    beta: f64,
    c: &DMatrix<T>,
) -> (Vec<f64>, f64) {
    let mut values = Vec::new();
    let mut largest = 0.0_f64;
    for j in 0..b.columns {
        for i in 0..a.rows {
            let (mut sum, mut size) = (0.0, 0.0);
            for p in 0..a.columns {
                let product = a.get(i, p) * b.get(p, j);
                sum += product;
                size += product.abs();
            }
            let before = if beta == 0.0 {
                0.0
            } else {
                beta * c[(i, j)].to_f64()
            };
            largest = largest.max((alpha * size).abs() + before.abs());
            values.push(alpha * sum + before);
        }
    }
    (values, largest)
}

fn check<T: Real>(
    (m, n, k): (usize, usize, usize),
    a_transposed: bool,
    b_transposed: bool,
    margin: usize,
    alpha: f64,
    beta: f64,
    seed: u64,
) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
    let a = Part::<T>::new(m, k, margin, a_transposed, rng);
    let b = Part::<T>::new(k, n, margin, b_transposed, rng);
    let before = DMatrix::from_fn(m, n, |_, _| T::standard_normal(rng));
    let (expected, size) = by_definition(alpha, &a, &b, beta, &before);

    // Into the middle of a larger matrix, whose margin must stay.
    let frame = T::of(7.0);
    let mut whole = DMatrix::from_element(m + 2 * margin, n + 2 * margin, frame);
    let mut c = whole.view_mut((margin, margin), (m, n));
    c.copy_from(&before);
    if beta == 0.0 {
        c.fill(T::of(f64::NAN));
    }
    matmul_into(T::of(alpha), a.view(), b.view(), T::of(beta), &mut c).unwrap();
    let found: Vec<f64> = c.iter().map(|x| x.to_f64()).collect();
    let tolerance = 2.0 * (k + 2) as f64 * T::EPSILON.to_f64() * size;
    let name = format!("{m}x{n}x{k} {a_transposed} {b_transposed} margin {margin}");
    assert_close(&name, &found, &expected, 0.0, tolerance);
    let inside =
        |i: usize, j: usize| (margin..margin + m).contains(&i) && (margin..margin + n).contains(&j);
    for j in 0..whole.ncols() {
        for i in 0..whole.nrows() {
            assert!(
                inside(i, j) || whole[(i, j)] == frame,
                "{name}: margin ({i}, {j})"
            );
        }
    }
}

fn size() -> impl Strategy<Value = usize> {
    prop::sample::select(SIZES.as_slice())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn products_are_those_of_the_definition(
        m in size(), n in size(), k in size(),
        a_transposed: bool, b_transposed: bool, margin in 0_usize..3,
        alpha in prop::sample::select(vec![1.0, -0.5, 0.0]),
        beta in prop::sample::select(vec![0.0, 1.0, 0.25]),
        seed: u64,
    ) {
        // The definition is slow: keep two of the three sizes small.
        let cap = |x: usize, other: usize| if x * other > 20_000 { 31 } else { x };
        let (n, k) = (cap(n, m), cap(k, m.max(n)));
        check::<f64>((m, n, k), a_transposed, b_transposed, margin, alpha, beta, seed);
        check::<f32>((m, n, k), a_transposed, b_transposed, margin, alpha, beta, seed);
    }
}

#[test]
fn every_transposition_at_every_threshold() {
    let shapes = [
        (1, 1, 1),
        (1, 9, 300),
        (9, 1, 300),
        (5, 5, 5),
        (300, 3, 1100),
        (3, 300, 70),
        (1100, 1, 270),
        (270, 8, 40),
        (9, 9, 9),
        (40, 600, 11),
        (1100, 20, 5),
    ];
    for shape in shapes {
        for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
            check::<f64>(shape, a, b, 1, 1.5, 0.5, 1);
            check::<f32>(shape, a, b, 0, 1.0, 0.0, 2);
        }
    }
}

#[test]
fn views_with_steps_are_read_right() {
    // Neither rows nor columns are contiguous here.
    let whole = DMatrix::from_fn(21, 33, |i, j| (i * 100 + j) as f64);
    let a: View<'_, f64> = whole.view_with_steps((1, 2), (10, 10), (1, 2));
    for columns in [1, 9] {
        let b = DMatrix::from_fn(10, columns, |i, j| ((i + 2 * j) % 3) as f64);
        let c = matmul(a, &b).unwrap();
        for i in 0..10 {
            for j in 0..columns {
                let sum: f64 = (0..10).map(|p| a[(i, p)] * b[(p, j)]).sum();
                assert_eq!(c[(i, j)], sum);
            }
        }
    }
}

#[test]
fn nan_reaches_the_elements_it_belongs_to() {
    for n in [1, 20] {
        let mut a = DMatrix::from_element(20, 20, 1.0);
        a[(3, 4)] = f64::NAN;
        let c = matmul(&a, &DMatrix::from_element(20, n, 0.0)).unwrap();
        for i in 0..20 {
            assert_eq!(c[(i, 0)].is_nan(), i == 3, "row {i}");
        }
    }
}

#[test]
fn vectors_are_matrices_of_one_column() {
    let a = DMatrix::from_fn(3, 2, |i, j| (i + 10 * j) as f32);
    let x = DVector::from_vec(vec![1.0_f32, 2.0]);
    assert_eq!(matmul(&a, &x).unwrap().as_slice(), [20.0, 23.0, 26.0]);
    let y = DVector::from_vec(vec![1.0_f32, 0.0, 1.0]);
    assert_eq!(matmul(transposed(&a), &y).unwrap().as_slice(), [2.0, 22.0]);
}

#[test]
fn empty_sums_are_zero() {
    let (a, b) = (DMatrix::<f64>::zeros(2, 0), DMatrix::zeros(0, 3));
    assert_eq!(matmul(&a, &b).unwrap(), DMatrix::zeros(2, 3));
    let mut c = DMatrix::from_element(2, 3, 4.0);
    matmul_into(1.0, &a, &b, 0.5, &mut c).unwrap();
    assert_eq!(c, DMatrix::from_element(2, 3, 2.0));
    assert_eq!(matmul(&b, &DMatrix::zeros(3, 0)).unwrap().shape(), (0, 0));
}

#[test]
fn mismatched_shapes_are_refused() {
    let matrix = |r, c| DMatrix::<f64>::zeros(r, c);
    let error = matmul(&matrix(2, 3), &matrix(2, 3)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Shape {
                expected: 3,
                found: 2,
                ..
            }
        ),
        "{error}"
    );
    for shape in [(3, 4), (2, 5)] {
        let mut c = matrix(shape.0, shape.1);
        let result = matmul_into(1.0, &matrix(2, 3), &matrix(3, 4), 0.0, &mut c);
        assert!(matches!(result, Err(Error::Shape { .. })), "{shape:?}");
    }
}
