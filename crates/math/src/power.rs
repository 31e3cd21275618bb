/// `base` to an integer power, for |`base`| ≤ 1.
///
/// The square-and-multiply steps carry the rounding errors along, so that the result is the nearest
/// number but for rare cases, and the same on every platform. The power function of the standard
/// library is neither: it is the platform's, and repeated plain multiplication loses a digit for every
/// ten steps of training.
pub(crate) fn power(base: f64, mut exponent: u64) -> f64 {
    let mut result = (1.0, 0.0);
    let mut square = (base, 0.0);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, square);
        }
        exponent >>= 1;
        if exponent > 0 {
            square = multiply(square, square);
        }
    }
    result.0 + result.1
}

/// The product of two numbers, each an unevaluated sum of a large and a small part.
fn multiply((a, a_low): (f64, f64), (b, b_low): (f64, f64)) -> (f64, f64) {
    let product = a * b;
    // The rounding error of the product, exactly (Dekker 1971): the halves multiply without rounding.
    // A fused multiply-add would give it at once, but is a slow call on processors not known to have
    // one.
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let error = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2;
    let error = error + (a * b_low + a_low * b);
    let sum = product + error;
    (sum, error - (sum - product))
}

/// A number as the sum of two with 26 bits each.
fn halves(x: f64) -> (f64, f64) {
    let scaled = x * 134_217_729.0; // 2²⁷ + 1
    let high = scaled - (scaled - x);
    (high, x - high)
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn known_powers() {
        assert_eq!(power(0.7, 0), 1.0);
        assert_eq!(power(0.0, 0), 1.0);
        assert_eq!(power(0.0, 3), 0.0);
        assert_eq!(power(1.0, u64::MAX), 1.0);
        assert_eq!(power(-0.5, 3), -0.125);
        assert_eq!(power(0.999, u64::MAX), 0.0);
        // From exact rational arithmetic, rounded once.
        assert_eq!(power(0.9, 100), 2.656_139_888_758_754_4e-5);
        assert_eq!(power(0.999, 1000), 0.367_695_424_770_963_73);
        assert_eq!(power(0.999_999, 1_000_000), 0.367_879_257_221_066_46);
    }
}
