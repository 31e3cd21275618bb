//! Walking through the spikes of two trains in the order of time.

/// How many parts of the walk go on side by side. A single walk waits for each comparison before it
/// can make the next; independent ones fill that time.
pub(super) const CHAINS: usize = 4;
/// The part that has the rest of the division.
pub(super) const LAST: usize = CHAINS - 1;

/// What is done at each spike of a walk.
pub(super) trait Visit {
    /// The part `chain` begins, after `i` spikes of the first train and `j` of the second.
    fn begin(&mut self, chain: usize, i: usize, j: usize);

    /// The spike `event` of the two trains together is next, after `i` spikes of the first train and
    /// `j` of the second. The next spikes of these are at `x` and `y`; the earlier one is the event,
    /// and the one of the first train if they are at the same time.
    fn step(&mut self, chain: usize, event: usize, i: usize, j: usize, x: f64, y: f64);

    /// The parts from `FROM` on have made a step.
    #[inline(always)]
    fn round<const FROM: usize>(&mut self) {}
}

/// How many spikes of `a` are among the first `events` of both, those of `a` first at equal times.
pub(super) fn split(a: &[f64], b: &[f64], events: usize) -> usize {
    let mut low = events.saturating_sub(b.len());
    let mut high = events.min(a.len());
    while low < high {
        let middle = low.midpoint(high);
        if a[middle] <= b[events - 1 - middle] {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Visits every spike of two trains, which are given as knots: one value before the first spike, and
/// infinity after the last.
///
/// The walk is cut into [`CHAINS`] parts at positions that depend on the number of spikes alone.
#[inline(always)]
pub(super) fn walk<V: Visit>(a: &[f64], b: &[f64], visit: &mut V) {
    let (n, m) = (a.len() - 2, b.len() - 2);
    let total = n + m;
    let part = total / CHAINS;
    let (mut i, mut j) = ([0; CHAINS], [0; CHAINS]);
    for chain in 0..CHAINS {
        let events = chain * part;
        i[chain] = split(&a[1..=n], &b[1..=m], events);
        j[chain] = events - i[chain];
        visit.begin(chain, i[chain], j[chain]);
    }
    for event in 0..part {
        for chain in 0..CHAINS {
            let (x, y) = (a[i[chain] + 1], b[j[chain] + 1]);
            visit.step(chain, chain * part + event, i[chain], j[chain], x, y);
            let first = usize::from(x <= y);
            i[chain] += first;
            j[chain] += 1 - first;
        }
        visit.round::<0>();
    }
    let (mut i, mut j) = (i[LAST], j[LAST]);
    for event in CHAINS * part..total {
        let (x, y) = (a[i + 1], b[j + 1]);
        visit.step(LAST, event, i, j, x, y);
        visit.round::<LAST>();
        let first = usize::from(x <= y);
        i += first;
        j += 1 - first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The events in their order: time and whether they are of the first train.
    struct Record {
        events: Vec<(f64, bool)>,
        begins: usize,
    }

    impl Visit for Record {
        fn begin(&mut self, _chain: usize, _i: usize, _j: usize) {
            self.begins += 1;
        }

        fn step(&mut self, _chain: usize, event: usize, i: usize, j: usize, x: f64, y: f64) {
            assert_eq!(i + j, event);
            self.events[event] = (x.min(y), x <= y);
        }
    }

    fn knots(times: &[u8]) -> Vec<f64> {
        let mut times: Vec<f64> = times.iter().map(|&t| f64::from(t)).collect();
        times.sort_by(f64::total_cmp);
        let mut knots = vec![-1.0];
        knots.extend(times);
        knots.push(f64::INFINITY);
        knots
    }

    proptest! {
        #[test]
        fn every_spike_is_visited_in_its_turn(
            a in prop::collection::vec(0..40_u8, 0..30),
            b in prop::collection::vec(0..40_u8, 0..30),
        ) {
            let (a, b) = (knots(&a), knots(&b));
            let (n, m) = (a.len() - 2, b.len() - 2);
            let mut record = Record { events: vec![(f64::NAN, false); n + m], begins: 0 };
            walk(&a, &b, &mut record);
            let mut expected: Vec<_> = a[1..=n].iter().map(|&t| (t, true)).collect();
            expected.extend(b[1..=m].iter().map(|&t| (t, false)));
            expected.sort_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1)));
            prop_assert_eq!(record.events, expected);
            prop_assert_eq!(record.begins, CHAINS);
        }
    }
}
