use neuropil_math::Real;

use super::position::Position;
use crate::{Error, State, System};

/// Evaluates $\partial f / \partial y$ at the position, for a step of the size `h`.
///
/// By differences where the system has none of its own. Component $j$ is moved by
/// $\sqrt\varepsilon \lvert y_j \rvert$, and at least so far that the change of $f$ stands out of
/// its rounding errors: CVODE's increment, $10^3 \varepsilon n \lVert h f \rVert$ times the
/// tolerance.
#[inline(always)]
pub(super) fn evaluate<T: Real, S: State<T>, F: System<T> + ?Sized>(
    at: &mut Position<T, S>,
    system: &F,
    h: T,
) -> Result<(), Error> {
    let n = at.y.as_slice().len();
    at.statistics.jacobians += 1;
    let jacobian = &mut at.jacobian[..n * n];
    if !system.jacobian(at.t, at.y.as_slice(), jacobian) {
        by_differences(at, system, h);
    }
    let jacobian = &at.jacobian[..n * n];
    let mut zero = T::zero();
    for v in jacobian {
        zero += *v * T::zero();
    }
    if zero == T::zero() {
        return Ok(());
    }
    let bad = jacobian.iter().position(|v| !v.is_finite()).unwrap_or(0);
    Err(Error::NonFinite {
        what: "the Jacobian",
        t: at.t.to_f64(),
        component: bad % n,
    })
}

#[inline(never)]
fn by_differences<T: Real, S: State<T>, F: System<T> + ?Sized>(
    at: &mut Position<T, S>,
    system: &F,
    h: T,
) {
    let n = at.y.as_slice().len();
    let root = T::EPSILON.sqrt();
    let mut sum = T::zero();
    for i in 0..n {
        let e = at.slope.as_slice()[i] / at.scale(i);
        sum += e * e;
    }
    let norm = h.abs() * (sum / T::of(n as f64)).sqrt();
    let least = if norm > T::zero() && norm.is_finite() {
        T::of(1e3 * n as f64) * T::EPSILON * norm
    } else {
        T::one()
    };
    at.probe.as_mut_slice().copy_from_slice(at.y.as_slice());
    for j in 0..n {
        let y = at.y.as_slice()[j];
        let (a, b) = (root * y.abs(), least * at.scale(j));
        let size = if a > b { a } else { b };
        // Away from zero: positive quantities stay positive.
        let mut delta = if y < T::zero() { -size } else { size };
        for _ in 0..2 {
            at.probe.as_mut_slice()[j] = y + delta;
            // The difference that the rounded sum really makes.
            let delta_made = at.probe.as_slice()[j] - y;
            let slope = at.probe_slope.as_mut_slice();
            system.rhs(at.t, at.probe.as_slice(), slope);
            at.statistics.evaluations += 1;
            let column = &mut at.jacobian[j * n..][..n];
            let mut zero = T::zero();
            for i in 0..n {
                column[i] = (slope[i] - at.slope.as_slice()[i]) / delta_made;
                zero += column[i] * T::zero();
            }
            if zero == T::zero() {
                break;
            }
            // The domain may end here: look to the other side.
            delta = -delta;
        }
        at.probe.as_mut_slice()[j] = y;
    }
}

/// Writes $\partial f / \partial t$ to `out`, by a difference within the step where the system does
/// not know it.
#[inline(always)]
pub(super) fn time_derivative<T: Real, S: State<T>, F: System<T> + ?Sized>(
    at: &mut Position<T, S>,
    system: &F,
    h: T,
    out: &mut S,
) {
    let out = out.as_mut_slice();
    if system.time_derivative(at.t, at.y.as_slice(), out) {
        return;
    }
    let scale = if at.t.abs() > h.abs() { at.t } else { h };
    let size = T::EPSILON.sqrt() * scale.abs();
    let size = if size < h.abs() { size } else { h.abs() };
    let t = at.t + if h > T::zero() { size } else { -size };
    let delta = t - at.t;
    system.rhs(t, at.y.as_slice(), out);
    at.statistics.evaluations += 1;
    let slope = &at.slope.as_slice()[..out.len()];
    for (out, slope) in out.iter_mut().zip(slope) {
        *out = (*out - *slope) / delta;
    }
}
