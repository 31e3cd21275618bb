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
//! directions: with $X = U A + R$, where the columns of U span samples of the first block, only the small
//! remainder R is rounded, to $\tilde R$, and
//! $$\tilde X \tilde X^T = \tilde R \tilde R^T + U V + V^T U^T, \quad
//!   V = A \tilde R^T + \tfrac{1}{2} A A^T U^T,$$
//! whose other products have few rows and are summed in `f64`. It holds for every U and A.

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
/// How much of that share the first block may take if all were like it: later ones leave more of the
/// directions of the first.
const FIRST: f64 = 0.25;
/// Features for one direction at the least: more directions cost what the whole numbers save.
const FEATURES: usize = 24;
/// With fewer features there is nothing to save.
const FEWEST: usize = 128;
/// Rows that are taken at a time, and directions.
const LANES: usize = 8;
/// Samples of the first block among which the directions are chosen.
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
    /// The number of samples that are expected.
    expected: usize,
    /// Nothing before the first block, and after a block that was not accepted.
    directions: Option<Directions>,
    closed: bool,
    /// Room for a block.
    integers: Integers,
    signals: Vec<f64>,
    added: Vec<Eight>,
}

/// The directions that are taken out of the features, and the products with them.
#[derive(Debug, Clone)]
struct Directions {
    /// Their number.
    count: usize,
    /// Of the signals of a sample: its coordinates in the directions, its outputs, and zeros up to a
    /// multiple of eight.
    width: usize,
    /// U, the directions by eights, feature after feature.
    by_feature: Vec<Eight>,
    /// U, the features by eights, direction after direction.
    by_panel: Vec<Eight>,
    /// The signals times the rounded remainders, the features by eights.
    products: Vec<Eight>,
    /// The coordinates times the signals, directions × width.
    inner: Vec<f64>,
    /// The differences of means that wait to be added.
    steps: (Vec<f64>, Vec<f64>),
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
    pub(super) fn new(features: usize, lambda: f64, expected: usize) -> Option<Self> {
        (features >= FEWEST && lambda > 0.0).then(|| Self {
            budget: SHARE * lambda,
            spent: 0.0,
            expected,
            directions: None,
            closed: false,
            integers: Integers::default(),
            signals: Vec::new(),
            added: Vec::new(),
        })
    }

    /// What the rounding of the features has added to λ.
    pub(super) fn penalty(&self) -> f64 {
        self.spent
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
        if self.closed || x.len() != BLOCK * features {
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
        if self.directions.is_none() {
            let blocks = self.expected.div_ceil(BLOCK).max(1) as f64;
            let goal = FIRST * self.budget / blocks;
            self.directions = Directions::choose(x, outputs, goal);
        }
        let Some(directions) = &mut self.directions else {
            self.closed = true;
            return false;
        };
        self.signals.resize(BLOCK * directions.width, 0.0);
        for (t, signals) in self.signals.chunks_exact_mut(directions.width).enumerate() {
            for (o, signal) in signals[directions.count..][..outputs]
                .iter_mut()
                .enumerate()
            {
                *signal = y.get(o, t);
            }
        }
        widest(Project {
            x,
            directions,
            signals: &mut self.signals,
        });
        self.integers.resize(features, BLOCK / 2);
        self.added
            .resize(features.div_ceil(LANES) * directions.width, [0.0; LANES]);
        let penalty = widest(Round {
            x,
            directions,
            signals: &self.signals,
            integers: &mut self.integers,
            products: &mut self.added,
        });
        if self.spent + penalty > self.budget {
            self.closed = true;
            return false;
        }
        self.spent += penalty;
        integer::add_lower(&self.integers, Target::from(ViewMut::from(&mut moments.xx)));
        directions.add(&self.signals, &self.added);
        for (o, sum) in moments.yy.iter_mut().enumerate() {
            for t in 0..BLOCK {
                let y = y.get(o, t);
                *sum += y * y;
            }
        }
        if let Some((dx, dy)) = step {
            directions.steps.0.extend_from_slice(dx);
            directions.steps.1.extend_from_slice(dy);
            if directions.steps.0.len() == STEPS * features {
                directions.add_steps(moments);
                directions.steps = (Vec::new(), Vec::new());
            }
        }
        true
    }

    /// Adds to the moments what was kept apart from them.
    pub(super) fn complete(&self, moments: &mut Moments) {
        if let Some(directions) = &self.directions {
            directions.add_steps(moments);
            directions.add_products(moments);
        }
    }
}

impl Directions {
    /// Directions of samples of the first block, each the farthest from those before, until rounding
    /// what they leave of a block adds no more than `goal`; nothing if that takes too many.
    fn choose<T: Real>(x: Samples<'_, T>, outputs: usize, goal: f64) -> Option<Self> {
        let features = x.rows;
        let most = features / FEATURES / LANES * LANES;
        let mut rest = Vec::with_capacity(CANDIDATES * features);
        for t in (0..BLOCK).step_by(BLOCK / CANDIDATES) {
            rest.extend((0..features).map(|i| x.get(i, t)));
        }
        let mut found: Vec<Vec<f64>> = Vec::new();
        while rounding(&rest, features) > goal {
            if found.len() == most {
                return None;
            }
            for _ in 0..LANES {
                found.push(take_farthest(&mut rest, features));
            }
        }
        let count = found.len();
        let width = (count + outputs).next_multiple_of(LANES);
        let mut by_feature = vec![[0.0; LANES]; count / LANES * features];
        let mut by_panel = vec![[0.0; LANES]; features.div_ceil(LANES) * count];
        for (k, direction) in found.iter().enumerate() {
            for (i, &u) in direction.iter().enumerate() {
                by_feature[k / LANES * features + i][k % LANES] = u;
                by_panel[i / LANES * count + k][i % LANES] = u;
            }
        }
        Some(Self {
            count,
            width,
            by_feature,
            by_panel,
            products: vec![[0.0; LANES]; features.div_ceil(LANES) * width],
            inner: vec![0.0; count * width],
            steps: (Vec::new(), Vec::new()),
        })
    }

    /// Adds the products of a block.
    fn add(&mut self, signals: &[f64], products: &[Eight]) {
        axpy(
            1.0,
            products.as_flattened(),
            self.products.as_flattened_mut(),
        );
        if self.count == 0 {
            return;
        }
        wide(
            #[inline(always)]
            || {
                for signals in signals.chunks_exact(self.width) {
                    let rows = self.inner.chunks_exact_mut(self.width);
                    for (row, &a) in rows.zip(signals) {
                        axpy(a, signals, row);
                    }
                }
            },
        );
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

    /// Adds $U V + V^T U^T$ to $X X^T$, and $U A Y^T + \tilde R Y^T$ to $X Y^T$.
    fn add_products(&self, moments: &mut Moments) {
        let (features, outputs) = moments.xy.shape();
        let (count, width) = (self.count, self.width);
        for i in 0..features {
            let (p, lane) = (i / LANES, i % LANES);
            for o in 0..outputs {
                let mut sum = self.products[p * width + count + o][lane];
                for k in 0..count {
                    let u = self.by_panel[p * count + k][lane];
                    sum += u * self.inner[k * width + count + o];
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
            let mut v = products[..count].to_vec();
            for (v, inner) in v.iter_mut().zip(self.inner.chunks_exact(width)) {
                for (u, &inner) in u.iter().zip(inner) {
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
        syrk::add_lower_product(&left, &right, Target::from(ViewMut::from(&mut moments.xx)));
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

/// The sample of the greatest norm, at length 1, which is taken out of all of them.
fn take_farthest(rest: &mut [f64], features: usize) -> Vec<f64> {
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
            let scale = 1.0 / greatest.sqrt();
            for u in &mut direction {
                *u *= scale;
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
        let (features, width) = (x.rows, directions.width);
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
                    let out = &mut signals[(t + q) * width + g * LANES..][..LANES];
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
        let (count, width) = (directions.count, directions.width);
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
