use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The tolerances of a step: component $i$ may err by $a_i + r \lvert y_i \rvert$.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tolerance<T> {
    /// The relative tolerance $r$, for every component.
    pub relative: T,
    /// The absolute tolerance $a$: one value for all components, or one for each.
    pub absolute: Absolute<T>,
}

/// An absolute tolerance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absolute<T> {
    /// The same for every component.
    All(T),
    /// One for each component.
    Each(Vec<T>),
}

impl<T: Real> Default for Tolerance<T> {
    /// $10^{-6}$ relative, $10^{-9}$ absolute.
    fn default() -> Self {
        Self {
            relative: T::of(1e-6),
            absolute: Absolute::All(T::of(1e-9)),
        }
    }
}

impl<T: Real> Tolerance<T> {
    /// The same tolerance for both parts, as tables of the literature have it.
    #[must_use]
    pub fn both(tolerance: T) -> Self {
        Self {
            relative: tolerance,
            absolute: Absolute::All(tolerance),
        }
    }

    /// The absolute tolerance of component `i`.
    #[inline(always)]
    pub(crate) fn absolute(&self, i: usize) -> T {
        match &self.absolute {
            Absolute::All(a) => *a,
            Absolute::Each(each) => each[i],
        }
    }

    /// Refuses what no step could satisfy.
    ///
    /// # Errors
    /// A tolerance that is negative or not finite, both parts zero, a relative tolerance below the
    /// rounding of `T`, or a list of another length than the state.
    pub fn check(&self, components: usize) -> Result<(), Error> {
        let bad = |what, value: T, range| Error::OutOfRange {
            what,
            value: value.to_f64(),
            range,
        };
        let r = self.relative;
        if !(r >= T::zero() && r.is_finite()) {
            return Err(bad(
                "relative tolerance",
                r,
                "must be finite and not negative",
            ));
        }
        if r > T::zero() && r < T::EPSILON * T::of(10.0) {
            return Err(bad(
                "relative tolerance",
                r,
                "is below ten times the rounding error",
            ));
        }
        let each = match &self.absolute {
            Absolute::All(a) => core::slice::from_ref(a),
            Absolute::Each(each) if each.len() == components => each,
            Absolute::Each(each) => {
                return Err(Error::Shape {
                    what: "absolute tolerances",
                    expected: components,
                    found: each.len(),
                });
            }
        };
        for &a in each {
            if !(a >= T::zero() && a.is_finite()) {
                return Err(bad(
                    "absolute tolerance",
                    a,
                    "must be finite and not negative",
                ));
            }
            if a == T::zero() && r == T::zero() {
                return Err(bad(
                    "absolute tolerance",
                    a,
                    "and the relative one may not both be zero",
                ));
            }
        }
        Ok(())
    }
}
