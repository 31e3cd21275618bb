use neuropil_math::Real;

use crate::{Error, SolverConfig, State, Statistics, System};

/// Where a stiff solver stands, and what all its methods share.
#[derive(Debug, Clone)]
pub struct Position<T, S> {
    pub(super) t: T,
    pub(super) y: S,
    /// The result of a trial; the start of the last step once it is accepted.
    pub(super) other: S,
    /// $f(t, y)$.
    pub(super) slope: S,
    pub(super) jacobian: Vec<T>,
    /// Scratch of differences.
    pub(super) probe: S,
    pub(super) probe_slope: S,
    pub(super) absolute: S,
    pub(super) relative: T,
    pub(super) statistics: Statistics,
}

impl<T: Real, S: State<T>> Position<T, S> {
    pub(super) fn new(t: T, y: S, config: &SolverConfig<T>) -> Result<Self, Error> {
        let n = y.as_slice().len();
        if n == 0 {
            return Err(Error::EmptySystem);
        }
        config.check(n)?;
        check_start(t, y.as_slice())?;
        let mut absolute = y.clone();
        for (i, a) in absolute.as_mut_slice().iter_mut().enumerate() {
            *a = config.tolerance.absolute(i);
        }
        Ok(Self {
            t,
            other: y.clone(),
            slope: y.clone(),
            jacobian: vec![T::zero(); n * n],
            probe: y.clone(),
            probe_slope: y.clone(),
            absolute,
            relative: config.tolerance.relative,
            statistics: Statistics::default(),
            y,
        })
    }

    /// What component `i` may err by.
    #[inline(always)]
    pub(super) fn scale(&self, i: usize) -> T {
        self.absolute.as_slice()[i] + self.relative * self.y.as_slice()[i].abs()
    }

    /// Evaluates the slope at the position.
    #[cold]
    pub(super) fn first_slope<F: System<T> + ?Sized>(&mut self, system: &F) -> Result<(), Error> {
        let slope = self.slope.as_mut_slice();
        system.rhs(self.t, self.y.as_slice(), slope);
        self.statistics.evaluations += 1;
        match slope.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(component) => Err(Error::NonFinite {
                what: "the right-hand side",
                t: self.t.to_f64(),
                component,
            }),
        }
    }
}

pub(super) fn check_start<T: Real>(t: T, y: &[T]) -> Result<(), Error> {
    if !t.is_finite() {
        return Err(Error::OutOfRange {
            what: "start",
            value: t.to_f64(),
            range: "must be finite",
        });
    }
    match y.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(component) => Err(Error::NonFinite {
            what: "the state",
            t: t.to_f64(),
            component,
        }),
    }
}
