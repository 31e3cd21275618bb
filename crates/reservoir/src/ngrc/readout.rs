use neuropil_math::Real;

/// $y = b + W \varphi$, with the weights of one feature next to each other (column-major outputs ×
/// features).
///
/// The sum over the features is split in four, which are added in a fixed order: the additions of
/// one part do not wait for those of another, and the result depends on nothing but the numbers.
#[inline]
pub(crate) fn readout<T: Real>(weights: &[T], intercept: &[T], features: &[T], out: &mut [T]) {
    match out.len() {
        1 => fixed::<T, 1>(weights, intercept, features, out),
        2 => fixed::<T, 2>(weights, intercept, features, out),
        3 => fixed::<T, 3>(weights, intercept, features, out),
        4 => fixed::<T, 4>(weights, intercept, features, out),
        _ => any(weights, intercept, features, out),
    }
}

const PARTS: usize = 4;

/// The sums of so few outputs stay in registers.
#[inline]
fn fixed<T: Real, const M: usize>(weights: &[T], intercept: &[T], features: &[T], out: &mut [T]) {
    let (rows, _) = weights.as_chunks::<M>();
    let (fours, last) = features.as_chunks::<PARTS>();
    let (row_fours, last_rows) = rows.as_chunks::<PARTS>();
    let mut sums = [[T::zero(); M]; PARTS];
    for (features, rows) in fours.iter().zip(row_fours) {
        for part in 0..PARTS {
            for output in 0..M {
                sums[part][output] += rows[part][output] * features[part];
            }
        }
    }
    for (part, (&feature, row)) in last.iter().zip(last_rows).enumerate() {
        for output in 0..M {
            sums[part][output] += row[output] * feature;
        }
    }
    for output in 0..M {
        let sum = (sums[0][output] + sums[1][output]) + (sums[2][output] + sums[3][output]);
        out[output] = intercept[output] + sum;
    }
}

/// The sums of many outputs are independent of each other as they are.
fn any<T: Real>(weights: &[T], intercept: &[T], features: &[T], out: &mut [T]) {
    out.copy_from_slice(intercept);
    for (row, &feature) in weights.chunks_exact(out.len()).zip(features) {
        for (sum, &weight) in out.iter_mut().zip(row) {
            *sum += weight * feature;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_is_the_product() {
        for outputs in 1..7 {
            for count in 0..10 {
                // Small whole numbers: every order of summation gives the same bits.
                let weights: Vec<f64> = (0..outputs * count).map(|i| (i % 7) as f64).collect();
                let features: Vec<f64> = (0..count).map(|i| (i + 1) as f64).collect();
                let intercept: Vec<f64> = (0..outputs).map(|i| i as f64).collect();
                let mut out = vec![f64::NAN; outputs];
                readout(&weights, &intercept, &features, &mut out);
                for o in 0..outputs {
                    let sum: f64 = (0..count)
                        .map(|f| weights[f * outputs + o] * features[f])
                        .sum();
                    assert_eq!(
                        out[o],
                        intercept[o] + sum,
                        "{outputs} outputs, {count} features"
                    );
                }
            }
        }
    }
}
