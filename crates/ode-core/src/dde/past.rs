use std::collections::VecDeque;

use neuropil_math::Real;

use crate::explicit::Tableau;
use crate::{Error, State};

/// The history, and the steps that still lie within the longest delay.
pub(super) struct Past<M: Tableau, T: Real, S: State<T>, H> {
    t0: T,
    history: H,
    pub(super) delays: Vec<T>,
    /// For each delay, when its delayed time passes the start of the solution.
    first: Vec<T>,
    longest: T,
    pieces: VecDeque<Piece<M, T, S>>,
}

/// One step with all that its dense output needs.
struct Piece<M: Tableau, T: Real, S: State<T>> {
    t: T,
    h: T,
    end: T,
    y0: S,
    y1: S,
    k: M::Slopes<S>,
}

impl<M: Tableau, T: Real, S: State<T>, H: Fn(T, &mut [T])> Past<M, T, S, H> {
    pub(super) fn new(t0: T, history: H, delays: Vec<T>, first: Vec<T>, longest: T) -> Self {
        Self {
            t0,
            history,
            delays,
            first,
            longest,
            pieces: VecDeque::new(),
        }
    }

    /// Room for `count` steps within the longest delay; states like `y` are made beforehand only as
    /// far as they live on the stack.
    pub(super) fn reserve(&mut self, count: usize) {
        self.pieces.reserve(count);
    }

    /// The number of steps that are kept.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The earliest time that is known.
    pub(super) fn longest(&self) -> T {
        self.longest
    }

    /// All delayed states at `t`, for a step that began at `start`.
    ///
    /// The start decides on which side of the jump at $t_0$ a delayed time lies, since `t - delay` may
    /// be rounded to either: steps end where it passes.
    #[inline]
    pub(super) fn delayed(&self, start: T, t: T, out: &mut [T]) {
        let n = out.len() / self.delays.len();
        for ((&delay, &first), out) in self
            .delays
            .iter()
            .zip(&self.first)
            .zip(out.chunks_exact_mut(n))
        {
            let late = t - delay;
            if start < first {
                (self.history)(if late > self.t0 { self.t0 } else { late }, out);
            } else {
                self.solution(if late < self.t0 { self.t0 } else { late }, out);
            }
        }
    }

    /// The solution at a time of a step that is kept.
    fn solution(&self, t: T, out: &mut [T]) {
        let after = self.pieces.partition_point(|piece| piece.t <= t);
        match self.pieces.get(after.max(1) - 1) {
            Some(piece) => {
                let theta = (t - piece.t) / piece.h;
                let (y0, y1) = (piece.y0.as_slice(), piece.y1.as_slice());
                M::dense::<T, S>(theta, piece.h, y0, y1, &piece.k, out);
            }
            None => out.fill(T::of(f64::NAN)),
        }
    }

    /// History or solution at `t`, which has been checked to be known.
    pub(super) fn at(&self, t: T, out: &mut [T]) {
        if t < self.t0 {
            (self.history)(t, out);
        } else {
            self.solution(t, out);
        }
    }

    /// Keeps the step that ended at `end`, in the place of one that no delay reaches any more.
    pub(super) fn record(
        &mut self,
        end: T,
        (t, h, y0, y1, k): (T, T, &S, &S, &M::Slopes<S>),
    ) -> Result<(), Error> {
        let horizon = end - self.longest;
        let recycled = match self.pieces.front() {
            Some(oldest) if oldest.end < horizon => self.pieces.pop_front(),
            _ => None,
        };
        let mut piece = recycled.unwrap_or_else(|| Piece {
            t,
            h,
            end,
            y0: y0.clone(),
            y1: y1.clone(),
            k: M::slopes(y0),
        });
        (piece.t, piece.h, piece.end) = (t, h, end);
        let copy = |to: &mut S, from: &S| to.as_mut_slice().copy_from_slice(from.as_slice());
        copy(&mut piece.y0, y0);
        copy(&mut piece.y1, y1);
        for (to, from) in piece.k.as_mut().iter_mut().zip(k.as_ref()) {
            copy(to, from);
        }
        if self.pieces.try_reserve(1).is_err() {
            return Err(Error::OutOfRange {
                what: "steps within the longest delay",
                value: self.pieces.len() as f64,
                range: "are more than the memory holds",
            });
        }
        self.pieces.push_back(piece);
        Ok(())
    }
}
