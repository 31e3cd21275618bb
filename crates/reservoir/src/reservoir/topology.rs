use nalgebra::DMatrix;
use neuropil_math::random::{self, Entries};
use neuropil_math::{Csr, Real};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::reservoir::config::require;
use crate::reservoir::parts::Recurrent;

/// Which unit of a reservoir hears which.
///
/// In $W$, row $i$ holds the weights into unit $i$. All weights are scaled together to the
/// [spectral radius](crate::ReservoirConfig::spectral_radius) afterwards, so that only their ratios
/// matter here.
///
/// | | connections | memory and richness |
/// |---|---|---|
/// | [`Random`](Self::Random) | $Nk$ | the usual choice; a fan-in of 10 serves any size |
/// | [`Dense`](Self::Dense) | $N^2$ | no better than sparse, but slower |
/// | [`Ring`](Self::Ring), [`RingWithJumps`](Self::RingWithJumps) | $N$ and a few | nothing random, nearly as good, and the fastest |
/// | [`DelayLine`](Self::DelayLine) | $N - 1$ | forgets everything after $N$ steps |
/// | [`Orthogonal`](Self::Orthogonal) | $N^2$ | the longest linear memory |
/// | [`SmallWorld`](Self::SmallWorld), [`Blocks`](Self::Blocks) | $Nk$ | clusters, as in cortex |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Topology {
    /// Every unit hears exactly `fan_in` others (or itself), chosen at random; all of them if there
    /// are fewer.
    Random {
        /// Connections into each unit.
        fan_in: usize,
        /// The distribution of the weights.
        entries: Entries,
    },
    /// Every connection is there with probability `density`, independently (an Erdős–Rényi graph).
    ErdosRenyi {
        /// The probability.
        density: f64,
        /// The distribution of the weights.
        entries: Entries,
    },
    /// Every unit hears every other and itself.
    Dense {
        /// The distribution of the weights.
        entries: Entries,
    },
    /// Unit $i$ hears unit $i - 1$, the first hears the last, all with the same weight: the simple
    /// cycle reservoir.[^cycle]
    ///
    /// [^cycle]: Rodan and Tiňo, *Minimum complexity echo state network*, IEEE Transactions on Neural
    ///     Networks 22, 131–144 (2011).
    Ring,
    /// A ring in which every unit whose number is a multiple of `jump` is also connected with the
    /// next such unit, in both directions, with `weight` relative to the ring's.[^jumps]
    ///
    /// [^jumps]: Rodan and Tiňo, *Simple deterministically constructed cycle reservoirs with regular
    ///     jumps*, Neural Computation 24, 1822–1852 (2012).
    RingWithJumps {
        /// How far the jumps reach, at least 2.
        jump: usize,
        /// The weight of a jump relative to that of the ring.
        weight: f64,
    },
    /// Unit $i$ hears unit $i - 1$ with weight 1 and unit $i + 1$ with weight `backward`, before
    /// scaling; the ends are open.[^cycle2]
    ///
    /// [^cycle2]: Rodan and Tiňo (2011), as for the ring.
    DelayLine {
        /// The backward weight relative to the forward one; 0 for none.
        backward: f64,
    },
    /// A random orthogonal matrix, uniform by the Haar measure.
    Orthogonal,
    /// A ring in which every unit hears its `neighbours` nearest units (half of them on each side),
    /// and the source of every connection is replaced by a random unit with probability
    /// `rewiring`.[^world]
    ///
    /// [^world]: Watts and Strogatz, *Collective dynamics of small-world networks*, Nature 393,
    ///     440–442 (1998), with directed connections.
    SmallWorld {
        /// Connections into each unit, even.
        neighbours: usize,
        /// The probability of a random source.
        rewiring: f64,
        /// The distribution of the weights.
        entries: Entries,
    },
    /// Groups of neighbouring units, of sizes that differ by one at the most: every unit hears
    /// `fan_in` units of its own group, and every unit of another group with probability `between`.
    Blocks {
        /// The number of groups.
        blocks: usize,
        /// Connections into each unit from its own group; all of it if it is smaller.
        fan_in: usize,
        /// The probability of a connection from another group.
        between: f64,
        /// The distribution of the weights.
        entries: Entries,
    },
}

impl Default for Topology {
    /// Ten connections into each unit, with weights uniform in $[-1, 1)$.
    fn default() -> Self {
        Self::Random {
            fan_in: 10,
            entries: Entries::uniform(1.0),
        }
    }
}

impl Topology {
    pub(crate) fn check(&self, units: usize) -> Result<(), Error> {
        let probability = |what, p: f64| {
            let fits = (0.0..=1.0).contains(&p);
            require(what, p, fits, "must be in [0, 1]")
        };
        let finite = |what, w: f64| require(what, w, w.is_finite(), "must be finite");
        match *self {
            Self::Random { entries, .. } | Self::Dense { entries } => Ok(entries.check()?),
            Self::ErdosRenyi { density, entries } => {
                probability("density", density)?;
                Ok(entries.check()?)
            }
            Self::Ring | Self::Orthogonal => Ok(()),
            Self::RingWithJumps { jump, weight } => {
                let range = "must be at least 2 and at most half of the units";
                let fits = jump >= 2 && jump <= units / 2;
                require("jump", jump as f64, fits, range)?;
                finite("weight of the jumps", weight)
            }
            Self::DelayLine { backward } => finite("backward weight", backward),
            Self::SmallWorld {
                neighbours,
                rewiring,
                entries,
            } => {
                let range = "must be even, at least 2 and below the number of units";
                let fits = neighbours >= 2 && neighbours.is_multiple_of(2) && neighbours < units;
                require("neighbours", neighbours as f64, fits, range)?;
                probability("rewiring", rewiring)?;
                Ok(entries.check()?)
            }
            Self::Blocks {
                blocks,
                between,
                entries,
                ..
            } => {
                let range = "must be at least 1 and at most the number of units";
                let fits = blocks >= 1 && blocks <= units;
                require("blocks", blocks as f64, fits, range)?;
                probability("between", between)?;
                Ok(entries.check()?)
            }
        }
    }

    /// Whether the spectral radius is 0 whatever the weights are.
    pub(crate) fn is_nilpotent(&self) -> bool {
        matches!(*self, Self::DelayLine { backward } if backward == 0.0)
    }

    /// The weights before they are scaled.
    pub(crate) fn draw<T: Real, R: Rng + ?Sized>(
        &self,
        units: usize,
        rng: &mut R,
    ) -> Result<Recurrent<T>, Error> {
        let one = T::one();
        let sparse = |triplets: Vec<(usize, usize, T)>| -> Result<Recurrent<T>, Error> {
            let matrix = Csr::from_triplets(units, units, &triplets)?;
            Ok(Recurrent::Sparse(matrix))
        };
        let ring = || (0..units).map(|i| (i, (i + units - 1) % units, one));
        match *self {
            Self::Random { fan_in, entries } => {
                let fan_in = fan_in.min(units);
                let matrix = random::sparse_by_fan_in(units, units, fan_in, entries, rng)?;
                Ok(Recurrent::Sparse(matrix))
            }
            Self::ErdosRenyi { density, entries } => {
                let matrix = random::sparse_by_density(units, units, density, entries, rng)?;
                Ok(Recurrent::Sparse(matrix))
            }
            Self::Dense { entries } => {
                let matrix: DMatrix<T> = random::dense(units, units, entries, rng)?;
                Ok(Recurrent::Dense(matrix))
            }
            Self::Ring => sparse(ring().collect()),
            Self::RingWithJumps { jump, weight } => {
                let weight = T::of(weight);
                let mut triplets: Vec<_> = ring().collect();
                // From 0 to the last multiple, and back to 0 only if the steps close evenly.
                for k in 0..units / jump {
                    let (from, to) = (k * jump, (k + 1) * jump);
                    if to > units || (to == units && units / jump == 2) {
                        continue;
                    }
                    let to = to % units;
                    if from != to {
                        triplets.push((to, from, weight));
                        triplets.push((from, to, weight));
                    }
                }
                sparse(triplets)
            }
            Self::DelayLine { backward } => {
                let mut triplets: Vec<_> = (1..units).map(|i| (i, i - 1, one)).collect();
                if backward != 0.0 {
                    let backward = T::of(backward);
                    triplets.extend((1..units).map(|i| (i - 1, i, backward)));
                }
                sparse(triplets)
            }
            Self::Orthogonal => Ok(Recurrent::Dense(random::orthogonal(units, units, rng))),
            Self::SmallWorld {
                neighbours,
                rewiring,
                entries,
            } => small_world(units, neighbours, rewiring, entries, rng),
            Self::Blocks {
                blocks,
                fan_in,
                between,
                entries,
            } => {
                let inside = block_diagonal(units, blocks, fan_in, entries, rng)?;
                let outside = random::sparse_by_density(units, units, between, entries, rng)?;
                let mut triplets: Vec<(usize, usize, T)> = inside;
                let block = |unit: usize| (unit * blocks) / units;
                triplets.extend(
                    outside
                        .triplets()
                        .filter(|&(row, column, _)| block(row) != block(column)),
                );
                sparse(triplets)
            }
        }
    }
}

fn small_world<T: Real, R: Rng + ?Sized>(
    units: usize,
    neighbours: usize,
    rewiring: f64,
    entries: Entries,
    rng: &mut R,
) -> Result<Recurrent<T>, Error> {
    let mut triplets = Vec::with_capacity(units * neighbours);
    let mut sources = Vec::with_capacity(neighbours);
    for unit in 0..units {
        sources.clear();
        for distance in 1..=neighbours / 2 {
            sources.push((unit + units - distance) % units);
            sources.push((unit + distance) % units);
        }
        for k in 0..neighbours {
            if f64::standard_uniform(rng) >= rewiring || neighbours + 1 >= units {
                continue;
            }
            // Another source, not the unit itself: there is one that is free.
            loop {
                let source = rng.random_range(0..units as u32) as usize;
                if source != unit && !sources.contains(&source) {
                    sources[k] = source;
                    break;
                }
            }
        }
        for &source in &sources {
            triplets.push((unit, source, entries.sample(rng)));
        }
    }
    Ok(Recurrent::Sparse(Csr::from_triplets(
        units, units, &triplets,
    )?))
}

/// The connections inside of the groups.
fn block_diagonal<T: Real, R: Rng + ?Sized>(
    units: usize,
    blocks: usize,
    fan_in: usize,
    entries: Entries,
    rng: &mut R,
) -> Result<Vec<(usize, usize, T)>, Error> {
    let mut triplets = Vec::new();
    let mut first = 0;
    while first < units {
        let block = first * blocks / units;
        let size = (first..units)
            .take_while(|unit| unit * blocks / units == block)
            .count();
        let inside = random::sparse_by_fan_in(size, size, fan_in.min(size), entries, rng)?;
        triplets.extend(
            inside
                .triplets()
                .map(|(row, column, value)| (first + row, first + column, value)),
        );
        first += size;
    }
    Ok(triplets)
}
