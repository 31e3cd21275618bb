use neuropil_math::Real;

use crate::{Action, Error, Events, Occurrence, Statistics, Stepper, System};

/// How often within a step event functions are looked at.
const SAMPLES: usize = 4;
/// Events in a row without time going on that make an [`EventStorm`](Error::EventStorm).
const STORM: u32 = 64;
/// How far an event function must stay away from zero for a step to need no closer look, in parts of
/// its range there. The cubic through the ends of a step is off by less, even if the step is half a
/// period of an oscillation.
const MARGIN: f64 = 0.25;

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
/// assert_eq!((run.time(), bounces), (2.0, 3));
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
    firing: Vec<Firing>,
    /// Values at the start and the end of the interval that is searched, and where it is cut.
    low: Vec<T>,
    high: Vec<T>,
    trial: Vec<T>,
    /// The range within a step, of the distance from zero.
    least: Vec<T>,
    most: Vec<T>,
    y: Vec<T>,
    /// Whether `side` and `low` are those of the present state.
    ready: bool,
    /// The last event.
    last: Option<T>,
    last_event: usize,
}

/// Whether an event happens at the present time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Firing {
    No,
    Now,
    Done,
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
    /// No step reaches across one: on the earlier side of a stop the right-hand side is evaluated only up
    /// to a few units in the last place before it, and on the later side from the stop on. An input that
    /// is one for `t < stop` and another for `t >= stop` is integrated to full order, in both directions.
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
                // Backward, the first slope must be that of the far side.
                let t = if self.forward {
                    self.t
                } else {
                    self.t - nearby(self.t)
                };
                self.stepper.restart(t, &self.before)?;
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
        // Forward, the last slopes of a step must not see the far side of the jump.
        let target = match stop {
            Some(stop) => {
                let near = stop - nearby(stop);
                if self.forward && near > self.t {
                    near
                } else {
                    stop
                }
            }
            None => self.end,
        };
        self.stepper.step(self.system, target)?;
        let reached = self.stepper.time();
        self.t = reached;
        if self.events.count() > 0 {
            self.search()?;
        }
        if self.t == reached && reached == target {
            match stop {
                Some(stop) => {
                    self.t = stop;
                    if self.cut == Cut::None {
                        self.cut = Cut::Stop;
                    }
                    self.next_stop += 1;
                    self.finished |= stop == self.end;
                }
                None => self.finished = true,
            }
        }
        Ok(Some(Step { run: self }))
    }

    /// Looks for events in the last step and lets them happen, up to the first that cuts the step.
    fn search(&mut self) -> Result<(), Error> {
        let (start, end) = (self.stepper.previous_time(), self.stepper.time());
        if self.quiet(start, end) {
            core::mem::swap(&mut self.watch.low, &mut self.watch.high);
            return Ok(());
        }
        let mut low = start;
        self.find_sides(low, end)?;
        for sample in 1..=SAMPLES {
            let high = if sample == SAMPLES {
                end
            } else {
                start + (end - start) * T::of(sample as f64 / SAMPLES as f64)
            };
            while self.ahead(high, low) {
                self.evaluate(high)?;
                core::mem::swap(&mut self.watch.high, &mut self.watch.trial);
                let Some(t) = self.first_crossing(low, high)? else {
                    let watch = &mut self.watch;
                    for (side, g) in watch.side.iter_mut().zip(&watch.high) {
                        *side = beyond(*side, *g);
                    }
                    core::mem::swap(&mut watch.low, &mut watch.high);
                    low = high;
                    break;
                };
                self.happen(t)?;
                if self.cut == Cut::Event {
                    return Ok(());
                }
                low = t;
            }
        }
        Ok(())
    }

    /// Whether all functions stay clear of zero in the last step, by their values at its ends and on
    /// the cubic between them; `high` then holds those at the end.
    ///
    /// This spares most steps their dense output, which costs more than such a look, and with some
    /// methods several evaluations.
    #[inline]
    fn quiet(&mut self, start: T, end: T) -> bool {
        let Some(ends) = self.stepper.ends() else {
            return false;
        };
        let watch = &mut self.watch;
        let (n, h) = (watch.side.len(), end - start);
        let sides = &watch.side[..n];
        let (least, most) = (&mut watch.least[..n], &mut watch.most[..n]);
        self.events.values(end, ends.end, &mut watch.high);
        let mut clear = true;
        for i in 0..n {
            let side = T::of(f64::from(sides[i]));
            let (a, b) = (side * watch.low[i], side * watch.high[i]);
            // False for a NaN too, and for an unknown side.
            clear &= a > T::zero() && b > T::zero();
            (least[i], most[i]) = if a < b { (a, b) } else { (b, a) };
        }
        if !clear {
            return false;
        }
        for quarter in 1..SAMPLES {
            ends.cubic(quarter, h, &mut watch.y);
            let t = start + h * T::of(quarter as f64 / SAMPLES as f64);
            self.events.values(t, &watch.y, &mut watch.trial);
            for i in 0..n {
                let g = T::of(f64::from(sides[i])) * watch.trial[i];
                clear &= g > T::zero();
                if g < least[i] {
                    least[i] = g;
                }
                if g > most[i] {
                    most[i] = g;
                }
            }
            if !clear {
                return false;
            }
        }
        let margin = T::of(MARGIN);
        (0..n).all(|i| least[i] > margin * (most[i] - least[i]))
    }

    /// Finds the sides of functions that are zero at `low`, a little later.
    fn find_sides(&mut self, low: T, end: T) -> Result<(), Error> {
        if self.watch.side.iter().all(|&side| side != 0) {
            return Ok(());
        }
        // Far enough for the rounding of g, near enough to meet no other zero.
        self.evaluate(low + (end - low) * T::of(0.5_f64.powi(26)))?;
        for (side, g) in self.watch.side.iter_mut().zip(&self.watch.trial) {
            if *side == 0 {
                *side = sign(*g);
            }
        }
        Ok(())
    }

    /// Writes the state at `t` to `watch.y` and the event functions to `watch.trial`.
    fn evaluate(&mut self, t: T) -> Result<(), Error> {
        let watch = &mut self.watch;
        if t == self.stepper.time() {
            watch.y.copy_from_slice(self.stepper.state());
        } else {
            self.stepper.interpolate(self.system, t, &mut watch.y)?;
        }
        self.events.values(t, &watch.y, &mut watch.trial);
        Ok(())
    }

    /// The first time in (`low`, `high`] at which an event has crossed.
    fn first_crossing(&mut self, low: T, high: T) -> Result<Option<T>, Error> {
        let mut first = None;
        for i in 0..self.watch.side.len() {
            let (side, direction) = (self.watch.side[i], self.events.direction(i));
            let mut g = self.watch.high[i];
            if !direction.crossed(side, g) {
                continue;
            }
            let bound = first.unwrap_or(high);
            if bound != high {
                // Only what comes before the first one so far is of interest.
                self.evaluate(bound)?;
                g = self.watch.trial[i];
                if !direction.crossed(side, g) {
                    continue;
                }
            }
            first = Some(self.locate(i, low, bound, g)?);
        }
        Ok(first)
    }

    /// The first number or so in (`a`, `b`] at which event `i` has crossed, which it has at `b` with
    /// the value `gb`: regula falsi with the Illinois weight, and a bisection every third time so
    /// that the interval is sure to shrink.
    fn locate(&mut self, i: usize, mut a: T, mut b: T, gb: T) -> Result<T, Error> {
        let (side, direction) = (self.watch.side[i], self.events.direction(i));
        let (mut ga, mut gb) = (self.watch.low[i], gb);
        let mut moved = 0;
        for trial in 0..200 {
            let larger = if a.abs() > b.abs() { a.abs() } else { b.abs() };
            let resolution = larger * T::EPSILON;
            let width = b - a;
            if width.abs() <= resolution * T::of(2.0) {
                break;
            }
            let least = if self.forward {
                resolution
            } else {
                -resolution
            };
            let middle = a + width * T::of(0.5);
            let secant = a - ga * (width / (gb - ga));
            let mut t = if trial % 3 == 2 || !secant.is_finite() {
                middle
            } else {
                secant
            };
            if !self.ahead(t, a + least) {
                t = a + least;
            }
            if !self.ahead(b - least, t) {
                t = b - least;
            }
            if !(self.ahead(t, a) && self.ahead(b, t)) {
                t = middle;
                if t == a || t == b {
                    break;
                }
            }
            self.evaluate(t)?;
            let g = self.watch.trial[i];
            if direction.crossed(side, g) {
                (b, gb) = (t, g);
                if moved == 1 {
                    ga *= T::of(0.5);
                }
                moved = 1;
            } else {
                (a, ga) = (t, g);
                if moved == -1 {
                    gb *= T::of(0.5);
                }
                moved = -1;
            }
        }
        Ok(b)
    }

    /// Lets all events happen that have crossed at `t`, and those that their resets set off.
    fn happen(&mut self, t: T) -> Result<(), Error> {
        self.evaluate(t)?;
        self.before.copy_from_slice(&self.watch.y);
        self.after.copy_from_slice(&self.watch.y);
        let count = self.watch.side.len();
        for i in 0..count {
            let (side, g) = (self.watch.side[i], self.watch.trial[i]);
            let crossed = self.events.direction(i).crossed(side, g);
            self.watch.firing[i] = if crossed { Firing::Now } else { Firing::No };
            self.watch.side[i] = if crossed { -side } else { beyond(side, g) };
        }
        let mut changed = false;
        loop {
            let mut again = false;
            for i in 0..count {
                if self.watch.firing[i] != Firing::Now {
                    continue;
                }
                self.watch.firing[i] = Firing::Done;
                self.count_event(t, i)?;
                self.watch.y.copy_from_slice(&self.after);
                let action = self.events.apply(i, t, &mut self.watch.y);
                if action == Action::Continue {
                    continue;
                }
                self.after.copy_from_slice(&self.watch.y);
                (changed, again) = (true, true);
                if action == Action::Stop && self.stopped.is_none() {
                    self.stopped = Some(i);
                    self.finished = true;
                }
            }
            if !again {
                break;
            }
            let watch = &mut self.watch;
            self.events.values(t, &self.after, &mut watch.trial);
            for i in 0..count {
                if watch.firing[i] == Firing::No
                    && self
                        .events
                        .direction(i)
                        .crossed(watch.side[i], watch.trial[i])
                {
                    watch.firing[i] = Firing::Now;
                }
            }
        }
        let watch = &mut self.watch;
        core::mem::swap(&mut watch.low, &mut watch.trial);
        if changed {
            for (side, g) in watch.side.iter_mut().zip(&watch.low) {
                *side = sign(*g);
            }
            self.t = t;
            self.cut = Cut::Event;
        }
        Ok(())
    }

    fn count_event(&mut self, t: T, event: usize) -> Result<(), Error> {
        self.happened.push(Occurrence { t, event });
        self.event_count += 1;
        let still = self
            .watch
            .last
            .is_some_and(|last| (t - last).abs() <= t.abs() * T::EPSILON * T::of(16.0));
        // Events at the same time are no storm by themselves, however many there are.
        if !still {
            self.storm = 0;
        } else if event <= self.watch.last_event {
            self.storm += 1;
            if self.storm >= STORM {
                return Err(Error::EventStorm {
                    t: t.to_f64(),
                    event,
                });
            }
        }
        self.watch.last = Some(t);
        self.watch.last_event = event;
        Ok(())
    }
}

/// One piece of an integration: a step, or its part up to an event that changed the state.
pub struct Step<'r, 's, T: Real, P, F: ?Sized, E> {
    run: &'r mut Integration<'s, T, P, F, E>,
}

impl<T: Real, P: Stepper<T>, F: System<T> + ?Sized, E: Events<T>> Step<'_, '_, T, P, F, E> {
    /// Where it began.
    pub fn start(&self) -> T {
        self.run.stepper.previous_time()
    }

    /// Where it ends.
    pub fn time(&self) -> T {
        self.run.t
    }

    /// The state at its end, before any reset.
    pub fn state(&self) -> &[T] {
        match self.run.cut {
            Cut::Event => &self.run.before,
            Cut::None | Cut::Stop => self.run.stepper.state(),
        }
    }

    /// The state after the resets at its end, if an event changed it.
    pub fn reset(&self) -> Option<&[T]> {
        (self.run.cut == Cut::Event).then_some(&self.run.after[..])
    }

    /// The events within it, in order.
    pub fn events(&self) -> &[Occurrence<T>] {
        &self.run.happened
    }

    /// Writes the solution at a time within it into `out`, before any reset.
    ///
    /// # Errors
    /// A time outside, or a slice of another length than the state.
    pub fn interpolate(&mut self, t: T, out: &mut [T]) -> Result<(), Error> {
        let run = &mut *self.run;
        if run.ahead(t, run.t) {
            return Err(Error::Time {
                what: "the time of an interpolation",
                value: t.to_f64(),
                reached: run.t.to_f64(),
            });
        }
        // The last few numbers before a stop belong to it.
        let reached = run.stepper.time();
        let t = if run.ahead(t, reached) { reached } else { t };
        run.stepper.interpolate(run.system, t, out)
    }
}

impl<T: Real> Watch<T> {
    fn new(count: usize, components: usize) -> Self {
        let values = vec![T::zero(); count];
        Self {
            side: vec![0; count],
            firing: vec![Firing::No; count],
            low: values.clone(),
            high: values.clone(),
            least: values.clone(),
            most: values.clone(),
            trial: values,
            y: vec![T::zero(); components],
            ready: false,
            last: None,
            last_event: 0,
        }
    }
}

/// A distance of a few units in the last place.
fn nearby<T: Real>(t: T) -> T {
    t.abs() * T::EPSILON * T::of(4.0)
}

fn sign<T: Real>(g: T) -> i8 {
    i8::from(g > T::zero()) - i8::from(g < T::zero())
}

/// The side after a value, which does not change at zero.
fn beyond<T: Real>(side: i8, g: T) -> i8 {
    match sign(g) {
        0 => side,
        new => new,
    }
}
