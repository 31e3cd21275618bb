use serde::{Deserialize, Serialize};

use crate::ngrc::features::{FeatureMap, Orders, warmup};
use crate::{Error, Lambda, RidgeMethod};

/// What the readout of a forecasting model learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Target {
    /// The increment $x(t+1)-x(t)$: a step of an integrator, and persistence where it learns
    /// nothing.
    #[default]
    Increment,
    /// The next sample $x(t+1)$ itself.
    Direct,
}

/// The settings of [`Ngrc`](crate::Ngrc).
///
/// The default is the forecaster of Gauthier et al. (2021) for Lorenz63, two taps, a constant, all
/// monomials of order 1 and 2, λ = 2.5e-6 and the increment as target, on standardised channels.
///
/// ```
/// use neuropil_reservoir::{Lambda, NgrcConfig, Orders};
///
/// let double_scroll = NgrcConfig {
///     orders: Orders::Set(vec![1, 3]),
///     constant: false,
///     standardise: false,
///     lambda: Lambda::Fixed(1e-3),
///     ..NgrcConfig::default()
/// };
/// assert_eq!(double_scroll.features(3)?.len(), 62);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NgrcConfig {
    /// The number of taps $k$: how many samples of each channel the model sees.
    pub taps: usize,
    /// The stride $s$: how many samples the taps are apart.
    pub stride: usize,
    /// The orders of the monomials.
    pub orders: Orders,
    /// Whether the constant 1 is a feature, penalised as all others are. For a constant without
    /// penalty use the intercept of the ridge regression instead.
    pub constant: bool,
    /// What the readout of a forecast learns; an inference is always direct.
    pub target: Target,
    /// Whether every channel is brought to mean 0 and deviation 1 (of the training data) before the
    /// monomials are formed, so that λ and the condition do not depend on the units. Targets and
    /// predictions keep theirs.
    ///
    /// On by default, unlike in the paper. In raw units the paper's λ is some 10⁶ times weaker: its
    /// data carry integration errors of 10⁻³, which steady the weights as noise does, but on
    /// accurately integrated Lorenz63 every free-running forecast of those settings diverges.
    ///
    /// The constant and all orders up to n span the same functions of shifted variables. Other
    /// choices of orders do not: turn it off where their symmetry matters, as for the odd double
    /// scroll.
    pub standardise: bool,
    /// The penalty λ of the readout, or how it is chosen.
    pub lambda: Lambda,
    /// Whether the readout has an intercept, which is not penalised.
    pub intercept: bool,
    /// How the readout is solved, by default by the cheapest method that keeps the accuracy: normal
    /// equations, or QR where these would lose it; [`Ngrc::method`](crate::Ngrc::method) tells which.
    /// Candidates of a choice of λ all come from one singular value decomposition of a QR factor.
    pub method: RidgeMethod,
}

impl Default for NgrcConfig {
    fn default() -> Self {
        Self {
            taps: 2,
            stride: 1,
            orders: Orders::UpTo(2),
            constant: true,
            target: Target::Increment,
            standardise: true,
            lambda: Lambda::Fixed(2.5e-6),
            intercept: false,
            method: RidgeMethod::Auto,
        }
    }
}

impl NgrcConfig {
    /// The feature map of a model of this many channels.
    ///
    /// # Errors
    /// As [`FeatureMap::new`].
    pub fn features(&self, channels: usize) -> Result<FeatureMap, Error> {
        FeatureMap::new(
            channels,
            self.taps,
            self.stride,
            &self.orders,
            self.constant,
        )
    }

    /// How many samples precede the first prediction: $(k-1)s$.
    ///
    /// # Errors
    /// If taps or stride are 0, or the product is larger than any memory.
    pub fn warmup(&self) -> Result<usize, Error> {
        warmup(self.taps, self.stride)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.warmup()?;
        self.orders.ascending()?;
        self.lambda.check()?;
        if self.constant && self.intercept {
            return Err(neuropil_math::Error::OutOfRange {
                what: "intercept",
                value: 1.0,
                range: "must be off where the constant is a feature: they are the same",
            }
            .into());
        }
        Ok(())
    }
}
