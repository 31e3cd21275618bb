use nalgebra::DMatrix;
use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The most features that a model may have: some two thousand times more than the models of the
/// literature, and a Gram matrix of 8 TB.
pub const MAX_FEATURES: usize = 1 << 20;

/// The orders of the monomials in the feature vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Orders {
    /// Every order from 1 to this one.
    UpTo(usize),
    /// This order alone.
    Exactly(usize),
    /// These orders, each listed once: `[1, 3]` is linear and cubic, without the squares.
    Set(Vec<usize>),
}

impl Orders {
    /// The orders, ascending.
    ///
    /// # Errors
    /// If there is none, one is 0 (the constant is a setting of its own), or one is listed twice.
    pub fn ascending(&self) -> Result<Vec<usize>, Error> {
        let mut orders = match self {
            // More orders than features cannot be, and the list must not be longer than memory.
            Self::UpTo(n) => (1..=(*n).min(MAX_FEATURES + 1)).collect(),
            Self::Exactly(n) => vec![*n],
            Self::Set(orders) => orders.clone(),
        };
        orders.sort_unstable();
        if orders.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "orders" }.into());
        }
        if orders[0] == 0 {
            return Err(out_of_range("order", 0, "must be 1 at least"));
        }
        if let Some(pair) = orders.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(out_of_range("order", pair[0], "may be listed once"));
        }
        Ok(orders)
    }
}

pub(crate) fn out_of_range(what: &'static str, value: usize, range: &'static str) -> Error {
    neuropil_math::Error::OutOfRange {
        what,
        value: value as f64,
        range,
    }
    .into()
}

/// The feature vector of next generation reservoir computing.
///
/// The variables are the $k$ taps of $d$ channels, newest first,
/// $$v = \[x(t), x(t-s), \dots, x(t-(k-1)s)\] \in \mathbb{R}^{dk},$$
/// and the features are, in this order, the constant 1 (if wanted) and the unique monomials of each
/// chosen order, ascending; within an order the index lists $i_1 \le i_2 \le \dots$ are in
/// lexicographic order. There are $\binom{dk+n-1}{n}$ monomials of order $n$, and
/// $\binom{dk+n}{n}$ features with the constant and every order up to $n$.
///
/// Monomials of order $n$ that start with variable $i$ are $v_i$ times the monomials of order $n-1$
/// whose variables are all $\ge i$, and those are the tail of their block. So each feature costs
/// one product, over contiguous memory.
///
/// ```
/// use neuropil_reservoir::{FeatureMap, Orders};
///
/// let map = FeatureMap::new(1, 2, 5, &Orders::UpTo(2), true)?;
/// assert_eq!(
///     map.names(),
///     ["1", "x0(t)", "x0(t-5)", "x0(t)^2", "x0(t)·x0(t-5)", "x0(t-5)^2"]
/// );
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// Source: Gauthier, Bollt, Griffith and Barbosa, *Next generation reservoir computing*, Nature
/// Communications 12, 5564 (2021), equations 5–7.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMap {
    channels: usize,
    taps: usize,
    stride: usize,
    constant: bool,
    len: usize,
    scratch_len: usize,
    /// Orders 1, 2, … up to the highest; those that were not asked for go to scratch memory.
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
struct Block {
    len: usize,
    place: Place,
    /// Where the monomials whose variables are all ≥ i start, for each variable i.
    tails: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Features(usize),
    Scratch(usize),
}

impl FeatureMap {
    /// The features of `taps` taps, `stride` samples apart, of `channels` channels.
    ///
    /// # Errors
    /// If a size is 0, an order is wrong, or there would be more than [`MAX_FEATURES`]; nothing is
    /// allocated then.
    pub fn new(
        channels: usize,
        taps: usize,
        stride: usize,
        orders: &Orders,
        constant: bool,
    ) -> Result<Self, Error> {
        if channels == 0 {
            return Err(neuropil_math::Error::Empty { what: "channels" }.into());
        }
        warmup(taps, stride)?;
        let orders = orders.ascending()?;
        let highest = orders[orders.len() - 1];
        let too_many = || Error::TooManyFeatures {
            variables: channels.saturating_mul(taps),
            order: highest,
            limit: MAX_FEATURES,
        };
        let variables = channels.checked_mul(taps).ok_or_else(too_many)?;
        let sizes = block_sizes(variables, highest).ok_or_else(too_many)?;

        let mut len = usize::from(constant);
        let mut scratch_len = 0;
        let mut blocks: Vec<Block> = Vec::with_capacity(highest);
        for (order, size) in (1..).zip(sizes) {
            let tails: Vec<usize> = match blocks.last() {
                None => (0..variables).collect(),
                // The monomials that start with an earlier variable come first, and there is one
                // for each element of the tail of the block below.
                Some(below) => below
                    .tails
                    .iter()
                    .scan(0, |start, tail| {
                        let this = *start;
                        *start += below.len - tail;
                        Some(this)
                    })
                    .collect(),
            };
            let place = if orders.binary_search(&order).is_ok() {
                len += size;
                Place::Features(len - size)
            } else {
                scratch_len += size;
                Place::Scratch(scratch_len - size)
            };
            blocks.push(Block {
                len: size,
                place,
                tails,
            });
        }
        Ok(Self {
            channels,
            taps,
            stride,
            constant,
            len,
            scratch_len,
            blocks,
        })
    }

    /// The number of features.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a map without features cannot be built"
    )]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn scratch_len(&self) -> usize {
        self.scratch_len
    }

    /// The number of variables: channels times taps.
    #[must_use]
    pub fn variables(&self) -> usize {
        self.channels * self.taps
    }

    /// How many samples precede the first one that has all its taps: $(k-1)s$.
    #[must_use]
    pub fn warmup(&self) -> usize {
        (self.taps - 1) * self.stride
    }

    /// The name of each feature: `x0(t)·x1(t-5)` is channel 0 now times channel 1 five samples ago.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let variables: Vec<String> = (0..self.variables())
            .map(|v| match v / self.channels * self.stride {
                0 => format!("x{}(t)", v % self.channels),
                delay => format!("x{}(t-{delay})", v % self.channels),
            })
            .collect();
        let mut names = Vec::with_capacity(self.len);
        if self.constant {
            names.push("1".to_owned());
        }
        for (block, order) in self.blocks.iter().zip(1..) {
            if let Place::Features(_) = block.place {
                for_each_monomial(variables.len(), order, |indices| {
                    let factors: Vec<String> = indices
                        .chunk_by(PartialEq::eq)
                        .map(|same| match same.len() {
                            1 => variables[same[0]].clone(),
                            power => format!("{}^{power}", variables[same[0]]),
                        })
                        .collect();
                    names.push(factors.join("·"));
                });
            }
        }
        names
    }

    /// The features of every sample of `series` (channels × time) that has all its taps: features ×
    /// (time − [`warmup`](Self::warmup)), the first column for time `warmup`.
    ///
    /// # Errors
    /// If the series has other channels, holds a value that is not finite, or is too short.
    pub fn matrix<T: Real>(&self, series: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check_series("series", series, self.channels, self.warmup() + 1)?;
        let samples = series.ncols() - self.warmup();
        let mut matrix = allocate(self.len, samples)?;
        let mut scratch = self.scratch();
        for (column, time) in matrix.chunks_exact_mut(self.len).zip(self.warmup()..) {
            self.gather(series.as_slice(), time, &mut scratch.taps);
            self.evaluate(&scratch.taps, &mut scratch.lower, column);
        }
        Ok(DMatrix::from_vec(self.len, samples, matrix))
    }

    /// Memory for one evaluation.
    pub(crate) fn scratch<T: Real>(&self) -> Scratch<T> {
        Scratch {
            taps: vec![T::zero(); self.variables()],
            lower: vec![T::zero(); self.scratch_len],
        }
    }

    /// The taps of `time`, newest first, from a series in contiguous memory, sample after sample.
    #[inline]
    pub(crate) fn gather<T: Real>(&self, series: &[T], time: usize, taps: &mut [T]) {
        let mut from = time * self.channels;
        for (tap, block) in taps.chunks_exact_mut(self.channels).enumerate() {
            if tap > 0 {
                from -= self.stride * self.channels;
            }
            copy(&series[from..from + self.channels], block);
        }
    }

    /// The features of these taps.
    #[inline]
    pub(crate) fn evaluate<T: Real>(&self, taps: &[T], scratch: &mut [T], features: &mut [T]) {
        if self.constant {
            features[0] = T::one();
        }
        if let Place::Features(start) = self.blocks[0].place {
            copy(taps, &mut features[start..start + taps.len()]);
        }
        for (order, pair) in self.blocks.windows(2).enumerate() {
            let (below, block) = (&pair[0], &pair[1]);
            if order == 0 {
                // The linear block is the taps themselves, wherever its copy may be.
                let out = match block.place {
                    Place::Features(to) => &mut features[to..to + block.len],
                    Place::Scratch(to) => &mut scratch[to..to + block.len],
                };
                squares(taps, out);
                continue;
            }
            let (lower, out) = match (below.place, block.place) {
                (Place::Features(from), Place::Features(to)) => {
                    let (head, tail) = features.split_at_mut(to);
                    (&head[from..], &mut tail[..block.len])
                }
                (Place::Scratch(from), Place::Scratch(to)) => {
                    let (head, tail) = scratch.split_at_mut(to);
                    (&head[from..], &mut tail[..block.len])
                }
                (Place::Features(from), Place::Scratch(to)) => {
                    (&features[from..], &mut scratch[to..to + block.len])
                }
                (Place::Scratch(from), Place::Features(to)) => {
                    (&scratch[from..], &mut features[to..to + block.len])
                }
            };
            multiply(taps, &lower[..below.len], &below.tails, out);
        }
    }
}

/// Memory for one evaluation of the features.
#[derive(Debug, Clone)]
pub(crate) struct Scratch<T> {
    pub(crate) taps: Vec<T>,
    pub(crate) lower: Vec<T>,
}

/// Of a few values a loop is quicker than the call of `memcpy`.
#[inline]
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// The second order: each variable times itself and those after it. For a handful of variables
/// without a loop, which would cost more than the products.
#[inline]
fn squares<T: Real>(variables: &[T], out: &mut [T]) {
    match variables.len() {
        1 => squares_of::<T, 1>(variables, out),
        2 => squares_of::<T, 2>(variables, out),
        3 => squares_of::<T, 3>(variables, out),
        4 => squares_of::<T, 4>(variables, out),
        5 => squares_of::<T, 5>(variables, out),
        6 => squares_of::<T, 6>(variables, out),
        7 => squares_of::<T, 7>(variables, out),
        8 => squares_of::<T, 8>(variables, out),
        _ => {
            let mut out = out;
            for (i, &variable) in variables.iter().enumerate() {
                let tail = &variables[i..];
                let (block, rest) = out.split_at_mut(tail.len());
                for (product, &other) in block.iter_mut().zip(tail) {
                    *product = variable * other;
                }
                out = rest;
            }
        }
    }
}

#[inline(always)]
fn squares_of<T: Real, const V: usize>(variables: &[T], out: &mut [T]) {
    let Some(v) = variables.first_chunk::<V>() else {
        return;
    };
    let out = &mut out[..V * (V + 1) / 2];
    let mut at = 0;
    for i in 0..V {
        for j in i..V {
            out[at] = v[i] * v[j];
            at += 1;
        }
    }
}

/// The next order: each variable times the tail of the order below.
#[inline]
fn multiply<T: Real>(variables: &[T], lower: &[T], tails: &[usize], mut out: &mut [T]) {
    for (&variable, &start) in variables.iter().zip(tails) {
        let tail = &lower[start..];
        let (block, rest) = out.split_at_mut(tail.len());
        for (product, &monomial) in block.iter_mut().zip(tail) {
            *product = variable * monomial;
        }
        out = rest;
    }
}

/// $(k-1)s$.
pub(crate) fn warmup(taps: usize, stride: usize) -> Result<usize, Error> {
    if taps == 0 {
        return Err(out_of_range("taps", 0, "must be 1 at least"));
    }
    if stride == 0 {
        return Err(out_of_range("stride", 0, "must be 1 at least"));
    }
    (taps - 1)
        .checked_mul(stride)
        .filter(|&warmup| warmup < usize::MAX / 2)
        .ok_or_else(|| out_of_range("stride", stride, "times the taps exceeds every memory"))
}

/// How many unique monomials there are of each order up to `highest`, $\binom{v+n-1}{n}$, if those
/// are no more than [`MAX_FEATURES`] together: orders that only lead to the wanted one cost as much.
fn block_sizes(variables: usize, highest: usize) -> Option<Vec<usize>> {
    let mut sizes = Vec::new();
    let (mut size, mut total) = (1_usize, 0);
    for order in 1..=highest {
        // C(v + n - 1, n) = C(v + n - 2, n - 1)·(v + n - 1)/n, which is whole.
        size = size.checked_mul(variables.checked_add(order - 1)?)? / order;
        if size > MAX_FEATURES {
            return None;
        }
        total += size;
        if total > MAX_FEATURES {
            return None;
        }
        sizes.push(size);
    }
    Some(sizes)
}

fn for_each_monomial(variables: usize, order: usize, mut visit: impl FnMut(&[usize])) {
    let mut indices = vec![0; order];
    loop {
        visit(&indices);
        // The next list: raise the last index that can be raised, and set those after it alike.
        let Some(raised) = indices.iter().rposition(|&i| i + 1 < variables) else {
            return;
        };
        let value = indices[raised] + 1;
        indices[raised..].fill(value);
    }
}

/// Zeros for a matrix of features, or an error instead of an abort.
pub(crate) fn allocate<T: Real>(features: usize, samples: usize) -> Result<Vec<T>, Error> {
    let refused = Error::OutOfMemory { features, samples };
    let mut matrix = Vec::new();
    match features.checked_mul(samples) {
        Some(len) if matrix.try_reserve_exact(len).is_ok() => matrix.resize(len, T::zero()),
        _ => return Err(refused),
    }
    Ok(matrix)
}

/// Refuses a series of other channels, with gaps, or with fewer than `needed` samples.
pub(crate) fn check_series<T: Real>(
    what: &'static str,
    series: &DMatrix<T>,
    channels: usize,
    needed: usize,
) -> Result<(), Error> {
    if series.nrows() != channels {
        return Err(Error::Shape {
            what: "channels",
            expected: channels,
            found: series.nrows(),
        });
    }
    if series.ncols() < needed {
        return Err(Error::TooShort {
            what,
            needed,
            found: series.ncols(),
        });
    }
    check_samples(what, series.as_slice(), channels)
}

/// Refuses NaN and infinity, with their position.
pub(crate) fn check_samples<T: Real>(
    what: &'static str,
    samples: &[T],
    channels: usize,
) -> Result<(), Error> {
    match samples.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NonFinite {
            what,
            channel: index % channels,
            time: index / channels,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_lists_are_lexicographic() {
        let mut lists = Vec::new();
        for_each_monomial(3, 2, |indices| lists.push(indices.to_vec()));
        assert_eq!(
            lists,
            [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]].map(Vec::from)
        );
    }

    #[test]
    fn counts_stop_before_they_overflow() {
        assert_eq!(block_sizes(6, 3), Some(vec![6, 21, 56]));
        assert_eq!(block_sizes(1, 1000), Some(vec![1; 1000]));
        assert_eq!(block_sizes(100, 50), None);
        assert_eq!(block_sizes(1, usize::MAX), None);
        assert_eq!(block_sizes(usize::MAX, 3), None);
    }
}
