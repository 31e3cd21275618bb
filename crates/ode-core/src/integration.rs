use neuropil_math::Real;

use crate::{Error, Events, Occurrence, Statistics, Stepper, System};

/// How often within a step event functions are looked at.
const SAMPLES: usize = 4;
/// Events in a row without time going on that make an [`EventStorm`](Error::EventStorm).
const STORM: u32 = 64;

/// An integration over a span, step by step, with stops and events.
///
/// This is the layer between a [`Stepper`] and [`solve`](crate::solve()): it drives any solver, and
/// allocates only when it is made and when more events happen in one step than ever before.
///
/// ```
/// use neuropil_ode_core::explicit::{DormandPrince54, Explicit};
/// use neuropil_ode_core::{Event, Integration, SolverConfig};
///
/// let fall = |_t: f64, y: &[f64], dy: &mut [f64]| {
///     dy[0] = y[1];
///     dy[1] = -9.81;
/// };
/// let bounce = Event::new(|_t, y: &[f64]| y[0]).falling().reset(|_t, y: &mut [f64]| {
///     y[0] = 0.0;
///     y[1] *= -0.9;
/// });
/// let solver = Explicit::<DormandPrince54, _, _>::new(0.0, [1.0, 0.0], &SolverConfig::default())?;
/// let mut run = Integration::new(solver, &fall, 2.0)?.with_events(bounce);
/// let mut bounces = 0;
/// while let Some(step) = run.next_step()? {
///     bounces += step.events().len();
/// }
/// assert_eq!((run.time(), bounces), (2.0, 2));
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Integration<'s, T: Real, P, F: ?Sized, E = ()> {
    stepper: P,
    system: &'s F,
    events: E,
    end: T,
    forward: bool,
    stops: Vec<T>,
    next_stop: usize,
    max_steps: u64,
    watch: Watch<T>,
    /// The state where the piece ends, before and after the resets there.
    before: Vec<T>,
    after: Vec<T>,
    t: T,
    cut: Cut,
    stopped: Option<usize>,
    finished: bool,
    happened: Vec<Occurrence<T>>,
    event_count: u64,
    storm: u32,
}

/// Whether the last piece ended at the end of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// It did: the stepper goes on by itself.
    None,
    /// At a stop: the stepper starts anew from the same state.
    Stop,
    /// At an event that ended the integration, or changed the state.
    Event,
}

/// What is known of the event functions.
#[derive(Debug)]
struct Watch<T> {
    /// -1, 1, or 0 for unknown.
    side: Vec<i8>,
    fired: Vec<bool>,
    /// Values at the start and the end of the interval that is searched, and where it is cut.
    low: Vec<T>,
    high: Vec<T>,
    trial: Vec<T>,
    y: Vec<T>,
    /// Whether `side` and `low` are those of the present state.
    ready: bool,
    last: Option<T>,
}

impl<'s, T: Real, P: Stepper<T>, F: System<T> + ?Sized> Integration<'s, T, P, F> {
    /// From where `stepper` stands to `end`, forward or backward.
    ///
    /// # Errors
    /// [`ZeroSpan`](Error::ZeroSpan), or an end that is not finite.
    pub fn new(stepper: P, system: &'s F, end: T) -> Result<Self, Error> {
        let t = stepper.time();
        if end == t {
            return Err(Error::ZeroSpan { t: t.to_f64() });
        }
        if !end.is_finite() {
            return Err(Error::Time {
                what: "the end of the span",
                value: end.to_f64(),
                reached: t.to_f64(),
            });
        }
        let n = stepper.state().len();
        Ok(Self {
            before: vec![T::zero(); n],
            after: vec![T::zero(); n],
            stepper,
            system,
            events: (),
            end,
            forward: end > t,
            stops: Vec::new(),
            next_stop: 0,
            max_steps: u64::MAX,
            watch: Watch::new(0, n),
            t,
            cut: Cut::None,
            stopped: None,
            finished: false,
            happened: Vec::new(),
            event_count: 0,
            storm: 0,
        })
    }
}

impl<'s, T: Real, P: Stepper<T>, F: System<T> + ?Sized, E: Events<T>> Integration<'s, T, P, F, E> {
    /// With events, instead of those it had.
    #[must_use]
    pub fn with_events<G: Events<T>>(self, events: G) -> Integration<'s, T, P, F, G> {
        let count = events.count();
        Integration {
            watch: Watch::new(count, self.before.len()),
            happened: Vec::with_capacity(2 * count + 16),
            stepper: self.stepper,
            system: self.system,
            events,
            end: self.end,
            forward: self.forward,
            stops: self.stops,
            next_stop: self.next_stop,
            max_steps: self.max_steps,
            before: self.before,
            after: self.after,
            t: self.t,
            cut: self.cut,
            stopped: self.stopped,
            finished: self.finished,
            event_count: self.event_count,
            storm: self.storm,
        }
    }

    /// With times at which the right-hand side jumps, such as the edges of an input pulse.
    ///
    /// No step reaches across one: the right-hand side is evaluated a few units in the last place
    /// before a stop, and afresh at it. An input that is `t < stop` on one side and `t >= stop` on the
    /// other is integrated to full order.
    ///
    /// # Errors
    /// A stop outside of the span.
    pub fn with_stops(mut self, stops: &[T]) -> Result<Self, Error> {
        for &stop in stops {
            if !self.ahead(stop, self.t) || self.ahead(stop, self.end) {
                return Err(Error::Time {
                    what: "a stop",
                    value: stop.to_f64(),
                    reached: self.t.to_f64(),
                });
            }
        }
        self.stops = stops.to_vec();
        let forward = self.forward;
        self.stops.sort_by(|a, b| {
            let order = a.to_f64().total_cmp(&b.to_f64());
            if forward { order } else { order.reverse() }
        });
        self.stops.dedup();
        self.next_stop = 0;
        Ok(self)
    }

    /// With a cap on the steps, rejected ones included.
    #[must_use]
    pub fn with_max_steps(self, max_steps: u64) -> Self {
        Self { max_steps, ..self }
    }

    /// The time that has been reached.
    pub fn time(&self) -> T {
        self.t
    }

    /// The state at [`time`](Self::time), after resets.
    pub fn state(&self) -> &[T] {
        match self.cut {
            Cut::Event => &self.after,
            Cut::None | Cut::Stop => self.stepper.state(),
        }
    }

    /// The event that ended the integration, if one did.
    pub fn stopped_by(&self) -> Option<usize> {
        self.stopped
    }

    /// What it has cost.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            events: self.event_count,
            ..self.stepper.statistics()
        }
    }

    /// The events, with what they remember.
    pub fn events(&self) -> &E {
        &self.events
    }

    /// The solver.
    pub fn into_stepper(self) -> P {
        self.stepper
    }

    /// Whether `a` lies beyond `b`.
    fn ahead(&self, a: T, b: T) -> bool {
        if self.forward { a > b } else { a < b }
    }

    /// Goes on by one step, or up to the first event within it that changes the state; `None` at the
    /// end.
    ///
    /// # Errors
    /// Those of the solver's step, [`TooManySteps`](Error::TooManySteps) and
    /// [`EventStorm`](Error::EventStorm).
    #[inline]
    pub fn next_step(&mut self) -> Result<Option<Step<'_, 's, T, P, F, E>>, Error> {
        if self.finished {
            return Ok(None);
        }
        self.happened.clear();
        match self.cut {
            Cut::None => {}
            Cut::Stop => {
                self.before.copy_from_slice(self.stepper.state());
                self.stepper.restart(self.t, &self.before)?;
            }
            Cut::Event => self.stepper.restart(self.t, &self.after)?,
        }
        self.cut = Cut::None;
        let cost = self.stepper.statistics();
        if cost.accepted + cost.rejected >= self.max_steps {
            return Err(Error::TooManySteps {
                t: self.t.to_f64(),
                h: 0.0,
                steps: self.max_steps,
            });
        }
        if self.events.count() > 0 && !self.watch.ready {
            let Watch {
                side, low, ready, ..
            } = &mut self.watch;
            self.events.values(self.t, self.stepper.state(), low);
            for (side, g) in side.iter_mut().zip(&*low) {
                *side = sign(*g);
            }
            *ready = true;
        }
        let stop = self.stops.get(self.next_stop).copied();
        // The last slopes of a step belong to the near side of a jump.
        let target = match stop {
            Some(stop) => {
                let short = stop.abs() * T::EPSILON * T::of(4.0);
                let near = if self.forward {
                    stop - short
                } else {
                    stop + short
                };
                if self.ahead(near, self.t) { near } else { stop }
            }
            None => self.end,
        };
        self.stepper.step(self.system, target)?;
        self.t = self.stepper.time();
        if self.t == target {
            match stop {
                Some(stop) => {
                    self.t = stop;
                    self.cut = Cut::Stop;
                    self.next_stop += 1;
                    self.finished = stop == self.end;
                }
                None => self.finished = true,
            }
        }
        if self.events.count() > 0 {
            self.search()?;
        }
        Ok(Some(Step { run: self }))
    }

    /// Looks for events in the last step and lets them happen.
    fn search(&mut self) -> Result<(), Error> {
        let (start, end) = (self.stepper.previous_time(), self.stepper.time());
        let mut low = start;
        let mut sample = 1;
        self.resolve(low, end)?;
        while sample <= SAMPLES {
            let high = if sample == SAMPLES {
                end
            } else {
                start + (end - start) * T::of(sample as f64 / SAMPLES as f64)
            };
            if sample < SAMPLES && !self.ahead(high, low) {
                sample += 1;
                continue;
            }
            self.evaluate(high)?;
            core::mem::swap(&mut self.watch.high, &mut self.watch.trial);
            let mut found: Option<T> = None;
            for i in 0..self.watch.side.len() {
                let direction = self.events.direction(i);
                if direction.crossed(self.watch.side[i], self.watch.high[i]) && low != high {
                    // Only what comes before the first one so far is of interest.
                    let bound = found.unwrap_or(high);
                    found = Some(self.locate(i, low, bound)?.unwrap_or(bound));
                }
            }
            let Some(t) = found else {
                let Watch {
                    side, low, high, ..
                } = &mut self.watch;
                for (side, g) in side.iter_mut().zip(&*high) {
                    if sign(*g) != 0 {
                        *side = sign(*g);
                    }
                }
                core::mem::swap(low, high);
                if sample == SAMPLES {
                    return Ok(());
                }
                sample += 1;
                self.watch_low(&mut low, high);
                continue;
            };
            if self.happen(t)? {
                return Ok(());
            }
            low = t;
        }
        Ok(())
    }

    fn watch_low(&self, low: &mut T, high: T) {
        *low = high;
    }
}
