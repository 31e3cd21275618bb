use rand::Rng;
use rand::seq::SliceRandom;

pub(super) fn shuffle<R: Rng + ?Sized>(times: &mut [f64], rng: &mut R) {
    let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
        return;
    };
    for i in (1..times.len()).rev() {
        times[i] -= times[i - 1];
    }
    times[1..].shuffle(rng);
    let mut now = first;
    for t in &mut times[1..] {
        // The sum of all intervals, but for rounding.
        now = (now + *t).min(last);
        *t = now;
    }
    if let Some(end) = times.last_mut() {
        *end = last;
    }
}
