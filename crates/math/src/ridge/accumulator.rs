//! Ridge by moments that add up.

use core::marker::PhantomData;

use nalgebra::DMatrix;

use super::centred::{BLOCK, Offset};
use super::normal::Normal;
use super::path::RidgePath;
use super::rounded::Rounded;
use super::{Ridge, RidgeMethod, Solution, check_data, check_lambda};
use crate::linalg::ViewMut;
use crate::linalg::strided::Target;
use crate::linalg::syrk::{self, Panels};
use crate::{Error, Real, check_size};

/// Ridge regression over samples that arrive in blocks and are not kept, by normal equations.
///
/// Keeps $X X^T$, $X Y^T$, the sums of squares of y and, with an intercept, the means: memory
/// $O(p^2)$ for p features, whatever the number of samples. Sums are in `f64` also for `f32` data.
///
/// Each block of 256 samples is centred by its own mean, and moments of blocks are combined by the
/// update of Chan, Golub and LeVeque (*Am. Stat.* 37, 1983, equation 2.1): nothing cancels, neither
/// for a mean ≫ deviation nor for a mean that drifts. Samples wait until a block is full, so that the
/// result is the same to the bit however they were split.
///
/// Normal equations square the condition number, and without the data nothing can be refined:
/// [`Ridge::condition`] tells what that cost (the relative error of the weights is near
/// 10⁻¹⁶ × condition²), and [`RidgeQr`](super::RidgeQr) avoids it.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::ridge::RidgeAccumulator;
///
/// let mut moments = RidgeAccumulator::new(1, 1, true)?;
/// moments.add(&DMatrix::from_row_slice(1, 2, &[1.0, 2.0]), &DMatrix::from_row_slice(1, 2, &[3.0, 5.0]))?;
/// moments.add(&DMatrix::from_row_slice(1, 1, &[4.0]), &DMatrix::from_row_slice(1, 1, &[9.0]))?;
/// for lambda in [0.0, 1e-3, 1.0] {
///     let readout = moments.solve(lambda)?;
///     assert!(readout.weights()[0] <= 2.0_f64 + 1e-14);
/// }
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RidgeAccumulator<T: Real> {
    moments: Moments,
    intercept: bool,
    /// Samples that wait for a full block.
    x: Vec<T>,
    y: Vec<T>,
    room: Room,
    rounded: Option<Rounded>,
    /// The least λ to solve for.
    least: f64,
    /// What rounding has added to λ in samples that were merged.
    merged: f64,
    precision: PhantomData<T>,
}

/// Where blocks are packed.
#[derive(Debug, Clone, Default)]
struct Room {
    x: Panels,
    y: Panels,
}

/// Moments of the samples: centred if there are offsets.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    pub(super) samples: usize,
    pub(super) offsets: Option<(Offset, Offset)>,
    /// Features × features, the lower triangle.
    pub(super) xx: DMatrix<f64>,
    /// Features × outputs.
    pub(super) xy: DMatrix<f64>,
    /// Of each output.
    pub(super) yy: Vec<f64>,
}

impl Moments {
    fn new(features: usize, outputs: usize) -> Self {
        Self {
            samples: 0,
            offsets: None,
            xx: DMatrix::zeros(features, features),
            xy: DMatrix::zeros(features, outputs),
            yy: vec![0.0; outputs],
        }
    }

    /// Adds one block, in rounded form if that is possible.
    fn absorb<T: Real>(
        &mut self,
        x: &[T],
        y: &[T],
        intercept: bool,
        room: &mut Room,
        rounded: Option<&mut Rounded>,
    ) {
        let (features, outputs) = self.xy.shape();
        let samples = x.len() / features;
        let mut offsets = None;
        // Chan's update is that of one more sample, the scaled difference of the means.
        let mut update = None;
        if intercept {
            let (x_shift, y_shift) = match &self.offsets {
                Some((x, y)) => (x.shift.clone(), y.shift.clone()),
                None => (Offset::first(features, x), Offset::first(outputs, y)),
            };
            let x_offset = Offset::mean_from(x_shift, x);
            let y_offset = Offset::mean_from(y_shift, y);
            update = self.advance_means(samples, &x_offset, &y_offset);
            offsets = Some((x_offset, y_offset));
        }
        if let Some(rounded) = rounded {
            let offsets = offsets.as_ref().map(|(x, y)| (x, y));
            let step = update.as_ref().map(|(x, y)| (&x[..], &y[..]));
            if rounded.absorb(self, x, y, offsets, step) {
                self.samples += samples;
                return;
            }
        }
        let (dx, dy) = update.unzip();
        let (x_offset, y_offset) = offsets.unzip();
        for (rows, samples, offset, last, panels) in [
            (features, x, x_offset, dx, &mut room.x),
            (outputs, y, y_offset, dy, &mut room.y),
        ] {
            if let Some(Offset { shift, mean }) = &offset {
                let (shift, mean) = (&shift[..rows], &mean[..rows]);
                panels.pack(rows, samples, last.as_deref(), |i, x| {
                    (x.to_f64() - shift[i]) - mean[i]
                });
            } else {
                panels.pack(rows, samples, None, |_, x| x.to_f64());
            }
        }
        syrk::add_lower(&room.x, Target::from(ViewMut::from(&mut self.xx)));
        syrk::add_cross(&room.x, &room.y, Target::from(ViewMut::from(&mut self.xy)));
        room.y.add_squares(&mut self.yy);
        self.samples += samples;
    }

    /// Moves the means on to those of `samples` more, and gives what stands for the distance between the
    /// old and the new: $\sqrt{n m / (n + m)} \delta$ of x and of y.
    fn advance_means(
        &mut self,
        samples: usize,
        x: &Offset,
        y: &Offset,
    ) -> Option<(Vec<f64>, Vec<f64>)> {
        let Some((old_x, old_y)) = &mut self.offsets else {
            self.offsets = Some((x.clone(), y.clone()));
            return None;
        };
        let (n, m) = (self.samples as f64, samples as f64);
        let (weight, share) = ((n * m / (n + m)).sqrt(), m / (n + m));
        let advance = |old: &mut Offset, new: &Offset| -> Vec<f64> {
            (0..old.mean.len())
                .map(|i| {
                    let delta = (new.shift[i] - old.shift[i]) + (new.mean[i] - old.mean[i]);
                    old.mean[i] += share * delta;
                    weight * delta
                })
                .collect()
        };
        Some((advance(old_x, x), advance(old_y, y)))
    }

    /// The part of Chan's update that comes from the difference δ of the means of these `self.samples`
    /// and of `samples` others: $\frac{n m}{n + m} \delta \delta^T$. The offsets share one shift.
    fn combine_means(&mut self, samples: usize, x: Offset, y: Offset) {
        let Some((old_x, old_y)) = &mut self.offsets else {
            self.offsets = Some((x, y));
            return;
        };
        let (n, m) = (self.samples as f64, samples as f64);
        let delta = |old: &Offset, new: &Offset| -> Vec<f64> {
            (0..old.mean.len())
                .map(|i| (new.shift[i] - old.shift[i]) + (new.mean[i] - old.mean[i]))
                .collect()
        };
        let (dx, dy) = (delta(old_x, &x), delta(old_y, &y));
        let weight = n * m / (n + m);
        let features = dx.len();
        for (j, column) in self
            .xx
            .as_mut_slice()
            .chunks_exact_mut(features)
            .enumerate()
        {
            crate::linalg::triangular::axpy(weight * dx[j], &dx[j..], &mut column[j..]);
        }
        for (o, column) in self
            .xy
            .as_mut_slice()
            .chunks_exact_mut(features)
            .enumerate()
        {
            crate::linalg::triangular::axpy(weight * dy[o], &dx, column);
            self.yy[o] += weight * dy[o] * dy[o];
        }
        let share = m / (n + m);
        crate::linalg::triangular::axpy(share, &dx, &mut old_x.mean);
        crate::linalg::triangular::axpy(share, &dy, &mut old_y.mean);
    }

    /// Adds the moments of other samples.
    fn merge(&mut self, other: Self) {
        if let Some((x, y)) = other.offsets {
            self.combine_means(other.samples, x, y);
        }
        self.xx += other.xx;
        self.xy += other.xy;
        for (sum, other) in self.yy.iter_mut().zip(other.yy) {
            *sum += other;
        }
        self.samples += other.samples;
    }
}

impl<T: Real> RidgeAccumulator<T> {
    /// No samples yet, to be solved for this λ or larger ones after some number of `samples` (which may
    /// turn out to be another). In `f64`, and with λ = 0, the same as [`new`](Self::new).
    ///
    /// In `f32` this takes a third of the time for the products of the features, by rounding them: the
    /// directions of most of their variance are taken out, and what is left of 256 samples is rounded to
    /// 16 bits. All products of it are exact, all other sums in `f64`. Rounding acts as a penalty of
    /// $n \delta^2 / 12$ for n samples in units of δ, which is kept below λ/16;
    /// [`rounding`](Self::rounding) tells it. Samples for which that would take more directions than a
    /// sixteenth of the features are added without rounding, and so are fewer than 128 features.
    ///
    /// For the states of echo state networks (10 000 samples, 200 to 1000 units) that are driven by
    /// smooth signals, λ from 10⁻⁶ on can be rounded for, with 1000 units from 10⁻⁸ on; the error on
    /// new data was within 0.3 % of that of sums in `f64` for all λ from 10⁻⁸ to 10⁻². Sums in `f32`
    /// would need a λ above 10⁻³.
    ///
    /// ```
    /// use nalgebra::DMatrix;
    /// use neuropil_math::ridge::RidgeAccumulator;
    ///
    /// let x = DMatrix::from_fn(200, 1000, |i, t| ((i + 1) as f32 * 1e-5 * t as f32).sin());
    /// let y = DMatrix::from_fn(1, 1000, |_, t| (2e-3 * t as f32).cos());
    /// let mut moments = RidgeAccumulator::for_lambda(200, 1, true, 1e-3, 1000)?;
    /// moments.add(&x, &y)?;
    /// assert!(moments.rounding() > 0.0 && moments.rounding() < 1e-3 / 16.0);
    /// let readout = moments.solve(1e-3)?;
    /// assert!(moments.solve(1e-6).is_err());
    /// # Ok::<(), neuropil_math::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without features or outputs, [`Error::OutOfRange`] for a λ that is negative or
    /// not finite.
    pub fn for_lambda(
        features: usize,
        outputs: usize,
        intercept: bool,
        lambda: f64,
        samples: usize,
    ) -> Result<Self, Error> {
        check_lambda(lambda)?;
        let mut moments = Self::new(features, outputs, intercept)?;
        let single = T::EPSILON.to_f64() > f64::EPSILON;
        if single && let Some(rounded) = Rounded::new(features, outputs, lambda, samples) {
            moments.rounded = Some(rounded);
            moments.least = lambda;
        }
        Ok(moments)
    }

    /// What rounding the features of [`for_lambda`](Self::for_lambda) has added to the penalty: 0 if
    /// nothing was rounded.
    #[must_use]
    pub fn rounding(&self) -> f64 {
        self.merged + self.rounded.as_ref().map_or(0.0, Rounded::penalty)
    }

    /// No samples yet.
    ///
    /// # Errors
    /// [`Error::Empty`] without features or outputs.
    pub fn new(features: usize, outputs: usize, intercept: bool) -> Result<Self, Error> {
        for (what, size) in [("features", features), ("outputs", outputs)] {
            if size == 0 {
                return Err(Error::Empty { what });
            }
        }
        Ok(Self {
            moments: Moments::new(features, outputs),
            intercept,
            x: Vec::new(),
            y: Vec::new(),
            room: Room::default(),
            rounded: None,
            least: 0.0,
            merged: 0.0,
            precision: PhantomData,
        })
    }

    /// The number of samples so far.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.moments.samples + self.y.len() / self.moments.xy.ncols()
    }

    /// Adds a block of samples: `x` features × samples, `y` outputs × samples. A block without samples
    /// changes nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if sizes do not agree, [`Error::NonFinite`] at NaN or infinity; nothing is
    /// added then.
    pub fn add(&mut self, x: &DMatrix<T>, y: &DMatrix<T>) -> Result<(), Error> {
        let (features, outputs) = self.moments.xy.shape();
        check_size("features", features, x.nrows())?;
        check_size("outputs", outputs, y.nrows())?;
        if x.ncols() == 0 && y.ncols() == 0 {
            return Ok(());
        }
        check_data(x, y)?;
        let (mut x, mut y) = (x.as_slice(), y.as_slice());
        while !x.is_empty() {
            let samples = x.len() / features;
            if self.x.is_empty() && samples >= BLOCK {
                let (x_block, x_rest) = x.split_at(BLOCK * features);
                let (y_block, y_rest) = y.split_at(BLOCK * outputs);
                self.moments.absorb(
                    x_block,
                    y_block,
                    self.intercept,
                    &mut self.room,
                    self.rounded.as_mut(),
                );
                (x, y) = (x_rest, y_rest);
            } else {
                let take = samples.min(BLOCK - self.x.len() / features);
                let (x_part, x_rest) = x.split_at(take * features);
                let (y_part, y_rest) = y.split_at(take * outputs);
                self.x.extend_from_slice(x_part);
                self.y.extend_from_slice(y_part);
                (x, y) = (x_rest, y_rest);
                if self.x.len() == BLOCK * features {
                    self.absorb_waiting();
                }
            }
        }
        Ok(())
    }

    fn absorb_waiting(&mut self) {
        if !self.x.is_empty() {
            self.moments.absorb(
                &self.x,
                &self.y,
                self.intercept,
                &mut self.room,
                self.rounded.as_mut(),
            );
            self.x.clear();
            self.y.clear();
        }
    }

    /// Adds the samples of `other`, as if they had been added here, up to rounding.
    ///
    /// # Errors
    /// [`Error::Shape`] if the numbers of features or outputs differ, or one has an intercept and the
    /// other has not.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let (features, outputs) = self.moments.xy.shape();
        check_size("features", features, other.moments.xy.nrows())?;
        check_size("outputs", outputs, other.moments.xy.ncols())?;
        check_size(
            "intercepts",
            usize::from(self.intercept),
            usize::from(other.intercept),
        )?;
        if other.samples() == 0 {
            return Ok(());
        }
        self.absorb_waiting();
        self.merged += other.rounding();
        self.least = self.least.max(other.least);
        let other = other.moments()?;
        if self.moments.samples == 0 {
            self.moments = other;
        } else {
            self.moments.merge(other);
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn directions(&self) -> usize {
        self.rounded.as_ref().map_or(0, Rounded::directions)
    }

    #[cfg(test)]
    pub(super) fn refused(&self) -> usize {
        self.rounded.as_ref().map_or(0, Rounded::refused)
    }

    /// The moments of all samples.
    pub(super) fn moments(&self) -> Result<Moments, Error> {
        let mut moments = self.moments.clone();
        if !self.x.is_empty() {
            let mut room = Room::default();
            moments.absorb(&self.x, &self.y, self.intercept, &mut room, None);
        }
        if let Some(rounded) = &self.rounded {
            rounded.complete(&mut moments);
        }
        if moments.samples == 0 {
            return Err(Error::Empty { what: "samples" });
        }
        Ok(moments)
    }

    /// The solution for λ, by a Cholesky factor: $\frac{1}{3} p^3$ operations.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::OutOfRange`] for a λ that is negative, not finite or
    /// below that of [`for_lambda`](Self::for_lambda), [`Error::NotPositiveDefinite`] if λ is too small for dependent features: no digit
    /// would be right; [`Error::NonFinite`] if the solution overflows.
    pub fn solve(&self, lambda: f64) -> Result<Ridge<T>, Error> {
        self.check_lambda(lambda)?;
        solve(self.moments()?, lambda, self.rounding())
    }

    fn check_lambda(&self, lambda: f64) -> Result<(), Error> {
        check_lambda(lambda)?;
        if lambda < self.least {
            return Err(Error::OutOfRange {
                what: "lambda",
                value: lambda,
                range: "must not be below that for which the features were rounded",
            });
        }
        Ok(())
    }

    /// As [`solve`](Self::solve), with the factor in the place of the moments: half the memory.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    pub fn into_solution(mut self, lambda: f64) -> Result<Ridge<T>, Error> {
        self.check_lambda(lambda)?;
        self.absorb_waiting();
        if self.moments.samples == 0 {
            return Err(Error::Empty { what: "samples" });
        }
        (self.room, self.x, self.y) = (Room::default(), Vec::new(), Vec::new());
        let rounding = self.rounding();
        if let Some(rounded) = self.rounded.take() {
            rounded.complete(&mut self.moments);
        }
        solve(self.moments, lambda, rounding)
    }

    /// The path of solutions over λ, by the eigenvalues of $X X^T$: in less than half the time that
    /// the singular values of [`RidgeQr::path`](super::RidgeQr::path) take, but directions with singular values below
    /// $\sqrt{4 \epsilon p}$ of the largest (some 10⁻⁷) are lost, and there is no leave-one-out error.
    /// Features that were [rounded](Self::for_lambda) serve no λ below the one they were rounded for.
    ///
    /// # Errors
    /// [`Error::Empty`] without samples, [`Error::NotConverged`] if the eigenvalues were not found.
    pub fn path(&self) -> Result<RidgePath<T>, Error> {
        RidgePath::from_moments(self.moments()?)
    }
}

fn solve<T: Real>(moments: Moments, lambda: f64, rounding: f64) -> Result<Ridge<T>, Error> {
    let Moments {
        offsets,
        xx,
        xy: mut weights,
        ..
    } = moments;
    let normal = Normal::new(xx, lambda)?;
    normal.solve(&mut weights)?;
    let solution = Solution {
        weights,
        method: RidgeMethod::Primal,
        condition: normal.condition(),
        rank: normal.rank,
    };
    let (x, y) = offsets.map(|(x, y)| (x.total(), y.total())).unzip();
    let mut ridge = Ridge::from_solution(&solution, x.as_deref(), y.as_deref())?;
    ridge.rounding = rounding;
    Ok(ridge)
}
