//! Compositions inside of the JSON files of models.

use std::path::Path;

use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::composition::config::Channels;
use crate::composition::model::{Composition, Node};
use crate::parts_file::PartsFile;
use crate::{Error, Reservoir};

#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Real", deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum CompositionFile<T: Real> {
    Reservoir(Box<PartsFile<T>>),
    Stack {
        layers: Vec<Self>,
        input_to_all: bool,
    },
    Parallel {
        inputs: usize,
        branches: Vec<(Channels, Self)>,
    },
}

impl<T: Real> CompositionFile<T> {
    pub(crate) fn of(composition: &Composition<T>) -> Self {
        match &composition.node {
            Node::Reservoir(reservoir) => Self::Reservoir(Box::new(PartsFile::of(reservoir))),
            Node::Stack {
                layers,
                input_to_all,
            } => Self::Stack {
                layers: layers.iter().map(Self::of).collect(),
                input_to_all: *input_to_all,
            },
            Node::Parallel(branches) => Self::Parallel {
                inputs: composition.inputs,
                branches: branches
                    .iter()
                    .map(|(channels, part)| (channels.clone(), Self::of(part)))
                    .collect(),
            },
        }
    }

    pub(crate) fn restore(self, path: &Path) -> Result<Composition<T>, Error> {
        match self {
            Self::Reservoir(parts) => {
                let reservoir: Reservoir<T> = parts.restore(path)?;
                Ok(reservoir.into())
            }
            Self::Stack {
                layers,
                input_to_all,
            } => {
                let layers = layers.into_iter().map(|layer| layer.restore(path));
                Composition::stack(layers.collect::<Result<_, Error>>()?, input_to_all)
            }
            Self::Parallel { inputs, branches } => {
                let branches = branches
                    .into_iter()
                    .map(|(channels, part)| Ok((channels, part.restore(path)?)));
                Composition::parallel(inputs, branches.collect::<Result<_, Error>>()?)
            }
        }
    }
}
