use core::f64::consts::PI;

use super::check_count;
use crate::Error;
use crate::error::{check_between, check_finite, check_shape};

/// Ben's spiker algorithm (Schrauwen and Van Campenhout 2003)[^1]: spikes which a finite filter turns back
/// into the signal.
///
/// At each step the filter $h$ is subtracted from what is left of the signal if that leaves less,
/// $$\sum_k |x_{t+k} - h_k| \le \sum_k |x_{t+k}| - \theta,$$
/// and a spike is noted. The last $L - 1$ steps have no room for the filter and no spike.
///
/// ```
/// use neuropil_neural_coding::encode::{Bsa, low_pass};
///
/// let code = Bsa::new(low_pass(8, 0.2)?, 0.1)?;
/// let signal: Vec<f64> = (0..100).map(|t| 0.5 + 0.4 * (0.1 * f64::from(t)).sin()).collect();
/// let spikes = code.encode(&signal)?;
/// let back = code.decode(&spikes);
/// assert!(back.iter().zip(&signal).skip(8).take(84).all(|(b, s)| (b - s).abs() < 0.5));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// [^1]: B. Schrauwen, J. Van Campenhout (2003), BSA, a fast and accurate spike train encoding scheme,
///     IJCNN 2003, 2825–2830.
#[derive(Debug, Clone, PartialEq)]
pub struct Bsa {
    filter: Vec<f64>,
    threshold: f64,
}

impl Bsa {
    /// With this filter $h$ and threshold $\theta$.
    ///
    /// # Errors
    /// [`Error::TooFew`] for an empty filter, [`Error::NonFinite`], and [`Error::OutOfRange`] for a
    /// threshold that is negative or not finite.
    pub fn new(filter: Vec<f64>, threshold: f64) -> Result<Self, Error> {
        if filter.is_empty() {
            return Err(Error::TooFew {
                what: "coefficients of the filter",
                needed: 1,
                found: 0,
            });
        }
        check_finite("filter", &filter)?;
        let range = "must be finite and not negative";
        check_between("threshold", threshold, (0.0, f64::MAX), range)?;
        Ok(Self { filter, threshold })
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &[f64] {
        &self.filter
    }

    /// Whether each step spikes.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub fn encode(&self, signal: &[f64]) -> Result<Vec<bool>, Error> {
        let mut left = signal.to_vec();
        let mut spikes = vec![false; signal.len()];
        self.encode_into(&mut left, &mut spikes)?;
        Ok(spikes)
    }

    /// [`encode`](Self::encode) in the memory of the caller: what the spikes leave of the signal stays
    /// in its place. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one spike for each step, [`Error::NonFinite`]; nothing is changed
    /// then.
    pub fn encode_into(&self, signal: &mut [f64], spikes: &mut [bool]) -> Result<(), Error> {
        check_shape("steps of the spikes", signal.len(), spikes.len())?;
        check_finite("signal", signal)?;
        spikes.fill(false);
        let places = (signal.len() + 1).saturating_sub(self.filter.len());
        for (t, spike) in spikes[..places].iter_mut().enumerate() {
            let here = &mut signal[t..t + self.filter.len()];
            let (mut with, mut without) = (0.0, 0.0);
            for (x, h) in here.iter().zip(&self.filter) {
                with += (x - h).abs();
                without += x.abs();
            }
            if with <= without - self.threshold {
                *spike = true;
                for (x, h) in here.iter_mut().zip(&self.filter) {
                    *x -= h;
                }
            }
        }
        Ok(())
    }

    /// The spikes through the filter, all of it: $\sum_k h_k s_{t-k}$.
    #[must_use]
    pub fn decode(&self, spikes: &[bool]) -> Vec<f64> {
        let mut signal = vec![0.0; spikes.len()];
        self.add_filters(spikes, &mut signal);
        signal
    }

    /// [`decode`](Self::decode) into the memory of the caller. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` has not one element for each step.
    pub fn decode_into(&self, spikes: &[bool], out: &mut [f64]) -> Result<(), Error> {
        check_shape("steps of a decoded signal", spikes.len(), out.len())?;
        out.fill(0.0);
        self.add_filters(spikes, out);
        Ok(())
    }

    fn add_filters(&self, spikes: &[bool], signal: &mut [f64]) {
        for (t, _) in spikes.iter().enumerate().filter(|(_, spike)| **spike) {
            for (x, h) in signal[t..].iter_mut().zip(&self.filter) {
                *x += h;
            }
        }
    }
}

/// A low-pass filter of `length` coefficients with sum 1: a sinc in a window of Hamming, with its
/// `cutoff` as a fraction of the highest frequency, half a cycle in a step.
///
/// # Errors
/// [`Error::OutOfRange`] for a length outside of 1 to $2^{24}$ and a cutoff outside of (0, 1].
pub fn low_pass(length: usize, cutoff: f64) -> Result<Vec<f64>, Error> {
    check_count("length", length, (1, 1 << 24), "must be in 1..=2^24")?;
    let range = "must be in (0, 1]";
    check_between("cutoff", cutoff, (f64::MIN_POSITIVE, 1.0), range)?;
    let last = (length - 1) as f64;
    let mut filter: Vec<f64> = (0..length)
        .map(|i| {
            let i = i as f64;
            let x = PI * (i - last / 2.0);
            let sinc = if x == 0.0 {
                cutoff
            } else {
                (cutoff * x).sin() / x
            };
            let turn = if last > 0.0 { i / last } else { 0.5 };
            sinc * (0.54 - 0.46 * (2.0 * PI * turn).cos())
        })
        .collect();
    let sum: f64 = filter.iter().sum();
    for h in &mut filter {
        *h /= sum;
    }
    check_finite("filter", &filter)?;
    Ok(filter)
}
