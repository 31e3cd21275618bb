use serde::Serialize;

use super::knots::Knots;
use crate::Error;
use crate::train::check_window;

/// Calls `f(end, i, j)` for every interval between the spikes of two trains that takes time: it ends
/// at `end`, behind `i` spikes of the first train and `j` of the second.
pub(super) fn intervals(a: &Knots, b: &Knots, mut f: impl FnMut(f64, usize, usize)) {
    let (mut i, mut j) = (0, 0);
    let mut last = a.t0;
    while i + j < a.len() + b.len() {
        let (x, y) = (a.times[i + 1], b.times[j + 1]);
        let t = x.min(y);
        if t > last {
            f(t, i, j);
        }
        last = t;
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    if last < a.t1 {
        f(a.t1, i, j);
    }
}

/// Refuses a part that is empty or not inside of the window.
fn check_part(t0: f64, t1: f64, from: f64, to: f64) -> Result<(), Error> {
    check_window(from, to)?;
    for (what, value) in [("from", from), ("to", to)] {
        if !(t0..=t1).contains(&value) {
            let range = "must be inside of the window";
            return Err(Error::OutOfRange { what, value, range });
        }
    }
    Ok(())
}

/// A function of time that is constant between its times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PiecewiseConstant {
    times: Vec<f64>,
    values: Vec<f64>,
}

impl PiecewiseConstant {
    pub(super) fn with_capacity(t0: f64, pieces: usize) -> Self {
        let mut times = Vec::with_capacity(pieces + 1);
        times.push(t0);
        let values = Vec::with_capacity(pieces);
        Self { times, values }
    }

    /// The next piece.
    pub(super) fn push(&mut self, end: f64, value: f64) {
        self.times.push(end);
        self.values.push(value);
    }

    /// Where the pieces begin, and where the last one ends.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The value of each piece.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value at a time, that of the piece which begins there; none outside of the window.
    #[must_use]
    pub fn at(&self, t: f64) -> Option<f64> {
        Some(self.values[piece(&self.times, t)?])
    }

    /// The mean over the window.
    #[must_use]
    pub fn average(&self) -> f64 {
        let (t0, t1) = ends(&self.times);
        self.integral(t0, t1) / (t1 - t0)
    }

    /// The mean over a part of the window.
    ///
    /// # Errors
    /// [`Error::Window`] if it is empty, [`Error::OutOfRange`] if it exceeds the window.
    pub fn average_over(&self, from: f64, to: f64) -> Result<f64, Error> {
        let (t0, t1) = ends(&self.times);
        check_part(t0, t1, from, to)?;
        Ok(self.integral(from, to) / (to - from))
    }

    fn integral(&self, from: f64, to: f64) -> f64 {
        let pieces = self.times.windows(2).zip(&self.values);
        let parts = pieces.map(|(w, value)| {
            let width = w[1].min(to) - w[0].max(from);
            if width > 0.0 { width * value } else { 0.0 }
        });
        parts.sum()
    }

    /// The mean of several functions with one window; none without any.
    ///
    /// # Errors
    /// [`Error::DifferentWindows`].
    pub fn mean(profiles: &[Self]) -> Result<Option<Self>, Error> {
        let times: Vec<&[f64]> = profiles.iter().map(|p| p.times.as_slice()).collect();
        let Some(times) = union(&times)? else {
            return Ok(None);
        };
        let mut values = vec![0.0; times.len() - 1];
        for profile in profiles {
            let mut at = 0;
            for (value, start) in values.iter_mut().zip(&times) {
                at += usize::from(profile.times[at + 1] <= *start);
                *value += profile.values[at];
            }
        }
        for value in &mut values {
            *value /= profiles.len() as f64;
        }
        Ok(Some(Self { times, values }))
    }
}

/// A function of time that is linear between its times, and may jump there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PiecewiseLinear {
    times: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl PiecewiseLinear {
    pub(super) fn with_capacity(t0: f64, pieces: usize) -> Self {
        let mut times = Vec::with_capacity(pieces + 1);
        times.push(t0);
        Self {
            times,
            left: Vec::with_capacity(pieces),
            right: Vec::with_capacity(pieces),
        }
    }

    /// The next piece: its end, and the values at both ends.
    pub(super) fn push(&mut self, end: f64, left: f64, right: f64) {
        self.times.push(end);
        self.left.push(left);
        self.right.push(right);
    }

    /// Where the last piece that was pushed ends.
    pub(super) fn end(&self) -> f64 {
        ends(&self.times).1
    }

    /// Where the pieces begin, and where the last one ends.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The value at the beginning of each piece.
    #[must_use]
    pub fn left(&self) -> &[f64] {
        &self.left
    }

    /// The value at the end of each piece.
    #[must_use]
    pub fn right(&self) -> &[f64] {
        &self.right
    }

    /// The value at a time, that of the piece which begins there; none outside of the window.
    #[must_use]
    pub fn at(&self, t: f64) -> Option<f64> {
        let piece = piece(&self.times, t)?;
        Some(self.inside(piece, t))
    }

    fn inside(&self, piece: usize, t: f64) -> f64 {
        let (start, end) = (self.times[piece], self.times[piece + 1]);
        let share = (t - start) / (end - start);
        self.left[piece] * (1.0 - share) + self.right[piece] * share
    }

    /// The mean over the window.
    #[must_use]
    pub fn average(&self) -> f64 {
        let (t0, t1) = ends(&self.times);
        self.integral(t0, t1) / (t1 - t0)
    }

    /// The mean over a part of the window.
    ///
    /// # Errors
    /// [`Error::Window`] if it is empty, [`Error::OutOfRange`] if it exceeds the window.
    pub fn average_over(&self, from: f64, to: f64) -> Result<f64, Error> {
        let (t0, t1) = ends(&self.times);
        check_part(t0, t1, from, to)?;
        Ok(self.integral(from, to) / (to - from))
    }

    fn integral(&self, from: f64, to: f64) -> f64 {
        let mut sum = 0.0;
        for (piece, w) in self.times.windows(2).enumerate() {
            let (start, end) = (w[0].max(from), w[1].min(to));
            if end > start {
                // The mean of a linear function is its value in the middle.
                sum += (end - start) * self.inside(piece, start.midpoint(end));
            }
        }
        sum
    }

    /// The mean of several functions with one window; none without any.
    ///
    /// # Errors
    /// [`Error::DifferentWindows`].
    pub fn mean(profiles: &[Self]) -> Result<Option<Self>, Error> {
        let times: Vec<&[f64]> = profiles.iter().map(|p| p.times.as_slice()).collect();
        let Some(times) = union(&times)? else {
            return Ok(None);
        };
        let mut left = vec![0.0; times.len() - 1];
        let mut right = left.clone();
        for profile in profiles {
            let mut at = 0;
            for (k, w) in times.windows(2).enumerate() {
                at += usize::from(profile.times[at + 1] <= w[0]);
                left[k] += profile.inside(at, w[0]);
                right[k] += profile.inside(at, w[1]);
            }
        }
        for value in left.iter_mut().chain(&mut right) {
            *value /= profiles.len() as f64;
        }
        Ok(Some(Self { times, left, right }))
    }
}

/// A number for each spike, such as whether it coincides with one of the other train.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CoincidenceProfile {
    pub(super) times: Vec<f64>,
    pub(super) values: Vec<f64>,
    pub(super) multiplicities: Vec<f64>,
}

impl CoincidenceProfile {
    pub(super) fn push(&mut self, time: f64, value: f64, multiplicity: f64) {
        self.times.push(time);
        self.values.push(value);
        self.multiplicities.push(multiplicity);
    }

    /// The times at which there are spikes, each once.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The sum of the values of the spikes at each time.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many spikes there are at each time.
    #[must_use]
    pub fn multiplicities(&self) -> &[f64] {
        &self.multiplicities
    }

    /// The mean over all spikes; none without spikes.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        self.mean_of(0, self.times.len())
    }

    /// The mean over the spikes in a part of the window, both ends included; none without spikes.
    ///
    /// # Errors
    /// [`Error::Window`] if it is empty.
    pub fn average_over(&self, from: f64, to: f64) -> Result<Option<f64>, Error> {
        check_window(from, to)?;
        let start = self.times.partition_point(|&t| t < from);
        let end = self.times.partition_point(|&t| t <= to);
        Ok(self.mean_of(start, end))
    }

    fn mean_of(&self, start: usize, end: usize) -> Option<f64> {
        let spikes: f64 = self.multiplicities[start..end].iter().sum();
        let sum: f64 = self.values[start..end].iter().sum();
        (spikes > 0.0).then(|| sum / spikes)
    }

    /// Values and multiplicities of several profiles together, such as of all pairs of trains.
    #[must_use]
    pub fn pooled(profiles: &[Self]) -> Self {
        let mut all: Vec<(f64, f64, f64)> = Vec::new();
        for profile in profiles {
            let values = profile.values.iter().zip(&profile.multiplicities);
            let times = profile.times.iter().zip(values);
            all.extend(times.map(|(&t, (&v, &m))| (t, v, m)));
        }
        all.sort_by(|x, y| x.0.total_cmp(&y.0));
        let mut pooled = Self::default();
        for (time, value, multiplicity) in all {
            if pooled.times.last() == Some(&time) {
                let last = pooled.times.len() - 1;
                pooled.values[last] += value;
                pooled.multiplicities[last] += multiplicity;
            } else {
                pooled.push(time, value, multiplicity);
            }
        }
        pooled
    }
}

/// Beginning and end; there is a beginning since the first piece, and profiles have pieces.
fn ends(times: &[f64]) -> (f64, f64) {
    match times {
        [first, .., last] => (*first, *last),
        [only] => (*only, *only),
        [] => (0.0, 0.0),
    }
}

/// The piece in which a time lies; the last one at the end of the window.
fn piece(times: &[f64], t: f64) -> Option<usize> {
    let (t0, t1) = ends(times);
    if !(t0..=t1).contains(&t) {
        return None;
    }
    let after = times.partition_point(|&x| x <= t);
    Some(after.min(times.len() - 1) - 1)
}

/// All times of functions with one window, each once.
fn union(times: &[&[f64]]) -> Result<Option<Vec<f64>>, Error> {
    let Some(first) = times.first() else {
        return Ok(None);
    };
    for other in times {
        if ends(other) != ends(first) {
            return Err(Error::DifferentWindows {
                first: ends(first),
                second: ends(other),
            });
        }
    }
    let mut all = times.concat();
    all.sort_by(f64::total_cmp);
    all.dedup_by(|next, previous| next == previous);
    Ok(Some(all))
}
