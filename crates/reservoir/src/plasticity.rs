//! Intrinsic plasticity: units that adapt their gain and bias to a distribution of rates.

use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::linalg::matmul;
use neuropil_math::save::{load_model, save_model};
use neuropil_math::{Activation, Csr, Real};
use serde::{Deserialize, Serialize};

use crate::online::linear::{check_positive, expect, expect_finite, malformed};
use crate::parts_file::PartsFile;
use crate::rate::{Integrator, RateState, check_sample};
use crate::reservoir::series::{allocate, check_series, check_size};
use crate::{Dynamics, Error, Recurrent, Reservoir};

const MODEL: &str = "plasticity";

/// The distribution that the output of every unit is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetDistribution {
    /// The normal distribution, for tanh units.[^schrauwen]
    ///
    /// [^schrauwen]: Schrauwen, Wardermann, Verstraeten, Steil and Stroobandt, *Improving reservoirs
    ///     using intrinsic plasticity*, Neurocomputing 71, 1159–1171 (2008), equations 9 and 10.
    Gaussian {
        /// μ in (-1, 1).
        mean: f64,
        /// σ above 0. Well below 1, or the tails do not fit between -1 and 1.
        deviation: f64,
    },
    /// The exponential distribution, for sigmoid units: few are active at a time.[^triesch]
    ///
    /// [^triesch]: Triesch, *A gradient rule for the plasticity of a neuron's intrinsic excitability*,
    ///     ICANN 2005, equations 8 and 9.
    Exponential {
        /// μ in (0, 1).
        mean: f64,
    },
}

/// The settings of [`Plasticity`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlasticityConfig {
    /// What the outputs are moved to.
    pub target: TargetDistribution,
    /// The learning rate η.
    pub rate: f64,
    /// How often [`fit`](Plasticity::fit) goes through the inputs.
    pub epochs: usize,
    /// What leaks in the units.
    pub integrator: Integrator,
}

impl Default for PlasticityConfig {
    /// To mean 0 and deviation 0.5, with η = 5·10⁻⁴, once through the inputs; outputs that leak.
    fn default() -> Self {
        Self {
            target: TargetDistribution::Gaussian {
                mean: 0.0,
                deviation: 0.5,
            },
            rate: 5e-4,
            epochs: 1,
            integrator: Integrator::Output,
        }
    }
}

impl PlasticityConfig {
    fn check(&self) -> Result<(), Error> {
        check_positive("the learning rate", self.rate)?;
        let inside = |low: f64, mean: f64, range| -> Result<(), Error> {
            if mean > low && mean < 1.0 {
                Ok(())
            } else {
                let (what, value) = ("mean", mean);
                Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
            }
        };
        match self.target {
            TargetDistribution::Gaussian { mean, deviation } => {
                inside(-1.0, mean, "must be in (-1, 1)")?;
                check_positive("deviation", deviation)?;
                // Its inverse square is what the rule multiplies with.
                check_positive("1 / deviation²", deviation.powi(-2))
            }
            TargetDistribution::Exponential { mean } => {
                inside(0.0, mean, "must be in (0, 1)")?;
                check_positive("1 / mean", 1.0 / mean)
            }
        }
    }
}

/// Intrinsic plasticity: every unit gets a gain $a$ and a bias $b$, and adapts them so that the
/// distribution of its output approaches a target.
///
/// The response of a unit with the potential $s$ is $y = f(a s + b)$; what $s$ is and what the other
/// units see of $y$ depends on the [`Integrator`]. After each sample $a$ and $b$ go down the gradient of
/// the Kullback–Leibler divergence between the distribution of $y$ and the target. For tanh and a
/// Gaussian of mean μ and deviation σ
/// $$\Delta b = -\eta \left(-\frac{\mu}{\sigma^2} + \frac{y}{\sigma^2}(2\sigma^2 + 1 - y^2 + \mu y)\right),$$
/// for the logistic function and an exponential of mean μ
/// $$\Delta b = \eta \left(1 - \left(2 + \frac{1}{\mu}\right) y + \frac{y^2}{\mu}\right),$$
/// and for both $\Delta a = \eta/a + s \Delta b$.
///
/// Two numbers per unit cannot give it any distribution: the mean is matched well, the shape as far as
/// that of the potential allows. Afterwards the spectral radius of the reservoir is no longer that of
/// its matrix, but of $\mathrm{diag}(a) W$.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Plasticity, PlasticityConfig, Reservoir, ReservoirConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
/// let reservoir = Reservoir::<f64>::new(&ReservoirConfig::default(), 1, &mut rng)?;
/// let inputs = DMatrix::from_fn(1, 2000, |_, t| (0.2 * t as f64).sin());
///
/// let config = PlasticityConfig { rate: 2e-3, epochs: 5, ..PlasticityConfig::default() };
/// let mut units = Plasticity::new(config, reservoir)?;
/// units.fit(&inputs)?;
/// // The adapted reservoir is an ordinary one: gains and biases are within its matrices.
/// let adapted = units.to_reservoir()?;
/// let states = adapted.run(&mut adapted.state(), &inputs)?;
/// let power = states.columns(500, 1500).norm_squared() / (100.0 * 1500.0);
/// assert!((power.sqrt() - 0.5).abs() < 0.1, "{}", power.sqrt());
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plasticity<T: Real> {
    config: PlasticityConfig,
    reservoir: Reservoir<T>,
    gains: Vec<T>,
    biases: Vec<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct PlasticityFile<T: Real> {
    config: PlasticityConfig,
    gains: Vec<T>,
    biases: Vec<T>,
    reservoir: PartsFile<T>,
}

impl<T: Real> Plasticity<T> {
    /// Units with gain 1 and bias 0, which still respond as the reservoir does.
    ///
    /// # Errors
    /// If a setting is out of range; if the activation is not the one that the target distribution is
    /// for; if the [dynamics](crate::Dynamics) are not leaky or the reservoir has feedback.
    pub fn new(config: PlasticityConfig, reservoir: Reservoir<T>) -> Result<Self, Error> {
        config.check()?;
        let parts = reservoir.parts();
        let why = match (config.target, parts.activation) {
            _ if parts.dynamics != Dynamics::Leaky => Some("its dynamics are not leaky"),
            (TargetDistribution::Gaussian { .. }, Activation::Tanh)
            | (TargetDistribution::Exponential { .. }, Activation::Sigmoid) => None,
            (TargetDistribution::Gaussian { .. }, _) => {
                Some("a Gaussian distribution is for tanh units")
            }
            (TargetDistribution::Exponential { .. }, _) => {
                Some("an exponential distribution is for sigmoid units")
            }
        };
        if let Some(why) = why {
            let what = "intrinsic plasticity of this reservoir";
            return Err(neuropil_math::Error::Undefined { what, why }.into());
        }
        check_size("channels of the feedback", 0, reservoir.feedbacks())?;
        let units = reservoir.units();
        Ok(Self {
            config,
            reservoir,
            gains: vec![T::one(); units],
            biases: vec![T::zero(); units],
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &PlasticityConfig {
        &self.config
    }

    /// The reservoir as it was given.
    #[must_use]
    pub fn reservoir(&self) -> &Reservoir<T> {
        &self.reservoir
    }

    /// The gain $a$ of every unit.
    #[must_use]
    pub fn gains(&self) -> &[T] {
        &self.gains
    }

    /// The bias $b$ of every unit.
    #[must_use]
    pub fn biases(&self) -> &[T] {
        &self.biases
    }

    /// A state at rest: zeros.
    #[must_use]
    pub fn state(&self) -> RateState<T> {
        RateState::new(&self.reservoir)
    }

    /// Takes in one input, writes the rates to `out`, one for each unit, and adapts gains and biases.
    /// Allocates nothing.
    ///
    /// # Errors
    /// If a slice or the state is of another size, or the input holds NaN or infinity: nothing is
    /// changed then. [`Error::Diverged`] for a learning rate so large that a gain or bias is not finite.
    pub fn step(
        &mut self,
        state: &mut RateState<T>,
        input: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        self.predict(state, input, out)?;
        self.adapt_units(state, 0)
    }

    /// Takes in one input and writes the rates to `out`, without adapting. Allocates nothing.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn predict(
        &self,
        state: &mut RateState<T>,
        input: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        check_size("outputs", self.reservoir.units(), out.len())?;
        self.advance(state, input)?;
        out.copy_from_slice(state.rates());
        Ok(())
    }

    /// [`step`](Self::step) for every column of `inputs` (inputs × time).
    ///
    /// # Errors
    /// As [`step`](Self::step), with channel and time of what is not finite.
    pub fn learn(&mut self, state: &mut RateState<T>, inputs: &DMatrix<T>) -> Result<(), Error> {
        let channels = self.reservoir.inputs();
        check_series("inputs", inputs, channels, 0)?;
        for t in 0..inputs.ncols() {
            self.advance(state, &inputs.as_slice()[t * channels..][..channels])?;
            self.adapt_units(state, t)?;
        }
        Ok(())
    }

    /// Starts at rest and learns from `inputs` (inputs × time) as often as the settings say, without
    /// going back to rest in between; gives the state at the end.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn fit(&mut self, inputs: &DMatrix<T>) -> Result<RateState<T>, Error> {
        let mut state = self.state();
        for _ in 0..self.config.epochs {
            self.learn(&mut state, inputs)?;
        }
        Ok(state)
    }

    /// Takes in a series (inputs × time) without adapting and gives all rates, units × time.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), with channel and time of what is not finite.
    pub fn run(&self, state: &mut RateState<T>, inputs: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (channels, units) = (self.reservoir.inputs(), self.reservoir.units());
        check_series("inputs", inputs, channels, 0)?;
        let mut rates = allocate(units, inputs.ncols())?;
        for (t, rates) in rates.chunks_exact_mut(units).enumerate() {
            let input = &inputs.as_slice()[t * channels..][..channels];
            self.predict(state, input, rates)?;
        }
        Ok(DMatrix::from_vec(units, inputs.ncols(), rates))
    }

    /// Gain 1 and bias 0 again.
    pub fn reset(&mut self) {
        self.gains.fill(T::one());
        self.biases.fill(T::zero());
    }

    /// The adapted units as an ordinary reservoir, with $\mathrm{diag}(a) W$, $\mathrm{diag}(a) W_\text{in}$
    /// and $\mathrm{diag}(a) b_0 + b$.
    ///
    /// # Errors
    /// If the membrane potential leaks: an ordinary reservoir has none.
    pub fn to_reservoir(&self) -> Result<Reservoir<T>, Error> {
        let mut parts = self.reservoir.parts().clone();
        let leaks = parts.leak.iter().any(|&leak| leak != T::one());
        if self.config.integrator == Integrator::Membrane && leaks {
            return Err(neuropil_math::Error::Undefined {
                what: "a reservoir of these units",
                why: "their membrane potentials leak",
            }
            .into());
        }
        let diagonal = DMatrix::from_diagonal(&nalgebra::DVector::from_column_slice(&self.gains));
        parts.recurrent = match parts.recurrent {
            Recurrent::Dense(matrix) => Recurrent::Dense(matmul(&diagonal, &matrix)?),
            Recurrent::Sparse(matrix) => {
                let scaled: Vec<_> = matrix
                    .triplets()
                    .map(|(row, column, value)| (row, column, self.gains[row] * value))
                    .collect();
                Recurrent::Sparse(Csr::from_triplets(matrix.nrows(), matrix.ncols(), &scaled)?)
            }
        };
        for column in parts
            .input
            .as_mut_slice()
            .chunks_exact_mut(self.gains.len())
        {
            for (weight, &gain) in column.iter_mut().zip(&self.gains) {
                *weight *= gain;
            }
        }
        for ((bias, &gain), &own) in parts.bias.iter_mut().zip(&self.gains).zip(&self.biases) {
            *bias = gain * *bias + own;
        }
        Reservoir::from_parts(parts)
    }

    /// Writes settings, reservoir, gains and biases to a JSON file, from which [`load`](Self::load)
    /// reads the same bits.
    ///
    /// # Errors
    /// If the file cannot be written, or a gain is not finite.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = PlasticityFile {
            config: self.config,
            gains: self.gains.clone(),
            biases: self.biases.clone(),
            reservoir: PartsFile::of(&self.reservoir),
        };
        Ok(save_model(path.as_ref(), MODEL, &file)?)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupt or truncated, holds another kind of model or another
    /// precision, or its sizes or values make no sense.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file: PlasticityFile<T> = load_model(path, MODEL)?;
        let reservoir = file.reservoir.restore(path)?;
        let mut model =
            Self::new(file.config, reservoir).map_err(|e| malformed(path, e.to_string()))?;
        expect(path, "gains", model.gains.len(), file.gains.len())?;
        expect(path, "biases", model.biases.len(), file.biases.len())?;
        expect_finite(path, "gain", &file.gains)?;
        expect_finite(path, "bias", &file.biases)?;
        model.gains = file.gains;
        model.biases = file.biases;
        Ok(model)
    }

    fn advance(&self, state: &mut RateState<T>, input: &[T]) -> Result<(), Error> {
        check_sample("input", input, self.reservoir.inputs())?;
        state.advance(
            &self.reservoir,
            self.config.integrator,
            Some((&self.gains, &self.biases)),
            input,
            &[],
        )
    }

    fn adapt_units(&mut self, state: &RateState<T>, time: usize) -> Result<(), Error> {
        let rate = T::of(self.config.rate);
        let of = T::of;
        match self.config.target {
            TargetDistribution::Gaussian { mean, deviation } => {
                let variance = deviation * deviation;
                let (mean, inverse) = (of(mean), of(1.0 / variance));
                let constant = of(2.0 * variance + 1.0);
                self.move_along(state, rate, |y| {
                    inverse * (mean - y * (constant - y * y + mean * y))
                });
            }
            TargetDistribution::Exponential { mean } => {
                let (inverse, slope) = (of(1.0 / mean), of(2.0 + 1.0 / mean));
                self.move_along(state, rate, |y| T::one() - slope * y + inverse * y * y);
            }
        }
        let finite = |(a, b): (&T, &T)| a.is_finite() && b.is_finite();
        match self.gains.iter().zip(&self.biases).position(|p| !finite(p)) {
            Some(channel) => Err(Error::Diverged {
                step: time,
                channel,
            }),
            None => Ok(()),
        }
    }

    #[inline(always)]
    fn move_along(&mut self, state: &RateState<T>, rate: T, slope: impl Fn(T) -> T) {
        for (((gain, bias), &y), &s) in self
            .gains
            .iter_mut()
            .zip(&mut self.biases)
            .zip(&state.response)
            .zip(&state.potential)
        {
            let step = rate * slope(y);
            *gain += rate / *gain + step * s;
            *bias += step;
        }
    }
}
