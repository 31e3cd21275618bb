use core::cell::RefCell;

use neuropil_math::Real;

use super::Differentiable;
use crate::{Error, System};

/// A right-hand side $f(t, y, p)$ that is given its parameters; closures
/// `Fn(t, &y, &p, &mut dy)` are that too.
pub trait Parametric<T: Real> {
    /// Writes $f(t, y, p)$ into `dy`.
    fn rhs(&self, t: T, y: &[T], p: &[T], dy: &mut [T]);

    /// Writes $\partial f_i / \partial y_j$ into `jacobian[i + j n]` and returns true, or returns
    /// false: differences are formed.
    fn jacobian(&self, t: T, y: &[T], p: &[T], jacobian: &mut [T]) -> bool {
        let _ = (t, y, p, jacobian);
        false
    }

    /// Writes $\partial f_i / \partial p_j$ into `jacobian[i + j n]` and returns true, or returns
    /// false: differences are formed.
    fn parameter_jacobian(&self, t: T, y: &[T], p: &[T], jacobian: &mut [T]) -> bool {
        let _ = (t, y, p, jacobian);
        false
    }
}

impl<T: Real, F: Fn(T, &[T], &[T], &mut [T])> Parametric<T> for F {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], p: &[T], dy: &mut [T]) {
        self(t, y, p, dy);
    }
}

/// A [`System`] as a [`Parametric`] without parameters; its Jacobian is used if it has one.
#[derive(Debug, Clone, Copy)]
pub struct WithoutParameters<S>(
    /// The system.
    pub S,
);

impl<T: Real, S: System<T>> Parametric<T> for WithoutParameters<S> {
    fn rhs(&self, t: T, y: &[T], _p: &[T], dy: &mut [T]) {
        self.0.rhs(t, y, dy);
    }

    fn jacobian(&self, t: T, y: &[T], _p: &[T], jacobian: &mut [T]) -> bool {
        self.0.jacobian(t, y, jacobian)
    }
}

/// A right-hand side with the values of its parameters: a [`Differentiable`] system without any
/// derivative written by hand.
///
/// Each product forms the Jacobians it needs. Those that the right-hand side does not write are
/// central differences of the step $\varepsilon^{1/3} \max(\lvert x \rvert, 1)$, good to some ten
/// digits for variables of the order of one; they cost two evaluations for each component and for
/// each parameter. Nothing allocates after [`new`](Self::new).
///
/// ```
/// use neuropil_ode_core::sensitivity::{Differentiable, WithParameters};
///
/// let decay = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = -p[0] * y[0];
/// let system = WithParameters::new(decay, 1, vec![3.0])?;
/// let (mut grad_y, mut grad_p) = ([0.0], [0.0]);
/// system.vjp(0.0, &[2.0], &[1.0], &mut grad_y, &mut grad_p);
/// assert!((grad_y[0] + 3.0).abs() < 1e-9 && (grad_p[0] + 2.0).abs() < 1e-9);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WithParameters<F, T> {
    f: F,
    components: usize,
    parameters: Vec<T>,
    scratch: RefCell<Scratch<T>>,
}

#[derive(Debug, Clone)]
struct Scratch<T> {
    /// J and then F, columns of the length of the state.
    jacobians: Vec<T>,
    y: Vec<T>,
    p: Vec<T>,
    above: Vec<T>,
    below: Vec<T>,
}

impl<T: Real, F: Parametric<T>> WithParameters<F, T> {
    /// The right-hand side `f` of a state of `components` values, with the values of its parameters.
    ///
    /// # Errors
    /// A state without components, and a parameter that is not finite.
    pub fn new(f: F, components: usize, parameters: Vec<T>) -> Result<Self, Error> {
        if components == 0 {
            return Err(Error::EmptySystem);
        }
        if let Some(component) = parameters.iter().position(|p| !p.is_finite()) {
            return Err(Error::NonFinite {
                what: "the vector of parameters",
                t: 0.0,
                component,
            });
        }
        let zeros = |n| vec![T::zero(); n];
        Ok(Self {
            f,
            components,
            scratch: RefCell::new(Scratch {
                jacobians: zeros(components * (components + parameters.len())),
                y: zeros(components),
                p: parameters.clone(),
                above: zeros(components),
                below: zeros(components),
            }),
            parameters,
        })
    }

    /// The values of the parameters.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.parameters
    }

    /// The values of the parameters, to be changed.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// Calls `each` with the columns of J and then of F.
    fn columns(&self, t: T, y: &[T], mut each: impl FnMut(usize, &[T])) {
        let n = self.components;
        let scratch = &mut *self.scratch.borrow_mut();
        let (of_state, of_parameters) = scratch.jacobians.split_at_mut(n * n);
        let p = &self.parameters;
        if !self.f.jacobian(t, y, p, of_state) {
            scratch.y.copy_from_slice(y);
            let (above, below) = (&mut scratch.above, &mut scratch.below);
            differences(&mut scratch.y, above, below, of_state, |y, out| {
                self.f.rhs(t, y, p, out);
            });
        }
        if !p.is_empty() && !self.f.parameter_jacobian(t, y, p, of_parameters) {
            scratch.p.copy_from_slice(p);
            let (above, below) = (&mut scratch.above, &mut scratch.below);
            differences(&mut scratch.p, above, below, of_parameters, |p, out| {
                self.f.rhs(t, y, p, out);
            });
        }
        for (j, column) in scratch.jacobians.chunks_exact(n).enumerate() {
            each(j, column);
        }
    }
}

/// Central differences of `f` at `x`, column by column.
fn differences<T: Real>(
    x: &mut [T],
    above: &mut [T],
    below: &mut [T],
    jacobian: &mut [T],
    f: impl Fn(&[T], &mut [T]),
) {
    let root = T::of(T::EPSILON.to_f64().cbrt());
    for (j, column) in jacobian.chunks_exact_mut(above.len()).enumerate() {
        let middle = x[j];
        let size = middle.abs();
        let step = root * if size > T::one() { size } else { T::one() };
        x[j] = middle + step;
        let up = x[j];
        f(x, above);
        x[j] = middle - step;
        // What has been stepped, after rounding.
        let width = up - x[j];
        f(x, below);
        x[j] = middle;
        for i in 0..column.len() {
            column[i] = (above[i] - below[i]) / width;
        }
    }
}

impl<T: Real, F: Parametric<T>> System<T> for WithParameters<F, T> {
    #[inline]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        self.f.rhs(t, y, &self.parameters, dy);
    }

    fn jacobian(&self, t: T, y: &[T], jacobian: &mut [T]) -> bool {
        self.f.jacobian(t, y, &self.parameters, jacobian)
    }
}

impl<T: Real, F: Parametric<T>> Differentiable<T> for WithParameters<F, T> {
    fn parameters(&self) -> usize {
        self.parameters.len()
    }

    fn jvp(&self, t: T, y: &[T], dy: &[T], dp: &[T], out: &mut [T]) {
        let n = self.components;
        out.fill(T::zero());
        self.columns(t, y, |j, column| {
            let weight = if j < n { dy[j] } else { dp[j - n] };
            for (o, &c) in out.iter_mut().zip(column) {
                *o += weight * c;
            }
        });
    }

    fn vjp(&self, t: T, y: &[T], cotangent: &[T], grad_y: &mut [T], grad_p: &mut [T]) {
        let n = self.components;
        self.columns(t, y, |j, column| {
            let mut sum = T::zero();
            for (&l, &c) in cotangent.iter().zip(column) {
                sum += l * c;
            }
            if j < n {
                grad_y[j] += sum;
            } else {
                grad_p[j - n] += sum;
            }
        });
    }
}
