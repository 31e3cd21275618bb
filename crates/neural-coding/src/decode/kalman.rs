use nalgebra::{DMatrix, DVector};
use neuropil_math::linalg::{Cholesky, gram, matmul, transposed};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_enough, check_finite, check_not_negative, check_shape};

/// How a [`Kalman`] decoder is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct KalmanConfig {
    /// A variance that is added to that of every unit's noise: units that never fire, or that follow
    /// each other exactly, have none of their own.
    pub noise_floor: f64,
}

/// Where the state is believed to be.
#[derive(Debug, Clone, PartialEq)]
pub struct KalmanState {
    /// The mean.
    pub mean: DVector<f64>,
    /// The covariance.
    pub covariance: DMatrix<f64>,
}

impl KalmanState {
    /// A state that is known exactly.
    #[must_use]
    pub fn known(state: &[f64]) -> Self {
        Self {
            mean: DVector::from_column_slice(state),
            covariance: DMatrix::zeros(state.len(), state.len()),
        }
    }
}

/// Linear dynamics seen through noisy linear counts:
/// $$x_{t+1} = A x_t + w_t, \quad z_t - \bar z = H x_t + q_t, \quad w_t \sim N(0, W), \quad q_t \sim N(0, Q).$$
///
/// The matrices are those of least squares: $A$ and $H$ by regression, $W$ the squares of the residuals
/// over $T - 1$, $Q$ over $T$. $\bar z$ is the mean of the counts it was fitted to; states are taken as
/// they are. Wu, Black, Mumford, Gao, Bienenstock and Donoghue, *Neural decoding of cursor motion using a
/// Kalman filter*, NIPS 15 (2003).
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_neural_coding::decode::{Kalman, KalmanConfig, KalmanState};
///
/// let state = DMatrix::from_fn(2, 300, |i, t| (0.1 * t as f64 + 1.6 * i as f64).sin());
/// let counts = DMatrix::from_fn(8, 300, |i, t| {
///     let noise = ((i + 1) as f64 * 12.9 * t as f64).sin();
///     4.0 + (i as f64 - 4.0) * state[(0, t)] + i as f64 * state[(1, t)] + noise
/// });
/// let kalman = Kalman::fit(&state, &counts, &KalmanConfig::default())?;
/// let start = KalmanState::known(state.column(0).as_slice());
/// let track = kalman.filter(&start, &counts.columns(1, 299).into_owned())?;
/// assert!((track[(0, 200)] - state[(0, 201)]).abs() < 0.2);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Kalman {
    dynamics: DMatrix<f64>,
    process_noise: DMatrix<f64>,
    observation: DMatrix<f64>,
    observation_noise: DMatrix<f64>,
    mean_counts: DVector<f64>,
}

impl Kalman {
    /// Fits states, dimensions × bins, and counts, units × bins.
    ///
    /// # Errors
    /// [`Error::Shape`] if the numbers of bins differ, [`Error::TooFew`] without dimensions or units or
    /// with fewer than three bins, [`Error::NonFinite`], [`Error::OutOfRange`] for a negative floor,
    /// [`Error::Math`] if the dimensions of the state are linearly dependent.
    pub fn fit(
        states: &DMatrix<f64>,
        counts: &DMatrix<f64>,
        config: &KalmanConfig,
    ) -> Result<Self, Error> {
        let bins = states.ncols();
        check_shape("bins of the counts", bins, counts.ncols())?;
        check_enough("dimensions", 1, states.nrows())?;
        check_enough("units", 1, counts.nrows())?;
        check_enough("bins", 3, bins)?;
        check_finite("the states", states.as_slice())?;
        check_finite("the counts", counts.as_slice())?;
        check_not_negative("the noise floor", &[config.noise_floor])?;
        let before = states.columns(0, bins - 1).into_owned();
        let after = states.columns(1, bins - 1).into_owned();
        let mean_counts = counts.column_mean();
        let mut centred = counts.clone();
        for mut column in centred.column_iter_mut() {
            column -= &mean_counts;
        }
        let dynamics = regression(&before, &after)?;
        let observation = regression(states, &centred)?;
        let process = after - matmul(&dynamics, &before)?;
        let noise = centred - matmul(&observation, states)?;
        let mut observation_noise = gram(&noise)? / bins as f64;
        for i in 0..counts.nrows() {
            observation_noise[(i, i)] += config.noise_floor;
        }
        Ok(Self {
            process_noise: gram(&process)? / (bins as f64 - 1.0),
            dynamics,
            observation,
            observation_noise,
            mean_counts,
        })
    }

    /// $A$, dimensions × dimensions.
    #[must_use]
    pub fn dynamics(&self) -> &DMatrix<f64> {
        &self.dynamics
    }

    /// $W$, dimensions × dimensions.
    #[must_use]
    pub fn process_noise(&self) -> &DMatrix<f64> {
        &self.process_noise
    }

    /// $H$, units × dimensions.
    #[must_use]
    pub fn observation(&self) -> &DMatrix<f64> {
        &self.observation
    }

    /// $Q$, units × units.
    #[must_use]
    pub fn observation_noise(&self) -> &DMatrix<f64> {
        &self.observation_noise
    }

    /// Moves the state on by a bin and corrects it with the counts of that bin.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of dimensions or units, [`Error::NonFinite`], [`Error::Math`]
    /// if the covariance of the counts is not positive definite (see [`KalmanConfig::noise_floor`]);
    /// the state is unchanged then.
    pub fn step(&self, state: &mut KalmanState, counts: &[f64]) -> Result<(), Error> {
        let (units, dimensions) = self.observation.shape();
        check_shape("units", units, counts.len())?;
        check_finite("the counts", counts)?;
        self.check_state(state)?;
        let mean = &self.dynamics * &state.mean;
        let spread = matmul(&self.dynamics, &state.covariance)?;
        let prior = matmul(&spread, transposed(&self.dynamics))? + &self.process_noise;
        // H P, whose transpose is P Hᵀ.
        let seen = matmul(&self.observation, &prior)?;
        let expected = matmul(&seen, transposed(&self.observation))? + &self.observation_noise;
        let innovation =
            DVector::from_column_slice(counts) - &self.mean_counts - &self.observation * &mean;
        let mut gain = seen.clone();
        Cholesky::new(expected)?.solve_in_place(&mut gain)?;
        let corrected = mean + matmul(transposed(&gain), &innovation)?.column(0);
        let covariance = prior - matmul(transposed(&gain), &seen)?;
        check_finite("the state", corrected.as_slice())?;
        check_finite("the covariance", covariance.as_slice())?;
        state.mean = corrected;
        // Symmetric in exact arithmetic, and kept so.
        state.covariance = DMatrix::from_fn(dimensions, dimensions, |i, j| {
            0.5 * (covariance[(i, j)] + covariance[(j, i)])
        });
        Ok(())
    }

    /// The means after each bin of counts, dimensions × bins. `start` is the state of the bin before the
    /// first.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn filter(
        &self,
        start: &KalmanState,
        counts: &DMatrix<f64>,
    ) -> Result<DMatrix<f64>, Error> {
        let mut state = start.clone();
        self.check_state(&state)?;
        let mut out = DMatrix::zeros(self.dynamics.nrows(), counts.ncols());
        for (mut to, counts) in out.column_iter_mut().zip(counts.column_iter()) {
            self.step(&mut state, counts.as_slice())?;
            to.copy_from(&state.mean);
        }
        Ok(out)
    }

    fn check_state(&self, state: &KalmanState) -> Result<(), Error> {
        let dimensions = self.dynamics.nrows();
        check_shape("dimensions of the state", dimensions, state.mean.len())?;
        for size in [state.covariance.nrows(), state.covariance.ncols()] {
            check_shape("dimensions of the covariance", dimensions, size)?;
        }
        check_finite("the state", state.mean.as_slice())?;
        check_finite("the covariance", state.covariance.as_slice())
    }
}

/// The matrix M of the least squares of $y - M x$.
fn regression(x: &DMatrix<f64>, y: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
    let mut solution = matmul(x, transposed(y))?;
    Cholesky::new(gram(x)?)?.solve_in_place(&mut solution)?;
    Ok(solution.transpose())
}
