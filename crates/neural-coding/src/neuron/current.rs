use crate::Error;
use crate::error::{check_finite, check_positive};

/// A current that is constant over steps of one length and starts at time 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    values: Vec<f64>,
    dt: f64,
}

impl Current {
    /// The same value for this many seconds.
    ///
    /// # Errors
    /// [`Error::NonFinite`], and [`Error::OutOfRange`] for a duration that is not positive.
    pub fn constant(value: f64, duration: f64) -> Result<Self, Error> {
        Self::steps(vec![value], duration)
    }

    /// Each value for `dt` seconds.
    ///
    /// # Errors
    /// [`Error::NonFinite`]; [`Error::OutOfRange`] for a step whose length is not positive, or that
    /// ends at infinity; [`Error::TooFew`] without any.
    pub fn steps(values: Vec<f64>, dt: f64) -> Result<Self, Error> {
        check_finite("current", &values)?;
        check_positive("dt", dt)?;
        check_positive("dt in ms", 1000.0 * dt)?;
        if values.is_empty() {
            return Err(Error::TooFew {
                what: "values of a current",
                needed: 1,
                found: 0,
            });
        }
        let current = Self { values, dt };
        check_positive("duration in ms", 1000.0 * current.duration())?;
        Ok(current)
    }

    /// The value of each step.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The length of a step in seconds.
    #[must_use]
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// The length of all in seconds.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.end(self.values.len())
    }

    /// Where the first `steps` steps end: not a sum, which would collect errors.
    fn end(&self, steps: usize) -> f64 {
        steps as f64 * self.dt
    }

    /// The stretches of one value: it, beginning and end.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let mut from = 0;
        self.values.chunk_by(|a, b| a == b).map(move |same| {
            let start = from;
            from += same.len();
            (same[0], self.end(start), self.end(from))
        })
    }
}
