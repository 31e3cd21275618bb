use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::save::{load_model, save_model};
use neuropil_math::{Real, check_finite};
use serde::{Deserialize, Serialize};

use crate::online::linear::{check_columns, expect, malformed};
use crate::online::rls::{Rls, RlsFile};
use crate::parts_file::PartsFile;
use crate::rate::{Integrator, RateState, check_sample};
use crate::reservoir::series::{allocate, check_series, check_size};
use crate::{Error, Reservoir, RlsConfig};

const MODEL: &str = "force";

/// The settings of [`Force`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForceConfig {
    /// The recursive least squares that drive the learning.
    pub rls: RlsConfig,
    /// Weights are changed in every so-manieth step, the first included.
    pub every: usize,
    /// What leaks in the units.
    pub integrator: Integrator,
}

impl Default for ForceConfig {
    /// Membrane potentials that leak, weights that change in every step, λ = 1 (the α of the paper)
    /// and no intercept.
    fn default() -> Self {
        Self {
            rls: RlsConfig {
                lambda: 1.0,
                forgetting: 1.0,
                intercept: false,
            },
            every: 1,
            integrator: Integrator::Membrane,
        }
    }
}

/// FORCE learning: a reservoir with feedback that learns while its own output drives it.
///
/// The output $y(t) = W_\text{out} x(t)$ is fed back as it is, not the target. From the first step on,
/// [recursive least squares](Rls) change $W_\text{out}$ so fast that the output stays near the target
/// $d(t)$; the reservoir, chaotic when left alone, is thus trained in the very state in which it will
/// run without a teacher. With [`Integrator::Membrane`]
/// $$s \leftarrow (1 - \alpha) s + \alpha (W x + W_\text{in} u + W_\text{fb} y + b), \qquad x = f(s),$$
/// $$y = W_\text{out} x, \qquad W_\text{out} \leftarrow W_\text{out} + (d - y) k^T.$$
/// The output is that of the weights before the change, so that its error tells how well the weights of
/// the steps before predict.
///
/// # Limits
/// Every step costs $3N^2$ operations for the learning. One reservoir learns one pattern, or several
/// that its inputs tell apart; how well depends on its gain (a spectral radius of 1.5, say) and on its
/// seed: judge it by free runs from several.
///
/// Source: Sussillo and Abbott, *Generating coherent patterns of activity from chaotic neural
/// networks*, Neuron 63, 544–557 (2009), equations 1–5 and figure 1A.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{
///     Feedback, Force, ForceConfig, Leak, Reservoir, ReservoirConfig, Scaling,
/// };
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let config = ReservoirConfig {
///     units: 200,
///     spectral_radius: 1.5,
///     bias_scaling: 0.5,
///     leak: Leak::Scalar(0.1),
///     feedback: Some(Feedback { channels: 1, scaling: Scaling::Uniform(1.0), density: 1.0 }),
///     ..ReservoirConfig::default()
/// };
/// let reservoir = Reservoir::<f64>::new(&config, 0, &mut rng)?;
/// let mut model = Force::new(ForceConfig::default(), reservoir)?;
///
/// // A wave of 120 steps, learned over 20 periods; then it goes on alone.
/// let wave = |t: usize| (t as f64 / 120.0 * std::f64::consts::TAU).sin();
/// let targets = DMatrix::from_fn(1, 2400, |_, t| wave(t));
/// let mut state = model.state();
/// model.learn(&mut state, &DMatrix::zeros(0, 2400), &targets)?;
/// let free = model.run(&mut state, &DMatrix::zeros(0, 240))?;
/// for t in 0..240 {
///     assert!((free[(0, t)] - wave(2400 + t)).abs() < 0.1, "step {t}: {}", free[(0, t)]);
/// }
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Force<T: Real> {
    config: ForceConfig,
    reservoir: Reservoir<T>,
    readout: Rls,
}

/// The state of a [`Force`] model: potentials and rates of the units, and the output that is fed back.
#[derive(Debug, Clone, PartialEq)]
pub struct ForceState<T> {
    units: RateState<T>,
    output: Vec<T>,
    steps: usize,
}

impl<T: Real> ForceState<T> {
    /// Potentials and rates of the units.
    #[must_use]
    pub fn units(&self) -> &RateState<T> {
        &self.units
    }

    /// The same, to change them.
    #[must_use]
    pub fn units_mut(&mut self) -> &mut RateState<T> {
        &mut self.units
    }

    /// The output $y$ of the last step, which the next one feeds back.
    #[must_use]
    pub fn output(&self) -> &[T] {
        &self.output
    }

    /// Replaces the output.
    ///
    /// # Errors
    /// If there is not one value for each output, or one is NaN or infinite.
    pub fn set_output(&mut self, output: &[T]) -> Result<(), Error> {
        check_size("values of the output", self.output.len(), output.len())?;
        check_finite("output", output)?;
        self.output.copy_from_slice(output);
        Ok(())
    }

    /// How many steps it has made; which of them learn depends on it.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.units.reset();
        self.output.fill(T::zero());
        self.steps = 0;
    }
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields)]
struct ForceFile<T: Real> {
    every: usize,
    integrator: Integrator,
    reservoir: PartsFile<T>,
    readout: RlsFile,
}

impl<T: Real> Force<T> {
    /// A model that has learned nothing: its output is 0. It has as many outputs as the reservoir
    /// feeds back.
    ///
    /// # Errors
    /// If the reservoir has no feedback, weights are changed every 0 steps, a setting of the recursive
    /// least squares is out of range, or membrane potentials are asked of a reservoir whose
    /// [dynamics](crate::Dynamics) are not leaky.
    pub fn new(config: ForceConfig, reservoir: Reservoir<T>) -> Result<Self, Error> {
        if reservoir.feedbacks() == 0 {
            return Err(neuropil_math::Error::Empty {
                what: "feedback of the reservoir",
            }
            .into());
        }
        if config.every == 0 {
            return Err(neuropil_math::Error::OutOfRange {
                what: "every",
                value: 0.0,
                range: "must be 1 at least",
            }
            .into());
        }
        config.integrator.check(&reservoir)?;
        let readout = Rls::new(config.rls, reservoir.units(), reservoir.feedbacks())?;
        Ok(Self {
            config,
            reservoir,
            readout,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ForceConfig {
        &self.config
    }

    /// The reservoir.
    #[must_use]
    pub fn reservoir(&self) -> &Reservoir<T> {
        &self.reservoir
    }

    /// The readout.
    #[must_use]
    pub fn readout(&self) -> &Rls {
        &self.readout
    }

    /// A state at rest, with output 0. A chaotic reservoir without input leaves rest only if something
    /// pushes it: its feedback, its bias, or potentials set by hand.
    #[must_use]
    pub fn state(&self) -> ForceState<T> {
        ForceState {
            units: RateState::new(&self.reservoir),
            output: vec![T::zero(); self.reservoir.feedbacks()],
            steps: 0,
        }
    }

    /// One step of learning: `out` is the output before the weights change towards `target`. Allocates
    /// nothing.
    ///
    /// # Errors
    /// If a slice or the state is of another size, or input or target hold NaN or infinity: nothing is
    /// changed then. [`Error::Diverged`] if a rate is not finite.
    pub fn step(
        &mut self,
        state: &mut ForceState<T>,
        input: &[T],
        target: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        check_sample("target", target, self.readout.outputs())?;
        self.advance(state, input, out)?;
        if state.steps.is_multiple_of(self.config.every) {
            self.readout
                .step(state.units.rates(), target, &mut state.output)?;
        } else {
            self.readout
                .predict(state.units.rates(), &mut state.output)?;
        }
        state.steps += 1;
        out.copy_from_slice(&state.output);
        Ok(())
    }

    /// One step on its own, without learning. Allocates nothing.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn predict(
        &self,
        state: &mut ForceState<T>,
        input: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        self.advance(state, input, out)?;
        self.readout
            .predict(state.units.rates(), &mut state.output)?;
        state.steps += 1;
        out.copy_from_slice(&state.output);
        Ok(())
    }

    /// Moves the units by one step.
    fn advance(&self, state: &mut ForceState<T>, input: &[T], out: &[T]) -> Result<(), Error> {
        check_size("outputs", self.readout.outputs(), out.len())?;
        state.units.advance(
            &self.reservoir,
            self.config.integrator,
            None,
            input,
            &state.output,
        )?;
        state.units.check_finite(state.steps)
    }

    /// [`step`](Self::step) for every column of `inputs` (inputs × time) and `targets` (outputs × time);
    /// gives the outputs, outputs × time. Without inputs, a matrix of no rows and as many columns.
    ///
    /// # Errors
    /// As [`step`](Self::step), with channel and time of what is not finite; nothing is changed then.
    pub fn learn(
        &mut self,
        state: &mut ForceState<T>,
        inputs: &DMatrix<T>,
        targets: &DMatrix<T>,
    ) -> Result<DMatrix<T>, Error> {
        let (channels, outputs) = (self.reservoir.inputs(), self.readout.outputs());
        check_series("inputs", inputs, channels, 0)?;
        check_size("channels of the targets", outputs, targets.nrows())?;
        check_size("samples of the targets", inputs.ncols(), targets.ncols())?;
        check_columns("targets", targets)?;
        let mut out = allocate(outputs, inputs.ncols())?;
        for (t, out) in out.chunks_exact_mut(outputs).enumerate() {
            let input = &inputs.as_slice()[t * channels..][..channels];
            let target = &targets.as_slice()[t * outputs..][..outputs];
            self.step(state, input, target, out)?;
        }
        Ok(DMatrix::from_vec(outputs, inputs.ncols(), out))
    }

    /// [`predict`](Self::predict) for every column of `inputs` (inputs × time); gives the outputs,
    /// outputs × time.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), with channel and time of what is not finite.
    pub fn run(&self, state: &mut ForceState<T>, inputs: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        let (channels, outputs) = (self.reservoir.inputs(), self.readout.outputs());
        check_series("inputs", inputs, channels, 0)?;
        let mut out = allocate(outputs, inputs.ncols())?;
        for (t, out) in out.chunks_exact_mut(outputs).enumerate() {
            let input = &inputs.as_slice()[t * channels..][..channels];
            self.predict(state, input, out)?;
        }
        Ok(DMatrix::from_vec(outputs, inputs.ncols(), out))
    }

    /// Forgets what was learned; the reservoir stays.
    pub fn reset(&mut self) {
        self.readout.reset();
    }

    /// Writes settings, reservoir, weights and covariance to a JSON file, from which
    /// [`load`](Self::load) goes on to the bit.
    ///
    /// # Errors
    /// If the file cannot be written, or the readout has left the finite numbers.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let file = ForceFile {
            every: self.config.every,
            integrator: self.config.integrator,
            reservoir: PartsFile::of(&self.reservoir),
            readout: self.readout.to_file(),
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
        let file: ForceFile<T> = load_model(path, MODEL)?;
        let reservoir = file.reservoir.restore(path)?;
        let readout = Rls::from_file(path, file.readout)?;
        expect(path, "features", reservoir.units(), readout.features())?;
        expect(path, "outputs", reservoir.feedbacks(), readout.outputs())?;
        let config = ForceConfig {
            rls: *readout.config(),
            every: file.every,
            integrator: file.integrator,
        };
        // Refuses what was edited to make no sense.
        let mut model = Self::new(config, reservoir).map_err(|e| malformed(path, e.to_string()))?;
        model.readout = readout;
        Ok(model)
    }
}
