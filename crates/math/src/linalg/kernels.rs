use super::cholesky;
use super::gram::{self, Workspace};
use super::product;
use super::strided::{Backend, Operand, Target};
use super::wide;
use crate::Error;

/// The heavy loops, compiled once in this crate for each of the two scalars.
///
/// No part of the interface: call the functions of [`linalg`](crate::linalg).
#[doc(hidden)]
pub trait Kernels: Copy {
    const BACKEND: Backend<Self>;

    fn dot(x: &[Self], y: &[Self]) -> Self;

    fn multiply(
        alpha: Self,
        a: Operand<'_, Self>,
        b: Operand<'_, Self>,
        beta: Self,
        c: Target<'_, Self>,
    );

    fn widen<'a>(x: Operand<'a, Self>, workspace: &'a mut Vec<f64>) -> Operand<'a, f64>;

    fn add_gram(x: Operand<'_, Self>, g: Target<'_, f64>, workspace: &mut Workspace);

    fn add_cross(
        x: Operand<'_, Self>,
        y: Operand<'_, Self>,
        c: Target<'_, f64>,
        workspace: &mut Workspace,
    );

    fn factorise(a: Target<'_, Self>) -> Result<(), Error>;

    fn solve(factor: Operand<'_, Self>, b: Target<'_, Self>);

    fn invert(factor: Operand<'_, Self>, lower: Target<'_, Self>, inverse: Target<'_, Self>);
}

macro_rules! impl_kernels {
    ($t:ty, $backend:path, $dot:path, $widen:expr) => {
        impl Kernels for $t {
            const BACKEND: Backend<Self> = $backend;

            #[inline(always)]
            fn dot(x: &[Self], y: &[Self]) -> Self {
                $dot(x, y)
            }

            fn multiply(
                alpha: Self,
                a: Operand<'_, Self>,
                b: Operand<'_, Self>,
                beta: Self,
                c: Target<'_, Self>,
            ) {
                product::multiply(alpha, a, b, beta, c);
            }

            fn widen<'a>(x: Operand<'a, Self>, workspace: &'a mut Vec<f64>) -> Operand<'a, f64> {
                let widen: fn(Operand<'a, Self>, &'a mut Vec<f64>) -> Operand<'a, f64> = $widen;
                widen(x, workspace)
            }

            fn add_gram(x: Operand<'_, Self>, g: Target<'_, f64>, workspace: &mut Workspace) {
                gram::add_gram(x, g, workspace);
            }

            fn add_cross(
                x: Operand<'_, Self>,
                y: Operand<'_, Self>,
                c: Target<'_, f64>,
                workspace: &mut Workspace,
            ) {
                gram::add_cross(x, y, c, workspace);
            }

            fn factorise(a: Target<'_, Self>) -> Result<(), Error> {
                cholesky::factorise(a, 0)
            }

            fn solve(factor: Operand<'_, Self>, b: Target<'_, Self>) {
                cholesky::solve(factor, b);
            }

            fn invert(
                factor: Operand<'_, Self>,
                lower: Target<'_, Self>,
                inverse: Target<'_, Self>,
            ) {
                cholesky::invert(factor, lower, inverse);
            }
        }
    };
}

impl_kernels!(f32, matrixmultiply::sgemm, wide::dot_f32, gram::convert);
impl_kernels!(f64, matrixmultiply::dgemm, wide::dot_f64, |x, _| x);
