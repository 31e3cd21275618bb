use core::fmt;
use core::marker::PhantomData;
use std::collections::BTreeMap;
use std::path::Path;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{load_model, save_model};
use crate::parameters::{Structure, check_finite, volume};
use crate::{Error, Parameters, Real};

/// The type of numbers as safetensors calls it.
pub(super) fn dtype<T: Real>() -> &'static str {
    // `Real` is sealed: one of two.
    if size_of::<T>() == 4 { "F32" } else { "F64" }
}

/// Whether numbers of the type `saved` are loaded as `T`: those of `T` itself, and `f32` as `f64`,
/// which is exact.
pub(super) fn check_dtype<T: Real>(name: &str, saved: &str) -> Result<(), Error> {
    if saved == dtype::<T>() || (saved, dtype::<T>()) == ("F32", "F64") {
        return Ok(());
    }
    Err(Error::Tensor {
        name: name.to_owned(),
        problem: match saved {
            "F64" => "is saved as F64, and would lose digits as F32".to_owned(),
            _ => format!("is saved as {saved}, and needs to be {}", dtype::<T>()),
        },
    })
}

/// Writes the tensors of a model as JSON, in the envelope of [`save_model`].
///
/// # Errors
/// [`Error::Tensor`] if a tensor holds NaN or infinity (with its index), two have the same name, or a
/// shape does not describe its data; [`Error::Io`] if the file cannot be written. The old file, if
/// there is one, stays as it is.
pub fn save_parameters<T: Real, P: Parameters<T> + ?Sized>(
    path: impl AsRef<Path>,
    kind: &str,
    parameters: &P,
) -> Result<(), Error> {
    save_model(path, kind, &Tensors::of(parameters)?)
}

/// Reads the tensors that [`save_parameters`] wrote into a model of the same structure.
///
/// Numbers saved as `f32` are loaded as `f64` exactly; the other direction is refused, since it would
/// round.
///
/// # Errors
/// As [`load_model`]; [`Error::Tensor`] if a tensor is missing, unexpected or has another shape. The
/// model is unchanged then.
pub fn load_parameters<T: Real, P: Parameters<T> + ?Sized>(
    path: impl AsRef<Path>,
    kind: &str,
    parameters: &mut P,
) -> Result<(), Error> {
    load_model::<Tensors<T>>(path, kind)?.assign_to(parameters)
}

/// A copy of all tensors of a model, which serde can save: as a part of a larger payload, too.
///
/// ```
/// use neuropil_math::save::Tensors;
///
/// let model = vec![1.0, 2.0];
/// let text = serde_json::to_string(&Tensors::of(&model)?).unwrap();
/// assert_eq!(text, r#"{"dtype":"F64","tensors":{"":{"shape":[2],"data":[1.0,2.0]}}}"#);
///
/// let mut other = vec![0.0, 0.0];
/// let tensors: Tensors<f64> = serde_json::from_str(&text).unwrap();
/// tensors.assign_to(&mut other)?;
/// assert_eq!(other, model);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
/// The shape is that of row-major data, as everywhere in [`Parameters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Tensors<T> {
    /// Names are unique, every shape describes its data, all values are finite.
    tensors: Vec<(String, Tensor<T>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(bound = "T: Real")]
struct Tensor<T> {
    shape: Vec<usize>,
    data: Vec<T>,
}

impl<T: Real> Tensors<T> {
    /// The tensors of a model.
    ///
    /// # Errors
    /// [`Error::Tensor`] if a tensor holds NaN or infinity, two have the same name, or a shape does not
    /// describe its data.
    pub fn of<P: Parameters<T> + ?Sized>(parameters: &P) -> Result<Self, Error> {
        Structure::of(parameters)?;
        check_finite(parameters)?;
        let mut tensors = Vec::new();
        parameters.visit(&mut |name, shape, data| {
            let (shape, data) = (shape.to_vec(), data.to_vec());
            tensors.push((name.to_owned(), Tensor { shape, data }));
        });
        Ok(Self { tensors })
    }

    /// Copies the tensors into a model of the same structure; their order does not matter.
    ///
    /// # Errors
    /// [`Error::Tensor`] if a tensor is missing, unexpected or has another shape. The model is
    /// unchanged then.
    pub fn assign_to<P: Parameters<T> + ?Sized>(&self, parameters: &mut P) -> Result<(), Error> {
        let by_name: BTreeMap<&str, (&[usize], &[T])> = self
            .tensors
            .iter()
            .map(|(name, t)| (name.as_str(), (t.shape.as_slice(), t.data.as_slice())))
            .collect();
        assign(&by_name, parameters, |saved, data| {
            data.copy_from_slice(saved);
        })
    }
}

/// Checks saved tensors against a model, all of them, and only then assigns.
pub(super) fn assign<T: Real, P: Parameters<T> + ?Sized, S: Copy>(
    saved: &BTreeMap<&str, (&[usize], S)>,
    parameters: &mut P,
    copy: impl Fn(S, &mut [T]),
) -> Result<(), Error> {
    let structure = Structure::of(parameters)?;
    let problem = |name: &str, problem: String| Error::Tensor {
        name: name.to_owned(),
        problem,
    };
    for (name, shape) in structure.iter() {
        match saved.get(name) {
            None => return Err(problem(name, "is missing in the file".to_owned())),
            Some(&(found, _)) if found != shape => {
                return Err(problem(
                    name,
                    format!("has shape {found:?} in the file and {shape:?} in the model"),
                ));
            }
            Some(_) => {}
        }
    }
    if saved.len() > structure.len() {
        let known: std::collections::BTreeSet<&str> = structure.iter().map(|(n, _)| n).collect();
        if let Some(name) = saved.keys().find(|name| !known.contains(*name)) {
            return Err(problem(
                name,
                "is in the file, and unexpected by the model".to_owned(),
            ));
        }
    }
    let mut walk = crate::parameters::Walk::over(&structure);
    // The visit that will change values must agree with the one that was checked.
    parameters.visit_mut(&mut |name, shape, data| {
        walk.next(name, shape, data.len());
    });
    walk.finish()?;
    parameters.visit_mut(&mut |name, shape, data| {
        if let Some(&(found, values)) = saved.get(name)
            && found == shape
        {
            copy(values, data);
        }
    });
    Ok(())
}

impl<T: Real> Serialize for Tensors<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tensors = ByName(&self.tensors);
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("dtype", dtype::<T>())?;
        map.serialize_entry("tensors", &tensors)?;
        map.end()
    }
}

struct ByName<'a, T>(&'a [(String, Tensor<T>)]);

impl<T: Real> Serialize for ByName<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, tensor)| (name, tensor)))
    }
}

impl<'de, T: Real> Deserialize<'de> for Tensors<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TensorsVisitor(PhantomData))
    }
}

struct TensorsVisitor<T>(PhantomData<T>);

impl<'de, T: Real> Visitor<'de> for TensorsVisitor<T> {
    type Value = Tensors<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tensors of a model: their dtype, then they by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensors<T>, A::Error> {
        let mut widen = None;
        let mut tensors = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "dtype" if widen.is_none() => {
                    let saved = map.next_value::<String>()?;
                    check_dtype::<T>("of the file", &saved).map_err(A::Error::custom)?;
                    widen = Some(saved != dtype::<T>());
                }
                "tensors" if tensors.is_none() => {
                    // The numbers are parsed in the precision that they were written in: the nearest
                    // f64 of a decimal is not the f64 of its nearest f32.
                    let widen =
                        widen.ok_or_else(|| A::Error::custom("no dtype before the tensors"))?;
                    let seed = ByNameSeed(widen, PhantomData);
                    tensors = Some(map.next_value_seed(seed)?);
                }
                "dtype" | "tensors" => {
                    return Err(A::Error::custom(format_args!("field {key} appears twice")));
                }
                _ => return Err(A::Error::unknown_field(&key, &["dtype", "tensors"])),
            }
        }
        let tensors = tensors.ok_or_else(|| A::Error::missing_field("tensors"))?;
        Ok(Tensors { tensors })
    }
}

struct ByNameSeed<T>(bool, PhantomData<T>);

impl<'de, T: Real> DeserializeSeed<'de> for ByNameSeed<T> {
    type Value = Vec<(String, Tensor<T>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Real> Visitor<'de> for ByNameSeed<T> {
    type Value = Vec<(String, Tensor<T>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tensors = BTreeMap::new();
        let mut order = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if tensors.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "tensor {name} appears twice"
                )));
            }
            let tensor = map.next_value_seed(TensorSeed(self.0, &name, PhantomData))?;
            tensors.insert(name.clone(), tensor);
            order.push(name);
        }
        let entry = |name| tensors.remove_entry(&name);
        Ok(order.into_iter().filter_map(entry).collect())
    }
}

struct TensorSeed<'a, T>(bool, &'a str, PhantomData<T>);

impl<'de, T: Real> DeserializeSeed<'de> for TensorSeed<'_, T> {
    type Value = Tensor<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tensor<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Real> Visitor<'de> for TensorSeed<'_, T> {
    type Value = Tensor<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shape and data of tensor {}", self.1)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensor<T>, A::Error> {
        let Self(widen, name, _) = self;
        let (mut shape, mut data) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "shape" if shape.is_none() => shape = Some(map.next_value::<Vec<usize>>()?),
                "data" if data.is_none() => {
                    data = Some(map.next_value_seed(DataSeed(widen, PhantomData))?);
                }
                _ => {
                    return Err(A::Error::custom(format_args!(
                        "tensor {name}: field {key} is unexpected or appears twice"
                    )));
                }
            }
        }
        let (Some(shape), Some(data)) = (shape, data) else {
            return Err(A::Error::custom(format_args!(
                "tensor {name}: needs both shape and data"
            )));
        };
        if volume(&shape) != Some(data.len()) {
            return Err(A::Error::custom(format_args!(
                "tensor {name}: shape {shape:?} does not describe {} values",
                data.len()
            )));
        }
        Ok(Tensor { shape, data })
    }
}

struct DataSeed<T>(bool, PhantomData<T>);

impl<'de, T: Real> DeserializeSeed<'de> for DataSeed<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Real> Visitor<'de> for DataSeed<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut data = Vec::new();
        loop {
            let value = if self.0 {
                seq.next_element::<f32>()?.map(|x| T::of(f64::from(x)))
            } else {
                seq.next_element::<T>()?
            };
            match value {
                Some(value) if value.is_finite() => data.push(value),
                // Other formats than JSON have words for these.
                Some(value) => {
                    return Err(A::Error::custom(format_args!(
                        "{value} at index {}",
                        data.len()
                    )));
                }
                None => return Ok(data),
            }
        }
    }
}
