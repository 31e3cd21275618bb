use neuropil_math::Real;

use crate::explicit::{Explicit, Tableau};
use crate::{Error, State};

/// The steps of a solution, which a discrete adjoint goes back.
///
/// ```
/// use neuropil_ode_core::SolverConfig;
/// use neuropil_ode_core::explicit::{DormandPrince54, Explicit};
/// use neuropil_ode_core::sensitivity::Steps;
///
/// let decay = |_t: f64, y: &[f64], dy: &mut [f64]| dy[0] = -y[0];
/// let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, [1.0], &SolverConfig::default())?;
/// let mut steps = Steps::recorded();
/// while solver.time() < 1.0 {
///     solver.step(&decay, 1.0)?;
///     steps.record(&solver)?;
/// }
/// assert_eq!(steps.len() as u64, solver.statistics().accepted);
/// assert_eq!(steps.end(), Some(1.0));
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Steps<T>(Kind<T>);

#[derive(Debug, Clone, PartialEq)]
enum Kind<T> {
    Equal { start: T, size: T, count: usize },
    // Start and size of each.
    Recorded(Vec<(T, T)>),
}

impl<T: Real> Steps<T> {
    /// `count` steps of one size, the $i$-th from $t_0 + i h$ on.
    ///
    /// # Errors
    /// A start or a size that is not finite, and a size of zero.
    pub fn equal(start: T, size: T, count: usize) -> Result<Self, Error> {
        for (what, value) in [("start", start), ("step", size)] {
            if !value.is_finite() {
                return Err(Error::OutOfRange {
                    what,
                    value: value.to_f64(),
                    range: "must be finite",
                });
            }
        }
        if size == T::zero() {
            return Err(Error::ZeroSpan { t: start.to_f64() });
        }
        Ok(Self(Kind::Equal { start, size, count }))
    }

    /// No step yet; [`record`](Self::record) adds those of an adaptive solver, [`push`](Self::push)
    /// any.
    #[must_use]
    pub const fn recorded() -> Self {
        Self(Kind::Recorded(Vec::new()))
    }

    /// Adds the last accepted step of `solver`: two numbers, whatever the length of the state.
    ///
    /// # Errors
    /// Those of [`push`](Self::push).
    pub fn record<M: Tableau, S: State<T>>(
        &mut self,
        solver: &Explicit<M, T, S>,
    ) -> Result<(), Error> {
        self.push(solver.previous_time(), solver.previous_step_size())
    }

    /// Adds a step.
    ///
    /// # Errors
    /// A start or a size that is not finite, a size of zero, and equal steps, which have an end.
    pub fn push(&mut self, t: T, h: T) -> Result<(), Error> {
        Self::equal(t, h, 1)?;
        match &mut self.0 {
            Kind::Recorded(steps) => {
                steps.push((t, h));
                Ok(())
            }
            Kind::Equal { start, size, count } => Err(Error::Time {
                what: "a step behind equal steps",
                value: t.to_f64(),
                reached: (*start + T::of(*count as f64) * *size).to_f64(),
            }),
        }
    }

    /// Forgets the recorded steps, and keeps their memory.
    pub fn clear(&mut self) {
        match &mut self.0 {
            Kind::Recorded(steps) => steps.clear(),
            Kind::Equal { count, .. } => *count = 0,
        }
    }

    /// The number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kind::Equal { count, .. } => *count,
            Kind::Recorded(steps) => steps.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time at which the last step ends.
    #[must_use]
    pub fn end(&self) -> Option<T> {
        (!self.is_empty()).then(|| self.time(self.len()))
    }

    /// The start of step `i`, or the end of the last one.
    pub(super) fn time(&self, i: usize) -> T {
        match &self.0 {
            Kind::Equal { start, size, .. } => *start + T::of(i as f64) * *size,
            Kind::Recorded(steps) => match steps.get(i) {
                Some(&(t, _)) => t,
                None => steps.last().map_or(T::zero(), |&(t, h)| t + h),
            },
        }
    }

    /// The size of step `i`.
    pub(super) fn size(&self, i: usize) -> T {
        match &self.0 {
            Kind::Equal { size, .. } => *size,
            Kind::Recorded(steps) => steps[i].1,
        }
    }
}
