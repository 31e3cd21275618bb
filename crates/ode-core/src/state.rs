use nalgebra::{DVector, SVector};
use neuropil_math::Real;

/// Where a state lives: a stack array, a vector of nalgebra, or a `Vec`.
///
/// Solvers see slices; which storage is behind them decides whether the compiler knows the length.
/// With `[T; N]` and `SVector` it does, and loops over small systems unroll.
pub trait State<T: Real>: Clone {
    /// The components.
    fn as_slice(&self) -> &[T];

    /// The components, to be written.
    fn as_mut_slice(&mut self) -> &mut [T];
}

impl<T: Real, const N: usize> State<T> for [T; N] {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Real, const N: usize> State<T> for SVector<T, N> {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        &self.data.0[0]
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data.0[0]
    }
}

impl<T: Real> State<T> for DVector<T> {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self.as_slice()
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T: Real> State<T> for Vec<T> {
    #[inline(always)]
    fn as_slice(&self) -> &[T] {
        self
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }
}
