use neuropil_math::Real;

/// The points ahead at which a derivative jumps, made as time reaches those that cause them.
///
/// The jump at the start of the solution comes again after each delay, one derivative higher; from
/// the derivative on that the method does not see, it is let go.
#[derive(Debug, Clone)]
pub(super) struct Breakpoints<T> {
    /// The next one last, each with the number of delays that carried it.
    ahead: Vec<(T, u32)>,
    greatest: u32,
}

impl<T: Real> Breakpoints<T> {
    /// Those that the jump at `t0` causes directly; the times are written to `first`, one for each
    /// delay. A jump is followed over `greatest` delays.
    pub(super) fn new(t0: T, delays: &[T], greatest: u32, first: &mut Vec<T>) -> Self {
        let mut points = Self {
            // More only if there are many delays of many ratios.
            ahead: Vec::with_capacity(64 * delays.len()),
            greatest,
        };
        for &delay in delays {
            points.insert(t0 + delay, 1);
        }
        // Points closer than rounding are one: the time that is kept is the one that counts.
        first.extend(delays.iter().map(|&delay| points.nearest(t0 + delay)));
        points
    }

    /// The next one.
    pub(super) fn next(&self) -> Option<T> {
        self.ahead.last().map(|&(t, _)| t)
    }

    /// Time has come to `t`: what was there causes others.
    pub(super) fn reach(&mut self, t: T, delays: &[T]) {
        while let Some(&(point, level)) = self.ahead.last() {
            if point > t {
                break;
            }
            self.ahead.pop();
            if level < self.greatest {
                for &delay in delays {
                    self.insert(point + delay, level + 1);
                }
            }
        }
    }

    fn same(a: T, b: T) -> bool {
        let size = if a.abs() > b.abs() { a.abs() } else { b.abs() };
        (a - b).abs() <= size * T::EPSILON * T::of(16.0)
    }

    fn nearest(&self, t: T) -> T {
        self.ahead
            .iter()
            .map(|&(point, _)| point)
            .find(|&point| Self::same(point, t))
            .unwrap_or(t)
    }

    fn insert(&mut self, t: T, level: u32) {
        let place = self.ahead.partition_point(|&(point, _)| point > t);
        for near in [place, place.wrapping_sub(1)] {
            if let Some((point, known)) = self.ahead.get_mut(near)
                && Self::same(*point, t)
            {
                *known = level.min(*known);
                return;
            }
        }
        self.ahead.insert(place, (t, level));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_come_again_after_every_delay_and_combination() {
        let delays = [1.0, 0.3];
        let mut first = Vec::new();
        let mut points = Breakpoints::new(2.0, &delays, 3, &mut first);
        assert_eq!(first, [3.0, 2.3]);
        let mut seen = Vec::new();
        while let Some(t) = points.next() {
            seen.push(t);
            points.reach(t, &delays);
        }
        let expected = [0.3_f64, 0.6, 0.9, 1.0, 1.3, 1.6, 2.0, 2.3, 3.0].map(|t| t + 2.0);
        assert_eq!(seen.len(), expected.len(), "{seen:?}");
        for (t, e) in seen.iter().zip(expected) {
            assert!((t - e).abs() < 1e-14, "{seen:?}");
        }
    }

    #[test]
    fn points_closer_than_rounding_are_one() {
        let delays = [0.1 + 0.2, 0.3];
        let mut first = Vec::new();
        let mut points = Breakpoints::new(0.0, &delays, 1, &mut first);
        assert_eq!(first[0], first[1]);
        let t = points.next().unwrap();
        points.reach(t, &delays);
        assert_eq!(points.next(), None);
    }
}
