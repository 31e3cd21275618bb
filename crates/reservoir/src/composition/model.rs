use nalgebra::DMatrix;
use neuropil_math::Real;
use rand::Rng;

use crate::composition::config::{Branch, Channels, CompositionConfig};
use crate::composition::state::CompositionState;
use crate::reservoir::config::require;
use crate::reservoir::series::{allocate, check_samples, check_series, check_size};
use crate::{Error, Reservoir, ReservoirState, StateMap};

/// Several reservoirs as one: a deep reservoir, groups side by side, or both within each other.
///
/// Its state is that of all reservoirs, one after the other. An [`Esn`](crate::Esn) reads it out as it
/// does the state of one reservoir.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Composition, CompositionConfig, Esn, EsnConfig, ReservoirConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let layer = ReservoirConfig { units: 50, ..ReservoirConfig::default() };
/// let config = CompositionConfig::deep([layer.clone(), layer.clone(), layer]);
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let deep = Composition::new(&config, 1, &mut rng)?;
///
/// let series = DMatrix::from_fn(1, 1000, |_, t| (0.2 * t as f64).sin() + (0.311 * t as f64).cos());
/// let mut model = Esn::from_reservoir(EsnConfig::default(), deep)?;
/// model.fit(&series)?;
/// assert_eq!(model.features(), 151);
/// let next = model.forecast(&series, 1)?;
/// assert!((next[0] - (0.2_f64 * 1000.0).sin() - (0.311_f64 * 1000.0).cos()).abs() < 1e-2);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Composition<T: Real> {
    pub(super) inputs: usize,
    units: usize,
    /// Values that are put together on the way down.
    room: usize,
    pub(super) node: Node<T>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<T: Real> {
    Reservoir(Box<Reservoir<T>>),
    Stack {
        layers: Vec<Composition<T>>,
        input_to_all: bool,
    },
    Parallel(Vec<(Channels, Composition<T>)>),
}

impl<T: Real> From<Reservoir<T>> for Composition<T> {
    fn from(reservoir: Reservoir<T>) -> Self {
        Self {
            inputs: reservoir.inputs(),
            units: reservoir.units(),
            room: 0,
            node: Node::Reservoir(Box::new(reservoir)),
        }
    }
}

impl<T: Real> Composition<T> {
    /// Random reservoirs for `inputs` channels, drawn in the order in which their states follow.
    ///
    /// # Errors
    /// Those of [`CompositionConfig::check`] and [`Reservoir::new`].
    pub fn new<R: Rng + ?Sized>(
        config: &CompositionConfig,
        inputs: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        config.check(inputs)?;
        Self::draw(config, inputs, rng)
    }

    fn draw<R: Rng + ?Sized>(
        config: &CompositionConfig,
        inputs: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        match config {
            CompositionConfig::Reservoir(config) => Ok(Reservoir::new(config, inputs, rng)?.into()),
            CompositionConfig::Stack {
                layers,
                input_to_all,
            } => {
                let mut heard = inputs;
                let mut drawn = Vec::with_capacity(layers.len());
                for layer in layers {
                    drawn.push(Self::draw(layer, heard, rng)?);
                    heard = layer.units() + if *input_to_all { inputs } else { 0 };
                }
                Self::stack(drawn, *input_to_all)
            }
            CompositionConfig::Parallel(branches) => {
                let draw = |Branch { channels, part }: &Branch| {
                    let part = Self::draw(part, channels.count(inputs)?, rng)?;
                    Ok((channels.clone(), part))
                };
                let drawn = branches.iter().map(draw).collect::<Result<_, Error>>()?;
                Self::parallel(inputs, drawn)
            }
        }
    }

    /// Layers, of which each hears the state of the one below, and the input before it if `input_to_all`.
    ///
    /// # Errors
    /// [`Error::Shape`] for a layer of other inputs; [`neuropil_math::Error::Empty`] without layers;
    /// [`neuropil_math::Error::OutOfRange`] for a reservoir with feedback.
    pub fn stack(layers: Vec<Self>, input_to_all: bool) -> Result<Self, Error> {
        let Some(first) = layers.first() else {
            return Err(neuropil_math::Error::Empty { what: "layers" }.into());
        };
        let inputs = first.inputs;
        let extra = if input_to_all { inputs } else { 0 };
        for pair in layers.windows(2) {
            let heard = pair[0].units + extra;
            check_size("inputs of a layer", heard, pair[1].inputs)?;
        }
        layers.iter().try_for_each(Self::check_feedback)?;
        let own = if input_to_all {
            layers.iter().map(|layer| layer.inputs).max().unwrap_or(0)
        } else {
            0
        };
        let below = layers.iter().map(|layer| layer.room).max().unwrap_or(0);
        Ok(Self {
            inputs,
            units: layers.iter().map(|layer| layer.units).sum(),
            room: own + below,
            node: Node::Stack {
                layers,
                input_to_all,
            },
        })
    }

    /// Parts that hear some of `inputs` channels each, and not each other.
    ///
    /// # Errors
    /// [`Error::Shape`] for a part of other inputs; [`neuropil_math::Error::Empty`] without parts;
    /// [`neuropil_math::Error::OutOfRange`] for a channel that there is not, or a reservoir with feedback.
    pub fn parallel(inputs: usize, branches: Vec<(Channels, Self)>) -> Result<Self, Error> {
        if branches.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "branches" }.into());
        }
        let mut room = 0;
        for (channels, part) in &branches {
            check_size("inputs of a branch", channels.count(inputs)?, part.inputs)?;
            part.check_feedback()?;
            room = room.max(part.inputs + part.room);
        }
        Ok(Self {
            inputs,
            units: branches.iter().map(|(_, part)| part.units).sum(),
            room,
            node: Node::Parallel(branches),
        })
    }

    fn check_feedback(&self) -> Result<(), Error> {
        let Node::Reservoir(reservoir) = &self.node else {
            return Ok(());
        };
        let feedbacks = reservoir.feedbacks();
        let range = "must be absent in a composition";
        require("feedback", feedbacks as f64, feedbacks == 0, range)
    }

    /// The number of units of all reservoirs together.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units
    }

    /// The number of input channels.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The reservoirs, in the order in which their states follow.
    #[must_use]
    pub fn reservoirs(&self) -> Vec<&Reservoir<T>> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Reservoir<T>>) {
        match &self.node {
            Node::Reservoir(reservoir) => found.push(reservoir),
            Node::Stack { layers, .. } => layers.iter().for_each(|layer| layer.collect(found)),
            Node::Parallel(branches) => branches.iter().for_each(|(_, part)| part.collect(found)),
        }
    }

    /// A state at rest: zeros.
    #[must_use]
    pub fn state(&self) -> CompositionState<T> {
        CompositionState {
            parts: self.reservoirs().iter().map(|one| one.state()).collect(),
            values: vec![T::zero(); self.units],
            room: vec![T::zero(); self.room],
        }
    }

    /// Takes in one input. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if the state or the input has another size; [`Error::NonFinite`] if the input
    /// holds NaN or infinity. The state is then unchanged.
    pub fn step(&self, state: &mut CompositionState<T>, input: &[T]) -> Result<(), Error> {
        StateMap::check_state(self, state)?;
        check_size("channels of the input", self.inputs, input.len())?;
        check_samples("input", input, self.inputs)?;
        StateMap::advance(self, state, input, &[])
    }

    /// Takes in a series of inputs (inputs × time) and gives all states, units × time: the same to the
    /// bit as steps.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`Error::Diverged`] if a state is not finite (which an activation
    /// without bounds allows); [`Error::OutOfMemory`].
    pub fn run(
        &self,
        state: &mut CompositionState<T>,
        inputs: &DMatrix<T>,
    ) -> Result<DMatrix<T>, Error> {
        StateMap::check_state(self, state)?;
        check_series("inputs", inputs, self.inputs, 0)?;
        let mut states = allocate(self.units, inputs.ncols())?;
        for (step, out) in states.chunks_exact_mut(self.units).enumerate() {
            let input = &inputs.as_slice()[step * self.inputs..][..self.inputs];
            StateMap::advance(self, state, input, &[])?;
            out.copy_from_slice(&state.values);
            if let Some(channel) = out.iter().position(|x| !x.is_finite()) {
                return Err(Error::Diverged { step, channel });
            }
        }
        Ok(DMatrix::from_vec(self.units, inputs.ncols(), states))
    }

    /// Takes the states of its reservoirs from the beginning of `parts`, and gives back the rest.
    fn descend<'a>(
        &self,
        mut parts: &'a mut [ReservoirState<T>],
        values: &mut [T],
        room: &mut [T],
        input: &[T],
    ) -> Result<&'a mut [ReservoirState<T>], Error> {
        match &self.node {
            Node::Reservoir(reservoir) => {
                let Some((state, rest)) = parts.split_first_mut() else {
                    // The number of states was checked.
                    return Ok(Default::default());
                };
                reservoir.advance(state, input, &[])?;
                values.copy_from_slice(&state.x);
                Ok(rest)
            }
            Node::Stack {
                layers,
                input_to_all,
            } => {
                let mut below = 0..0;
                for layer in layers {
                    let (before, rest) = values.split_at_mut(below.end);
                    let heard = &before[below.clone()];
                    let own = &mut rest[..layer.units];
                    parts = if below.is_empty() {
                        layer.descend(parts, own, room, input)?
                    } else if *input_to_all {
                        let (joined, room) = room.split_at_mut(layer.inputs);
                        joined[..input.len()].copy_from_slice(input);
                        joined[input.len()..].copy_from_slice(heard);
                        layer.descend(parts, own, room, joined)?
                    } else {
                        layer.descend(parts, own, room, heard)?
                    };
                    below = below.end..below.end + layer.units;
                }
                Ok(parts)
            }
            Node::Parallel(branches) => {
                let mut rest = values;
                for (channels, part) in branches {
                    let (own, after) = rest.split_at_mut(part.units);
                    rest = after;
                    parts = match channels {
                        Channels::All => part.descend(parts, own, room, input)?,
                        Channels::Listed(listed) => {
                            let (heard, room) = room.split_at_mut(listed.len());
                            for (heard, &channel) in heard.iter_mut().zip(listed) {
                                *heard = input[channel];
                            }
                            part.descend(parts, own, room, heard)?
                        }
                    };
                }
                Ok(parts)
            }
        }
    }
}

impl<T: Real> StateMap<T> for Composition<T> {
    type State = CompositionState<T>;

    fn units(&self) -> usize {
        self.units
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn state(&self) -> CompositionState<T> {
        Self::state(self)
    }

    fn check_state(&self, state: &CompositionState<T>) -> Result<(), Error> {
        check_size("units of the state", self.units, state.values.len())?;
        check_size("memory of the state", self.room, state.room.len())?;
        let mut index = 0;
        self.check_parts(&state.parts, &mut index)?;
        check_size("reservoirs of the state", index, state.parts.len())
    }

    fn advance(
        &self,
        state: &mut CompositionState<T>,
        input: &[T],
        _feedback: &[T],
    ) -> Result<(), Error> {
        let CompositionState {
            parts,
            values,
            room,
        } = state;
        self.descend(parts, values, room, input).map(drop)
    }
}

impl<T: Real> Composition<T> {
    /// Whether the states from `index` on are those of these reservoirs; `index` moves past them.
    fn check_parts(&self, parts: &[ReservoirState<T>], index: &mut usize) -> Result<(), Error> {
        match &self.node {
            Node::Reservoir(reservoir) => {
                let Some(state) = parts.get(*index) else {
                    return check_size("reservoirs of the state", *index + 1, parts.len());
                };
                *index += 1;
                reservoir.check_state(state)
            }
            Node::Stack { layers, .. } => layers
                .iter()
                .try_for_each(|layer| layer.check_parts(parts, index)),
            Node::Parallel(branches) => branches
                .iter()
                .try_for_each(|(_, part)| part.check_parts(parts, index)),
        }
    }
}
