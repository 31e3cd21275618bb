use core::cell::RefCell;

use neuropil_math::Real;

use super::Differentiable;
use super::discrete::check_finite;
use super::forward::check_length;
use crate::explicit::{DenseSolution, Explicit, Tableau};
use crate::{Error, SolverConfig, State, Statistics, System};

/// Where the continuous adjoint takes the state from on its way back.
pub enum ForwardSolution<'a, M: Tableau, T: Real, S: State<T>> {
    /// The dense solution of the way forth: every step with its slopes is in memory.
    Interpolated(&'a DenseSolution<M, T, S>),
    /// The state at the end, integrated backward beside the adjoint: no memory, and no accuracy where
    /// the system forgets its past. Backward, errors grow as fast as they fade forward; a relaxation of
    /// rate $r$ over a time $t$ multiplies them by $e^{rt}$.
    Recomputed {
        /// The time at which the solution began.
        start: T,
        /// The time at which it ended.
        end: T,
        /// The state there.
        state: &'a [T],
    },
}

/// The continuous adjoint: the equation of the cotangent $\lambda = \partial \Phi / \partial y(t)$,
/// solved backward with steps of its own,
///
/// $$\dot \lambda = -J^\top \lambda, \qquad \dot \mu = -F^\top \lambda, \qquad
/// \lambda(t_N) = \mu(t_N) = 0,$$
///
/// where $\lambda$ jumps by $\nabla \varphi_i(y(t_i))$ at the times of the loss
/// $\Phi = \sum_i \varphi_i(y(t_i))$.
///
/// # Accuracy
/// The gradient is that of the exact solution, up to the errors of three things: the steps backward,
/// which the tolerance of this solver bounds; the states between the steps forth, which are as exact as
/// the dense output of that method; and the computed solution itself, about which $J$ is taken. All
/// three fall with the tolerances, which should be the same both ways. The gradient of the *computed*
/// loss, which the [discrete adjoint](super::DiscreteAdjoint) gives, differs by as much, so that an
/// optimiser or a difference quotient cannot expect more digits than the tolerance has. Chaotic systems
/// multiply all of it.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::explicit::{DenseSolution, DormandPrince54, Explicit};
/// use neuropil_ode_core::sensitivity::{ContinuousAdjoint, ForwardSolution, WithParameters};
///
/// let decay = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = -p[0] * y[0];
/// let system = WithParameters::new(decay, 1, vec![0.5])?;
/// let config = SolverConfig::with_tolerance(1e-9);
/// let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, [2.0], &config)?;
/// let mut solution = DenseSolution::new();
/// while solver.time() < 1.0 {
///     solver.step(&system, 1.0)?;
///     solution.record(&mut solver, &system)?;
/// }
///
/// let mut adjoint = ContinuousAdjoint::<DormandPrince54, f64>::new(&system, 1, &config)?;
/// let (mut grad_y, mut grad_p) = ([0.0], [0.0]);
/// let forward = ForwardSolution::Interpolated(&solution);
/// // The loss is y at the end.
/// adjoint.run(&system, &forward, &[1.0], |_, _, _, c| c[0] += 1.0, &mut grad_y, &mut grad_p)?;
/// let end = (-0.5_f64).exp();
/// assert!((grad_y[0] - end).abs() < 1e-8 && (grad_p[0] + 2.0 * end).abs() < 1e-8);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
pub struct ContinuousAdjoint<M: Tableau, T: Real> {
    /// λ and μ; the state after them if it is recomputed.
    interpolated: Explicit<M, T, Vec<T>>,
    recomputed: Explicit<M, T, Vec<T>>,
    components: usize,
    parameters: usize,
    start: Vec<T>,
    y: RefCell<Vec<T>>,
}

impl<M: Tableau, T: Real> ContinuousAdjoint<M, T> {
    /// The adjoint for systems like this one, with a state of the given number of components.
    ///
    /// The tolerances hold for $\lambda$ and $\mu$, and for the state if that is recomputed. Absolute
    /// ones for each component are those of the state; they hold for $\lambda$ too, the least of them
    /// for $\mu$.
    ///
    /// # Errors
    /// A state without components, and the errors of [`SolverConfig::check`].
    pub fn new<D: Differentiable<T> + ?Sized>(
        system: &D,
        components: usize,
        config: &SolverConfig<T>,
    ) -> Result<Self, Error> {
        if components == 0 {
            return Err(Error::EmptySystem);
        }
        config.check(components)?;
        let parameters = system.parameters();
        let length = 2 * components + parameters;
        let solver = |length: usize| {
            let mut config = config.clone();
            if let crate::Absolute::Each(each) = &mut config.tolerance.absolute {
                let least = each.iter().fold(each[0], |m, &a| if a < m { a } else { m });
                let of_state = each.clone();
                each.resize(components + parameters, least);
                if length > each.len() {
                    each.extend(of_state);
                }
            }
            Explicit::new(T::zero(), vec![T::zero(); length], &config)
        };
        Ok(Self {
            interpolated: solver(components + parameters)?,
            recomputed: solver(length)?,
            components,
            parameters,
            start: vec![T::zero(); length],
            y: RefCell::new(vec![T::zero(); components]),
        })
    }

    /// The gradients of the loss by the initial state and by the parameters, written into `grad_y` and
    /// `grad_p`. Nothing allocates.
    ///
    /// `times` are those of the loss, in the order of the way forth; `loss` is called for each, the
    /// last first, with its index, the time, the state and the cotangent, to which it adds
    /// $\nabla \varphi_i(y(t_i))$.
    ///
    /// # Errors
    /// Times outside of the span or out of order, slices of wrong lengths, a solution without a step, a
    /// gradient that is not finite, and the errors of [`Explicit::advance_to`].
    pub fn run<D, N, S>(
        &mut self,
        system: &D,
        forward: &ForwardSolution<'_, N, T, S>,
        times: &[T],
        mut loss: impl FnMut(usize, T, &[T], &mut [T]),
        grad_y: &mut [T],
        grad_p: &mut [T],
    ) -> Result<Statistics, Error>
    where
        D: Differentiable<T> + ?Sized,
        N: Tableau,
        S: State<T>,
    {
        let (n, m) = (self.components, self.parameters);
        check_length("gradient by the state", n, grad_y.len())?;
        check_length("gradient by the parameters", m, grad_p.len())?;
        check_length("parameters", m, system.parameters())?;
        let (begin, end, dense) = match forward {
            ForwardSolution::Interpolated(dense) => match dense.span() {
                Some((start, end)) => (start, end, Some(*dense)),
                None => return Err(Error::ZeroSpan { t: 0.0 }),
            },
            ForwardSolution::Recomputed { start, end, state } => {
                check_length("state", n, state.len())?;
                self.start[n + m..].copy_from_slice(state);
                (*start, *end, None)
            }
        };
        check_times(times, begin, end)?;
        let (solver, length) = match dense {
            Some(_) => (&mut self.interpolated, n + m),
            None => (&mut self.recomputed, 2 * n + m),
        };
        let before = solver.statistics();
        let backward = Backward {
            system,
            dense,
            span: if begin < end {
                (begin, end)
            } else {
                (end, begin)
            },
            y: &self.y,
            components: n,
            parameters: m,
        };
        let state = &mut self.start[..length];
        state[..n + m].fill(T::zero());
        solver.restart(end, state)?;
        solver.restart_step_size();
        for (i, &t) in times.iter().enumerate().rev() {
            if t != solver.time() {
                solver.advance_to(&backward, t)?;
            }
            state.copy_from_slice(solver.state());
            let (adjoint, recomputed) = state.split_at_mut(n + m);
            let lambda = &mut adjoint[..n];
            match dense {
                Some(dense) => {
                    let y = &mut *self.y.borrow_mut();
                    dense.at(t, y)?;
                    loss(i, t, y, lambda);
                }
                None => loss(i, t, recomputed, lambda),
            }
            solver.restart(t, state)?;
        }
        if begin != solver.time() {
            solver.advance_to(&backward, begin)?;
        }
        grad_y.copy_from_slice(&solver.state()[..n]);
        grad_p.copy_from_slice(&solver.state()[n..n + m]);
        check_finite("the gradient by the state", begin, grad_y)?;
        check_finite("the gradient by the parameters", begin, grad_p)?;
        let after = solver.statistics();
        Ok(Statistics {
            evaluations: after.evaluations - before.evaluations,
            accepted: after.accepted - before.accepted,
            rejected: after.rejected - before.rejected,
            ..Statistics::default()
        })
    }
}

fn check_times<T: Real>(times: &[T], begin: T, end: T) -> Result<(), Error> {
    let forward = end >= begin;
    let mut reached = begin;
    let between = |a: T, t: T, b: T| {
        if forward {
            t >= a && t <= b
        } else {
            t <= a && t >= b
        }
    };
    for &t in times {
        if !between(reached, t, end) {
            return Err(Error::Time {
                what: "the time of a loss",
                value: t.to_f64(),
                reached: reached.to_f64(),
            });
        }
        reached = t;
    }
    Ok(())
}

/// λ, μ and perhaps y.
struct Backward<'a, D: ?Sized, N: Tableau, T: Real, S: State<T>> {
    system: &'a D,
    dense: Option<&'a DenseSolution<N, T, S>>,
    span: (T, T),
    y: &'a RefCell<Vec<T>>,
    components: usize,
    parameters: usize,
}

impl<D, N, T, S> System<T> for Backward<'_, D, N, T, S>
where
    D: Differentiable<T> + ?Sized,
    N: Tableau,
    T: Real,
    S: State<T>,
{
    fn rhs(&self, t: T, state: &[T], out: &mut [T]) {
        let (n, m) = (self.components, self.parameters);
        let (out, dy) = out.split_at_mut(n + m);
        out.fill(T::zero());
        let (of_lambda, of_mu) = out.split_at_mut(n);
        let lambda = &state[..n];
        match self.dense {
            Some(dense) => {
                let y = &mut *self.y.borrow_mut();
                // The time of a stage may miss the end by a rounding error.
                let (low, high) = self.span;
                let t = if t < low { low } else { t };
                let t = if t > high { high } else { t };
                if dense.at(t, y).is_err() {
                    // Only for a time that is not a number: the step is rejected.
                    y.fill(t);
                }
                self.system.vjp(t, y, lambda, of_lambda, of_mu);
            }
            None => {
                let y = &state[n + m..];
                self.system.rhs(t, y, dy);
                self.system.vjp(t, y, lambda, of_lambda, of_mu);
            }
        }
        for d in out {
            *d = -*d;
        }
    }
}
