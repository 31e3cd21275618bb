use std::fmt;
use std::path::Path;

use nalgebra::DMatrix;
use neuropil_reservoir::{
    Error, Esn, EsnConfig, EsnState, Lambda, Leak, Ngrc, NgrcConfig, NgrcState, Orders, Scaling,
    Target,
};
use rand::rngs::Xoshiro256PlusPlus;

use super::plural;

/// The settings of a model of one channel. The penalty is in units of the number of samples, so that it
/// means the same whatever the length of the training part.
#[derive(Debug, Clone)]
pub(crate) enum Setting {
    Ngrc {
        config: NgrcConfig,
        penalty: f64,
    },
    Esn {
        config: Box<EsnConfig>,
        penalty: f64,
        /// What the reservoir is drawn from.
        generator: Xoshiro256PlusPlus,
    },
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (penalty, target) = match self {
            Self::Ngrc { config, penalty } => {
                let order = match config.orders {
                    Orders::UpTo(order) => order,
                    _ => 0,
                };
                write!(
                    f,
                    "{}, stride {}, order {order}",
                    plural(config.taps, "tap"),
                    config.stride
                )?;
                (penalty, config.target)
            }
            Self::Esn {
                config, penalty, ..
            } => {
                let reservoir = &config.reservoir;
                write!(
                    f,
                    "{}, spectral radius {:.3}",
                    plural(reservoir.units, "unit"),
                    reservoir.spectral_radius
                )?;
                if let Leak::Scalar(leak) = reservoir.leak {
                    write!(f, ", leak {leak:.2}")?;
                }
                if let Scaling::Uniform(scale) = reservoir.input_scaling {
                    write!(f, ", input scaling {scale:.3}")?;
                }
                write!(f, ", bias scaling {:.3}", reservoir.bias_scaling)?;
                (penalty, config.target)
            }
        };
        let target = match target {
            Target::Increment => "increment",
            Target::Direct => "next value",
        };
        write!(f, ", lambda {penalty:.0e} per sample, target {target}")
    }
}

impl Setting {
    /// What the model is called in a table.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ngrc { .. } => "NG-RC",
            Self::Esn { .. } => "ESN",
        }
    }

    /// A model of these values.
    pub(crate) fn fit(&self, values: &[f64]) -> Result<Model, Error> {
        let series = DMatrix::from_row_slice(1, values.len(), values);
        let lambda = |penalty: &f64| Lambda::Fixed(penalty * values.len() as f64);
        match self {
            Self::Ngrc { config, penalty } => {
                let mut model = Ngrc::new(NgrcConfig {
                    lambda: lambda(penalty),
                    ..config.clone()
                })?;
                model.fit(&series)?;
                Ok(Model::Ngrc(Box::new(model)))
            }
            Self::Esn {
                config,
                penalty,
                generator,
            } => {
                let config = EsnConfig {
                    lambda: lambda(penalty),
                    ..(**config).clone()
                };
                let mut model = Esn::new(config, 1, &mut generator.clone())?;
                model.fit(&series)?;
                Ok(Model::Esn(Box::new(model)))
            }
        }
    }
}

/// A fitted model of one channel.
#[derive(Debug)]
pub(crate) enum Model {
    Ngrc(Box<Ngrc<f64>>),
    Esn(Box<Esn<f64>>),
}

/// A reservoir of the sizes here forgets in fewer values than these.
const MEMORY: usize = 1000;

impl Model {
    /// How many values it must have seen before it can answer.
    pub(crate) fn needed(&self) -> usize {
        match self {
            Self::Ngrc(model) => model.config().warmup().map_or(usize::MAX, |w| w + 1),
            Self::Esn(_) => 1,
        }
    }

    /// The values after this history; nothing if the forecast diverges or the history is too short.
    pub(crate) fn forecast(&self, history: &[f64], steps: usize) -> Option<Vec<f64>> {
        let needed = self.needed();
        let seen = match self {
            Self::Ngrc(_) => needed,
            Self::Esn(_) => MEMORY.min(history.len()).max(needed),
        };
        let recent = &history[history.len().checked_sub(seen)?..];
        let recent = DMatrix::from_row_slice(1, seen, recent);
        let forecast = match self {
            Self::Ngrc(model) => model.forecast(&recent, steps),
            Self::Esn(model) => model.forecast(&recent, steps),
        };
        Some(forecast.ok()?.as_slice().to_vec())
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), String> {
        let outcome = match self {
            Self::Ngrc(model) => model.save(path),
            Self::Esn(model) => model.save(path),
        };
        outcome.map_err(|e| e.to_string())
    }

    /// A model that was saved, of either kind.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        match Ngrc::load(path) {
            Ok(model) => Ok(Self::Ngrc(Box::new(model))),
            // If it is neither, the first error is as good as the second.
            Err(error) => Esn::load(path)
                .map(|model| Self::Esn(Box::new(model)))
                .map_err(|_| error.to_string()),
        }
    }

    /// What it is and what it has learned from, in words.
    pub(crate) fn describe(&self) -> Result<String, Error> {
        let (name, channels, weights, samples) = match self {
            Self::Ngrc(model) => (
                "NG-RC",
                model.features()?.channels(),
                model.weights()?.len(),
                model.samples()?,
            ),
            Self::Esn(model) => (
                "ESN",
                model.reservoir().inputs(),
                model.weights()?.len(),
                model.samples()?,
            ),
        };
        Ok(format!(
            "{name} of {} and {} that has learned from {}",
            plural(channels, "channel"),
            plural(weights, "weight"),
            plural(samples, "pair")
        ))
    }
}

/// A model that gets its values one by one.
#[derive(Debug)]
pub(crate) enum Stream<'a> {
    Ngrc(&'a Ngrc<f64>, NgrcState<f64>),
    Esn(&'a Esn<f64>, EsnState<f64>),
}

impl<'a> Stream<'a> {
    pub(crate) fn new(model: &'a Model) -> Result<Self, Error> {
        Ok(match model {
            Model::Ngrc(model) => Self::Ngrc(model, model.state()?),
            Model::Esn(model) => Self::Esn(model, model.state()?),
        })
    }

    /// Takes in a value; the prediction of the next one, if enough have been seen.
    pub(crate) fn step(&mut self, value: f64) -> Result<Option<f64>, Error> {
        let mut next = [0.0];
        let ready = match self {
            Self::Ngrc(model, state) => model.step(state, &[value], &mut next)?,
            Self::Esn(model, state) => {
                model.step(state, &[value], &mut next)?;
                true
            }
        };
        Ok(ready.then_some(next[0]))
    }

    /// The values after the last.
    pub(crate) fn forecast(mut self, steps: usize) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; steps];
        match &mut self {
            Self::Ngrc(model, state) => model.forecast_into(state, &mut values)?,
            Self::Esn(model, state) => model.forecast_into(state, &mut values)?,
        }
        Ok(values)
    }
}
