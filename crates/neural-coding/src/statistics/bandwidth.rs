use core::f64::consts::{PI, SQRT_2};

use neuropil_math::elementary::scalar::{exp, normal_cdf};

use crate::TrainView;

/// Beyond so many standard deviations two spikes do not see each other.
const REACH: f64 = 8.5;
/// The ratio of neighbouring widths of the coarse search.
const RATIO: f64 = 1.25;
/// The widest range of the search: from here to the span of the spikes.
const SMALLEST: f64 = 1e-6;

/// The width of a Gaussian that estimates a rate best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bandwidth {
    /// The standard deviation in seconds.
    pub sigma: f64,
    /// The cost there, up to a constant the integrated squared error that is to be expected.
    pub cost: f64,
}

/// The standard deviation of the Gaussian whose rate has the least integrated squared error that is
/// to be expected of a Poisson process.
///
/// It minimises
/// $$C(w) = \sum_{i, j} \int_a^b k_w(t - t_i) k_w(t - t_j) dt - 2 \sum_{i \ne j} k_w(t_i - t_j)$$
/// over the time $\[a, b\]$ from the first spike to the last. The integrals are exact, not on a grid;
/// widths from half of the shortest interval (but no less than $10^{-6} (b - a)$) to $b - a$ are
/// compared, and the best is refined. The work is at worst quadratic in the spikes. `None` for fewer
/// than two spikes; spikes at the same time count as one. Shimazaki, Shinomoto, Journal of
/// Computational Neuroscience 29 (2010).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::optimal_bandwidth;
///
/// // Two volleys of a second, one second apart.
/// let times = (0..40).map(|i| f64::from(i) * 0.05 + f64::from(i / 20)).collect();
/// let train = SpikeTrain::new(times, 0.0, 4.0)?;
/// let sigma = optimal_bandwidth(&train).unwrap().sigma;
/// assert!(0.02 < sigma && sigma < 0.5);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn optimal_bandwidth<'a>(train: impl Into<TrainView<'a>>) -> Option<Bandwidth> {
    let mut times = train.into().times().to_vec();
    times.dedup();
    let (&first, &last) = (times.first()?, times.last()?);
    let span = last - first;
    let shortest = times.windows(2).map(|w| w[1] - w[0]).reduce(f64::min)?;
    let lowest = (shortest / 2.0).max(SMALLEST * span).ln();
    let highest = span.ln();
    let at = |log: f64| cost(&times, log.exp());
    let steps = ((highest - lowest) / RATIO.ln()).ceil().max(1.0);
    let step = (highest - lowest) / steps;
    let (mut best, mut least) = (lowest, f64::INFINITY);
    for k in 0..=steps as usize {
        let log = lowest + k as f64 * step;
        let cost = at(log);
        if cost < least {
            (best, least) = (log, cost);
        }
    }
    let (log, cost) = golden_section(
        at,
        (best - step).max(lowest),
        (best + step).min(highest),
        (best, least),
    );
    Some(Bandwidth {
        sigma: log.exp(),
        cost,
    })
}

/// The best argument in an interval, no worse than `known`.
fn golden_section(
    f: impl Fn(f64) -> f64,
    mut from: f64,
    mut to: f64,
    known: (f64, f64),
) -> (f64, f64) {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (to - ratio * (to - from), from + ratio * (to - from));
    let (mut at_left, mut at_right) = (f(left), f(right));
    // The cost is flat at its minimum: half of the digits is all there is to find.
    while to - from > 1e-7 {
        if at_left <= at_right {
            to = right;
            (right, at_right) = (left, at_left);
            left = to - ratio * (to - from);
            at_left = f(left);
        } else {
            from = left;
            (left, at_left) = (right, at_right);
            right = from + ratio * (to - from);
            at_right = f(right);
        }
    }
    [known, (right, at_right)]
        .into_iter()
        .fold((left, at_left), |a, b| if b.1 < a.1 { b } else { a })
}

fn cost(times: &[f64], width: f64) -> f64 {
    let (a, b) = match times {
        [first, .., last] => (*first, *last),
        _ => return f64::INFINITY,
    };
    let peak = 1.0 / (width * (2.0 * PI).sqrt());
    let mut sum = 0.0;
    for (i, &t) in times.iter().enumerate() {
        // The product of two kernels is one around the middle, narrower by √2.
        let inside = |middle: f64| {
            normal_cdf((b - middle) * SQRT_2 / width) - normal_cdf((a - middle) * SQRT_2 / width)
        };
        sum += peak / SQRT_2 * inside(t);
        for &other in &times[i + 1..] {
            let z = (other - t) / width;
            if z > REACH * SQRT_2 {
                break;
            }
            // k of width √2 w at z is the root of k of width w, but for its height.
            let wide = exp(-0.25 * z * z);
            let product = wide / SQRT_2 * inside(0.5 * (t + other));
            sum += 2.0 * peak * (product - 2.0 * wide * wide);
        }
    }
    sum
}
