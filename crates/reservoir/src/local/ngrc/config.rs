use serde::{Deserialize, Serialize};

use crate::local::grid::Grid;
use crate::{Error, FeatureMap, Lambda, NgrcConfig, Orders};

/// The settings of a [`LocalNgrc`](crate::LocalNgrc).
///
/// ```
/// use neuropil_reservoir::LocalNgrcConfig;
///
/// // Nine points, their products of two and of three, and the constant.
/// assert_eq!(LocalNgrcConfig::default().features()?.len(), 220);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalNgrcConfig {
    /// The grid of the field.
    pub grid: Grid,
    /// How many points on each side a point sees, in every direction of the grid.
    pub halo: usize,
    /// Taps, orders and readout, of which the channels are the points of a window and the target is the
    /// point in its middle. [`standardise`](NgrcConfig::standardise) brings the field to mean 0 and
    /// deviation 1 over all points together.
    pub model: NgrcConfig,
}

impl Default for LocalNgrcConfig {
    /// A ring; the sample of now at four points on each side, all monomials up to order 3, λ = 10⁻⁶.
    fn default() -> Self {
        Self {
            grid: Grid::Ring,
            halo: 4,
            model: NgrcConfig {
                taps: 1,
                orders: Orders::UpTo(3),
                lambda: Lambda::Fixed(1e-6),
                ..NgrcConfig::default()
            },
        }
    }
}

impl LocalNgrcConfig {
    /// The features of one point, whose channels are the points of its window in the order of the grid.
    ///
    /// # Errors
    /// As [`FeatureMap::new`].
    pub fn features(&self) -> Result<FeatureMap, Error> {
        self.model.features(self.grid.window(1, self.halo)?)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.model.check()?;
        self.features().map(drop)
    }
}
