use crate::error::check_positive;
use crate::{Error, TrainView};

/// The mean of a signal around the spikes of a train.
#[derive(Debug, Clone, PartialEq)]
pub struct SpikeTriggeredAverage {
    /// The mean, sample by sample from the beginning of the window; `None` if no spike was used.
    pub values: Option<Vec<f64>>,
    /// The number of spikes that were used.
    pub used: usize,
    /// The number of spikes too close to an end of the signal.
    pub unused: usize,
}

/// The spike-triggered average of a signal, from `window.0` to `window.1` seconds after each spike
/// (before it, where negative).
///
/// The signal begins where the train does and has `sampling_rate` samples per second. The window of a
/// spike at $t$ begins with the sample that holds the time $t$ + `window.0`, and has as many as cover
/// its length. A spike whose window is not wholly inside of the signal is not used.
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::model::spike_triggered_average;
///
/// let train = SpikeTrain::new(vec![2.5, 4.5, 7.9], 0.0, 8.0)?;
/// let signal = [0.0, 1.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0];
/// let sta = spike_triggered_average(&train, &signal, 1.0, (-1.0, 1.0))?;
/// assert_eq!(sta.values, Some(vec![2.0, 0.0]));
/// assert_eq!((sta.used, sta.unused), (2, 1));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if the sampling rate is not positive, or the window empty or longer than the
/// signal; [`Error::NonFinite`] for the signal.
pub fn spike_triggered_average<'a>(
    train: impl Into<TrainView<'a>>,
    signal: &[f64],
    sampling_rate: f64,
    window: (f64, f64),
) -> Result<SpikeTriggeredAverage, Error> {
    /// Times are rounded decimal numbers: so far, in samples, one may be from what it means.
    const TOLERANCE: f64 = 1e-8;
    let train = train.into();
    check_positive("sampling rate", sampling_rate)?;
    if let Some(index) = signal.iter().position(|v| !v.is_finite()) {
        let what = "signal";
        return Err(Error::NonFinite { what, index });
    }
    let (from, to) = (window.0 * sampling_rate, window.1 * sampling_rate);
    let length = to - from;
    if !(length > 0.0 && length <= signal.len() as f64 + TOLERANCE) {
        return Err(Error::OutOfRange {
            what: "length of the window in samples",
            value: length,
            range: "must be positive and at most that of the signal",
        });
    }
    let samples = (length - TOLERANCE).ceil().max(1.0) as usize;
    let mut sum = vec![0.0; samples];
    let (mut used, mut unused) = (0, 0);
    for t in train.times() {
        let spike = (t - train.t0()) * sampling_rate;
        let start = (spike + from + TOLERANCE).floor();
        let inside = start >= 0.0 && spike + to <= signal.len() as f64 + TOLERANCE;
        let first = start as usize;
        match signal.get(first..first.saturating_add(samples)) {
            Some(piece) if inside => {
                sum.iter_mut().zip(piece).for_each(|(sum, v)| *sum += v);
                used += 1;
            }
            _ => unused += 1,
        }
    }
    let values = (used > 0).then(|| sum.iter().map(|v| v / used as f64).collect());
    Ok(SpikeTriggeredAverage {
        values,
        used,
        unused,
    })
}
