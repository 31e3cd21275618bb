use nalgebra::DMatrix;
use neuropil_math::Real;

use super::{LaneSystem, One, check, column};
use crate::explicit::{Explicit, Tableau};
use crate::{Error, SolverConfig, State, Statistics};

/// Trajectories that a thread takes at a time; fixed, though nothing depends on it.
const CHUNK: usize = 16;

/// Integrates every column of `states` from `t0` to `t1`, each with the steps that its own error asks
/// for: the initial states on entry, the last ones on return.
///
/// `parameters` has a column for each trajectory, or no row if there are no parameters. What each
/// trajectory cost is returned, or why it ended: then its state is that of the last accepted step, and
/// the others do not mind. The bits of a trajectory are those of [`Explicit`] on [`One`].
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::batch::{Lane, LaneSystem, adaptive_batch};
/// use neuropil_ode_core::explicit::Tsitouras54;
///
/// struct Decay;
/// impl LaneSystem<f64> for Decay {
///     fn rhs<V: Lane<f64>>(&self, _t: f64, y: &[V], p: &[V], dy: &mut [V]) {
///         dy[0] = -p[0] * y[0];
///     }
/// }
/// let mut states = DMatrix::from_element(1, 3, 1.0);
/// let rates = DMatrix::from_row_slice(1, 3, &[0.1, 1.0, 100.0]);
/// let config = SolverConfig::with_tolerance(1e-8);
/// let costs =
///     adaptive_batch::<Tsitouras54, _, _>(&Decay, &mut states, &rates, 0.0, 1.0, &config)?;
/// assert!((states[1] - (-1.0_f64).exp()).abs() < 1e-7);
/// assert!(costs[2].as_ref().unwrap().accepted > costs[0].as_ref().unwrap().accepted);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
///
/// # Errors
/// States without a row, parameters of another number of columns, and the errors of
/// [`SolverConfig::check`].
pub fn adaptive_batch<M: Tableau, T: Real, F: LaneSystem<T> + Sync + ?Sized>(
    system: &F,
    states: &mut DMatrix<T>,
    parameters: &DMatrix<T>,
    t0: T,
    t1: T,
    config: &SolverConfig<T>,
) -> Result<Vec<Result<Statistics, Error>>, Error> {
    check(states, parameters)?;
    let rows = states.nrows();
    config.check(rows)?;
    let mut results = vec![Ok(Statistics::default()); states.ncols()];
    let run = |chunk: usize, states: &mut [T], results: &mut [Result<Statistics, Error>]| {
        let first = chunk * CHUNK;
        let task = Task {
            parameters,
            first,
            t0,
            t1,
            config,
        };
        match rows {
            1 => task.run::<M, _, _>(system, [T::zero(); 1], states, results),
            2 => task.run::<M, _, _>(system, [T::zero(); 2], states, results),
            3 => task.run::<M, _, _>(system, [T::zero(); 3], states, results),
            4 => task.run::<M, _, _>(system, [T::zero(); 4], states, results),
            _ => task.run::<M, _, _>(system, vec![T::zero(); rows], states, results),
        }
    };
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let states = states.as_mut_slice().par_chunks_mut(rows * CHUNK);
        let chunks = states.zip(results.par_chunks_mut(CHUNK)).enumerate();
        chunks.try_for_each(|(chunk, (states, results))| run(chunk, states, results))?;
    }
    #[cfg(not(feature = "rayon"))]
    {
        let states = states.as_mut_slice().chunks_mut(rows * CHUNK);
        for (chunk, (states, results)) in states.zip(results.chunks_mut(CHUNK)).enumerate() {
            run(chunk, states, results)?;
        }
    }
    Ok(results)
}

/// Some neighbouring trajectories.
struct Task<'a, T: Real> {
    parameters: &'a DMatrix<T>,
    /// The index of the first of them.
    first: usize,
    t0: T,
    t1: T,
    config: &'a SolverConfig<T>,
}

impl<T: Real> Task<'_, T> {
    fn run<M: Tableau, S: State<T>, F: LaneSystem<T> + ?Sized>(
        &self,
        system: &F,
        zero: S,
        states: &mut [T],
        results: &mut [Result<Statistics, Error>],
    ) -> Result<(), Error> {
        let rows = zero.as_slice().len();
        // One workspace for all of them: a new start forgets all that came before.
        let mut solver = Explicit::<M, T, S>::new(T::zero(), zero, self.config)?;
        let columns = states.chunks_exact_mut(rows).zip(results);
        for (j, (state, result)) in columns.enumerate() {
            let before = solver.statistics();
            *result = solver.restart(self.t0, state).and_then(|()| {
                solver.restart_step_size();
                let system = One::new(system, column(self.parameters, self.first + j));
                let end = solver.advance_to(&system, self.t1);
                state.copy_from_slice(solver.state().as_slice());
                end
            })
            .map(|()| since(solver.statistics(), before));
        }
        Ok(())
    }
}

fn since(now: Statistics, before: Statistics) -> Statistics {
    Statistics {
        evaluations: now.evaluations - before.evaluations,
        accepted: now.accepted - before.accepted,
        rejected: now.rejected - before.rejected,
        ..Statistics::default()
    }
}
