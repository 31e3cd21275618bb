use neuropil_math::Real;

use super::{Differentiable, StepAdjoint};
use crate::explicit::Tableau;
use crate::{Error, State};

/// The derivative of a step of an explicit Runge–Kutta method.
///
/// With the stages $Y_s = y + h \sum_{j} a_{sj} k_j$, $k_s = f(t + c_s h, Y_s)$ and the cotangent
/// $\lambda$ of $y_1 = y + h \sum_s b_s k_s$, from the last stage to the first:
///
/// $$\bar k_s = h b_s \lambda + h \sum_{r > s} a_{rs} \bar Y_r, \qquad
/// \bar Y_s = J_s^\top \bar k_s, \qquad \bar p \mathrel{+}= F_s^\top \bar k_s, \qquad
/// \bar y = \lambda + \sum_s \bar Y_s$$
///
/// Source: Hager (2000), Runge–Kutta methods in optimal control and the transformed adjoint system,
/// Numer. Math. 87, 247–282.
#[derive(Clone)]
pub struct RungeKutta<M: Tableau, T: Real, S: State<T>> {
    y: S,
    next: S,
    k: M::Slopes<S>,
    stages: M::Slopes<S>,
    /// The cotangents of the stages.
    bars: M::Slopes<S>,
    slope_bar: S,
    work: Vec<T>,
}

impl<M: Tableau, T: Real, S: State<T>> core::fmt::Debug for RungeKutta<M, T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RungeKutta({}, {} components)", M::NAME, self.work.len())
    }
}

impl<M: Tableau, T: Real, S: State<T>> RungeKutta<M, T, S> {
    /// The workspace for states like `y`.
    ///
    /// # Errors
    /// An empty state.
    pub fn new(y: &S) -> Result<Self, Error> {
        if y.as_slice().is_empty() {
            return Err(Error::EmptySystem);
        }
        Ok(Self {
            y: y.clone(),
            next: y.clone(),
            k: M::slopes(y),
            stages: M::slopes(y),
            bars: M::slopes(y),
            slope_bar: y.clone(),
            work: y.as_slice().to_vec(),
        })
    }

    /// Whether the slope of stage `s` enters anything within the step.
    fn counts(s: usize) -> bool {
        M::B[s] != 0.0 || (s + 1..M::STAGES).any(|r| M::A[r][s] != 0.0)
    }
}

impl<M, T, S, D> StepAdjoint<T, D> for RungeKutta<M, T, S>
where
    M: Tableau,
    T: Real,
    S: State<T>,
    D: Differentiable<T> + ?Sized,
{
    fn components(&self) -> usize {
        self.work.len()
    }

    fn parameters(&self, system: &D) -> usize {
        system.parameters()
    }

    fn take(&mut self, system: &D, t: T, h: T, y: &mut [T]) {
        self.y.as_mut_slice().copy_from_slice(y);
        system.rhs(t, y, self.k.as_mut()[0].as_mut_slice());
        M::step(system, t, h, &self.y, &mut self.k, &mut self.next);
        y.copy_from_slice(self.next.as_slice());
    }

    fn record(&mut self, system: &D, t: T, h: T, y: &mut [T]) {
        self.take(system, t, h, y);
        let n = y.len();
        let (k, stages) = (self.k.as_ref(), self.stages.as_mut());
        for s in 0..M::STAGES {
            let stage = &mut stages[s].as_mut_slice()[..n];
            stage.copy_from_slice(self.y.as_slice());
            for (j, &a) in M::A[s].iter().enumerate() {
                if a != 0.0 {
                    let a = T::of(a) * h;
                    let k = &k[j].as_slice()[..n];
                    for i in 0..n {
                        stage[i] += a * k[i];
                    }
                }
            }
        }
    }

    fn start(&self) -> &[T] {
        self.y.as_slice()
    }

    fn reverse(&mut self, system: &D, t: T, h: T, cotangent: &mut [T], grad_p: &mut [T]) {
        let n = cotangent.len();
        let (stages, bars) = (self.stages.as_ref(), self.bars.as_mut());
        let bar = &mut self.slope_bar.as_mut_slice()[..n];
        let sum = &mut self.work[..n];
        sum.copy_from_slice(cotangent);
        for s in (0..M::STAGES).rev() {
            if !Self::counts(s) {
                bars[s].as_mut_slice().fill(T::zero());
                continue;
            }
            let b = T::of(M::B[s]) * h;
            for i in 0..n {
                bar[i] = b * cotangent[i];
            }
            for r in s + 1..M::STAGES {
                let a = M::A[r][s];
                if a != 0.0 {
                    let a = T::of(a) * h;
                    let later = &bars[r].as_slice()[..n];
                    for i in 0..n {
                        bar[i] += a * later[i];
                    }
                }
            }
            let stage_bar = &mut bars[s].as_mut_slice()[..n];
            stage_bar.fill(T::zero());
            let at = t + T::of(M::C[s]) * h;
            system.vjp(at, stages[s].as_slice(), bar, stage_bar, grad_p);
            for i in 0..n {
                sum[i] += stage_bar[i];
            }
        }
        cotangent.copy_from_slice(sum);
    }
}
