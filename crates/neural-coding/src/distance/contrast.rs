use serde::{Deserialize, Serialize};

use crate::error::check_positive;
use crate::{Error, SpikeTrains};

/// Over which bins [`spike_contrast`] looks for synchrony.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContrastConfig {
    /// The narrowest bin in seconds, unless half of the shortest interval is wider.
    pub min_bin: f64,
    /// Each bin is narrower than the one before by this factor, between 0 and 1.
    pub shrink: f64,
}

impl Default for ContrastConfig {
    fn default() -> Self {
        Self {
            min_bin: 0.01,
            shrink: 0.9,
        }
    }
}

/// What [`spike_contrast`] found, for each bin from the widest to the narrowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// The largest synchrony of all bins.
    pub value: f64,
    /// Widths in seconds.
    pub bins: Vec<f64>,
    /// How much the number of spikes changes from bin to bin.
    pub contrast: Vec<f64>,
    /// How many other trains are active in the bin of a spike, on average and relative to all.
    pub active: Vec<f64>,
    /// Their products.
    pub synchrony: Vec<f64>,
}

/// The most bins of one width.
const MAX_BINS: usize = 1 << 26;

/// SPIKE-contrast: the synchrony of many trains, at the time scale at which it is largest.
///
/// With bins of width $w$ which overlap by half, $\Theta_k$ spikes and $n_k$ active trains in bin $k$, and
/// $N$ trains,
/// $$S = \max_w \frac{\sum_k |\Theta_{k+1} - \Theta_k|}{2 \sum_i n_i} \cdot
/// \frac{\sum_k n_k \Theta_k / \sum_k \Theta_k - 1}{N - 1}.$$
/// Widths fall from half of the window by a constant factor down to half of the shortest interval, or
/// the narrowest bin that is set. Bins begin the shortest interval before the window. Ciba et al.,
/// *Spike-contrast: a novel time scale independent and multivariate measure of spike train synchrony*,
/// Journal of Neuroscience Methods 293 (2018).
///
/// None if no train has two spikes, or half of the window is narrower than the narrowest bin. Spikes at
/// the same time in one train count as one interval of no length.
///
/// # Errors
/// [`Error::TooFew`] for less than two trains, [`Error::OutOfRange`] for a setting outside of its range,
/// [`Error::TooLarge`] if bins are so narrow that there are more than 2²⁶.
pub fn spike_contrast(
    trains: &SpikeTrains,
    config: &ContrastConfig,
) -> Result<Option<Contrast>, Error> {
    check_positive("narrowest bin", config.min_bin)?;
    if !(config.shrink > 0.0 && config.shrink < 1.0) {
        return Err(Error::OutOfRange {
            what: "factor between bins",
            value: config.shrink,
            range: "must be in (0, 1)",
        });
    }
    if trains.len() < 2 {
        return Err(Error::TooFew {
            what: "trains",
            needed: 2,
            found: trains.len(),
        });
    }
    let intervals = trains.iter().flat_map(|t| t.intervals());
    let Some(shortest) = intervals.reduce(f64::min) else {
        return Ok(None);
    };
    let narrowest = config.min_bin.max(shortest / 2.0);
    let (begin, end) = (trains.t0() - shortest, trains.t1() + shortest);
    let mut found = Contrast {
        value: f64::NEG_INFINITY,
        bins: Vec::new(),
        contrast: Vec::new(),
        active: Vec::new(),
        synchrony: Vec::new(),
    };
    let mut spikes = Vec::new();
    let mut active = Vec::new();
    let mut row = Vec::new();
    let mut width = trains.duration() / 2.0;
    while width >= narrowest {
        let step = width / 2.0;
        // Edges from `begin` on by half a width, the last one at the end or behind it.
        let edges = ((end + step - begin) / step).ceil();
        if edges > MAX_BINS as f64 {
            return Err(Error::TooLarge {
                what: "bins",
                size: edges as usize,
                limit: MAX_BINS,
            });
        }
        let halves = (edges as usize).saturating_sub(1);
        spikes.clear();
        spikes.resize(halves.saturating_sub(1), 0_u64);
        active.clear();
        active.resize(halves.saturating_sub(1), 0_u64);
        for train in trains.iter() {
            row.clear();
            row.resize(halves, 0_u64);
            for &t in train.times() {
                if let Some(bin) = bin(t, begin, step, halves) {
                    row[bin] += 1;
                }
            }
            for (k, pair) in row.windows(2).enumerate() {
                let count = pair[0] + pair[1];
                spikes[k] += count;
                active[k] += u64::from(count > 0);
            }
        }
        let total: u64 = spikes.iter().sum();
        let weighted: u64 = spikes.iter().zip(&active).map(|(s, n)| s * n).sum();
        let change: u64 = spikes.windows(2).map(|w| w[0].abs_diff(w[1])).sum();
        let others = (trains.len() - 1) as f64;
        let active = (weighted as f64 / total as f64 - 1.0) / others;
        let contrast = change as f64 / (2.0 * trains.spikes() as f64);
        found.bins.push(width);
        found.contrast.push(contrast);
        found.active.push(active);
        found.synchrony.push(contrast * active);
        found.value = found.value.max(contrast * active);
        width *= config.shrink;
    }
    Ok((!found.bins.is_empty()).then_some(found))
}

/// The half bin in which a spike lies, with edges at `begin + k step`; the last one has both ends.
fn bin(t: f64, begin: f64, step: f64, halves: usize) -> Option<usize> {
    let edge = |k: usize| begin + k as f64 * step;
    let mut bin = ((t - begin) / step) as usize;
    // The quotient may round to the other side of an edge.
    if t < edge(bin) {
        bin = bin.checked_sub(1)?;
    } else if t >= edge(bin + 1) {
        bin += 1;
    }
    if bin == halves && t == edge(halves) {
        bin = halves.checked_sub(1)?;
    }
    (bin < halves).then_some(bin)
}
