use core::marker::PhantomData;

use nalgebra::DMatrix;
use neuropil_math::Real;

use super::block::{Block, DynamicBlock};
use super::dispatch::{Kernel, Width, widest};
use super::{LaneSystem, check, column};
use crate::explicit::Tableau;
use crate::{Error, State, System};

/// How many trajectories [`fixed_batch`] advances side by side: as many as keep the adders of a
/// processor busy with vectors of two, and as the registers hold.
pub const LANES: usize = 8;

/// A [`LaneSystem`] over numbers that lie side by side, as the methods see it.
struct SideBySide<'a, F, T, W, const L: usize> {
    system: F,
    parameters: &'a [T],
    width: PhantomData<W>,
}

impl<T: Real, F: LaneSystem<T>, W: Width, const L: usize> System<T> for SideBySide<'_, F, T, W, L> {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        W::rhs::<F, T, L>(&self.system, t, y, self.parameters, dy);
    }
}

/// Fixed steps of `L` trajectories side by side, with a workspace that is made once.
///
/// The state `S` holds the values of variable $i$ at `[i L]` to `[i L + L - 1]`: [`Block`] if the
/// number of variables is known, which is quickest, or `Vec<T>`. Parameters are laid out the same way.
///
/// ```
/// use neuropil_ode_core::batch::{Block, Lane, LaneSteps, LaneSystem};
/// use neuropil_ode_core::explicit::Rk4;
///
/// struct Decay;
/// impl LaneSystem<f64> for Decay {
///     fn rhs<V: Lane<f64>>(&self, _t: f64, y: &[V], p: &[V], dy: &mut [V]) {
///         dy[0] = -p[0] * y[0];
///     }
/// }
/// let mut y = Block([[1.0, 2.0, 3.0, 4.0]]);
/// let rates = [0.0, 0.5, 1.0, 2.0];
/// let mut steps = LaneSteps::<Rk4, f64, _, 4>::new(&y)?;
/// steps.run(&Decay, &mut y, &rates, 0.0, 0.1, 10)?;
/// assert!((y.0[0][3] - 4.0 * (-2.0_f64).exp()).abs() < 1e-4);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
pub struct LaneSteps<M: Tableau, T: Real, S: State<T>, const L: usize> {
    k: M::Slopes<S>,
    next: S,
    scalar: PhantomData<T>,
}

impl<M: Tableau, T: Real, S: State<T>, const L: usize> LaneSteps<M, T, S, L> {
    /// The workspace for states like `y`.
    ///
    /// # Errors
    /// An empty state, and one whose length is not a multiple of `L`.
    pub fn new(y: &S) -> Result<Self, Error> {
        check_multiple::<T, L>("state", y.as_slice())?;
        if y.as_slice().is_empty() {
            return Err(Error::EmptySystem);
        }
        Ok(Self {
            k: M::slopes(y),
            next: y.clone(),
            scalar: PhantomData,
        })
    }

    /// Takes `n` steps of size `h` from `(t0, y)` and leaves the last states in `y`.
    ///
    /// # Errors
    /// A state of another length than the workspace's, parameters whose length is not a multiple of
    /// `L`, and a time or a size that is not finite.
    #[inline]
    pub fn run<F: LaneSystem<T> + ?Sized>(
        &mut self,
        system: &F,
        y: &mut S,
        parameters: &[T],
        t0: T,
        h: T,
        n: usize,
    ) -> Result<(), Error> {
        let (expected, found) = (self.next.as_slice().len(), y.as_slice().len());
        if expected != found {
            return Err(Error::Shape {
                what: "state",
                expected,
                found,
            });
        }
        check_multiple::<T, L>("parameters", parameters)?;
        check_span(t0, h)?;
        widest(Run::<M, T, S, F, L> {
            steps: self,
            system,
            y,
            parameters,
            span: Span { t0, h, n },
        });
        Ok(())
    }
}

struct Run<'a, M: Tableau, T: Real, S: State<T>, F: ?Sized, const L: usize> {
    steps: &'a mut LaneSteps<M, T, S, L>,
    system: &'a F,
    y: &'a mut S,
    parameters: &'a [T],
    span: Span<T>,
}

impl<M, T, S, F, const L: usize> Kernel for Run<'_, M, T, S, F, L>
where
    M: Tableau,
    T: Real,
    S: State<T>,
    F: LaneSystem<T> + ?Sized,
{
    #[inline(always)]
    fn run<W: Width>(self) {
        let system = SideBySide::<_, _, W, L> {
            system: self.system,
            parameters: self.parameters,
            width: PhantomData,
        };
        let Span { t0, h, n } = self.span;
        let (k, y, next) = (&mut self.steps.k, self.y, &mut self.steps.next);
        let step = |i: usize, from: &S, k: &mut M::Slopes<S>, to: &mut S| {
            let t = t0 + T::of(i as f64) * h;
            system.rhs(t, from.as_slice(), k.as_mut()[0].as_mut_slice());
            M::step(&system, t, h, from, k, to);
        };
        // There and back: to exchange the two states word by word would cost more than the step.
        let mut i = 0;
        while i + 2 <= n {
            step(i, y, k, next);
            step(i + 1, next, k, y);
            i += 2;
        }
        if i < n {
            step(i, y, k, next);
            y.as_mut_slice().copy_from_slice(next.as_slice());
        }
    }
}

fn check_span<T: Real>(t0: T, h: T) -> Result<(), Error> {
    for (what, value) in [("start", t0), ("step", h)] {
        if !value.is_finite() {
            return Err(Error::OutOfRange {
                what,
                value: value.to_f64(),
                range: "must be finite",
            });
        }
    }
    Ok(())
}

fn check_multiple<T, const L: usize>(what: &'static str, values: &[T]) -> Result<(), Error> {
    if L > 0 && values.len().is_multiple_of(L) {
        Ok(())
    } else {
        Err(Error::Shape {
            what,
            expected: values.len().next_multiple_of(L.max(1)),
            found: values.len(),
        })
    }
}

/// Takes `n` steps of size `h` of the method `M` from `t0`, with every column of `states`, the initial
/// states on entry and the last ones on return.
///
/// `parameters` has a column for each trajectory, or no row if there are no parameters. Eight
/// trajectories at a time go side by side; up to four variables have a code of their own. The bits of a
/// trajectory are those of [`fixed_step`](crate::explicit::fixed_step) on [`One`](super::One).
///
/// # Errors
/// States without a row, parameters of another number of columns, a time or a size that is not finite,
/// and a trajectory that does not stay finite: all others are done then.
pub fn fixed_batch<M: Tableau, T: Real, F: LaneSystem<T> + Sync + ?Sized>(
    system: &F,
    states: &mut DMatrix<T>,
    parameters: &DMatrix<T>,
    t0: T,
    h: T,
    n: usize,
) -> Result<(), Error> {
    check(states, parameters)?;
    let rows = states.nrows();
    let width = rows * LANES;
    let run = |group: usize, states: &mut [T]| {
        let span = Span { t0, h, n };
        match rows {
            1 => advance::<M, T, _, _>(Block([[T::zero(); LANES]; 1]), system, group, states, parameters, span),
            2 => advance::<M, T, _, _>(Block([[T::zero(); LANES]; 2]), system, group, states, parameters, span),
            3 => advance::<M, T, _, _>(Block([[T::zero(); LANES]; 3]), system, group, states, parameters, span),
            4 => advance::<M, T, _, _>(Block([[T::zero(); LANES]; 4]), system, group, states, parameters, span),
            _ => advance::<M, T, _, _>(DynamicBlock::zeros(width), system, group, states, parameters, span),
        }
    };
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let groups = states.as_mut_slice().par_chunks_mut(width).enumerate();
        groups.try_for_each(|(group, states)| run(group, states))?;
    }
    #[cfg(not(feature = "rayon"))]
    for (group, states) in states.as_mut_slice().chunks_mut(width).enumerate() {
        run(group, states)?;
    }
    match states.as_slice().iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::NonFinite {
            what: "the last state of a trajectory",
            t: (t0 + T::of(n as f64) * h).to_f64(),
            component: i % rows,
        }),
    }
}

struct Span<T> {
    t0: T,
    h: T,
    n: usize,
}

/// One group of trajectories, at most [`LANES`]; `y` is the place for its states.
fn advance<M, T, S, F>(
    mut y: S,
    system: &F,
    group: usize,
    states: &mut [T],
    parameters: &DMatrix<T>,
    span: Span<T>,
) -> Result<(), Error>
where
    M: Tableau,
    T: Real,
    S: State<T>,
    F: LaneSystem<T> + ?Sized,
{
    let rows = y.as_slice().len() / LANES;
    let count = states.len() / rows;
    let mut p = vec![T::zero(); parameters.nrows() * LANES];
    for lane in 0..LANES {
        // Lanes without a trajectory repeat the last one; nobody reads them.
        let j = lane.min(count - 1);
        for i in 0..rows {
            y.as_mut_slice()[i * LANES + lane] = states[j * rows + i];
        }
        let of_trajectory = column(parameters, group * LANES + j);
        for (i, &value) in of_trajectory.iter().enumerate() {
            p[i * LANES + lane] = value;
        }
    }
    let mut steps = LaneSteps::<M, T, S, LANES>::new(&y)?;
    steps.run(system, &mut y, &p, span.t0, span.h, span.n)?;
    for j in 0..count {
        for i in 0..rows {
            states[j * rows + i] = y.as_slice()[i * LANES + j];
        }
    }
    Ok(())
}
