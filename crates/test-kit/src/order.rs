//! The convergence order that measured errors show.

/// The order p in error ≈ C·hᵖ: the slope of the least-squares line through log error over log h.
///
/// # Panics
/// With fewer than three points, different lengths, or steps and errors that are not positive: no
/// slope can be trusted then.
#[track_caller]
#[must_use]
pub fn observed_order(steps: &[f64], errors: &[f64]) -> f64 {
    assert_eq!(steps.len(), errors.len(), "one error for each step");
    assert!(steps.len() >= 3, "three points at least");
    let logs = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .map(|&v| {
                assert!(v > 0.0 && v.is_finite(), "{v} has no logarithm");
                v.ln()
            })
            .collect()
    };
    let (x, y) = (logs(steps), logs(errors));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let covariance: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let variance: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_power_shows_its_exponent() {
        let steps = [0.1, 0.05, 0.025, 0.0125];
        let errors = steps.map(|h: f64| 3.0 * h.powi(4));
        assert!((observed_order(&steps, &errors) - 4.0).abs() < 1e-12);
    }

    #[test]
    #[should_panic(expected = "no logarithm")]
    fn an_error_of_zero_is_refused() {
        let _ = observed_order(&[0.1, 0.05, 0.025], &[1e-3, 0.0, 1e-9]);
    }
}
