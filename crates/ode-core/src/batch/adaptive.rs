use neuropil_math::Real;

use super::{One, check, of_trajectory};
use crate::explicit::{Explicit, Tableau};
use crate::sensitivity::Parametric;
use crate::{Error, SolverConfig, Statistics};

/// Trajectories that a thread takes at a time; fixed, though no result depends on it.
const CHUNK: usize = 16;

/// Integrates every one of `states` from `t0` to `t1`, each with the steps that its own error asks for:
/// the initial states on entry, the last ones on return.
///
/// There is one set of `parameters` for each trajectory, or a single one for all; without any it is
/// `&[[]]`. What each trajectory cost is written into `results`, or why it ended: then its state is that
/// of the last accepted step, and the others do not mind. The bits of a trajectory are those of
/// [`Explicit`] on [`One`]. Nothing allocates for a trajectory; a tolerance for each component does for
/// a group of them.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::batch::adaptive_batch;
/// use neuropil_ode_core::explicit::Tsitouras54;
///
/// let decay = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = -p[0] * y[0];
/// let mut states = [[1.0]; 3];
/// let rates = [[0.1], [1.0], [100.0]];
/// let config = SolverConfig::with_tolerance(1e-8);
/// let costs = adaptive_batch::<Tsitouras54, _, _, _, _>(
///     &decay, &mut states, &rates, 0.0, 1.0, &config,
/// )?;
/// assert!((states[1][0] - (-1.0_f64).exp()).abs() < 1e-7);
/// assert!(costs[2].as_ref().unwrap().accepted > costs[0].as_ref().unwrap().accepted);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
///
/// # Errors
/// A state without components, parameters of another number, and the errors of
/// [`SolverConfig::check`].
pub fn adaptive_batch<M, T, F, const N: usize, const P: usize>(
    system: &F,
    states: &mut [[T; N]],
    parameters: &[[T; P]],
    t0: T,
    t1: T,
    config: &SolverConfig<T>,
) -> Result<Vec<Result<Statistics, Error>>, Error>
where
    M: Tableau,
    T: Real,
    F: Parametric<T> + Sync,
{
    check(states, parameters)?;
    config.check(N)?;
    let mut results = vec![Ok(Statistics::default()); states.len()];
    let run = |group: usize, states: &mut [[T; N]], results: &mut [Result<Statistics, Error>]| {
        // One workspace for all of the group: a new start forgets all that came before.
        let mut solver = Explicit::<M, T, [T; N]>::new(T::zero(), [T::zero(); N], config)?;
        for (j, (state, result)) in states.iter_mut().zip(results).enumerate() {
            let before = solver.statistics();
            let one = One::new(system, of_trajectory(parameters, group * CHUNK + j));
            let end = solver.restart(t0, state).and_then(|()| {
                solver.restart_step_size();
                let end = solver.advance_to(&one, t1);
                *state = *solver.state();
                end
            });
            let cost = solver.statistics();
            *result = end.map(|()| Statistics {
                evaluations: cost.evaluations - before.evaluations,
                accepted: cost.accepted - before.accepted,
                rejected: cost.rejected - before.rejected,
                ..Statistics::default()
            });
        }
        Ok::<(), Error>(())
    };
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let groups = states.par_chunks_mut(CHUNK);
        let groups = groups.zip(results.par_chunks_mut(CHUNK)).enumerate();
        groups.try_for_each(|(group, (states, results))| run(group, states, results))?;
    }
    #[cfg(not(feature = "rayon"))]
    {
        let groups = states.chunks_mut(CHUNK).zip(results.chunks_mut(CHUNK));
        for (group, (states, results)) in groups.enumerate() {
            run(group, states, results)?;
        }
    }
    Ok(results)
}
