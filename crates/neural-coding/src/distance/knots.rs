//! A train as the measures of intervals see it.

use crate::TrainView;

/// The spikes of a train between the ends of its window, and the intervals between them.
///
/// A train without spikes counts as one with a spike at each end of the window. Spikes at the same time
/// count as one.
#[derive(Debug, Default, Clone)]
pub(super) struct Knots {
    /// The auxiliary spike before the window, the spikes, infinity.
    pub(super) times: Vec<f64>,
    /// The length of the interval that begins with each of `times` but the last: the first one ends
    /// with the first spike, the last one begins with the last. Both are at least as long as their
    /// neighbour. Never zero: where it would be, the interval takes no time.
    pub(super) lengths: Vec<f64>,
    /// One over `lengths`.
    pub(super) inverses: Vec<f64>,
    /// The auxiliary spike behind the window.
    pub(super) end: f64,
    pub(super) t0: f64,
    pub(super) t1: f64,
}

/// The shortest length of an interval: its inverse is finite, and less than nothing is lost.
const SHORTEST: f64 = 1e-300;

impl Knots {
    pub(super) fn of(train: TrainView<'_>) -> Self {
        let mut knots = Self::default();
        knots.fill(train);
        knots
    }

    /// Takes over a train; allocates only to grow.
    pub(super) fn fill(&mut self, train: TrainView<'_>) {
        let (t0, t1) = (train.t0(), train.t1());
        (self.t0, self.t1) = (t0, t1);
        let times = &mut self.times;
        times.clear();
        // Its place; the value needs the first interval.
        times.push(f64::NEG_INFINITY);
        if train.is_empty() {
            times.extend([t0, t1]);
        } else {
            times.extend_from_slice(train.times());
            times.dedup_by(|next, previous| next == previous);
        }
        let n = times.len() - 1;
        times.push(f64::INFINITY);
        let (first, last) = (times[1], times[n]);
        let (mut before, mut after) = (first - t0, t1 - last);
        if n > 1 {
            before = before.max(times[2] - first);
            after = after.max(last - times[n - 1]);
        }
        times[0] = t0.min(first - before);
        self.end = t1.max(last + after);
        self.lengths.clear();
        self.lengths.push(before);
        let inner = times[1..=n].windows(2).map(|w| w[1] - w[0]);
        self.lengths.extend(inner);
        self.lengths.push(after);
        for length in &mut self.lengths {
            *length = length.max(SHORTEST);
        }
        self.inverses.clear();
        self.inverses.extend(self.lengths.iter().map(|l| 1.0 / l));
    }

    /// The number of spikes.
    pub(super) fn len(&self) -> usize {
        self.times.len() - 2
    }

    /// Whether the only spike is at the beginning of the window: then the end of the window counts as
    /// the next spike.
    pub(super) fn alone_at_start(&self) -> bool {
        self.len() == 1 && self.times[1] == self.t0
    }
}
