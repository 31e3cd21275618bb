//! Exact derivatives against central differences.

/// Compares `gradient`, claimed to be the gradient of `f` at `x`, with central differences.
///
/// The difference quotient is extrapolated once (step h and h/2, error O(h⁴)), with h = `step`
/// scaled by max(1, |xᵢ|). An entry agrees if it is within `rtol` of the larger of the two values or
/// within `rtol` times the largest entry of the gradient: rounding in `f` limits small entries.
///
/// # Errors
/// The entry that disagrees most, in words.
pub fn check_gradient(
    mut f: impl FnMut(&[f64]) -> f64,
    x: &[f64],
    gradient: &[f64],
    step: f64,
    rtol: f64,
) -> Result<(), String> {
    if x.len() != gradient.len() {
        return Err(format!(
            "{} variables, but a gradient of {}",
            x.len(),
            gradient.len()
        ));
    }
    let mut point = x.to_vec();
    let mut worst = (0.0, String::new());
    let largest = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    for i in 0..x.len() {
        let mut quotient = |h: f64| {
            point[i] = x[i] + h;
            let above = f(&point);
            point[i] = x[i] - h;
            let below = f(&point);
            point[i] = x[i];
            (above - below) / (2.0 * h)
        };
        let h = step * x[i].abs().max(1.0);
        let difference = (4.0 * quotient(h / 2.0) - quotient(h)) / 3.0;
        let scale = difference.abs().max(gradient[i].abs()).max(largest);
        let error = (difference - gradient[i]).abs() / scale.max(f64::MIN_POSITIVE);
        // NaN must fail, and every comparison with it is false.
        let error = if error.is_nan() { f64::INFINITY } else { error };
        if error > rtol && error > worst.0 {
            worst = (
                error,
                format!(
                    "entry {i} of {}: gradient {:e}, central difference {difference:e}, relative \
                     error {error:e} > {rtol:e}",
                    x.len(),
                    gradient[i],
                ),
            );
        }
    }
    if worst.1.is_empty() {
        Ok(())
    } else {
        Err(worst.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(x: &[f64]) -> f64 {
        x[0].sin() * x[1].exp()
    }

    fn gradient(x: &[f64]) -> [f64; 2] {
        [x[0].cos() * x[1].exp(), x[0].sin() * x[1].exp()]
    }

    #[test]
    fn a_right_gradient_passes() {
        let x = [0.3, -1.2];
        check_gradient(f, &x, &gradient(&x), 1e-3, 1e-10).unwrap();
    }

    #[test]
    fn a_wrong_entry_is_named() {
        let x = [0.3, -1.2];
        let mut wrong = gradient(&x);
        wrong[1] *= 1.0 + 1e-6;
        let message = check_gradient(f, &x, &wrong, 1e-3, 1e-8).unwrap_err();
        assert!(message.starts_with("entry 1 of 2"), "{message}");
    }

    #[test]
    fn nan_fails() {
        assert!(check_gradient(f, &[0.3, 1.0], &[f64::NAN, 0.0], 1e-3, 1.0).is_err());
    }
}
