use nalgebra::DMatrix;
use neuropil_math::Real;

use super::{LaneSystem, Lanes, check, column};
use crate::explicit::{FixedStep, Tableau};
use crate::{Error, State, System};

/// How many trajectories [`fixed_batch`] advances side by side: as many as keep the adders of a
/// processor busy with vectors of two, and as the registers hold.
pub const LANES: usize = 8;

/// A [`LaneSystem`] over numbers that lie side by side, as the methods see it.
struct SideBySide<'a, F, T, const L: usize> {
    system: F,
    parameters: &'a [T],
}

impl<T: Real, F: LaneSystem<T>, const L: usize> System<T> for SideBySide<'_, F, T, L> {
    #[inline(always)]
    fn rhs(&self, t: T, y: &[T], dy: &mut [T]) {
        let (y, p) = (Lanes::<T, L>::of_slice(y), Lanes::of_slice(self.parameters));
        self.system.rhs(t, y, p, Lanes::of_slice_mut(dy));
    }
}

/// Fixed steps of `L` trajectories side by side, with a workspace that is made once.
///
/// The state `S` holds the values of variable $i$ at `[i L]` to `[i L + L - 1]`: `[[T; L]; N]` if the
/// number of variables is known, which is quickest, or `Vec<T>`. Parameters are laid out the same way.
///
/// ```
/// use neuropil_ode_core::batch::{Lane, LaneSteps, LaneSystem};
/// use neuropil_ode_core::explicit::Rk4;
///
/// struct Decay;
/// impl LaneSystem<f64> for Decay {
///     fn rhs<V: Lane<f64>>(&self, _t: f64, y: &[V], p: &[V], dy: &mut [V]) {
///         dy[0] = -p[0] * y[0];
///     }
/// }
/// let mut y = [[1.0, 2.0, 3.0, 4.0]];
/// let rates = [0.0, 0.5, 1.0, 2.0];
/// let mut steps = LaneSteps::<Rk4, f64, _, 4>::new(&y)?;
/// steps.run(&Decay, &mut y, &rates, 0.0, 0.1, 10)?;
/// assert!((y[0][3] - 4.0 * (-2.0_f64).exp()).abs() < 1e-4);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
pub struct LaneSteps<M: Tableau, T: Real, S: State<T>, const L: usize> {
    steps: FixedStep<M, T, S>,
}

impl<M: Tableau, T: Real, S: State<T>, const L: usize> LaneSteps<M, T, S, L> {
    /// The workspace for states like `y`.
    ///
    /// # Errors
    /// An empty state, and one whose length is not a multiple of `L`.
    pub fn new(y: &S) -> Result<Self, Error> {
        check_multiple::<T, L>("state", y.as_slice())?;
        Ok(Self {
            steps: FixedStep::new(y)?,
        })
    }

    /// Takes `n` steps of size `h` from `(t0, y)` and leaves the last states in `y`.
    ///
    /// # Errors
    /// Lengths that are not multiples of `L`, and the errors of [`FixedStep::run`].
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
        check_multiple::<T, L>("state", y.as_slice())?;
        check_multiple::<T, L>("parameters", parameters)?;
        let system = SideBySide::<_, _, L> { system, parameters };
        self.steps.run(&system, y, t0, h, n)
    }
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
            1 => advance::<M, T, _, _>([[T::zero(); LANES]; 1], system, group, states, parameters, span),
            2 => advance::<M, T, _, _>([[T::zero(); LANES]; 2], system, group, states, parameters, span),
            3 => advance::<M, T, _, _>([[T::zero(); LANES]; 3], system, group, states, parameters, span),
            4 => advance::<M, T, _, _>([[T::zero(); LANES]; 4], system, group, states, parameters, span),
            _ => advance::<M, T, _, _>(vec![T::zero(); width], system, group, states, parameters, span),
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
