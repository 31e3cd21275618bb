use nalgebra::DMatrix;
use neuropil_math::random::{self, Entries};
use neuropil_math::spectral::{self, RadiusConfig};
use neuropil_math::vectors::{Kernel, widest};
use neuropil_math::{Csr, LinearMap, Real, Scale, SlicedEll};
use rand::Rng;

use crate::Error;
use crate::reservoir::config::{Dynamics, ReservoirConfig};
use crate::reservoir::parts::{Recurrent, ReservoirParts};
use crate::reservoir::series::{allocate, check_samples, check_series, check_size};
use crate::reservoir::state::ReservoirState;

/// A fixed random dynamical system that is driven by a signal: an echo state network without its
/// readout.
///
/// $$x(t) = (1 - \alpha) x(t-1) + \alpha f(W x(t-1) + W_\text{in} u(t) + W_\text{fb} y(t-1) + b)$$
/// and the other equations of [`Dynamics`]. The state starts at 0, and state $t$ has seen input $t$.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Reservoir, ReservoirConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let reservoir = Reservoir::<f64>::new(&ReservoirConfig::default(), 1, &mut rng)?;
/// let inputs = DMatrix::from_fn(1, 300, |_, t| (0.2 * t as f64).sin());
///
/// // A reservoir forgets where it started: that is the echo state property.
/// let mut rested = reservoir.state();
/// let mut excited = reservoir.state();
/// excited.set(&[0.5; 100])?;
/// reservoir.run(&mut rested, &inputs)?;
/// reservoir.run(&mut excited, &inputs)?;
/// for (a, b) in rested.values().iter().zip(excited.values()) {
///     assert!((a - b).abs() < 1e-9);
/// }
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reservoir<T: Real> {
    parts: ReservoirParts<T>,
    /// What multiplies the state: $W$, or $W - W^T - \gamma I$.
    coupling: Option<Recurrent<T>>,
    /// The coupling in the form of fast products, if it is sparse.
    fast: Option<SlicedEll<T>>,
}

impl<T: Real> Reservoir<T> {
    /// A random reservoir for `inputs` channels.
    ///
    /// Draws $W$ as its [`Topology`](crate::Topology) says, one number for the start of the search for its
    /// largest eigenvalue, $W_\text{in}$ column by column (first which of its weights are not 0, if
    /// not all), the bias (nothing without), $W_\text{fb}$ as $W_\text{in}$, and $O$.
    ///
    /// # Errors
    /// Those of [`ReservoirConfig::check`]. [`neuropil_math::Error::OutOfRange`] if $W$ turned out to
    /// have the spectral radius 0 (no cycle among few connections) and another one is wanted;
    /// [`neuropil_math::Error::NotConverged`] if the radius was not found.
    pub fn new<R: Rng + ?Sized>(
        config: &ReservoirConfig,
        inputs: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        config.check(inputs)?;
        let units = config.units;
        let mut recurrent: Recurrent<T> = config.topology.draw(units, rng)?;
        let target = config.spectral_radius;
        if config.topology.is_nilpotent() {
            rng.next_u64();
            recurrent.scale_by(target)?;
        } else {
            spectral::rescale(&mut recurrent, target, &RadiusConfig::default(), rng)?;
        }
        if target == 0.0 {
            // No weight is left to multiply with.
            recurrent = Recurrent::Sparse(Csr::zeros(units, units)?);
        }
        let input = weights(
            units,
            &config.input_scaling.factors("input scalings", inputs)?,
            config.input_density,
            config.input_entries,
            rng,
        )?;
        let bias = if config.bias_scaling > 0.0 {
            let entries = Entries::uniform(config.bias_scaling);
            random::vector(units, entries, rng)?.as_slice().to_vec()
        } else {
            vec![T::zero(); units]
        };
        let feedback = match &config.feedback {
            None => None,
            Some(feedback) => Some(weights(
                units,
                &feedback
                    .scaling
                    .factors("feedback scalings", feedback.channels)?,
                feedback.density,
                Entries::uniform(1.0),
                rng,
            )?),
        };
        let orthogonal = matches!(config.dynamics, Dynamics::EdgeOfStability { .. })
            .then(|| Recurrent::Dense(random::orthogonal(units, units, rng)));
        Self::from_parts(ReservoirParts {
            recurrent,
            input,
            bias,
            leak: config.leaks().into_iter().map(T::of).collect(),
            feedback,
            activation: config.activation,
            dynamics: config.dynamics,
            orthogonal,
        })
    }

    /// The reservoir of these matrices, which are taken as they are.
    ///
    /// # Errors
    /// [`Error::Shape`] if sizes do not agree, [`neuropil_math::Error::NonFinite`] for NaN and infinity,
    /// [`neuropil_math::Error::OutOfRange`] for a leak or a setting of the dynamics outside of its
    /// range, [`neuropil_math::Error::Empty`] without units.
    pub fn from_parts(parts: ReservoirParts<T>) -> Result<Self, Error> {
        parts.check()?;
        let coupling = match parts.dynamics {
            Dynamics::Euler { diffusion, .. } => Some(antisymmetric(&parts.recurrent, diffusion)?),
            _ => None,
        };
        let fast = match coupling.as_ref().unwrap_or(&parts.recurrent) {
            Recurrent::Sparse(matrix) => SlicedEll::new(matrix),
            Recurrent::Dense(_) => None,
        };
        Ok(Self {
            parts,
            coupling,
            fast,
        })
    }

    /// The matrices and settings.
    #[must_use]
    pub fn parts(&self) -> &ReservoirParts<T> {
        &self.parts
    }

    /// The matrices and settings, to change them and make another reservoir of them.
    #[must_use]
    pub fn into_parts(self) -> ReservoirParts<T> {
        self.parts
    }

    /// The number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.parts.bias.len()
    }

    /// The number of input channels.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.parts.input.ncols()
    }

    /// The number of outputs that are fed back; 0 without feedback.
    #[must_use]
    pub fn feedbacks(&self) -> usize {
        self.parts.feedback.as_ref().map_or(0, DMatrix::ncols)
    }

    /// The matrix that multiplies the state: $W$, or $W - W^T - \gamma I$ of [`Dynamics::Euler`].
    #[must_use]
    pub fn coupling(&self) -> &Recurrent<T> {
        self.coupling.as_ref().unwrap_or(&self.parts.recurrent)
    }

    /// A state at rest: zeros.
    #[must_use]
    pub fn state(&self) -> ReservoirState<T> {
        ReservoirState::new(self.units())
    }

    /// Takes in one input. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if the state or the input has another size, or the reservoir has feedback
    /// ([`step_with_feedback`](Self::step_with_feedback)); [`Error::NonFinite`] if the input holds NaN
    /// or infinity. The state is then unchanged.
    pub fn step(&self, state: &mut ReservoirState<T>, input: &[T]) -> Result<(), Error> {
        self.step_with_feedback(state, input, &[])
    }

    /// Takes in one input and the output $y(t-1)$ of the step before. Allocates nothing.
    ///
    /// # Errors
    /// As [`step`](Self::step), for the feedback as for the input.
    pub fn step_with_feedback(
        &self,
        state: &mut ReservoirState<T>,
        input: &[T],
        feedback: &[T],
    ) -> Result<(), Error> {
        self.check_state(state)?;
        check_size("channels of the input", self.inputs(), input.len())?;
        check_size("channels of the feedback", self.feedbacks(), feedback.len())?;
        check_samples("input", input, self.inputs())?;
        check_samples("feedback", feedback, self.feedbacks())?;
        self.advance(state, input, feedback)
    }

    /// Takes in a series of inputs (inputs × time) and gives all states, units × time: the same to the
    /// bit as steps.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`Error::Diverged`] if a state is not finite (which an activation
    /// without bounds allows); [`Error::OutOfMemory`].
    pub fn run(
        &self,
        state: &mut ReservoirState<T>,
        inputs: &DMatrix<T>,
    ) -> Result<DMatrix<T>, Error> {
        check_size("channels of the feedback", self.feedbacks(), 0)?;
        check_series("inputs", inputs, self.inputs(), 0)?;
        let mut states = allocate(self.units(), inputs.ncols())?;
        self.run_into(state, inputs.as_slice(), &[], &mut states)?;
        Ok(DMatrix::from_vec(self.units(), inputs.ncols(), states))
    }

    /// [`run`](Self::run) with the outputs of the steps before, outputs × time: teacher forcing.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with_feedback(
        &self,
        state: &mut ReservoirState<T>,
        inputs: &DMatrix<T>,
        feedback: &DMatrix<T>,
    ) -> Result<DMatrix<T>, Error> {
        check_series("inputs", inputs, self.inputs(), 0)?;
        check_series("feedback", feedback, self.feedbacks(), 0)?;
        let mut states = allocate(self.units(), inputs.ncols())?;
        self.run_into(state, inputs.as_slice(), feedback.as_slice(), &mut states)?;
        Ok(DMatrix::from_vec(self.units(), inputs.ncols(), states))
    }

    /// [`run`](Self::run) over slices, sample after sample, without allocation: as many steps as
    /// `states` has room for. Without feedback the slice of it is empty.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_into(
        &self,
        state: &mut ReservoirState<T>,
        inputs: &[T],
        feedback: &[T],
        states: &mut [T],
    ) -> Result<(), Error> {
        let (units, channels, feedbacks) = (self.units(), self.inputs(), self.feedbacks());
        self.check_state(state)?;
        let steps = states.len() / units;
        check_size("values of the states", steps * units, states.len())?;
        check_size("values of the inputs", steps * channels, inputs.len())?;
        check_size("values of the feedback", steps * feedbacks, feedback.len())?;
        check_samples("inputs", inputs, channels)?;
        check_samples("feedback", feedback, feedbacks)?;
        for (step, out) in states.chunks_exact_mut(units).enumerate() {
            let input = &inputs[step * channels..][..channels];
            let feedback = &feedback[step * feedbacks..][..feedbacks];
            self.advance(state, input, feedback)?;
            out.copy_from_slice(&state.x);
        }
        match states.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(index) => Err(Error::Diverged {
                step: index / units,
                channel: index % units,
            }),
        }
    }

    /// What the units take in, $z = W x + W_\text{in} u + W_\text{fb} y + b$ (before $f$), without
    /// moving on. Its derivative by the state is [`coupling`](Self::coupling). Allocates nothing.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`Error::Shape`] if `out` is not one value for each unit.
    pub fn net_input(
        &self,
        state: &ReservoirState<T>,
        input: &[T],
        feedback: &[T],
        out: &mut [T],
    ) -> Result<(), Error> {
        self.check_state(state)?;
        check_size("channels of the input", self.inputs(), input.len())?;
        check_size("channels of the feedback", self.feedbacks(), feedback.len())?;
        check_size("values of the net input", self.units(), out.len())?;
        check_samples("input", input, self.inputs())?;
        check_samples("feedback", feedback, self.feedbacks())?;
        self.multiply(&state.x, out)?;
        for (out, &bias) in out.iter_mut().zip(&self.parts.bias) {
            *out += bias;
        }
        add_product(&self.parts.input, input, out);
        if let Some(weights) = &self.parts.feedback {
            add_product(weights, feedback, out);
        }
        Ok(())
    }

    pub(crate) fn check_state(&self, state: &ReservoirState<T>) -> Result<(), Error> {
        check_size("units of the state", self.units(), state.x.len())
    }

    /// The coupling times a state.
    #[inline]
    fn multiply(&self, x: &[T], y: &mut [T]) -> Result<(), Error> {
        match &self.fast {
            Some(matrix) => matrix.apply(x, y)?,
            None => self.coupling().apply(x, y)?,
        }
        Ok(())
    }

    /// One step with arguments that were checked.
    pub(crate) fn advance(
        &self,
        state: &mut ReservoirState<T>,
        input: &[T],
        feedback: &[T],
    ) -> Result<(), Error> {
        let parts = &self.parts;
        let ReservoirState { x, next, drive } = state;
        self.multiply(x, next)?;
        widest(Drive {
            bias: &parts.bias,
            weights: [
                (parts.input.as_slice(), input),
                parts
                    .feedback
                    .as_ref()
                    .map_or((&[][..], &[][..]), |w| (w.as_slice(), feedback)),
            ],
            drive,
            z: next,
        });
        parts.activation.apply(next);
        let shares = match parts.dynamics {
            Dynamics::Leaky => match parts.leak[..] {
                [leak] if leak == T::one() => {
                    core::mem::swap(x, next);
                    return Ok(());
                }
                [leak] => Shares::All {
                    kept: T::one() - leak,
                    new: leak,
                },
                ref leaks => Shares::Each(leaks),
            },
            Dynamics::EdgeOfStability { proximity } => {
                if let Some(orthogonal) = &parts.orthogonal {
                    orthogonal.apply(x, drive)?;
                    x.copy_from_slice(drive);
                }
                Shares::All {
                    kept: T::of(1.0 - proximity),
                    new: T::of(proximity),
                }
            }
            Dynamics::Euler { step, .. } => Shares::All {
                kept: T::one(),
                new: T::of(step),
            },
        };
        widest(Mix { shares, x, next });
        Ok(())
    }
}

/// Adds to $z$ the bias and the shares of input and feedback.
struct Drive<'a, T> {
    bias: &'a [T],
    weights: [(&'a [T], &'a [T]); 2],
    drive: &'a mut [T],
    z: &'a mut [T],
}

impl<T: Real> Kernel for Drive<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (units, drive) = (self.bias.len(), self.drive);
        // Of one channel, the most common case, without a pass over the memory between.
        if let [(column, &[u]), (_, [])] = self.weights {
            for (((z, &b), &w), drive) in self.z.iter_mut().zip(self.bias).zip(column).zip(drive) {
                *drive = b + w * u;
                *z += *drive;
            }
            return;
        }
        drive.copy_from_slice(self.bias);
        for (weights, signal) in self.weights {
            for (column, &u) in weights.chunks_exact(units).zip(signal) {
                for (drive, &w) in drive.iter_mut().zip(column) {
                    *drive += w * u;
                }
            }
        }
        for (z, &drive) in self.z.iter_mut().zip(&*drive) {
            *z += drive;
        }
    }
}

/// How much of the state stays, and how much of the new value comes in.
enum Shares<'a, T> {
    All {
        kept: T,
        new: T,
    },
    /// The new share of each unit; what is left of one stays.
    Each(&'a [T]),
}

/// $x \leftarrow a x + b f(z)$.
struct Mix<'a, T> {
    shares: Shares<'a, T>,
    x: &'a mut [T],
    next: &'a [T],
}

impl<T: Real> Kernel for Mix<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mixed = self.x.iter_mut().zip(self.next);
        match self.shares {
            Shares::All { kept, new } => {
                for (x, &next) in mixed {
                    *x = kept * *x + new * next;
                }
            }
            Shares::Each(shares) => {
                for ((x, &next), &new) in mixed.zip(shares) {
                    *x = (T::one() - new) * *x + new * next;
                }
            }
        }
    }
}

/// $y \leftarrow y + W u$, channel after channel.
fn add_product<T: Real>(weights: &DMatrix<T>, input: &[T], y: &mut [T]) {
    for (column, &u) in weights.as_slice().chunks_exact(y.len()).zip(input) {
        for (y, &w) in y.iter_mut().zip(column) {
            *y += w * u;
        }
    }
}

/// $W - W^T - \gamma I$.
fn antisymmetric<T: Real>(w: &Recurrent<T>, diffusion: f64) -> Result<Recurrent<T>, Error> {
    let diffusion = T::of(diffusion);
    Ok(match w {
        Recurrent::Dense(w) => Recurrent::Dense(DMatrix::from_fn(w.nrows(), w.nrows(), |i, j| {
            if i == j {
                -diffusion
            } else {
                w[(i, j)] - w[(j, i)]
            }
        })),
        Recurrent::Sparse(w) => {
            let mut triplets = Vec::with_capacity(2 * w.stored() + w.nrows());
            for (i, j, value) in w.triplets().filter(|&(i, j, _)| i != j) {
                triplets.push((i, j, value));
                triplets.push((j, i, -value));
            }
            triplets.extend((0..w.nrows()).map(|i| (i, i, -diffusion)));
            Recurrent::Sparse(Csr::from_triplets(w.nrows(), w.nrows(), &triplets)?)
        }
    })
}

/// Weights of a signal, units × channels.
fn weights<T: Real, R: Rng + ?Sized>(
    units: usize,
    factors: &[f64],
    density: f64,
    entries: Entries,
    rng: &mut R,
) -> Result<DMatrix<T>, Error> {
    let mut weights = DMatrix::zeros(units, factors.len());
    if density < 1.0 {
        // Channel by channel, so that the first weights do not depend on the number of channels.
        let drawn =
            random::sparse_by_density::<f64, R>(factors.len(), units, density, entries, rng)?;
        for (channel, unit, value) in drawn.triplets() {
            weights[(unit, channel)] = T::of(value * factors[channel]);
        }
    } else {
        for (mut column, factor) in weights.column_iter_mut().zip(factors) {
            for weight in column.iter_mut() {
                *weight = T::of(entries.sample::<f64, R>(rng) * factor);
            }
        }
    }
    neuropil_math::check_finite("input weights", weights.as_slice())?;
    Ok(weights)
}
