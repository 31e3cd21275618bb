use core::marker::PhantomData;

use neuropil_math::Real;
use serde::{Deserialize, Serialize};

/// Which zero crossings of an event function count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From negative to zero or positive, in the direction of integration.
    Rising,
    /// From positive to zero or negative.
    Falling,
    /// Either.
    #[default]
    Both,
}

impl Direction {
    /// Whether a value that was on `side` (-1, 1; 0 is unknown) and is now `g` has crossed.
    #[inline]
    pub(crate) fn crossed<T: Real>(self, side: i8, g: T) -> bool {
        side < 0 && g >= T::zero() && self != Self::Falling
            || side > 0 && g <= T::zero() && self != Self::Rising
    }
}

/// What an event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Go on; changes of the state are ignored.
    Continue,
    /// Go on from the changed state.
    Reset,
    /// End here, with the changes made.
    Stop,
}

/// An event that happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Occurrence<T> {
    /// When.
    pub t: T,
    /// Which, by its index.
    pub event: usize,
}

/// Functions $g_i(t, y)$ whose zeros matter: thresholds, impacts, sections.
///
/// # When an event happens
/// - $g_i$ is looked at on accepted steps only, at the end and at some points within, and the first
///   zero is then closed in on to a few units in the last place of $t$. The time that is reported lies
///   on the far side: $g_i$ has reached zero or passed it there.
/// - A $g_i$ that is zero at the start, or after a reset, has not crossed; it counts again once it has
///   been on a side. A zero at the very end of the span is a crossing.
/// - All events that have crossed at the same time happen, in the order of their indices, each seeing
///   the resets of those before.
/// - A reset that carries another $g_j$ over zero in its direction makes event $j$ happen too, at the
///   same time, once: so a spike can set off another.
/// - After a reset the solver starts afresh from the new state.
///
/// One type can stand for many events, as the thresholds of a population do. Events are also made by
/// [`Event`] from closures; arrays, `Vec`s and tuples of events are events, and `()` is none.
pub trait Events<T: Real> {
    /// The number of events, which must not change.
    fn count(&self) -> usize;

    /// Writes $g_i(t, y)$ for all $i$.
    fn values(&self, t: T, y: &[T], g: &mut [T]);

    /// Which crossings of event `index` count.
    fn direction(&self, index: usize) -> Direction {
        let _ = index;
        Direction::Both
    }

    /// Event `index` has happened at `t`; `y` is the state there and may be changed.
    fn apply(&mut self, index: usize, t: T, y: &mut [T]) -> Action {
        let _ = (index, t, y);
        Action::Continue
    }
}

/// One event from closures.
///
/// ```
/// use neuropil_ode_core::{Event, Options, solve_with};
///
/// // A leaky integrator that is reset from -50 to -65 fires every 20 ln 4.
/// let neuron = |_t: f64, v: &[f64], dv: &mut [f64]| dv[0] = (-(v[0] + 65.0) + 20.0) / 20.0;
/// let spike = Event::new(|_t, v: &[f64]| v[0] + 50.0)
///     .rising()
///     .reset(|_t, v: &mut [f64]| v[0] = -65.0);
/// let solution = solve_with(&neuron, 0.0..100.0, [-65.0], &Options::default(), spike)?;
/// assert_eq!(solution.events.len(), 3);
/// assert!((solution.events[0].t - 20.0 * 4.0_f64.ln()).abs() < 1e-4);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Event<T, G, A = fn(T, &mut [T]) -> Action> {
    g: G,
    action: A,
    direction: Direction,
    stop_after: Option<u64>,
    happened: u64,
    scalar: PhantomData<T>,
}

impl<T: Real, G: Fn(T, &[T]) -> T> Event<T, G> {
    /// The zeros of $g(t, y)$ in both directions, merely recorded.
    pub fn new(g: G) -> Self {
        Self {
            g,
            action: |_, _| Action::Continue,
            direction: Direction::Both,
            stop_after: None,
            happened: 0,
            scalar: PhantomData,
        }
    }
}

impl<T: Real, G: Fn(T, &[T]) -> T, A: FnMut(T, &mut [T]) -> Action> Event<T, G, A> {
    /// Crossings in one direction only.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Crossings from below only.
    #[must_use]
    pub fn rising(self) -> Self {
        self.direction(Direction::Rising)
    }

    /// Crossings from above only.
    #[must_use]
    pub fn falling(self) -> Self {
        self.direction(Direction::Falling)
    }

    /// Ends the integration when it happens.
    #[must_use]
    pub fn terminal(self) -> Self {
        self.stop_after(1)
    }

    /// Ends the integration when it happens for the `n`-th time, after its reset.
    #[must_use]
    pub fn stop_after(self, n: u64) -> Self {
        Self {
            stop_after: Some(n),
            ..self
        }
    }

    /// Changes the state when it happens.
    pub fn reset<R: FnMut(T, &mut [T])>(
        self,
        mut reset: R,
    ) -> Event<T, G, impl FnMut(T, &mut [T]) -> Action + use<T, G, A, R>> {
        self.action(move |t, y: &mut [T]| {
            reset(t, y);
            Action::Reset
        })
    }

    /// Does and decides anything when it happens.
    pub fn action<B: FnMut(T, &mut [T]) -> Action>(self, action: B) -> Event<T, G, B> {
        Event {
            g: self.g,
            action,
            direction: self.direction,
            stop_after: self.stop_after,
            happened: self.happened,
            scalar: PhantomData,
        }
    }

    /// How often it has happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }
}

impl<T: Real, G: Fn(T, &[T]) -> T, A: FnMut(T, &mut [T]) -> Action> Events<T> for Event<T, G, A> {
    fn count(&self) -> usize {
        1
    }

    #[inline]
    fn values(&self, t: T, y: &[T], g: &mut [T]) {
        g[0] = (self.g)(t, y);
    }

    fn direction(&self, _index: usize) -> Direction {
        self.direction
    }

    fn apply(&mut self, _index: usize, t: T, y: &mut [T]) -> Action {
        self.happened += 1;
        let action = (self.action)(t, y);
        if self.stop_after.is_some_and(|n| self.happened >= n) {
            Action::Stop
        } else {
            action
        }
    }
}

impl<T: Real> Events<T> for () {
    #[inline(always)]
    fn count(&self) -> usize {
        0
    }

    fn values(&self, _t: T, _y: &[T], _g: &mut [T]) {}
}

impl<T: Real, E: Events<T> + ?Sized> Events<T> for &mut E {
    fn count(&self) -> usize {
        (**self).count()
    }

    fn values(&self, t: T, y: &[T], g: &mut [T]) {
        (**self).values(t, y, g);
    }

    fn direction(&self, index: usize) -> Direction {
        (**self).direction(index)
    }

    fn apply(&mut self, index: usize, t: T, y: &mut [T]) -> Action {
        (**self).apply(index, t, y)
    }
}

impl<T: Real, E: Events<T>> Events<T> for [E] {
    fn count(&self) -> usize {
        self.iter().map(Events::count).sum()
    }

    fn values(&self, t: T, y: &[T], mut g: &mut [T]) {
        for events in self {
            let (own, rest) = g.split_at_mut(events.count());
            events.values(t, y, own);
            g = rest;
        }
    }

    fn direction(&self, mut index: usize) -> Direction {
        for events in self {
            if index < events.count() {
                return events.direction(index);
            }
            index -= events.count();
        }
        Direction::Both
    }

    fn apply(&mut self, mut index: usize, t: T, y: &mut [T]) -> Action {
        for events in self {
            if index < events.count() {
                return events.apply(index, t, y);
            }
            index -= events.count();
        }
        Action::Continue
    }
}

macro_rules! like_a_slice {
    ($list:ty $(, $($generics:tt)*)?) => {
        impl<T: Real, E: Events<T> $(, $($generics)*)?> Events<T> for $list {
            fn count(&self) -> usize {
                self[..].count()
            }

            fn values(&self, t: T, y: &[T], g: &mut [T]) {
                self[..].values(t, y, g);
            }

            fn direction(&self, index: usize) -> Direction {
                self[..].direction(index)
            }

            fn apply(&mut self, index: usize, t: T, y: &mut [T]) -> Action {
                self[..].apply(index, t, y)
            }
        }
    };
}

like_a_slice!([E; N], const N: usize);
like_a_slice!(Vec<E>);

macro_rules! tuple {
    ($($name:ident $place:tt),+) => {
        impl<T: Real, $($name: Events<T>),+> Events<T> for ($($name,)+) {
            fn count(&self) -> usize {
                0 $(+ self.$place.count())+
            }

            fn values(&self, t: T, y: &[T], g: &mut [T]) {
                let mut at = 0;
                $(
                    let n = self.$place.count();
                    self.$place.values(t, y, &mut g[at..at + n]);
                    at += n;
                )+
                let _ = at;
            }

            fn direction(&self, mut index: usize) -> Direction {
                $(
                    let n = self.$place.count();
                    if index < n {
                        return self.$place.direction(index);
                    }
                    index -= n;
                )+
                let _ = index;
                Direction::Both
            }

            fn apply(&mut self, mut index: usize, t: T, y: &mut [T]) -> Action {
                $(
                    let n = self.$place.count();
                    if index < n {
                        return self.$place.apply(index, t, y);
                    }
                    index -= n;
                )+
                let _ = index;
                Action::Continue
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
