use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{Error, Real};

/// The distribution of the entries of a random matrix.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Entries {
    /// Uniform over [`low`, `high`). One draw; rounding to `f32` may give `high` itself.
    Uniform {
        /// The lowest value.
        low: f64,
        /// The value that all are below.
        high: f64,
    },
    /// Normal. One draw of [`Real::standard_normal`].
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        deviation: f64,
    },
    /// −1 or 1 with equal probability. One draw.
    Signs,
    /// The same value everywhere. No draw.
    Constant(f64),
}

impl Entries {
    /// Uniform over [−`limit`, `limit`).
    #[must_use]
    pub fn uniform(limit: f64) -> Self {
        let (low, high) = (-limit, limit);
        Self::Uniform { low, high }
    }

    /// Normal of mean 0.
    #[must_use]
    pub fn normal(deviation: f64) -> Self {
        let mean = 0.0;
        Self::Normal { mean, deviation }
    }

    /// Uniform with limit $\sqrt{6 / (n_\text{in} + n_\text{out})}$, for layers with tanh or sigmoid
    /// (Glorot, Bengio 2010, eq. 16). Both counts at 0 would give no finite limit.
    #[must_use]
    pub fn glorot_uniform(inputs: usize, outputs: usize) -> Self {
        Self::uniform((6.0 / (inputs + outputs) as f64).sqrt())
    }

    /// Normal with variance $2 / (n_\text{in} + n_\text{out})$ (Glorot, Bengio 2010, eq. 12).
    #[must_use]
    pub fn glorot_normal(inputs: usize, outputs: usize) -> Self {
        Self::normal((2.0 / (inputs + outputs) as f64).sqrt())
    }

    /// Uniform with limit $\sqrt{6 / n_\text{in}}$, for layers with rectified units (He et al. 2015,
    /// eq. 10, as a uniform distribution of that variance).
    #[must_use]
    pub fn he_uniform(inputs: usize) -> Self {
        Self::uniform((6.0 / inputs as f64).sqrt())
    }

    /// Normal with variance $2 / n_\text{in}$ (He et al. 2015, eq. 10).
    #[must_use]
    pub fn he_normal(inputs: usize) -> Self {
        Self::normal((2.0 / inputs as f64).sqrt())
    }

    /// Whether entries of this distribution can be drawn.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a parameter is not finite, `low` is above `high`, or `deviation` is
    /// negative.
    pub fn check(&self) -> Result<(), Error> {
        let finite = |what, value: f64| require(what, value, value.is_finite(), "must be finite");
        match *self {
            Self::Uniform { low, high } => {
                finite("low", low)?;
                require("high", high, high >= low, "must not be below low")?;
                finite("high less low", high - low)
            }
            Self::Normal { mean, deviation } => {
                finite("mean", mean)?;
                let range = "must be in [0, ∞)";
                let fits = deviation >= 0.0 && deviation.is_finite();
                require("deviation", deviation, fits, range)
            }
            Self::Signs => Ok(()),
            Self::Constant(value) => finite("constant", value),
        }
    }

    /// One entry. Parameters that [`check`](Self::check) refuses give a number of no meaning, but do
    /// not panic.
    pub fn sample<T: Real, R: Rng + ?Sized>(&self, rng: &mut R) -> T {
        match *self {
            Self::Uniform { low, high } => T::of(low + (high - low) * f64::standard_uniform(rng)),
            Self::Normal { mean, deviation } => T::of(mean + deviation * f64::standard_normal(rng)),
            Self::Signs => T::of(if rng.random::<bool>() { 1.0 } else { -1.0 }),
            Self::Constant(value) => T::of(value),
        }
    }
}

pub(super) fn require(
    what: &'static str,
    value: f64,
    fits: bool,
    range: &'static str,
) -> Result<(), Error> {
    if fits {
        Ok(())
    } else {
        Err(Error::OutOfRange { what, value, range })
    }
}
