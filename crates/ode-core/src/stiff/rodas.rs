use core::array::from_fn;

use neuropil_math::Real;

use super::coefficients::rodas5p::{A, ALPHA, B, C, DENSE, GAMMA, GAMMA_SUMS};
use super::jacobian;
use super::linear::Lu;
use super::method::{Cause, Sealed, StiffMethod, Trial, Work};
use super::position::Position;
use crate::control::{Control, Tuning};
use crate::{Error, SolverConfig, State, System};

/// Rodas5P, a Rosenbrock method: eight stages, each the solution of a linear system with the same
/// matrix $\frac{1}{h \gamma} I - J$, and no iteration.
///
/// $$\begin{aligned}
/// \Bigl( \frac{1}{h \gamma} I - J \Bigr) u_i
/// &= f\Bigl(t + \alpha_i h, y + \sum_{j < i} a_{ij} u_j\Bigr) +
/// \frac 1 h \sum_{j < i} c_{ij} u_j + \gamma_i h \frac{\partial f}{\partial t} \\
/// y_1 &= y + \sum_i b_i u_i
/// \end{aligned}$$
///
/// Order 5 with an error estimate of order 4, stiffly accurate, L-stable, also for the parabolic
/// problems on which older methods of its kind lose order. A step costs one Jacobian, one
/// factorisation and eight evaluations. Jacobian and $\partial f / \partial t$ must be those of the
/// right-hand side: differences of them are good to about eight digits.
///
/// The estimate is held against half of the tolerances, since the errors of a run add up: for a seventh
/// more steps the times of spikes, which keep every error before, are good to ten times the tolerance.
///
/// G. Steinebach, BIT Numer. Math. 63 (2023) 27.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rodas5P;

impl Sealed for Rodas5P {}

impl StiffMethod for Rodas5P {
    const NAME: &'static str = "Rodas5P";
    const ORDER: u32 = 5;
    const DENSE_ORDER: u32 = 4;
    const ERROR_ORDER: u32 = 5;
    type Work<T: Real, S: State<T>> = RodasWork<T, S>;
}

/// The part of the tolerances that an estimate may reach.
const SHARE: f64 = 0.5;

/// The stages and the matrix of a step.
#[derive(Debug, Clone)]
pub struct RodasWork<T: Real, S: State<T>> {
    control: Control,
    lu: Lu<T>,
    u: [S; 8],
    time_derivative: S,
    stage: S,
    slope: S,
    /// Whether Jacobian and time derivative belong to the position.
    fresh: bool,
    dense: [S; 3],
    dense_ready: bool,
}

impl<T: Real, S: State<T>> RodasWork<T, S> {
    /// Solves for the stage `I` of those after the first; `stage` holds its argument afterwards.
    #[inline(always)]
    fn stage<const I: usize, F: System<T> + ?Sized>(
        &mut self,
        at: &Position<T, S>,
        system: &F,
        h: T,
    ) {
        let y = at.y.as_slice();
        let n = y.len();
        let stage = &mut self.stage.as_mut_slice()[..n];
        if I < 6 {
            let u: [&[T]; I] = from_fn(|j| &self.u[j].as_slice()[..n]);
            for r in 0..n {
                let mut sum = y[r];
                for j in 0..I {
                    sum += T::of(A[I][j]) * u[j][r];
                }
                stage[r] = sum;
            }
        } else {
            // Stiffly accurate: the last arguments differ by the stage before.
            let u = &self.u[I - 1].as_slice()[..n];
            for r in 0..n {
                stage[r] += u[r];
            }
        }
        let slope = &mut self.slope.as_mut_slice()[..n];
        system.rhs(at.t + T::of(ALPHA[I]) * h, stage, slope);
        let (before, from) = self.u.split_at_mut(I);
        let u: [&[T]; I] = from_fn(|j| &before[j].as_slice()[..n]);
        let right = &mut from[0].as_mut_slice()[..n];
        let weights: [T; I] = from_fn(|j| T::of(C[I][j]) / h);
        for r in 0..n {
            let mut sum = weights[0] * u[0][r];
            for j in 1..I {
                sum += weights[j] * u[j][r];
            }
            right[r] = slope[r] + sum;
        }
        if GAMMA_SUMS[I] != 0.0 {
            let weight = T::of(GAMMA_SUMS[I]) * h;
            let dt = &self.time_derivative.as_slice()[..n];
            for r in 0..n {
                right[r] += weight * dt[r];
            }
        }
        self.lu.solve(n, right);
    }
}

impl<T: Real, S: State<T>> Work<T, S> for RodasWork<T, S> {
    fn new(y: &S, config: &SolverConfig<T>) -> Result<Self, Error> {
        let n = y.as_slice().len();
        Ok(Self {
            control: Control::new(config, f64::from(Rodas5P::ERROR_ORDER), Tuning::PI)?,
            lu: Lu::new(n),
            u: from_fn(|_| y.clone()),
            time_derivative: y.clone(),
            stage: y.clone(),
            slope: y.clone(),
            fresh: false,
            dense: from_fn(|_| y.clone()),
            dense_ready: false,
        })
    }

    #[inline(always)]
    fn attempt<F: System<T> + ?Sized>(
        &mut self,
        at: &mut Position<T, S>,
        system: &F,
        h: T,
        fixed: bool,
    ) -> Result<Trial<T>, Error> {
        let n = at.y.as_slice().len();
        if !self.fresh {
            jacobian::evaluate(at, system, h)?;
            jacobian::time_derivative(at, system, h, &mut self.time_derivative);
            self.fresh = true;
        }
        at.statistics.factorisations += 1;
        let sigma = T::one() / (h * T::of(GAMMA));
        if self.lu.factor(n, sigma, &at.jacobian).is_err() {
            let factor: T = self.control.reject_wild();
            return Ok(Trial::Bad(h.abs() * factor, Cause::Singular));
        }
        let first = &mut self.u[0].as_mut_slice()[..n];
        let slope = &at.slope.as_slice()[..n];
        let dt = &self.time_derivative.as_slice()[..n];
        let weight = T::of(GAMMA_SUMS[0]) * h;
        for r in 0..n {
            first[r] = slope[r] + weight * dt[r];
        }
        self.lu.solve(n, first);
        self.stage::<1, F>(at, system, h);
        self.stage::<2, F>(at, system, h);
        self.stage::<3, F>(at, system, h);
        self.stage::<4, F>(at, system, h);
        self.stage::<5, F>(at, system, h);
        self.stage::<6, F>(at, system, h);
        self.stage::<7, F>(at, system, h);
        at.statistics.evaluations += 7;
        // The solution is the argument of the last stage and that stage, which is the error too.
        const { assert!(B[7] == 1.0 && B[6] == A[7][6]) };
        let (y, other) = (&at.y.as_slice()[..n], &mut at.other.as_mut_slice()[..n]);
        let (stage, error) = (&self.stage.as_slice()[..n], &self.u[7].as_slice()[..n]);
        let absolute = &at.absolute.as_slice()[..n];
        let mut sum = T::zero();
        for r in 0..n {
            let end = stage[r] + error[r];
            other[r] = end;
            let (a, b) = (y[r].abs(), end.abs());
            // Written so that a NaN in `b` passes.
            let size = if a > b { a } else { b };
            let e = error[r] / (absolute[r] + at.relative * size);
            sum += e * e;
        }
        let error2 = sum / T::of(n as f64) * T::of(1.0 / (SHARE * SHARE));
        if fixed && error2.is_finite() || error2 <= T::one() {
            return Ok(Trial::Good(h.abs() * self.control.accept(error2)));
        }
        Ok(if error2.is_finite() {
            Trial::Bad(h.abs() * self.control.reject(error2), Cause::Inaccurate)
        } else {
            let factor: T = self.control.reject_wild();
            Trial::Bad(h.abs() * factor, Cause::NotFinite)
        })
    }

    #[inline(always)]
    fn accept(&mut self, _at: &Position<T, S>, _h: T) {
        self.fresh = false;
        self.dense_ready = false;
    }

    #[cold]
    fn refuse(&mut self) {
        let _: T = self.control.reject_wild();
    }

    fn reset(&mut self) {
        self.control.reset();
        self.fresh = false;
    }

    fn interpolate(&mut self, at: &Position<T, S>, theta: T, out: &mut [T]) {
        let n = out.len();
        if !self.dense_ready {
            for (dense, weights) in self.dense.iter_mut().zip(&DENSE) {
                let dense = &mut dense.as_mut_slice()[..n];
                dense.fill(T::zero());
                for (u, weight) in self.u.iter().zip(weights) {
                    let (u, weight) = (&u.as_slice()[..n], T::of(*weight));
                    for r in 0..n {
                        dense[r] += weight * u[r];
                    }
                }
            }
            self.dense_ready = true;
        }
        let (y0, y1) = (&at.other.as_slice()[..n], &at.y.as_slice()[..n]);
        let [a, b, c] = self.dense.each_ref().map(|d| &d.as_slice()[..n]);
        let rest = T::one() - theta;
        for r in 0..n {
            let bend = a[r] + theta * (b[r] + theta * c[r]);
            out[r] = rest * y0[r] + theta * (y1[r] + rest * bend);
        }
    }
}
