//! Leapfrog for separable Hamiltonians: energies that stay bounded over any number of steps.
//!
//! For $H(q, p) = K(p) + U(q)$ a step kicks, drifts and kicks (velocity Verlet),
//!
//! $$p \leftarrow p - \tfrac h 2 \nabla U(q), \quad q \leftarrow q + h \nabla K(p), \quad
//! p \leftarrow p - \tfrac h 2 \nabla U(q).$$
//!
//! It is of second order, symplectic and reversible: the energy oscillates by $O(h^2)$ and does not
//! drift, where a Runge–Kutta method of any order gains or loses it steadily. Keep $h$ fixed; varying
//! it gives these properties up.
//!
//! Source: Hairer, Lubich & Wanner (2006), Geometric Numerical Integration, I.1.4 and VI.3.
//!
//! ```
//! use neuropil_ode_core::leapfrog::{Leapfrog, SeparableHamiltonian};
//!
//! struct Pendulum;
//! impl SeparableHamiltonian<f64> for Pendulum {
//!     fn velocity(&self, p: &[f64], velocity: &mut [f64]) {
//!         velocity[0] = p[0];
//!     }
//!     fn force(&self, q: &[f64], force: &mut [f64]) {
//!         force[0] = -q[0].sin();
//!     }
//! }
//! let energy = |q: &[f64], p: &[f64]| 0.5 * p[0] * p[0] - q[0].cos();
//! let (mut q, mut p) = ([1.0], [0.0]);
//! let before = energy(&q, &p);
//! let mut leapfrog = Leapfrog::new(&Pendulum, &q)?;
//! leapfrog.run(&Pendulum, 0.05, 10_000, &mut q, &mut p)?;
//! assert!((energy(&q, &p) - before).abs() < 1e-3);
//! # Ok::<(), neuropil_ode_core::Error>(())
//! ```

use neuropil_math::Real;

use crate::Error;
use crate::exponential::{check_length, check_state};

/// A system $\dot q = \nabla K(p)$, $\dot p = -\nabla U(q)$.
pub trait SeparableHamiltonian<T: Real> {
    /// Writes $\nabla K(p)$: for masses $m$, $p_i / m_i$.
    fn velocity(&self, p: &[T], velocity: &mut [T]);

    /// Writes $-\nabla U(q)$.
    fn force(&self, q: &[T], force: &mut [T]);
}

/// Leapfrog with its workspace, which keeps the force at the end of the last step for the next one:
/// a step evaluates force and velocity once.
#[derive(Debug, Clone)]
pub struct Leapfrog<T> {
    force: Vec<T>,
    velocity: Vec<T>,
}

impl<T: Real> Leapfrog<T> {
    /// Ready to start from `q`.
    ///
    /// # Errors
    /// If `q` is empty.
    pub fn new<S: SeparableHamiltonian<T> + ?Sized>(system: &S, q: &[T]) -> Result<Self, Error> {
        if q.is_empty() {
            return Err(Error::EmptySystem);
        }
        let zeros = vec![T::zero(); q.len()];
        let mut this = Self {
            force: zeros.clone(),
            velocity: zeros,
        };
        this.restart(system, q)?;
        Ok(this)
    }

    /// Evaluates the force anew. Needed when `q` was changed, or the system, since the last step.
    ///
    /// # Errors
    /// If `q` has another length than at construction.
    pub fn restart<S: SeparableHamiltonian<T> + ?Sized>(
        &mut self,
        system: &S,
        q: &[T],
    ) -> Result<(), Error> {
        check_length("positions", self.force.len(), q.len())?;
        system.force(q, &mut self.force);
        Ok(())
    }

    /// One step of size `h`, which may be negative. Values are not looked at.
    ///
    /// # Errors
    /// If `q` or `p` has another length than at construction.
    #[inline]
    pub fn step<S: SeparableHamiltonian<T> + ?Sized>(
        &mut self,
        system: &S,
        h: T,
        q: &mut [T],
        p: &mut [T],
    ) -> Result<(), Error> {
        check_length("positions", self.force.len(), q.len())?;
        check_length("momenta", self.force.len(), p.len())?;
        let half = h * T::of(0.5);
        add_scaled(p, half, &self.force);
        system.velocity(p, &mut self.velocity);
        add_scaled(q, h, &self.velocity);
        system.force(q, &mut self.force);
        add_scaled(p, half, &self.force);
        Ok(())
    }

    /// `steps` steps of size `h`, without allocation.
    ///
    /// # Errors
    /// Lengths as for [`step`](Self::step), an `h` that is zero or not finite, positions or momenta
    /// that are not finite or cease to be; the time in the error counts from the beginning.
    pub fn run<S: SeparableHamiltonian<T> + ?Sized>(
        &mut self,
        system: &S,
        h: T,
        steps: usize,
        q: &mut [T],
        p: &mut [T],
    ) -> Result<(), Error> {
        if !h.is_finite() || h == T::zero() {
            return Err(Error::OutOfRange {
                what: "step size",
                value: h.to_f64(),
                range: "must be finite and not zero",
            });
        }
        check_state(T::zero(), q)?;
        check_state(T::zero(), p)?;
        for i in 0..steps {
            self.step(system, h, q, p)?;
            let t = h * T::of((i + 1) as f64);
            check_state(t, q)?;
            check_state(t, p)?;
        }
        Ok(())
    }
}

#[inline(always)]
fn add_scaled<T: Real>(y: &mut [T], a: T, x: &[T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}
