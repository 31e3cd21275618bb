use crate::error::check_not_negative;
use crate::{Error, TrainView};

/// The intervals that are not zero: spikes at the same time are one.
fn intervals(train: TrainView<'_>) -> impl Iterator<Item = f64> {
    train.intervals().filter(|&interval| interval > 0.0)
}

/// The mean of `f` over pairs of successive intervals; none for fewer than two intervals.
fn mean_of_pairs(train: TrainView<'_>, f: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let mut intervals = intervals(train);
    let mut previous = intervals.next()?;
    let (mut sum, mut pairs) = (0.0, 0_usize);
    for next in intervals {
        sum += f(previous, next);
        pairs += 1;
        previous = next;
    }
    (pairs > 0).then(|| sum / pairs as f64)
}

/// The coefficient of variation of the intervals: their standard deviation (that of the population)
/// over their mean.
///
/// 0 for a clock, 1 for a Poisson process, $1/\sqrt k$ for a gamma process of order $k$. `None`
/// without an interval; a single one does not vary. Spikes at the same time count as one.
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::cv;
///
/// let train = SpikeTrain::new(vec![0.0, 1.0, 4.0], 0.0, 5.0)?;
/// assert_eq!(cv(&train), Some(0.5));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn cv<'a>(train: impl Into<TrainView<'a>>) -> Option<f64> {
    let train = train.into();
    let (sum, count) = intervals(train).fold((0.0, 0_usize), |(s, n), i| (s + i, n + 1));
    if count == 0 {
        return None;
    }
    let mean = sum / count as f64;
    let squares: f64 = intervals(train).map(|i| (i - mean).powi(2)).sum();
    Some((squares / count as f64).sqrt() / mean)
}

/// The local coefficient of variation,
/// $$CV_2 = \left\langle \frac{2 |I_{i+1} - I_i|}{I_{i+1} + I_i} \right\rangle.$$
///
/// Unlike [`cv`] it hardly notices a slow change of the rate. `None` for fewer than two intervals;
/// spikes at the same time count as one. Holt, Softky, Koch, Douglas, Journal of Neurophysiology 75
/// (1996).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::cv2;
///
/// let train = SpikeTrain::new(vec![0.0, 1.0, 4.0], 0.0, 5.0)?;
/// assert_eq!(cv2(&train), Some(1.0));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn cv2<'a>(train: impl Into<TrainView<'a>>) -> Option<f64> {
    mean_of_pairs(train.into(), |a, b| 2.0 * (b - a).abs() / (a + b))
}

/// The local variation,
/// $$LV = 3 \left\langle \left( \frac{I_i - I_{i+1}}{I_i + I_{i+1}} \right)^2 \right\rangle.$$
///
/// 0 for a clock, 1 for a Poisson process, $3/(2k + 1)$ for a gamma process of order $k$. `None` for
/// fewer than two intervals; spikes at the same time count as one. Shinomoto, Shima, Tanji, Neural
/// Computation 15 (2003).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::lv;
///
/// let train = SpikeTrain::new(vec![0.0, 1.0, 4.0], 0.0, 5.0)?;
/// assert_eq!(lv(&train), Some(0.75));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[must_use]
pub fn lv<'a>(train: impl Into<TrainView<'a>>) -> Option<f64> {
    mean_of_pairs(train.into(), |a, b| 3.0 * ((a - b) / (a + b)).powi(2))
}

/// The local variation without the regularity that a refractory period of `refractory` seconds
/// brings,
/// $$LvR = \frac{3}{n - 1} \sum_i \left( 1 - \frac{4 I_i I_{i+1}}{(I_i + I_{i+1})^2} \right)
/// \left( 1 + \frac{4 R}{I_i + I_{i+1}} \right).$$
///
/// `None` for fewer than two intervals; spikes at the same time count as one. 5 ms is usual.
/// Shinomoto et al., PLoS Computational Biology 5 (2009).
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::lvr;
///
/// let train = SpikeTrain::new(vec![0.0, 1.0, 4.0], 0.0, 5.0)?;
/// assert_eq!(lvr(&train, 0.25)?, Some(0.9375));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if the period is negative or not finite.
pub fn lvr<'a>(train: impl Into<TrainView<'a>>, refractory: f64) -> Result<Option<f64>, Error> {
    check_not_negative("refractory period", &[refractory])?;
    Ok(mean_of_pairs(train.into(), |a, b| {
        let sum = a + b;
        3.0 * ((a - b) / sum).powi(2) * (1.0 + 4.0 * refractory / sum)
    }))
}
