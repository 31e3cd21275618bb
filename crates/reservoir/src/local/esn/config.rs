use neuropil_math::random::Entries;
use serde::{Deserialize, Serialize};

use crate::local::grid::Grid;
use crate::reservoir::config::require;
use crate::{
    Error, EsnConfig, Lambda, ReservoirConfig, Scaling, StateFeatures, StateTerms, Target, Topology,
};

/// The settings of a [`LocalEsn`](crate::LocalEsn).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalEsnConfig {
    /// The grid of the field.
    pub grid: Grid,
    /// Points of a patch, along every direction of the grid.
    pub patch: usize,
    /// How many points on each side of it a patch sees, in every direction of the grid.
    pub halo: usize,
    /// What the patches have in common.
    pub sharing: Sharing,
    /// Reservoir and readout of each patch. [`standardise`](EsnConfig::standardise) brings the field to
    /// mean 0 and deviation 1 over all points together.
    pub model: EsnConfig,
}

/// What the patches of a field have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// One network, which every patch runs with a state of its own, and which learns from all patches:
    /// for a field that obeys the same law everywhere.
    #[default]
    Shared,
    /// Every patch has a network of its own.
    PerPatch,
}

impl Default for LocalEsnConfig {
    /// A ring in patches of 8 points that see 4 more on each side; one network of 1000 units for all, with
    /// three connections into each unit, which hears a fifth of its window; input, and state with squares in the places of
    /// even units, as features; λ = 10⁻⁴; the next values as target.
    ///
    /// On a fine grid of a smooth field the shortest waves are nearly absent from the data. A readout of
    /// increments does nothing about them, and the closed loop amplifies them; one of the next values keeps
    /// them small.
    fn default() -> Self {
        Self {
            grid: Grid::Ring,
            patch: 8,
            halo: 4,
            sharing: Sharing::Shared,
            model: EsnConfig {
                reservoir: ReservoirConfig {
                    units: 1000,
                    topology: Topology::Random {
                        fan_in: 3,
                        entries: Entries::uniform(1.0),
                    },
                    spectral_radius: 0.1,
                    input_scaling: Scaling::Uniform(0.3),
                    input_density: 0.2,
                    ..ReservoirConfig::default()
                },
                features: StateFeatures {
                    constant: false,
                    input: true,
                    state: StateTerms::OddEven,
                },
                target: Target::Direct,
                lambda: Lambda::Fixed(1e-4),
                ..EsnConfig::default()
            },
        }
    }
}

impl LocalEsnConfig {
    /// Whether a model of a field of `points` points can be made of these settings.
    ///
    /// # Errors
    /// Those of [`EsnConfig::check`] for a network whose inputs are the points of a window;
    /// [`Error::Shape`] if the field is no whole number of patches, [`Error::TooShort`] if the halo reaches
    /// around it; [`neuropil_math::Error::OutOfRange`] for a reservoir with feedback, and for input noise
    /// with [`Target::Increment`], to which the increment is not corrected here.
    pub fn check(&self, points: usize) -> Result<(), Error> {
        self.model.check(self.grid.window(self.patch, self.halo)?)?;
        self.grid.tile(points, self.patch, self.halo)?;
        let range = "must be absent in a model of a field";
        let feedback = &self.model.reservoir.feedback;
        require("feedback", 1.0, feedback.is_none(), range)?;
        let noise = self.model.noise.input;
        let fits = noise == 0.0 || self.model.target == Target::Direct;
        require("input noise", noise, fits, "must be 0 for increments")
    }
}
