//! Softmax and log-sum-exp of any scale: nothing overflows, and every row of numbers has a value.
//!
//! $$\operatorname{softmax}(\beta x)_i = \frac{e^{\beta x_i}}{\sum_j e^{\beta x_j}}, \qquad
//! \operatorname{lse}(\beta, x) = \frac1\beta \ln \sum_j e^{\beta x_j}$$
//!
//! $\beta$ is the inverse temperature. What the equations leave open is settled by their limits:
//!
//! - an entry of $-\infty$ has weight 0 (a mask); entries of $+\infty$ share all the weight;
//! - if **all entries are $-\infty$**, adding a constant to all still changes nothing: all weights are
//!   equal, and lse is $-\infty$;
//! - $\beta = 0$ gives equal weights; $\beta = \infty$ shares the weight among the largest entries, and lse
//!   is the largest entry; a negative $\beta$ prefers the smallest;
//! - no entries: no weights, and lse is $-\infty$ for $\beta > 0$;
//! - one NaN makes all results NaN.
//!
//! The logarithms $\ln(1 + e^x)$ and $\ln\sigma(x)$ are
//! [`elementary::softplus`](crate::elementary::softplus) and
//! [`elementary::log_sigmoid`](crate::elementary::log_sigmoid).
//!
//! ```
//! use neuropil_math::softmax::{log_sum_exp, softmax};
//!
//! let mut x = [1000.0, 1000.0, f64::NEG_INFINITY];
//! assert_eq!(log_sum_exp(&x, 1.0), 1000.0 + 2.0_f64.ln());
//! softmax(&mut x, 1.0);
//! assert_eq!(x, [0.5, 0.5, 0.0]);
//! ```

use nalgebra::DMatrix;

use crate::Real;
use crate::elementary::dispatch::LANES;
use crate::elementary::scalar;
use crate::vectors::{Kernel, widest};

/// Replaces the entries of `x` by $\operatorname{softmax}(\beta x)$.
pub fn softmax<T: Real>(x: &mut [T], beta: T) {
    let scale = Scale::of(x, beta);
    let mass = widest(Weigh { x, scale }).total();
    widest(Divide { x, by: mass });
}

/// Replaces the entries of `x` by $\ln\operatorname{softmax}(\beta x)$.
pub fn log_softmax<T: Real>(x: &mut [T], beta: T) {
    let (scale, log_mass) = log_mass(x, beta);
    for v in x {
        *v = scale.logit(*v) - log_mass;
    }
}

/// $\operatorname{lse}(\beta, x)$, never below the largest entry for $\beta > 0$.
#[must_use]
pub fn log_sum_exp<T: Real>(x: &[T], beta: T) -> T {
    let (scale, log_mass) = log_mass(x, beta);
    scale.log_sum_exp(log_mass)
}

/// [`softmax`] of every column.
pub fn softmax_columns<T: Real>(x: &mut DMatrix<T>, beta: T) {
    let rows = x.nrows().max(1);
    for column in x.as_mut_slice().chunks_exact_mut(rows) {
        softmax(column, beta);
    }
}

/// [`log_softmax`] of every column.
pub fn log_softmax_columns<T: Real>(x: &mut DMatrix<T>, beta: T) {
    let rows = x.nrows().max(1);
    for column in x.as_mut_slice().chunks_exact_mut(rows) {
        log_softmax(column, beta);
    }
}

/// [`log_sum_exp`] of every column.
#[must_use]
pub fn log_sum_exp_columns<T: Real>(x: &DMatrix<T>, beta: T) -> Vec<T> {
    (0..x.ncols())
        .map(|j| log_sum_exp(&x.as_slice()[j * x.nrows()..(j + 1) * x.nrows()], beta))
        .collect()
}

/// β and the entry of largest β·x, against which all others are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale<T> {
    beta: T,
    pub(crate) pivot: T,
    /// The largest difference of entries. Finite for β = 0, because 0·∞ is NaN.
    bound: T,
}

impl<T: Real> Scale<T> {
    fn new(beta: T, pivot: T) -> Self {
        let bound = if beta == T::zero() {
            T::LARGEST
        } else {
            T::one() / T::zero()
        };
        Self { beta, pivot, bound }
    }

    fn of(x: &[T], beta: T) -> Self {
        let sign = sign(beta);
        Self::new(beta, sign * widest(Largest { x, sign }))
    }

    /// β(x - pivot), zero for the pivot itself even if it is infinite.
    #[inline(always)]
    pub(crate) fn logit(self, x: T) -> T {
        let difference = scalar::clamp(x - self.pivot, -self.bound, self.bound);
        if x == self.pivot {
            T::zero()
        } else {
            self.beta * difference
        }
    }

    /// e^β(x - pivot).
    #[inline(always)]
    fn weight(self, x: T) -> T {
        scalar::exp(self.logit(x))
    }

    fn log_sum_exp(self, log_mass: T) -> T {
        // A single entry is its own lse, also for β = 0.
        if log_mass == T::zero() {
            self.pivot
        } else {
            self.pivot + log_mass / self.beta
        }
    }
}

fn sign<T: Real>(beta: T) -> T {
    if beta < T::zero() {
        -T::one()
    } else {
        T::one()
    }
}

/// The scale of `x`, and the logarithm of $\sum_j e^{\beta(x_j - \text{pivot})}$.
pub(crate) fn log_mass<T: Real>(x: &[T], beta: T) -> (Scale<T>, T) {
    let scale = Scale::of(x, beta);
    (scale, widest(Sum { x, scale }).log())
}

/// $\sum_j e^{\beta(x_j - \text{pivot})}$ with the pivots, each of which gives 1, counted apart: what is
/// left may be far below the last digit of 1 and still matters to the logarithm.
#[derive(Debug, Clone, Copy)]
struct Mass<T> {
    pivots: T,
    rest: T,
}

impl<T: Real> Mass<T> {
    fn total(self) -> T {
        self.pivots + self.rest
    }

    fn log(self) -> T {
        scalar::ln_1p((self.pivots - T::one()) + self.rest)
    }
}

/// Sixteen running sums, so that the order of additions is the same for every vector width.
struct Masses<T> {
    pivots: [T; LANES],
    rest: [T; LANES],
}

impl<T: Real> Masses<T> {
    fn new() -> Self {
        Self {
            pivots: [T::zero(); LANES],
            rest: [T::zero(); LANES],
        }
    }

    /// Adds `weight`, that of `x`, to the sums of `lane`.
    #[inline(always)]
    fn add(&mut self, lane: usize, x: T, weight: T, pivot: T) {
        let is_pivot = x == pivot;
        self.pivots[lane] += if is_pivot { T::one() } else { T::zero() };
        self.rest[lane] += if is_pivot { T::zero() } else { weight };
    }

    /// The weights of the end of a slice, added too: a padded chunk is faster than single elements.
    #[inline(always)]
    fn add_tail(&mut self, tail: &[T], scale: Scale<T>) -> [T; LANES] {
        let mut weights = [scale.pivot; LANES];
        weights[..tail.len()].copy_from_slice(tail);
        for w in &mut weights {
            *w = scale.weight(*w);
        }
        for (i, &x) in tail.iter().enumerate() {
            self.add(i, x, weights[i], scale.pivot);
        }
        weights
    }

    #[inline(always)]
    fn sum(self) -> Mass<T> {
        let sum = |lanes: [T; LANES]| lanes.into_iter().fold(T::zero(), |s, v| s + v);
        Mass {
            pivots: sum(self.pivots),
            rest: sum(self.rest),
        }
    }
}

struct Largest<'a, T> {
    x: &'a [T],
    sign: T,
}

impl<T: Real> Kernel for Largest<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        let mut largest = [-T::one() / T::zero(); LANES];
        let (chunks, tail) = self.x.as_chunks::<LANES>();
        for chunk in chunks {
            for i in 0..LANES {
                let v = self.sign * chunk[i];
                largest[i] = if v > largest[i] { v } else { largest[i] };
            }
        }
        let mut all = largest[0];
        for v in largest
            .into_iter()
            .chain(tail.iter().map(|&v| self.sign * v))
        {
            all = if v > all { v } else { all };
        }
        all
    }
}

struct Sum<'a, T> {
    x: &'a [T],
    scale: Scale<T>,
}

impl<T: Real> Kernel for Sum<'_, T> {
    type Output = Mass<T>;

    #[inline(always)]
    fn run(self) -> Mass<T> {
        let mut masses = Masses::new();
        let (chunks, tail) = self.x.as_chunks::<LANES>();
        for chunk in chunks {
            for i in 0..LANES {
                masses.add(i, chunk[i], self.scale.weight(chunk[i]), self.scale.pivot);
            }
        }
        if !tail.is_empty() {
            masses.add_tail(tail, self.scale);
        }
        masses.sum()
    }
}

struct Weigh<'a, T> {
    x: &'a mut [T],
    scale: Scale<T>,
}

impl<T: Real> Kernel for Weigh<'_, T> {
    type Output = Mass<T>;

    #[inline(always)]
    fn run(self) -> Mass<T> {
        let mut masses = Masses::new();
        let (chunks, tail) = self.x.as_chunks_mut::<LANES>();
        for chunk in chunks {
            for i in 0..LANES {
                let weight = self.scale.weight(chunk[i]);
                masses.add(i, chunk[i], weight, self.scale.pivot);
                chunk[i] = weight;
            }
        }
        if !tail.is_empty() {
            let weights = masses.add_tail(tail, self.scale);
            tail.copy_from_slice(&weights[..tail.len()]);
        }
        masses.sum()
    }
}

struct Divide<'a, T> {
    x: &'a mut [T],
    by: T,
}

impl<T: Real> Kernel for Divide<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for v in self.x {
            *v /= self.by;
        }
    }
}

/// A softmax whose scores arrive in blocks and are never stored together[^online].
///
/// [`absorb`](Self::absorb) turns a block of scores into weights on the scale of the largest score so
/// far, and returns the factor that brings everything accumulated before to that scale. The average of
/// values $v_j$ under the softmax is then one pass:
///
/// ```
/// use neuropil_math::softmax::RunningSoftmax;
///
/// let scores = [[1.0, 3.0], [2.0, -1.0]];
/// let values = [[10.0, 20.0], [30.0, 40.0]];
/// let mut running = RunningSoftmax::new(1.0);
/// let mut average = 0.0;
/// for (mut block, values) in scores.into_iter().zip(values) {
///     average *= running.absorb(&mut block);
///     average += block[0] * values[0] + block[1] * values[1];
/// }
/// average /= running.mass();
///
/// let e = |x: f64| x.exp();
/// let expected = (10.0 * e(1.0) + 20.0 * e(3.0) + 30.0 * e(2.0) + 40.0 * e(-1.0))
///     / (e(1.0) + e(3.0) + e(2.0) + e(-1.0));
/// assert!((average - expected).abs() < 1e-12_f64);
/// ```
///
/// [^online]: Milakov & Gimelshein (2018), Online normalizer calculation for softmax,
/// arXiv:1805.02867.
#[derive(Debug, Clone, Copy)]
pub struct RunningSoftmax<T> {
    scale: Scale<T>,
    mass: T,
}

impl<T: Real> RunningSoftmax<T> {
    /// No scores yet.
    #[must_use]
    pub fn new(beta: T) -> Self {
        let nothing = -sign(beta) / T::zero();
        Self {
            scale: Scale::new(beta, nothing),
            mass: T::zero(),
        }
    }

    /// Replaces `scores` by their weights $e^{\beta(s_j - p)}$, where the pivot $p$ is the largest score
    /// so far, and returns the factor for everything that was weighed before: at most 1.
    pub fn absorb(&mut self, scores: &mut [T]) -> T {
        let (before, _) = self.rescale(Scale::of(scores, self.scale.beta).pivot);
        let weights = widest(Weigh {
            x: scores,
            scale: self.scale,
        });
        self.mass = self.mass * before + weights.total();
        before
    }

    /// Adds the scores that `other`, of the same β, has absorbed. Returns the factors for what was
    /// accumulated here and there.
    pub fn merge(&mut self, other: &Self) -> (T, T) {
        let (here, there) = self.rescale(other.scale.pivot);
        self.mass = self.mass * here + other.mass * there;
        (here, there)
    }

    /// Moves to the larger of the own pivot and `pivot`; the factors for the one and the other.
    fn rescale(&mut self, pivot: T) -> (T, T) {
        let own = self.scale;
        let sign = sign(own.beta);
        if sign * pivot > sign * own.pivot {
            self.scale = Scale::new(own.beta, pivot);
        }
        (self.scale.weight(own.pivot), self.scale.weight(pivot))
    }

    /// The sum of all weights: divide by it once at the end.
    #[must_use]
    pub fn mass(&self) -> T {
        self.mass
    }

    /// $\operatorname{lse}$ of all scores.
    #[must_use]
    pub fn log_sum_exp(&self) -> T {
        self.scale.log_sum_exp(scalar::ln(self.mass))
    }
}
