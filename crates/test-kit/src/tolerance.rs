//! Comparisons that name the worst element.

/// How far `actual` is from `expected`: the element that exceeds its tolerance most, in words, or
/// nothing if every element satisfies |a - e| ≤ `atol` + `rtol`·|e|.
///
/// Infinities agree when they are equal, NaN agrees with NaN alone.
///
/// # Errors
/// The first sentence that a failing test should print.
pub fn check_close(
    what: &str,
    actual: &[f64],
    expected: &[f64],
    rtol: f64,
    atol: f64,
) -> Result<(), String> {
    if actual.len() != expected.len() {
        return Err(format!(
            "{what}: {} values, expected {}",
            actual.len(),
            expected.len()
        ));
    }
    let excess = |a: f64, e: f64| {
        if a == e || (a.is_nan() && e.is_nan()) {
            0.0
        } else if a.is_finite() && e.is_finite() {
            // Zero tolerance asks for equality, and this is not equal.
            (a - e).abs() / (atol + rtol * e.abs()).max(f64::MIN_POSITIVE)
        } else {
            f64::INFINITY
        }
    };
    let worst = actual
        .iter()
        .zip(expected)
        .enumerate()
        .map(|(i, (&a, &e))| (i, excess(a, e)))
        .max_by(|x, y| x.1.total_cmp(&y.1));
    match worst {
        Some((i, ratio)) if ratio > 1.0 => Err(format!(
            "{what}: element {i} of {} is {:e}, expected {:e}: {ratio:.3} times the tolerance \
             (rtol {rtol:e}, atol {atol:e})",
            actual.len(),
            actual[i],
            expected[i],
        )),
        _ => Ok(()),
    }
}

/// [`check_close`] for a single value.
///
/// # Errors
/// As [`check_close`].
pub fn check_value(
    what: &str,
    actual: f64,
    expected: f64,
    rtol: f64,
    atol: f64,
) -> Result<(), String> {
    check_close(what, &[actual], &[expected], rtol, atol)
}

/// Panics where [`check_close`] would return an error.
///
/// # Panics
/// If any element is outside of its tolerance.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f64], expected: &[f64], rtol: f64, atol: f64) {
    if let Err(message) = check_close(what, actual, expected, rtol, atol) {
        panic!("{message}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_element_is_named() {
        let message = check_close("x", &[1.0, 2.5, 3.1], &[1.0, 2.0, 3.0], 0.0, 0.01).unwrap_err();
        assert!(message.contains("element 1 of 3"), "{message}");
        assert!(message.contains("50.000 times"), "{message}");
    }

    #[test]
    fn only_equal_passes_without_tolerance() {
        assert!(check_value("x", 1.0, 1.0, 0.0, 0.0).is_ok());
        assert!(check_value("x", 1.0 + f64::EPSILON, 1.0, 0.0, 0.0).is_err());
    }

    #[test]
    fn what_is_not_finite_must_be_the_same() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert!(check_close("x", &[nan, inf], &[nan, inf], 1.0, 1.0).is_ok());
        for (a, e) in [(nan, 0.0), (0.0, nan), (inf, 1e300), (-inf, inf)] {
            assert!(check_value("x", a, e, 1.0, 1.0).is_err(), "{a} against {e}");
        }
    }

    #[test]
    fn lengths_must_agree() {
        assert!(check_close("x", &[1.0], &[1.0, 2.0], 1.0, 1.0).is_err());
    }
}
