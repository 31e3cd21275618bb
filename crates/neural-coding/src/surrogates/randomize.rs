use rand::Rng;

use super::method::between;

pub(super) fn randomize<R: Rng + ?Sized>(times: &mut [f64], (t0, t1): (f64, f64), rng: &mut R) {
    for t in times.iter_mut() {
        *t = between(t0, t1, rng);
    }
    times.sort_unstable_by(f64::total_cmp);
}
