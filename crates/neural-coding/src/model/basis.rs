use core::f64::consts::PI;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_positive;

/// Functions on [0, 1] from which filters are summed.
///
/// ```
/// use neuropil_neural_coding::model::Basis;
///
/// // Five filters over 40 lags, fine where it matters: just after the spike.
/// let filters = Basis::raised_cosine_log(5).filters(40)?;
/// assert_eq!(filters.shape(), (5, 40));
/// assert_eq!((filters[(0, 0)], filters[(4, 39)]), (1.0, 0.0));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Basis {
    /// Raised cosines with equal distances of their peaks, the first at 0 and the last at 1:
    /// $\frac12 (1 + \cos(\frac{\pi}{2 \delta}(x - p_j)))$ where $|x - p_j| < 2 \delta$, with $\delta$
    /// the distance of two peaks. Between first and last peak they sum to 2 nearly everywhere.
    RaisedCosine {
        /// How many, at least 2.
        functions: usize,
    },
    /// Raised cosines of $\ln(1 + s x)/\ln(1 + s)$, narrow near 0 and wide near 1; the last peak lies at
    /// $1 - 2/(m + 1)$ for m functions, so that all of them have come to zero at 1. After Pillow et
    /// al., *Prediction and decoding of retinal ganglion cell responses with a probabilistic spiking
    /// model*, Journal of Neuroscience 25 (2005).
    RaisedCosineLog {
        /// How many, at least 2.
        functions: usize,
        /// The stretch $s$: the larger, the finer near 0.
        stretch: f64,
    },
    /// B-splines over equally spaced knots, with as many knots at both ends as the order: they sum
    /// to 1 everywhere.
    BSpline {
        /// How many, at least the order.
        functions: usize,
        /// One more than the degree of the polynomials, 1 to 16: 4 is cubic.
        order: usize,
    },
    /// B-splines scaled so that each has the integral 1.
    MSpline {
        /// How many, at least the order.
        functions: usize,
        /// One more than the degree of the polynomials, 1 to 16: 4 is cubic.
        order: usize,
    },
}

/// The largest order of splines.
const ORDER: usize = 16;

impl Basis {
    /// Logarithmic raised cosines with the usual stretch of 50.
    #[must_use]
    pub fn raised_cosine_log(functions: usize) -> Self {
        Self::RaisedCosineLog {
            functions,
            stretch: 50.0,
        }
    }

    /// Cubic B-splines.
    #[must_use]
    pub fn cubic(functions: usize) -> Self {
        Self::BSpline {
            functions,
            order: 4,
        }
    }

    /// The number of functions.
    #[must_use]
    pub fn functions(&self) -> usize {
        match *self {
            Self::RaisedCosine { functions }
            | Self::RaisedCosineLog { functions, .. }
            | Self::BSpline { functions, .. }
            | Self::MSpline { functions, .. } => functions,
        }
    }

    fn check(&self) -> Result<(), Error> {
        let least = match *self {
            Self::RaisedCosine { .. } => 2,
            Self::RaisedCosineLog { stretch, .. } => {
                check_positive("the stretch of a basis", stretch)?;
                2
            }
            Self::BSpline { order, .. } | Self::MSpline { order, .. } => {
                if !(1..=ORDER).contains(&order) {
                    return Err(Error::OutOfRange {
                        what: "the order of splines",
                        value: order as f64,
                        range: "must be from 1 to 16",
                    });
                }
                order
            }
        };
        crate::error::check_enough("functions of a basis", least, self.functions())
    }

    /// The values at points of [0, 1], functions × points.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a point outside of [0, 1] or a setting outside of its range,
    /// [`Error::TooFew`] for fewer functions than the kind needs, [`Error::TooLarge`] if the values do
    /// not fit into the memory.
    pub fn evaluate(&self, points: &[f64]) -> Result<DMatrix<f64>, Error> {
        self.check()?;
        if let Some(&value) = points.iter().find(|x| !(0.0..=1.0).contains(*x)) {
            return Err(Error::OutOfRange {
                what: "a point of a basis",
                value,
                range: "must be from 0 to 1",
            });
        }
        let functions = self.functions();
        let size = functions.saturating_mul(points.len());
        let limit = isize::MAX as usize / size_of::<f64>() / 2;
        if size > limit || Vec::<f64>::new().try_reserve_exact(size).is_err() {
            return Err(Error::TooLarge {
                what: "values of a basis",
                size,
                limit,
            });
        }
        let mut out = DMatrix::zeros(functions, points.len());
        for (&x, mut column) in points.iter().zip(out.column_iter_mut()) {
            let values = column.as_mut_slice();
            match *self {
                Self::RaisedCosine { .. } => cosines(x, 1.0, values),
                Self::RaisedCosineLog { stretch, .. } => {
                    let warped = (stretch * x).ln_1p() / stretch.ln_1p();
                    cosines(warped, 1.0 - 2.0 / (functions as f64 + 1.0), values);
                }
                Self::BSpline { order, .. } => splines(x, order, values),
                Self::MSpline { order, .. } => {
                    splines(x, order, values);
                    for (i, value) in values.iter_mut().enumerate() {
                        let knot = |k| knot(k, order, functions);
                        *value *= order as f64 / (knot(i + order) - knot(i));
                    }
                }
            }
        }
        Ok(out)
    }

    /// The values at `lags` equally spaced points from 0 to 1, functions × lags: filters over as many
    /// bins of time.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and [`Error::TooFew`] for fewer than 2 lags.
    pub fn filters(&self, lags: usize) -> Result<DMatrix<f64>, Error> {
        crate::error::check_enough("lags of a filter", 2, lags)?;
        let last = lags as f64 - 1.0;
        let points: Vec<f64> = (0..lags).map(|k| k as f64 / last).collect();
        self.evaluate(&points)
    }
}

/// Raised cosines with peaks from 0 to `last`.
fn cosines(x: f64, last: f64, out: &mut [f64]) {
    let apart = last / (out.len() as f64 - 1.0);
    for (j, value) in out.iter_mut().enumerate() {
        let phase = PI * (x - j as f64 * apart) / (2.0 * apart);
        *value = 0.5 * (1.0 + phase.clamp(-PI, PI).cos());
    }
}

/// Knot `k`: `order` of them at 0, the inner ones, `order` at 1.
fn knot(k: usize, order: usize, functions: usize) -> f64 {
    let inner = functions - order;
    (k.saturating_sub(order - 1) as f64 / (inner as f64 + 1.0)).min(1.0)
}

/// The recursion of Cox and de Boor over the functions that are not zero at x.
fn splines(x: f64, order: usize, out: &mut [f64]) {
    let functions = out.len();
    let knot = |k| knot(k, order, functions);
    // The last interval is closed, so that 1 belongs to it.
    let interval = (order..functions)
        .rev()
        .find(|&k| knot(k) <= x)
        .unwrap_or(order - 1);
    out.fill(0.0);
    out[interval] = 1.0;
    for degree in 1..order {
        for i in interval - degree..=interval {
            let rising = ratio(x - knot(i), knot(i + degree) - knot(i));
            let next = if i < interval { out[i + 1] } else { 0.0 };
            let falling = ratio(knot(i + degree + 1) - x, knot(i + degree + 1) - knot(i + 1));
            out[i] = rising * out[i] + falling * next;
        }
    }
}

/// A quotient that is zero where an interval between knots is empty.
fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}
