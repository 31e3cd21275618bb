use core::hint::black_box;
use core::marker::PhantomData;

use neuropil_math::Real;

use super::{One, check, of_trajectory};
use crate::explicit::Tableau;
use crate::sensitivity::Parametric;
use crate::{Error, System};
use neuropil_math::vectors::{Kernel, widest};

/// How many trajectories [`fixed_batch`] lays side by side: several vectors of the widest kind, so that
/// one can be computed with while another waits for its last result.
pub const LANES: usize = 32;

/// Takes `n` steps of size `h` of the method `M` from `t0`, with every one of `states`: the initial
/// states on entry, the last ones on return.
///
/// There is one set of `parameters` for each trajectory, or a single one for all; without any it is
/// `&[[]]`. The bits of a trajectory are those of [`fixed_step`](crate::explicit::fixed_step) on
/// [`One`]. Nothing allocates.
///
/// The loop over the trajectories becomes vectors if the right-hand side is inlined into it: closures
/// are, give the method of a type `#[inline(always)]`. Its functions of the standard library stay calls
/// for each trajectory; those of [`neuropil_math::elementary::scalar`] become vectors too. States of
/// more than some ten variables do not fit the registers and gain less.
///
/// # Errors
/// A state without components, parameters of another number, a time or a size that is not finite, and a
/// trajectory that does not stay finite: all of them are at the end of the span then.
pub fn fixed_batch<M, T, F, const N: usize, const P: usize>(
    system: &F,
    states: &mut [[T; N]],
    parameters: &[[T; P]],
    t0: T,
    h: T,
    n: usize,
) -> Result<(), Error>
where
    M: Tableau,
    T: Real,
    F: Parametric<T> + Sync,
{
    check(states, parameters)?;
    check_span(t0, h)?;
    let span = Span { t0, h, n };
    let run = |(group, states): (usize, &mut [[T; N]])| {
        advance::<M, T, F, N, P>(system, group * LANES, states, parameters, span);
    };
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        states.par_chunks_mut(LANES).enumerate().for_each(run);
    }
    #[cfg(not(feature = "rayon"))]
    states.chunks_mut(LANES).enumerate().for_each(run);
    let all = states.as_flattened();
    match all.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::NonFinite {
            what: "the last state of a trajectory",
            t: (t0 + T::of(n as f64) * h).to_f64(),
            component: i % N,
        }),
    }
}

/// One variable of all the trajectories of a group, on cache lines of its own: a vector across two of
/// them is slow to load just after it was stored, and every step loads what the last one stored.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Lanes<T>([T; LANES]);

#[derive(Clone, Copy)]
struct Span<T> {
    t0: T,
    h: T,
    n: usize,
}

/// One group of trajectories, at most [`LANES`]; `first` is the index of the first of them.
fn advance<M, T, F, const N: usize, const P: usize>(
    system: &F,
    first: usize,
    states: &mut [[T; N]],
    parameters: &[[T; P]],
    span: Span<T>,
) where
    M: Tableau,
    T: Real,
    F: Parametric<T>,
{
    let mut y = [Lanes([T::zero(); LANES]); N];
    let mut p = [Lanes([T::zero(); LANES]); P];
    let last = states.len() - 1;
    // Whole vectors: the lanes after the last trajectory repeat it, and nobody reads them.
    let count = states.len().next_multiple_of(8).min(LANES);
    for lane in 0..count {
        let j = lane.min(last);
        for i in 0..N {
            y[i].0[lane] = states[j][i];
        }
        let values = of_trajectory(parameters, first + j);
        for i in 0..P {
            p[i].0[lane] = values[i];
        }
    }
    widest(Run::<M, T, F, N, P> {
        system,
        y: &mut y,
        p: &p,
        count: black_box(count),
        span,
        method: PhantomData,
    });
    for (j, state) in states.iter_mut().enumerate() {
        for i in 0..N {
            state[i] = y[i].0[j];
        }
    }
}

struct Run<'a, M, T, F, const N: usize, const P: usize> {
    system: &'a F,
    y: &'a mut [Lanes<T>; N],
    p: &'a [Lanes<T>; P],
    /// The lanes in use. The compiler must not know it: it would unroll the loop over them, and find no
    /// vectors in what is left.
    count: usize,
    span: Span<T>,
    method: PhantomData<M>,
}

impl<M, T, F, const N: usize, const P: usize> Kernel for Run<'_, M, T, F, N, P>
where
    M: Tableau,
    T: Real,
    F: Parametric<T>,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Span { t0, h, n } = self.span;
        let (y, p) = (self.y, self.p);
        // The slopes at the ends of the steps, where they begin the next ones.
        let mut ends = [Lanes([T::zero(); LANES]); N];
        for i in 0..n {
            let t = t0 + T::of(i as f64) * h;
            let fresh = !M::FSAL || i == 0;
            // A whole step of one trajectory is straight-line code over numbers in registers; the
            // compiler makes vectors of neighbouring trajectories.
            for lane in 0..self.count.min(LANES) {
                let one: One<'_, F, T, P> =
                    One::new(self.system, core::array::from_fn(|q| p[q].0[lane]));
                let y0: [T; N] = core::array::from_fn(|v| y[v].0[lane]);
                let mut y1 = y0;
                let mut k = M::slopes(&y0);
                if fresh {
                    one.rhs(t, &y0, &mut k.as_mut()[0]);
                } else {
                    k.as_mut()[0] = core::array::from_fn(|v| ends[v].0[lane]);
                }
                M::step(&one, t, h, &y0, &mut k, &mut y1);
                for v in 0..N {
                    y[v].0[lane] = y1[v];
                    if M::FSAL {
                        ends[v].0[lane] = k.as_ref()[M::END][v];
                    }
                }
            }
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
