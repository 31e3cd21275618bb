use neuropil_math::Real;

use super::{Explicit, Tableau};
use crate::{Error, State, System};

/// A solution that can be evaluated at every time of its span, to the order of the method's dense
/// output.
///
/// It keeps every step with its slopes. At a time where the state jumps it gives the state after the
/// jump.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::explicit::{DenseSolution, DormandPrince54, Explicit};
///
/// let spring = |_t: f64, y: &[f64], dy: &mut [f64]| {
///     dy[0] = y[1];
///     dy[1] = -y[0];
/// };
/// let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, [1.0, 0.0], &SolverConfig::default())?;
/// let mut solution = DenseSolution::new();
/// while solver.time() < 3.0 {
///     solver.step(&spring, 3.0)?;
///     solution.record(&mut solver, &spring)?;
/// }
/// let mut y = [0.0; 2];
/// solution.at(1.5, &mut y)?;
/// assert!((y[0] - 1.5_f64.cos()).abs() < 1e-5);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Clone)]
pub struct DenseSolution<M: Tableau, T: Real, S: State<T>> {
    pieces: Vec<Piece<M, T, S>>,
    end: T,
}

/// One step, kept with all that its dense output needs.
struct Piece<M: Tableau, T: Real, S: State<T>> {
    t: T,
    h: T,
    y0: S,
    y1: S,
    k: M::Slopes<S>,
}

impl<M: Tableau, T: Real, S: State<T>> Clone for Piece<M, T, S> {
    fn clone(&self) -> Self {
        Self {
            t: self.t,
            h: self.h,
            y0: self.y0.clone(),
            y1: self.y1.clone(),
            k: copy::<M, T, S>(&self.k),
        }
    }
}

fn copy<M: Tableau, T: Real, S: State<T>>(from: &M::Slopes<S>) -> M::Slopes<S> {
    let from = from.as_ref();
    let mut to = M::slopes(&from[0]);
    to.as_mut().clone_from_slice(from);
    to
}

impl<M: Tableau, T: Real, S: State<T>> Default for DenseSolution<M, T, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Tableau, T: Real, S: State<T>> DenseSolution<M, T, S> {
    /// A solution without any step yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pieces: Vec::new(),
            end: T::zero(),
        }
    }

    /// Appends the last step of `solver`.
    ///
    /// # Errors
    /// If no step has been taken since the state was set.
    pub fn record<F: System<T> + ?Sized>(
        &mut self,
        solver: &mut Explicit<M, T, S>,
        system: &F,
    ) -> Result<(), Error> {
        let (t, h, y0, y1, k) = solver.dense_parts(system)?;
        self.pieces.push(Piece {
            t,
            h,
            y0: y0.clone(),
            y1: y1.clone(),
            k: copy::<M, T, S>(k),
        });
        self.end = solver.time();
        Ok(())
    }

    /// Ends the solution at `t`, inside of its last step: an event stopped it there.
    pub fn truncate(&mut self, t: T) {
        self.end = t;
    }

    /// The first and the last time, or `None` without a step.
    #[must_use]
    pub fn span(&self) -> Option<(T, T)> {
        self.pieces.first().map(|first| (first.t, self.end))
    }

    /// The number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.pieces.len()
    }

    /// Writes the solution at `t` into `out`.
    ///
    /// # Errors
    /// A time outside of the span, or a slice of another length than the state.
    pub fn at(&self, t: T, out: &mut [T]) -> Result<(), Error> {
        let outside = Error::Time {
            what: "the time of an evaluation",
            value: t.to_f64(),
            reached: self.end.to_f64(),
        };
        let Some((start, end)) = self.span() else {
            return Err(outside);
        };
        let forward = end >= start;
        let inside = if forward {
            t >= start && t <= end
        } else {
            t <= start && t >= end
        };
        if !inside {
            return Err(outside);
        }
        let after = self
            .pieces
            .partition_point(|piece| if forward { piece.t <= t } else { piece.t >= t });
        let piece = &self.pieces[after.max(1) - 1];
        let (y0, y1) = (piece.y0.as_slice(), piece.y1.as_slice());
        if out.len() != y0.len() {
            return Err(Error::Shape {
                what: "output",
                expected: y0.len(),
                found: out.len(),
            });
        }
        let theta = (t - piece.t) / piece.h;
        M::dense::<T, S>(theta, piece.h, y0, y1, &piece.k, out);
        Ok(())
    }
}
