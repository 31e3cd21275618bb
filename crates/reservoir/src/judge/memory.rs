//! How much of its past inputs a reservoir tells.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::ridge::{Ridge, RidgeConfig, RidgeMethod};
use serde::{Deserialize, Serialize};

use crate::{Error, Reservoir};

/// The settings of a [`memory_capacity`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryCapacityConfig {
    /// Delays 1 to this one are told. More than the capacity, which is at most the number of units.
    pub delays: usize,
    /// Steps of the reservoir that are left out before the training.
    pub washout: usize,
    /// The share of the inputs, at the end, on which the readouts are judged.
    pub test_share: f64,
    /// The penalty of the readouts.
    pub lambda: f64,
}

impl Default for MemoryCapacityConfig {
    /// 100 delays, washed out over 100 steps, judged on the last fifth; λ = 10⁻⁶.
    fn default() -> Self {
        Self {
            delays: 100,
            washout: 100,
            test_share: 0.2,
            lambda: 1e-6,
        }
    }
}

impl MemoryCapacityConfig {
    fn check(&self) -> Result<(), Error> {
        let out_of_range = |what, value, range| -> Result<(), Error> {
            Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
        };
        if self.delays == 0 {
            return out_of_range("delays of a memory capacity", 0.0, "must be 1 at least");
        }
        if !(self.test_share > 0.0 && self.test_share < 1.0) {
            return out_of_range("share of the test", self.test_share, "must be in (0, 1)");
        }
        Ok(())
    }
}

/// The memory of a reservoir.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryCapacity {
    /// $\mathrm{MC}_k$ for the delays k = 1, 2, …, each in [0, 1].
    pub delays: Vec<f64>,
}

impl MemoryCapacity {
    /// $\mathrm{MC} = \sum_k \mathrm{MC}_k$.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.delays.iter().sum()
    }
}

/// The linear memory capacity (Jaeger 2001): how well linear readouts of the states tell the input of k
/// steps ago,
/// $$\mathrm{MC}_k = \mathrm{corr}^2\bigl(u(t-k), y_k(t)\bigr), \qquad \mathrm{MC} = \sum_k \mathrm{MC}_k.$$
///
/// `inputs` (one channel × time) are to be independent draws, of the size that the reservoir is used
/// with. The first `delays` are told, not fed in; the reservoir starts from rest after them. Squared
/// correlations of chance are near 1 / (number of test samples), so that many delays want many samples.
/// Of independent inputs the capacity is no more than the number of units.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::judge::{MemoryCapacityConfig, memory_capacity};
/// use neuropil_reservoir::{Reservoir, ReservoirConfig, Topology};
/// use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let config = ReservoirConfig { units: 20, ..ReservoirConfig::default() };
/// let reservoir = Reservoir::<f64>::new(&config, 1, &mut rng)?;
/// let inputs = DMatrix::from_fn(1, 3000, |_, _| rng.random_range(-0.1..0.1));
/// let settings = MemoryCapacityConfig { delays: 40, ..MemoryCapacityConfig::default() };
/// let memory = memory_capacity(&reservoir, &inputs, &settings)?;
/// assert!(memory.total() > 2.0 && memory.total() < 21.0);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// If a setting is out of range, the reservoir has more than one input or feedback, there are too few
/// inputs, one is not finite, or the regression fails.
pub fn memory_capacity<T: Real>(
    reservoir: &Reservoir<T>,
    inputs: &DMatrix<T>,
    config: &MemoryCapacityConfig,
) -> Result<MemoryCapacity, Error> {
    config.check()?;
    check_room(inputs.nrows(), inputs.ncols(), config)?;
    let fed = inputs
        .columns(config.delays, inputs.ncols() - config.delays)
        .into_owned();
    let states = reservoir.run(&mut reservoir.state(), &fed)?;
    memory_capacity_of_states(&states, inputs, config)
}

/// [`memory_capacity`] of any system from its states (features × time) for the inputs after the first
/// `delays`.
///
/// # Errors
/// As [`memory_capacity`], and if there is not one state for each of these inputs.
pub fn memory_capacity_of_states<T: Real>(
    states: &DMatrix<T>,
    inputs: &DMatrix<T>,
    config: &MemoryCapacityConfig,
) -> Result<MemoryCapacity, Error> {
    config.check()?;
    check_room(inputs.nrows(), inputs.ncols(), config)?;
    let (delays, steps) = (config.delays, inputs.ncols() - config.delays);
    if states.ncols() != steps {
        return Err(Error::Shape {
            what: "states for the inputs after the first delays",
            expected: steps,
            found: states.ncols(),
        });
    }
    let training = steps - test_samples(inputs.ncols(), config);
    let targets = DMatrix::from_fn(delays, steps, |k, t| inputs[delays + t - (k + 1)]);
    let fitted = training - config.washout;
    let ridge = Ridge::fit(
        &states.columns(config.washout, fitted).into_owned(),
        &targets.columns(config.washout, fitted).into_owned(),
        &RidgeConfig {
            lambda: config.lambda,
            intercept: true,
            method: RidgeMethod::Auto,
        },
    )?;
    let told = ridge.predict(&states.columns(training, steps - training).into_owned())?;
    let truth = targets.columns(training, steps - training);
    let capacity = |k: usize| {
        let (told, truth) = (told.row(k), truth.row(k));
        let pairs = told.iter().zip(truth.iter());
        squared_correlation(
            &pairs
                .map(|(a, b)| (a.to_f64(), b.to_f64()))
                .collect::<Vec<_>>(),
        )
    };
    Ok(MemoryCapacity {
        delays: (0..delays).map(capacity).collect(),
    })
}

fn test_samples(samples: usize, config: &MemoryCapacityConfig) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length"
    )]
    let test = (samples as f64 * config.test_share).round() as usize;
    test
}

/// Room for the delays, the washout, two samples to learn from and two to judge on.
fn check_room(channels: usize, samples: usize, config: &MemoryCapacityConfig) -> Result<(), Error> {
    if channels != 1 {
        return Err(Error::Shape {
            what: "channels of the inputs",
            expected: 1,
            found: channels,
        });
    }
    let steps = samples.saturating_sub(config.delays);
    let test = test_samples(samples, config);
    if test < 2 || steps < config.washout.saturating_add(test).saturating_add(2) {
        return Err(Error::TooShort {
            what: "inputs of a memory capacity, with delays, washout and test",
            needed: config
                .delays
                .saturating_add(config.washout)
                .saturating_add(4),
            found: samples,
        });
    }
    Ok(())
}

/// Pearson's correlation squared; 0 if one does not vary.
fn squared_correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (a, b) = pairs
        .iter()
        .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    let (a, b) = (a / n, b / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for &(x, y) in pairs {
        aa += (x - a) * (x - a);
        bb += (y - b) * (y - b);
        ab += (x - a) * (y - b);
    }
    if aa == 0.0 || bb == 0.0 {
        0.0
    } else {
        (ab / aa * (ab / bb)).min(1.0)
    }
}
