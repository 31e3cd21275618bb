use neuropil_math::Real;

use crate::Pooling;

/// Appends to `out` what `pooling` makes of vectors of `size` values that follow each other in
/// `values`: one, at least.
pub(super) fn pool<T: Real>(pooling: Pooling, values: &[T], size: usize, out: &mut Vec<T>) {
    let length = values.len() / size;
    match pooling {
        Pooling::Last => out.extend_from_slice(&values[(length - 1) * size..]),
        Pooling::Mean => mean(values, size, out),
        Pooling::Segments(parts) => {
            for part in 0..parts {
                let first = part * length / parts;
                let end = ((part + 1) * length / parts).max(first + 1);
                mean(&values[first * size..end * size], size, out);
            }
        }
    }
}

fn mean<T: Real>(values: &[T], size: usize, out: &mut Vec<T>) {
    let start = out.len();
    out.resize(start + size, T::zero());
    let sums = &mut out[start..];
    for one in values.chunks_exact(size) {
        for (sum, &value) in sums.iter_mut().zip(one) {
            *sum += value;
        }
    }
    let share = T::of(1.0 / (values.len() / size) as f64);
    for sum in sums {
        *sum *= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(pooling: Pooling, length: usize) -> Vec<f64> {
        // Vectors (t, -t).
        let values: Vec<f64> = (0..length).flat_map(|t| [t as f64, -(t as f64)]).collect();
        let mut out = vec![7.0];
        pool(pooling, &values, 2, &mut out);
        assert_eq!(out.remove(0), 7.0, "what was there stays");
        out
    }

    #[test]
    fn last_and_mean() {
        assert_eq!(pooled(Pooling::Last, 5), [4.0, -4.0]);
        assert_eq!(pooled(Pooling::Mean, 5), [2.0, -2.0]);
        assert_eq!(pooled(Pooling::Mean, 1), [0.0, -0.0]);
        assert_eq!(pooled(Pooling::Segments(1), 5), pooled(Pooling::Mean, 5));
    }

    #[test]
    fn segments_cover_the_sequence() {
        // 0 1 | 2 3 4
        assert_eq!(pooled(Pooling::Segments(2), 5), [0.5, -0.5, 3.0, -3.0]);
        // Fewer samples than segments: some are seen twice.
        assert_eq!(
            pooled(Pooling::Segments(3), 2),
            [0.0, 0.0, 0.0, 0.0, 1.0, -1.0].map(|x: f64| x)
        );
    }
}
