use neuropil_math::Real;

use super::checkpoints::stride;
use super::forward::check_length;
use super::{StepAdjoint, Steps};
use crate::Error;

/// What the way back cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdjointStatistics {
    /// Steps that were reversed, each with a recording of its stages.
    pub reversed: u64,
    /// Steps that were only taken, to come from a checkpoint to the step to be reversed.
    pub taken: u64,
}

/// The discrete adjoint: the exact derivative, up to rounding, of the solution that a method computes
/// with given steps.
///
/// For a loss $\Phi = \sum_i \varphi_i(y_i)$ over the states $y_0, \dots, y_N$ between the steps
/// $y_{i+1} = \psi_i(y_i, p)$, with $\lambda_N = \nabla \varphi_N$,
///
/// $$\lambda_i = \nabla \varphi_i(y_i) + \Bigl(\frac{\partial \psi_i}{\partial y}\Bigr)^\top
/// \lambda_{i+1}, \qquad \frac{\partial \Phi}{\partial y_0} = \lambda_0, \qquad
/// \frac{\partial \Phi}{\partial p} = \sum_i \Bigl(\frac{\partial \psi_i}{\partial p}\Bigr)^\top
/// \lambda_{i+1}$$
///
/// The sizes of the steps count as given: how they would change with $y_0$ and $p$ is left out, an
/// effect below the tolerance. One run costs a few solutions, whatever the number of parameters.
///
/// The states are needed in reverse, and only some are kept: with `checkpoints` of them, the others
/// are computed again from the last one before. The schedule is the optimal one of Griewank and
/// Walther; with $c$ checkpoints and $r$ repetitions $\binom{c + r}{c}$ steps are within reach, 10
/// checkpoints and 3 repetitions do for 286. The memory is that of the checkpoints and of one step,
/// however many steps there are. All of it is allocated by [`new`](Self::new).
///
/// ```
/// use neuropil_ode_core::explicit::Rk4;
/// use neuropil_ode_core::sensitivity::{DiscreteAdjoint, RungeKutta, Steps, WithParameters};
///
/// let decay = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = -p[0] * y[0];
/// let system = WithParameters::new(decay, 1, vec![0.5])?;
/// let steps = Steps::equal(0.0, 0.01, 100)?;
///
/// // The loss is y² at the end.
/// let method = RungeKutta::<Rk4, f64, _>::new(&[2.0])?;
/// let mut adjoint = DiscreteAdjoint::new(&system, method, 10)?;
/// let (mut grad_y, mut grad_p) = ([0.0], [0.0]);
/// adjoint.run(&system, &[2.0], &steps, |i, _t, y, cotangent| {
///     if i == steps.len() {
///         cotangent[0] += 2.0 * y[0];
///     }
/// }, &mut grad_y, &mut grad_p)?;
/// let end = 2.0 * (-0.5_f64).exp();
/// assert!((grad_y[0] - 2.0 * end * end / 2.0).abs() < 1e-8);
/// assert!((grad_p[0] + 2.0 * end * end).abs() < 1e-8);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DiscreteAdjoint<P, T> {
    method: P,
    components: usize,
    parameters: usize,
    /// States at the marks, one behind the other.
    store: Vec<T>,
    /// The steps at whose start a state is kept, ascending.
    marks: Vec<usize>,
    checkpoints: usize,
    y: Vec<T>,
}

impl<T: Real, P> DiscreteAdjoint<P, T> {
    /// The adjoint of `method` for systems like this one, with so many states kept at the most. More of
    /// them than steps are of no use.
    ///
    /// # Errors
    /// No checkpoint (the initial state is one, and needed), or more than memory can be had for.
    pub fn new<D: ?Sized>(system: &D, method: P, checkpoints: usize) -> Result<Self, Error>
    where
        P: StepAdjoint<T, D>,
    {
        let bad = |range| Error::OutOfRange {
            what: "number of checkpoints",
            value: checkpoints as f64,
            range,
        };
        if checkpoints == 0 {
            return Err(bad("must be one at least"));
        }
        let components = method.components();
        let (mut store, mut marks) = (Vec::new(), Vec::new());
        let length = components.saturating_mul(checkpoints);
        if store.try_reserve_exact(length).is_err() || marks.try_reserve_exact(checkpoints).is_err()
        {
            return Err(bad("needs more memory than there is"));
        }
        store.resize(length, T::zero());
        Ok(Self {
            parameters: method.parameters(system),
            method,
            components,
            store,
            marks,
            checkpoints,
            y: vec![T::zero(); components],
        })
    }

    /// The gradients of the loss by the initial state `y0` and by the parameters, written into `grad_y`
    /// and `grad_p`. Nothing allocates.
    ///
    /// `loss` is called with $i$, $t_i$, $y_i$ and the cotangent, once for each state from the last,
    /// $i = N$, to the first, $i = 0$, and adds $\nabla \varphi_i(y_i)$ to the cotangent; there, too,
    /// it can sum the loss itself. A loss at chosen times needs steps that land on them, as those of
    /// [`Explicit::advance_to`](crate::explicit::Explicit::advance_to) do; an integral over time is one
    /// component more of the state.
    ///
    /// # Errors
    /// No step, slices of wrong lengths, a state that ceases to be finite, or a gradient that is not.
    pub fn run<D: ?Sized>(
        &mut self,
        system: &D,
        y0: &[T],
        steps: &Steps<T>,
        mut loss: impl FnMut(usize, T, &[T], &mut [T]),
        grad_y: &mut [T],
        grad_p: &mut [T],
    ) -> Result<AdjointStatistics, Error>
    where
        P: StepAdjoint<T, D>,
    {
        let n = self.components;
        check_length("state", n, y0.len())?;
        check_length("gradient by the state", n, grad_y.len())?;
        check_length("gradient by the parameters", self.parameters, grad_p.len())?;
        check_length(
            "parameters",
            self.parameters,
            self.method.parameters(system),
        )?;
        if steps.is_empty() {
            return Err(Error::ZeroSpan {
                t: steps.time(0).to_f64(),
            });
        }
        check_finite("the state", steps.time(0), y0)?;
        let mut statistics = AdjointStatistics::default();
        let count = steps.len();
        let cotangent = grad_y;
        cotangent.fill(T::zero());
        grad_p.fill(T::zero());
        self.store[..n].copy_from_slice(y0);
        self.marks.clear();
        self.marks.push(0);
        let mut end = count;
        while let Some(&top) = self.marks.last() {
            let slot = self.marks.len() - 1;
            self.y.copy_from_slice(&self.store[slot * n..][..n]);
            let goal = if top + 1 < end && self.marks.len() < self.checkpoints {
                top + stride(end - top, self.checkpoints - self.marks.len())
            } else {
                end - 1
            };
            for i in top..goal {
                self.method
                    .take(system, steps.time(i), steps.size(i), &mut self.y);
            }
            statistics.taken += (goal - top) as u64;
            if goal > top && self.marks.len() < self.checkpoints {
                self.store[(slot + 1) * n..][..n].copy_from_slice(&self.y);
                self.marks.push(goal);
                continue;
            }
            let (t, h) = (steps.time(goal), steps.size(goal));
            let y = &mut self.y;
            self.method.record(system, t, h, y);
            if end == count {
                let t1 = steps.time(count);
                check_finite("the state", t1, y)?;
                loss(count, t1, y, cotangent);
            }
            self.method.reverse(system, t, h, cotangent, grad_p);
            loss(goal, t, self.method.start(), cotangent);
            statistics.reversed += 1;
            end = goal;
            if top == end {
                self.marks.pop();
            }
        }
        check_finite("the gradient by the state", steps.time(0), cotangent)?;
        check_finite("the gradient by the parameters", steps.time(0), grad_p)?;
        Ok(statistics)
    }
}

pub(super) fn check_finite<T: Real>(what: &'static str, t: T, values: &[T]) -> Result<(), Error> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(component) => Err(Error::NonFinite {
            what,
            t: t.to_f64(),
            component,
        }),
    }
}
