use core::ops::Range;

use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Explicit, Tableau, Tsitouras54, Verner65,
    Verner76, Verner98,
};
use crate::{
    Error, Events, Integration, Occurrence, SolverConfig, State, Statistics, Stepper, System,
};

/// A method, chosen at run time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Bogacki–Shampine 3(2): few digits.
    BogackiShampine32,
    /// Dormand–Prince 5(4), DOPRI5.
    DormandPrince54,
    /// Tsitouras 5(4): a good first choice.
    #[default]
    Tsitouras54,
    /// Verner 6(5).
    Verner65,
    /// Verner 7(6).
    Verner76,
    /// Verner 9(8): for ten digits and more.
    Verner98,
    /// Dormand–Prince 8(5,3), DOP853: fewest evaluations at moderately tight tolerances.
    DormandPrince853,
}

impl Method {
    /// All methods, in the order of their table.
    pub const ALL: [Self; 7] = [
        Self::BogackiShampine32,
        Self::DormandPrince54,
        Self::Tsitouras54,
        Self::Verner65,
        Self::Verner76,
        Self::Verner98,
        Self::DormandPrince853,
    ];
}

/// At which times a solution is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output<T> {
    /// At the end.
    Last,
    /// At the start and at the end of every step; twice where an event changes the state, before and
    /// after.
    #[default]
    Steps,
    /// At these times, which follow each other in the direction of integration. At a jump this is the
    /// state after it.
    At(Vec<T>),
    /// At the start, then at this distance, and at the end.
    Every(T),
}

/// How [`solve`] goes about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", default)]
pub struct Options<T: Real> {
    /// The method.
    pub method: Method,
    /// The tolerances and limits.
    pub config: SolverConfig<T>,
    /// What is kept.
    pub output: Output<T>,
    /// Times at which the right-hand side jumps: no step reaches across. See
    /// [`Integration::with_stops`].
    pub stops: Vec<T>,
}

impl<T: Real> Default for Options<T> {
    fn default() -> Self {
        Self {
            method: Method::default(),
            config: SolverConfig::default(),
            output: Output::default(),
            stops: Vec::new(),
        }
    }
}

impl<T: Real> Options<T> {
    /// The defaults with the same relative and absolute tolerance.
    #[must_use]
    pub fn with_tolerance(tolerance: T) -> Self {
        Self {
            config: SolverConfig::with_tolerance(tolerance),
            ..Self::default()
        }
    }
}

/// What [`solve`] found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Solution<T, S> {
    /// The times that were asked for.
    pub t: Vec<T>,
    /// The state at each of them.
    pub y: Vec<S>,
    /// The events that happened.
    pub events: Vec<Occurrence<T>>,
    /// The event that ended the integration before its time, if one did.
    pub stopped_by: Option<usize>,
    /// What it cost.
    pub statistics: Statistics,
}

impl<T: Copy, S> Solution<T, S> {
    /// The last time and state; `None` if none was asked for.
    pub fn last(&self) -> Option<(T, &S)> {
        Some((*self.t.last()?, self.y.last()?))
    }

    /// The times of event `event`.
    pub fn times_of(&self, event: usize) -> impl Iterator<Item = T> {
        self.events
            .iter()
            .filter(move |o| o.event == event)
            .map(|o| o.t)
    }
}

/// Solves $\dot y = f(t, y)$ over a span of time, forward or backward.
///
/// ```
/// use neuropil_ode_core::{Method, Options, Output, solve};
///
/// let lotka_volterra = |_t: f64, y: &[f64], dy: &mut [f64]| {
///     dy[0] = y[0] * (1.5 - y[1]);
///     dy[1] = y[1] * (y[0] - 3.0);
/// };
/// let options = Options {
///     method: Method::Verner76,
///     output: Output::Every(0.5),
///     ..Options::with_tolerance(1e-9)
/// };
/// let solution = solve(&lotka_volterra, 0.0..10.0, [1.0, 1.0], &options)?;
/// assert_eq!(solution.t.len(), 21);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
///
/// # Errors
/// Bad settings, an empty or infinite state, a zero span, times out of order, and whatever stops the
/// solver on its way: see [`Explicit::step`].
pub fn solve<T: Real, S: State<T>, F: System<T> + ?Sized>(
    system: &F,
    span: Range<T>,
    y0: S,
    options: &Options<T>,
) -> Result<Solution<T, S>, Error> {
    solve_with(system, span, y0, options, ())
}

/// [`solve`], with events.
///
/// # Errors
/// Those of [`solve`], and [`EventStorm`](Error::EventStorm).
pub fn solve_with<T: Real, S: State<T>, F: System<T> + ?Sized, E: Events<T>>(
    system: &F,
    span: Range<T>,
    y0: S,
    options: &Options<T>,
    events: E,
) -> Result<Solution<T, S>, Error> {
    let like = y0.clone();
    let (mut t, mut y) = (Vec::new(), Vec::new());
    let mut keep = |time: T, state: &[T]| {
        let mut kept = like.clone();
        kept.as_mut_slice().copy_from_slice(state);
        t.push(time);
        y.push(kept);
        Ok(())
    };
    let (events, stopped_by, statistics) = with_method(
        system,
        span,
        y0,
        options,
        &options.output,
        events,
        &mut keep,
    )?;
    Ok(Solution {
        t,
        y,
        events,
        stopped_by,
        statistics,
    })
}

/// [`solve`] at `times`, into a buffer of the caller: the state at `times[j]` stands in
/// `out[j * n..(j + 1) * n]`, that is, in column $j$ of a matrix. The output of the options is not
/// looked at.
///
/// # Errors
/// Those of [`solve`], and a buffer that is not `n * times.len()` long.
pub fn solve_into<T: Real, S: State<T>, F: System<T> + ?Sized>(
    system: &F,
    span: Range<T>,
    y0: S,
    options: &Options<T>,
    times: &[T],
    out: &mut [T],
) -> Result<Statistics, Error> {
    let n = y0.as_slice().len();
    if out.len() != n * times.len() {
        return Err(Error::Shape {
            what: "output",
            expected: n * times.len(),
            found: out.len(),
        });
    }
    let output = Output::At(times.to_vec());
    let mut columns = out.chunks_exact_mut(n.max(1));
    let mut keep = |_: T, state: &[T]| {
        if let Some(column) = columns.next() {
            column.copy_from_slice(state);
        }
        Ok(())
    };
    with_method(system, span, y0, options, &output, (), &mut keep)
        .map(|(_, _, statistics)| statistics)
}

type Outcome<T> = (Vec<Occurrence<T>>, Option<usize>, Statistics);
type Keep<'k, T> = dyn FnMut(T, &[T]) -> Result<(), Error> + 'k;

fn with_method<T: Real, S: State<T>, F: System<T> + ?Sized, E: Events<T>>(
    system: &F,
    span: Range<T>,
    y0: S,
    options: &Options<T>,
    output: &Output<T>,
    events: E,
    keep: &mut Keep<'_, T>,
) -> Result<Outcome<T>, Error> {
    macro_rules! by {
        ($method:ty) => {
            with_tableau::<$method, T, S, F, E>(system, span, y0, options, output, events, keep)
        };
    }
    match options.method {
        Method::BogackiShampine32 => by!(BogackiShampine32),
        Method::DormandPrince54 => by!(DormandPrince54),
        Method::Tsitouras54 => by!(Tsitouras54),
        Method::Verner65 => by!(Verner65),
        Method::Verner76 => by!(Verner76),
        Method::Verner98 => by!(Verner98),
        Method::DormandPrince853 => by!(DormandPrince853),
    }
}

fn with_tableau<M: Tableau, T: Real, S: State<T>, F: System<T> + ?Sized, E: Events<T>>(
    system: &F,
    span: Range<T>,
    y0: S,
    options: &Options<T>,
    output: &Output<T>,
    events: E,
    keep: &mut Keep<'_, T>,
) -> Result<Outcome<T>, Error> {
    let solver = Explicit::<M, T, S>::new(span.start, y0, &options.config)?;
    drive(solver, system, span.end, options, output, events, keep)
}

/// Runs any solver to the end and hands out what was asked for.
fn drive<T: Real, P: Stepper<T>, F: System<T> + ?Sized, E: Events<T>>(
    solver: P,
    system: &F,
    end: T,
    options: &Options<T>,
    output: &Output<T>,
    events: E,
    keep: &mut Keep<'_, T>,
) -> Result<Outcome<T>, Error> {
    let t0 = solver.time();
    let mut run = Integration::new(solver, system, end)?
        .with_max_steps(options.config.max_steps)
        .with_stops(&options.stops)?
        .with_events(events);
    let mut times = Times::new(output, t0, end)?;
    let mut happened = Vec::new();
    let mut y = run.state().to_vec();
    let steps = matches!(output, Output::Steps);
    if steps {
        keep(t0, &y)?;
    }
    while times.next().is_some_and(|t| t == t0) {
        keep(t0, &y)?;
        times.advance();
    }
    while let Some(mut step) = run.next_step()? {
        happened.extend_from_slice(step.events());
        let t1 = step.time();
        while let Some(t) = times.next() {
            if t == t1 {
                keep(t, step.reset().unwrap_or(step.state()))?;
            } else if times.ahead(t1, t) {
                step.interpolate(t, &mut y)?;
                keep(t, &y)?;
            } else {
                break;
            }
            times.advance();
        }
        if steps {
            keep(t1, step.state())?;
            if let Some(after) = step.reset() {
                keep(t1, after)?;
            }
        }
    }
    let reached = run.time();
    let unseen = match output {
        Output::Last => true,
        Output::Every(_) => times.last != Some(reached),
        Output::Steps | Output::At(_) => false,
    };
    if unseen {
        keep(reached, run.state())?;
    }
    Ok((happened, run.stopped_by(), run.statistics()))
}

/// The times of output, one after the other.
struct Times<'o, T> {
    list: &'o [T],
    every: Option<T>,
    start: T,
    end: T,
    index: usize,
    last: Option<T>,
}

impl<'o, T: Real> Times<'o, T> {
    fn new(output: &'o Output<T>, start: T, end: T) -> Result<Self, Error> {
        let mut times = Self {
            list: &[],
            every: None,
            start,
            end,
            index: 0,
            last: None,
        };
        match output {
            Output::Last | Output::Steps => {}
            Output::At(list) => {
                let mut reached = start;
                for &t in list {
                    let fits = t == reached || times.ahead(t, reached);
                    if !fits || times.ahead(t, end) {
                        return Err(Error::Time {
                            what: "a time of output",
                            value: t.to_f64(),
                            reached: reached.to_f64(),
                        });
                    }
                    reached = t;
                }
                times.list = list;
            }
            Output::Every(dt) => {
                let count = ((end - start) / *dt).abs();
                if !(*dt > T::zero() && dt.is_finite() && count < T::of(1e9)) {
                    return Err(Error::OutOfRange {
                        what: "distance of outputs",
                        value: dt.to_f64(),
                        range: "must be positive, finite and no tiny part of the span",
                    });
                }
                times.every = Some(if end > start { *dt } else { -*dt });
            }
        }
        Ok(times)
    }

    /// Whether `a` lies beyond `b`.
    fn ahead(&self, a: T, b: T) -> bool {
        if self.end > self.start { a > b } else { a < b }
    }

    fn next(&self) -> Option<T> {
        match self.every {
            None => self.list.get(self.index).copied(),
            Some(dt) => {
                let t = self.start + dt * T::of(self.index as f64);
                // The end itself, rather than its neighbour by rounding.
                let near = (t - self.end).abs() <= dt.abs() * T::EPSILON * T::of(8.0);
                let t = if near { self.end } else { t };
                (!self.ahead(t, self.end)).then_some(t)
            }
        }
    }

    fn advance(&mut self) {
        self.last = self.next();
        self.index += 1;
    }
}
