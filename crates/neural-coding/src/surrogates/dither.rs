use rand::Rng;

use super::method::between;

pub(super) fn uniform<R: Rng + ?Sized>(
    times: &mut [f64],
    (t0, t1): (f64, f64),
    width: f64,
    rng: &mut R,
) {
    for t in times.iter_mut() {
        *t = reflect(*t + between(-width, width, rng), t0, t1);
    }
    times.sort_unstable_by(f64::total_cmp);
}

/// A time outside of the window, mirrored at its ends as often as it takes.
fn reflect(t: f64, t0: f64, t1: f64) -> f64 {
    let length = t1 - t0;
    let folded = (t - t0).rem_euclid(2.0 * length);
    let inside = if (t0..=t1).contains(&t) {
        // As it is: no rounding.
        t
    } else if folded <= length {
        t0 + folded
    } else {
        t1 - (folded - length)
    };
    inside.clamp(t0, t1)
}

pub(super) fn refractory<R: Rng + ?Sized>(
    times: &mut [f64],
    (t0, t1): (f64, f64),
    width: f64,
    refractory: f64,
    rng: &mut R,
) {
    // The distance that is kept to the spike before, already moved, and to the next, not yet moved.
    let mut gap_before = 0.0;
    for i in 0..times.len() {
        let t = times[i];
        let mut from = (t - width).max(t0);
        let mut to = (t + width).min(t1);
        if i > 0 {
            from = from.max(times[i - 1] + gap_before);
        }
        if let Some(next) = times.get(i + 1) {
            let gap = refractory.min(next - t);
            to = to.min(next - gap);
            gap_before = gap;
        }
        // Its own place is always free, but for rounding.
        let from = from.min(t);
        times[i] = between(from, to.max(from), rng);
    }
}
