//! The Gram matrix of `f32` features from products of 16-bit numbers.
//!
//! Sums in `f32` are of no use to normal equations: their errors, some 10⁻⁸ of the largest entry of
//! $X X^T$, swamp a λ of usual size and make the matrix indefinite. Rounding the *features* does neither:
//! $\tilde X \tilde X^T$ of features $\tilde X = X + D$ is positive semidefinite whatever D, and rounding
//! errors of variance ε² add $n \epsilon^2$ to its eigenvalues in the mean, as a penalty does. So the
//! features are rounded to whole numbers, whose products are exact, as long as that penalty is small
//! beside λ.
//!
//! Sixteen bits would be too few for the features themselves, but most of their variance lies in a few
//! directions: with $X = U A + R$, where the columns of U are directions of great variance, only the small
//! remainder R is rounded, to $\tilde R$, and
//! $$\tilde X \tilde X^T = \tilde R \tilde R^T + U V + V^T U^T, \quad
//!   V = A \tilde R^T + \tfrac{1}{2} A A^T U^T,$$
//! whose other products have few rows and are summed in `f64`. It holds for every U and A, and for
//! coordinates A that are zero until a direction is found.

use super::accumulator::Moments;
use super::centred::{BLOCK, Offset};
use crate::Real;
use crate::linalg::integer::{self, Integers, LARGEST, NORM, ROWS};
use crate::linalg::strided::Target;
use crate::linalg::syrk::{self, Panels};
use crate::linalg::triangular::{axpy, dot};
use crate::linalg::{ViewMut, wide};
use crate::vectors::{Kernel, widest};

/// The share of λ that rounding may add to it.
const SHARE: f64 = 1.0 / 16.0;
/// Features for one direction at the least: more directions cost what the whole numbers save.
const FEATURES: usize = 16;
/// With fewer features there is nothing to save.
const FEWEST: usize = 128;
/// Blocks that may go without rounding before none is tried any more.
const REFUSED: usize = 3;
/// Rows that are taken at a time, and directions.
const LANES: usize = 8;
/// Samples of a block among which directions are chosen.
const CANDIDATES: usize = 128;
/// Samples of differences of means that are added up together.
const STEPS: usize = 64;

/// Numbers of eight features, or of one feature in eight directions.
type Eight = [f64; LANES];

/// Adds samples to moments in rounded form.
#[derive(Debug, Clone)]
pub(super) struct Rounded {
    /// What rounding may add to λ, and what it has added.
    budget: f64,
    spent: f64,
    /// Blocks that are expected, that came, and that were refused.
    expected: usize,
    seen: usize,
    refused: usize,
    directions: Directions,
    /// Differences of means, features and outputs, that wait to be added.
    steps: (Vec<f64>, Vec<f64>),
    /// Room for a block.
    integers: Integers,
    signals: Vec<f64>,
    added: Vec<Eight>,
}

/// The directions that are taken out of the features, and the products with them.
///
/// The signals of a sample are its outputs, zeros up to a multiple of eight, and its coordinates in the
/// directions.
#[derive(Debug, Clone)]
struct Directions {
    features: usize,
    /// Where the coordinates begin among the signals.
    first: usize,
    /// The number of directions, a multiple of eight.
    count: usize,
    /// U, the directions by eights, feature after feature.
    by_feature: Vec<Eight>,
    /// U, the features by eights, direction after direction.
    by_panel: Vec<Eight>,
    /// The signals times the rounded remainders, the features by eights.
    products: Vec<Eight>,
    /// The coordinates times the signals, directions × signals.
    inner: Vec<f64>,
}

/// Some centred samples: of features or of outputs.
#[derive(Clone, Copy)]
struct Samples<'a, T> {
    values: &'a [T],
    rows: usize,
    offset: Option<&'a Offset>,
}

impl<T: Real> Samples<'_, T> {
    #[inline(always)]
    fn get(&self, i: usize, t: usize) -> f64 {
        let x = self.values[t * self.rows + i].to_f64();
        match self.offset {
            Some(offset) => (x - offset.shift[i]) - offset.mean[i],
            None => x,
        }
    }

    /// Eight features of a sample, zeros beyond the last.
    #[inline(always)]
    fn eight(&self, first: usize, t: usize) -> Eight {
        let mut out = [0.0; LANES];
        let sample = &self.values[t * self.rows..(t + 1) * self.rows];
        if let Some(sample) = sample[first..].first_chunk::<LANES>() {
            if let Some(Offset { shift, mean }) = self.offset {
                let (shift, mean) = (&shift[first..][..LANES], &mean[first..][..LANES]);
                for lane in 0..LANES {
                    out[lane] = (sample[lane].to_f64() - shift[lane]) - mean[lane];
                }
            } else {
                for lane in 0..LANES {
                    out[lane] = sample[lane].to_f64();
                }
            }
        } else {
            for i in first..self.rows {
                out[i - first] = self.get(i, t);
            }
        }
        out
    }
}

impl Rounded {
    /// For a ridge of this λ over so many samples; nothing if there is nothing to save.
    pub(super) fn new(
        features: usize,
        outputs: usize,
        lambda: f64,
        samples: usize,
    ) -> Option<Self> {
        (features >= FEWEST && lambda > 0.0).then(|| Self {
            budget: SHARE * lambda,
            spent: 0.0,
            expected: samples.div_ceil(BLOCK).max(1),
            seen: 0,
            refused: 0,
            directions: Directions::new(features, outputs),
            steps: (Vec::new(), Vec::new()),
            integers: Integers::default(),
            signals: Vec::new(),
            added: Vec::new(),
        })
    }

    /// What the rounding of the features has added to λ.
    pub(super) fn penalty(&self) -> f64 {
        self.spent
    }

    #[cfg(test)]
    pub(super) fn directions(&self) -> usize {
        self.directions.count
    }

    #[cfg(test)]
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// Adds a full block of samples to the moments, or does nothing and returns false: then it is to be
    /// added without rounding. `step` is the sample that stands for a difference of means, not rounded.
    pub(super) fn absorb<T: Real>(
        &mut self,
        moments: &mut Moments,
        x: &[T],
        y: &[T],
        offsets: Option<(&Offset, &Offset)>,
        step: Option<(&[f64], &[f64])>,
    ) -> bool {
        let (features, outputs) = moments.xy.shape();
        if self.refused > REFUSED || x.len() != BLOCK * features {
            return false;
        }
        let (x_offset, y_offset) = offsets.unzip();
        let x = Samples {
            values: x,
            rows: features,
            offset: x_offset,
        };
        let y = Samples {
            values: y,
            rows: outputs,
            offset: y_offset,
        };
        self.seen += 1;
        // In equal parts, of which later blocks get what earlier ones leave.
        let part = (self.seen as f64 / self.expected as f64).min(1.0);
        let most = self.budget * part - self.spent;
        let Some(penalty) = self.round(x, y, most) else {
            self.refused += 1;
            return false;
        };
        self.spent += penalty;
        let xx = ViewMut::from(&mut moments.xx);
        integer::add_lower(&self.integers, Target::from(xx));
        self.directions.add(&self.signals, &self.added);
        for (o, sum) in moments.yy.iter_mut().enumerate() {
            for t in 0..BLOCK {
                let y = y.get(o, t);
                *sum += y * y;
            }
        }
        if let Some((dx, dy)) = step {
            self.steps.0.extend_from_slice(dx);
            self.steps.1.extend_from_slice(dy);
            if self.steps.0.len() == STEPS * features {
                self.add_steps(moments);
                self.steps = (Vec::new(), Vec::new());
            }
        }
        true
    }

    /// Rounds a block, with more directions if it takes them, and returns what that adds to λ; nothing
    /// if it would be more than `most`.
    fn round<T: Real>(&mut self, x: Samples<'_, T>, y: Samples<'_, T>, most: f64) -> Option<f64> {
        let features = x.rows;
        self.integers.resize(features, BLOCK / 2);
        loop {
            let directions = &self.directions;
            let width = directions.width();
            self.signals.resize(BLOCK * width, 0.0);
            for (t, signals) in self.signals.chunks_exact_mut(width).enumerate() {
                signals[..directions.first].fill(0.0);
                for (o, signal) in signals[..y.rows].iter_mut().enumerate() {
                    *signal = y.get(o, t);
                }
            }
            widest(Project {
                x,
                directions,
                signals: &mut self.signals,
            });
            let panels = features.div_ceil(LANES);
            self.added.resize(panels * width, [0.0; LANES]);
            let penalty = widest(Round {
                x,
                directions,
                signals: &self.signals,
                integers: &mut self.integers,
                products: &mut self.added,
            });
            if penalty <= most {
                return Some(penalty);
            }
            let found = self.directions.find(x, &self.signals, most)?;
            self.directions.extend(&found);
        }
    }

    /// Adds to the moments what was kept apart from them.
    pub(super) fn complete(&self, moments: &mut Moments) {
        self.add_steps(moments);
        self.directions.add_products(moments);
    }

    /// Adds the differences of means, in `f64`.
    fn add_steps(&self, moments: &mut Moments) {
        let (features, outputs) = moments.xy.shape();
        if self.steps.0.is_empty() {
            return;
        }
        let (mut x, mut y) = (Panels::default(), Panels::default());
        x.pack(features, &self.steps.0, None, |_, x| x);
        y.pack(outputs, &self.steps.1, None, |_, y| y);
        syrk::add_lower(&x, Target::from(ViewMut::from(&mut moments.xx)));
        syrk::add_cross(&x, &y, Target::from(ViewMut::from(&mut moments.xy)));
        y.add_squares(&mut moments.yy);
    }
}

impl Directions {
    fn new(features: usize, outputs: usize) -> Self {
        let first = outputs.next_multiple_of(LANES);
        Self {
            features,
            first,
            count: 0,
            by_feature: Vec::new(),
            by_panel: Vec::new(),
            products: vec![[0.0; LANES]; features.div_ceil(LANES) * first],
            inner: Vec::new(),
        }
    }

    /// The number of signals.
    fn width(&self) -> usize {
        self.first + self.count
    }

    /// Directions of the greatest variance among some samples of a block, besides those that there are,
    /// until rounding what is left adds no more than `most`; nothing if that takes too many.
    fn find<T: Real>(
        &self,
        x: Samples<'_, T>,
        signals: &[f64],
        most: f64,
    ) -> Option<Vec<Vec<f64>>> {
        let (features, width) = (self.features, self.width());
        let room = (features / FEATURES / LANES * LANES).saturating_sub(self.count);
        let mut rest = vec![0.0; CANDIDATES * features];
        for (c, rest) in rest.chunks_exact_mut(features).enumerate() {
            let t = c * (BLOCK / CANDIDATES);
            let coordinates = &signals[t * width..][self.first..width];
            for (i, rest) in rest.iter_mut().enumerate() {
                let mut sum = x.get(i, t);
                let u = &self.by_panel[i / LANES * self.count..][..self.count];
                for (u, a) in u.iter().zip(coordinates) {
                    sum -= u[i % LANES] * a;
                }
                *rest = sum;
            }
        }
        let mut found = Vec::new();
        loop {
            if found.len() == room {
                return None;
            }
            for _ in 0..LANES {
                found.push(take_direction(&mut rest, features));
            }
            // Other samples leave more than those that the directions come from.
            if rounding(&rest, features) <= 0.5 * most {
                return Some(found);
            }
        }
    }

    /// Takes in more directions, eights of them. The samples before had no coordinates in them.
    fn extend(&mut self, found: &[Vec<f64>]) {
        let (features, width) = (self.features, self.width());
        for eight in found.chunks_exact(LANES) {
            self.by_feature
                .extend((0..features).map(|i| core::array::from_fn(|k| eight[k][i])));
        }
        let wider = |values: &[Eight], stride: usize, more: &dyn Fn(usize, usize) -> Eight| {
            let mut out = Vec::with_capacity(values.len() / stride.max(1) * (stride + found.len()));
            for p in 0..features.div_ceil(LANES) {
                out.extend_from_slice(&values[p * stride..(p + 1) * stride]);
                out.extend((0..found.len()).map(|k| more(p, k)));
            }
            out
        };
        self.by_panel = wider(&self.by_panel, self.count, &|p, k| {
            core::array::from_fn(|lane| found[k].get(p * LANES + lane).copied().unwrap_or(0.0))
        });
        self.products = wider(&self.products, width, &|_, _| [0.0; LANES]);
        self.count += found.len();
        let mut inner = vec![0.0; self.count * self.width()];
        let rows = inner.chunks_exact_mut(self.width());
        for (new, old) in rows.zip(self.inner.chunks_exact(width)) {
            new[..width].copy_from_slice(old);
        }
        self.inner = inner;
    }

    /// Adds the products of a block.
    fn add(&mut self, signals: &[f64], products: &[Eight]) {
        axpy(
            1.0,
            products.as_flattened(),
            self.products.as_flattened_mut(),
        );
        let width = self.width();
        if self.count == 0 {
            return;
        }
        wide(
            #[inline(always)]
            || {
                for signals in signals.chunks_exact(width) {
                    let rows = self.inner.chunks_exact_mut(width);
                    for (row, &a) in rows.zip(&signals[self.first..]) {
                        axpy(a, signals, row);
                    }
                }
            },
        );
    }

    /// Adds $U V + V^T U^T$ to $X X^T$, and $U A Y^T + \tilde R Y^T$ to $X Y^T$.
    fn add_products(&self, moments: &mut Moments) {
        let (features, outputs) = moments.xy.shape();
        let (count, width) = (self.count, self.width());
        for i in 0..features {
            let (p, lane) = (i / LANES, i % LANES);
            for o in 0..outputs {
                let mut sum = self.products[p * width + o][lane];
                for k in 0..count {
                    sum += self.by_panel[p * count + k][lane] * self.inner[k * width + o];
                }
                moments.xy[(i, o)] += sum;
            }
        }
        if count == 0 {
            return;
        }
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for (u, products) in self
            .by_panel
            .chunks_exact(count)
            .zip(self.products.chunks_exact(width))
        {
            let mut v = products[self.first..].to_vec();
            for (v, inner) in v.iter_mut().zip(self.inner.chunks_exact(width)) {
                for (u, &inner) in u.iter().zip(&inner[self.first..]) {
                    axpy(0.5 * inner, u, v);
                }
            }
            left.extend_from_slice(u);
            left.extend_from_slice(&v);
            right.extend_from_slice(&v);
            right.extend_from_slice(u);
        }
        let left = Panels::from_values(features, 2 * count, left);
        let right = Panels::from_values(features, 2 * count, right);
        let xx = ViewMut::from(&mut moments.xx);
        syrk::add_lower_product(&left, &right, Target::from(xx));
    }
}

/// What rounding adds to λ for a block of which these samples are the remainders of some.
fn rounding(rest: &[f64], features: usize) -> f64 {
    let mut energy = vec![0.0; features];
    let mut largest = vec![0.0_f64; features];
    wide(
        #[inline(always)]
        || {
            for rest in rest.chunks_exact(features) {
                for i in 0..features {
                    energy[i] += rest[i] * rest[i];
                    largest[i] = if rest[i].abs() > largest[i] {
                        rest[i].abs()
                    } else {
                        largest[i]
                    };
                }
            }
        },
    );
    let samples = (rest.len() / features) as f64;
    let factor = energy
        .iter()
        .zip(&largest)
        .map(|(&e, &l)| factor(e * BLOCK as f64 / samples, l))
        .fold(0.0, f64::max);
    penalty(factor)
}

/// The unit in which a row of this energy and largest value is rounded.
#[inline(always)]
fn factor(energy: f64, largest: f64) -> f64 {
    let (by_energy, by_value) = (energy.sqrt() / NORM, largest / LARGEST);
    if by_energy > by_value {
        by_energy
    } else {
        by_value
    }
}

/// What rounding a block to multiples of `factor` adds to λ: the variance of errors that are uniform
/// over a unit, times the samples.
fn penalty(factor: f64) -> f64 {
    BLOCK as f64 * factor * factor / 12.0
}

/// A direction of great variance, at length 1, which is taken out of all samples: that of the sample of
/// the greatest norm, moved towards the first singular vector.
fn take_direction(rest: &mut [f64], features: usize) -> Vec<f64> {
    const STEPS: usize = 2;
    let mut direction = vec![0.0; features];
    wide(
        #[inline(always)]
        || {
            let mut greatest = 0.0;
            for rest in rest.chunks_exact(features) {
                let energy = dot(rest, rest);
                if energy > greatest {
                    greatest = energy;
                    direction.copy_from_slice(rest);
                }
            }
            if greatest == 0.0 {
                return;
            }
            let mut moved = vec![0.0; features];
            for _ in 0..STEPS {
                moved.fill(0.0);
                for rest in rest.chunks_exact(features) {
                    axpy(dot(rest, &direction), rest, &mut moved);
                }
                let scale = 1.0 / dot(&moved, &moved).sqrt();
                for (u, moved) in direction.iter_mut().zip(&moved) {
                    *u = scale * moved;
                }
            }
            for rest in rest.chunks_exact_mut(features) {
                let share = dot(rest, &direction);
                axpy(-share, &direction, rest);
            }
        },
    );
    direction
}

/// Writes the coordinates of the samples, $A = U^T X$.
struct Project<'a, T> {
    x: Samples<'a, T>,
    directions: &'a Directions,
    signals: &'a mut [f64],
}

impl<T: Real> Kernel for Project<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        const TOGETHER: usize = 8;
        let Self {
            x,
            directions,
            signals,
        } = self;
        let (features, first, width) = (x.rows, directions.first, directions.width());
        for (g, directions) in directions.by_feature.chunks_exact(features).enumerate() {
            // That of the offset is taken out afterwards: nothing depends on the last bits of A.
            let mut centre = [0.0; LANES];
            if let Some(Offset { shift, mean }) = x.offset {
                for ((u, shift), mean) in directions.iter().zip(shift).zip(mean) {
                    add_multiple(&mut centre, u, shift + mean);
                }
            }
            for t in (0..BLOCK).step_by(TOGETHER) {
                let samples = &x.values[t * features..][..TOGETHER * features];
                let mut s = [[0.0; LANES]; TOGETHER];
                let (x0, x1) = (&samples[..features], &samples[features..2 * features]);
                let (x2, x3) = (
                    &samples[2 * features..3 * features],
                    &samples[3 * features..4 * features],
                );
                let (x4, x5) = (
                    &samples[4 * features..5 * features],
                    &samples[5 * features..6 * features],
                );
                let (x6, x7) = (
                    &samples[6 * features..7 * features],
                    &samples[7 * features..],
                );
                for i in 0..features {
                    let u = &directions[i];
                    add_multiple(&mut s[0], u, x0[i].to_f64());
                    add_multiple(&mut s[1], u, x1[i].to_f64());
                    add_multiple(&mut s[2], u, x2[i].to_f64());
                    add_multiple(&mut s[3], u, x3[i].to_f64());
                    add_multiple(&mut s[4], u, x4[i].to_f64());
                    add_multiple(&mut s[5], u, x5[i].to_f64());
                    add_multiple(&mut s[6], u, x6[i].to_f64());
                    add_multiple(&mut s[7], u, x7[i].to_f64());
                }
                for (q, s) in s.iter().enumerate() {
                    let out = &mut signals[(t + q) * width + first + g * LANES..][..LANES];
                    for lane in 0..LANES {
                        out[lane] = s[lane] - centre[lane];
                    }
                }
            }
        }
    }
}

/// Rounds what the directions leave of the samples, and multiplies it with the signals.
struct Round<'a, T> {
    x: Samples<'a, T>,
    directions: &'a Directions,
    signals: &'a [f64],
    integers: &'a mut Integers,
    products: &'a mut [Eight],
}

impl<T: Real> Kernel for Round<'_, T> {
    /// What rounding adds to λ.
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const TOGETHER: usize = 4;
        let Self {
            x,
            directions,
            signals,
            integers,
            products,
        } = self;
        let (first, count, width) = (directions.first, directions.count, directions.width());
        let mut worst = 0.0;
        let mut rest = [[0.0; LANES]; BLOCK];
        for (p, products) in products.chunks_exact_mut(width).enumerate() {
            let directions = &directions.by_panel[p * count..(p + 1) * count];
            let mut energy = [0.0; LANES];
            let mut largest = [0.0; LANES];
            for t in (0..BLOCK).step_by(TOGETHER) {
                let mut r0 = x.eight(p * LANES, t);
                let mut r1 = x.eight(p * LANES, t + 1);
                let mut r2 = x.eight(p * LANES, t + 2);
                let mut r3 = x.eight(p * LANES, t + 3);
                let signals = &signals[t * width..][..TOGETHER * width];
                for (k, u) in directions.iter().enumerate() {
                    let k = first + k;
                    add_multiple(&mut r0, u, -signals[k]);
                    add_multiple(&mut r1, u, -signals[width + k]);
                    add_multiple(&mut r2, u, -signals[2 * width + k]);
                    add_multiple(&mut r3, u, -signals[3 * width + k]);
                }
                for (q, r) in [r0, r1, r2, r3].into_iter().enumerate() {
                    for lane in 0..LANES {
                        energy[lane] += r[lane] * r[lane];
                        let size = r[lane].abs();
                        largest[lane] = if size > largest[lane] {
                            size
                        } else {
                            largest[lane]
                        };
                    }
                    rest[t + q] = r;
                }
            }
            let mut factors = [0.0; LANES];
            let mut inverse = [0.0; LANES];
            for lane in 0..LANES {
                factors[lane] = factor(energy[lane], largest[lane]);
                inverse[lane] = if factors[lane] > 0.0 {
                    1.0 / factors[lane]
                } else {
                    0.0
                };
                worst = if factors[lane] > worst {
                    factors[lane]
                } else {
                    worst
                };
            }
            let half = p * LANES % ROWS;
            integers.factors[p * LANES..][..LANES].copy_from_slice(&factors);
            let panel = &mut integers.values[p * LANES / ROWS * (BLOCK / 2)..][..BLOCK / 2];
            let (pairs, _) = rest.as_chunks_mut::<2>();
            for (panel, [early, late]) in panel.iter_mut().zip(pairs) {
                let mut packed = [0; LANES];
                for lane in 0..LANES {
                    let (a, b);
                    (early[lane], a) = whole(early[lane] * inverse[lane]);
                    (late[lane], b) = whole(late[lane] * inverse[lane]);
                    packed[lane] = (a & 0xffff) | b << 16;
                }
                panel[half..half + LANES].copy_from_slice(&packed);
            }
            for (g, products) in products.chunks_exact_mut(LANES).enumerate() {
                let mut s = [[0.0; LANES]; LANES];
                for (rest, signals) in rest.iter().zip(signals.chunks_exact(width)) {
                    let Some(signals) = signals[g * LANES..].first_chunk::<LANES>() else {
                        break;
                    };
                    add_multiple(&mut s[0], rest, signals[0]);
                    add_multiple(&mut s[1], rest, signals[1]);
                    add_multiple(&mut s[2], rest, signals[2]);
                    add_multiple(&mut s[3], rest, signals[3]);
                    add_multiple(&mut s[4], rest, signals[4]);
                    add_multiple(&mut s[5], rest, signals[5]);
                    add_multiple(&mut s[6], rest, signals[6]);
                    add_multiple(&mut s[7], rest, signals[7]);
                }
                for (product, s) in products.iter_mut().zip(&s) {
                    for lane in 0..LANES {
                        product[lane] = factors[lane] * s[lane];
                    }
                }
            }
        }
        penalty(worst)
    }
}

/// The nearest whole number of a size below 2³¹.
#[inline(always)]
fn whole(x: f64) -> (f64, i32) {
    // Added to this, a number is rounded, and stands in the low bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x + SHIFT;
    (shifted - SHIFT, shifted.to_bits() as i32)
}

#[inline(always)]
fn add_multiple(sums: &mut Eight, x: &Eight, factor: f64) {
    let mut products = [0.0; LANES];
    for lane in 0..LANES {
        products[lane] = x[lane] * factor;
    }
    for lane in 0..LANES {
        sums[lane] += products[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::super::RidgeAccumulator;
    use super::*;
    use nalgebra::DMatrix;

    /// Smooth features with a mean that drifts, and of another kind in the second half.
    fn features(rows: usize, samples: usize) -> DMatrix<f32> {
        DMatrix::from_fn(rows, samples, |i, t| {
            let (i, time) = (i as f64, t as f64 / samples as f64);
            let bend = if 2 * t < samples {
                0.0
            } else {
                (0.3 * i).sin()
            };
            let phase = (20.0 + bend) * time + 0.05 * i;
            (0.5 * phase.sin() + time * (0.1 * i).cos() + 2.0 * bend) as f32
        })
    }

    #[test]
    fn moments_differ_by_no_more_than_the_rounding() {
        for (rows, intercept) in [(128, true), (203, true), (203, false)] {
            let samples = 4 * BLOCK + 100;
            let x = features(rows, samples);
            let y = DMatrix::from_fn(2, samples, |o, t| (0.01 * (t * (o + 1)) as f32).cos());
            let mut exact = RidgeAccumulator::new(rows, 2, intercept).unwrap();
            exact.add(&x, &y).unwrap();
            let mut rounded =
                RidgeAccumulator::for_lambda(rows, 2, intercept, 1e-2, samples).unwrap();
            rounded.add(&x, &y).unwrap();
            let penalty = rounded.rounding();
            assert!(penalty > 0.0 && penalty <= SHARE * 1e-2, "{penalty}");
            let (exact, rounded) = (exact.moments().unwrap(), rounded.moments().unwrap());
            // No error is larger than half a unit, which is √3 times the deviation.
            let error = (3.0 * penalty).sqrt();
            let size = |i: usize| exact.xx[(i, i)].sqrt();
            let mut different = false;
            for j in 0..rows {
                for i in j..rows {
                    let difference = (rounded.xx[(i, j)] - exact.xx[(i, j)]).abs();
                    let bound = error * (size(i) + size(j) + error) + 1e-12 * size(i) * size(j);
                    assert!(difference <= bound, "{i}, {j}: {difference} > {bound}");
                    different |= difference > 1e-3 * bound;
                }
                for o in 0..2 {
                    let difference = (rounded.xy[(j, o)] - exact.xy[(j, o)]).abs();
                    let size_y = exact.yy[o].sqrt();
                    let bound = error * size_y + 1e-12 * size(j) * size_y;
                    assert!(
                        difference <= bound,
                        "{j}, output {o}: {difference} > {bound}"
                    );
                }
            }
            assert!(different, "the bounds are of the size of the errors");
            for o in 0..2 {
                let ratio = rounded.yy[o] / exact.yy[o];
                assert!((ratio - 1.0).abs() < 1e-13, "{ratio}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_the_nearest() {
        for (x, n) in [
            (0.0, 0),
            (0.49, 0),
            (-0.51, -1),
            (32_765.6, 32_766),
            (-7.2, -7),
        ] {
            assert_eq!(whole(x), (f64::from(n), n));
        }
    }

    #[test]
    fn later_blocks_bring_directions() {
        let samples = 6 * BLOCK;
        let x = features(256, samples);
        let y = DMatrix::from_element(1, samples, 1.0_f32);
        let mut moments = RidgeAccumulator::for_lambda(256, 1, true, 1e-7, samples).unwrap();
        let half = samples / 2;
        let add = |moments: &mut RidgeAccumulator<f32>, first: usize| {
            let x = x.columns(first, half).into_owned();
            moments
                .add(&x, &y.columns(first, half).into_owned())
                .unwrap();
        };
        add(&mut moments, 0);
        let before = moments.directions();
        add(&mut moments, half);
        assert!(0 < before && before < moments.directions(), "{before}");
        assert_eq!(moments.refused(), 0);
    }

    #[test]
    fn what_cannot_be_rounded_is_not() {
        // Independent numbers have no directions to take out.
        let noise = |i: usize, t: usize| {
            let bits = (i as u32 * 31_337 + t as u32 * 7919).wrapping_mul(2_654_435_761);
            f64::from(bits ^ bits >> 15) as f32 / 4e9
        };
        let x = DMatrix::from_fn(130, 8 * BLOCK, noise);
        let y = DMatrix::from_fn(1, 8 * BLOCK, |_, t| noise(1000, t));
        let mut exact = RidgeAccumulator::new(130, 1, true).unwrap();
        exact.add(&x, &y).unwrap();
        let mut refused = RidgeAccumulator::for_lambda(130, 1, true, 1e-6, 8 * BLOCK).unwrap();
        refused.add(&x, &y).unwrap();
        assert_eq!(refused.rounding(), 0.0);
        assert_eq!(
            refused.solve(1e-6).unwrap().weights(),
            exact.solve(1e-6).unwrap().weights()
        );
        let mut coarse = RidgeAccumulator::for_lambda(130, 1, true, 10.0, 8 * BLOCK).unwrap();
        coarse.add(&x, &y).unwrap();
        assert!(coarse.rounding() > 0.0, "a larger penalty hides it");
    }
}
