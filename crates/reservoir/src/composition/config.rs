use serde::{Deserialize, Serialize};

use crate::reservoir::config::require;
use crate::{Error, ReservoirConfig};

/// How reservoirs are composed.
///
/// ```
/// use neuropil_reservoir::{Branch, Channels, CompositionConfig, Leak, ReservoirConfig};
///
/// let fast = ReservoirConfig::default();
/// let slow = ReservoirConfig { leak: Leak::Scalar(0.1), ..fast.clone() };
///
/// // A deep reservoir: every layer hears the one below.
/// let deep = CompositionConfig::deep([fast.clone(), slow.clone()]);
///
/// // One deep reservoir for the first two channels, and beside it a slow one for all three.
/// let groups = CompositionConfig::Parallel(vec![
///     Branch { channels: Channels::Listed(vec![0, 1]), part: deep },
///     Branch { channels: Channels::All, part: CompositionConfig::Reservoir(slow) },
/// ]);
/// assert_eq!(groups.units(), 300);
/// groups.check(3)?;
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CompositionConfig {
    /// One reservoir.
    Reservoir(ReservoirConfig),
    /// Layers: each hears the state of the one below, of the same step.[^deep]
    ///
    /// [^deep]: Gallicchio, Micheli and Pedrelli, *Deep reservoir computing: a critical experimental
    ///     analysis*, Neurocomputing 268, 87–99 (2017).
    Stack {
        /// From the one that hears the input to the last.
        layers: Vec<Self>,
        /// Whether every layer hears the input as well, before the state of the layer below.
        input_to_all: bool,
    },
    /// Reservoirs side by side, which do not hear each other.
    Parallel(Vec<Branch>),
}

/// One part of several that stand side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What it hears.
    pub channels: Channels,
    /// What it is.
    pub part: CompositionConfig,
}

/// Some of the input channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// All of them.
    All,
    /// These, in this order.
    Listed(Vec<usize>),
}

impl Channels {
    /// How many there are of `inputs`.
    pub(crate) fn count(&self, inputs: usize) -> Result<usize, Error> {
        let Self::Listed(channels) = self else {
            return Ok(inputs);
        };
        for &channel in channels {
            let range = "must be below the number of inputs";
            require("channel", channel as f64, channel < inputs, range)?;
        }
        Ok(channels.len())
    }
}

impl CompositionConfig {
    /// A stack of these reservoirs, of which the first one hears the input.
    #[must_use]
    pub fn deep(layers: impl IntoIterator<Item = ReservoirConfig>) -> Self {
        Self::Stack {
            layers: layers.into_iter().map(Self::Reservoir).collect(),
            input_to_all: false,
        }
    }

    /// The number of units of all reservoirs together.
    #[must_use]
    pub fn units(&self) -> usize {
        match self {
            Self::Reservoir(config) => config.units,
            Self::Stack { layers, .. } => layers.iter().map(Self::units).sum(),
            Self::Parallel(branches) => branches.iter().map(|branch| branch.part.units()).sum(),
        }
    }

    /// Whether reservoirs for `inputs` channels can be made of these settings.
    ///
    /// # Errors
    /// Those of [`ReservoirConfig::check`] for every reservoir; [`neuropil_math::Error::Empty`] for a
    /// stack without layers or nothing side by side; [`neuropil_math::Error::OutOfRange`] for a channel
    /// that there is not, and for a reservoir with feedback: here nothing is fed back.
    pub fn check(&self, inputs: usize) -> Result<(), Error> {
        match self {
            Self::Reservoir(config) => {
                let range = "must be absent in a composition";
                require("feedback", 1.0, config.feedback.is_none(), range)?;
                config.check(inputs)
            }
            Self::Stack {
                layers,
                input_to_all,
            } => {
                if layers.is_empty() {
                    return Err(neuropil_math::Error::Empty { what: "layers" }.into());
                }
                let mut heard = inputs;
                for layer in layers {
                    layer.check(heard)?;
                    heard = layer.units() + if *input_to_all { inputs } else { 0 };
                }
                Ok(())
            }
            Self::Parallel(branches) => {
                if branches.is_empty() {
                    return Err(neuropil_math::Error::Empty { what: "branches" }.into());
                }
                branches
                    .iter()
                    .try_for_each(|branch| branch.part.check(branch.channels.count(inputs)?))
            }
        }
    }
}
