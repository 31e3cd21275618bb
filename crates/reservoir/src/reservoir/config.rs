use neuropil_math::Activation;
use neuropil_math::random::Entries;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::reservoir::topology::Topology;

/// The settings of a [`Reservoir`](crate::Reservoir).
///
/// Plain data; [`Reservoir::new`](crate::Reservoir::new) checks them. The default is a sparse tanh reservoir of 100 units
/// with 10 connections into each, spectral radius 0.9, no leak, inputs of weight up to 1 and no bias.
///
/// ```
/// use neuropil_reservoir::{Leak, ReservoirConfig, Scaling, Topology};
///
/// let slow_ring = ReservoirConfig {
///     units: 200,
///     topology: Topology::Ring,
///     leak: Leak::Scalar(0.3),
///     input_scaling: Scaling::PerChannel(vec![1.0, 0.1]),
///     ..ReservoirConfig::default()
/// };
/// assert_eq!(slow_ring.spectral_radius, 0.9);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReservoirConfig {
    /// The number of units $N$.
    pub units: usize,
    /// Which unit hears which, and the distribution of the weights before they are scaled.
    pub topology: Topology,
    /// The spectral radius $\rho$ that $W$ is scaled to, exactly.
    ///
    /// Below 1 the memory of a reservoir without input fades (for `identity`, `tanh` and `relu`);
    /// with 0 there are no connections. Of [`Topology::DelayLine`] without backward weights, whose
    /// radius is 0 whatever its weights are, it is the weight.
    pub spectral_radius: f64,
    /// The leak rate $\alpha$ of the units.
    pub leak: Leak,
    /// The function of the units.
    pub activation: Activation,
    /// The scale of the input weights.
    pub input_scaling: Scaling,
    /// The fraction of the input weights that are not 0.
    pub input_density: f64,
    /// The distribution of the input weights before they are scaled.
    pub input_entries: Entries,
    /// The bias of every unit is drawn from $[-b, b)$ with this $b$; 0 for none.
    pub bias_scaling: f64,
    /// Weights from the output back into the reservoir.
    pub feedback: Option<Feedback>,
    /// How the state follows from the one before.
    pub dynamics: Dynamics,
}

impl Default for ReservoirConfig {
    fn default() -> Self {
        Self {
            units: 100,
            topology: Topology::default(),
            spectral_radius: 0.9,
            leak: Leak::default(),
            activation: Activation::Tanh,
            input_scaling: Scaling::default(),
            input_density: 1.0,
            input_entries: Entries::uniform(1.0),
            bias_scaling: 0.0,
            feedback: None,
            dynamics: Dynamics::Leaky,
        }
    }
}

/// The leak rate $\alpha$ in (0, 1]: how much of the new value a unit takes on in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leak {
    /// The same for every unit.
    Scalar(f64),
    /// One for each unit: slow and fast ones in one reservoir.
    PerUnit(Vec<f64>),
}

impl Default for Leak {
    /// No leak: $\alpha = 1$.
    fn default() -> Self {
        Self::Scalar(1.0)
    }
}

/// A factor of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The same for every channel.
    Uniform(f64),
    /// One for each channel.
    PerChannel(Vec<f64>),
}

impl Default for Scaling {
    fn default() -> Self {
        Self::Uniform(1.0)
    }
}

impl Scaling {
    /// One factor for each of `channels`.
    pub(crate) fn factors(&self, what: &'static str, channels: usize) -> Result<Vec<f64>, Error> {
        let factors = match self {
            Self::Uniform(factor) => vec![*factor; channels],
            Self::PerChannel(factors) => factors.clone(),
        };
        crate::reservoir::series::check_size(what, channels, factors.len())?;
        for &factor in &factors {
            require(what, factor, factor.is_finite(), "must be finite")?;
        }
        Ok(factors)
    }
}

/// Weights from the output back into the reservoir, $W_\text{fb} y(t-1)$.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// The number of outputs that are fed back.
    pub channels: usize,
    /// The scale of the weights, uniform in $[-s, s)$.
    pub scaling: Scaling,
    /// The fraction of the weights that are not 0.
    pub density: f64,
}

/// How the state of a reservoir follows from the one before, with
/// $z = W x + W_\text{in} u + W_\text{fb} y + b$.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Dynamics {
    /// $x \leftarrow (1 - \alpha) x + \alpha f(z)$: the leaky integrator network.[^jaeger]
    ///
    /// [^jaeger]: Jaeger, Lukoševičius, Popovici and Siewert, *Optimization and applications of echo
    ///     state networks with leaky-integrator neurons*, Neural Networks 20, 335–352 (2007).
    #[default]
    Leaky,
    /// $x \leftarrow \beta f(z) + (1 - \beta) O x$ with a random orthogonal $O$: a reservoir at the
    /// edge of stability, with long memory.[^es2n] The leak must be 1.
    ///
    /// [^es2n]: Ceni and Gallicchio, *Edge of stability echo state network*, IEEE Transactions on
    ///     Neural Networks and Learning Systems (2024).
    EdgeOfStability {
        /// The proximity $\beta$ in (0, 1]: the share of the nonlinear part.
        proximity: f64,
    },
    /// $x \leftarrow x + \epsilon f((W - W^T - \gamma I) x + W_\text{in} u + W_\text{fb} y + b)$: a
    /// forward Euler step of a differential equation that is stable and does not forget.[^eusn]
    /// The leak must be 1.
    ///
    /// [^eusn]: Gallicchio, *Euler state networks: non-dissipative reservoir computing*,
    ///     Neurocomputing 579, 127411 (2024).
    Euler {
        /// The step $\epsilon > 0$.
        step: f64,
        /// The diffusion $\gamma \ge 0$.
        diffusion: f64,
    },
}

impl Dynamics {
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Leaky => Ok(()),
            Self::EdgeOfStability { proximity } => require(
                "proximity",
                proximity,
                proximity > 0.0 && proximity <= 1.0,
                "must be in (0, 1]",
            ),
            Self::Euler { step, diffusion } => {
                require(
                    "step",
                    step,
                    step > 0.0 && step.is_finite(),
                    "must be positive and finite",
                )?;
                require(
                    "diffusion",
                    diffusion,
                    diffusion >= 0.0 && diffusion.is_finite(),
                    "must be in [0, ∞)",
                )
            }
        }
    }
}

impl ReservoirConfig {
    /// Whether a reservoir of `inputs` channels can be made of these settings.
    ///
    /// # Errors
    /// [`neuropil_math::Error::OutOfRange`] for a setting outside of its range, with its name and
    /// value; [`Error::Shape`] where there is not one leak for each unit or one scale for each
    /// channel.
    pub fn check(&self, inputs: usize) -> Result<(), Error> {
        let units = self.units as f64;
        require("units", units, self.units > 0, "must be at least 1")?;
        let fits = self.units <= u32::MAX as usize;
        require("units", units, fits, "must be below 2³²")?;
        let radius = self.spectral_radius;
        let range = "must be in [0, ∞)";
        let fits = radius >= 0.0 && radius.is_finite();
        require("spectral radius", radius, fits, range)?;
        let fits = self.bias_scaling >= 0.0 && self.bias_scaling.is_finite();
        require("bias scaling", self.bias_scaling, fits, range)?;
        density("input density", self.input_density)?;
        self.input_scaling.factors("input scalings", inputs)?;
        self.input_entries.check()?;
        if let Some(feedback) = &self.feedback {
            let channels = feedback.channels as f64;
            let fits = feedback.channels > 0;
            require("feedback channels", channels, fits, "must be at least 1")?;
            density("feedback density", feedback.density)?;
            feedback
                .scaling
                .factors("feedback scalings", feedback.channels)?;
        }
        self.topology.check(self.units)?;
        self.dynamics.check()?;
        check_leak(&self.leaks(), self.units, self.dynamics)
    }

    /// One leak, or one for each unit.
    pub(crate) fn leaks(&self) -> Vec<f64> {
        match &self.leak {
            Leak::Scalar(leak) => vec![*leak],
            Leak::PerUnit(leaks) => leaks.clone(),
        }
    }
}

pub(crate) fn check_leak(leaks: &[f64], units: usize, dynamics: Dynamics) -> Result<(), Error> {
    if leaks.len() != 1 {
        crate::reservoir::series::check_size("leaks of the units", units, leaks.len())?;
    }
    for &leak in leaks {
        let fits = leak > 0.0 && leak <= 1.0;
        require("leak", leak, fits, "must be in (0, 1]")?;
        if dynamics != Dynamics::Leaky {
            let range = "must be 1 but for leaky dynamics";
            require("leak", leak, leak == 1.0, range)?;
        }
    }
    Ok(())
}

fn density(what: &'static str, value: f64) -> Result<(), Error> {
    let fits = (0.0..=1.0).contains(&value);
    require(what, value, fits, "must be in [0, 1]")
}

/// Refuses a setting that does not fit.
pub(crate) fn require(
    what: &'static str,
    value: f64,
    fits: bool,
    range: &'static str,
) -> Result<(), Error> {
    if fits {
        Ok(())
    } else {
        Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
    }
}
