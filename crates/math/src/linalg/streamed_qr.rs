//! QR of data that are never held at once.

use nalgebra::DMatrix;

use super::qr::{
    BLOCK, LeastSquares, Scratch, eliminate, least_squares, panel_factors, rank_tolerance,
};
use crate::{Error, Real, check_finite, check_size};

/// The triangle $R$ and $Q^T y$ of a least-squares problem whose samples arrive in blocks.
///
/// Samples are columns, as everywhere: the problem is $\min \lVert X^T W^T - Y^T\rVert^2$ with $X$ features × samples.
/// Memory is that of $R$ and of 256 samples. Samples are eliminated 256 at a time whatever the sizes
/// of the blocks they came in, so that the result is the same to the bit however the data were split.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::linalg::StreamedQr;
///
/// let mut qr = StreamedQr::new(2, 1)?;
/// for t in 0..1000 {
///     let t = f64::from(t) / 1000.0;
///     qr.push(&DMatrix::from_vec(2, 1, vec![1.0, t]), &DMatrix::from_vec(1, 1, vec![3.0 - t]))?;
/// }
/// let fit = qr.least_squares()?;
/// assert!((fit.x[(0, 0)] - 3.0).abs() < 1e-13 && (fit.x[(1, 0)] + 1.0).abs() < 1e-13);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StreamedQr<T: Real> {
    /// n × (n + targets): $R$ beside $Q^T y$.
    r: DMatrix<T>,
    /// Of each target, the sum of squares outside of the range of the features.
    residual: Vec<T>,
    samples: usize,
    /// Samples that wait for elimination, one in each row.
    waiting: DMatrix<T>,
    filled: usize,
    t: DMatrix<T>,
    scratch: Scratch<T>,
}

/// What a [`StreamedQr`] knows once every sample is eliminated.
#[derive(Debug, Clone)]
pub(crate) struct Triangle<T: Real> {
    /// n × (n + targets): $R$ beside $Q^T y$; below the diagonal it is zero.
    pub(crate) r: DMatrix<T>,
    pub(crate) residual: Vec<T>,
}

impl<T: Real> StreamedQr<T> {
    /// No samples yet, of so many features and targets.
    ///
    /// # Errors
    /// [`Error::Empty`] without features.
    pub fn new(features: usize, targets: usize) -> Result<Self, Error> {
        if features == 0 {
            return Err(Error::Empty { what: "features" });
        }
        let width = features + targets;
        Ok(Self {
            r: DMatrix::zeros(features, width),
            residual: vec![T::zero(); targets],
            samples: 0,
            waiting: DMatrix::zeros(BLOCK, width),
            filled: 0,
            t: panel_factors(features),
            scratch: Scratch::new(width),
        })
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.r.nrows()
    }

    /// The number of samples so far.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Adds a block of samples: `x` features × samples, `y` targets × samples.
    ///
    /// # Errors
    /// [`Error::Shape`] if sizes do not agree, [`Error::NonFinite`] at NaN or infinity; nothing is
    /// added then.
    pub fn push(&mut self, x: &DMatrix<T>, y: &DMatrix<T>) -> Result<(), Error> {
        check_size("features", self.features(), x.nrows())?;
        check_size("targets", self.residual.len(), y.nrows())?;
        check_size("columns of x and y", x.ncols(), y.ncols())?;
        check_finite("x", x.as_slice())?;
        check_finite("y", y.as_slice())?;
        let features = self.features();
        self.push_with(x.ncols(), |j, sample| {
            if j < features {
                x[(j, sample)]
            } else {
                y[(j - features, sample)]
            }
        });
        Ok(())
    }

    /// Adds `samples` samples; `value` gives column j (a feature, then the targets) of each.
    pub(crate) fn push_with(&mut self, samples: usize, value: impl Fn(usize, usize) -> T) {
        let mut next = 0;
        while next < samples {
            // Eight samples at a time: a line of the cache in the block, eight streams in the data.
            let take = (samples - next).min(BLOCK - self.filled).min(8);
            for (j, column) in self
                .waiting
                .as_mut_slice()
                .chunks_exact_mut(BLOCK)
                .enumerate()
            {
                for (i, slot) in column[self.filled..self.filled + take]
                    .iter_mut()
                    .enumerate()
                {
                    *slot = value(j, next + i);
                }
            }
            next += take;
            self.filled += take;
            if self.filled == BLOCK {
                self.eliminate_waiting();
            }
        }
        self.samples += samples;
    }

    fn eliminate_waiting(&mut self) {
        let (n, filled) = (self.features(), self.filled);
        if filled == 0 {
            return;
        }
        eliminate(
            &mut self.r,
            &mut self.waiting,
            n,
            |_| filled,
            &mut self.t,
            &mut self.scratch,
        );
        let targets = self.waiting.as_slice()[n * BLOCK..].chunks_exact(BLOCK);
        for (sum, left) in self.residual.iter_mut().zip(targets) {
            *sum += super::triangular::dot(&left[..filled], &left[..filled]);
        }
        self.filled = 0;
    }

    /// Adds the samples of `other`, as if they had been pushed: its triangle is one more block.
    ///
    /// # Errors
    /// [`Error::Shape`] if the numbers of features or targets differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        check_size("features", self.features(), other.features())?;
        check_size("targets", self.residual.len(), other.residual.len())?;
        self.eliminate_waiting();
        let mut other_triangle = other.triangle();
        append(&mut self.r, &mut other_triangle.r, &mut self.residual);
        for (sum, other) in self.residual.iter_mut().zip(other_triangle.residual) {
            *sum += other;
        }
        self.samples += other.samples;
        Ok(())
    }

    /// $R$ and $Q^T y$ of all samples.
    pub(crate) fn triangle(&self) -> Triangle<T> {
        if self.filled > 0 {
            let mut whole = self.clone();
            whole.eliminate_waiting();
            return whole.into_triangle();
        }
        Triangle {
            r: self.r.clone(),
            residual: self.residual.clone(),
        }
    }

    /// As [`triangle`](Self::triangle), without a copy.
    pub(crate) fn into_triangle(mut self) -> Triangle<T> {
        self.eliminate_waiting();
        Triangle {
            r: self.r,
            residual: self.residual,
        }
    }

    /// The triangle $R$, features × features; its diagonal may be negative.
    #[must_use]
    pub fn r(&self) -> DMatrix<T> {
        self.triangle().r.columns(0, self.features()).into_owned()
    }

    /// Minimises the squared error over all samples: `x` of the result is features × targets.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::NotConverged`] if the singular values of a
    /// rank-deficient $R$ were not found.
    pub fn least_squares(&self) -> Result<LeastSquares<T>, Error> {
        if self.samples == 0 {
            return Err(Error::Empty { what: "samples" });
        }
        let n = self.features();
        let triangle = self.triangle();
        let r = triangle.r.columns(0, n).into_owned();
        let z = triangle.r.columns(n, self.residual.len()).into_owned();
        let tolerance = rank_tolerance(T::EPSILON.to_f64(), self.samples, n);
        least_squares(&r, &z, triangle.residual, tolerance)
    }
}

/// Eliminates the upper triangle `b` below `r`, both n × (n + targets); what is left of the targets
/// adds to `residual`.
pub(crate) fn append<T: Real>(r: &mut DMatrix<T>, b: &mut DMatrix<T>, residual: &mut [T]) {
    let n = r.nrows();
    let rows = b.nrows();
    let mut scratch = Scratch::new(b.ncols());
    let mut t = panel_factors(n);
    eliminate(r, b, n, |columns| columns.min(rows), &mut t, &mut scratch);
    let targets = b.as_slice()[n * rows..].chunks_exact(rows);
    for (sum, left) in residual.iter_mut().zip(targets) {
        *sum += super::triangular::dot(left, left);
    }
}
