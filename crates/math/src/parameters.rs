//! Every named tensor of a model, for whoever needs them all.
//!
//! Optimisers, gradient checks, counting and saving are written once, over [`Parameters`]. A gradient
//! is a value of the same structure as its model (often the same type), so that both can be walked
//! side by side.
//!
//! # Implement it yourself
//! Matrices, vectors and `Vec<T>` are unnamed tensors already; [`scoped`] names them:
//! ```
//! use nalgebra::{DMatrix, DVector};
//! use neuropil_math::parameters::{Parameters, Structure, Visitor, VisitorMut, scoped, scoped_mut};
//!
//! struct Linear {
//!     weights: DMatrix<f64>,
//!     intercept: DVector<f64>,
//!     gain: f64,
//! }
//!
//! impl Parameters<f64> for Linear {
//!     fn visit(&self, f: Visitor<'_, f64>) {
//!         scoped("weights", &self.weights, f);
//!         scoped("intercept", &self.intercept, f);
//!         // A scalar has the empty shape and one value.
//!         f("gain", &[], core::slice::from_ref(&self.gain));
//!     }
//!
//!     fn visit_mut(&mut self, f: VisitorMut<'_, f64>) {
//!         scoped_mut("weights", &mut self.weights, f);
//!         scoped_mut("intercept", &mut self.intercept, f);
//!         f("gain", &[], core::slice::from_mut(&mut self.gain));
//!     }
//! }
//!
//! let model = Linear { weights: DMatrix::zeros(2, 3), intercept: DVector::zeros(2), gain: 1.0 };
//! assert_eq!(model.count(), 9);
//! // Column-major data of 2 × 3 is row-major data of 3 × 2.
//! let structure = Structure::of(&model)?;
//! assert_eq!(structure.iter().next(), Some(("weights", &[3, 2][..])));
//! # Ok::<(), neuropil_math::Error>(())
//! ```
//! The two methods must visit the same tensors in the same order, at every call: names are unique, and
//! neither names nor shapes depend on the values.

use core::fmt;
use std::collections::BTreeSet;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::{Error, Real, check_size};

/// What a model calls for every tensor, with its name, shape and data.
pub type Visitor<'f, T> = &'f mut dyn FnMut(&str, &[usize], &[T]);

/// A [`Visitor`] that may change the data.
pub type VisitorMut<'f, T> = &'f mut dyn FnMut(&str, &[usize], &mut [T]);

/// A model whose tensors can be visited by name.
///
/// The `shape` that a visitor gets describes the data in row-major (C) order, as safetensors and NumPy
/// do; its product is the length of the data. A nalgebra matrix of r × c is stored by columns and is
/// therefore visited as `[c, r]`. See the [module](self) for an implementation.
pub trait Parameters<T: Real> {
    /// Calls `f(name, shape, data)` for every tensor.
    fn visit(&self, f: Visitor<'_, T>);

    /// Calls `f(name, shape, data)` for every tensor, in the order of [`visit`](Self::visit).
    fn visit_mut(&mut self, f: VisitorMut<'_, T>);

    /// How many numbers there are in all tensors.
    fn count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |_, _, data| count += data.len());
        count
    }
}

impl<T: Real> Parameters<T> for DMatrix<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        f("", &[self.ncols(), self.nrows()], self.as_slice());
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        f("", &[self.ncols(), self.nrows()], self.as_mut_slice());
    }
}

impl<T: Real> Parameters<T> for DVector<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        f("", &[self.len()], self.as_slice());
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        f("", &[self.len()], self.as_mut_slice());
    }
}

impl<T: Real> Parameters<T> for Vec<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        f("", &[self.len()], self);
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        f("", &[self.len()], self);
    }
}

/// Visits the tensors of a part of a model: `weights` of the part becomes `scope.weights`, an unnamed
/// tensor becomes `scope`.
///
/// Allocates only for names beyond 128 bytes.
pub fn scoped<T: Real, P: Parameters<T> + ?Sized>(scope: &str, part: &P, f: Visitor<'_, T>) {
    part.visit(&mut |name, shape, data| with_name(scope, None, name, |full| f(full, shape, data)));
}

/// [`scoped`] for [`Parameters::visit_mut`].
pub fn scoped_mut<T: Real, P: Parameters<T> + ?Sized>(
    scope: &str,
    part: &mut P,
    f: VisitorMut<'_, T>,
) {
    part.visit_mut(&mut |name, shape, data| {
        with_name(scope, None, name, |full| f(full, shape, data));
    });
}

/// Visits the tensors of a list of parts, such as layers: `scope.0.weights`, `scope.1.weights`, …
pub fn scoped_each<T: Real, P: Parameters<T>>(scope: &str, parts: &[P], f: Visitor<'_, T>) {
    for (i, part) in parts.iter().enumerate() {
        part.visit(&mut |name, shape, data| {
            with_name(scope, Some(i), name, |full| f(full, shape, data));
        });
    }
}

/// [`scoped_each`] for [`Parameters::visit_mut`].
pub fn scoped_each_mut<T: Real, P: Parameters<T>>(
    scope: &str,
    parts: &mut [P],
    f: VisitorMut<'_, T>,
) {
    for (i, part) in parts.iter_mut().enumerate() {
        part.visit_mut(&mut |name, shape, data| {
            with_name(scope, Some(i), name, |full| f(full, shape, data));
        });
    }
}

/// A name under construction on the stack: training visits the tensors at every step, and must not
/// allocate then.
struct NameBuffer {
    bytes: [u8; 128],
    len: usize,
}

impl fmt::Write for NameBuffer {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let end = self.len + s.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}

pub(crate) fn with_name(scope: &str, index: Option<usize>, name: &str, use_it: impl FnOnce(&str)) {
    let dot = |a: &str, b: &str| {
        if a.is_empty() || b.is_empty() {
            ""
        } else {
            "."
        }
    };
    let build = |out: &mut dyn fmt::Write| match index {
        None => write!(out, "{scope}{}{name}", dot(scope, name)),
        Some(i) => write!(out, "{scope}{}{i}{}{name}", dot(scope, "i"), dot("i", name)),
    };
    let mut buffer = NameBuffer {
        bytes: [0; 128],
        len: 0,
    };
    if build(&mut buffer).is_ok()
        && let Ok(full) = core::str::from_utf8(&buffer.bytes[..buffer.len])
    {
        use_it(full);
    } else {
        let mut full = String::new();
        // Writing to a `String` cannot fail.
        let _ = build(&mut full);
        use_it(&full);
    }
}

/// The number of values of a tensor of this shape, unless it overflows.
pub(crate) fn volume(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |product, &n| product.checked_mul(n))
}

fn tensor_error(name: &str, problem: String) -> Error {
    Error::Tensor {
        name: name.to_owned(),
        problem,
    }
}

fn check_volume(name: &str, shape: &[usize], len: usize) -> Result<(), Error> {
    if volume(shape) == Some(len) {
        Ok(())
    } else {
        Err(tensor_error(
            name,
            format!("shape {shape:?} does not describe {len} values"),
        ))
    }
}

/// Refuses NaN and infinity in any tensor.
///
/// # Errors
/// [`Error::Tensor`] with the tensor and the first position in it.
pub fn check_finite<T: Real, P: Parameters<T> + ?Sized>(parameters: &P) -> Result<(), Error> {
    let mut outcome = Ok(());
    parameters.visit(&mut |name, _, data| {
        if outcome.is_ok() {
            outcome = check_tensor_finite(name, data);
        }
    });
    outcome
}

pub(crate) fn check_tensor_finite<T: Real>(name: &str, data: &[T]) -> Result<(), Error> {
    match data.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(tensor_error(
            name,
            format!("holds {} at index {index}", data[index]),
        )),
        None => Ok(()),
    }
}

/// Copies all values into `out`, tensor after tensor.
///
/// # Errors
/// [`Error::Shape`] if `out` does not hold exactly [`Parameters::count`] values.
pub fn flatten_into<T: Real, P: Parameters<T> + ?Sized>(
    parameters: &P,
    out: &mut [T],
) -> Result<(), Error> {
    check_size("the flat vector", parameters.count(), out.len())?;
    let mut rest = out;
    parameters.visit(&mut |_, _, data| {
        // The count has been compared: this stops short only if `visit` changes its mind.
        if let Some((head, tail)) = core::mem::take(&mut rest).split_at_mut_checked(data.len()) {
            head.copy_from_slice(data);
            rest = tail;
        }
    });
    Ok(())
}

/// All values, tensor after tensor.
///
/// With [`unflatten`], this makes a loss a function of a vector, which is what a gradient check and a
/// general-purpose minimiser want:
/// ```
/// use neuropil_math::parameters::{flatten, unflatten};
///
/// let mut model = nalgebra::DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]);
/// let mut loss = |x: &[f64]| {
///     unflatten(&mut model, x)?;
///     Ok::<f64, neuropil_math::Error>(model.norm_squared())
/// };
/// assert_eq!(loss(&[1.0, 0.0, 0.0, 2.0])?, 5.0);
/// assert_eq!(flatten(&model), [1.0, 0.0, 0.0, 2.0]);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[must_use]
pub fn flatten<T: Real, P: Parameters<T> + ?Sized>(parameters: &P) -> Vec<T> {
    let mut flat = Vec::with_capacity(parameters.count());
    parameters.visit(&mut |_, _, data| flat.extend_from_slice(data));
    flat
}

/// Copies `values` into the tensors, in the order of [`flatten`].
///
/// # Errors
/// [`Error::Shape`] if there are not exactly [`Parameters::count`] values; nothing is changed then.
pub fn unflatten<T: Real, P: Parameters<T> + ?Sized>(
    parameters: &mut P,
    values: &[T],
) -> Result<(), Error> {
    check_size("the flat vector", parameters.count(), values.len())?;
    let mut rest = values;
    parameters.visit_mut(&mut |_, _, data| {
        if let Some((head, tail)) = rest.split_at_checked(data.len()) {
            data.copy_from_slice(head);
            rest = tail;
        }
    });
    Ok(())
}

/// The names and shapes of the tensors of a model, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct Structure {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    shape: Vec<usize>,
}

impl Entry {
    /// Whether a tensor is the one that is described here.
    fn check(&self, name: &str, shape: &[usize], len: usize) -> Result<(), Error> {
        if self.name != name {
            return Err(tensor_error(
                name,
                format!("is in the place of tensor {}", self.name),
            ));
        }
        if self.shape != shape {
            return Err(tensor_error(
                name,
                format!("has shape {shape:?}, expected {:?}", self.shape),
            ));
        }
        check_volume(name, shape, len)
    }
}

impl Structure {
    /// The structure of `parameters`.
    ///
    /// # Errors
    /// [`Error::Tensor`] if two tensors share a name, or a shape does not describe its data.
    pub fn of<T: Real, P: Parameters<T> + ?Sized>(parameters: &P) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let mut outcome = Ok(());
        parameters.visit(&mut |name, shape, data| {
            if outcome.is_ok() {
                outcome = check_volume(name, shape, data.len());
            }
            entries.push(Entry {
                name: name.to_owned(),
                shape: shape.to_vec(),
            });
        });
        outcome?;
        Self::try_from(entries)
    }

    /// Compares this structure with that of `parameters`, without allocating.
    ///
    /// # Errors
    /// [`Error::Tensor`] with the first tensor that differs, is missing or is unexpected.
    pub fn check<T: Real, P: Parameters<T> + ?Sized>(&self, parameters: &P) -> Result<(), Error> {
        let mut walk = Walk::over(self);
        parameters.visit(&mut |name, shape, data| {
            walk.next(name, shape, data.len());
        });
        walk.finish()
    }

    /// Name and shape of every tensor.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[usize])> {
        self.entries
            .iter()
            .map(|e| (e.name.as_str(), e.shape.as_slice()))
    }

    /// How many tensors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no tensor.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many numbers there are in all tensors.
    #[must_use]
    pub fn count(&self) -> usize {
        // Checked at construction.
        self.entries
            .iter()
            .map(|e| e.shape.iter().product::<usize>())
            .sum()
    }
}

impl TryFrom<Vec<Entry>> for Structure {
    type Error = Error;

    fn try_from(entries: Vec<Entry>) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        let mut count = 0_usize;
        for Entry { name, shape } in &entries {
            if !names.insert(name) {
                return Err(tensor_error(name, "appears twice".to_owned()));
            }
            count = volume(shape)
                .and_then(|n| count.checked_add(n))
                .ok_or_else(|| {
                    tensor_error(name, format!("shape {shape:?} exceeds every memory"))
                })?;
        }
        Ok(Self { entries })
    }
}

impl From<Structure> for Vec<Entry> {
    fn from(structure: Structure) -> Self {
        structure.entries
    }
}

/// A comparison of tensors, as they are visited, with a known structure; it also tells where each
/// one lies in the flat vector.
pub(crate) struct Walk<'a> {
    entries: core::slice::Iter<'a, Entry>,
    offset: usize,
    outcome: Result<(), Error>,
}

impl<'a> Walk<'a> {
    pub(crate) fn over(structure: &'a Structure) -> Self {
        Self {
            entries: structure.entries.iter(),
            offset: 0,
            outcome: Ok(()),
        }
    }

    /// The range of this tensor in the flat vector, or nothing from the first difference on.
    pub(crate) fn next(
        &mut self,
        name: &str,
        shape: &[usize],
        len: usize,
    ) -> Option<core::ops::Range<usize>> {
        if self.outcome.is_err() {
            return None;
        }
        self.outcome = match self.entries.next() {
            Some(entry) => entry.check(name, shape, len),
            None => Err(tensor_error(name, "is unexpected".to_owned())),
        };
        self.outcome.is_ok().then(|| {
            let start = self.offset;
            self.offset += len;
            start..self.offset
        })
    }

    /// Ends the walk with an error of the caller's.
    pub(crate) fn fail(&mut self, error: Error) {
        if self.outcome.is_ok() {
            self.outcome = Err(error);
        }
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.outcome?;
        match self.entries.next() {
            Some(entry) => Err(tensor_error(&entry.name, "is missing".to_owned())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tensor(&'static str, Vec<usize>, Vec<f64>);

    struct Model(Vec<Tensor>);

    impl Parameters<f64> for Model {
        fn visit(&self, f: &mut dyn FnMut(&str, &[usize], &[f64])) {
            for Tensor(name, shape, data) in &self.0 {
                f(name, shape, data);
            }
        }

        fn visit_mut(&mut self, f: &mut dyn FnMut(&str, &[usize], &mut [f64])) {
            for Tensor(name, shape, data) in &mut self.0 {
                f(name, shape, data);
            }
        }
    }

    fn model() -> Model {
        Model(vec![
            Tensor("w", vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            Tensor("scale", vec![], vec![7.0]),
            Tensor("none", vec![0, 4], vec![]),
        ])
    }

    fn message(outcome: Result<impl fmt::Debug, Error>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn flat_and_back() {
        let mut model = model();
        assert_eq!(model.count(), 7);
        let flat = flatten(&model);
        assert_eq!(flat, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        let doubled: Vec<f64> = flat.iter().map(|x| 2.0 * x).collect();
        unflatten(&mut model, &doubled).unwrap();
        let mut again = [0.0; 7];
        flatten_into(&model, &mut again).unwrap();
        assert_eq!(again, doubled[..]);

        assert!(unflatten(&mut model, &flat[1..]).is_err());
        assert!(flatten_into(&model, &mut [0.0; 8]).is_err());
        assert_eq!(flatten(&model), doubled, "an error changes nothing");
    }

    #[test]
    fn names_nest() {
        let long = "x".repeat(200);
        let mut names = Vec::new();
        let mut f = |name: &str, _: &[usize], _: &[f64]| names.push(name.to_owned());
        let vector = vec![1.0];
        scoped("net", &model(), &mut f);
        scoped("bias", &vector, &mut f);
        scoped("", &model(), &mut f);
        scoped_each("layers", &[vec![1.0], vec![2.0]], &mut f);
        scoped_each("layers", &[model()], &mut f);
        scoped(&long, &vector, &mut f);
        scoped(
            "net",
            &Model(vec![Tensor("größe", vec![], vec![0.0])]),
            &mut f,
        );
        let expected = [
            "net.w",
            "net.scale",
            "net.none",
            "bias",
            "w",
            "scale",
            "none",
            "layers.0",
            "layers.1",
            "layers.0.w",
            "layers.0.scale",
            "layers.0.none",
            &long,
            "net.größe",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn mutable_names_are_the_same() {
        let (mut names, mut again) = (Vec::new(), Vec::new());
        let mut layers = [model(), model()];
        scoped_each("layers", &layers, &mut |n, _, _| names.push(n.to_owned()));
        scoped_each_mut("layers", &mut layers, &mut |n, _, _| {
            again.push(n.to_owned());
        });
        scoped("net", &layers[0], &mut |n, _, _| names.push(n.to_owned()));
        scoped_mut("net", &mut layers[0], &mut |n, _, _| {
            again.push(n.to_owned());
        });
        assert_eq!(names, again);
    }

    #[test]
    fn every_difference_of_structure_is_named() {
        let structure = Structure::of(&model()).unwrap();
        assert_eq!((structure.len(), structure.count()), (3, 7));
        structure.check(&model()).unwrap();

        let mut other = model();
        other.0[1].0 = "gain";
        assert_eq!(
            message(structure.check(&other)),
            "tensor gain: is in the place of tensor scale"
        );
        let mut other = model();
        other.0[0].1 = vec![3, 2];
        assert_eq!(
            message(structure.check(&other)),
            "tensor w: has shape [3, 2], expected [2, 3]"
        );
        let mut other = model();
        other.0.pop();
        assert_eq!(message(structure.check(&other)), "tensor none: is missing");
        let mut other = model();
        other.0.push(Tensor("more", vec![], vec![0.0]));
        assert_eq!(
            message(structure.check(&other)),
            "tensor more: is unexpected"
        );
        let mut other = model();
        other.0[0].2.pop();
        assert_eq!(
            message(structure.check(&other)),
            "tensor w: shape [2, 3] does not describe 5 values"
        );
    }

    #[test]
    fn a_structure_of_nonsense_is_refused() {
        let twice = Model(vec![
            Tensor("w", vec![1], vec![1.0]),
            Tensor("w", vec![1], vec![2.0]),
        ]);
        assert_eq!(message(Structure::of(&twice)), "tensor w: appears twice");
        let huge = Model(vec![Tensor("w", vec![usize::MAX, 2], vec![1.0])]);
        assert!(Structure::of(&huge).is_err());
        let text = format!(r#"[{{"name":"w","shape":[{},2]}}]"#, usize::MAX);
        assert!(serde_json::from_str::<Structure>(&text).is_err());
        let text = r#"[{"name":"w","shape":[]},{"name":"w","shape":[]}]"#;
        assert!(serde_json::from_str::<Structure>(text).is_err());
    }

    #[test]
    fn a_structure_is_saved() {
        let structure = Structure::of(&model()).unwrap();
        let text = serde_json::to_string(&structure).unwrap();
        assert_eq!(serde_json::from_str::<Structure>(&text).unwrap(), structure);
    }

    #[test]
    fn what_is_not_finite_is_named() {
        let mut model = model();
        check_finite(&model).unwrap();
        model.0[0].2[4] = f64::NEG_INFINITY;
        assert_eq!(
            message(check_finite(&model)),
            "tensor w: holds -inf at index 4"
        );
    }
}
