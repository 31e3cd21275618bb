//! The entropy of Nemenman, Shafee and Bialek.

use super::Histogram;
use super::gamma::{digamma, ln_rising, trigamma};

/// Weights below this part of the greatest are left out of the integral.
const NEGLIGIBLE: f64 = -42.0;

/// $\langle H \rangle = \int \langle H \rangle_\beta P(n | \beta) \frac{d\xi}{d\beta} d\beta$ over its
/// normalisation, in nats. The prior is flat in the entropy $\xi(\beta) = \psi(K\beta + 1) -
/// \psi(\beta + 1)$ that a Dirichlet prior of concentration $\beta$ expects, and $\beta$ runs from 0 to
/// infinity. The integral is taken over $\ln \beta$ by the trapezoid rule, which on a smooth function
/// that falls to nothing on both sides is exact to rounding once the step resolves it.
pub(super) fn mean_entropy(histogram: &Histogram) -> f64 {
    if histogram.alphabet < 2 {
        return 0.0;
    }
    let weight = |u: f64| ln_weight(histogram, u.exp()) + u;
    let (peak, width) = peak(&weight);
    let step = (0.25 * width).clamp(1e-4, 0.1);
    let highest = weight(peak);
    let (mut sum, mut total) = (0.0, 0.0);
    for direction in [1.0, -1.0] {
        // The middle belongs to the first side.
        let mut k = if direction > 0.0 { 0.0 } else { 1.0 };
        loop {
            let u = peak + direction * k * step;
            let ln_w = weight(u) - highest;
            // Beyond e^±300 there is nothing but numbers that cannot be written.
            if ln_w < NEGLIGIBLE || u.abs() > 300.0 || ln_w.is_nan() {
                break;
            }
            let w = ln_w.exp();
            total += w;
            sum += w * expected(histogram, u.exp());
            k += 1.0;
        }
    }
    sum / total
}

/// $\ln P(n | \beta) \frac{d\xi}{d\beta}$ up to a constant.
fn ln_weight(histogram: &Histogram, beta: f64) -> f64 {
    let (k, total) = (histogram.alphabet as f64, histogram.samples as f64);
    let evidence = histogram.sum(|n| ln_rising(beta, n)) - ln_rising(k * beta, total);
    evidence + slope(k, beta).ln()
}

/// $\frac{d\xi}{d\beta} = K \psi'(K\beta + 1) - \psi'(\beta + 1)$.
fn slope(k: f64, beta: f64) -> f64 {
    if beta < 100.0 {
        return k * trigamma(k * beta + 1.0) - trigamma(beta + 1.0);
    }
    // Both are 1/β; their difference is taken term by term of the asymptotic series.
    let z = 1.0 / beta;
    let term = |power: i32| 1.0 - k.powi(-power);
    z * z * (term(1) / 2.0 - z * (term(2) / 6.0 - z * z * term(4) / 30.0))
}

/// $\langle H \rangle_\beta = \psi(N + K\beta + 1) - \sum_i \frac{n_i + \beta}{N + K\beta}
/// \psi(n_i + \beta + 1)$ over all symbols, those never seen too (Wolpert and Wolf 1995).
fn expected(histogram: &Histogram, beta: f64) -> f64 {
    let (k, total) = (histogram.alphabet as f64, histogram.samples as f64);
    let unseen = k - histogram.observed as f64;
    let all = total + k * beta;
    let seen = histogram.sum(|n| (n + beta) / all * digamma(n + beta + 1.0));
    digamma(all + 1.0) - seen - unseen * beta / all * digamma(beta + 1.0)
}

/// Where a function with one hill is highest, and the standard deviation of the Gaussian of the same
/// height and curvature.
fn peak(f: &impl Fn(f64) -> f64) -> (f64, f64) {
    // A coarse look first: the hill may be narrow and the slopes are long.
    let mut best = (0.0, f64::NEG_INFINITY);
    let mut u = -40.0;
    while u <= 40.0 {
        let value = f(u);
        if value > best.1 {
            best = (u, value);
        }
        u += 0.5;
    }
    let (mut low, mut high) = (best.0 - 0.5, best.0 + 0.5);
    while high - low > 1e-5 {
        let third = (high - low) / 3.0;
        if f(low + third) < f(high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    let top = 0.5 * (low + high);
    let h = 1e-3;
    let curvature = (f(top - h) - 2.0 * f(top) + f(top + h)) / (h * h);
    let width = if curvature < 0.0 {
        (-1.0 / curvature).sqrt()
    } else {
        1.0
    };
    (top, width)
}
