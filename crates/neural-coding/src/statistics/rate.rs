use core::f64::consts::PI;

use neuropil_math::elementary::scalar::exp;
use serde::{Deserialize, Serialize};

use super::{Kernel, KernelShape};
use crate::error::check_positive;
use crate::{Error, TrainView};

/// Where a Gaussian ends, in standard deviations: behind it is less than $10^{-15}$ of the peak.
const REACH: f64 = 8.5;
/// The most values of a rate.
const MAX_VALUES: usize = 1 << 32;

/// How an [`instantaneous_rate`] is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// What a spike is blurred to.
    pub shape: KernelShape,
    /// The standard deviation of the kernel in seconds.
    pub sigma: f64,
    /// The time between two values in seconds.
    pub step: f64,
    /// Whether the median of the kernel, not its time 0, lies at the spike. That makes a difference
    /// to the one-sided kernels alone: their rate lags behind no more, and is no longer causal.
    pub centered: bool,
    /// Whether what the kernels lose at the ends of the window is made up for; of symmetric kernels
    /// only.
    pub border_correction: bool,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            shape: KernelShape::Gaussian,
            sigma: 0.1,
            step: 0.001,
            centered: false,
            border_correction: false,
        }
    }
}

/// A rate at equal steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// The time of the first value in seconds.
    pub t0: f64,
    /// The time between two values in seconds.
    pub step: f64,
    /// The rate in hertz.
    pub values: Vec<f64>,
}

impl Rate {
    /// The times of the values.
    pub fn times(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.values.len()).map(|k| self.t0 + k as f64 * self.step)
    }
}

/// The rate of a train, $\lambda(t) = \sum_i K(t - t_i)$, at $t = t_0, t_0 + \Delta, \dots$
///
/// The spikes stay where they are: nothing is put on a grid, and nothing is cut off. There are
/// $\lfloor (t_1 - t_0) / \Delta \rfloor$ values.
///
/// The border correction divides by the part of the kernel that lies inside of the window, and then
/// scales the whole so that its mean times the duration is the number of spikes.
///
/// ```
/// use neuropil_neural_coding::SpikeTrain;
/// use neuropil_neural_coding::statistics::{RateConfig, instantaneous_rate};
///
/// let train = SpikeTrain::new(vec![0.5], 0.0, 1.0)?;
/// let rate = instantaneous_rate(&train, &RateConfig::default())?;
/// assert_eq!(rate.values.len(), 1000);
/// let peak = 1.0 / (0.1 * (2.0 * std::f64::consts::PI).sqrt());
/// assert!((rate.values[500] - peak).abs() < 1e-12);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if the deviation or the step is not positive, or a one-sided kernel is to be
/// corrected; [`Error::TooFew`] if the window is shorter than a step; [`Error::TooLarge`] for more than
/// 2³² values.
pub fn instantaneous_rate<'a>(
    train: impl Into<TrainView<'a>>,
    config: &RateConfig,
) -> Result<Rate, Error> {
    let train = train.into();
    let kernel = Kernel::new(config.shape, config.sigma)?;
    check_positive("step", config.step)?;
    if config.border_correction && !kernel.is_symmetric() {
        return Err(Error::OutOfRange {
            what: "correction of the borders",
            value: 1.0,
            range: "must be off for a one-sided kernel, which has no area before the window",
        });
    }
    let (t0, step) = (train.t0(), config.step);
    // A quotient that is a whole number but for rounding counts as that number.
    let count = (train.duration() / step + 1e-8) as usize;
    if count == 0 {
        return Err(Error::TooFew {
            what: "steps in the window",
            needed: 1,
            found: 0,
        });
    }
    if count > MAX_VALUES {
        return Err(Error::TooLarge {
            what: "a rate",
            size: count,
            limit: MAX_VALUES,
        });
    }
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| Error::TooLarge {
            what: "a rate",
            size: count,
            limit: MAX_VALUES,
        })?;
    values.resize(count, 0.0);
    let shift = if config.centered {
        kernel.median()
    } else {
        0.0
    };
    let time = |k: usize| t0 + k as f64 * step;
    let times = (0..count).map(|k| time(k) + shift);
    evaluate(train.times(), &kernel, times, &mut values);
    if config.border_correction && !train.is_empty() {
        for (k, value) in values.iter_mut().enumerate() {
            let t = time(k);
            *value /= kernel.cdf(t - t0) - kernel.cdf(t - train.t1());
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        // Rectangles between two steps leave nothing that could be scaled.
        if mean > 0.0 {
            let scale = train.len() as f64 / (mean * train.duration());
            values.iter_mut().for_each(|value| *value *= scale);
        }
    }
    Ok(Rate { t0, step, values })
}

/// The rate of a train at rising times, which may lie outside of its window; without allocations.
///
/// Exponentials are carried from spike to spike, sums of polynomials are kept over a moving window,
/// and a Gaussian ends where it cannot be seen any more: the work is linear in spikes and times (times
/// the spikes under one Gaussian).
///
/// # Errors
/// [`Error::Shape`] if there is not one output for each time, [`Error::NonFinite`] or
/// [`Error::Unsorted`] for times that are not finite, or fall.
pub fn rate_at<'a>(
    train: impl Into<TrainView<'a>>,
    kernel: &Kernel,
    times: &[f64],
    out: &mut [f64],
) -> Result<(), Error> {
    if out.len() != times.len() {
        return Err(Error::Shape {
            what: "values of a rate",
            expected: times.len(),
            found: out.len(),
        });
    }
    let mut previous = f64::NEG_INFINITY;
    for (index, &time) in times.iter().enumerate() {
        if !time.is_finite() {
            let what = "times of a rate";
            return Err(Error::NonFinite { what, index });
        }
        if time < previous {
            return Err(Error::Unsorted {
                index,
                time,
                previous,
            });
        }
        previous = time;
    }
    evaluate(train.into().times(), kernel, times.iter().copied(), out);
    Ok(())
}

/// Rising times, one for each value of the rate.
trait Times: DoubleEndedIterator<Item = f64> + ExactSizeIterator + Clone {}

impl<I: DoubleEndedIterator<Item = f64> + ExactSizeIterator + Clone> Times for I {}

fn evaluate(spikes: &[f64], kernel: &Kernel, times: impl Times, out: &mut [f64]) {
    let tau = kernel.tau();
    match kernel.shape() {
        KernelShape::Gaussian => gaussian(spikes, tau, times, out),
        KernelShape::Rectangular => rectangular(spikes, tau, times, out),
        KernelShape::Triangular => triangular(spikes, tau, times, out),
        KernelShape::Epanechnikov => epanechnikov(spikes, tau, times, out),
        KernelShape::Exponential => {
            out.fill(0.0);
            exponential(spikes, tau, 1.0 / tau, times, out);
        }
        KernelShape::Laplacian => {
            out.fill(0.0);
            exponential(spikes, tau, 0.5 / tau, times.clone(), out);
            exponential_backwards(spikes, tau, 0.5 / tau, times, out);
        }
        KernelShape::Alpha => alpha(spikes, tau, times, out),
    }
}

fn gaussian(spikes: &[f64], sigma: f64, times: impl Times, out: &mut [f64]) {
    let scale = 1.0 / (sigma * (2.0 * PI).sqrt());
    let (mut from, mut to) = (0, 0);
    for (t, out) in times.zip(out) {
        while from < spikes.len() && t - spikes[from] > REACH * sigma {
            from += 1;
        }
        to = to.max(from);
        while to < spikes.len() && spikes[to] - t <= REACH * sigma {
            to += 1;
        }
        let sum: f64 = spikes[from..to]
            .iter()
            .map(|s| {
                let z = (t - s) / sigma;
                exp(-0.5 * z * z)
            })
            .sum();
        *out = scale * sum;
    }
}

/// The spikes from `from` to `to` closer to `t` than `tau`, which only ever move on.
fn advance(spikes: &[f64], tau: f64, t: f64, from: &mut usize, to: &mut usize) {
    while *from < spikes.len() && t - spikes[*from] >= tau {
        *from += 1;
    }
    *to = (*to).max(*from);
    while *to < spikes.len() && spikes[*to] - t < tau {
        *to += 1;
    }
}

fn rectangular(spikes: &[f64], tau: f64, times: impl Times, out: &mut [f64]) {
    let (mut from, mut to) = (0, 0);
    for (t, out) in times.zip(out) {
        advance(spikes, tau, t, &mut from, &mut to);
        *out = (to - from) as f64 * 0.5 / tau;
    }
}

/// Sums over the spikes of a moving window of $(s - a)^k$, with $a$ near the window.
///
/// When all spikes that were there when $a$ was chosen have left, $a$ is chosen anew: neither large
/// times nor many spikes cost accuracy, and each spike is summed at most once more.
struct Moments {
    anchor: f64,
    /// The end of the window when the anchor was chosen.
    seen: usize,
    from: usize,
    to: usize,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn new() -> Self {
        Self {
            anchor: 0.0,
            seen: 0,
            from: 0,
            to: 0,
            sum: 0.0,
            squares: 0.0,
        }
    }

    fn move_to(&mut self, spikes: &[f64], from: usize, to: usize, t: f64) {
        if from >= self.seen {
            self.anchor = t;
            self.seen = to;
            (self.sum, self.squares) = (0.0, 0.0);
            (self.from, self.to) = (from, from);
        }
        for s in &spikes[self.from..from] {
            let s = s - self.anchor;
            self.sum -= s;
            self.squares -= s * s;
        }
        for s in &spikes[self.to..to] {
            let s = s - self.anchor;
            self.sum += s;
            self.squares += s * s;
        }
        (self.from, self.to) = (from, to);
    }

    fn count(&self) -> f64 {
        (self.to - self.from) as f64
    }

    /// $\sum (t - s)$.
    fn first(&self, t: f64) -> f64 {
        self.count() * (t - self.anchor) - self.sum
    }

    /// $\sum (t - s)^2$.
    fn second(&self, t: f64) -> f64 {
        let d = t - self.anchor;
        self.count() * d * d - 2.0 * d * self.sum + self.squares
    }
}

fn triangular(spikes: &[f64], tau: f64, times: impl Times, out: &mut [f64]) {
    let (mut from, mut middle, mut to) = (0, 0, 0);
    let (mut before, mut after) = (Moments::new(), Moments::new());
    for (t, out) in times.zip(out) {
        advance(spikes, tau, t, &mut from, &mut to);
        middle = middle.max(from);
        while middle < to && spikes[middle] <= t {
            middle += 1;
        }
        before.move_to(spikes, from, middle, t);
        after.move_to(spikes, middle, to, t);
        let count = (to - from) as f64;
        let distances = before.first(t) - after.first(t);
        *out = ((count * tau - distances) / (tau * tau)).max(0.0);
    }
}

fn epanechnikov(spikes: &[f64], tau: f64, times: impl Times, out: &mut [f64]) {
    let (mut from, mut to) = (0, 0);
    let mut moments = Moments::new();
    for (t, out) in times.zip(out) {
        advance(spikes, tau, t, &mut from, &mut to);
        moments.move_to(spikes, from, to, t);
        let rest = moments.count() - moments.second(t) / (tau * tau);
        *out = (0.75 * rest / tau).max(0.0);
    }
}

/// Adds `height` $\sum_{s \le t} e^{-(t - s) / \tau}$.
fn exponential(spikes: &[f64], tau: f64, height: f64, times: impl Times, out: &mut [f64]) {
    let mut spikes = spikes.iter().peekable();
    let (mut sum, mut last) = (0.0, f64::NEG_INFINITY);
    for (t, out) in times.zip(out) {
        while let Some(&s) = spikes.next_if(|&&s| s <= t) {
            sum = sum * exp((last - s) / tau) + 1.0;
            last = s;
        }
        *out += height * sum * exp((last - t) / tau);
    }
}

/// Adds `height` $\sum_{s > t} e^{-(s - t) / \tau}$.
fn exponential_backwards(
    spikes: &[f64],
    tau: f64,
    height: f64,
    times: impl Times,
    out: &mut [f64],
) {
    let mut spikes = spikes.iter().rev().peekable();
    let (mut sum, mut last) = (0.0, f64::INFINITY);
    for (t, out) in times.zip(out).rev() {
        while let Some(&s) = spikes.next_if(|&&s| s > t) {
            sum = sum * exp((s - last) / tau) + 1.0;
            last = s;
        }
        *out += height * sum * exp((t - last) / tau);
    }
}

fn alpha(spikes: &[f64], tau: f64, times: impl Times, out: &mut [f64]) {
    let mut spikes = spikes.iter().peekable();
    // Σ e^{-x} and Σ x e^{-x} at the last spike, x in units of tau.
    let (mut level, mut rise, mut last) = (0.0, 0.0, f64::NEG_INFINITY);
    for (t, out) in times.zip(out) {
        while let Some(&s) = spikes.next_if(|&&s| s <= t) {
            if level > 0.0 {
                let x = (s - last) / tau;
                let decay = exp(-x);
                rise = (rise + x * level) * decay;
                level *= decay;
            }
            level += 1.0;
            last = s;
        }
        *out = if level > 0.0 {
            let x = (t - last) / tau;
            (rise + x * level) * exp(-x) / tau
        } else {
            0.0
        };
    }
}
