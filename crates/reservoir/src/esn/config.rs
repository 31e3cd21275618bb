use serde::{Deserialize, Serialize};

use crate::esn::features::StateFeatures;
use crate::reservoir::config::require;
use crate::{Error, Lambda, ReservoirConfig, RidgeMethod, Target};

/// The settings of an [`Esn`](crate::Esn).
///
/// ```
/// use neuropil_reservoir::{EsnConfig, Lambda, Leak, ReservoirConfig};
///
/// let config = EsnConfig {
///     reservoir: ReservoirConfig {
///         units: 500,
///         leak: Leak::Scalar(0.3),
///         ..ReservoirConfig::default()
///     },
///     lambda: Lambda::Gcv(Lambda::decades(-10, 0)),
///     ..EsnConfig::default()
/// };
/// config.check(3)?;
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EsnConfig {
    /// The reservoir.
    pub reservoir: ReservoirConfig,
    /// What the readout sees.
    pub features: StateFeatures,
    /// What the readout of a forecast learns; an inference is always direct.
    pub target: Target,
    /// Whether every channel is brought to mean 0 and deviation 1 (of the training data) before it
    /// enters the reservoir, so that the scale of the input weights does not depend on the units.
    /// Targets and predictions keep theirs.
    pub standardise: bool,
    /// How many samples at the beginning of every training sequence only drive the reservoir, until
    /// its state no longer depends on its start at 0.
    pub washout: usize,
    /// The penalty λ of the readout, or how it is chosen.
    pub lambda: Lambda,
    /// Whether the readout has an intercept, which is not penalised.
    pub intercept: bool,
    /// How the readout is solved; [`Esn::method`](crate::Esn::method) tells which it was.
    ///
    /// `Auto` adds up normal equations, and goes over the data a second time by QR if their condition
    /// leaves fewer than two digits. On noise-free data `Qr` is worth its four times higher cost. Both
    /// take memory for features², not for the samples. With a λ that is fixed, normal equations in `f32`
    /// round the features where that adds less than λ/16 to λ ([`Esn::rounding`](crate::Esn::rounding)
    /// tells), and all other sums are in `f64`.
    pub method: RidgeMethod,
    /// Noise in training.
    pub noise: TrainingNoise,
}

impl Default for EsnConfig {
    /// The default reservoir; state and input as features, an intercept, λ = 10⁻⁶, a washout of 100
    /// samples, the increment as target, on standardised channels, without noise.
    fn default() -> Self {
        Self {
            reservoir: ReservoirConfig::default(),
            features: StateFeatures::default(),
            target: Target::default(),
            standardise: true,
            washout: 100,
            lambda: Lambda::Fixed(1e-6),
            intercept: true,
            method: RidgeMethod::Auto,
            noise: TrainingNoise::default(),
        }
    }
}

/// Standard deviations of normal noise that is added in training, and only there. It makes a readout
/// of which the closed loop is stable; 0 for none.
///
/// The noise of a model is drawn from a seed that [`Esn::new`](crate::Esn::new) takes from the
/// caller's generator: fitted twice, a model is the same.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingNoise {
    /// Of every channel as it enters the reservoir. With [`Target::Increment`] the readout learns to
    /// come back from the disturbed sample to the true next one.
    pub input: f64,
    /// Of every unit, after each step.
    pub state: f64,
    /// Of the teacher that is fed back, in the scale in which it is.
    pub feedback: f64,
}

impl TrainingNoise {
    /// Whether there is none.
    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl EsnConfig {
    /// Whether a network of `inputs` channels can be made of these settings.
    ///
    /// # Errors
    /// Those of [`ReservoirConfig::check`] and [`Lambda::check`];
    /// [`neuropil_math::Error::OutOfRange`] for noise that is negative or not finite, and if both the
    /// constant and the intercept are on.
    pub fn check(&self, inputs: usize) -> Result<(), Error> {
        self.reservoir.check(inputs)?;
        self.check_readout()
    }

    pub(crate) fn check_readout(&self) -> Result<(), Error> {
        self.lambda.check()?;
        for (what, value) in [
            ("input noise", self.noise.input),
            ("state noise", self.noise.state),
            ("feedback noise", self.noise.feedback),
        ] {
            let fits = value >= 0.0 && value.is_finite();
            require(what, value, fits, "must be in [0, ∞)")?;
        }
        let range = "must be off where the constant is a feature: they are the same";
        let both = self.features.constant && self.intercept;
        require("intercept", 1.0, !both, range)
    }
}
