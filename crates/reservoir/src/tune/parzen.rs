//! The tree-structured Parzen estimator.

use neuropil_math::Real;
use neuropil_math::elementary::scalar;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::tune::{Domain, Space};

/// The settings of [`Sampler::Tpe`](crate::tune::Sampler::Tpe).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TpeConfig {
    /// So many trials are quasi-random before the model is used.
    pub startup: usize,
    /// The share of the trials that counts as good.
    pub good: f64,
    /// How many candidates are drawn, of which the most promising is tried.
    pub candidates: usize,
}

impl Default for TpeConfig {
    /// 16 trials before the model, the best tenth is good, 24 candidates.
    fn default() -> Self {
        Self {
            startup: 16,
            good: 0.1,
            candidates: 24,
        }
    }
}

impl TpeConfig {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |what, value, range| {
            Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
        };
        if !(self.good > 0.0 && self.good < 1.0) {
            return refuse("the share of good trials", self.good, "must be in (0, 1)");
        }
        if self.candidates == 0 {
            return refuse("candidates of the model", 0.0, "must be 1 at least");
        }
        if self.startup < 2 {
            return refuse(
                "trials before the model",
                self.startup as f64,
                "must be 2 at least",
            );
        }
        Ok(())
    }

    /// How many of so many trials are good.
    pub(crate) fn good_of(&self, trials: usize) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let good = (self.good * trials as f64).ceil() as usize;
        good.clamp(1, trials.saturating_sub(1).max(1))
    }
}

/// A mixture of kernels around trials and a uniform one: a density over the unit cube.
struct Mixture<'a> {
    axes: &'a [Axis],
    centres: &'a [Vec<f64>],
    width: f64,
}

/// How a parameter lies in the unit interval.
#[derive(Debug, Clone, Copy)]
enum Axis {
    Continuous,
    Categorical(usize),
}

impl<'a> Mixture<'a> {
    fn new(axes: &'a [Axis], centres: &'a [Vec<f64>]) -> Self {
        let continuous = axes
            .iter()
            .filter(|a| matches!(a, Axis::Continuous))
            .count();
        let kernels = centres.len() as f64 + 1.0;
        // Scott's rule, for data that fill a fifth of the range; never narrower than the distance
        // that so many points have on a line, so that the search does not end in one point.
        let scott = scalar::exp(-scalar::ln(kernels) / (continuous as f64 + 4.0));
        Self {
            axes,
            centres,
            width: (0.2 * scott).max(1.0 / kernels.min(100.0)).min(1.0),
        }
    }

    /// The probability of a category beside the centre's own.
    fn category(&self, categories: usize, same: bool) -> f64 {
        let prior = 1.0 / (self.centres.len() as f64 + 1.0);
        (f64::from(u8::from(same)) + prior) / (1.0 + categories as f64 * prior)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<f64> {
        let kernel = rng.random_range(0..self.centres.len() + 1);
        let Some(centre) = self.centres.get(kernel) else {
            return self.axes.iter().map(|_| rng.random::<f64>()).collect();
        };
        self.axes
            .iter()
            .zip(centre)
            .map(|(axis, &mean)| match *axis {
                // The mean is inside, so at least a third of the draws are too.
                Axis::Continuous => loop {
                    let u = mean + self.width * f64::standard_normal(rng);
                    if (0.0..1.0).contains(&u) {
                        break u;
                    }
                },
                Axis::Categorical(count) => {
                    let own = index(mean, count);
                    let mut left = rng.random::<f64>();
                    let chosen = (0..count)
                        .find(|&c| {
                            left -= self.category(count, c == own);
                            left < 0.0
                        })
                        .unwrap_or(count - 1);
                    (chosen as f64 + 0.5) / count as f64
                }
            })
            .collect()
    }

    /// The logarithm of the density, up to the constants that every mixture over these axes has.
    fn log_density(&self, point: &[f64]) -> f64 {
        let uniform: f64 = self
            .axes
            .iter()
            .map(|axis| match axis {
                Axis::Continuous => 0.0,
                Axis::Categorical(count) => -scalar::ln(*count as f64),
            })
            .sum();
        let kernels = self.centres.iter().map(|centre| {
            self.axes
                .iter()
                .zip(centre)
                .zip(point)
                .map(|((axis, &mean), &u)| match *axis {
                    Axis::Continuous => {
                        let inside = scalar::normal_cdf((1.0 - mean) / self.width)
                            - scalar::normal_cdf(-mean / self.width);
                        let z = (u - mean) / self.width;
                        let normal = self.width * core::f64::consts::TAU.sqrt() * inside;
                        -0.5 * z * z - scalar::ln(normal)
                    }
                    Axis::Categorical(count) => {
                        let same = index(mean, count) == index(u, count);
                        scalar::ln(self.category(count, same))
                    }
                })
                .sum::<f64>()
        });
        let logs: Vec<f64> = core::iter::once(uniform).chain(kernels).collect();
        let largest = logs.iter().fold(f64::NEG_INFINITY, |m, l| m.max(*l));
        let sum: f64 = logs.iter().map(|l| scalar::exp(l - largest)).sum();
        largest + scalar::ln(sum) - scalar::ln(logs.len() as f64)
    }
}

fn index(u: f64, count: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "u is in [0, 1]"
    )]
    let index = (u * count as f64) as usize;
    index.min(count - 1)
}

/// Of some candidates from the density of the good trials, the one whose density there is largest
/// beside that of the others.
pub(crate) fn suggest<R: Rng + ?Sized>(
    space: &Space,
    candidates: usize,
    good: &[Vec<f64>],
    others: &[Vec<f64>],
    rng: &mut R,
) -> Vec<f64> {
    let axes: Vec<Axis> = space
        .parameters()
        .iter()
        .map(|(_, domain)| match domain {
            Domain::Categorical(names) => Axis::Categorical(names.len()),
            _ => Axis::Continuous,
        })
        .collect();
    let good = Mixture::new(&axes, good);
    let others = Mixture::new(&axes, others);
    let mut best = (f64::NEG_INFINITY, good.sample(rng));
    for round in 0..candidates {
        let point = if round == 0 {
            best.1.clone()
        } else {
            good.sample(rng)
        };
        let gain = good.log_density(&point) - others.log_density(&point);
        if gain > best.0 {
            best = (gain, point);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn the_density_integrates_to_one_and_is_that_of_the_samples() {
        let axes = [Axis::Continuous, Axis::Categorical(3)];
        let centres = vec![vec![0.05, 0.5 / 3.0], vec![0.9, 2.5 / 3.0]];
        let mixture = Mixture::new(&axes, &centres);
        let mut mass = [[0.0; 3]; 10];
        for i in 0..1000 {
            for c in 0..3 {
                let point = [(f64::from(i) + 0.5) / 1000.0, (c as f64 + 0.5) / 3.0];
                mass[i as usize / 100][c] += mixture.log_density(&point).exp() / 1000.0;
            }
        }
        let total: f64 = mass.iter().flatten().sum();
        assert!((total - 1.0).abs() < 1e-4, "{total}");

        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(7);
        let mut seen = [[0.0; 3]; 10];
        for _ in 0..20_000 {
            let point = mixture.sample(rng);
            seen[index(point[0], 10)][index(point[1], 3)] += 1.0 / 20_000.0;
        }
        for (seen, mass) in seen.iter().flatten().zip(mass.iter().flatten()) {
            // Four deviations of a count.
            let deviation = (mass / 20_000.0_f64).sqrt();
            assert!(
                (seen - mass).abs() < 4.0 * deviation,
                "{seen} beside {mass}"
            );
        }
    }
}
