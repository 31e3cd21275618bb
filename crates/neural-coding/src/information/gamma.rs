//! Digamma, trigamma and ratios of Γ, as exact as the sums that need them.

#[cfg(test)]
use core::f64::consts::TAU;

/// From here on the asymptotic series below are exact to rounding.
const LARGE: f64 = 10.0;

/// $\psi(x) = \frac{d}{dx} \ln \Gamma(x)$ for $x > 0$: by recurrence to $x \ge 10$, then the asymptotic
/// series (Abramowitz and Stegun, 6.3.18).
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < LARGE {
        below += 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = z
        * (1.0 / 12.0
            - z * (1.0 / 120.0
                - z * (1.0 / 252.0
                    - z * (1.0 / 240.0
                        - z * (1.0 / 132.0 - z * (691.0 / 32760.0 - z * (1.0 / 12.0)))))));
    x.ln() - 0.5 / x - series - below
}

/// $\psi'(x)$ for $x > 0$, in the same way (6.4.12).
pub(super) fn trigamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < LARGE {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = z
        * (1.0 / 6.0
            - z * (1.0 / 30.0
                - z * (1.0 / 42.0
                    - z * (1.0 / 30.0
                        - z * (5.0 / 66.0 - z * (691.0 / 2730.0 - z * (7.0 / 6.0)))))));
    below + 1.0 / x + 0.5 * z + series / x
}

/// $\ln \Gamma(x + n) - \ln \Gamma(x)$ for $x > 0$, without the loss of digits of a difference of two
/// logarithms: $x$ may be 10⁻¹⁷ or 10¹⁷.
pub(super) fn ln_rising(mut x: f64, mut n: f64) -> f64 {
    let mut below = 0.0;
    while x < LARGE {
        if n < 1.0 {
            // Only whole n come here, so that nothing is left.
            return below;
        }
        below += x.ln();
        x += 1.0;
        n -= 1.0;
    }
    // Stirling's series of both, with the logarithms taken together.
    let end = x + n;
    (x - 0.5) * (n / x).ln_1p() + n * end.ln() - n + stirling(end) - stirling(x) + below
}

/// $\ln \Gamma(x) - (x - \frac12) \ln x + x - \frac12 \ln 2\pi$ for $x \ge 10$ (6.1.41).
fn stirling(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    (1.0 / 12.0
        - z * (1.0 / 360.0
            - z * (1.0 / 1260.0
                - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * (691.0 / 360_360.0))))))
        / x
}

/// $\ln \Gamma(x)$ for $x \ge 1$.
#[cfg(test)]
fn ln_gamma(x: f64) -> f64 {
    let shift = (LARGE - x).ceil().max(0.0);
    let large = x + shift;
    (large - 0.5) * large.ln() - large + 0.5 * TAU.ln() + stirling(large) - ln_rising(x, shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 4e-15 * b.abs().max(1.0), "{a} {b}");
        near(digamma(1.0), -EULER);
        near(digamma(0.5), -EULER - 2.0 * 2.0_f64.ln());
        near(
            digamma(101.0),
            (1..=100).map(|k| 1.0 / f64::from(k)).sum::<f64>() - EULER,
        );
        near(trigamma(1.0), core::f64::consts::PI.powi(2) / 6.0);
        near(trigamma(0.5), core::f64::consts::PI.powi(2) / 2.0);
        near(ln_gamma(5.0), 24.0_f64.ln());
        near(ln_gamma(21.0), 2_432_902_008_176_640_000.0_f64.ln());
    }

    #[test]
    fn rising_factorials_of_tiny_and_huge_numbers() {
        let product = |x: f64, n: i32| (0..n).map(|j| (x + f64::from(j)).ln()).sum::<f64>();
        for x in [1e-12, 0.3, 7.0, 25.5, 1e9, 1e15] {
            for n in [0, 1, 3, 40] {
                let (ours, plain) = (ln_rising(x, f64::from(n)), product(x, n));
                assert!(
                    (ours - plain).abs() <= 1e-13 * plain.abs().max(1.0),
                    "{x} {n} {ours} {plain}"
                );
            }
        }
    }
}
