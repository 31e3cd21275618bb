use rand::Rng;

use super::method::between;

pub(super) fn shift<R: Rng + ?Sized>(
    times: &mut [f64],
    (t0, t1): (f64, f64),
    width: f64,
    rng: &mut R,
) {
    let length = t1 - t0;
    let by = between(-width, width, rng) % length;
    for t in times.iter_mut() {
        let moved = *t + by;
        *t = if moved < t0 {
            moved + length
        } else if moved > t1 {
            moved - length
        } else {
            moved
        }
        .clamp(t0, t1);
    }
    times.sort_unstable_by(f64::total_cmp);
}
