use rand::Rng;

use super::method::between;

pub(super) fn jitter<R: Rng + ?Sized>(
    times: &mut [f64],
    (t0, t1): (f64, f64),
    width: f64,
    rng: &mut R,
) {
    for t in times.iter_mut() {
        let bin = ((*t - t0) / width).floor();
        let start = t0 + bin * width;
        // The end of the window belongs to the bin before it.
        let start = if start >= t1 { start - width } else { start };
        let from = start.clamp(t0, t1);
        *t = between(from, (start + width).min(t1), rng);
    }
    times.sort_unstable_by(f64::total_cmp);
}
