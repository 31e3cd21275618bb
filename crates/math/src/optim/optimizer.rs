use serde::{Deserialize, Serialize};

use super::adam::Coefficients;
use super::{AdamConfig, Clip, SgdConfig, check_not_negative};
use crate::parameters::{
    Structure, Visitor, VisitorMut, Walk, check_tensor_finite, volume, with_name,
};
use crate::{Error, Parameters, Real, check_size};

/// The rule of an [`Optimizer`] with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerConfig {
    /// Gradient descent with momentum.
    Sgd(SgdConfig),
    /// Adam or AdamW.
    Adam(AdamConfig),
}

impl From<SgdConfig> for OptimizerConfig {
    fn from(config: SgdConfig) -> Self {
        Self::Sgd(config)
    }
}

impl From<AdamConfig> for OptimizerConfig {
    fn from(config: AdamConfig) -> Self {
        Self::Adam(config)
    }
}

impl OptimizerConfig {
    /// Refuses settings outside of their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Sgd(config) => config.check(),
            Self::Adam(config) => config.check(),
        }
    }

    /// The names of what is remembered for each parameter.
    fn memories(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(config) if config.momentum == 0.0 => &[],
            Self::Sgd(_) => &["velocity"],
            Self::Adam(_) => &["first_moment", "second_moment"],
        }
    }
}

/// An optimiser for all tensors of one model, with its state.
///
/// A gradient has the structure of the model: the same names and shapes in the same order. It is
/// copied before use, so that a gradient that does not fit or is not finite changes nothing, and
/// clipping leaves the caller's values alone. Memory is taken at construction, a step allocates
/// nothing.
///
/// ```
/// use nalgebra::DVector;
/// use neuropil_math::Schedule;
/// use neuropil_math::optim::{AdamConfig, Clip, Optimizer};
///
/// let target = DVector::from_column_slice(&[1.0, -2.0, 3.0]);
/// let mut model = DVector::zeros(3);
/// let rate = Schedule::linear(0.1, 0.0, 400)?;
/// let mut optimizer = Optimizer::new(AdamConfig::default(), &model)?.clipped(Clip::Norm(1.0))?;
/// while optimizer.steps() < 400 {
///     optimizer.set_learning_rate(rate.at(optimizer.steps()))?;
///     let gradient = (&model - &target) * 2.0;
///     optimizer.step(&mut model, &gradient)?;
/// }
/// assert!((model - target).norm() < 1e-3);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// The state is saved by serde, completely, or through [`Parameters`] (the moments of tensor `w` are
/// `first_moment.w` and `second_moment.w`, the velocity is `velocity.w`) together with
/// [`steps`](Self::steps). Training that is resumed gives the bits of training that was not
/// interrupted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "T: Real", try_from = "Record<T>")]
pub struct Optimizer<T> {
    config: OptimizerConfig,
    clip: Option<Clip>,
    steps: u64,
    structure: Structure,
    /// One flat vector for each name of [`OptimizerConfig::memories`].
    memories: Vec<Vec<T>>,
    /// Where the gradient is checked and clipped.
    #[serde(skip)]
    gradient: Vec<T>,
}

/// Equal settings and state; the scratch copy of the gradient is neither.
impl<T: PartialEq> PartialEq for Optimizer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config
            && self.clip == other.clip
            && self.steps == other.steps
            && self.structure == other.structure
            && self.memories == other.memories
    }
}

/// An [`Optimizer`] that was read but not checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Real")]
struct Record<T> {
    config: OptimizerConfig,
    clip: Option<Clip>,
    steps: u64,
    structure: Structure,
    memories: Vec<Vec<T>>,
}

impl<T: Real> TryFrom<Record<T>> for Optimizer<T> {
    type Error = Error;

    fn try_from(record: Record<T>) -> Result<Self, Error> {
        record.config.check()?;
        record.clip.map_or(Ok(()), Clip::check)?;
        let names = record.config.memories();
        check_size(
            "memories of the optimiser",
            names.len(),
            record.memories.len(),
        )?;
        let count = record.structure.count();
        for (name, memory) in names.iter().zip(&record.memories) {
            check_size("parameters of the optimiser", count, memory.len())?;
            check_tensor_finite(name, memory)?;
        }
        if let [_, second] = &record.memories[..] {
            check_squares(names[1], second)?;
        }
        Ok(Self {
            config: record.config,
            clip: record.clip,
            steps: record.steps,
            structure: record.structure,
            memories: record.memories,
            // Without memories nothing vouches for the size: the first step allocates then.
            gradient: vec![T::zero(); if names.is_empty() { 0 } else { count }],
        })
    }
}

/// Refuses a mean square below zero.
fn check_squares<T: Real>(name: &str, values: &[T]) -> Result<(), Error> {
    match values.iter().position(|v| *v < T::zero()) {
        Some(index) => Err(Error::Tensor {
            name: name.to_owned(),
            problem: format!(
                "is a mean of squares, but {} at index {index}",
                values[index]
            ),
        }),
        None => Ok(()),
    }
}

impl<T: Real> Optimizer<T> {
    /// An optimiser for models of the structure of `parameters`, before its first step.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside of its range, [`Error::Tensor`] for a model with
    /// two tensors of one name or with a shape that does not describe its data, [`Error::Empty`] for
    /// one without parameters.
    pub fn new<P: Parameters<T> + ?Sized>(
        config: impl Into<OptimizerConfig>,
        parameters: &P,
    ) -> Result<Self, Error> {
        let config = config.into();
        config.check()?;
        let structure = Structure::of(parameters)?;
        let count = structure.count();
        if count == 0 {
            return Err(Error::Empty {
                what: "the model to optimise",
            });
        }
        Ok(Self {
            config,
            clip: None,
            steps: 0,
            structure,
            memories: vec![vec![T::zero(); count]; config.memories().len()],
            gradient: vec![T::zero(); count],
        })
    }

    /// The same optimiser, clipping every gradient.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a limit that is negative or not finite.
    pub fn clipped(mut self, clip: Clip) -> Result<Self, Error> {
        clip.check()?;
        self.clip = Some(clip);
        Ok(self)
    }

    /// How many steps have been made.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets the number of steps made, for a state whose tensors are loaded through [`Parameters`].
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// The rule and its settings.
    #[must_use]
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// What is done to large gradients.
    #[must_use]
    pub fn clip(&self) -> Option<Clip> {
        self.clip
    }

    /// The structure of the models that it optimises.
    #[must_use]
    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// The rate of the next step.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        match &self.config {
            OptimizerConfig::Sgd(config) => config.learning_rate,
            OptimizerConfig::Adam(config) => config.learning_rate,
        }
    }

    /// Sets the rate of the steps that follow; the state stays.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it is negative or not finite.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<(), Error> {
        check_not_negative("learning_rate", rate)?;
        match &mut self.config {
            OptimizerConfig::Sgd(config) => config.learning_rate = rate,
            OptimizerConfig::Adam(config) => config.learning_rate = rate,
        }
        Ok(())
    }

    /// Forgets all gradients, as at construction.
    pub fn reset(&mut self) {
        self.steps = 0;
        for memory in &mut self.memories {
            memory.fill(T::zero());
        }
    }

    /// One step: checks the gradient, clips it and moves the parameters.
    ///
    /// # Errors
    /// [`Error::Tensor`] if `parameters` or `gradient` has not the structure of the model given at
    /// construction, or the gradient holds NaN or infinity (with the tensor and the index). Parameters
    /// and state are unchanged then.
    pub fn step<P, G>(&mut self, parameters: &mut P, gradient: &G) -> Result<(), Error>
    where
        P: Parameters<T> + ?Sized,
        G: Parameters<T> + ?Sized,
    {
        if self.gradient.len() != self.structure.count() {
            // The first step of a state that was loaded without memories: only now it is sure that
            // the size it claims is real.
            self.structure.check(gradient).map_err(gradient_error)?;
            self.gradient.resize(self.structure.count(), T::zero());
        }
        let mut walk = Walk::over(&self.structure);
        let flat = &mut self.gradient;
        gradient.visit(&mut |name, shape, data| {
            if let Some(range) = walk.next(name, shape, data.len())
                && !copy_finite(data, &mut flat[range])
                && let Err(error) = check_tensor_finite(name, data)
            {
                walk.fail(error);
            }
        });
        walk.finish().map_err(gradient_error)?;

        let mut walk = Walk::over(&self.structure);
        // The visit that will change values: it, not `visit`, must agree.
        parameters.visit_mut(&mut |name, shape, data| {
            walk.next(name, shape, data.len());
        });
        walk.finish()?;

        if let Some(clip) = self.clip {
            clip.apply(flat);
        }
        self.steps = self.steps.saturating_add(1);
        let step = self.steps;
        let mut walk = Walk::over(&self.structure);
        match (&self.config, &mut self.memories[..]) {
            (OptimizerConfig::Adam(config), [first, second]) => {
                let coefficients = Coefficients::new(config, step);
                parameters.visit_mut(&mut |name, shape, data| {
                    if let Some(at) = walk.next(name, shape, data.len()) {
                        let gradient = &flat[at.clone()];
                        coefficients.apply(data, gradient, &mut first[at.clone()], &mut second[at]);
                    }
                });
            }
            (OptimizerConfig::Sgd(config), [velocity]) => {
                parameters.visit_mut(&mut |name, shape, data| {
                    if let Some(at) = walk.next(name, shape, data.len()) {
                        config.apply(step, data, &flat[at.clone()], &mut velocity[at]);
                    }
                });
            }
            (OptimizerConfig::Sgd(config), _) => {
                parameters.visit_mut(&mut |name, shape, data| {
                    if let Some(at) = walk.next(name, shape, data.len()) {
                        config.apply(step, data, &flat[at], &mut []);
                    }
                });
            }
            // The number of memories follows from the rule, at construction and at loading.
            (OptimizerConfig::Adam(_), _) => {}
        }
        walk.finish()
    }
}

/// The same problem, said of a gradient: its tensors have the names of the model's.
fn gradient_error(error: Error) -> Error {
    match error {
        Error::Tensor { name, problem } => Error::Tensor {
            name,
            problem: format!("{problem} (in the gradient)"),
        },
        other => other,
    }
}

/// Copies a tensor and tells whether all of it is finite.
fn copy_finite<T: Real>(from: &[T], to: &mut [T]) -> bool {
    let mut finite = true;
    // No exit within a block: the comparison of a whole block is vectorised.
    for (from, to) in from.chunks(256).zip(to.chunks_mut(256)) {
        to.copy_from_slice(from);
        finite &= from.iter().fold(true, |all, x| all & x.is_finite());
    }
    finite
}

/// The state, tensor by tensor, under the names of the model's tensors.
impl<T: Real> Parameters<T> for Optimizer<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        for (memory, values) in self.config.memories().iter().zip(&self.memories) {
            let mut rest = values.as_slice();
            for (name, shape) in self.structure.iter() {
                if let Some((data, after)) = volume(shape).and_then(|n| rest.split_at_checked(n)) {
                    with_name(memory, None, name, |full| f(full, shape, data));
                    rest = after;
                }
            }
        }
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        for (memory, values) in self.config.memories().iter().zip(&mut self.memories) {
            let mut rest = values.as_mut_slice();
            for (name, shape) in self.structure.iter() {
                if let Some((data, after)) =
                    volume(shape).and_then(|n| core::mem::take(&mut rest).split_at_mut_checked(n))
                {
                    with_name(memory, None, name, |full| f(full, shape, data));
                    rest = after;
                }
            }
        }
    }
}
