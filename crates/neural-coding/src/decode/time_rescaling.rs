use crate::error::{check_enough, check_not_negative, check_positive};
use crate::{Error, TrainView};

/// How well a rate explains a train.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRescaling {
    /// $1 - e^{-\tau_k}$ of the rescaled interval before each spike, sorted: uniform on [0, 1] if the
    /// spikes are those of the rate.
    pub uniforms: Vec<f64>,
    /// The largest distance between their distribution and the uniform one (Kolmogorov–Smirnov).
    pub statistic: f64,
    /// How probable a distance as large is if the rate is the true one. It is the asymptotic
    /// distribution with Stephens' correction: good to a percent or so from five spikes on.
    pub p_value: f64,
}

impl TimeRescaling {
    /// The distance that is exceeded with probability 0.05 if the rate is the true one.
    #[must_use]
    pub fn bound95(&self) -> f64 {
        1.3581 / stephens(self.uniforms.len())
    }
}

/// The time-rescaling test: whether the spikes of a train are those of a rate.
///
/// `rates` are in hertz and constant over bins of `width` seconds from the beginning of the window. If
/// they are the conditional intensity λ of the train, the integrals $\tau_k = \int_{t_{k-1}}^{t_k} \lambda
/// dt$ are independent and exponential with mean 1; the first runs from the beginning of the window.
/// Spikes behind the last bin are an error unless they lie on its end. Brown, Barbieri, Ventura, Kass and
/// Frank, *The time-rescaling theorem and its application to neural spike train data analysis*, Neural
/// Computation 14 (2002).
///
/// The intensity is that of continuous time. With counts in bins that are not much shorter than the
/// intervals, the distribution is uneven even for the true model.
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::decode::rescale;
///
/// // 5 Hz, then 20 Hz, as even as can be.
/// let times = (0..5).map(|k| 0.1 + 0.2 * f64::from(k));
/// let times = times.chain((0..20).map(|k| 1.025 + 0.05 * f64::from(k))).collect();
/// let train = SpikeTrain::new(times, 0.0, 2.0)?;
/// let test = rescale(&train, &[5.0, 20.0], 1.0)?;
/// // All intervals are 1, which no Poisson process does.
/// assert!(test.uniforms[24] - test.uniforms[2] < 1e-9 && test.p_value < 1e-4);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] without a spike or with fewer bins than the last spike needs, [`Error::OutOfRange`]
/// for a rate that is negative or not finite or a width that is not positive.
pub fn rescale<'a>(
    train: impl Into<TrainView<'a>>,
    rates: &[f64],
    width: f64,
) -> Result<TimeRescaling, Error> {
    let train = train.into();
    check_positive("the width of a bin", width)?;
    check_not_negative("a rate", rates)?;
    check_enough("spikes", 1, train.len())?;
    check_enough("bins", 1, rates.len())?;
    // The integral is followed from spike to spike: differences of large integrals lose digits.
    let mut bin = 0;
    let mut at = 0.0;
    let mut uniforms = Vec::with_capacity(train.len());
    for &time in train.times() {
        let end = time - train.t0();
        let needed = (end / width).ceil();
        // A spike on the end of the last bin, but for rounding.
        if needed > rates.len() as f64 && end > width * rates.len() as f64 * (1.0 + 1e-12) {
            return Err(Error::TooFew {
                what: "bins",
                needed: needed as usize,
                found: rates.len(),
            });
        }
        let mut integral = 0.0;
        while bin + 1 < rates.len() && (bin as f64 + 1.0) * width <= end {
            let edge = (bin as f64 + 1.0) * width;
            integral += rates[bin] * (edge - at);
            at = edge;
            bin += 1;
        }
        integral += rates[bin] * (end - at);
        at = end;
        uniforms.push(-(-integral).exp_m1());
    }
    uniforms.sort_by(f64::total_cmp);
    let n = uniforms.len();
    let statistic = uniforms
        .iter()
        .enumerate()
        .map(|(k, u)| {
            let (below, above) = (k as f64 / n as f64, (k as f64 + 1.0) / n as f64);
            (u - below).max(above - u)
        })
        .fold(0.0, f64::max);
    Ok(TimeRescaling {
        p_value: kolmogorov(stephens(n) * statistic),
        uniforms,
        statistic,
    })
}

/// What a distance is multiplied with to be compared with Kolmogorov's distribution.
fn stephens(n: usize) -> f64 {
    let root = (n as f64).sqrt();
    root + 0.12 + 0.11 / root
}

/// The probability that Kolmogorov's variable exceeds x.
fn kolmogorov(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let k = f64::from(k);
        let sign = if k % 2.0 == 0.0 { -1.0 } else { 1.0 };
        sign * (-2.0 * k * k * x * x).exp()
    });
    (2.0 * terms.sum::<f64>()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kolmogorovs_quantiles() {
        for (x, p) in [(1.223_85, 0.10), (1.358_10, 0.05), (1.627_62, 0.01)] {
            assert!((kolmogorov(x) - p).abs() < 2e-5, "{x}");
        }
        assert_eq!(kolmogorov(0.0), 1.0);
        assert!(kolmogorov(10.0) < 1e-80);
        // Both sides of where the series is not summed.
        assert!(kolmogorov(0.2) > 1.0 - 1e-9);
    }
}
