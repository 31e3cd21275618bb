use neuropil_math::elementary::scalar;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The values that a parameter may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Domain {
    /// Real numbers, evenly.
    Uniform {
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// Positive real numbers, whose logarithm is even: for scales.
    LogUniform {
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// Whole numbers, evenly, both ends included.
    Integer {
        /// The least.
        low: i64,
        /// The largest.
        high: i64,
    },
    /// Positive whole numbers, even in the logarithm: for sizes.
    LogInteger {
        /// The least.
        low: i64,
        /// The largest.
        high: i64,
    },
    /// One of these names.
    Categorical(Vec<String>),
}

/// The value of a parameter in a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of [`Domain::Integer`] and [`Domain::LogInteger`].
    Integer(i64),
    /// Of [`Domain::Uniform`] and [`Domain::LogUniform`].
    Real(f64),
    /// Of [`Domain::Categorical`].
    Category(String),
}

impl core::fmt::Display for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) if *value != 0.0 && !(1e-3..1e5).contains(&value.abs()) => {
                write!(f, "{value:.3e}")
            }
            Self::Real(value) => write!(f, "{value:.4}"),
            Self::Category(name) => f.write_str(name),
        }
    }
}

/// Whole numbers beyond 2⁵³ are no longer exact as `f64`.
const LARGEST: i64 = 1 << 53;

impl Domain {
    fn check(&self) -> Result<(), Error> {
        let refuse = |what, value, range| {
            Err(neuropil_math::Error::OutOfRange { what, value, range }.into())
        };
        match self {
            Self::Uniform { low, high } | Self::LogUniform { low, high } => {
                for bound in [*low, *high] {
                    if !bound.is_finite() {
                        return refuse("a bound of the search space", bound, "must be finite");
                    }
                }
                if low > high || !(high - low).is_finite() {
                    return refuse(
                        "the lower bound of a parameter",
                        *low,
                        "must not be above the upper one",
                    );
                }
                if matches!(self, Self::LogUniform { .. }) && *low <= 0.0 {
                    return refuse(
                        "the lower bound of a logarithmic parameter",
                        *low,
                        "must be positive",
                    );
                }
            }
            Self::Integer { low, high } | Self::LogInteger { low, high } => {
                for bound in [*low, *high] {
                    if !(-LARGEST..=LARGEST).contains(&bound) {
                        return refuse(
                            "a bound of the search space",
                            bound as f64,
                            "must be within ±2⁵³",
                        );
                    }
                }
                if low > high {
                    return refuse(
                        "the lower bound of a parameter",
                        *low as f64,
                        "must not be above the upper one",
                    );
                }
                if matches!(self, Self::LogInteger { .. }) && *low < 1 {
                    return refuse(
                        "the lower bound of a logarithmic parameter",
                        *low as f64,
                        "must be 1 at least",
                    );
                }
            }
            Self::Categorical(names) => {
                if names.is_empty() {
                    return Err(neuropil_math::Error::Empty {
                        what: "the categories of a parameter",
                    }
                    .into());
                }
                if let Some(twice) = first_repeated(names) {
                    return Err(named_twice("category", twice));
                }
            }
        }
        Ok(())
    }

    /// The value at `u` in [0, 1), which spreads evenly over the domain.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the domain"
    )]
    pub(crate) fn at(&self, u: f64) -> Value {
        match self {
            Self::Uniform { low, high } => Value::Real((low + u * (high - low)).clamp(*low, *high)),
            Self::LogUniform { low, high } => {
                let (a, b) = (scalar::ln(*low), scalar::ln(*high));
                Value::Real(scalar::exp(a + u * (b - a)).clamp(*low, *high))
            }
            Self::Integer { low, high } => {
                let count = (high - low + 1) as f64;
                Value::Integer((low + (u * count).floor() as i64).min(*high))
            }
            Self::LogInteger { low, high } => {
                let (a, b) = log_bounds(*low, *high);
                let value = scalar::exp(a + u * (b - a)).round() as i64;
                Value::Integer(value.clamp(*low, *high))
            }
            Self::Categorical(names) => {
                let index = ((u * names.len() as f64) as usize).min(names.len() - 1);
                Value::Category(names[index].clone())
            }
        }
    }

    /// Where in [0, 1] a value lies: the middle of its share, for whole numbers and categories.
    /// Nothing if it is not in the domain.
    pub(crate) fn position(&self, value: &Value) -> Option<f64> {
        match (self, value) {
            (Self::Uniform { low, high }, Value::Real(v)) => {
                let range = high - low;
                let u = if range > 0.0 { (v - low) / range } else { 0.5 };
                (*low..=*high).contains(v).then_some(u)
            }
            (Self::LogUniform { low, high }, Value::Real(v)) if (*low..=*high).contains(v) => {
                let (a, b) = (scalar::ln(*low), scalar::ln(*high));
                Some(if b > a {
                    ((scalar::ln(*v) - a) / (b - a)).clamp(0.0, 1.0)
                } else {
                    0.5
                })
            }
            (Self::Integer { low, high }, Value::Integer(v)) => (*low..=*high)
                .contains(v)
                .then(|| ((v - low) as f64 + 0.5) / (high - low + 1) as f64),
            (Self::LogInteger { low, high }, Value::Integer(v)) if (*low..=*high).contains(v) => {
                let (a, b) = log_bounds(*low, *high);
                Some(((scalar::ln(*v as f64) - a) / (b - a)).clamp(0.0, 1.0))
            }
            (Self::Categorical(names), Value::Category(name)) => names
                .iter()
                .position(|n| n == name)
                .map(|index| (index as f64 + 0.5) / names.len() as f64),
            _ => None,
        }
    }
}

/// Every whole number has its share of the logarithms, the ends too.
fn log_bounds(low: i64, high: i64) -> (f64, f64) {
    (scalar::ln(low as f64 - 0.5), scalar::ln(high as f64 + 0.5))
}

fn first_repeated(names: &[String]) -> Option<&String> {
    names
        .iter()
        .enumerate()
        .find(|(i, name)| names[..*i].contains(name))
        .map(|(_, name)| name)
}

fn named_twice(what: &'static str, name: &str) -> Error {
    neuropil_math::Error::UnknownName {
        what,
        name: name.to_owned(),
        known: "names that are used once",
    }
    .into()
}

/// What is searched: named parameters with their [domains](Domain).
///
/// ```
/// use neuropil_reservoir::tune::{Domain, Space};
///
/// let space = Space::new([
///     ("units", Domain::LogInteger { low: 50, high: 500 }),
///     ("leak", Domain::Uniform { low: 0.1, high: 1.0 }),
///     ("spectral_radius", Domain::LogUniform { low: 0.01, high: 1.5 }),
///     ("topology", Domain::Categorical(vec!["random".into(), "ring".into()])),
/// ])?;
/// assert_eq!(space.len(), 4);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space {
    parameters: Vec<(String, Domain)>,
}

impl Space {
    /// These parameters.
    ///
    /// # Errors
    /// If there is none, a name is used twice, bounds are not finite or the wrong way round, a
    /// logarithmic domain reaches 0, or there are no categories.
    pub fn new<N: Into<String>>(
        parameters: impl IntoIterator<Item = (N, Domain)>,
    ) -> Result<Self, Error> {
        let parameters = parameters
            .into_iter()
            .map(|(name, domain)| (name.into(), domain))
            .collect();
        let space = Self { parameters };
        space.check()?;
        Ok(space)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.parameters.is_empty() {
            return Err(neuropil_math::Error::Empty {
                what: "the search space",
            }
            .into());
        }
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        if let Some(twice) = first_repeated(&names) {
            return Err(named_twice("parameter", twice));
        }
        self.parameters
            .iter()
            .try_for_each(|(_, domain)| domain.check())
    }

    /// How many parameters there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a space is never empty")]
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// The names, in the given order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| name.as_str())
    }

    /// The parameters, in the given order.
    #[must_use]
    pub fn parameters(&self) -> &[(String, Domain)] {
        &self.parameters
    }

    /// Refuses a space with other names than those that are understood.
    pub(crate) fn check_names(
        &self,
        understood: &[&str],
        known: &'static str,
    ) -> Result<(), Error> {
        match self.names().find(|name| !understood.contains(name)) {
            Some(name) => Err(neuropil_math::Error::UnknownName {
                what: "parameter",
                name: name.to_owned(),
                known,
            }
            .into()),
            None => Ok(()),
        }
    }

    /// The values at a point of the unit cube.
    pub(crate) fn at(&self, cube: &[f64]) -> Vec<(String, Value)> {
        self.parameters
            .iter()
            .zip(cube)
            .map(|((name, domain), &u)| (name.clone(), domain.at(u)))
            .collect()
    }

    /// The point of the unit cube where these values are, if they are of this space.
    pub(crate) fn position(&self, values: &[(String, Value)]) -> Option<Vec<f64>> {
        if values.len() != self.len() {
            return None;
        }
        self.parameters
            .iter()
            .zip(values)
            .map(|((name, domain), (other, value))| {
                if name == other {
                    domain.position(value)
                } else {
                    None
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> Vec<Domain> {
        vec![
            Domain::Uniform {
                low: -2.0,
                high: 3.0,
            },
            Domain::LogUniform {
                low: 1e-6,
                high: 1e2,
            },
            Domain::Integer { low: -3, high: 3 },
            Domain::LogInteger { low: 1, high: 1000 },
            Domain::Categorical(vec!["a".into(), "b".into(), "c".into()]),
        ]
    }

    #[test]
    fn a_value_is_found_where_it_was_taken() {
        for domain in domains() {
            for i in 0..1000 {
                let u = f64::from(i) / 1000.0;
                let value = domain.at(u);
                let back = domain.position(&value).unwrap();
                assert!((0.0..=1.0).contains(&back));
                assert_eq!(domain.at(back.min(1.0 - 1e-16)), value, "{domain:?} at {u}");
            }
        }
    }

    #[test]
    fn whole_numbers_and_categories_have_equal_shares() {
        let count = |domain: &Domain, value: &Value| {
            (0..700)
                .filter(|i| domain.at(f64::from(*i) / 700.0) == *value)
                .count()
        };
        let domain = Domain::Integer { low: -3, high: 3 };
        for v in -3..=3 {
            assert_eq!(count(&domain, &Value::Integer(v)), 100);
        }
        let domain = Domain::Categorical(vec!["a".into(), "b".into()]);
        assert_eq!(count(&domain, &Value::Category("a".into())), 350);
        // Decades have equal shares, up to rounding at their ends.
        let domain = Domain::LogInteger { low: 1, high: 999 };
        let decade = |low, high| {
            (0..1000)
                .filter(|i| match domain.at(f64::from(*i) / 1000.0) {
                    Value::Integer(v) => (low..high).contains(&v),
                    _ => false,
                })
                .count()
        };
        let (tens, hundreds) = (decade(10, 100), decade(100, 1000));
        assert!(
            tens.abs_diff(hundreds) < 20,
            "{tens} beside {hundreds} of 1000"
        );
    }
}
